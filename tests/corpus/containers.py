"""Lists, tuples, dicts, named tuples, dataclasses: built, passed, indexed."""

from collections import namedtuple
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tests.corpus.registry import program

Point = namedtuple("Point", "x y")


class State(NamedTuple):
    position: np.ndarray
    speed: float = 1.0


@dataclass
class Layer:
    w: np.ndarray
    b: np.ndarray


@dataclass(frozen=True)
class Model:
    layers: list
    scale: float = 1.0
    name: str = "model"


@dataclass
class Box:
    size: float
    extra: list = field(default_factory=list)

    def area(self):
        return self.size * self.size

    @property
    def half(self):
        return self.size / 2

    def grown(self, by):
        return Box(self.size + by)


def layer(a, b, k):
    return Layer(np.arange(float(a * b)).reshape(a, b) / 10 + k, np.full(b, 0.1 * k))


@program(np.array([0.1, 0.2, 0.3]))
def appended_list(xs):
    ys = []
    for x in xs:
        ys.append(np.sin(x) * x)
    return ys[0] * ys[-1] + ys[1]


@program(np.array([0.1, 0.2, 0.3]))
def appended_then_summed(xs):
    ys = []
    for x in xs:
        ys.append(np.sin(x) * x)
    return sum(ys) + max(ys) + len(ys)


@program(np.array([0.1, 0.2, 0.3]))
def appended_then_array(xs):
    ys = []
    for x in xs:
        ys.append(np.sin(x) * x)
    a = np.array(ys)
    return np.sum(a * a)


@program(0.5, 5)
@program(0.5, 0)
def last_element_recurrence(x, n):
    xs = [x]
    for _ in range(n):
        xs.append(np.sin(xs[-1]) * x)
    return xs[-1]


@program(0.5, 5)
def fibonacci_list(x, n):
    xs = [x, x * x]
    for i in range(2, n):
        xs.append(xs[i - 1] * 0.5 + xs[i - 2])
    return xs[n - 1] * xs[3]


@program(np.array([0.1, 0.2, 0.3]))
def comprehension(xs):
    return sum([x * x for x in xs])


@program(np.array([0.1, -0.2, 0.3]))
def comprehension_with_condition(xs):
    ys = [x * x for x in xs if x > 0]
    return sum(ys) * len(ys)


@program(0.3, 3)
def comprehension_over_range(x, n):
    ys = [x ** k for k in range(n)]
    return ys[1] + ys[2] * 2


@program(np.arange(6.0).reshape(2, 3))
def nested_comprehension(m):
    total = sum([x * x for row in m for x in row])
    return total


@program(np.arange(6.0).reshape(2, 3))
def comprehension_of_row_sums(m):
    return np.array([np.sum(row * row) for row in m])


@program(np.arange(1.0, 4.0), 3)
def matrix_from_nested_comprehension(x, n):
    m = np.array([[x[i] * x[j] + i for j in range(n)] for i in range(n)])
    return np.sum(m @ m)


@program([1.0, 2.0, 3.0])
def comprehension_over_known_list(xs):
    a, b, c = [x * x for x in xs]
    return a * b + c


def weighted(ys, w):
    total = 0.0
    for y in ys:
        total = total + w * y * y
    return total


@program(np.array([0.1, 0.2, 0.3]))
def list_passed_to_helper(xs):
    ys = []
    for x in xs:
        ys.append(x * 2)
    return weighted(ys, 0.5) + weighted([xs[0], 1.0], xs[1])


def add_square(ys, x):
    ys.append(x * x)


@program(np.array([0.1, 0.2, 0.3]))
def helper_that_appends(xs):
    ys = []
    for x in xs:
        add_square(ys, x)
    add_square(ys, 2.0)
    return sum(ys)


@program(np.array([0.1, 0.2, 0.3]))
def list_alias(xs):
    ys = []
    zs = ys
    for x in xs:
        ys.append(x)
    zs.append(xs[0] * 4)
    return sum(ys) * len(zs)


@program(np.array([0.1, 0.2, 0.3]))
def list_rebound_in_loop(xs):
    ys = [1.0, 1.0]
    for x in xs:
        ys = [y * x + 1 for y in ys]
    return ys[0] * ys[1]


@program(np.array([0.1, 0.2, 0.3]))
def list_concatenation(xs):
    ys = [xs[0]]
    for x in xs:
        ys = ys + [x * ys[-1]]
    return sum(ys)


@program(np.array([0.1, 0.2, 0.3]))
def list_stored_to(xs):
    ys = [0.0] * 3
    for i in range(3):
        ys[i] = xs[i] * xs[i]
    ys[0] += ys[1]
    return ys[0] * ys[2]


@program(np.array([0.1, 0.2, 0.3, 0.4]))
def dynamic_programming_on_list(c):
    n = len(c)
    best = [0.0] * (n + 1)
    best[1] = c[0]
    for i in range(2, n + 1):
        best[i] = min(best[i - 1], best[i - 2]) + c[i - 1]
    return best[n]


@program(np.array([0.1, 0.2, 0.3]))
def stack_machine(xs):
    stack = []
    for x in xs:
        stack.append(x)
    while len(stack) > 1:
        a = stack.pop()
        b = stack.pop()
        stack.append(np.sin(a) * b)
    return stack[0]


@program(np.array([0.1, 0.2, 0.3]))
def list_slice(xs):
    ys = [x * x for x in xs]
    return sum(ys[1:]) * sum(ys[:-1])


@program(np.array([0.1, 0.2, 0.3]))
def extended_list(xs):
    ys = [xs[0]]
    ys.extend([xs[1], xs[2]])
    ys += [1.0]
    ys.insert(0, 2.0)
    return ys[0] * ys[1] + ys[2] * ys[3] * ys[4]


@program({"w": np.array([0.5, 0.2]), "b": 0.1}, np.array([1.0, 2.0]))
def dict_argument(params, x):
    return np.tanh(params["w"] @ x + params["b"])


@program({"layers": [{"w": np.eye(2), "b": np.zeros(2)}, {"w": np.ones((2, 2)), "b": np.ones(2)}], "scale": 0.3},
         np.array([0.5, 0.1]))
def nested_dict_argument(params, x):
    for p in params["layers"]:
        x = np.tanh(p["w"] @ x + p["b"])
    return np.sum(x) * params["scale"]


@program([(np.ones((2, 3)) / 2, np.zeros(2)), (np.ones((1, 2)), np.ones(1))], np.array([0.1, 0.2, 0.3]))
def list_of_layers(params, x):
    *hidden, last = params
    for w, b in hidden:
        x = np.tanh(w @ x + b)
    w, b = last
    return np.sum(w @ x + b)


@program(Point(0.3, 0.4))
def named_tuple_argument(p):
    return p.x * p.y + p[0]


@program(0.3, 0.4)
def named_tuple_made(a, b):
    p = Point(a, y=b)
    q = p._replace(x=p.y)
    return Point(q.x * p.x, q.y)


@program(State(np.array([0.1, 0.2])), 3)
def named_tuple_carried(s, n):
    for _ in range(n):
        s = State(s.position + 0.1 * s.speed, s.speed * 0.9)
    return np.sum(s.position) * s.speed


@program(Model([layer(2, 3, 0.1), layer(3, 1, 0.2)], 0.5), np.array([0.3, 0.4]))
def dataclass_argument(model, x):
    for lay in model.layers:
        x = np.tanh(x @ lay.w + lay.b)
    return np.sum(x) * model.scale


@program(0.7)
def dataclass_made(x):
    box = Box(x)
    bigger = box.grown(2.0)
    bigger.size = bigger.size * box.half
    return bigger.area() + len(box.extra)


@program(0.7, 3)
def dataclass_changed_in_loop(x, n):
    box = Box(x)
    for _ in range(n):
        box.size = np.sin(box.size) + box.half
    return box.area()


class Oscillator:
    """An object with state."""

    def __init__(self, k, damping=0.1):
        self.k = k
        self.damping = damping
        self.history = []

    def force(self, x, v):
        return -self.k * x - self.damping * v

    def step(self, x, v, dt):
        a = self.force(x, v)
        self.history.append(x)
        return x + dt * v, v + dt * a

    def __call__(self, x):
        return self.k * x


@program(2.0, 4)
def object_made(k, n):
    osc = Oscillator(k)
    x, v = 1.0, 0.0
    for _ in range(n):
        x, v = osc.step(x, v, 0.1)
    return x * v + sum(osc.history) + osc(x)


@program((1.0, (2.0, [3.0, {"a": 4.0}])))
def deeply_nested(tree):
    a, (b, (c, d)) = tree
    return a * b + c * d["a"]


@program([1.0, 2.0], 0)
@program([1.0, 2.0], -1)
def list_with_dynamic_index(xs, k):
    return xs[k] ** 2 + xs[0]


@program((1.0, 2.0, 3.0), 2)
def tuple_indexed_in_loop(xs, n):
    y = 1.0
    for i in range(n):
        y = y * xs[i] + xs[i + 1]
    return y


@program(0.3)
def dict_of_functions(x):
    table = {"sin": np.sin, "square": lambda t: t * t}
    return table["sin"](x) * table["square"](x)


@program(0.3)
def dict_methods(x):
    d = dict(a=x, b=x * x)
    d.update({"c": 1.0})
    d.setdefault("d", 2.0)
    e = {**d, "a": 3.0}
    return d.get("a") * d.get("z", 5.0) + e["a"] * d.pop("b") + (1.0 if "b" in d else 2.0) * x


@program(np.arange(4.0))
def unpacked_generator(x):
    a, b = (x[2 * i] * x[2 * i + 1] for i in range(2))
    return a + b * b


@program([1.0, 2.0, 3.0])
def any_and_all(xs):
    if all(x > 0 for x in xs) and any(x > 2 for x in xs):
        return xs[0] * xs[1]
    return xs[2]


@program(0.5, 3)
def list_of_arrays(x, n):
    us = [np.array([x, 1.0])]
    for k in range(n):
        u = us[k]
        us.append(np.array([u[1] * x, u[0] + u[1]]))
    return np.sum(np.stack(us)) * np.sum(us[-1])


@program(np.array([0.5, 0.1]), 3)
def trajectory(u, n):
    path = [u]
    for _ in range(n):
        u = u + 0.1 * np.array([u[1], -u[0]])
        path.append(u)
    return np.array(path)


@program(np.array([0.5, 0.1, 0.4]))
def list_returned(xs):
    ys = []
    for x in xs:
        ys.append(x * x)
    return ys


@program(np.array([0.5, 0.1, 0.4]))
def two_lists(xs):
    evens, odds = [], []
    for i, x in enumerate(xs):
        if i % 2 == 0:
            evens.append(x)
        else:
            odds.append(x * x)
    return sum(evens) * sum(odds)


@program(np.array([0.5, -0.1, 0.4]))
def appended_in_branch(xs):
    kept = []
    for x in xs:
        if x > 0:
            kept.append(np.log(x))
    return sum(kept)


@program(0.5, 3)
def list_as_queue_of_two(x, n):
    window = [x, x * x]
    for _ in range(n):
        window = [window[1], window[0] + window[1] * x]
    return window[0] * window[1]

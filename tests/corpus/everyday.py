"""Programs as people write them every day: a little of everything."""

import math
from collections import namedtuple
from dataclasses import dataclass

import numpy as np

from tests.corpus.registry import program

P3 = namedtuple("P3", ["a", "b"])


@program(0.4, 3)
def name_bound_in_loop_used_in_while(x, n):
    i = 0
    while i < n:
        if i == 0:
            y = x
        y = y * x + i
        i += 1
    return y


@program(0.4)
def shadow_in_nested_comprehension(x):
    m = [[i * j * x for j in range(3)] for i in range(2)]
    return sum((sum(r) for r in m)) + m[1][2]


@program(0.4, 3)
def accumulate_list_then_reverse(x, n):
    ys = [x * i for i in range(n)]
    ys.reverse() if False else None
    zs = ys[::-1]
    return zs[0] * ys[1]


@program(0.4, 3)
def index_with_computed_int(x, n):
    ys = [x, x * x, 1.0]
    k = n - 1
    m = (k + 1) % 3
    return ys[k] + ys[m] * ys[-1]


@program(np.array([0.4, 0.2, 0.6]))
def sort_network(x):
    a, b, c = x
    if a > b:
        a, b = (b, a)
    if b > c:
        b, c = (c, b)
    if a > b:
        a, b = (b, a)
    return a + 2 * b * b + 3 * c


@program(0.4, 5)
def early_continue_with_else(x, n):
    for i in range(n):
        if i == 1:
            continue
        if i == 3:
            break
        x = x * 1.5
    else:
        x = -x
    return x


@program(0.4, 5)
def nested_return_in_while_else(x, n):

    def find(t):
        k = 0
        while k < n:
            if t > 1:
                return t * k
            t = t * 1.5
            k += 1
        else:
            t = -t
        return t

    return find(x) + find(x * 0.01)


@program(0.4)
def lambda_immediately(x):
    return (lambda a, b=2: a * b)(x) + (lambda *a, **k: a[0] * k["z"])(x, z=3.0)


@program(0.4)
def nested_defaults(x):

    def outer(a, f=lambda t: t * 2):
        return f(a) + f(x)

    return outer(x) + outer(x, f=np.sin)


@program(0.4)
def recursion_mutual_inner(x):

    def is_even(n):
        return True if n == 0 else is_odd(n - 1)

    def is_odd(n):
        return False if n == 0 else is_even(n - 1)

    return x * 2 if is_even(4) else x


@program(0.4, 4)
def dynamic_recursion_closure(x, n):

    def go(t, k):
        if k == 0:
            return t
        return go(np.sin(t) * x, k - 1) + t

    return go(1.0, n)


@program(np.arange(1.0, 6.0))
def merge_like(x):

    def rec(a):
        if len(a) <= 1:
            return np.sum(a * a)
        m = len(a) // 2
        return rec(a[:m]) * 0.5 + rec(a[m:])

    return rec(x)


@program([1.0, [2.0, [3.0, 4.0]]])
def ragged(t):
    a, (b, (c, d)) = t
    return a * b * c * d


@program({"x": {"y": [1.0, {"z": 2.0}]}})
def deep_dict(d):
    return d["x"]["y"][0] * d["x"]["y"][1]["z"]


@program(P3(1.0, np.array([1.0, 2.0])), 3)
def namedtuple_loop(p, n):
    for i in range(n):
        p = p._replace(a=p.a * 1.1, b=p.b + p.a)
    return p.a * np.sum(p.b)


@dataclass
class Cfg:
    lr: float = 0.1
    steps: int = 3
    name: str = "sgd"
    w: object = None


@program(Cfg(0.2, 4, "sgd", np.array([1.0, 2.0])))
def dataclass_config(c):
    w = c.w
    for _ in range(c.steps):
        if c.name == "sgd":
            w = w - c.lr * 2 * w
        else:
            w = w * 0
    return np.sum(w * w)


@program(0.4)
def dataclass_replace(x):
    c = Cfg(x)
    d = Cfg(lr=c.lr * 2, w=x)
    d.lr += 1
    return c.lr * d.lr * d.w


@program(np.array([1.0, 2.0, 3.0]))
def cumulative_by_hand(x):
    out = np.zeros(3)
    s = 0.0
    for i in range(3):
        s = s + x[i]
        out[i] = s * s
    return np.sum(out)


@program(np.array([1.0, 2.0, 3.0]))
def z_alias_inplace(x):
    y = x * 2
    z = y
    y += x
    return np.sum(z * z)


@program(np.array([1.0, 2.0, 3.0]))
def view_inplace(x):
    y = x * 2
    v = y[1:]
    v *= x[1:]
    y[0] = v[0]
    return np.sum(y * y)


@program(np.array([1.0, 2.0, 3.0]), 3)
def inplace_in_loop(x, n):
    y = x.copy()
    for i in range(n):
        y[1:] += y[:-1] * 0.1
        y[0] *= x[i]
    return np.sum(y**2)


@program(np.array([[1.0, 2.0], [3.0, 4.0]]))
def row_inplace(m):
    a = m.copy()
    for row in a:
        row *= row[0]
    return np.sum(a)


@program(np.array([1.0, 2.0, 3.0]))
def helper_mutates(x):

    def bump(a, k):
        a[k] = a[k] * 2 + a[0]

    y = x + 0
    bump(y, 1)
    bump(y, 2)
    return np.prod(y)


@program(np.array([1.0, 2.0, 3.0]))
def list_of_arrays_stored(x):
    ys = [x * 1, x * 2]
    ys[0][1] = 5.0 * x[0]
    ys[1] += ys[0]
    return np.sum(ys[0] * ys[1])


@program(0.3, 10)
def float_loop_counter(x, n):
    t = 0.0
    while t < 1.0 - 1e-12:
        x = x + 0.1 * np.cos(t * x)
        t += 0.1
    return x


@program(0.3)
def string_methods(x):
    s = "a,b,c"
    parts = s.split(",")
    out = 0.0
    for p in parts:
        if p.startswith("b"):
            out += x
        elif p in "xyzc":
            out += x * x
    return out * len(parts) + (x if "-".join(parts) == "a-b-c" else 0.0)


@program(0.3)
def any_all_generators(x):
    ok = all((t > 0 for t in (x, 1.0))) and (not any((t > 5 for t in (x, 2.0))))
    return x * 3 if ok else x


@program(0.3, 2.0)
def max_of_mixed(x, y):
    return max(x, y, 0) * min([x, y]) + max(x * y, 1) + abs(min(-x, y))


@program(np.array([0.3, 2.0]))
def max_of_array_elems(x):
    return max(x) * min(x) + sum(x) + max(x[0], x[1], 1.0)


@program(0.3, 3)
def while_decrement(x, n):
    y = 1.0
    while n:
        y *= x + n
        n -= 1
    return y


@program(0.3)
def truthiness(x):
    y = x if [1] else 0.0
    z = x if () else 1.0
    w = x if "" else 2.0
    return y * z * w if x else 0.0


@program(0.3)
def formatted(x):
    name = f"{3:02d}" + "{:.1f}".format(2.0) + "%d" % 3
    return x * len(name)


@program(np.array([[1.0, 2.0], [3.0, 5.0]]))
def matrix_power_loop(a):
    r = np.eye(2)
    for _ in range(3):
        r = r @ a / np.trace(a)
    return r[0, 1] + r.sum()


@program(0.3, (3, 2))
def shape_argument(x, shape):
    a = np.full(shape, x)
    b = np.ones(shape) * x
    return np.sum(a * b) + a.shape[0] * x


@program(0.3, 3, 2)
def shape_ints(x, n, m):
    a = np.zeros((n, m)) + x
    return np.sum(a.reshape(m, n) ** 2) + np.sum(np.arange(n) * x)


@program(np.array([1.0, 2.0, 3.0]), 1)
def axis_argument(x, k):
    m = np.outer(x, x)
    return np.sum(np.sum(m, axis=k) * x)


@program(0.3)
def star_return(x):

    def f():
        return (x, x * 2, 3.0)

    a, *b = f()
    c = (*b, a)
    return sum(c) * c[0]


@program(0.3, 4)
def parity(x, n):
    s = 0.0
    for i in range(n):
        s += x if i % 2 else -x * i
    return s


@program(0.3)
def global_shadowed(x):
    np_ = np
    return np_.sin(x) * math.cos(x)


@program(0.7, 3)
def del_in_loop(x, n):
    for i in range(n):
        t = x * i
        x = x + t
        del t
    return x


@program(0.5, 6)
def two_lists_zip(x, n):
    a = [x * i for i in range(n)]
    b = [x + i for i in range(n)]
    return sum((p * q for p, q in zip(a, b))) + sum((p * k for k, (p, q) in enumerate(zip(a, b))))


@program(0.5, 4)
def list_set_negative(x, n):
    a = [0.0] * n
    for i in range(n):
        a[-1 - i] = x * (i + 1)
    a[n // 2] += 1.0
    return a[0] * a[-1] + a[2]

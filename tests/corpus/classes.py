"""Classes and functions: special methods, inheritance, dataclasses, decorators, dispatch, recursion."""

import abc
import dataclasses
import enum
import math
import operator
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import SimpleNamespace
from typing import ClassVar, NamedTuple

import numpy as np

from tests.corpus.registry import program

X = np.random.default_rng(1).normal(size=(5, 3))
V = np.array([0.4, -0.9, 0.25])
W = np.array([[0.3, -0.2, 0.1], [0.5, 0.4, -0.3], [-0.6, 0.2, 0.7]])
T = np.array([0.3, -0.5, 0.9, 0.2, -0.8, 0.6])


class Activation(enum.Enum):
    RELU = "relu"
    TANH = "tanh"


class Layer:
    def __init__(self, w, b, act=Activation.TANH):
        self.w, self.b, self.act = w, b, act
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        z = self.w @ x + self.b
        if self.act is Activation.TANH:
            return np.tanh(z)
        return np.maximum(z, 0)

    def __repr__(self):
        return f"Layer({self.calls})"


class Net:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self):
        return len(self.layers)

    def __iter__(self):
        return iter(self.layers)

    def __getitem__(self, i):
        return self.layers[i]

    @property
    def n_params(self):
        return sum(layer.w.size + layer.b.size for layer in self.layers)


@program(W, V)
def net_inside(w, x):
    net = Net(Layer(w, x), Layer(w.T, x * 2, act=Activation.RELU))
    y = net.forward(x)
    reg = sum(np.sum(layer.w**2) for layer in net) / len(net)
    return np.sum(y**2) + reg + net[0].calls + net.n_params * 0.1


class Particle:
    __slots__ = ("x", "v", "m")

    def __init__(self, x, v, m=1.0):
        self.x = x
        self.v = v
        self.m = m

    def kick(self, f, dt):
        self.v = self.v + f / self.m * dt

    def drift(self, dt):
        self.x = self.x + self.v * dt

    @property
    def kinetic(self):
        return 0.5 * self.m * np.sum(self.v**2)


@program(V, V * 0.5)
def leapfrog(x, v):
    p = Particle(x, v, m=2.0)
    for _ in range(10):
        p.kick(-p.x, 0.05)
        p.drift(0.1)
        p.kick(-p.x, 0.05)
    return p.kinetic + 0.5 * np.sum(p.x**2)


@program(X, X * 0.1)
def particles_list(x, v):
    ps = [Particle(xi, vi) for xi, vi in zip(x, v)]
    for _ in range(3):
        for p in ps:
            p.kick(-p.x, 0.1)
            p.drift(0.1)
    return sum(p.kinetic for p in ps)


class Vec2:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, o):
        return Vec2(self.x + o.x, self.y + o.y)

    def __sub__(self, o):
        return Vec2(self.x - o.x, self.y - o.y)

    def __mul__(self, s):
        return Vec2(self.x * s, self.y * s)

    __rmul__ = __mul__

    def __truediv__(self, s):
        return Vec2(self.x / s, self.y / s)

    def __neg__(self):
        return Vec2(-self.x, -self.y)

    def __abs__(self):
        return math.hypot(self.x, self.y)

    def __matmul__(self, o):
        return self.x * o.x + self.y * o.y

    def __pow__(self, n):
        return Vec2(self.x**n, self.y**n)

    def __iadd__(self, o):
        self.x += o.x
        self.y += o.y
        return self

    def __eq__(self, o):
        return self.x == o.x and self.y == o.y

    def __lt__(self, o):
        return abs(self) < abs(o)

    def __bool__(self):
        return True

    def __float__(self):
        return float(self.x)

    def __iter__(self):
        yield self.x
        yield self.y

    def __round__(self, n=0):
        return self

    def __contains__(self, v):
        return v == self.x

    def __hash__(self):
        return 1


@program(0.7, 1.2)
def vec_ops(x, y):
    a, b = Vec2(x, y), Vec2(y, 2.0)
    c = (a + b * 2 - -a / 3) ** 2
    c += a
    s = sum([a, b], Vec2(0.0, 0.0))
    return abs(c) + a @ b + float(s) + (c.x if a < b else c.y) + (1.0 if a == a else 0.0) + (2.0 if x in a else 0.0)


@program(0.7, 1.2)
def vec_sorted(x, y):
    vs = sorted([Vec2(x, y), Vec2(0.1, 0.1), Vec2(y, y)], key=abs)
    m = max(vs, key=lambda v: v.x)
    return vs[0].x + 2 * vs[1].y + 3 * vs[2].x * m.y


class ArrayLike:
    def __init__(self, a):
        self.a = a

    def __getitem__(self, i):
        return self.a[i]

    def __setitem__(self, i, v):
        self.a[i] = v

    def __len__(self):
        return len(self.a)

    def __getattr__(self, name):
        raise AttributeError(name)


@program(V)
def setitem_(x):
    g = ArrayLike(x.copy())
    g[0] = x[1] * 2
    g[1] += x[2]
    return sum(g[i] ** 2 for i in range(len(g)))


@dataclass
class Params:
    w: np.ndarray
    b: float = 0.5
    tags: list = field(default_factory=list)
    kind: ClassVar[str] = "linear"

    def __post_init__(self):
        self.norm = np.sum(self.w**2)


@program(V, 0.3)
def dataclass_(w, b):
    p = Params(w, b=b)
    q = dataclasses.replace(p, b=p.b * 2)
    q.tags.append(q.b)
    d = dataclasses.asdict(q)
    return (
        p.norm * q.b
        + q.tags[0]
        + np.sum(d["w"])
        + sum(np.sum(getattr(q, f.name)) for f in dataclasses.fields(q) if f.name != "tags")
    )


@dataclass(frozen=True)
class State:
    x: float
    v: float
    t: float = 0.0

    def step(self, dt):
        return replace(self, x=self.x + dt * self.v, v=self.v - dt * self.x, t=self.t + dt)


@program(0.7, 0.2)
def frozen_state(x, v):
    s = State(x, v)
    for _ in range(20):
        s = s.step(0.1)
    return s.x**2 + s.v * s.t


class Point(NamedTuple):
    x: float
    y: float = 1.0

    def norm(self):
        return math.sqrt(self.x**2 + self.y**2)

    @property
    def swapped(self):
        return Point(self.y, self.x)


@program(0.7, 0.2)
def named_tuple(a, b):
    p = Point(a, y=b)
    q = p._replace(x=2 * a)
    x, y = q.swapped
    return p.norm() * x + q.y + sum(p) + p._asdict()["x"] + Point._make([a, b]).x + Point(a)[1] * len(p._fields)


class Shape(abc.ABC):
    count = 0

    @abc.abstractmethod
    def area(self): ...
    def describe(self):
        return f"{type(self).__name__} {self.__class__.__qualname__}"


class Circle(Shape):
    def __init__(self, r):
        super().__init__()
        self._r = r

    @property
    def r(self):
        return self._r

    @r.setter
    def r(self, v):
        if v < 0:
            raise ValueError("negative")
        self._r = v

    def area(self):
        return math.pi * self.r**2


class Square(Shape):
    def __init__(self, a):
        super(Square, self).__init__()
        self.a = a

    def area(self):
        return self.a**2


@program(0.7)
def abstract_shapes(x):
    c = Circle(x)
    c.r = 2 * x
    c.r += 1
    shapes = [c, Square(x), Circle(1.0)]
    total = 0.0
    for s in shapes:
        if isinstance(s, Circle):
            total += s.area() * 2
        else:
            total += s.area()
        print(s.describe())
    return total


class Mixin:
    def scaled(self, x):
        return self.factor * x


class A(Mixin):
    factor = 2.0

    def f(self, x):
        return x + 1


class B(Mixin):
    factor = 3.0

    def f(self, x):
        return x * 2


class C(A, B):
    def f(self, x):
        return super().f(x) * B.f(self, x) + self.scaled(x)


@program(0.7)
def mro(x):
    return C().f(x)


class Lazy:
    def __init__(self, x):
        self.x = x

    @cached_property
    def expensive(self):
        return np.sin(self.x) ** 2

    @staticmethod
    def helper(v):
        return v * 2

    @classmethod
    def zero(cls):
        return cls(0.5)


@program(0.7)
def cached_prop(x):
    z = Lazy(x)
    return z.expensive + z.expensive**2 + Lazy.zero().expensive * Lazy.helper(x) + z.helper(x)


@program(0.7)
def namespace(x):
    s = SimpleNamespace(a=x, b=2.0)
    s.c = s.a * s.b
    s.a += 1
    setattr(s, "d", 3.0 * x)
    return (
        s.c
        + getattr(s, "a") ** 2
        + getattr(s, "zz", 1.0)
        + s.d
        + (1.0 if hasattr(s, "c") else 0.0)
        + sum(vars(s).values())
    )


class Counted:
    nfev = 0

    def __init__(self, f):
        self.f, self.n, self.hist = f, 0, []

    def __call__(self, x):
        self.n += 1
        v = self.f(x)
        self.hist.append(v)
        return v


@program(0.7)
def counted(x):
    f = Counted(lambda t: t**2 - 2)
    while f.n < 6:
        x = x - f(x) / (2 * x)
    return x + f.n + f.hist[-1] + len(f.hist)


class Tree:
    def __init__(self, value, children=()):
        self.value, self.children = value, list(children)

    def total(self):
        return self.value**2 + sum(c.total() for c in self.children)


@program(0.7, 0.3)
def tree_obj(x, y):
    t = Tree(x, [Tree(y), Tree(x * y, [Tree(2.0 * x)])])
    return t.total()


def evaluate(node):
    op, *args = node
    if op == "x":
        return args[0]
    vals = [evaluate(a) for a in args]
    return {"+": operator.add, "*": operator.mul}[op](*vals)


@program(0.7, 0.3)
def expr_tree(x, y):
    return evaluate(("+", ("*", ("x", x), ("x", y)), ("x", x * x)))

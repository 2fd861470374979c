"""Functions that make, take and decorate functions; dispatch, recursion, what is local."""

import functools
from functools import lru_cache, partial, singledispatch, wraps

import numpy as np

import srcad
from tests.corpus import outside_module as mods
from tests.corpus.classes import Circle, Layer, Square
from tests.corpus.outside_module import CONFIG, TABLE, Spring, helper
from tests.corpus.registry import program

V = np.array([0.4, -0.9, 0.25])
W = np.array([[0.3, -0.2, 0.1], [0.5, 0.4, -0.3], [-0.6, 0.2, 0.7]])


def newton(f, df, x0, *, maxiter=20):
    x = x0
    for _ in range(maxiter):
        x = x - f(x) / df(x)
    return x


@program(2.5)
def solver(a):
    return newton(lambda x: x**2 - a, lambda x: 2 * x, 1.0)


def make_adder(n):
    def add(x):
        return x + n

    return add


def compose(*fs):
    def composed(x):
        for f in fs:
            x = f(x)
        return x

    return composed


@program(0.7)
def composing(x):
    return compose(make_adder(x), np.sin, partial(pow, exp=2) if False else lambda v: v**2, make_adder(1.0))(x)


def logged(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        return 2.0 * f(*args, **kwargs)

    return wrapper


def times(k):
    def deco(f):
        @functools.wraps(f)
        def wrapper(*a, **kw):
            return k * f(*a, **kw)

        return wrapper

    return deco


@logged
def decorated(x, *, p=2):
    return x**p


@times(3)
@logged
def decorated2(x):
    return np.sin(x)


@lru_cache(maxsize=None)
def coef(n):
    return 1.0 if n == 0 else n * coef(n - 1)


@functools.cache
def fibo(n):
    return n if n < 2 else fibo(n - 1) + fibo(n - 2)


@program(0.7)
def decorators(x):
    return decorated(x, p=3) + decorated2(x) + sum(x**k / coef(k) for k in range(6)) + fibo(7) * x


@program(0.7)
def inner_decorated(x):
    @logged
    def g(y):
        return y * x

    @lru_cache(None)
    def h(n):
        return x**n

    return g(2.0 * x) + h(2) + h(3)


def is_even_sum(n, x):
    return 0.0 if n == 0 else x + is_odd_sum(n - 1, x)


def is_odd_sum(n, x):
    return 1.0 if n == 0 else x * is_even_sum(n - 1, x)


@program(0.7)
def mutual(x):
    return is_even_sum(6, x)


@program(0.7)
def nonlocal_(x):
    total, calls = 0.0, 0

    def visit(v):
        nonlocal total, calls
        total += v**2
        calls += 1
        return total

    for k in range(4):
        visit(x * k)
    return visit(x) * calls


@program(0.7)
def dispatch(x):
    table = {"sq": lambda v: v * v, "sin": np.sin, "id": None}
    fs = [f for f in table.values() if f is not None]
    return sum(f(x) for f in fs) + table["sq"](x) + table.get("zz", np.cos)(x)


def defaults(x, w=TABLE, *, k=CONFIG["k"], names=("a", "b")):
    return np.sum(x * w) * k * len(names)


def posonly(a, b=2.0, /, c=1.0, *rest, d=3.0, **kw):
    return a * b + c * d + sum(rest) + sum(kw.values())


@program(V)
def signatures(x):
    args = [x[0], x[1]]
    kw = {"d": x[2], "zz": x[0] ** 2}
    return (
        defaults(x)
        + posonly(*args, 1.0, x[2], **kw)
        + posonly(x[0])
        + posonly(*x)
        + helper(x[0])
        + mods.GRAVITY * mods.TABLE[0] * x[1]
        + mods.CONFIG["k"]
    )


@program(0.7)
def other_module(x):
    s = Spring()
    return s.energy(x) + mods.Spring(x).energy(2.0) + Spring.default_k


@singledispatch
def area(s):
    return 0.0


@area.register
def _(s: Circle):
    return s.area()


@area.register(Square)
def _(s):
    return s.area() * 2


@program(0.7)
def single_dispatch(x):
    return area(Circle(x)) + area(Square(x)) + area(3)


def rk4(f, y, t, dt):
    k1 = f(t, y)
    k2 = f(t + dt / 2, y + dt / 2 * k1)
    k3 = f(t + dt / 2, y + dt / 2 * k2)
    k4 = f(t + dt, y + dt * k3)
    return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@program(V)
def ode(y0):
    params = dict(a=1.0, b=0.3)

    def rhs(t, y, a=1.0, b=1.0):
        return np.array([a * y[1], -b * y[0] * t, y[2] * y[0]])

    f = partial(rhs, **params)
    y, ys = y0, [y0]
    for k in range(4):
        y = rk4(f, y, k * 0.1, 0.1)
        ys.append(y)
    return np.sum(np.array(ys) ** 2)


@program({"w": W, "b": V}, V)
def stop_tree(p, x):
    q = srcad.stop_gradient(p)
    return np.sum(p["w"] @ x)


@program(0.7)
def recursion_nested(x):
    def fact(n):
        return 1.0 if n <= 1 else n * fact(n - 1)

    def power(b, n):
        return 1.0 if n == 0 else b * power(b, n - 1)

    return power(x, 5) / fact(3)


@program(0.7)
def local_class(x):
    class Box:
        k = 2.0

        def __init__(self, v):
            self.v = v

        def get(self):
            return self.v * x * self.k

    return Box(x).get()


@program(0.7)
def global_obj(x):
    return SPRING.energy(x) + NET0(np.array([x, x]))[0]


SPRING = Spring(2.0)


NET0 = Layer(np.eye(2), np.ones(2))

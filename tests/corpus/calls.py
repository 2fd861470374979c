"""Calls: helpers, defaults, keywords, stars, recursion, closures, lambdas, partials, functions as arguments, methods."""

import functools
import math
from functools import partial, reduce
from math import cos, pi

import numpy
import numpy as np
import numpy.linalg as la
from numpy import sin

from tests.corpus.registry import program

RATE = 0.3
WEIGHTS = np.array([0.1, 0.2, 0.3])
CONFIG = {"rate": 0.2, "steps": 3, "name": "euler"}
TABLE = [1.0, 2.0, 4.0]
VERBOSE = False


def square(x):
    return x * x


def scaled(x, factor=2.0, *, shift=0.0):
    return x * factor + shift


def total(*xs, **options):
    s = 0.0
    for x in xs:
        s = s + x * x
    return s * options.get("scale", 1.0)


def sine_and_cosine(x):
    s, c = np.sin(x), np.cos(x)
    return s, c


@program(0.4)
def helper_called(x):
    return square(x) + square(square(x))


@program(0.4)
def default_arguments(x):
    return scaled(x) + scaled(x, 3.0) * scaled(x, shift=x) + scaled(factor=x, x=2.0)


@program(0.4, 1.5)
def star_arguments(x, y):
    args = (x, y)
    return total(*args) + total(x, y, 2.0, scale=y) + total()


@program(0.4)
def keyword_stars(x):
    options = {"factor": x, "shift": 1.0}
    return scaled(x, **options)


@program(0.4)
def several_results(x):
    s, c = sine_and_cosine(x)
    t, _ = sine_and_cosine(c)
    return s * c * t


@program(0.4, 3)
def helper_in_loop(x, n):
    for _ in range(n):
        x, y = sine_and_cosine(x * 2)
    return x * y


@program(0.4, 3)
def default_of_the_program(x, n=5, scale=2.0):
    for _ in range(n):
        x = x * scale
    return x


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


@program(0.9, 5)
@program(0.9, 0)
def recursive_power(x, n):
    return power(x, n)


@program(0.9, 5)
def recursion_of_the_program(x, n):
    if n == 0:
        return 1.0
    return np.sin(x) * recursion_of_the_program(x * 0.9, n - 1)


@program(0.9, 6)
def two_branch_recursion(x, n):
    if n < 2:
        return x * (n + 1)
    return two_branch_recursion(x, n - 1) * 0.5 + two_branch_recursion(x, n - 2) * x


def halves(x):
    n = len(x)
    if n == 1:
        return x[0] * x[0]
    return halves(x[: n // 2]) * 0.5 + halves(x[n // 2:])


@program(np.array([0.3, 0.5, 0.2, 0.9, 1.1]))
def recursion_over_halves(x):
    return halves(np.sin(x))


def even(x, n):
    return x if n == 0 else odd(x * 1.1, n - 1)


def odd(x, n):
    return -x if n == 0 else even(np.sin(x), n - 1)


@program(0.7, 5)
def mutual_recursion(x, n):
    return even(x, n)


@program(0.4)
def nested_function(x):
    def inner(t):
        return t * x

    return inner(x) + inner(2.0)


@program(0.4)
def closure_over_changing_value(x):
    scale = 1.0

    def inner(t):
        return t * scale

    a = inner(x)
    scale = x
    return a + inner(x)


@program(0.4, 3)
def closure_in_loop(x, n):
    y = x

    def step():
        return np.sin(y) * x

    for _ in range(n):
        y = step()
    return y


@program(0.4)
def nonlocal_changed(x):
    count = 0.0

    def visit(t):
        nonlocal count
        count = count + t * t

    visit(x)
    visit(2 * x)
    return count * x


@program(0.4)
def function_that_returns_a_function(x):
    def scaler(a):
        def scale(t):
            return t * a
        return scale

    return scaler(x)(3.0) + scaler(2.0)(x * x)


@program(0.4)
def lambdas(x):
    f = lambda t, k=2: t ** k
    fs = [lambda t: t + 1, lambda t: t * t, np.sin]
    y = f(x) + f(x, 3)
    for g in fs:
        y = g(y)
    return y


@program(0.4)
def lambda_default_captures(x):
    fs = [lambda t, k=k: t * k for k in (1, 2, 3)]
    return sum(f(x) for f in fs) * x


@program(0.4)
def partials(x):
    f = functools.partial(scaled, factor=x)
    g = partial(f, 3.0, shift=1.0)
    return f(x) * g()


@program(0.4)
def reduced(x):
    return reduce(lambda a, b: a * b + x, [1.0, x, 2.0]) + sum(map(square, [x, 2.0]))


def newton(f, df, x, steps=6):
    for _ in range(steps):
        x = x - f(x) / df(x)
    return x


@program(2.0)
def functions_as_arguments(a):
    return newton(lambda x: x * x - a, lambda x: 2 * x, 1.0)


def compose(*fs):
    def composed(x):
        for f in fs:
            x = f(x)
        return x
    return composed


@program(0.4)
def composition(x):
    return compose(np.sin, square, lambda t: t + x)(x)


def rk4(f, y, t, h):
    k1 = f(y, t)
    k2 = f(y + h / 2 * k1, t + h / 2)
    k3 = f(y + h / 2 * k2, t + h / 2)
    k4 = f(y + h * k3, t + h)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@program(np.array([0.5, 0.1]), 0.7, 4)
def runge_kutta(y, k, n):
    def field(u, t):
        return np.array([u[1], -k * u[0] + np.sin(t)])

    for i in range(n):
        y = rk4(field, y, 0.1 * i, 0.1)
    return np.sum(y * y)


@program(0.4)
def globals_read(x):
    y = x * RATE + np.sum(WEIGHTS * x)
    for _ in range(CONFIG["steps"]):
        y = y + CONFIG["rate"] * np.sin(y)
    if CONFIG["name"] == "euler" and not VERBOSE:
        y = y * TABLE[1]
    return y


@program(0.4)
def module_aliases(x):
    return numpy.exp(x) * sin(x) + la.norm(numpy.array([x, 2.0])) + cos(x) * math.exp(x) + pi * x


@program(0.4)
def import_inside(x):
    import math as m

    from numpy import cos as cosine
    return cosine(x) * m.sin(x)


@program(0.4)
def same_argument_twice(x):
    def f(a, b):
        return a * np.sin(b)
    return f(x, x)


class Problem:
    """Data in attributes, read by methods."""

    factor = 3.0

    def __init__(self):
        self.data = np.array([0.5, 1.5, 2.5])
        self.rate = 0.1
        self.kind = "quadratic"
        self.steps = 2

    def loss(self, w):
        residual = self.predicted(w) - self.data
        return np.sum(residual ** 2) * self.factor if self.kind == "quadratic" else np.sum(np.abs(residual))

    def predicted(self, w):
        y = w * self.rate
        for _ in range(self.steps):
            y = np.tanh(y) + self.data
        return y


PROBLEM = Problem()


@program(0.4)
def method_of_global_object(w):
    return PROBLEM.loss(w) + PROBLEM.rate * w


def is_even(n):
    return n % 2 == 0


@program(0.4, 4)
def helper_as_test(x, n):
    for i in range(n):
        if is_even(i):
            x = x * 1.5
        else:
            x = np.sin(x)
    return x


def checked(x):
    if not isinstance(x, float | int | np.floating):
        raise TypeError("a number is needed")
    return x


@program(0.4)
def type_checks(x):
    y = checked(x)
    if isinstance(x, np.ndarray):
        y = np.sum(x)
    if type(x) is float or callable(x):
        y = y * 2
    if hasattr(x, "shape") and x.shape:
        y = y * 3
    return y * x


@program(np.array([0.4, 0.2]))
def array_type_checks(x):
    if isinstance(x, np.ndarray) and x.ndim == 1:
        return np.sum(x * x)
    return x


def clipped(x, lo=None, hi=None):
    if lo is not None and x < lo:
        return lo
    if hi is not None and x > hi:
        return hi
    return x


@program(0.4, 0.3)
def optional_bounds(x, hi):
    return clipped(x) * clipped(x, hi=hi) * clipped(x, lo=x * x) + clipped(x, 0.5, 1.0)


def norm(x, kind="two"):
    if kind == "two":
        return np.sqrt(np.sum(x * x))
    elif kind == "one":
        return np.sum(np.abs(x))
    raise ValueError(f"unknown norm {kind}")


@program(np.array([0.4, 0.2]))
def string_options(x):
    return norm(x) * norm(x, "one") + norm(x, kind="two")


@program(0.4)
def string_option_unknown(x):
    return norm(x, "three")


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


@program(np.array([0.4, -0.2, 3.0]))
def helper_on_arrays(x):
    a = softplus(x)
    b = softplus(a[1:])
    return np.sum(a) * np.sum(b)


def counted(x, depth=0):
    if depth >= 3:
        return x
    return counted(np.sin(x) + x, depth + 1)


@program(0.4)
def recursion_with_default(x):
    return counted(x)


def tree_sum(node):
    if node is None:
        return 0.0
    left, value, right = node
    return tree_sum(left) + value * value + tree_sum(right)


@program(0.4)
def recursion_over_tuples(x):
    return tree_sum(((None, x, None), 2.0 * x, None))


@program(0.4)
def decorated_helper_called_by_name(x):
    fs = {"square": square, "twice": lambda t: 2 * t}
    out = 1.0
    for name in ("square", "twice", "square"):
        out = out * fs[name](x)
    return out


@program(0.7)
def conditional_function(x):
    f = np.sin if x.__class__ is float else np.cos
    return f(x) * x


@program(0.7)
@program(-0.7)
def function_chosen_by_value(x):
    f = np.sin if x > 0 else np.cos
    return f(x) * x

"""`with`: np.errstate, contextlib, managers of the user."""

import contextlib
import math
import warnings

import numpy as np

from tests.corpus.registry import program

X = np.array([0.7, 0.3, 0.1, 0.99, 0.4])


@program(X)
@program(np.array([0.5, 0.1, -1.0]))
def log_where_positive(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(x)
        z = np.where(x > 0, y, 0.0)
    return np.sum(z**2)


@program(X)
def returned_within(x):
    with np.errstate(all="ignore"):
        return np.sum(x**2 / (x + 1e-3))


@program(X)
def left_within_a_loop(x):
    s = 0.0
    for v in x:
        with np.errstate(over="ignore"):
            if v < 0.2:
                continue
            if v > 0.95:
                break
            s = s + np.exp(v)
    return s


@program(X)
def without_warnings(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = np.sqrt(x)
    return np.sum(y)


class Counted:
    def __init__(self, name):
        self.name = name
        self.count, self.scale = 0.0, 1.0

    def __enter__(self):
        self.scale = 2.0
        return self

    def __exit__(self, *error):
        self.count += 1.0


class Loud:
    def __enter__(self):
        print("in")
        return 3.0

    def __exit__(self, kind, error, trace):
        print("out")
        return False


@program(X)
def manager_with_state(x):
    manager = Counted("a")
    with manager as m:
        y = x * x * m.scale
    with manager:
        y = y * np.sin(x)
    return np.sum(y) * manager.count


@program(2.0)
@program(-2.0)
def manager_that_prints(x):
    with Loud() as k:
        y = math.sqrt(x) * k
    return y


@contextlib.contextmanager
def scaled(x, s):
    print("begin")
    try:
        yield x * s
    finally:
        print("end")


@program(X)
@program(X * 100)
def manager_of_a_generator(x):
    with scaled(x, 3.0) as y, np.errstate(all="ignore"):
        z = y * y
        if np.sum(z) > 100:
            return np.sum(y)
    return np.sum(z + y)


@program(2.0)
@program(2.0, True)
def one_of_two_managers(x, loud=False):
    with np.errstate(all="ignore") if loud else contextlib.nullcontext():
        y = x * x
    with contextlib.nullcontext(y) as z:
        return z * x


@contextlib.contextmanager
def tolerant(x):
    try:
        yield x * 2
    except ValueError:
        pass


@program(0.5)
def generator_that_swallows(x):
    y = 0.0
    with tolerant(x) as z:
        y = z
        raise ValueError("swallowed")
    return y * x


class Swallowing:
    def __init__(self, *classes):
        self.classes, self.left = classes, 0

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.left += 1
        return kind is not None and issubclass(kind, self.classes)


@program(0.5)
def swallowed_for_sure(x):
    y = x
    with Swallowing(ZeroDivisionError) as manager:
        y = x * x
        y = y / 0
    return y * manager.left


@program(0.5)
@program(-0.5)
def swallowed_or_not(x):
    y = x
    with Swallowing(ValueError, KeyError):
        if x < 0:
            raise ValueError("negative")
        y = x * 3
    return y * x


@program(np.array([[2.0, 0.5], [0.3, 1.0]]))
def singular_or_not(a):
    y = a
    with Swallowing(np.linalg.LinAlgError):
        y = np.linalg.inv(a)
    return np.sum(y * a * a)


@program(0.5)
def swallowed_in_a_loop(x):
    total = 0.0
    for k in range(4):
        with Swallowing(ZeroDivisionError):
            total += x / (k - 2)
    return total


@program(0.5)
def passed_by_a_manager(x):
    with Swallowing(ValueError):
        y = x * 2
        y = {}["missing"]
    return y


class Announced:
    def __enter__(self):
        print("in")

    def __exit__(self, kind, error, trace):
        print("out", kind is None)


@program(0.5)
@program(-0.5)
def announced(x):
    with Announced():
        y = math.sqrt(x)
    return y * x

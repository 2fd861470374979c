"""`try` under XLA: what NumPy code would have raised decides, and what follows an exception is not used."""

from __future__ import annotations

import math

import numpy as np
import pytest

import srcad
from srcad import Unsupported

EYE = np.eye(3) + 0.1


def factor_or_jitter(A):
    try:
        L = np.linalg.cholesky(A)
    except np.linalg.LinAlgError:
        L = np.linalg.cholesky(A + 5 * np.eye(3))
    return np.sum(np.log(np.diag(L)))


def by_kind(x, y):
    try:
        a = math.log(x) / y
        b = math.exp(a)
    except ZeroDivisionError:
        a, b = x, 1.0
    except ValueError:
        a, b = x * x, 2.0
    except OverflowError:
        a, b = x * x, y
    return a * b


def ended_by_an_exception(x):
    """The loop's own test never fails."""
    try:
        y = x
        while True:
            y = math.sqrt(y - 0.3) * 1.01
    except ValueError:
        z = x * x
    return z


def nested(x, ys, k):
    s = 0.0
    for y in ys:
        try:
            try:
                t = ys[k] / (y - x)
            except ZeroDivisionError:
                t = math.sqrt(x - 1.0)
        except (IndexError, ValueError):
            t = y * x
        s += t * t
    return s


def passed_on(x):
    try:
        if x > 3:
            raise KeyError("large")
        y = math.sqrt(x)
    except ValueError:
        y = -x
    return y * y


YS = np.array([0.25, 0.5, 2.0])
CASES = [(factor_or_jitter, (EYE,)), (factor_or_jitter, (EYE - 2 * np.eye(3),)), (by_kind, (2.0, 3.0)),
         (by_kind, (2.0, 0.0)), (by_kind, (-2.0, 3.0)), (by_kind, (3.0, 0.0011)), (by_kind, (-2.0, 0.0)),
         (ended_by_an_exception, (2.4,)), (ended_by_an_exception, (0.1,)), (nested, (3.0, YS, 1)),
         (nested, (2.0, YS, 1)), (nested, (0.5, YS, 1)), (nested, (0.3, YS, 7)),
         (passed_on, (2.0,)), (passed_on, (-2.0,))]


@pytest.mark.parametrize(("f", "args"), CASES)
def test_derivatives_are_those_of_numpy(f, args):
    value, gradient = srcad.value_and_grad(f)(*args)
    compiled = srcad.value_and_grad(f, backend="xla")
    assert np.isclose(value, f(*args))
    for _ in range(2):
        got, compiled_gradient = compiled(*args)
        np.testing.assert_allclose(got, value, rtol=1e-12)
        np.testing.assert_allclose(compiled_gradient, gradient, rtol=1e-10)
    tangent = np.cos(args[0])
    rest = (None,) * (len(args) - 1)
    np.testing.assert_allclose(srcad.jvp(f, args, (tangent, *rest), backend="xla")[1],
                               srcad.jvp(f, args, (tangent, *rest))[1], rtol=1e-10)


def test_what_is_not_caught_is_raised():
    with pytest.raises(KeyError, match="large"):
        srcad.grad(passed_on, backend="xla")(4.0)


def failing(A):
    return np.sum(np.linalg.cholesky(A))


def test_decompositions_raise():
    f = srcad.grad(failing, backend="xla")
    assert np.all(np.isfinite(f(EYE)))
    with pytest.raises(np.linalg.LinAlgError):
        f(-EYE)


def shown(x):
    try:
        y = math.sqrt(x)
    except ValueError as error:
        print(error)
        y = x
    return y


def rounded(x):
    try:
        return x * int(x)
    except ValueError:
        return x


@pytest.mark.parametrize("f", [shown, rounded])
def test_what_is_not_known_is_refused(f):
    with pytest.raises(Unsupported):
        srcad.grad(f, backend="xla")(2.0)

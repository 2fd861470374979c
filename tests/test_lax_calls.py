"""Later calls of a kind that XLA served before: they go a short way, and give what the first gave."""

from __future__ import annotations

import itertools

import jax
import numpy as np
import pytest

import srcad


def doubled(x, limit):
    while np.sum(x * x) < limit:
        x = x * 1.5 + np.tanh(x)
    return np.sum(x)


def divided(x, y):
    return x / y


def parts(pair, n):
    a, b = pair
    return {"sum": np.sum(a) * b, "n": n, "both": [a * b, a]}


def programs(gradient):
    """The XLA programs behind a gradient function."""
    (variant,) = gradient.runner.variants.all()
    return variant.run.program


X = np.array([0.5, -0.25, 1.0])


def test_a_longer_loop_after_a_short_one():
    """The short way finds that the tape is too small."""
    slow = srcad.grad(doubled)
    fast = srcad.grad(doubled, backend="xla")
    for limit in (10.0, 20.0, 1e60, 5.0, 1e60):
        np.testing.assert_allclose(fast(X, limit), slow(X, limit), rtol=1e-12)
    assert programs(fast).variants == 2 and len(programs(fast).ready) == 1


def test_an_exception_after_a_result():
    fast = srcad.value_and_grad(divided, backend="xla")
    assert fast(3.0, 2.0) == (1.5, 0.5) == fast(3.0, 2.0)
    with pytest.raises(ZeroDivisionError):
        fast(3.0, 0.0)
    assert fast(3.0, 4.0) == (0.75, 0.25)


@pytest.mark.parametrize("args", [((X, 2.0), 3), ((X, np.float32(2.0)), 3), ((X.astype(np.float32), 2), True)])
def test_results_are_those_of_the_first_call(args):
    f = srcad.jit(parts)
    first, later, plain = f(*args), f(*args), parts(*args)
    for found in (first, later):
        assert found["n"] == plain["n"] and type(found["n"]) is type(plain["n"])
        for a, b in zip([found["sum"], *found["both"]], [plain["sum"], *plain["both"]], strict=True):
            assert type(a) is type(b) and a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-6)
    later["both"][0][0] = 7.0
    assert later["both"][1][0] == args[0][0][0]


def test_arrays_of_jax_stay_there():
    gradient = srcad.grad(doubled, backend="xla")
    x = jax.numpy.asarray(X, dtype=np.float32)
    for _ in range(2):
        assert isinstance(gradient(x, 10.0), jax.Array)
        assert isinstance(gradient(X, 10.0), np.ndarray)


def test_shapes_and_types_are_kinds():
    f = srcad.grad(doubled, backend="xla")
    for x in (X, X[:2], X.astype(np.float32), X, X[::-1]):
        for _ in range(2):
            np.testing.assert_allclose(f(x, 4.0), srcad.grad(doubled)(x, 4.0), rtol=1e-5)


def far(x, most):
    """The loop makes few of the trips that its range has."""
    y = x
    for k in range(10**12):
        y = 0.5 * (y + np.sin(y)) + x * 0.01
        if k >= most:
            break
    return y


def endless(x):
    y = x
    for k in itertools.count(1):
        y = 0.5 * (y + x / y)
        if abs(y * y - x) < 1e-12 or k > 50:
            break
    return y


@pytest.mark.parametrize("most", [0, 3, 62, 63, 64, 65, 300])
def test_a_loop_that_ends_long_before_its_range(most):
    assert srcad.grad(far, backend="xla")(0.5, most) == pytest.approx(srcad.grad(far)(0.5, most), rel=1e-12)


def test_an_endless_loop():
    assert srcad.grad(endless, backend="xla")(2.0) == pytest.approx(srcad.grad(endless)(2.0), rel=1e-12)

"""`srcad.debug_nans()` names the line that made the NaN, in the function or in its derivative, on both backends."""

from __future__ import annotations

import inspect
import pickle

import jax.numpy as jnp
import numpy as np
import pytest

import srcad
from srcad import NanError

X = np.array([1.0, 0.25, 2.0])
ZERO = np.zeros(3)


def logarithm(x):
    y = x * 2
    z = np.log(y - 1)  # here
    return np.sum(z ** 2)


def norm(x):
    return np.sqrt(np.sum(x * x)) * 2  # here


def masked(x):
    safe = np.where(x > 0, np.log(x), 0.0)
    return np.sum(safe) + np.sum(np.sqrt(x))  # here


def in_a_loop(x, n):
    h = x
    for _ in range(n):
        h = h - 0.5
        h = h * np.sqrt(h)  # here
    return np.sum(h)


def until(x):
    while x > -3.0:
        x = x - 1.5
    return np.sqrt(x) * 2  # here


def ratio(a, b):
    return a / b  # here


def in_a_call(x):
    y = ratio(x - x[0], x - x[0])
    return y.sum()


def stored(x):
    y = np.zeros(4)
    y[1:] = np.arccos(3 * x)  # here
    y[:3] *= 2.0
    return np.sum(y)


def taken(x):
    if np.sum(x) > 3:
        x = np.arctanh(x)  # here
    return np.sum(x)


def inverse(x):
    a = np.diag(x)
    s = np.sum(np.linalg.inv(a + np.eye(3)))
    return s * (np.inf - np.exp(800 * s))  # here


def line_of(f):
    """The line that ends with `# here`, in f or in what it calls."""
    f = ratio if f is in_a_call else f
    lines, first = inspect.getsourcelines(f)
    return next(first + k for k, line in enumerate(lines) if line.rstrip().endswith("# here"))


def found(call):
    with srcad.debug_nans(), np.errstate(all="ignore"), pytest.raises(NanError) as caught:
        call()
    return caught.value


IN_THE_FUNCTION = [(logarithm, (X,)), (masked, (X - 1,)), (in_a_loop, (X, 3)), (until, (1.0,)), (in_a_call, (X,)),
                   (stored, (X,)), (taken, (X,)), (inverse, (X,))]


@pytest.mark.parametrize(("f", "args"), IN_THE_FUNCTION)
def test_in_the_function(f, args):
    value = found(lambda: srcad.value_and_grad(f)(*args))
    assert value.problem.span.line == line_of(f) and f"NaN in {f.__name__}" in str(value)
    assert value.problem.span.line == found(lambda: srcad.jit(f, backend="numpy")(*args)).problem.span.line
    assert value.problem.span.line == found(lambda: srcad.vjp(f, *args)).problem.span.line


@pytest.mark.parametrize("backend", ["numpy", "xla", "auto"])
@pytest.mark.parametrize("call", [
    lambda b: srcad.grad(norm, backend=b)(ZERO), lambda b: srcad.vjp(norm, ZERO, backend=b)[1](1.0),
    lambda b: srcad.jvp(norm, (ZERO,), (X,), backend=b), lambda b: srcad.hessian(norm, backend=b)(ZERO),
    lambda b: srcad.grad(norm, backend=b)(jnp.zeros(3))])
def test_in_the_derivative(call, backend):
    error = found(lambda: call(backend))
    assert error.problem.span.line == line_of(norm) and "in the derivative of norm" in str(error)
    assert isinstance(error, FloatingPointError) and str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(("f", "args"), [IN_THE_FUNCTION[0], IN_THE_FUNCTION[2], IN_THE_FUNCTION[5]])
def test_compiled(f, args):
    error = found(lambda: srcad.value_and_grad(f, backend="xla")(*args))
    assert error.problem.span.line == line_of(f)


def test_reasons_show_numbers():
    assert "`np.log` gives it at [1] of -0.5" in str(found(lambda: srcad.grad(logarithm)(X)))
    zero = np.float64(0.0)
    assert "`/` gives it of 0.0, 0.0" in str(found(lambda: srcad.value_and_grad(ratio)(zero, zero)))


def test_no_alarm():
    """NaNs of arguments are the caller's, and those that are masked reach nobody."""
    hidden = srcad.grad(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)))
    with np.errstate(all="ignore"):
        for backend in ("numpy", "xla"):
            with srcad.debug_nans(), srcad.backend(backend):
                np.testing.assert_array_equal(hidden(np.array([1.0, -1.0])), [1.0, 0.0])
                assert np.isnan(srcad.grad(norm)(np.array([np.nan, 1.0, 1.0]))).all()
                np.testing.assert_allclose(srcad.grad(logarithm)(X + 1), srcad.grad(logarithm)(X + 1))
                with srcad.debug_nans(False):
                    assert np.isnan(srcad.grad(norm)(ZERO)).all()
        assert np.isnan(srcad.grad(norm)(ZERO)).all()


def test_everywhere():
    srcad.configure(debug_nans=True)
    try:
        with pytest.raises(NanError), np.errstate(all="ignore"):
            srcad.grad(norm)(ZERO)
    finally:
        srcad.configure(debug_nans=False)
    with np.errstate(all="ignore"):
        assert np.isnan(srcad.grad(norm)(ZERO)).all()


def test_effects_are_done_once(capsys):
    def told(x):
        print("called")
        return norm(x)

    for backend in ("numpy", "xla"):
        assert found(lambda b=backend: srcad.grad(told, backend=b)(ZERO)).problem.span.line == line_of(norm)
        assert capsys.readouterr().out == "called\n"

"""Under XLA what a function raises is raised after the run, with its line, and nothing is stored; arrays of JAX are
never changed."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import srcad
from srcad import ArgumentError

X = np.array([1.0, 2.0, 3.0])


class TooFar(Exception):
    pass


def checked(x, k):
    if np.sum(x) < 0:
        raise ValueError(f"the sum is {np.sum(x)}")
    assert k < 5, f"k is {k}"
    return np.sum(np.sqrt(x)) * k


def in_a_loop(x, n):
    s = 0.0
    for i in range(n):
        if x[i] < 0:
            raise TooFar("at", i)
        s += np.sqrt(x[i])
    return s


def helper(x):
    if x[1] < 0:
        raise TooFar("in a helper")
    return x * x


def in_a_call(x):
    return np.sum(helper(x)) + np.sum(helper(2 * x))


def picked(x, i):
    return x[i] * 2


def quotient(x, y):
    return x / y


def until(x):
    steps = 0
    while x > 1:
        x = x * 0.5
        steps += 1
        if steps > 20:
            raise RuntimeError("no end")
    return x


def stores(x, k):
    x[0] = 5.0
    if k < 0:
        raise RuntimeError("negative")
    x[1] = k
    return np.sum(x * k)


RAISE = [
    (checked, (X, 2.0), (-X, 2.0), ValueError, "the sum is -6.0", 2),
    (checked, (X, 2.0), (X, 7.0), AssertionError, "k is 7.0", 3),
    (in_a_loop, (X, 3), (X - 1.5, 3), TooFar, "'at', 0", 4), (in_a_call, (X,), (-X,), TooFar, "in a helper", None),
    (picked, (X, 1), (X, 3), IndexError, "out of bounds", 1),
    (quotient, (1.0, 2.0), (1.0, 0.0), ZeroDivisionError, "division", 1),
    (until, (3.0,), (1e9,), RuntimeError, "no end", 6), (stores, (X, 2.0), (X, -2.0), RuntimeError, "negative", 3),
]


def line_of(f, offset):
    if offset is None:
        return helper.__code__.co_firstlineno + 2
    return f.__code__.co_firstlineno + offset


@pytest.mark.parametrize(("f", "good", "bad", "error", "words", "offset"), RAISE)
def test_raised_on_the_host_after_the_run(f, good, bad, error, words, offset):
    wrt = 1 if f is stores else 0
    good, bad = ([np.copy(a) if isinstance(a, np.ndarray) else a for a in args] for args in (good, bad))
    gradient = srcad.grad(f, wrt=wrt, backend="xla")
    expected = srcad.grad(f, wrt=wrt)(*[np.copy(a) if isinstance(a, np.ndarray) else a for a in good])
    np.testing.assert_allclose(gradient(*[np.copy(a) if isinstance(a, np.ndarray) else a for a in good]), expected)
    calls = {"grad": gradient, "jit": srcad.jit(f), "vjp": lambda *args: srcad.vjp(f, *args, backend="xla")}
    for name, call in calls.items():
        before = [np.copy(a) for a in bad]
        with pytest.raises(error) as caught:
            call(*bad)
        assert words in str(caught.value)
        assert any(f"{__file__}:{line_of(f, offset)}:" in note for note in caught.value.__notes__)
        assert all(np.array_equal(a, b) for a, b in zip(bad, before, strict=True)), f"{name} changed {bad}"
    np.testing.assert_allclose(gradient(*good), expected)


def test_prints_come_once(capsys):
    def told(x):
        print("x is", x, "and its sum", np.sum(x))
        for k in range(2):
            print(f"trip {k}: {np.max(x):.2f}")
        if x[0] < 0:
            raise ValueError
        return np.sum(x * x)

    for call in (srcad.grad(told), srcad.grad(told, backend="xla"), srcad.jit(told)):
        call(X)
        jax.effects_barrier()
        assert capsys.readouterr().out == "x is [1. 2. 3.] and its sum 6.0\ntrip 0: 3.00\ntrip 1: 3.00\n"
        with pytest.raises(ValueError):
            call(-X)
        jax.effects_barrier()
        assert capsys.readouterr().out == "x is [-1. -2. -3.] and its sum -6.0\ntrip 0: -1.00\ntrip 1: -1.00\n"


@pytest.mark.parametrize("call", [
    lambda x: srcad.grad(stores, wrt=1)(x, 2.0), lambda x: srcad.jit(stores)(x, 2.0),
    lambda x: srcad.vjp(stores, x, 2.0), lambda x: srcad.jvp(stores, (x, 2.0), (None, 1.0)),
    lambda x: srcad.grad(stores, wrt=1, backend="numpy")(x, 2.0),
    lambda x: srcad.grad(stores, wrt=1, backend="auto")(x, 2.0),
    jax.jit(lambda x: srcad.grad(stores, wrt=1)(x, 2.0))])
def test_arrays_of_jax_are_not_changed(call):
    x = jnp.asarray(X)
    with pytest.raises(ArgumentError, match=r"`x` .* array of JAX, .* pass a copy, np.array\(x\)") as error:
        call(x)
    assert f"{__file__}:{stores.__code__.co_firstlineno + 1}" in str(error.value)
    np.testing.assert_array_equal(x, X)
    assert np.allclose(srcad.grad(stores, wrt=1)(np.array(x), 2.0), srcad.grad(stores, wrt=1)(X.copy(), 2.0))

"""Compiled functions between NumPy and JAX, within JAX's own transformations, and how large they are."""

from __future__ import annotations

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import srcad
from srcad import ArgumentError, Unsupported
from srcad.program.derivatives import program_of
from srcad.program.programs import shared
from srcad.program.runner import Runner
from srcad.program.ways import way

X = np.linspace(0.0, 1.0, 5)


def smoothed(x, n):
    y = x.copy()
    for _ in range(n):
        y[1:] += 0.1 * np.sin(y[:-1])
    return np.sum(y * y)


def doubled(x):
    x *= 2
    return np.sum(x)


def until(x, limit):
    steps = 0
    while np.sum(x * x) < limit:
        x = x + np.cos(x) * 0.01 + 0.02
        steps += 1
    return np.sum(x) * steps


def counted(x, k):
    return len(x) + int(x[k] > 0)


def test_a_compiled_primal():
    fast = srcad.jit(smoothed)
    assert np.isclose(fast(X, 3), smoothed(X, 3)) and isinstance(fast(X, 3), float)
    assert np.allclose(srcad.grad(fast)(X, 3), srcad.grad(smoothed)(X, 3))
    x = X.copy()
    assert srcad.jit(doubled)(x) == 2 * X.sum() and np.array_equal(x, 2 * X)
    assert pickle.loads(pickle.dumps(srcad.jit(smoothed)))(X, 2) == fast(X, 2)


def test_arrays_of_jax_give_arrays_of_jax():
    setting = jax.config.jax_enable_x64
    gradient = srcad.grad(smoothed, backend="xla")
    x = jnp.asarray(X)
    got = gradient(x, 3)
    assert isinstance(got, jax.Array) and got.dtype == x.dtype
    np.testing.assert_allclose(got, srcad.grad(smoothed)(np.asarray(x), 3), rtol=1e-6)
    y, pull = srcad.vjp(smoothed, x, 3, backend="xla")
    assert isinstance(y, jax.Array) and isinstance(pull(jnp.ones((), x.dtype))[0], jax.Array)
    with pytest.raises(ArgumentError, match="pass a copy"):
        srcad.jit(doubled)(x)
    assert jax.config.jax_enable_x64 == setting


def test_within_jaxs_own_transformations():
    gradient = srcad.grad(smoothed, backend="xla")
    xs = jnp.stack([jnp.asarray(X), jnp.asarray(X) + 1])
    expected = np.stack([srcad.grad(smoothed)(np.asarray(x), 3) for x in xs])
    np.testing.assert_allclose(jax.jit(lambda x: gradient(x, 3))(xs[0]), expected[0], rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(lambda x: gradient(x, 3))(xs), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.jit(jax.vmap(lambda x, n: gradient(x, n), (0, None)))(xs, 3), expected, rtol=1e-5)


def test_what_fails_within_a_trace_is_nan():
    gradient = jax.jit(lambda x, limit: srcad.grad(until, backend="xla")(x, limit))
    x = jnp.asarray(X)
    np.testing.assert_allclose(gradient(x, 3.0), srcad.grad(until)(np.asarray(x), np.float32(3.0)), rtol=1e-4)
    assert np.all(np.isnan(gradient(x, 1e3)))
    with pytest.raises(Unsupported, match="integers"):
        jax.jit(lambda x, k: srcad.jit(counted)(x, k))(x, 2)


def recurrence(w, n):
    h = 0.0
    for _ in range(n):
        h = np.tanh(w * h + 1)
    return h


def scanned(w, xs):
    h = 0.0
    for x in xs:
        h = np.tanh(w * h + x)
    return h


def nested(x, n):
    y = x.copy()
    for i in range(len(x)):
        for j in range(n):
            if y[i] > 0:
                y[i] = y[i] * 0.5 + j
    return np.sum(y)


@pytest.mark.parametrize(("f", "small", "large"), [
    (recurrence, (0.5, 5), (0.5, 500)), (scanned, (0.5, np.ones(5)), (0.5, np.ones(500))),
    (nested, (np.ones(4), 3), (np.ones(400), 30)),
])
def test_code_does_not_grow_with_the_number_of_trips(f, small, large):
    def size(args):
        runner = Runner(shared(program_of(srcad.grad(f))), way("xla"))
        variant = runner.variants.find(runner.values(f, args, {}))
        return len(srcad.program.compiled.stage(variant.func, "hlo", args).splitlines())

    assert size(large) <= size(small) * 1.2

"""Which backend a call runs on: what the derivative says, what is said around the call, what the arguments are."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import srcad
from srcad import ArgumentError

X = np.linspace(0.2, 1.0, 3)


def energy(x):
    return np.sum(np.tanh(x) ** 2)


def field(x):
    return np.tanh(x) * x[0]


def way_of(derivative):
    return derivative.runner.way.backend


def test_who_says_the_backend():
    unsaid, said = srcad.grad(energy), srcad.grad(energy, backend="numpy")
    assert way_of(unsaid) == "numpy"
    with srcad.backend("xla"):
        assert (way_of(unsaid), way_of(said)) == ("xla", "numpy")
        with srcad.backend("auto"):
            assert way_of(unsaid) == "auto"
        assert way_of(unsaid) == "xla"
        np.testing.assert_allclose(unsaid(X), said(X), rtol=1e-12)
    assert way_of(unsaid) == "numpy"
    assert way_of(srcad.jit(energy)) == "xla" and way_of(srcad.jit(energy, backend="auto")) == "auto"


def test_a_block_is_of_its_thread_and_a_configuration_of_the_process():
    derivative, seen = srcad.grad(energy), []
    with srcad.backend("xla"):
        thread = threading.Thread(target=lambda: seen.append(way_of(derivative)))
        thread.start()
        thread.join()
    assert seen == ["numpy"]
    srcad.configure(backend="auto")
    try:
        thread = threading.Thread(target=lambda: seen.append(way_of(derivative)))
        thread.start()
        thread.join()
        assert seen == ["numpy", "auto"] and way_of(derivative) == "auto"
    finally:
        srcad.configure(backend="numpy")


def test_the_environment_says_it_from_the_start():
    code = ("import numpy, srcad, sys; g = srcad.grad(numpy.tanh); g(2.0)\n"
            "print(g.runner.way.backend, g.runner.way.nans, 'jax' in sys.modules)")
    for backend, nans, expected in (("auto", "1", "auto True False"), ("", "", "numpy False False")):
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                             env={**os.environ, "SRCAD_BACKEND": backend,
                                  "SRCAD_DEBUG_NANS": nans})
        assert run.stdout.strip() == expected


@pytest.mark.parametrize("make", [
    lambda b: srcad.grad(energy, backend=b), lambda b: srcad.jit(energy, backend=b),
    lambda b: srcad.jvp(energy, (X,), (X,), backend=b), lambda b: srcad.vjp(energy, X, backend=b),
    lambda b: srcad.backend(b).__enter__(), lambda b: srcad.configure(backend=b)])
def test_backends_have_names(make):
    with pytest.raises(ArgumentError, match="'numpy', 'xla' or 'auto', not 'gpu'"):
        make("gpu")


CALLS = [
    ("grad", lambda x, **b: srcad.grad(energy, **b)(x)),
    ("value_and_grad", lambda x, **b: srcad.value_and_grad(energy, **b)(x)),
    ("vjp", lambda x, **b: srcad.vjp(field, x, **b)[1](x)),
    ("jvp", lambda x, **b: srcad.jvp(field, (x,), (x,), **b)),
    ("forward jacobian", lambda x, **b: srcad.jacobian(field, mode="forward", **b)(x)),
    ("reverse jacobian", lambda x, **b: srcad.jacobian(field, mode="reverse", **b)(x)),
    ("hessian", lambda x, **b: srcad.hessian(energy, **b)(x)),
    ("hvp", lambda x, **b: srcad.hvp(energy, (x,), (x,), **b)),
    ("elementwise_grad", lambda x, **b: srcad.elementwise_grad(np.tanh, **b)(x)),
    ("jit", lambda x, **b: srcad.jit(field, **b)(x)),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_every_transform_on_every_backend_and_kind_of_array(name, call):
    expected = call(X, backend="numpy")
    for backend in ("xla", "auto"):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), call(X, backend=backend), expected)
    with srcad.backend("auto"):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), call(X), expected)
    x = jnp.asarray(X)
    for found in (call(x), call(x, backend="auto"), jax.jit(call)(x),
                  jax.tree.map(lambda a: a[1], jax.vmap(call)(jnp.stack([x * 2, x])))):
        assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(found))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), found, expected)

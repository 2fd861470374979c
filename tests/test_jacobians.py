"""Jacobians and Hessians of several arguments and of trees, against JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import srcad
from srcad import ArgumentError

X, Y = np.array([0.3, 0.6]), 1.4
TREE = {"w": np.array([0.2, 0.4]), "b": 0.5}

# name: a function over the module np, its arguments, wrt
JACOBIANS: dict[str, tuple[Any, tuple[Any, ...], Any]] = {
    "two arguments": (lambda np: lambda x, y: np.array([np.sum(x ** 2) * y, x[0] * y, y]), (X, Y), (0, 1)),
    "by name": (lambda np: lambda x, y: x * y ** 2, (X, Y), ("x", "y")),
    "a tuple of one": (lambda np: lambda x, y: x * y ** 2, (X, Y), (0,)),
    "a dict": (lambda np: lambda p: p["w"] * p["b"], (TREE,), 0),
    "a tuple of results": (lambda np: lambda x: (x * 2, np.sum(x ** 2)), (X,), 0),
    "a dict of results": (lambda np: lambda x, y: {"a": x * y, "b": y}, (X, Y), (0, 1)),
    "a list and a number": (lambda np: lambda xs, y: xs[0] * y + xs[1], ([X, 2 * X], Y), (0, 1)),
}
HESSIANS: dict[str, tuple[Any, tuple[Any, ...], Any]] = {
    "two arguments": (lambda np: lambda x, y: np.sum(x ** 3) * y * y + np.sum(np.sin(x)) * y, (X, Y), (0, 1)),
    "a dict": (lambda np: lambda p: np.sum(p["w"] ** 3) * p["b"] ** 2, (TREE,), 0),
    "the second": (lambda np: lambda x, y: np.sum(x) * y ** 3, (X, Y), 1),
}


def require_same(found: Any, expected: Any) -> None:
    if isinstance(expected, tuple | list | dict):
        assert type(found) is type(expected) and len(found) == len(expected)
        keys = expected if isinstance(expected, dict) else range(len(expected))
        for k in keys:
            require_same(found[k], expected[k])
        return
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize("case", JACOBIANS.values(), ids=JACOBIANS)
def test_jacobian(case: Any, mode: str | None) -> None:
    make, args, wrt = case
    with jax.enable_x64(True):
        argnums = tuple(range(len(wrt))) if isinstance(wrt, tuple) else wrt
        expected = jax.jacobian(make(jnp), argnums)(*args)
        require_same(srcad.jacobian(make(np), wrt, mode=mode)(*args), expected)


@pytest.mark.parametrize("case", HESSIANS.values(), ids=HESSIANS)
def test_hessian(case: Any) -> None:
    make, args, wrt = case
    with jax.enable_x64(True):
        require_same(srcad.hessian(make(np), wrt)(*args), jax.hessian(make(jnp), wrt)(*args))


def test_integers_in_trees_are_refused() -> None:
    with pytest.raises(ArgumentError):
        srcad.jacobian(lambda p: p["n"] * p["x"])({"n": 3, "x": 1.0})

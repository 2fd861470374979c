"""What programs ask of their arguments before they compute: what an argument is, and which array it is."""

from __future__ import annotations

import typing
from typing import Any

import numpy as np
import pytest
from scipy import integrate, linalg, optimize, sparse
from scipy.spatial import distance
from test_composed import V, assert_right, total

import srcad

M = np.array([[1.0, 2.0], [0.5, 3.0]])


def of_number_or_vector(x: Any) -> Any:
    values = [x, 2.0, x] if np.isscalar(x) else np.asarray(x)
    return values[0] * values[2]


def of_any(x: Any) -> Any:
    return np.sum(np.array(x) ** 2) if np.iterable(x) and isinstance(x, typing.Iterable) else x ** 3


def products(x: Any, y: Any) -> Any:
    """The square of the products; half of it where the two are one array."""
    result = np.sum(np.outer(x, y) ** 2)
    if x is y:
        result = result / 2
    return result


def of_itself(x: Any, y: Any = None) -> Any:
    return products(x, x if y is None else y)


@pytest.mark.parametrize("x", [0.7, V])
def test_numbers_and_arrays(x: Any) -> None:
    assert_right(of_number_or_vector, x)
    assert_right(of_any, x)


def test_which_array() -> None:
    for same in (lambda x: x, lambda x: x * 1, lambda x: x[:], np.asarray):
        assert_right(lambda x, same=same: products(x, same(x)), V)
    assert_right(of_itself, V)
    other = V.copy()
    gradient = srcad.grad(products)
    assert np.allclose(gradient(V, other), 2 * gradient(V, other * 1) / 2)
    assert np.allclose(gradient(V, V) * 2, gradient(V, other))  # asked again in every call
    assert np.allclose(gradient(V, other), 2 * V * np.sum(V ** 2))


def checked(x: Any) -> Any:
    np.testing.assert_allclose(x, np.sort(x), atol=0.5)
    assert not sparse.issparse(x)
    return np.sum(x ** 2)


def test_assertions_of_numpy() -> None:
    assert np.array_equal(srcad.grad(checked)(V), 2 * V)
    with pytest.raises(AssertionError):
        srcad.grad(checked)(V[::-1].copy())


@pytest.mark.parametrize("f", [
    lambda x: total(np.vstack([x[:, None], 1.0, x[0]])),
    lambda x: integrate.simpson(x ** 2, dx=0.1),
    lambda x: optimize.rosen(x),
    lambda x: total(linalg.toeplitz(x) ** 2),
    lambda x: total(linalg.block_diag(M * x[0], x[:, None]) ** 2),
    lambda x: distance.euclidean(x, x ** 2) + distance.cosine(x, x ** 2),
], ids=["a number below columns", "simpson", "rosen", "toeplitz", "block_diag", "distances"])
def test_scipy_as_written(f: Any) -> None:
    """Functions of SciPy without a rule are differentiated by their source, where that is all there is to them."""
    assert_right(f, V)

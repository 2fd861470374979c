"""What programs ask of their arguments before they compute: what an argument is, and which array it is."""

from __future__ import annotations

import typing
from collections.abc import KeysView, MutableMapping
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


def columns(rows: Any) -> Any:
    return np.concatenate([row[..., np.newaxis] for row in rows], axis=-1)


JOINED = {
    "concatenate": columns, "stack": lambda m: np.stack([row * 2 for row in m], axis=-1),
    "hstack": lambda m: np.hstack([row * 2 for row in m]), "vstack": lambda m: np.vstack([row * 2 for row in m]),
    "column_stack": lambda m: np.column_stack([row * 2 for row in m]), "flat": lambda m: columns(m[0]),
}


@pytest.mark.parametrize("name", JOINED)
def test_shapes_of_what_a_list_is_joined_to(name: str) -> None:
    """The number of axes is known, though not the length of the list."""
    def f(m: Any) -> Any:
        joined = JOINED[name](m)
        return np.sum(joined[..., :joined.shape[-1] - 1] ** 2) * joined.shape[0] * np.ndim([joined, joined])

    assert_right(f, np.array([[0.2, 0.4, 0.7], [0.3, 0.1, 0.9]]))


class Table(MutableMapping[str, Any]):
    """A dict of the user's, most of whose methods are those of the standard library."""

    def __init__(self, entries: dict[str, Any]) -> None:
        self.entries = dict(entries)

    def __getitem__(self, key: str) -> Any:
        return self.entries[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.entries[key] = value

    def __delitem__(self, key: str) -> None:
        del self.entries[key]

    def __iter__(self) -> typing.Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def test_methods_of_abstract_classes() -> None:
    def f(x: Any) -> Any:
        table = Table({"a": x, "b": 2 * x})
        table.update({"c": x * x})
        return sum(np.sum(v) for v in table.values()) + np.sum(table.get("a", 1.0) ** 3) * len(list(table.keys()))

    assert_right(f, V)


def measured(x: Any) -> Any:
    """More than a formula, and called twice, so that it would be a function of its own; it asks what x is."""
    if isinstance(x, KeysView):
        x = list(x)
    if isinstance(x, np.ndarray) and x.size == 1 and x.ndim != 0:
        x = np.squeeze(x)
    y = np.sin(x) * 2.0 + np.cos(x) * 3.0 + 3.0 * x * x - x
    return y + np.tanh(x) * 0.5 - np.exp(x) / 3.0


def test_a_question_without_an_answer() -> None:
    """A call whose argument may be a number or an array is refused each time, not only the first."""
    def f(x: Any, n: int) -> Any:
        s = np.sum(np.squeeze(x.reshape(n, -1)), axis=-1)
        return measured(s) + measured(s)

    with pytest.raises(srcad.Unsupported, match="isinstance"):
        srcad.grad(f)(V, 1)


def test_reductions_into_arrays() -> None:
    def f(x: Any) -> Any:
        out = np.zeros(2)
        np.add.reduce(np.outer(x, x[:2]), axis=0, out=out)
        return np.sum(out ** 2)

    assert_right(f, V)


def test_choose() -> None:
    places = np.array([0, 1, 5])
    assert_right(lambda x: total(np.choose(places, [x, x ** 2], mode="clip")), V)
    assert_right(lambda x: total(np.choose(places, [x, 3.0], None, "wrap")), V)

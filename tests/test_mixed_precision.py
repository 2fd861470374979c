"""Gradients have the dtype and the precision of what they are the gradients of, whatever that meets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad

SINGLE = np.array([0.7, 0.2, -1.3, 0.4, 0.9], np.float32)


def looped(x: Any) -> Any:
    total = 0.0
    for i in range(5):
        total += SINGLE[i] * x[i]
    return total


def stored(x: Any) -> Any:
    y = np.zeros(5, np.float32)
    for i in range(5):
        y[i] = SINGLE[i] * x[i]
    return np.sum(y)


# Each is linear or smooth in x, and its derivative is worked out by hand.
CASES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "new array": (lambda x: np.sum(np.ones(5, np.float32) * x), np.ones_like),
    "sum": (lambda x: np.sum(SINGLE * x), lambda x: SINGLE),
    "product of sums": (lambda x: np.sum(x) * np.sum(SINGLE * x), lambda x: np.sum(SINGLE * x) + np.sum(x) * SINGLE),
    "mean": (lambda x: np.mean(SINGLE * np.sin(x)), lambda x: SINGLE * np.cos(x) / 5),
    "dot": (lambda x: np.dot(SINGLE, x), lambda x: SINGLE),
    "element": (lambda x: (SINGLE * x)[2], lambda x: np.where(np.arange(5) == 2, SINGLE, 0)),
    "average": (lambda x: np.average(x, weights=SINGLE), lambda x: SINGLE / np.sum(SINGLE, dtype=float)),
    "python float": (lambda x: float(np.sum(SINGLE * x)), lambda x: SINGLE),
    "loop": (looped, lambda x: SINGLE),
    "stored": (stored, lambda x: SINGLE),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_dtypes(name: str, dtype: Any) -> None:
    f, derivative = CASES[name]
    x = np.linspace(0.3, 1.7, 5).astype(dtype)
    expected, exact = derivative(x.astype(float)), 1e-5 if dtype is np.float32 else 1e-7
    y, pullback = srcad.vjp(f, x)
    for found in (srcad.grad(f)(x), pullback(np.ones((), np.asarray(y).dtype)[()])[0]):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=exact)
    assert srcad.hvp(f, (x,), (np.ones_like(x),)).dtype == dtype

"""Rows of a loop: bundles of values that are lists, tuples or arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.runtime.arrays import zeros_for


def add_trees(a: Any, b: Any) -> Any:
    """The sum of two cotangents of one list or bundle, value by value."""
    if isinstance(a, list | tuple):
        return type(a)(add_trees(x, y) for x, y in zip(a, b, strict=True))
    return a if b is None else b if a is None else a + b


def rows_into(rows: list[Any], x: Any) -> Any:
    """The cotangent of `x`, whose first elements have the cotangents `rows`."""
    if isinstance(x, list):
        return [*rows, *(zeros_for(item) for item in x[len(rows):])]
    result = zeros_for(x)
    if rows:
        result[:len(rows)] = rows
    return result


def rows_of(x: Any, rows: list[Any]) -> Any:
    """As many elements of `x` as there are `rows`."""
    return list(x[:len(rows)]) if isinstance(x, list) else [np.copy(row)[()] for row in x[:len(rows)]]


def stretched(t: Any, y: Any) -> Any:
    """`t` in the shape of `y`, to which it broadcasts."""
    return t if np.shape(t) == np.shape(y) else np.broadcast_to(t, np.shape(y))

"""Pure functions on lists of unknown length; generated code writes most of them in place (`xs.append(v)`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def new(*items: Any) -> list[Any]:
    return list(items)


def append(xs: list[Any], value: Any) -> list[Any]:
    return [*xs, value]


def item(xs: Sequence[Any], i: int) -> Any:
    return xs[i]


def set_item(xs: list[Any], i: int, value: Any) -> list[Any]:
    result = list(xs)
    result[i] = value
    return result


def add_at(xs: list[Any], g: Any, i: int) -> list[Any]:
    """`xs[i] += g`."""
    return set_item(xs, i, xs[i] + g)


def pop(xs: list[Any]) -> tuple[list[Any], Any]:
    """The list without its last element, and that element."""
    return xs[:-1], xs[-1]


def concat(xs: list[Any], ys: list[Any]) -> list[Any]:
    return [*xs, *ys]


def repeat(xs: list[Any], times: int) -> list[Any]:
    return list(xs) * times


def fold(gs: list[Any], xs: list[Any]) -> list[Any]:
    """The transpose of `repeat`: the sum of the copies of each element of `xs`."""
    n = len(xs)
    return [sum(gs[i + n::n], gs[i]) if i < len(gs) else 0.0 for i in range(n)]


def part(xs: list[Any], bounds: slice) -> list[Any]:
    return xs[bounds]


def set_part(xs: list[Any], ys: list[Any], bounds: slice) -> list[Any]:
    """`xs[bounds] = ys`, of the same length."""
    result = list(xs)
    result[bounds] = ys
    return result


def backwards(xs: list[Any]) -> list[Any]:
    return list(xs)[::-1]


def rows(x: Any) -> list[Any]:
    """The rows of an array."""
    return list(x)


def pieces(g: Any, xs: list[Any], axis: int = 0) -> list[Any]:
    """`g` cut into parts that are as long along `axis` as the arrays of `xs`."""
    return np.split(g, np.cumsum([np.shape(x)[axis] for x in xs])[:-1], axis) if xs else []

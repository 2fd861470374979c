"""What a program depends on of something that it was made for and that may change: the contents.

Lists, tuples, dicts and dataclasses are taken apart when they are lowered, and other objects are read attribute by
attribute, each with a guard.  What remains, a set, a deque, an array of strings, is evaluated as a whole; so a program
is right only while that holds what it held.

    >>> contents({1, 2}) == contents({2, 1})
    True
    >>> contents(len) is None
    True
"""

from __future__ import annotations

from collections import deque
from collections.abc import KeysView, ValuesView
from typing import Any

import numpy as np

SERIES = (tuple, list, deque, KeysView, ValuesView, bytearray)


class Contents(tuple[Any, ...]):
    """Equal for things that a program can't tell apart."""


def contents(value: Any) -> Contents | None:
    """What `value` holds, to be compared; None for what is known by its identity."""
    t = type(value)
    if isinstance(value, dict):
        return Contents((t, *(part(x) for pair in value.items() for x in pair)))
    if isinstance(value, SERIES):
        return Contents((t, *map(part, value)))
    if isinstance(value, set | frozenset):
        return Contents((t, frozenset(map(part, value))))
    if isinstance(value, np.ndarray):
        return Contents((t, value.dtype, value.shape, *map(part, value.ravel().tolist())))
    if isinstance(value, range | slice | str | bytes | np.generic) and not isinstance(value, float):
        return Contents((t, repr(value)))
    return None


def part(value: Any) -> Any:
    """An element: numbers and strings by value, containers by contents, the rest by identity."""
    if type(value) in (bool, int, float, complex):
        return (type(value), repr(value))  # which tells -0.0 from 0.0, and takes NaN for itself
    return contents(value) or (type(value), id(value))

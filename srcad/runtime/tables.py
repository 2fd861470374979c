"""Dicts of positions: where the value for a key stands in a list.  See `srcad.frontend.tables`."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


def places(*keys: Hashable) -> dict[Hashable, int]:
    return {k: i for i, k in enumerate(keys)}


def members(*items: Hashable) -> set[Hashable]:
    return set(items)


def found(places: dict[Hashable, int], key: Hashable) -> int:
    return places[key]


def has(key: Hashable, places: Any) -> bool:
    return key in places


def removed(places: dict[Hashable, int], key: Hashable) -> int:
    """Take a key out: where its value stood.  The values after it move up."""
    k = places.pop(key)
    places.update({other: i - 1 for other, i in places.items() if i > k})
    return k


def position(keys: tuple[Hashable, ...], key: Hashable) -> int:
    """Where a key stands among these."""
    for k, other in enumerate(keys):
        if key == other:
            return k
    raise KeyError(key)


def keys(places: Any, path: tuple[int, ...]) -> list[Any]:
    """The keys, or the same part of each."""
    found = list(places)
    for i in path:
        found = [k[i] for k in found]
    return found

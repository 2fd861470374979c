"""Types of what loops carry: which extents stay the same from trip to trip."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from srcad.ir import Dim, Type, fresh


def dims_of(t: Type) -> list[Dim]:
    """The sizes in a type: those of an array, or of the arrays in a list."""
    return [*(t.shape or ()), *(dims_of(t.item) if t.item is not None else ())]


def settled(own: Type, last: Type, loose: Collection[Dim]) -> bool:
    """Does a size of the param stand for one extent, although a trip ends with another?  Those that are `loose` do
    not."""
    mine, its = dims_of(own), dims_of(last)
    return len(mine) == len(its) and any(x != y and x not in loose for x, y in zip(mine, its, strict=True))


def after_loop(before: Type, last: Type) -> Type:
    """The type of a carry after the loop: an extent that changes from trip to trip is another one then."""
    if before.shape is None or before.rank != last.rank or last.shape is None:
        return before
    return replace(before, shape=tuple(x if x == y else fresh() for x, y in zip(before.shape, last.shape, strict=True)))

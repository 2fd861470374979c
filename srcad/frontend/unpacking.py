"""Unpacking: the items of something whose number decides the structure of the program."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.frontend.branches import branch
from srcad.frontend.effects import RAISE
from srcad.frontend.machine import Frame
from srcad.frontend.spaces import LIMIT, Space, element, extent_of, space_of, static_range
from srcad.frontend.values import (
    Const,
    NeedsStatic,
    NeedsUnrolled,
    Num,
    Ref,
    Refused,
    Sequence,
    Stream,
    describe,
    static,
)
from srcad.ir import OPERATORS, Atom, Range, Var
from srcad.ir.types import integer

FEW = 64  # numbers of a constant range that are taken one by one


def known_items(frame: Frame, value: Any, count: int | None) -> list[Any]:
    """The items of something that is unpacked; an array of unknown length is indexed `count` times."""
    if isinstance(value, Num) and isinstance(value.atom, Var):
        if value.atom.type.kind == "never" and count is not None:
            return [value] * count
        return _known_rows(frame, value.atom, count)
    if isinstance(value, Ref) and isinstance(content := frame.machine.content(value), Sequence) and count is not None:
        _require_length(frame, content.atom, count)
        return [element(frame, content.atom, i) for i in range(count)]
    if isinstance(value, Stream) and value.kind == "flat":
        return known_items(frame, frame.call(Const(np.ravel), list(value.parts)), count)
    space = space_of(frame, value)
    if space.items is not None:
        return space.items
    bounds = static_range(space.bounds) if space.bounds else None
    if space.endless:
        raise Refused("unpacking an iterator without an end", "Python refuses it, too")
    if bounds is not None and not space.sequences:
        return [space.value(Const(i), []) for i in bounds]
    items = items_of(frame, space, "the length of what is unpacked", LIMIT)
    if items is not None:
        return items
    if isinstance(value, Ref):
        return required_items(frame, value, "the length of what is unpacked")
    raise Refused(f"unpacking {describe(value)}", "its length is not known")


def _known_rows(frame: Frame, atom: Var, count: int | None) -> list[Any]:
    """The rows of an array, whose number decides the structure of the program: it is made for that number."""
    extent = atom.type.shape[0] if atom.type.shape else None
    if extent is not None and extent.size is None:
        count = extent.offset
    elif extent is not None and extent.size is not None and extent.size.extent is not None:
        raise NeedsStatic(Var("", integer(extent)), "the length of what is unpacked")
    elif count is None:
        raise Refused("unpacking an array of unknown length", hint="unpack into a fixed number of names")
    else:
        _require_length(frame, atom, count)
    return [element(frame, atom, i) for i in range(count)]


def _require_length(frame: Frame, atom: Atom, count: int) -> None:
    """What Python checks when it unpacks."""
    def fail() -> None:
        frame.build.call(RAISE, ValueError, f"{count} values to unpack were expected")
        frame.machine.end()

    length = extent_of(frame, atom)
    branch(frame, frame.build.call(OPERATORS["ne"], length, count), fail, lambda: None)


def known(frame: Frame, value: Any) -> tuple[Any, ...] | None:
    """The items of an iterable of known length, or None."""
    if isinstance(value, Num):
        return None
    space = space_of(frame, value)
    if space.items is not None:
        return tuple(space.items)
    bounds = static_range(space.bounds) if space.bounds else None
    if bounds is None or space.sequences or len(bounds) > FEW:
        return None
    return tuple(map(Const, bounds))


def required_items(frame: Frame, value: Any, purpose: str, limit: int = LIMIT) -> list[Any]:
    """The items of an iterable whose number the program is made for, one by one."""
    space = space_of(frame, value)
    items = items_of(frame, space, purpose, limit)
    for sequence in space.sequences if items is None else ():
        place = frame.machine.makers.get(sequence) if isinstance(sequence, Var) else None
        if place is not None and place not in frame.machine.unrolled:
            raise NeedsUnrolled(place)
    if items is None:
        raise Refused(f"{purpose} that depends on what the function computes",
                      f"or is more than {limit}", "use an array and NumPy's functions")
    return items


def items_of(frame: Frame, space: Space, purpose: str, limit: int) -> list[Any] | None:
    """The items of a space, once the extents are known that decide how many there are; None if they can't be."""
    if space.items is not None:
        return space.items
    if space.held or space.endless:
        return None
    counts = [_extent(atom) for atom in space.sequences]
    if None in counts or any(n > limit for n, _ in filter(None, counts)):
        return None
    for _, unknown in filter(None, counts):
        if unknown is not None:
            raise NeedsStatic(unknown, purpose)
    bounds = _required_range(space.bounds, purpose) if space.bounds is not None else None
    lengths = [n for n, _ in filter(None, counts)] + ([len(bounds)] if bounds is not None else [])
    if min(lengths) > limit:
        return None
    indices = list(bounds)[:min(lengths)] if bounds is not None else range(min(lengths))
    return [space.value(Const(i), [element(frame, s, k) for s in space.sequences]) for k, i in enumerate(indices)]


def first_items(frame: Frame, space: Space, most: int) -> list[Any] | None:
    """The first items of a space, at most so many."""
    if space.endless:
        return [space.value(Const(k), []) for k in range(most)]
    items = items_of(frame, space, "the length of what a list of unlike things stands beside", LIMIT)
    return None if items is None else items[:most]


def _extent(atom: Atom) -> tuple[int, Var | None] | None:
    """How many rows an array has in this call, and what has to be known for that; None if that is not known."""
    extent = atom.type.shape[0] if atom.type.shape else None
    if extent is None:
        return None
    if extent.size is None:
        return extent.offset, None
    if extent.size.extent is None:
        return None
    return extent.size.extent + extent.offset, Var("", integer(extent))


def _required_range(bounds: Range, purpose: str) -> range:
    return range(*(operator.index(static(Num(b), purpose)) for b in (bounds.start, bounds.stop, bounds.step)))

"""Unpacking: the items of something whose number decides the structure of the program."""

from __future__ import annotations

from typing import Any

from srcad.frontend.branches import branch
from srcad.frontend.effects import RAISE
from srcad.frontend.machine import Frame
from srcad.frontend.spaces import element, extent_of, space_of, static_range
from srcad.frontend.values import Const, NeedsStatic, Num, Ref, Refused, Sequence, describe
from srcad.ir import OPERATORS, Atom, Var
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
    space = space_of(frame, value)
    if space.items is not None:
        return space.items
    bounds = static_range(space.bounds) if space.bounds else None
    if bounds is not None and not space.sequences:
        return [space.value(Const(i), []) for i in bounds]
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
        frame.machine.dead = True

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

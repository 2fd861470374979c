"""Lists as one variable: what a list becomes when its length is not known."""

from __future__ import annotations

from typing import Any

from srcad.frontend.machine import HELD, Frame
from srcad.frontend.values import Items, Ref, Refused, Sequence, Tup, atom_of, describe, is_atomic
from srcad.ir import Atom
from srcad.rules.sequences import NEW


def sequence_of(frame: Frame, value: Any) -> Atom:
    """A list as one variable."""
    content = frame.machine.content(value) if isinstance(value, Ref) else value
    if isinstance(content, Sequence):
        return content.atom
    items = content.values if isinstance(content, Items) else content.items if isinstance(content, Tup) else None
    if items is None:
        raise Refused(f"{describe(value)} where a list of numbers or arrays is needed")
    return frame.build.call(NEW, *(element_atom(frame, i) for i in items))


def element_atom(frame: Frame, value: Any) -> Atom:
    """`value` as an element of a list of unknown length; a list that is put into one is not changed any more."""
    if is_atomic(value):
        atom = atom_of(value)
        frame.machine.memories.hold(atom, frame.build.span)
        return atom
    if not (isinstance(value, Ref) and isinstance(frame.machine.content(value), Items | Sequence)):
        raise Refused(f"{describe(value)} in a list whose length is not known", "its elements must be numbers, arrays, or "
                      "lists of these", "keep one list for each component")
    value.cell.frozen = value.cell.frozen or HELD
    return sequence_of(frame, value)

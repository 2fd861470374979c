"""Iterators that have a name: they give each item once, to whom asks first.

    pairs = zip(xs, ys)             the first loop takes all pairs; a second one finds none, as in Python
    squares = (x * x for x in xs)   a loop that is left by `break` leaves the others to the next
    numbers = itertools.count(1)    next(numbers) counts on

What is left stands in the state, under the cell of the iterator.
"""

from __future__ import annotations

from types import GeneratorType
from typing import Any

from srcad.frontend.comprehensions import listed
from srcad.frontend.machine import Frame
from srcad.frontend.names import never_ends
from srcad.frontend.spaces import ENDLESS, ITERATOR, goes_on, is_iterator
from srcad.frontend.values import FRESH, Cell, Const, Items, Poison, Ref, Refused, Stream, describe

KINDS = frozenset({"zip", "enumerate", "reversed"})
MADE = (map, filter, GeneratorType)  # the classes of lists that stand for iterators


def named(frame: Frame, value: Any) -> Any:
    """`name = value`: an iterator gets a cell that says what is left of it."""
    listed_ = isinstance(value, Ref) and value.cell.cls in MADE
    if not listed_ and not (isinstance(value, Stream) and value.kind in KINDS):
        return value
    cell = Cell("left", frame.build.span)
    frame.machine.state[cell] = FRESH
    return Stream("once", (Const(cell), value))


def taken(frame: Frame, value: Any) -> Any:
    """What an iterator gives to one who takes all that is left; anything else is what it is."""
    generator = isinstance(value, Stream) and value.kind == "generator"
    if is_iterator(frame, value) and goes_on(frame, value) or isinstance(value, Stream) and (
            value.kind in ENDLESS or generator and never_ends(value.parts[0].value.source.tree)):
        raise Refused(f"all values of {describe(value)}", "it never ends", "leave the loop over it with `break`")
    if generator or is_iterator(frame, value):
        return listed(frame, value)
    if isinstance(value, Ref) and value.cell.cls in MADE:
        content = frame.machine.content(value)
        frame.machine.state[value.cell] = Items(())
        return frame.machine.new(content)
    if not (isinstance(value, Stream) and value.kind == "once"):
        return value
    cell = value.parts[0].value
    if frame.machine.content(Ref(cell)) is not FRESH:
        return Ref(cell)
    frame.machine.state[cell], cell.cls = Items(()), ITERATOR
    return value.parts[1]


def as_left(frame: Frame, value: Stream) -> Any:
    """The list of what is left."""
    cell = value.parts[0].value
    if frame.machine.content(Ref(cell)) is FRESH:
        found = listed(frame, value.parts[1])
        if isinstance(found, Poison):
            return found
        frame.machine.state[cell], cell.cls = frame.machine.content(found), ITERATOR
    return Ref(cell)

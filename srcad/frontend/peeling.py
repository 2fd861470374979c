"""The first trip of a loop by itself: is there one, what it binds, and what is left."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from srcad.frontend.machine import Frame
from srcad.frontend.spaces import Space, element, extent_of, place, static_range
from srcad.frontend.values import (
    Const,
    Num,
    Refused,
)
from srcad.ir import AND, OPERATORS, Lit
from srcad.rules.sequences import SLICE

ITERATOR = type(iter(()))  # the class of a cell that holds what is left of an iterator
ENDLESS = frozenset({"count", "cycle", "repeat"})


def not_empty(frame: Frame, space: Space) -> Any:
    """Is there a first trip?"""
    tests = [frame.build.call(OPERATORS["gt"], extent_of(frame, s), 0) for s in space.sequences
             if not (s.type.shape and s.type.shape[0].is_positive)]
    if space.bounds is not None and not (known := static_range(space.bounds)):
        step = space.bounds.step
        if known is not None:
            return Const(False)
        if not isinstance(step, Lit):
            raise Refused("a number that becomes an array in a loop over a range whose step is computed",
                          hint="start with an array of zeros")
        ends = (space.bounds.start, space.bounds.stop) if step.value > 0 else (space.bounds.stop, space.bounds.start)
        tests.append(frame.build.call(OPERATORS["lt"], *ends))
    if not tests:
        return Const(True)
    return Num(functools.reduce(lambda a, b: frame.build.call(AND, a, b), tests))


def first_of(frame: Frame, space: Space) -> Any:
    """What the first trip binds."""
    start = Lit(0) if space.bounds is None else space.bounds.start
    index = Const(start.value) if isinstance(start, Lit) else Num(start)
    return space.value(index, [element(frame, s, 0) for s in space.sequences])


def after_first(frame: Frame, space: Space) -> Space:
    """The space without its first trip."""
    bounds, rest = space.bounds, []
    if bounds is not None:
        start = Num(bounds.start) if not isinstance(bounds.start, Lit) else Const(bounds.start.value)
        step = Num(bounds.step) if not isinstance(bounds.step, Lit) else Const(bounds.step.value)
        following = (Lit(start.value + step.value) if isinstance(start, Const) and isinstance(step, Const)
                     else frame.build.call(OPERATORS["add"], bounds.start, bounds.step))
        bounds = replace(bounds, start=following)
    for s in space.sequences:
        rest.append(frame.build.call(SLICE, s, slice(1, None)) if s.type.kind == "sequence"
                    else place(frame, s, slice(1, None)).atom)
    return replace(space, bounds=bounds, sequences=tuple(rest))

"""Which part of an array an index picks, as linear forms in the indices of the loops around it; and a proof that two
parts have no element in common.

    A[i, k+1:]        rows i to i + 1, columns k + 1 to the end
    A[k, k:]          rows k to k + 1, columns k to the end           apart, if i > k

The proof takes the difference of two bounds and puts for each loop's index, innermost first, the bound of its range
that makes the difference smallest: what remains must not be negative, whatever the sizes of the arguments are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.ir import Func, If, Let, Lit, Loop, Size, Var
from srcad.ir.walk import binds, every

# A term is a loop's index, a size, a variable that does not change, or another index or distance that a proof makes up.
Linear = Mapping[Any, int]
Bounds = tuple[Any, Linear | None, Linear | None]      # an index, the least and the largest that it can be
_CONSTANT = "1"
_DEPTH = 12
# Each comparison with its opposite.
_COMPARISONS = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True)
class Part:
    """The positions `start <= position < stop` of an axis; None: no bound is known."""

    start: Linear | None
    stop: Linear | None


WHOLE = Part(None, None)
Region = tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class _Distance:
    """How many steps further a later trip is."""


@dataclass(frozen=True, eq=False)
class _Other:
    """The index of a loop in the trip of the store, where the load is in another one."""


class Linears:
    """The integers of a program as linear forms."""

    def __init__(self, func: Func) -> None:
        self.loops = {s.index: s for s in every(func.body) if isinstance(s, Loop) and s.index and s.range}
        self.definitions = {s.outs[0]: s for s in every(func.body) if isinstance(s, Let) and len(s.outs) == 1}
        self.fixed = frozenset(func.inputs) | {v for s in func.body for v in binds(s)}
        self.sizes = {d.size for v in self.fixed for d in v.type.shape or () if d.size is not None}
        self.known: dict[Var, Linear | None] = {}

    def of(self, a: Any, depth: int = _DEPTH) -> Linear | None:
        """The linear form of an integer, None if it has none."""
        if isinstance(a, Lit):
            a = a.value
        if isinstance(a, int | np.integer) and not isinstance(a, bool):
            return {_CONSTANT: int(a)}
        if not isinstance(a, Var) or depth == 0:
            return None
        if a not in self.known:
            self.known[a] = self._variable(a, depth)
        return self.known[a]

    def _variable(self, v: Var, depth: int) -> Linear | None:
        if v in self.loops:
            return {v: 1}
        let = self.definitions.get(v)
        if let is not None and let.op.name == "extent":
            size = v.type.value
            # A size that is less than another one is never below zero, and so no linear form.
            if size is not None and size.offset >= 0 and (size.size is None or size.size in self.sizes):
                return {_CONSTANT: size.offset, **({size.size: 1} if size.size else {})}
        if let is not None and let.op.name in ("+", "-", "*", "neg"):
            terms = [self.of(a, depth - 1) for a in let.args]
            if all(t is not None for t in terms):
                made = _combined(let.op.name, terms)
                if made is not None:
                    return made
        integer = v.type.kind in ("number", "scalar") and v.type.dtype is not None and v.type.dtype.kind in "iu"
        return {v: 1} if v in self.fixed and integer else None

    # Parts of arrays

    def region(self, array: Any, index: Any, loops: Sequence[Loop]) -> Region | None:
        """What `array[index]` is, within these loops; None if that can't be told."""
        shape = array.type.shape
        if shape is None:
            return None
        parts: list[Part] = []
        for axis, part in enumerate(index if isinstance(index, tuple) else (index,)):
            if axis >= len(shape):
                return None
            found = self._part(part, shape[axis], loops)
            if found is None:
                break
            parts.append(found)
        return (*parts, *(WHOLE for _ in range(len(shape) - len(parts))))

    def _part(self, part: Any, extent: Any, loops: Sequence[Loop]) -> Part | None:
        """The part of one axis; None if this index may take none or several."""
        if isinstance(part, slice):
            if not (part.step is None or isinstance(part.step, int) and part.step > 0):
                return WHOLE
            start = {} if part.start is None else self._position(part.start, extent, loops)
            stop = None if part.stop is None else self._position(part.stop, extent, loops)
            return WHOLE if start is None else Part(start, stop)
        if isinstance(part, Var | Lit | int) and not isinstance(part, bool):
            t = part.type if isinstance(part, Var | Lit) else None
            if t is not None and (t.shape != () or t.dtype is None or t.dtype.kind not in "iu"):
                return None
            place = self._position(part, extent, loops)
            return WHOLE if place is None else Part(place, _sum(place, {_CONSTANT: 1}))
        return None

    def _position(self, a: Any, extent: Any, loops: Sequence[Loop]) -> Linear | None:
        """A position from the start of the axis."""
        form = self.of(a)
        if form is None:
            return None
        if self._nonnegative(form, self._bounds(loops, {})):
            return form
        if set(form) <= {_CONSTANT} and (extent.size is None or extent.size in self.sizes) and extent.offset >= 0:
            return _sum(form, {_CONSTANT: extent.offset, **({extent.size: 1} if extent.size else {})})
        return None

    def facts(self, sides: Sequence[tuple[If, int, int]], loops: Sequence[Loop]) -> list[Linear]:
        """What is not negative where these sides of branches are taken."""
        bounds = self._bounds(loops, {})
        found: list[Linear] = []
        for stmt, side, _ in sides:
            found += self._facts_of(stmt.test, side == 0, bounds)
        return found

    def _facts_of(self, test: Any, holds: bool, bounds: Sequence[Bounds]) -> list[Linear]:
        let = self.definitions.get(test) if isinstance(test, Var) else None
        if let is not None and let.op.name == "not":
            return self._facts_of(let.args[0], not holds, bounds)
        if let is None or let.op.name not in _COMPARISONS:
            return []
        a, b = (self.of(x) for x in let.args)
        if a is None or b is None:
            return []
        name = let.op.name if holds else _COMPARISONS[let.op.name]
        less, more = _sum(b, a, -1), _sum(a, b, -1)      # not negative if a <= b, if a >= b
        if name == "!=":
            # One of the two is known: then it is not even zero.
            return [_sum(d, {_CONSTANT: -1}) for d in (less, more) if self._nonnegative(d, bounds)][:1]
        return {"<": [_sum(less, {_CONSTANT: -1})], "<=": [less], ">": [_sum(more, {_CONSTANT: -1})], ">=": [more],
                "==": [less, more]}[name]

    # Proofs

    def apart(self, load: Region, load_loops: Sequence[Loop], store: Region | None, store_loops: Sequence[Loop],
              common: Sequence[Loop], follows: bool, around: int = 0, facts: Sequence[Linear] = ()) -> bool:
        """Has what is loaded nothing in common with what any later trip stores?

        `common` are the loops in whose trips both are; `follows`: in the same trip, too, the store comes later.  The
        first loops, `around`, make the array anew in each trip.  `facts` are not negative where the load is."""
        if store is None:
            return False
        return all(self._apart_in(load, load_loops, store, store_loops, common, k, facts)
                   for k in range(around, len(common) + follows))

    def _apart_in(self, load: Region, load_loops: Sequence[Loop], store: Region, store_loops: Sequence[Loop],
                  common: Sequence[Loop], level: int, facts: Sequence[Linear]) -> bool:
        """If the store is in a later trip of the common loop of this level, and in the same trip of those around it."""
        moved: dict[Any, Linear] = {}
        others = []
        for k, loop in enumerate(store_loops):
            if k < level or loop.index is None:
                continue
            step = self._step(loop)
            if k == level < len(common) and step is not None:
                moved[loop.index] = {loop.index: 1, _CONSTANT: step, _Distance(): step}
            else:
                other = _Other()
                others.append((other, loop))
                moved[loop.index] = {other: 1}
        bounds = self._bounds(load_loops, {})
        bounds = [*((o, *self._range(loop, moved)) for o, loop in reversed(others)), *bounds]
        return any(self._before(mine.stop, _moved(its.start, moved), bounds, facts)
                   or self._before(_moved(its.stop, moved), mine.start, bounds, facts)
                   for mine, its in zip(load, store, strict=True))

    def _before(self, stop: Linear | None, start: Linear | None, bounds: Sequence[Bounds],
                facts: Sequence[Linear]) -> bool:
        if stop is None or start is None:
            return False
        distance = _sum(start, stop, -1)
        return self._nonnegative(distance, bounds) or any(
            self._nonnegative(_sum(distance, fact, -1), bounds) for fact in facts)

    def _step(self, loop: Loop) -> int | None:
        """How the index changes from a trip to the next."""
        step = self.of(loop.range.step) if loop.range else None
        if step is None or set(step) != {_CONSTANT}:
            return None
        return -step[_CONSTANT] if loop.reverse else step[_CONSTANT]

    def _bounds(self, loops: Sequence[Loop], moved: Mapping[Any, Linear]) -> list[Bounds]:
        """The least and the largest index of each loop, innermost first."""
        return [(loop.index, *self._range(loop, moved)) for loop in reversed(loops) if loop.index]

    def _range(self, loop: Loop, moved: Mapping[Any, Linear]) -> tuple[Linear | None, Linear | None]:
        step = self.of(loop.range.step) if loop.range else None
        if step is None or set(step) != {_CONSTANT} or loop.range is None:
            return None, None
        start, stop = _moved(self.of(loop.range.start), moved), _moved(self.of(loop.range.stop), moved)
        if step[_CONSTANT] > 0:
            return start, stop and _sum(stop, {_CONSTANT: -1})
        return stop and _sum(stop, {_CONSTANT: 1}), start

    @staticmethod
    def _nonnegative(form: Linear, bounds: Sequence[Bounds]) -> bool:
        for index, least, largest in bounds:
            n = form.get(index, 0)
            if n:
                bound = least if n > 0 else largest
                if bound is None:
                    return False
                form = _sum({k: c for k, c in form.items() if k is not index}, bound, n)
        return all(c == 0 or (c > 0 and (k is _CONSTANT or isinstance(k, Size | _Distance))) for k, c in form.items())


def _sum(a: Linear, b: Linear, times: int = 1) -> Linear:
    result = dict(a)
    for k, c in b.items():
        result[k] = result.get(k, 0) + times * c
    return result


def _combined(name: str, terms: Sequence[Any]) -> Linear | None:
    if name == "neg":
        return _sum({}, terms[0], -1)
    a, b = terms
    if name in "+-":
        return _sum(a, b, 1 if name == "+" else -1)
    for form, factor in ((a, b), (b, a)):
        if set(factor) <= {_CONSTANT}:
            return _sum({}, form, factor.get(_CONSTANT, 0))
    return None


def _moved(form: Linear | None, moved: Mapping[Any, Linear]) -> Linear | None:
    if form is None:
        return None
    result: Linear = {}
    for k, c in form.items():
        result = _sum(result, moved.get(k, {k: 1}), c)
    return result

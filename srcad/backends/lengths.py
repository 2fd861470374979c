"""Which ranges, lists and tapes are of one length.

    for i in range(n): ...; h_tape.append(h)             range(n), h_tape and `trips` of this loop have one length, so
    for h in reversed(h_tape):                           a loop over range(trips) and h_tape needs only h_tape

A length is a value to compare: a `Dim`, the bounds of a range, the loop that decides it, or what it was read with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from srcad.ir.core import Atom, Block, Func, If, Let, Lit, Loop, Test, Undef, Var
from srcad.ir.types import Dim
from srcad.ir.walk import binds, every, loop_locals


class Lengths:
    """What is known in one function.

    `of` has the lengths of tapes and counters, `of_rows` those of the rows of tapes, with the loop that wrote them."""

    def __init__(self, func: Func) -> None:
        self.of: dict[Var, Any] = {}
        self.of_rows: dict[Var, tuple[Loop, Any]] = {}
        self._block(func.body)

    def _block(self, block: Block) -> None:
        for stmt in block:
            match stmt:
                case Let():
                    continue
                case If():
                    self._block(stmt.then)
                    self._block(stmt.orelse)
                    self._choices(stmt)
                case Loop():
                    self._loop(stmt)
                case _:
                    assert_never(stmt)

    def _choices(self, stmt: If) -> None:
        """What only one side has is, where it is, as long as on that side."""
        for c in stmt.choices:
            known = [self.of.get(a) for a in (c.then, c.orelse) if isinstance(a, Var)]
            missing = isinstance(c.then, Undef) or isinstance(c.orelse, Undef)
            if len(known) == 1 and missing and known[0] is not None:
                self.of[c.out] = known[0]

    def _loop(self, loop: Loop) -> None:
        for v in (loop.trips, *(w.tape for w in loop.writes)):
            if v is not None:
                self.of[v] = self._trips(loop)
        for r in loop.reads:
            # Rows of two tapes that are read together were written together.
            if isinstance(r.tape, Var) and r.tape in self.of_rows:
                self.of[r.element] = _read_in(loop, *self.of_rows[r.tape])
        self._block(loop.body)
        for w in loop.writes:
            if isinstance(w.row, Var) and w.row in self.of:
                self.of_rows[w.tape] = (loop, self.of[w.row])

    def _trips(self, loop: Loop) -> Any:
        """How many trips a loop makes."""
        if loop.test is not None or loop.until is not None:
            return loop
        lengths = self.sources(loop)
        return lengths[0] if lengths and all(n == lengths[0] for n in lengths) else loop

    def sources(self, loop: Loop) -> list[Any]:
        """The lengths of the range, the elements and the tapes that `loop` takes a trip's values from."""
        lengths = [] if loop.range is None else [self.range(loop.range.start, loop.range.stop, loop.range.step)]
        return [*lengths, *(self.sequence(e.sequence) for e in loop.elements),
                *(self.sequence(r.tape) for r in loop.reads)]

    def range(self, start: Atom, stop: Atom, step: Atom) -> Any:
        if start == Lit(0) and step == Lit(1):
            if isinstance(stop, Var) and stop in self.of:
                return self.of[stop]
            if stop.type.value is not None:
                return stop.type.value
        return (start, stop, step)

    def sequence(self, sequence: Atom) -> Any:
        if isinstance(sequence, Var) and sequence in self.of:
            return self.of[sequence]
        shape = sequence.type.shape
        return shape[0] if shape and sequence.type.kind == "array" else (sequence,)


def _read_in(reader: Loop, writer: Loop, length: Any) -> Any:
    """The length of a row that `writer` wrote, as a trip of `reader` sees it."""
    if not isinstance(length, tuple):
        return length if isinstance(length, Dim) else (reader, length)
    # A row of range(i) is as long as range(i) of the loop that goes through the same indices.
    if writer.index is not None and reader.index is not None and writer.range == reader.range:
        length = tuple(reader.index if a is writer.index else a for a in length)
    inside = {v for s in every((writer,)) for v in (*binds(s), *(loop_locals(s) if isinstance(s, Loop) else ()))}
    return (reader, length) if any(isinstance(a, Var) and a in inside for a in length) else length


def without_redundant_ranges(func: Func) -> Func:
    """Loops over tapes need no range that is as long and whose index nobody reads: then trips are not counted."""
    lengths = Lengths(func)
    read = {a for s in every(func.body) for a in _mentions(s) if a is not None} | set(func.outputs)

    def block(b: Block) -> Block:
        return tuple(map(stmt, b))

    def stmt(s: Any) -> Any:
        match s:
            case Let():
                return s
            case If():
                return replace(s, then=block(s.then), orelse=block(s.orelse))
            case Loop():
                known = lengths.sources(s)
                redundant = s.range is not None and s.reads and known[0] in known[1:] and s.index not in read
                test = s.test and Test(block(s.test.body), s.test.result)
                return replace(s, body=block(s.body), test=test, range=None if redundant else s.range)
            case _:
                assert_never(s)

    return replace(func, body=block(func.body))


def _mentions(stmt: Any) -> list[Any]:
    match stmt:
        case Let(args=args):
            return list(args)
        case If():
            return [stmt.test, *(a for c in stmt.choices for a in (c.then, c.orelse))]
        case Loop():
            test = [stmt.test.result] if stmt.test else []
            bounds = [stmt.range.start, stmt.range.stop, stmt.range.step] if stmt.range else []
            return [*test, *bounds, stmt.until, *(a for c in stmt.carries for a in (c.init, c.next)),
                    *(w.row for w in stmt.writes)]
        case _:
            assert_never(stmt)

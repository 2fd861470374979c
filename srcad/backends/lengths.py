"""Which ranges, lists and tapes are of one length.

    for i in range(n): ...; h_tape.append(h)             range(n), h_tape and `trips` of this loop have one length, so
    for h in reversed(h_tape):                           a loop over range(trips) and h_tape needs only h_tape

A length is a value to compare: a `Dim`, the bounds of a range, the loop that decides it, or what it was read with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from srcad.ir.build import EXTENT
from srcad.ir.calls import PACK, UnpackOp
from srcad.ir.core import Atom, Block, Func, If, Let, Lit, Loop, Test, Undef, Var
from srcad.ir.types import ONE, Dim
from srcad.ir.walk import binds, every, loop_locals

# Operations that make an array of the items of a list, and lists as long as what they are made of.
_OF_ROWS = ("np.array", "np.asarray", "np.stack")
_AS_LONG = ("rows", "backwards")


class Lengths:
    """What is known in one function.

    `of` has the lengths of tapes and lists, and the values of counters; `rows` the lengths of the rows of tapes (of each
    item, where a row is a tuple), with the loop that wrote them."""

    def __init__(self, func: Func) -> None:
        self.of: dict[Any, Any] = {}
        self.rows: dict[Any, tuple[Loop, tuple[Any, ...]]] = {}
        self._packed: dict[Any, tuple[Any, ...]] = {}
        self._dims: dict[Dim, Any] = {}           # of arrays that are made of the rows of a list
        self._block(func.body)

    def _block(self, block: Block) -> None:
        for stmt in block:
            match stmt:
                case Let():
                    self._let(stmt)
                case If():
                    self._block(stmt.then)
                    self._block(stmt.orelse)
                    self._choices(stmt)
                case Loop():
                    self._loop(stmt)
                case _:
                    assert_never(stmt)

    def _let(self, let: Let) -> None:
        name, args = let.op.name, let.args
        if let.op is PACK:
            self._packed[let.out] = tuple(self.of.get(a) for a in args)
        elif isinstance(let.op, UnpackOp):
            self.of.update((v, n) for v, n in zip(let.outs, self._packed.get(args[0], ()), strict=False) if n is not None)
        elif name in _OF_ROWS and args[0] in self.of and len(args) == 1 and let.out.type.shape:
            self._dims[let.out.type.shape[0]] = self.of[args[0]]
        elif name in _AS_LONG:
            self.of[let.out] = self.sequence(args[0])
        elif let.op is EXTENT and args[0].type.kind == "sequence" and args[0] in self.of:
            self.of[let.out] = self.of[args[0]]
        elif name == "new":
            self.of[let.out] = Dim(None, len(args))
        elif name == "repeat" and self.of.get(args[0]) == ONE and args[1] in self.of:
            self.of[let.out] = self.of[args[1]]

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
            if r.tape in self.rows:
                writer, lengths = self.rows[r.tape]
                lengths = tuple(n if n is None else self._read_in(loop, writer, n) for n in lengths)
                self._packed[r.element] = lengths
                if len(lengths) == 1 and r.element.type.kind == "sequence":
                    self.of[r.element] = lengths[0]
        self._block(loop.body)
        for w in loop.writes:
            if w.row in self._packed:
                self.rows[w.tape] = (loop, self._packed[w.row])
            elif w.row in self.of:
                self.rows[w.tape] = (loop, (self.of[w.row],))

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
            if stop in self.of:
                return self.of[stop]
            if stop.type.value is not None:
                return stop.type.value
        return tuple(a if a.type.value is None else a.type.value for a in (start, stop, step))

    def sequence(self, sequence: Atom) -> Any:
        if sequence in self.of:
            return self.of[sequence]
        shape = sequence.type.shape
        return self._dims.get(shape[0], shape[0]) if shape and sequence.type.kind == "array" else (sequence,)

    def _read_in(self, reader: Loop, writer: Loop, length: Any) -> Any:
        """The length of a row that `writer` wrote, as a trip of `reader` sees it."""
        parts = list(length) if isinstance(length, tuple) else [length]
        if writer.index is not None and reader.index is not None and self._same_range(reader, writer):
            # A row of range(i) is as long as range(i) of the loop that goes through the same indices.
            parts = [reader.index if a is writer.index else a for a in parts]
        elif writer.index is not None and any(_depends(a, writer.index) for a in parts):
            return reader, length
        inside = {v for s in every((writer,)) for v in (*binds(s), *(loop_locals(s) if isinstance(s, Loop) else ()), s)}
        if any(isinstance(a, Var | Loop) and a in inside for a in parts):
            return reader, length
        return tuple(parts) if isinstance(length, tuple) else parts[0]

    def _same_range(self, a: Loop, b: Loop) -> bool:
        """Do the indices go through the same numbers, and are they called by one size?"""
        if a.range is None or b.range is None or a.index is None or b.index is None:
            return False
        same = self.range(a.range.start, a.range.stop, a.range.step) == self.range(b.range.start, b.range.stop,
                                                                                   b.range.step)
        return same and a.index.type.value == b.index.type.value


def _depends(part: Any, index: Var) -> bool:
    own = index.type.value
    return part is index or (isinstance(part, Dim) and own is not None and part.size is not None and part.size is own.size)


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

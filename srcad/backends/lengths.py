"""Which ranges, lists and tapes are of one length.

    for i in range(n): ...; h_tape.append(h)             range(n), h_tape and `trips` of this loop have one length, so
    for h in reversed(h_tape):                           a loop over range(trips) and h_tape needs only h_tape

A length is a value to compare: a `Dim`, the bounds of a range, the loop that decides it, or what it was read with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, assert_never

from srcad.ir.build import EXTENT
from srcad.ir.calls import PACK, UnpackOp
from srcad.ir.core import Atom, Block, Func, If, Let, Lit, Loop, Test, Undef, Var
from srcad.ir.types import ONE, Dim
from srcad.ir.walk import binds, every, loop_locals

# Operations that make an array of the items of a list, and lists as long as what they are made of.
_OF_ROWS = ("np.array", "np.asarray", "np.stack")
_AS_LONG = ("rows", "backwards")


@dataclass(frozen=True)
class Known:
    """What is known of a list or a counter: its length or value, what its rows are and who wrote them, its items if it
    is a tuple."""

    length: Any = None
    row: Known | None = None
    writer: Loop | None = None
    items: tuple[Known | None, ...] = ()


class Lengths:
    """What is known in one function."""

    def __init__(self, func: Func) -> None:
        self.known: dict[Any, Known] = {}
        self._dims: dict[Dim, Any] = {}           # of arrays that are made of the rows of a list
        self._block(func.body)

    def of(self, a: Atom) -> Any:
        """The length of `a`, or its value, if it is something that can be compared."""
        known = self.known.get(a)
        return None if known is None else known.length

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
            self.known[let.out] = Known(items=tuple(self.known.get(a) for a in args))
        elif isinstance(let.op, UnpackOp):
            bundle = self.known.get(args[0])
            self.known.update((v, k) for v, k in zip(let.outs, bundle.items if bundle else (), strict=False) if k)
        elif name in _OF_ROWS and len(args) == 1 and self.of(args[0]) is not None and let.out.type.shape:
            self._dims[let.out.type.shape[0]] = self.of(args[0])
        elif name in _AS_LONG:
            self.known[let.out] = Known(self.sequence(args[0]))
        elif (let.op is EXTENT or name == "len") and args[0].type.kind == "sequence" and self.of(args[0]) is not None:
            self.known[let.out] = Known(self.of(args[0]))
        elif name == "new":
            self.known[let.out] = Known(Dim(None, len(args)))
        elif name == "repeat" and self.of(args[0]) == ONE and self.of(args[1]) is not None:
            self.known[let.out] = Known(self.of(args[1]))

    def _choices(self, stmt: If) -> None:
        """What only one side has is, where it is, as long as on that side."""
        for c in stmt.choices:
            known = [self.known.get(a) for a in (c.then, c.orelse) if isinstance(a, Var)]
            missing = isinstance(c.then, Undef) or isinstance(c.orelse, Undef)
            if len(known) == 1 and missing and known[0] is not None:
                self.known[c.out] = known[0]

    def _loop(self, loop: Loop) -> None:
        if loop.trips is not None:
            self.known[loop.trips] = Known(self._trips(loop))
        for r in loop.reads:
            # Rows of two tapes that are read together were written together.
            tape = self.known.get(r.tape)
            if tape is not None and tape.row is not None and tape.writer is not None:
                self.known[r.element] = self._read_in(loop, tape.writer, tape.row)
        self._block(loop.body)
        for w in loop.writes:
            self.known[w.tape] = Known(self._trips(loop), self.known.get(w.row), loop)

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
            if self.of(stop) is not None:
                return self.of(stop)
            if stop.type.value is not None:
                return stop.type.value
        return tuple(a if a.type.value is None else a.type.value for a in (start, stop, step))

    def sequence(self, sequence: Atom) -> Any:
        if self.of(sequence) is not None:
            return self.of(sequence)
        shape = sequence.type.shape
        return self._dims.get(shape[0], shape[0]) if shape and sequence.type.kind == "array" else (sequence,)

    def _read_in(self, reader: Loop, writer: Loop, row: Known) -> Known:
        """What is known of a row that `writer` wrote, as a trip of `reader` sees it."""
        items = tuple(k and self._read_in(reader, writer, k) for k in row.items)
        inner = row.row and self._read_in(reader, writer, row.row)
        return Known(self._length_in(reader, writer, row.length), inner, row.writer, items)

    def _length_in(self, reader: Loop, writer: Loop, length: Any) -> Any:
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
    own = index.type.value and index.type.value.size
    return part is index or (isinstance(part, Dim) and own is not None and part.size is own)


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

"""What the reverse sweep of a derivative has again of the forward sweep, and how, with its bytes.

Sizes are those of the call that the variant was made for; where a size is not known there, neither are the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from srcad.ir import Block, Dim, Func, If, Let, Loop, Stmt, Type, Var
from srcad.ir.walk import binds, every, reads
from srcad.rules.tapes import GETITEM, SET_AT
from srcad.transforms.inplace import STORES, in_place
from srcad.transforms.reverse import COMMENT, TAPED
from srcad.transforms.usage import dead


def kept(func: Func) -> list[str]:
    """One line for each value."""
    places = [k for k, s in enumerate(func.body) if isinstance(s, Let) and s.form.args == ("reverse",)]
    lines = list(_copies(func))
    if places:
        there, back = func.body[:places[0]], func.body[places[0]:]
        lines = [*_notes(there), *_whole(there, back), *_tapes(there, back), *_again(there, back), *lines]
    return lines


def _notes(there: Block) -> Iterator[str]:
    """Loops that `checkpoint=` does not reach."""
    for s in there:
        if isinstance(s, Let) and s.op is COMMENT and s.form.args[0].startswith(TAPED):
            yield f"the loop at line {_line(s)} is {s.form.args[0]}"


def _whole(there: Block, back: Block) -> Iterator[str]:
    """Arrays that are simply still there, and lists, such as those of the states of a checkpointed loop."""
    read = frozenset().union(*map(reads, back))
    for stmt in there:
        for v in binds(stmt):
            if v in read and v.type.kind == "array":
                yield f"keeps {_name(v, stmt)}: {_amount(_bytes(v.type))}"
            elif v in read and isinstance(stmt, Loop) and v in {c.out for c in stmt.carries} and v.type.item:
                yield f"keeps a list, {_name(v, stmt)}: {_amount(_bytes(v.type.item))} an item"


def _tapes(there: Block, back: Block) -> Iterator[str]:
    undone = _undone(there, back)
    makers: dict[object, Stmt] = {v: s for s in every(there) for v in binds(s)}
    for loop, trips in _loops(there, 1):
        for w in loop.writes:
            if w.row.type.kind != "sequence":
                row = _bytes(w.row.type)
                what = "undoes stores: it keeps" if w.tape in undone else "tapes"
                total = None if row is None or trips is None else row * trips
                name = _name(w.tape, makers.get(w.row, loop))
                yield (f"{what} {name}: {_amount(row)} a trip of the loop at line {_line(loop)}"
                       + ("" if total is None else f", {_amount(total)}"))


def _undone(there: Block, back: Block) -> set[Var]:
    """The tapes whose rows are only put back into an array."""
    rows = {w.tape: w.row for s in every(there) if isinstance(s, Loop) for w in s.writes}
    readers: dict[object, list[bool]] = {}
    for s in every(back):
        if isinstance(s, Let):
            stored = s.call()[0][2] if s.op is SET_AT else None
            for a in s.args:
                readers.setdefault(a, []).append(a is stored)
    tape_of: dict[object, object] = {}
    found = set()
    for s in every(back):
        for r in s.reads if isinstance(s, Loop) else ():
            tape = tape_of.get(r.tape, r.tape)
            tape_of[r.element] = rows.get(tape)  # type: ignore[call-overload]
            if all(readers.get(r.element, [False])):
                found.add(tape)
    return found  # type: ignore[return-value]


def _again(there: Block, back: Block) -> Iterator[str]:
    """Loads that the reverse sweep makes again, by array and line."""
    bound = {v for s in there for v in binds(s)}
    lines: dict[Var, dict[str, None]] = {}
    for loop in (s for s in back if isinstance(s, Loop)):
        for s in every(loop.body):
            if isinstance(s, Let) and s.op is GETITEM and s.args[0] in bound:
                lines.setdefault(s.args[0], {})[_line(s)] = None  # type: ignore[arg-type]
    for v, where in lines.items():
        yield f"reads {v.hint or 'a value'} again for line {', '.join(where)}: nothing is kept"


def _copies(func: Func) -> Iterator[str]:
    """Stores in loops that copy the whole array."""
    func, uses, updates, _ = in_place(func)
    for loop in (s for s in func.body if isinstance(s, Loop)):
        for s in every(loop.body):
            if isinstance(s, Let) and s.op.name in STORES and s not in updates and not dead(s, uses):
                yield (f"copies {s.out.hint or 'an array'} at every store of line {_line(s)}: "
                       f"{_amount(_bytes(s.out.type))}")


def _loops(block: Block, times: int | None) -> Iterator[tuple[Loop, int | None]]:
    """The loops of a block, with the trips that they make in all, as far as these are known."""
    for s in block:
        if isinstance(s, If):
            yield from _loops(s.then, None)
            yield from _loops(s.orelse, None)
        elif isinstance(s, Loop):
            own = _trips(s)
            trips = None if own is None or times is None else own * times
            yield s, trips
            yield from _loops(s.body, trips)


def _trips(loop: Loop) -> int | None:
    if loop.test or loop.until is not None:
        return None
    if loop.range is None:
        shape = loop.elements[0].sequence.type.shape if loop.elements else None
        return _extent(shape[0]) if shape else None
    values = [a.type.value for a in (loop.range.start, loop.range.stop, loop.range.step)]
    known = [None if d is None else _extent(d) for d in values]
    return None if None in known else len(range(*known))  # type: ignore[arg-type]


def _bytes(t: Type) -> int | None:
    if t.shape is None or t.dtype is None:
        return None
    extents = [_extent(d) for d in t.shape]
    return None if None in extents else prod(extents) * t.dtype.itemsize  # type: ignore[arg-type]


def _extent(d: Dim) -> int | None:
    if d.size is None:
        return d.offset
    return None if d.size.extent is None else max(0, d.size.extent + d.offset)


def _amount(n: int | None) -> str:
    return "an unknown number of bytes" if n is None else f"{n} bytes"


def _line(stmt: Stmt) -> str:
    return str(stmt.span.line) if stmt.span else "?"


def _name(v: Var, stmt: Stmt) -> str:
    return v.hint.removesuffix("_tape") if v.hint not in ("", "tape") else f"a value of line {_line(stmt)}"

"""Many tapes of one loop that another loop reads together are printed as one tape of tuples.

    x_tape.append(x)                             tape.append((x, y, z))
    y_tape.append(y)
    z_tape.append(z)              becomes
    …                                            …
    for x, y, z in zip(reversed(x_tape),         for x, y, z in reversed(tape):
            reversed(y_tape), reversed(z_tape)):

Two tapes keep their names, if they have such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

from srcad.backends.hints import hint_of
from srcad.ir.calls import PACK, unpack_op
from srcad.ir.core import HOLE, Block, Form, Func, If, Let, Loop, Read, Stmt, Var, Write
from srcad.ir.types import RESIDUALS, Type
from srcad.ir.walk import binds, entry_atoms, every, exit_atoms, rebuild

FEWEST = 3          # that have names


@dataclass(frozen=True)
class Bundle:
    """The rows that one loop writes and another reads, what binds them there, and the tape of all of them."""

    tape: Var
    row: Var
    tapes: tuple[Var, ...]


def with_bundles(func: Func) -> Func:
    """The same function with fewer tapes."""
    loops = [s for s in every(func.body) if isinstance(s, Loop)]
    if not any(_is_many(loop.writes) for loop in loops):
        return func
    once = _read_once(func)
    readers = {r.tape: loop for loop in loops for r in loop.reads if r.tape in once}
    writing: dict[Loop, list[Bundle]] = {}
    reading: dict[Loop, list[Bundle]] = {}
    for loop in loops:
        for reader in dict.fromkeys(readers[w.tape] for w in loop.writes if w.tape in readers):
            writes = [w for w in loop.writes if readers.get(w.tape) is reader]
            tapes = tuple(w.tape for w in writes)
            if _is_many(writes) and reader.test is None and _place(loop, tapes) is not None:
                bundle = Bundle(Var("tape", Type("sequence", item=RESIDUALS)), Var("_", RESIDUALS), tapes)
                writing.setdefault(loop, []).append(bundle)
                reading.setdefault(reader, []).append(bundle)
    return replace(func, body=_block(func.body, writing, reading)) if writing else func


def _is_many(writes: Sequence[Write]) -> bool:
    named = any(isinstance(w.row, Var) and hint_of(w.row) for w in writes)
    return len(writes) >= (FEWEST if named else 2)


def _read_once(func: Func) -> frozenset[Any]:
    count = Counter(func.outputs)
    for stmt in every(func.body):
        count.update(_atoms(stmt))
    return frozenset(a for a, n in count.items() if isinstance(a, Var) and n == 1)


def _atoms(stmt: Stmt) -> list[Any]:
    match stmt:
        case Let(args=args):
            return list(args)
        case If(test=test, choices=choices):
            return [test, *(a for c in choices for a in (c.then, c.orelse))]
        case Loop():
            return [*entry_atoms(stmt), *exit_atoms(stmt), *([stmt.test.result] if stmt.test else [])]
        case _:
            assert_never(stmt)


def _place(loop: Loop, tapes: tuple[Var, ...]) -> int | None:
    """After how many statements of a trip all rows are there; None if that is in the branch that may end the loop."""
    rows = {w.row for w in loop.writes if w.tape in tapes}
    place = max((k + 1 for k, s in enumerate(loop.body) if not rows.isdisjoint(binds(s))), default=0)
    ends = loop.until is not None and place == len(loop.body) and loop.body and isinstance(loop.body[-1], If)
    return None if ends else place


def _block(block: Block, writing: dict[Loop, list[Bundle]], reading: dict[Loop, list[Bundle]]) -> Block:
    result: list[Stmt] = []
    for stmt in block:
        new = rebuild(stmt, lambda a: a, lambda inner: _block(inner, writing, reading))
        if isinstance(stmt, Loop) and isinstance(new, Loop):
            for bundle in reading.get(stmt, ()):
                new = _reads(new, bundle)
            # Last first: what is put into the body moves the places after it.
            for bundle in sorted(writing.get(stmt, ()), key=lambda b: _place(stmt, b.tapes) or 0, reverse=True):
                new = _writes(new, bundle, _place(stmt, bundle.tapes) or 0)
        result.append(new)
    return tuple(result)


def _writes(loop: Loop, bundle: Bundle, place: int) -> Loop:
    rows = tuple(w.row for w in loop.writes if w.tape in bundle.tapes)
    row = Var("", RESIDUALS)
    pack = Let((row,), PACK, rows, Form((HOLE,) * len(rows)), loop.span)
    others = tuple(w for w in loop.writes if w.tape not in bundle.tapes)
    return replace(loop, body=(*loop.body[:place], pack, *loop.body[place:]), writes=(*others, Write(bundle.tape, row)))


def _reads(loop: Loop, bundle: Bundle) -> Loop:
    elements = {r.tape: r.element for r in loop.reads}
    items = tuple(elements[t] for t in bundle.tapes)
    unpack = Let(items, unpack_op(tuple(v.type for v in items)), (bundle.row,), Form((HOLE,)))
    others = tuple(r for r in loop.reads if r.tape not in bundle.tapes)
    return replace(loop, body=(unpack, *loop.body), reads=(*others, Read(bundle.row, bundle.tape)))

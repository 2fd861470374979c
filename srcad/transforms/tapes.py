"""A list that a loop only appends to, once a trip, is a tape.

    ys = []                                     for x in xs:
    for x in xs:               becomes              write ys[trip] = np.sin(x)
        ys.append(np.sin(x))

A tape has rows: its cotangent is read row by row in the reversed loop, where the cotangent of a list would have to be
carried and taken apart, and XLA needs no list at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from srcad.ir import Block, Carry, Func, Let, Loop, Stmt, Type, Var, Write
from srcad.ir.walk import exit_atoms, rebuild
from srcad.ir.walk import reads as read_by
from srcad.rules.sequences import APPEND, CONCAT, NEW


def with_tapes(func: Func) -> Func:
    """The same function, with tapes where it has such lists."""
    return replace(func, body=_block(func.body, {}))


def _block(block: Block, made: dict[Var, Let]) -> Block:
    result: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, Let):
            made.update(dict.fromkeys(stmt.outs, stmt))
            result.append(stmt)
            continue
        new = rebuild(stmt, lambda a: a, lambda inner: _block(inner, made))
        result += _taped(new, made) if isinstance(new, Loop) else [new]
    return tuple(result)


def _taped(loop: Loop, made: dict[Var, Let]) -> list[Stmt]:
    if loop.reverse:
        # Rows have the order of the sequence that is walked through, a list has that of the trips.
        return [loop]
    after: list[Stmt] = []
    for carry in loop.carries:
        append = _only_append(loop, carry)
        if append is None:
            continue
        row = append.args[1]
        start = made.get(carry.init) if isinstance(carry.init, Var) else None
        empty = start is not None and start.op is NEW and not start.args
        tape = carry.out if empty else Var(carry.out.hint, Type("sequence", item=row.type))
        loop = replace(loop, body=tuple(s for s in loop.body if s is not append),
                       carries=tuple(c for c in loop.carries if c is not carry),
                       writes=(*loop.writes, Write(tape, row)))
        if not empty:
            joined = replace(append, outs=(carry.out,), op=CONCAT, args=(carry.init, tape))
            after.append(joined)
    return [loop, *after]


def _only_append(loop: Loop, carry: Carry) -> Let | None:
    """The append that makes each next value of `carry`, if nothing else in the loop reads the list."""
    appends = [s for s in loop.body if isinstance(s, Let) and s.op is APPEND and s.outs == (carry.next,)]
    if not appends or appends[0].args[0] is not carry.param:
        return None
    others: list[Any] = [v for s in loop.body if s is not appends[0] for v in read_by(s)]
    others += [v for s in (loop.test.body if loop.test else ()) for v in read_by(s)]
    others += [loop.test.result] if loop.test else []
    others += [a for a in exit_atoms(loop) if a is not carry.next]
    ends = sum(a is carry.next for a in exit_atoms(loop))
    hidden = any(v is carry.param or v is carry.next for v in others)
    return None if hidden or ends != 1 else appends[0]

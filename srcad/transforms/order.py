"""The order of statements: what may move, and where loops read best.

    dy2 = dy * x                                 dx = dx + dy * t
    dx = dx + dy * t         becomes             dy = dy * x
    dy = dy2

The next value of a carry is made after the last reader of the value before, so that both can have one name (and one
memory).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

import numpy as np

from srcad.ir import HOLE, OPERATORS, Block, Carry, Form, Func, If, Let, Lit, Loop, Stmt, Var, leaves
from srcad.ir.walk import binds, entry_atoms, every, exit_atoms, reads, rebuild, variables

_STORES = frozenset({"set_at", "index_add", "append", "set_item", "pop", "insert", "extend", "concat"})


def moves_past(stmt: Stmt, others: Sequence[Stmt]) -> bool:
    """Can `stmt`, which has no effect, be run after `others` (which do not read what it binds)?

    Not if it reads what they store into: both versions would have to be kept."""
    changed = {a for other in others for a in stored(other)}
    return not any(v in changed and v.type.kind not in ("number", "scalar") for v in reads(stmt))


def stored(stmt: Stmt) -> set[Any]:
    """What `stmt` may store into."""
    if isinstance(stmt, Let):
        return {stmt.args[0]} if stmt.op.name in _STORES else set()
    within = tuple(every((stmt,)))
    return {a for s in within if isinstance(s, Let) for a in stored(s)} | {
        c.init for s in within if isinstance(s, Loop) for c in s.carries}


def in_order(func: Func) -> Func:
    """The same function with the ends of carries where they belong."""
    return replace(func, body=_block(func.body))


def _block(block: Block) -> Block:
    return tuple(_ends_last(s) if isinstance(s, Loop) else s for s in (rebuild(s, lambda a: a, _block) for s in block))


def _ends_last(loop: Loop) -> Loop:
    body = list(loop.body)
    for carry in loop.carries:
        _delay(body, carry)
    grown = {c.next: c.param for c in loop.carries}
    return replace(loop, body=tuple(_grown(s, grown) for s in body))


def _grown(stmt: Stmt, grown: dict[Any, Var]) -> Stmt:
    """`dx * 2` for `2 * dx`, where that is the next dx: it prints as `dx *= 2`."""
    if isinstance(stmt, Let) and stmt.op is OPERATORS["mul"] and isinstance(stmt.args[0], Lit):
        if stmt.out in grown and stmt.args[1] is grown[stmt.out]:
            return replace(stmt, args=stmt.args[::-1])
    return stmt


def _delay(body: list[Stmt], carry: Carry) -> None:
    """Move the call that makes the carry's next value down, past the readers of the values that it replaces."""
    k = next((k for k, s in enumerate(body) if isinstance(s, Let) and s.outs == (carry.next,)), None)
    if k is None:
        return
    let = body[k]
    assert isinstance(let, Let)
    wanted = next((j for j in range(k + 1, len(body)) if let.out in reads(body[j])), len(body))
    replaced = {carry.param, *(a for a in let.args if isinstance(a, Var) and a.hint == let.out.hint != "")}
    last = _last_reader(body[:wanted], k + 1, replaced)
    if last is not None and not let.op.effect and moves_past(let, body[k + 1:last + 1]):
        body.insert(last, body.pop(k))


def _last_reader(body: Sequence[Stmt], start: int, values: set[Var]) -> int | None:
    """The last of the statements that reads one of `values`, or a value without a name that is made of them: it will be
    printed where it is read."""
    seen, last = set(values), None
    for j in range(start, len(body)):
        if not seen.isdisjoint(reads(body[j])):
            last = j
            seen.update(v for v in binds(body[j]) if not v.hint)
    return last


def with_views_at_readers(func: Func) -> Func:
    """Make `x.T` anew wherever it is read: it costs nothing, and needs no name.

        t = x.T                                  y = x.T @ x
        y = t @ x               becomes          z = x.T @ b
        z = t @ b
    """
    found = {s.outs[0]: s for s in every(func.body) if isinstance(s, Let) and _is_transpose(s)}
    kept = variables(leaves(func.result)).union(*(_read_by_others(s, found) for s in every(func.body)))
    views = {v: let for v, let in found.items() if v not in kept}
    return replace(func, body=_viewed(func.body, views)) if views else func


def _is_transpose(let: Let) -> bool:
    return let.op.function is np.transpose and let.form == Form((HOLE,)) and not let.outs[0].hint


def _read_by_others(stmt: Stmt, views: dict[Var, Let]) -> frozenset[Var]:
    """What is read by something else than a call that is no view itself."""
    match stmt:
        case Let(outs=outs, args=args):
            return variables(args) if outs and outs[0] in views else frozenset()
        case If():
            return variables([stmt.test, *(a for c in stmt.choices for a in (c.then, c.orelse))])
        case Loop():
            return variables([*entry_atoms(stmt), *exit_atoms(stmt), *([stmt.test.result] if stmt.test else [])])
        case _:
            assert_never(stmt)


def _viewed(block: Block, views: dict[Var, Let]) -> Block:
    result: list[Stmt] = []
    for stmt in block:
        if not isinstance(stmt, Let):
            result.append(rebuild(stmt, lambda a: a, lambda inner: _viewed(inner, views)))
        elif not (stmt.outs and stmt.outs[0] in views):
            copies = {v: Var("", v.type) for v in dict.fromkeys(stmt.args) if isinstance(v, Var) and v in views}
            result += [replace(views[v], outs=(copy,)) for v, copy in copies.items()]
            result.append(replace(stmt, args=tuple(copies.get(a, a) for a in stmt.args)))  # type: ignore[arg-type]
    return tuple(result)

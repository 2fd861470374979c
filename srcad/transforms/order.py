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

from srcad.ir import Block, Carry, Func, Let, Loop, Stmt, Var
from srcad.ir.walk import every, reads, rebuild

_STORES = frozenset({"set_at", "index_add", "append", "set_item", "pop", "insert", "extend", "concat"})


def moves_past(stmt: Stmt, others: Sequence[Stmt]) -> bool:
    """Can `stmt`, which has no effect, be run after `others` (which do not read what it binds)?

    Not if it reads what they store into: both versions would have to be kept."""
    stored = {s.args[0] for s in every(tuple(others)) if isinstance(s, Let) and s.op.name in _STORES}
    stored |= {c.init for s in every(tuple(others)) if isinstance(s, Loop) for c in s.carries}
    return not any(v in stored and v.type.kind not in ("number", "scalar") for v in reads(stmt))


def in_order(func: Func) -> Func:
    """The same function with the ends of carries where they belong."""
    return replace(func, body=_block(func.body))


def _block(block: Block) -> Block:
    return tuple(_ends_last(s) if isinstance(s, Loop) else s for s in (rebuild(s, lambda a: a, _block) for s in block))


def _ends_last(loop: Loop) -> Loop:
    body = list(loop.body)
    for carry in loop.carries:
        _delay(body, carry)
    return replace(loop, body=tuple(body))


def _delay(body: list[Stmt], carry: Carry) -> None:
    """Move the call that makes the carry's next value down, past the readers of the values that it replaces."""
    k = next((k for k, s in enumerate(body) if isinstance(s, Let) and s.outs == (carry.next,)), None)
    if k is None:
        return
    let = body[k]
    assert isinstance(let, Let)
    replaced = {carry.param, *(a for a in let.args if isinstance(a, Var) and a.hint == let.out.hint != "")}
    readers = [j for j in range(k + 1, len(body)) if not replaced.isdisjoint(reads(body[j]))]
    wanted = next((j for j in range(k + 1, len(body)) if let.out in reads(body[j])), len(body))
    if not readers or readers[-1] >= wanted or let.op.effect:
        return
    if moves_past(let, body[k + 1:readers[-1] + 1]):
        body.insert(readers[-1], body.pop(k))

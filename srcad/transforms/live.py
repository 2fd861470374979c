"""Dead code: what neither a result nor an effect depends on goes.

    t = np.sin(x)                                y = x * x
    y = x * x            becomes                 for i in range(n):
    for i in range(n):   (y is read after,           y = y + 1.0
        y = y + 1.0       z is not)
        z = z * y

Choices, carries, tapes, rows, indices and counts that nobody reads go too, each alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, assert_never

from srcad.ir import Block, If, Let, Loop, Stmt, Var
from srcad.ir.walk import has_effect, reads, unchanged, variables


def live(block: Block, results: Iterable[Any]) -> Block:
    """What of `block` the `results` and the effects depend on."""
    needed = set(variables(results))
    kept: list[Stmt] = []
    for stmt in reversed(block):
        trimmed = _trim(stmt, needed)
        if trimmed is not None:
            kept.append(trimmed)
            needed |= reads(trimmed)
    return unchanged(kept[::-1], tuple(block))


def _trim(stmt: Stmt, needed: set[Var]) -> Stmt | None:
    match stmt:
        case Let():
            return stmt if stmt.op.effect or not needed.isdisjoint(stmt.outs) else None
        case If():
            choices = tuple(c for c in stmt.choices if c.out in needed)
            then, orelse = live(stmt.then, (c.then for c in choices)), live(stmt.orelse, (c.orelse for c in choices))
            if not (choices or then or orelse):
                return None
            if then is stmt.then and orelse is stmt.orelse and len(choices) == len(stmt.choices):
                return stmt
            return replace(stmt, then=then, orelse=orelse, choices=choices)
        case Loop():
            return _trim_loop(stmt, needed)
        case _:
            assert_never(stmt)


def _trim_loop(loop: Loop, needed: set[Var]) -> Loop | None:
    writes = tuple(w for w in loop.writes if w.tape in needed)
    facts = [v for v in (loop.trips, loop.broke) if v in needed]
    wanted = {c.out for c in loop.carries if c.out in needed}
    if not (writes or facts or wanted or has_effect((loop,))):
        return None
    test = loop.test and replace(loop.test, body=live(loop.test.body, [loop.test.result]))
    while True:
        carries = tuple(c for c in loop.carries if c.out in wanted)
        inner = replace(loop, carries=carries, writes=writes, test=test)
        results = [*(w.row for w in writes), *(c.next for c in carries), *([] if loop.until is None else [loop.until])]
        inner = replace(inner, body=live(loop.body, results))
        seen = _seen(inner, results)
        more = {c.out for c in loop.carries if c.param in seen} | wanted
        if more == wanted:
            return _without_heads(inner, seen, needed)
        wanted = more


def _seen(loop: Loop, results: list[Any]) -> frozenset[Var]:
    """What a trip reads, of itself and of its surroundings."""
    found = set(variables(results))
    for stmt in (*loop.body, *(loop.test.body if loop.test else ())):
        found |= reads(stmt)
    return frozenset(found) | variables([loop.test.result] if loop.test else [])


def _without_heads(loop: Loop, seen: frozenset[Var], needed: set[Var]) -> Loop:
    """The loop without the index, the rows and the counts that nobody reads; something must still bound it."""
    rows = tuple(r for r in loop.reads if r.element in seen)
    if not rows and loop.range is None and not loop.elements and loop.test is None:
        rows = loop.reads[:1]
    return replace(loop, reads=rows, index=loop.index if loop.index in seen else None,
                   trips=loop.trips if loop.trips in needed else None,
                   broke=loop.broke if loop.broke in needed else None)

"""How often each variable is read.

Choices, carries and pure statements whose results nobody reads are not printed, and so don't count as readers: the
count is made from the end of the program backwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, assert_never

from srcad.ir.core import Block, Carry, Func, If, Let, Loop, Stmt, Var
from srcad.ir.walk import binds, has_effect

Uses = Counter[Var]


def count_uses(func: Func) -> Uses:
    uses: Uses = Counter()
    _add(uses, func.outputs)
    _block(uses, func.body)
    return uses


def alive(carry: Carry, uses: Uses) -> bool:
    """Is the carry printed?"""
    return uses[carry.param] > 0 or uses[carry.out] > 0


def dead(stmt: Stmt, uses: Uses) -> bool:
    """Does nobody read what `stmt` binds, and does it do nothing else?"""
    return not any(uses[v] for v in binds(stmt)) and not has_effect((stmt,))


def _add(uses: Uses, atoms: Iterable[Any]) -> None:
    uses.update(a for a in atoms if isinstance(a, Var))


def _block(uses: Uses, block: Block) -> None:
    for stmt in reversed(block):
        _stmt(uses, stmt)


def _stmt(uses: Uses, stmt: Stmt) -> None:
    if dead(stmt, uses):
        return
    match stmt:
        case Let(args=args):
            _add(uses, args)
        case If():
            for c in stmt.choices:
                if uses[c.out]:
                    _add(uses, (c.then, c.orelse))
            _block(uses, stmt.orelse)
            _block(uses, stmt.then)
            _add(uses, (stmt.test,))
        case Loop():
            _loop(uses, stmt)
        case _:
            assert_never(stmt)


def _loop(uses: Uses, loop: Loop) -> None:
    _add(uses, (w.row for w in loop.writes))
    if loop.until is not None:
        _add(uses, (loop.until,))
    waiting = list(loop.carries)
    # A carry counts once it is known to be read: after the loop, in the body, or by a carry that counts.
    ready = [c for c in waiting if uses[c.out]]
    while ready:
        _add(uses, (c.next for c in ready))
        waiting = [c for c in waiting if c not in ready]
        ready = [c for c in waiting if uses[c.param]]
    _block(uses, loop.body)
    if loop.test:
        _add(uses, (loop.test.result,))
        _block(uses, loop.test.body)
    while late := [c for c in waiting if uses[c.param]]:
        # What only now turns out to be carried has a definition in the body that counts its own reads already.
        _add(uses, (c.next for c in late))
        waiting = [c for c in waiting if c not in late]
    _add(uses, (c.init for c in loop.carries if alive(c, uses)))
    bounds = loop.range
    if bounds:
        _add(uses, (bounds.start, bounds.stop, bounds.step))
    _add(uses, (e.sequence for e in loop.elements))
    _add(uses, (r.tape for r in loop.reads))

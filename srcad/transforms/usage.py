"""What of a program is needed, and how often each variable is read.

Pure statements, choices and carries that neither the result nor an effect depends on are not printed, and so don't
count as readers.  A value depends on what it is made of and on what decides whether it is made: the test of the branch
and the head of the loop around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, assert_never

from srcad.ir.core import Atom, Block, Carry, Func, If, Let, Loop, Stmt, Var
from srcad.ir.walk import binds, every, has_effect

Uses = Counter[Var]
Node = Any                                        # a Var, an If or a Loop


def count_uses(func: Func) -> Uses:
    needed = _Needed(func).found
    uses: Uses = Counter(a for a in func.outputs if isinstance(a, Var))
    for stmt in every(func.body):
        uses.update(a for a in _read_by(stmt, needed) if isinstance(a, Var))
    return uses


def alive(carry: Carry, uses: Uses) -> bool:
    """Is the carry printed?"""
    return uses[carry.param] > 0 or uses[carry.out] > 0


def dead(stmt: Stmt, uses: Uses) -> bool:
    """Does nobody read what `stmt` binds, and does it do nothing else?"""
    if isinstance(stmt, Let):
        return not stmt.op.effect and not any(map(uses.get, stmt.outs))
    return not any(map(uses.get, binds(stmt))) and not has_effect((stmt,))


class _Needed:
    """The variables and the branches and loops that the result and the effects depend on."""

    def __init__(self, func: Func) -> None:
        self.reasons: dict[Node, list[Node]] = {}
        self.found: set[Node] = set()
        self.roots: list[Node] = list(func.outputs)
        self._block(func.body, None)
        pending = self.roots
        while pending:
            node = pending.pop()
            if isinstance(node, Var | If | Loop) and node not in self.found:
                self.found.add(node)
                pending += self.reasons.get(node, ())

    def _because(self, v: Var | None, *nodes: Node) -> None:
        if v is not None:
            self.reasons.setdefault(v, []).extend(nodes)

    def _block(self, block: Block, around: Node) -> None:
        for stmt in block:
            match stmt:
                case Let():
                    for v in stmt.outs:
                        self._because(v, *stmt.args, around)
                    if stmt.op.effect:
                        self.roots += [*stmt.args, around]
                case If():
                    self.reasons[stmt] = [stmt.test, around]
                    for c in stmt.choices:
                        self._because(c.out, c.then, c.orelse, stmt)
                    self._block(stmt.then, stmt)
                    self._block(stmt.orelse, stmt)
                case Loop():
                    self._loop(stmt, around)
                case _:
                    assert_never(stmt)

    def _loop(self, loop: Loop, around: Node) -> None:
        self.reasons[loop] = [*_control(loop), around]
        heads = (*(e.var for e in loop.elements), *(r.element for r in loop.reads))
        for v in (loop.index, loop.trips, loop.broke, *heads):
            self._because(v, loop)
        for c in loop.carries:
            self._because(c.param, c.init, c.next, loop)
            self._because(c.out, c.param)
        for w in loop.writes:
            self._because(w.tape, w.row, loop)
        if loop.test:
            self._block(loop.test.body, loop)
        self._block(loop.body, loop)


def _control(loop: Loop) -> list[Atom]:
    """What decides how many trips a loop makes."""
    bounds = [loop.range.start, loop.range.stop, loop.range.step] if loop.range else []
    tests: list[Atom] = [loop.test.result] if loop.test else []
    if loop.until is not None:
        tests.append(loop.until)
    return [*bounds, *(e.sequence for e in loop.elements), *(r.tape for r in loop.reads), *tests]


def _read_by(stmt: Stmt, needed: set[Node]) -> Iterable[Atom]:
    """What the printed statement reads, without its blocks."""
    match stmt:
        case Let():
            return stmt.args if stmt.op.effect or any(v in needed for v in stmt.outs) else ()
        case If():
            if stmt not in needed:
                return ()
            return [stmt.test, *(a for c in stmt.choices if c.out in needed for a in (c.then, c.orelse))]
        case Loop():
            if stmt not in needed:
                return ()
            carries = [c for c in stmt.carries if c.param in needed]
            rows = [w.row for w in stmt.writes if w.tape in needed]
            return [*_control(stmt), *rows, *(a for c in carries for a in (c.init, c.next))]
        case _:
            assert_never(stmt)

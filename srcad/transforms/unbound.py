"""Which variables may have no value: bound on one path only, or a row or a residual of such a variable."""

from __future__ import annotations

from typing import Any, assert_never

from srcad.ir import PACK, Block, Func, If, Let, Loop, Stmt, Undef, UnpackOp, Var


def maybe_unbound(func: Func) -> frozenset[Var]:
    found: set[Var] = set()
    before = -1
    while before != len(found):
        before = len(found)
        _visit(func.body, found)
    return frozenset(found)


def _visit(block: Block, found: set[Var]) -> None:
    for stmt in block:
        _stmt(stmt, found)


def _stmt(stmt: Stmt, found: set[Var]) -> None:
    def missing(a: Any) -> bool:
        return isinstance(a, Undef) or a in found

    match stmt:
        case Let(op=op) if op is PACK and any(map(missing, stmt.args)):
            found.update(stmt.outs)
        case Let(op=UnpackOp()):
            # Whoever packed these is another function, or this one with a value missing.
            found.update(stmt.outs)
        case Let():
            pass
        case If():
            _visit(stmt.then, found)
            _visit(stmt.orelse, found)
            found.update(c.out for c in stmt.choices if missing(c.then) or missing(c.orelse))
        case Loop():
            found.update(e.var for e in stmt.elements if e.sequence in found)
            found.update(r.element for r in stmt.reads if r.tape in found)
            found.update(v for c in stmt.carries if missing(c.init) or missing(c.next) for v in (c.param, c.out))
            _visit(stmt.body, found)
            found.update(w.tape for w in stmt.writes if missing(w.row))
        case _:
            assert_never(stmt)

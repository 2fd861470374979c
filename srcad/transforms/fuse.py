"""Branches on one test that follow each other become one, if the first only serves the second.

    if t:                                        if t:
        a = np.sin(x)                                a = np.sin(x)
    else:                                            dx = dy * a
        b = np.cos(x)            becomes         else:
    …                                                b = np.cos(x)
    if t:                                            dx = dy * b
        dx = dy * a
    else:
        dx = dy * b

The reverse sweep of a branch reads what its forward sweep computed, and often nobody else does.  What is moved has no
effects; it does not move past a store into something that it reads, or two versions of that would have to be kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from srcad.ir import Block, Choice, Func, If, Let, Loop, Stmt, Undef, Var, leaves
from srcad.ir.walk import binds, exit_atoms, free, has_effect, reads, rebuild, substitute, variables
from srcad.transforms.order import moves_past


def fuse(func: Func) -> Func:
    """The same function with fewer branches."""
    return replace(func, body=_block(func.body, variables(leaves(func.result))))


def _block(block: Block, results: frozenset[Var]) -> Block:
    """`results` are read after the block."""
    stmts = list(block)
    for i in range(len(stmts) - 1, -1, -1):
        first = stmts[i]
        if isinstance(first, If):
            j = _partner(stmts, i, results)
            if j is not None:
                stmts[j] = _fused(first, stmts[j])  # type: ignore[arg-type]
                del stmts[i]
    return tuple(_inner(s) for s in stmts)


def _inner(stmt: Stmt) -> Stmt:
    """The statement with its own blocks fused."""
    match stmt:
        case Let():
            return stmt
        case If():
            then, orelse = (variables(c.then for c in stmt.choices), variables(c.orelse for c in stmt.choices))
            return replace(stmt, then=_block(stmt.then, then), orelse=_block(stmt.orelse, orelse))
        case Loop():
            ends = variables([*exit_atoms(stmt), *([stmt.test.result] if stmt.test else [])])
            return rebuild(stmt, lambda a: a, lambda block: _block(block, ends))
        case _:
            assert_never(stmt)


def _partner(stmts: list[Stmt], i: int, results: frozenset[Var]) -> int | None:
    """The position of the one statement that reads what the branch at `i` binds, if that can take it in."""
    first = stmts[i]
    assert isinstance(first, If)
    outs = frozenset(binds(first))
    readers = [j for j in range(i + 1, len(stmts)) if not outs.isdisjoint(reads(stmts[j]))]
    if len(readers) != 1 or not outs.isdisjoint(results):
        return None
    j = readers[0]
    second = stmts[j]
    if not isinstance(second, If) or second.test is not first.test or has_effect((first,)):
        return None
    missing = {c.out for c in first.choices if isinstance(c.then, Undef)} & _read_in(second, "then")
    missing |= {c.out for c in first.choices if isinstance(c.orelse, Undef)} & _read_in(second, "orelse")
    return j if not missing and moves_past(first, stmts[i + 1:j]) else None


def _read_in(stmt: If, side: str) -> frozenset[Var]:
    """What one side of a branch reads."""
    return free(getattr(stmt, side), [getattr(c, side) for c in stmt.choices])


def _fused(first: If, second: If) -> If:
    then = {c.out: c.then for c in first.choices}
    orelse = {c.out: c.orelse for c in first.choices}
    choices = tuple(Choice(c.out, then.get(c.then, c.then), orelse.get(c.orelse, c.orelse))  # type: ignore[arg-type]
                    for c in second.choices)
    return replace(second, then=(*first.then, *substitute(second.then, then)),
                   orelse=(*first.orelse, *substitute(second.orelse, orelse)), choices=choices)


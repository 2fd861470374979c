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
from typing import Any, assert_never

from srcad.ir import Block, Choice, Func, If, Let, Loop, Stmt, Undef, Var, leaves
from srcad.ir.walk import binds, exit_atoms, free, has_effect, reads, rebuild, substitute, variables
from srcad.transforms.order import stored


def fuse(func: Func) -> Func:
    """The same function with fewer branches."""
    return replace(func, body=_block(func.body, variables(leaves(func.result))))


def _block(block: Block, results: frozenset[Var]) -> Block:
    """`results` are read after the block."""
    if not any(isinstance(s, If) for s in block):
        return tuple(map(_inner, block))
    line = _Line(block, results)
    for i in range(len(block) - 1, -1, -1):
        first = block[i]
        if isinstance(first, If):
            j = line.partner(i, first)
            if j is not None:
                line.fuse(i, j)
    return tuple(_inner(s) for s in line.stmts if s is not None)


class _Line:
    """The statements of a block, by position (None for one that became part of another), and who reads what."""

    def __init__(self, block: Block, results: frozenset[Var]) -> None:
        self.stmts: list[Stmt | None] = list(block)
        self.results = results
        self.readers: dict[Var, set[int]] = {}
        self.stored: dict[Any, list[int]] = {}
        for i, stmt in enumerate(block):
            self._note(i, stmt)

    def _note(self, i: int, stmt: Stmt) -> None:
        for v in reads(stmt):
            self.readers.setdefault(v, set()).add(i)
        for a in stored(stmt):
            self.stored.setdefault(a, []).append(i)

    def partner(self, i: int, first: If) -> int | None:
        """The position of the one statement that reads what the branch at `i` binds, if that can take it in."""
        outs = frozenset(binds(first))
        readers = set().union(*(self.readers.get(v, ()) for v in outs))
        if len(readers) != 1 or not outs.isdisjoint(self.results):
            return None
        (j,) = readers
        second = self.stmts[j]
        if not isinstance(second, If) or second.test is not first.test or has_effect((first,)):
            return None
        missing = {c.out for c in first.choices if isinstance(c.then, Undef)} & _read_in(second, "then")
        missing |= {c.out for c in first.choices if isinstance(c.orelse, Undef)} & _read_in(second, "orelse")
        return None if missing or self._stored_between(reads(first), i, j) else j

    def _stored_between(self, variables: frozenset[Var], i: int, j: int) -> bool:
        """Is one of these stored to between two positions?  Then both versions would have to be kept."""
        return any(i < k < j and self.stmts[k] for v in variables if v.type.kind not in ("number", "scalar")
                   for k in self.stored.get(v, ()))

    def fuse(self, i: int, j: int) -> None:
        """Make the branches at `i` and `j` one, at `j`."""
        first, second = self.stmts[i], self.stmts[j]
        assert isinstance(first, If) and isinstance(second, If)
        for v in reads(first):
            self.readers[v].discard(i)
        self.stmts[i], self.stmts[j] = None, _fused(first, second)
        self._note(j, first)


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


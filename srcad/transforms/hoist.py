"""What is the same in every trip of a loop is computed before it.

    for z in zs:                                 t = np.sqrt(dt)
        t = np.sqrt(dt)          becomes         for z in zs:
        x = x + t * z                                x = x + t * z

So the reverse sweep finds it there, and no trip tapes it.  A loop may make no trip at all: what may then raise or warn
for nothing stays in it, unless the loop is known to make one.  What costs next to nothing and is read once stays too:
it reads better where it is used; and what an `np.where` of the loop may keep from being used (see
`srcad.transforms.guards`) stays beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, assert_never

import numpy as np

from srcad.ir import OPERATORS, Block, CallOp, Func, If, Let, Lit, Loop, Stmt, Var
from srcad.ir.walk import binds, entry_atoms, every, exit_atoms, has_effect, loop_locals, rebuild
from srcad.rules.elementary import WHERE
from srcad.rules.sequences import ITEM, LENGTH, NEW
from srcad.transforms.guards import is_singular
from srcad.transforms.order import FEW
from srcad.transforms.usage import Uses, count_uses

_QUIET = frozenset(OPERATORS[name] for name in ("add", "sub", "mul", "neg", "lt", "le", "gt", "ge", "eq", "ne"))
_ARITHMETIC = _QUIET | {OPERATORS[name] for name in ("truediv", "pow", "floordiv", "mod")}
# Views and facts are made where they are read, buffers are there to be written to.
_STAY = frozenset({"getitem", "np.transpose", "extent", "np.shape", "np.ndim", "np.size", "len", "np.zeros",
                   "np.zeros_like", "np.empty", "np.empty_like", "np.full", "np.full_like", "np.ones", "np.ones_like",
                   "np.copy", "np.array", "zeros_for", "set_at", "index_add", "np.broadcast_to"})


def hoist(func: Func) -> Func:
    """The same function with less in its loops."""
    tables = _tables(func)
    func = _with_tables_first(func, tables)
    if not any(isinstance(s, Loop) for s in every(func.body)):
        return func
    return replace(func, body=_Hoisting(count_uses(func), tables).block(func.body))


def _with_tables_first(func: Func, tables: frozenset[Var]) -> Func:
    """Lists of what the function is given are made once, before all else."""
    given = frozenset(func.inputs)
    first: dict[Any, Let] = {}
    same: dict[Var, Var] = {}
    for stmt in every(func.body) if tables else ():
        if isinstance(stmt, Let) and stmt.op is NEW and stmt.out in tables and all(
                isinstance(a, Lit) or a in given for a in stmt.args):
            same[stmt.out] = first.setdefault(stmt.args, stmt).out
    if not first:
        return func

    def without(block: Block) -> Block:
        return tuple(rebuild(s, lambda a: same.get(a, a) if isinstance(a, Var) else a, without) for s in block
                     if not (isinstance(s, Let) and s.op is NEW and s.out in same))

    return replace(func, body=(*first.values(), *without(func.body)))


def _tables(func: Func) -> frozenset[Var]:
    """The lists of numbers that are made to read items of them: `[a, b, c][k]`."""
    made: set[Var] = set()
    read: set[Any] = set(func.outputs)
    for stmt in every(func.body):
        match stmt:
            case Let(outs=outs, op=op, args=args):
                made.update(outs if op is NEW and all(a.type.kind in ("number", "scalar") for a in args) else ())
                read.update(args if op not in (ITEM, LENGTH) else ())
            case If(choices=choices):
                read.update(a for c in choices for a in (c.then, c.orelse))
            case Loop():
                read.update((*entry_atoms(stmt), *exit_atoms(stmt)))
            case _:
                assert_never(stmt)
    return frozenset(made - read)


class _Hoisting:
    def __init__(self, uses: Uses, tables: frozenset[Var]) -> None:
        self.uses, self.tables = uses, tables

    def block(self, block: Block) -> Block:
        made: list[Stmt] = []
        for stmt in block:
            match stmt:
                case Let():
                    made.append(stmt)
                case If():
                    made.append(rebuild(stmt, lambda a: a, self.block))
                case Loop():
                    made += self.loop(stmt)
                case _:
                    assert_never(stmt)
        return tuple(made)

    def loop(self, loop: Loop) -> Iterable[Stmt]:
        """The loop, after what could leave it."""
        inner = rebuild(loop, lambda a: a, self.block)
        assert isinstance(inner, Loop)
        inside = {v for s in every(inner.body) for v in binds(s)} | set(loop_locals(inner))
        if inner.test:
            inside.update(v for s in every(inner.test.body) for v in binds(s))
        sure = makes_a_trip(inner)
        chooses = any(isinstance(s, Let) and s.op is WHERE for s in every(inner.body))
        out: list[Let] = []
        kept: list[Stmt] = []
        for stmt in inner.body:
            if isinstance(stmt, Let) and self._worth(stmt) and inside.isdisjoint(stmt.args) and (
                    sure or stmt.op is NEW or _quiet(stmt)) and not (chooses and is_singular(stmt.op, stmt.args)):
                out.append(stmt)
                inside.difference_update(stmt.outs)
            else:
                kept.append(stmt)
                # What may raise stays behind the effects before it.
                sure = sure and not has_effect((stmt,))
        return [*out, replace(inner, body=tuple(kept))] if out else [inner]

    def _worth(self, let: Let) -> bool:
        if let.op is NEW:
            return let.out in self.tables  # which nothing changes
        if let.op.effect or isinstance(let.op, CallOp) or let.op.name in _STAY or len(let.outs) != 1 or let.out.hint:
            return False
        if not let.out.type.is_numeric or let.out.type.shape is None:
            return False
        cheap = let.op in _ARITHMETIC and let.out.type.rank == 0
        return not cheap or self.uses[let.out] > (FEW if let.op is OPERATORS["neg"] else 1)


def makes_a_trip(loop: Loop) -> bool:
    """Is it known that the loop makes one?"""
    if loop.test is not None or loop.reads or not (loop.range or loop.elements):
        return False
    for e in loop.elements:
        shape = e.sequence.type.shape
        if e.sequence.type.kind != "array" or not shape or shape[0].least < 1:
            return False
    return loop.range is None or _goes_on(loop.range.start, loop.range.stop, loop.range.step)


def _goes_on(start: Any, stop: Any, step: Any) -> bool:
    if step == Lit(-1):
        start, stop = stop, start
    elif step != Lit(1):
        return False
    low, high = start.type.value, stop.type.value
    if low is None or high is None:
        return False
    if low.size is high.size:
        return bool(low.offset < high.offset)
    return low.size is None and low.offset < high.least


def _quiet(let: Let) -> bool:
    """Can this neither raise nor warn?"""
    if all(isinstance(a, Lit) for a in let.args):
        return _works(let)
    by_constant = let.op is OPERATORS["truediv"] and isinstance(let.args[1], Lit) and bool(let.args[1].value)
    numbers = all(a.type.kind == "number" and a.type.dtype is not None for a in let.args if isinstance(a, Var | Lit))
    return numbers and (let.op in _QUIET or by_constant)


def _works(let: Let) -> bool:
    """Does it work for its constants?"""
    args, kwargs = let.call([a.value for a in let.args if isinstance(a, Lit)])
    try:
        with warnings.catch_warnings(), np.errstate(all="raise"):
            warnings.simplefilter("error")
            let.op.function(*args, **kwargs)
    except (ArithmeticError, ValueError, TypeError, Warning):
        return False
    return True

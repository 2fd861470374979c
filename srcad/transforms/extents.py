"""Where the reverse sweep takes extents and shapes from: of what is there anyway.

    n = extent(t, 0)                             n = x.shape[0] - 2          (t was x[1:-1])
    d = np.zeros_like(t)       becomes           d = np.zeros_like(y)        (y has that type, and is read in any case)

So nothing is kept, and nothing is computed, for its shape alone.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, MutableMapping
from copy import copy
from typing import Any

import numpy as np

from srcad.ir import OPERATORS, Block, Builder, Func, Let, Lit, Loop, Stmt, Var
from srcad.ir.build import EXTENT
from srcad.ir.ops import op_of
from srcad.ir.types import Dim
from srcad.ir.walk import binds, bound, every, free, rebuild, unchanged
from srcad.transforms.live import live
from srcad.transforms.unbound import maybe_unbound

_ZEROS = frozenset({"np.zeros_like", "zeros_for"})
FACTS = frozenset({"extent", "np.shape", "np.ndim", "np.size", "len"}) | _ZEROS
_STORES = frozenset({"set_at", "index_add"})


class Extents:
    """For each type, shape and extent a variable that has it: the first of `candidates`, which are there to the end.
    `sizes`: those that extents of other values are computed from.  `kept`: what is asked as it is."""

    def __init__(self, candidates: Iterable[Var], sizes: Iterable[Var], kept: frozenset[Var] = frozenset()) -> None:
        self.kept = kept
        self.known: MutableMapping[Any, Var] = {}
        self.extents: dict[Any, tuple[Var, int, Dim]] = {}
        self._add(candidates, self.known)
        for v in sizes:
            for axis, d in enumerate(v.type.shape or () if v.type.kind == "array" else ()):
                if d.size is not None:
                    self.extents.setdefault(d, (v, axis, d))
                    self.extents.setdefault(d.size, (v, axis, d))

    @staticmethod
    def _add(candidates: Iterable[Var], known: MutableMapping[Any, Var]) -> None:
        for v in candidates:
            if v.type.is_numeric and v.type.shape:
                known.setdefault(v.type.shape, v)
                known.setdefault(_exact(v), v)

    def after(self, candidates: Iterable[Var]) -> Extents:
        """These, but further candidates come first."""
        result = copy(self)
        first: MutableMapping[Any, Var] = {}
        self._add(candidates, first)
        result.known = ChainMap(first, self.known) if first else self.known
        return result

    def block(self, block: Iterable[Stmt], only: frozenset[Var] | None = None) -> Block:
        """`block` with its shapes from there; of the variables `only`, where these are given."""
        made: list[Stmt] = []
        block = tuple(block)
        for s in block:
            if not isinstance(s, Let):
                made.append(rebuild(s, lambda a: a, lambda inner: self.block(inner, only)))
            elif s.op.name in FACTS and isinstance(s.args[0], Var) and (
                    s.args[0] not in self.kept if only is None else s.args[0] in only):
                made += self._fact(s, s.args[0])
            else:
                made.append(s)
        return unchanged(made, block)

    def _fact(self, let: Let, v: Var) -> list[Stmt]:
        zeros = let.op.name in _ZEROS
        same = self.known.get(_exact(v) if zeros else v.type.shape)
        made = [let] if same is None else [Let(let.outs, let.op, (same, *let.args[1:]), let.form, let.span)]
        if same is not None and (same.hint or not zeros):
            return list(made)
        build = Builder(let.span)
        if let.op is EXTENT:
            axis = next(iter((*let.call()[0][1:], *let.call()[1].values())))
            value = self._extent(build, v.type.shape[axis], let.outs) if v.type.shape and type(axis) is int else None
        else:
            value = self._zeros(build, v, let.outs) if zeros else None
        return list(made) if value is None else list(build.stmts)

    def _extent(self, build: Builder, d: Dim, outs: tuple[Var, ...] | None = None) -> Any:
        """The extent, made of one that is known, less or more a constant."""
        if d.size is None:
            return d.offset
        known = self.extents.get(d) or self.extents.get(d.size)
        if known is None:
            return None
        v, axis, own = known
        n = build.call(EXTENT, v, axis=axis)
        if own != d:
            less = own.offset > d.offset
            n = build.call(OPERATORS["sub" if less else "add"], n, Lit(abs(d.offset - own.offset)))
        _rename(build, outs)
        return n

    def _zeros(self, build: Builder, v: Var, outs: tuple[Var, ...]) -> Any:
        if v.type.kind != "array" or v.type.dtype is None or v.type.shape is None:
            return None
        extents = [self._extent(build, d) for d in v.type.shape]
        if any(e is None for e in extents):
            return None
        dtype: dict[str, Any] = {} if v.type.dtype == np.float64 else {"dtype": v.type.dtype}
        zeros = op_of(np.zeros)
        assert zeros is not None
        build.call(zeros, extents[0] if len(extents) == 1 else tuple(extents), **dtype)
        _rename(build, outs)
        return outs[0]


def _rename(build: Builder, outs: tuple[Var, ...] | None) -> None:
    """Let the last call bind `outs`."""
    if outs is not None:
        last = build.stmts.pop()
        assert isinstance(last, Let)
        build.stmts.append(Let(outs, last.op, last.args, last.form, last.span))


def without_facts(block: Iterable[Stmt]) -> Block:
    """What of `block` reads more than shapes."""
    block = tuple(block)
    return unchanged([s if isinstance(s, Let) else rebuild(s, lambda a: a, without_facts) for s in block
                      if not (isinstance(s, Let) and s.op.name in FACTS)], block)


def lasting_shapes(func: Func) -> list[Var]:
    """What `func` binds outside of loops and branches and has a value in any case, its arguments first."""
    unbound = maybe_unbound(func)
    return [v for v in (*func.inputs, *(v for s in func.body for v in binds(s))) if v not in unbound]


def from_what_is_there(func: Func, there: Block, back: Block, results: list[Any]) -> Block:
    """`back`, with its shapes from what it reads in any case, or else from what `there` computes in any case.

    What is stored into, or carried into a loop, comes last: its name may be needed for the next version."""
    plain = without_facts(back)
    read = free(plain, results)
    alive = bound(live((*there, *plain), results)) | frozenset(func.inputs)
    both = (*there, *back)
    stored = stored_in(both) | {c.init for s in every(both) if isinstance(s, Loop) for c in s.carries}
    inputs = frozenset(func.inputs)
    candidates = sorted((v for v in lasting_shapes(func) if v in alive), key=lambda v: (
        v in stored, v not in inputs and not v.hint, v not in read, v not in inputs, -v.serial))
    return Extents(candidates, candidates, (inputs | read) - stored).block(back)


def stored_in(block: Block) -> frozenset[Any]:
    """The versions of arrays that a store makes of one another."""
    stores = [s for s in every(block) if isinstance(s, Let) and s.op.name in _STORES]
    return frozenset(v for s in stores for v in (s.args[0], *s.outs))


def _exact(v: Var) -> Any:
    return v.type.kind, v.type.dtype, v.type.shape

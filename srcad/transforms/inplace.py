"""Which operations may overwrite their first argument: the last pass before NumPy is printed.

    x2 = set_at(x, i, v)          x[i] = v               x was made here, and nobody reads its memory afterwards
    dx2 = dx + g                  dx += g                the same, and dx has the shape and dtype of the result
    ys2 = append(ys, y)           ys.append(y)

A value is *whole* if this function allocated all of it: the result of an operation whose memory is fresh, or what a
carry or a choice makes of such values.  A whole value may be overwritten where it dies, if no other value that is alive
then may be in its memory (see `srcad.transforms.memory`), and none of it is the caller's.  If only views are in the
way, they are made copies: a part instead of the whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, assert_never

import numpy as np

from srcad.ir.calls import CallOp
from srcad.ir.core import HOLE, Block, Carry, Form, Func, If, Let, Lit, Loop, Stmt, Var
from srcad.ir.ops import Op
from srcad.ir.walk import every, rebuild
from srcad.transforms.liveness import Liveness, liveness
from srcad.transforms.memory import NOWHERE, Memory, Site, Sites
from srcad.transforms.usage import Uses, count_uses

STORES = ("set_at", "index_add")
SUMS = ("+", "-", "*", "/")
LISTS = ("append", "set_item", "add_at", "pop", "set_part", "concat")
# The printer's own copies; not the table's `np.copy`, since rules may not be loaded.
COPY = Op("np.copy", np.copy)
# Those that must not be given what they change.
_READ_FIRST = ("index_add", "append", "concat", "set_part")


def in_place(func: Func) -> tuple[Func, Uses, frozenset[Let], Memory]:
    """`func` with the copies that spare others; how often it reads each variable; its Lets that may be done in place;
    where values are then."""
    uses = count_uses(func)
    decision = _decided(func, None, uses)
    if not decision.simple or any(s.op.name in STORES and s not in decision.updates
                                  for s in every(func.body) if isinstance(s, Let)):
        func = with_copied_views(with_owned_carries(func))
        uses = count_uses(func)
        decision = _decided(func, frozenset(), uses)
    return func, uses, decision.updates, decision.memory or Memory(func, decision.updates)


@dataclass(frozen=True)
class _Decision:
    """What is done in place, if these views are made copies; `simple`: if no view ever was in the way."""

    updates: frozenset[Let]
    copied: frozenset[Var] = frozenset()
    memory: Memory | None = None
    simple: bool = True


def _decided(func: Func, may_copy: frozenset[Let] | None = None, uses: Uses | None = None) -> _Decision:
    """`may_copy`: the updates for which views may be copied; None for all."""
    live = liveness(func, uses)
    whole = _whole(func)
    names = _names(func)
    chosen = [s for s in every(func.body) if isinstance(s, Let) and _fits(s, names)
              and s.args[0] in whole and not live.after(s, s.args[0])]  # type: ignore[arg-type]
    simple = True
    while chosen:
        memory = Memory(func, frozenset(chosen))
        holders = _Holders(memory, live)
        needed = {s: _in_the_way(s, memory, holders, live) for s in chosen}
        simple = simple and not any(needed.values())
        kept = [s for s in chosen if needed[s] == set()
                or (needed[s] is not None and (may_copy is None or s in may_copy))]
        if len(kept) == len(chosen):
            copied = frozenset(v for s in kept for v in needed[s] or ())
            return _Decision(frozenset(chosen), copied, memory, simple)
        chosen = kept
    return _Decision(frozenset(), simple=simple)


class _Holders:
    """For each family of sites the variables that may be in its memory, or refer to it, and when they are needed."""

    def __init__(self, memory: Memory, live: Liveness) -> None:
        self.families = memory.families()
        found: dict[Site, list[tuple[int, int, int, Var]]] = {}
        for v in memory.own:
            for family in self.of(memory.all(v)):
                found.setdefault(family, []).extend((*i, v.serial, v) for i in live.ranges.get(v, ()))
        self.intervals = {family: sorted(rows) for family, rows in found.items()}
        self.latest = {family: list(accumulate((end for _, end, _, _ in rows), max))
                       for family, rows in self.intervals.items()}

    def of(self, sites: Sites) -> dict[Site, None]:
        return dict.fromkeys(self.families.get(s, s) for s in sites)

    def at(self, sites: Sites, point: int) -> Iterator[Var]:
        """The variables of the families of `sites` that are still needed after this point."""
        for family in self.of(sites):
            rows, latest = self.intervals.get(family, []), self.latest.get(family, [])
            i = bisect_right(rows, (point + 1,)) - 1
            while i >= 0 and latest[i] > point:
                if rows[i][1] > point:
                    yield rows[i][3]
                i -= 1


def _in_the_way(let: Let, memory: Memory, holders: _Holders, live: Liveness) -> set[Var] | None:
    """The views that must be copies before `let` may overwrite its argument; None if that may not be at all."""
    old = let.args[0]
    assert isinstance(old, Var)
    sites = memory.own.get(old, frozenset())
    if not sites or memory.may_be_callers(sites):
        return None
    others = [a for a in let.args[1:] if isinstance(a, Var)] if let.op.name in _READ_FIRST else []
    views: set[Var] = set()
    for v in (*others, *holders.at(sites, live.points[let])):
        if v in let.outs:
            continue
        for theirs in _held(v, live.points[let], memory, live):
            if any(memory.same(ours, theirs) for ours in sites):
                if theirs.by not in memory.views:
                    return None
                views.add(theirs.by)
    return views


def _held(v: Var, point: int, memory: Memory, live: Liveness) -> Sites:
    """The memory that `v` may be in or refer to at this point: a tape has the row of a trip once it is bound."""
    row, before = memory.rows.get(v, (v, NOWHERE))
    starts = [start for start, _ in live.ranges.get(row, ())]
    return before if row is not v and len(starts) == 1 and point < starts[0] else memory.all(v)


def _names(func: Func) -> dict[Var, str]:
    """What an anonymous value will be called: like the carry or the choice that it becomes.  (A carry without a name
    is told by its number.)"""
    names: dict[Any, str] = {}
    for stmt in every(func.body):
        if isinstance(stmt, Loop):
            for c in stmt.carries:
                names[c.param] = names[c.next] = c.param.hint or str(c.param.serial)
        elif isinstance(stmt, If):
            names.update((a, c.out.hint) for c in stmt.choices for a in (c.then, c.orelse) if isinstance(a, Var))
    return names


def _fits(let: Let, names: dict[Var, str]) -> bool:
    """Is this an operation whose result fits into its first argument?

    Arithmetic must make a new value of the same thing: `dx = dx + g`."""
    if not let.args or not isinstance(let.args[0], Var):
        return False
    old, new = let.args[0].type, let.outs[0].type
    name = let.op.name
    if name in LISTS:
        return old.kind == "sequence"
    if old.kind != "array" or new.kind != "array" or not old.has_dtype_of(new):
        return False
    if name in STORES:
        return True
    own = let.args[0].hint or names.get(let.args[0], "")
    same = own and (let.outs[0].hint or names.get(let.outs[0], "")) == own
    return bool(same and name in SUMS and old.shape and old.shape == new.shape)


def _whole(func: Func) -> frozenset[Any]:
    """The variables whose values are allocated here, as a whole."""
    # Carries are whole until a source of theirs is known not to be.
    candidates: set[Any] = set()
    copies: list[tuple[Var, Any]] = []
    for stmt in every(func.body):
        match stmt:
            case Let(op=op, outs=outs):
                if op.memory == "fresh" and not isinstance(op, CallOp):
                    candidates.update(outs[:1] if op.name == "pop" else outs)
                elif op.memory == "same":
                    candidates.update(outs)
                    copies.append((outs[0], stmt.args[0]))
            case If(choices=choices):
                candidates.update(c.out for c in choices)
                copies += [(c.out, a) for c in choices for a in (c.then, c.orelse)]
            case Loop(carries=carries):
                candidates.update(v for c in carries for v in (c.param, c.out))
                copies += [pair for c in carries
                           for pair in ((c.param, c.init), (c.param, c.next), (c.out, c.param))]
            case _:
                assert_never(stmt)
    readers: dict[Any, list[Var]] = {}
    for target, source in copies:
        readers.setdefault(source if isinstance(source, Var) else None, []).append(target)
    pending = [*readers.get(None, ()), *(t for s, ts in readers.items()
                                         if s is not None and s not in candidates for t in ts)]
    while pending:
        v = pending.pop()
        if v in candidates:
            candidates.discard(v)
            pending += readers.get(v, ())
    return frozenset(candidates)


def owns_its_results(func: Func, memory: Memory) -> bool:
    """Is every array of the result memory of its own, allocated here as a whole?"""
    arrays = [a for a in func.outputs if isinstance(a, Var) and a.type.kind not in ("number", "scalar")]
    constants = any(isinstance(a, Lit) and isinstance(a.value, np.ndarray) for a in func.outputs)
    if constants or any(v.type.kind != "array" for v in arrays) or not _whole(func).issuperset(arrays):
        return False
    sites = [memory.own.get(v, frozenset()) for v in arrays]
    return not any(map(memory.may_be_callers, sites)) and not any(
        memory.may_share(a, b) for i, a in enumerate(sites) for b in sites[:i])


def with_owned_carries(func: Func) -> Func:
    """Copy once, before a loop, what its trips would copy at every store.

        for i in range(n):                    y = x.copy()
            x = x.copy()           ->         for i in range(n):
            x[i] = ...                            y[i] = ...
    """
    copied = {s.args[0] for s in _copying(func)}
    starts = _starts(func.body, {})
    roots = {starts[v] for v in copied if v in starts}
    if not roots:
        return func
    before = len(_copying(func))
    for chosen in (roots, _with_partners(func, roots, starts)):
        owned = replace(func, body=_with_copies(func.body, chosen))
        if len(_copying(owned)) < before:
            return owned
    return func


def _with_partners(func: Func, roots: set[Carry], starts: dict[Any, Carry]) -> set[Carry]:
    """Also the carries that the trips of a loop exchange with them: `u, v = v, u`."""
    moves: list[tuple[Carry, Carry]] = []
    for loop in every(func.body):
        if not isinstance(loop, Loop):
            continue
        origin: dict[Any, Carry] = {c.param: starts[c.param] for c in loop.carries if c.param in starts}
        for s in every(loop.body):
            if isinstance(s, Let) and s.op.name in STORES and s.args[0] in origin:
                origin[s.out] = origin[s.args[0]]
            elif isinstance(s, Loop):
                origin.update((v, origin[c.init]) for c in s.carries if c.init in origin for v in (c.param, c.out))
        moves += [(starts[c.param], origin[c.next]) for c in loop.carries if c.param in starts and c.next in origin]
    found = set(roots)
    while more := {x for pair in moves for x in pair if not found.isdisjoint(pair)} - found:
        found |= more
    return found


def _copying(func: Func) -> list[Let]:
    """The stores that are not done in place, though views be copied for them."""
    stores = [s for s in every(func.body) if isinstance(s, Let) and s.op.name in STORES]
    done = _decided(func).updates if stores else frozenset()
    return [s for s in stores if s not in done]


def with_copied_views(func: Func) -> Func:
    """Copy the parts of an array that are looked at, where that spares copies of all of it.

        tape.append(x[1:])                    tape.append(x[1:].copy())
        x = x.copy()               ->         x[0] = ...
        x[0] = ...
    """
    stores = frozenset(s for s in every(func.body) if isinstance(s, Let) and s.op.name in STORES)
    copied = _decided(func, stores).copied if stores else frozenset()
    return replace(func, body=_copying_views(func.body, copied)) if copied else func


def _copying_views(block: Block, copied: frozenset[Var]) -> Block:
    made: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, Let):
            if stmt.outs[:1] and stmt.outs[0] in copied:
                view = Var("", stmt.out.type)
                made += [replace(stmt, outs=(view,)), Let(stmt.outs, COPY, (view,), Form((HOLE,)), stmt.span)]
            else:
                made.append(stmt)
        else:
            made.append(rebuild(stmt, lambda a: a, lambda b: _copying_views(b, copied)))
    return tuple(made)


def _starts(block: Block, known: dict[Any, Carry]) -> dict[Any, Carry]:
    """For what a loop carries, the outermost carry that it is a version of."""
    for stmt in block:
        match stmt:
            case Let():
                continue
            case If():
                _starts(stmt.then, known)
                _starts(stmt.orelse, known)
            case Loop():
                known.update((c.param, known.get(c.init, c)) for c in stmt.carries if c.param.type.kind == "array")
                _starts(stmt.body, known)
                known.update((c.out, known[c.param]) for c in stmt.carries if c.param in known)
            case _:
                assert_never(stmt)
    return known


def _with_copies(block: Block, roots: set[Carry]) -> Block:
    made: list[Stmt] = []
    for stmt in block:
        match stmt:
            case Let():
                made.append(stmt)
            case If():
                then, orelse = _with_copies(stmt.then, roots), _with_copies(stmt.orelse, roots)
                made.append(replace(stmt, then=then, orelse=orelse))
            case Loop():
                carries = []
                for c in stmt.carries:
                    if c in roots and isinstance(c.init, Var):
                        copy = Var(c.param.hint, c.init.type)
                        made.append(Let((copy,), COPY, (c.init,), Form((HOLE,)), stmt.span))
                        c = replace(c, init=copy)
                    carries.append(c)
                made.append(replace(stmt, carries=tuple(carries), body=_with_copies(stmt.body, roots)))
            case _:
                assert_never(stmt)
    return tuple(made)

"""Which operations may overwrite their first argument: the last pass before NumPy is printed.

    x2 = set_at(x, i, v)          x[i] = v               x was made here, and nobody reads its memory afterwards
    dx2 = dx + g                  dx += g                the same, and dx has the shape and dtype of the result
    ys2 = append(ys, y)           ys.append(y)

A value is *whole* if this function allocated all of it: the result of an operation whose memory is fresh, or what a
carry or a choice makes of such values.  A whole value may be overwritten where it dies, if no other value that is alive
then may be in its memory (see `srcad.transforms.memory`), and none of it is the caller's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

import numpy as np

from srcad.ir.calls import CallOp
from srcad.ir.core import HOLE, Block, Carry, Form, Func, If, Let, Loop, Stmt, Var
from srcad.ir.ops import Op
from srcad.ir.walk import every
from srcad.transforms.liveness import Liveness, liveness
from srcad.transforms.memory import CALLER, Memory, Site

STORES = ("set_at", "index_add")
SUMS = ("+", "-", "*", "/")
LISTS = ("append", "set_item", "add_at", "pop", "set_part", "concat")
# The printer's own copies; not the table's `np.copy`, since rules may not be loaded.
COPY = Op("np.copy", np.copy)
# Those that must not be given what they change.
_READ_FIRST = ("index_add", "append", "concat", "set_part")


def in_place_updates(func: Func) -> frozenset[Let]:
    """The Lets of `func` that may be done in place."""
    live = liveness(func)
    whole = _whole(func)
    names = _names(func)
    chosen = [s for s in every(func.body) if isinstance(s, Let) and _fits(s, names)
              and s.args[0] in whole and not live.after(s, s.args[0])]  # type: ignore[arg-type]
    while chosen:
        memory = Memory(func, frozenset(chosen))
        holders = _holders(memory)
        kept = [s for s in chosen if _may_overwrite(s, memory, holders, live)]
        if len(kept) == len(chosen):
            break
        chosen = kept
    return frozenset(chosen)


def _holders(memory: Memory) -> dict[Site, list[Var]]:
    """For each site the variables that may be in its memory, or refer to it."""
    holders: dict[Site, list[Var]] = {}
    for v in memory.own:
        for site in memory.all(v):
            holders.setdefault(site, []).append(v)
    return holders


def _may_overwrite(let: Let, memory: Memory, holders: dict[Site, list[Var]], live: Liveness) -> bool:
    old = let.args[0]
    assert isinstance(old, Var)
    sites = memory.own.get(old, frozenset())
    if CALLER in sites or not sites:
        return False
    if any(v not in let.outs and live.after(let, v) for site in sites for v in holders[site]):
        return False
    others = [memory.all(a) for a in let.args[1:] if isinstance(a, Var)]
    return let.op.name not in _READ_FIRST or not any(sites & other for other in others)


def _names(func: Func) -> dict[Var, str]:
    """What an anonymous value will be called: like the carry or the choice that it becomes."""
    names: dict[Any, str] = {}
    for stmt in every(func.body):
        if isinstance(stmt, Loop):
            names.update((c.next, c.param.hint) for c in stmt.carries if isinstance(c.next, Var))
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
    if old.kind != "array" or new.kind != "array" or old.dtype is None or old.dtype != new.dtype:
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
    owned = replace(func, body=_with_copies(func.body, roots))
    return owned if len(_copying(owned)) < len(_copying(func)) else func


def _copying(func: Func) -> list[Let]:
    """The stores that are not done in place."""
    stores = [s for s in every(func.body) if isinstance(s, Let) and s.op.name in STORES]
    done = in_place_updates(func) if stores else frozenset()
    return [s for s in stores if s not in done]


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

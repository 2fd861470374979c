"""Reverse mode.

Walk a block forwards, emitting each statement and collecting a thunk that will emit its adjoint; then run the thunks
backwards.  Whatever a nested block's adjoint reads and that block bound must be carried out of it: as tapes from a
loop, as extra choices of an `If`, as residuals of a call.

    def f(x):                       def f_adjoint(x, dy=1.0):
        t = np.sin(x)                   t = np.sin(x)
        y = t * t           becomes     y = t * t
        return y                        dt = dy * t + dy * t
                                        return y, dt * np.cos(x)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, assert_never

import numpy as np

from srcad.ir import (
    HOLE,
    PACK,
    RESIDUALS,
    Atom,
    Block,
    CallOp,
    Choice,
    Form,
    Func,
    If,
    Let,
    Lit,
    Loop,
    Op,
    Param,
    Stmt,
    Type,
    Undef,
    Var,
    join,
    map_tree,
    run,
    same_dtype,
    unpack_op,
)
from srcad.ir import leaves as leaves_of
from srcad.ir.types import OBJECT
from srcad.ir.walk import binds, bound, free
from srcad.rules.contexts import ENTER, LEAVE
from srcad.rules.indexing import rearranges, restored
from srcad.rules.ops import rule_of
from srcad.rules.sequences import ITEM, SET_ITEM
from srcad.rules.shapes import as_stated, project_to, unbroadcast_to
from srcad.rules.tapes import ADD_TREES, LOADS, STORES
from srcad.transforms.activity import activity, atoms_in, is_bundle, sources
from srcad.transforms.calls import bundle, call
from srcad.transforms.checkpoint import checkpointed
from srcad.transforms.derived import stated
from srcad.transforms.extents import from_what_is_there
from srcad.transforms.guards import Guards, entered
from srcad.transforms.live import live
from srcad.transforms.loops import loop
from srcad.transforms.prepare import prepared, without_write_backs
from srcad.transforms.rerun import obstacle
from srcad.transforms.residuals import Plan
from srcad.transforms.schedules import Schedule
from srcad.transforms.sweep import Sweep, Thunk, bar_of, name_after, prefixed
from srcad.transforms.undo import Kept, cheapest
from srcad.transforms.versions import Chain

TAPED = "not checkpointed"
COMMENT = Op("comment", lambda text: None, effect=True, infer=lambda text: (), outs=0)


def reverse(func: Func, wrt: Sequence[Var], *, has_aux: bool = False, checkpoint: Schedule | None = None) -> Func:
    """The adjoint: `(value, gradient)` of `func`, given the cotangent of its result.

    With `has_aux` it is the cotangent of the first part of the result, the other part being passed on.

    The gradient has a tree for each argument with variables of `wrt`, or is that tree if there is one argument."""
    func, end = without_write_backs(prepared(func))
    output = func.result[0] if has_aux else func.result
    active = activity(func, wrt, leaves_of(output))
    seed = seed_param(output, {*map(prefixed, active), *(v.hint for v in func.inputs)})

    def attempt(undone: list[Chain]) -> tuple[Kept, tuple[Block, Block, Any]]:
        sweep = Sweep(func, active, adjoint_of, undone, checkpoint)
        thunks = sweep.forward(func.body)
        with sweep.build.nested() as back, sweep.restoring.scope(func.body, back):
            for atom, bar in zip(leaves_of(output), leaves_of(seed.tree), strict=True):
                sweep.add(atom, bar)
            sweep.backward(thunks)
            sweep.build.span = func.span
            gradient = gradients(func, wrt, sweep.gradient)
        there = sweep.build.block
        return sweep.kept, (there, from_what_is_there(func, there, tuple(back), leaves_of(gradient)), gradient)

    there, back, gradient = cheapest(func, attempt)
    # What is reversed may be a derivative itself.
    again = any(isinstance(s, Let) and s.op is COMMENT and not _is_note(s) for s in there)
    heads = ((), comment("reverse of the above")) if again else ((comment("forward"),), comment("reverse"))
    body = (*heads[0], *there, heads[1], *back, *end)
    return Func(f"{func.name}_adjoint", (*func.params, seed), body, (func.result, gradient), func.span)


def comment(text: str) -> Let:
    """A line for the reader."""
    return Let((), COMMENT, (), Form((text,)))


def seed_param(output: Any, taken: Iterable[str] = ()) -> Param:
    """The argument that is the cotangent of a result: `dy`, unless something else is called so."""
    if isinstance(output, Var | Lit | Undef):
        other = "dresult" if "dy" in taken else "dy"
        hint = prefixed(output) if isinstance(output, Var) and output.hint else other
        bar, seed = bar_of(output, hint), one(output.type)
        if type(seed) is float and bar.type.kind == "scalar":
            bar = Var(hint, replace(bar.type, kind="number"))  # beside float32 it is not a double
        return Param(hint, bar, seed, True)

    def leaf(x: Any) -> Any:
        return bar_of(x) if isinstance(x, Var | Lit) and x.type.is_inexact else None

    return Param("dy", map_tree(leaf, output))


def one(t: Type) -> Any:
    """The number one, of this type: a Python float would make what it is broadcast to a double."""
    return 1.0 if t.dtype is None or t.dtype == np.float64 or t.dtype.kind not in "f" else t.dtype.type(1)


def gradients(func: Func, wrt: Iterable[Var], of: Any) -> Any:
    """`of(v)` for the variables of `wrt`, in the trees of the arguments."""
    chosen = frozenset(wrt)
    trees = [map_tree(lambda v: of(v) if v in chosen else None, p.tree) for p in func.params
             if any(v in chosen for v in leaves_of(p.tree) if isinstance(v, Var))]
    return trees[0] if len(trees) == 1 else tuple(trees)


def without_value(func: Func) -> Func:
    """The derivative alone: what only the value needed is gone."""
    body = live(func.body, [a for a in leaves_of(func.result[1]) if isinstance(a, Var)])
    return replace(func, body=body, result=func.result[1])


def adjoint_of(sweep: Sweep, stmt: Stmt) -> Thunk | None:
    """Emit `stmt`, and return what emits its adjoint (None if nothing flows through it)."""
    match stmt:
        case Let(op=CallOp()):
            return call(sweep, stmt)
        case Let():
            return let(sweep, stmt)
        case If():
            return branch(sweep, stmt)
        case Loop() if sweep.checkpoint and not sweep.active.isdisjoint(binds(stmt)):
            return _run_again(sweep, stmt)
        case Loop():
            return loop(sweep, stmt)
        case _:
            assert_never(stmt)


def _run_again(sweep: Sweep, stmt: Loop) -> Thunk | None:
    reason = obstacle(stmt)
    if reason is None:
        return checkpointed(sweep, stmt)
    sweep.build.add(replace(comment(f"{TAPED}: {reason}"), span=stmt.span))
    return loop(sweep, stmt)


def _is_note(stmt: Let) -> bool:
    return stmt.form.args[0].startswith(TAPED)


def let(sweep: Sweep, stmt: Let) -> Thunk | None:
    undone = sweep.restoring.save(stmt)
    sweep.build.add(stmt)
    if stmt.op in (ENTER, LEAVE):
        return context(sweep, stmt)
    if sweep.active.isdisjoint(stmt.outs) and not undone:
        return None

    def adjoint() -> None:
        gs = sweep.pop(stmt.outs)
        if any(g is not None for g in gs):
            _pull(sweep, stmt, gs)
        if undone:
            sweep.restoring.undo(stmt)

    return adjoint


def _pull(sweep: Sweep, stmt: Let, gs: list[Any]) -> None:
    if is_bundle(stmt):
        bundle(sweep, stmt, gs)
    elif stmt.op in LOADS:
        gather(sweep, stmt, gs[0])
    else:
        pull(sweep, stmt, gs)


def context(sweep: Sweep, stmt: Let) -> Thunk:
    """The adjoints of what stands between entering a context and leaving it stand in such a context too."""
    build = sweep.build
    if stmt.op is ENTER:
        sweep.entered[stmt.out] = stmt

        def end() -> None:
            again = sweep.reentered.pop(stmt.out, None)
            last = build.stmts[-1] if build.stmts else None
            if again is None:
                return
            if isinstance(last, Let) and last.outs == (again,):
                build.stmts.pop()
            else:
                build.call(LEAVE, again)

        return end

    def begin() -> None:
        (entering,) = (sweep.entered[a] for a in stmt.args if isinstance(a, Var))
        (sweep.reentered[entering.out],) = build.let(ENTER, entering.args, entering.form)

    return begin


def pull(sweep: Sweep, stmt: Let, gs: list[Any]) -> None:
    """Each argument gets what its rule makes of the result's cotangent."""
    rule = rule_of(stmt.op)
    args, kwargs = stmt.call()
    g = gs[0] if len(gs) == 1 else tuple(gs)
    y = stmt.outs[0] if len(stmt.outs) == 1 else stmt.outs
    unbroadcast = partial(unbroadcast_to, same=gs[0].type) if len(gs) == 1 else unbroadcast_to
    shares: list[tuple[Var, Any]] = []
    places = list(sources(stmt))
    for place, arg in reversed(places) if stmt.op in STORES else places:
        if sweep.active.isdisjoint(atoms_in(arg)):
            continue
        slices = sweep.guards.get(stmt.outs[0], ())
        vjp = _unmasked if _enters(sweep, stmt, place, arg) else stated(rule.vjps if rule else None, place, stmt)
        share = run(sweep.build, vjp, g, y, *args, **kwargs)
        shares += contributions(sweep, arg, share, unbroadcast if rule and rule.elementwise else project_to, slices)
    # In `x * x` both shares of x are one value: they are summed first, so that this is seen to be twice it.
    total: dict[Var, Any] = {}
    for x, share in shares:
        total[x] = sweep.sum(x, total[x], share) if x in total else share
    for x, share in total.items():
        sweep.add(x, share)


def _unmasked(g: Any, *_: Any) -> Any:
    return g


def _enters(sweep: Sweep, stmt: Let, place: int | str, arg: Any) -> bool:
    """Is `arg` in a slice that is masked where it is left?  (For numbers both must be: Python's quotients raise.)"""
    inside = sweep.guards.get(arg, ()) if isinstance(arg, Var) else ()
    return stmt.out.type.rank != 0 and any(s in inside for s in entered(stmt, place)) if inside else False


def contributions(sweep: Sweep, arg: Any, share: Any, project: Any, slices: Guards) -> list[tuple[Var, Any]]:
    """What each variable in an argument gets; a list of arguments has a list of shares.  It is masked where it leaves
    slices that only one side of an `np.where` reads."""
    if isinstance(arg, list | tuple):
        return [c for a, s in zip(arg, share, strict=True) for c in contributions(sweep, a, s, project, slices)]
    if isinstance(arg, Var) and arg in sweep.active and not isinstance(share, Undef):
        inner = sweep.guards.get(arg, ())
        share = sweep.mask(share, tuple(s for s in slices if s not in inner)) if slices else share
        return [(arg, run(sweep.build, project, share, arg))]
    return []


def gather(sweep: Sweep, stmt: Let, g: Any) -> None:
    """`y = x[i]`: the cotangent of x is one buffer, to which all loads add."""
    (x, index), _ = stmt.call()
    if x in sweep.active and stmt.out.type.kind == "array" and rearranges(index):
        sweep.add(x, run(sweep.build, lambda g: restored(g, index), run(sweep.build, project_to, g, x)))
    elif x in sweep.active:
        buffer = sweep.or_zero(sweep.bars.get(x), x)
        name_after(buffer, x)
        if stmt.out.type.kind == "sequence":
            # A list in a list: lists are not added by `+`.
            total = sweep.build.call(ADD_TREES, sweep.build.call(ITEM, buffer, index), g)
            sweep.bars[x] = sweep.build.call(SET_ITEM, buffer, index, total, hint=prefixed(x))
            return
        share = run(sweep.build, project_to, g, x)
        if not share.type.has_dtype_of(buffer.type):
            buffer = run(sweep.build, as_stated, buffer, x)
        sweep.bars[x] = sweep.build.call(LOADS[stmt.op], buffer, share, index, hint=prefixed(x))


def branch(sweep: Sweep, stmt: If) -> Thunk | None:
    """The adjoint of an `If` is an `If` on the same test."""
    undone = sweep.restoring.changed(stmt)
    if sweep.active.isdisjoint(c.out for c in stmt.choices) and not undone:
        sweep.build.add(stmt)
        return None
    put = sweep.reserve(stmt)
    sides, thunks = [], []
    for block in (stmt.then, stmt.orelse):
        with sweep.build.nested() as side:
            thunks.append(sweep.forward(block))
        sides.append(side)
    stmt, test = _completing(stmt)
    put(replace(stmt, then=tuple(sides[0]), orelse=tuple(sides[1])))
    longest = 3 if sweep.in_loop else -1

    def adjoint() -> None:
        gs = sweep.pop([c.out for c in stmt.choices])
        if all(g is None for g in gs) and not undone:
            return
        outer, blocks, bars = sweep.bars, [], []
        before, restored = dict(sweep.restoring.current), []
        for k, side in enumerate(thunks):
            with sweep.build.nested() as block, sweep.restoring.scope((stmt.then, stmt.orelse)[k], block):
                sweep.bars = dict(outer)
                for c, g in zip(stmt.choices, gs, strict=True):
                    if g is not None:
                        sweep.add((c.then, c.orelse)[k], g)
                for chain, c in undone:
                    sweep.restoring.arrive(chain, (c.then, c.orelse)[k], before[chain])
                sweep.backward(side)
            blocks.append(block)
            bars.append(sweep.bars)
            restored.append(dict(sweep.restoring.current))
        sweep.bars = outer
        sweep.build.span = stmt.span
        merged = _merge(sweep, blocks, bars, bound(tuple(sides[0])) | bound(tuple(sides[1])))
        again = [(chain, Choice(Var(c.out.hint, c.out.type), *(r[chain] for r in restored))) for chain, c in undone]
        merged += [c for _, c in again]
        forward, then, orelse = _carried_out(sweep, stmt, sides, blocks, merged, longest)
        put(forward)
        raising = [_raises(s) for s in (stmt.then, stmt.orelse)]
        if raising[0] != raising[1] and not undone and not stmt.catches:
            # Who comes back has come the other way.
            body, atom = then if raising[1] else orelse
            sweep.build.stmts += body
            ends = {c.out: atom(c.then if raising[1] else c.orelse) for c in merged}
            sweep.bars = {v: ends.get(g, g) for v, g in sweep.bars.items()}
            return
        sweep.build.add(If(test, then[0], orelse[0], tuple(
            Choice(c.out, then[1](c.then), orelse[1](c.orelse)) for c in merged), stmt.span))
        for chain, c in again:
            sweep.restoring.arrive(chain, sweep.restoring.version[chain], c.out)

    return adjoint


def _raises(block: Block) -> bool:
    return bool(block) and isinstance(block[-1], Let) and block[-1].op.name == "raise"


def _completing(stmt: If) -> tuple[If, Atom]:
    """The statement, and what says afterwards which of its sides gave the results."""
    if not stmt.catches:
        return stmt, stmt.test
    last = stmt.orelse[-1]
    if isinstance(last, Let) and last.op.name == "raise":
        return stmt, Lit(True)
    completed = Var("completed", Lit(True).type)
    return replace(stmt, choices=(*stmt.choices, Choice(completed, Lit(True), Lit(False)))), completed


def _merge(sweep: Sweep, blocks: list[list[Stmt]], bars: list[dict[Var, Any]], inside: frozenset[Var]) -> list[Choice]:
    """Choices between the cotangents that the two sides ended with, where they differ."""
    merged = []
    for v in sorted((bars[0].keys() | bars[1].keys()) - inside, key=lambda v: v.serial):
        if bars[0].get(v) is bars[1].get(v):
            sweep.bars[v] = bars[0][v]
            continue
        atoms: list[Atom] = []
        for block, found in zip(blocks, bars, strict=True):
            with sweep.into(block):
                atoms.append(sweep.or_zero(found.get(v), v))
        sweep.bars[v] = out = Var(prefixed(v), join(atoms[0].type, atoms[1].type))
        merged.append(Choice(out, *atoms))
    return merged


def _alike(a: Type, b: Type) -> bool:
    return (a.kind, a.rank, a.optional) == (b.kind, b.rank, b.optional) and same_dtype(a.dtype, b.dtype)


FEWEST = 3  # values that a side of an `If` hands on as one tuple, where something else has to hand them on again


def _is_small(t: Type) -> bool:
    """Is it nothing that may be changed in place?"""
    return t.kind in ("number", "scalar") or t in (RESIDUALS, OBJECT)


def _carried_out(sweep: Sweep, stmt: If, sides: list[list[Stmt]], blocks: list[list[Stmt]], merged: list[Choice],
                 longest: int) -> tuple[If, Any, Any]:
    """The forward `If` with extra choices for what the reversed sides read, and these sides reading them."""
    extra, results = [], []
    for k, (side, block) in enumerate(zip(sides, blocks, strict=True)):
        wanted = [(c.then, c.orelse)[k] for c in merged]
        inside = bound(tuple(side))
        body: Block = sweep.trimmed(block, wanted, inside)
        needed = free(body, wanted) & inside
        chosen = sweep.plan(needed, tuple(side), inside, (), stmt, longest) if longest >= 0 else \
            Plan(sorted(needed, key=lambda v: v.serial))
        there = {(c.then, c.orelse)[k]: c.out for c in stmt.choices}
        known = {v: there[v] for v in chosen.kept if v in there and _alike(there[v].type, v.type)}
        mapping = {v: known.get(v) or Var(v.hint, v.type) for v in chosen.kept}
        new = [v for v in mapping if v not in known]
        body, names = chosen.applied(body, mapping)
        packed = [v for v in new if _is_small(v.type)] if longest >= 0 else []
        if len(packed) >= FEWEST:
            with sweep.into(side):
                bundled = sweep.build.call(PACK, *packed, hint="residuals")
            mapping[bundled] = Var("residuals", bundled.type)
            op = unpack_op(tuple(v.type for v in packed))
            body = (Let(tuple(mapping[v] for v in packed), op, (mapping[bundled],), Form((HOLE,)), stmt.span), *body)
            new = [bundled, *(v for v in new if v not in packed)]
        sweep.unbound.update(mapping[v] for v in new)
        for v, none in [(v, Undef(v.type)) for v in new]:
            extra.append(Choice(mapping[v], v, none) if k == 0 else Choice(mapping[v], none, v))
        results.append((body, names.atom))
    forward = replace(stmt, then=tuple(sides[0]), orelse=tuple(sides[1]), choices=(*stmt.choices, *extra))
    return forward, results[0], results[1]

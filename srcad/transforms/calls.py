"""Calls of program functions in derivatives.

A callee is split into two halves: one runs it and keeps what the way back needs, one is the way back.

    f_forward(args) -> (results, residuals)
    f_reverse(arguments that it reads, residuals, cotangents of results) -> cotangents of arguments

Halves are made on demand for a pattern of active inputs and outputs, and remembered at the callee.  A recursive
function asks for its own halves while they are being made: it gets their names, and the signature that fits all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srcad.ir import (
    HOLE,
    PACK,
    RESIDUALS,
    CallOp,
    Form,
    Func,
    FuncRef,
    Let,
    Lit,
    Param,
    Stmt,
    Var,
    call_op,
    leaves,
    run,
    unpack_op,
)
from srcad.ir.walk import bound, free, has_effect
from srcad.rules.shapes import as_stated
from srcad.transforms.activity import Mask, active_atoms, activity
from srcad.transforms.derived import dual, suffix
from srcad.transforms.prepare import on_copies, prepared
from srcad.transforms.residuals import plan
from srcad.transforms.schedules import Schedule
from srcad.transforms.sweep import Dispatch, Sweep, Thunk, bar_of
from srcad.transforms.undo import Kept, cheapest
from srcad.transforms.versions import Chain


@dataclass
class Halves:
    """`reads` are the inputs that the way back takes, `inputs` those whose cotangents it gives, `outputs` those whose
    cotangents it takes; `residuals` says whether there are any."""

    forward: FuncRef
    reverse: FuncRef
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    reads: tuple[int, ...]
    residuals: bool = True
    done: bool = False
    recursive: bool = False


def split(ref: FuncRef, inputs: Mask, outputs: Mask, dispatch: Dispatch, checkpoint: Schedule | None = None) -> Halves:
    """The halves of `ref` for these active inputs and outputs."""
    key = ("halves", inputs, outputs, checkpoint)
    halves = ref.derived.get(key)
    if halves is None and ref.stated is not None:
        halves = ref.derived[key] = ref.stated.split(ref, inputs, outputs)
    elif halves is None:
        active, given = (tuple(k for k, yes in enumerate(mask) if yes) for mask in (inputs, outputs))
        names = [f"{ref.name}_{half}{suffix(ref, 'halves', inputs)}" for half in ("forward", "reverse")]
        halves = ref.derived[key] = Halves(FuncRef(names[0]), FuncRef(names[1]), active, given,
                                            tuple(range(len(inputs))))
        _fill(halves, on_copies(prepared(ref.known)), dispatch, checkpoint)
    elif not halves.done:
        halves.recursive = True
    return halves


def _fill(halves: Halves, func: Func, dispatch: Dispatch, checkpoint: Schedule | None) -> None:
    inputs, outputs = func.inputs, func.outputs
    wrt = [inputs[k] for k in halves.inputs]
    results = [outputs[k] for k in halves.outputs]
    active = activity(func, wrt, results)
    seeds = [bar_of(r, None if isinstance(r, Var) and r.hint else "dy") for r in results]

    def attempt(undone: list[Chain]) -> tuple[Kept, tuple[Sweep, list[Stmt], tuple[Any, ...]]]:
        sweep = Sweep(func, active, dispatch, undone, checkpoint)
        # Whatever a caller in a loop gets back it has to tape.
        sweep.in_loop = True
        thunks = sweep.forward(func.body)
        with sweep.build.nested() as body, sweep.restoring.scope(func.body, body):
            for r, seed in zip(results, seeds, strict=True):
                sweep.add(r, seed)
            sweep.backward(thunks)
            sweep.build.span = func.span
            gradient = tuple(map(sweep.gradient, wrt))
        return sweep.kept, (sweep, body, gradient)

    sweep, body, gradient = cheapest(func, attempt)
    forward = sweep.build
    inside = bound(forward.block)
    block = sweep.trimmed(body, gradient, inside)
    chosen = plan(free(block, gradient) & inside, forward.block, inside, (), sweep.lasting)
    mapping = {v: Var(v.hint, v.type) for v in chosen.kept}
    block, names = chosen.applied(block, mapping)
    gradient = tuple(map(names.atom, gradient))
    if not halves.recursive:
        used = free(block, gradient)
        halves.reads = tuple(k for k, v in enumerate(inputs) if v in used)
        halves.residuals = bool(chosen.kept)
    halves.done = True
    given: tuple[Var, ...] = ()
    result: Any = func.result
    if halves.residuals:
        alone = [v.type for v in chosen.kept] == [RESIDUALS] and sweep.unbound.isdisjoint(chosen.kept)
        bundle_ = chosen.kept[0] if alone else forward.call(PACK, *chosen.kept, hint="residuals")
        result, given = (func.result, bundle_), (mapping[bundle_] if alone else Var("residuals", bundle_.type),)
        if chosen.kept and not alone:
            op = unpack_op(tuple(v.type for v in chosen.kept))
            block = (Let(tuple(mapping.values()), op, given, Form((HOLE,)), func.span), *block)
    halves.forward.func = Func(halves.forward.name, func.params, forward.block, result, func.span)
    params = [Param(v.hint or "x", v) for v in (*(inputs[k] for k in halves.reads), *given, *seeds)]
    halves.reverse.func = Func(halves.reverse.name, tuple(params), block, gradient, func.span)


def call(sweep: Sweep, let: Let) -> Thunk | None:
    """Call the forward half now, and the way back later."""
    inputs, outputs = active_atoms(let.args, sweep.active), active_atoms(let.outs, sweep.active)
    if not any(inputs) or not any(outputs):
        sweep.build.add(let)
        return None
    assert isinstance(let.op, CallOp)
    halves = split(let.op.target, inputs, outputs, sweep.dispatch, sweep.checkpoint)
    residuals = (Var("residuals", _residuals_type(halves)),) if halves.residuals else ()
    outs = (*let.outs, *residuals)
    op = call_op(halves.forward, tuple(v.type for v in outs), let.op.effect)
    sweep.build.add(Let(outs, op, let.args, let.form, let.span))

    def adjoint() -> None:
        gs = sweep.pop(let.outs)
        if all(g is None for g in gs):
            return
        seeds = [run(sweep.build, as_stated, sweep.or_zero(gs[k], let.outs[k]), let.outs[k]) for k in halves.outputs]
        args = (*(let.args[k] for k in halves.reads), *residuals, *seeds)
        given = [let.args[k] for k in halves.inputs]
        loud = halves.reverse.func is not None and has_effect(halves.reverse.func.body)
        back = call_op(halves.reverse, tuple(dual(a.type) for a in given), loud)
        bars = tuple(bar_of(a) for a in given)
        sweep.build.add(Let(bars, back, args, Form((HOLE,) * len(args)), sweep.build.span))
        for a, bar in zip(given, bars, strict=True):
            sweep.add(a, bar)

    return adjoint


def _residuals_type(halves: Halves) -> Any:
    return halves.forward.func.outputs[-1].type if halves.forward.func else RESIDUALS


def bundle(sweep: Sweep, let: Let, gs: Sequence[Any]) -> None:
    """The cotangent of a bundle is the bundle of cotangents, None where there can be none."""
    if let.op is PACK:
        op = unpack_op(tuple(dual(a.type) if a.type.is_inexact else a.type for a in let.args))
        bars = tuple(bar_of(a) for a in let.args)
        sweep.build.add(Let(bars, op, (gs[0],), Form((HOLE,)), sweep.build.span))
        for a, bar in zip(let.args, bars, strict=True):
            sweep.add(a, bar)
    else:
        parts = [sweep.or_zero(g, v) if v.type.is_inexact else Lit(None) for g, v in zip(gs, let.outs, strict=True)]
        sweep.add(let.args[0], sweep.build.call(PACK, *parts))


def pair(func: Func, wrt: Sequence[Var], dispatch: Dispatch, checkpoint: Schedule | None = None) -> Halves:
    """The halves of a function at the top, whose way back may be called many times."""
    chosen = frozenset(wrt)
    outputs = tuple(a.type.is_inexact for a in leaves(func.result) if hasattr(a, "type"))
    return split(FuncRef(func.name, func), tuple(v in chosen for v in func.inputs), outputs, dispatch, checkpoint)

"""Which variables have a derivative that matters.

A variable is *varied* if it depends on the inputs that we differentiate by, and *useful* if an output depends on it; it
is *active* if it is both.  Only values that can carry a derivative count: a comparison or a shape ends the way.

    def f(x, n):            wrt x:  varied  t, u, y      useful  x, t, y      active  x, t, y
        t = x * n
        u = x + n           (u is varied and nothing needs it;
        y = t * t            n could be useful, but it does not vary)
        return y
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, assert_never

from srcad.ir import HOLE, PACK, Atom, Block, CallOp, Func, FuncRef, If, Let, Loop, Stmt, UnpackOp, Var, leaves
from srcad.rules.ops import Rule, rule_of

Mask = tuple[bool, ...]


def activity(func: Func, wrt: Iterable[Var], outputs: Iterable[Any] | None = None) -> frozenset[Var]:
    """The variables of `func` that vary with `wrt` and matter for `outputs` (all outputs, if not said otherwise)."""
    used = useful(func.body, func.outputs if outputs is None else outputs)
    return varied(func, wrt) & used


def varied(func: Func, wrt: Iterable[Var]) -> frozenset[Var]:
    found = {v for v in wrt if v.type.is_inexact}
    _vary_block(func.body, found)
    return frozenset(found)


def useful(block: Block, outputs: Iterable[Any]) -> frozenset[Var]:
    found: set[Var] = set()
    _mark(found, outputs)
    _use_block(block, found)
    return frozenset(found)


def useful_in_loop(loop: Loop, rows: Iterable[Var], outs: Iterable[Var]) -> frozenset[Var]:
    """What matters inside `loop` when only these tapes and these carries matter after it."""
    found = {*rows, *outs}
    _use(loop, found)
    return frozenset(found)


def sources(let: Let) -> Iterator[tuple[int | str, Any]]:
    """The arguments of a call that its result's derivative depends on, each with its position or its name."""
    rule = rule_of(let.op)
    args, kwargs = let.call()
    if rule is None:
        yield from enumerate(args)
    else:
        yield from ((i, a) for i, (a, yes) in enumerate(zip(args, _carrying(rule, len(args)), strict=True)) if yes)
    if rule is None or rule.vjps or rule.jvps:
        yield from kwargs.items()


def needed(let: Let) -> list[Var]:
    """The variables in `sources` that may carry a derivative."""
    form = let.form
    if form.kwargs or any(a is not HOLE for a in form.args):
        return [a for _, arg in sources(let) for a in atoms_in(arg)]
    return [a for a, yes in zip(let.args, _carrying(rule_of(let.op), len(let.args)), strict=True)
            if yes and isinstance(a, Var) and a.type.is_inexact]


@lru_cache(4096)
def _carrying(rule: Rule | None, count: int) -> Mask:
    """Which of the positional arguments a result's derivative depends on."""
    return tuple(rule is None or any(i < len(fs) and fs[i] is not None for fs in (rule.jvps, rule.vjps))
                 for i in range(count))


def atoms_in(tree: Any) -> Iterator[Var]:
    """The variables that may carry a derivative in an argument."""
    parts = [tree.start, tree.stop, tree.step] if isinstance(tree, slice) else leaves(tree)
    for a in parts:
        if isinstance(a, slice):
            yield from atoms_in(a)
        elif isinstance(a, Var) and a.type.is_inexact:
            yield a


def _mark(found: set[Var], atoms: Iterable[Any]) -> None:
    found.update(a for a in atoms if isinstance(a, Var) and a.type.is_inexact)


def _vary_block(block: Block, found: set[Var]) -> None:
    for stmt in block:
        _vary(stmt, found)


def _vary(stmt: Stmt, found: set[Var]) -> None:
    match stmt:
        case Let(op=CallOp() as op):
            mask = tuple(a in found for a in stmt.args)
            _mark(found, (v for v, yes in zip(stmt.outs, varied_outputs(op.target, mask), strict=True) if yes))
        case Let():
            if any(a in found for a in stmt.args if isinstance(a, Var)) and not found.isdisjoint(needed(stmt)):
                _mark(found, stmt.outs)
        case If():
            _vary_block(stmt.then, found)
            _vary_block(stmt.orelse, found)
            _mark(found, (c.out for c in stmt.choices if c.then in found or c.orelse in found))
        case Loop():
            _mark(found, (e.var for e in stmt.elements if e.sequence in found))
            _mark(found, (r.element for r in stmt.reads if r.tape in found))
            before = -1
            while before != len(found):
                before = len(found)
                _mark(found, (v for c in stmt.carries if c.init in found or c.next in found for v in (c.param, c.out)))
                _vary_block(stmt.body, found)
            _mark(found, (w.tape for w in stmt.writes if w.row in found))
        case _:
            assert_never(stmt)


def _use_block(block: Block, found: set[Var]) -> None:
    for stmt in reversed(block):
        _use(stmt, found)


def _use(stmt: Stmt, found: set[Var]) -> None:
    match stmt:
        case Let(op=CallOp() as op):
            mask = tuple(v in found for v in stmt.outs)
            if any(mask):
                _mark(found, (a for a, yes in zip(stmt.args, useful_inputs(op.target, mask), strict=True) if yes))
        case Let():
            if not found.isdisjoint(stmt.outs):
                found.update(needed(stmt))
        case If():
            _mark(found, (a for c in stmt.choices if c.out in found for a in (c.then, c.orelse)))
            _use_block(stmt.then, found)
            _use_block(stmt.orelse, found)
        case Loop():
            _mark(found, (w.row for w in stmt.writes if w.tape in found))
            before = -1
            while before != len(found):
                before = len(found)
                for c in stmt.carries:
                    if c.out in found or c.param in found:
                        _mark(found, (c.init, c.next))
                _use_block(stmt.body, found)
            _mark(found, (e.sequence for e in stmt.elements if e.var in found))
            _mark(found, (r.tape for r in stmt.reads if r.element in found))
        case _:
            assert_never(stmt)


def varied_outputs(ref: FuncRef, inputs: Mask) -> Mask:
    """Which outputs of a callee vary when these inputs do.  Within a recursion all are taken to."""
    if ref.stated is not None:
        return tuple(any(inputs) and a.type.is_inexact for a in ref.known.outputs)
    key = ("varied", inputs)
    if key not in ref.derived:
        func = ref.known
        ref.derived[key] = tuple(any(inputs) for _ in func.outputs)
        found = varied(func, _chosen(func.inputs, inputs))
        ref.derived[key] = tuple(a in found for a in func.outputs)
    return ref.derived[key]


def useful_inputs(ref: FuncRef, outputs: Mask) -> Mask:
    """Which inputs of a callee matter when these outputs do."""
    if ref.stated is not None:
        return tuple(any(outputs) and v.type.is_inexact for v in ref.known.inputs)
    key = ("useful", outputs)
    if key not in ref.derived:
        func = ref.known
        ref.derived[key] = tuple(True for _ in func.inputs)
        found = useful(func.body, _chosen(func.outputs, outputs))
        ref.derived[key] = tuple(a in found for a in func.inputs)
    return ref.derived[key]


def _chosen(items: Sequence[Any], mask: Mask) -> list[Any]:
    return [a for a, yes in zip(items, mask, strict=True) if yes]


def is_bundle(let: Let) -> bool:
    """Does `let` pack residuals, or unpack them?"""
    return let.op is PACK or isinstance(let.op, UnpackOp)


def active_atoms(atoms: Iterable[Atom], active: frozenset[Var]) -> Mask:
    return tuple(a in active for a in atoms)

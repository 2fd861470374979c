"""Forward mode: each statement is followed by the statement of its tangent.

    def f(x):                       def f_tangent(x, x_dot):
        t = np.sin(x)                   t = np.sin(x)
        y = t * t                       t_dot = x_dot * np.cos(x)
        return y         becomes        y = t * t
                                        return y, t_dot * t + t_dot * t

A loop carries tangents beside what it carries, a tape has a tape of tangents, a call is a call of the callee's tangent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

import numpy as np

from srcad.errors import Problem, Unsupported
from srcad.ir import (
    HOLE,
    OPERATORS,
    PACK,
    Block,
    Builder,
    CallOp,
    Carry,
    Choice,
    Element,
    Form,
    Func,
    FuncRef,
    If,
    Let,
    Lit,
    Loop,
    Param,
    Read,
    Stmt,
    Undef,
    Var,
    Write,
    call_op,
    is_number,
    join,
    map_tree,
    run,
    unpack_op,
)
from srcad.ir.raising import may_raise
from srcad.ir.walk import binds, bound, every, free, has_effect, reads, substitute
from srcad.rules.factors import signed
from srcad.rules.ops import Rule, rule_of
from srcad.rules.shapes import same_shape, zeros_for
from srcad.rules.symbols import recorded, shape
from srcad.rules.tapes import ADD_TREES, STRETCHED, ZEROS_FOR
from srcad.transforms.activity import Mask, activity, atoms_in, is_bundle, sources
from srcad.transforms.derived import dual, refusal, stated, suffix
from srcad.transforms.prepare import prepared
from srcad.transforms.unbound import maybe_unbound


def forward(func: Func, wrt: Sequence[Var]) -> Func:
    """The tangent: `(value, tangent)` of `func`, given the tangents of `wrt` (an argument `x_dot` for each `x`)."""
    func, chosen = prepared(func), frozenset(wrt)
    push = _Push(activity(func, wrt), maybe_unbound(func))
    params = [Param(f"{p.name}_dot", tree) for p in func.params
              for tree in [map_tree(lambda v: push.new(v) if v in chosen else None, p.tree)]
              if any(isinstance(v, Var) and v in chosen for v in _leaves(p.tree))]
    push.block(func.body)
    push.build.span = func.span
    tangent = map_tree(push.result, func.result)
    return Func(f"{func.name}_tangent", (*func.params, *params), push.build.block, (func.result, tangent), func.span)


def _leaves(tree: Any) -> list[Any]:
    found: list[Any] = []
    map_tree(found.append, tree)
    return found


class _Push:
    def __init__(self, active: frozenset[Var], unbound: frozenset[Var]) -> None:
        self.active, self.unbound = active, unbound
        self.build = Builder()
        self.dots: dict[Var, Any] = {}

    def new(self, v: Var) -> Var:
        """A new variable, the tangent of `v`."""
        self.dots[v] = dot = Var(_hint(v), dual(v.type))
        return dot

    def result(self, a: Any) -> Any:
        if isinstance(a, Undef):
            return a
        return self.of(a) if isinstance(a, Var | Lit) and a.type.is_inexact else None

    def has(self, a: Any) -> bool:
        return isinstance(a, Var) and a in self.dots and a in self.active

    def of(self, a: Any, like: Any = None) -> Any:
        """The tangent of an atom, a zero if it has none."""
        if self.has(a):
            return self.dots[a]
        if isinstance(a, Undef):
            return a
        if a in self.unbound and a.type.rank != 0:
            return self.build.call(ZEROS_FOR, a)
        return run(self.build, zeros_for, a if like is None else like)

    def block(self, block: Block) -> None:
        for stmt in block:
            self.build.span = stmt.span
            self.stmt(stmt)

    def stmt(self, stmt: Stmt) -> None:
        match stmt:
            case Let(op=CallOp() as op) if any(map(self.has, stmt.args)) and not self.active.isdisjoint(stmt.outs):
                self.call(stmt, op.target)
            case Let():
                self.build.add(stmt)
                if not self.active.isdisjoint(stmt.outs):
                    self.let(stmt)
            case If():
                self.branch(stmt)
            case Loop():
                self.loop(stmt)
            case _:
                assert_never(stmt)

    # --- operations

    def let(self, stmt: Let) -> None:
        rule = rule_of(stmt.op)
        if is_bundle(stmt):
            parts: Sequence[Any] = self.bundle(stmt)
        elif rule is not None and rule.joint:
            parts = self.applied(stmt, rule)
        else:
            parts = self.summed(stmt, rule)
        for v, dot in zip(stmt.outs, parts, strict=True):
            if v in self.active:
                self.dots[v] = dot
                if isinstance(dot, Var) and not dot.hint:
                    dot.hint = _hint(v)

    def bundle(self, stmt: Let) -> Sequence[Var]:
        if stmt.op is PACK:
            return (self.build.call(PACK, *(self.of(a) if a.type.is_inexact else Lit(None) for a in stmt.args)),)
        op = unpack_op(tuple(dual(v.type) if v.type.is_inexact else v.type for v in stmt.outs))
        return self.build.let(op, (self.of(stmt.args[0]),), Form((HOLE,)))

    def applied(self, stmt: Let, rule: Rule) -> Sequence[Var]:
        """A linear operation is applied to the tangents."""
        def tangent(a: Any) -> Any:
            if isinstance(a, Var | Lit):
                return self.of(a)
            return 0.0 if is_number(a) else a

        args, kwargs = stmt.call()
        linear = frozenset(i for i, transpose in enumerate(rule.vjps) if transpose is not None)
        moved = [map_tree(tangent, a) if i in linear else a for i, a in enumerate(args)]
        self._refuse_unstated(stmt)
        if stmt.op.outs == 1 and linear == {0} and isinstance(moved[0], Var):
            return (run(self.build, signed(recorded(stmt.op.function)), *moved, **kwargs),)
        if stmt.op.outs == 1:
            return (self.build.call(stmt.op, *moved, **kwargs),)
        return self.build.calls(stmt.op, *moved, **kwargs)

    def _refuse_unstated(self, stmt: Let) -> None:
        for place, arg in sources(stmt):
            if isinstance(place, str) and any(map(self.has, atoms_in(arg))):
                raise refusal(stmt, place)

    def summed(self, stmt: Let, rule: Rule | None) -> Sequence[Any]:
        """Each argument adds what its rule makes of its tangent."""
        args, kwargs = stmt.call()
        y = stmt.outs[0] if len(stmt.outs) == 1 else stmt.outs
        total: list[Any] = [None] * len(stmt.outs)
        for place, arg in sources(stmt):
            if not any(map(self.has, atoms_in(arg))):
                continue
            jvp = stated(rule.jvps if rule else None, place, stmt)
            dot = self.dots[arg] if isinstance(arg, Var) else map_tree(self.of, arg)
            share = run(self.build, jvp, dot, y, *args, **kwargs)
            shares = share if isinstance(share, tuple) and len(stmt.outs) > 1 else (share,)
            total = [self.sum(v, a, b) for v, a, b in zip(stmt.outs, total, shares, strict=True)]
        return [self.fitted(t, v) for t, v in zip(total, stmt.outs, strict=True)]

    def sum(self, v: Var, a: Any, b: Any) -> Any:
        if a is None or b is None or isinstance(b, Undef):
            return b if a is None else a
        op = ADD_TREES if v.type.kind in ("sequence", "object") else OPERATORS["add"]
        return self.build.call(op, a, b, hint=_hint(v))

    def fitted(self, dot: Any, v: Var) -> Any:
        """`dot` in the shape of `v`: the tangent of a sum with an array has the array's shape."""
        if dot is None or isinstance(dot, Undef):
            return self.of(v)
        if not v.type.is_numeric or same_shape(dot.type, v.type) or v.type.rank == 0:
            return dot
        if v.type.rank is None:
            return self.build.call(STRETCHED, dot, v)
        return run(self.build, lambda t, y: np.broadcast_to(t, shape(y)), dot, v)

    def call(self, stmt: Let, target: FuncRef) -> None:
        mask = tuple(map(self.has, stmt.args))
        ref = tangent_of(target, mask)
        moving = [v for v, a in zip(stmt.outs, target.known.outputs, strict=True) if a.type.is_inexact]
        dots = [self.new(v) for v in moving]
        outs = (*stmt.outs, *dots)
        args = (*stmt.args, *(self.of(a) for a, yes in zip(stmt.args, mask, strict=True) if yes))
        op = call_op(ref, tuple(v.type for v in outs), stmt.op.effect)
        self.build.add(Let(outs, op, args, Form((HOLE,) * len(args)), stmt.span))

    # --- blocks

    def attempt(self, stmt: If) -> None:
        """The tangents of a `try` come after it, so that what they raise is not taken for what the block raises."""
        moving = [c for c in stmt.choices if c.out in self.active]
        with self.build.nested() as block:
            self.block(stmt.then)
            dots = [self.of(c.then) for c in moving]
        with self.build.nested() as handler:
            self.block(stmt.orelse)
            others = [self.of(c.orelse) for c in moving]
        then = _staying(block, stmt.then)
        after = tuple(s for s in block if s not in then)
        old, last = set(every(stmt.then)), stmt.orelse[-1]
        again = isinstance(last, Let) and last.op.name == "raise"
        if not again and any(may_raise((s,), stmt.catches) for s in every(then) if isinstance(s, Let) and s not in old):
            raise Unsupported(Problem(stmt.span, "forward mode of a loop, a branch or a call in this `try`",
                                      "what its tangent raises could be taken for what it raises itself",
                                      "put only what raises into the `try`, or use reverse mode"))
        completed = Var("completed", Lit(True).type)
        inner = bound(then)
        outs = {v: Var(v.hint, v.type) for v in sorted(free(after, dots) & inner, key=lambda v: v.serial)}
        back = {a: Var(a.hint, a.type) for a in others if isinstance(a, Var) and a in bound(tuple(handler))}
        extra = [Choice(completed, Lit(True), Lit(False)),
                 *(Choice(out, v, Undef(v.type)) for v, out in outs.items()),
                 *(Choice(out, Undef(a.type), a) for a, out in back.items())]
        self.build.add(replace(stmt, then=then, orelse=tuple(handler), choices=(*stmt.choices, *extra)))
        choices = []
        for c, a, b in zip(moving, dots, others, strict=True):
            types = [x.type for x in (a, b) if not isinstance(x, Undef)]
            self.dots[c.out] = out = Var(_hint(c.out), join(types[0], types[-1]))
            choices.append(Choice(out, outs.get(a, a), back.get(b, b)))
        if choices:
            self.build.add(If(completed, substitute(after, outs), (), tuple(choices), stmt.span))

    def branch(self, stmt: If) -> None:
        if stmt.catches:
            self.attempt(stmt)
            return
        moving = [c for c in stmt.choices if c.out in self.active]
        sides: list[Block] = []
        dots: list[list[Any]] = []
        for k, side in enumerate((stmt.then, stmt.orelse)):
            with self.build.nested() as block:
                self.block(side)
                dots.append([self.of((c.then, c.orelse)[k]) for c in moving])
            sides.append(tuple(block))
        choices = []
        for c, a, b in zip(moving, *dots, strict=True):
            types = [x.type for x in (a, b) if not isinstance(x, Undef)]
            self.dots[c.out] = out = Var(_hint(c.out), join(types[0], types[-1]))
            choices.append(Choice(out, a, b))
        self.build.add(replace(stmt, then=sides[0], orelse=sides[1], choices=(*stmt.choices, *choices)))

    def loop(self, stmt: Loop) -> None:
        # A carry that each trip sets anew has a tangent after the loop, though its param is of no use.
        moving = [c for c in stmt.carries if c.param in self.active or c.out in self.active]
        inits = [self.of(c.init) for c in moving]
        params = [self.new(c.param) for c in moving]
        elements = [Element(self.new(e.var), self.of(e.sequence)) for e in stmt.elements
                    if e.var in self.active and self.has(e.sequence)]
        reads = [Read(self.new(r.element), self.of(r.tape)) for r in stmt.reads
                 if r.element in self.active and self.has(r.tape)]
        with self.build.nested() as body:
            self.block(stmt.body)
            nexts = [self.of(c.next, p if _keeps_its_size(c) else None) for c, p in zip(moving, params, strict=True)]
            rows = [(w, self.of(w.row)) for w in stmt.writes if w.tape in self.active]
        carries = [Carry(self.new(c.out), p, i, n) for c, p, i, n in zip(moving, params, inits, nexts, strict=True)]
        writes = [Write(self.new(w.tape), row) for w, row in rows]
        self.build.add(replace(
            stmt, body=tuple(body), carries=(*stmt.carries, *carries), writes=(*stmt.writes, *writes),
            elements=(*stmt.elements, *elements), reads=(*stmt.reads, *reads)))


def _keeps_its_size(c: Carry) -> bool:
    """Is a zero for what a trip begins with one for what it ends with?"""
    t = c.param.type
    return t.kind not in ("sequence", "unknown") and (not isinstance(c.next, Var) or t.shape == c.next.type.shape)


def _staying(block: Sequence[Stmt], primal: Block) -> Block:
    """What of a block with tangents the primal statements are in, or need."""
    own, needed, kept = bound(primal), set[Var](), list[Stmt]()
    for s in reversed(block):
        if s in primal or has_effect((s,)) or not own.isdisjoint(binds(s)) or not needed.isdisjoint(binds(s)):
            kept.append(s)
            needed |= reads(s)
    return tuple(reversed(kept))


def tangent_of(ref: FuncRef, mask: Mask) -> FuncRef:
    """The tangent of a callee for these active inputs; a recursive one finds itself here."""
    key = ("tangent", mask)
    if key not in ref.derived:
        found = ref.derived[key] = FuncRef(f"{ref.name}_tangent{suffix(ref, 'tangent', mask)}")
        if ref.stated is not None:
            found.func = replace(ref.stated.tangent(ref, mask), name=found.name)
            return found
        chosen = [v for v, yes in zip(ref.known.inputs, mask, strict=True) if yes]
        found.func = replace(forward(ref.known, chosen), name=found.name)
    return ref.derived[key]


def _hint(v: Var) -> str:
    return f"{v.hint}_dot" if v.hint else ""

"""Simplification: one walk through a program, which knows for each variable what else it is.

    g = 1.0 * dy                                 (dy)
    u = np.sin(x)                                u = np.sin(x)
    v = np.sin(x)          becomes               (u)
    t = -g                                       (gone, if nobody else reads it)
    d = a + t                                    d = a - dy

What is folded is exact: `0 * x`, `x - x` and `x / x` stay, since x may be infinite or NaN, and so does `x + 0.0`,
which turns -0.0 into 0.0.  An operation that makes a new array to be written to is never shared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, assert_never

import numpy as np

from srcad.ir import (
    HOLE,
    OPERATORS,
    Atom,
    Block,
    Builder,
    CallOp,
    Choice,
    Form,
    Func,
    If,
    Let,
    Listing,
    Lit,
    Loop,
    Stmt,
    Test,
    Type,
    Var,
    Write,
    leaves,
    map_tree,
    same_dtype,
)
from srcad.ir.infer import broadcast, elementwise
from srcad.ir.walk import every, rebuild
from srcad.rules.tapes import INDEX_ADD, SET_AT
from srcad.transforms.algebra import Surroundings, accumulated, rewritten, undone, without_minus
from srcad.transforms.live import live
from srcad.transforms.usage import Uses, count_uses

_ADD, _SUB, _MUL, _DIV, _NEG = (OPERATORS[name] for name in ("add", "sub", "mul", "truediv", "neg"))
_BUFFERS = frozenset({"np.zeros", "np.zeros_like", "np.empty", "np.empty_like", "np.full", "np.ones", "np.ones_like",
                      "np.full_like", "np.copy", "np.array", "zeros_for", "new", "set_at", "index_add"})
_REORDERING = frozenset({"np.transpose", "np.swapaxes", "np.matrix_transpose"})
REWRITTEN = _REORDERING | {"set_at", "index_add", "+", "-", "*", "/"}
_FOLDED = frozenset(OPERATORS[name] for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "neg", "lt", "le",
                                                 "gt", "ge", "eq", "ne"))


def simplify(func: Func) -> Func:
    """The same function, shorter."""
    rewriter = _Rewriter(func)
    body = rewriter.block(func.body)
    result = map_tree(rewriter.atom, func.result)
    return replace(func, body=live(body, (a for a in leaves(result) if isinstance(a, Var))), result=result)


class _Rewriter:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.known: dict[Var, Atom] = {}                            # what a variable is, where it is something else
        self.made: dict[Any, tuple[Var, ...]] = {}                  # calls in scope, with their results
        self.made_here: list[Any] = []                              # those of this block
        self.defined: dict[Var, Let] = {}
        self.spread: dict[Any, Atom] = {}                           # what is stretched to these, by np.broadcast_to
        self.here: set[Atom] = set()                                # what this block has bound so far
        self.around = Surroundings(lambda a: self.defined[a] if a in self.here else None, lambda a: self.uses[a] < 2)

    @cached_property
    def uses(self) -> Uses:
        """How often what is given reads its variables."""
        return count_uses(self.func)

    def atom(self, a: Any) -> Any:
        return self.known.get(a, a) if isinstance(a, Var) else a

    def block(self, block: Block) -> Block:
        return tuple(s for stmt in block for s in self.stmt(stmt))

    def inner(self, block: Block) -> Block:
        """A block that sees what is known here, and whose own calls are unknown after it."""
        outer = self.here, self.made_here
        self.here, self.made_here = set(), []
        try:
            return self.block(block)
        finally:
            for key in self.made_here:
                del self.made[key]
            self.here, self.made_here = outer

    def stmt(self, stmt: Stmt) -> Iterable[Stmt]:
        match stmt:
            case Let():
                return self.let(stmt)
            case If():
                return self.branch(stmt)
            case Loop():
                return self.loop(stmt)
            case _:
                assert_never(stmt)

    def let(self, let: Let) -> Iterable[Let]:
        known = self.known
        if any(a in known for a in let.args):
            let = Let(let.outs, let.op, tuple(map(self.atom, let.args)), let.form, let.span)
        if let.op.effect:
            return [let]
        let = self.rewritten(let)
        if len(let.outs) == 1:
            same = self.value(let)
            if same is not None:
                self.known[let.out] = same
                return []
        if let.op.name in REWRITTEN:
            *lets, let = self.summed(let) if let.op in (_ADD, _SUB) else rewritten(let, self.around)
            before = [s for one in lets for s in self.let(one)]
            let = Let(let.outs, let.op, tuple(map(self.atom, let.args)), let.form, let.span)
            return [*before, *self.kept(let)]
        return self.kept(let)

    def kept(self, let: Let) -> Iterable[Let]:
        """The call itself, or what it is made of."""
        if let.op.name not in _BUFFERS and not isinstance(let.op, CallOp):
            key = let.op, let.form, let.args
            before = self.made.setdefault(key, let.outs)
            if before is not let.outs:
                self.known.update(zip(let.outs, before, strict=True))
                return []
            self.made_here.append(key)
        lets = self.added_in_place(let) if let.op is SET_AT else self.broadcast_last(let)
        for made in lets:
            for v in made.outs:
                self.defined[v] = made
                self.here.add(v)
                if made.op.name == "np.broadcast_to":
                    self.spread[v] = made.args[0]
                elif made.op.name == "np.expand_dims" and self.spread.get(made.args[0], v).type.rank == 0:
                    self.spread[v] = self.spread[made.args[0]]
        return lets

    def tapes(self, writes: Iterable[Write]) -> Iterable[Write]:
        """One tape of those that have the same rows."""
        rows: dict[Atom, Var] = {}
        for w in writes:
            first = rows.setdefault(w.row, w.tape)
            if first is w.tape or not {first, w.tape} <= self.private:
                yield w
            else:
                self.known[w.tape] = first

    def without_repeats(self, loop: Loop) -> Loop:
        """What the reverse of a loop reads of `[g] * n`, a cotangent as long as the loop, is g."""
        found = {r: item for r in loop.reads if loop.reverse and (item := self.repeated(r.tape)) is not None}
        if not found or not (loop.range or loop.elements or len(found) < len(loop.reads)):
            return loop
        self.known.update((r.element, item) for r, item in found.items())
        return replace(loop, reads=tuple(r for r in loop.reads if r not in found))

    def repeated(self, tape: Any) -> Atom | None:
        """g for `[g] * n`."""
        let = self.definition(tape, "repeat")
        items = self.definition(let.args[0], "new") if let is not None else None
        return items.args[0] if items is not None and len(items.args) == 1 else None

    @cached_property
    def private(self) -> frozenset[Var]:
        return _only_read_in_loops(self.func)

    def definition(self, a: Any, op: Any) -> Let | None:
        let = self.defined.get(a) if isinstance(a, Var) else None
        return let if let is not None and (let.op is op or let.op.name == op) else None

    def rewritten(self, let: Let) -> Let:
        """`a + -b` is `a - b`, and a broadcast is not needed where its reader broadcasts anyway."""
        if let.op.elementwise and len(let.args) > 1 and any(a in self.spread for a in let.args):
            let = replace(let, args=self.unbroadcast(let))
        if let.op is INDEX_ADD and let.args[1] in self.spread:
            let = replace(let, args=(let.args[0], self.spread[let.args[1]], *let.args[2:]))
        if let.op in (_ADD, _SUB) and len(let.args) == 2:
            negated = self.definition(let.args[1], _NEG)
            if negated is not None:
                let = replace(let, op=_SUB if let.op is _ADD else _ADD, args=(let.args[0], negated.args[0]))
        if let.op in (_ADD, _SUB) and (shifted := self.shifted(let)) is not None:
            return shifted
        if let.op is _ADD and let.args[0] is let.args[1] and let.out.type.is_inexact:
            let = replace(let, op=_MUL, args=(Lit(2), let.args[0]))
        return let

    def summed(self, let: Let) -> list[Let]:
        """A sum, and what must stand before it."""
        gathered = accumulated(let, self.around) if let.op is _ADD and let.out.type.kind == "array" else []
        if gathered:
            return gathered
        *before, last = self.narrowed(let)
        return [*before, *without_minus(last, self.around)]

    def narrowed(self, let: Let) -> list[Let]:
        """`a + stretched(b) * c` is `a + b * c`, where that has the shape of a in any case."""
        made: list[Let] = []
        args = list(let.args)
        for k, own in enumerate(args):
            inner = self.around.definition(own) if own.type.rank and self.around.once(own) else None
            full = own.type.shape is not None and args[1 - k].type.shape == own.type.shape
            if inner is None or not full or not inner.op.elementwise or not any(a in self.spread for a in inner.args):
                continue
            small = tuple(self.spread.get(a, a) for a in inner.args)
            if not _keeps_dtype(inner, small):
                continue
            (args[k],) = (build := Builder(inner.span)).let(inner.op, small, inner.form)
            made += [s for s in build.stmts if isinstance(s, Let)]
        return [*made, replace(let, args=tuple(args))] if made else [let]

    def shifted(self, let: Let) -> Let | None:
        """`(n - 2) + 1` is `n - 1`, for integers."""
        (base, number), (inner, more) = _shift(let), (None, 0)
        if base is None or (made := self.defined.get(base)) is None or base.hint:
            return None
        inner, more = _shift(made) if made.op in (_ADD, _SUB) else (None, 0)
        if inner is None:
            return None
        op, form = (_ADD if number + more >= 0 else _SUB), Form((HOLE, HOLE))
        return replace(let, op=op, args=(inner, Lit(abs(number + more))), form=form)

    def broadcast_last(self, let: Let) -> Iterable[Let]:
        """An elementwise operation on something broadcast is the broadcast of the operation on that."""
        if not any(a in self.spread for a in let.args):
            return [let]
        spreads = [self.definition(a, "np.broadcast_to") for a in let.args]
        found = [s for s in spreads if s is not None]
        if not let.op.elementwise or len(found) != 1 or let.form.kwargs:
            return [let]
        spread = found[0]
        if any(s is None and a.type.rank != 0 for s, a in zip(spreads, let.args, strict=True)):
            return [let]
        build = Builder(let.span)
        args = tuple(s.args[0] if s else a for s, a in zip(spreads, let.args, strict=True))
        (small,) = build.let(let.op, args, let.form)
        scaled = Let((small,), let.op, args, let.form, let.span)
        return [scaled, replace(spread, outs=let.outs, args=(small, *spread.args[1:]), span=let.span)]

    def added_in_place(self, store: Let) -> Iterable[Let]:
        """`x[i] = x[i] + e` adds to `x[i]`: nothing is lost, and the cotangent of x passes as it is."""
        if len(store.args) < 2 or not isinstance(store.args[0], Var):
            return [store]
        x, *index, value = store.args
        total = self.definition(value, _ADD) or self.definition(value, _SUB)
        numbers = all(a.type.shape == () and a.type.kind in ("number", "scalar") for a in index)
        if total is None or not numbers or not x.type.has_dtype_of(value.type):
            return [store]
        form = store.form.args[1]
        for own, other in (total.args, total.args[::-1])[:2 if total.op is _ADD else 1]:
            load = self.definition(own, "getitem")
            if load is None or load.args != (x, *index) or load.form.args[1] != form or isinstance(form, Listing):
                continue
            negated = []
            if total.op is _SUB:
                minus = Var("", other.type)
                negated = [replace(total, outs=(minus,), op=_NEG, args=(other,), form=Form((HOLE,)))]
                other = minus
            return [*negated, replace(store, op=INDEX_ADD, args=(x, other, *index), form=Form((HOLE, HOLE, form)))]
        return [store]

    def unbroadcast(self, let: Let) -> tuple[Atom, ...]:
        args = list(let.args)
        for k, own in enumerate(args):
            others = args[:k] + args[k + 1:]
            shape = own.type.shape
            if own in self.spread and shape and any(o.type.shape and broadcast((o.type.shape, shape)) == o.type.shape
                                                    for o in others):
                args[k] = self.spread[own]
        # A number takes the precision of what it meets; the array that it was stretched to is a double.
        return tuple(args) if _keeps_dtype(let, args) else let.args

    def value(self, let: Let) -> Atom | None:
        """The atom that a call is equal to, if there is one."""
        args = let.args
        if all(isinstance(a, Lit) for a in args):
            return _folded(let)
        if let.op is _MUL and _is_one(args[0]) and _same(args[1].type, let.out.type):
            return args[1]
        if let.op in (_MUL, _DIV) and _is_one(args[1]) and _same(args[0].type, let.out.type):
            return args[0]
        # What is its own inverse, done twice: -(-x), x.T.T.
        inner = self.defined.get(args[0])  # type: ignore[arg-type]
        if let.op.name == "np.conj" and args[0].type.dtype is not None and args[0].type.dtype.kind == "f":
            return args[0]
        if let.op in (_ADD, _SUB) and args[1] == Lit(0) and _shift(let)[0] is not None:
            return args[0]
        if let.op is _NEG:
            return inner.args[0] if inner is not None and inner.op is _NEG else None
        return undone(let, inner) if inner is not None and let.op.name in _REORDERING else None

    def branch(self, stmt: If) -> Iterable[Stmt]:
        test = self.atom(stmt.test)
        if isinstance(test, Lit) and not stmt.catches:
            block = self.block(stmt.then if test.value else stmt.orelse)
            self.known.update((c.out, self.atom(c.then if test.value else c.orelse)) for c in stmt.choices)
            return block
        then, orelse = self.inner(stmt.then), self.inner(stmt.orelse)
        choices = []
        for c in stmt.choices:
            a, b = self.atom(c.then), self.atom(c.orelse)
            if a == b:
                self.known[c.out] = a
            else:
                choices.append(Choice(c.out, a, b))
        return [replace(stmt, test=test, then=then, orelse=orelse, choices=tuple(choices))]

    def loop(self, stmt: Loop) -> Iterable[Stmt]:
        for c in stmt.carries:
            if c.next is c.param:
                self.known[c.param] = self.known[c.out] = self.atom(c.init)
        stmt = replace(stmt, carries=tuple(c for c in stmt.carries if c.next is not c.param))
        stmt = self.without_repeats(stmt)
        # The head is read before the body is known, its ends after.
        test = self.inner(stmt.test.body) if stmt.test else ()
        body = self.inner(stmt.body)
        rebuilt = rebuild(stmt, self.atom, lambda _: ())
        assert isinstance(rebuilt, Loop)
        rebuilt = replace(rebuilt, writes=tuple(self.tapes(rebuilt.writes)))
        return [replace(rebuilt, test=rebuilt.test and Test(test, rebuilt.test.result), body=body)]


def _only_read_in_loops(func: Func) -> frozenset[Var]:
    """Tapes that nothing but the loops that go through them sees."""
    seen: set[Any] = set(leaves(func.result))
    for s in every(func.body):
        match s:
            case Let(args=args):
                seen.update(args)
            case If():
                seen.update(a for c in s.choices for a in (c.then, c.orelse))
            case Loop():
                seen.update(a for c in s.carries for a in (c.init, c.next))
                seen.update(e.sequence for e in s.elements)
                seen.update(w.row for w in s.writes)
            case _:
                assert_never(s)
    return frozenset(w.tape for s in every(func.body) if isinstance(s, Loop) for w in s.writes) - seen


def _shift(let: Let) -> tuple[Var | None, int]:
    """The Python integer that a constant is added to, and the constant."""
    a, b = let.args
    if isinstance(a, Lit) and let.op is _ADD:
        a, b = b, a
    integers = isinstance(a, Var) and a.type.kind == "number" and a.type.dtype == np.int64
    if not (integers and isinstance(b, Lit) and type(b.value) is int):
        return None, 0
    return a, b.value if let.op is _ADD else -b.value  # type: ignore[return-value]


def _is_one(a: Any) -> bool:
    return isinstance(a, Lit) and type(a.value) in (int, float) and a.value == 1


def _same(a: Type, b: Type) -> bool:
    """Does a product with one leave the value as it is, its kind and dtype too?"""
    return a.has_dtype_of(b) and a.shape is not None and (a.kind, a.shape) == (b.kind, b.shape)


def _keeps_dtype(let: Let, args: Sequence[Atom]) -> bool:
    """Has the operation on `args` a result of the dtype that `let` has?"""
    return same_dtype(elementwise(let.op, args).dtype, let.out.type.dtype)


def _folded(let: Let) -> Lit | None:
    values: list[Any] = [a.value for a in let.args if isinstance(a, Lit)]
    if let.op not in _FOLDED or not values or not all(type(v) in (int, float, bool) for v in values):
        return None
    function: Callable[..., Any] = let.op.function
    try:
        result = function(*values)
    except ArithmeticError:
        return None
    if type(result) not in (int, float, bool) or (isinstance(result, float) and not math.isfinite(result)):
        return None
    return Lit(result)

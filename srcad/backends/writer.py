"""Statements: one function of the core language as the body of a Python function.

`Writer` prints `Let` and `If`; loops are in `srcad.backends.loops`, in-place updates in `srcad.backends.updates`.
"""

from __future__ import annotations

import ast
from typing import assert_never

from srcad.backends import loops, returns, updates
from srcad.backends.context import Context, Statements, tuple_of
from srcad.backends.expressions import stepped
from srcad.backends.printer import Comment
from srcad.backends.references import call
from srcad.backends.tidy import tidied
from srcad.ir.calls import UnpackOp
from srcad.ir.core import Block, Func, If, Let, Loop, Stmt
from srcad.ir.walk import binds
from srcad.rules.contexts import ENTER, LEAVE
from srcad.transforms.usage import dead


class Writer(Context):
    def function_body(self, func: Func, flat: bool) -> Statements:
        """All statements, and the `return`."""
        return tidied(_without_empty_parts(returns.function_end(self, func, flat)))

    def block(self, block: Block) -> Statements:
        printed: Statements = []
        around: list[tuple[Let, Statements]] = []
        for stmt in block:
            if dead(stmt, self.uses):
                continue
            if isinstance(stmt, Let) and stmt.op is ENTER:
                around.append((stmt, printed))
                printed = []
            elif isinstance(stmt, Let) and stmt.op is LEAVE and around:
                printed = self.within(*around.pop(), printed)
            else:
                printed += self.located(stmt)
        while around:
            printed = self.within(*around.pop(), printed)
        return tidied(printed)

    def within(self, context: Let, before: Statements, printed: Statements) -> Statements:
        """`with …:` around what is printed, if that is anything."""
        if not printed:
            return before
        (manager, *args), kwargs = context.call([self.expressions.atom(a) for a in context.args])
        made = call(self.expressions.argument(manager), *map(self.expressions.argument, args),
                    **{k: self.expressions.argument(v) for k, v in kwargs.items()})
        return [*before, ast.With([ast.withitem(made)], printed)]

    def located(self, stmt: Stmt) -> Statements:
        """`stmt` printed, with its source noted, and followed by what records the rows that it binds."""
        text = self.note(stmt.span)
        printed = self.stmt(stmt)
        heads = [s for s in printed if isinstance(s, ast.If | ast.For | ast.While | ast.Try)]
        for s in printed:
            if stmt.span is not None and not hasattr(s, "span"):
                s.span = stmt.span  # type: ignore[attr-defined]
        if printed and text:
            (heads or printed)[0].note = text  # type: ignore[attr-defined]
        elif text and stmt.span is not None:
            self.noted.discard((stmt.span.file, stmt.span.line))
        for v in binds(stmt):
            if tapes := self.rows.pop(v, None):
                printed = self.recorded(printed, v, tapes)
        return printed

    def stmt(self, stmt: Stmt) -> Statements:
        match stmt:
            case Let():
                return self.let(stmt)
            case If() if stmt in self.inlining.expressions:
                out = self.inlining.expressions[stmt].out
                return [] if out in self.inlining.at else self.bind(out, self.expressions.value(stmt))
            case If():
                return self.branch(stmt)
            case Loop():
                return loops.write(self, stmt)
            case _:
                assert_never(stmt)

    def let(self, let: Let) -> Statements:
        if len(let.outs) == 1 and let.out in self.inlining.at:
            return []
        if let.op.effect and (effect := _EFFECTS.get(let.op.name)):
            return effect(self, let)
        if let in self.in_place:
            return updates.in_place(self, let)
        if updates.copies(let):
            return updates.on_copy(self, let)
        if isinstance(let.op, UnpackOp):
            return self._unpack(let)
        if let.op.name == "pop":
            return updates.popped(self, let)
        value = self.expressions.let(let)
        if not any(self.uses[v] for v in let.outs):
            return [ast.Expr(value)]
        if len(let.outs) == 1:
            return self.bind(let.out, value)
        return [ast.Assign([tuple_of(map(self.target, let.outs))], value)]

    def _unpack(self, let: Let) -> Statements:
        value = self.expressions.atom(let.args[0])
        used = [(i, v) for i, v in enumerate(let.outs) if self.uses[v]]
        if len(used) == 1:
            i, v = used[0]
            return [ast.Assign([self.name(v)], ast.Subscript(value, ast.Constant(i), ast.Load()))]
        return [ast.Assign([tuple_of(map(self.target, let.outs))], value)]

    def attempt(self, stmt: If) -> Statements:
        """`try: … except E as e: …`.  What is chosen is set when all of the block has run."""
        live = [c for c in stmt.choices if self.uses[c.out]]
        then, moves = self.block(stmt.then), [(c.out, c.then) for c in live]
        then = self.finished(then, moves) if len(moves) < 2 else [*then, *self.finished([], moves)]
        orelse = self.finished(self.block(stmt.orelse), [(c.out, c.orelse) for c in live])
        if not then:
            return []
        caught = stmt.orelse[0]
        assert isinstance(caught, Let)
        names = [self.expressions.argument(c) for c in stmt.catches]
        handler = ast.ExceptHandler(names[0] if len(names) == 1 else tuple_of(names),
                                    self.names[caught.out] if self.uses[caught.out] else None,
                                    orelse or [ast.Pass()])
        return [ast.Try(then, [handler], [], [])]

    def branch(self, stmt: If) -> Statements:
        if stmt.catches:
            return self.attempt(stmt)
        test = self.expressions.atom(stmt.test)
        live = [c for c in stmt.choices if self.uses[c.out]]
        then = self.finished(self.block(stmt.then), [(c.out, c.then) for c in live])
        orelse = self.finished(self.block(stmt.orelse), [(c.out, c.orelse) for c in live])
        return self.branches(test, then, orelse)


def _without_empty_parts(printed: Statements) -> Statements:
    """No heading that only another heading follows."""
    return [s for s, after in zip(printed, [*printed[1:], None], strict=False)
            if not (isinstance(s, Comment) and isinstance(after, Comment))]


def _raise(writer: Writer, let: Let) -> Statements:
    args, kwargs = let.call([writer.expressions.atom(a) for a in let.args])
    cls, *message = (writer.expressions.argument(a) for a in args)
    named = {k: writer.expressions.argument(v) for k, v in kwargs.items()}
    made = isinstance(args[0], ast.expr) and not message and not named
    return [ast.Raise(cls if made else call(cls, *message, **named), None)]


def _assert(writer: Writer, let: Let) -> Statements:
    args, _ = let.call([writer.expressions.atom(a) for a in let.args])
    test, *message = (writer.expressions.argument(a) for a in args)
    return [ast.Assert(test, message[0] if message else None)]


def _comment(writer: Writer, let: Let) -> Statements:
    """A line of its own; after `reverse` every block says which line it reverses."""
    text = str(let.form.args[0])
    if text.startswith("reverse"):
        writer.annotate = True
        writer.noted.clear()
    return [Comment(text)]


def _evaluated(writer: Writer, let: Let) -> Statements:
    """What is computed for its exception alone stands by itself."""
    value = writer.expressions.atom(let.args[0])
    return [] if isinstance(value, ast.Name) else [ast.Expr(value)]


def _put(writer: Writer, let: Let) -> Statements:
    """`self.n = n`"""
    (root, steps, value), _ = let.call([writer.expressions.atom(a) for a in let.args])
    return [ast.Assign([stepped(writer.expressions, root, steps)], writer.expressions.argument(value))]


def _grow(writer: Writer, let: Let) -> Statements:
    (root, steps, values), _ = let.call([writer.expressions.atom(a) for a in let.args])
    xs = stepped(writer.expressions, root, steps)
    items = [writer.expressions.argument(v) for v in values] if isinstance(values, list) else [values]
    name, value = ("append", items[0]) if isinstance(values, list) and len(items) == 1 else (
        "extend", ast.List(items, ast.Load()) if isinstance(values, list) else values)
    return [ast.Expr(call(ast.Attribute(xs, name, ast.Load()), value))]


def _drop(writer: Writer, let: Let) -> Statements:
    (root, steps), _ = let.call([writer.expressions.atom(a) for a in let.args])
    return [ast.Delete([stepped(writer.expressions, root, steps)])]


_EFFECTS = {"caught": lambda *_: [], "evaluated": _evaluated, "raise": _raise, "assert": _assert, "comment": _comment,
            "put": _put, "grow": _grow, "drop": _drop}

"""Statements: one function of the core language as the body of a Python function.

`Writer` prints `Let` and `If`; loops are in `srcad.backends.loops`, in-place updates in `srcad.backends.updates`.  The copies
that single assignment left (choices, carries) are *moves*: those whose two sides have one name vanish, the others
are assignments, and those that exchange values are one: `u, v = v, u`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, assert_never

from srcad.backends import loops, updates
from srcad.backends.expressions import Expressions, negated
from srcad.backends.inline import Inlining
from srcad.backends.printer import Comment
from srcad.backends.references import call, name
from srcad.backends.usage import Uses, dead
from srcad.errors import Span
from srcad.ir.calls import UnpackOp
from srcad.ir.core import Atom, Block, If, Let, Loop, Stmt, Undef, Var
from srcad.ir.walk import binds

Statements = list[ast.stmt]
Move = tuple[Var, Atom]
_LEAVES = (ast.Raise, ast.Break, ast.Return)


@dataclass
class Writer:
    """What is known about the function that is printed."""

    expressions: Expressions
    uses: Uses
    inlining: Inlining
    names: dict[Var, str]
    in_place: frozenset[Let]
    as_none: frozenset[Var]                       # variables that are None where they have no value
    origins: dict[Var, Any] = field(default_factory=dict)
    rows: dict[Var, list[Var]] = field(default_factory=dict)
    annotate: bool = False
    noted: set[tuple[str, int]] = field(default_factory=set)

    def name(self, v: Var) -> ast.Name:
        return name(self.names[v])

    def target(self, v: Var) -> ast.Name:
        return self.name(v) if self.uses[v] else name("_")

    # Blocks

    def block(self, block: Block) -> Statements:
        printed: Statements = []
        for stmt in block:
            if not dead(stmt, self.uses):
                printed += self.located(stmt)
        return printed

    def located(self, stmt: Stmt) -> Statements:
        """`stmt` printed, with its source noted, and followed by what records the rows that it binds."""
        text = self.note(stmt.span)
        printed = self.stmt(stmt)
        heads = [s for s in printed if isinstance(s, ast.If | ast.For | ast.While)]
        for s in printed:
            if stmt.span is not None and not hasattr(s, "span"):
                s.span = stmt.span  # type: ignore[attr-defined]
        if printed and text:
            (heads or printed)[0].note = text  # type: ignore[attr-defined]
        elif text and stmt.span is not None:
            self.noted.discard((stmt.span.file, stmt.span.line))
        return [*printed, *(s for v in binds(stmt) for s in self.record(v))]

    def note(self, span: Span | None) -> str:
        """Which line of the user's is reversed, for the first statement that comes from it."""
        if span is None or not self.annotate or (span.file, span.line) in self.noted or not span.text.strip():
            return ""
        self.noted.add((span.file, span.line))
        return f"line {span.line}: {span.text.strip()}"

    def record(self, v: Var) -> Statements:
        return [self.append(tape, self.expressions.atom(v)) for tape in self.rows.pop(v, ())]

    def append(self, tape: Var, value: ast.expr) -> ast.stmt:
        return ast.Expr(call(ast.Attribute(self.name(tape), "append", ast.Load()), value))

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

    # Let

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
        value = self.expressions.let(let)
        if not any(self.uses[v] for v in let.outs):
            return [ast.Expr(value)]
        if len(let.outs) == 1:
            return self.bind(let.out, value)
        return [ast.Assign([_tuple(map(self.target, let.outs))], value)]

    def bind(self, v: Var, value: ast.expr) -> Statements:
        tapes = self.rows.get(v, [])
        if len(tapes) == 1 and self.uses[v] == 1 and not v.hint:
            del self.rows[v]
            return [self.append(tapes[0], value)]
        return [self.assignment(v, value)]

    def assignment(self, v: Var, value: ast.expr) -> ast.stmt:
        """`v = value`; `v += x` where that is the same, which it is for what can't change."""
        immutable = v.type.kind in ("number", "scalar")
        if immutable and isinstance(value, ast.BinOp) and isinstance(value.left, ast.Name):
            if value.left.id == self.names[v]:
                return ast.AugAssign(self.name(v), value.op, value.right)
        return ast.Assign([self.name(v)], value)

    def _unpack(self, let: Let) -> Statements:
        value = self.expressions.atom(let.args[0])
        used = [(i, v) for i, v in enumerate(let.outs) if self.uses[v]]
        if len(used) == 1:
            i, v = used[0]
            return [ast.Assign([self.name(v)], ast.Subscript(value, ast.Constant(i), ast.Load()))]
        return [ast.Assign([_tuple(map(self.target, let.outs))], value)]

    # If

    def branch(self, stmt: If) -> Statements:
        test = self.expressions.atom(stmt.test)
        live = [c for c in stmt.choices if self.uses[c.out]]
        then = self.finished(self.block(stmt.then), [(c.out, c.then) for c in live])
        orelse = self.finished(self.block(stmt.orelse), [(c.out, c.orelse) for c in live])
        return self.branches(test, then, orelse)

    @staticmethod
    def branches(test: ast.expr, then: Statements, orelse: Statements) -> Statements:
        """`if`, without empty branches, and without `else` after a branch that leaves."""
        if not then and not orelse:
            return []
        if not then:
            return [ast.If(negated(test), orelse, [])]
        if orelse and isinstance(then[-1], _LEAVES):
            return [ast.If(test, then, []), *orelse]
        return [ast.If(test, then, orelse)]

    # Moves

    def finished(self, printed: Statements, moves: Iterable[Move]) -> Statements:
        """`printed`, and then the moves, all at once; an assignment that a move would only copy becomes part of it."""
        waiting: list[tuple[Var, ast.expr]] = []
        sources: dict[str, int] = {}
        for target, source in moves:
            if isinstance(source, Undef):
                if target in self.as_none:
                    waiting.append((target, ast.Constant(None)))
                continue
            value = self.expressions.atom(source)
            if isinstance(value, ast.Name) and value.id == self.names[target]:
                continue
            if isinstance(source, Var) and not source.hint and self.uses[source] == 1 and isinstance(value, ast.Name):
                sources[value.id] = len(waiting)
            waiting.append((target, value))
        while printed and sources and (i := sources.pop(_assigned(printed[-1]), None)) is not None:
            last = printed.pop()
            assert isinstance(last, ast.Assign)
            waiting[i] = (waiting[i][0], last.value)
        return [*printed, *self._ordered(waiting)]

    def _ordered(self, waiting: list[tuple[Var, ast.expr]]) -> Statements:
        """One assignment each; but those where one reads what another sets are one assignment of all."""
        moves = [(self.names[target], value, _names_in(value)) for target, value in waiting]
        tied = [m for m in moves if any(m[0] in o[2] or o[0] in m[2] for o in moves if o is not m)]
        printed: Statements = [ast.Assign([name(target)], value) for target, value, reads in moves
                               if not any(target == t[0] for t in tied)]
        if tied:
            printed.append(ast.Assign([_tuple(name(t) for t, _, _ in tied)], _tuple(value for _, value, _ in tied)))
        return printed


def _assigned(stmt: ast.stmt) -> str:
    if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name):
        return stmt.targets[0].id
    return ""


def _names_in(value: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}


def _tuple(items: Iterable[ast.expr]) -> ast.Tuple:
    return ast.Tuple(list(items), ast.Load())


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
    writer.annotate = writer.annotate or text == "reverse"
    return [Comment(text)]


_EFFECTS = {"raise": _raise, "assert": _assert, "comment": _comment}

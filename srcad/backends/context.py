"""What all parts of the statement printer share: names, comments, rows of tapes, and moves.

*Moves* are the copies that single assignment left (choices, carries): those whose two sides have one name vanish, the
others are assignments, and those that exchange values are one: `u, v = v, u`.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

from srcad.backends.expressions import Expressions, negated
from srcad.backends.hints import is_anonymous
from srcad.backends.lengths import Lengths
from srcad.backends.references import call, name
from srcad.errors import Span
from srcad.ir.core import Atom, Block, Let, Undef, Var
from srcad.transforms.liveness import Inlining
from srcad.transforms.usage import Uses

Statements = list[ast.stmt]
Move = tuple[Var, Atom]
_LEAVES = (ast.Raise, ast.Break, ast.Return)


@dataclass
class Context(ABC):
    """What is known about the function that is printed."""

    expressions: Expressions
    uses: Uses
    inlining: Inlining
    names: dict[Var, str]
    in_place: frozenset[Let]
    lengths: Lengths
    as_none: frozenset[Var]                       # variables that are None where they have no value
    rows: dict[Var, list[Var]] = field(default_factory=dict)
    annotate: bool = False
    noted: set[tuple[str, int]] = field(default_factory=set)

    def name(self, v: Var) -> ast.Name:
        return name(self.names[v])

    def target(self, v: Var) -> ast.Name:
        return self.name(v) if self.uses[v] else name("_")

    @abstractmethod
    def block(self, block: Block) -> Statements:
        """The statements of `block`."""

    def note(self, span: Span | None) -> str:
        """Which line of the user's is reversed, for the first statement that comes from it."""
        if span is None or not self.annotate or (span.file, span.line) in self.noted or not span.text.strip():
            return ""
        self.noted.add((span.file, span.line))
        return f"line {span.line}: {span.text.strip()}"

    def recorded(self, printed: Statements, v: Var, tapes: Iterable[Var]) -> Statements:
        """`printed`, and then what appends `v` to `tapes`; without a name for `v` if nobody else reads it."""
        tapes = list(tapes)
        last = printed[-1] if printed else None
        if isinstance(last, ast.Assign) and assigned(last) == self.names[v] and self.uses[v] == 1 == len(tapes):
            return [*printed[:-1], self.append(tapes[0], last.value)]
        return [*printed, *(self.append(t, self.expressions.atom(v)) for t in tapes)]

    def append(self, tape: Var, value: ast.expr) -> ast.stmt:
        return ast.Expr(call(ast.Attribute(self.name(tape), "append", ast.Load()), value))

    def bind(self, v: Var, value: ast.expr) -> Statements:
        return [self.assignment(v, value)]

    def assignment(self, v: Var, value: ast.expr) -> ast.stmt:
        """`v = value`; `v += x` where that is the same, which it is for what can't change."""
        immutable = v.type.kind in ("number", "scalar")
        # (A dot product is a number, but what it is made of is not.)
        if immutable and isinstance(value, ast.BinOp) and isinstance(value.left, ast.Name) and not isinstance(
                value.op, ast.MatMult):
            twice = isinstance(value.right, ast.Name) and value.right.id == value.left.id
            # A product of vectors is a number, but what it is made of is not.
            if value.left.id == self.names[v] and not twice and not isinstance(value.op, ast.MatMult):
                return ast.AugAssign(self.name(v), value.op, value.right)
        return ast.Assign([self.name(v)], value)

    @staticmethod
    def branches(test: ast.expr, then: Statements, orelse: Statements) -> Statements:
        """`if`, without empty branches, and without `else` after a branch that leaves."""
        if not then and not orelse:
            return []
        if not then:
            return [ast.If(negated(test), orelse, [])]
        if orelse and isinstance(then[-1], _LEAVES):
            return [ast.If(test, then, []), *orelse]
        if orelse and isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and not isinstance(
                then[0], ast.If):
            return [ast.If(test.operand, orelse, then)]
        return [ast.If(test, then, orelse)]

    def finished(self, printed: Statements, moves: Iterable[Move]) -> Statements:
        """`printed`, and then the moves, all at once; an assignment that a move would only copy becomes part of it."""
        if printed and isinstance(printed[-1], _LEAVES):
            return printed
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
            alone = isinstance(source, Var) and is_anonymous(source) and self.uses[source] == 1
            if alone and isinstance(value, ast.Name):
                sources[value.id] = len(waiting)
            waiting.append((target, value))
        while printed and sources and (i := sources.pop(assigned(printed[-1]), None)) is not None:
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
            printed.append(ast.Assign([tuple_of(name(t) for t, _, _ in tied)], tuple_of(value for _, value, _ in tied)))
        return printed


def assigned(stmt: ast.stmt) -> str:
    if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name):
        return stmt.targets[0].id
    return ""


def _names_in(value: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}


def tuple_of(items: Iterable[ast.expr]) -> ast.Tuple:
    return ast.Tuple(list(items), ast.Load())

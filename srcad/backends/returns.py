"""The end of a function: its `return`, or one in each branch of the `If` that decides the result.

    if x > 0:                        if x > 0:
        result = a                       return a
    else:                   ->       rest
        rest                         return b
        result = b
    return result

A branch returns by itself where its user wrote so, that is, where what it chooses has no name of the user's.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from srcad.backends.context import Context, Statements, assigned
from srcad.backends.hints import hint_of
from srcad.ir.core import Atom, Block, Func, If, Let, Stmt, Undef, Var, map_tree
from srcad.transforms.usage import dead

_WIDEST = 100


@dataclass(frozen=True)
class _End:
    """What is returned: a tree of atoms, with what stands for a variable of it here."""

    result: Any
    meaning: dict[Var, Atom | Let]

    def leaves(self, context: Context) -> list[Any]:
        """The atoms that the `return` mentions."""
        found: list[Any] = []
        pending = _atoms(self.result)
        while pending:
            a = pending.pop()
            meant = self.meaning.get(a, context.inlining.at.get(a)) if isinstance(a, Var) else None
            if isinstance(meant, Let):
                pending += meant.args
            elif isinstance(meant, If):
                pending += context.inlining.operands(meant)
            elif meant is not None:
                pending.append(meant)
            else:
                found.append(a)
        return found


def function_end(context: Context, func: Func, flat: bool) -> Statements:
    """All statements of `func`.  `flat`: as functions of the program call each other."""
    result = func.result
    if flat:
        result = func.outputs if len(func.outputs) != 1 else func.outputs[0]
        if not func.outputs:
            return context.block(func.body)
    return _ending(context, func.body, _End(result, {}), flat)


def _ending(context: Context, block: Block, end: _End, flat: bool) -> Statements:
    stmts = [s for s in block if not dead(s, context.uses)]
    split = _deciding(context, stmts, end, flat)
    if split is None:
        return _returning(context, context.block(tuple(stmts)), end)
    before, stmt, end = split
    printed = context.block(tuple(before))
    note = context.note(stmt.span)
    test = context.expressions.atom(stmt.test)
    then = _ending(context, stmt.then, _side(stmt, "then", end), flat)
    orelse = _ending(context, stmt.orelse, _side(stmt, "orelse", end), flat)
    decided = context.branches(test, then, orelse)
    decided[0].span, decided[0].note = stmt.span, note  # type: ignore[attr-defined]
    return [*printed, *decided]


def _side(stmt: If, side: str, end: _End) -> _End:
    return replace(end, meaning=end.meaning | {c.out: getattr(c, side) for c in stmt.choices})


def _deciding(context: Context, stmts: list[Stmt], end: _End, flat: bool) -> tuple[list[Stmt], If, _End] | None:
    """The `If` that chooses what is returned, if what follows it only makes the result of that."""
    meaning = dict(end.meaning)
    for i in reversed(range(len(stmts))):
        stmt = stmts[i]
        if isinstance(stmt, Let) and not stmt.op.effect and len(stmt.outs) == 1:
            inlined = stmt.out in context.inlining.at
            if not inlined and (context.uses[stmt.out] != 1 or stmt in context.in_place):
                return None
            meaning[stmt.out] = stmt
        elif isinstance(stmt, If) and not stmt.catches and stmt not in context.inlining.expressions:
            made = _End(end.result, meaning)
            return (stmts[:i], stmt, made) if _returns(context, stmt, made, flat) else None
        else:
            return None
    return None


def _returns(context: Context, stmt: If, end: _End, flat: bool) -> bool:
    live = [c for c in stmt.choices if context.uses[c.out]]
    if not any(c.out.hint.startswith("$") or not hint_of(c.out) for c in live):
        return False
    if not flat and any(isinstance(a, Undef) for c in live for a in (c.then, c.orelse)):
        return False
    leaves = Counter(a for a in end.leaves(context) if isinstance(a, Var))
    # Each of the choices is read by the return alone, and so is all that follows the `If`.
    if any(leaves[c.out] != context.uses[c.out] for c in live):
        return False
    lets = [v for v, meant in end.meaning.items() if isinstance(meant, Let) and v not in context.inlining.at]
    if any(v not in _reached(context, end) for v in lets):
        return False
    return all(len(ast.unparse(_expression(context, _side(stmt, side, end)))) <= _WIDEST for side in ("then", "orelse"))


def _reached(context: Context, end: _End) -> set[Any]:
    """The variables that the return is made of, directly or not."""
    reached: set[Any] = set()
    pending = _atoms(end.result)
    while pending:
        a = pending.pop()
        if isinstance(a, Var) and a not in reached:
            reached.add(a)
            meant = end.meaning.get(a, context.inlining.at.get(a))
            if isinstance(meant, Let):
                pending += meant.args
            elif isinstance(meant, Var):
                pending.append(meant)
    return reached


def _atoms(tree: Any) -> list[Any]:
    found: list[Any] = []
    map_tree(found.append, tree)
    return found


def _expression(context: Context, end: _End) -> ast.expr:
    return context.expressions.with_meaning(end.meaning).tree(end.result)


def _returning(context: Context, printed: Statements, end: _End) -> Statements:
    """`printed` and the `return`, which takes the place of assignments that only it reads."""
    value = _expression(context, end)
    names = {context.names[v]: v for v in end.leaves(context) if isinstance(v, Var) and v in context.names}
    last = ast.Return(value)
    _locate(context, last, end)
    while printed and (v := names.get(assigned(printed[-1]))) is not None and context.uses[v] == 1:
        if not isinstance(end.result, Var) and hint_of(v) and not v.hint.startswith("$"):
            break
        before = printed[-1]
        assert isinstance(before, ast.Assign)
        merged = _substituted(last.value, context.names[v], before.value)
        if merged is None or len(ast.unparse(merged)) > _WIDEST:
            break
        last.value = merged
        for fact in ("span", "note"):
            if getattr(before, fact, None):
                setattr(last, fact, getattr(before, fact))
        printed = printed[:-1]
        if not isinstance(end.result, Var):
            break
    return [*printed, last]


def _locate(context: Context, last: ast.Return, end: _End) -> None:
    """The source of the `return` is that of the first expression that was moved into it."""
    inner = [context.inlining.at[a] for a in _atoms(end.result) if isinstance(a, Var) and a in context.inlining.at]
    if inner:
        last.span = inner[0].span  # type: ignore[attr-defined]
        last.note = context.note(inner[0].span)  # type: ignore[attr-defined]


def _substituted(tree: ast.expr | None, name: str, value: ast.expr) -> ast.expr | None:
    """`tree` with `value` for the name, if it mentions that once."""
    if tree is None or sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(tree)) != 1:
        return None
    if isinstance(tree, ast.Name):
        return value
    if not isinstance(tree, ast.Tuple):
        return None
    # Only an item itself is replaced: deeper, the line would be harder to read.
    items: Sequence[ast.expr] = [value if isinstance(e, ast.Name) and e.id == name else e for e in tree.elts]
    return ast.Tuple(list(items), ast.Load()) if any(e is value for e in items) else None

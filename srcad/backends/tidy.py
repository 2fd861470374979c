"""Statements that follow each other and read better as one.

    dx = a * b                                   dx = a * b + c
    dx += c                 becomes
    dw += d                                      dw += d - e
    dw -= e
    dk = 0.0                                     dk = dm = 0.0
    dm = 0.0
    rows.reverse()                               dxs = np.array(rows[::-1])
    dxs = np.array(rows)
    broke = False                                for x in xs:
    for x in xs:                                     if x > 1:
        if x > 1:                                        break
            broke = True                         else:
            break                                    y = 0.0
    if not broke:
        y = 0.0

Sums are put together only if they come from one line of the user's: the terms of a cotangent, never sums of his own.
"""

from __future__ import annotations

import ast
import copy
from typing import Any

from srcad.backends.expressions import without_minus

_LONGEST = 84
_REACH = 4            # how many statements back the first part of a sum is looked for
_BUFFERS = frozenset({"zeros", "zeros_like", "empty", "empty_like", "zeros_for", "full", "array"})


def tidied(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The same statements, fewer."""
    made: list[ast.stmt] = []
    for stmt in statements:
        if not (_summed(made, stmt) or _chained(made, stmt) or _otherwise(made, stmt)):
            made.append(_returned_at_once(made, _reversed_first(made, stmt)))
    return made


def _returned_at_once(made: list[ast.stmt], stmt: ast.stmt) -> ast.stmt:
    """`return f(x)` for `a, b = f(x)` and `return a, b`."""
    before = made[-1] if made else None
    if isinstance(stmt, ast.Return) and isinstance(stmt.value, ast.Tuple) and isinstance(before, ast.Assign):
        target = before.targets[0]
        if isinstance(target, ast.Tuple) and isinstance(before.value, ast.Call) and len(before.targets) == 1 \
                and ast.unparse(target) == ast.unparse(stmt.value):
            made.pop()
            stmt.value = before.value
            for fact in ("note", "span"):
                if getattr(before, fact, None):
                    setattr(stmt, fact, getattr(before, fact))
    return stmt


def _note(stmt: ast.stmt) -> str:
    return str(getattr(stmt, "note", ""))


def _line(stmt: ast.stmt) -> Any:
    span = getattr(stmt, "span", None)
    return span and (span.file, span.line)


def _summed(made: list[ast.stmt], stmt: ast.stmt) -> bool:
    """Add what `stmt` adds in an earlier statement, if there is one that makes or changes the same variable."""
    if not (isinstance(stmt, ast.AugAssign) and isinstance(stmt.op, ast.Add | ast.Sub)) or _note(stmt):
        return False
    target, read, line = ast.unparse(stmt.target), _names(stmt.value), _line(stmt)
    own = _names(stmt.target)
    if line is None or own & read:
        return False
    for k in range(len(made) - 1, max(len(made) - 1 - _REACH, -1), -1):
        before = made[k]
        if not isinstance(before, ast.Assign | ast.AugAssign) or _line(before) != line:
            return False
        if _target(before) == target:
            merged = _merged(before, stmt)
            if merged is not None:
                made[k] = merged
            return merged is not None
        # What stands between must have nothing to do with the sum.
        if not isinstance(before, ast.AugAssign) or _names(before) & own or _names(before.target) & (read | own):
            return False
    return False


def _target(stmt: ast.Assign | ast.AugAssign) -> str:
    if isinstance(stmt, ast.AugAssign):
        return ast.unparse(stmt.target)
    return stmt.targets[0].id if isinstance(stmt.targets[0], ast.Name) and len(stmt.targets) == 1 else ""


def _merged(before: ast.Assign | ast.AugAssign, stmt: ast.AugAssign) -> ast.stmt | None:
    op = stmt.op
    if isinstance(before, ast.AugAssign):
        if not isinstance(before.op, ast.Add | ast.Sub):
            return None
        op = ast.Add() if type(before.op) is type(op) else ast.Sub()
    elif _is_buffer(before.value):
        return None
    merged = copy.copy(before)
    merged.value = added(before.value, op, stmt.value)
    return merged if len(_target(merged)) + len(ast.unparse(merged.value)) <= _LONGEST else None


def _is_buffer(value: ast.expr) -> bool:
    """Is this made to be added to?  (A constant too: `dx = 0.0` begins a sum.)"""
    if isinstance(value, ast.Constant | ast.Name | ast.Tuple | ast.IfExp):
        return True
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _BUFFERS


def added(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    """`left + right` or `left - right`, without brackets around `right`."""
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Add | ast.Sub):
        same = isinstance(op, ast.Add)
        inner = right.op if same else ast.Sub() if isinstance(right.op, ast.Add) else ast.Add()
        return ast.BinOp(added(left, op, right.left), inner, right.right)
    if isinstance(op, ast.Add) and (subtracted := without_minus(left)):
        return ast.BinOp(right, ast.Sub(), subtracted)
    return ast.BinOp(left, op, right)


def _chained(made: list[ast.stmt], stmt: ast.stmt) -> bool:
    """`a = b = 0.0`."""
    before = made[-1] if made else None
    if not (isinstance(before, ast.Assign) and isinstance(stmt, ast.Assign)) or _note(stmt):
        return False
    a, b = before.value, stmt.value
    same = (isinstance(a, ast.Constant) and isinstance(b, ast.Constant) and type(a.value) is type(b.value) is float
            and repr(a.value) == repr(b.value))
    if not same or not all(isinstance(t, ast.Name) for t in (*before.targets, *stmt.targets)):
        return False
    merged = copy.copy(before)
    merged.targets = [*before.targets, *stmt.targets]
    made[-1] = merged
    return True


def _reversed_first(made: list[ast.stmt], stmt: ast.stmt) -> ast.stmt:
    """`stmt`, which reverses the lists itself that were reversed for it alone."""
    if not isinstance(stmt, ast.Assign | ast.Return | ast.AugAssign):
        return stmt
    near = made[-_REACH:]
    waiting = {name: s for k, s in enumerate(near) if (name := getattr(s, "once", ""))
               and not any(name in _names(between) for between in near[k + 1:])}
    calls = [n for n in ast.walk(stmt) if isinstance(n, ast.Call)] if waiting else []
    for call in calls:
        for k, a in enumerate(call.args):
            if isinstance(a, ast.Name) and a.id in waiting:
                backwards = ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1)))
                call.args[k] = ast.Subscript(a, backwards, ast.Load())
                made.remove(waiting[a.id])
    return stmt


def _otherwise(made: list[ast.stmt], stmt: ast.stmt) -> bool:
    """Make `stmt`, which is run if the loop before it did not break, the `else` of that loop."""
    loop = made[-1] if made else None
    flag = getattr(loop, "flag", "")
    if not (flag and isinstance(loop, ast.For | ast.While) and isinstance(stmt, ast.If)) or stmt.orelse:
        return False
    began = next((s for s in reversed(made[:-1]) if isinstance(s, ast.Assign) and _target(s) == flag), None)
    if began is None or ast.unparse(stmt.test) != f"not {flag}":
        return False
    made.remove(began)
    loop.body, loop.orelse = _without(loop.body, flag), stmt.body
    return True


def _without(body: list[ast.stmt], flag: str) -> list[ast.stmt]:
    """A body that no longer sets the flag."""
    kept = []
    for stmt in body:
        if isinstance(stmt, ast.If):
            stmt.body, stmt.orelse = _without(stmt.body, flag), _without(stmt.orelse, flag)
        if not (isinstance(stmt, ast.Assign) and _target(stmt) == flag):
            kept.append(stmt)
    return kept


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}

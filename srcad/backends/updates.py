"""Stores and accumulation: operations that the core language makes new values with, and Python changes a value with.

    x2 = set_at(x, i, v)              x[i] = v              if nobody needs the old x
    dx2 = index_add(dx, g, i)         dx[i] += g
    dx2 = dx + g                      dx += g
                                      x2 = x.copy()         otherwise
                                      x2[i] = v

Which may be done in place is decided by `srcad.transforms.inplace`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from srcad.backends.context import Context, Statements, tuple_of
from srcad.backends.expressions import BINARY, without_minus
from srcad.backends.references import call, dotted
from srcad.ir.core import Let, Slicing, Var


def copies(let: Let) -> bool:
    """Is `let`, when it is not done in place, printed as a copy that is then changed?"""
    if not let.args or len(let.outs) != 1:
        return False
    old, new = let.args[0].type, let.out.type
    if let.op.name in ("set_item", "set_part"):
        return old.kind == "sequence"
    if let.op.name not in ("set_at", "index_add"):
        return False
    return old.kind == "array" == new.kind and old.has_dtype_of(new)


def in_place(context: Context, let: Let) -> Statements:
    old, new = let.args[0], let.outs[0]
    assert isinstance(old, Var)
    renamed = context.names[old] != context.names[new] and context.uses[new]
    if renamed and let.op.name in BINARY:
        return context.bind(new, context.expressions.let(let))
    # The change is made under the old name: what is stored may be made of variables that have the new one.
    printed = _changed(context, let, old)
    if renamed:
        printed.append(ast.Assign([context.name(new)], context.name(old)))
    return printed


def on_copy(context: Context, let: Let) -> Statements:
    old = context.expressions.atom(let.args[0])
    copied = call(ast.Attribute(old, "copy", ast.Load()))
    return [ast.Assign([context.name(let.out)], copied), *_changed(context, let, let.out)]


def _changed(context: Context, let: Let, x: Var) -> Statements:
    """The statements that make the old value, which is in `x` now, the new value."""
    args, _ = let.call([context.expressions.atom(a) for a in let.args])
    if let.op.name in BINARY:
        return [_augmented(context.name(x), BINARY[let.op.name](), context.expressions.argument(args[1]))]
    return _CHANGES[let.op.name](context, let, context.name(x), args)


def _augmented(target: ast.Name | ast.Subscript, op: ast.operator, value: ast.expr) -> ast.stmt:
    if isinstance(op, ast.Add) and (subtracted := without_minus(value)):
        return ast.AugAssign(target, ast.Sub(), subtracted)
    return ast.AugAssign(target, op, value)


def _set_at(context: Context, let: Let, x: ast.Name, args: Sequence[Any]) -> Statements:
    _, index, value = args
    target = context.expressions.subscript(x, index)
    stored = context.expressions.argument(value)
    same = isinstance(stored, ast.BinOp) and ast.dump(stored.left) == ast.dump(target)
    if same and isinstance(stored, ast.BinOp) and plain_index(let, index_of(let)):
        return [ast.AugAssign(target, stored.op, stored.right)]
    return [ast.Assign([target], stored)]


def _index_add(context: Context, let: Let, x: ast.Name, args: Sequence[Any]) -> Statements:
    _, g, index = args
    value = context.expressions.argument(g)
    if not plain_index(let, index_of(let)):
        add_at = dotted("np.add.at")
        context.expressions.references.imports.add("numpy")
        return [ast.Expr(call(add_at, x, context.expressions.argument(index), value))]
    if index_of(let) is Ellipsis:
        return [_augmented(x, ast.Add(), value)]
    return [_augmented(context.expressions.subscript(x, index), ast.Add(), value)]


def _append(context: Context, let: Let, x: ast.Name, args: Sequence[Any]) -> Statements:
    value = context.expressions.argument(args[1])
    return [ast.Expr(call(ast.Attribute(x, "append", ast.Load()), value))]


def _extend(context: Context, let: Let, x: ast.Name, args: Sequence[Any]) -> Statements:
    value = context.expressions.argument(args[1])
    return [ast.Expr(call(ast.Attribute(x, "extend", ast.Load()), value))]


def _set_item(context: Context, let: Let, x: ast.Name, args: Sequence[Any]) -> Statements:
    _, index, value = args
    target = context.expressions.subscript(x, index)
    return [ast.Assign([target], context.expressions.argument(value))]


def _set_part(context: Context, let: Let, x: ast.Name, args: Sequence[Any]) -> Statements:
    _, values, bounds = args
    target = context.expressions.subscript(x, bounds)
    return [ast.Assign([target], context.expressions.argument(values))]


def _add_at(context: Context, let: Let, x: ast.Name, args: Sequence[Any]) -> Statements:
    _, g, index = args
    target, value = context.expressions.subscript(x, index), context.expressions.argument(g)
    item = let.args[0].type.item
    if item is not None and item.kind in ("number", "scalar"):
        return [_augmented(target, ast.Add(), value)]
    # Not `+=`: the item itself may be somebody else's array.
    return [ast.Assign([target], ast.BinOp(target, ast.Add(), value))]


def _pop(context: Context, let: Let, x: ast.Name, args: Sequence[Any]) -> Statements:
    popped = call(ast.Attribute(x, "pop", ast.Load()))
    used = context.uses[let.outs[1]] > 0
    return [ast.Assign([context.name(let.outs[1])], popped) if used else ast.Expr(popped)]


def popped(context: Context, let: Let) -> Statements:
    """`rest, last = xs[:-1], xs[-1]`."""
    xs = context.expressions.atom(let.args[0])
    last = ast.UnaryOp(ast.USub(), ast.Constant(1))
    values = [ast.Subscript(xs, ast.Slice(None, last), ast.Load()), ast.Subscript(xs, last, ast.Load())]
    both = [(v, value) for v, value in zip(let.outs, values, strict=True) if context.uses[v]]
    return [ast.Assign([tuple_of(context.name(v) for v, _ in both)], tuple_of(value for _, value in both))]


_CHANGES: dict[str, Callable[[Context, Let, ast.Name, Sequence[Any]], Statements]] = {
    "set_at": _set_at, "index_add": _index_add, "append": _append, "concat": _extend, "set_item": _set_item,
    "set_part": _set_part, "add_at": _add_at, "pop": _pop,
}


def index_of(let: Let) -> Any:
    """The index of a `set_at(x, index, value)` or an `index_add(x, value, index)`, over atoms."""
    args, _ = let.call()
    return args[1] if let.op.name == "set_at" else args[2]


def plain_index(let: Let, index: Any) -> bool:
    """Does the index name every element once?  Numbers, slices and masks do, integer arrays may not."""
    if type(index) is tuple:
        return all(plain_index(let, i) for i in index)
    if isinstance(index, slice | Slicing):
        return True
    if isinstance(index, list):
        return False
    kind = getattr(index, "type", None)
    if kind is None:
        return index is None or index is Ellipsis or isinstance(index, int)
    return kind.kind in ("number", "scalar") or (kind.dtype is not None and kind.dtype.kind == "b")

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
from typing import TYPE_CHECKING, Any

from srcad.backends.expressions import BINARY
from srcad.backends.references import call, dotted
from srcad.ir.core import Let, Slicing, Var

if TYPE_CHECKING:
    from srcad.backends.writer import Writer

Statements = list[ast.stmt]


def copies(let: Let) -> bool:
    """Is `let`, when it is not done in place, printed as a copy that is then changed?"""
    if let.op.name not in ("set_at", "index_add") or not let.args or len(let.outs) != 1:
        return False
    old, new = let.args[0].type, let.out.type
    return old.kind == "array" == new.kind and old.dtype is not None and old.dtype == new.dtype


def in_place(writer: Writer, let: Let) -> Statements:
    old, new = let.args[0], let.out
    printed: Statements = []
    assert isinstance(old, Var)
    if old in writer.inlining.at or writer.names[old] != writer.names[new]:
        printed.append(ast.Assign([writer.name(new)], writer.expressions.atom(old)))
    return [*printed, *_changed(writer, let)]


def on_copy(writer: Writer, let: Let) -> Statements:
    old = writer.expressions.atom(let.args[0])
    copied = call(ast.Attribute(old, "copy", ast.Load()))
    return [ast.Assign([writer.name(let.out)], copied), *_changed(writer, let)]


def _changed(writer: Writer, let: Let) -> Statements:
    """The statements that make the old value, under the new one's name, the new value."""
    args, _ = let.call([writer.expressions.atom(a) for a in let.args])
    if let.op.name in BINARY:
        return [_augmented(writer.name(let.out), BINARY[let.op.name](), writer.expressions.argument(args[1]))]
    return _CHANGES[let.op.name](writer, let, args)


def _augmented(target: ast.expr, op: ast.operator, value: ast.expr) -> ast.stmt:
    if isinstance(op, ast.Add) and isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        return ast.AugAssign(target, ast.Sub(), value.operand)
    return ast.AugAssign(target, op, value)


def _set_at(writer: Writer, let: Let, args: Sequence[Any]) -> Statements:
    _, index, value = args
    target = writer.expressions.subscript(writer.name(let.out), index)
    stored = writer.expressions.argument(value)
    same = isinstance(stored, ast.BinOp) and ast.dump(stored.left) == ast.dump(target)
    if same and isinstance(stored, ast.BinOp) and plain_index(let, index_of(let)):
        return [ast.AugAssign(target, stored.op, stored.right)]
    return [ast.Assign([target], stored)]


def _index_add(writer: Writer, let: Let, args: Sequence[Any]) -> Statements:
    _, g, index = args
    value = writer.expressions.argument(g)
    if not plain_index(let, index_of(let)):
        add_at = dotted("np.add.at")
        writer.expressions.references.imports.add("numpy")
        return [ast.Expr(call(add_at, writer.name(let.out), writer.expressions.argument(index), value))]
    return [_augmented(writer.expressions.subscript(writer.name(let.out), index), ast.Add(), value)]


_CHANGES: dict[str, Callable[[Writer, Let, Sequence[Any]], Statements]] = {
    "set_at": _set_at, "index_add": _index_add,
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

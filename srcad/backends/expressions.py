"""Expressions: how an atom, and the call of an operation, look as Python.

    op "+", args a, b                 a + b             op `getitem`, form (HOLE, (HOLE, slice))     x[i, 1:]
    op "np.sum", axis=0 in the form   np.sum(x, axis=0)         extent(x, axis=0)                    x.shape[0]
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srcad.backends.inline import Inlining
from srcad.backends.references import References, call, dotted, name
from srcad.ir.build import EXTENT, RANK, SHAPE
from srcad.ir.calls import PACK, CallOp, UnpackOp
from srcad.ir.core import Choice, If, Let, Lit, Record, Slicing, Undef, Var
from srcad.ir.types import Type
from srcad.runtime.objects import Steps, is_made_of, record

BINARY: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "//": ast.FloorDiv, "%": ast.Mod, "**": ast.Pow,
    "&": ast.BitAnd, "|": ast.BitOr, "^": ast.BitXor, "<<": ast.LShift, ">>": ast.RShift, "@": ast.MatMult,
}
COMPARE: dict[str, type[ast.cmpop]] = {
    "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE, "==": ast.Eq, "!=": ast.NotEq,
    "is": ast.Is, "is not": ast.IsNot, "in": ast.In, "not in": ast.NotIn,
}
UNARY: dict[str, type[ast.unaryop]] = {"neg": ast.USub, "pos": ast.UAdd, "invert": ast.Invert, "not": ast.Not}


class Expressions:
    """The expressions of one function; `names` are its variables' names, `functions` those of its callees."""

    def __init__(self, references: References, names: dict[Var, str], inlining: Inlining,
                 functions: dict[Any, str]) -> None:
        self.references, self.names, self.inlining, self.functions = references, names, inlining, functions
        self.meaning: Mapping[Var, Any] = {}

    def with_meaning(self, meaning: Mapping[Var, Any]) -> Expressions:
        """The same, where these variables stand for other atoms, or for what a Let computes."""
        other = Expressions(self.references, self.names, self.inlining, self.functions)
        other.meaning = meaning
        return other

    def atom(self, atom: Any) -> ast.expr:
        match atom:
            case Var() if atom in self.meaning:
                meant = self.meaning[atom]
                return self.let(meant) if isinstance(meant, Let) else self.atom(meant)
            case Var():
                inner = self.inlining.at.get(atom)
                return name(self.names[atom]) if inner is None else self.value(inner)
            case Lit(value=value):
                return self.references.constant(value)
            case Undef():
                return ast.Constant(None)
            case _:
                return self.references.constant(atom)

    def value(self, stmt: Let | If) -> ast.expr:
        return self.let(stmt) if isinstance(stmt, Let) else self.conditional(stmt, self.inlining.expressions[stmt])

    def tree(self, tree: Any) -> ast.expr:
        """A tree of atoms as displays."""
        match tree:
            case Record(cls=cls, fields=fields):
                parts = {k: self.tree(v) for k, v in fields.items()}
                if is_made_of(cls, fields):
                    return call(self.references.constant(cls), **parts)
                return call(self.references.constant(record), self.references.constant(cls), **parts)
            case dict():
                return ast.Dict([self.references.constant(k) for k in tree], [self.tree(v) for v in tree.values()])
            case list():
                return ast.List([self.tree(t) for t in tree], ast.Load())
            case tuple() if type(tree) is tuple:
                return ast.Tuple([self.tree(t) for t in tree], ast.Load())
            case _:
                return self.atom(tree)

    def let(self, let: Let) -> ast.expr:
        """The call of `let` as it reads in source."""
        op = let.op
        if isinstance(op, CallOp):
            return call(name(self.functions[op.target]), *map(self.atom, let.args))
        if op is PACK:
            return ast.Tuple(list(map(self.atom, let.args)), ast.Load())
        if isinstance(op, UnpackOp) and len(let.outs) == 1:
            return ast.Subscript(self.atom(let.args[0]), ast.Constant(0), ast.Load())
        args, kwargs = let.call([self.atom(a) for a in let.args])
        special = _SPECIAL.get(op.function) or _LISTS.get(op.name)
        if special is not None:
            return special(self, let, (*args, *kwargs.values()))
        if op.name == "neg" and let.out.type.is_inexact and let.out.type.dtype is not None:
            return with_minus(self.argument(args[0]))
        if op.name == "*" and let.out.type.is_inexact and let.out.type.dtype is not None:
            return product(*map(self.argument, args))
        if op.name == "/" and let.out.type.is_inexact and let.out.type.dtype is not None:
            return quotient(*map(self.argument, args))
        if not kwargs and len(args) in (1, 2) and (written := self._operator(op.name, args)):
            return written
        args = tuple(self._whole_shape(raw) or a for raw, a in zip(let.call()[0], args, strict=True))
        arguments, named = list(map(self.argument, args)), {k: self.argument(v) for k, v in kwargs.items()}
        if op.name.startswith(".") and (op.effect or let.args[0].type.kind == "array"):
            return call(ast.Attribute(arguments[0], op.name[1:], ast.Load()), *arguments[1:], **named)
        if op.name.startswith("str."):
            return call(ast.Attribute(arguments[0], op.name[len("str."):], ast.Load()), *arguments[1:], **named)
        return call(dotted(self.references.operation(op)), *arguments, **named)

    def _whole_shape(self, sizes: Any) -> ast.expr | None:
        """`x.shape` for the tuple of all extents of `x`."""
        if type(sizes) is not tuple or not sizes:
            return None
        extents = [self.inlining.at.get(s) for s in sizes if isinstance(s, Var)]
        x = extents[0].args[0] if extents and isinstance(extents[0], Let) else None
        if not isinstance(x, Var) or not x.type.rank == len(sizes) == len(extents):
            return None
        for axis, let in enumerate(extents):
            if not (isinstance(let, Let) and let.op is EXTENT and let.call()[0][:1] == (x,)
                    and axis in (*let.call()[0][1:], *let.call()[1].values())):
                return None
        return _shape_of(self, self.atom(x), x.type.kind)

    def argument(self, x: Any) -> ast.expr:
        """A part of a call: an expression already, or a constant or container of them."""
        if type(x) is tuple:
            return ast.Tuple([self.argument(i) for i in x], ast.Load())
        if isinstance(x, list):
            return ast.List([self.argument(i) for i in x], ast.Load())
        if isinstance(x, slice | Slicing):
            return call(name("slice"), *(self.argument(b) for b in (x.start, x.stop, x.step)))
        return x if isinstance(x, ast.expr) else self.references.constant(x)

    def _operator(self, symbol: str, args: Sequence[Any]) -> ast.expr | None:
        operands = [self.argument(a) for a in args]
        if len(args) == 1 and symbol in UNARY:
            return negated(operands[0]) if symbol == "not" else ast.UnaryOp(UNARY[symbol](), operands[0])
        if symbol == "+" and len(args) == 2 and (subtracted := without_minus(operands[1])):
            return ast.BinOp(operands[0], ast.Sub(), subtracted)
        if len(args) == 2 and symbol in BINARY:
            return ast.BinOp(operands[0], BINARY[symbol](), operands[1])
        if len(args) == 1 and symbol == "abs":
            return call(name("abs"), *operands)
        if len(args) == 2 and symbol in ("and", "or"):
            return _joined(ast.And() if symbol == "and" else ast.Or(), *operands)
        if len(args) == 2 and symbol in COMPARE:
            return ast.Compare(operands[0], [COMPARE[symbol]()], [operands[1]])
        return None

    def index(self, x: Any) -> ast.expr:
        """What stands between the brackets."""
        if type(x) is tuple and len(x) == 1 and not isinstance(x[0], tuple | list):
            return self.index(x[0])
        if type(x) is tuple and x:
            return ast.Tuple([self.index(i) for i in x], ast.Load())
        if isinstance(x, slice | Slicing):
            bounds = (x.start, x.stop, x.step)
            return ast.Slice(*(None if b is None or _is_none(b) else self.argument(b) for b in bounds))
        return self.argument(x)

    def subscript(self, x: ast.expr, index: Any) -> ast.Subscript:
        return ast.Subscript(x, self.index(index), ast.Load())

    def conditional(self, stmt: If, choice: Choice) -> ast.expr:
        """`a and b`, `a or b` where the test is one of the values, `x if c else y` otherwise."""
        test, then, orelse = self.atom(stmt.test), self.atom(choice.then), self.atom(choice.orelse)
        if choice.orelse == stmt.test or (_is(choice.orelse, False) and is_bool(stmt.test)):
            return _joined(ast.And(), test, then)
        if choice.then == stmt.test or (_is(choice.then, True) and is_bool(stmt.test)):
            return _joined(ast.Or(), test, orelse)
        if _is(choice.then, False) and _is(choice.orelse, True):
            return negated(test)
        return ast.IfExp(test, then, orelse)


def _joined(op: ast.boolop, *values: ast.expr) -> ast.expr:
    first, *others = values
    inner = first.values if isinstance(first, ast.BoolOp) and type(first.op) is type(op) else [first]
    return ast.BoolOp(op, [*inner, *others])


def negated(test: ast.expr) -> ast.expr:
    """`not test`, without a double negation; comparisons stay as they are, for NaN's sake."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def product(left: ast.expr, right: ast.expr) -> ast.expr:
    """`left * right`; twice a product of floats is `2 * a * b`, which is the same to the last bit, and so is `-a * b`
    for `a * -b`."""
    twice = isinstance(left, ast.Constant) and left.value in (2, 0.5)
    if twice and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult | ast.Div):
        first = product(left, right.left)
        divided = isinstance(right.op, ast.Div)
        return quotient(first, right.right) if divided else ast.BinOp(first, ast.Mult(), right.right)
    negative = isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.USub)
    if negative and not isinstance(right.operand, ast.Constant):  # type: ignore[attr-defined]
        return with_minus(product(left, right.operand))  # type: ignore[attr-defined]
    return ast.BinOp(left, ast.Mult(), right)


def quotient(left: ast.expr, right: ast.expr) -> ast.expr:
    """`left / right`; `2 * a / (2 * b)` is `a / b`, which is the same to the last bit."""
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult) and isinstance(right.left, ast.Constant):
        halved = _without_factor(left, right.left.value)
        if right.left.value == 2 and halved is not None:
            return ast.BinOp(halved, ast.Div(), right.right)
    return ast.BinOp(left, ast.Div(), right)


def _without_factor(value: ast.expr, factor: Any) -> ast.expr | None:
    """`a * b` for `2 * a * b`."""
    if not (isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div)):
        return None
    if isinstance(value.left, ast.Constant) and value.left.value == factor and isinstance(value.op, ast.Mult):
        return value.right
    inner = _without_factor(value.left, factor)
    return None if inner is None else ast.BinOp(inner, value.op, value.right)


def with_minus(value: ast.expr) -> ast.expr:
    """`-y`; of a product of floats the minus goes to the front, `-a * b`, which is the same to the last bit."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div):
        return ast.BinOp(with_minus(value.left), value.op, value.right)
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        return value.operand
    return ast.UnaryOp(ast.USub(), value)


def without_minus(value: ast.expr) -> ast.expr | None:
    """`y` for `-y`, `a * b` for `-a * b`: adding a negated value and subtracting it are the same to the last bit."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        return value.operand
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div):
        left = without_minus(value.left)
        return None if left is None else ast.BinOp(left, value.op, value.right)
    return None


def is_bool(atom: Any) -> bool:
    t = getattr(atom, "type", None)
    return isinstance(t, Type) and t.kind in ("number", "scalar") and t.dtype is not None and t.dtype.kind == "b"


def _is(atom: Any, value: bool) -> bool:
    return isinstance(atom, Lit) and atom.value is value


def _is_none(node: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _getitem(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return self.subscript(self.argument(args[0]), args[1])


def _extent(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return _sized(self, let, args[0], args[1])


def _sized(self: Expressions, let: Let, x: ast.expr, axis: Any) -> ast.expr:
    kind = let.args[0].type.kind if let.args else "unknown"
    if kind == "sequence":
        return call(name("len"), x)
    return ast.Subscript(_shape_of(self, x, kind), self.argument(axis), ast.Load())


def _shape_of(self: Expressions, x: ast.expr, kind: str) -> ast.expr:
    if kind in ("array", "scalar"):
        return ast.Attribute(x, "shape", ast.Load())
    return call(dotted(self.references.operation(SHAPE)), x)


def _shape(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    kind = let.args[0].type.kind if let.args else "unknown"
    return _shape_of(self, self.argument(args[0]), kind)


def _rank(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    x = self.argument(args[0])
    if let.args and let.args[0].type.kind in ("array", "scalar"):
        return ast.Attribute(x, "ndim", ast.Load())
    return call(dotted(self.references.operation(RANK)), x)


def _copy(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    x = self.argument(args[0])
    if len(args) == 1 and let.args and let.args[0].type.kind == "array":
        return call(ast.Attribute(x, "copy", ast.Load()))
    return call(dotted(self.references.operation(let.op)), x, *map(self.argument, args[1:]))


def _transpose(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    x = self.argument(args[0])
    if len(args) == 1 and let.args[0].type.kind == "array":
        return ast.Attribute(x, "T", ast.Load())
    _, kwargs = let.call()
    return call(dotted(self.references.operation(let.op)), x, *map(self.argument, args[1:len(args) - len(kwargs)]),
                **{k: self.argument(v) for k, v in zip(kwargs, args[len(args) - len(kwargs):], strict=True)})


def _expand_dims(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    """`x[:, None]` where that is known to be the same."""
    (_, *positional), kwargs = let.call()
    axes, rank = kwargs.get("axis", *positional), let.out.type.rank
    axes = axes if type(axes) is tuple else (axes,)
    x = self.argument(args[0])
    if rank is None or let.args[0].type.kind != "array" or not all(type(a) is int for a in axes):
        return call(dotted(self.references.operation(let.op)), x, *map(self.argument, args[1:]))
    new = {a % rank for a in axes}
    places: list[ast.expr] = [ast.Constant(None) if axis in new else ast.Slice() for axis in range(max(new) + 1)]
    return ast.Subscript(x, ast.Tuple(places, ast.Load()) if len(places) > 1 else places[0], ast.Load())


def _size(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    x = self.argument(args[0])
    if len(args) == 1 and let.args and let.args[0].type.kind == "array":
        return ast.Attribute(x, "size", ast.Load())
    return call(dotted(self.references.operation(let.op)), x, *map(self.argument, args[1:]))


# Operations that have a notation of their own, by the function that they run.
_SPECIAL: dict[Any, Callable[[Expressions, Let, Sequence[Any]], ast.expr]] = {
    operator.getitem: _getitem,
    EXTENT.function: _extent,
    SHAPE.function: _shape,
    RANK.function: _rank,
    np.copy: _copy,
    np.transpose: _transpose,
    np.expand_dims: _expand_dims,
    np.size: _size,
}


def _new(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return ast.List([self.argument(a) for a in args], ast.Load())


def _longer(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return ast.List([ast.Starred(self.argument(args[0]), ast.Load()), self.argument(args[1])], ast.Load())


def _joined_lists(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return ast.BinOp(self.argument(args[0]), ast.Add(), self.argument(args[1]))


def _repeated(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return ast.BinOp(self.argument(args[0]), ast.Mult(), self.argument(args[1]))


def _backwards(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return self.subscript(self.argument(args[0]), slice(None, None, -1))


def _rows(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return call(name("list"), self.argument(args[0]))


# Operations on lists (see `srcad.rules.sequences`), where they are not done in place.
def stepped(self: Expressions, root: ast.expr, steps: Steps) -> ast.expr:
    """`root.layers[0].w` for the way from `root`."""
    for kind, key in steps:
        if kind == "attr":
            root = ast.Attribute(root, key, ast.Load())
        else:
            index = ast.Slice() if isinstance(key, slice) else self.references.constant(key)
            root = ast.Subscript(root, index, ast.Load())
    return root


def _at(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return stepped(self, args[0], args[1])


def _percent(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return ast.BinOp(self.argument(args[0]), ast.Mod(), self.argument(args[1]))


def _members(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return ast.Set([self.argument(a) for a in args]) if args else call(name("set"))


def _counted(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return call(name("len"), self.argument(args[0]))


def _positions(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    return ast.Dict([self.argument(k) for k in args], [ast.Constant(i) for i in range(len(args))])


def _made_dict(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    keys, values = args
    return ast.Dict([self.references.constant(k) for k in keys], [self.argument(v) for v in values])


def _made_record(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    cls, names, values = args
    made = dict(zip(names, map(self.argument, values), strict=True))
    maker = self.references.constant(cls)
    return call(maker, **made) if is_made_of(cls, names) else call(self.references.constant(record), maker, **made)


def _list(self: Expressions, let: Let, args: Sequence[Any]) -> ast.expr:
    (items,) = args
    return ast.List([self.argument(i) for i in items], ast.Load()) if type(items) is tuple else call(
        name("list"), self.argument(items))


_LISTS: dict[str, Callable[[Expressions, Let, Sequence[Any]], ast.expr]] = {
    "new": _new, "append": _longer, "concat": _joined_lists, "repeat": _repeated, "backwards": _backwards,
    "item": _getitem, "part": _getitem, "rows": _rows,
    "looked_up": _getitem, "len_now": _counted, "made_members": _members, "made_places": _positions,
    "percent": _percent, "at": _at, "made_dict": _made_dict, "made_record": _made_record, "list": _list,
}

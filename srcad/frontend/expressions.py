"""Expressions: `evaluate` gives the value of a node, recording what must be computed at run time."""

from __future__ import annotations

import operator
from typing import Any

import gast

from srcad.frontend.branches import select, truth
from srcad.frontend.calls import call
from srcad.frontend.comprehensions import dict_comprehension, list_comprehension
from srcad.frontend.effects import FORMAT, message_of
from srcad.frontend.machine import Frame
from srcad.frontend.places import BINARY, attribute, binary, index_of, operand, subscript
from srcad.frontend.unpacking import known_items
from srcad.frontend.values import (
    POISON,
    Closure,
    Const,
    Entries,
    Items,
    Num,
    Poison,
    Ref,
    Refused,
    Tup,
    atom_of,
    describe,
    is_atomic,
    is_static,
    static,
)
from srcad.ir import AND, IS, IS_NOT, NOT, OPERATORS, OR, Let

COMPARISONS = {"Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge", "Eq": "eq", "NotEq": "ne"}
UNARY = {"USub": "neg", "UAdd": "pos", "Invert": "invert"}
# What can be evaluated although Python would have skipped it: it can't raise and costs little.
HARMLESS = frozenset({"<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "neg", "not", "and", "or", "is", "is not", "bool"})


def evaluate(frame: Frame, node: Any) -> Any:
    try:
        return _evaluate(frame, node)
    except Refused as refused:
        if not hasattr(refused, "node"):
            refused.node = node  # type: ignore[attr-defined]
        raise


def _evaluate(frame: Frame, node: Any) -> Any:
    match node:
        case gast.Constant(value=value):
            return Const(value)
        case gast.Name(id=name):
            return frame.lookup(name)
        case gast.BinOp(left=left, op=op, right=right):
            return binary(frame, BINARY[type(op).__name__], evaluate(frame, left), evaluate(frame, right))
        case gast.UnaryOp(op=op, operand=inner):
            return _unary(frame, op, evaluate(frame, inner))
        case gast.BoolOp(op=op, values=values):
            return _boolean(frame, isinstance(op, gast.And), values)
        case gast.Compare():
            return _comparison(frame, node)
        case gast.Call():
            return call(frame, node)
        case gast.Attribute(value=value, attr=attr):
            return attribute(frame, evaluate(frame, value), attr)
        case gast.Subscript(value=value, slice=index):
            return subscript(frame, evaluate(frame, value), index_of(frame, index))
        case gast.IfExp(test=test, body=body, orelse=orelse):
            return _conditional(frame, test, body, orelse)
        case gast.Tuple(elts=elts):
            return Tup(tuple(_display(frame, elts)))
        case gast.List(elts=elts):
            return frame.machine.new(Items(tuple(_display(frame, elts))))
        case gast.Dict(keys=keys, values=values):
            return _dict(frame, keys, values)
        case gast.Lambda():
            return _lambda(frame, node)
        case gast.ListComp() | gast.GeneratorExp():
            return list_comprehension(frame, node)
        case gast.DictComp():
            return dict_comprehension(frame, node)
        case gast.JoinedStr():
            return _formatted(frame, node)
        case gast.NamedExpr(target=target, value=value):
            result = evaluate(frame, value)
            frame.bind(target.id, result)
            return result
        case gast.Slice():
            return index_of(frame, node)
        case _:
            raise Refused(f"the expression `{type(node).__name__}`", "srcad has no derivative for it")


def _display(frame: Frame, elts: list[Any]) -> list[Any]:
    values: list[Any] = []
    for e in elts:
        if isinstance(e, gast.Starred):
            values += known_items(frame, evaluate(frame, e.value), None)
        else:
            values.append(evaluate(frame, e))
    return values


def _dict(frame: Frame, keys: list[Any], values: list[Any]) -> Any:
    entries: dict[Any, Any] = {}
    for k, v in zip(keys, values, strict=True):
        if k is None:
            other = evaluate(frame, v)
            content = frame.machine.content(other) if isinstance(other, Ref) else None
            if not isinstance(content, Entries):
                raise Refused("`**` of something that is not a known dict")
            entries.update(dict(content.values))
        else:
            entries[static(evaluate(frame, k), "the key of a dict")] = evaluate(frame, v)
    return frame.machine.new(Entries(tuple(entries.items())))


def _lambda(frame: Frame, node: Any) -> Closure:
    body = gast.Return(value=node.body)
    gast.copy_location(body, node)
    tree = gast.FunctionDef(name="<lambda>", args=node.args, body=[body], decorator_list=[], returns=None,
                            type_comment=None, type_params=[])
    gast.copy_location(tree, node)
    kwdefaults = {a.id: evaluate(frame, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                  if d is not None}
    return Closure(tree, frame.keep(), tuple(evaluate(frame, d) for d in node.args.defaults), kwdefaults)


def _unary(frame: Frame, op: Any, value: Any) -> Any:
    if isinstance(value, Poison):
        return value
    if isinstance(op, gast.Not):
        test = truth(frame, value)
        if isinstance(test, Const):
            return Const(not test.value)
        return Num(frame.build.call(NOT, atom_of(test)))
    name = UNARY[type(op).__name__]
    if is_static(value):
        return Const(getattr(operator, name)(static(value, "an operand")))
    return Num(frame.build.call(OPERATORS[name], operand(frame, value)))


def _boolean(frame: Frame, is_and: bool, nodes: list[Any]) -> Any:
    """`a and b`: b is evaluated only where Python evaluates it, unless it is harmless."""
    value = evaluate(frame, nodes[0])
    if len(nodes) == 1:
        return value
    test = truth(frame, value)
    if isinstance(test, Const):
        return _boolean(frame, is_and, nodes[1:]) if test.value == is_and else value
    with frame.machine.fork(frame.machine.state) as stmts:
        rest = _boolean(frame, is_and, nodes[1:])
    if is_atomic(rest) and is_atomic(value) and all(map(_is_harmless, stmts)) and all(
            v.type.dtype is not None and v.type.dtype.kind == "b" for v in (atom_of(value), atom_of(rest))):
        frame.build.stmts += stmts
        return Num(frame.build.call(AND if is_and else OR, atom_of(value), atom_of(rest)))
    sides = (lambda: _boolean(frame, is_and, nodes[1:]), lambda: value)
    return select(frame, atom_of(test), *(sides if is_and else sides[::-1]))


def _is_harmless(stmt: Any) -> bool:
    return isinstance(stmt, Let) and stmt.op.name in HARMLESS and not any(a.type.optional for a in stmt.args)


def _comparison(frame: Frame, node: Any) -> Any:
    operands = [evaluate(frame, x) for x in (node.left, *node.comparators)]
    if any(isinstance(x, Poison) for x in operands):
        return POISON
    result = None
    for op, a, b in zip(node.ops, operands, operands[1:], strict=False):
        one = _compare(frame, op, a, b)
        if result is None:
            result = one
        elif isinstance(result, Const):
            result = one if result.value else result
        elif isinstance(one, Const):
            result = result if one.value else one
        else:
            result = Num(frame.build.call(AND, atom_of(result), atom_of(one)))
    return result


def _compare(frame: Frame, op: Any, a: Any, b: Any) -> Any:
    name = type(op).__name__
    if name in ("Is", "IsNot"):
        return _identity(frame, name == "Is", a, b)
    if name in ("In", "NotIn"):
        found = _contains(frame, a, b)
        return found if name == "In" else _unary(frame, gast.Not(), found)
    if is_static(a) and is_static(b):
        return Const(getattr(operator, COMPARISONS[name])(static(a, "an operand"), static(b, "an operand")))
    return Num(frame.build.call(OPERATORS[COMPARISONS[name]], operand(frame, a), operand(frame, b)))


def _identity(frame: Frame, positive: bool, a: Any, b: Any) -> Any:
    if isinstance(a, Const) and isinstance(b, Const):
        return Const((a.value is b.value) == positive)
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Const) and x.value is None:
            if isinstance(y, Num) and (y.atom.type.optional or y.atom.type.kind in ("object", "never")):
                return Num(frame.build.call(IS if positive else IS_NOT, y.atom, None))
            return Const(not positive)
    if isinstance(a, Ref) and isinstance(b, Ref):
        return Const((a.cell is b.cell) == positive)
    raise Refused(f"`is` between {describe(a)} and {describe(b)}", "identity of numbers and arrays is not tracked")


def _contains(frame: Frame, a: Any, b: Any) -> Any:
    content = frame.machine.content(b) if isinstance(b, Ref) else b
    if isinstance(content, Entries):
        return Const(static(a, "a key") in dict(content.values))
    if isinstance(content, Const):
        return Const(static(a, "an item") in content.value)
    items = content.values if isinstance(content, Items) else content.items if isinstance(content, Tup) else ()
    if is_static(a) and all(map(is_static, items)):
        return Const(static(a, "an item") in [static(i, "an item") for i in items])
    result: Any = Const(False)
    for item in items:
        one = Num(frame.build.call(OPERATORS["eq"], operand(frame, a), operand(frame, item)))
        result = one if isinstance(result, Const) else Num(frame.build.call(OR, result.atom, one.atom))
    return result


def _conditional(frame: Frame, test: Any, body: Any, orelse: Any) -> Any:
    condition = truth(frame, evaluate(frame, test))
    if isinstance(condition, Const):
        return evaluate(frame, body if condition.value else orelse)
    return select(frame, atom_of(condition), lambda: evaluate(frame, body), lambda: evaluate(frame, orelse))


def _formatted(frame: Frame, node: Any) -> Any:
    """An f-string: folded when it is constant, else a call of `str.format`."""
    template, values = "", []
    for part in node.values:
        if isinstance(part, gast.Constant):
            template += part.value.replace("{", "{{").replace("}", "}}")
            continue
        conversion = f"!{chr(part.conversion)}" if part.conversion != -1 else ""
        spec = static(_formatted(frame, part.format_spec), "a format") if part.format_spec is not None else ""
        template += "{" + conversion + (f":{spec}" if spec else "") + "}"
        values.append(evaluate(frame, part.value))
    if all(map(is_static, values)):
        return Const(template.format(*(static(v, "a value") for v in values)))
    return Num(frame.build.call(FORMAT, template, *map(message_of, values)))

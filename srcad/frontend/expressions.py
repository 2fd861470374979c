"""Expressions: `evaluate` gives the value of a node, recording what must be computed at run time."""

from __future__ import annotations

import operator
from types import GeneratorType
from typing import Any

import gast

from srcad.frontend import generators
from srcad.frontend.attributes import attribute
from srcad.frontend.branches import select, truth
from srcad.frontend.calls import call
from srcad.frontend.comparisons import comparison, negation
from srcad.frontend.comprehensions import dict_comprehension, list_comprehension
from srcad.frontend.dicts import set_of
from srcad.frontend.effects import FORMAT, message_of
from srcad.frontend.machine import Frame
from srcad.frontend.patterns import Matches, matched
from srcad.frontend.places import BINARY, binary, index_of, subscript
from srcad.frontend.special import special
from srcad.frontend.stores import extend
from srcad.frontend.tables import made_of
from srcad.frontend.unpacking import known_items
from srcad.frontend.unsupported import unsupported
from srcad.frontend.values import (
    NONE,
    Closure,
    Const,
    Entries,
    Items,
    Method,
    NeedsStatic,
    Num,
    Poison,
    Ref,
    Refused,
    Tup,
    atom_of,
    is_atomic,
    is_static,
    static,
)
from srcad.ir import AND, OPERATORS, OR, Let

UNARY = {"USub": "neg", "UAdd": "pos", "Invert": "invert"}
# What can be evaluated although Python would have skipped it: it can't raise and costs little.
HARMLESS = frozenset({
    "<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "neg", "not", "and", "or", "is", "is not", "bool"})


def evaluate(frame: Frame, node: Any) -> Any:
    try:
        return _evaluate(frame, node)
    except Refused as refused:
        if not hasattr(refused, "node"):
            refused.node = node  # type: ignore[attr-defined]
        raise
    except NeedsStatic as need:
        need.span = need.span or frame.span(node)
        raise


def _evaluate(frame: Frame, node: Any) -> Any:
    match node:
        case gast.Constant(value=value):
            return Const(value)
        case gast.Name(id=name):
            return frame.lookup(name)
        case gast.BinOp() | gast.UnaryOp() | gast.BoolOp() | gast.Compare() | gast.IfExp():
            return _operation(frame, node)
        case gast.Tuple() | gast.List() | gast.Set() | gast.Dict() | gast.JoinedStr():
            return _made(frame, node)
        case gast.ListComp() | gast.GeneratorExp() | gast.SetComp() | gast.DictComp():
            return _comprehension(frame, node)
        case gast.Call():
            return call(frame, node)
        case gast.Attribute(value=value, attr=attr):
            return attribute(frame, evaluate(frame, value), attr)
        case gast.Subscript(value=value, slice=index):
            return subscript(frame, evaluate(frame, value), index_of(frame, index))
        case gast.Lambda():
            return _lambda(frame, node)
        case gast.NamedExpr(target=target, value=value):
            result = evaluate(frame, value)
            frame.bind(target.id, result)
            return result
        case gast.Slice():
            return index_of(frame, node)
        case gast.Yield(value=value):
            return generators.yielded(frame, NONE if value is None else evaluate(frame, value))
        case gast.YieldFrom(value=value):
            return generators.yielded_from(frame, evaluate(frame, value), node)
        case generators.Left():
            return frame.consumer.left()
        case Matches():
            return matched(frame, node)
        case _:
            raise unsupported(node)


def _operation(frame: Frame, node: Any) -> Any:
    match node:
        case gast.BinOp(left=left, op=op, right=right):
            return binary(frame, BINARY[type(op).__name__], evaluate(frame, left), evaluate(frame, right))
        case gast.UnaryOp(op=op, operand=inner):
            return _unary(frame, op, evaluate(frame, inner))
        case gast.BoolOp(op=op, values=values):
            return _boolean(frame, isinstance(op, gast.And), values)
        case gast.Compare():
            return comparison(frame, node.ops, [evaluate(frame, x) for x in (node.left, *node.comparators)])
        case gast.IfExp(test=test, body=body, orelse=orelse):
            return _conditional(frame, test, body, orelse)
        case _:
            raise unsupported(node)


def _made(frame: Frame, node: Any) -> Any:
    """A container that is written down, or a string."""
    match node:
        case gast.Tuple(elts=elts):
            return Tup(tuple(_display(frame, elts)))
        case gast.List(elts=elts):
            return _list(frame, elts)
        case gast.Set(elts=elts):
            return set_of(frame, _display(frame, elts))
        case gast.Dict(keys=keys, values=values):
            return _dict(frame, keys, values)
        case gast.JoinedStr():
            return _formatted(frame, node)
        case _:
            raise unsupported(node)


def _comprehension(frame: Frame, node: Any) -> Any:
    match node:
        case gast.SetComp():
            return frame.call(Const(set), [list_comprehension(frame, node)])
        case gast.ListComp():
            return list_comprehension(frame, node)
        case gast.GeneratorExp():
            made = list_comprehension(frame, node)
            if isinstance(made, Ref):
                made.cell.cls = GeneratorType
            return made
        case gast.DictComp():
            return dict_comprehension(frame, node)
        case _:
            raise unsupported(node)


def _display(frame: Frame, elts: list[Any]) -> list[Any]:
    values: list[Any] = []
    for e in elts:
        if isinstance(e, gast.Starred):
            values += known_items(frame, evaluate(frame, e.value), None)
        else:
            values.append(evaluate(frame, e))
    return values


def _list(frame: Frame, elts: list[Any]) -> Any:
    """`[a, *xs, b]` is a list that is extended by what is starred."""
    if not any(isinstance(e, gast.Starred) for e in elts):
        return frame.machine.new(Items(tuple(_display(frame, elts))))
    made = frame.machine.new(Items(()))
    for e in elts:
        if isinstance(e, gast.Starred):
            extend(frame, made, evaluate(frame, e.value))
        else:
            frame.call(Method(made, "append"), [evaluate(frame, e)])
    return made


def _dict(frame: Frame, keys: list[Any], values: list[Any]) -> Any:
    entries: list[tuple[Any, Any]] = []
    for k, v in zip(keys, values, strict=True):
        if k is None:
            other = evaluate(frame, v)
            content = frame.machine.content(other) if isinstance(other, Ref) else None
            if not isinstance(content, Entries):
                raise Refused("`**` of something that is not a known dict")
            entries += ((Const(k), v) for k, v in content.values)
        else:
            entries.append((evaluate(frame, k), evaluate(frame, v)))
    return made_of(frame, entries)


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
        return negation(frame, value)
    name = UNARY[type(op).__name__]
    if (result := special(frame, value, name)) is not None:
        return result
    if is_static(value):
        return Const(getattr(operator, name)(static(value, "an operand")))
    return Num(frame.build.call(OPERATORS[name], atom_of(value)))


def _boolean(frame: Frame, is_and: bool, nodes: list[Any]) -> Any:
    """`a and b`: b is evaluated only where Python evaluates it, unless it is harmless."""
    value = evaluate(frame, nodes[0])
    if len(nodes) == 1:
        return value
    test = truth(frame, value)
    if isinstance(test, Const):
        return _boolean(frame, is_and, nodes[1:]) if test.value == is_and else value
    before = frame.machine.state
    with frame.machine.fork(before) as stmts:
        rest = _boolean(frame, is_and, nodes[1:])
        plain = not frame.machine.changed_since(before) and not frame.machine.dead
    if plain and not stmts and isinstance(rest, Const) and isinstance(rest.value, bool) and _is_flag(value):
        return value if rest.value == is_and else rest
    if plain and is_atomic(rest) and is_atomic(value) and all(_is_harmless(frame, s) for s in stmts) and all(
            v.type.dtype is not None and v.type.dtype.kind == "b" for v in (atom_of(value), atom_of(rest))):
        frame.build.stmts += stmts
        return Num(frame.build.call(AND if is_and else OR, atom_of(value), atom_of(rest)))
    sides = (lambda: _boolean(frame, is_and, nodes[1:]), lambda: value)
    return select(frame, atom_of(test), *(sides if is_and else sides[::-1]))


def _is_flag(value: Any) -> bool:
    """Is it sure to be True or False?"""
    t = value.atom.type if isinstance(value, Num) else None
    return t is not None and t.kind != "array" and t.dtype is not None and t.dtype.kind == "b" and not t.optional


def _is_harmless(frame: Frame, stmt: Any) -> bool:
    """Can `stmt` be done where Python would not do it?  (It must not read what may have no value.)"""
    return isinstance(stmt, Let) and stmt.op.name in HARMLESS and not any(
        a.type.optional or frame.build.may_lack_value(a) for a in stmt.args)


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
    return Num(frame.build.call(FORMAT, template, *(message_of(frame, v) for v in values)))

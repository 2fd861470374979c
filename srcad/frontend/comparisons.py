"""Comparisons, identity and membership."""

from __future__ import annotations

import operator
from typing import Any

import gast
import numpy as np

from srcad.frontend.branches import truth
from srcad.frontend.builtin_calls import BUILTINS, builtin
from srcad.frontend.machine import Frame
from srcad.frontend.places import operand
from srcad.frontend.special import operated, overridden, special
from srcad.frontend.tables import among, contains, key_of
from srcad.frontend.values import (
    POISON,
    Const,
    Entries,
    Items,
    NeedsKey,
    NeedsStatic,
    Num,
    Poison,
    Ref,
    Refused,
    Sequence,
    Table,
    Tup,
    atom_of,
    describe,
    is_atomic,
    is_static,
    static,
)
from srcad.ir import AND, IS, IS_NOT, NOT, OPERATORS, OR, Var
from srcad.ir.types import Dim

COMPARISONS = {"Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge", "Eq": "eq", "NotEq": "ne"}


def negation(frame: Frame, value: Any) -> Any:
    """`not value`."""
    test = truth(frame, value)
    if isinstance(test, Const):
        return Const(not test.value)
    return Num(frame.build.call(NOT, atom_of(test)))


def comparison(frame: Frame, ops: list[Any], operands: list[Any]) -> Any:
    """`a < b <= c`: every pair is compared."""
    if any(isinstance(x, Poison) for x in operands):
        return POISON
    result = None
    for op, a, b in zip(ops, operands, operands[1:], strict=False):
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
        return found if name == "In" else negation(frame, found)
    if is_static(a) and is_static(b):
        return Const(getattr(operator, COMPARISONS[name])(static(a, "an operand"), static(b, "an operand")))
    if (result := operated(frame, COMPARISONS[name], a, b)) is not None:
        return result
    if name not in ("Eq", "NotEq") and (result := _in_order(frame, op, a, b)) is not None:
        return result
    if isinstance(a, Ref | Tup) and isinstance(b, Ref | Tup):
        equal = _equal(frame, a, b) if name in ("Eq", "NotEq") else None
        if equal is None:
            raise Refused(f"a comparison of {describe(a)} with {describe(b)}", hint="compare what they hold")
        return equal if name == "Eq" else negation(frame, equal)
    known = _of_sizes(name, a, b)
    if known is not None:
        return Const(known)
    return Num(frame.build.call(OPERATORS[COMPARISONS[name]], operand(frame, a, b), operand(frame, b, a)))


def _of_sizes(name: str, a: Any, b: Any) -> bool | None:
    """How two sizes compare, if that is the same in all calls: an extent that is known not to be 0 or 1 is more."""
    left, right = _size(a), _size(b)
    if left is None or right is None:
        return None
    compare = getattr(operator, COMPARISONS[name])
    if left.size is right.size:
        return bool(compare(left.offset, right.offset))
    if left.size is not None and right.size is not None:
        return None
    # One is a constant, the other that much or more.
    more = right.size is None
    least, constant = (left.least, right.offset) if more else (right.least, left.offset)
    if least <= constant:
        return None
    return bool(compare(least, constant) if more else compare(constant, least))


def _size(value: Any) -> Dim | None:
    """An integer that is made of extents, and exactly so: never cut off at zero."""
    if isinstance(value, Const):
        return Dim(None, value.value) if type(value.value) is int else None
    found = value.atom.type.value if isinstance(value, Num) else None
    if found is None or found.size is None:
        return found
    return found if found.size.many and found.offset >= -2 else None


def _in_order(frame: Frame, op: Any, a: Any, b: Any) -> Any:
    """`a < b` of tuples or lists of one length: by the first items that differ; None if these are none."""
    contents = [frame.machine.content(x) if isinstance(x, Ref) else x for x in (a, b)]
    if not all(isinstance(c, Items | Tup) for c in contents):
        return None
    left, right = (c.values if isinstance(c, Items) else c.items for c in contents)
    if len(left) != len(right) or not left:
        return None
    result = _compare(frame, op, left[-1], right[-1])
    strict = gast.Lt() if isinstance(op, gast.Lt | gast.LtE) else gast.Gt()
    for x, y in zip(left[-2::-1], right[-2::-1], strict=True):
        result = _either(frame, _compare(frame, strict, x, y), _both(frame, _compare(frame, gast.Eq(), x, y), result))
    return result


def _both(frame: Frame, a: Any, b: Any) -> Any:
    if isinstance(a, Const):
        return b if a.value else a
    return (a if b.value else b) if isinstance(b, Const) else Num(frame.build.call(AND, a.atom, b.atom))


def _either(frame: Frame, a: Any, b: Any) -> Any:
    if isinstance(a, Const):
        return a if a.value else b
    return (b if b.value else a) if isinstance(b, Const) else Num(frame.build.call(OR, a.atom, b.atom))


def _comparing(op: type) -> Any:
    return lambda frame, args, kwargs: comparison(frame, [op()], args)


BUILTINS.update({getattr(operator, name): _comparing(getattr(gast, op)) for op, name in COMPARISONS.items()})


@builtin(operator.not_)
def _not(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return negation(frame, args[0])


@builtin(operator.contains)
def _containing(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _contains(frame, args[1], args[0])


def _equal(frame: Frame, a: Any, b: Any) -> Any:
    """Equality of two lists or tuples whose items are known; None if it can't be told."""
    contents = [frame.machine.content(x) if isinstance(x, Ref) else x for x in (a, b)]
    if type(contents[0]) is not type(contents[1]):
        return None if any(isinstance(c, Sequence) for c in contents) else Const(False)
    if not isinstance(contents[0], Items | Tup):
        return None
    left, right = (c.values if isinstance(c, Items) else c.items for c in contents)
    result: Any = Const(len(left) == len(right))
    for x, y in zip(left, right, strict=False):
        one = truth(frame, _compare(frame, gast.Eq(), x, y))
        if isinstance(one, Const):
            result = result if one.value else one
        elif not isinstance(result, Const):
            result = Num(frame.build.call(AND, result.atom, one.atom))
        elif result.value:
            result = one
    return result


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
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Const) and not is_atomic(x) and (isinstance(y, Ref | Tup) or (
                isinstance(y, Num) and y.atom.type.is_numeric)):
            return Const(not positive)
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Const) and isinstance(x.value, bool) and isinstance(y, Num) and not y.atom.type.optional:
            t = y.atom.type
            if t.kind in ("scalar", "array") or t.kind == "number" and t.dtype is not None and t.dtype.kind != "b":
                return Const(not positive)  # there is one True, which is Python's
            if t.kind == "number" and t.dtype is not None:
                return y if x.value == positive else negation(frame, y)
    match a, b:
        case Num(atom=Var() as x), Num(atom=Var() as y) if x.type.kind == y.type.kind == "array":
            one = _is_one_array(frame, x, y)
            if one is not None:
                return Const(one == positive)
            if not {x, y} & frame.build.made.keys():  # as the caller gave them
                return Num(frame.build.call(IS if positive else IS_NOT, x, y))
    raise Refused(f"`is` between {describe(a)} and {describe(b)}", "identity of numbers and arrays is not tracked")


def _is_one_array(frame: Frame, a: Var, b: Var) -> bool | None:
    """Is this one object?  None if it is not known here."""
    memories, made = frame.machine.memories, frame.build.made
    places, views = (memories.at(a), memories.at(b)), [v for v in (a, b) if memories.is_part(v)]
    if a is b or places[0] is places[1] and not views:
        return True
    if places[0] is places[1]:
        return False if len(views) == 1 and memories.is_new_object(views[0]) else None
    if memories.alternatives(places[0]) & memories.alternatives(places[1]) or memories.met & {*places}:
        return None
    return False if made.keys() & {*places} else None


def _contains(frame: Frame, a: Any, b: Any) -> Any:
    content = frame.machine.content(b) if isinstance(b, Ref) else b
    if overridden(frame, b, "contains") is not None:
        return special(frame, b, "contains", a)
    if isinstance(content, Table):
        return contains(frame, content, a)
    if isinstance(content, Entries):
        try:
            return Const(key_of(frame.machine, b, a, "a key") in dict(content.values))
        except NeedsStatic as need:
            if isinstance(need, NeedsKey) or not content.values:
                raise
        return among(frame, content, a)
    if isinstance(content, Const):
        return Const(static(a, "an item") in content.value)
    if isinstance(content, Num):
        equal = Num(frame.build.call(OPERATORS["eq"], atom_of(content), operand(frame, a, content)))
        return frame.call(Const(np.any), [equal])
    if not isinstance(content, Items | Tup):
        found = special(frame, b, "contains", a)
        if found is None:
            raise Refused(f"`in` {describe(b)}", "its items are not known", "compare in a loop, or use np.any")
        return found
    items = content.values if isinstance(content, Items) else content.items
    if is_static(a) and all(map(is_static, items)):
        return Const(static(a, "an item") in [static(i, "an item") for i in items])
    result: Any = Const(False)
    for item in items:
        one = truth(frame, _compare(frame, gast.Eq(), a, item))
        if isinstance(one, Const):
            if one.value:
                return one
        else:
            result = one if isinstance(result, Const) else Num(frame.build.call(OR, result.atom, one.atom))
    return result

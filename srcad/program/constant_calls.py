"""Calls of functions that are no part of the derivative: called as they are; what they give is a constant."""

from __future__ import annotations

import functools
import typing
from typing import Any

import numpy as np

from srcad.frontend import external
from srcad.frontend.machine import Frame
from srcad.frontend.values import Num, Tup
from srcad.ir import Op, Type
from srcad.ir.types import BOOL, COMPLEX, FLOAT, INT, OBJECT, UNKNOWN
from srcad.rules.ops import RULES, ZERO


def constant_call(frame: Frame, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call a function as it is; what it gives is a constant of the derivative."""
    op = _constant_op(function)
    given = [external.passed(frame, a) for a in args]
    named = {k: external.passed(frame, v) for k, v in kwargs.items()}
    if op.outs > 1:
        return Tup(tuple(map(Num, frame.build.calls(op, *given, **named))))
    return Num(frame.build.call(op, *given, **named))


@functools.cache
def _constant_op(function: Any) -> Op:
    types = _returned(function)
    name = getattr(function, "__qualname__", None) or type(function).__name__
    module = getattr(function, "__module__", None)
    path = f"{module}.{name}" if module else name
    op = Op(path, function, effect=True, infer=lambda *_, **__: types, outs=len(types), structure=frozenset())
    RULES[op] = ZERO
    return op


def _returned(function: Any) -> tuple[Type, ...]:
    """The types of what a function says that it returns."""
    hints = getattr(function, "__annotations__", {})
    try:
        found = typing.get_type_hints(function).get("return") if hints else None
    except (NameError, TypeError, AttributeError):
        found = None
    if typing.get_origin(found) is tuple and Ellipsis not in typing.get_args(found):
        return tuple(_KINDS.get(a, UNKNOWN) for a in typing.get_args(found))
    return (_KINDS.get(found, UNKNOWN) if isinstance(found, type) else UNKNOWN,)


_KINDS: dict[Any, Type] = {float: FLOAT, int: INT, bool: BOOL, complex: COMPLEX, np.ndarray: Type("array"),
                           type(None): OBJECT, str: OBJECT}

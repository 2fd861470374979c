"""Calls of operations: Python arguments become a form over atoms."""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import Any

import numpy as np

from srcad.frontend.comprehensions import listed
from srcad.frontend.lists import columns_of
from srcad.frontend.machine import Frame
from srcad.frontend.values import (
    NONE,
    Const,
    Items,
    Num,
    Ref,
    Refused,
    Rows,
    Sequence,
    Stream,
    Tup,
    atom_of,
    describe,
    static,
)
from srcad.ir import Lit, Op, Var, leaves, op_of
from srcad.rules import rule_of


def call_operation(frame: Frame, op: Op, args: list[Any], kwargs: dict[str, Any]) -> Any:
    rule = rule_of(op)
    if rule is None:
        raise Refused(f"a call of {op.name}", "it has no derivative rule")
    for name in ("out", "where"):
        if name in kwargs and not (isinstance(kwargs[name], Const) and kwargs[name].value is None):
            raise Refused(f"`{name}=` of {op.name}", "in-place results and masked operations are not differentiated",
                          "assign the result, and mask with np.where")
    args, kwargs = _without_out(op, args, kwargs)
    if op.function is np.asarray and len(args) == 1 and not kwargs and _is_array(args[0]):
        return args[0]
    args, kwargs = _ordered(op, args, kwargs)
    names = _parameters(op)
    form_args = []
    for i, a in enumerate(args):
        name = names[i] if i < len(names) else ""
        linear = i < len(rule.vjps) and rule.vjps[i] is not None
        form_args.append(structure(frame, a, name) if name in op.structure else _data(frame, op, a, linear))
    form_kwargs = {k: structure(frame, v, k) if k in op.structure else _data(frame, op, v) for k, v in kwargs.items()
                   if not _is_default(op, k, v)}
    if op.outs > 1:
        return Tup(tuple(Num(v) for v in frame.build.calls(op, *form_args, **form_kwargs)), _record_class(op))
    result = frame.machine.record(op, *form_args, **form_kwargs)
    if result.type.kind == "sequence" and op.memory != "fresh":
        for a in form_args:
            frame.machine.memories.hold(a, frame.build.span)
    frame.machine.memories.derive(result, op, tuple(form_args), form_kwargs, frame.build.made)
    return result_of(frame, result)


def _without_out(op: Op, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The call without an `out` that is None, whose place in the call no rule knows."""
    kwargs = {k: v for k, v in kwargs.items() if k not in ("out", "where")}
    names = _parameters(op)
    place = names.index("out") if "out" in names else len(args)
    return args[:place], dict(zip(names[place + 1:], args[place + 1:], strict=False)) | kwargs


def _record_class(op: Op) -> type | None:
    """The named tuple that the operation gives."""
    name = op.name.removeprefix("np.linalg.")
    if name == op.name:
        return None
    module = importlib.import_module("numpy.linalg._linalg")
    return getattr(module, f"{name.capitalize()}Result", None) or getattr(module, f"{name.upper()}Result", None)


def _data(frame: Frame, op: Op, value: Any, differentiable: bool = False) -> Any:
    """An argument that is data; a list of numbers or arrays is made an array where NumPy would make one of it.

    Integers alone are a shape or places, unless they stand where something that has a derivative may."""
    result = argument(frame, value)
    if not isinstance(result, list | tuple):
        return result
    if not op.lists:
        return _as_array(frame, result, differentiable)
    if any(isinstance(a, Var) for a in result):  # `np.concatenate([x, [1, 2]])`
        return [_as_array(frame, a, differentiable) if isinstance(a, list | tuple) else a for a in result]
    return result


def _as_array(frame: Frame, items: Any, integers: bool) -> Any:
    array = op_of(np.array)
    assert array is not None
    is_data = _is_number if integers else _is_inexact
    return frame.build.call(array, items) if any(map(is_data, leaves(items))) else items


def _is_inexact(a: Any) -> bool:
    return a.type.is_inexact or a.type.rank != 0 if isinstance(a, Var | Lit) else isinstance(a, float | complex)


def _is_number(a: Any) -> bool:
    return a.type.is_numeric or a.type.rank != 0 if isinstance(a, Var | Lit) else isinstance(a, int | float | complex)


def result_of(frame: Frame, var: Any) -> Any:
    """A result as a value: a list of arrays (`np.split`) is a sequence."""
    if var.type.kind == "sequence":
        return frame.machine.new(Sequence(var))
    return Num(var)


def _is_array(value: Any) -> bool:
    return isinstance(value, Num) and value.atom.type.kind == "array"


def _is_default(op: Op, name: str, value: Any) -> bool:
    """Does the argument say what would hold without it (`axis=None`, `keepdims=False`)?"""
    if not isinstance(value, Const) or not (value.value is None or value.value is False):
        return False
    default = _defaults(op).get(name, inspect.Parameter.empty)
    return default is value.value or name == "keepdims" and value.value is False


@functools.cache
def _defaults(op: Op) -> dict[str, Any]:
    try:
        return {p.name: p.default for p in inspect.signature(op.function).parameters.values()}
    except (TypeError, ValueError):
        return {}


@functools.cache
def _parameters(op: Op) -> tuple[str, ...]:
    """The names of the positional parameters of an operation, as far as they are known."""
    try:
        params = inspect.signature(op.function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(p.name for p in params if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))


def _ordered(op: Op, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Data that was passed by keyword goes to its position, where the rules expect it."""
    names, args, kwargs = _parameters(op), list(args), dict(kwargs)
    if op.function is np.clip and (kwargs.keys() & {"min", "max"}):  # the names of the array API
        low, high = (kwargs.pop(n, NONE) for n in ("min", "max"))
        return [*args, low, high], kwargs
    while len(args) < len(names) and names[len(args)] in kwargs and names[len(args)] not in op.structure:
        args.append(kwargs.pop(names[len(args)]))
    return args, kwargs


def structure(frame: Frame, value: Any, name: str) -> Any:
    """An argument that shapes the computation: it must be known."""
    if isinstance(value, Ref):
        content = frame.machine.content(value)
        if isinstance(content, Items):
            return tuple(structure(frame, v, name) for v in content.values)
    if isinstance(value, Tup):
        return tuple(structure(frame, v, name) for v in value.items)
    result = static(value, f"`{name}`")
    return list(result) if isinstance(result, list) else result


def argument(frame: Frame, value: Any) -> Any:
    """An argument that is data: atoms, and tuples and lists of them."""
    match value:
        case Const(value=v):
            if isinstance(v, np.ndarray):
                raise Refused("an array without a name", hint="bind it to a name outside the function")
            return v
        case Num():
            return atom_of(value)
        case Tup(items=items):
            return tuple(argument(frame, i) for i in items)
        case Ref():
            return _container(frame, value)
        case Stream():
            return _container(frame, listed(frame, value))
        case _:
            raise Refused(f"{describe(value)} as an argument of a NumPy function")


def _container(frame: Frame, ref: Ref) -> Any:
    content = frame.machine.content(ref)
    if isinstance(content, Items):
        return [argument(frame, v) for v in content.values]
    if isinstance(content, Sequence):
        return content.atom
    if isinstance(content, Rows) and not any(isinstance(i, Tup) for i in content.tree.items):
        # The rows of an array whose columns are there.
        array, transpose = op_of(np.array), op_of(np.transpose)
        assert array is not None and transpose is not None
        return frame.build.call(transpose, frame.build.call(array, columns_of(content)))
    raise Refused(f"{describe(ref)} as an argument of a NumPy function")



def spelled(v: Any) -> str:
    """The name of a function as users write it."""
    module = (getattr(v, "__module__", None) or "").replace("numpy", "np", 1)
    name = getattr(v, "__qualname__", getattr(v, "__name__", repr(v)))
    return f"{module}.{name}" if module and module != "builtins" else str(name)

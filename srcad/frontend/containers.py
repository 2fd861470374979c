"""Methods of arrays, lists, dicts and strings."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.frontend.array_stores import change_by_method
from srcad.frontend.dicts import dict_method
from srcad.frontend.effects import FORMAT, JOIN, message_of
from srcad.frontend.external import call_bar, call_method_of
from srcad.frontend.generators import OF_GENERATORS
from srcad.frontend.list_methods import found_in, list_method
from srcad.frontend.machine import Frame
from srcad.frontend.numpy_calls import argument
from srcad.frontend.places import CHANGING
from srcad.frontend.tables import made, table_method
from srcad.frontend.values import (
    NONE,
    Const,
    Entries,
    Items,
    Num,
    Ref,
    Refused,
    Rows,
    Sequence,
    Stream,
    Table,
    Tup,
    describe,
    is_static,
    static,
)
from srcad.rules import METHODS
from srcad.runtime.inside import METHODS as TENSOR_METHODS

DUNDER = {"__len__": len, "__iter__": iter, "__next__": next, "__abs__": abs, "__float__": float, "__int__": int,
          "__bool__": bool,
          **{f"__{n.rstrip('_')}__": getattr(operator, n) for n in (
              "getitem", "contains", "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "neg", "eq",
              "ne", "lt", "le", "gt", "ge", "and_", "or_", "xor")}}


def call_method(frame: Frame, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if name in DUNDER:
        return frame.call(Const(DUNDER[name]), [owner, *args], kwargs)
    match owner:
        case Num(atom=atom) if atom.type.cls is not None:
            return call_method_of(frame, owner, name, args, kwargs)
        case Num():
            return _of_array(frame, owner, name, args, kwargs)
        case Const(value=str() as text):
            return _of_string(frame, text, name, args)
        case Stream(kind="generator") if name in OF_GENERATORS:
            return OF_GENERATORS[name](frame, [owner, *args], kwargs)
        case Stream(kind="bar"):
            return call_bar(name)
        case Ref():
            content = frame.machine.content(owner)
            if isinstance(content, Items | Sequence | Rows):
                return list_method(frame, owner, content, name, args, kwargs)
            if isinstance(content, Table):
                return table_method(frame, owner, content, name, args, kwargs)
            if isinstance(content, Entries):
                return dict_method(frame, owner, content, name, args, kwargs)
        case Tup() if name in ("index", "count"):
            return found_in(frame, owner, name, args[0])
        case Tup(items=items, cls=cls) if cls is not None and hasattr(cls, name):
            return _of_record(frame, items, cls, name, args, kwargs)
    raise Refused(f"the method `{name}` of {describe(owner)}")


def _of_array(frame: Frame, owner: Num, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if frame.tensors and name in TENSOR_METHODS:
        return frame.call(Const(TENSOR_METHODS[name]), [owner, *args], kwargs)
    if name in CHANGING:
        return change_by_method(frame, owner, name, args, kwargs)
    if name in ("conj", "conjugate") and owner.atom.type.dtype is not None and owner.atom.type.dtype.kind != "c":
        return owner  # NumPy gives back the array itself
    if name == "astype" and "copy" in kwargs:
        kwargs = dict(kwargs)
        dtype, old = kwargs.get("dtype", args[0] if args else NONE), owner.atom.type.dtype
        if static(kwargs.pop("copy"), "`copy`") is False and (old is None or np.dtype(static(dtype, "a dtype")) == old):
            if old is None:
                raise Refused("astype(copy=False) of an array of unknown dtype", hint="leave `copy` out")
            return owner
    if name in ("reshape", "transpose", "permute") and len(args) > 1:
        args = [Tup(tuple(args))]
    if name not in METHODS:
        raise Refused(f"the method `{name}` of an array", "it is not differentiated")
    return frame.call(Const(METHODS[name]), [owner, *args], kwargs)


def _of_string(frame: Frame, text: str, name: str, args: list[Any]) -> Any:
    if all(map(is_static, args)):
        return Const(getattr(text, name)(*(static(a, "an argument") for a in args)))
    if name == "join":
        return Num(frame.build.call(JOIN, text, argument(frame, args[0])))
    if name == "format":
        return Num(frame.build.call(FORMAT, text, *(message_of(frame, a) for a in args)))
    raise Refused(f"the string method `{name}` on what is computed")


def _of_record(frame: Frame, items: tuple[Any, ...], cls: type, name: str, args: list[Any],
               kwargs: dict[str, Any]) -> Any:
    """A method of a named tuple."""
    fields = dict(zip(cls._fields, items, strict=True))  # type: ignore[attr-defined]
    if name == "_replace":
        return Tup(tuple((fields | kwargs).values()), cls)
    if name == "_asdict":
        return made(frame, fields)
    raise Refused(f"the method `{name}` of a {cls.__name__}")

"""Methods of arrays, lists, dicts and strings."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.frontend.array_stores import change_by_method
from srcad.frontend.effects import FORMAT, message_of
from srcad.frontend.external import call_method_of
from srcad.frontend.lists import changed, columns_of, each_column, element_of, grown
from srcad.frontend.machine import Frame
from srcad.frontend.memory import Elements
from srcad.frontend.places import CHANGING
from srcad.frontend.stores import extend
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
    Tup,
    describe,
    is_static,
    static,
)
from srcad.ir import Var
from srcad.rules import METHODS
from srcad.rules.sequences import APPEND, POP
from srcad.runtime.inside import METHODS as TENSOR_METHODS


def call_method(frame: Frame, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    match owner:
        case Num(atom=atom) if atom.type.cls is not None:
            return call_method_of(frame, owner, name, args, kwargs)
        case Num():
            return _of_array(frame, owner, name, args, kwargs)
        case Const(value=str() as text):
            return _of_string(frame, text, name, args)
        case Ref():
            content = frame.machine.content(owner)
            if isinstance(content, Items | Sequence | Rows):
                return _of_list(frame, owner, content, name, args)
            if isinstance(content, Entries):
                return _of_dict(frame, owner, content, name, args)
        case Tup() if name in ("index", "count") and is_static(owner):
            return Const(getattr(static(owner, "a tuple"), name)(static(args[0], "an item")))
        case Tup(items=items, cls=cls) if name == "_replace" and cls is not None:
            fields = dict(zip(cls._fields, items, strict=True)) | kwargs  # type: ignore[attr-defined]
            return Tup(tuple(fields.values()), cls)
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
    return frame.call(Const(METHODS[name]), [owner, *args], kwargs)


def _of_string(frame: Frame, text: str, name: str, args: list[Any]) -> Any:
    if all(map(is_static, args)):
        return Const(getattr(text, name)(*(static(a, "an argument") for a in args)))
    if name == "format":
        return Num(frame.build.call(FORMAT, text, *map(message_of, args)))
    raise Refused(f"the string method `{name}` on what is computed")


def _of_list(frame: Frame, owner: Ref, content: Any, name: str, args: list[Any]) -> Any:
    if name == "append":
        _append(frame, owner, content, args[0])
        return NONE
    if name == "extend":
        extend(frame, owner, args[0])
        return NONE
    if name == "pop":
        return _pop(frame, owner, content, args)
    if name == "copy":
        return frame.machine.new(content)
    if name == "insert" and isinstance(content, Items):
        values = list(content.values)
        values.insert(static(args[0], "an index"), args[1])
        frame.machine.store(owner, Items(tuple(values)))
        return NONE
    if name == "reverse" and isinstance(content, Items):
        frame.machine.store(owner, Items(content.values[::-1]))
        return NONE
    if name == "clear":
        frame.machine.store(owner, Items(()))
        return NONE
    raise Refused(f"the list method `{name}`", hint="build the list with append, slices and concatenation")


def _append(frame: Frame, owner: Ref, content: Any, value: Any) -> None:
    if isinstance(content, Items):
        frame.machine.store(owner, Items((*content.values, value)))
        return
    content = grown(frame, content, value)
    frame.machine.store(owner, each_column(
        content, lambda c, v: changed(frame, c, v, lambda a: frame.build.call(APPEND, c, a)), value))


def _pop(frame: Frame, owner: Ref, content: Any, args: list[Any]) -> Any:
    if isinstance(content, Items):
        values = list(content.values)
        try:
            result = values.pop(*(static(a, "an index") for a in args))
        except (IndexError, TypeError) as error:
            raise Refused(f"this pop always fails: {error}", raises=error) from None
        frame.machine.store(owner, Items(tuple(values)))
        return result
    if args:
        raise Refused("pop at an index of a list of unknown length", hint="pop from the end")
    popped = [frame.build.calls(POP, c) for c in columns_of(content)]
    memories, rests = frame.machine.memories, iter(popped)
    for c, (rest, _) in zip(columns_of(content), popped, strict=True):
        if isinstance(c, Var) and isinstance(memories.at(c), Elements):
            memories.detach(memories.at(c))
            memories.of[rest] = memories.at(c)
    frame.machine.store(owner, each_column(content, lambda c: next(rests)[0]))
    return element_of(content, [frame.machine.held(last) for _, last in popped])


def _of_dict(frame: Frame, owner: Ref, content: Entries, name: str, args: list[Any]) -> Any:
    entries = dict(content.values)
    if name == "keys":
        return Tup(tuple(Const(k) for k in entries))
    if name == "values":
        return Tup(tuple(entries.values()))
    if name == "items":
        return Tup(tuple(Tup((Const(k), v)) for k, v in entries.items()))
    if name == "get":
        return entries.get(static(args[0], "a key"), args[1] if len(args) > 1 else NONE)
    if name == "copy":
        return frame.machine.new(content)
    if name == "update" and args and isinstance(args[0], Ref):
        other = frame.machine.content(args[0])
        frame.machine.store(owner, Entries(tuple({**entries, **dict(other.values)}.items())))
        return NONE
    if name in ("pop", "setdefault"):
        key = static(args[0], "a key")
        if key not in entries and len(args) < 2:
            raise Refused(f"the key {key!r} is not in the dict", raises=KeyError(key))
        value = entries.get(key, args[1] if len(args) > 1 else NONE)
        left = {k: v for k, v in entries.items() if k != key} if name == "pop" else {**entries, key: value}
        frame.machine.store(owner, Entries(tuple(left.items())))
        return value
    raise Refused(f"the dict method `{name}`")


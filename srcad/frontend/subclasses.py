"""Classes of the user's that are lists or dicts: `class Stack(list)`, `class Params(dict)`.

An object of one holds what a list or dict holds; its cell says its class, and where its attributes are.  Methods that
the class defines come first, as in Python; `super().append(x)` and `dict.__setitem__(self, k, v)` are the list's or
dict's own.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from types import MethodDescriptorType, WrapperDescriptorType
from typing import Any

from srcad.frontend import tables
from srcad.frontend.comprehensions import listed
from srcad.frontend.machine import Frame
from srcad.frontend.special import container_class, method_of
from srcad.frontend.values import (
    MISSING,
    NONE,
    Beside,
    Const,
    Entries,
    Fields,
    Items,
    Method,
    Missing,
    Ref,
    Refused,
    static,
)

HANDLED = (list, dict, OrderedDict, object)


def is_made_so(cls: type) -> bool:
    """Is this a class of the user's that is a list or a dict?"""
    own = [c for c in cls.__mro__ if c not in HANDLED]
    return issubclass(cls, list | dict) and cls not in HANDLED and all(
        c.__flags__ & 1 << 9 and not hasattr(c, "__slots__") for c in own) and not any(
        c.__module__.partition(".")[0] in ("collections", "builtins") for c in own)


def construct_container(frame: Frame, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Ref:
    made = frame.machine.new(Items(())) if issubclass(cls, list) else tables.made(frame, {})
    made.cell.cls, made.cell.rule = cls, Beside(frame.machine.new(Fields(cls, ())))
    init = method_of(cls, "__init__")
    if init is not None:
        frame.call(init, [made, *args], kwargs)
        made.cell.hint = ""
    else:
        own(frame, made, "__init__", args, kwargs)
    return made


def attributes_beside(frame: Frame, owner: Ref) -> Ref:
    """The object that holds the attributes of a list or dict: the dict itself where `self.__dict__ = self`."""
    return owner.cell.rule.ref


def attribute_of(frame: Frame, owner: Ref, name: str) -> Any:
    """An attribute of its own; MISSING if there is none."""
    fields = frame.machine.content(owner.cell.rule.ref)
    found = fields.get(name) if isinstance(fields, Fields | Entries) else None
    return MISSING if found is None else found


def set_attribute_of(frame: Frame, owner: Ref, name: str, value: Any) -> None:
    if name == "__dict__":
        if not (isinstance(value, Ref) and value.cell is owner.cell):
            raise Refused("a store into `__dict__` of a list or dict", "only `self.__dict__ = self` is known here")
        owner.cell.rule = Beside(owner)
        return
    home = owner.cell.rule.ref
    content = frame.machine.content(home)
    frame.machine.store(home, type(content)(*(
        (content.cls,) if isinstance(content, Fields) else ()), tuple({**dict(content.values), name: value}.items())))


def is_own(function: Any) -> bool:
    """Is this a method of list or dict, to be called on one?"""
    return isinstance(function, MethodDescriptorType | WrapperDescriptorType) and function.__objclass__ in HANDLED


def call_own(frame: Frame, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`list.append(self, x)`: what the list itself does."""
    owner, *rest = args
    if not isinstance(owner, Ref) or isinstance(frame.machine.content(owner), Fields):
        raise Refused(f"a call of {function.__qualname__}", "its first argument is no list or dict")
    return own(frame, owner, function.__name__, rest, kwargs)


def own(frame: Frame, owner: Ref, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A method of list or dict on this object, whatever its class says of it."""
    machine = frame.machine
    with plain(frame, owner):
        match name:
            case "__init__" if issubclass(owner.cell.cls or list, dict):
                return frame.call(Method(owner, "update"), args, kwargs)
            case "__init__":
                machine.store(owner, machine.content(listed(frame, args[0])) if args else Items(()))
                return NONE
            case "__setitem__":
                frame.semantics.store(frame, owner, *args)
                return NONE
            case "__getattribute__":
                return frame.semantics.attribute(frame, owner, static(args[0], "the name of an attribute"))
            case "__setattr__":
                set_attribute_of(frame, owner, static(args[0], "the name of an attribute"), args[1])
                return NONE
            case "__repr__" | "__str__":
                return frame.call(Const(str), [owner])
            case _:
                return frame.call(Method(owner, name), args, kwargs)


class plain:
    """Within this block the methods that the class of an object defines are not looked for."""

    def __init__(self, frame: Frame, owner: Ref) -> None:
        self.plain, self.cell = frame.machine.plain, owner.cell

    def __enter__(self) -> None:
        self.plain.append(self.cell)

    def __exit__(self, *error: object) -> None:
        self.plain.pop()


def read(frame: Frame, owner: Ref, name: str, of_class: Any) -> Any:
    """`owner.name`; `of_class` looks a name up in classes."""
    cls = container_class(owner)
    assert cls is not None
    raw = inspect.getattr_static(cls, name, None)
    if isinstance(raw, property):
        return of_class(frame, owner, cls.__mro__, name)
    found = attribute_of(frame, owner, name)
    if not isinstance(found, Missing):
        return found
    home = next((c for c in cls.__mro__ if name in c.__dict__), None)
    if home is not None and home not in HANDLED:
        return of_class(frame, owner, cls.__mro__, name)
    if home is not None:
        return Method(owner, name)
    fallback = method_of(cls, "__getattr__")
    if fallback is not None:
        return frame.call(fallback, [owner, Const(name)])
    raise Refused(f"an object of {cls.__name__} has no attribute `{name}`", raises=AttributeError(name))

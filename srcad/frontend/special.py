"""Special methods: what a user's class says that operators, subscripts and truth mean for its objects."""

from __future__ import annotations

import dataclasses
import operator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from srcad.frontend.machine import Frame
from srcad.frontend.values import Beside, Const, Fields, Ref, Refused, Tup

REFLECTED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True, eq=False)
class Local:
    """An attribute of a class that the lowered code defines: a value."""

    value: Any


def class_with(frame: Frame, value: Any) -> type | None:
    """The class of an object with attributes; None of anything else."""
    if not isinstance(value, Ref):
        return None
    content = frame.machine.content(value)
    return content.cls if isinstance(content, Fields) else None


def container_class(value: Any) -> type | None:
    """The user's class of a list or dict; None of anything else."""
    return value.cell.cls if isinstance(value, Ref) and isinstance(value.cell.rule, Beside) else None


def overridden(frame: Frame, value: Any, name: str) -> Any:
    """What the class of a list or dict says that `__name__` does; None if it says nothing."""
    cls = container_class(value)
    return None if cls is None or value.cell in frame.machine.plain else method_of(cls, f"__{name}__")


def method_of(cls: type | None, name: str) -> Any:
    """A method that a class of the user's (or one of its bases) defines in Python; None if there is none."""
    for c in cls.__mro__ if cls is not None else ():
        if name in c.__dict__:
            found = c.__dict__[name]
            return found.value if isinstance(found, Local) else Const(found) if isinstance(
                found, FunctionType) else None
    return None


def special(frame: Frame, owner: Any, name: str, *args: Any) -> Any:
    """`owner.__name__(*args)`; None if owner is no such object."""
    if (method := overridden(frame, owner, name)) is not None:
        return frame.call(method, [owner, *args])
    cls = class_with(frame, owner)
    if cls is None:
        return None
    method = method_of(cls, f"__{name}__")
    if method is None:
        raise Refused(f"an object of {cls.__name__} here", f"its class has no method `__{name}__`")
    return frame.call(method, [owner, *args])


def is_generated(cls: type | None, name: str) -> bool:
    """Is this comparison one that `@dataclass` made?"""
    method = getattr(cls, f"__{name}__", None)
    return dataclasses.is_dataclass(cls) and isinstance(method, FunctionType) and method.__code__.co_filename == (
        "<string>")


def operated(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`a <name> b` where one of them is an object: its own method, or the reflected one; None if none is an object."""
    name = name.rstrip("_")
    classes = class_with(frame, a), class_with(frame, b)
    if name in REFLECTED and classes[0] is classes[1] and is_generated(classes[0], name):
        parts = [Tup(tuple(frame.semantics.attribute(frame, x, f.name) for f in dataclasses.fields(classes[0])  # type: ignore[arg-type]
                           if f.compare)) for x in (a, b)]
        return frame.call(Const(getattr(operator, name)), parts)
    for owner, other, cls, method in ((a, b, classes[0], name), (b, a, classes[1], REFLECTED.get(name, f"r{name}"))):
        if method_of(cls, f"__{method}__") is not None or overridden(frame, owner, method) is not None:
            result = special(frame, owner, method, other)
            if result != Const(NotImplemented):
                return result
    found = [c.__name__ for c in classes if c is not None]
    if not found:
        return None
    if name in ("eq", "ne"):
        same = isinstance(a, Ref) and isinstance(b, Ref) and a.cell is b.cell
        return Const(same == (name == "eq"))
    raise Refused(f"an operator on an object of {found[0]}", f"its class has no method `__{name}__`")

"""Special methods: what a user's class says that operators, subscripts and truth mean for its objects."""

from __future__ import annotations

from typing import Any

from srcad.frontend.machine import Frame
from srcad.frontend.values import Const, Fields, Ref, Refused

REFLECTED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


def class_with(frame: Frame, value: Any) -> type | None:
    """The class of an object with attributes; None of anything else."""
    if not isinstance(value, Ref):
        return None
    content = frame.machine.content(value)
    return content.cls if isinstance(content, Fields) else None


def special(frame: Frame, owner: Any, name: str, *args: Any) -> Any:
    """`owner.__name__(*args)`; None if owner is no such object."""
    cls = class_with(frame, owner)
    if cls is None:
        return None
    method = getattr(cls, f"__{name}__", None)
    if method is None or not hasattr(method, "__code__"):
        raise Refused(f"an object of {cls.__name__} here", f"its class has no method `__{name}__`")
    return frame.call(Const(method), [owner, *args])


def operated(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`a <name> b` where one of them is an object: its own method, or the reflected one; None if none is an object."""
    name = name.rstrip("_")
    classes = class_with(frame, a), class_with(frame, b)
    for owner, other, cls, method in ((a, b, classes[0], name), (b, a, classes[1], REFLECTED.get(name, f"r{name}"))):
        if hasattr(getattr(cls, f"__{method}__", None), "__code__"):
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

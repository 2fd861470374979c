"""Effects: what happens once, in order, and is never moved, merged or dropped."""

from __future__ import annotations

from typing import Any

from srcad.frontend.values import Const, Num, Refused, Tup
from srcad.ir import define
from srcad.ir.types import OBJECT


def _raise(cls: type[BaseException], *args: Any) -> None:
    raise cls(*args)


def _assert(test: Any, *message: Any) -> None:
    if not test:
        raise AssertionError(*message)


RAISE = define(_raise, "raise", effect=True, infer=lambda *_: OBJECT)
ASSERT = define(_assert, "assert", effect=True, infer=lambda *_: OBJECT)


FORMAT = define(str.format, "str.format", infer=lambda *_: OBJECT)
TEXT = define(str, "str", infer=lambda *_: OBJECT)
PRINT = define(print, "print", effect=True, infer=lambda *_, **__: OBJECT)


def message_of(value: Any) -> Any:
    """An argument of an exception, print or format: an atom, a constant, or a display of such."""
    match value:
        case Const(value=v):
            return v
        case Num(atom=a):
            return a
        case Tup(items=items):
            return tuple(map(message_of, items))
        case _:
            raise Refused("an argument that is not a number, an array or a string")

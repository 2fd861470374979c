"""Effects: what happens once, in order, and is never moved, merged or dropped."""

from __future__ import annotations

from typing import Any

from srcad.frontend.values import Const, Num, Refused, Tup
from srcad.ir import define
from srcad.ir.types import BOOL, OBJECT


def _raise(cls: Any, *args: Any) -> None:
    raise cls(*args) if isinstance(cls, type) else cls


def _caught() -> Any:
    """The exception that a handler has: see `If.catches`."""
    raise AssertionError("an exception is had in its handler alone")


def _evaluated(value: Any) -> None:
    """`value` is computed, though nobody may read it: it might raise what is caught."""


def _assert(test: Any, *message: Any) -> None:
    if not test:
        raise AssertionError(*message)


RAISE = define(_raise, "raise", effect=True, infer=lambda *_: OBJECT)
CAUGHT = define(_caught, "caught", effect=True, infer=lambda: OBJECT)
EVALUATED = define(_evaluated, "evaluated", effect=True, infer=lambda _: OBJECT)
IS_INSTANCE = define(isinstance, "isinstance", infer=lambda *_: BOOL)
ASSERT = define(_assert, "assert", effect=True, infer=lambda *_: OBJECT)


FORMAT = define(str.format, "str.format", infer=lambda *_: OBJECT)
JOIN = define(str.join, "str.join", infer=lambda *_: OBJECT)
PERCENT = define(lambda template, values: template % values, "percent", infer=lambda *_: OBJECT)
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

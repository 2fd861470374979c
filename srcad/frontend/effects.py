"""Effects: what happens once, in order, and is never moved, merged or dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.frontend.changes import DICT, RECORD, object_atom
from srcad.frontend.machine import Frame
from srcad.frontend.values import Const, Entries, Fields, Items, Num, Ref, Refused, Sequence, Tup, describe
from srcad.ir import define
from srcad.ir.types import BOOL, OBJECT


def _raise(cls: Any, *args: Any, **named: Any) -> None:
    raise cls(*args, **named) if isinstance(cls, type) else cls


def _caught() -> Any:
    """The exception that a handler has: see `If.catches`."""
    raise AssertionError("an exception is had in its handler alone")


def _evaluated(value: Any) -> None:
    """`value` is computed, though nobody may read it: it might raise what is caught."""


def _assert(test: Any, *message: Any) -> None:
    if not test:
        raise AssertionError(*message)


RAISE = define(_raise, "raise", effect=True, infer=lambda *_, **__: OBJECT)
CAUGHT = define(_caught, "caught", effect=True, infer=lambda: OBJECT)
EVALUATED = define(_evaluated, "evaluated", effect=True, infer=lambda _: OBJECT)
IS_INSTANCE = define(isinstance, "isinstance", infer=lambda *_: BOOL)
CLASS = define(type, "type", infer=lambda *_: OBJECT)
ASSERT = define(_assert, "assert", effect=True, infer=lambda *_: OBJECT)


FORMAT = define(str.format, "str.format", infer=lambda *_: OBJECT)
JOIN = define(str.join, "str.join", infer=lambda *_: OBJECT)
PERCENT = define(lambda template, values: template % values, "percent", infer=lambda *_: OBJECT)
TEXT = define(str, "str", infer=lambda *_: OBJECT)
REPR = define(repr, "repr", infer=lambda *_: OBJECT)
PRINT = define(print, "print", effect=True, infer=lambda *_, **__: OBJECT)


def message_of(frame: Frame, value: Any) -> Any:
    """An argument of an exception, print or format: an atom, a constant, or a display of such."""
    def shown(v: Any) -> Any:
        return message_of(frame, v)

    match value:
        case Const(value=v):
            return v
        case Num(atom=a):
            return a
        case Tup(items=items, cls=None):
            return tuple(map(shown, items))
        case Tup(items=items, cls=cls):
            return frame.build.call(RECORD, cls, tuple(cls._fields), tuple(map(shown, items)))  # type: ignore[union-attr]
        case Ref():
            return _display(frame, value, shown)
        case _:
            raise Refused(f"{describe(value)} as a part of a message")


def _display(frame: Frame, ref: Ref, shown: Callable[[Any], Any]) -> Any:
    machine, content = frame.machine, frame.machine.content(ref)
    origin = machine.origins.get(ref.cell)
    if origin is not None and content is machine.seeds.get(ref.cell):
        return object_atom(machine, origin)
    match content:
        case Items(values=values):
            return list(map(shown, values))
        case Sequence(atom=atom):
            return atom
        case Entries(values=entries):
            return frame.build.call(DICT, tuple(k for k, _ in entries), tuple(shown(v) for _, v in entries))
        case Fields(cls=cls, values=fields):
            return frame.build.call(RECORD, cls, tuple(k for k, _ in fields), tuple(shown(v) for _, v in fields))
        case _:
            raise Refused("a list of tuples of unknown length as a part of a message")

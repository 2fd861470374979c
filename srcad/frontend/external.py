"""What is called as it is, once and in order, for what it does: clocks, logs, warnings, draws of random numbers.

    t = time.perf_counter()            a number
    logger.info("loss %s", loss)       nothing that is looked at
    x = rng.normal(size=n)             an array whose type is that of a draw from another generator
    for x in tqdm(xs):                 xs

What it gives is a constant of every derivative.  An argument that a derivative would have to pass through is refused
when that derivative is made, as for any operation without a rule.
"""

from __future__ import annotations

import datetime
import dis
import functools
import inspect
import io
import logging
import random
import time
import types
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.frontend import array_stores
from srcad.frontend.attributes import OUT_OF_SIGHT
from srcad.frontend.builtin_calls import BUILTINS
from srcad.frontend.changes import RECORD, object_atom
from srcad.frontend.effects import message_of
from srcad.frontend.joins import same
from srcad.frontend.machine import Frame
from srcad.frontend.outside import STATEFUL
from srcad.frontend.values import (
    Const,
    Entries,
    Fields,
    Items,
    Mixed,
    Num,
    Ref,
    Refused,
    Sequence,
    Stream,
    Tup,
)
from srcad.ir import Lit, Op, Type, define
from srcad.ir.core import form_of
from srcad.ir.infer import infer
from srcad.ir.types import FLOAT, OBJECT
from srcad.rules.symbols import type_in
from srcad.runtime.draws import shuffled

_CLOCKS = frozenset({time.time, time.perf_counter, time.process_time, time.monotonic, time.thread_time})
_QUIET_MODULES = frozenset({"time", "logging", "warnings", "_warnings", "datetime", "sys", "gc", "random",
                            "numpy.random", "numpy.random.mtrand", "numpy.random._generator",
                            "numpy.testing._private.utils"})
_MADE = {np.random.default_rng: np.random.Generator, np.random.RandomState: np.random.RandomState,
         random.Random: random.Random, np.random.Generator: np.random.Generator, open: io.TextIOWrapper}
_SHUFFLED = define(shuffled, "shuffled", effect=True, infer=lambda stream, x: type_in(x))
_SHOWN = frozenset({"update", "set_description", "set_description_str", "set_postfix", "set_postfix_str", "close",
                    "refresh", "reset", "clear", "display", "write"})


def is_external(v: Any) -> bool:
    """Is a call of `v` an effect that is passed on as it is?"""
    owner = getattr(v, "__self__", None)
    if isinstance(owner, (*STATEFUL, logging.Logger, logging.LoggerAdapter)) or v in _MADE or v in _CLOCKS:
        return True
    if isinstance(owner, type) or isinstance(v, type):
        return v in (datetime.datetime.now, datetime.datetime.today)
    module = getattr(v, "__module__", None) or getattr(type(owner), "__module__", "")
    standard = isinstance(owner, types.ModuleType) or owner is None
    if standard and module in _QUIET_MODULES and callable(v):
        return True
    return owner is not None and type(owner).__module__ in ("_io", "io") and getattr(v, "__name__", "") in (
        "write", "flush", "writelines")


def call_external(frame: Frame, v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The call of a function, or of a method of an object that exists now."""
    owner: Any = getattr(v, "__self__", None)
    if getattr(v, "__name__", "") == "shuffle" and (v == np.random.shuffle or isinstance(owner, STATEFUL)):
        return _shuffle(frame, np.random if v == np.random.shuffle else owner, args, kwargs)
    if isinstance(owner, logging.Logger | logging.LoggerAdapter):
        cls: Any = type(owner)
        return _recorded(frame, _method_op(cls, v.__name__), [Const(owner), *args], kwargs)
    return _recorded(frame, _function_op(v), args, kwargs)


def call_method_of(frame: Frame, owner: Num, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The method of an object that the program is given or makes."""
    if name == "shuffle":
        return _shuffle(frame, owner.atom, args, kwargs)
    return _recorded(frame, _method_op(owner.atom.type.cls, name), [owner, *args], kwargs)


def _shuffle(frame: Frame, stream: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`stream.shuffle(x)`: x becomes what a shuffled copy of it is."""
    (x,) = args
    if kwargs or not isinstance(x, Num):
        raise Refused("a shuffle of something else than the rows of an array", "the change is not followed",
                      "index with rng.permutation(n) instead")
    array_stores.overwrite(frame, x, frame.build.call(_SHUFFLED, stream, x.atom))
    return Const(None)


def _recorded(frame: Frame, op: Op, args: list[Any], kwargs: dict[str, Any]) -> Any:
    given = [passed(frame, a) for a in args]
    return Num(frame.build.call(op, *given, **{k: passed(frame, v) for k, v in kwargs.items()}))


def passed(frame: Frame, value: Any) -> Any:
    """An argument of something that is called as it is."""
    match value:
        case Ref():
            content = frame.machine.content(value)
            if isinstance(content, Items):
                return [passed(frame, v) for v in content.values]
            if isinstance(content, Sequence):
                return content.atom
            if isinstance(content, Entries) and not content.values:
                return None
            if isinstance(content, Fields):
                return _object(frame, value, content)
            raise Refused("a dict as an argument of something that is only called", hint="pass its parts")
        case Tup(items=items, cls=None):
            return tuple(passed(frame, i) for i in items)
        case _:
            return message_of(frame, value)


def _object(frame: Frame, owner: Ref, content: Fields) -> Any:
    """An object of a user's class.  What its methods store in it is not known after the call."""
    machine = frame.machine
    if content.given is None:
        stored = _stored_by(content.cls)
        machine.state[owner.cell] = replace(content, values=tuple(
            (k, Mixed(OUT_OF_SIGHT, "read it before") if k in stored else v) for k, v in content.values))
        return frame.build.call(RECORD, content.cls, tuple(k for k, _ in content.values),
                                tuple(passed(frame, v) for _, v in content.values))
    given = content.given
    scope, state = given.scope, machine.state
    changed = [k for k in given.names if not same(state.get((scope, k)), machine.seeds[scope, k])]
    if changed:
        raise Refused(f"`{owner.cell.hint}`, whose `{changed[0]}` was changed, as an argument of something that is "
                      "only called", "it would not see the change", "pass its parts")
    machine.stale.update((given.scope, k) for k in _stored_by(content.cls))
    machine.stale.update((given.scope, k) for k in given.names if isinstance(machine.state[given.scope, k], Ref))
    return object_atom(machine, given.origin)


@functools.cache
def _stored_by(cls: type) -> frozenset[str]:
    """The attributes that methods of a class store, but those that make its objects."""
    found: set[str] = set()
    for name, member in ((n, m) for c in cls.__mro__ for n, m in c.__dict__.items()):
        function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fun", member)))
        code = getattr(getattr(function, "fget", function), "__code__", None)
        if code is not None and name != "__init__":
            found.update(i.argval for i in dis.get_instructions(code) if i.opname in ("STORE_ATTR", "DELETE_ATTR"))
    return frozenset(found)


@functools.cache
def _function_op(v: Any) -> Op:
    owner = getattr(v, "__self__", None)
    drawn = isinstance(owner, np.random.RandomState)
    if v in _MADE:
        return Op(_name(v), v, effect=True, infer=lambda *_, **__: Type("object", cls=_MADE[v]))
    if v in _CLOCKS:
        return Op(_name(v), v, effect=True, infer=lambda *_, **__: FLOAT)
    if drawn or isinstance(owner, np.random.Generator | random.Random):
        return Op(_name(v), v, effect=True, infer=_drawn(type(owner), v.__name__, bound=True))
    return Op(_name(v), v, effect=True, infer=lambda *_, **__: OBJECT)


def _name(v: Any) -> str:
    owner = getattr(v, "__self__", None)
    if getattr(np.random, v.__name__, None) == v:
        return f"np.random.{v.__name__}"
    module = (getattr(v, "__module__", None) or "").removeprefix("_")
    if module.startswith("numpy.testing."):
        return f"np.testing.{v.__name__}"
    if owner is not None and not isinstance(owner, types.ModuleType):
        return f"random.{v.__name__}" if getattr(random, v.__name__, None) == v else v.__name__
    return f"{module}.{v.__name__}" if module else v.__name__


@functools.cache
def _method_op(cls: type, name: str) -> Op:
    def invoke(owner: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(owner, name)(*args, **kwargs)

    drawn = _drawn(cls, name, bound=False) if issubclass(cls, STATEFUL) else lambda *_, **__: OBJECT
    return Op(f".{name}", invoke, effect=True, infer=drawn)


def _drawn(cls: type, name: str, bound: bool) -> Callable[..., Any]:
    """The type of a draw: that of the same draw from another generator."""
    def draw(*args: Any, **kwargs: Any) -> Any:
        other = np.random.default_rng(0) if cls is np.random.Generator else cls(0)
        return getattr(other, name)(*args, **kwargs)

    pure = Op(name, draw)

    def result(*args: Any, **kwargs: Any) -> Any:
        form, atoms = form_of(args if bound else args[1:], kwargs, lambda a: isinstance(a, Type | Lit))
        operands = [a if isinstance(a, Lit) else _Of(a) for a in atoms]
        found = infer(pure, operands, form)
        return OBJECT if found[0].kind == "unknown" and name in ("seed", "shuffle", "set_state") else found

    return result


class _Of:
    """An operand of which the type is known."""

    def __init__(self, type: Type) -> None:
        self.type = type


def _passes_through(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A progress bar over something is that thing."""
    over = args[0] if args else kwargs.get("iterable")
    return Stream("bar", (over,) if over is not None else ())


def _counted(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Stream("bar", (Stream("range", tuple(args)),))


def call_bar(name: str) -> Any:
    """What a progress bar shows is not shown by derivatives."""
    if name not in _SHOWN:
        raise Refused(f"the method `{name}` of a progress bar", hint="leave it out")
    return Const(None)


def progress(v: Any) -> Any:
    """The handler of a progress bar (`tqdm`, `trange`, and their variants); None if `v` is none."""
    module, name = getattr(v, "__module__", None) or "", getattr(v, "__name__", "")
    if not isinstance(module, str) or module.split(".")[0] not in ("tqdm", "rich"):
        return None
    return {"trange": _counted, "tnrange": _counted, "track": _passes_through}.get(
        name, _passes_through if name.startswith("tqdm") else None)


BUILTINS.setdefault(warnings.warn, lambda frame, args, kwargs: call_external(frame, warnings.warn, args, kwargs))

"""Python's builtins (and a few of the standard library's) on values that are being lowered."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.frontend.branches import truth
from srcad.frontend.classes import class_of
from srcad.frontend.effects import PRINT, TEXT
from srcad.frontend.machine import Frame
from srcad.frontend.numpy_calls import argument, call_operation
from srcad.frontend.places import attribute, binary, operation_of
from srcad.frontend.spaces import listed
from srcad.frontend.stores import add_at, store_in_array
from srcad.frontend.unpacking import known
from srcad.frontend.values import (
    NONE,
    Closure,
    Const,
    Entries,
    Fields,
    Items,
    Method,
    Num,
    Partial,
    Ref,
    Refused,
    Sequence,
    Stream,
    Tup,
    atom_of,
    describe,
    is_atomic,
    is_static,
    static,
)
from srcad.ir import AND, EXTENT, OR, TRUTH
from srcad.rules.sequences import LENGTH

Handler = Callable[[Frame, list[Any], dict[str, Any]], Any]
BUILTINS: dict[Any, Handler] = {}


def builtin(*functions: Any) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        BUILTINS.update(dict.fromkeys(functions, handler))
        return handler
    return register


def operation(frame: Frame, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The builtin as an operation of the table, or folded when all is known."""
    if all(map(is_static, args)):
        return fold_call(function, args, kwargs)
    return call_operation(frame, operation_of(function), args, kwargs)


def fold_call(v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        result = v(*(static(a, "an argument") for a in args), **{k: static(a, "an argument") for k, a in kwargs.items()})
    except (TypeError, ValueError, ArithmeticError) as error:
        raise Refused(f"a call that always fails: {error}") from None
    return Const(result)


@builtin(len)
def _len(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (value,) = args
    match value:
        case Tup(items=items):
            return Const(len(items))
        case Ref():
            content = frame.machine.content(value)
            if isinstance(content, Items | Entries):
                return Const(len(content.values))
            if isinstance(content, Fields):
                return _special(frame, value, content, "__len__")
            return Num(frame.build.call(LENGTH, content.atom))
        case Num(atom=atom):
            if atom.type.kind in ("number", "scalar"):
                raise Refused("len of a number")
            return Num(frame.build.call(EXTENT, atom, axis=0))
        case Const(value=v):
            return Const(len(v))
        case Stream(kind="range", parts=(stop,)):
            return stop
        case _:
            raise Refused(f"len of {describe(value)}")


def _special(frame: Frame, value: Ref, content: Fields, name: str) -> Any:
    return frame.call(Const(getattr(content.cls, name)), [value])


def stream(kind: str) -> Handler:
    return lambda frame, args, kwargs: Stream(kind, tuple(args))


BUILTINS.update({range: stream("range"), zip: stream("zip"), reversed: stream("reversed")})


@builtin(enumerate)
def _enumerate(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    start = kwargs.get("start", args[1] if len(args) > 1 else Const(0))
    return Stream("enumerate", (args[0], start))


@builtin(map)
def _map(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    function, *iterables = args
    columns = [known(frame, i) for i in iterables]
    if any(c is None for c in columns):
        raise Refused("map over an array", hint="use a comprehension, or operate on the whole array")
    return frame.machine.new(Items(tuple(frame.call(function, list(row))
                                         for row in zip(*(c for c in columns if c is not None), strict=False))))


@builtin(list)
def _list(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return listed(frame, args[0]) if args else frame.machine.new(Items(()))


@builtin(tuple)
def _tuple(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    content = frame.machine.content(listed(frame, args[0])) if args else Items(())
    if isinstance(content, Sequence):
        raise Refused("a tuple of unknown length", hint="keep it a list")
    return Tup(content.values)


@builtin(dict)
def _dict(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    entries: dict[Any, Any] = {}
    if args and isinstance(args[0], Ref) and isinstance(content := frame.machine.content(args[0]), Entries):
        entries.update(dict(content.values))
    elif args:
        for pair in known(frame, args[0]) or ():
            key, value = known(frame, pair) or (NONE, NONE)
            entries[static(key, "the key of a dict")] = value
    return frame.machine.new(Entries(tuple({**entries, **kwargs}.items())))


@builtin(sum)
def _sum(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    start = kwargs.get("start", args[1] if len(args) > 1 else Const(0))
    items = known(frame, args[0])
    if items is None:
        total = operation(frame, sum, [args[0]], {})
        return total if isinstance(start, Const) and start.value == 0 else binary(frame, "add", start, total)
    result = start
    for item in items:
        result = item if isinstance(result, Const) and type(result.value) is int and result.value == 0 and (
            is_atomic(item)) else binary(frame, "add", result, item)
    return result


def _extreme(function: Any) -> Handler:
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if kwargs:
            raise Refused(f"{function.__name__} with `key` or `default`", hint="loop over the items")
        if len(args) == 1:
            items = known(frame, args[0])
            if items is None:
                return operation(frame, function, args, {})
            args = list(items)
        return args[0] if len(args) == 1 else operation(frame, function, args, {})
    return handler


BUILTINS.update({max: _extreme(max), min: _extreme(min)})


def _operation(function: Any) -> Handler:
    return lambda frame, args, kwargs: operation(frame, function, args, kwargs)


BUILTINS.update({f: _operation(f) for f in (abs, float, int, complex, round, pow)})


@builtin(divmod)
def _divmod(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Tup((binary(frame, "floordiv", *args), binary(frame, "mod", *args)))


@builtin(bool)
def _bool(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value = truth(frame, args[0])
    return value if isinstance(value, Const) else Num(frame.build.call(TRUTH, atom_of(value)))


def _quantifier(is_all: bool) -> Handler:
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        items = known(frame, args[0])
        if items is None:
            return operation(frame, all if is_all else any, args, {})
        result: Any = Const(is_all)
        for item in items:
            one = truth(frame, item)
            if isinstance(one, Const):
                if one.value != is_all:
                    return one
            elif isinstance(result, Const):
                result = Num(frame.build.call(TRUTH, one.atom))
            else:
                result = Num(frame.build.call(AND if is_all else OR, result.atom, one.atom))
        return result
    return handler


BUILTINS.update({all: _quantifier(True), any: _quantifier(False)})


@builtin(print)
def _print(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    frame.build.call(PRINT, *(printed(frame, a) for a in args), **{k: static(v, f"`{k}`") for k, v in kwargs.items()})
    return NONE


def printed(frame: Frame, value: Any) -> Any:
    """An argument of print: a container prints as a display of its parts."""
    return argument(frame, value)


@builtin(str, repr)
def _str(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not args or is_static(args[0]):
        return Const(str(static(args[0], "a text")) if args else "")
    return Num(frame.build.call(TEXT, printed(frame, args[0])))


@builtin(isinstance)
def _isinstance(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value, classes = args[0], static(args[1], "a class")
    cls = class_of(frame, value)
    if cls is None:
        raise Refused("isinstance of something whose class is not known here")
    return Const(issubclass(cls, classes))


@builtin(type)
def _type(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    cls = class_of(frame, args[0])
    if cls is None:
        raise Refused("the type of something whose class is not known here")
    return Const(cls)


@builtin(callable)
def _callable(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (value,) = args
    return Const(isinstance(value, Closure | Partial | Method) or (isinstance(value, Const) and callable(value.value)))


def _has(frame: Frame, owner: Any, name: str) -> bool:
    try:
        attribute(frame, owner, name)
    except Refused:
        return False
    return True


@builtin(hasattr)
def _hasattr(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Const(_has(frame, args[0], static(args[1], "a name")))


@builtin(getattr)
def _getattr(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    name = static(args[1], "a name")
    if len(args) == 3 and not _has(frame, args[0], name):
        return args[2]
    return attribute(frame, args[0], name)


@builtin(sorted)
def _sorted(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    items = known(frame, args[0])
    if items is not None and all(map(is_static, items)) and not kwargs:
        return frame.machine.new(Items(tuple(map(Const, sorted(static(i, "an item") for i in items)))))
    raise Refused("sorted of numbers that are computed", hint="use np.sort on an array")


@builtin(functools.partial)
def _partial(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Partial(args[0], tuple(args[1:]), tuple(kwargs.items()))


@builtin(functools.reduce)
def _reduce(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    items = known(frame, args[1])
    if items is None:
        raise Refused("reduce over an array", hint="use a loop")
    first, *rest = [*args[2:], *items]
    for item in rest:
        first = frame.call(args[0], [first, item])
    return first


def _operator(name: str) -> Handler:
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
            return binary(frame, name, *args)
    return handler


BUILTINS.update({getattr(operator, n): _operator(n) for n in ("add", "sub", "mul", "truediv", "pow", "matmul", "mod")})


@builtin(np.copyto)
def _copyto(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs or not isinstance(args[0], Num):
        raise Refused("np.copyto with `where` or `casting`", hint="store into the array by a subscript")
    store_in_array(frame, args[0], Const(...), args[1])
    return NONE


@builtin(np.add.at)
def _add_at(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    add_at(frame, *args)
    return NONE

"""Python's builtins (and a few of the standard library's) on values that are being lowered."""

from __future__ import annotations

import functools
import numbers
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from srcad.frontend.attributes import attribute, of_array
from srcad.frontend.branches import truth
from srcad.frontend.classes import class_of
from srcad.frontend.comprehensions import listed
from srcad.frontend.effects import CAUGHT, CLASS, IS_INSTANCE, PRINT, REPR, TEXT, message_of
from srcad.frontend.lists import columns_of
from srcad.frontend.machine import Frame
from srcad.frontend.numpy_calls import call_operation
from srcad.frontend.places import binary, operation_of, subscript
from srcad.frontend.special import class_with, method_of, overridden, special
from srcad.frontend.tables import table_length
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
    Stream,
    Super,
    Table,
    Tup,
    atom_of,
    describe,
    is_static,
    static,
)
from srcad.ir import EXTENT, TRUTH, Var
from srcad.rules.sequences import LENGTH

Handler = Callable[[Frame, list[Any], dict[str, Any]], Any]
BUILTINS: dict[Any, Handler] = {}


def builtin(*functions: Any) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        BUILTINS.update(dict.fromkeys(functions, handler))
        return handler
    return register


def operation(frame: Frame, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The builtin as an operation of the table, as the method of an object, or folded when all is known."""
    cls = class_with(frame, args[0]) if args else None
    if cls is not None and function in (sum, min, max, any, all) and method_of(cls, "__iter__") is not None:
        args = [listed(frame, args[0]), *args[1:]]
    elif cls is not None:
        return special(frame, args[0], function.__name__, *args[1:])
    if args and overridden(frame, args[0], function.__name__) is not None:
        return special(frame, args[0], function.__name__, *args[1:])
    if all(map(is_static, args)):
        return fold_call(function, args, kwargs)
    return call_operation(frame, operation_of(function), args, kwargs)


def fold_call(v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        result = v(*(static(a, "an argument") for a in args),
                   **{k: static(a, "an argument") for k, a in kwargs.items()})
    except (TypeError, ValueError, ArithmeticError) as error:
        raise Refused(f"a call that always fails: {error}", raises=error) from None
    return Const(result)


def _fact(name: str) -> Handler:
    """`np.shape(x)` is `x.shape`, where x is an array whose rank is known."""
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        function = getattr(np, name)
        if len(args) == 1 and isinstance(args[0], Tup | Ref):
            args = [frame.call(Const(np.asarray), args)]
        if len(args) == 1 and not kwargs and isinstance(args[0], Num) and args[0].atom.type.shape is not None:
            return of_array(frame, args[0].atom, name)
        return operation(frame, function, args, kwargs)
    return handler


BUILTINS.update({getattr(np, name): _fact(name) for name in ("shape", "ndim", "size")})


@builtin(len)
def _len(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (value,) = args
    match value:
        case Tup(items=items):
            return Const(len(items))
        case Ref():
            content = frame.machine.content(value)
            if overridden(frame, value, "len") is not None:
                return special(frame, value, "len")
            if isinstance(content, Items | Entries):
                return Const(len(content.values))
            if isinstance(content, Table):
                return table_length(frame, content)
            if isinstance(content, Fields):
                return special(frame, value, "len")
            return Num(frame.build.call(LENGTH, columns_of(content)[0]))
        case Num(atom=atom):
            if atom.type.kind in ("number", "scalar"):
                raise Refused("len of a number", raises=TypeError("object of type 'float' has no len()"))
            if atom.type.kind == "object":
                return Num(frame.build.call(LENGTH, atom))
            return Num(frame.build.call(EXTENT, atom, axis=0))
        case Const(value=v):
            return Const(len(v))
        case Stream(kind="range", parts=(stop,)):
            return stop
        case _:
            raise Refused(f"len of {describe(value)}")


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


@builtin(print)
def _print(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    options = {k: static(v, f"`{k}`") for k, v in kwargs.items()}
    frame.build.call(PRINT, *(message_of(frame, a) for a in args), **options)
    return NONE


@builtin(str)
def _str(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not args or is_static(args[0]):
        return Const(str(static(args[0], "a text")) if args else "")
    return Num(frame.build.call(TEXT, message_of(frame, args[0])))


@builtin(repr)
def _repr(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if is_static(args[0]):
        return Const(repr(static(args[0], "a text")))
    return Num(frame.build.call(REPR, message_of(frame, args[0])))


@builtin(isinstance)
def _isinstance(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value, classes = args[0], static(args[1], "a class")
    if (made := _made_by(frame, value)) is not None and made.op is CAUGHT:
        return Num(frame.build.call(IS_INSTANCE, atom_of(value), classes))
    found = _of_class(frame, value, classes)
    if found is None:
        raise Refused("isinstance of something whose class is not known here")
    return found


def _of_class(frame: Frame, value: Any, classes: Any) -> Any:
    """Is the class of `value` one of these?  None if that is not known here."""
    cls = class_of(frame, value)
    if cls is not None:
        return Const(issubclass(cls, classes))
    if isinstance(value, Num) and value.atom.type.kind == "unknown" and not any(
            issubclass(c, classes) for c in _NUMERIC):
        return Const(False)
    return None


_NUMERIC = (bool, int, float, complex, np.float64, np.int64, np.bool_, np.complex128, np.ndarray)


@builtin(np.isscalar)
def _isscalar(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    found = _of_class(frame, args[0], (np.generic, str, bytes, numbers.Number))
    return Num(frame.build.call(operation_of(np.isscalar), atom_of(args[0]))) if found is None else found


@builtin(np.iterable)
def _iterable(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value = args[0]
    if isinstance(value, Num) and value.atom.type.kind == "array" and value.atom.type.rank is not None:
        return Const(value.atom.type.rank > 0)
    found = _of_class(frame, value, Iterable)
    if found is None:
        raise Refused("np.iterable of something whose class is not known here")
    return found


def _made_by(frame: Frame, value: Any) -> Any:
    """The statement that a value comes from."""
    return frame.build.made.get(value.atom) if isinstance(value, Num) and isinstance(value.atom, Var) else None


@builtin(issubclass)
def _issubclass(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Of the class of an exception too, which is known when it was caught."""
    made = _made_by(frame, args[0])
    if made is not None and made.op is CLASS:
        return Num(frame.build.call(IS_INSTANCE, made.args[0], static(args[1], "a class")))
    return Const(issubclass(static(args[0], "a class"), static(args[1], "a class")))


@builtin(type)
def _type(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    cls = class_of(frame, args[0])
    if cls is None:
        raise Refused("the type of something whose class is not known here")
    return Const(cls)


@builtin(super)
def _super(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """In a method, whose class is in the cell `__class__`."""
    cell, params = frame.source.closure.get("__class__"), frame.tree.args.args
    if args:
        cls, owner = static(args[0], "a class"), args[1]
    else:
        cls = getattr(frame.tree, "owner", None) or (cell.cell_contents if cell is not None else None)
        if cls is None or not params:
            raise Refused("super outside of a method", hint="name the class")
        owner = frame.lookup(params[0].id)
    return Const(super(cls, owner.value)) if isinstance(owner, Const) else Super(owner, cls)


@builtin(object.__init__)
def _init(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return NONE


@builtin(callable)
def _callable(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (value,) = args
    return Const(isinstance(value, Closure | Partial | Method) or (isinstance(value, Const) and callable(value.value)))


def _has(frame: Frame, owner: Any, name: str) -> bool:
    """Would Python find this attribute?  A `__getattr__` that raises says no."""
    machine, dead, problems = frame.machine, frame.machine.dead, len(frame.machine.problems)
    try:
        with machine.fork(machine.state), machine.trying((AttributeError,)):
            attribute(frame, owner, name)
            return not machine.dead and len(machine.problems) == problems
    except Refused:
        return False
    finally:
        machine.dead = dead
        del machine.problems[problems:]


@builtin(hasattr)
def _hasattr(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Const(_has(frame, args[0], static(args[1], "a name")))


@builtin(getattr)
def _getattr(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    name = static(args[1], "a name")
    if len(args) == 3 and not _has(frame, args[0], name):
        return args[2]
    return attribute(frame, args[0], name)


@builtin(functools.partial)
def _partial(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Partial(args[0], tuple(args[1:]), tuple(kwargs.items()))


def _operator(name: str) -> Handler:
    return lambda frame, args, kwargs: binary(frame, name, *args)


BUILTINS.update({getattr(operator, n): _operator(n) for n in (
    "add", "sub", "mul", "truediv", "floordiv", "pow", "matmul", "mod", "and_", "or_", "xor")})


@builtin(operator.getitem)
def _getitem(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return subscript(frame, *args)


def call_getter(frame: Frame, getter: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of an `itemgetter`, `attrgetter` or `methodcaller`."""
    _, given, *_ = getter.__reduce__()
    (owner,) = args
    if isinstance(getter, operator.methodcaller):
        name, *rest = given
        return frame.call(attribute(frame, owner, name), list(map(Const, rest)))

    def part(key: Any) -> Any:
        if isinstance(getter, operator.itemgetter):
            return subscript(frame, owner, Const(key))
        return functools.reduce(lambda value, name: attribute(frame, value, name), key.split("."), owner)

    parts = tuple(map(part, given))
    return parts[0] if len(parts) == 1 else Tup(parts)

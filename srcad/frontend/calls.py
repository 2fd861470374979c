"""Calls: what is called is known while lowering: a call is an operation, a change of a container, or a function body.

A Python function is lowered in place, in a frame of its own; one that calls itself becomes a function of the program
(`outline`).
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import types
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from srcad.errors import SourceNotFound
from srcad.frontend import array_stores, generators, outline
from srcad.frontend.bodies import bind, lower_body
from srcad.frontend.branches import select
from srcad.frontend.builtin_calls import fold_call
from srcad.frontend.capture import Source, capture
from srcad.frontend.composed_calls import composition
from srcad.frontend.containers import call_method
from srcad.frontend.external import call_external, is_external, progress
from srcad.frontend.generators import is_generator
from srcad.frontend.iterables import BUILTINS
from srcad.frontend.machine import Frame
from srcad.frontend.nested import Lowerable, call_derivative
from srcad.frontend.numpy_calls import call_operation
from srcad.frontend.unpacking import known_items
from srcad.frontend.values import (
    POISON,
    Closure,
    Const,
    Either,
    Entries,
    Fields,
    Method,
    Mixed,
    NeedsStatic,
    Num,
    Partial,
    Poison,
    Ref,
    Refused,
    Rows,
    Sequence,
    Stream,
    Tup,
    atom_of,
    describe,
    is_static,
)
from srcad.frontend.withs import of_generator
from srcad.ir import op_of
from srcad.rules import external
from srcad.rules.composed import vectorized

TENSORS = ("srcad.runtime.tensors.", "srcad.tensor.")
DEPTH = 60  # nested calls of different functions
PURE_MODULES = ("math", "cmath", "_operator")
PURE = frozenset({np.dtype, np.finfo, np.iinfo, np.result_type, np.promote_types, np.can_cast, np.isscalar, np.ndim,
                  np.shape,
                  np.size, np.issubdtype, np.isrealobj, np.iscomplexobj, np.broadcast_shapes, ord, chr, slice})


def call(frame: Frame, node: Any) -> Any:
    function = frame.evaluate(node.func)
    args: list[Any] = []
    for a in node.args:
        if isinstance(a, gast.Starred):
            starred = frame.evaluate(a.value)
            if function == Const(zip) and (columns := _columns(frame, starred)) is not None:
                return columns
            args += known_items(frame, starred, None)
        else:
            args.append(frame.evaluate(a))
    kwargs: dict[str, Any] = {}
    for keyword in node.keywords:
        value = frame.evaluate(keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
            continue
        content = frame.machine.content(value) if isinstance(value, Ref) else None
        if not isinstance(content, Entries):
            raise Refused("`**` of something that is not a known dict")
        kwargs.update(dict(content.values))
    if isinstance(function, Poison) or any(isinstance(a, Poison) for a in (*args, *kwargs.values())):
        return POISON
    return call_value(frame, function, args, kwargs)


def _columns(frame: Frame, value: Any) -> Any:
    """What `zip(*value)` gives for a list of tuples whose length is not known: its columns."""
    content = frame.machine.content(value) if isinstance(value, Ref) else None
    if not isinstance(content, Rows):
        return None
    columns = (i if isinstance(i, Sequence) else Rows(i) for i in content.tree.items)
    return Tup(tuple(map(frame.machine.new, columns)))


def call_value(frame: Frame, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    match function:
        case Closure():
            return _run_closure(frame, function, args, kwargs)
        case Partial(function=inner, args=first, kwargs=named):
            return call_value(frame, inner, [*first, *args], {**dict(named), **kwargs})
        case Method(owner=owner, name=name):
            return call_method(frame, owner, name, args, kwargs)
        case Const(value=v):
            return _call_object(frame, v, args, kwargs)
        case Ref() if isinstance(fields := frame.machine.content(function), Fields):
            return call_value(frame, Const(fields.cls.__call__), [function, *args], kwargs)
        case Either(test=test, then=then, orelse=orelse):
            return select(frame, test, lambda: call_value(frame, then, list(args), kwargs),
                          lambda: call_value(frame, orelse, list(args), kwargs))
        case Mixed(reason=reason):
            raise Refused("a call of something that is not one function", reason)
        case _:
            raise Refused(f"a call of {describe(function)}", "it is not a function that is known here")


def _call_object(frame: Frame, v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    handler = BUILTINS.get(v) if _hashable(v) else None
    if handler is not None:
        return handler(frame, args, kwargs)
    of_arrays = getattr(v, "__srcad_arrays__", None)
    if of_arrays is not None:  # a function of tensors, which are arrays here
        return call_value(frame, Const(of_arrays), args, kwargs)
    composed = composition(frame, v, args, kwargs)
    if composed is not None:
        program, args = composed
        return call_value(frame, Const(program), args, kwargs)
    if _hashable(v) and v in PURE and all(map(is_static, [*args, *kwargs.values()])):
        return fold_call(v, args, kwargs)
    external.load(v)
    op = op_of(v)
    if op is not None and array_stores.has_out(v, args, kwargs):
        return array_stores.into(frame, v, args, kwargs)
    if op is not None:
        return call_operation(frame, op, args, kwargs)
    if isinstance(v, functools.partial):
        return call_value(frame, Const(v.func), [*map(Const, v.args), *args],
                          {**{k: Const(x) for k, x in v.keywords.items()}, **kwargs})
    if _hashable(v) and is_external(v):
        return call_external(frame, v, args, kwargs)
    if (bar := progress(v)) is not None:
        return bar(frame, args, kwargs)
    if isinstance(v, types.MethodType):
        return call_value(frame, Const(v.__func__), [Const(v.__self__), *args], kwargs)
    if getattr(v, "__srcad_static__", False) and all(map(is_static, [*args, *kwargs.values()])):
        return fold_call(v, args, kwargs)
    inside = getattr(v, "__srcad_inside__", None)
    if inside is not None:  # a derivative that the program takes itself
        return inside(frame, args, kwargs)
    if isinstance(v, Lowerable):
        return call_derivative(frame, v, args, kwargs)
    if _is_pure(v) and all(map(is_static, [*args, *kwargs.values()])):
        return fold_call(v, args, kwargs)
    if (getattr(v, "__module__", None) or "").startswith(TENSORS):
        raise Refused(f"a call of {v.__name__} of tensors", "inside of a function that is differentiated tensors are "
                      "arrays", "write it with NumPy operations")
    if of_generator(v):
        return Stream("manager", (call_function(frame, v.__wrapped__, args, kwargs),))
    if isinstance(v, types.FunctionType):
        if (v.__module__ or "").split(".")[0] not in ("numpy", "scipy", "jax"):
            return call_function(frame, v, args, kwargs)
    elif isinstance(v, type):
        return _construct(frame, v, args, kwargs)
    elif isinstance(type(v).__dict__.get("__call__"), types.FunctionType) and not isinstance(v, np.ufunc):
        return call_value(frame, Const(type(v).__call__), [Const(v), *args], kwargs)
    raise Refused(f"a call of {_spelled(v)}", "it has no derivative rule and no Python source",
                  "keep what depends on the arguments out of it, or write it with NumPy operations")


def _hashable(v: Any) -> bool:
    try:
        hash(v)
    except TypeError:
        return False
    return True


def _spelled(v: Any) -> str:
    module = (getattr(v, "__module__", None) or "").replace("numpy", "np", 1)
    name = getattr(v, "__qualname__", getattr(v, "__name__", repr(v)))
    return f"{module}.{name}" if module and module != "builtins" else str(name)


def _is_pure(v: Any) -> bool:
    """May a call of constants be evaluated now?  Only what is known to have no effect and to read nothing."""
    return isinstance(v, np.ufunc) or getattr(v, "__module__", None) in PURE_MODULES or (_hashable(v) and v in PURE)


def _construct(frame: Frame, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """An object of a class: a named tuple, a dataclass, or what `__init__` makes of it."""
    if cls is np.vectorize and len(args) == 1:
        return Partial(Const(vectorized), (args[0],), ())
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        defaults = getattr(cls, "_field_defaults", {})
        values = dict(zip(cls._fields, args, strict=False)) | kwargs
        missing = [f for f in cls._fields if f not in values and f not in defaults]
        if missing or len(values) > len(cls._fields):
            raise Refused(f"{cls.__name__} with other fields than it has")
        return Tup(tuple(values[f] if f in values else Const(defaults[f]) for f in cls._fields), cls)
    if dataclasses.is_dataclass(cls) and "__init__" in cls.__dict__ and cls.__dataclass_params__.init:  # type: ignore[attr-defined]
        return _dataclass(frame, cls, args, kwargs)
    if cls.__new__ is object.__new__ and (  # type: ignore[comparison-overlap]
            isinstance(cls.__init__, types.FunctionType) or (  # type: ignore[misc]
            cls.__init__ is object.__init__ and not args and not kwargs)):  # type: ignore[misc]
        made = frame.machine.new(Fields(cls, ()))
        if cls.__init__ is not object.__init__:  # type: ignore[misc]
            call_value(frame, Const(cls.__init__), [made, *args], kwargs)  # type: ignore[misc]
            made.cell.hint = ""
        return made
    if all(map(is_static, [*args, *kwargs.values()])) and (cls in (str, bytes, range, collections.OrderedDict, complex)
                                                           or issubclass(cls, np.generic | np.dtype | BaseException)):
        return fold_call(cls, args, kwargs)
    if issubclass(cls, np.number) and len(args) == 1:
        return call_method(frame, Num(atom_of(args[0])), "astype", [Const(cls)], {})
    raise Refused(f"making a {cls.__qualname__}", "objects of this class are not tracked")


def _dataclass(frame: Frame, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Any:
    fields = [f for f in dataclasses.fields(cls) if f.init]  # type: ignore[arg-type]
    values = dict(zip((f.name for f in fields), args, strict=False)) | kwargs
    for f in dataclasses.fields(cls):  # type: ignore[arg-type]
        if f.name in values:
            continue
        if f.default is not dataclasses.MISSING:
            values[f.name] = frame.machine.capture(("default", id(cls), f.name), f.name,
                                                   lambda f=f: f.default)  # type: ignore[misc]
        elif f.default_factory is not dataclasses.MISSING:
            values[f.name] = call_value(frame, Const(f.default_factory), [], {})
        else:
            raise Refused(f"{cls.__name__} without its field `{f.name}`")
    made = frame.machine.new(Fields(cls, tuple(values.items())))
    if hasattr(cls, "__post_init__"):
        call_value(frame, Const(cls.__post_init__), [made], {})
    return made


# Functions with a body.


def _run_closure(frame: Frame, closure: Closure, args: list[Any], kwargs: dict[str, Any]) -> Any:
    source = dataclasses.replace(closure.frame.source, tree=closure.tree)
    key = id(closure.tree)
    bound = bind(closure.tree, args, kwargs, closure.defaults, closure.kwdefaults)
    return run_body(frame, source, key, bound, closure.frame)


def call_function(frame: Frame, function: types.FunctionType, args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        source = capture(function)
    except SourceNotFound as error:
        raise Refused(f"a call of {function.__qualname__}", error.problems[0].reason or error.problems[0].what,
                      "give it a rule, or define it in a file") from None
    frame.machine.runs(function)
    frame.machine.defaults(function)
    defaults = [_default(frame, function, i) for i in range(len(function.__defaults__ or ()))]
    kwdefaults = {k: _default(frame, function, k) for k in function.__kwdefaults__ or {}}
    bound = bind(source.tree, args, kwargs, tuple(defaults), kwdefaults)
    return run_body(frame, source, function.__code__, bound, None)


def _default(frame: Frame, function: types.FunctionType, key: Any) -> Any:
    """A default value: a number in it is read as the function would, a constant is itself."""
    if isinstance(key, int):
        value = (function.__defaults__ or ())[key]
        read: Callable[[], Any] = lambda: (function.__defaults__ or ())[key]  # noqa: E731
    else:
        value = (function.__kwdefaults__ or {})[key]
        read = lambda: (function.__kwdefaults__ or {})[key]  # noqa: E731
    if isinstance(value, bool | int | float | complex | str) or value is None:
        return Const(value)
    return frame.machine.capture(("default", id(function), key), f"{function.__name__}_default", read)


def run_body(frame: Frame, source: Source, key: Any, bound: dict[str, Any], parent: Frame | None) -> Any:
    """Lower the body of a function in place; a function that is being lowered already is called instead."""
    machine = frame.machine
    if is_generator(source.tree):
        return generators.called(source, key, bound, parent)
    if key in machine.active:
        return outline.call_recursive(frame, source, key, bound, parent)
    if len(machine.active) > DEPTH:
        raise Refused(f"a call of {source.tree.name}", f"more than {DEPTH} calls are nested here")
    if is_repeated(frame, source) and outline.is_outlinable(bound):
        made = _outlined(frame, source, key, bound, parent)
        if made is not None:
            return made
    machine.active.append(key)
    span = frame.build.span
    try:
        return lower_body(frame, source, bound, parent)
    finally:
        machine.active.pop()
        frame.build.span = span


SMALL = 40  # nodes of a function's tree up to which its body stands where it is called


def is_repeated(frame: Frame, source: Source) -> bool:
    """Does the calling function call this one from several places, and is it more than a formula?"""
    return frame.calls[source.tree.name] > 1 and sum(1 for _ in gast.walk(source.tree)) > SMALL


def _outlined(frame: Frame, source: Source, key: Any, bound: dict[str, Any], parent: Frame | None) -> Any:
    """The call of a function of the program; None where its body has to be lowered in place."""
    machine, span = frame.machine, frame.build.span
    state, stmts, problems = dict(machine.state), len(frame.build.stmts), len(machine.problems)
    try:
        result = outline.call_outlined(frame, source, key, bound, parent)
        if len(machine.problems) == problems:
            return result
    except (Refused, NeedsStatic):
        pass
    finally:
        frame.build.span = span
    machine.state = state
    del frame.build.stmts[stmts:], machine.problems[problems:]
    return None

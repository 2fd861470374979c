"""Calls: what is called is known while lowering: a call is an operation, a change of a container, or a function body.

A Python function is lowered in place, in a frame of its own; one that calls itself becomes a function of the program
(`outline`).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import itertools
import operator
import types
from typing import Any

import gast
import numpy as np

from srcad.errors import SourceNotFound
from srcad.frontend import array_stores, generators, outline
from srcad.frontend.bodies import bind, call_written, lower_body
from srcad.frontend.branches import select
from srcad.frontend.builtin_calls import call_getter, fold_call
from srcad.frontend.capture import Source, capture
from srcad.frontend.classes import class_of
from srcad.frontend.composed_calls import composition, is_composed
from srcad.frontend.containers import call_method
from srcad.frontend.external import call_external, is_external, progress
from srcad.frontend.generators import is_generator
from srcad.frontend.iterables import BUILTINS, endless_item
from srcad.frontend.machine import Frame
from srcad.frontend.nested import Lowerable, call_derivative
from srcad.frontend.numpy_calls import call_operation, spelled
from srcad.frontend.objects import construct
from srcad.frontend.once import taken
from srcad.frontend.origins import Held, Slot
from srcad.frontend.special import class_with, container_class, method_of
from srcad.frontend.standard import STANDARD
from srcad.frontend.subclasses import call_own, is_own
from srcad.frontend.unpacking import known_items
from srcad.frontend.values import (
    NONE,
    POISON,
    Closure,
    Const,
    Either,
    Entries,
    Fields,
    Items,
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
    Slice,
    Stream,
    Tup,
    atom_of,
    describe,
    is_known,
    is_static,
)
from srcad.frontend.withs import of_generator
from srcad.ir import Var, op_of
from srcad.rules import external
from srcad.rules.composed.mapping import vectorized

TENSORS = ("srcad.runtime.tensors.", "srcad.tensor.")
# What looks at an iterator without taking all of it at once.
LAZY = frozenset({next, iter, zip, enumerate, map, filter, isinstance, type, callable, getattr, setattr, hasattr,
                  itertools.islice, itertools.chain, endless_item})
_CACHED = type(functools.lru_cache(lambda: None))
EXPANDED = 200  # calls of recursive functions that stand where they are called
MADE = (str, bytes, complex, operator.itemgetter, operator.attrgetter, operator.methodcaller)  # of what is known
DEPTH = 60  # nested calls of different functions
PURE_MODULES = ("math", "cmath", "_operator", "scipy.constants._codata")
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
            method = method_of(fields.cls, "__call__")
            if method is None:
                raise Refused(f"a call of an object of {fields.cls.__name__}", "its class has no method `__call__`")
            return call_value(frame, method, [function, *args], kwargs)
        case Ref() if container_class(function) is not None:
            return call_value(frame, frame.semantics.attribute(frame, function, "__call__"), args, kwargs)
        case Either(test=test, then=then, orelse=orelse):
            return select(frame, test, lambda: call_value(frame, then, list(args), kwargs),
                          lambda: call_value(frame, orelse, list(args), kwargs))
        case Mixed(reason=reason):
            raise Refused("a call of something that is not one function", reason)
        case _:
            raise Refused(f"a call of {describe(function)}", "it is not a function that is known here")


def _call_object(frame: Frame, v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    for way in (_as_program, _as_operation, _through, _as_known):
        result = way(frame, v, args, kwargs)
        if result is not None:
            return result
    if (getattr(v, "__module__", None) or "").startswith(TENSORS):
        raise Refused(f"a call of {v.__name__} of tensors", "inside of a function that is differentiated tensors are "
                      "arrays", "write it with NumPy operations")
    if of_generator(v):
        return Stream("manager", (call_function(frame, v.__wrapped__, args, kwargs),))
    if isinstance(v, types.FunctionType):
        home = (v.__module__ or "").split(".")[0]
        if home not in ("numpy", "scipy", "jax"):
            return call_function(frame, v, args, kwargs)
        result = _as_written(frame, v, args, kwargs) if home == "scipy" else None
        if result is not None:
            return result
    elif isinstance(v, type):
        return _construct(frame, v, args, kwargs)
    elif isinstance(type(v).__dict__.get("__call__"), types.FunctionType) and not isinstance(v, np.ufunc):
        return call_value(frame, Const(type(v).__call__), [Const(v), *args], kwargs)
    raise Refused(f"a call of {spelled(v)}", "it has no derivative rule and no Python source",
                  "keep what depends on the arguments out of it, or write it with NumPy operations")


def _as_written(frame: Frame, v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a library's function whose Python source may be all that is needed; None if it is not."""
    problems = frame.machine.problems
    known = len(problems)
    try:
        result = call_function(frame, v, args, kwargs)
    except Refused:
        return None
    if len(problems) == known:
        return result
    del problems[known:]
    return None


def _as_program(frame: Frame, v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A builtin, or a function for which a program stands; None if `v` is neither."""
    handler = BUILTINS.get(v) if _hashable(v) else None
    if handler is not None:
        return handler(frame, args if v in LAZY else [taken(frame, a) for a in args], kwargs)
    of_arrays = getattr(v, "__srcad_arrays__", None)
    if of_arrays is not None:  # a function of tensors, which are arrays here
        return call_value(frame, Const(of_arrays), args, kwargs)
    if _hashable(v) and v in STANDARD:
        return call_written(frame, STANDARD[v], args, kwargs)
    composed = composition(frame, v, args, kwargs)
    if composed is not None:
        if array_stores.has_out(v, args, kwargs):
            return array_stores.into(frame, v, args, kwargs)
        program, args = composed
        return call_value(frame, Const(program), args, kwargs)
    return call_written(frame, v, args, kwargs) if is_composed(v) else None


def _as_operation(frame: Frame, v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """An operation of the table of rules, or a fact of its arguments; None if `v` is neither."""
    if _hashable(v) and v in PURE and all(map(is_static, [*args, *kwargs.values()])):
        return fold_call(v, args, kwargs)
    external.load(v)
    op = op_of(v)
    if op is not None and array_stores.has_out(v, args, kwargs):
        return array_stores.into(frame, v, args, kwargs)
    return None if op is None else call_operation(frame, op, args, kwargs)


def _through(frame: Frame, v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What stands for a call of something else: partials, caches, methods; None if `v` does not."""
    if is_own(v) and args and isinstance(args[0], Ref) and class_with(frame, args[0]) is None:
        return call_own(frame, v, args, kwargs)
    if isinstance(v, functools.partial):
        return _call_partial(frame, v, args, kwargs)
    if isinstance(v, _CACHED):
        return call_value(frame, Const(v.__wrapped__), args, kwargs)
    if isinstance(v, types.FunctionType) and hasattr(v, "registry") and hasattr(v, "dispatch") and args:
        cls = class_of(frame, args[0])
        if cls is not None:
            return call_value(frame, Const(v.dispatch(cls)), args, kwargs)
    if _hashable(v) and is_external(v):
        return call_external(frame, v, args, kwargs)
    if (bar := progress(v)) is not None:
        return bar(frame, args, kwargs)
    if isinstance(v, types.MethodType):
        if v.__name__ == "_make" and isinstance(v.__self__, type):
            return construct(frame, v.__self__, known_items(frame, args[0], None), {})
        return call_value(frame, Const(v.__func__), [Const(v.__self__), *args], kwargs)
    return None


def _as_known(frame: Frame, v: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What is done now, and derivatives that the program takes itself; None if `v` is neither."""
    all_static = all(map(is_static, [*args, *kwargs.values()]))
    if getattr(v, "__srcad_static__", False) and all_static:
        if not args and "f" not in kwargs:  # the function is given later: `@grad(wrt="x")`
            return Partial(Const(v), (), tuple(kwargs.items()))
        return fold_call(v, args, kwargs)
    if isinstance(v, operator.itemgetter | operator.attrgetter | operator.methodcaller):
        return call_getter(frame, v, args, kwargs)
    inside = getattr(v, "__srcad_inside__", None)
    if inside is not None and isinstance(v, type):
        raise Refused(f"`{v.__name__}` within a function that is differentiated", "it is applied to a function that "
                      "doesn't exist before the call", "define the function outside")
    if inside is not None:
        return inside(frame, args, kwargs)
    if isinstance(v, Lowerable):
        return call_derivative(frame, v, args, kwargs)
    return fold_call(v, args, kwargs) if _is_pure(v) and all_static else None


def _call_partial(frame: Frame, v: functools.partial[Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a `partial` from outside: what it holds is read as other things of outside are."""
    def held(part: str, key: Any, name: str) -> Any:
        return frame.machine.capture(("partial", id(v), key), name, Slot(Held(v), (("attr", part), ("item", key))))

    first = [held("args", i, f"argument{i}") for i in range(len(v.args))]
    named = {k: held("keywords", k, k) for k in v.keywords}
    return call_value(frame, Const(v.func), [*first, *args], {**named, **kwargs})


def _hashable(v: Any) -> bool:
    try:
        hash(v)
    except TypeError:
        return False
    return True


def _is_pure(v: Any) -> bool:
    """May a call of constants be evaluated now?  Only what is known to have no effect and to read nothing."""
    return isinstance(v, np.ufunc) or getattr(v, "__module__", None) in PURE_MODULES or (_hashable(v) and v in PURE)


def _construct(frame: Frame, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """An object of a class."""
    if cls is np.vectorize and len(args) == 1:
        return Partial(Const(vectorized), (args[0],), ())
    if cls is np.ndarray and len(args) + len(kwargs.keys() & {"shape", "dtype"}) == len(args) + len(kwargs) <= 2:
        return call_value(frame, Const(np.empty), args, kwargs)
    made = construct(frame, cls, args, kwargs)
    if made is not None:
        return made
    if all(map(is_static, [*args, *kwargs.values()])) and (cls in MADE or issubclass(
            cls, np.generic | np.dtype | BaseException | enum.Enum)):
        return fold_call(cls, args, kwargs)
    if issubclass(cls, np.number) and len(args) == 1:
        return call_method(frame, Num(atom_of(args[0])), "astype", [Const(cls)], {})
    if cls is slice and args and not kwargs:
        bounds = [NONE, *args] if len(args) == 1 else args
        return Tup((*bounds, *[NONE] * (3 - len(bounds))), Slice)
    raise Refused(f"making a {cls.__qualname__}", "objects of this class are not tracked")


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
        value, part = (function.__defaults__ or ())[key], "__defaults__"
    else:
        value, part = (function.__kwdefaults__ or {})[key], "__kwdefaults__"
    if isinstance(value, bool | int | float | complex | str) or value is None:
        return Const(value)
    return frame.machine.capture(("default", id(function), key), f"{function.__name__}_default",
                                 frame.machine.origin_of(function).slot(("attr", part), ("item", key)))


def _shape_of(frame: Frame, value: Any, depth: int = 12) -> Any:
    """The structure of an argument: which containers hold what kinds of things."""
    match value:
        case Num(atom=atom):
            t = atom.type
            return t.kind, t.dtype, t.rank
        case Const(value=v):
            return type(v) if isinstance(v, int | float | complex) else ("constant", id(v))
        case Tup(items=items, cls=cls):
            return (cls, *(_shape_of(frame, i, depth) for i in items))
        case Ref(cell=cell) if depth:
            content = frame.machine.state.get(cell)
            match content:
                case Items(values=values):
                    return ("list", *(_shape_of(frame, v, depth - 1) for v in values))
                case Entries(values=entries):
                    return ("dict", *((k, _shape_of(frame, v, depth - 1)) for k, v in entries))
                case Fields(cls=cls, values=fields, given=None):
                    return (cls, *((k, _shape_of(frame, v, depth - 1)) for k, v in fields))
                case Fields():
                    return cell
                case _:
                    return type(content)
        case _:
            return type(value)


def _lowered_in_place(frame: Frame, source: Source, key: Any, bound: dict[str, Any], parent: Frame | None,
                      shape: Any) -> Any:
    machine = frame.machine
    if len(machine.active) > DEPTH:
        raise Refused(f"a call of {source.tree.name}", f"more than {DEPTH} calls are nested here")
    machine.active.append(key)
    machine.shapes.append((key, shape))
    span = frame.build.span
    try:
        return lower_body(frame, source, bound, parent)
    finally:
        machine.active.pop()
        machine.shapes.pop()
        frame.build.span = span


def _recursive(frame: Frame, source: Source, key: Any, bound: dict[str, Any], parent: Frame | None,
               shape: Any) -> Any:
    """A call of a function that is being lowered.  One that goes down a tree has other structure in every call, and
    stands where it is called; else the function becomes one of the program."""
    held = any(isinstance(v, Ref | Tup | Entries) for v in bound.values())
    if held and all(s != shape for k, s in frame.machine.shapes if k == key):
        return _lowered_in_place(frame, source, key, bound, parent, shape)
    machine, span = frame.machine, frame.build.span
    state, stmts, problems = dict(machine.state), len(frame.build.stmts), len(machine.problems)
    try:
        return outline.call_recursive(frame, source, key, bound, parent)
    except (Refused, NeedsStatic):
        if machine.expanded >= EXPANDED:
            raise
        if not any(isinstance(v, Const) and isinstance(v.value, int | str) or is_known(v) and not isinstance(v, Const)
                   for v in bound.values()):
            _require_sizes(bound)
            raise
        # With numbers that are known it may end: step by step.
        machine.state, frame.build.span = state, span
        del frame.build.stmts[stmts:], machine.problems[problems:]
        machine.expanded += 1
        return _lowered_in_place(frame, source, key, bound, parent, shape)


def _require_sizes(bound: dict[str, Any]) -> None:
    """Extents of arrays, from which a recursion counts down, must be known."""
    for value in bound.values():
        constant = value.atom.type.value if isinstance(value, Num) and isinstance(value.atom, Var) else None
        if constant is not None and constant.size is not None and constant.size.extent is not None:
            raise NeedsStatic(value.atom, "where a recursion begins") from None


def run_body(frame: Frame, source: Source, key: Any, bound: dict[str, Any], parent: Frame | None) -> Any:
    """Lower the body of a function in place; a function that is being lowered already is called instead."""
    machine = frame.machine
    if is_generator(source.tree):
        return generators.called(frame, source, key, bound, parent)
    shape = tuple(_shape_of(frame, v) for v in bound.values())
    if key in machine.active:
        return _recursive(frame, source, key, bound, parent, shape)
    if is_repeated(frame, source) and outline.is_outlinable(bound):
        made = _outlined(frame, source, key, bound, parent)
        if made is not None:
            return made
    return _lowered_in_place(frame, source, key, bound, parent, shape)


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

"""Builtins and functions of itertools that take iterables.

Over items that are known the call is made while lowering; over an array or a list of unknown length it is an operation,
or the comprehension that it is short for.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np

from srcad.frontend.branches import truth
from srcad.frontend.builtin_calls import BUILTINS, Handler, builtin, fold_call, operation
from srcad.frontend.comprehensions import comprehended, listed
from srcad.frontend.machine import Frame
from srcad.frontend.places import binary
from srcad.frontend.unpacking import known
from srcad.frontend.values import (
    NONE,
    Const,
    Entries,
    Items,
    Num,
    Ref,
    Refused,
    Sequence,
    Stream,
    Tup,
    is_atomic,
    is_known,
    is_static,
    static,
)
from srcad.ir import AND, OR, TRUTH


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
    return comprehended(frame, "[f(*t) for t in it]", f=function, it=Stream("zip", tuple(iterables)))


@builtin(filter)
def _filter(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    text = "[t for t in it if t]" if args[0] == NONE else "[t for t in it if f(t)]"
    return comprehended(frame, text, f=args[0], it=args[1])


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
            if all(map(is_known, args)):
                return fold_call(function, [Tup(tuple(args))], {})
        return args[0] if len(args) == 1 else operation(frame, function, args, {})
    return handler


BUILTINS.update({max: _extreme(max), min: _extreme(min)})


@builtin(math.prod)
def _product(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    items = known(frame, args[0])
    start = kwargs.get("start", Const(1))
    if items is None:
        return binary(frame, "mul", start, frame.call(Const(np.prod), [args[0]]))
    result = start
    for item in items:
        result = item if result == Const(1) else binary(frame, "mul", result, item)
    return result


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


@builtin(sorted)
def _sorted(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    items = known(frame, args[0])
    if items is None:
        raise Refused("sorted of numbers that are computed", hint="use np.sort on an array")
    by, backwards = kwargs.get("key", NONE), static(kwargs.get("reverse", Const(False)), "`reverse`")
    keys = [item if by == NONE else frame.call(by, [item]) for item in items]
    firsts = [k.items[0] if isinstance(k, Tup) and k.items and not is_static(k) else k for k in keys]
    if not all(map(is_static, firsts)):
        raise Refused("sorted by numbers that are computed", hint="use np.argsort on an array")
    order = [static(k, "a key") for k in firsts]
    if firsts != keys and len(set(order)) < len(order):
        raise Refused("sorted of tuples that begin alike", hint="give `key`, or use np.argsort")
    places = sorted(range(len(items)), key=order.__getitem__, reverse=backwards)
    return frame.machine.new(Items(tuple(items[k] for k in places)))


def _combinatorial(function: Any) -> Handler:
    """Tuples of known items, in the order in which itertools gives them."""
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        columns = [a.value if isinstance(a, Const) and isinstance(a.value, int) else known(frame, a) for a in args]
        if any(c is None for c in columns):
            raise Refused(f"itertools.{function.__name__} over an array or a range of unknown length",
                          hint="nest the loops")
        rows = function(*columns, **{k: static(v, f"`{k}`") for k, v in kwargs.items()})
        return Tup(tuple(Tup(row) if isinstance(row, tuple) else row for row in rows))
    return handler


BUILTINS.update({f: _combinatorial(f) for f in (
    itertools.product, itertools.combinations, itertools.combinations_with_replacement, itertools.permutations,
    itertools.pairwise)})


@builtin(itertools.chain)
def _chain(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return comprehended(frame, "[t for it in its for t in it]", its=Tup(tuple(args)))


@builtin(functools.reduce)
def _reduce(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    items = known(frame, args[1])
    if items is None:
        raise Refused("reduce over an array", hint="use a loop")
    first, *rest = [*args[2:], *items]
    for item in rest:
        first = frame.call(args[0], [first, item])
    return first



"""Builtins and functions of itertools that take iterables.

Over items that are known the call is made while lowering; over an array or a list of unknown length it is an operation,
or the comprehension that it is short for.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.frontend import standard
from srcad.frontend.bodies import call_written
from srcad.frontend.branches import branch, select, truth
from srcad.frontend.builtin_calls import BUILTINS, Handler, builtin, fold_call, operation
from srcad.frontend.comprehensions import comprehended, listed
from srcad.frontend.effects import RAISE
from srcad.frontend.generators import OF_GENERATORS
from srcad.frontend.machine import Frame
from srcad.frontend.names import never_ends
from srcad.frontend.once import MADE, as_left
from srcad.frontend.places import binary, subscript
from srcad.frontend.spaces import ENDLESS, ITERATOR, is_iterator, item_of_endless
from srcad.frontend.special import special
from srcad.frontend.suspended import is_waiting, next_value
from srcad.frontend.unpacking import known, required_items
from srcad.frontend.values import (
    FRESH,
    NONE,
    Const,
    Items,
    Num,
    Poison,
    Ref,
    Refused,
    Rows,
    Sequence,
    Stream,
    Tup,
    atom_of,
    is_atomic,
    is_known,
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
    return _iterator(comprehended(frame, "[f(*t) for t in it]", f=function, it=Stream("zip", tuple(iterables))), map)


def _iterator(found: Any, cls: type) -> Any:
    """A list that stands for an iterator of this class."""
    if isinstance(found, Ref):
        found.cell.cls = cls
    return found


@builtin(filter)
def _filter(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    text = "[t for t in it if t]" if args[0] == NONE else "[t for t in it if f(t)]"
    return _iterator(comprehended(frame, text, f=args[0], it=args[1]), filter)


@builtin(list)
def _list(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return listed(frame, args[0]) if args else frame.machine.new(Items(()))


@builtin(tuple)
def _tuple(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    content = frame.machine.content(listed(frame, args[0])) if args else Items(())
    if not isinstance(content, Items):
        return Tup(tuple(required_items(frame, args[0], "the length of a tuple")))
    return Tup(content.values)


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


def _extreme(function: Any, by_key: Any) -> Handler:
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        given = args[0] if len(args) == 1 else Tup(tuple(args))
        items = known(frame, given)
        if "default" in kwargs:
            if items is None:
                return _or_default(frame, given, kwargs["default"],
                                   lambda: handler(frame, [given], {k: v for k, v in kwargs.items() if k != "default"}))
            if not items:
                return kwargs["default"]
        key = kwargs.get("key", NONE)
        if key != NONE:
            return items[0] if items and len(items) == 1 else call_written(frame, by_key, [given, key], {})
        if items is None and isinstance(given, Ref) and isinstance(frame.machine.content(given), Rows):
            return call_written(frame, by_key, [given, Const(itself)], {})
        if items is None:
            return operation(frame, function, [given], {})
        if all(map(is_known, items)) and items:
            return fold_call(function, [Tup(tuple(items))], {})
        if len(items) == 1:
            return items[0]
        if not all(map(is_atomic, items)):
            return call_written(frame, by_key, [given, Const(itself)], {})
        return operation(frame, function, list(items), {})
    return handler


def _or_default(frame: Frame, items: Any, default: Any, taken: Callable[[], Any]) -> Any:
    """What is taken from the items, or the default if there are none."""
    some = truth(frame, frame.call(Const(len), [as_list(frame, items)]))
    if isinstance(some, Const):
        return taken() if some.value else default
    return select(frame, atom_of(some), taken, lambda: default)


def itself(x: Any) -> Any:
    return x


BUILTINS.update({max: _extreme(max, standard.largest), min: _extreme(min, standard.smallest),
                 itself: lambda frame, args, kwargs: args[0]})


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


@builtin(standard.as_items)
def _as_items(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return as_list(frame, args[0])


def as_list(frame: Frame, value: Any) -> Any:
    """An iterable as something that has a length and can be indexed."""
    if isinstance(value, Num | Tup):
        return value
    if isinstance(value, Ref) and isinstance(frame.machine.content(value), Items | Sequence | Rows):
        return value
    return listed(frame, value)


@builtin(standard.required)
def _required(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Tup(tuple(required_items(frame, args[0], "the number of items")))


def _combinatorial(function: Any) -> Handler:
    """Tuples of known items, in the order in which itertools gives them."""
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        columns = [a.value if isinstance(a, Const) and isinstance(a.value, int)
                   else required_items(frame, a, f"the number of items of itertools.{function.__name__}", 64)
                   for a in args]
        rows = function(*columns, **{k: static(v, f"`{k}`") for k, v in kwargs.items()})
        return Tup(tuple(Tup(row) for row in rows))
    return handler


BUILTINS.update({f: _combinatorial(f) for f in (
    itertools.product, itertools.combinations, itertools.combinations_with_replacement, itertools.permutations)})


@builtin(itertools.chain)
def _chain(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return comprehended(frame, "[x for it in its for x in it]", its=Tup(tuple(args)))


@builtin(itertools.count)
def _count(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    given = dict(zip(("start", "step"), args, strict=False)) | kwargs
    return _endless(frame, "count", given.get("start", Const(0)), given.get("step", Const(1)))


def _endless(frame: Frame, kind: str, *parts: Any) -> Stream:
    """An iterator without an end, of which nothing has been taken."""
    position = frame.machine.new(Const(0), "taken")
    return Stream(kind, (*parts, Const(position.cell)))


@builtin(itertools.cycle)
def _cycle(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _endless(frame, "cycle", as_list(frame, args[0]))


@builtin(itertools.repeat)
def _repeat(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value, *times = (*args, *kwargs.values())
    return comprehended(frame, "[x for _ in range(n)]", x=value, n=times[0]) if times else _endless(
        frame, "repeat", value)


@builtin(itertools.islice)
def _islice(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    stream = args[0]
    if is_iterator(frame, stream) and len(args) == 2:
        return comprehended(frame, "[x for _, x in zip(range(n), it)]", n=args[1], it=stream)
    if isinstance(stream, Stream) and stream.kind == "generator" and never_ends(stream.parts[0].value.source.tree) and (
            len(args) == 2):
        return comprehended(frame, "[x for _, x in zip(range(n), it)]", n=args[1], it=stream)
    if isinstance(stream, Stream) and stream.kind in ENDLESS:
        bounds = [a for a in args[1:] if a != NONE]
        if len(bounds) < len(args) - 1:
            raise Refused("itertools.islice without an end of an endless iterator")
        limits = Stream("range", tuple(bounds))
        return comprehended(frame, "[x for _, x in zip(limits, it)]", limits=limits, it=args[0]) if len(
            bounds) == 1 else comprehended(frame, "[at(it, i) for i in limits]", limits=limits, it=args[0],
                                           at=Const(endless_item))
    return call_written(frame, standard.islice, args, kwargs)


def endless_item(it: Any, i: Any) -> Any:
    raise AssertionError("known while lowering")


@builtin(endless_item)
def _endless_item(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return item_of_endless(frame, args[0], args[1])


@builtin(itertools.tee)
def _tee(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    found = listed(frame, args[0])
    if isinstance(found, Poison):
        return found
    times = static(kwargs.get("n", args[1] if len(args) > 1 else Const(2)), "`n`")
    copies = [frame.machine.new(frame.machine.content(found)) for _ in range(times)]
    for ref in copies:
        ref.cell.cls = ITERATOR
    return Tup(tuple(copies))


@builtin(functools.reduce)
def _reduce(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return call_written(frame, standard.reduced if len(args) == 2 else standard.reduced_from, args, {})


@builtin(iter)
def _iter(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """An iterator over known items is a list of those that are left."""
    if isinstance(args[0], Stream) and (args[0].kind in ENDLESS or args[0].kind in ("generator", "once")):
        return args[0]
    if isinstance(args[0], Ref) and args[0].cell.cls is ITERATOR:
        return args[0]
    found = frame.machine.new(Items(tuple(required_items(frame, args[0], "the number of items of an iterator"))))
    found.cell.cls = ITERATOR
    return found


def _of_generator(frame: Frame, stream: Stream, default: list[Any]) -> Any:
    """The next value of a generator: it goes on to its next `yield`, or, where it is computed whether it comes to one,
    to its end when it is asked first: its values are a list then."""
    ref = Ref(stream.parts[0].value.rest)
    content = frame.machine.content(ref)
    if is_waiting(content):
        value = _asked(frame, stream, content is FRESH)
        if value is not None:
            return value
        content = frame.machine.content(ref)
    if isinstance(content, Items):
        return _next(frame, [ref, *default], {})
    return _taken_of_unknown(frame, ref, default)


def _asked(frame: Frame, stream: Stream, fresh: bool) -> Any:
    """The next value; None if what is left is a list now."""
    machine, cell = frame.machine, stream.parts[0].value.rest
    rewind = machine.rewinding()
    try:
        return next_value(frame, stream)
    except Refused:
        if not fresh:
            raise
    rewind()
    values = listed(frame, stream)
    if isinstance(values, Poison):
        return values
    machine.state[cell], cell.cls = machine.content(values), ITERATOR
    return None


def _sent(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`g.send(value)`."""
    stream, value = args
    content = frame.machine.content(Ref(stream.parts[0].value.rest))
    if not is_waiting(content):
        raise Refused("sending to this generator", "what is left of it is not known here")
    found = next_value(frame, stream, value)
    if found is None:
        raise Refused("this generator ends when it is sent this", raises=StopIteration())
    return found


def _closed(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`g.close()`."""
    cell = args[0].parts[0].value.rest
    frame.machine.state[cell], cell.cls = Items(()), ITERATOR
    return NONE


OF_GENERATORS.update(send=_sent, close=_closed)


def _taken(frame: Frame, iterator: Ref) -> Any:
    """The first element of a list whose length is not known; the list keeps the others."""
    first = subscript(frame, iterator, Const(0))
    frame.machine.store(iterator, frame.machine.content(subscript(frame, iterator, slice(Const(1), None, None))))
    return first


def _taken_of_unknown(frame: Frame, iterator: Ref, default: list[Any]) -> Any:
    """The next item of an iterator over a list whose length is not known."""
    def stop() -> None:
        frame.build.call(RAISE, StopIteration)
        frame.machine.end()

    some = atom_of(truth(frame, iterator))
    if default:
        return select(frame, some, lambda: _taken(frame, iterator), lambda: default[0])
    branch(frame, some, lambda: None, stop)
    return _taken(frame, iterator)


@builtin(next)
def _next(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Of an iterator, the next item; of a generator expression, the first one."""
    owner = args[0]
    if isinstance(owner, Stream) and owner.kind == "generator":
        return _of_generator(frame, owner, args[1:])
    if isinstance(owner, Stream) and owner.kind in ENDLESS:
        position = Ref(owner.parts[-1].value)
        k = frame.machine.content(position)
        frame.machine.store(position, binary(frame, "add", k, Const(1)))
        return item_of_endless(frame, owner, k)
    if isinstance(owner, Stream) and owner.kind == "once":
        owner = as_left(frame, owner)
        return owner if isinstance(owner, Poison) else _next(frame, [owner, *args[1:]], {})
    if is_iterator(frame, owner):
        return special(frame, owner, "next")
    if isinstance(owner, Ref) and owner.cell.cls in MADE:
        owner = frame.machine.new(frame.machine.content(owner))
    content = frame.machine.content(owner) if isinstance(owner, Ref) else None
    if isinstance(content, Items):
        if not content.values:
            if len(args) > 1:
                return args[1]
            raise Refused("this next() always fails", "there is no item left", raises=StopIteration())
        if owner.cell.cls is ITERATOR:
            frame.machine.store(owner, Items(content.values[1:]))
        return content.values[0]
    if isinstance(content, Sequence | Rows) and owner.cell.cls is ITERATOR:
        return _taken_of_unknown(frame, owner, args[1:])
    if isinstance(content, Sequence | Rows):
        def first() -> Any:
            return frame.call(Const(operator.getitem), [owner, Const(0)])
        return first() if len(args) == 1 else _or_default(frame, owner, args[1], first)
    raise Refused("next() of something that is not an iterator", hint="make one with iter()")

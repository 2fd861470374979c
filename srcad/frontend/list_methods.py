"""Methods of lists and of `deque`, whose cell knows how long it may be."""

from __future__ import annotations

import collections
from typing import Any

from srcad.frontend import standard
from srcad.frontend.bodies import call_written
from srcad.frontend.builtin_calls import builtin
from srcad.frontend.comprehensions import listed
from srcad.frontend.lists import changed, columns_of, each_column, element_at, element_of, grown, joined_lists, through
from srcad.frontend.machine import Frame
from srcad.frontend.memory import Elements
from srcad.frontend.sorting import sort_in_place
from srcad.frontend.special import container_class
from srcad.frontend.stores import extend
from srcad.frontend.values import (
    NONE,
    Const,
    Items,
    Ref,
    Refused,
    Rows,
    Sequence,
    Tup,
    atom_of,
    is_static,
    static,
)
from srcad.ir import Lit, Var
from srcad.rules.sequences import APPEND, POP, REVERSED, SLICE

CHANGING = frozenset({"append", "extend", "pop", "insert", "remove", "reverse", "sort", "clear"})


def list_method(frame: Frame, owner: Ref, content: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    machine = frame.machine
    if owner.cell.home is not None and name in CHANGING:
        return through(frame, owner, lambda own: list_method(frame, own, content, name, args, kwargs))
    match name:
        case "append":
            append(frame, owner, content, args[0])
        case "extend":
            extend(frame, owner, args[0])
        case "pop":
            return _pop(frame, owner, content, args)
        case "copy" | "__copy__":
            copied = machine.new(content)
            if container_class(owner) is None:  # a list's copy is a list
                copied.cell.cls, copied.cell.rule = owner.cell.cls, owner.cell.rule
            return copied
        case "index" | "count":
            return found_in(frame, owner, name, args[0])
        case "insert":
            _insert(frame, owner, content, args[0], args[1])
        case "remove":
            _remove(frame, owner, content, args[0])
        case "reverse" if isinstance(content, Items):
            machine.store(owner, Items(content.values[::-1]))
        case "reverse":
            machine.store(owner, each_column(content, lambda c: frame.build.call(REVERSED, c)))
        case "sort":
            sort_in_place(frame, owner, kwargs)
        case "clear":
            machine.store(owner, Items(()))
        case _ if owner.cell.cls is collections.deque:
            return _of_deque(frame, owner, content, name, args)
        case _:
            raise Refused(f"the list method `{name}`", hint="build the list with append, slices and concatenation")
    if name in ("append", "extend", "insert"):
        _shortened(frame, owner, from_the_left=True)
    return NONE


def append(frame: Frame, owner: Ref, content: Any, value: Any) -> None:
    if isinstance(content, Items):
        frame.machine.store(owner, Items((*content.values, value)))
        return
    content = grown(frame, content, value)
    frame.machine.store(owner, each_column(
        content, lambda c, v: changed(frame, c, v, lambda a: frame.build.call(APPEND, c, a)), value))


def _pop(frame: Frame, owner: Ref, content: Any, args: list[Any]) -> Any:
    if isinstance(content, Items):
        values = list(content.values)
        try:
            result = values.pop(*(static(a, "an index") for a in args))
        except (IndexError, TypeError) as error:
            raise Refused(f"this pop always fails: {error}", raises=error) from None
        frame.machine.store(owner, Items(tuple(values)))
        return result
    if args and args[0] != Const(-1):
        item = element_at(frame, content, atom_of(args[0]))
        _taken_out(frame, owner, content, args[0])
        return item
    popped = [frame.build.calls(POP, c) for c in columns_of(content)]
    memories, rests = frame.machine.memories, iter(popped)
    for c, (rest, _) in zip(columns_of(content), popped, strict=True):
        if isinstance(c, Var) and isinstance(memories.at(c), Elements):
            memories.detach(memories.at(c))
            memories.of[rest] = memories.at(c)
    frame.machine.store(owner, each_column(content, lambda c: next(rests)[0]))
    return element_of(content, [frame.machine.held(last) for _, last in popped])


def _taken_out(frame: Frame, owner: Ref, content: Any, index: Any) -> None:
    """The list without the item at this index, which is in it."""
    if index == Const(0):
        frame.machine.store(owner, _part(frame, content, 1, None))
        return
    if not isinstance(index, Const) or index.value < 0:
        index = frame.operator("mod", index, frame.call(Const(len), [owner]))
    after = _plain(frame.operator("add", index, Const(1)))
    frame.machine.store(owner, joined_lists(frame, _part(frame, content, None, _plain(index)),
                                            _part(frame, content, after, None)))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Const) else atom_of(value)


def _part(frame: Frame, content: Sequence | Rows, start: Any, stop: Any) -> Any:
    return each_column(content, lambda c: frame.build.call(SLICE, c, slice(start, stop)))


def _insert(frame: Frame, owner: Ref, content: Any, index: Any, value: Any) -> None:
    if isinstance(content, Items) and isinstance(index, Const):
        values = list(content.values)
        values.insert(static(index, "an index"), value)
        frame.machine.store(owner, Items(tuple(values)))
        return
    k, content = _plain(index), grown(frame, content, value)
    left = joined_lists(frame, _part(frame, content, None, k), Items((value,)))
    frame.machine.store(owner, joined_lists(frame, left, _part(frame, content, k, None)))


def _remove(frame: Frame, owner: Ref, content: Any, value: Any) -> None:
    if not isinstance(content, Items):
        _taken_out(frame, owner, content, found_in(frame, owner, "index", value))
        return
    k = next((k for k, v in enumerate(content.values) if v == value), None)
    if k is None:
        k = static(found_in(frame, owner, "index", value), "the place of what is removed")
    frame.machine.store(owner, Items(content.values[:k] + content.values[k + 1:]))


def found_in(frame: Frame, owner: Ref | Tup, name: str, value: Any) -> Any:
    """`owner.index(value)` and `owner.count(value)`."""
    content = frame.machine.content(owner) if isinstance(owner, Ref) else owner
    items = content.values if isinstance(content, Items) else content.items if isinstance(content, Tup) else None
    if items is not None and is_static(value) and all(map(is_static, items)):
        try:
            return Const(getattr([static(i, "an item") for i in items], name)(static(value, "an item")))
        except ValueError as error:
            raise Refused(f"this index always fails: {error}", raises=error) from None
    return call_written(frame, standard.index if name == "index" else standard.count, [owner, value], {})


# Deques.


@builtin(collections.deque)
def _deque(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    given = dict(zip(("iterable", "maxlen"), args, strict=False)) | kwargs
    made = listed(frame, given["iterable"]) if "iterable" in given else frame.machine.new(Items(()))
    made.cell.cls, made.cell.rule = collections.deque, static(given.get("maxlen", NONE), "`maxlen`")
    _shortened(frame, made, from_the_left=True)
    return made


def _shortened(frame: Frame, owner: Ref, from_the_left: bool) -> None:
    """A deque is never longer than it may be."""
    most = owner.cell.rule if owner.cell.cls is collections.deque else None
    if most is None:
        return
    content = frame.machine.content(owner)
    kept = (-most if most else 0, None) if from_the_left else (None, most)
    if isinstance(content, Items):
        values = content.values
        if len(values) > most:
            frame.machine.store(owner, Items(values[len(values) - most:] if from_the_left else values[:most]))
        return
    frame.machine.store(owner, _part(frame, content, *kept))


def _of_deque(frame: Frame, owner: Ref, content: Any, name: str, args: list[Any]) -> Any:
    store = frame.machine.store
    if name == "popleft":
        if isinstance(content, Items):
            return _pop(frame, owner, content, [Const(0)])
        first = element_at(frame, content, Lit(0))
        store(owner, _part(frame, content, 1, None))
        return first
    if name in ("appendleft", "extendleft"):
        more = Items((args[0],)) if name == "appendleft" else frame.machine.content(listed(frame, args[0]))
        if isinstance(more, Items) and isinstance(content, Items):
            store(owner, Items(more.values[::-1] + content.values))
        elif isinstance(more, Items):
            store(owner, joined_lists(frame, Items(more.values[::-1]), content))
        else:
            raise Refused("extendleft by a list of unknown length", hint="append to the left in a loop")
        _shortened(frame, owner, from_the_left=False)
        return NONE
    if name == "rotate":
        n = static(args[0], "a rotation") if args else 1
        if isinstance(content, Items):
            values = collections.deque(content.values)
            values.rotate(n)
            store(owner, Items(tuple(values)))
        else:
            store(owner, joined_lists(frame, _part(frame, content, -n, None), _part(frame, content, None, -n)))
        return NONE
    raise Refused(f"the deque method `{name}`")

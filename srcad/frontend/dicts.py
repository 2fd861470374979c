"""Dicts and what is like them: `defaultdict`, `OrderedDict`, `Counter`, and sets of things that are known.

All are `Entries`; what a class does differently stands in its cell.  The entries of a set have no values.
"""

from __future__ import annotations

import collections
import operator
from typing import Any

from srcad.frontend import standard
from srcad.frontend.bodies import call_written
from srcad.frontend.branches import select
from srcad.frontend.builtin_calls import builtin
from srcad.frontend.machine import Frame
from srcad.frontend.places import binary
from srcad.frontend.sorting import pick, sorted_items
from srcad.frontend.special import container_class, overridden
from srcad.frontend.tables import KEY, among, item, key_of, made, made_of, written
from srcad.frontend.unpacking import known, known_items, required_items
from srcad.frontend.values import (
    NONE,
    Const,
    Entries,
    Method,
    NeedsKey,
    NeedsStatic,
    Num,
    Ref,
    Refused,
    Table,
    Tup,
    is_static,
    static,
)
from srcad.ir import define
from srcad.ir.types import INT
from srcad.runtime import tables

ELEMENT = "an element of a set"
POSITION = define(tables.position, "position", infer=lambda *_: INT)
KEYS: type = type(dict.fromkeys(()).keys())
SETS = (set, frozenset, KEYS)


def entries_of(frame: Frame, value: Any) -> dict[Any, Any]:
    """The entries of a dict, or of an iterable of pairs."""
    content = frame.machine.content(value) if isinstance(value, Ref) else None
    if isinstance(content, Entries):
        return dict(content.values)
    if isinstance(value, Const) and isinstance(value.value, dict):
        return {k: Const(v) for k, v in value.value.items()}
    pairs = [known_items(frame, pair, 2) for pair in required_items(frame, value, "the number of entries of a dict")]
    return {static(k, KEY): v for k, v in pairs}


@builtin(dict)
def _dict(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if args and isinstance(args[0], Ref) and isinstance(frame.machine.content(args[0]), Table):
        return frame.call(Method(args[0], "copy"), [])
    return made(frame, {**(entries_of(frame, args[0]) if args else {}), **kwargs})


@builtin(collections.OrderedDict)
def _ordered(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return made(frame, {**(entries_of(frame, args[0]) if args else {}), **kwargs}, collections.OrderedDict)


@builtin(collections.defaultdict)
def _default(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    factory = args[0] if args else NONE
    entries = entries_of(frame, args[1]) if len(args) > 1 else {}
    return made(frame, {**entries, **kwargs}, collections.defaultdict, factory)


@builtin(collections.Counter)
def _counter(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    items = known(frame, args[0]) if args and not isinstance(args[0], Const) else ()
    if items is None or not all(map(is_static, items)):
        return call_written(frame, standard.counted, [args[0], made(frame, {}, collections.Counter)], {})
    return made(frame, {**(_counts(frame, args[0]) if args else {}), **kwargs}, collections.Counter)


def _counts(frame: Frame, value: Any) -> dict[Any, Any]:
    """What a Counter makes of its argument: its entries, or how often each item comes."""
    if isinstance(value, Ref) and isinstance(frame.machine.content(value), Entries):
        return entries_of(frame, value)
    items = [static(v, "an item that is counted") for v in required_items(frame, value, "the number of items counted")]
    return {k: Const(n) for k, n in collections.Counter(items).items()}


@builtin(dict.fromkeys)
def _from_keys(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    keys = [static(k, KEY) for k in required_items(frame, args[0], "the number of keys")]
    return made(frame, dict.fromkeys(keys, args[1] if len(args) > 1 else NONE))


@builtin(collections.ChainMap)
def _chain_map(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    raise Refused("a ChainMap", "it sees what becomes of several dicts", "merge them: {**defaults, **given}")


def entry(frame: Frame, owner: Ref, content: Entries | Table, index: Any) -> Any:
    """`owner[index]`."""
    if isinstance(content, Table):
        return item(frame, owner, content, index)
    try:
        key = key_of(frame.machine, owner, index, KEY)
    except NeedsStatic as need:
        if isinstance(need, NeedsKey) or not content.values:
            raise
        return _picked(frame, content, index)
    value = content.get(key)
    return missing(frame, owner, key) if value is None else value


def _picked(frame: Frame, content: Entries, key: Any) -> Any:
    """The value of one of the keys that are known, by one that is computed."""
    keys, values = zip(*content.values, strict=True)
    return pick(frame, values, Num(frame.build.call(POSITION, keys, written(key))))


def missing(frame: Frame, owner: Ref, key: Any) -> Any:
    """`owner[key]` where there is no such entry."""
    if (made_up := overridden(frame, owner, "missing")) is not None:
        return frame.call(made_up, [owner, Const(key)])
    if owner.cell.cls is collections.Counter:
        return Const(0)
    if owner.cell.cls is collections.defaultdict and owner.cell.rule != NONE:
        value = frame.call(owner.cell.rule, [])
        content = frame.machine.content(owner)
        frame.machine.store(owner, Entries((*content.values, (key, value))))
        return value
    raise Refused(f"the key {key!r} is not in the dict", "this subscript always fails", raises=KeyError(key))


def dict_method(frame: Frame, owner: Ref, content: Entries, name: str, args: list[Any],
                kwargs: dict[str, Any]) -> Any:
    if owner.cell.cls in SETS:
        return _set_method(frame, owner, content, name, args)
    entries = dict(content.values)
    match name:
        case "keys":
            return made(frame, dict.fromkeys(entries, NONE), KEYS)
        case "values":
            return Tup(tuple(entries.values()))
        case "items":
            return Tup(tuple(Tup((Const(k), v)) for k, v in entries.items()))
        case "get":
            return _got(frame, owner, content, args[0], args[1] if len(args) > 1 else NONE)
        case "copy":
            own = container_class(owner) is None  # else a dict's copy is a dict
            return made(frame, entries, owner.cell.cls if own else None, owner.cell.rule if own else None)
        case "total":
            return frame.call(Const(sum), [Tup(tuple(entries.values()))])
        case "most_common":
            pairs = tuple(Tup((Const(k), v)) for k, v in entries.items())
            found = sorted_items(frame, pairs, Const(operator.itemgetter(1)), backwards=True)
            return Tup(found[:static(args[0], "a number of entries")] if args and args[0] != NONE else found)
    return _changed(frame, owner, entries, name, args, kwargs)


def _got(frame: Frame, owner: Ref, content: Entries, key: Any, default: Any) -> Any:
    """`owner.get(key, default)`."""
    try:
        return dict(content.values).get(key_of(frame.machine, owner, key, KEY), default)
    except NeedsStatic as need:
        if isinstance(need, NeedsKey) or not content.values:
            raise
    found = among(frame, content, key)
    return select(frame, found.atom, lambda: _picked(frame, content, key), lambda: default)


def _changed(frame: Frame, owner: Ref, entries: dict[Any, Any], name: str, args: list[Any],
             kwargs: dict[str, Any]) -> Any:
    """A method that changes a dict."""
    result: Any = NONE
    match name:
        case "update" if owner.cell.cls is collections.Counter:
            for k, v in {**(_counts(frame, args[0]) if args else {}), **kwargs}.items():
                entries[k] = binary(frame, "add", entries[k], v) if k in entries else v
        case "update":
            entries |= {**(entries_of(frame, args[0]) if args else {}), **kwargs}
        case "clear":
            entries = {}
        case "pop" | "setdefault":
            key = key_of(frame.machine, owner, args[0], KEY)
            if key not in entries and name == "pop" and len(args) < 2:
                raise Refused(f"the key {key!r} is not in the dict", "this pop always fails", raises=KeyError(key))
            result = entries.get(key, args[1] if len(args) > 1 else NONE)
            entries = {k: v for k, v in entries.items() if k != key} if name == "pop" else {**entries, key: result}
        case "popitem":
            last = static(kwargs.get("last", args[0] if args else Const(True)), "`last`")
            key = (list(entries)[-1 if last else 0])
            result = Tup((Const(key), entries.pop(key)))
        case "move_to_end":
            key, last = static(args[0], KEY), static(kwargs.get("last", args[1] if len(args) > 1 else Const(True)), "")
            value = entries.pop(key)
            entries = {**entries, key: value} if last else {key: value, **entries}
        case _:
            raise Refused(f"the dict method `{name}`")
    frame.machine.store(owner, Entries(tuple(entries.items())))
    return result


# Sets.


def is_set(frame: Frame, value: Any) -> bool:
    if isinstance(value, Ref):
        return value.cell.cls in SETS
    return isinstance(value, Const) and isinstance(value.value, SETS)


def set_of(frame: Frame, items: list[Any], cls: type = set) -> Ref:
    """A set of items, which may be computed."""
    if all(map(is_static, items)):
        return made_set(frame, [static(i, ELEMENT) for i in items], cls)
    return made_of(frame, [(i, NONE) for i in items], cls)


def made_set(frame: Frame, items: Any, cls: type = set) -> Ref:
    """A set of known things, in the order in which Python's set has them."""
    return made(frame, dict.fromkeys(cls(items), NONE), cls)


def keys_in(frame: Frame, value: Any) -> list[Any]:
    """The items of something that a set is made of."""
    return [static(v, ELEMENT) for v in _items_in(frame, value)]


def _items_in(frame: Frame, value: Any) -> list[Any]:
    return [value] if isinstance(value, Num) and value.atom.type.kind != "array" else list(
        known(frame, value) or required_items(frame, value, "a set"))


@builtin(set, frozenset)
def _set(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return set_of(frame, _items_in(frame, args[0]) if args else [])


def container_operator(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """An operator of sets and dicts; None if these are none."""
    found = _set_operation(frame, name, a, b)
    return _dict_operation(frame, name, a, b) if found is None else found


def _set_operation(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`a | b`, `a & b`, `a - b`, `a ^ b`; None if these are not sets."""
    if name not in ("or_", "and_", "sub", "xor") or not (is_set(frame, a) and is_set(frame, b)):
        return None
    return made_set(frame, getattr(operator, name)(set(keys_in(frame, a)), set(keys_in(frame, b))))


def _dict_operation(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`a | b` of dicts; None if these are none."""
    if name != "or_" or not all(isinstance(x, Ref) and isinstance(frame.machine.content(x), Entries) for x in (a, b)):
        return None
    return made(frame, entries_of(frame, a) | entries_of(frame, b), a.cell.cls, a.cell.rule)


def _set_method(frame: Frame, owner: Ref, content: Entries, name: str, args: list[Any]) -> Any:
    items = [k for k, _ in content.values]
    others = [keys_in(frame, a) if name not in ("add", "remove", "discard") else key_of(
        frame.machine, owner, a, ELEMENT) for a in args]
    held = set(items)
    if name in ("union", "intersection", "difference", "symmetric_difference", "copy"):
        return made_set(frame, getattr(held, name)(*others))
    if name in ("issubset", "issuperset", "isdisjoint"):
        return Const(getattr(held, name)(*others))
    if name not in ("add", "remove", "discard", "update", "clear", "pop", "difference_update", "intersection_update"):
        raise Refused(f"the set method `{name}`")
    try:
        result = getattr(held, name)(*others)
    except KeyError as error:
        raise Refused(f"this {name} always fails", f"{error} is not in the set") from None
    frame.machine.store(owner, Entries(tuple((k, NONE) for k in held)))
    return NONE if result is None else Const(result)

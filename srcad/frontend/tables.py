"""Dicts and sets whose keys are computed: a Python dict of positions, and a list of the values.

    for label, x in zip(labels, xs):            places, values = {}, []
        totals[label] += x               ->     for label, x in zip(labels, xs):
                                                    k = places.setdefault(label, len(values))
                                                    if k == len(values):
                                                        values.append(0.0)
                                                    values[k] = values[k] + x

Keys have no derivative: what is done with the dict of positions is an effect, in order and once, and the positions that
it gives are kept for the way back.  The values are a list like any other.

A dict becomes one of these where a key is found to be computed: the function is lowered anew (`NeedsKey`).
"""

from __future__ import annotations

import collections
import operator
from dataclasses import replace
from typing import Any

from srcad.errors import Span
from srcad.frontend.branches import branch, select
from srcad.frontend.lists import columns_of
from srcad.frontend.machine import Frame, Machine
from srcad.frontend.values import (
    NONE,
    Cell,
    Const,
    Entries,
    Items,
    Method,
    NeedsKey,
    NeedsStatic,
    Num,
    Ref,
    Refused,
    Rows,
    Sequence,
    Stream,
    Table,
    Tup,
    atom_of,
    describe,
    is_atomic,
    static,
)
from srcad.ir import NEVER, OPERATORS, Op, Type, Var
from srcad.ir.types import BOOL, INT, OBJECT
from srcad.rules.sequences import LENGTH
from srcad.runtime import tables

PLACES = Op("made_places", tables.places, effect=True, infer=lambda *_: OBJECT)
MEMBERS = Op("made_members", tables.members, effect=True, infer=lambda *_: OBJECT)
PLACE = Op(".setdefault", dict.setdefault, effect=True, infer=lambda *_: INT)
FOUND = Op("looked_up", tables.found, effect=True, infer=lambda *_: INT)
AMONG = Op("in", tables.has, infer=lambda *_: BOOL)
HAS = Op("in", tables.has, effect=True, infer=lambda *_: BOOL)
REMOVED = Op("removed", tables.removed, effect=True, infer=lambda *_: INT)
CLEARED = Op(".clear", dict.clear, effect=True, infer=lambda _: OBJECT)
ADDED = Op(".add", set.add, effect=True, infer=lambda *_: OBJECT)
DISCARDED = Op(".discard", set.discard, effect=True, infer=lambda *_: OBJECT)
REMOVED_MEMBER = Op(".remove", set.remove, effect=True, infer=lambda *_: OBJECT)
EMPTIED = Op(".clear", set.clear, effect=True, infer=lambda _: OBJECT)
COUNTED = Op("len_now", len, effect=True, infer=lambda _: INT)

KEY = "the key of a dict"
CHANGES = "a dict whose keys are computed"


# Keys.


def key_of(machine: Machine, owner: Ref, key: Any, purpose: str) -> Any:
    """A key that must be known now; if it can't be, the dict has to be a table."""
    try:
        return static(key, purpose)
    except NeedsStatic as need:
        place = place_of(machine, owner.cell)
        if place is None or place in machine.tables:
            raise
        content = machine.content(owner)
        raise NeedsKey(need.var, purpose, place, template(key), not content.values) from None


def place_of(machine: Machine, cell: Cell) -> Any:
    """What tells a dict from others, each time that the function is lowered."""
    if cell in machine.origins:
        return "given", machine.origins[cell].key
    return _at(cell.origin)


def _at(span: Span | None) -> Any:
    return None if span is None else (span.file, span.line, span.column)


def require_key(frame: Frame, key: Any, purpose: str) -> Any:
    """The key of a dict that is being made; if it is not known, the dict has to be a table."""
    try:
        return static(key, purpose)
    except NeedsStatic as need:
        place = _at(frame.build.span)
        if place is None or place in frame.machine.tables:
            raise
        raise NeedsKey(need.var, purpose, place, template(key), True) from None


def template(key: Any) -> Any:
    """What a key is made of: types, in tuples."""
    if isinstance(key, Tup):
        return tuple(map(template, key.items))
    if isinstance(key, Const):
        return OBJECT if not is_atomic(key) or isinstance(key.value, str | None) else replace(
            atom_of(key).type, value=None)
    return replace(key.atom.type, value=None) if isinstance(key, Num) else OBJECT


def written(key: Any) -> Any:
    """A key as an argument of an operation."""
    match key:
        case Const(value=v):
            return v
        case Num(atom=atom) if atom.type.kind in ("number", "scalar", "object", "unknown"):
            return atom
        case Tup(items=items, cls=None):
            return tuple(map(written, items))
        case _:
            raise Refused(f"{describe(key)} as a key", "keys are numbers, strings and tuples of these")


# Making one.


def made(frame: Frame, entries: dict[Any, Any], cls: type | None = None, rule: Any = None) -> Ref:
    """A new dict (or set) of these entries."""
    keys = frame.machine.tables.get(_at(frame.build.span))
    content: Any = Entries(tuple(entries.items()))
    if keys is not None and _alike(frame, list(entries.values())):
        if cls is not None and issubclass(cls, set | frozenset):
            content = Table(frame.build.call(MEMBERS, *entries), None, keys)
        else:
            values = frame.machine.new(Items(tuple(entries.values())), "values")
            content = Table(frame.build.call(PLACES, *entries, hint="places"), values, keys)
    ref = frame.machine.new(content)
    ref.cell.cls, ref.cell.rule = cls, rule
    return ref


def _alike(frame: Frame, values: list[Any]) -> bool:
    """Can these be the elements of one list?"""
    kinds = {type(v) for v in values}
    if all(map(is_atomic, values)):
        return len({atom_of(v).type.kind in ("array", "object") for v in values}) <= 1
    return len(kinds) == 1 and all(isinstance(v, Tup) and len(v.items) == len(values[0].items) for v in values)


def made_of(frame: Frame, pairs: list[tuple[Any, Any]], cls: type | None = None, rule: Any = None) -> Ref:
    """A new dict (or set) of these keys and values."""
    if _at(frame.build.span) not in frame.machine.tables:
        return made(frame, {require_key(frame, k, KEY): v for k, v in pairs}, cls, rule)
    ref = made(frame, {}, cls, rule)
    for key, value in pairs:
        add(frame, ref, key, value)
    return ref


def add(frame: Frame, ref: Ref, key: Any, value: Any) -> None:
    table = frame.machine.content(ref)
    if table.values is None:
        frame.build.call(ADDED, table.places, written(key))
    else:
        put(frame, ref, table, key, value)


# Reading.


def _columns(frame: Frame, table: Table) -> Any:
    assert table.values is not None
    return frame.machine.content(table.values)


def _length(frame: Frame, table: Table) -> Any:
    if table.values is None:
        return Num(frame.build.call(COUNTED, table.places))
    content = _columns(frame, table)
    return Const(len(content.values)) if isinstance(content, Items) else Num(
        frame.build.call(LENGTH, columns_of(content)[0]))


def table_length(frame: Frame, table: Table) -> Any:
    return _length(frame, table)


def contains(frame: Frame, table: Table, key: Any) -> Num:
    return Num(frame.build.call(HAS, written(key), table.places))


def among(frame: Frame, content: Entries, key: Any) -> Num:
    """Is a key that is computed one of those that are known?"""
    return Num(frame.build.call(AMONG, written(key), tuple(k for k, _ in content.values)))


def _placed(frame: Frame, table: Table, key: Any) -> tuple[Num, Var]:
    """The position of a key, and whether it is new."""
    size = _length(frame, table)
    k = frame.build.call(PLACE, table.places, written(key), _plain(size), hint="k")
    return Num(k), frame.build.call(OPERATORS["eq"], k, atom_of(size))


def _place(frame: Frame, table: Table, key: Any, make: Any) -> Num:
    """The position of a key; a new one gets the value that `make` gives."""
    k, new = _placed(frame, table, key)
    branch(frame, new, lambda: frame.call(Method(table.values, "append"), [make()]), lambda: None)
    return k


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Const) else value.atom


def item(frame: Frame, owner: Ref, table: Table, key: Any) -> Any:
    """`owner[key]`."""
    if table.values is None:
        raise Refused(f"a subscript of {describe(owner)}", "it is a set")
    if owner.cell.cls is collections.Counter:
        return get(frame, table, key, Const(0))
    return _item_at(frame, table, updated(frame, owner, table, key)[1])


def _item_at(frame: Frame, table: Table, k: Any) -> Any:
    content = _columns(frame, table)
    if isinstance(content, Items) and not content.values:
        frame.machine.end()  # no key is there: it was looked up in vain
        return Num(Var("", NEVER))
    return _subscript(frame, table.values, k)


def _subscript(frame: Frame, values: Any, index: Any) -> Any:
    return frame.call(Const(operator.getitem), [values, index])


def get(frame: Frame, table: Table, key: Any, default: Any) -> Any:
    if isinstance(_columns(frame, table), Items) and not _columns(frame, table).values:
        return default
    return select(frame, contains(frame, table, key).atom,
                  lambda: _item_at(frame, table, Num(frame.build.call(FOUND, table.places, written(key)))),
                  lambda: default)


def keys_of(frame: Frame, table: Table) -> Ref:
    """The keys, in a list."""
    def column(t: Any, path: tuple[int, ...]) -> Any:
        if isinstance(t, tuple):
            return Tup(tuple(column(p, (*path, i)) for i, p in enumerate(t)))
        op = Op("keys", tables.keys, effect=True, infer=lambda *_: Type("sequence", item=t))
        return Sequence(frame.build.call(op, table.places, path, hint="keys"))

    tree = column(table.keys, ())
    return frame.machine.new(Rows(tree) if isinstance(tree, Tup) else tree)


def values_of(frame: Frame, table: Table) -> Ref:
    return frame.machine.new(_columns(frame, table))


# Changing.


def put(frame: Frame, owner: Ref, table: Table, key: Any, value: Any) -> None:
    """`owner[key] = value`."""
    k, new = _placed(frame, table, key)
    append = lambda: frame.call(Method(table.values, "append"), [value])  # noqa: E731
    if isinstance(content := _columns(frame, table), Items) and not content.values:
        append()  # it held nothing: this is its first
        return
    branch(frame, new, append, lambda: frame.semantics.store(frame, table.values, k, frame.machine.current(value)))


def updated(frame: Frame, owner: Ref, table: Table, key: Any) -> tuple[Any, Any]:
    """The list and the index that `owner[key]` stands at, to be changed."""
    cls, rule = owner.cell.cls, owner.cell.rule
    if cls is collections.defaultdict and rule != NONE:
        return table.values, _place(frame, table, key, lambda: frame.call(rule, []))
    if cls is collections.Counter:
        return table.values, _place(frame, table, key, lambda: Const(0))
    return table.values, Num(frame.build.call(FOUND, table.places, written(key)))


def remove(frame: Frame, table: Table, key: Any) -> Any:
    """Take an entry out; its value."""
    assert table.values is not None
    k = Num(frame.build.call(REMOVED, table.places, written(key)))
    value = _item_at(frame, table, k)
    after = frame.operator("add", k, Const(1))
    rest = frame.operator("add", _subscript(frame, table.values, slice(None, k, None)),
                          _subscript(frame, table.values, slice(after, None, None)))
    frame.machine.store(table.values, frame.machine.content(rest))
    return value


def table_method(frame: Frame, owner: Ref, table: Table, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if table.values is None:
        return _of_set(frame, owner, table, name, args)
    default = args[1] if len(args) > 1 else NONE
    match name:
        case "keys":
            return keys_of(frame, table)
        case "values":
            return values_of(frame, table)
        case "items":
            return Stream("zip", (keys_of(frame, table), values_of(frame, table)))
        case "get":
            return get(frame, table, args[0], default)
        case "setdefault":
            return _item_at(frame, table, _place(frame, table, args[0], lambda: default))
        case "pop" if len(args) == 1:
            return remove(frame, table, args[0])
        case "update" if all(isinstance(a, Ref) and isinstance(frame.machine.content(a), Entries) for a in args):
            given = [(Const(k), v) for a in args for k, v in frame.machine.content(a).values]
            for key, value in (*given, *((Const(k), v) for k, v in kwargs.items())):
                put(frame, owner, table, key, value)
            return NONE
        case "clear":
            frame.build.call(CLEARED, table.places)
            frame.machine.store(table.values, Items(()))
            return NONE
    raise Refused(f"the method `{name}` of {CHANGES}", hint="loop over its items")


def _of_set(frame: Frame, owner: Ref, table: Table, name: str, args: list[Any]) -> Any:
    if name in ("add", "discard", "remove") and len(args) == 1:
        op = ADDED if name == "add" else DISCARDED
        frame.build.call(REMOVED_MEMBER if name == "remove" else op, table.places, written(args[0]))
        return NONE
    if name == "clear":
        frame.build.call(EMPTIED, table.places)
        return NONE
    raise Refused(f"the method `{name}` of a set whose elements are computed", hint="add and test elements one by one")

"""An item of a list of containers by an index that is computed: one container, each part of which is chosen.

    TABLE = [[1.0, 2.0], [3.0, 4.0]]
    a, b = TABLE[k]            ->       a = [1.0, 3.0][k]
                                        b = [2.0, 4.0][k]

A loop over the index is unrolled instead, and an argument is guarded by its value: this is for what is left (see
`lower`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.frontend.machine import Frame
from srcad.frontend.values import Cell, Const, Entries, Items, Num, Ref, Tup, is_atomic

MOST = 2000  # parts that are chosen


def chosen(frame: Frame, items: tuple[Any, ...], atom: Callable[[tuple[Any, ...]], Any]) -> Any:
    """One of `items`; `atom` chooses among numbers and arrays, and gives None where it can't.  None if they differ."""
    if all(isinstance(i, Num) or is_atomic(i) for i in items):
        return atom(items)
    first = items[0]
    if isinstance(first, Const) and all(isinstance(i, Const) and i.value is first.value for i in items):
        return first
    if all(isinstance(i, Tup) and i.cls is first.cls and len(i.items) == len(first.items) for i in items):
        parts = _each(frame, zip(*(i.items for i in items), strict=True), atom)
        return None if parts is None else Tup(parts, first.cls)
    if not all(isinstance(i, Ref) for i in items):
        return None
    content = _content(frame, [frame.machine.content(i) for i in items], atom)
    if content is None:
        return None
    made = Ref(Cell(first.cell.hint, first.cell.origin, "it is one of several lists or dicts, by an index"))
    frame.machine.state[made.cell] = content
    for i in items:
        i.cell.others.append(made.cell)
    return made


def _content(frame: Frame, contents: list[Any], atom: Callable[[tuple[Any, ...]], Any]) -> Any:
    first = contents[0]
    if all(isinstance(c, Items) and len(c.values) == len(first.values) for c in contents):
        parts = _each(frame, zip(*(c.values for c in contents), strict=True), atom)
        return None if parts is None else Items(parts)
    if all(isinstance(c, Entries) and dict(c.values).keys() == dict(first.values).keys() for c in contents):
        keys = [k for k, _ in first.values]
        parts = _each(frame, (tuple(c.get(k) for c in contents) for k in keys), atom)
        return None if parts is None else Entries(tuple(zip(keys, parts, strict=True)))
    return None


def _each(frame: Frame, columns: Any, atom: Callable[[tuple[Any, ...]], Any]) -> tuple[Any, ...] | None:
    parts = tuple(chosen(frame, column, atom) for column in columns)
    return None if any(p is None for p in parts) else parts


def size(frame: Frame, value: Any) -> int:
    """How many parts would be chosen."""
    match value:
        case Tup(items=items):
            return sum(size(frame, i) for i in items)
        case Ref():
            content = frame.machine.content(value)
            if isinstance(content, Items):
                return sum(size(frame, i) for i in content.values)
            return sum(size(frame, v) for _, v in content.values) if isinstance(content, Entries) else 1
        case _:
            return 1

"""`sorted` and `list.sort`: by static keys while lowering, by numbers that are computed at run time.

    sorted(points, key=cost)        order = np.argsort([cost(p) for p in points], kind="stable")
                                    [points[order[0]], points[order[1]], …]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.frontend import standard
from srcad.frontend.bodies import call_written
from srcad.frontend.builtin_calls import builtin
from srcad.frontend.comprehensions import comprehended, listed
from srcad.frontend.machine import Frame
from srcad.frontend.places import binary, subscript
from srcad.frontend.special import class_with
from srcad.frontend.unpacking import known, required_items
from srcad.frontend.values import (
    NONE,
    Const,
    Items,
    Num,
    Ref,
    Refused,
    Tup,
    atom_of,
    describe,
    is_atomic,
    is_static,
    static,
)
from srcad.ir import Var
from srcad.rules.sequences import ITEM, NEW

FEW = 16  # objects that are sorted by their own comparison


@builtin(sorted)
def sort(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    items = known(frame, args[0])
    by, backwards = kwargs.get("key", NONE), bool(static(kwargs.get("reverse", Const(False)), "`reverse`"))
    if items is None and isinstance(args[0], Num):
        return _of_array(frame, args[0], by, backwards)
    if items is None:
        items = tuple(required_items(frame, args[0], "the number of items that are sorted"))
    return frame.machine.new(Items(sorted_items(frame, items, by, backwards)))


def sort_in_place(frame: Frame, owner: Ref, kwargs: dict[str, Any]) -> None:
    frame.machine.store(owner, frame.machine.content(sort(frame, [owner], kwargs)))


def sorted_items(frame: Frame, items: tuple[Any, ...], by: Any, backwards: bool) -> tuple[Any, ...]:
    keys = [item if by == NONE else frame.call(by, [item]) for item in items]
    if len(items) < 2:
        return items
    firsts = [k.items[0] if isinstance(k, Tup) and k.items and not is_static(k) else k for k in keys]
    if all(map(is_static, firsts)) and (firsts == keys or len({static(k, "a key") for k in firsts}) == len(keys)):
        order = [static(k, "a key") for k in firsts]
        return tuple(items[k] for k in sorted(range(len(items)), key=order.__getitem__, reverse=backwards))
    if all(class_with(frame, k) is not None for k in keys) and len(keys) <= FEW:
        found = call_written(frame, standard.in_order, [Tup(items), Tup(tuple(keys)), Const(backwards)], {})
        return frame.machine.content(found).values
    places = _order(frame, keys, backwards)
    return tuple(pick(frame, items, subscript(frame, Num(places), Const(k))) for k in range(len(items)))


def _order(frame: Frame, keys: list[Any], backwards: bool) -> Var:
    """The positions of the items in their order; equal ones stay in theirs, also backwards."""
    keys = keys[::-1] if backwards else keys
    if all(map(is_atomic, keys)):
        order = frame.call(Const(np.argsort), [_array(frame, keys)], {"kind": Const("stable")})
    elif all(isinstance(k, Tup) and len(k.items) == len(keys[0].items) for k in keys):
        columns = [_array(frame, list(column)) for column in zip(*(k.items for k in keys), strict=True)]
        order = frame.call(Const(np.lexsort), [Tup(tuple(columns[::-1]))])
    else:
        raise Refused(f"an order of things like {describe(keys[0])}", "they are not numbers, nor tuples of numbers",
                      "give `key`")
    if backwards:
        order = binary(frame, "sub", Const(len(keys) - 1), subscript(frame, order, slice(None, None, Const(-1))))
    atom = order.atom
    assert isinstance(atom, Var)
    return atom


def _array(frame: Frame, keys: list[Any]) -> Any:
    for k in keys:
        if not is_atomic(k) or isinstance(k, Const) and (k.value is None or isinstance(k.value, str)):
            raise Refused(f"an order by {describe(k)}", "it is no number", "give `key`")
    return frame.call(Const(np.array), [frame.machine.new(Items(tuple(keys)))])


def _of_array(frame: Frame, array: Num, by: Any, backwards: bool) -> Any:
    """Of the items of an array: a list."""
    if by != NONE:
        keys = comprehended(frame, "[by(x) for x in xs]", by=by, xs=array)
        order = comprehended(frame, "argsort(array(keys), kind='stable')", array=Const(np.array), keys=keys,
                             argsort=Const(np.argsort))
        if backwards:
            raise Refused("sorted of an array with `key` and `reverse`", hint="negate the key")
        return comprehended(frame, "[xs[i] for i in order]", xs=array, order=order)
    found = frame.call(Const(np.sort), [array])
    return listed(frame, subscript(frame, found, slice(None, None, Const(-1))) if backwards else found)


def pick(frame: Frame, items: tuple[Any, ...], index: Any) -> Any:
    """`items[index]` for an index that is computed."""
    if all(map(is_atomic, items)) and not any(
            isinstance(i, Const) and (i.value is None or isinstance(i.value, str)) for i in items):
        atoms = list(map(atom_of, items))
        found = frame.build.call(ITEM, frame.build.call(NEW, *atoms), atom_of(index))
        frame.machine.memories.choose(found, atom_of(index), atoms)
        return Num(found)
    if all(isinstance(i, Tup) and i.cls is items[0].cls and len(i.items) == len(items[0].items) for i in items):
        columns = zip(*(i.items for i in items), strict=True)
        return Tup(tuple(pick(frame, column, index) for column in columns), items[0].cls)
    if all(item == items[0] for item in items):
        return items[0]
    return call_written(frame, standard.picked, [Tup(items), index], {})

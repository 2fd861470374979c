"""Lists whose length is not known: pure operations, whose cotangents are lists of the same length.

    ys = append(ys, y)          adjoint         dys, dy = pop(dys)
    y = item(ys, i)                             dys = add_at(dys, dy, i)

A printer writes them in place, `ys.append(y)`, where the old version is dead.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from srcad.ir.types import INT, UNKNOWN, Type, join_all, one_item
from srcad.rules.ops import RULES, Function, Rule, linear, operation
from srcad.rules.shapes import unbroadcast_to, zeros_for
from srcad.rules.symbols import rank, recorded, recorded_once, shape, type_in
from srcad.runtime import lists

# How many items a display may have whose cotangents are told apart by position.
MOST_ITEMS = 1024


def _of(item: Type | None) -> Type:
    return Type("sequence", item=item)


def _with(xs: Any, *values: Any) -> Type:
    """A list of what `xs` has and these values."""
    own = type_in(xs).item
    types = [*([] if own is None else [own]), *(_plain(type_in(v)) for v in values)]
    return _of(join_all(types) if types else None)


def _plain(t: Type) -> Type:
    """An element is not known by its value."""
    return Type(t.kind, t.dtype, t.shape, item=t.item, optional=t.optional) if t.value is not None else t


def _new_type(*items: Any) -> Type:
    return _with(_of(None), *items)


def _item_type(xs: Any, i: Any) -> Type:
    item = type_in(xs).item
    return UNKNOWN if item is None else one_item(item)


def _same(xs: Any, *_: Any) -> Type:
    return _of(type_in(xs).item)


def _pop_type(xs: Any) -> tuple[Type, Type]:
    return _same(xs), _item_type(xs, -1)


def _concat_type(xs: Any, ys: Any) -> Type:
    parts = [t.item for t in (type_in(xs), type_in(ys)) if t.item is not None]
    return _of(join_all(parts) if parts else None)


def _rows_type(x: Any) -> Type:
    t = type_in(x)
    if t.shape is None:
        return _of(Type("unknown", t.dtype))
    return _of(Type("array" if len(t.shape) > 1 else "scalar", t.dtype, t.shape[1:]))


_append, _item, _set_item = recorded(lists.append), recorded(lists.item), recorded(lists.set_item)
_pop, _part, _set_part = recorded_once(lists.pop), recorded(lists.part), recorded(lists.set_part)
_add_at, _repeat, _new = recorded(lists.add_at), recorded(lists.repeat), recorded(lists.new)
_fold, _backwards, _length = recorded(lists.fold), recorded(lists.backwards), recorded(len)
_rows, _pieces = recorded(lists.rows), recorded(lists.pieces)


def _new_vjp(i: int) -> Function:
    return lambda g, y, *items: _item(g, i)


def _item_vjp(g: Any, xs: Any, i: Any) -> Any:
    item = type_in(xs).item
    if item is not None and item.kind == "sequence":
        return _set_item(zeros_for(xs), i, g)  # lists are not added by `+`
    return _add_at(zeros_for(xs), g, i)


def _zeros_for_item(xs: Any, i: Any, v: Any) -> Any:
    """The cotangent of what `xs[i] = v` overwrites, which may be longer or shorter than v."""
    old, new = type_in(xs).item, type_in(v)
    same = old is not None and new.shape is not None and one_item(old).shape == new.shape
    return zeros_for(v if same else _item(xs, i))


NEW = linear(lists.new, *map(_new_vjp, range(MOST_ITEMS)), name="new", infer=_new_type)
APPEND = linear(lists.append, lambda g, y, xs, v: _pop(g)[0], lambda g, y, xs, v: _pop(g)[1],
                name="append", infer=_with)
ITEM = linear(lists.item, lambda g, y, xs, i: _item_vjp(g, xs, i), name="item", infer=_item_type, memory="view")
SET_ITEM = linear(lists.set_item, lambda g, y, xs, i, v: _set_item(g, i, _zeros_for_item(xs, i, v)), None,
                  lambda g, y, xs, i, v: _item(g, i), name="set_item", infer=lambda xs, i, v: _with(xs, v))
ADD_AT = linear(lists.add_at, lambda h, y, xs, g, i: h, lambda h, y, xs, g, i: unbroadcast_to(_item(h, i), g),
                name="add_at", infer=lambda xs, g, i: _same(xs))
CONCAT = linear(lists.concat, lambda g, y, xs, ys: _part(g, slice(None, _length(xs))),
                lambda g, y, xs, ys: _part(g, slice(_length(xs), None)), name="concat", infer=_concat_type)
REPEAT = linear(lists.repeat, lambda g, y, xs, times: _fold(g, xs), name="repeat", infer=_same)
FOLD = linear(lists.fold, lambda h, y, gs, xs: _repeat(h, _length(gs) // _length(xs)), name="fold", infer=_same)
SLICE = linear(lists.part, lambda g, y, xs, bounds: _set_part(zeros_for(xs), g, bounds), name="part", infer=_same)
SET_SLICE = linear(lists.set_part, lambda h, y, xs, ys, bounds: _set_part(h, zeros_for(ys), bounds),
                   lambda h, y, xs, ys, bounds: _part(h, bounds), name="set_part",
                   infer=lambda xs, ys, bounds: _concat_type(xs, ys))
REVERSED = linear(lists.backwards, lambda g, y, xs: _backwards(g), name="backwards", infer=_same)
LENGTH = operation(len, infer=lambda xs: INT)
RULES[LENGTH] = Rule()


def _pop_vjp(g: Any, y: Any, xs: Any) -> Any:
    rest, last = g
    kept, popped = y
    return _append(zeros_for(kept) if rest is None else rest, zeros_for(popped) if last is None else last)


POP = linear(lists.pop, _pop_vjp, name="pop", infer=_pop_type, outs=2)

# Between lists and arrays.
ROWS = linear(lists.rows, lambda g, y, x: recorded(np.array)(g), name="rows", infer=_rows_type)
PIECES = linear(lists.pieces, lambda h, y, g, xs, axis=0: recorded(np.concatenate)(h, axis=axis), name="pieces",
                infer=lambda g, xs, axis=0: _of(type_in(xs).item))


# --- the builtin sum

def _summed_type(xs: Any, start: Any = 0) -> Type:
    t = type_in(xs)
    if t.kind == "sequence":
        item = t.item or UNKNOWN
    elif isinstance(xs, tuple | list):
        item = join_all(type_in(x) for x in xs)
    else:
        item = _rows_type(xs).item or UNKNOWN
    first = type_in(start)
    if first.shape == () and item.kind in ("number", "scalar", "array") and first.dtype is not None and item.dtype:
        return Type(item.kind, np.promote_types(first.dtype, item.dtype) if item.kind == "number" else item.dtype,
                    item.shape)
    return UNKNOWN


def _summed_vjp(g: Any, y: Any, xs: Any, start: Any = 0) -> Any:
    if isinstance(xs, tuple | list):
        return [unbroadcast_to(g, x) for x in xs]
    if type_in(xs).kind == "sequence":
        return _repeat(_new(g), _length(xs))
    return g if rank(xs) == 0 else recorded(np.broadcast_to)(g, shape(xs))


def _start_vjp(g: Any, y: Any, xs: Any, start: Any = 0) -> Any:
    return unbroadcast_to(g, start)


SUM = linear(builtins.sum, _summed_vjp, _start_vjp, infer=_summed_type)

"""Reading and storing elements, and the types of what an index picks.

The cotangent of `x` in `x[i]` is zero but at `i`: `index_add(zeros, g, i)`, which prints as `dx[i] += g` where the
cotangent of `x` is a buffer.  A store replaces: the old elements get no cotangent, and the value gets theirs.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.ir.build import Symbol
from srcad.ir.core import Lit
from srcad.ir.infer import broadcast
from srcad.ir.types import ONE, UNKNOWN, Dim, Type, fresh, one_item
from srcad.rules.factors import NEAR, definition, minus, negated
from srcad.rules.ops import linear
from srcad.rules.results import interned, like, made
from srcad.rules.shapes import unbroadcast_to, zeros_for
from srcad.rules.symbols import recorded, type_in, value_in
from srcad.runtime import arrays

Shape = tuple[Dim, ...]


def getitem_type(x: Any, index: Any) -> Type:
    """The type of `x[index]`."""
    t = type_in(x)
    if t.kind == "sequence":
        return t if isinstance(index, slice) else one_item(t.item) if t.item is not None else UNKNOWN
    if not t.is_numeric:
        return UNKNOWN
    given = list(index) if isinstance(index, tuple) else [index]
    if t.shape is None or any(_is_unknown(p) for p in given):
        return Type("unknown", t.dtype)
    parts = _without_ellipsis(given, len(t.shape))
    if parts is None:
        return UNKNOWN
    shape = picked(t.shape, parts)
    # `x[i, ...]` is a view, also of one element.
    return Type("array", t.dtype, ()) if shape == () and any(p is Ellipsis for p in given) else made(shape, t.dtype)


def _is_unknown(part: Any) -> bool:
    """Can't be told what this index does: a number or an array of unknown rank or dtype."""
    return isinstance(part, Type) and (part.shape is None or part.dtype is None)


def _is_array(part: Any) -> bool:
    return isinstance(part, list | np.ndarray) or (isinstance(part, Type) and part.kind == "array") or is_mask(part)


def is_mask(part: Any) -> bool:
    return not isinstance(part, slice | tuple) and part is not None and part is not Ellipsis \
        and type_in(part).dtype == np.dtype(bool)


def _consumes(part: Any) -> int:
    """How many axes an index takes."""
    if part is None or part is Ellipsis:
        return 0
    return type_in(part).rank or 0 if is_mask(part) else 1


def _without_ellipsis(parts: list[Any], rank: int) -> list[Any] | None:
    parts = [value_in(p) for p in parts]
    places = [i for i, p in enumerate(parts) if p is Ellipsis]
    missing = rank - sum(map(_consumes, parts))
    if len(places) > 1 or missing < 0:
        return None
    whole = [slice(None)] * missing
    if places:
        return [*parts[:places[0]], *whole, *parts[places[0] + 1:]]
    return parts + whole


def picked(shape: Shape, parts: list[Any]) -> Shape:
    """The shape of what `parts` pick; they take every axis between them."""
    result: list[Dim] = []
    advanced: list[Shape] = []
    place, apart, axis = None, False, 0
    by_arrays = any(_is_array(p) for p in parts)
    for k, part in enumerate(parts):
        if part is None:
            result.append(ONE)
        elif isinstance(part, slice):
            result.append(sliced(shape[axis], part))
        elif by_arrays:
            # All integers and arrays are one advanced index; if others stand between, its axes come first.
            apart = apart or (place is not None and not _is_advanced(parts[k - 1]))
            place = len(result) if place is None else place
            advanced.append((fresh(),) if is_mask(part) else _array_shape(part))
        axis += _consumes(part)
    if not by_arrays:
        return tuple(result)
    place = 0 if apart or place is None else place
    return (*result[:place], *broadcast(advanced), *result[place:])


def _is_advanced(part: Any) -> bool:
    return part is not None and not isinstance(part, slice)


def _array_shape(part: Any) -> Shape:
    if isinstance(part, list) and any(isinstance(p, Type | Lit) for p in part):
        return (Dim(None, len(part)),)
    return type_in(np.asarray(part) if isinstance(part, list) else part).shape or ()


def sliced(n: Dim, part: slice) -> Dim:
    """The size of `x[start:stop:step]` where x has the size `n`."""
    start, stop, step = map(value_in, (part.start, part.stop, part.step))
    if n.size is None and all(s is None or isinstance(s, int | np.integer) for s in (start, stop, step)):
        return Dim(None, len(range(*slice(start, stop, step).indices(n.offset))))
    if step is not None and not (isinstance(step, int) and step in (1, -1)):
        return _nonlinear(n, start, stop, step)
    if step == -1:
        return n if start is None and stop is None else _nonlinear(n, start, stop, step)
    first, last = _bound(start, n, Dim(None, 0)), _bound(stop, n, n)
    if first is not None and last is not None:
        if last.size is n.size and last.offset > n.offset:
            last = n
        if first.size is None and last.size is n.size is not None:
            return Dim(n.size, last.offset - first.offset)
        # Both bounds are counted from one end, and lie within.
        if first.size is last.size is None and max(first.offset, last.offset) <= n.least:
            return Dim(None, max(last.offset - first.offset, 0))
        if first.size is last.size is n.size and n.offset - min(first.offset, last.offset) <= n.least:
            return Dim(None, max(last.offset - first.offset, 0))
    return _nonlinear(n, start, stop, step)


def _bound(bound: Any, n: Dim, default: Dim) -> Dim | None:
    """A slice's bound as a linear form; None if it has none."""
    if bound is None:
        return default
    if isinstance(bound, Type):
        return bound.value
    if not isinstance(bound, int | np.integer):
        return None
    return n + int(bound) if bound < 0 else Dim(None, int(bound))


def _nonlinear(n: Dim, start: Any, stop: Any, step: Any) -> Dim:
    bounds = [b.value if isinstance(b, Type) else b for b in (start, stop, step)]
    if any(isinstance(own, Type) and b is None for own, b in zip((start, stop, step), bounds, strict=True)):
        return fresh()
    return interned("slice", n, *bounds)


# --- rules

_index_add = recorded(arrays.index_add)
_set_at = recorded(arrays.set_at)
_read_last = recorded(arrays.read_last)


def may_repeat(index: Any) -> bool:
    """Can this index name an element twice?  Integer arrays can; slices, integers and masks do not."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, list) or (type_in(p).kind in ("array", "unknown", "object") and not is_mask(p))
               for p in parts if p is not None and p is not Ellipsis and not isinstance(p, slice))


_TURNED = slice(None, None, -1)


def rearranges(index: Any) -> bool:
    """Does this index only make axes of length one, as in `x[:, None]`, or turn axes round, as in `x[::-1]`?"""
    parts = index if isinstance(index, tuple) else (index,)
    makes, turns = any(p is None for p in parts), _turns(parts)
    return makes != turns and all(
        p is None or _is_whole(p) or (turns and (p is Ellipsis or _turns((p,)))) for p in parts)


def _turns(parts: tuple[Any, ...]) -> bool:
    return any(isinstance(p, slice) and p == _TURNED for p in parts)


def restored(g: Any, index: Any) -> Any:
    """The cotangent `g` in the order that it had before such an index."""
    parts = index if isinstance(index, tuple) else (index,)
    return g[index] if _turns(parts) else _without_axes(g, parts)


def _without_axes(g: Any, parts: tuple[Any, ...]) -> Any:
    positive = negated(g)
    if positive is not None:
        return minus(_without_axes(positive, parts))
    axes = tuple(k for k, p in enumerate(parts) if p is None)
    axis = axes[0] if len(axes) == 1 else axes
    made = definition(g, -NEAR)
    if made is not None and made.op.name == "np.sum":
        args, kwargs = made.call()
        if kwargs == {"axis": axis, "keepdims": True}:
            return recorded(np.sum)(Symbol(g.build, args[0]), axis=axis)
    return np.squeeze(g, axis=axis)


def _is_whole(part: Any) -> bool:
    return isinstance(part, slice) and part == slice(None)


def _getitem_vjp(g: Any, y: Any, x: Any, index: Any) -> Any:
    return _index_add(zeros_for(x), g, index)


def _stored_vjp(g: Any, y: Any, x: Any, index: Any, value: Any) -> Any:
    """What the store wrote; of two stores to one element only the last one counts."""
    return unbroadcast_to(_read_last(g, index) if may_repeat(index) else _part(g, index), value)


def _overwritten_vjp(g: Any, y: Any, x: Any, index: Any, value: Any) -> Any:
    return None if _is_all(index) else _set_at(g, index, 0.0)


def _is_all(index: Any) -> bool:
    return index is Ellipsis or (isinstance(index, tuple) and not index)


def _part(g: Any, index: Any) -> Any:
    """A part of the cotangent of an array.  (That of an array without axes may be a number.)"""
    return g if _is_all(index) else g[index]


def _read_last_vjp(h: Any, y: Any, g: Any, index: Any) -> Any:
    return _set_at(zeros_for(g), index, h)


def _stored_type(x: Any, index: Any, value: Any) -> Type:
    return like(x)


linear(operator.getitem, _getitem_vjp, name="getitem", infer=getitem_type, memory="perhaps")
SET_AT = linear(arrays.set_at, _overwritten_vjp, None, _stored_vjp, name="set_at", infer=_stored_type)
INDEX_ADD = linear(arrays.index_add, lambda h, y, buffer, g, index: h,
       lambda h, y, buffer, g, index: unbroadcast_to(_part(h, index), g), name="index_add",
       infer=lambda buffer, g, index: like(buffer))
linear(arrays.read_last, _read_last_vjp, name="read_last", infer=getitem_type)

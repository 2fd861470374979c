"""Moving elements about: shapes, axes, joining, parts of matrices, orders.

All are linear, so each states only its transpose, which moves the elements back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.ops import STRUCTURE
from srcad.rules import results
from srcad.rules.ops import alike, linear
from srcad.rules.shapes import project_to, unbroadcast_to
from srcad.rules.symbols import known_rank, rank, recorded, shape, shaped_as, type_in
from srcad.runtime import arrays, lists

_reshape = recorded(np.reshape)
_rows, _pieces_of = recorded(lists.rows), recorded(lists.pieces)


def back_to(g: Any, x: Any) -> Any:
    """`g`, whose elements are those of `x` in order, in the shape of `x`."""
    if rank(x) == 0:
        return _reshape(g, ())
    if rank(x) == 1:
        return g if rank(g) == 1 else shaped_as(np.ravel(g), x)
    return shaped_as(_reshape(g, shape(x)), x)


def _reshape_vjp(g: Any, y: Any, x: Any, shape: Any = None, order: str = "C", **_: Any) -> Any:
    return back_to(g, x) if order == "C" else _reshape(g, np.shape(x), order=order)


linear(np.reshape, _reshape_vjp, infer=results.reshaped, memory="perhaps")
linear(np.ravel, lambda g, y, x, order="C": back_to(g, x) if order == "C" else _reshape(g, np.shape(x), order=order),
       infer=results.raveled, memory="perhaps")
linear(np.squeeze, lambda g, y, x, axis=None: back_to(g, x), memory="view")
linear(np.expand_dims, lambda g, y, x, axis: np.squeeze(g, axis=axis), memory="view")
linear(np.atleast_1d, lambda g, y, x: back_to(g, x), memory="perhaps")
alike(np.atleast_1d, np.atleast_2d, np.atleast_3d, memory="perhaps")


def _broadcast_to_vjp(g: Any, y: Any, x: Any, shape: Any) -> Any:
    return unbroadcast_to(g, x)


linear(np.broadcast_to, _broadcast_to_vjp, infer=results.broadcasted, memory="view")


def inverse(axes: Any) -> tuple[int, ...]:
    """The permutation that undoes `axes`."""
    n = len(axes)
    return tuple(int(i) for i in np.argsort([a % n for a in axes]))


def _transpose_vjp(g: Any, y: Any, x: Any, axes: Any = None) -> Any:
    return np.transpose(g) if axes is None else np.transpose(g, inverse(axes))


linear(np.transpose, _transpose_vjp, memory="view")
linear(np.matrix_transpose, lambda g, y, x: np.matrix_transpose(g), memory="view")
linear(np.swapaxes, lambda g, y, x, axis1, axis2: np.swapaxes(g, axis1, axis2), memory="view")
linear(np.moveaxis, lambda g, y, x, source, destination: np.moveaxis(g, destination, source), memory="view")


def _rollaxis_vjp(g: Any, y: Any, x: Any, axis: int, start: int = 0) -> Any:
    return np.moveaxis(g, start - 1 if start > axis else start, axis)


linear(np.rollaxis, _rollaxis_vjp, memory="view", structure=STRUCTURE | {"start"})
linear(np.flip, lambda g, y, x, axis=None: np.flip(g) if axis is None else np.flip(g, axis), memory="view")
linear(np.fliplr, lambda g, y, x: np.fliplr(g), memory="view")
linear(np.flipud, lambda g, y, x: np.flipud(g), memory="view")
linear(np.rot90, lambda g, y, x, k=1, axes=(0, 1): np.rot90(g, -k, axes), memory="view")


def _negated(by: Any) -> Any:
    return tuple(-b for b in by) if isinstance(by, tuple | list) else -by


linear(np.roll, lambda g, y, x, shift, axis=None: np.roll(g, _negated(shift), axis=axis))


# --- joining: a list of arrays has a list of cotangents

def _extents(arrays_: Any, axis: int) -> list[Any]:
    return [np.shape(a)[axis] for a in arrays_]


def _cut(g: Any, start: Any, stop: Any, axis: int) -> Any:
    return g[(slice(None),) * axis + (slice(start, stop),)]


def is_sequence(x: Any) -> bool:
    """Is this a list whose length is not known?"""
    return type_in(x).kind == "sequence" and not isinstance(x, list)


def _concatenate_vjp(g: Any, y: Any, arrays_: Any, axis: Any = 0, **_: Any) -> Any:
    if is_sequence(arrays_):
        return _pieces_of(g, arrays_, axis=axis)
    if axis is None:
        parts = _pieces(g, [np.size(a) for a in arrays_], 0)
        return [back_to(p, a) for p, a in zip(parts, arrays_, strict=True)]
    parts = _pieces(g, _extents(arrays_, axis), axis if axis >= 0 else axis % known_rank(g))
    return [shaped_as(p, a) for p, a in zip(parts, arrays_, strict=True)]


def _pieces(g: Any, lengths: list[Any], axis: int) -> list[Any]:
    """`g` cut along `axis`: where what is before a cut is known, from the start, else from the end if that is known."""
    cuts: list[Any] = [None]
    for i in range(1, len(lengths)):
        before, after = lengths[:i], lengths[i:]
        if not all(type(n) is int for n in before) and all(type(n) is int for n in after) and sum(after):
            cuts.append(-sum(after))
        else:
            cuts.append(sum(before[1:], start=before[0]))
    return [_cut(g, start, stop, axis) for start, stop in zip(cuts, [*cuts[1:], None], strict=True)]


linear(np.concatenate, _concatenate_vjp, infer=results.concatenated, lists=True)


def _row(g: Any, i: int, axis: int) -> Any:
    return g[(slice(None),) * axis + (i,)]


def _stack_vjp(g: Any, y: Any, arrays_: Any, axis: int = 0, **_: Any) -> Any:
    if is_sequence(arrays_):
        return _rows(g if axis == 0 else np.moveaxis(g, axis, 0))
    if axis < 0:
        return [g[(..., i) + (slice(None),) * (-1 - axis)] for i in range(len(arrays_))]
    return [_row(g, i, axis) for i in range(len(arrays_))]


linear(np.stack, _stack_vjp, infer=results.stacked, lists=True)


def _item_rank(xs: Any) -> int | None:
    item = type_in(xs).item
    return None if item is None else item.rank


def _of_sequence(g: Any, xs: Any, flat: Any, joined: int) -> Any:
    """The cotangent of a list of vectors, by `flat`, or of matrices that were joined along an axis."""
    match _item_rank(xs):
        case None:
            raise NotImplementedError("joining a list of arrays of unknown rank")
        case 0 | 1:
            return flat(g)
        case _:
            return _pieces_of(g, xs, axis=joined)


def _vstack_vjp(g: Any, y: Any, arrays_: Any, **_: Any) -> Any:
    if is_sequence(arrays_):
        return _of_sequence(g, arrays_, _rows, 0)
    if all(known_rank(a) in (0, 1) for a in arrays_):
        return [project_to(g[i] if known_rank(a) == 1 else g[i, 0], a) for i, a in enumerate(arrays_)]
    pieces = _pieces(g, [1 if known_rank(a) in (0, 1) else np.shape(a)[0] for a in arrays_], 0)
    first: dict[int | None, Any] = {0: (0, 0), 1: 0}
    return [shaped_as(p[first[k]] if (k := known_rank(a)) in first else p, a)
            for p, a in zip(pieces, arrays_, strict=True)]


def _hstack_vjp(g: Any, y: Any, arrays_: Any, **_: Any) -> Any:
    if is_sequence(arrays_):
        flat = _rows if _item_rank(arrays_) == 0 else lambda g: _pieces_of(g, arrays_, axis=0)
        return _of_sequence(g, arrays_, flat, 1)
    if all(known_rank(a) == 0 for a in arrays_):
        return [g[i] for i in range(len(arrays_))]
    axis = 0 if any(known_rank(a) in (0, 1) for a in arrays_) else 1
    pieces = _pieces(g, [1 if known_rank(a) == 0 else np.shape(a)[axis] for a in arrays_], axis)
    return [shaped_as(p[0] if known_rank(a) == 0 else p, a) for p, a in zip(pieces, arrays_, strict=True)]


def _column_stack_vjp(g: Any, y: Any, arrays_: Any) -> Any:
    if is_sequence(arrays_):
        return _of_sequence(g, arrays_, lambda g: _rows(np.transpose(g)), 1)
    if all(known_rank(a) == 1 for a in arrays_):
        return [g[:, i] for i in range(len(arrays_))]
    pieces = _pieces(g, [1 if known_rank(a) == 1 else np.shape(a)[1] for a in arrays_], 1)
    return [shaped_as(p[:, 0] if known_rank(a) == 1 else p, a) for p, a in zip(pieces, arrays_, strict=True)]


linear(np.vstack, _vstack_vjp, infer=results.vstacked, lists=True)
linear(np.hstack, _hstack_vjp, infer=results.hstacked, lists=True)
linear(np.column_stack, _column_stack_vjp, infer=results.column_stacked, lists=True)
linear(np.append, lambda g, y, x, values, axis=None: _concatenate_vjp(g, y, [x, values], axis)[0],
       lambda g, y, x, values, axis=None: _concatenate_vjp(g, y, [x, values], axis)[1],
       infer=lambda x, values, axis=None: results.concatenated([x, values], axis))


# --- copies, and arrays of what a display lists

linear(np.copy, lambda g, y, x, order="K": g, infer=results.copied)
linear(np.asarray, lambda g, y, x, dtype=None, **_: display_vjp(g, x), infer=results.displayed, memory="perhaps",
       lists=True)
linear(np.array, lambda g, y, x, dtype=None, **_: display_vjp(g, x), infer=results.displayed, lists=True)
linear(np.ascontiguousarray, lambda g, y, x, dtype=None: project_to(g, x), memory="perhaps")
linear(np.asfortranarray, lambda g, y, x, dtype=None: project_to(g, x), memory="perhaps")
linear(arrays.astype, lambda g, y, x, dtype: project_to(g, x), name=".astype", infer=results.cast)


def display_vjp(g: Any, x: Any, place: tuple[int, ...] = ()) -> Any:
    """Cotangents of `np.array([[a, b], [c, d]])`: the elements in their places."""
    if isinstance(x, tuple | list):
        return [display_vjp(g, item, (*place, i)) for i, item in enumerate(x)]
    if place:
        g = g[place[0] if len(place) == 1 else place]
    if is_sequence(x):
        return _rows(g)
    return project_to(g, x)

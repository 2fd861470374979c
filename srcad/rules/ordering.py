"""Sorting, selecting and looking up: linear in the values once the order is known.

    y = np.sort(x)         dx = zeros; dx[order] = dy      with order = np.argsort(x)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.types import INT, Type, fresh
from srcad.rules import results
from srcad.rules.ops import constant, custom, linear, refused
from srcad.rules.reductions import kept
from srcad.rules.shapes import zeros_for
from srcad.rules.symbols import rank, recorded, shape, type_in, value_in
from srcad.runtime import arrays

_index_add = recorded(arrays.index_add)
_along = recorded(arrays.add_along_axis)
_where = recorded(np.where)
_reshape = recorded(np.reshape)


# --- orders

def _sorted_jvp(t: Any, y: Any, x: Any, axis: Any = -1, kind: Any = None, order: Any = None) -> Any:
    if axis is None:
        return np.ravel(t)[np.argsort(np.ravel(x), kind="stable")]
    places = np.argsort(x, axis=axis, kind="stable")
    return t[places] if rank(x) == 1 else np.take_along_axis(t, places, axis=axis)


def _sorted_vjp(g: Any, y: Any, x: Any, axis: Any = -1, kind: Any = None, order: Any = None) -> Any:
    if axis is None:
        return _reshape(_index_add(np.zeros_like(g), g, np.argsort(np.ravel(x), kind="stable")), shape(x))
    places = np.argsort(x, axis=axis, kind="stable")
    if rank(x) == 1:
        return g[np.argsort(places)]
    return np.take_along_axis(g, np.argsort(places, axis=axis), axis=axis)


custom(np.sort, jvps=(_sorted_jvp,), vjps=(_sorted_vjp,))


def _partitioned_jvp(t: Any, y: Any, x: Any, kth: Any, axis: int = -1) -> Any:
    return np.take_along_axis(t, np.argpartition(x, kth, axis=axis), axis=axis)


def _partitioned_vjp(g: Any, y: Any, x: Any, kth: Any, axis: int = -1) -> Any:
    return np.take_along_axis(g, np.argsort(np.argpartition(x, kth, axis=axis), axis=axis), axis=axis)


custom(np.partition, jvps=(_partitioned_jvp,), vjps=(_partitioned_vjp,))
constant(np.argsort, np.argpartition, infer=lambda x, *_, **__: Type("array", INT.dtype, type_in(x).shape))
constant(np.searchsorted, np.digitize, np.lexsort, np.ravel_multi_index)
constant(np.nonzero, np.unravel_index, np.array_equal, np.allclose, np.shares_memory, np.may_share_memory,
         np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj, np.isscalar, np.unique_counts,
         infer=results.an_object)
constant(np.flatnonzero, infer=lambda x: Type("array", INT.dtype, (fresh(),)))
constant(np.argwhere, infer=lambda x: Type("array", INT.dtype, (fresh(),) * 2))
constant(np.isin)
linear(np.bincount, None, lambda g, y, x, weights=None, minlength=0: g[x],
       infer=lambda x, weights=None, minlength=0: Type(
           "array", INT.dtype if value_in(weights) is None else np.dtype(float), (fresh(),)))


# --- reading by index arrays

def _take_vjp(g: Any, y: Any, x: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    if axis is None:
        flat = _index_add(zeros_for(x if rank(x) == 1 else np.ravel(x)), g, indices)
        return flat if rank(x) == 1 else _reshape(flat, shape(x))
    place = (slice(None),) * axis if axis >= 0 else (Ellipsis,)
    after = (slice(None),) * (-1 - axis) if axis < 0 else ()
    return _index_add(zeros_for(x), g, (*place, indices, *after))


def _take_along_vjp(g: Any, y: Any, x: Any, indices: Any, axis: Any = -1) -> Any:
    return _along(zeros_for(x), g, indices, axis=axis)


linear(np.take, _take_vjp)
linear(np.take_along_axis, _take_along_vjp)
linear(arrays.add_along_axis, lambda h, y, buffer, g, indices, axis: h,
       lambda h, y, buffer, g, indices, axis: np.take_along_axis(h, indices, axis=axis), name="add_along_axis",
       infer=lambda buffer, g, indices, axis: results.like(buffer))


def _compress_vjp(g: Any, y: Any, condition: Any, x: Any, axis: Any = None) -> Any:
    return _take_vjp(g, y, x, np.flatnonzero(condition), axis)


def _picked_type(condition: Any, x: Any, axis: Any = None) -> Type:
    t = type_in(x)
    if axis is None or t.shape is None:
        return Type("array", t.dtype, (fresh(),) if axis is None else None)
    return Type("array", t.dtype, tuple(fresh() if i == axis % len(t.shape) else d for i, d in enumerate(t.shape)))


linear(np.compress, None, _compress_vjp, infer=_picked_type)
linear(np.extract, None, lambda g, y, condition, x: _take_vjp(g, y, x, np.flatnonzero(condition)), infer=_picked_type)


# --- quantiles: a mean of the two elements around the place

def _quantile_share(x: Any, q: Any, axis: Any) -> Any:
    """How much of the quantile each element is."""
    return recorded(arrays.quantile_weights)(x, q, axis=axis)


def _median_jvp(t: Any, y: Any, x: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
                keepdims: Any = False) -> Any:
    return np.sum(t * _quantile_share(x, 0.5, axis), axis=axis, keepdims=keepdims)


def _median_vjp(g: Any, y: Any, x: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
                keepdims: Any = False) -> Any:
    return kept(g, x, axis, keepdims) * _quantile_share(x, 0.5, axis)


def _quantile_rules(scale: float) -> tuple[Any, Any]:
    def jvp(t: Any, y: Any, x: Any, q: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return np.sum(t * _quantile_share(x, _fraction(q, scale), axis), axis=axis, keepdims=keepdims)

    def vjp(g: Any, y: Any, x: Any, q: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return kept(g, x, axis, keepdims) * _quantile_share(x, _fraction(q, scale), axis)

    return jvp, vjp


def _fraction(q: Any, scale: float) -> Any:
    if rank(q) != 0:
        raise NotImplementedError("several quantiles at once")
    return q / scale if scale != 1 else q


custom(np.median, jvps=(_median_jvp,), vjps=(_median_vjp,))
_by_fraction = refused("a quantile by its fraction")
for _function, _scale in ((np.quantile, 1.0), (np.percentile, 100.0)):
    _jvp, _vjp = _quantile_rules(_scale)
    custom(_function, jvps=(_jvp, _by_fraction), vjps=(_vjp, _by_fraction))
constant(arrays.quantile_weights, infer=lambda x, q, axis=None: Type("array", np.dtype(float), type_in(x).shape))


constant(arrays.first_places, infer=lambda x: Type("array", np.dtype(int), (fresh(),)))


# --- interpolation

def _segment(x: Any, xp: Any) -> tuple[Any, Any]:
    """The interval of each point (the one to the right of a node), and whether it is inside."""
    k = np.clip(np.searchsorted(xp, x, side="right"), 1, np.size(xp) - 1)
    return k, (x >= xp[0]) & (x <= xp[-1])


def _slope(x: Any, xp: Any, fp: Any) -> Any:
    k, inside = _segment(x, xp)
    return _where(inside, (fp[k] - fp[k - 1]) / (xp[k] - xp[k - 1]), 0)


def _weight(x: Any, xp: Any) -> tuple[Any, Any]:
    k, _ = _segment(x, xp)
    return k, np.clip((x - xp[k - 1]) / (xp[k] - xp[k - 1]), 0, 1)


def _interp_x(t: Any, y: Any, x: Any, xp: Any, fp: Any) -> Any:
    return t * _slope(x, xp, fp)


def _interp_fp_jvp(t: Any, y: Any, x: Any, xp: Any, fp: Any) -> Any:
    k, w = _weight(x, xp)
    return t[k - 1] * (1 - w) + t[k] * w


def _interp_fp_vjp(g: Any, y: Any, x: Any, xp: Any, fp: Any) -> Any:
    k, w = _weight(x, xp)
    return _index_add(_index_add(zeros_for(fp), g * (1 - w), k - 1), g * w, k)


def _interp_xp_jvp(t: Any, y: Any, x: Any, xp: Any, fp: Any) -> Any:
    k, w = _weight(x, xp)
    return -_slope(x, xp, fp) * (t[k - 1] * (1 - w) + t[k] * w)


def _interp_xp_vjp(g: Any, y: Any, x: Any, xp: Any, fp: Any) -> Any:
    return _interp_fp_vjp(-g * _slope(x, xp, fp), y, x, xp, fp)


def _interp_type(x: Any, xp: Any, fp: Any) -> Type:
    return results.made(type_in(x).shape, np.result_type(type_in(fp).dtype or float, float))


custom(np.interp, jvps=(_interp_x, _interp_xp_jvp, _interp_fp_jvp), vjps=(_interp_x, _interp_xp_vjp, _interp_fp_vjp),
       infer=_interp_type)

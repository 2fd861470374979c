"""Sums, products, extremes and moments along axes, and running sums.

The transpose of a sum is a broadcast: `np.broadcast_to(g, x.shape)`, which is not written where the product that it
enters has that shape already.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.build import extent
from srcad.rules.ops import alike, constant, custom, linear
from srcad.rules.symbols import is_complex, normal_axes, rank, recorded, shape, size
from srcad.runtime import arrays

_broadcast_to = recorded(np.broadcast_to)
_reshape = recorded(np.reshape)
_extent = recorded(extent)
_sum_transpose = recorded(arrays.sum_transpose)
_other_products = recorded(arrays.other_products)


def kept(g: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """A reduced value with its axes back as ones, so that it broadcasts against `x`."""
    if axis is None or keepdims or rank(g) == 0:
        return g
    r = rank(x)
    if r is not None and normal_axes(axis, r) == tuple(range(len(normal_axes(axis, r)))):
        return g  # leading axes come back by broadcasting
    return np.expand_dims(g, axis)


def spread(g: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """The transpose of a sum."""
    if rank(x) is None and not (axis is None or keepdims):
        return _sum_transpose(g, x, axis=axis, keepdims=keepdims)
    if rank(x) == 0:
        return g
    return _broadcast_to(kept(g, x, axis, keepdims), shape(x))


def count(x: Any, axis: Any) -> Any:
    """How many elements a reduction takes together."""
    if axis is None:
        return size(x)
    result: Any = 1
    for a in axis if isinstance(axis, tuple) else (axis,):
        n = _extent(x, axis=a) if rank(x) is None else np.shape(x)[a]
        result = n if isinstance(result, int) and result == 1 else result * n
    return result


# --- sums

def _sum_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
             keepdims: Any = False) -> Any:
    return spread(g, x, axis, keepdims)


def _mean_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
              keepdims: Any = False) -> Any:
    return spread(g / count(x, axis), x, axis, keepdims)


linear(np.sum, _sum_vjp)
linear(np.mean, _mean_vjp)


def _cumsum_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None) -> Any:
    if axis is None:
        flat = np.flip(np.cumsum(np.flip(g)))
        return flat if rank(x) == 1 else _reshape(flat, shape(x))
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


def _diff_vjp(g: Any, y: Any, x: Any, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        edge = np.zeros_like(np.take(g, [0], axis=axis)) if not isinstance(g, float) else 0.0
        g = np.concatenate([edge, g], axis=axis) - np.concatenate([g, edge], axis=axis)
    return g


linear(np.cumsum, _cumsum_vjp)


# --- products

def _prod_jvp(t: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
              keepdims: Any = False) -> Any:
    return np.sum(t * _products(x, axis), axis=axis, keepdims=keepdims)


def _prod_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
              keepdims: Any = False) -> Any:
    return kept(g, x, axis, keepdims) * _products(x, axis)


def _products(x: Any, axis: Any) -> Any:
    return _other_products(x) if axis is None else _other_products(x, axis=axis)


custom(np.prod, jvps=(_prod_jvp,), vjps=(_prod_vjp,))


# --- extremes: equal values share

def extreme_share(y: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    best = x == kept(y, x, axis, keepdims)
    return best / (np.sum(best) if axis is None else np.sum(best, axis=axis, keepdims=True))


def _extreme_jvp(t: Any, y: Any, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.sum(t * extreme_share(y, x, axis, keepdims), axis=axis, keepdims=keepdims)


def _extreme_vjp(g: Any, y: Any, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return kept(g, x, axis, keepdims) * extreme_share(y, x, axis, keepdims)


custom(np.max, jvps=(_extreme_jvp,), vjps=(_extreme_vjp,))
alike(np.max, np.min)
if np.amax is not np.max:
    alike(np.max, np.amax, np.amin)
constant(np.argmax, np.argmin, np.any, np.all, np.count_nonzero, np.nanargmax, np.nanargmin)


# --- moments

def _centred(x: Any, axis: Any) -> Any:
    centred = x - np.mean(x) if axis is None else x - np.mean(x, axis=axis, keepdims=True)
    return np.conj(centred) if is_complex(x) else centred


def _freedom(x: Any, axis: Any, ddof: float) -> Any:
    return count(x, axis) - ddof if ddof else count(x, axis)


def _var_jvp(t: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
             keepdims: Any = False, correction: float = 0) -> Any:
    total = np.sum(t * _centred(x, axis), axis=axis, keepdims=keepdims)
    return (np.real(total) if is_complex(x) else total) * 2 / _freedom(x, axis, ddof or correction)


def _var_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
             keepdims: Any = False, correction: float = 0) -> Any:
    return kept(g * 2 / _freedom(x, axis, ddof or correction), x, axis, keepdims) * _centred(x, axis)


def _std_jvp(t: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
             keepdims: Any = False, correction: float = 0) -> Any:
    total = np.sum(t * _centred(x, axis), axis=axis, keepdims=keepdims)
    return (np.real(total) if is_complex(x) else total) / (_nonzero(y) * _freedom(x, axis, ddof or correction))


def _std_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
             keepdims: Any = False, correction: float = 0) -> Any:
    return kept(g / (_nonzero(y) * _freedom(x, axis, ddof or correction)), x, axis, keepdims) * _centred(x, axis)


def _nonzero(y: Any) -> Any:
    """Where all values are equal the derivative is 0 / 0; 0 is in the subdifferential."""
    return np.where(y == 0, 1, y)


custom(np.var, jvps=(_var_jvp,), vjps=(_var_vjp,))
custom(np.std, jvps=(_std_jvp,), vjps=(_std_vjp,))

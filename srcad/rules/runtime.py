"""Rules of the run-time functions, so that derivatives that call them have derivatives too."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.types import Type
from srcad.rules.ops import constant, custom, linear, multilinear, pointwise
from srcad.rules.results import like
from srcad.rules.symbols import known_rank, rank, recorded, shape, type_in
from srcad.runtime import arrays, scalars

_broadcast_to = recorded(np.broadcast_to)
_unbroadcast = recorded(arrays.unbroadcast)
_project = recorded(arrays.project)
_reshape = recorded(np.reshape)
_sum_transpose = recorded(arrays.sum_transpose)
_recurrence = recorded(arrays.linear_recurrence)
_shifted = recorded(arrays.shifted)
_other_products = recorded(arrays.other_products)
_left = recorded(arrays.matmul_left)
_right = recorded(arrays.matmul_right)
_power_slope = recorded(scalars.power_slope)


def _shape_of_second(g: Any, x: Any, *_: Any, **__: Any) -> Type:
    t, own = type_in(x), type_in(g).dtype
    same = own is not None and t.dtype is not None and t.dtype.kind in "fc"
    return Type(t.kind if t.kind != "number" else "unknown", t.dtype if same else None, t.shape)


def _zeros_type(x: Any) -> Type:
    t = type_in(x)
    inexact = t.dtype is None or t.dtype.kind in "fc"
    return Type(t.kind, t.dtype if inexact else np.dtype(float), t.shape, item=t.item)


def _projected(g: Any, x: Any) -> Type:
    t = type_in(g)
    return Type(t.kind if t.kind != "number" else "unknown", None, t.shape)


def _unbroadcast_vjp(h: Any, y: Any, g: Any, x: Any) -> Any:
    return _project(_broadcast_to(h, shape(g)), g)


linear(arrays.unbroadcast, _unbroadcast_vjp, name="unbroadcast", infer=_shape_of_second,
       memory="same")
linear(arrays.project, lambda h, y, g, x: _project(h, g), name="project", infer=_projected,
       memory="same")
constant(arrays.zeros_for, infer=_zeros_type)
linear(arrays.sum_transpose,
       lambda h, y, g, x, axis=None, keepdims=False: np.sum(h, axis=axis, keepdims=keepdims),
       name="sum_transpose", infer=_shape_of_second, memory="view")


# a @ b for unknown ranks.  <h, left(g, a, b)> = <g, h @ b>, whatever h of the shape of a.
multilinear(arrays.matmul_left, lambda h, y, g, a, b: np.matmul(h, b), None,
            lambda h, y, g, a, b: _right(g, h, b), name="matmul_left",
            infer=lambda g, a, b: _shape_of_second(g, a))
multilinear(arrays.matmul_right, lambda h, y, g, a, b: np.matmul(a, h),
            lambda h, y, g, a, b: _left(g, a, h), None, name="matmul_right",
            infer=lambda g, a, b: _shape_of_second(g, b))


# --- running products

def _backwards(a: Any, g: Any, axis: int) -> Any:
    """The cotangents of a recurrence: one that runs from the end, with the factors of the step after."""
    return np.flip(_recurrence(_shifted(np.flip(a, axis), 0, axis=axis), np.flip(g, axis), axis=axis), axis)


def _factor_vjp(g: Any, y: Any, a: Any, b: Any, axis: int = 0) -> Any:
    return _backwards(a, g, axis) * _shifted(y, 0, axis=axis)


def _factor_jvp(t: Any, y: Any, a: Any, b: Any, axis: int = 0) -> Any:
    return _recurrence(a, t * _shifted(y, 0, axis=axis), axis=axis)


custom(arrays.linear_recurrence, jvps=(_factor_jvp, lambda t, y, a, b, axis=0: _recurrence(a, t, axis=axis)),
       vjps=(_factor_vjp, lambda g, y, a, b, axis=0: _backwards(a, g, axis)), name="linear_recurrence",
       infer=lambda a, b, axis=0: like(b))


def _unshift(g: Any, axis: int) -> Any:
    return np.flip(_shifted(np.flip(g, axis), 0, axis=axis), axis)


# The first place is filled by a constant, so the tangent's is filled by 0.
custom(arrays.shifted, jvps=(lambda t, y, x, fill, axis=0: _shifted(t, 0, axis=axis),),
       vjps=(lambda g, y, x, fill, axis=0: _unshift(g, axis),), name="shifted",
       infer=lambda x, fill, axis=0: like(x))


def _cumprod_jvp(t: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None) -> Any:
    if axis is None:
        t, x, axis = (t, x, 0) if rank(x) == 1 else (np.ravel(t), np.ravel(x), 0)
    return _recurrence(x, t * _shifted(y, 1, axis=axis), axis=axis)


def _cumprod_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None) -> Any:
    if axis is None and rank(x) == 1:
        axis = 0
    if axis is None:
        return np.reshape(_cumprod_vjp(g, y, np.ravel(x), 0), shape(x))
    return _backwards(x, g, axis) * _shifted(y, 1, axis=axis)


custom(np.cumprod, jvps=(_cumprod_jvp,), vjps=(_cumprod_vjp,))


def _before_after(x: Any, axis: int) -> tuple[Any, Any]:
    before = np.cumprod(_shifted(x, 1, axis=axis), axis=axis)
    after = np.cumprod(_shifted(np.flip(x, axis), 1, axis=axis), axis=axis)
    return before, after


def _others_jvp(t: Any, y: Any, x: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.reshape(_others_jvp(np.ravel(t), y, np.ravel(x), 0), shape(x))
    if isinstance(axis, tuple):
        return _over_axes(_others_jvp, t, y, x, axis)
    before, after = _before_after(x, axis)
    back = np.flip(x, axis)
    t_before = _cumprod_jvp(_shifted(t, 0, axis=axis), before, _shifted(x, 1, axis=axis), axis)
    t_after = _cumprod_jvp(_shifted(np.flip(t, axis), 0, axis=axis), after, _shifted(back, 1, axis=axis), axis)
    return t_before * np.flip(after, axis) + before * np.flip(t_after, axis)


def _over_axes(rule: Any, t: Any, y: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """A rule along one axis, for several: they are moved to the end and joined."""
    known_rank(x)
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    flat = (*np.shape(moved)[: -len(axes)], -1)
    part = rule(_reshape(np.moveaxis(t, axes, last), flat), y, _reshape(moved, flat), -1)
    return np.moveaxis(_reshape(part, shape(moved)), last, axes)


def _others_vjp(g: Any, y: Any, x: Any, axis: Any = None) -> Any:
    # The matrix of second derivatives of a product is symmetric, so one function serves both modes.
    return _others_jvp(g, y, x, axis)


custom(arrays.other_products, jvps=(_others_jvp,), vjps=(_others_vjp,), name="other_products",
       infer=lambda x, axis=None: like(x))


# --- numbers

def _exponent_slope(z: Any, x: Any, y: Any) -> Any:
    """d/dy of y * x ** (y - 1)."""
    return x ** (y - 1) + z * _power_log(x)


_power_log = recorded(scalars.power_log)
_power_log_slope = recorded(scalars.power_log_slope)
pointwise(scalars.power_log, lambda t, z, x: t * _power_log_slope(x), name="power_log")
pointwise(scalars.power_log_slope, lambda t, z, x: -t * z * z, name="power_log_slope")
pointwise(scalars.power_slope, lambda t, z, x, y: t * y * _power_slope(x, y - 1),
          lambda t, z, x, y: t * _exponent_slope(z, x, y), name="power_slope")

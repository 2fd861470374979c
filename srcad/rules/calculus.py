"""Numerical calculus: averages, integrals, differences, polynomials, and choices by conditions."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.types import Type
from srcad.rules import results
from srcad.rules.ops import custom, linear, pointwise, refused
from srcad.rules.reductions import count, extreme_share, kept
from srcad.rules.shapes import unbroadcast_to, zeros_for
from srcad.rules.symbols import beside, is_complex, known_rank, normal_axes, rank, recorded, shape, type_in
from srcad.runtime import arrays, lists

_index_add = recorded(arrays.index_add)
_reshape = recorded(np.reshape)


# --- range and average

def _range_share(x: Any, axis: Any) -> Any:
    top = np.max(x) if axis is None else np.max(x, axis=axis, keepdims=True)
    bottom = np.min(x) if axis is None else np.min(x, axis=axis, keepdims=True)
    return extreme_share(top, x, axis, True) - extreme_share(bottom, x, axis, True)


def _ptp_jvp(t: Any, y: Any, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.sum(t * _range_share(x, axis), axis=axis, keepdims=keepdims)


def _ptp_vjp(g: Any, y: Any, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return kept(g, x, axis, keepdims) * _range_share(x, axis)


custom(np.ptp, jvps=(_ptp_jvp,), vjps=(_ptp_vjp,))


def _parts(x: Any, axis: Any, weights: Any) -> Any:
    """The weights of a mean, as factors of `x`, which add up to 1."""
    if weights is None:
        return 1 / count(x, axis)
    r, own = rank(x), rank(weights)
    if r is None or own is None or (own != r and own != 1):
        raise NotImplementedError("np.average with these weights")
    if own != r:
        (place,) = normal_axes(axis, r)
        weights = weights[(slice(None), *(None,) * (r - 1 - place))]
    return weights / (np.sum(weights) if axis is None else np.sum(weights, axis=axis if own == r else 0, keepdims=True))


def _average_jvp(t: Any, y: Any, x: Any, axis: Any = None, weights: Any = None, keepdims: Any = False) -> Any:
    return np.sum(t * _parts(x, axis, weights), axis=axis, keepdims=keepdims)


def _average_vjp(g: Any, y: Any, x: Any, axis: Any = None, weights: Any = None, keepdims: Any = False) -> Any:
    share = kept(g, x, axis, keepdims) * _parts(x, axis, weights)
    return share if weights is not None and rank(weights) == rank(x) else recorded(np.broadcast_to)(share, shape(x))


_weights = refused("np.average by its weights: write np.sum(w * x) / np.sum(w)")
custom(np.average, jvps=(_average_jvp, None, _weights), vjps=(_average_vjp, None, _weights))


# --- integrals and differences

def _along(x: Any, y: Any, axis: int) -> Any:
    """A vector along one axis of `y`."""
    r = known_rank(y)
    return x if r - 1 - axis % r == 0 else x[(slice(None), *(None,) * (r - 1 - axis % r))]


def _trapezoid_weights(y: Any, x: Any, dx: Any, axis: int) -> Any:
    n = np.shape(y)[axis]
    steps = np.diff(x) if x is not None else dx * beside(y, np.ones)(n - 1)
    if x is not None and rank(x) != 1:
        raise NotImplementedError("an integral over several grids")
    return _along((np.pad(steps, (1, 0)) + np.pad(steps, (0, 1))) / 2, y, axis)


def _trapezoid_jvp(t: Any, z: Any, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    return np.sum(t * _trapezoid_weights(y, x, dx, axis), axis=axis)


def _trapezoid_vjp(g: Any, z: Any, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    return kept(g, y, axis, False) * _trapezoid_weights(y, x, dx, axis)


def _heights(y: Any) -> Any:
    if rank(y) != 1:
        raise NotImplementedError("an integral of several functions by their grid")
    return (y[1:] + y[:-1]) / 2


def _grid_jvp(t: Any, z: Any, y: Any, x: Any, dx: Any = 1.0, axis: int = -1) -> Any:
    return np.sum(np.diff(t) * _heights(y))


def _grid_vjp(g: Any, z: Any, y: Any, x: Any, dx: Any = 1.0, axis: int = -1) -> Any:
    return -np.diff(g * _heights(y), prepend=0.0, append=0.0)


_step = refused("np.trapezoid by dx: multiply the integral by it")
# NumPy 1 calls it trapz.
custom(np.trapezoid if hasattr(np, "trapezoid") else getattr(np, "trapz"),  # noqa: B009 - not in newer stubs
       jvps=(_trapezoid_jvp, _grid_jvp, _step),
       vjps=(_trapezoid_vjp, _grid_vjp, _step))


def _gradient_place(x: Any, axis: Any) -> int:
    r = rank(x)
    if r is None or (axis is None and r != 1) or isinstance(axis, tuple):
        raise NotImplementedError("np.gradient along several axes: call it for each axis")
    return 0 if axis is None else axis % r


def _gradient_vjp(g: Any, y: Any, x: Any, step: Any = 1.0, axis: Any = None, edge_order: int = 1) -> Any:
    place = _gradient_place(x, axis)
    if edge_order != 1 or rank(step) != 0:
        raise NotImplementedError("np.gradient with a second-order edge or a grid")

    def at(index: Any) -> Any:
        return (*(slice(None),) * place, index) if place else index

    inner, first, last = g[at(slice(1, -1))] / 2, g[at(slice(0, 1))], g[at(slice(-1, None))]
    bar = _index_add(zeros_for(x), inner, at(slice(2, None)))
    for share, index in ((-inner, slice(None, -2)), (-first, slice(0, 1)), (first, slice(1, 2)),
                         (-last, slice(-2, -1)), (last, slice(-1, None))):
        bar = _index_add(bar, share, at(index))
    return bar / step


def _gradient_jvp(t: Any, y: Any, x: Any, step: Any = 1.0, axis: Any = None, edge_order: int = 1) -> Any:
    _gradient_place(x, axis)
    return np.gradient(t, step, axis=axis, edge_order=edge_order)  # type: ignore[call-overload]


_spacing = refused("np.gradient by its spacing: divide by it")
custom(np.gradient, jvps=(_gradient_jvp, _spacing), vjps=(_gradient_vjp, _spacing))


# --- polynomials

def _slopes(p: Any) -> Any:
    n = np.shape(p)[0]
    return p[:-1] * beside(p, np.arange)(n - 1, 0, -1)


def _polyval_in_p(t: Any, y: Any, p: Any, x: Any) -> Any:
    return np.polyval(t, x)


def _powers(p: Any, x: Any) -> Any:
    """x ** (n - 1), …, x, 1 along a last axis."""
    column = x if known_rank(x) == 0 else np.expand_dims(x, -1)
    return column ** beside(p, np.arange)(np.shape(p)[0] - 1, -1, -1)


def _polyval_p_vjp(g: Any, y: Any, p: Any, x: Any) -> Any:
    if known_rank(x) == 0:
        return g * _powers(p, x)
    return np.sum(np.expand_dims(g, -1) * _powers(p, x), axis=normal_axes(None, known_rank(x)))


def _polyval_in_x(t: Any, y: Any, p: Any, x: Any) -> Any:
    return t * np.polyval(_slopes(p), x)


def _polyval_type(p: Any, x: Any) -> Type:
    return results.made(type_in(x).shape, results.promoted(p, x))


custom(np.polyval, jvps=(_polyval_in_p, _polyval_in_x), vjps=(_polyval_p_vjp, _polyval_in_x), infer=_polyval_type)


# --- choices

def _select_jvp(t: Any, y: Any, conditions: Any, choices: Any, default: Any = 0) -> Any:
    return np.select(conditions, t, 0.0)


def _select_vjp(g: Any, y: Any, conditions: Any, choices: Any, default: Any = 0) -> list[Any]:
    free: Any = None
    bars = []
    for test, choice in zip(conditions, choices, strict=True):
        taken = test if free is None else test & free
        bars.append(unbroadcast_to(np.where(taken, g, 0), choice))
        free = ~test if free is None else free & ~test
    return bars


def _default_jvp(t: Any, y: Any, conditions: Any, choices: Any, default: Any = 0) -> Any:
    return np.where(_any(conditions), 0, t)


def _default_vjp(g: Any, y: Any, conditions: Any, choices: Any, default: Any = 0) -> Any:
    return unbroadcast_to(np.where(_any(conditions), 0, g), default)


def _any(conditions: Any) -> Any:
    result = conditions[0]
    for c in conditions[1:]:
        result = result | c
    return result


def _select_type(conditions: Any, choices: Any, default: Any = 0) -> Type:
    shapes = [type_in(x).shape for x in (*conditions, *choices, default)]
    dtype = results.promoted(*choices, default)
    if any(s is None for s in shapes):
        return Type("unknown", dtype)
    return results.made(results.broadcast([s for s in shapes if s is not None]), dtype)


custom(np.select, jvps=(None, _select_jvp, _default_jvp), vjps=(None, _select_vjp, _default_vjp), infer=_select_type,
       lists=True)


def _delete_vjp(g: Any, y: Any, x: Any, places: Any, axis: Any = None) -> Any:
    flat = axis is None
    n = np.size(x) if flat else np.shape(x)[axis]
    left = np.delete(beside(g, np.arange)(n), places)
    if flat and known_rank(x) != 1:
        return _reshape(_index_add(zeros_for(np.ravel(x)), g, left), shape(x))
    index = left if flat or axis == 0 else (*(slice(None),) * (axis % known_rank(x)), left)
    return _index_add(zeros_for(x), g, index)


linear(np.delete, _delete_vjp)


# --- pairs of results, and grids

def _from_second(t: Any, y: Any, a: Any, b: Any) -> Any:
    return None, t


pointwise(np.divmod, lambda g, y, a, b: g[1],
          lambda g, y, a, b: None if g[1] is None else -g[1] * y[0],
          jvps=(_from_second, lambda t, y, a, b: (None, -t * y[0])), outs=2)
pointwise(np.modf, lambda g, y, x: g[0], jvps=(lambda t, y, x: (t, None),), outs=2)


def _angle_type(x: Any, deg: bool = False) -> Type:
    t = type_in(x)
    return results.made(t.shape, None if t.dtype is None else np.angle(np.zeros((), t.dtype)).dtype)


def _angle_weight(x: Any, deg: bool) -> Any:
    weight = -1j * np.conj(x) / np.real(x * np.conj(x))
    return weight * (180 / np.pi) if deg else weight


custom(np.angle, jvps=(lambda t, y, x, deg=False: np.real(t * _angle_weight(x, deg)) if is_complex(x) else None,),
       vjps=(lambda g, y, x, deg=False: g * _angle_weight(x, deg) if is_complex(x) else None,), infer=_angle_type)
custom(np.unwrap, jvps=(lambda t, y, x, *_, **__: t,), vjps=(lambda g, y, x, *_, **__: g,), infer=results.like)


def _grid_axis(i: int, indexing: str) -> int:
    return 1 - i if indexing == "xy" and i < 2 else i


def _meshgrid_vjp(i: int) -> Any:
    def vjp(g: Any, y: Any, *xs: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> Any:
        part = recorded(lists.item)(g, i)
        if len(xs) == 1:
            return part
        if sparse:
            return np.ravel(part)
        own = _grid_axis(i, indexing)
        return np.sum(part, axis=tuple(k for k in range(len(xs)) if k != own))
    return vjp


def _meshgrid_type(*xs: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> Type:
    types = [type_in(x) for x in xs]
    if sparse or any(t.shape is None or len(t.shape) != 1 for t in types):
        return Type("sequence", item=Type("array", None))
    sizes = [t.shape[0] for t in types if t.shape is not None]
    if indexing == "xy" and len(sizes) > 1:
        sizes[:2] = sizes[1], sizes[0]
    return Type("sequence", item=Type("array", types[0].dtype if len({t.dtype for t in types}) == 1 else None,
                                      tuple(sizes)))


linear(np.meshgrid, *map(_meshgrid_vjp, range(8)), infer=_meshgrid_type)


def _plain(x: Any) -> Any:
    return np.conj(x) if is_complex(x) else x


def _vecdot_bar(g: Any, other: Any, x: Any) -> Any:
    return unbroadcast_to((g if known_rank(g) == 0 else np.expand_dims(g, -1)) * other, x)


def _vecdot_type(a: Any, b: Any) -> Type:
    x, y = type_in(a).shape, type_in(b).shape
    known = None if x is None or y is None else results.broadcast([x[:-1], y[:-1]])
    return results.made(known, results.promoted(a, b))


if hasattr(np, "vecdot"):
    custom(np.vecdot, jvps=(lambda t, y, a, b: np.vecdot(t, b), lambda t, y, a, b: np.vecdot(a, t)),
           vjps=(lambda g, y, a, b: _vecdot_bar(_plain(g), _plain(b), a),
                 lambda g, y, a, b: _vecdot_bar(g, _plain(a), b)), infer=_vecdot_type)

"""Arrays whose length depends on values, in XLA: `x[x > 0]`.

What a mask picks is not picked at all: it stays the whole array together with the mask (`Masked`).  Elementwise
operations are made on the whole array, reductions leave out what the mask leaves out, and a store through the mask is a
choice.

    x[x > 1] *= 2           where(x > 1, x * 2, x)
    np.sum(y[y > 0])        sum(where(y > 0, y, 0))

Two picks that meet must have the same mask; where that is not known the program checks it, and reports a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.backends.lax_forms import astype
from srcad.backends.lax_modules import jnp
from srcad.backends.lax_record import is_array
from srcad.backends.lax_values import Masked, Mismatch

Fail = Callable[[Any], None]


@dataclass(frozen=True, eq=False)
class PickedShape:
    """The shape of a `Masked`."""

    of: Masked


def is_mask(index: Any) -> bool:
    """Is this index one mask whose values are not known now?"""
    return is_array(index) and index.ndim > 0 and index.dtype == bool


def pick(x: Any, mask: Any) -> Masked:
    x = jnp.asarray(x)
    if x.shape[:mask.ndim] != mask.shape:
        raise Mismatch(f"a mask of shape {mask.shape} for an array of shape {x.shape}")
    return Masked(x, mask)


def store(x: Any, mask: Any, value: Any, fail: Fail) -> Any:
    """`x[mask] = value`."""
    whole = pick(x, mask)
    return jnp.where(spread(whole), _whole(value, whole, fail).astype(whole.array.dtype), x)


def accumulate(x: Any, mask: Any, value: Any, fail: Fail) -> Any:
    """`x[mask] += value`."""
    whole = pick(x, mask)
    return whole.array + jnp.where(spread(whole), _whole(value, whole, fail), 0)


def spread(picked: Masked) -> Any:
    """The mask, with an axis of one for each further axis of the array."""
    return jnp.reshape(picked.mask, picked.mask.shape + (1,) * len(picked.rest))


def _whole(value: Any, like: Masked, fail: Fail) -> Any:
    """`value`, to be combined with `like`, as an array for the whole."""
    if isinstance(value, Masked):
        require_same(value, like, fail)
        return value.array
    if np.ndim(value) > len(like.rest):
        raise Mismatch("as many values as a mask picks, in an array of a length of its own")
    return jnp.asarray(value)


def require_same(a: Masked, b: Masked, fail: Fail) -> None:
    """Both must be picked by the same mask."""
    if a.mask is b.mask:
        return
    if a.mask.shape != b.mask.shape:
        raise Mismatch("what two masks of different shapes pick")
    fail(jnp.any(a.mask != b.mask))


def elementwise(function: Callable[[list[Any]], Any], values: list[Any], fail: Fail) -> Masked:
    """`function` on values at least one of which is a Masked."""
    first = next(v for v in values if isinstance(v, Masked))
    result = function([_whole(v, first, fail) if isinstance(v, Masked) or np.ndim(v) else v for v in values])
    return Masked(result, first.mask)


# --- operations that know what was not picked

def _axes(picked: Masked, axis: Any) -> tuple[int, ...]:
    """The axes of the whole array that a reduction over `axis` of the picked one is over."""
    masked, rank = picked.mask.ndim, 1 + len(picked.rest)
    axes = tuple(range(rank)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % rank for a in axes)
    if 0 not in axes:
        raise Mismatch("a reduction over other axes than the one that a mask picks along")
    return (*range(masked), *(a - 1 + masked for a in axes if a))


def _reduction(reduce: Any, neutral: Callable[[np.dtype], Any], needs_one: bool = False) -> Callable[..., Any]:
    def run(fail: Fail, x: Masked, axis: Any = None) -> Any:
        if needs_one:
            fail(jnp.logical_not(jnp.any(x.mask)))
        return reduce(jnp.where(spread(x), x.array, neutral(x.array.dtype)), axis=_axes(x, axis))

    return run


def _mean(fail: Fail, x: Masked, axis: Any = None) -> Any:
    others = [x.array.shape[a] for a in _axes(x, axis) if a >= x.mask.ndim]
    return SPECIAL["np.sum"](fail, x, axis) / (_count(x) * int(np.prod(others, dtype=int)))


def _count(x: Masked) -> Any:
    return jnp.sum(x.mask.astype(np.int64))


def _lowest(dtype: np.dtype) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype: np.dtype) -> Any:
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _same(fail: Fail, x: Masked, *_: Any, **__: Any) -> Masked:
    return x


def _filled(value: float) -> Callable[..., Any]:
    def run(fail: Fail, x: Masked) -> Masked:
        dtype = x.array.dtype if x.array.dtype.kind in "fc" else np.dtype(float)
        return Masked(jnp.full(x.array.shape, value, dtype), x.mask)

    return run


def _extent(fail: Fail, x: Masked, axis: int = 0) -> Any:
    return _count(x) if axis in (0, -1 - len(x.rest)) else x.rest[axis - 1 if axis > 0 else axis]


def _broadcast(fail: Fail, g: Any, shape: Any) -> Masked:
    if not isinstance(shape, PickedShape) or isinstance(g, Masked):
        raise Mismatch("an array that is broadcast to what a mask picks")
    return _spread_over(shape.of, g)


def _spread_over(x: Masked, g: Any) -> Masked:
    if np.ndim(g) > len(x.rest):
        raise Mismatch("an array that is broadcast to what a mask picks")
    return Masked(jnp.broadcast_to(jnp.asarray(g), x.array.shape), x.mask)


def _sum_transpose(fail: Fail, g: Any, x: Masked, axis: Any = None, keepdims: bool = False) -> Masked:
    if isinstance(g, Masked) or keepdims or axis not in (None, 0):
        raise Mismatch("a reduction over other axes than the one that a mask picks along")
    return _spread_over(x, g)


def _project(fail: Fail, g: Any, x: Any) -> Any:
    dtype = x.array.dtype if isinstance(x, Masked) else jnp.result_type(x)
    if dtype.kind not in "fc":
        return g
    return Masked(astype(g.array, dtype), g.mask) if isinstance(g, Masked) else astype(g, dtype)


def _unbroadcast(fail: Fail, g: Any, x: Any) -> Any:
    if isinstance(g, Masked) and not isinstance(x, Masked):
        if np.ndim(x) > len(g.rest):
            raise Mismatch("an array that is broadcast to what a mask picks")
        g = jnp.sum(jnp.where(spread(g), g.array, 0), axis=tuple(range(g.array.ndim - np.ndim(x))))
    elif isinstance(x, Masked) and not isinstance(g, Masked):
        g = _spread_over(x, g)
    return _project(fail, g, x)


SPECIAL: dict[str, Callable[..., Any]] = {
    "np.sum": _reduction(jnp.sum, lambda dtype: 0), "np.prod": _reduction(jnp.prod, lambda dtype: 1),
    "np.max": _reduction(jnp.max, _lowest, needs_one=True), "np.min": _reduction(jnp.min, _highest, needs_one=True),
    "np.any": _reduction(jnp.any, lambda dtype: 0), "np.all": _reduction(jnp.all, lambda dtype: 1),
    "np.mean": _mean, "np.copy": _same, "duplicate": _same, "np.asarray": _same, "np.ascontiguousarray": _same,
    "zeros_for": _filled(0.0), "np.zeros_like": _filled(0.0), "np.ones_like": _filled(1.0), "extent": _extent,
    "np.shape": lambda fail, x: PickedShape(x), "np.ndim": lambda fail, x: 1 + len(x.rest),
    "len": lambda fail, x: _count(x), "np.size": lambda fail, x: _count(x) * int(np.prod(x.rest, dtype=int)),
    "np.broadcast_to": _broadcast, "sum_transpose": _sum_transpose, "project": _project, "unbroadcast": _unbroadcast,
}

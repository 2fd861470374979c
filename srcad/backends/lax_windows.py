"""Slices whose length is only known when the program runs, in XLA: `A[i, k + 1:]` in a loop over k.

XLA has no array of unknown length.  A slice stays the whole array, with the bounds of what is meant along each axis (a
`Window`).  Elementwise operations are made on the whole, reductions and products leave out what is not meant, and a
store is a choice:

    A[i, k + 1:] -= f * A[k, k + 1:]        row = A[i] - f * A[k];  A[i] = where(arange(n) >= k + 1, row, A[i])
    L[i, :i] @ x[:i]                        sum(where(arange(n) < i, L[i] * x, 0))

Two windows that meet must be of one length.  If they are the same in the source that is known; else the program checks
it, and reports a failure if not.  One that begins elsewhere is moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcad.backends.lax_control import cond
from srcad.backends.lax_forms import astype
from srcad.backends.lax_indices import Place, accumulate, load, store
from srcad.backends.lax_modules import jnp
from srcad.backends.lax_record import is_array, note_room, room_of
from srcad.backends.lax_values import Mismatch, Window

Fail = Callable[[Any], None]
Bounds = tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class WindowShape:
    """The shape of a Window."""

    of: Window


@dataclass(frozen=True)
class Axis:
    """One axis of a Window: `n` places, of which those from `start` to `stop` are meant."""

    n: int
    bounds: Bounds
    key: Any

    @property
    def mask(self) -> Any:
        start, stop = self.bounds
        places = jnp.arange(self.n)
        if not is_array(start) and start == 0:
            return places < stop
        after = places >= start
        return after if not is_array(stop) and stop == self.n else after & (places < stop)

    @property
    def length(self) -> Any:
        start, stop = self.bounds
        return jnp.maximum((stop if not is_array(start) and start == 0 else stop - start), 0)


def axis_of(window: Window, k: int) -> Axis | None:
    bounds = window.bounds[k]
    return None if bounds is None else Axis(window.array.shape[k], bounds, window.keys[k] if window.keys else None)


def axes_of(value: Any) -> list[Axis | None]:
    if not isinstance(value, Window):
        return [None] * np.ndim(value)
    return [axis_of(value, k) for k in range(value.array.ndim)]


def window_of(array: Any, axes: list[Axis | None]) -> Any:
    """The window with these axes; the array, if none of them is bounded."""
    if not any(axes):
        return array
    return Window(array, tuple(None if a is None else a.bounds for a in axes),
                  tuple(None if a is None else a.key for a in axes))


def whole(value: Any) -> Any:
    return value.array if isinstance(value, Window) else value


def mask_of(shape: tuple[int, ...], axes: list[Axis | None]) -> Any:
    """Which elements of an array of this shape are meant; its last axes are these."""
    mask: Any = None
    for k, axis in enumerate(axes):
        if axis is not None:
            own = jnp.reshape(axis.mask, (-1,) + (1,) * (len(axes) - 1 - k))
            mask = own if mask is None else mask & own
    return mask


def filled(value: Any, neutral: Any = 0) -> Any:
    """The whole array, with `neutral` in the place of what is not meant."""
    mask = mask_of(whole(value).shape, axes_of(value))
    return value if mask is None else jnp.where(mask, whole(value), np.asarray(neutral, value.array.dtype)[()])


# --- windows that meet

def met(a: Axis | None, b: Axis | None, fail: Fail) -> tuple[Axis | None, Any]:
    """The axis of two that meet, and by how much the second has to be moved."""
    if a is None or b is None:
        return a or b, 0
    if a.n != b.n:
        raise Mismatch("parts of unknown length of axes of different lengths")
    if a.key is not None and a.key == b.key or all(map(_is_same, a.bounds, b.bounds)):
        return a, 0
    fail(a.length != b.length)
    shift = _shift(a.key, b.key)
    return a, a.bounds[0] - b.bounds[0] if shift is None else shift


def _is_same(a: Any, b: Any) -> bool:
    return a is b or not is_array(a) and not is_array(b) and bool(a == b)


def moved(array: Any, shift: Any, axis: int) -> Any:
    """The array with what is at `i` at `i + shift`."""
    if not is_array(shift):
        return jnp.roll(array, shift, axis) if shift else array
    return cond(shift == 0, lambda: [array], lambda: [jnp.roll(array, shift, axis)])[0]


def _shift(a: Any, b: Any) -> int | None:
    """By how much both bounds of `a` lie above those of `b`, if that is known."""
    if a is None or b is None or any(p[0] is not q[0] for p, q in zip(a, b, strict=True)):
        return None
    starts, stops = (p[1] - q[1] for p, q in zip(a, b, strict=True))
    return int(starts) if starts == stops else None


def aligned(values: list[Any], fail: Fail) -> tuple[list[Any], list[Axis | None]]:
    """The whole arrays, so that they can be combined elementwise, and the axes of the result."""
    rank = max(np.ndim(whole(v)) for v in values)
    axes: list[Axis | None] = [None] * rank
    arrays = []
    for value in values:
        array = whole(value)
        for k, axis in enumerate(axes_of(value), rank - np.ndim(array)):
            axes[k], shift = met(axes[k], axis, fail) if axis is not None else (axes[k], 0)
            array = moved(array, shift, k - rank)
        arrays.append(array)
    for value in values:
        for k, axis in enumerate(axes_of(value), rank - np.ndim(whole(value))):
            if axis is None and axes[k] is not None and np.shape(whole(value))[k - rank] != 1:
                raise Mismatch("an array and a slice whose length is only known when the program runs")
    return arrays, axes


def elementwise(function: Callable[[list[Any]], Any], values: list[Any], fail: Fail) -> Any:
    arrays, axes = aligned(values, fail)
    return window_of(function(arrays), axes)


# --- loads and stores

def load_window(x: Any, place: Place) -> Any:
    found = load(x, place)
    axes: list[Axis | None] = [None] * found.ndim
    for k, (n, bounds, key) in place.bounded.items():
        axes[k] = Axis(n, bounds, key)
    return window_of(found, axes)


def _in_window(x: Any, place: Place, value: Any, fail: Fail) -> tuple[Any, Any, Any]:
    """What is there now, which of it is meant, and `value` for it."""
    there = load_window(x, place)
    if not isinstance(there, Window) and isinstance(value, Window):
        raise Mismatch("a slice whose length is only known when the program runs, for one of known length")
    (old, new), axes = aligned([there, value], fail)
    if np.ndim(new) > there.array.ndim:
        raise Mismatch("an array of more axes than the slice that it is stored into")
    return old, mask_of(old.shape, axes), new


def store_window(x: Any, place: Place, value: Any, fail: Fail) -> Any:
    old, mask, new = _in_window(x, place, value, fail)
    return store(x, place, jnp.where(mask, jnp.asarray(new).astype(x.dtype), old))


def accumulate_window(x: Any, place: Place, value: Any, fail: Fail) -> Any:
    _, mask, new = _in_window(x, place, value, fail)
    return accumulate(x, place, jnp.where(mask, new, 0))


# --- operations that know what is not meant

def _own_axes(x: Window, axis: Any) -> tuple[int, ...]:
    rank = x.array.ndim
    axes = tuple(range(rank)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(a % rank for a in axes)


def _reduction(reduce: Any, neutral: Callable[[np.dtype], Any], needs_one: bool = False) -> Callable[..., Any]:
    def run(fail: Fail, x: Window, axis: Any = None, keepdims: bool = False) -> Any:
        reduced = _own_axes(x, axis)
        axes = axes_of(x)
        for k in reduced:
            if needs_one and (own := axes[k]) is not None:
                fail(own.length == 0)
        values = filled(x, neutral(x.array.dtype))
        if len(reduced) == x.array.ndim and not keepdims:
            return reduce(values)
        result = reduce(values, axis=reduced, keepdims=keepdims)
        if keepdims:
            return window_of(result, [None if k in reduced else a for k, a in enumerate(axes)])
        return window_of(result, [a for k, a in enumerate(axes) if k not in reduced])

    return run


def _mean(fail: Fail, x: Window, axis: Any = None, keepdims: bool = False) -> Any:
    count: Any = 1
    for k in _own_axes(x, axis):
        own = axis_of(x, k)
        count = count * (x.array.shape[k] if own is None else own.length)
    total = SPECIAL["np.sum"](fail, x, axis, keepdims)
    return elementwise(lambda v: v[0] / v[1], [total, count.astype(x.array.dtype)], fail)


def _lowest(dtype: np.dtype) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype: np.dtype) -> Any:
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _matmul(fail: Fail, a: Any, b: Any) -> Any:
    if np.ndim(whole(a)) not in (1, 2) or np.ndim(whole(b)) not in (1, 2):
        raise Mismatch("a product of parts of unknown length with other than one or two axes")
    inner = np.ndim(whole(b)) - 2 if np.ndim(whole(b)) == 2 else 0
    left, right = axes_of(a), axes_of(b)
    if (left[-1] is None) != (right[inner] is None):
        raise Mismatch("an array and a slice whose length is only known when the program runs")
    _, shift = met(left[-1], right[inner], fail)
    product = jnp.matmul(filled(a), moved(filled(b), shift, inner))
    return window_of(product, [*left[:-1], *(axis for k, axis in enumerate(right) if k != inner)])


def _outer(fail: Fail, a: Any, b: Any) -> Any:
    if np.ndim(whole(a)) != 1 or np.ndim(whole(b)) != 1:
        raise Mismatch("an outer product of parts of unknown length with more than one axis")
    return window_of(jnp.outer(whole(a), whole(b)), [*axes_of(a), *axes_of(b)])


def _transposed(fail: Fail, x: Window, axes: Any = None) -> Any:
    order = tuple(axes) if axes is not None else tuple(reversed(range(x.array.ndim)))
    own = axes_of(x)
    return window_of(jnp.transpose(x.array, order), [own[k] for k in order])


def _same(fail: Fail, x: Any, *_: Any, **__: Any) -> Any:
    return x


def _like(value: float) -> Callable[..., Any]:
    def run(fail: Fail, x: Window, *_: Any, **__: Any) -> Any:
        dtype = x.array.dtype if x.array.dtype.kind in "fc" else np.dtype(float)
        return replace(x, array=jnp.full(x.array.shape, value, dtype))

    return run


def _extent(fail: Fail, x: Window, axis: int = 0) -> Any:
    own = axis_of(x, axis)
    if own is None:
        return x.array.shape[axis]
    length = own.length
    note_room(length, own)
    return length


def _size(fail: Fail, x: Window) -> Any:
    result: Any = 1
    for k in range(x.array.ndim):
        result = result * _extent(fail, x, k)
    return result


def shaped(shape: Any) -> tuple[tuple[int, ...], list[Axis | None]]:
    """The whole shape, and the axes, for a shape that holds lengths of windows."""
    if isinstance(shape, WindowShape):
        return shape.of.array.shape, axes_of(shape.of)
    sizes, axes = [], []
    for n in shape if isinstance(shape, tuple | list) else (shape,):
        axis = room_of(n) if is_array(n) else None
        if is_array(n) and not isinstance(axis, Axis):
            raise Mismatch("a shape is only known when the program runs")
        sizes.append(n if axis is None else axis.n)
        axes.append(axis)
    return tuple(sizes), axes


def _broadcast(fail: Fail, g: Any, shape: Any) -> Any:
    sizes, axes = shaped(shape)
    blank = Window(jnp.zeros(sizes), tuple(None if a is None else a.bounds for a in axes),
                   tuple(None if a is None else a.key for a in axes))
    return _spread(fail, g, blank)


def _spread(fail: Fail, g: Any, x: Any) -> Any:
    """`g`, stretched to the shape of `x`."""
    (array, like), axes = aligned([g, x], fail)
    return window_of(jnp.broadcast_to(jnp.asarray(array), np.shape(like)), axes)


def _sum_transpose(fail: Fail, g: Any, x: Window, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is not None and not keepdims:
        own = axes_of(g)
        for k in sorted(_own_axes(x, axis)):
            own.insert(k, None)
        g = window_of(jnp.expand_dims(whole(g), _own_axes(x, axis)), own)
    return _spread(fail, g, x)


def _project(fail: Fail, g: Any, x: Any) -> Any:
    dtype = jnp.result_type(whole(x))
    if dtype.kind not in "fc":
        return g
    return replace(g, array=astype(g.array, dtype)) if isinstance(g, Window) else astype(g, dtype)


def _unbroadcast(fail: Fail, g: Any, x: Any) -> Any:
    """Sum over the axes along which `x` was stretched."""
    rank, own = np.ndim(whole(x)), np.ndim(whole(g))
    stretched = [k for k in range(own) if k < own - rank or (
        axes_of(x)[k - own + rank] is None and np.shape(whole(x))[k - own + rank] == 1)]
    axes = axes_of(g)
    if stretched:
        array = jnp.sum(filled(g), axis=tuple(stretched), keepdims=True)
        array = jnp.reshape(array, array.shape[own - rank:])
        g = window_of(array, [None if k in stretched else a for k, a in enumerate(axes)][own - rank:])
    if isinstance(x, Window) and not isinstance(g, Window):
        g = _spread(fail, g, x)
    return _project(fail, g, x)


def _item(fail: Fail, x: Window, index: Any) -> Any:
    """`w[i]`."""
    axis = axis_of(x, 0)
    if isinstance(index, tuple | slice) or np.ndim(index) or axis is None:
        raise Mismatch("an index into a slice whose length is only known when the program runs")
    fail((index < -axis.length) | (index >= axis.length))
    start, stop = axis.bounds
    place = jnp.where(index < 0, stop + index, start + index)
    return window_of(x.array[place], axes_of(x)[1:])


def _astype(fail: Fail, x: Window, dtype: Any, **_: Any) -> Any:
    return replace(x, array=astype(x.array, dtype))


def _zeros(value: float) -> Callable[..., Any]:
    def run(fail: Fail, shape: Any, dtype: Any = float, **_: Any) -> Any:
        sizes, axes = shaped(shape)
        return window_of(jnp.full(sizes, value, dtype), axes)

    return run


SPECIAL: dict[str, Callable[..., Any]] = {
    "np.sum": _reduction(jnp.sum, lambda dtype: 0), "np.prod": _reduction(jnp.prod, lambda dtype: 1),
    "np.max": _reduction(jnp.max, _lowest, needs_one=True), "np.min": _reduction(jnp.min, _highest, needs_one=True),
    "np.any": _reduction(jnp.any, lambda dtype: 0), "np.all": _reduction(jnp.all, lambda dtype: 1), "np.mean": _mean,
    "@": _matmul, "np.matmul": _matmul, "np.dot": _matmul, "np.inner": _matmul, "np.outer": _outer,
    "np.transpose": _transposed, "np.copy": _same, "duplicate": _same, "np.asarray": _same, "copy": _same,
    "np.ascontiguousarray": _same, "zeros_for": _like(0.0), "np.zeros_like": _like(0.0), "np.ones_like": _like(1.0),
    "extent": _extent, "np.shape": lambda fail, x: WindowShape(x), "np.ndim": lambda fail, x: x.array.ndim,
    "len": lambda fail, x: _extent(fail, x, 0), "np.size": _size, "np.broadcast_to": _broadcast,
    "sum_transpose": _sum_transpose, "project": _project, "unbroadcast": _unbroadcast, "getitem": _item,
    ".astype": _astype, "astype": _astype,
}
# Arrays of a shape that may hold lengths of windows.
SHAPED = {"np.zeros": _zeros(0.0), "np.ones": _zeros(1.0), "np.broadcast_to": _broadcast}

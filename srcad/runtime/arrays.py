"""What generated derivatives call beside NumPy: each function is small and needs NumPy only.

Most generated lines need none of these.  A helper appears where a shape, a rank or a dtype is only known when the
program runs (`unbroadcast(g, x)` for a cotangent whose argument may have been broadcast), or where NumPy has no word
for a thing (`index_add`).  Every helper is pure: it returns a new value and changes none of its arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def unbroadcast(g: Any, x: Any) -> Any:
    """Sum `g` over the axes along which `x` was broadcast, and give it the dtype of `x`."""
    shape = np.shape(x)
    extra = np.ndim(g) - len(shape)
    if extra > 0:
        g = np.sum(g, axis=tuple(range(extra)))
    if np.ndim(g) == len(shape):
        stretched = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1) if shape else ()
        if stretched:
            g = np.sum(g, axis=stretched, keepdims=True)
    return project(g, x)


def project(g: Any, x: Any) -> Any:
    """`g` in the field and precision of `x`: the real part for a real `x`, single for single; an array for a complex
    `x` is complex, since others may be added to it in place."""
    if np.iscomplexobj(g) and not np.iscomplexobj(x):
        g = np.real(g)
    if np.ndim(g) == 0 and isinstance(g, np.ndarray) and not isinstance(x, np.ndarray):
        g = g[()]
    dtype = getattr(x, "dtype", None)
    if dtype is None or dtype.kind not in "fc" or getattr(g, "dtype", dtype) == dtype or isinstance(g, complex):
        return g
    return g.astype(dtype) if np.iscomplexobj(g) or dtype.kind == "f" or np.ndim(g) else g


def zeros_for(x: Any) -> Any:
    """Zero in the kind and shape of `x`: the derivative of a constant."""
    if isinstance(x, np.ndarray):
        return np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else float)
    if isinstance(x, np.generic):
        return x.dtype.type(0) if x.dtype.kind in "fc" else 0.0
    if isinstance(x, list | tuple):
        return [zeros_for(item) for item in x]
    return 0j if isinstance(x, complex) else 0.0


def index_add(buffer: Any, g: Any, index: Any) -> Any:
    """`buffer` with `g` added at `index`, as often as the index names an element."""
    result = np.array(buffer, np.result_type(buffer, g), copy=True)
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(i, list) or (isinstance(i, np.ndarray) and i.dtype != bool) for i in parts):
        np.add.at(result, index, g)
    else:
        result[index] += g
    return result


def unsplit(pieces: Any, x: Any, sections: Any, axis: int = 0) -> Any:
    """The cotangent of `x` for those of the pieces `np.split(x, sections, axis)`, which may overlap."""
    result = zeros_for(x)
    along = np.moveaxis(result, axis, 0)
    ends = [0, *map(int, sections), len(along)]
    for piece, start, stop in zip(pieces, ends[:-1], ends[1:], strict=True):
        along[start:stop] += np.moveaxis(piece, axis, 0)
    return result


def set_at(x: Any, index: Any, value: Any) -> Any:
    """`x` with `value` stored at `index`."""
    result = np.array(x, copy=True)
    result[index] = value
    return result


def read_last(g: Any, index: Any) -> Any:
    """`g[index]`, with zero for every element that a later one of the same index overwrites in a store."""
    rows = np.reshape(np.arange(np.size(g)), np.shape(g))
    writers = np.arange(np.size(rows[index])).reshape(np.shape(rows[index]))
    owner = np.zeros(np.shape(g), int)
    owner[index] = writers
    return np.where(owner[index] == writers, g[index], 0)


def astype(x: Any, dtype: Any) -> Any:
    """`x.astype(dtype)`, for numbers also; the real part where a complex number becomes real."""
    if np.iscomplexobj(x) and np.dtype(dtype).kind != "c":
        x = np.real(x)
    return np.asarray(x).astype(dtype)[()]


def sum_transpose(g: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The cotangent of `x` in `np.sum(x, axis, keepdims=keepdims)`."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, np.shape(x))


def linear_recurrence(a: Any, b: Any, axis: int = 0) -> Any:
    """`y[i] = a[i] * y[i - 1] + b[i]` along `axis`, from `y[-1] = 0`."""
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    y = np.zeros(b.shape, np.result_type(a, b))
    last = 0.0
    for i in range(len(b)):
        y[i] = last = a[i] * last + b[i]
    return np.moveaxis(y, 0, axis)


def shifted(x: Any, fill: float, axis: int = 0) -> Any:
    """`x` moved by one along `axis`, with `fill` in the first place."""
    x = np.moveaxis(x, axis, 0)
    first = np.full_like(x[:1], fill)
    return np.moveaxis(np.concatenate([first, x[:-1]]), 0, axis)


def other_products(x: Any, axis: Any = None) -> Any:
    """For each element of `x` the product of all others along `axis`, right also where `x` has zeros."""
    if axis is None:
        return np.reshape(other_products(np.ravel(x), 0), np.shape(x))
    if isinstance(axis, tuple):
        last = tuple(range(-len(axis), 0))
        moved = np.moveaxis(x, axis, last)
        flat = np.reshape(moved, (*moved.shape[: -len(axis)], -1))
        return np.moveaxis(np.reshape(other_products(flat, -1), moved.shape), last, axis)
    before = np.cumprod(shifted(x, 1, axis), axis=axis)
    after = np.flip(np.cumprod(shifted(np.flip(x, axis), 1, axis), axis=axis), axis)
    return before * after


def matmul_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `a @ b`, for any ranks."""
    if np.ndim(b) == 1:
        return unbroadcast(np.expand_dims(g, -1) * b, a) if np.ndim(a) > 1 else g * b
    if np.ndim(a) == 1:
        return unbroadcast(np.matmul(b, np.expand_dims(g, -1))[..., 0], a)
    return unbroadcast(np.matmul(g, np.swapaxes(b, -1, -2)), a)


def matmul_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `a @ b`, for any ranks."""
    if np.ndim(a) == 1:
        return unbroadcast(np.expand_dims(a, -1) * np.expand_dims(g, -2), b) if np.ndim(b) > 1 else g * a
    if np.ndim(b) == 1:
        return unbroadcast(np.matmul(np.expand_dims(g, -2), a)[..., 0, :], b)
    return unbroadcast(np.matmul(np.swapaxes(a, -1, -2), g), b)


def sinc_derivative(x: Any, k: int = 1) -> Any:
    """The k-th derivative of `np.sinc`, by its series near 0 and by its recurrence elsewhere."""
    u = np.pi * np.asarray(x)
    near = np.abs(u) < 1 + k
    v, series, term = np.where(near, u, 0), 0.0, 1.0
    for n in range(24 + 2 * k):
        power = 2 * n - k
        if power >= 0:
            falling = np.prod(np.arange(power + 1.0, 2 * n + 1.0))
            series = series + term * falling * v ** power
        term = -term / ((2 * n + 2) * (2 * n + 3))
    w = np.where(near, 1, u)
    far = np.sin(w) / w
    for j in range(1, k + 1):
        far = (np.sin(w + j * np.pi / 2) - j * far) / w
    return np.pi ** k * np.where(near, series, far)[()]


def item_of(x: Any) -> Any:
    """`x.item()`."""
    return x.item()


def flatten(x: Any) -> Any:
    """`x.flatten()`."""
    return x.flatten()


def duplicate(x: Any) -> Any:
    """`x.copy()`."""
    return x.copy()


def tolist(x: Any) -> Any:
    """`x.tolist()`."""
    return x.tolist()


def add_along_axis(buffer: Any, g: Any, indices: Any, axis: Any) -> Any:
    """`buffer` with `g` added where `np.take_along_axis(buffer, indices, axis)` reads."""
    if axis is None:
        return np.reshape(add_along_axis(np.ravel(buffer), g, indices, 0), np.shape(buffer))
    result = np.array(buffer, np.result_type(buffer, g), copy=True)
    places = list(np.indices(np.shape(indices), sparse=True))
    places[axis] = indices
    np.add.at(result, tuple(places), g)
    return result


def quantile_weights(x: Any, q: float, axis: Any = None) -> Any:
    """How much of `np.quantile(x, q, axis, keepdims=True)` each element of `x` is."""
    axes = tuple(range(np.ndim(x))) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(np.asarray(x), axes, last)
    flat = np.reshape(moved, (*moved.shape[: moved.ndim - len(axes)], -1))
    place = q * (flat.shape[-1] - 1)
    low = int(np.floor(place))
    high = min(low + 1, flat.shape[-1] - 1)
    order = np.argsort(flat, axis=-1, kind="stable")
    weights = np.zeros(flat.shape)
    np.put_along_axis(weights, order[..., low:low + 1], 1 - (place - low), -1)
    if high > low:
        np.put_along_axis(weights, order[..., high:high + 1], place - low, -1)
    return np.moveaxis(np.reshape(weights, moved.shape), last, axes)


def add_diagonal(buffer: Any, g: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """`buffer` with `g` added where `np.diagonal(buffer, offset, axis1, axis2)` reads."""
    result = np.array(buffer, np.result_type(buffer, g), copy=True)
    planes = np.moveaxis(result, (axis1, axis2), (-2, -1))
    n = min(planes.shape[-2] + min(offset, 0), planes.shape[-1] - max(offset, 0))
    i = np.arange(n)
    planes[..., i - min(offset, 0), i + max(offset, 0)] += g
    return result


def of_full(full: Any, a: Any, b: Any, mode: str) -> Any:
    """The part of `np.convolve(a, b, "full")` that another mode keeps."""
    least, most = sorted((len(a), len(b)))
    start, length = ((least - 1) // 2, most) if mode == "same" else (least - 1, most - least + 1)
    return full[start:start + length]


def to_full(g: Any, a: Any, b: Any, mode: str) -> Any:
    """The transpose of `of_full`: `g` between zeros."""
    least, most = sorted((len(a), len(b)))
    start = (least - 1) // 2 if mode == "same" else least - 1
    result = np.zeros(least + most - 1, np.asarray(g).dtype)
    result[start:start + len(g)] = g
    return result


def untiled(g: Any, x: Any, reps: Any) -> Any:
    """The cotangent of `x` in `np.tile(x, reps)`: the sum of the copies."""
    reps = reps if isinstance(reps, tuple | list) else (reps,)
    rank = max(len(reps), np.ndim(x))
    reps = (1,) * (rank - len(reps)) + tuple(reps)
    shape = (1,) * (rank - np.ndim(x)) + np.shape(x)
    copies = np.reshape(g, tuple(n for pair in zip(reps, shape, strict=True) for n in pair))
    return np.reshape(np.sum(copies, axis=tuple(range(0, 2 * rank, 2))), np.shape(x))


def unrepeated(g: Any, x: Any, repeats: Any, axis: Any = None) -> Any:
    """The cotangent of `x` in `np.repeat(x, repeats, axis)`: the sum of the copies of each element."""
    if axis is None:
        return np.reshape(unrepeated(g, np.ravel(x), repeats, 0), np.shape(x))
    n = np.shape(x)[axis]
    result = np.zeros(np.shape(x), np.asarray(g).dtype)
    np.add.at(np.moveaxis(result, axis, 0), np.repeat(np.arange(n), repeats), np.moveaxis(g, axis, 0))
    return result


def unpadded(g: Any, x: Any, pad_width: Any) -> Any:
    """The part of `g` where `x` stands in `np.pad(x, pad_width)`."""
    widths = np.broadcast_to(pad_width, (np.ndim(x), 2))
    return g[tuple(slice(before, before + n) for (before, _), n in zip(widths.tolist(), np.shape(x), strict=True))]


def padded_places(x: Any, pad_width: Any, mode: str) -> Any:
    """Which element of `x`, counted flat, each element of `np.pad(x, pad_width, mode)` copies."""
    places = np.reshape(np.arange(np.size(x)), np.shape(x))
    return np.pad(places, pad_width, mode=mode)  # type: ignore[call-overload]


def cofactor(a: Any) -> Any:
    """The matrix of cofactors, det(a) * inv(a).T, also where `a` is singular."""
    u, s, vh = np.linalg.svd(a)
    phase = np.linalg.det(u) * np.linalg.det(vh)
    return phase[..., None, None] * np.conj(u * other_products(s, -1)[..., None, :] @ vh)


def thin_svd(a: Any) -> Any:
    """`np.linalg.svd` without the vectors that belong to no singular value."""
    return tuple(np.linalg.svd(a, full_matrices=False))


def resized(g: Any, x: Any, axis: int) -> Any:
    """`g` cut, or continued by zeros, to the length of `x` along `axis`."""
    n = np.shape(x)[axis]
    g = np.moveaxis(g, axis, 0)[:n]
    missing = n - len(g)
    if missing:
        g = np.concatenate([g, np.zeros((missing, *g.shape[1:]), g.dtype)])
    return np.moveaxis(g, 0, axis)


def half_spectrum_weights(g: Any, axis: int) -> Any:
    """How often each frequency of `np.fft.rfft(g, axis=axis)` is in the whole spectrum: twice, but for the ends."""
    n = np.shape(g)[axis]
    weights = np.full(n // 2 + 1, 2.0)
    weights[0] = 1.0
    if n % 2 == 0:
        weights[-1] = 1.0
    return np.reshape(weights, (-1,) + (1,) * (np.ndim(g) - 1 - axis % np.ndim(g)))


def first_places(x: Any) -> Any:
    """Where the elements of `np.unique(x)` stand first in the raveled `x`."""
    return np.unique(x, return_index=True)[1]

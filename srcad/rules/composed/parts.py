"""Arrays from parts, and parts of arrays."""

from __future__ import annotations

import math

import numpy as np


def _joined(arrays, rank):  # type: ignore[no-untyped-def]
    rank = max([np.ndim(a) for a in arrays] + [rank])
    return np.concatenate([np.reshape(a, (1,) * (rank - np.ndim(a)) + np.shape(a)) for a in arrays], axis=-1)


def block(arrays):  # type: ignore[no-untyped-def]
    if not isinstance(arrays[0], list):
        return _joined(arrays, 1)
    if not isinstance(arrays[0][0], list):
        return np.concatenate([_joined(row, 2) for row in arrays], axis=-2)
    planes = [np.concatenate([_joined(row, 3) for row in plane], axis=-2) for plane in arrays]
    return np.concatenate(planes, axis=-3)


def r_(*parts):  # type: ignore[no-untyped-def]
    return np.concatenate([np.atleast_1d(p) for p in parts])


def c_(*parts):  # type: ignore[no-untyped-def]
    columns = [np.atleast_1d(p) for p in parts]
    return np.concatenate([c[:, None] if c.ndim == 1 else c for c in columns], axis=-1)


def insert(arr, obj, values, axis=None):  # type: ignore[no-untyped-def]
    if axis is None:
        arr, axis = np.ravel(arr), 0
    moved = np.moveaxis(arr, axis, 0)
    if moved.ndim == 1:
        middle = np.atleast_1d(values)
    else:
        middle = np.broadcast_to(values, moved.shape[1:])[None]
    return np.moveaxis(np.concatenate([moved[:obj], middle, moved[obj:]]), 0, axis)


def dstack(tup):  # type: ignore[no-untyped-def]
    return np.concatenate([np.atleast_3d(a) for a in tup], axis=2)


def concatenated(arrays, axis=0):  # type: ignore[no-untyped-def]
    """`np.concatenate` of the rows of one array."""
    if axis == 0:
        return np.reshape(arrays, (-1,) + arrays.shape[2:])
    axis = axis % (arrays.ndim - 1)
    moved = np.moveaxis(arrays, 0, axis)
    return np.reshape(moved, moved.shape[:axis] + (-1,) + moved.shape[axis + 2:])


def stacked(arrays, axis=0):  # type: ignore[no-untyped-def]
    return np.moveaxis(arrays, 0, axis).copy()


def vstacked(tup):  # type: ignore[no-untyped-def]
    if tup.ndim == 1:
        return tup[:, None].copy()
    return tup.copy() if tup.ndim == 2 else np.reshape(tup, (-1,) + tup.shape[2:])


def hstacked(tup):  # type: ignore[no-untyped-def]
    if tup.ndim <= 2:
        return np.ravel(tup).copy()
    return concatenated(tup, 1)


def column_stacked(tup):  # type: ignore[no-untyped-def]
    if tup.ndim == 1:
        return tup[None, :].copy()
    return tup.T.copy() if tup.ndim == 2 else concatenated(tup, 1)



def choose(a, choices, out=None, mode="raise"):  # type: ignore[no-untyped-def]
    a = np.asarray(a)
    if mode == "clip":
        a = np.clip(a, 0, len(choices) - 1)
    elif mode == "wrap":
        a = a % len(choices)
    result = choices[0] * np.ones(np.shape(a))
    for k in range(1, len(choices)):
        result = np.where(a == k, choices[k], result)
    return result


def fromiter(iter, dtype=float, count=-1):  # type: ignore[no-untyped-def]
    return np.array(list(iter), dtype=dtype)


def ix_(*args):  # type: ignore[no-untyped-def]
    places = [np.nonzero(a)[0] if np.asarray(a).dtype == bool else np.asarray(a) for a in args]
    return tuple([p.reshape((1,) * k + (-1,) + (1,) * (len(places) - k - 1)) for k, p in enumerate(places)])


def real_if_close(a, tol=100):  # type: ignore[no-untyped-def]
    return a


def resize(a, new_shape):  # type: ignore[no-untyped-def]
    shape = (new_shape,) if np.ndim(new_shape) == 0 else tuple(new_shape)
    places = np.arange(math.prod(shape)) % np.size(a)
    return np.reshape(np.ravel(a)[places], shape)


def trim_zeros(filt, trim="fb"):  # type: ignore[no-untyped-def]
    places = np.nonzero(filt)[0]
    if len(places) == 0:
        return filt[:0]
    first = places[0] if "f" in trim.lower() else 0
    end = places[-1] + 1 if "b" in trim.lower() else len(filt)
    return filt[first:end]


def broadcast_arrays(*args, subok=False):  # type: ignore[no-untyped-def]
    whole = np.zeros(np.shape(args[0]))
    for a in args[1:]:
        whole = whole + np.zeros(np.shape(a))
    return tuple([np.broadcast_to(a, whole.shape) for a in args])


def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):  # type: ignore[no-untyped-def]
    sizes = window_shape if isinstance(window_shape, tuple | list) else (window_shape,)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    rank = x.ndim
    for size, k in zip(sizes, axes, strict=True):
        k = k % rank
        places = np.arange(x.shape[k] - size + 1)[:, None] + np.arange(size)
        x = np.moveaxis(np.take(x, places, axis=k), k + 1, -1)
    return x


def put_along_axis(arr, indices, values, axis):  # type: ignore[no-untyped-def]
    axis = axis % arr.ndim
    places = [indices if k == axis else np.reshape(np.arange(arr.shape[k]), (-1,) + (1,) * (arr.ndim - k - 1))
              for k in range(arr.ndim)]
    arr[tuple(places)] = values


def astype(x, dtype, /, *, copy=True, device=None):  # type: ignore[no-untyped-def]
    return x.astype(dtype)


def require(a, dtype=None, requirements=None):  # type: ignore[no-untyped-def]
    return np.asarray(a) if dtype is None else np.asarray(a, dtype)

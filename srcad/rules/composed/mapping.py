"""Functions of the user's over the elements or lines of arrays, and the methods of ufuncs."""

from __future__ import annotations

import numpy as np


def piecewise(x, condlist, funclist, *args, **kw):  # type: ignore[no-untyped-def]
    x = np.asarray(x)
    choices = [f(x, *args, **kw) if callable(f) else f * np.ones(x.shape) for f in funclist]
    if len(choices) > len(condlist):
        result = choices[-1]
    else:
        result = np.zeros(x.shape)
    for k in range(len(condlist)):
        result = np.where(condlist[k], choices[k], result)
    return result


def fromfunction(function, shape, *, dtype=float, **kwargs):  # type: ignore[no-untyped-def]
    return function(*np.indices(shape, dtype), **kwargs)


def apply_along_axis(func1d, axis, arr, *args, **kwargs):  # type: ignore[no-untyped-def]
    lines = np.moveaxis(arr, axis, -1)
    results = []
    for line in lines.reshape((-1, lines.shape[-1])):
        results.append(func1d(line, *args, **kwargs))
    rows = np.array(results)
    whole = rows.reshape(lines.shape[:-1] + rows.shape[1:])
    if whole.ndim == arr.ndim:
        return np.moveaxis(whole, -1, axis)
    return whole


def vectorized(pyfunc, *args):  # type: ignore[no-untyped-def]
    ones = np.ones_like(args[0])
    for a in args[1:]:
        ones = ones * np.ones_like(a)
    results = []
    if len(args) == 1:
        for a in np.ravel(args[0]):
            results.append(pyfunc(a))
    elif len(args) == 2:
        for a, b in zip(np.ravel(args[0] * ones), np.ravel(args[1] * ones), strict=True):
            results.append(pyfunc(a, b))
    elif len(args) == 3:
        for a, b, c in zip(*[np.ravel(a * ones) for a in args], strict=True):
            results.append(pyfunc(a, b, c))
    else:
        raise TypeError("np.vectorize over more than three arrays")
    return np.reshape(np.array(results), np.shape(ones))




def add_reduce(array, axis=0, dtype=None, out=None, keepdims=False):  # type: ignore[no-untyped-def]
    return np.sum(array, axis=axis, keepdims=keepdims)


def multiply_reduce(array, axis=0, dtype=None, out=None, keepdims=False):  # type: ignore[no-untyped-def]
    return np.prod(array, axis=axis, keepdims=keepdims)


def maximum_reduce(array, axis=0, dtype=None, out=None, keepdims=False):  # type: ignore[no-untyped-def]
    return np.max(array, axis=axis, keepdims=keepdims)


def minimum_reduce(array, axis=0, dtype=None, out=None, keepdims=False):  # type: ignore[no-untyped-def]
    return np.min(array, axis=axis, keepdims=keepdims)


def logaddexp_reduce(array, axis=0, dtype=None, out=None, keepdims=False):  # type: ignore[no-untyped-def]
    top = np.max(array, axis=axis, keepdims=True)
    result = top + np.log(np.sum(np.exp(array - top), axis=axis, keepdims=True))
    return result if keepdims else np.squeeze(result, axis=axis)


def any_reduce(ufunc, array, axis=0):  # type: ignore[no-untyped-def]
    lines = np.moveaxis(array, axis, 0)
    result = lines[0]
    for k in range(1, lines.shape[0]):
        result = ufunc(result, lines[k])
    return result


def add_accumulate(array, axis=0):  # type: ignore[no-untyped-def]
    return np.cumsum(array, axis=axis)


def multiply_accumulate(array, axis=0):  # type: ignore[no-untyped-def]
    return np.cumprod(array, axis=axis)


def any_accumulate(ufunc, array, axis=0):  # type: ignore[no-untyped-def]
    lines = np.moveaxis(array, axis, 0)
    result = lines[0]
    rows = [result]
    for k in range(1, lines.shape[0]):
        result = ufunc(result, lines[k])
        rows.append(result)
    return np.moveaxis(np.array(rows), 0, axis)


def any_outer(ufunc, a, b):  # type: ignore[no-untyped-def]
    a, b = np.asarray(a), np.asarray(b)
    return ufunc(a.reshape(a.shape + (1,) * b.ndim), b)

"""Reductions that skip what is not a number."""

from __future__ import annotations

import numpy as np


def nancumsum(a, axis=None, dtype=None):  # type: ignore[no-untyped-def]
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype)


def nancumprod(a, axis=None, dtype=None):  # type: ignore[no-untyped-def]
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype)


def nanprod(a, axis=None, dtype=None, out=None, keepdims=False):  # type: ignore[no-untyped-def]
    return np.prod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype, keepdims=keepdims)


def _of_present(function, a, axis, keepdims, *args):  # type: ignore[no-untyped-def]
    if axis is None:
        flat = np.ravel(a)
        result = function(flat[~np.isnan(flat)], *args)
        return np.reshape(result, (1,) * np.ndim(a)) if keepdims else result
    result = np.apply_along_axis(lambda line: function(line[~np.isnan(line)], *args), axis, a)
    return np.expand_dims(result, axis) if keepdims else result


def nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=False):  # type: ignore[no-untyped-def]
    return _of_present(np.median, a, axis, keepdims)


def nanquantile(a, q, axis=None, out=None, overwrite_input=False, *, keepdims=False):  # type: ignore[no-untyped-def]
    return _of_present(np.quantile, a, axis, keepdims, q)


def nanpercentile(a, q, axis=None, out=None, overwrite_input=False, *, keepdims=False):  # type: ignore[no-untyped-def]
    return _of_present(np.percentile, a, axis, keepdims, q)

"""Functions of NumPy that are short programs over other functions of NumPy.

They have no derivative rule of their own: a call of one is lowered as a call of the program that stands here, as if
the user had written that.  Each gives what NumPy's own function gives, in the cases that `COMPOSED` sends to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime.arrays import first_places

# --- statistics


def average(a, axis=None, weights=None, returned=False, *, keepdims=False):  # type: ignore[no-untyped-def]
    a, weights = np.asarray(a), np.asarray(weights)
    if axis is not None and weights.ndim != a.ndim:
        weights = weights.reshape((-1,) + (1,) * (a.ndim - 1 - axis % a.ndim))
        total = np.sum(weights)
    else:
        total = np.sum(weights, axis=axis, keepdims=keepdims)
    result = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    if returned:
        return result, total * np.ones_like(result)
    return result


def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None):  # type: ignore[no-untyped-def]
    m = np.asarray(m)
    if m.ndim == 1:
        m = m[None, :]
    elif not rowvar:
        m = m.T
    if y is not None:
        y = np.asarray(y)
        if y.ndim == 1:
            y = y[None, :]
        elif not rowvar:
            y = y.T
        m = np.concatenate([m, y])
    if ddof is None:
        ddof = 0 if bias else 1
    if fweights is None and aweights is None:
        centred = m - np.mean(m, axis=1, keepdims=True)
        return np.squeeze(np.dot(centred, np.conj(centred.T)) / (m.shape[1] - ddof))
    w = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    total = np.sum(w)
    centred = m - (np.sum(m * w, axis=1) / total)[:, None]
    free = total - ddof if aweights is None else total - ddof * np.sum(w * aweights) / total
    return np.squeeze(np.dot(centred * w, np.conj(centred.T)) / free)


def corrcoef(x, y=None, rowvar=True):  # type: ignore[no-untyped-def]
    c = np.cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.real(np.diag(c)))
    return c / deviation[:, None] / deviation[None, :]


def gradient(f, *varargs, axis=None, edge_order=1):  # type: ignore[no-untyped-def]
    axes = range(f.ndim) if axis is None else axis
    steps = varargs if len(varargs) > 1 else varargs * len(axes) if varargs else (1.0,) * len(axes)
    return tuple([np.gradient(f, s, axis=k, edge_order=edge_order) for s, k in zip(steps, axes, strict=True)])


# --- products and matrices


def kron(a, b):  # type: ignore[no-untyped-def]
    a, b = np.asarray(a), np.asarray(b)
    a = a.reshape((1,) * (b.ndim - a.ndim) + a.shape)
    b = b.reshape((1,) * (a.ndim - b.ndim) + b.shape)
    return np.kron(a, b)


def vander(x, N=None, increasing=False):  # type: ignore[no-untyped-def]
    n = len(x) if N is None else N
    powers = np.arange(n)
    return x[:, None] ** (powers if increasing else powers[::-1])


def cond(x, p=None):  # type: ignore[no-untyped-def]
    if p is None or p == 2:
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., 0] / s[..., -1]
    if p == -2:
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0]
    return np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, axis=(-2, -1))


def lstsq(a, b, rcond=None):  # type: ignore[no-untyped-def]
    x = np.linalg.pinv(a) @ b
    s = np.linalg.svd(a, compute_uv=False)
    miss = b - a @ x
    residuals = np.sum(np.real(miss * np.conj(miss)), axis=0, keepdims=b.ndim == 1)
    return x, residuals, np.linalg.matrix_rank(a), s


def polyfit(x, y, deg):  # type: ignore[no-untyped-def]
    powers = x[:, None] ** np.arange(deg, -1, -1)
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    return ((np.linalg.pinv(powers / scale) @ y).T / scale).T


def roots(p):  # type: ignore[no-untyped-def]
    p = np.asarray(p)
    below = np.eye(len(p) - 2, len(p) - 1)
    return np.linalg.eigvals(np.concatenate([-p[None, 1:] / p[0], below]))


def nuclear_norm(x, ord=None, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    moved = np.moveaxis(x, axis, (-2, -1))
    result = np.sum(np.linalg.svd(moved, compute_uv=False), axis=-1)
    return np.expand_dims(result, axis) if keepdims else result


def svd_values(a, full_matrices=True, compute_uv=True, hermitian=False):  # type: ignore[no-untyped-def]
    return np.linalg.svdvals(a)


def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):  # type: ignore[no-untyped-def]
    if axis is not None:
        axisa = axisb = axisc = axis
    product = np.cross(np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1))
    return np.moveaxis(product, -1, axisc)


def tensorinv(a, ind=2):  # type: ignore[no-untyped-def]
    rows = math.prod(a.shape[ind:])
    return np.reshape(np.linalg.inv(np.reshape(a, (rows, rows))), a.shape[ind:] + a.shape[:ind])


def tensorsolve(a, b):  # type: ignore[no-untyped-def]
    rest = a.shape[b.ndim:]
    n = math.prod(rest)
    return np.reshape(np.linalg.solve(np.reshape(a, (n, n)), np.ravel(b)), rest)


def einsum(subscripts, *operands):  # type: ignore[no-untyped-def]
    return np.einsum(subscripts, *operands)


# --- arrays from parts


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


def unique(ar):  # type: ignore[no-untyped-def]
    return np.ravel(ar)[first_places(ar)]


def choose(a, choices):  # type: ignore[no-untyped-def]
    a = np.asarray(a)
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


# --- functions over the elements of arrays


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


# --- methods of ufuncs


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


# --- Fourier transforms over several axes




def fftn(a, s=None, axes=None, norm=None):  # type: ignore[no-untyped-def]
    axes = tuple(range(-len(s), 0)) if axes is None else axes
    for n, axis in zip(s, axes, strict=True):
        a = np.fft.fft(a, n, axis=axis, norm=norm)
    return a


def ifftn(a, s=None, axes=None, norm=None):  # type: ignore[no-untyped-def]
    axes = tuple(range(-len(s), 0)) if axes is None else axes
    for n, axis in zip(s, axes, strict=True):
        a = np.fft.ifft(a, n, axis=axis, norm=norm)
    return a


def fft2(a, s=None, axes=(-2, -1), norm=None):  # type: ignore[no-untyped-def]
    return fftn(a, s, axes, norm)


def ifft2(a, s=None, axes=(-2, -1), norm=None):  # type: ignore[no-untyped-def]
    return ifftn(a, s, axes, norm)


def rfftn(a, s=None, axes=None, norm=None):  # type: ignore[no-untyped-def]
    if axes is None:
        axes = tuple(range(-len(s), 0)) if s is not None else tuple(range(-a.ndim, 0))
    lengths = (None,) * len(axes) if s is None else s
    a = np.fft.rfft(a, lengths[-1], axis=axes[-1], norm=norm)
    for k in range(len(axes) - 1):
        a = np.fft.fft(a, lengths[k], axis=axes[k], norm=norm)
    return a


def irfftn(a, s=None, axes=None, norm=None):  # type: ignore[no-untyped-def]
    if axes is None:
        axes = tuple(range(-len(s), 0)) if s is not None else tuple(range(-a.ndim, 0))
    lengths = (None,) * len(axes) if s is None else s
    for k in range(len(axes) - 1):
        a = np.fft.ifft(a, lengths[k], axis=axes[k], norm=norm)
    return np.fft.irfft(a, lengths[-1], axis=axes[-1], norm=norm)


def rfft2(a, s=None, axes=(-2, -1), norm=None):  # type: ignore[no-untyped-def]
    return rfftn(a, s, axes, norm)


def irfft2(a, s=None, axes=(-2, -1), norm=None):  # type: ignore[no-untyped-def]
    return irfftn(a, s, axes, norm)


ALWAYS: dict[Any, Callable[..., Any]] = {
    np.cov: cov, np.corrcoef: corrcoef, np.vander: vander, np.linalg.cond: cond, np.linalg.lstsq: lstsq,
    np.polyfit: polyfit, np.roots: roots, np.block: block, np.insert: insert, np.choose: choose,
    np.fromiter: fromiter, np.ix_: ix_, np.piecewise: piecewise, np.apply_along_axis: apply_along_axis,
    np.linalg.tensorinv: tensorinv, np.linalg.tensorsolve: tensorsolve, np.real_if_close: real_if_close,
    np.dstack: dstack, np.fft.rfftn: rfftn, np.fft.irfftn: irfftn, np.fft.rfft2: rfft2, np.fft.irfft2: irfft2,
}
# Those that have a rule, which serves only a part of their calls.
OTHERWISE: dict[Any, Callable[..., Any]] = {
    np.average: average, np.gradient: gradient, np.kron: kron, np.linalg.norm: nuclear_norm, np.fft.fft2: fft2,
    np.fft.ifft2: ifft2, np.fft.fftn: fftn, np.fft.ifftn: ifftn, np.linalg.svd: svd_values, np.cross: cross,
    np.concatenate: concatenated,
    np.stack: stacked, np.vstack: vstacked, np.hstack: hstacked, np.column_stack: column_stacked, np.unique: unique,
}
METHODS: dict[tuple[str, np.ufunc], Callable[..., Any]] = {
    ("reduce", np.add): add_reduce, ("reduce", np.multiply): multiply_reduce, ("reduce", np.maximum): maximum_reduce,
    ("reduce", np.minimum): minimum_reduce, ("reduce", np.logaddexp): logaddexp_reduce,
    ("accumulate", np.add): add_accumulate, ("accumulate", np.multiply): multiply_accumulate,
}
# These take the ufunc as their first argument.
ANY_METHODS: dict[str, Callable[..., Any]] = {"reduce": any_reduce, "accumulate": any_accumulate, "outer": any_outer}

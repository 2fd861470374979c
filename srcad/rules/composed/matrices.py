"""Products and matrices."""

from __future__ import annotations

import math

import numpy as np


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


def trace(x, *, offset=0, dtype=None):  # type: ignore[no-untyped-def]
    return np.trace(x, offset, -2, -1)


def diagonal(x, *, offset=0):  # type: ignore[no-untyped-def]
    return np.diagonal(x, offset, -2, -1)


def matrix_norm(x, *, keepdims=False, ord="fro"):  # type: ignore[no-untyped-def]
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdims)


def vector_norm(x, *, axis=None, keepdims=False, ord=2):  # type: ignore[no-untyped-def]
    if axis is None:
        result = np.linalg.norm(np.ravel(x), ord)
        return np.reshape(result, (1,) * np.ndim(x)) if keepdims else result
    return np.linalg.norm(x, ord, axis=axis, keepdims=keepdims)


def matvec(x1, x2):  # type: ignore[no-untyped-def]
    return np.matmul(x1, x2[..., None])[..., 0]


def vecmat(x1, x2):  # type: ignore[no-untyped-def]
    return np.matmul(np.conj(x1)[..., None, :], x2)[..., 0, :]

"""Polynomials as arrays of coefficients, the highest power first."""

from __future__ import annotations

import numpy as np


def roots(p):  # type: ignore[no-untyped-def]
    p = np.asarray(p)
    below = np.eye(len(p) - 2, len(p) - 1)
    return np.linalg.eigvals(np.concatenate([-p[None, 1:] / p[0], below]))


def polyfit(x, y, deg):  # type: ignore[no-untyped-def]
    powers = x[:, None] ** np.arange(deg, -1, -1)
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    return ((np.linalg.pinv(powers / scale) @ y).T / scale).T


def poly(seq_of_zeros):  # type: ignore[no-untyped-def]
    zeros = np.asarray(seq_of_zeros)
    if zeros.ndim == 2:
        zeros = np.linalg.eigvals(zeros)
    result = np.ones_like(zeros[:1])
    for zero in zeros:
        result = np.append(result, 0) - zero * np.append(np.zeros(1), result)
    return result


def _padded(p, count):  # type: ignore[no-untyped-def]
    p = np.atleast_1d(p)
    return np.concatenate([np.zeros(count - len(p), p.dtype), p]) if count > len(p) else p


def polyadd(a1, a2):  # type: ignore[no-untyped-def]
    count = max(np.size(a1), np.size(a2))
    return _padded(a1, count) + _padded(a2, count)


def polysub(a1, a2):  # type: ignore[no-untyped-def]
    count = max(np.size(a1), np.size(a2))
    return _padded(a1, count) - _padded(a2, count)


def polymul(a1, a2):  # type: ignore[no-untyped-def]
    return np.convolve(a1, a2)


def polyder(p, m=1):  # type: ignore[no-untyped-def]
    p = np.asarray(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


def polyint(p, m=1, k=0.0):  # type: ignore[no-untyped-def]
    p = np.asarray(p)
    for _ in range(m):
        p = np.append(p / np.arange(len(p), 0, -1), k)
    return p

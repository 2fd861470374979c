"""Means, covariances and differences."""

from __future__ import annotations

import numpy as np


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


def quantiles(a, q, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    return np.array([np.quantile(a, p, axis=axis, keepdims=keepdims) for p in q])


def percentiles(a, q, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    return np.array([np.percentile(a, p, axis=axis, keepdims=keepdims) for p in q])


def ediff1d(ary, to_end=None, to_begin=None):  # type: ignore[no-untyped-def]
    steps = np.diff(np.ravel(ary))
    if to_begin is not None:
        steps = np.concatenate([np.ravel(to_begin), steps])
    if to_end is not None:
        steps = np.concatenate([steps, np.ravel(to_end)])
    return steps


def histogram_bin_edges(a, bins=10, range=None, weights=None):  # type: ignore[no-untyped-def]
    if np.ndim(bins) > 0:
        return np.asarray(bins)
    low, high = (np.min(a), np.max(a)) if range is None else range
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


def histogram(a, bins=10, range=None, density=None, weights=None):  # type: ignore[no-untyped-def]
    edges = np.histogram_bin_edges(a, bins, range)
    a = np.ravel(a)
    inside = (a >= edges[0]) & (a <= edges[-1])
    places = np.minimum(np.searchsorted(edges, a[inside], side="right"), len(edges) - 1) - 1
    chosen = None if weights is None else np.ravel(weights)[inside]
    counts = np.bincount(places, chosen, len(edges) - 1)
    if density:
        return counts / np.diff(edges) / np.sum(counts), edges
    return counts, edges

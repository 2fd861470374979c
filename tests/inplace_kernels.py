"""Textbook kernels that change arrays in place, each with arguments of a given size."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNELS: dict[str, Any] = {}


def kernel(arguments: Any) -> Any:
    def add(f: Any) -> Any:
        KERNELS[f.__name__] = f, lambda n: arguments(np.random.default_rng(n), n)
        return f
    return add


def definite(r: Any, n: int) -> np.ndarray:
    a = r.normal(size=(n, n))
    return a @ a.T + n * np.eye(n)


@kernel(lambda r, n: (definite(r, n),))
def lu(a):
    a = a.copy()
    n = a.shape[0]
    for k in range(n - 1):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1:] -= a[i, k] * a[k, k + 1:]
    return np.sum(np.log(np.diag(a)))


@kernel(lambda r, n: (definite(r, n),))
def lu_by_outer_products(a):
    a = a.copy()
    for k in range(a.shape[0] - 1):
        a[k + 1:, k] /= a[k, k]
        a[k + 1:, k + 1:] -= np.outer(a[k + 1:, k], a[k, k + 1:])
    return np.sum(np.log(np.diag(a)))


@kernel(lambda r, n: (definite(r, n),))
def cholesky(a):
    a = a.copy()
    n = a.shape[0]
    for j in range(n):
        a[j, j] = np.sqrt(a[j, j])
        a[j + 1:, j] /= a[j, j]
        for i in range(j + 1, n):
            a[i:, i] -= a[i:, j] * a[i, j]
    return np.sum(np.log(np.diag(a)))


@kernel(lambda r, n: (definite(r, n),))
def cholesky_by_rows(a):
    n = a.shape[0]
    low = np.zeros((n, n))
    for j in range(n):
        low[j, j] = np.sqrt(a[j, j] - np.dot(low[j, :j], low[j, :j]))
        for i in range(j + 1, n):
            low[i, j] = (a[i, j] - np.dot(low[i, :j], low[j, :j])) / low[j, j]
    return np.sum(np.log(np.diag(low)))


@kernel(lambda r, n: (definite(r, n),))
def cholesky_by_elements(a):
    n = a.shape[0]
    low = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= low[i, k] * low[j, k]
            if i == j:
                low[i, j] = np.sqrt(s)
            else:
                low[i, j] = s / low[j, j]
    return np.sum(np.log(np.diag(low)))


@kernel(lambda r, n: (definite(r, n), r.normal(size=n)))
def back_substitution(a, b):
    n = len(b)
    x = np.zeros(n)
    for k in range(n - 1, -1, -1):
        x[k] = (b[k] - a[k, k + 1:] @ x[k + 1:]) / a[k, k]
    return np.sum(x ** 2)


@kernel(lambda r, n: (r.normal(size=n),))
def running_sine(x):
    y = x.copy()
    for i in range(1, len(y)):
        y[i] += np.sin(y[i - 1])
    return y[-1]


@kernel(lambda r, n: (definite(r, n), r.normal(size=n), np.zeros(n)))
def gauss_seidel(a, b, x0):
    x = x0.copy()
    n = len(b)
    for _ in range(3):
        for i in range(n):
            x[i] = (b[i] - a[i] @ x + a[i, i] * x[i]) / a[i, i]
    return np.sum(x ** 2)


@kernel(lambda r, n: (r.uniform(size=(n, n)), 0.7))
def edit_distance(costs, gap):
    n, m = costs.shape
    d = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        d[i, 0] = i * gap
    for j in range(1, m + 1):
        d[0, j] = j * gap
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            a = d[i - 1, j - 1] + costs[i - 1, j - 1]
            b, c = d[i - 1, j] + gap, d[i, j - 1] + gap
            d[i, j] = -np.log(np.exp(-a) + np.exp(-b) + np.exp(-c))
    return d[n, m]


@kernel(lambda r, n: (r.normal(size=n), 0.2, n))
def wave(u0, rate, steps):
    u = u0.copy()
    for _ in range(steps):
        u[1:-1] += rate * np.sin(u[2:] - u[:-2])
    return np.sum(u ** 2)


@kernel(lambda r, n: (definite(r, n), r.permutation(n)))
def pivoted(a, rows):
    a = a.copy()
    n = len(rows)
    for k in range(n - 1):
        p = max(k, rows[k])
        a[[k, p]] = a[[p, k]]
        for i in range(k + 1, n):
            f = a[i, k] / (3 + a[k, k] ** 2)
            a[i, k:] -= f * a[k, k:]
    return np.sum(np.sin(a))


@kernel(lambda r, n: (r.normal(size=n), r.normal(size=n)))
def relaxed(x, b):
    """Each trip reads the whole array and stores into a part of it, under a test, and before another store."""
    x = x.copy()
    n = len(b)
    for i in range(n):
        s = np.sum(np.sin(x)) / n
        if b[i] > 0:
            x[i] = np.cos(s) * x[i - 1]
        else:
            x[i - 1] *= s
        x[(i * 2) % n] -= np.tanh(np.sum(x * b)) / n
    return np.sum(x ** 2)


@kernel(lambda r, n: (r.normal(size=n), 0.3))
def implicit_heat(u, r):
    """A tridiagonal solve in each step, with work arrays that are made in each step."""
    n = len(u)
    for _ in range(3):
        c, d, x = np.zeros(n), np.zeros(n), np.zeros(n)
        c[0], d[0] = -r / (1 + 2 * r), u[0] / (1 + 2 * r)
        for i in range(1, n):
            m = 1 + 2 * r + r * c[i - 1]
            c[i], d[i] = -r / m, (u[i] + r * d[i - 1]) / m
        x[n - 1] = d[n - 1]
        for i in range(n - 2, -1, -1):
            x[i] = d[i] - c[i] * np.sin(x[i + 1])
        u = x
    return np.sum(u ** 2)

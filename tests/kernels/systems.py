"""Systems of equations in place: banded, iterative and sparse solvers."""

from __future__ import annotations

import numpy as np

from tests.kernels.registry import kernel

RNG = np.random.default_rng(1)
M = RNG.uniform(0.2, 1.0, (4, 4)) + 4 * np.eye(4)
SPD = M @ M.T
B = RNG.uniform(0.5, 1.5, 4)
TALL = RNG.uniform(0.2, 1.0, (5, 3)) + np.eye(5, 3)


# Banded and iterative.


D = RNG.uniform(3, 4, 6)
E = RNG.uniform(0.5, 1, 6)
R6 = RNG.uniform(0.5, 1, 6)


@kernel(E, D, E[::-1].copy(), R6, second=True)
def thomas_by_index(a, b, c, d):
    n = len(d)
    cp, dp, x = np.zeros(n), np.zeros(n), np.zeros(n)
    cp[0] = c[0] / b[0]
    dp[0] = d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i] * cp[i - 1]
        cp[i] = c[i] / m
        dp[i] = (d[i] - a[i] * dp[i - 1]) / m
    x[-1] = dp[-1]
    for i in range(n - 2, -1, -1):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return np.sum(x ** 2)


def thomas(a, b, c, d):
    for i in range(1, len(d)):
        w = a[i] / b[i - 1]
        b[i] -= w * c[i - 1]
        d[i] -= w * d[i - 1]
    d[-1] /= b[-1]
    for i in range(len(d) - 2, -1, -1):
        d[i] = (d[i] - c[i] * d[i + 1]) / b[i]


@kernel(E, D, E[::-1].copy(), R6)
def thomas_in_place_of_the_arguments(a, b, c, d):
    thomas(a, b, c, d)
    return d @ d


@kernel(M, B, 5, second=True)
def gauss_seidel_by_index(A, b, sweeps):
    x = np.zeros(len(b))
    for _ in range(sweeps):
        for i in range(len(b)):
            s = 0.0
            for j in range(len(b)):
                if j != i:
                    s += A[i, j] * x[j]
            x[i] = (b[i] - s) / A[i, i]
    return np.sum(x)


@kernel(M, B)
def gauss_seidel_until_small(A, b):
    x = np.zeros_like(b)
    while True:
        old = x.copy()
        for i in range(len(x)):
            x[i] = (b[i] - A[i, :i] @ x[:i] - A[i, i + 1:] @ x[i + 1:]) / A[i, i]
        if np.max(np.abs(x - old)) < 1e-13:
            break
    return x @ x


@kernel(M, B, 1.1, 6)
def sor(A, b, omega, sweeps):
    x = np.zeros(len(b))
    for k in range(sweeps):
        for i in range(len(b)):
            x[i] += omega * (b[i] - A[i] @ x) / A[i, i]
    return np.sum(x ** 2)


@kernel(M, B, np.zeros(4), np.zeros(4), 5)
def jacobi_with_the_callers_buffers(A, b, x, y, sweeps):
    for _ in range(sweeps):
        for i in range(len(b)):
            s = b[i]
            for j in range(len(b)):
                if i != j:
                    s -= A[i, j] * x[j]
            y[i] = s / A[i, i]
        x, y = y, x
    return np.sum(x ** 2)


@kernel(SPD, B)
def conjugate_gradients(A, b):
    x = np.zeros_like(b)
    r = b - A @ x
    p = r.copy()
    rs = r @ r
    for _ in range(3):
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x += alpha * p
        r -= alpha * Ap
        new = r @ r
        p *= new / rs
        p += r
        rs = new
    return np.sum(x ** 2)


@kernel(SPD)
def jacobi_eigenvalues(A):
    A = A.copy()
    n = len(A)
    for _ in range(3):
        for p in range(n - 1):
            for q in range(p + 1, n):
                t = 0.5 * np.arctan2(2 * A[p, q], A[q, q] - A[p, p])
                c, s = np.cos(t), np.sin(t)
                rows = A[[p, q]]
                A[p] = c * rows[0] - s * rows[1]
                A[q] = s * rows[0] + c * rows[1]
                columns = A[:, [p, q]]
                A[:, p] = c * columns[:, 0] - s * columns[:, 1]
                A[:, q] = s * columns[:, 0] + c * columns[:, 1]
    return np.sum(np.diag(A) ** 2 * np.diag(A))


INDPTR, INDICES = np.array([0, 2, 3, 6]), np.array([0, 2, 1, 0, 1, 2])
DATA = RNG.uniform(0.5, 1, 6)


@kernel(DATA, B[:3], second=True)
def sparse_product_by_rows(data, x):
    y = np.zeros(3)
    for i in range(3):
        for k in range(INDPTR[i], INDPTR[i + 1]):
            y[i] += data[k] * x[INDICES[k]]
    return np.sum(y ** 2)


@kernel(DATA, B[:3], np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 1, 0, 1, 2]))
def sparse_product_by_triples(data, x, rows, cols):
    y = np.zeros_like(x)
    np.add.at(y, rows, data * x[cols])
    z = np.zeros_like(x)
    for v, i, j in zip(data, rows, cols):
        z[j] += v * x[i]
    return y @ z


@kernel(R6)
def durbin_levinson(r):
    r = r / (2 * r[0])
    n = len(r) - 1
    a = np.zeros(n)
    e = r[0]
    for k in range(n):
        lam = r[k + 1]
        for j in range(k):
            lam -= a[j] * r[k - j]
        lam /= e
        old = a[:k].copy()
        a[:k] -= lam * old[::-1]
        a[k] = lam
        e *= 1 - lam * lam
    return np.sum(a ** 2) + e


@kernel(TALL, B[:3])
def kaczmarz_projections(A, x):
    x = x.copy()
    b = np.ones(len(A))
    for _ in range(2):
        for row, value in zip(A, b):
            x += (value - row @ x) / (row @ row) * row
    return np.sum(x ** 2)


@kernel(B)
def projection_on_the_simplex(y):
    x, lam = y.copy(), 0.0
    for _ in range(3):
        g = np.sum(np.maximum(y - lam, 0.0)) - 1.0
        active = 0.0
        for v in y:
            if v > lam:
                active += 1.0
        lam += g / active
    for i in range(len(x)):
        x[i] = max(x[i] - lam, 0.0)
    return np.sum(x ** 2)

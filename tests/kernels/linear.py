"""Linear algebra in place: triangular solves, factorisations, iterative solvers."""

from __future__ import annotations

import numpy as np

from tests.kernels.registry import kernel

RNG = np.random.default_rng(1)
M = RNG.uniform(0.2, 1.0, (4, 4)) + 4 * np.eye(4)
SPD = M @ M.T
L = np.tril(M)
B = RNG.uniform(0.5, 1.5, 4)
TALL = RNG.uniform(0.2, 1.0, (5, 3)) + np.eye(5, 3)


# Triangular solves.


@kernel(L, B, second=True)
def forward_substitution_by_index(L, b):
    n = len(b)
    x = np.zeros(n)
    for i in range(n):
        s = b[i]
        for j in range(i):
            s -= L[i, j] * x[j]
        x[i] = s / L[i, i]
    return np.sum(x ** 2)


@kernel(L, B)
def forward_substitution_by_slice(L, b):
    x = b.copy()
    for i in range(len(x)):
        x[i] = (x[i] - L[i, :i] @ x[:i]) / L[i, i]
    return np.sum(np.sin(x))


@kernel(L, B)
def forward_substitution_by_column_in_the_argument(L, b):
    for j in range(len(b)):
        b[j] /= L[j, j]
        b[j + 1:] -= b[j] * L[j + 1:, j]
    return b @ b


def solve_upper(U, b):
    for i in range(b.shape[0] - 1, -1, -1):
        b[i] -= np.dot(U[i, i + 1:], b[i + 1:])
        b[i] /= U[i, i]
    return b


@kernel(M, B)
def back_substitution_in_a_helper(U, b):
    x = solve_upper(U, b.copy())
    return np.sum(x * b)


@kernel(M, B)
def back_substitution_reversed(U, b):
    x = np.empty_like(b)
    for i in reversed(range(len(b))):
        x[i] = b[i]
        for j in range(i + 1, len(b)):
            x[i] -= U[i, j] * x[j]
        x[i] = x[i] / U[i, i]
    return np.sum(x ** 3)


# LU.


@kernel(M, B, second=True)
def lu_by_index(A, b):
    n = A.shape[0]
    LU = A.copy()
    for k in range(n):
        for i in range(k + 1, n):
            LU[i, k] /= LU[k, k]
            for j in range(k + 1, n):
                LU[i, j] -= LU[i, k] * LU[k, j]
    y = b.copy()
    for i in range(n):
        for j in range(i):
            y[i] -= LU[i, j] * y[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            y[i] -= LU[i, j] * y[j]
        y[i] /= LU[i, i]
    return np.sum(y ** 2)


@kernel(M)
def lu_by_outer_product_in_the_argument(A):
    n = len(A)
    for k in range(n - 1):
        A[k + 1:, k] /= A[k, k]
        A[k + 1:, k + 1:] -= np.outer(A[k + 1:, k], A[k, k + 1:])
    return np.sum(np.log(np.diag(A)))


def eliminate(A, k):
    A[k + 1:, k] = A[k + 1:, k] / A[k, k]
    A[k + 1:, k + 1:] -= A[k + 1:, k, None] * A[None, k, k + 1:]


@kernel(M)
def lu_in_a_helper(A):
    W = A.copy()
    for k in range(W.shape[0] - 1):
        eliminate(W, k)
    return np.prod(np.diagonal(W))


@kernel(M[::-1].copy())
def lu_with_pivots(A):
    A = A.copy()
    n = len(A)
    sign = 1.0
    for k in range(n):
        p = k + np.argmax(np.abs(A[k:, k]))
        if p != k:
            A[[k, p]] = A[[p, k]]
            sign = -sign
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            A[i, k + 1:] -= A[i, k] * A[k, k + 1:]
    det = sign
    for k in range(n):
        det *= A[k, k]
    return det


@kernel(M[::-1].copy(), B)
def gauss_with_row_swaps(A, b):
    A, b = A.copy(), b.copy()
    n = len(b)
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(A[i, k]) > abs(A[p, k]):
                p = i
        if p != k:
            for j in range(n):
                A[k, j], A[p, j] = A[p, j], A[k, j]
            b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            f = A[i, k] / A[k, k]
            A[i] -= f * A[k]
            b[i] -= f * b[k]
    for i in range(n - 1, -1, -1):
        b[i] = (b[i] - A[i, i + 1:] @ b[i + 1:]) / A[i, i]
    return np.sum(b)


@kernel(M)
def gauss_jordan_inverse(A):
    n = A.shape[0]
    W = np.hstack([A, np.eye(n)])
    for i in range(n):
        W[i] /= W[i, i]
        for j in range(n):
            if j != i:
                W[j] -= W[j, i] * W[i]
    return np.sum(W[:, n:] ** 2)


# Cholesky.


@kernel(SPD, second=True)
def cholesky_by_index(A):
    n = len(A)
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                L[i, j] = np.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    return np.sum(np.log(np.diag(L)))


@kernel(SPD)
def cholesky_by_column(A):
    L = np.zeros_like(A)
    for j in range(A.shape[0]):
        L[j, j] = np.sqrt(A[j, j] - L[j, :j] @ L[j, :j])
        L[j + 1:, j] = (A[j + 1:, j] - L[j + 1:, :j] @ L[j, :j]) / L[j, j]
    return np.sum(L ** 2 * L)


@kernel(SPD)
def cholesky_right_looking_in_the_argument(A):
    n = A.shape[0]
    for k in range(n):
        A[k, k] **= 0.5
        A[k + 1:, k] /= A[k, k]
        for j in range(k + 1, n):
            A[j:, j] -= A[j:, k] * A[j, k]
    return np.sum(np.tril(A))


def rank_one_update(L, x):
    for k in range(len(x)):
        r = np.hypot(L[k, k], x[k])
        c, s = r / L[k, k], x[k] / L[k, k]
        L[k, k] = r
        if k + 1 < len(x):
            L[k + 1:, k] = (L[k + 1:, k] + s * x[k + 1:]) / c
            x[k + 1:] = c * x[k + 1:] - s * L[k + 1:, k]


@kernel(L, B)
def cholesky_update(L, x):
    L, x = L.copy(), x.copy()
    rank_one_update(L, x)
    return np.sum(L ** 2 * L)


# QR.


@kernel(TALL, second=True)
def gram_schmidt_modified(A):
    Q = A.copy()
    n = A.shape[1]
    R = np.zeros((n, n))
    for j in range(n):
        R[j, j] = np.sqrt(np.sum(Q[:, j] ** 2))
        Q[:, j] /= R[j, j]
        for k in range(j + 1, n):
            R[j, k] = Q[:, j] @ Q[:, k]
            Q[:, k] -= R[j, k] * Q[:, j]
    return np.sum(R ** 2) + np.sum(Q ** 3)


@kernel(TALL)
def gram_schmidt_classical(A):
    m, n = A.shape
    Q = np.zeros((m, n))
    for j in range(n):
        v = A[:, j].copy()
        for i in range(j):
            v -= (Q[:, i] @ A[:, j]) * Q[:, i]
        Q[:, j] = v / np.linalg.norm(v)
    return np.sum(Q ** 3)


@kernel(TALL)
def gram_schmidt_over_rows_of_the_transpose(A):
    Q = A.T.copy()
    for i, q in enumerate(Q):
        for k in range(i):
            q -= (Q[k] @ q) * Q[k]
        q /= np.sqrt(q @ q)
    return np.sum(Q ** 3)


@kernel(TALL)
def householder(A):
    R = A.copy()
    m, n = R.shape
    for k in range(n):
        v = R[k:, k].copy()
        v[0] += np.sign(v[0]) * np.linalg.norm(v)
        v /= np.linalg.norm(v)
        R[k:, k:] -= 2 * np.outer(v, v @ R[k:, k:])
    return np.sum(np.diag(R) ** 3)


def reflect(A, k):
    x = A[k:, k]
    v = np.zeros(len(A))
    v[k:] = x
    v[k] += np.copysign(np.sqrt(np.sum(x * x)), x[0])
    A -= np.outer(v, 2 * (v @ A) / (v @ v))


@kernel(TALL)
def householder_in_a_helper(A):
    A = np.array(A)
    for k in range(A.shape[1]):
        reflect(A, k)
    return A[0, 0] * A[1, 1] * A[2, 2]


@kernel(TALL)
def givens(A):
    A = A.copy()
    m, n = A.shape
    for j in range(n):
        for i in range(m - 1, j, -1):
            a, b = A[i - 1, j], A[i, j]
            r = np.sqrt(a * a + b * b)
            c, s = a / r, b / r
            upper = c * A[i - 1] + s * A[i]
            A[i] = c * A[i] - s * A[i - 1]
            A[i - 1] = upper
    return A[0, 0] * A[1, 1] * A[2, 2]

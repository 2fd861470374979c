"""Tables of dynamic programming, with soft minima; chains of probabilities."""

from __future__ import annotations

import numpy as np

from tests.kernels.registry import kernel

RNG = np.random.default_rng(4)
D = RNG.uniform(0.5, 2.0, (4, 4))
A = RNG.uniform(0.5, 1.0, 4)
B = RNG.uniform(0.5, 1.0, 5)
P = RNG.uniform(0.2, 1.0, (3, 3))
O = RNG.uniform(0.2, 1.0, (3, 5))


def softmin(a, b):
    return -np.logaddexp(-a, -b)


def soft(values):
    return -np.log(np.sum(np.exp(-np.array(values))))


@kernel(D, second=True)
def floyd_warshall_by_index(D):
    d = D.copy()
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                d[i, j] = -np.log(np.exp(-d[i, j]) + np.exp(-(d[i, k] + d[k, j])))
    return np.sum(d)


@kernel(D)
def floyd_warshall_by_matrix_in_the_argument(D):
    for k in range(len(D)):
        D[:] = -np.log(np.exp(-D) + np.exp(-(D[:, k:k + 1] + D[k])))
    return np.sum(D ** 2)


@kernel(D)
def floyd_warshall_hard(D):
    for k in range(D.shape[0]):
        np.minimum(D, D[:, k, None] + D[None, k, :], out=D)
    return np.sum(D ** 2)


@kernel(D)
def bellman_ford(W):
    dist = np.full(len(W), 5.0)
    dist[0] = 0.0
    for _ in range(len(W) - 1):
        for u in range(len(W)):
            for v in range(len(W)):
                dist[v] = soft([dist[v], dist[u] + W[u, v]])
    return np.sum(dist ** 2)


@kernel(A, B, second=True)
def edit_distance_by_table(a, b):
    n, m = len(a), len(b)
    D = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        D[i, 0] = i
    for j in range(1, m + 1):
        D[0, j] = j
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (a[i - 1] - b[j - 1]) ** 2
            D[i, j] = soft([D[i - 1, j] + 1, D[i, j - 1] + 1, D[i - 1, j - 1] + cost])
    return D[n, m]


@kernel(A, B)
def edit_distance_by_two_rows(a, b):
    prev = np.arange(len(b) + 1.0)
    cur = np.zeros(len(b) + 1)
    for i in range(len(a)):
        cur[0] = i + 1
        for j in range(len(b)):
            cost = (a[i] - b[j]) ** 2
            cur[j + 1] = soft([prev[j + 1] + 1, cur[j] + 1, prev[j] + cost])
        prev, cur = cur, prev
    return prev[-1]


@kernel(A, B)
def edit_distance_by_one_row(a, b):
    row = np.arange(len(b) + 1.0)
    for i, x in enumerate(a):
        corner = row[0]
        row[0] = i + 1
        for j, y in enumerate(b):
            up = row[j + 1]
            row[j + 1] = soft([up + 1, row[j] + 1, corner + (x - y) ** 2])
            corner = up
    return row[-1]


@kernel(A, B)
def time_warping_with_infinite_borders(a, b):
    D = np.full((len(a) + 1, len(b) + 1), 50.0)
    D[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            D[i + 1, j + 1] = abs(a[i] - b[j]) + min(D[i, j], D[i, j + 1], D[i + 1, j])
    return D[-1, -1]


@kernel(P, O)
def viterbi(P, O):
    n, T = O.shape
    score = np.zeros((T, n))
    back = np.zeros((T, n), dtype=int)
    score[0] = np.log(O[:, 0])
    for t in range(1, T):
        for j in range(n):
            s = score[t - 1] + np.log(P[:, j])
            back[t, j] = np.argmax(s)
            score[t, j] = s[back[t, j]] + np.log(O[j, t])
    k = np.argmax(score[-1])
    path = np.zeros(T, dtype=int)
    path[-1] = k
    for t in range(T - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    total = score[-1, k]
    for t in range(T):
        total += O[path[t], t]
    return total


@kernel(P, O)
def viterbi_with_a_row(P, O):
    v = O[:, 0].copy()
    for t in range(1, O.shape[1]):
        v[:] = np.max(v[:, None] * P, axis=0) * O[:, t]
    return np.log(v.max())


@kernel(P, O, second=True)
def forward_algorithm_with_scaling(P, O):
    n, T = O.shape
    alpha = np.zeros((T, n))
    c = np.zeros(T)
    alpha[0] = O[:, 0] / n
    c[0] = alpha[0].sum()
    alpha[0] /= c[0]
    for t in range(1, T):
        alpha[t] = (alpha[t - 1] @ P) * O[:, t]
        c[t] = alpha[t].sum()
        alpha[t] /= c[t]
    return np.sum(np.log(c))


@kernel(P, O)
def forward_backward(P, O):
    n, T = O.shape
    alpha, beta = np.empty((T, n)), np.ones((T, n))
    for t in range(T):
        alpha[t] = O[:, t] if t == 0 else O[:, t] * (alpha[t - 1] @ P)
    for t in range(T - 2, -1, -1):
        for i in range(n):
            beta[t, i] = 0.0
            for j in range(n):
                beta[t, i] += P[i, j] * O[j, t + 1] * beta[t + 1, j]
    gamma = alpha * beta
    gamma /= gamma.sum(axis=1, keepdims=True)
    return np.sum(gamma ** 2)


@kernel(A, np.array([1, 2, 3, 2]), 6)
def soft_knapsack(values, weights, capacity):
    best = np.zeros(capacity + 1)
    for v, w in zip(values, weights):
        for c in range(capacity, w - 1, -1):
            best[c] = np.logaddexp(best[c], best[c - w] + v)
    return best[-1]


@kernel(B)
def matrix_chain(p):
    n = len(p) - 1
    m = np.zeros((n, n))
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            costs = np.zeros(length)
            for k in range(i, j):
                costs[k - i] = m[i, k] + m[k + 1, j] + p[i] * p[k + 1] * p[j + 1]
            m[i, j] = soft(costs)
    return m[0, n - 1]


@kernel(B)
def binomial_option_in_place(s):
    v = np.maximum(s - 0.6, 0.1 * s)
    for step in range(len(v) - 1, 0, -1):
        for j in range(step):
            v[j] = 0.99 * (0.5 * v[j + 1] + 0.5 * v[j])
    return v[0]


@kernel(A)
def pascals_triangle(a):
    C = np.zeros((5, 5))
    for i in range(5):
        C[i, 0] = C[i, i] = 1
        for j in range(1, i):
            C[i, j] = C[i - 1, j - 1] * a[0] + C[i - 1, j] * a[1]
    return np.sum(C ** 2)


@kernel(A)
def memo_table(a):
    memo = np.zeros(8)
    known = [False] * 8

    def fib(k):
        if k < 2:
            return a[k]
        return memo[k - 1] * a[2] + memo[k - 2] * a[3]

    for k in range(8):
        memo[k] = fib(k)
        known[k] = True
    return memo[-1]


@kernel(O)
def kalman_with_preallocated_states(z):
    n = z.shape[1]
    x, p = np.zeros(n + 1), np.zeros(n + 1)
    p[0] = 1.0
    total = 0.0
    for k in range(n):
        x[k + 1], p[k + 1] = 0.9 * x[k], 0.81 * p[k] + 0.1
        innovation, s = z[0, k] - x[k + 1], p[k + 1] + z[1, k]
        gain = p[k + 1] / s
        x[k + 1] += gain * innovation
        p[k + 1] *= 1 - gain
        total += 0.5 * (np.log(s) + innovation ** 2 / s)
    return total

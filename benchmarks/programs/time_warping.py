"""Two series that are aligned by a table of dynamic programming, with a soft minimum (Cuturi and Blondel, 2017)."""

from functools import partial

import numpy as np

from benchmarks.case import Case

FAR = 1e6


def primal(x, y):
    n, m = len(x), len(y)
    best = np.full((n + 1, m + 1), FAR)
    best[0, 0] = 0.0
    for i in range(n):
        for j in range(m):
            low = min(best[i, j], best[i, j + 1], best[i + 1, j])
            weights = np.exp(low - best[i, j]) + np.exp(low - best[i, j + 1]) + np.exp(low - best[i + 1, j])
            best[i + 1, j + 1] = (x[i] - y[j]) ** 2 + low - np.log(weights)
    return best[n, m]


def hand(x, y):
    n, m = len(x), len(y)
    best = np.full((n + 1, m + 1), FAR)
    best[0, 0] = 0.0
    for i in range(n):
        for j in range(m):
            low = min(best[i, j], best[i, j + 1], best[i + 1, j])
            weights = np.exp(low - best[i, j]) + np.exp(low - best[i, j + 1]) + np.exp(low - best[i + 1, j])
            best[i + 1, j + 1] = (x[i] - y[j]) ** 2 + low - np.log(weights)
    dbest, dx, dy = np.zeros_like(best), np.zeros_like(x), np.zeros_like(y)
    dbest[n, m] = 1.0
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            d = dbest[i + 1, j + 1]
            gap = x[i] - y[j]
            dx[i] += 2 * d * gap
            dy[j] -= 2 * d * gap
            soft = best[i + 1, j + 1] - gap ** 2
            dbest[i, j] += d * np.exp(soft - best[i, j])
            dbest[i, j + 1] += d * np.exp(soft - best[i, j + 1])
            dbest[i + 1, j] += d * np.exp(soft - best[i + 1, j])
    return dx, dy


def redirected(x, y):
    above = [0.0] + [FAR] * len(y)
    for i in range(len(x)):
        row = [FAR]
        for j in range(len(y)):
            low = min(above[j], above[j + 1], row[j])
            weights = np.exp(low - above[j]) + np.exp(low - above[j + 1]) + np.exp(low - row[j])
            row.append((x[i] - y[j]) ** 2 + low - np.log(weights))
        above = row
    return above[-1]


def port(jax, x, y):
    jnp, lax = jax.numpy, jax.lax

    def next_row(above, xi):
        def cell(left, given):
            yj, corner, up = given
            best = (xi - yj) ** 2 - jax.nn.logsumexp(-jnp.stack([corner, up, left]))
            return best, best

        _, row = lax.scan(cell, jnp.float64(FAR), (y, above[:-1], above[1:]))
        return jnp.concatenate([jnp.array([FAR]), row]), None

    first = jnp.concatenate([jnp.zeros(1), jnp.full(len(y), FAR)])
    last, _ = lax.scan(next_row, first, x)
    return last[-1]


def inputs(rng, n, m):
    return np.cumsum(rng.normal(size=n)), np.cumsum(rng.normal(size=m))


CASES = [Case("time_warping", __name__, wrt=(0, 1), inputs=partial(inputs, n=40, m=30),
              tiny=partial(inputs, n=3, m=4))]

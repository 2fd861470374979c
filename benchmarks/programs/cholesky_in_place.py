"""Cholesky's factorisation in place, column by column: what later steps don't overwrite need not be kept."""

from functools import partial

import numpy as np

from benchmarks.case import Case


def primal(a):
    low = a.copy()
    n = len(low)
    for k in range(n):
        low[k, k] = np.sqrt(low[k, k])
        low[k + 1:, k] /= low[k, k]
        for j in range(k + 1, n):
            low[j:, j] -= low[j:, k] * low[j, k]
    return np.sum(np.log(np.diagonal(low))) + np.sum(np.tril(low) ** 2)


def hand(a):
    low = a.copy()
    n = len(low)
    for k in range(n):
        low[k, k] = np.sqrt(low[k, k])
        low[k + 1:, k] /= low[k, k]
        for j in range(k + 1, n):
            low[j:, j] -= low[j:, k] * low[j, k]
    d = 2 * np.tril(low)
    d[np.arange(n), np.arange(n)] += 1 / np.diagonal(low)
    for k in reversed(range(n)):
        for j in reversed(range(k + 1, n)):
            d[j, k] -= d[j:, j] @ low[j:, k]
            d[j:, k] -= d[j:, j] * low[j, k]
        d[k + 1:, k] /= low[k, k]
        d[k, k] -= d[k + 1:, k] @ low[k + 1:, k]
        d[k, k] *= 0.5 / low[k, k]
    return (d,)


def port(jax, a):
    jnp, lax = jax.numpy, jax.lax
    n = a.shape[0]
    rows = jnp.arange(n)

    def step(low, k):
        pivot = jnp.sqrt(low[k, k])
        column = jnp.where(rows > k, low[:, k] / pivot, jnp.where(rows == k, pivot, low[:, k]))
        low = low.at[:, k].set(column)
        below = jnp.where(rows > k, column, 0.0)
        return low - jnp.tril(jnp.outer(below, below)), None

    low, _ = lax.scan(step, a, rows)
    return jnp.sum(jnp.log(jnp.diagonal(low))) + jnp.sum(jnp.tril(low) ** 2)


def inputs(rng, size):
    m = rng.normal(size=(size, size))
    return (m @ m.T / size + np.eye(size),)


CASES = [Case("cholesky_in_place", __name__, wrt=(0,), inputs=partial(inputs, size=40), tiny=partial(inputs, size=4),
              autograd=False)]

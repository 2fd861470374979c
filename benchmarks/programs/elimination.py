"""Gaussian elimination in place, a column at a time: the logarithm of a determinant."""

from functools import partial

import numpy as np

from benchmarks.case import Case


def primal(a):
    a = a.copy()
    n = len(a)
    for k in range(n - 1):
        a[k + 1:, k] /= a[k, k]
        a[k + 1:, k + 1:] -= np.outer(a[k + 1:, k], a[k, k + 1:])
    return np.sum(np.log(np.diag(a)))


def hand(a):
    a = a.copy()
    n = len(a)
    for k in range(n - 1):
        a[k + 1:, k] /= a[k, k]
        a[k + 1:, k + 1:] -= np.outer(a[k + 1:, k], a[k, k + 1:])
    da = np.diag(1 / np.diag(a))
    for k in reversed(range(n - 1)):
        column, row, g = a[k + 1:, k], a[k, k + 1:], da[k + 1:, k + 1:]
        da[k + 1:, k] -= g @ row
        da[k, k + 1:] -= column @ g
        da[k + 1:, k] /= a[k, k]
        da[k, k] -= da[k + 1:, k] @ column
    return (da,)


def port(jax, a):
    jnp = jax.numpy
    n = len(a)
    places = jnp.arange(n)

    def eliminate(a, k):
        below = places > k
        column = jnp.where(below, a[:, k] / a[k, k], 0.0)
        row = jnp.where(below, a[k], 0.0)
        a = a.at[:, k].set(jnp.where(below, column, a[:, k]))
        return a - jnp.outer(column, row), None

    a, _ = jax.lax.scan(eliminate, a, jnp.arange(n - 1))
    return jnp.sum(jnp.log(jnp.diag(a)))


def inputs(rng, n):
    a = rng.normal(size=(n, n))
    return (a @ a.T / n + 2 * np.eye(n),)


CASES = [Case("elimination", __name__, wrt=(0,), inputs=partial(inputs, n=60), tiny=partial(inputs, n=4),
              autograd=False)]

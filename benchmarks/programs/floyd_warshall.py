"""Shortest paths between all pairs of nodes, by Floyd and Warshall: minima in place."""

from functools import partial

import numpy as np

from benchmarks.case import Case


def primal(lengths):
    d = lengths.copy()
    for k in range(len(d)):
        d = np.minimum(d, d[:, k:k + 1] + d[k:k + 1, :])
    return np.sum(d)


def hand(lengths):
    d, tape = lengths.copy(), []
    for k in range(len(d)):
        through = d[:, k:k + 1] + d[k:k + 1, :]
        tape.append(through < d)
        d = np.where(tape[-1], through, d)
    dd = np.ones_like(d)
    for k in reversed(range(len(d))):
        shorter = tape.pop()
        g = np.where(shorter, dd, 0.0)
        dd = np.where(shorter, 0.0, dd)
        dd[:, k] += np.sum(g, axis=1)
        dd[k, :] += np.sum(g, axis=0)
    return (dd,)


def port(jax, lengths):
    jnp = jax.numpy

    def step(d, k):
        return jnp.minimum(d, d[:, k][:, None] + d[k][None, :]), None

    d, _ = jax.lax.scan(step, lengths, jnp.arange(len(lengths)))
    return jnp.sum(d)


def inputs(rng, n):
    lengths = rng.uniform(1.0, 2.0, size=(n, n)) ** 3
    np.fill_diagonal(lengths, 0.5 * rng.uniform(size=n))
    return (lengths,)


CASES = [Case("floyd_warshall", __name__, wrt=(0,), inputs=partial(inputs, n=60), tiny=partial(inputs, n=4),
              autograd=False)]

"""A tridiagonal system by Thomas' algorithm: elements that are changed one after the other, there and back."""

from functools import partial

import numpy as np

from benchmarks.case import Case


def primal(lower, main, upper, b):
    n = len(main)
    c, x = main.copy(), b.copy()
    for i in range(1, n):
        w = lower[i - 1] / c[i - 1]
        c[i] -= w * upper[i - 1]
        x[i] -= w * x[i - 1]
    x[n - 1] /= c[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - upper[i] * x[i + 1]) / c[i]
    return np.sum(x ** 2)


def hand(lower, main, upper, b):
    """By the transposed system, as the solution of `A x = b` has it."""
    n = len(main)
    x = solved(lower, main, upper, b)
    y = solved(upper, main, lower, 2 * x)
    return -y[1:] * x[:n - 1], -y * x, -y[:n - 1] * x[1:], y


def solved(lower, main, upper, b):
    n = len(main)
    c, x = main.copy(), b.copy()
    for i in range(1, n):
        w = lower[i - 1] / c[i - 1]
        c[i] -= w * upper[i - 1]
        x[i] -= w * x[i - 1]
    x[n - 1] /= c[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - upper[i] * x[i + 1]) / c[i]
    return x


def port(jax, lower, main, upper, b):
    jnp = jax.numpy

    def down(state, row):
        c, y = state
        low, mid, up, right = row
        w = low / c
        state = mid - w * up, right - w * y
        return state, state

    first = main[0], b[0]
    _, (cs, ys) = jax.lax.scan(down, first, (lower, main[1:], upper, b[1:]))
    cs, ys = jnp.concatenate([main[:1], cs]), jnp.concatenate([b[:1], ys])
    last = ys[-1] / cs[-1]

    def back(x, row):
        c, y, up = row
        x = (y - up * x) / c
        return x, x

    _, xs = jax.lax.scan(back, last, (cs[:-1], ys[:-1], upper), reverse=True)
    return jnp.sum(xs ** 2) + last ** 2


def inputs(rng, n):
    return rng.normal(size=n - 1), 4 + rng.uniform(size=n), rng.normal(size=n - 1), rng.normal(size=n)


CASES = [Case("tridiagonal", __name__, wrt=(0, 1, 2, 3), inputs=partial(inputs, n=1000), tiny=partial(inputs, n=5),
              autograd=False)]

"""Lorenz's equations by Runge-Kutta: a loop of many small operations, and calls."""

from functools import partial

import numpy as np

from benchmarks.case import Case

H = 0.01


def rates(s, p):
    return np.stack([p[0] * (s[1] - s[0]), s[0] * (p[1] - s[2]) - s[1], s[0] * s[1] - p[2] * s[2]])


def runge_kutta(s, p):
    k1 = rates(s, p)
    k2 = rates(s + 0.5 * H * k1, p)
    k3 = rates(s + 0.5 * H * k2, p)
    k4 = rates(s + H * k3, p)
    return s + H / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def primal(s, p, steps):
    for _ in range(steps):
        s = runge_kutta(s, p)
    return np.sum(s ** 2)


def rates_reverse(s, p, dk, ds, dp):
    """Add the cotangents of `rates(s, p)` to `ds` and `dp`."""
    ds[0] += dk[1] * (p[1] - s[2]) + dk[2] * s[1] - p[0] * dk[0]
    ds[1] += p[0] * dk[0] - dk[1] + dk[2] * s[0]
    ds[2] -= dk[1] * s[0] + dk[2] * p[2]
    dp[0] += dk[0] * (s[1] - s[0])
    dp[1] += dk[1] * s[0]
    dp[2] -= dk[2] * s[2]


def runge_kutta_reverse(s, p, dt, dp):
    """The cotangent of `s` when that of `runge_kutta(s, p)` is `dt`."""
    k1 = rates(s, p)
    s2 = s + 0.5 * H * k1
    k2 = rates(s2, p)
    s3 = s + 0.5 * H * k2
    k3 = rates(s3, p)
    d4, d3, d2, ds = np.zeros(3), np.zeros(3), np.zeros(3), dt.copy()
    rates_reverse(s + H * k3, p, H / 6 * dt, d4, dp)
    rates_reverse(s3, p, H / 3 * dt + H * d4, d3, dp)
    rates_reverse(s2, p, H / 3 * dt + 0.5 * H * d3, d2, dp)
    rates_reverse(s, p, H / 6 * dt + 0.5 * H * d2, ds, dp)
    return ds + d2 + d3 + d4


def hand(s, p, steps):
    tape = []
    for _ in range(steps):
        tape.append(s)
        s = runge_kutta(s, p)
    ds, dp = 2 * s, np.zeros(3)
    while tape:
        ds = runge_kutta_reverse(tape.pop(), p, ds, dp)
    return ds, dp


def port(jax, s, p, steps):
    jnp = jax.numpy

    def rates(s):
        return jnp.stack([p[0] * (s[1] - s[0]), s[0] * (p[1] - s[2]) - s[1], s[0] * s[1] - p[2] * s[2]])

    def step(s, _):
        k1 = rates(s)
        k2 = rates(s + 0.5 * H * k1)
        k3 = rates(s + 0.5 * H * k2)
        k4 = rates(s + H * k3)
        return s + H / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    s, _ = jax.lax.scan(step, s, length=steps)
    return jnp.sum(s ** 2)


def inputs(rng, steps):
    return np.array([1.0, 1.0, 1.0]) + 0.1 * rng.normal(size=3), np.array([10.0, 28.0, 8.0 / 3.0]), steps


CASES = [Case("lorenz_300", __name__, wrt=(0, 1), static=(2,), inputs=partial(inputs, steps=300),
              tiny=partial(inputs, steps=3))]

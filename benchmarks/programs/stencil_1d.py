"""Burgers' equation on a line: a stencil in one dimension that changes its array in place."""

from functools import partial

import numpy as np

from benchmarks.case import Case

C, NU = 0.2, 0.1


def primal(u0, steps):
    u = u0.copy()
    for _ in range(steps):
        u[1:-1] += NU * (u[2:] - 2 * u[1:-1] + u[:-2]) - C * u[1:-1] * (u[2:] - u[:-2])
    return np.sum(u ** 2)


def hand(u0, steps):
    u, tape = u0.copy(), []
    for _ in range(steps):
        tape.append(u.copy())
        u[1:-1] += NU * (u[2:] - 2 * u[1:-1] + u[:-2]) - C * u[1:-1] * (u[2:] - u[:-2])
    du = 2 * u
    while tape:
        u, g = tape.pop(), du[1:-1].copy()
        slope = C * g * u[1:-1]
        du[1:-1] -= 2 * NU * g + C * g * (u[2:] - u[:-2])
        du[2:] += NU * g - slope
        du[:-2] += NU * g + slope
    return (du,)


def port(jax, u0, steps):
    def step(_, u):
        change = NU * (u[2:] - 2 * u[1:-1] + u[:-2]) - C * u[1:-1] * (u[2:] - u[:-2])
        return u.at[1:-1].add(change)

    return jax.numpy.sum(jax.lax.fori_loop(0, steps, step, u0) ** 2)


def inputs(rng, n, steps):
    return np.sin(np.linspace(0, 6, n)) + 0.1 * rng.normal(size=n), steps


CASES = [Case("stencil_1d", __name__, wrt=(0,), static=(1,), inputs=partial(inputs, n=1000, steps=200),
              tiny=partial(inputs, n=8, steps=3), autograd=False)]

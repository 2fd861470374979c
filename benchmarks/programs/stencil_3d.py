"""A reaction that diffuses in a box: a stencil in three dimensions, changed in place."""

from functools import partial

import numpy as np

from benchmarks.case import Case

D = 0.1


def primal(u0, rate, steps):
    u = u0.copy()
    for _ in range(steps):
        c = u[1:-1, 1:-1, 1:-1]
        spread = (u[2:, 1:-1, 1:-1] + u[:-2, 1:-1, 1:-1] + u[1:-1, 2:, 1:-1] + u[1:-1, :-2, 1:-1]
                  + u[1:-1, 1:-1, 2:] + u[1:-1, 1:-1, :-2] - 6 * c)
        u[1:-1, 1:-1, 1:-1] = c + D * spread + rate * c * (1 - c)
    return np.sum(u ** 2)


def spread(u):
    return (u[2:, 1:-1, 1:-1] + u[:-2, 1:-1, 1:-1] + u[1:-1, 2:, 1:-1] + u[1:-1, :-2, 1:-1]
            + u[1:-1, 1:-1, 2:] + u[1:-1, 1:-1, :-2] - 6 * u[1:-1, 1:-1, 1:-1])


def hand(u0, rate, steps):
    inner = (slice(1, -1),) * 3
    u, tape = u0.copy(), []
    for _ in range(steps):
        tape.append(u.copy())
        u[inner] += D * spread(u) + rate * u[inner] * (1 - u[inner])
    du, drate = 2 * u, 0.0
    while tape:
        u, g = tape.pop(), du[inner].copy()
        drate += np.sum(g * u[inner] * (1 - u[inner]))
        du[inner] += g * (rate * (1 - 2 * u[inner]) - 6 * D)
        g *= D
        du[2:, 1:-1, 1:-1] += g
        du[:-2, 1:-1, 1:-1] += g
        du[1:-1, 2:, 1:-1] += g
        du[1:-1, :-2, 1:-1] += g
        du[1:-1, 1:-1, 2:] += g
        du[1:-1, 1:-1, :-2] += g
    return du, drate


def port(jax, u0, rate, steps):
    def step(_, u):
        c = u[1:-1, 1:-1, 1:-1]
        return u.at[1:-1, 1:-1, 1:-1].set(c + D * spread(u) + rate * c * (1 - c))

    return jax.numpy.sum(jax.lax.fori_loop(0, steps, step, u0) ** 2)


def inputs(rng, n, steps):
    return rng.uniform(size=(n, n, n)), 0.3, steps


CASES = [Case("stencil_3d", __name__, wrt=(0, 1), static=(2,), inputs=partial(inputs, n=20, steps=30),
              tiny=partial(inputs, n=4, steps=3), autograd=False)]

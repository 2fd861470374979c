"""A wave on a membrane: two arrays in two dimensions, each changed in place from the other."""

from functools import partial

import numpy as np

from benchmarks.case import Case

C, DT = 0.2, 0.5


def primal(u0, speed, steps):
    u, v = u0.copy(), np.zeros_like(u0)
    for _ in range(steps):
        lap = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1]
        v[1:-1, 1:-1] += C * speed[1:-1, 1:-1] * lap - 0.01 * np.sin(u[1:-1, 1:-1])
        u += DT * v
    return np.sum(u ** 2)


def laplacian(u):
    return u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1]


def hand(u0, speed, steps):
    u, v, tape = u0.copy(), np.zeros_like(u0), []
    inner = slice(1, -1), slice(1, -1)
    for _ in range(steps):
        tape.append(u.copy())
        v[inner] += C * speed[inner] * laplacian(u) - 0.01 * np.sin(u[inner])
        u += DT * v
    du, dv, dspeed = 2 * u, np.zeros_like(u), np.zeros_like(speed)
    while tape:
        u = tape.pop()
        dv += DT * du
        g = dv[inner]
        dspeed[inner] += C * g * laplacian(u)
        dlap = C * g * speed[inner]
        du[2:, 1:-1] += dlap
        du[:-2, 1:-1] += dlap
        du[1:-1, 2:] += dlap
        du[1:-1, :-2] += dlap
        du[inner] -= 4 * dlap + 0.01 * g * np.cos(u[inner])
    return du, dspeed


def port(jax, u0, speed, steps):
    jnp = jax.numpy

    def step(_, state):
        u, v = state
        change = C * speed[1:-1, 1:-1] * laplacian(u) - 0.01 * jnp.sin(u[1:-1, 1:-1])
        v = v.at[1:-1, 1:-1].add(change)
        return u + DT * v, v

    u, _ = jax.lax.fori_loop(0, steps, step, (u0, jnp.zeros_like(u0)))
    return jnp.sum(u ** 2)


def inputs(rng, n, steps):
    return rng.normal(size=(n, n)), rng.uniform(0.5, 1.0, size=(n, n)), steps


CASES = [Case("stencil_2d", __name__, wrt=(0, 1), static=(2,), inputs=partial(inputs, n=64, steps=50),
              tiny=partial(inputs, n=5, steps=3), autograd=False)]

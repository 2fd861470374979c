"""A rod that is heated, in place: a stencil over parts of one array, with a conductivity at every point."""

from functools import partial

import numpy as np

from benchmarks.case import Case


def primal(u0, k, steps):
    u = u0.copy()
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u ** 2)


def hand(u0, k, steps):
    u, tape = u0.copy(), []
    for _ in range(steps):
        curvature = u[2:] - 2 * u[1:-1] + u[:-2]
        tape.append(curvature)
        u[1:-1] += k * curvature
    du, dk = 2 * u, np.zeros_like(k)
    while tape:
        dk += du[1:-1] * tape.pop()
        t = k * du[1:-1]
        du[:-2] += t
        du[1:-1] -= 2 * t
        du[2:] += t
    return du, dk


def redirected(u0, k, steps):
    u = u0
    for _ in range(steps):
        inner = u[1:-1] + k * (u[2:] - 2 * u[1:-1] + u[:-2])
        u = np.concatenate([u[:1], inner, u[-1:]])
    return np.sum(u ** 2)


def port(jax, u0, k, steps):
    def step(u, _):
        return u.at[1:-1].add(k * (u[2:] - 2 * u[1:-1] + u[:-2])), None

    u, _ = jax.lax.scan(step, u0, length=steps)
    return jax.numpy.sum(u ** 2)


def inputs(rng, points, steps):
    return rng.normal(size=points), rng.uniform(0.1, 0.4, points - 2), steps


CASES = [Case(f"heat_in_place_{points}", __name__, wrt=(0, 1), static=(2,),
              inputs=partial(inputs, points=points, steps=200), tiny=partial(inputs, points=6, steps=3))
         for points in (100, 10_000)]

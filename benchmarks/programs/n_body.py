"""Bodies that attract each other: positions and velocities that are changed in place, by a helper."""

from functools import partial

import numpy as np

from benchmarks.case import Case

DT, SOFT = 0.01, 0.1


def attract(x, m, a):
    for i in range(len(m)):
        d = x - x[i]
        r2 = np.sum(d * d, axis=1) + SOFT
        a[i] = (m * r2 ** -1.5) @ d


def primal(x, v, m, steps):
    x, v = x.copy(), v.copy()
    a = np.zeros_like(x)
    for _ in range(steps):
        attract(x, m, a)
        v += DT * a
        x += DT * v
    return np.sum(m * np.sum(v * v, axis=1)) + np.sum(x * x)


def attract_reverse(x, m, da, dx, dm):
    """Add the cotangents of the accelerations to `dx` and `dm`."""
    for i in reversed(range(len(m))):
        d = x - x[i]
        r2 = np.sum(d * d, axis=1) + SOFT
        force = r2 ** -1.5
        along = d @ da[i]
        dm += force * along
        t = np.outer(m * force, da[i]) + (-3.0 * m * r2 ** -2.5 * along)[:, None] * d
        dx += t
        dx[i] -= np.sum(t, axis=0)


def hand(x, v, m, steps):
    x, v = x.copy(), v.copy()
    a, tape = np.zeros_like(x), []
    for _ in range(steps):
        attract(x, m, a)
        tape.append(x.copy())
        v += DT * a
        x += DT * v
    dx, dv, dm = 2 * x, 2 * m[:, None] * v, np.sum(v * v, axis=1)
    while tape:
        dv += DT * dx
        attract_reverse(tape.pop(), m, DT * dv, dx, dm)
    return dx, dv, dm


def redirected(x, v, m, steps):
    for _ in range(steps):
        a = []
        for i in range(len(m)):
            d = x - x[i]
            r2 = np.sum(d * d, axis=1) + SOFT
            a.append(np.dot(m * r2 ** -1.5, d))
        v = v + DT * np.array(a)
        x = x + DT * v
    return np.sum(m * np.sum(v * v, axis=1)) + np.sum(x * x)


def port(jax, x, v, m, steps):
    jnp = jax.numpy

    def attraction(x, xi):
        d = x - xi
        r2 = jnp.sum(d * d, axis=1) + SOFT
        return (m * r2 ** -1.5) @ d

    def step(state, _):
        x, v = state
        v = v + DT * jax.vmap(attraction, in_axes=(None, 0))(x, x)
        return (x + DT * v, v), None

    (x, v), _ = jax.lax.scan(step, (x, v), length=steps)
    return jnp.sum(m * jnp.sum(v * v, axis=1)) + jnp.sum(x * x)


def inputs(rng, bodies, steps):
    return rng.normal(size=(bodies, 3)), 0.1 * rng.normal(size=(bodies, 3)), rng.uniform(0.5, 1.5, bodies), steps


CASES = [Case("n_body", __name__, wrt=(0, 1, 2), static=(3,), inputs=partial(inputs, bodies=20, steps=20),
              tiny=partial(inputs, bodies=3, steps=2))]

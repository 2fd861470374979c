"""A fixed point by a `while` whose number of trips depends on the values.

JAX does not reverse such a loop: its port is the scan of as many trips as are made for these arguments.
"""

from functools import partial

import numpy as np

from benchmarks.case import Case

TOLERANCE = 1e-9


def primal(w, b, most):
    h, change, trips = np.zeros(len(b)), 1.0, 0
    while change > TOLERANCE and trips < most:
        new = np.tanh(w @ h + b)
        change = np.max(np.abs(new - h))
        h = new
        trips += 1
    return np.sum(h ** 2)


def hand(w, b, most):
    h, change, tape = np.zeros(len(b)), 1.0, []
    while change > TOLERANCE and len(tape) < most:
        tape.append(h)
        h = np.tanh(w @ h + b)
        change = np.max(np.abs(h - tape[-1]))
    dh, dw, db = 2 * h, np.zeros_like(w), np.zeros_like(b)
    while tape:
        dz = dh * (1 - h * h)
        h = tape.pop()
        dw += np.outer(dz, h)
        db += dz
        dh = w.T @ dz
    return dw, db


def port(jax, w, b, most):
    jnp = jax.numpy

    def step(h, _):
        return jnp.tanh(w @ h + b), None

    h, _ = jax.lax.scan(step, jnp.zeros(len(b)), length=most)
    return jnp.sum(h ** 2)


def trips(w, b):
    """How many trips are made."""
    h, change, made = np.zeros(len(b)), 1.0, 0
    while change > TOLERANCE:
        new = np.tanh(w @ h + b)
        change = np.max(np.abs(new - h))
        h, made = new, made + 1
    return made


def inputs(rng, size, gain):
    w = rng.normal(size=(size, size))
    w *= gain / np.linalg.norm(w, 2)
    b = 0.01 * rng.normal(size=size)
    return w, b, trips(w, b)


CASES = [Case("fixed_point", __name__, wrt=(0, 1), static=(2,), inputs=partial(inputs, size=32, gain=1.5),
              tiny=partial(inputs, size=3, gain=0.3))]

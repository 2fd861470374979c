"""A recurrence of Python floats: a long loop of small statements."""

import math
from functools import partial

import numpy as np

from benchmarks.case import Case


def primal(w, b, trips):
    h = 0.5
    for _ in range(trips):
        h = math.tanh(w * h + b)
    return h * h


def hand(w, b, trips):
    h = 0.5
    tape = []
    for _ in range(trips):
        tape.append(h)
        h = math.tanh(w * h + b)
    dh = 2 * h
    dw = db = 0.0
    while tape:
        dz = dh * (1 - h * h)
        h = tape.pop()
        dw += dz * h
        db += dz
        dh = dz * w
    return dw, db


def redirected(w, b, trips):
    """The primal for autograd, which can't see through `math`."""
    h = 0.5
    for _ in range(trips):
        h = np.tanh(w * h + b)
    return h * h


def port(jax, w, b, trips):
    def trip(h, _):
        return jax.numpy.tanh(w * h + b), None

    h, _ = jax.lax.scan(trip, 0.5 * jax.numpy.ones_like(w), length=trips)
    return h * h


def inputs(rng, trips):
    return 0.9, 0.05, trips


TINY = partial(inputs, trips=5)
CASES = [
    Case("recurrence_1000", __name__, wrt=(0, 1), static=(2,), inputs=partial(inputs, trips=1_000), tiny=TINY),
    Case("recurrence_100000", __name__, wrt=(0, 1), static=(2,), inputs=partial(inputs, trips=100_000), tiny=TINY),
]

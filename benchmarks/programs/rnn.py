"""A recurrent network over 200 steps: a loop of array operations of middling size."""

from functools import partial

import numpy as np

from benchmarks.case import Case


def primal(w, u, b, xs, target):
    h = np.zeros(len(b))
    for t in range(len(xs)):
        h = np.tanh(w @ h + u @ xs[t] + b)
    return np.sum((h - target) ** 2)


def hand(w, u, b, xs, target):
    h = np.zeros(len(b))
    tape = []
    for t in range(len(xs)):
        tape.append(h)
        h = np.tanh(w @ h + u @ xs[t] + b)
    dh = 2 * (h - target)
    dw, du, db = np.zeros_like(w), np.zeros_like(u), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        dz = dh * (1 - h * h)
        h = tape.pop()
        dw += np.outer(dz, h)
        du += np.outer(dz, xs[t])
        db += dz
        dh = w.T @ dz
    return dw, du, db


def port(jax, w, u, b, xs, target):
    jnp = jax.numpy

    def step(h, x):
        return jnp.tanh(w @ h + u @ x + b), None

    h, _ = jax.lax.scan(step, jnp.zeros(len(b)), xs)
    return jnp.sum((h - target) ** 2)


def inputs(rng, steps, hidden, features):
    w = 0.9 * rng.normal(size=(hidden, hidden)) / np.sqrt(hidden)
    u = rng.normal(size=(hidden, features)) / np.sqrt(features)
    return w, u, 0.1 * rng.normal(size=hidden), rng.normal(size=(steps, features)), rng.normal(size=hidden)


CASES = [Case("rnn_200", __name__, wrt=(0, 1, 2), inputs=partial(inputs, steps=200, hidden=32, features=16),
              tiny=partial(inputs, steps=3, hidden=4, features=2))]

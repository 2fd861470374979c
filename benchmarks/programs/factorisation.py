"""Factorisation of a matrix by gradient steps: the loss after them, as a function of where they start."""

from functools import partial

import numpy as np

from benchmarks.case import Case

RATE = 0.01


def primal(a, b, m, steps):
    for _ in range(steps):
        error = a @ b - m
        a, b = a - RATE * error @ b.T, b - RATE * a.T @ error
    return np.sum((a @ b - m) ** 2)


def hand(a, b, m, steps):
    tape = []
    for _ in range(steps):
        error = a @ b - m
        tape.append((a, b, error))
        a, b = a - RATE * error @ b.T, b - RATE * a.T @ error
    derror = 2 * (a @ b - m)
    da, db = derror @ b.T, a.T @ derror
    while tape:
        a, b, error = tape.pop()
        derror = -RATE * (da @ b + a @ db)
        da, db = da - RATE * error @ db.T + derror @ b.T, db - RATE * da.T @ error + a.T @ derror
    return da, db


def port(jax, a, b, m, steps):
    def step(ab, _):
        a, b = ab
        error = a @ b - m
        return (a - RATE * error @ b.T, b - RATE * a.T @ error), None

    (a, b), _ = jax.lax.scan(step, (a, b), length=steps)
    return jax.numpy.sum((a @ b - m) ** 2)


def inputs(rng, rows, columns, rank, steps):
    a, b = rng.normal(size=(rows, rank)) / np.sqrt(rank), rng.normal(size=(rank, columns)) / np.sqrt(rank)
    return a, b, rng.normal(size=(rows, columns)) / np.sqrt(rows), steps


CASES = [Case("factorisation", __name__, wrt=(0, 1), static=(3,),
              inputs=partial(inputs, rows=60, columns=40, rank=5, steps=50),
              tiny=partial(inputs, rows=4, columns=3, rank=2, steps=2))]

"""Stores into arrays that a list of unknown length holds."""

from __future__ import annotations

import numpy as np

from tests.corpus.registry import program

VECTOR = np.arange(1.0, 6) / 3


@program(VECTOR, 3)
def last_array_of_a_growing_list(x, n):
    history = []
    for k in range(n):
        history.append(np.zeros(3))
        for i in range(3):
            history[-1][i] = x[i] * (k + 1) + x[k]
    return sum(np.sum(h ** 2) for h in history)


@program(VECTOR, 4)
def rows_by_their_indices(x, n):
    rows = [np.zeros(3) for _ in range(n)]
    for k in range(n):
        rows[k][:] = x[:3] * k
        if k > 0:
            rows[k][1:] += rows[k - 1][:-1]
    return sum(np.sum(r ** 2) for r in rows)


@program(VECTOR, 3)
def every_array_of_a_list(x, n):
    rows = [x * k for k in range(n)]
    for row in rows:
        row *= 2
        row[0] = row[1] * x[0]
    return sum(np.sum(r ** 2) for r in rows)


@program(VECTOR, 3)
def every_array_with_its_index(x, n):
    rows = [x + k for k in range(n)]
    for k, row in enumerate(rows):
        row[k:] -= x[:len(x) - k] * k
    return sum(np.sum(r ** 3) for r in rows)


@program(VECTOR, 3)
def array_of_the_trip_before(x, n):
    rows = [x * k for k in range(n)]
    last = rows[0]
    for k in range(1, n):
        rows[k][1:] += last[:-1]
        last = rows[k]
        last[0] *= 3
    return sum(np.sum(r ** 2) for r in rows)


@program(VECTOR, 3)
def components_of_tuples_in_a_list(x, n):
    pairs = [(x * k, np.zeros(5)) for k in range(n)]
    pairs[1][1][0] = x[0] ** 2
    pairs[1][0][2] = x[1]
    return sum(np.sum(p * q + p * p) for p, q in pairs)


def add(rows, k, value):
    rows[k][0] += value


@program(VECTOR, 3)
def list_whose_arrays_a_helper_changes(x, n):
    rows = [x * k for k in range(n)]
    for k in range(n):
        add(rows, k, x[1] ** 2)
    return sum(np.sum(r ** 2) for r in rows)


@program(VECTOR, 3)
def view_of_an_array_of_a_list(x, n):
    rows = [x * k for k in range(n)]
    v = rows[2][1:]
    v *= x[0]
    if x[0] > 0:
        rows[1][0] = v[0] * 2
    return sum(np.sum(r ** 2) for r in rows)


@program(VECTOR, 4)
def list_that_is_replaced_element_by_element(x, n):
    rows = [x.copy() for _ in range(n)]
    for k in range(1, n):
        rows[k] = rows[k - 1] * x[0]
        rows[k][0] += k
    return sum(np.sum(r ** 2) for r in rows)


@program(VECTOR, 4)
def bound_late_and_read_in_the_next_trip(x, n):
    total = 0.0
    for k in range(n):
        if k > 0:
            total += last[0] * last[1]
        last = x * k
    return total


@program(VECTOR, 4)
def number_that_becomes_an_array(x, n):
    total = 0
    for k in range(n):
        total += x * x[k]
        total[0] *= 2.0
    return np.sum(np.sin(total))


@program(np.arange(9.0).reshape(3, 3) / 9 + 0.05, 0.1)
def masked_stores_into_rows(A, s):
    B = A.copy()
    for row in B:
        row[row > 0.3] = row[-1] * s
    return np.sum(np.sin(B))


@program(VECTOR, 3)
def list_in_a_loop_that_holds_an_array(x, n):
    A = x.copy()
    total = 0.0
    for _ in range(n):
        d = {"a": A, "b": (A, total)}
        d["a"][...] *= 0.9
        total += np.sum(d["b"][0] ** 2)
    return total

"""Stores that are refused, each with what its message must say: where sharing can't be decided, nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
REFUSED: list[tuple[Callable[..., Any], tuple[Any, ...], str]] = []
VECTOR = np.arange(1.0, 6) / 3
MATRIX = np.arange(9.0).reshape(3, 3) / 5 + 0.2
OUTSIDE = np.arange(3.0)


def refused(words: str, *args: Any) -> Callable[[F], F]:
    def register(function: F) -> F:
        REFUSED.append((function, args, words))
        return function

    return register


@refused("one of two arrays", VECTOR)
def store_into_one_of_three(x):
    a, b, c = x.copy(), x * 2, x * 3
    y = a if x[0] > 1 else (b if x[1] > 0 else c)
    y[0] = x[1] * x[2]
    return np.sum(y * a * b * c)


@refused("part of another array", MATRIX)
def reshaped_argument(A):
    r = A.reshape(-1)
    r[1] = A[0, 0] ** 2
    return np.sum(A * A) + r[1]


@refused("part of another array", MATRIX)
def ravelled_transpose(A):
    B = A.copy()
    r = B.T.ravel()
    r[0] = 100 * A[1, 1]
    return np.sum(B * B) + r[0]


@refused("part of another array", MATRIX)
def diagonal_by_einsum(A):
    B = A.copy()
    d = np.einsum("ii->i", B)
    d[0] = A[1, 1] ** 2
    return np.sum(B ** 2)


@refused("what a store to it changes is not tracked", VECTOR)
def broadcast_view(x):
    y = x.copy()
    B = np.broadcast_to(y, (3, 5))
    B[0, 0] = 1.0
    return np.sum(B ** 2)


@refused("put into the list here", VECTOR, 100)
def array_that_a_list_holds(x, n):
    u = x.copy()
    history = []
    for k in range(n):
        history.append(u)
        u[0] = x[1] * k
    return sum([np.sum(h * h) for h in history])


@refused("came from a list", VECTOR, 3)
def one_array_put_into_a_list_in_every_trip(x, n):
    u = x.copy()
    history = []
    for k in range(n):
        history.append(u)
    history[0][1] = x[0] ** 2
    return sum([np.sum(h * h) for h in history])


@refused("changed meanwhile", VECTOR, 2000)
def name_of_an_array_that_is_changed_through_a_list(x, n):
    history = []
    for k in range(n):
        u = x * k
        history.append(u)
        history[-1][0] = 7 * x[1]
    return np.sum(u ** 2) + sum([np.sum(h * h) for h in history])


@refused("changed meanwhile", VECTOR, 3)
def two_lists_that_hold_the_same_arrays(x, n):
    a, b = [], []
    for k in range(n):
        u = x * k
        a.append(u)
        b.append(u)
    a[1][0] = 4 * x[1]
    return sum([np.sum(h * h) for h in b])


@refused("changed meanwhile", VECTOR, 3)
def part_of_a_list_whose_arrays_are_changed(x, n):
    rows = [x * k for k in range(n)]
    rest = rows[1:]
    rows[1][0] = 5 * x[1]
    return sum([np.sum(r * r) for r in rest])


@refused("element of a list", VECTOR)
def piece_of_a_split(x):
    y = x[:4].copy()
    a, b = np.split(y, 2)
    y[0] = x[1] ** 2
    return np.sum(a * b)


@refused("one array many times|came from a list", VECTOR, 3)
def one_array_many_times(x, n):
    rows = [x.copy()] * n
    rows[0][0] = x[1] ** 2
    return sum([np.sum(r * r) for r in rows])


@refused("another array in the next trip", VECTOR, 100)
def rebound_in_some_trips(x, n):
    a = x.copy()
    b = a
    for k in range(n):
        a[0] = 2 * x[1]
        if x[k % 5] > 0.5:
            a = b * 2
    return np.sum(a * b)


@refused("changed meanwhile", VECTOR)
def bound_anew_beside_a_view_that_is_stored_to(x):
    v = x[:-1]
    for _ in range(2000):
        if x[0] > -5.0:
            v -= 0.1
        else:
            x = x.copy()
    return np.sum(x * v[0])


@refused("changed meanwhile", 1.5, 1.0)
def list_that_may_be_the_changed_one(x, c):
    a, b = [x], [2 * x]
    seen = a if c > 0 else b
    a[0] = 5 * x
    return seen[0]


@refused("changed meanwhile", 1.5, 1.0)
def list_named_on_one_path(x, c):
    a = [x]
    if c > 0:
        seen = [a]
    a[0] = 5 * x
    return seen[0][0]


@refused("one of two lists", 1.5, 1.0)
def names_that_part_on_one_path(x, c):
    if c > 0:
        a = [x]
        seen = a
    else:
        a = [2 * x]
        seen = [3 * x]
    a[0] = x * x
    return seen[0]


@refused("changed meanwhile", 1.5)
def row_by_a_computed_index_that_is_changed(x):
    k = int(x)
    rows = [[x, 2.0], [3.0, x * x]]
    row = rows[k]
    rows[0][0] = 5 * x
    return row[0]

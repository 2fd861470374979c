"""Functions that change their caller's arrays: after the call these are what the function itself would leave.

    @storing(np.arange(5.0))
    def f(x):
        x[0] = 2 * x[1]
        return np.sum(x)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tests.corpus.memory_calls import quicksort, relax, smoothed

F = TypeVar("F", bound=Callable[..., Any])
STORING: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
VECTOR = np.arange(1.0, 6) / 3
MATRIX = np.arange(9.0).reshape(3, 3) / 5 + 0.2


class Field:
    """An object that holds its caller's array."""

    def __init__(self, u):
        self.u = u
        self.n = 0

    def step(self, dt):
        self.u[1:-1] += dt * self.u[2:] * self.u[:-2]
        self.n += 1


def storing(*args: Any) -> Callable[[F], F]:
    def register(function: F) -> F:
        STORING.append((function, args))
        return function

    return register


@storing(VECTOR)
def asarray_of_the_argument(x):
    v = np.asarray(x)
    v[0] = x[1] ** 2
    return np.sum(x ** 2)


@storing(VECTOR)
def asarray_with_a_dtype(x):
    v = np.asarray(x, dtype=float)
    w = np.asarray(x, float)
    v[0] = x[1] ** 2
    return np.sum(x ** 2) + w[0]


@storing(MATRIX)
def rows_of_the_argument(A):
    for row in A:
        row[1:] = row[:-1] * 2
    return np.sum(A * A)


@storing(VECTOR)
def callee_called_twice(x):
    a = relax(x, x[0], x[1])
    b = relax(x, x[1], x[2])
    return a * b + np.sum(x * x)


@storing(VECTOR)
def view_from_a_callee_read_after_a_store(x):
    u = x.copy()
    s, v = smoothed(u, x[0], x[1])
    u[1] = 3 * x[4]
    t, w = smoothed(v, x[1], x[0])
    v[1] = 1.0
    return np.sum(u * u) * s * t + np.sum(w * v)


@storing(np.array([3.0, 1.0, 2.0, 5.0, 4.0]))
def quicksort_of_the_argument(x):
    quicksort(x, 0, len(x) - 1)
    return np.sum(x * np.arange(5.0) * x)


@storing(VECTOR, VECTOR * 2)
def two_arguments(x, y):
    x[0], y[1] = (y[0] * 2, x[1] * 3)
    y *= x
    return np.sum(x * y)


@storing(VECTOR)
def whole_argument(x):
    x *= 2
    return np.sum(x)


@storing([VECTOR, VECTOR * 2])
def arrays_of_a_list(xs):
    xs[0][1] = xs[1][0] ** 2
    return np.sum(xs[0] * xs[1])


@storing({"a": VECTOR, "b": VECTOR * 2})
def arrays_of_a_dict(p):
    p["a"][1] = p["b"][0] ** 2
    p["a"] *= 2
    q = p["b"]
    q[0] = 1.0
    return np.sum(p["a"] * p["b"])


@storing((VECTOR, VECTOR * 2))
def arrays_of_a_tuple(p):
    a, b = p
    a[1] = b[0] ** 2
    p[1][0] *= 3
    return np.sum(p[0] * p[1])


@storing(VECTOR)
def array_in_an_object(x):
    s = Field(x)
    s.step(0.1)
    s.u = s.u * 2
    s.step(0.2)
    return np.sum(s.u ** 2) + np.sum(x)


@storing(VECTOR)
def raise_after_a_store(x):
    x[0] = 2 * x[1]
    if x[2] > 0:
        raise ValueError("no")
    return np.sum(x)


@storing(VECTOR)
def raise_that_is_not_reached(x):
    x[0] = 2 * x[1]
    if x[2] < 0:
        raise ValueError("no")
    x[1] = x[0] ** 2
    return np.sum(x)


@storing(VECTOR)
def raise_in_a_loop(x):
    for i in range(4):
        x[i] = x[i] * 2
        if x[i] > 1.9:
            raise ValueError("no")
    return np.sum(x)


@storing(VECTOR)
def raise_in_a_loop_of_unknown_length(x):
    for i in range(len(x)):
        x[i] = x[i] * 2
        if x[i] > 1.9:
            raise ValueError("no")
    return np.sum(x)


@storing(VECTOR)
def assertion_that_fails(x):
    x[0] = 2 * x[1]
    for i in range(4):
        x[i] = x[i] * 2
        assert x[i] < 2, "big"
    return np.sum(x)


@storing(VECTOR)
def assertion_that_holds(x):
    x[0] = 2 * x[1]
    assert x[0] > 0
    x[1] = x[0] * x[2]
    return np.sum(x ** 2)


@storing(VECTOR)
def break_between_stores(x):
    i = 0
    while True:
        x[i] += x[i + 1] ** 2
        if x[i] > 2:
            break
        i += 1
    x[0] *= 2
    return np.sum(x ** 2)


@storing(VECTOR)
def return_between_stores(x):
    for i in range(4):
        x[i] *= x[i + 1]
        if x[i] > 2:
            return x[i] * x[0]
        if i == 1:
            continue
        x[0] += 1
    return np.sum(x ** 2)


@storing(VECTOR)
def one_store(x):
    x[0] = 2 * x[1]
    return x[0] * x[1]


@storing(VECTOR)
def elements_that_change_while_they_are_read(x):
    for v in x:
        x[0] = x[0] + v
    return np.sum(x ** 2)


@storing(VECTOR)
def name_that_is_rebound(x):
    x[0] = 3 * x[1]
    for i in range(3):
        x = x * 2
        x[1] = x[0]
    return np.sum(x)


@storing(VECTOR)
def store_in_one_branch(x):
    if x[0] > 0:
        x[1] = x[2] ** 2
    y = x
    if x[0] < 0:
        y[2] = 0
    return np.sum(x * y)


@storing(MATRIX)
def swapped_views(A):
    A[0], A[1] = (A[1], A[0])
    return np.sum(A * np.arange(9.0).reshape(3, 3) * A)


@storing(MATRIX)
def swapped_copies(A):
    A[0], A[1] = (A[1].copy(), A[0].copy())
    return np.sum(A * np.arange(9.0).reshape(3, 3) * A)


@storing(MATRIX)
def swapped_by_index_lists(A):
    A[[0, 1]] = A[[1, 0]]
    for i in range(2):
        A[[i, i + 1]] = A[[i + 1, i]] * A[0, 0]
    return np.sum(A * np.arange(9.0).reshape(3, 3) * A)


@storing(MATRIX)
def two_names_of_one_row(A):

    def g(r, s):
        s[0] = 9.0
        return r[0]
    return g(A[0], A[0]) * np.sum(A)


@storing(MATRIX)
def stores_between_operands(A):

    def g(s):
        s[0, 0] = 9.0 * A[1, 1]
        return s[0, 1]
    return np.sum(A[0]) * g(A) + A[0, 0] * g(A) + g(A) * A[0, 0]


@storing(MATRIX)
def view_taken_before_a_store(A):

    def g(s):
        s[0, 0] = 9.0 * A[1, 1]
        return s[0, 1]
    t = (A[0], g(A), A[0] * 1)
    return np.sum(t[0] * t[2] * t[1])


@storing(VECTOR)
@storing(-VECTOR)
def copy_or_argument(x):
    if x[0] > 0:
        c = x.copy()
    else:
        c = x
    c[0] = 3 * x[1]
    return np.sum(c ** 2) + x[0]


@storing(VECTOR)
@storing(-VECTOR)
def copied_if_it_has_to_be(x):
    if x[0] > 0:
        x = x.copy()
    x[0] = x[1] ** 2
    x *= 2
    return np.sum(x ** 2)


@storing(VECTOR)
def second_name_of_the_argument_in_a_loop(x):
    w = x
    for _ in range(3):
        x += np.sin(w)
    return np.sum(w ** 2)


@storing(VECTOR)
def bound_anew_in_a_loop(x):
    for _ in range(3):
        x[0] = 2 * x[1]
        x = x * 2
    return np.sum(x ** 2)


@storing(VECTOR, VECTOR[::-1].copy())
def buffers_that_change_places(u, v):
    for _ in range(3):
        v[1:-1] = u[2:] * u[:-2]
        u, v = v, u
    u[0] = 3 * v[1]
    return np.sum(u * v * v)


@storing(VECTOR)
def argument_and_a_buffer_that_change_places(u):
    v = np.zeros_like(u)
    w = u[1:]
    while v[0] < 1:
        v[:] = u * 1.5
        u, v = v, u
    return np.sum(u * v) + np.sum(w)


@storing(VECTOR, VECTOR * 2, VECTOR - 1)
def three_buffers_that_change_places(a, b, c):
    for k in range(4):
        c[1:] = a[1:] - b[:-1] * 0.1
        a, b, c = b, c, a
    b[0] *= 2.0
    return np.sum(a * b + c)


class Buffers:
    def __init__(self, u):
        self.u, self.v = u, u * 2

    def step(self):
        self.v[1:] = self.u[:-1] * self.u[1:]
        self.u, self.v = self.v, self.u


@storing(VECTOR)
def buffers_of_an_object_that_change_places(x):
    state = Buffers(x)
    for _ in range(3):
        state.step()
    return np.sum(state.u * state.v)


@storing(VECTOR)
def argument_in_a_list_by_the_counter(x):
    ys, n = [x, x * 2], 0
    while n < 5:
        ys[n % 2][1] *= 1.1
        x[0] += ys[1][1]
        n += 1
    return np.sum(ys[0] * ys[1])

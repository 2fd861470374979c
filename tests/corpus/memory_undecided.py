"""Stores into arrays that may be one of two, depending on the path."""

from __future__ import annotations

import numpy as np

from tests.corpus.registry import program

VECTOR = np.arange(1.0, 6) / 3


@program(VECTOR)
@program(-VECTOR)
def store_into_one_of_two(x):
    a = x.copy()
    b = x * 2
    c = a if x[0] > 0 else b
    c[0] = 3 * x[1]
    a[1] = c[0] * 2
    b[1] += c[1]
    return np.sum(c * a * b)


@program(VECTOR)
@program(-VECTOR)
def store_into_what_another_name_may_be(x):
    a = x.copy()
    b = x * 2
    if x[0] > 0:
        c = a
    else:
        c = b
    a[0] = 3 * x[1]
    return np.sum(c ** 2)


@program(VECTOR)
@program(-VECTOR)
def a_name_that_one_path_binds(x):
    if x[0] > 0:
        t = x * 2
        y = t
    else:
        y = x * 3
    y[0] = 7 * x[1]
    s = 0.0
    if x[0] > 0:
        t[1] += 4 * x[2]
        s = np.sum(t ** 2)
    return s + np.sum(y ** 2)


@program(VECTOR)
@program(-VECTOR)
def two_names_for_two_arrays(x):
    a, b = x.copy(), x * 2
    if x[0] > 0.1:
        p, q = a, b
    else:
        p, q = b, a
    p[0] = q[1] * 3
    q[2] += p[0]
    a[3] = p[2]
    return np.sum(a * b * p * q)


@program(VECTOR, 3)
@program(-VECTOR, 3)
def one_of_two_in_a_loop(x, n):
    a, b = x.copy(), x[::-1].copy()
    total = 0.0
    for i in range(n):
        y = a if x[i] > 0.5 else b
        y[i] *= 1.5
        a[0] += y[i]
        total += np.sum(y * b)
    return total + np.sum(a)


@program(VECTOR, 3)
@program(-VECTOR, 3)
def one_of_two_before_a_loop(x, n):
    a = x.copy()
    b = x * 2
    y = a if x[0] > 0 else b
    for i in range(n):
        y[i] *= 1.5
        a[i + 1] += y[i]
    return np.sum(y * a * b)


@program(VECTOR)
@program(-VECTOR)
def a_view_of_one_of_two(x):
    z = x * 1.0
    y = z if x[0] > 0.1 else z.copy()
    v = y[1:]
    v[0] = x[3] ** 2
    w = y[::-1]
    z[4] = 2 * w[1]
    return np.sum(v * w[1:]) + np.sum(y * z)


def larger(a, b):
    if a[0] > b[0]:
        return a
    return b


@program(VECTOR)
@program(-VECTOR)
def result_that_is_one_of_the_arguments(x):
    u, v = x.copy(), x[::-1].copy()
    w = larger(u, v)
    w[1] = 3 * x[0]
    return np.sum(u * v * w)


@program(VECTOR)
@program(VECTOR * 9)
def normalised_in_place(x):
    y = x * 1.0
    z = np.asarray(y)
    if z[0] < 2:
        z = z * 2
    z -= z.mean()
    z /= z.std() + y[0]
    return np.sum(z ** 3 * y)


@program(VECTOR)
def two_names_of_what_a_loop_changes(x):
    y = x.copy()
    z = y
    for _ in range(3):
        y += np.sin(z)
    return np.sum(y * z)


@program(VECTOR, 5)
def buffers_by_a_counter(x, n):
    bufs = [x.copy(), np.zeros_like(x)]
    for t in range(n):
        old, new = bufs[t % 2], bufs[(t + 1) % 2]
        new[1:-1] = old[2:] * old[:-2]
        new[0], new[-1] = old[1], old[-2]
    return np.sum(bufs[n % 2] ** 2) + bufs[0][0]


@program(VECTOR, 5)
def arrays_by_the_counter_of_a_while_loop(x, n):
    a, b = x.copy(), x * 2
    k = 0
    while k < n:
        (a, b)[k % 2][0] += b[1]
        a[1] *= 1.1
        k += 1
    return np.sum(a * b)

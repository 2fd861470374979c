"""Callees that store, recursion that stores, arrays in containers and objects."""

from __future__ import annotations

import numpy as np

from tests.corpus.registry import program

VECTOR = np.arange(1.0, 6) / 3
MATRIX = np.arange(9.0).reshape(3, 3) / 5 + 0.2


def advance(u, dt):
    u[1:-1] += dt * u[2:] * u[:-2]


def tail(u):
    return u[1:]


def doubled(u):
    u[0] = 2 * u[1]
    return u


def relax(u, a, b):
    for i in range(1, len(u) - 1):
        u[i] = u[i] * a + u[i - 1] * b
    if a > 0:
        u[0] += a * b
    s = np.sum(u * u)
    t = np.sin(s) * a
    return t


def smoothed(u, a, b):
    s = 0.0
    for i in range(1, len(u) - 1):
        s = s + u[i] * a + u[i - 1] * b
    for i in range(1, len(u) - 1):
        s = s + u[i] * a + u[i - 1] * b
    return (s, u[1:])


@program(VECTOR)
def callee_that_changes_views(x):
    u = x * 1.0
    for k in range(3):
        advance(u, 0.1)
    advance(u[1:], 0.3)
    advance(u[::-1], x[0])
    return np.sum(u * u)


@program(VECTOR)
def callee_that_returns_a_view(x):
    u = x.copy()
    v = tail(u)
    v[0] = x[0] ** 2
    tail(tail(u))[1] *= 3
    return np.sum(u * u)


@program(VECTOR)
def callee_that_returns_its_argument(x):
    u = x.copy()
    v = doubled(u)
    v[1] = 7 * x[2]
    w = doubled(v)
    w *= 2
    return np.sum(u * u)


@program(VECTOR)
def callee_called_twice_that_stores(x):
    u = x.copy()
    a = relax(u, x[0], x[1])
    b = relax(u, x[1], x[2])
    return a * b + np.sum(u * u)


@program(VECTOR)
def callee_called_twice_that_returns_a_view(x):
    u = x.copy()
    s, v = smoothed(u, x[0], x[1])
    v[0] = 3 * x[4]
    t, w = smoothed(v, x[1], x[0])
    w[0] = 5 * x[0]
    return np.sum(u * u) * s * t


def quicksort(a, lo, hi):
    if lo < hi:
        p = a[hi]
        i = lo
        for j in range(lo, hi):
            if a[j] < p:
                a[i], a[j] = (a[j], a[i])
                i += 1
        a[i], a[hi] = (a[hi], a[i])
        quicksort(a, lo, i - 1)
        quicksort(a, i + 1, hi)


@program(np.array([3.0, 1.0, 2.0, 5.0, 4.0]))
def sorted_by_recursion(x):
    a = np.sin(x)
    quicksort(a, 0, len(a) - 1)
    return np.sum(a * np.arange(5.0))


def prefix(a, n):
    if n <= 0:
        return 0.0
    a[n] += a[n - 1]
    return prefix(a, n - 1) + a[n]


@program(VECTOR)
def recursion_that_stores(x):
    a = x.copy()
    s = prefix(a, 4)
    return np.sum(a * a) * s


def butterflies(a):
    if len(a) <= 1:
        return
    h = len(a) // 2
    butterflies(a[:h])
    butterflies(a[h:])
    for i in range(h):
        s = a[i]
        t = a[i + h]
        a[i] = s + t
        a[i + h] = s - t * s


@program(np.arange(1.0, 9) / 5)
def butterflies_by_recursion(x):
    a = x.copy()
    butterflies(a)
    return np.sum(a * a)


@program(VECTOR)
def closure_that_stores(x):
    u = x.copy()
    s = np.zeros(2)

    def put(i, v):
        u[i] = v
        s[0] += v
    put(0, x[1] ** 2)
    put(2, u[0])
    for k in range(3):
        put(k, u[k + 1] * x[0])
    return np.sum(u * u) * s[0]


@program(VECTOR)
def closure_that_reads_what_changes(x):
    u = x.copy()
    f = lambda i: u[i] * 2
    u[0] = 5 * x[1]
    a = f(0)
    u[1] = a
    return np.sum(u * u) + f(1)


@program(VECTOR)
def c_default(x, buf=np.zeros(3)):
    buf[0] = x[0]
    return np.sum(buf) * x[1]


@program(VECTOR, 3)
def history_of_copies(x, n):
    u = x.copy()
    hist = []
    for k in range(n):
        hist.append(u.copy())
        u[0] = x[1] * k
    return sum([np.sum(h * h) for h in hist])


@program(VECTOR)
def one_array_three_times_in_a_list(x):
    rows = [x.copy()] * 3
    rows[0][0] = x[1] ** 2
    return sum([np.sum(r * r) for r in rows])


@program(VECTOR)
def buffers_in_a_list(x):
    bufs = [x.copy(), x * 2]
    for k in range(2):
        bufs[k][k] = x[k] ** 2
        bufs[k] *= 2
    return np.sum(bufs[0] * bufs[1])


@program(VECTOR)
def buffer_chosen_by_a_counter(x):
    a = x.copy()
    bufs = [a, x * 2]
    s = 0.0
    for i in range(6):
        s += bufs[i % 2][0]
        a[0] = s
    return s


class State:

    def __init__(self, u):
        self.u = u
        self.n = 0

    def step(self, dt):
        self.u[1:-1] += dt * self.u[2:] * self.u[:-2]
        self.n += 1


@program(VECTOR)
def arrays_of_an_object(x):
    s = State(x.copy())
    v = s.u
    for k in range(3):
        s.step(0.1)
    v[0] = 2 * x[1]
    s.u *= 2
    t = s.u
    t += 1
    return np.sum(s.u ** 2) + np.sum(v) * s.n

"""Stores into arrays that the function made."""

from __future__ import annotations

import numpy as np

from tests.corpus.registry import program

VECTOR = np.arange(1.0, 6) / 3


@program(VECTOR)
def elements_slices_and_a_sum(x):
    y = np.zeros(5)
    y[0] = x[1] * x[2]
    y[1:3] = x[:2] ** 2
    y[-1] += np.sin(x[0]) * x[4]
    return np.sum(y * y)


@program(VECTOR)
def augmented_forms(x):
    y = x.copy()
    y[1] *= x[0]
    y[2] /= x[1]
    y[3] -= x[2]
    y[0] **= 2
    y[4] += x[1]
    return np.sum(y ** 2)


@program(VECTOR)
def slices_with_steps(x):
    y = np.zeros(9)
    y[::2] = x
    y[8:2:-3] = x[:2]
    y[-1:-3:-1] *= 2
    return np.sum(y * y * np.arange(9.0))


@program(np.arange(6.0).reshape(2, 3) + 1)
def ellipsis_and_new_axes(A):
    B = np.zeros((2, 3))
    B[...] = A * 2
    B[..., 0] = A[:, 1]
    B[0, ...] *= A[0]
    B[None, 0] = A[1]
    return np.sum(B * B * A)


@program(VECTOR)
def masks(x):
    y = x.copy()
    y[y > 0.7] = 0.5 * x[0]
    y[x < 0.5] *= x[x < 0.5]
    y[y == 100] = 1
    return np.sum(y * x)


@program(VECTOR)
def last_writer_of_repeated_indices(x):
    y = np.zeros(3)
    y[np.array([0, 1, 0, 2, 1])] = x
    return np.sum(y * y)


@program(VECTOR)
def add_at_repeated_indices(x):
    y = np.ones(3) * x[0]
    np.add.at(y, np.array([0, 1, 0, 2, 1]), x * x)
    return np.sum(y * y)


@program(VECTOR)
def augmented_store_at_repeated_indices(x):
    y = np.ones(3) * x[0]
    y[[0, 1, 0]] += x[:3]
    return np.sum(y * y)


@program(np.arange(9.0).reshape(3, 3) / 5 + 0.2)
def rows_and_columns(A):
    B = A.copy()
    B[0] = A[1] * A[2]
    B[:, 1] = A[:, 0] ** 2
    B[1, :] -= B[0]
    B[np.arange(3), np.arange(3)] = 1.5 * A[0]
    return np.sum(B ** 2)


@program(VECTOR)
def values_broadcast_into_slices(x):
    y = np.zeros((3, 5))
    y[1:] = x
    y[:, 2] = x[0]
    y[0, :] = x[1]
    return np.sum(y ** 2 * np.arange(15.0).reshape(3, 5))


@program(VECTOR)
def ints_into_floats(x):
    y = x * 1
    y[1] = 3
    y[2:4] = np.array([1, 2])
    return np.sum(y * x)


@program(VECTOR)
def stores_into_an_index_array(x):
    k = np.array([1, 2, 3])
    k[0] = 2
    k += 1
    return np.sum(x[k] ** 2)


@program(VECTOR)
def float_into_an_int_array(x):
    k = np.zeros(3, int)
    k[0] = x[0] * 10
    return np.sum(x) * k[0]


@program(VECTOR)
def nan_that_is_overwritten(x):
    y = x.copy()
    y[1] = np.nan
    y[1] = x[2] ** 2
    return np.sum(y ** 2)


@program(VECTOR)
def empty_slices(x):
    y = x.copy()
    y[5:] = 7.0
    y[2:2] = x[2:2]
    y[3:1] *= 2
    return np.sum(y ** 2)


@program(VECTOR)
def overwritten_but_still_needed(x):
    y = x.copy()
    s = np.sum(np.sin(y))
    y[:] = 0.0
    return s + np.sum(y)


@program(VECTOR)
def store_that_reads_the_same_array(u):
    u = u.copy()
    u[1:-1] = u[2:] * u[:-2]
    return np.sum(u ** 2)


@program(VECTOR)
def swaps_of_elements(x):
    a = x.copy()
    i, j = (0, 3)
    a[i], a[j] = (a[j], a[i] * 2)
    a[1], a[2], a[4] = (a[2], a[4], a[1])
    return np.sum(a * np.arange(5.0) ** 2 * x)


@program(VECTOR)
def swaps_of_rows_by_index_lists(x):
    A = np.outer(x, x)
    A[[0, 1]] = A[[1, 0]]
    A[[2, 3], :] = A[[3, 2], :]
    return np.sum(A * np.arange(25.0).reshape(5, 5) * A)


@program(VECTOR)
def filled(x):
    y = np.empty(4)
    y.fill(x[0] * x[1])
    y.fill(x[2])
    return np.sum(y ** 2)


@program(VECTOR)
def sorted_in_place(x):
    y = np.sin(5 * x)
    y.sort()
    return np.sum(y * np.arange(5.0))


@program(VECTOR)
def copied_to(x):
    y = np.zeros(5)
    np.copyto(y, x * x)
    z = np.zeros((2, 5))
    np.copyto(z, y)
    return np.sum(z ** 2)


@program(VECTOR)
def ufuncs_with_out(x):
    y = np.empty(5)
    np.multiply(x, x, out=y)
    np.sin(y, out=y)
    np.add(y, 1.0, y)
    return np.sum(y ** 2)


@program(VECTOR)
def reduction_with_out(x):
    y = np.empty(3)
    A = np.outer(x[:3], x[:3])
    np.sum(A, axis=0, out=y)
    np.dot(A, y, out=y) if False else None
    return np.sum(y ** 2)


@program(VECTOR)
def put(x):
    y = x.copy()
    np.put(y, [0, 2], [x[1], x[3]])
    y.put([1], x[0] * 2)
    return np.sum(y ** 2)


@program(VECTOR)
def diagonal_filled(x):
    A = np.outer(x, x)
    np.fill_diagonal(A, x[0])
    return np.sum(A ** 2)


@program(VECTOR)
def augmented_number(x):
    s = x[0]
    t = s
    s += x[1]
    s *= t
    return s * t


@program(VECTOR)
def array_of_rank_0(x):
    y = np.array(0.0)
    y += x[0] ** 2
    z = y
    z *= x[1]
    y[()] = y * 2
    y[...] += 1
    return y * z


@program(VECTOR)
def augmented_view(x):
    y = x.copy()
    y[1:3] += x[2]
    v = y[2:]
    v *= x[0]
    v += v
    return np.sum(y ** 2)


@program(VECTOR)
def augmented_by_itself(x):
    y = x.copy()
    y += y
    y *= y
    return np.sum(y)


@program(VECTOR)
def two_names_at_once(x):
    y = z = np.zeros(5)
    y[0] = x[0]
    z[1] = x[1] * y[0]
    return np.sum(y ** 2 + z)


@program(VECTOR)
def filled_from_the_end(x):
    y = np.zeros(5)
    n = len(x)
    for i in range(n):
        y[n - 1 - i] = x[i] * (y[n - i] if i > 0 else 1.0)
    return np.sum(y ** 2)


@program(VECTOR)
def computed_index(x):
    y = np.zeros(5)
    i = np.argmax(x)
    y[i] = x[i] ** 2
    y[np.int64(1)] = x[1]
    return np.sum(y) * x[0]


@program(np.arange(24.0).reshape(2, 3, 4) / 10)
def three_axes(A):
    B = np.zeros((4, 3, 2))
    B[1, :, 0] = A[0, :, 2]
    B[:, 1] = A[:, 1].T
    B[2:, [0, 2], 1] = A[0, :2, :2]
    return np.sum(B ** 2)


@program(VECTOR)
def matrix_product_in_place(x):
    A = np.outer(x, x)
    A @= A
    return np.sum(A)


@program(VECTOR)
def out_where(x):
    y = np.ones(5)
    np.multiply(y, x, out=y, where=x > 0.8)
    return np.sum(y ** 2)


@program(VECTOR)
def deleted_name(x):
    y = x.copy()
    z = y
    del y
    z[0] = 3 * x[1]
    return np.sum(z ** 2)


@program(np.array([0.7, -0.4, 1.1, 0.2]))
def stored_on_one_side(x):
    g = np.zeros(4)
    for i in range(4):
        if x[i] <= 0.5:
            g[i] = x[i]
        elif x[i] <= 1.0:
            g[i] = 5.0 * x[i] * x[i]
        else:
            g[i] = np.sin(x[i]) * x[i]
    return np.sum(g * g)


@program(np.array([0.7, -0.4, 1.1, 0.2]), 3)
def stored_by_an_inner_loop(x, n):
    g = np.zeros(4)
    for i in range(4):
        t = x[i]
        for k in range(i % n):
            g[i] = t
        g[i] += t * t * t
    return np.sum(np.cos(g))


@program(1.7)
@program(-0.6)
def array_without_axes_by_two_names(x):
    y = np.where(x > 0, x, 0.5 * x)
    w = y
    y += x * x
    y[...] = y * x
    y[()] -= 2 * x
    return w * x


@program(1.3, np.array([1.0, 2.0, -3.0]))
def array_without_axes_in_a_loop(x, a):
    total = np.array(x)
    for i in range(3):
        total *= np.where(a[i] > x, a[i] * x, 1.0 + x)
        if total > 3:
            total -= x
    return total * np.sum(a)

"""Names and views of one array, written and read after each other."""

from __future__ import annotations

import numpy as np

from tests.corpus.registry import program

VECTOR = np.arange(1.0, 6) / 3
MATRIX = np.arange(9.0).reshape(3, 3) / 5 + 0.2


@program(VECTOR)
def two_names_of_one_array(x):
    y = x.copy()
    z = y
    z[0] = x[1] * x[2]
    y[1] = z[0] ** 2
    return np.sum(y * z)


@program(VECTOR)
def slices_of_slices(x):
    y = x.copy()
    v = y[1:4]
    w = v[::-1]
    w[0] = x[0] ** 2
    y[2] = v[2] * w[2]
    v *= 2
    return np.sum(y * y) + np.sum(w * x[:3])


@program(VECTOR)
def reshaped_zeros(x):
    A = np.zeros((2, 2))
    r = A.reshape(4)
    r[:] = x[:4] ** 2
    A[0, 1] *= x[4]
    return np.sum(A * A) + r[1]


@program(VECTOR)
def reshaped_product(x):
    A = np.outer(x, x)
    r = A.reshape(-1)
    r[3] = x[0]
    r += 1
    return np.sum(A * A)


@program(VECTOR)
def ravelled(x):
    A = np.outer(x, x)
    A.ravel()[3] = x[0]
    r = np.ravel(A)
    r[:2] *= 3
    return np.sum(A * A)


@program(MATRIX)
def transposed(A):
    B = A.copy()
    T = B.T
    T[0] = A[1] ** 2
    B[2, 0] *= 2
    return np.sum(B * B * A) + T[0, 2]


@program(np.arange(24.0).reshape(2, 3, 4) / 10)
def transposed_by_axes(A):
    B = A.copy()
    T = np.transpose(B, (1, 2, 0))
    T[0, 1] = A[:, 0, 0] ** 2
    T.transpose(2, 0, 1)[0] *= 2
    return np.sum(B ** 2)


@program(np.arange(24.0).reshape(2, 3, 4) / 10)
def swapped_and_moved_axes(A):
    B = A.copy()
    T = B.swapaxes(0, 2)
    T[1] = A[0, 0, 0]
    M = np.moveaxis(B, 0, -1)
    M[0, 0] = A[:, 1, 1]
    return np.sum(B ** 2)


@program(VECTOR)
def new_axes_as_views(x):
    y = x.copy()
    v = y[None]
    v[0, 1] = x[3] ** 2
    w = y[:, None]
    w *= 2
    return np.sum(y ** 2)


@program(VECTOR)
def expanded_and_squeezed(x):
    y = x.copy()
    v = np.expand_dims(y, 0)
    v[0, 1] = x[3] ** 2
    w = np.squeeze(v)
    w[0] = 3 * x[1]
    return np.sum(y ** 2)


@program(VECTOR)
def real_and_imaginary_parts(x):
    z = x + 1j * x ** 2
    z.real[0] = x[1]
    r = z.real
    r[1] = x[2]
    z.imag[2] = x[0]
    return np.sum(z.real ** 2 + z.imag ** 2)


@program(VECTOR)
def real_part_of_a_changed_array(x):
    z = x + 1j * x ** 2
    r = z.real
    z[0] = x[1] + 2j
    return np.sum(r ** 2)


@program(VECTOR)
def asarray_is_a_name(x):
    y = x.copy()
    v = np.asarray(y)
    v[0] = x[1] ** 2
    w = np.array(y, copy=False) if False else np.array(y)
    w[1] = 100.0
    return np.sum(y ** 2)


@program(MATRIX)
def diagonal_of_a_changed_matrix(A):
    B = A.copy()
    d = np.diagonal(B)
    B[0, 0] = A[1, 1] ** 2
    return np.sum(B ** 2) + d[0]


@program(MATRIX)
def flattened_is_a_copy(A):
    B = A.copy()
    f = B.flatten()
    f[0] = 100
    return np.sum(B ** 2) + f[1]


@program(MATRIX)
def rows_in_a_loop(A):
    B = A.copy()
    for row in B:
        row[:] = row * row[0]
    return np.sum(B * B)


@program(MATRIX)
def rows_in_a_loop_with_index(A):
    B = A.copy()
    for i, row in enumerate(B):
        row *= i + A[0, 1]
        row[0] = 1.0
    return np.sum(B * B)


@program(MATRIX)
def rows_of_two_arrays(A):
    B = A.copy()
    C = np.zeros((3, 3))
    for a, b in zip(B, C):
        b[:] = a * a
        a[0] = b[1]
    return np.sum(B * C)


@program(MATRIX)
def columns_in_a_loop(A):
    B = A.copy()
    for col in B.T:
        col /= np.sum(col)
    return np.sum(B * B)


@program(MATRIX)
def view_held_in_a_nested_loop(A):
    B = A.copy()
    for i in range(3):
        row = B[i]
        for j in range(3):
            row[j] = row[j] * A[j, i]
            if j > 0:
                B[i, j - 1] += row[j]
        row *= 2
    return np.sum(B * B)


@program(MATRIX)
def view_held_across_trips(A):
    B = A.copy()
    v = B[1]
    for k in range(3):
        v[k] = B[0, k] ** 2
        B[1, 0] += v[k]
    return np.sum(B * v)


@program(VECTOR)
def two_buffers(u0):
    u = u0.copy()
    v = np.zeros_like(u)
    for t in range(3):
        v[1:-1] = u[1:-1] + 0.1 * (u[2:] * u[:-2])
        v[0] = u[0]
        v[-1] = u[-1]
        u, v = (v, u)
    return np.sum(u ** 2) + v[1]


@program(VECTOR)
def rebound_name(x):
    y = x.copy()
    z = y
    y = y * 2
    y[0] = 1.0
    z[1] = 3 * x[0]
    return np.sum(y * z)


@program(VECTOR)
def one_of_two_arrays_is_read(x):
    a = x.copy()
    b = x * 2
    c = a if x[0] > 0 else b
    return np.sum(c * a * b)


@program(VECTOR)
def one_of_two_new_arrays(x):
    if x[0] > 0:
        c = x.copy()
    else:
        c = x * 2
    c[0] = 3 * x[1]
    return np.sum(c ** 2)


@program(VECTOR)
def row_by_a_carried_index(x):
    A = np.zeros((3, 5))
    k = 0
    for i in range(6):
        row = A[k]
        row[i % 5] = x[i % 5] * (1 + row[0])
        k = (k + 1) % 3
    return np.sum(A ** 2)


@program(VECTOR)
def row_by_a_chosen_index(x):
    A = np.zeros((2, 5))
    i = 0 if x[0] > 0 else 1
    row = A[i]
    row[:] = x ** 2
    A[0, 0] += 1
    return np.sum(A ** 2) + row[0]


@program(VECTOR)
def product_with_one(x):
    y = x.copy()
    y *= 1
    z = 1 * y
    z[0] = 5.0
    return np.sum(y * z)


@program(VECTOR)
def ascontiguousarray_is_a_name(x):
    y = x.copy()
    z = np.ascontiguousarray(y)
    z[0] = 3 * x[1]
    return np.sum(y ** 2)


@program(VECTOR)
def broadcast_of_a_changed_array(x):
    y = x.copy()
    B = np.broadcast_to(y, (3, 5))
    y[0] = x[1] ** 2
    return np.sum(B ** 2)


@program(VECTOR)
def atleast(x):
    y = x.copy()
    B = np.atleast_2d(y)
    B[0, 0] = x[1] ** 2
    z = np.atleast_1d(y)
    z[1] = x[2] ** 2
    return np.sum(y ** 2)


@program(MATRIX)
def unpacked_rows(A):
    B = A.copy()
    a, b, c = B
    a[0] = A[1, 1] ** 2
    b *= 2
    return np.sum(B ** 2) + c[0]


@program(MATRIX)
def unpacked_rows_of_a_changed_matrix(A):
    B = A.copy()
    a, b, c = B
    B[0, 0] = 5 * A[1, 1]
    return np.sum(B ** 2) + a[0] ** 2


@program(MATRIX)
def flipped(A):
    B = A.copy()
    F = np.flip(B, 0)
    F[0] = A[0] ** 2
    G = B[::-1]
    G[1] *= 2
    H = np.flipud(B)
    H[2, 2] = 1.0
    return np.sum(B ** 2)


@program(MATRIX)
def rotated(A):
    B = A.copy()
    F = np.rot90(B)
    F[0] = A[0] ** 2
    return np.sum(B ** 2)


@program(MATRIX)
def views_by_negative_indices(A):
    B = A.copy()
    v = B[-1, 1:][::-1]
    v[-1] = A[0, 0] ** 2
    return np.sum(B ** 2)


@program(MATRIX)
def where_makes_a_new_array(A):
    B = A.copy()
    C = np.where(True, B, 0.0)
    C[0] = 1
    return np.sum(B * C)


@program(VECTOR)
def mask_makes_a_copy(x):
    y = x.copy()
    m = y > 0.7
    v = y[m]
    v[0] = 100.0
    return np.sum(y ** 2) + v[0]


@program(VECTOR)
def unary_operators_make_new_arrays(x):
    y = x.copy()
    z = y + 0
    z[0] = 1
    w = +y
    w[1] = 2
    a = np.positive(y)
    a[2] = 3
    return np.sum(y * z * w * a)


@program(VECTOR)
def real_of_a_real_array(x):
    y = x.copy()
    z = np.real(y)
    z[0] = 2 * x[1]
    return np.sum(y * y)


@program(VECTOR)
def nan_to_num_makes_a_copy(x):
    y = x.copy()
    z = np.nan_to_num(y)
    z[0] = 2 * x[1]
    return np.sum(y * y * z)


@program(VECTOR)
def squeezed(x):
    y = x.reshape(1, 5).copy()
    z = y.squeeze()
    z[0] = 2 * x[1]
    return np.sum(y * y)


@program(VECTOR)
def view_of_what_becomes_a_number(x):
    u = np.tanh(x)
    h = u[1:]
    for _ in range(2):
        u = np.tanh(np.sum(x))
    return np.sum(h * x[1:]) * u

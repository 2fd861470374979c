"""A matrix factored in place, by loops over its entries."""

import numpy as np


def log_determinant(a):
    a = a.copy()
    n = len(a)
    total = 0.0
    for k in range(n):
        a[k, k] = np.sqrt(a[k, k])
        total = total + 2 * np.log(a[k, k])
        for i in range(k + 1, n):
            a[i, k] = a[i, k] / a[k, k]
        for j in range(k + 1, n):
            for i in range(j, n):
                a[i, j] = a[i, j] - a[i, k] * a[j, k]
    return total


ARGS = (np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]]),)
MODES = ("reverse", "forward")


# What follows is generated.


def log_determinant_adjoint(a, dtotal=1.0):
    # forward
    a = a.copy()
    n = a.shape[0]
    for k in range(n):
        a[k, k] = np.sqrt(a[k, k])
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
        for j in range(k + 1, n):
            for i in range(j, n):
                a[i, j] -= a[i, k] * a[j, k]
    # reverse
    da = np.zeros_like(a)  # line 10: for k in range(n):
    for k in reversed(range(n)):
        t1 = a[k, k]  # line 11: a[k, k] = np.sqrt(a[k, k])
        for j in reversed(range(k + 1, n)):  # line 15: for j in range(k + 1, n):
            for i in reversed(range(j, n)):  # line 16: for i in range(j, n):
                t2 = da[i, j]  # line 17: a[i, j] = a[i, j] - a[i, k] * a[j, k]
                da[j, k] -= t2 * a[i, k]
                da[i, k] -= t2 * a[j, k]
        for i in reversed(range(k + 1, n)):  # line 13: for i in range(k + 1, n):
            t2 = da[i, k]  # line 14: a[i, k] = a[i, k] / a[k, k]
            da[i, k] = t2 / t1
            da[k, k] -= t2 * a[i, k] / t1
        da[k, k] += 2 * dtotal / t1  # line 12: total = total + 2 * np.log(a[k, k])
        da[k, k] /= 2 * t1
    return da


def log_determinant_tangent(a, a_dot):
    a = a.copy()
    a_dot = a_dot.copy()
    n = a.shape[0]
    total = total_dot = 0.0
    for k in range(n):
        t1 = np.sqrt(a[k, k])
        a[k, k] = t1
        a_dot[k, k] /= 2 * t1
        t2 = a[k, k]
        total += 2 * np.log(t2)
        total_dot += 2 * a_dot[k, k] / t2
        for i in range(k + 1, n):
            t1 = a[k, k]
            t2 = a[i, k] / t1
            a[i, k] = t2
            a_dot[i, k] = a_dot[i, k] / t1 - a_dot[k, k] * t2 / t1
        for j in range(k + 1, n):
            for i in range(j, n):
                t1 = a[i, k]
                t2 = a[j, k]
                a[i, j] -= t1 * t2
                a_dot[i, j] -= a_dot[i, k] * t2 + a_dot[j, k] * t1
    return total, total_dot

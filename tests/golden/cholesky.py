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


# What follows is generated.


def log_determinant_adjoint(a, dtotal=1.0):
    # forward
    a2 = a.copy()
    n = a2.shape[0]
    for k in range(n):
        a2[k, k] = np.sqrt(a2[k, k])
        t1 = k + 1
        for i in range(t1, n):
            a2[i, k] /= a2[k, k]
        for j in range(t1, n):
            for i in range(j, n):
                a2[i, j] -= a2[i, k] * a2[j, k]
    # reverse
    da = np.zeros_like(a)  # line 10: for k in range(n):
    for k in reversed(range(n)):
        t1 = a2[k, k]  # line 11: a[k, k] = np.sqrt(a[k, k])
        t2 = k + 1  # line 13: for i in range(k + 1, n):
        for j in reversed(range(t2, n)):  # line 15: for j in range(k + 1, n):
            for i in reversed(range(j, n)):  # line 16: for i in range(j, n):
                t3 = da[i, j]  # line 17: a[i, j] = a[i, j] - a[i, k] * a[j, k]
                da[j, k] -= t3 * a2[i, k]
                da[i, k] -= t3 * a2[j, k]
        for i in reversed(range(t2, n)):
            t3 = da[i, k]  # line 14: a[i, k] = a[i, k] / a[k, k]
            da[i, k] = t3 / t1
            da[k, k] -= t3 * a2[i, k] / t1
        da[k, k] += 2 * dtotal / t1  # line 12: total = total + 2 * np.log(a[k, k])
        da[k, k] /= 2 * t1
    return da

"""An LU factorisation in place: the way back reads the factors, and keeps nothing else."""

import numpy as np


def log_determinant(a):
    a = a.copy()
    n = len(a)
    for k in range(n - 1):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1:] -= a[i, k] * a[k, k + 1:]
    return np.sum(np.log(np.diag(a)))


ARGS = (np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]]),)


# What follows is generated.


def add_diagonal(buffer, g, offset=0, axis1=0, axis2=1):
    """`buffer` with `g` added where `np.diagonal(buffer, offset, axis1, axis2)` reads."""
    result = np.array(buffer, np.result_type(buffer, g), copy=True)
    planes = np.moveaxis(result, (axis1, axis2), (-2, -1))
    n = min(planes.shape[-2] + min(offset, 0), planes.shape[-1] - max(offset, 0))
    i = np.arange(n)
    planes[..., i - min(offset, 0), i + max(offset, 0)] += g
    return result


def log_determinant_adjoint(a, dy=1.0):
    # forward
    a = a.copy()
    n = a.shape[0]
    for k in range(n - 1):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1:] -= a[i, k] * a[k, k + 1:]
    # reverse
    # line 13: return np.sum(np.log(np.diag(a)))
    da = add_diagonal(np.zeros_like(a), dy / np.diag(a), offset=0)
    for k in reversed(range(n - 1)):  # line 9: for k in range(n - 1):
        for i in reversed(range(k + 1, n)):  # line 10: for i in range(k + 1, n):
            t1 = a[k, k]  # line 11: a[i, k] /= a[k, k]
            t2 = a[i, k]
            t3 = da[i, k + 1:]  # line 12: a[i, k + 1:] -= a[i, k] * a[k, k + 1:]
            t4 = -(t3 @ a[k, k + 1:])
            da[k, k + 1:] -= t3 * t2
            da[i, k] += t4
            t5 = da[i, k]
            da[i, k] = t5 / t1
            da[k, k] -= t5 * t2 / t1
    return da

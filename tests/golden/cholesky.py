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
    tape = []
    for k in range(n):
        t1 = np.sqrt(a2[k, k])
        a2[k, k] = t1
        t2 = a2[k, k]
        t3 = k + 1
        tape2 = []
        for i in range(t3, n):
            t4 = a2[k, k]
            t5 = a2[i, k] / t4
            tape2.append((t4, t5))
            a2[i, k] = t5
        tape3 = []
        for j in range(t3, n):
            tape4 = []
            for i in range(j, n):
                t3 = a2[i, k]
                t4 = a2[j, k]
                tape4.append((t3, t4))
                a2[i, j] -= t3 * t4
            tape3.append(tape4)
        tape.append((t1, t2, tape3, tape2))
    # reverse
    da = np.zeros_like(a)  # line 10: for k in range(n):
    for k, (t1, t2, tape3, tape2) in zip(reversed(range(n)), reversed(tape)):
        t3 = k + 1  # line 13: for i in range(k + 1, n):
        for j, tape4 in zip(reversed(range(t3, n)), reversed(tape3)):  # line 15: for j in range(k + 1, n):
            for i, (t4, t5) in zip(reversed(range(j, n)), reversed(tape4)):  # line 16: for i in range(j, n):
                t6 = da[i, j]  # line 17: a[i, j] = a[i, j] - a[i, k] * a[j, k]
                da[j, k] -= t6 * t4
                da[i, k] -= t6 * t5
        for i, (t4, t5) in zip(reversed(range(t3, n)), reversed(tape2)):
            t6 = da[i, k]  # line 14: a[i, k] = a[i, k] / a[k, k]
            da[i, k] = 0.0
            da[k, k] -= t6 * t5 / t4
            da[i, k] += t6 / t4
        da[k, k] += 2 * dtotal / t2  # line 12: total = total + 2 * np.log(a[k, k])
        t3 = da[k, k]  # line 11: a[k, k] = np.sqrt(a[k, k])
        da[k, k] = 0.0
        da[k, k] += t3 / (2 * t1)
    return da

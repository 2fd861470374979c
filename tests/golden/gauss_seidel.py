"""Sweeps of Gauss-Seidel: each step reads all of x and overwrites one element, which the way back puts back."""

import numpy as np


def residual(a, b, x0, sweeps):
    x = x0.copy()
    for _ in range(sweeps):
        for i in range(len(b)):
            x[i] += (b[i] - a[i] @ x) / a[i, i]
    return np.sum((a @ x - b) ** 2)


ARGS = (np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]]), np.ones(3), np.zeros(3), 2)
WRT = ("a", "b")


# What follows is generated.


def residual_adjoint(a, b, x0, sweeps, dy=1.0):
    # forward
    x = x0.copy()
    tape = []
    for _ in range(sweeps):
        tape2 = []
        for i in range(b.shape[0]):
            t1 = (b[i] - a[i] @ x) / a[i, i]
            old = x[i]
            tape2.append((t1, old))
            x[i] += t1
        tape.append(tape2)
    # reverse
    t1 = 2 * dy * (a @ x - b)  # line 11: return np.sum((a @ x - b) ** 2)
    db = -t1
    da = np.outer(t1, x)
    dx = a.T @ t1
    for tape2 in reversed(tape):  # line 8: for _ in range(sweeps):
        # line 9: for i in range(len(b)):
        for i, (t1, old) in zip(reversed(range(b.shape[0])), reversed(tape2)):
            t2 = a[i, i]  # line 10: x[i] += (b[i] - a[i] @ x) / a[i, i]
            t3 = dx[i]
            x[i] = old
            t4 = t3 / t2
            da[i, i] -= t3 * t1 / t2
            dx -= t4 * a[i]
            da[i] -= t4 * x
            db[i] += t4
    return da, db

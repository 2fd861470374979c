"""A matrix product by three loops."""

import numpy as np


def product(a, b):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            entry = 0.0
            for k in range(a.shape[1]):
                entry = entry + a[i, k] * b[k, j]
            total = total + entry ** 2
    return total


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(2, 3)), rng.normal(size=(3, 2)))
WRT = ("a", "b")


# What follows is generated.


def product_adjoint(a, b, dtotal=1.0):
    # forward
    entry_tape_tape = []
    for i in range(a.shape[0]):
        entry_tape = []
        for j in range(b.shape[1]):
            entry = 0.0
            for k in range(a.shape[1]):
                entry += a[i, k] * b[k, j]
            entry_tape.append(entry)
        entry_tape_tape.append(entry_tape)
    # reverse
    da = np.zeros_like(a)  # line 8: for i in range(a.shape[0]):
    db = np.zeros_like(b)
    for i, entry_tape in zip(reversed(range(a.shape[0])), reversed(entry_tape_tape)):
        # line 9: for j in range(b.shape[1]):
        for j, entry in zip(reversed(range(b.shape[1])), reversed(entry_tape)):
            dentry = 2 * dtotal * entry  # line 13: total = total + entry ** 2
            for k in reversed(range(a.shape[1])):  # line 11: for k in range(a.shape[1]):
                db[k, j] += dentry * a[i, k]  # line 12: entry = entry + a[i, k] * b[k, j]
                da[i, k] += dentry * b[k, j]
    return da, db

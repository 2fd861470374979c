"""A loop without a known length and a branch: no adjoint reads `b`, so nothing is kept."""

import numpy as np


def f(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if np.sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return c


ARGS = (0.7,)


# What follows is generated.


def f_adjoint(a, dc=1.0):
    # forward
    b = a * 2
    trips = 0
    while np.linalg.norm(b) < 1000:
        b *= 2
        trips += 1
    # reverse
    if np.sum(b) > 0:  # line 10: if np.sum(b) > 0:
        db = dc
    else:
        db = 100 * dc  # line 13: c = 100 * b
    for _ in range(trips):  # line 8: while np.linalg.norm(b) < 1000:
        db *= 2  # line 9: b = b * 2
    return 2 * db  # line 7: b = a * 2

"""`continue`, `enumerate`, and a condition on the data."""

import numpy as np


def positive_part(xs, w):
    total = 0.0
    for i, x in enumerate(xs):
        if x < 0:
            continue
        total = total + w[i] * x ** 2
    return total


ARGS = (np.array([1.0, -0.5, 2.0, 0.3]), np.array([0.5, 1.0, 1.5, 2.0]))
WRT = ("xs", "w")


# What follows is generated.


def positive_part_adjoint(xs, w, dtotal=1.0):
    # reverse
    dw = np.zeros_like(w)  # line 8: for i, x in enumerate(xs):
    dx_tape = []
    for i, x in zip(reversed(range(xs.shape[0])), reversed(xs)):
        if x < 0:  # line 9: if x < 0:
            dx = 0.0
        else:
            dx = 2 * dtotal * w[i] * x  # line 11: total = total + w[i] * x ** 2
            dw[i] += dtotal * x ** 2
        dx_tape.append(dx)
    dxs = np.array(dx_tape[::-1])
    return dxs, dw

"""A list that a loop appends to."""

import numpy as np


def roughness(x, rate, steps):
    xs = []
    for _ in range(steps):
        x = rate * x * (1 - x)
        xs.append(x)
    path = np.array(xs)
    return np.sum((path[1:] - path[:-1]) ** 2)


ARGS = (0.3, 2.9, 6)
WRT = ("x", "rate")


# What follows is generated.


def roughness_adjoint(x, rate, steps, dy=1.0):
    # forward
    xs = []
    x_tape = []
    for _ in range(steps):
        x_tape.append(x)
        x = rate * x * (1 - x)
        xs.append(x)
    path = np.array(xs)
    # reverse
    t1 = 2 * dy * (path[1:] - path[:-1])  # line 12: return np.sum((path[1:] - path[:-1]) ** 2)
    dpath = np.zeros_like(path)
    dpath[:-1] = -t1
    dpath[1:] += t1
    dxs = list(dpath)  # line 11: path = np.array(xs)
    dx = drate = 0.0
    for dx2, x in zip(reversed(dxs), reversed(x_tape)):  # line 8: for _ in range(steps):
        dx += dx2
        t1 = dx * (1 - x)  # line 9: x = rate * x * (1 - x)
        drate += t1 * x
        dx = -dx * (rate * x) + t1 * rate
    return dx, drate

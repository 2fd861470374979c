"""A helper that is called twice, its result used twice."""

import numpy as np


def smooth_abs(x, eps):
    return np.sqrt(x * x + eps)


def distance(x, y, eps):
    a = smooth_abs(x - y, eps)
    b = smooth_abs(x + y, eps)
    return np.sum(a * b + a)


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=4), rng.normal(size=4), 0.1)
WRT = ("x", "y")


# What follows is generated.


def distance_adjoint(x, y, eps, dresult=1.0):
    # forward
    t1 = x - y
    a = np.sqrt(t1 * t1 + eps)
    t2 = x + y
    b = np.sqrt(t2 * t2 + eps)
    # reverse
    db = dresult * a  # line 13: return np.sum(a * b + a)
    da = dresult + dresult * b
    dx2 = db / b * t2  # line 7: return np.sqrt(x * x + eps)
    t3 = da / a * t1
    dx = dx2 + t3  # line 11: a = smooth_abs(x - y, eps)
    dy = dx2 - t3
    return dx, dy

"""The likelihood of a linear classifier, with a penalty."""

import numpy as np


def loss(w, x, y, penalty):
    margin = y * (x @ w)
    return np.sum(np.log1p(np.exp(-margin))) + penalty * np.dot(w, w)


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=3), rng.normal(size=(6, 3)), np.array([1.0, -1, 1, 1, -1, 1]), 0.1)


# What follows is generated.


def loss_adjoint(w, x, y, penalty, dy=1.0):
    # forward
    margin = y * (x @ w)
    t1 = np.exp(-margin)
    # reverse
    dw = 2 * dy * penalty * w  # line 8: return np.sum(np.log1p(np.exp(-margin))) + penalty * np.dot(w, w)
    dmargin = -dy / (1 + t1) * t1
    dw += x.T @ (dmargin * y)  # line 7: margin = y * (x @ w)
    return dw

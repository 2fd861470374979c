"""Ridge regression by the normal equations."""

import numpy as np


def validation_error(penalty, x, y, x_new, y_new):
    gram = x.T @ x + penalty * np.eye(x.shape[1])
    w = np.linalg.solve(gram, x.T @ y)
    return np.sum((x_new @ w - y_new) ** 2)


rng = np.random.default_rng(0)
ARGS = (0.5, rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=(4, 3)), rng.normal(size=4))
WRT = ("penalty", "x", "y")


# What follows is generated.


def validation_error_adjoint(penalty, x, y, x_new, y_new, dy=1.0):
    # forward
    t1 = np.eye(x.shape[1])
    gram = x.T @ x + penalty * t1
    w = np.linalg.solve(gram, x.T @ y)
    # reverse
    dw = x_new.T @ (2 * dy * (x_new @ w - y_new))  # line 9: return np.sum((x_new @ w - y_new) ** 2)
    t2 = np.linalg.solve(gram.T, dw)  # line 8: w = np.linalg.solve(gram, x.T @ y)
    dgram = -np.outer(t2, w)
    dy = x @ t2
    dpenalty = np.sum(dgram * t1)  # line 7: gram = x.T @ x + penalty * np.eye(x.shape[1])
    dx = x @ dgram + np.outer(y, t2) + x @ dgram.T
    return dpenalty, dx, dy

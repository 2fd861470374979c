"""Ridge regression by the normal equations."""

import numpy as np


def validation_error(penalty, x, y, x_new, y_new):
    gram = x.T @ x + penalty * np.eye(x.shape[1])
    w = np.linalg.solve(gram, x.T @ y)
    return np.sum((x_new @ w - y_new) ** 2)


rng = np.random.default_rng(0)
ARGS = (0.5, rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=(4, 3)), rng.normal(size=4))
WRT = ("penalty", "x", "y")
MODES = ("reverse", "second")


# What follows is generated.


def validation_error_adjoint(penalty, x, y, x_new, y_new, dresult=1.0):
    # forward
    t1 = np.eye(x.shape[1])
    gram = x.T @ x + penalty * t1
    w = np.linalg.solve(gram, x.T @ y)
    # reverse
    dw = x_new.T @ (2 * dresult * (x_new @ w - y_new))  # line 9: return np.sum((x_new @ w - y_new) ** 2)
    t2 = np.linalg.solve(gram.T, dw)  # line 8: w = np.linalg.solve(gram, x.T @ y)
    dgram = -np.outer(t2, w)
    dy = x @ t2
    dpenalty = np.sum(dgram * t1)  # line 7: gram = x.T @ x + penalty * np.eye(x.shape[1])
    dx = x @ dgram + np.outer(y, t2) + x @ dgram.T
    return dpenalty, dx, dy


def validation_error_adjoint_adjoint(penalty, x, y, x_new, y_new, ddpenalty=1.0):
    # forward
    t1 = np.eye(x.shape[1])
    gram = x.T @ x + penalty * t1
    w = np.linalg.solve(gram, x.T @ y)
    # reverse
    dw = x_new.T @ (2.0 * (x_new @ w - y_new))  # line 9: return np.sum((x_new @ w - y_new) ** 2)
    t2 = np.linalg.solve(gram.T, dw)  # line 8: w = np.linalg.solve(gram, x.T @ y)
    # reverse of the above
    ddgram = ddpenalty * t1  # line 7: gram = x.T @ x + penalty * np.eye(x.shape[1])
    dw = -(t2 @ ddgram)  # line 8: w = np.linalg.solve(gram, x.T @ y)
    t3 = np.linalg.solve(gram, ddgram @ w)
    ddw = -t3
    dgram = np.outer(t2, t3)
    dw += x_new.T @ (2.0 * (x_new @ ddw))  # line 9: return np.sum((x_new @ w - y_new) ** 2)
    dgram -= np.outer(np.linalg.solve(gram.T, dw), w)
    return np.sum(dgram * t1)

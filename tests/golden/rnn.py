"""A recurrent network: a loop over rows that carries an array."""

import numpy as np


def rnn(w, u, b, xs):
    h = np.zeros(b.shape)
    for x in xs:
        h = np.tanh(w @ h + u @ x + b)
    return np.sum(h ** 2)


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=(6, 2)))
WRT = ("w", "u", "b")
MODES = ("reverse", "forward")


# What follows is generated.


def rnn_adjoint(w, u, b, xs, dy=1.0):
    # forward
    h = np.zeros(b.shape)
    h_tape = []
    for x in xs:
        h_tape.append(h)
        h = np.tanh(w @ h + u @ x + b)
    # reverse
    dh = 2 * dy * h  # line 10: return np.sum(h ** 2)
    dw = np.zeros_like(w)  # line 8: for x in xs:
    du = np.zeros_like(u)
    db = np.zeros_like(b)
    for x, h2 in zip(reversed(xs), reversed(h_tape)):
        t1 = dh * (1 - h * h)  # line 9: h = np.tanh(w @ h + u @ x + b)
        db += t1
        du += np.outer(t1, x)
        dh = w.T @ t1
        dw += np.outer(t1, h2)
        h = h2
    return dw, du, db


def rnn_tangent(w, u, b, xs, w_dot, u_dot, b_dot):
    h = np.zeros(b.shape)
    h_dot = np.zeros_like(h)
    for x in xs:
        t1 = w_dot @ h + w @ h_dot + u_dot @ x + b_dot
        h = np.tanh(w @ h + u @ x + b)
        h_dot = t1 * (1 - h * h)
    return np.sum(h ** 2), 2 * np.sum(h_dot * h)

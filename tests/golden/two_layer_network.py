"""Dense layers, a bias that is broadcast, a mean."""

import numpy as np


def loss(w1, b1, w2, b2, x, target):
    hidden = np.tanh(x @ w1 + b1)
    output = hidden @ w2 + b2
    return np.mean((output - target) ** 2)


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(4, 2)), rng.normal(size=2),
        rng.normal(size=(5, 3)), rng.normal(size=(5, 2)))
WRT = ("w1", "b1", "w2", "b2")


# What follows is generated.


def loss_adjoint(w1, b1, w2, b2, x, target, dy=1.0):
    # forward
    hidden = np.tanh(x @ w1 + b1)
    output = hidden @ w2 + b2
    # reverse
    doutput = 2 * dy / target.size * (output - target)  # line 9: return np.mean((output - target) ** 2)
    db2 = np.sum(doutput, axis=0)  # line 8: output = hidden @ w2 + b2
    dhidden = doutput @ w2.T
    dw2 = hidden.T @ doutput
    t1 = dhidden * (1 - hidden * hidden)  # line 7: hidden = np.tanh(x @ w1 + b1)
    db1 = np.sum(t1, axis=0)
    dw1 = x.T @ t1
    return dw1, db1, dw2, db2

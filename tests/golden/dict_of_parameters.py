"""Parameters in a dict."""

import numpy as np


def loss(params, x, y):
    hidden = np.maximum(x @ params["w"] + params["b"], 0)
    return np.mean((hidden @ params["out"] - y) ** 2)


rng = np.random.default_rng(0)
ARGS = ({"w": rng.normal(size=(3, 4)), "b": rng.normal(size=4), "out": rng.normal(size=4)},
        rng.normal(size=(5, 3)), rng.normal(size=5))


# What follows is generated.


def loss_adjoint(params, x, y, dy=1.0):
    w = params['w']
    b = params['b']
    out = params['out']
    # forward
    t1 = x @ w + b
    hidden = np.maximum(t1, 0)
    # reverse
    t2 = 2 * dy / y.shape[0] * (hidden @ out - y)  # line 8: return np.mean((hidden @ params["out"] - y) ** 2)
    dhidden = np.outer(t2, out)
    dout = hidden.T @ t2
    # line 7: hidden = np.maximum(x @ params["w"] + params["b"], 0)
    t3 = dhidden * ((t1 > 0) + 0.5 * (t1 == 0))
    db = np.sum(t3, axis=0)
    dw = x.T @ t3
    return {'w': dw, 'b': db, 'out': dout}

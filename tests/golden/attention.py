"""One head of attention."""

import numpy as np


def attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    weights = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    weights = weights / np.sum(weights, axis=1, keepdims=True)
    return np.sum((weights @ v) ** 2)


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(4, 2)))
WRT = ("q", "k", "v")


# What follows is generated.


def attention_adjoint(q, k, v, dy=1.0):
    # forward
    t1 = k.T
    t2 = np.sqrt(q.shape[1])
    scores = q @ t1 / t2
    t3 = np.max(scores, axis=1, keepdims=True)
    weights = np.exp(scores - t3)
    t4 = np.sum(weights, axis=1, keepdims=True)
    weights2 = weights / t4
    t5 = weights2 @ v
    # reverse
    t6 = 2 * dy * t5  # line 10: return np.sum((weights @ v) ** 2)
    dweights = t6 @ v.T
    dv = weights2.T @ t6
    dweights2 = dweights / t4  # line 9: weights = weights / np.sum(weights, axis=1, keepdims=True)
    dweights2 -= np.sum(dweights * weights2 / t4, axis=1, keepdims=True)
    dscores = dweights2 * weights  # line 8: weights = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    t5 = scores == t3
    t4 = np.sum(dscores, axis=1, keepdims=True) * (t5 / np.sum(t5, axis=1, keepdims=True))
    dscores -= t4
    t6 = dscores / t2  # line 7: scores = q @ k.T / np.sqrt(q.shape[1])
    dq = t6 @ t1.T
    dk = (q.T @ t6).T
    return dq, dk, dv

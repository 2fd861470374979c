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
    t1 = np.sqrt(q.shape[1])
    scores = q @ k.T / t1
    t2 = np.max(scores, axis=1, keepdims=True)
    weights = np.exp(scores - t2)
    t3 = np.sum(weights, axis=1, keepdims=True)
    weights2 = weights / t3
    # reverse
    t4 = 2 * dy * (weights2 @ v)  # line 10: return np.sum((weights @ v) ** 2)
    dweights = t4 @ v.T
    dv = weights2.T @ t4
    # line 9: weights = weights / np.sum(weights, axis=1, keepdims=True)
    dweights2 = dweights / t3 - np.sum(dweights * weights2 / t3, axis=1, keepdims=True)
    dscores = dweights2 * weights  # line 8: weights = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    t4 = scores == t2
    dscores -= np.sum(dscores, axis=1, keepdims=True) * (t4 / np.sum(t4, axis=1, keepdims=True))
    t3 = dscores / t1  # line 7: scores = q @ k.T / np.sqrt(q.shape[1])
    dq = t3 @ k
    dk = t3.T @ q
    return dq, dk, dv

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
    t1 = np.transpose(k)
    t2 = np.sqrt(q.shape[1])
    scores = q @ t1 / t2
    t3 = np.max(scores, axis=1, keepdims=True)
    weights = np.exp(scores - t3)
    t4 = np.sum(weights, axis=1, keepdims=True)
    weights2 = weights / t4
    t5 = weights2 @ v
    t6 = t5 ** 2
    # reverse
    t7 = 2 * np.broadcast_to(dy, t6.shape) * t5  # line 10: return np.sum((weights @ v) ** 2)
    dweights = t7 @ np.transpose(v)
    dv = np.transpose(weights2) @ t7
    dweights2 = dweights / t4  # line 9: weights = weights / np.sum(weights, axis=1, keepdims=True)
    dweights2 += np.sum(-(dweights * weights2 / t4), axis=1, keepdims=True)
    dscores = dweights2 * weights  # line 8: weights = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    t5 = scores == t3
    t4 = np.sum(-dscores, axis=1, keepdims=True) * (t5 / np.sum(t5, axis=1, keepdims=True))
    dscores += t4
    t6 = dscores / t2  # line 7: scores = q @ k.T / np.sqrt(q.shape[1])
    dq = t6 @ np.transpose(t1)
    dk = np.transpose(np.transpose(q) @ t6)
    return dq, dk, dv

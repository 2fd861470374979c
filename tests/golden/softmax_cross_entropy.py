"""Softmax with the largest score taken off, and the labels as an index."""

import numpy as np


def cross_entropy(scores, labels):
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(log_probabilities[np.arange(len(labels)), labels])


ARGS = (np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 1]))


# What follows is generated.


def cross_entropy_adjoint(scores, labels, dy=1.0):
    # forward
    t1 = np.max(scores, axis=1, keepdims=True)
    shifted = scores - t1
    t2 = np.exp(shifted)
    # reverse
    t3 = -dy / labels.shape[0]  # line 9: return -np.mean(log_probabilities[np.arange(len(labels)), labels])
    dlog_probabilities = np.zeros_like(scores)
    dlog_probabilities[np.arange(labels.shape[0]), labels] = t3
    # line 8: log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    t4 = np.sum(dlog_probabilities, axis=1, keepdims=True) / np.sum(t2, axis=1, keepdims=True)
    dshifted = dlog_probabilities - t4 * t2
    t3 = scores == t1  # line 7: shifted = scores - np.max(scores, axis=1, keepdims=True)
    t5 = np.sum(dshifted, axis=1, keepdims=True) * (t3 / np.sum(t3, axis=1, keepdims=True))
    return dshifted - t5

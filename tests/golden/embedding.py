"""An index with repeats."""

import numpy as np


def pull(table, left, right):
    difference = table[left] - table[right]
    return np.sum(np.sqrt(1 + np.sum(difference ** 2, axis=1)))


ARGS = (np.random.default_rng(0).normal(size=(4, 2)), np.array([0, 0, 1, 3]), np.array([1, 2, 2, 0]))


# What follows is generated.


def pull_adjoint(table, left, right, dy=1.0):
    # forward
    difference = table[left] - table[right]
    # reverse
    # line 8: return np.sum(np.sqrt(1 + np.sum(difference ** 2, axis=1)))
    t1 = (dy / np.sqrt(1 + np.sum(difference ** 2, axis=1)))[:, None]
    ddifference = t1 * difference
    dtable = np.zeros_like(table)  # line 7: difference = table[left] - table[right]
    np.add.at(dtable, right, -ddifference)
    np.add.at(dtable, left, ddifference)
    return dtable

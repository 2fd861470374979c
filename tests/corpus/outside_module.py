"""A module that programs of the corpus import from."""

import numpy as np

GRAVITY = 9.81
TABLE = np.array([0.1, 0.2, 0.3])
CONFIG = {"k": 2.0, "names": ["a", "b"], "flag": True}


def helper(x, scale=GRAVITY):
    return scale * np.tanh(x)


class Spring:
    default_k = 3.0

    def __init__(self, k=None):
        self.k = self.default_k if k is None else k

    def energy(self, x):
        return 0.5 * self.k * x**2

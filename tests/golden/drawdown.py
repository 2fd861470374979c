"""Cumulative sums."""

import numpy as np


def variation(returns, weights):
    wealth = np.exp(np.cumsum(returns))
    return np.sum(weights * wealth) / wealth[-1]


rng = np.random.default_rng(0)
ARGS = (0.1 * rng.normal(size=5), rng.normal(size=5))
MODES = ("reverse", "forward")


# What follows is generated.


def variation_adjoint(returns, weights, dy=1.0):
    # forward
    wealth = np.exp(np.cumsum(returns))
    t1 = wealth[-1]
    # reverse
    dwealth = dy / t1 * weights  # line 8: return np.sum(weights * wealth) / wealth[-1]
    dwealth[-1] -= dy * (np.sum(weights * wealth) / t1) / t1
    return np.flip(np.cumsum(np.flip(dwealth * wealth)))  # line 7: wealth = np.exp(np.cumsum(returns))


def variation_tangent(returns, weights, returns_dot):
    wealth = np.exp(np.cumsum(returns))
    wealth_dot = np.cumsum(returns_dot) * wealth
    t1 = wealth[-1]
    t2 = np.sum(weights * wealth) / t1
    return t2, np.sum(wealth_dot * weights) / t1 - wealth_dot[-1] * t2 / t1

"""Mean and variance of each row."""

import numpy as np


def normalised(x, gain, shift, target):
    mean = np.mean(x, axis=1, keepdims=True)
    var = np.var(x, axis=1, keepdims=True)
    y = gain * (x - mean) / np.sqrt(var + 1e-5) + shift
    return np.sum((y - target) ** 2)


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5), rng.normal(size=(4, 5)))
WRT = ("x", "gain", "shift")
MODES = ("reverse", "forward")


# What follows is generated.


def normalised_adjoint(x, gain, shift, target, dresult=1.0):
    # forward
    mean = np.mean(x, axis=1, keepdims=True)
    var = np.var(x, axis=1, keepdims=True)
    t1 = x - mean
    t2 = np.sqrt(var + 1e-05)
    t3 = gain * t1 / t2
    y = t3 + shift
    # reverse
    dy = 2 * dresult * (y - target)  # line 10: return np.sum((y - target) ** 2)
    dshift = np.sum(dy, axis=0)  # line 9: y = gain * (x - mean) / np.sqrt(var + 1e-5) + shift
    t4 = dy / t2
    dvar = -np.sum(dy * t3 / t2, axis=1, keepdims=True) / (2 * t2)
    dgain = np.sum(t4 * t1, axis=0)
    dx = t4 * gain
    dmean = -np.sum(dx, axis=1, keepdims=True)
    dx += dvar * 2 / x.shape[1] * t1  # line 8: var = np.var(x, axis=1, keepdims=True)
    dx += dmean / x.shape[1]  # line 7: mean = np.mean(x, axis=1, keepdims=True)
    return dx, dgain, dshift


def normalised_tangent(x, gain, shift, target, x_dot, gain_dot, shift_dot):
    mean = np.mean(x, axis=1, keepdims=True)
    mean_dot = np.mean(x_dot, axis=1, keepdims=True)
    var = np.var(x, axis=1, keepdims=True)
    t1 = x - mean
    var_dot = np.sum(x_dot * t1, axis=1, keepdims=True) * 2 / x.shape[1]
    t2 = np.sqrt(var + 1e-05)
    t3 = gain * t1 / t2
    t4 = (gain_dot * t1 + (x_dot - mean_dot) * gain) / t2 - var_dot / (2 * t2) * t3 / t2
    y = t3 + shift
    y_dot = t4 + shift_dot
    t5 = y - target
    return np.sum(t5 ** 2), 2 * np.sum(y_dot * t5)

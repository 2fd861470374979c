"""Gradient descent inside of what is differentiated: by its rate and its start."""

import numpy as np


def final_loss(u, v, target, rate, steps):
    for _ in range(steps):
        error = u @ v.T - target
        u, v = u - rate * error @ v, v - rate * error.T @ u
    return np.sum((u @ v.T - target) ** 2)


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(4, 2)), rng.normal(size=(3, 2)), rng.normal(size=(4, 3)), 0.05, 5)
WRT = ("u", "v", "rate")


# What follows is generated.


def final_loss_adjoint(u, v, target, rate, steps, dy=1.0):
    # forward
    tape = []
    for _ in range(steps):
        error = u @ v.T - target
        t1 = rate * error
        t2 = t1 @ v
        t3 = rate * error.T
        tape.append((u, v, error, t1, t3))
        v = v - t3 @ u
        u = u - t2
    # reverse
    t1 = 2 * dy * (u @ v.T - target)  # line 10: return np.sum((u @ v.T - target) ** 2)
    du = t1 @ v
    dv = t1.T @ u
    drate = 0.0
    for u, v, error, t1, t3 in reversed(tape):  # line 7: for _ in range(steps):
        t2 = dv @ u.T  # line 9: u, v = u - rate * error @ v, v - rate * error.T @ u
        du2 = -(t3.T @ dv)
        drate -= np.sum(t2 * error.T)
        derror = -(t2 * rate).T
        du2 += du
        t3 = du @ v.T
        dv -= t1.T @ du
        drate -= np.sum(t3 * error)
        derror -= t3 * rate
        du2 += derror @ v  # line 8: error = u @ v.T - target
        dv += derror.T @ u
        du = du2
    return du, dv, drate

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
    u_tape = []
    v_tape = []
    tape = []
    error_tape = []
    tape2 = []
    tape3 = []
    tape4 = []
    for _ in range(steps):
        u_tape.append(u)
        v_tape.append(v)
        t1 = v.T
        tape.append(t1)
        error = u @ t1 - target
        error_tape.append(error)
        t2 = rate * error
        tape2.append(t2)
        t3 = t2 @ v
        t4 = error.T
        tape3.append(t4)
        t5 = rate * t4
        tape4.append(t5)
        v = v - t5 @ u
        u = u - t3
    t1 = u @ v.T - target
    # reverse
    t2 = 2 * dy * t1  # line 10: return np.sum((u @ v.T - target) ** 2)
    du = t2 @ v
    dv = (u.T @ t2).T
    drate = 0.0
    # line 7: for _ in range(steps):
    for u, v, t1, error, t3, t4, t5 in zip(reversed(u_tape), reversed(v_tape), reversed(tape), reversed(error_tape), reversed(tape2), reversed(tape3), reversed(tape4)):
        t2 = dv @ u.T  # line 9: u, v = u - rate * error @ v, v - rate * error.T @ u
        du2 = -(t5.T @ dv)
        drate -= np.sum(t2 * t4)
        derror = -(t2 * rate).T
        du2 += du
        t5 = du @ v.T
        dv = dv - t3.T @ du
        drate -= np.sum(t5 * error)
        derror -= t5 * rate
        t2 = u.T @ derror  # line 8: error = u @ v.T - target
        du2 += derror @ t1.T
        dv += t2.T
        du = du2
    return du, dv, drate

"""Steps of Jacobi between two buffers that change places."""

import numpy as np


def relaxed(u0, rate, steps):
    u, v = u0.copy(), u0.copy()
    for _ in range(steps):
        v[1:-1] = u[1:-1] + rate * np.tanh(u[2:] - 2 * u[1:-1] + u[:-2])
        u, v = v, u
    return np.sum(u ** 2)


ARGS = (np.array([0.0, 1.0, 0.5, -0.3, 0.2]), 0.3, 3)
WRT = ("u0", "rate")


# What follows is generated.


def relaxed_adjoint(u0, rate, steps, dy=1.0):
    # forward
    u = u0.copy()
    v = u.copy()
    tape = []
    for _ in range(steps):
        t1 = u[1:-1]
        t2 = np.tanh(u[2:] - 2 * t1 + u[:-2])
        tape.append(t2)
        v[1:-1] = t1 + rate * t2
        u, v = v, u
    # reverse
    dv = 2 * dy * u  # line 11: return np.sum(u ** 2)
    du = np.zeros_like(u)  # line 8: for _ in range(steps):
    drate = 0.0
    for t2 in reversed(tape):
        t1 = dv[1:-1].copy()  # line 9: v[1:-1] = u[1:-1] + rate * np.tanh(u[2:] - 2 * u[1:-1] + u[:-2])
        drate += t1 @ t2
        t3 = t1 * rate * (1 - t2 * t2)
        du[:-2] += t3
        dv[1:-1] = 0.0
        du[2:] += t3
        du[1:-1] += t1 - 2 * t3
        dv, du = du, dv
    dv += du
    return dv, drate

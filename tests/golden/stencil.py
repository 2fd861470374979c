"""A function that changes its argument in place, and its caller."""

import numpy as np


def step(u, dt):
    u[1:-1] = u[1:-1] + dt * np.sin(u[2:] - u[:-2])


def energy(u0, dt, steps):
    u = u0.copy()
    for _ in range(steps):
        step(u, dt)
    return np.sum(u ** 2)


ARGS = (np.random.default_rng(0).normal(size=6), 0.1, 4)
WRT = ("u0", "dt")
MODES = ("reverse", "forward")


# What follows is generated.


def energy_adjoint(u0, dt, steps, dy=1.0):
    # forward
    u = u0.copy()
    tape = []
    for _ in range(steps):
        t1 = u[2:] - u[:-2]
        t2 = np.sin(t1)
        tape.append((t1, t2))
        u[1:-1] += dt * t2
    # reverse
    du = 2 * dy * u  # line 14: return np.sum(u ** 2)
    ddt = 0.0
    for t1, t2 in reversed(tape):  # line 12: for _ in range(steps):
        t3 = du[1:-1]  # line 7: u[1:-1] = u[1:-1] + dt * np.sin(u[2:] - u[:-2])
        ddt += t3 @ t2
        t4 = t3 * dt * np.cos(t1)
        du[:-2] -= t4
        du[2:] += t4
    return du, ddt


def energy_tangent(u0, dt, steps, u0_dot, dt_dot):
    u = u0.copy()
    u_dot = u0_dot.copy()
    for _ in range(steps):
        t1 = u[2:] - u[:-2]
        t2 = np.sin(t1)
        u[1:-1] += dt * t2
        u_dot[1:-1] += dt_dot * t2 + (u_dot[2:] - u_dot[:-2]) * np.cos(t1) * dt
    return np.sum(u ** 2), 2 * np.sum(u_dot * u)

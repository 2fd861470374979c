"""Diffusion on a line: slices and a concatenation."""

import numpy as np


def final_heat(u, conductivity, dt, steps):
    for _ in range(steps):
        flow = conductivity * (u[1:] - u[:-1])
        inner = u[1:-1] + dt * (flow[1:] - flow[:-1])
        u = np.concatenate([u[:1], inner, u[-1:]])
    return np.sum(u ** 2)


ARGS = (np.random.default_rng(0).normal(size=6), 0.7, 0.1, 4)
WRT = ("u", "conductivity")


# What follows is generated.


def final_heat_adjoint(u, conductivity, dt, steps, dy=1.0):
    # forward
    tape = []
    for _ in range(steps):
        t1 = u[1:] - u[:-1]
        tape.append(t1)
        flow = conductivity * t1
        inner = u[1:-1] + dt * (flow[1:] - flow[:-1])
        u = np.concatenate([u[:1], inner, u[-1:]])
    # reverse
    du = 2 * dy * u  # line 11: return np.sum(u ** 2)
    dconductivity = 0.0
    for t1 in reversed(tape):  # line 7: for _ in range(steps):
        t2 = du[:1]  # line 10: u = np.concatenate([u[:1], inner, u[-1:]])
        dinner = du[1:-1]
        t3 = du[-1:]
        du = np.zeros_like(u)
        du[-1:] = t3
        du[:1] += t2
        t4 = dinner * dt  # line 9: inner = u[1:-1] + dt * (flow[1:] - flow[:-1])
        dflow = np.zeros(u.shape[0] - 1)
        dflow[:-1] = -t4
        dflow[1:] += t4
        du[1:-1] += dinner
        t2 = dflow * conductivity  # line 8: flow = conductivity * (u[1:] - u[:-1])
        dconductivity += dflow @ t1
        du[:-1] -= t2
        du[1:] += t2
    return du, dconductivity

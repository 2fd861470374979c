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
    u_tape = []
    tape = []
    flow_tape = []
    inner_tape = []
    for _ in range(steps):
        u_tape.append(u)
        t1 = u[1:] - u[:-1]
        tape.append(t1)
        flow = conductivity * t1
        flow_tape.append(flow)
        inner = u[1:-1] + dt * (flow[1:] - flow[:-1])
        inner_tape.append(inner)
        u = np.concatenate([u[:1], inner, u[-1:]])
    t1 = u ** 2
    # reverse
    du = 2 * np.broadcast_to(dy, t1.shape) * u  # line 11: return np.sum(u ** 2)
    dconductivity = 0.0
    # line 7: for _ in range(steps):
    for u, t2, flow, inner in zip(reversed(u_tape), reversed(tape), reversed(flow_tape), reversed(inner_tape)):
        t1 = u[:1].shape[0]  # line 10: u = np.concatenate([u[:1], inner, u[-1:]])
        t3 = du[:t1]
        t4 = t1 + inner.shape[0]
        dinner = du[t1:t4]
        t5 = du[t4:]
        du = np.zeros_like(u)
        du[-1:] += t5
        du[:1] += t3
        t6 = dinner * dt  # line 9: inner = u[1:-1] + dt * (flow[1:] - flow[:-1])
        dflow = np.zeros_like(flow)
        dflow[:-1] -= t6
        dflow[1:] += t6
        du[1:-1] += dinner
        t1 = dflow * conductivity  # line 8: flow = conductivity * (u[1:] - u[:-1])
        dconductivity += np.sum(dflow * t2)
        du[:-1] -= t1
        du[1:] += t1
    return du, dconductivity

"""Jacobi relaxation with two buffers of the caller, which change places in every sweep."""

import numpy as np

ARGS = (np.linspace(0.2, 1.0, 6), np.zeros(6), 3)
WRT = (0, 1)


def relax(u, v, sweeps):
    for _ in range(sweeps):
        v[1:-1] = 0.5 * (u[:-2] + u[2:])
        v[0], v[-1] = u[0], u[-1]
        u, v = v, u
    return np.sum(u ** 2)


# What follows is generated.


def relax_adjoint(u, v, sweeps, dy=1.0):
    # forward
    u2 = u.copy()
    v2 = v.copy()
    at = 0
    for _ in range(sweeps):
        v2[1:-1] = 0.5 * (u2[:-2] + u2[2:])
        v2[0] = u2[0]
        v2[-1] = u2[-1]
        at = 1 - at
        u2, v2 = v2, u2
    if at == 0:
        v3 = u2
    else:
        v3 = v2
    if at == 1:
        v2 = u2
    # reverse
    dv = 2 * dy * u2  # line 14: return np.sum(u ** 2)
    du = np.zeros_like(u2)  # line 10: for _ in range(sweeps):
    for _ in range(sweeps):
        t1 = dv[-1]  # line 12: v[0], v[-1] = u[0], u[-1]
        dv[-1] = 0.0
        t2 = dv[0]
        dv[0] = 0.0
        du[-1] += t1
        du[0] += t2
        t3 = dv[1:-1].copy()  # line 11: v[1:-1] = 0.5 * (u[:-2] + u[2:])
        dv[1:-1] = 0.0
        t4 = 0.5 * t3
        du[2:] += t4
        du[:-2] += t4
        dv, du = du, dv
    np.copyto(u, v3)
    np.copyto(v, v2)
    return dv, du

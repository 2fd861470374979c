"""A classical Runge-Kutta step in a loop; the right-hand side is a function of its own."""

import numpy as np


def slope(y, k):
    return np.array([y[1], -k * np.sin(y[0])])


def pendulum(y0, k, dt, steps):
    y = y0
    for _ in range(steps):
        k1 = slope(y, k)
        k2 = slope(y + 0.5 * dt * k1, k)
        k3 = slope(y + 0.5 * dt * k2, k)
        k4 = slope(y + dt * k3, k)
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.sum(y ** 2)


ARGS = (np.array([1.0, 0.0]), 2.0, 0.1, 8)
WRT = ("y0", "k")


# What follows is generated.


def pendulum_adjoint(y0, k, dt, steps, dy=1.0):
    # forward
    y = y0
    tape = []
    for _ in range(steps):
        t1 = -k
        t2 = y[0]
        t3 = np.sin(t2)
        k1 = np.array([y[1], t1 * t3])
        t4 = 0.5 * dt
        t5 = y + t4 * k1
        t6 = np.sin(t5[0])
        k2 = np.array([t5[1], t1 * t6])
        t7 = y + t4 * k2
        t8 = np.sin(t7[0])
        k3 = np.array([t7[1], t1 * t8])
        t4 = y + dt * k3
        t9 = np.sin(t4[0])
        tape.append((t2, t3, t5, t6, t7, t8, t4, t9))
        k4 = np.array([t4[1], t1 * t9])
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    # reverse
    dy = 2 * dy * y  # line 18: return np.sum(y ** 2)
    dk = 0.0
    for t2, t3, t5, t6, t7, t8, t4, t9 in reversed(tape):  # line 12: for _ in range(steps):
        t1 = -k  # line 7: return np.array([y[1], -k * np.sin(y[0])])
        t10 = 0.5 * dt  # line 14: k2 = slope(y + 0.5 * dt * k1, k)
        dk4 = dy * (dt / 6)  # line 17: y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        dk3 = 2 * dk4
        t11 = dk4[1]
        t12 = np.zeros_like(t4)
        t12[0] = t11 * t1 * np.cos(t4[0])
        t12[1] += dk4[0]
        dy += t12  # line 16: k4 = slope(y + dt * k3, k)
        dk3_2 = dk3 + t12 * dt
        t4 = dk3_2[1]
        t12 = np.zeros_like(t7)
        t12[0] = t4 * t1 * np.cos(t7[0])
        t12[1] += dk3_2[0]
        dy += t12  # line 15: k3 = slope(y + 0.5 * dt * k2, k)
        dk2 = dk3 + t12 * t10
        t7 = dk2[1]
        t12 = np.zeros_like(t5)
        t12[0] = t7 * t1 * np.cos(t5[0])
        t12[1] += dk2[0]
        dy += t12
        dk1 = dk4 + t12 * t10
        t5 = dk1[1]
        dy[0] += t5 * t1 * np.cos(t2)
        dk -= t11 * t9 + t4 * t8 + t7 * t6 + t5 * t3
        dy[1] += dk1[0]
    return dy, dk

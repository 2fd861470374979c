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
        y2 = y + t4 * k1
        t5 = np.sin(y2[0])
        k2 = np.array([y2[1], t1 * t5])
        y3 = y + t4 * k2
        t6 = np.sin(y3[0])
        k3 = np.array([y3[1], t1 * t6])
        y4 = y + dt * k3
        t4 = np.sin(y4[0])
        tape.append((t2, t3, y2, t5, y3, t6, y4, t4))
        k4 = np.array([y4[1], t1 * t4])
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    # reverse
    dy0 = 2 * dy * y  # line 18: return np.sum(y ** 2)
    dk = 0.0
    for t1, t2, y, t3, y2, t4, y3, t5 in reversed(tape):  # line 12: for _ in range(steps):
        t6 = -k  # line 7: return np.array([y[1], -k * np.sin(y[0])])
        t7 = 0.5 * dt  # line 14: k2 = slope(y + 0.5 * dt * k1, k)
        dk4 = dy0 * (dt / 6)  # line 17: y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        dk3 = 2 * dk4
        t8 = dk4[1]
        dy = np.zeros_like(y3)
        dy[0] += t8 * t6 * np.cos(y3[0])
        dy[1] += dk4[0]
        dy0 = dy0 + dy  # line 16: k4 = slope(y + dt * k3, k)
        dk3_2 = dk3 + dy * dt
        t9 = dk3_2[1]
        dy = np.zeros_like(y2)
        dy[0] += t9 * t6 * np.cos(y2[0])
        dy[1] += dk3_2[0]
        dy0 += dy  # line 15: k3 = slope(y + 0.5 * dt * k2, k)
        dk2 = dk3 + dy * t7
        t10 = dk2[1]
        dy = np.zeros_like(y)
        dy[0] += t10 * t6 * np.cos(y[0])
        dy[1] += dk2[0]
        dy0 += dy
        dk1 = dk4 + dy * t7
        t11 = dk1[1]
        dy0[0] += t11 * t6 * np.cos(t1)
        dk -= t8 * t5 + t9 * t4 + t10 * t3 + t11 * t2
        dy0[1] += dk1[0]
    return dy0, dk

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
    tape2 = []
    y_tape = []
    tape3 = []
    y_tape2 = []
    tape4 = []
    y_tape3 = []
    tape5 = []
    for _ in range(steps):
        t1 = -k
        t2 = y[0]
        tape.append(t2)
        t3 = np.sin(t2)
        tape2.append(t3)
        k1 = np.array([y[1], t1 * t3])
        t4 = 0.5 * dt
        y2 = y + t4 * k1
        y_tape.append(y2)
        t2 = np.sin(y2[0])
        tape3.append(t2)
        k2 = np.array([y2[1], t1 * t2])
        y2 = y + t4 * k2
        y_tape2.append(y2)
        t3 = np.sin(y2[0])
        tape4.append(t3)
        k3 = np.array([y2[1], t1 * t3])
        y2 = y + dt * k3
        y_tape3.append(y2)
        t2 = np.sin(y2[0])
        tape5.append(t2)
        k4 = np.array([y2[1], t1 * t2])
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    # reverse
    dy0 = 2 * dy * y  # line 18: return np.sum(y ** 2)
    dk = 0.0
    # line 12: for _ in range(steps):
    for t1, t2, y, t3, y2, t4, y3, t5 in zip(reversed(tape), reversed(tape2), reversed(y_tape), reversed(tape3), reversed(y_tape2), reversed(tape4), reversed(y_tape3), reversed(tape5)):
        t6 = -k  # line 7: return np.array([y[1], -k * np.sin(y[0])])
        t7 = 0.5 * dt  # line 14: k2 = slope(y + 0.5 * dt * k1, k)
        t8 = y[0]
        t9 = y2[0]
        dk4 = dy0 * (dt / 6)  # line 17: y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        dk3 = 2 * dk4
        t10 = dk4[0]
        t11 = dk4[1]
        dy = np.zeros_like(y3)
        dy[0] += t11 * t6 * np.cos(y3[0])
        dy[1] += t10
        dy0 = dy0 + dy  # line 16: k4 = slope(y + dt * k3, k)
        dk3_2 = dk3 + dy * dt
        t12 = dk3_2[0]
        t13 = dk3_2[1]
        dy = np.zeros_like(y2)
        dy[0] += t13 * t6 * np.cos(t9)
        dy[1] += t12
        dy0 += dy  # line 15: k3 = slope(y + 0.5 * dt * k2, k)
        dk2 = dk3 + dy * t7
        t10 = dk2[0]
        t9 = dk2[1]
        dy = np.zeros_like(y)
        dy[0] += t9 * t6 * np.cos(t8)
        dy[1] += t10
        dy0 += dy
        dk1 = dk4 + dy * t7
        t12 = dk1[0]
        t8 = dk1[1]
        dy0[0] += t8 * t6 * np.cos(t1)
        dk -= t11 * t5 + t13 * t4 + t9 * t3 + t8 * t2
        dy0[1] += t12
    return dy0, dk

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
MODES = ("reverse", "forward")


# What follows is generated.


def pendulum_adjoint(y0, k, dt, steps, dresult=1.0):
    # forward
    t1 = 0.5 * dt
    y = y0
    tape = []
    for _ in range(steps):
        t2 = y[0]
        t3 = np.sin(t2)
        k1 = np.array([y[1], -k * t3])
        t4 = y + t1 * k1
        t5 = t4[0]
        t6 = np.sin(t5)
        k2 = np.array([t4[1], -k * t6])
        t7 = y + t1 * k2
        t8 = t7[0]
        t9 = np.sin(t8)
        k3 = np.array([t7[1], -k * t9])
        t4 = y + dt * k3
        t10 = t4[0]
        t11 = np.sin(t10)
        tape.append((t2, t3, t5, t6, t8, t9, t10, t11))
        k4 = np.array([t4[1], -k * t11])
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    # reverse
    dy = 2 * dresult * y  # line 18: return np.sum(y ** 2)
    dk = 0.0
    for t2, t3, t5, t6, t8, t9, t10, t11 in reversed(tape):  # line 12: for _ in range(steps):
        dk4 = dy * (dt / 6)  # line 17: y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        dk3 = 2 * dk4
        t4 = dk4[1]  # line 7: return np.array([y[1], -k * np.sin(y[0])])
        t7 = np.array([-t4 * k * np.cos(t10), dk4[0]])
        dy += t7  # line 16: k4 = slope(y + dt * k3, k)
        dk3_2 = dk3 + t7 * dt
        t12 = dk3_2[1]
        t7 = np.array([-t12 * k * np.cos(t8), dk3_2[0]])
        dy += t7  # line 15: k3 = slope(y + 0.5 * dt * k2, k)
        dk2 = dk3 + t7 * t1
        t10 = dk2[1]
        t7 = np.array([-t10 * k * np.cos(t5), dk2[0]])
        dy += t7  # line 14: k2 = slope(y + 0.5 * dt * k1, k)
        dk1 = dk4 + t7 * t1
        t8 = dk1[1]
        dy[0] -= t8 * k * np.cos(t2)
        dk -= t4 * t11 + t12 * t9 + t10 * t6 + t8 * t3
        dy[1] += dk1[0]
    return dy, dk


def pendulum_tangent(y0, k, dt, steps, y0_dot, k_dot):
    t1 = 0.5 * dt
    t2 = -k
    t3 = dt / 6
    y = y0
    y_dot = y0_dot
    for _ in range(steps):
        t4 = -k_dot
        t5 = y[0]
        t6 = np.sin(t5)
        t7 = -k_dot * t6 + y_dot[0] * np.cos(t5) * t2
        k1 = np.array([y[1], t2 * t6])
        k1_dot = np.array([y_dot[1], t7])
        t8 = y + t1 * k1
        t5 = y_dot + k1_dot * t1
        t6 = t8[0]
        t7 = np.sin(t6)
        k2 = np.array([t8[1], t2 * t7])
        k2_dot = np.array([t5[1], t4 * t7 + t5[0] * np.cos(t6) * t2])
        t9 = y + t1 * k2
        t10 = y_dot + k2_dot * t1
        t5 = t9[0]
        t6 = np.sin(t5)
        k3 = np.array([t9[1], t2 * t6])
        k3_dot = np.array([t10[1], t4 * t6 + t10[0] * np.cos(t5) * t2])
        t7 = y + dt * k3
        t8 = y_dot + k3_dot * dt
        t5 = t7[0]
        t6 = np.sin(t5)
        k4 = np.array([t7[1], t2 * t6])
        k4_dot = np.array([t8[1], t4 * t6 + t8[0] * np.cos(t5) * t2])
        y = y + t3 * (k1 + 2 * k2 + 2 * k3 + k4)
        y_dot = y_dot + (k1_dot + 2 * k2_dot + 2 * k3_dot + k4_dot) * t3
    return np.sum(y ** 2), 2 * np.sum(y_dot * y)

"""A polynomial by Horner's rule."""

import numpy as np


def horner(coefficients, x):
    y = 0.0
    for c in coefficients:
        y = y * x + c
    return y


ARGS = (np.array([0.5, -1.0, 2.0, 0.3]), 0.7)
WRT = ("coefficients", "x")
MODES = ("reverse", "forward")


# What follows is generated.


def horner_adjoint(coefficients, x, dy=1.0):
    # forward
    y = 0.0
    y_tape = []
    for c in coefficients:
        y_tape.append(y)
        y = y * x + c
    # reverse
    dx = 0.0
    dy_tape = []
    for y in reversed(y_tape):  # line 8: for c in coefficients:
        dy_tape.append(dy)
        dx += dy * y  # line 9: y = y * x + c
        dy *= x
    dcoefficients = np.array(dy_tape[::-1])
    return dcoefficients, dx


def horner_tangent(coefficients, x, coefficients_dot, x_dot):
    y = y_dot = 0.0
    for c, c_dot in zip(coefficients, coefficients_dot):
        t1 = y_dot * x + x_dot * y
        y = y * x + c
        y_dot = t1 + c_dot
    return y, y_dot

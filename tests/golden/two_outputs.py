"""A function with two results, in forward mode."""

import numpy as np


def polar(x, y):
    radius = np.hypot(x, y)
    angle = np.arctan2(y, x)
    return radius, angle


ARGS = (0.6, 0.8)
WRT = ("x", "y")
MODES = ("forward",)


# What follows is generated.


def polar_tangent(x, y, x_dot, y_dot):
    radius = np.hypot(x, y)
    t1 = np.where(radius == 0, 1, radius)
    radius_dot = x_dot * x / t1 + y_dot * y / t1
    angle = np.arctan2(y, x)
    t2 = x * x + y * y
    angle_dot = y_dot * x / t2 - x_dot * y / t2
    return (radius, angle), (radius_dot, angle_dot)

"""`where` and `clip`."""

import numpy as np


def huber(residual, width):
    size = np.abs(residual)
    quadratic = 0.5 * residual ** 2
    linear = width * (size - 0.5 * width)
    return np.sum(np.where(size <= width, quadratic, linear)) + np.sum(np.clip(residual, -1.5, 1.5))


ARGS = (np.array([0.2, -2.0, 1.4, 3.0, -0.7]), 1.0)
WRT = ("residual", "width")


# What follows is generated.


def huber_adjoint(residual, width, dy=1.0):
    # forward
    size = np.abs(residual)
    t1 = size <= width
    # reverse
    # line 10: return np.sum(np.where(size <= width, quadratic, linear)) + np.sum(np.clip(residual, -1.5,  ...
    t2 = (residual < 1.5) + 0.5 * (residual == 1.5)
    dresidual = dy * (((residual > -1.5) + 0.5 * (residual == -1.5)) * t2)
    dquadratic = np.where(t1, dy, 0)
    dlinear = np.where(t1, 0, dy)
    dsize = dlinear * width  # line 9: linear = width * (size - 0.5 * width)
    dwidth = dlinear @ (size - 0.5 * width) - 0.5 * np.sum(dlinear) * width
    dresidual += dquadratic * residual  # line 8: quadratic = 0.5 * residual ** 2
    dresidual += dsize * np.sign(residual)  # line 7: size = np.abs(residual)
    return dresidual, dwidth

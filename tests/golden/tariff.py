"""A chain of `elif`."""

import numpy as np


def tariff(use, rate):
    if use < 1:
        cost = use * rate
    elif use < 3:
        cost = rate + (use - 1) ** 2 * rate
    elif use < 10:
        cost = np.log(use) * rate ** 2
    else:
        cost = 5 * rate
    return cost * 1.2


ARGS = (2.5, 0.4)
WRT = ("use", "rate")
MODES = ("reverse", "second")


# What follows is generated.


def tariff_adjoint(use, rate, dy=1.0):
    # reverse
    dcost = 1.2 * dy  # line 15: return cost * 1.2
    if use < 1:  # line 7: if use < 1:
        duse = dcost * rate  # line 8: cost = use * rate
        drate = dcost * use
    elif use < 3:  # line 9: elif use < 3:
        t1 = use - 1  # line 10: cost = rate + (use - 1) ** 2 * rate
        drate = dcost + dcost * t1 ** 2
        duse = 2 * dcost * rate * t1
    elif use < 10:  # line 11: elif use < 10:
        drate = 2 * dcost * np.log(use) * rate  # line 12: cost = np.log(use) * rate ** 2
        duse = dcost * rate ** 2 / use
    else:
        drate = 5 * dcost  # line 14: cost = 5 * rate
        duse = 0.0
    return duse, drate


def tariff_adjoint_adjoint(use, rate, dduse=1.0):
    # reverse of the above
    if use < 1:  # line 7: if use < 1:
        duse = 0.0
    elif use < 3:  # line 9: elif use < 3:
        duse = dduse * (2.4 * rate)  # line 10: cost = rate + (use - 1) ** 2 * rate
    elif use < 10:  # line 11: elif use < 10:
        duse = 1.2 * rate ** 2 / use  # line 12: cost = np.log(use) * rate ** 2
        duse = -dduse * duse / use
    else:
        duse = 0.0
    return duse

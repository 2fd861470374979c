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


# What follows is generated.


def tariff_adjoint(use, rate, dy=1.0):
    # forward
    t1 = use < 1
    if not t1:
        t2 = use < 3
        if t2:
            t3 = use - 1
            t4 = t3 ** 2
        else:
            t5 = use < 10
            if t5:
                t6 = np.log(use)
                t7 = rate ** 2
    # reverse
    dcost = dy * 1.2  # line 15: return cost * 1.2
    if t1:  # line 7: if use < 1:
        duse = dcost * rate  # line 8: cost = use * rate
        drate = dcost * use
    elif t2:  # line 9: elif use < 3:
        drate = dcost + dcost * t4  # line 10: cost = rate + (use - 1) ** 2 * rate
        duse = dcost * rate * (2 * t3)
    elif t5:  # line 11: elif use < 10:
        drate = dcost * t6 * (2 * rate)  # line 12: cost = np.log(use) * rate ** 2
        duse = dcost * t7 / use
    else:
        drate = dcost * 5  # line 14: cost = 5 * rate
        duse = 0.0
    return duse, drate

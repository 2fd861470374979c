"""A `while` over two numbers that change together."""

import numpy as np


def agm(a, b):
    while abs(a - b) > 1e-12:
        a, b = 0.5 * (a + b), np.sqrt(a * b)
    return a


ARGS = (1.0, 3.0)
WRT = ("a", "b")


# What follows is generated.


def agm_adjoint(a, b, da=1.0):
    # forward
    a_tape = []
    b_tape = []
    while abs(a - b) > 1e-12:
        a_tape.append(a)
        b_tape.append(b)
        t1 = a + b
        b = np.sqrt(a * b)
        a = 0.5 * t1
    # reverse
    db = 0.0
    for a, b2 in zip(reversed(a_tape), reversed(b_tape)):  # line 7: while abs(a - b) > 1e-12:
        t1 = db / (2 * b)  # line 8: a, b = 0.5 * (a + b), np.sqrt(a * b)
        t2 = 0.5 * da
        da = t1 * b2 + t2
        db = t1 * a + t2
        b = b2
    return da, db

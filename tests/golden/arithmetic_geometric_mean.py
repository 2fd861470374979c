"""A `while` over two numbers that change together."""

import numpy as np


def agm(a, b):
    while abs(a - b) > 1e-12:
        a, b = 0.5 * (a + b), np.sqrt(a * b)
    return a


ARGS = (1.0, 3.0)
WRT = ("a", "b")
MODES = ("reverse", "second")


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


def agm_adjoint_adjoint(a, b, dda=1.0):
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
    da = 1.0
    db = 0.0
    b2 = b
    tape = []
    for a, b3 in zip(reversed(a_tape), reversed(b_tape)):  # line 7: while abs(a - b) > 1e-12:
        t1 = 2 * b2  # line 8: a, b = 0.5 * (a + b), np.sqrt(a * b)
        t2 = db / t1
        tape.append((t1, t2))
        t4 = 0.5 * da
        da = t2 * b3 + t4
        db = t2 * a + t4
        b2 = b3
    tape.reverse()
    # reverse of the above
    ddb = db = 0.0
    da_tape = []
    db_tape = []
    for a, b2, (t1, t2) in zip(a_tape, b_tape, tape):  # line 7: while abs(a - b) > 1e-12:
        t3 = ddb + dda  # line 8: a, b = 0.5 * (a + b), np.sqrt(a * b)
        da_tape.append(ddb * t2)
        t4 = ddb * a + dda * b2
        db += dda * t2
        db_tape.append(db)
        ddb = t4 / t1
        db = -2 * t4 * t2 / t1
        dda = 0.5 * t3
    da = 0.0
    for da2, db2, a, b2 in zip(reversed(da_tape), reversed(db_tape), reversed(a_tape),
                               reversed(b_tape)):
        t1 = db / (2 * b)
        da2 += t1 * b2
        db = db2 + t1 * a
        t2 = 0.5 * da
        da = da2 + t2
        db += t2
        b = b2
    return da

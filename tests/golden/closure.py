"""A function that is defined inside and reads what is around it."""

import numpy as np


def integral(a, b, n):
    def integrand(t):
        return np.exp(-a * t) * np.cos(b * t)

    total = 0.0
    for k in range(n):
        total = total + integrand((k + 0.5) / n)
    return total / n


ARGS = (0.7, 2.0, 10)
WRT = ("a", "b")


# What follows is generated.


def integral_adjoint(a, b, n, dy=1.0):
    # forward
    tape = []
    for k in range(n):
        t = (k + 0.5) / n
        tape.append((np.exp(-a * t), np.cos(b * t)))
    # reverse
    dtotal = dy / n  # line 13: return total / n
    da = db = 0.0
    for k, (t1, t2) in zip(reversed(range(n)), reversed(tape)):  # line 11: for k in range(n):
        t = (k + 0.5) / n  # line 12: total = total + integrand((k + 0.5) / n)
        db -= dtotal * t1 * np.sin(b * t) * t  # line 8: return np.exp(-a * t) * np.cos(b * t)
        da -= dtotal * t2 * t1 * t
    return da, db

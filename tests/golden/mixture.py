"""A comprehension over the components of a mixture."""

import numpy as np


def log_likelihood(centres, x):
    parts = [np.exp(-0.5 * np.sum((x - c) ** 2)) for c in centres]
    return np.log(sum(parts))


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(3, 2)), rng.normal(size=2))


# What follows is generated.


def log_likelihood_adjoint(centres, x, dy=1.0):
    # forward
    parts = []
    tape = []
    for c in centres:
        t1 = x - c
        t2 = np.exp(-0.5 * np.sum(t1 ** 2))
        parts.append(t2)
        tape.append((t1, t2))
    # reverse
    t1 = dy / sum(parts)  # line 8: return np.log(sum(parts))
    dc_tape = []
    for t2, t3 in reversed(tape):  # line 7: parts = [np.exp(-0.5 * np.sum((x - c) ** 2)) for c in centres]
        dc_tape.append(t1 * t3 * t2)
    return np.array(dc_tape[::-1])

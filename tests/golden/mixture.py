"""A comprehension over the components of a mixture."""

import numpy as np


def log_likelihood(centres, x):
    parts = [np.exp(-0.5 * np.sum((x - c) ** 2)) for c in centres]
    return np.log(sum(parts))


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(3, 2)), rng.normal(size=2))


# What follows is generated.


def zeros_for(x):
    """Zero in the kind and shape of `x`: the derivative of a constant."""
    if isinstance(x, np.ndarray):
        return np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else float)
    if isinstance(x, np.generic):
        return x.dtype.type(0) if x.dtype.kind in "fc" else 0.0
    if isinstance(x, list | tuple):
        return [zeros_for(item) for item in x]
    return 0j if isinstance(x, complex) else 0.0


def rows_into(rows, x):
    """The cotangent of `x`, whose first elements have the cotangents `rows`."""
    if isinstance(x, list):
        return [*rows, *(zeros_for(item) for item in x[len(rows):])]
    result = zeros_for(x)
    if rows:
        result[:len(rows)] = rows
    return result


def log_likelihood_adjoint(centres, x, dy=1.0):
    # forward
    t1 = []
    tape = []
    for c in centres:
        t2 = x - c
        t3 = np.exp(-0.5 * np.sum(t2 ** 2))
        t1.append(t3)
        tape.append((t2, t3))
    # reverse
    t2 = [dy / sum(t1)] * len(t1)  # line 8: return np.log(sum(parts))
    dc_tape = []
    # line 7: parts = [np.exp(-0.5 * np.sum((x - c) ** 2)) for c in centres]
    for t3, (t4, t5) in zip(reversed(t2), reversed(tape)):
        dc_tape.append(t3 * t5 * t4)
    return rows_into(dc_tape[::-1], centres)

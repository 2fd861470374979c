"""All distances at once, by broadcasting."""

import numpy as np


def energy(positions, charges):
    apart = positions[:, None, :] - positions[None, :, :]
    distance = np.sqrt(np.sum(apart ** 2, axis=2) + 0.01)
    return 0.5 * np.sum(charges[:, None] * charges[None, :] / distance)


rng = np.random.default_rng(0)
ARGS = (rng.normal(size=(4, 2)), rng.normal(size=4))
WRT = ("positions", "charges")


# What follows is generated.


def energy_adjoint(positions, charges, dy=1.0):
    # forward
    apart = positions[:, None, :] - positions[None, :, :]
    distance = np.sqrt(np.sum(apart ** 2, axis=2) + 0.01)
    t1 = charges[:, None]
    t2 = charges[None, :]
    # reverse
    t3 = 0.5 * dy  # line 9: return 0.5 * np.sum(charges[:, None] * charges[None, :] / distance)
    t4 = t3 / distance
    ddistance = -t3 * (t1 * t2 / distance) / distance
    dcharges = np.sum(t4 * t1, axis=0) + np.sum(t4 * t2, axis=1)
    # line 8: distance = np.sqrt(np.sum(apart ** 2, axis=2) + 0.01)
    dapart = (ddistance / distance)[:, :, None] * apart
    # line 7: apart = positions[:, None, :] - positions[None, :, :]
    dpositions = np.sum(dapart, axis=1) - np.sum(dapart, axis=0)
    return dpositions, dcharges

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
    t3 = t1 * t2 / distance
    # reverse
    t4 = 0.5 * dy  # line 9: return 0.5 * np.sum(charges[:, None] * charges[None, :] / distance)
    t5 = t4 / distance
    ddistance = -t4 * t3 / distance
    t6 = np.sum(t5 * t2, axis=1, keepdims=True)
    dcharges = np.zeros_like(charges)
    dcharges[None, :] += np.sum(t5 * t1, axis=0, keepdims=True)
    dcharges[:, None] += t6
    # line 8: distance = np.sqrt(np.sum(apart ** 2, axis=2) + 0.01)
    t1 = 2 * np.broadcast_to(np.expand_dims(ddistance / (2 * distance), 2), apart.shape)
    dapart = t1 * apart
    # line 7: apart = positions[:, None, :] - positions[None, :, :]
    t2 = np.sum(dapart, axis=1, keepdims=True)
    dpositions = np.zeros_like(positions)
    dpositions[None, :, :] -= np.sum(dapart, axis=0, keepdims=True)
    dpositions[:, None, :] += t2
    return dpositions, dcharges

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
    t1 = apart ** 2
    distance = np.sqrt(np.sum(t1, axis=2) + 0.01)
    t2 = charges[:, None]
    t3 = charges[None, :]
    t4 = t2 * t3 / distance
    # reverse
    t5 = 0.5 * dy  # line 9: return 0.5 * np.sum(charges[:, None] * charges[None, :] / distance)
    t6 = t5 / distance
    ddistance = -(t5 * t4 / distance)
    t7 = np.sum(t6 * t3, axis=1, keepdims=True)
    dcharges = np.zeros_like(charges)
    dcharges[None, :] += np.sum(t6 * t2, axis=0, keepdims=True)
    dcharges[:, None] += t7
    # line 8: distance = np.sqrt(np.sum(apart ** 2, axis=2) + 0.01)
    dapart = 2 * np.broadcast_to(np.expand_dims(ddistance / (2 * distance), 2), t1.shape) * apart
    # line 7: apart = positions[:, None, :] - positions[None, :, :]
    t2 = np.sum(dapart, axis=1, keepdims=True)
    dpositions = np.zeros_like(positions)
    dpositions[None, :, :] += np.sum(-dapart, axis=0, keepdims=True)
    dpositions[:, None, :] += t2
    return dpositions, dcharges

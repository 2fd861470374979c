"""Three statements on Python floats: all that is measured is what stands around them."""

import math

import numpy as np

from benchmarks.case import Case


def primal(x, y):
    a = x * y + math.sin(x)
    b = a * a - y
    return b * math.exp(-x)


def hand(x, y):
    a = x * y + math.sin(x)
    b = a * a - y
    e = math.exp(-x)
    da = 2 * a * e
    return da * (y + math.cos(x)) - b * e, da * x - e


def redirected(x, y):
    """The primal for autograd, which can't see through `math`."""
    a = x * y + np.sin(x)
    b = a * a - y
    return b * np.exp(-x)


def port(jax, x, y):
    jnp = jax.numpy
    a = x * y + jnp.sin(x)
    b = a * a - y
    return b * jnp.exp(-x)


def inputs(rng):
    return tuple(map(float, rng.normal(size=2)))


CASES = [Case("scalar_statements", __name__, wrt=(0, 1), inputs=inputs, tiny=inputs)]

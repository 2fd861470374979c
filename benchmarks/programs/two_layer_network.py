"""The mean squared error of a two-layer network: a few big operations."""

from functools import partial

import numpy as np

from benchmarks.case import Case


def primal(w1, b1, w2, b2, x, y):
    hidden = np.tanh(x @ w1 + b1)
    error = hidden @ w2 + b2 - y
    return np.mean(error ** 2)


def hand(w1, b1, w2, b2, x, y):
    hidden = np.tanh(x @ w1 + b1)
    error = hidden @ w2 + b2 - y
    derror = error * (2.0 / error.size)
    dz = (derror @ w2.T) * (1 - hidden * hidden)
    return x.T @ dz, np.sum(dz, axis=0), hidden.T @ derror, np.sum(derror, axis=0)


def port(jax, w1, b1, w2, b2, x, y):
    jnp = jax.numpy
    hidden = jnp.tanh(x @ w1 + b1)
    error = hidden @ w2 + b2 - y
    return jnp.mean(error ** 2)


def inputs(rng, batch, features, hidden):
    w1 = rng.normal(size=(features, hidden)) / np.sqrt(features)
    w2 = rng.normal(size=(hidden, 3)) / np.sqrt(hidden)
    b1, b2 = rng.normal(size=hidden), rng.normal(size=3)
    return w1, b1, w2, b2, rng.normal(size=(batch, features)), rng.normal(size=(batch, 3))


TINY = partial(inputs, batch=4, features=3, hidden=2)
SIZES = {
    "small": partial(inputs, batch=8, features=4, hidden=8),
    "medium": partial(inputs, batch=64, features=64, hidden=128),
    "large": partial(inputs, batch=512, features=256, hidden=512),
}
CASES = [Case(f"network_{name}", __name__, wrt=(0, 1, 2, 3), inputs=size, tiny=TINY) for name, size in SIZES.items()]

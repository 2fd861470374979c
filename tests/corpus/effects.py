"""Draws of random numbers, clocks, logs, warnings, progress bars: once, in order, and constants of the derivative."""

import logging
import random
import time
import warnings

import numpy as np

from tests.corpus.registry import program

X = np.array([0.7, 0.3, 0.1, 0.99, 0.4])
logger = logging.getLogger(__name__)


@program(X)
@program(X, 5)
def dropout_and_permutation(x, seed=4):
    rng = np.random.default_rng(seed)
    mask = rng.random(x.shape) > 0.4
    order = rng.permutation(len(x))
    w = rng.uniform(-1, 1, size=(3, len(x)))
    k = rng.integers(0, len(x))
    return np.sum(np.tanh(w @ (x * mask / 0.6))[0] ** 2) + np.sum(x[order][:2] ** 3) + x[k]


@program(X)
def generator_in_a_loop(x):
    rng = np.random.default_rng(1)
    s = 0.0
    for _ in range(3):
        s += np.sum(x * rng.standard_normal(len(x))) ** 2
    return s


@program(X)
def global_stream(x):
    np.random.seed(0)
    noise = np.random.randn(5)
    z = np.random.normal(0.0, 1.0, x.shape)
    return np.sum(noise * x * z) * np.random.uniform()


@program(0.7)
def python_stream(x):
    random.seed(3)
    return x * random.random() + random.gauss(0, 1) * x * x


@program(0.4)
def draws_that_decide(x):
    rng, s = np.random.RandomState(2), 0.0
    while rng.rand() < 0.8:
        s = s + x * rng.rand()
    return s * x


class Layer:
    def __init__(self, rng, n):
        self.rng = rng
        self.w = rng.normal(size=n)

    def __call__(self, x):
        return np.sum(self.w * x**2) + self.rng.random()


@program(X)
def layer_with_its_own_stream(x):
    return Layer(np.random.default_rng(0), len(x))(x)


@program(X)
def timed_and_logged(x):
    start = time.perf_counter()
    y = np.sum(np.sin(x))
    logger.debug("y = %s", y)
    logging.debug("x = %s", x)
    print("y", y, sep=" = ", end="!\n")
    if time.perf_counter() - start < 0:
        warnings.warn("time goes backwards", stacklevel=2)
    return y


@program(X)
def warned(x):
    if np.max(x) > 0.9:
        warnings.warn(f"large: {np.max(x):.2f}", stacklevel=2)
    return np.sum(x * x)


@program(X)
def shuffled_indices(x):
    rng = np.random.default_rng(3)
    order = np.arange(len(x))
    rng.shuffle(order)
    np.random.seed(1)
    np.random.shuffle(order)
    return np.sum(x[order][:2] ** 3)


@program(X)
def sampled(x):
    rng = np.random.default_rng(8)
    random.seed(2)
    batch = rng.choice(len(x), size=2, replace=False)
    scale = rng.choice([0.5, 1.0, 2.0])
    return np.sum(x[batch] ** 2) * scale + x[random.randint(0, 3)] * random.uniform(0, 1) + x[random.choice([0, 1, 2])]


@program(X)
def metropolis(x):
    rng, state, s = np.random.default_rng(4), x, 0.0
    for _ in range(5):
        u = rng.random()
        proposal = state + 0.1 * rng.standard_normal(state.shape)
        if u < np.exp(-np.sum(proposal**2) + np.sum(state**2)):
            state = proposal
        s = s + np.sum(state**3)
    return s

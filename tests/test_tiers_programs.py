"""Programs as people write them, with `backend="auto"`: at every call results are those of NumPy, in kind and value,
while it goes from NumPy to XLA or stays."""

from __future__ import annotations

import dataclasses
import functools
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest
import scipy.optimize

import srcad
from srcad.program import tiers
from srcad.program.worker import WORKER

RNG = np.random.default_rng(0)
X = RNG.normal(size=4)
CALLS = 5


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    for name in ("COMPILATION", "STATEMENT", "DISPATCH"):
        monkeypatch.setattr(tiers, name, 0.0)


def assert_same(got, want):
    assert jax.tree.structure(got) == jax.tree.structure(want)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        assert type(a) is type(b) and np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def compare(make, arguments, calls=CALLS):
    """`make(backend)` is called with the same arguments on both."""
    tiered, plain = make("auto"), make("numpy")
    for k in range(calls):
        args = arguments(k)
        assert_same(tiered(*args), plain(*args))
        assert WORKER.wait(60)


def lotka(u, p):
    x, y = u
    return np.array([p[0] * x - p[1] * x * y, -p[2] * y + p[3] * x * y])


def misfit(p, start, data, dt):
    u, error = start, 0.0
    for k in range(len(data)):
        k1 = lotka(u, p)
        k2 = lotka(u + 0.5 * dt * k1, p)
        u = u + dt * k2
        error += np.sum((u - data[k]) ** 2)
    return error


def test_a_fit_of_an_ode():
    data = RNG.normal(size=(20, 2))
    compare(lambda b: srcad.value_and_grad(misfit, backend=b),
            lambda k: (np.array([1.0, 0.5, 0.8, 0.3]) + 0.01 * k, np.ones(2), data, 0.05))


def test_training_by_scipy():
    A, y = RNG.normal(size=(12, 3)), RNG.normal(size=12)

    def loss(w):
        return np.mean((np.tanh(A @ w) - y) ** 2) + 0.01 * np.sum(w ** 2)

    def train(backend):
        gradient, hessian = srcad.value_and_grad(loss, backend=backend), srcad.hessian(loss, backend=backend)
        return lambda: (scipy.optimize.minimize(gradient, np.zeros(3), jac=True, method="BFGS").x.round(4),
                        scipy.optimize.minimize(gradient, np.zeros(3), jac=True, hess=hessian,
                                                method="Newton-CG").x.round(4))

    compare(train, lambda k: (), calls=2)


def test_a_notebook_with_changing_shapes():
    shapes = [(3, 2), (3, 2), (4, 2), (5, 1), (1, 1), (0, 2), (5, 3), (3, 2), (4, 2)]
    compare(lambda b: srcad.grad(lambda x, w: np.sum(np.tanh(x @ w) ** 2), wrt=1, backend=b),
            lambda k: (np.ones(shapes[k]), np.arange(1.0, shapes[k][1] + 1)), len(shapes))


def root(x, y):
    while abs(x * x - y) > 1e-10:
        x = x - (x * x - y) / (2 * x)
    return x


def test_floats_and_other_numbers():
    kinds = (float, np.float64, np.float32, np.array)
    compare(lambda b: srcad.grad(root, wrt=1, backend=b), lambda k: (1.0 + 0.1 * k, 2.0 + k))
    compare(lambda b: srcad.grad(lambda x: 3 * x ** 2, backend=b), lambda k: (kinds[k % 4](2.0),), 12)


@dataclasses.dataclass
class Layer:
    weights: np.ndarray
    offset: float


def network(params, x, *, scale=1.0):
    for layer in params["layers"]:
        x = np.maximum(x * layer.weights + layer.offset, 0.1 * x)
    return np.sum(x ** 2) * scale


def test_parameters_in_containers():
    params = {"layers": [Layer(RNG.normal(size=4), 0.5), Layer(RNG.normal(size=4), -0.5)]}

    def make(backend):
        gradient = srcad.grad(network, backend=backend)

        def plain(x):
            found = gradient(params, x, scale=2.0)
            return [(layer.weights, layer.offset) for layer in found["layers"]]

        return plain

    compare(make, lambda k: (X + k,))


class Model:
    def __init__(self):
        self.weights, self.calls = np.array([1.0, 2.0, 3.0, 4.0]), 0

    def loss(self, x):
        return np.sum((self.weights * x) ** 2)

    def counted(self, x):
        self.calls += 1
        return self.loss(x)


def test_methods():
    model = Model()
    compare(lambda b: srcad.grad(model.loss, wrt="self.weights", backend=b), lambda k: (X + k,))
    gradient = srcad.grad(model.counted, backend="auto")
    for _ in range(CALLS):
        gradient(X)
        WORKER.wait(60)
    assert model.calls == CALLS


scale = 2.0


def of_a_global(x):
    return np.sum(x ** 2) * scale


def test_globals_that_change(monkeypatch):
    gradient = srcad.grad(of_a_global, backend="auto")
    for k in range(CALLS + 2):
        monkeypatch.setitem(globals(), "scale", 2.0 + k)
        np.testing.assert_allclose(gradient(X), 2 * X * (2.0 + k))
        WORKER.wait(60)


def relaxed(u, n):
    for _ in range(n):
        u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u ** 2), u[1] * 2


def test_auxiliary_results_and_stores():
    def make(backend):
        gradient = srcad.grad(relaxed, has_aux=True, backend=backend)

        def call(n):
            u = np.linspace(0.0, 1.0, 6) ** 2
            return gradient(u, n), u

        return call

    compare(make, lambda k: (3 + k,))


def field(x, n):
    for _ in range(n):
        x = np.sin(x) + 0.1 * x[::-1]
    return x


def test_derivatives_of_all_kinds():
    compare(lambda b: lambda x: (srcad.jvp(field, (x, 5), (x, None), backend=b),
                                 srcad.jacobian(functools.partial(field), backend=b)(x, 5)), lambda k: (X + k,), 3)


def test_a_pool_of_threads():
    gradient = srcad.value_and_grad(misfit, backend="auto")
    data, start = RNG.normal(size=(10, 2)), np.ones(2)
    points = [np.array([1.0, 0.5, 0.8, 0.3]) + 0.01 * k for k in range(40)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda p: gradient(p, start, data, 0.05), points))
    plain = srcad.value_and_grad(misfit)
    for p, got in zip(points, found, strict=True):
        assert_same(got, plain(p, start, data, 0.05))

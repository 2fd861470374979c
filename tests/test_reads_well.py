"""What must not be in generated code where types are known: helpers of the run time, needless copies, shapes of what
has none of its own."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import srcad

RNG = np.random.default_rng(0)
UNWANTED = re.compile(r"project\w*\(|unbroadcast\w*\(|np\.shape\(|\.copy\(\)|np\.copy\(|np\.size\(|np\.ndim\("
                      r"|_like\(t\d|zeros_for|rows_into|broadcast_to")
PROGRAMS: list[tuple] = []


def program(*args, wrt=0):
    def add(f):
        PROGRAMS.append((f, args, wrt))
        return f
    return add


@program(RNG.normal(size=(5, 7)))
def asian_option(normals):
    price = np.full(normals.shape[0], 100.0)
    total = np.zeros(len(price))
    for k in range(normals.shape[1]):
        price *= np.exp(0.1 * normals[:, k])
        total += price
    return np.mean(total / normals.shape[1])


@program(RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=4) > 0, wrt="w")
def classifier(x, w, y):
    p = np.clip(1 / (1 + np.exp(-(x @ w))), 1e-7, 1 - 1e-7)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


@program(RNG.normal(size=(6, 4)), RNG.normal(size=4), RNG.normal(size=4))
def layer_norm(x, gain, shift):
    mean, std = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
    return np.sum(((x - mean) / (std + 1e-5) * gain + shift) ** 2)


@program(RNG.normal(size=(6, 3)), RNG.normal(size=(2, 3)))
def clusters(x, centres):
    return np.sum(np.min(np.sum((x[:, None, :] - centres[None, :, :]) ** 2, axis=-1), axis=1))


@program(np.array([0.1, 0.2, 0.7]), RNG.normal(size=30))
def garch(params, r):
    omega, alpha, beta = params
    h = np.zeros(len(r))
    h[0] = np.var(r)
    for t in range(1, len(r)):
        h[t] = omega + alpha * r[t - 1] ** 2 + beta * h[t - 1]
    return 0.5 * np.sum(np.log(h) + r ** 2 / h)


@program(RNG.normal(size=(2, 6, 6)), RNG.normal(size=(3, 2, 3, 3)), wrt="w")
def convolution(x, w):
    _, height, width = x.shape
    out = np.zeros((w.shape[0], height - 2, width - 2))
    for i in range(height - 2):
        for j in range(width - 2):
            out[:, i, j] = np.sum(w * x[:, i:i + 3, j:j + 3], axis=(1, 2, 3))
    return np.sum(np.maximum(out, 0))


@program(RNG.normal(size=(4, 5)), RNG.normal(size=(5, 3)), np.array([0, 1, 2, 0]), wrt="w")
def softmax(x, w, y):
    z = x @ w
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).mean()


@program(RNG.normal(size=(3, 4)), RNG.normal(size=(6, 4)), 0.5)
def kernel(x, y, gamma):
    d = np.sum(x * x, axis=1)[:, np.newaxis] + np.sum(y * y, axis=1) - 2 * x @ y.T
    return np.sum(np.exp(-gamma * d))


@program(RNG.uniform(0.1, 1, size=(3, 3)), np.array([0, 1, 2, 1]))
def markov(transition, seen):
    transition = transition / transition.sum(axis=1, keepdims=True)
    alpha, total = transition[seen[0]], 0.0
    for o in seen[1:]:
        alpha = (alpha @ transition) * transition[:, o]
        s = np.sum(alpha)
        total += np.log(s)
        alpha = alpha / s
    return total


@program(RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)))
def procrustes(a, b):
    a, b = a - np.mean(a, axis=0), b - np.mean(b, axis=0)
    return np.linalg.norm(a - b) ** 2 / a.size


@program(RNG.normal(size=5))
def steps(y):
    total = 0.0
    for a, b in zip(y[:-1], y[1:], strict=True):  # noqa: RUF007 - what users write
        total += (b - a) ** 2 if b > a else abs(b - a)
    return total


@program(100.0, 0.2, 0.05, 1.0, 50)
def binomial_tree(price, sigma, rate, maturity, n):
    dt = maturity / n
    u = np.exp(sigma * np.sqrt(dt))
    p = (np.exp(rate * dt) - 1 / u) / (u - 1 / u)
    v = np.maximum(price * u ** np.arange(n, -1, -1) * (1 / u) ** np.arange(0, n + 1) - 101, 0)
    for _ in range(n):
        v = np.exp(-rate * dt) * (p * v[:-1] + (1 - p) * v[1:])
    return v[0]


@program(RNG.normal(size=(5, 5)))
def edges(image):
    gx, gy = image[:, 1:] - image[:, :-1], image[1:, :] - image[:-1, :]
    return np.sum(np.sqrt(gx[:-1] ** 2 + gy[:, :-1] ** 2 + 1e-3))


@program(RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3)))
def batch_norm(x, weights):
    mean = np.mean(x, axis=0)
    var = np.mean((x - mean) ** 2, axis=0)
    return np.sum((x - mean) / np.sqrt(var + 1e-5) * weights)


@program(RNG.normal(size=(4, 3)), RNG.normal(size=3))
def masked(x, b):
    y = x + b
    y[y < 0] = 0.0
    return np.sum(y * y)


@pytest.mark.parametrize("f, args, wrt", PROGRAMS, ids=[f.__name__ for f, _, _ in PROGRAMS])
def test_reads_well(f, args, wrt):
    gradient = srcad.grad(f, wrt=wrt)
    place = list(f.__code__.co_varnames).index(wrt) if isinstance(wrt, str) else wrt
    found = np.asarray(gradient(*copy.deepcopy(args)))
    direction = np.random.default_rng(1).normal(size=np.shape(args[place]))
    up, down = (f(*(a + h * direction if k == place else copy.deepcopy(a) for k, a in enumerate(args)))
                for h in (1e-6, -1e-6))
    assert np.sum(found * direction) == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-7)
    code = [line.split("  # line")[0] for line in gradient.source.split("\n") if not line.strip().startswith("#")]
    assert not [line for line in code if UNWANTED.search(line)]
    assert all(len(line) <= 110 for line in gradient.source.split("\n"))


def words(derivative):
    """The text, without its comments."""
    return re.sub(r"#.*", "", derivative.source)


def test_numbers_of_a_logarithm_cancel():
    def density(s, x):
        return np.sum(-0.5 * np.log(2 * np.pi * s ** 2) + np.log(3 * x))

    derivative = srcad.grad(density, wrt=(0, 1))
    derivative(0.7, np.ones(3))
    assert "ds = -x.shape[0] * dy / s ** 2 * s" in words(derivative) and "dx = dy / x" in words(derivative)
    srcad.check_grads(density, (0.7, np.array([1.0, 0.5, 2.0])))


def test_a_sum_in_place_keeps_the_shape_of_its_array():
    def filtered(k, x, n):
        out = np.zeros(n)
        for i in range(len(k)):
            out += k[i] * x[i:i + n]
            out -= x[i]
        return np.sum(out ** 2)

    derivative = srcad.grad(filtered, wrt=(0, 1))
    args = np.array([1.0, -0.5, 2.0]), np.arange(7.0), 5
    derivative(*args)
    assert "out += t" in words(derivative) and "copy" not in words(derivative) and "(out" not in words(derivative)
    srcad.check_grads(filtered, args, order=2)
    with pytest.raises(ValueError, match="broadcast"):
        srcad.grad(widened)(np.ones((3, 1)))


def widened(x):
    y = x[:1].copy()
    y += x[:, 0]
    return np.sum(y ** 2)


@pytest.mark.parametrize("f", [lambda x: np.sum(x[::-1] * np.sin(x)), lambda x: np.sum(x[:, ::-1] ** 2 @ x.T[::-1]),
                               lambda x: np.sum((x * x)[..., ::-1] @ x[::-1, ::-1].T), lambda x: np.sum(x[::-1][1:])])
def test_what_is_turned_round_is_turned_back(f):
    derivative = srcad.grad(f)
    derivative(RNG.normal(size=(4, 3)))
    assert "zeros" not in words(derivative) or "[1:]" in words(derivative)
    srcad.check_grads(f, (RNG.normal(size=(4, 3)),), order=2)

def correlation(x, kind):
    if kind == 1:
        a = np.exp(x)
        b = np.sin(a * x)
        c = np.cos(b * a)
        return c * b * a
    if kind == 2:
        a = np.cos(x)
        b = np.sin(a * x)
        c = np.exp(b * a)
        return c * b * a * x
    a = np.tanh(x)
    b = np.sin(a * x)
    c = np.cos(b + a)
    return c * b * a * x * x


def test_branches_keep_one_tuple_each():
    """Each of the branches would name what the others keep, too."""
    def total(x):
        s = 0.0
        for i in range(4):
            s = s + correlation(s + x, 1 + i % 3)
        return s

    slope = srcad.grad(total)
    assert slope(0.3) == pytest.approx((total(0.3 + 1e-6) - total(0.3 - 1e-6)) / 2e-6, rel=1e-6)
    assert slope.source.count("= None") <= 6, slope.source
    second = (slope(0.3 + 1e-6) - slope(0.3 - 1e-6)) / 2e-6
    assert srcad.jvp(slope, (0.3,), (1.0,))[1] == pytest.approx(second, rel=1e-5)
    assert srcad.grad(total, backend="xla")(0.3) == pytest.approx(slope(0.3))


def checked(x, kind):
    if x < 0:
        raise ValueError("negative")
    if kind == 1:
        y = np.exp(x) * x
    elif kind == 2:
        y = np.sin(x) * x
    else:
        raise ValueError("kind")
    return y * y


def test_what_raises_has_no_adjoint():
    """Who comes back has come the other way."""
    def total(x):
        return checked(x, 1) + sum(checked(x * k, 2) for k in (1.0, 0.5))

    slope = srcad.grad(total)
    srcad.check_grads(total, (0.7,), order=2)
    assert slope(0.7) == pytest.approx((total(0.7 + 1e-6) - total(0.7 - 1e-6)) / 2e-6)
    by_kind = srcad.grad(checked)
    assert by_kind(0.7, 2) == pytest.approx((checked(0.7 + 1e-6, 2) - checked(0.7 - 1e-6, 2)) / 2e-6)
    assert "dx = 0.0" not in by_kind.source
    for args in ((-0.1, 1), (0.1, 3)):
        with pytest.raises(ValueError, match=r"negative|kind"):
            by_kind(*args)


def test_places_that_differ_are_stored_to():
    def chosen(x, labels):
        return np.sum(np.exp(x)[np.arange(len(labels)), labels])

    derivative = srcad.grad(chosen)
    derivative(RNG.normal(size=(4, 3)), np.array([2, 0, 0, 1]))
    assert "add.at" not in words(derivative)
    srcad.check_grads(lambda x: chosen(x, np.array([2, 0, 0, 1])), (RNG.normal(size=(4, 3)),))
    srcad.check_grads(lambda x: np.sum(np.exp(x)[np.arange(-2, 2), [2, 0, 0, 1]]), (RNG.normal(size=(2, 3)),))
    srcad.check_grads(lambda x: np.sum(np.exp(x)[np.arange(1), [1, 1]]), (RNG.normal(size=(2, 3)),))


def test_minus_of_a_negative_number_is_plus():
    def energy(x, y):
        return np.sum(-0.1 * np.cos(x) - np.sin(x) * y)

    derivative = srcad.grad(energy)
    derivative(np.ones(3), np.ones(3))
    assert "- -" not in words(derivative)
    srcad.check_grads(energy, (np.ones(3), np.arange(3.0)))


def test_a_dot_product_under_the_name_of_its_vector():
    def f(x, y):
        for row in x:
            y = np.exp(-y)
            y = y * np.sum(row * np.cos(y))
        return np.sum(y)

    srcad.check_grads(f, (RNG.normal(size=(3, 4)), RNG.normal(size=4)), order=2)


def test_what_has_no_name_accumulates_in_place():
    def state(q, zs):
        p = np.eye(2)
        for z in zs:
            p = z * p @ p + q * np.eye(2)
        return p[0, 0]

    derivative = srcad.grad(state)
    derivative(1.0, np.ones(3))
    assert re.search(r"(t\d) \+= dp", words(derivative))
    srcad.check_grads(state, (0.3, np.array([0.5, 0.2])), order=2)

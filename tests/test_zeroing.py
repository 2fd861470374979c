"""What need not be cleared in the cotangent of an array that a loop stores into, and what must be."""

from __future__ import annotations

import numpy as np
import pytest

import srcad

X = np.random.default_rng(1).normal(size=6)


def each_once(x):
    y = np.zeros(6)
    for t in range(5, -1, -1):
        y[t] = np.sin(x[t])
    return np.sum(y ** 2)


def matrix(x):
    y = np.zeros((3, 2))
    for i in range(3):
        for j in range(2):
            y[i, j] = x[i] * x[j + 3]
    return np.sum(y ** 2)


def next_one(x):
    y = np.zeros(6)
    y[0] = x[5]
    for t in range(5):
        y[t + 1] = y[t] + np.sin(y[t] * x[t])
    return np.sum(y ** 2)


def on_condition(x):
    y = np.zeros(6)
    for t in range(6):
        if x[t] > 0:
            y[t] = np.sin(x[t])
    return np.sum(y ** 2)


def negative_index(x):
    y = np.zeros(4)
    for t in range(-2, 4):
        y[t] = x[t + 2] * 2
    return np.sum(y ** 2)


def again_in_every_round(x):
    y = np.zeros(6)
    for k in range(2):
        for t in range(6):
            y[t] = x[t] * (k + 1)
    return np.sum(y ** 2)


def transposed_index(x):
    y = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            y[j, i - 1] = x[i] * x[j + 3] + i
            y[2, 2] = x[i]
    return np.sum(y ** 2)


def twice(x):
    y = np.zeros(4)
    for t in range(6):
        y[t % 4] = x[t] * 2
    return np.sum(y ** 2)


def old_values_count(x):
    y = x.copy()
    for t in range(5):
        y[t] = np.sin(x[t])
    return np.sum(y ** 2)


def two_stores(x):
    y = np.zeros(7)
    for t in range(6):
        y[t] = np.sin(x[t])
        y[t + 1] = y[t] * 2
    return np.sum(y ** 2)


@pytest.mark.parametrize("f, cleared", [(each_once, 0), (matrix, 0), (next_one, 0), (on_condition, 0),
                                        (negative_index, 1), (again_in_every_round, 1), (transposed_index, 2),
                                        (twice, 1), (old_values_count, 1), (two_stores, 2)])
def test_clearing(f, cleared):
    gradient = srcad.grad(f)
    gradient(X)
    assert gradient.source.count("] = 0.0") == cleared
    steps = 1e-6 * np.eye(6)
    np.testing.assert_allclose(gradient(X), [(f(X + h) - f(X - h)) / 2e-6 for h in steps], rtol=1e-6, atol=1e-8)
    second = [(gradient(X + h) - gradient(X - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(srcad.jacobian(gradient)(X), second, rtol=1e-5, atol=1e-6)


def gathered(x):
    y = np.zeros_like(x)
    y[np.array([0, 0, 1])] = x[:3]
    z = np.zeros_like(x)
    z[1:] = 2 * x[:-1]
    return np.sum((x + y + z) ** 2)


def test_what_is_gathered_in_a_new_array():
    """It may be added to another array at once if no element is stored twice: the last one counts then."""
    gradient = srcad.grad(gathered)
    steps = 1e-6 * np.eye(6)
    slopes = [(gathered(X + h) - gathered(X - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(gradient(X), slopes, rtol=1e-6, atol=1e-8)
    value, tangent = srcad.jvp(gathered, (X,), (np.ones(6),))
    assert value == pytest.approx(gathered(X)) and tangent == pytest.approx(np.sum(slopes))

"""What leaves a loop, and what must stay in it."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import srcad


def path(dt, zs):
    x = 1.0
    for z in zs:
        x = x * np.exp(np.sqrt(dt) * z)
    return x


def steps(dt, n):
    x = 1.0
    for _ in range(n):
        x = x + np.sqrt(dt) * x
    return x


def raising(dt, n):
    x = 1.0
    for _ in range(n):
        x = x + math.sqrt(dt) * x
    return x


def constant(x, n):
    for _ in range(n):
        x = x + np.sqrt(0.25) * x * x
    return x


def twice(x, h, n):
    for _ in range(n):
        x = x + 0.5 * h * np.sin(x + 0.5 * h * x)
    return x


def before(gradient, text):
    """Is this computed before the first loop, and nowhere else?"""
    source = "\n".join(line.split("  #")[0] for line in gradient.source.split("\n"))
    return source.count(text) == 1 and source.index(text) < source.index("for ")


def test_what_leaves():
    gradient = srcad.grad(path)
    assert gradient(0.04, np.array([0.5, 1.0])) == pytest.approx(np.exp(0.3) * 1.5 * 0.5 / 0.2)
    assert before(gradient, "np.sqrt(dt)")
    gradient = srcad.grad(constant)
    assert gradient(0.3, 1) == pytest.approx(1.3) and before(gradient, "np.sqrt(0.25)")
    gradient = srcad.grad(twice, wrt="h")
    assert gradient(0.3, 0.0, 1) == pytest.approx(0.5 * np.sin(0.3)) and before(gradient, "0.5 * h")


@pytest.mark.parametrize("f", [steps, raising])
def test_what_stays(f):
    """With no trip nothing is computed, so nothing warns or raises."""
    gradient = srcad.grad(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradient(-1.0, 0) == 0.0
    assert gradient(4.0, 1) == pytest.approx(0.25)

POINTS, VALUES = [0.0, 1.0, 2.5, 4.0], [1.0, 3.0, -1.0, 0.5]


def between(x, y):
    low, high = 0, 3
    while high - low > 1:
        middle = (low + high) // 2
        if x < POINTS[middle]:
            high = middle
        else:
            low = middle
    if y < 0:
        return VALUES[low] * y
    share = (x - POINTS[low]) / (POINTS[low + 1] - POINTS[low])
    return ((1 - share) * VALUES[low] + share * VALUES[low + 1]) * y


def weighed(x, y, n):
    total = 0.0
    for i in range(n):
        total += [x, y, 2.0][i % 3] * x ** i
    return total


def test_tables_are_made_once():
    gradient = srcad.grad(between)
    for x in (0.3, 1.7, 3.0):
        assert gradient(x, 2.0) == pytest.approx((between(x + 1e-6, 2.0) - between(x - 1e-6, 2.0)) / 2e-6)
    assert gradient(0.3, -1.0) == 0.0
    assert gradient.source.count("POINTS_0, POINTS_1, POINTS_2, POINTS_3]") == 1
    assert "tape" not in gradient.source
    slope = srcad.grad(weighed, wrt=(0, 1))
    slope(1.3, 0.7, 5)
    assert slope.source.count(" = [x, y, 2.0]") == 1 and slope.source.index(" = [x, y") < slope.source.index("for ")
    srcad.check_grads(lambda x, y: weighed(x, y, 5), (1.3, 0.7), order=2)

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

"""What the reverse sweep keeps, and how it has again what it does not keep."""

from __future__ import annotations

import numpy as np
import pytest

import srcad


def viewed_in_nested_loops(x):
    y = x * 2
    for _ in range(3):
        for _ in range(2):
            x, y = y[:], x[::-1]
        y = y[::-1]
    return np.sum(np.sin(x) * y)


def shorter_in_each_trip(x):
    for _ in range(2):
        x = x[1:]
    return np.sum(x ** 3)


def filtered_in_each_trip(x):
    y = x * 1.0
    for _ in range(2):
        y = y[y > 0.5]
    return np.sum(y ** 3)


@pytest.mark.parametrize("f", [viewed_in_nested_loops, shorter_in_each_trip, filtered_in_each_trip])
def test_second_order_of_carried_views(f):
    """Both modes agree with differences of gradients, and with each other."""
    x, t, e = np.linspace(0.2, 2.0, 5), np.linspace(-1.0, 1.0, 5), 1e-6
    g = srcad.grad(f)
    forward = srcad.jvp(g, (x,), (t,))[1]
    np.testing.assert_allclose(forward, (g(x + e * t) - g(x - e * t)) / (2 * e), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(srcad.vjp(g, x)[1](t)[0], forward, rtol=1e-12, atol=1e-12)

"""Programs whose derivatives XLA computes as NumPy does, or raises what NumPy raises."""

from __future__ import annotations

import math

import numpy as np
import pytest

import srcad
from srcad import Unsupported

X = np.array([0.3, -0.4, 0.9, 1.2])
A = np.arange(9.0).reshape(3, 3) / 7 + 3 * np.eye(3)


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def halves(x):
    return x[0] if len(x) == 1 else halves(x[: len(x) // 2]) * 2 + halves(x[len(x) // 2:])


def fibonacci(x, n):
    return x if n < 2 else fibonacci(x, n - 1) + np.sin(fibonacci(x, n - 2))


def kept(x):
    rows = []
    for v in x:
        if v > 0:
            rows.append(v * v)
    total = 0.0
    for k, row in enumerate(rows):
        total = total * 0.5 + row * k
    return total + len(rows) * rows[-1]


def ragged(x, k):
    rows = []
    for i in range(3):
        row = []
        for v in x:
            if v > i * 0.4:
                row.append(v * v)
        rows.append(row)
    return rows[0][-1] * rows[1][k] + np.sum(np.array([len(r) * x[0] for r in rows]))


def flattened(x):
    ys = []
    for v in x:
        ys = ys + [v * v, v]
    return ys[0] * ys[-1] + sum(ys)


def scaled(x, n):
    return x * 2 ** n + x ** n


def quotient(x, n):
    return x / n


def logarithm(x, n):
    return math.log(x - n)


def picked(x, n):
    rows = [v * v for v in x if v > 0]
    return rows[n] * x[n]


SAME = [
    (power, (1.5, 4)), (power, (1.5, 0)), (halves, (X,)), (fibonacci, (0.7, 6)), (kept, (X,)), (kept, (-X,)),
    (ragged, (X, 1)), (ragged, (X, 0)), (flattened, (X,)), (scaled, (0.5, 3)), (scaled, (0.5, -2)),
    (quotient, (2.0, 4)), (logarithm, (2.0, 1)), (picked, (X, 2)), (picked, (X, -1)),
]
RAISING = [(quotient, (2.0, 0)), (logarithm, (2.0, 3)), (picked, (X, 3)), (picked, (X, -4)), (kept, (-abs(X),))]


@pytest.mark.parametrize(("f", "args"), SAME)
def test_gradients_are_numpys(f, args):
    value, gradient = srcad.value_and_grad(f)(*args)
    got, compiled = srcad.value_and_grad(f, backend="xla")(*args)
    np.testing.assert_allclose(got, value, rtol=1e-12)
    np.testing.assert_allclose(compiled, gradient, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("f", "args"), RAISING)
def test_exceptions_are_numpys(f, args):
    with pytest.raises(Exception) as expected:
        f(*args)
    with pytest.raises(expected.type):
        srcad.value_and_grad(f, backend="xla")(*args)


def test_recursion_of_unknown_depth_is_refused():
    def rounded(x):
        return x if x < 1 else rounded(x / 2) + 1.0

    with pytest.raises(Unsupported, match="calls itself too often"):
        srcad.grad(rounded, backend="xla")(5.0)

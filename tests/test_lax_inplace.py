"""Stores in loops are made in place by XLA: no loop copies a whole array at every trip."""

from __future__ import annotations

import re

import numpy as np
import pytest

import srcad
from srcad.program.compiled import stage
from srcad.program.derivatives import program_of
from srcad.program.programs import shared
from srcad.program.runner import Runner, values_of


def rows(A):
    A = A.copy()
    for i in range(1, len(A)):
        A[i] = np.sin(A[i] * A[i - 1])
    return np.sum(A)


def elimination(A):
    A = A.copy()
    n = len(A)
    for k in range(n - 1):
        for i in range(n):
            factor = np.where(i > k, A[i, k] / A[k, k], 0.0)
            A[i] = A[i] - factor * A[k]
    return np.sum(A)


def elements(A):
    A = A.copy()
    for i in range(1, len(A)):
        for j in range(1, len(A)):
            A[i, j] = 0.5 * A[i - 1, j] + 0.25 * np.sin(A[i, j - 1])
    return A[-1, -1]


A4 = np.arange(12.0).reshape(4, 3) / 7 + 0.3


def computations(hlo):
    """The computations of an HLO text, by name."""
    found, name = {}, ""
    for line in hlo.splitlines():
        head = re.match(r"(?:ENTRY )?%?([\w.\-]+) (?:\(.*)?-> .*\{$", line.strip())
        if head:
            name = head[1]
        found.setdefault(name, []).append(line)
    return found


def copies_in_loops(hlo, shape):
    """The copies of arrays of this shape in the bodies of loops."""
    bodies = set(re.findall(r"body=%?([\w.\-]+)", hlo))
    copy = re.compile(rf"f64\[{','.join(map(str, shape))}\]\S* copy\(")
    return [line.strip() for name, lines in computations(hlo).items() if name in bodies
            for line in lines if copy.search(line)]


def compiled_text(f, *args):
    program = program_of(f)
    values = values_of(program, args, {})
    variant = Runner(shared(program)).variants.find(values)
    return stage(variant.func, "hlo", variant.inputs(values))


def swapped(A):
    A = A.copy()
    for i in range(1, len(A)):
        row = A[i].copy()
        A[i] = 0.5 * A[i - 1] + A[0]
        A[i - 1] = row * A[i, 0]
    return np.sum(np.sin(A))


def wave(u0):
    u, v = u0.copy(), np.zeros_like(u0)
    for _ in range(5):
        v[1:-1, 1:-1] += u[2:, 1:-1] + u[:-2, 1:-1] - 2 * u[1:-1, 1:-1]
        u += 0.1 * v
    return np.sum(u ** 2)


def anywhere(A, places):
    A = A.copy()
    for i, j in zip(places, places[::-1], strict=True):
        A[i] *= 0.5
        A[j] = A[j] + A[i]
        A[i] = A[i] * A[j, 1]
    return np.sum(A * A)


@pytest.mark.parametrize("n", [30, 70])
@pytest.mark.parametrize("f", [rows, elimination, elements, swapped, wave])
def test_no_loop_copies_the_array(f, n):
    text = compiled_text(srcad.grad(f), np.eye(n) + 1)
    assert "body=" in text
    assert not copies_in_loops(text, (n, n))


@pytest.mark.parametrize("places", [[0, 1, 2, 3], [1, 1, 1], [0, -1, 3, 1], [-4, 0, 2, -1, 3]])
def test_stores_that_may_meet(places):
    """Which rows are one is only known when the program runs."""
    A = A4
    value, gradient = srcad.value_and_grad(anywhere)(A, np.array(places))
    got, compiled_gradient = srcad.value_and_grad(anywhere, backend="xla")(A, np.array(places))
    assert np.isclose(got, value) and np.isclose(got, anywhere(A, places))
    np.testing.assert_allclose(compiled_gradient, gradient, rtol=1e-12)


def test_copies_are_seen():
    text = """body (p: f64[3,3]) -> f64[3,3] {
      %c = f64[3,3]{1,0} copy(p)
    }
    ENTRY main () -> f64[] {
      while(x), body=%body
    }"""
    assert copies_in_loops(text, (3, 3)) == ["%c = f64[3,3]{1,0} copy(p)"]


def visited(A, n):
    A = A.copy()
    for k in range(n):
        A[k] = A[k] * A[k - 1]
        for j in range(k):
            A[j, 1:] += np.sin(A[k, :-1]) * A[j, 0]
    return np.sum(A * A)


@pytest.mark.parametrize(("f", "args"), [(swapped, (A4,)), (visited, (A4, 3)), (anywhere, (A4, np.array([1, 3, 1])))])
def test_derivatives_of_derivatives(f, args):
    direction = (np.cos(A4), *[None] * (len(args) - 1))
    expected = srcad.hvp(f, args, direction)
    np.testing.assert_allclose(srcad.hvp(f, args, direction, backend="xla"), expected, rtol=1e-10)


def thomas(main, b):
    c, x = main.copy(), b.copy()
    n = len(c)
    for i in range(1, n):
        w = 0.5 / c[i - 1]
        c[i] -= w * np.sin(x[i - 1])
        x[i] -= w * x[i - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - 0.3 * x[i + 1]) / c[i]
    return np.sum(x ** 2)


def handed_on(x, y):
    """What is loaded goes into another array, and its place is set to what does not depend on it."""
    x, y = x.copy(), y.copy()
    for i in range(1, len(x)):
        y[i] += x[i - 1] * y[i - 1]
        x[i - 1] = 0.0
        x[i] *= y[0]
    return np.sum(y * y) + x[-1]


@pytest.mark.parametrize("f", [thomas, handed_on])
def test_loads_that_several_stores_depend_on(f):
    args = np.linspace(2.0, 3.0, 70), np.linspace(-0.5, 0.7, 70)
    gradient = srcad.grad(f, wrt=(0, 1))
    for a, b in zip(srcad.grad(f, wrt=(0, 1), backend="xla")(*args), gradient(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
    text = compiled_text(gradient, *args)
    assert "body=" in text and not copies_in_loops(text, (70,))

"""Slices whose length is only known when the program runs, under XLA: derivatives as in NumPy, and in place."""

from __future__ import annotations

import numpy as np
import pytest

import srcad
from srcad import Unsupported
from srcad.backends.lax import Compiled
from tests.test_lax_inplace import compiled_text, copies_in_loops

A = np.random.default_rng(0).normal(size=(5, 5)) + 5 * np.eye(5)
B = np.linspace(-1.0, 2.0, 5)


def elimination(A):
    A = A.copy()
    n = len(A)
    for k in range(n):
        for i in range(k + 1, n):
            A[i, k] = A[i, k] / A[k, k]
            A[i, k + 1:] -= A[i, k] * A[k, k + 1:]
    return np.sum(np.log(np.abs(np.diag(A))))


def elimination_by_blocks(A):
    A = A.copy()
    for k in range(len(A) - 1):
        A[k + 1:, k] /= A[k, k]
        A[k + 1:, k + 1:] -= np.outer(A[k + 1:, k], A[k, k + 1:])
    return np.sum(np.log(np.abs(np.diag(A))))


def forward_substitution(L, b):
    x = np.zeros(len(b))
    for i in range(len(b)):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
    return np.sum(x * x)


def back_substitution(U, b):
    n = len(b)
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - np.dot(U[i, i + 1:], x[i + 1:])) / U[i, i]
    return np.sum(x * b)


def cholesky(A):
    n = len(A)
    L = np.zeros((n, n))
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] + 9 - np.sum(L[j, :j] ** 2))
        L[j + 1:, j] = (A[j + 1:, j] - L[j + 1:, :j] @ L[j, :j]) / L[j, j]
    return np.sum(L ** 2 * A)


def prefixes(x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = np.sum(x[:i + 1] * x[i]) + np.max(x[i:]) + np.mean(x[i:] ** 2)
    return y @ y


def differences(x):
    total = 0.0
    for i in range(2, len(x)):
        total += np.sum((x[1:i] - x[:i - 1]) ** 2)
    return total


def shifted(x):
    y = x.copy()
    for i in range(len(x) - 1):
        y[i + 1:] = y[i + 1:] * 0.5 + y[i]
        y[:i] *= 1.1
        y[i:] += len(y[i:])
    return np.sum(y * x)


def chosen(x, k):
    head, tail = x[:k], x[k:]
    return np.sum(head ** 2) * np.sum(np.where(tail > 0, tail, 0.5 * tail)) + head[0] * tail[-1] + x[-k:].sum()


def symmetric(m):
    total = 0.0
    for k in range(1, len(m)):
        total += np.sum(m[:k, :k] @ m[:k, k]) + np.sum(m[:k, :k].T * m[:k, :k])
    return total


CASES = [(elimination, (A,)), (elimination_by_blocks, (A,)), (forward_substitution, (A, B)),
         (back_substitution, (A, B)), (cholesky, (A + A.T,)), (prefixes, (B,)), (differences, (B,)), (shifted, (B,)),
         (chosen, (B, 2)), (symmetric, (A,))]
EVERY = pytest.mark.parametrize(("f", "args"), CASES, ids=[f.__name__ for f, _ in CASES])


@pytest.fixture
def only_compiled(monkeypatch):
    def refuse(self, inputs):
        raise AssertionError(f"{self.func.name} was not run by XLA")

    monkeypatch.setattr(Compiled, "_interpreted", refuse)


@EVERY
def test_derivatives(f, args, only_compiled):
    wrt = tuple(k for k, a in enumerate(args) if isinstance(a, np.ndarray))
    value, gradients = srcad.value_and_grad(f, wrt)(*args)
    got, compiled_gradients = srcad.value_and_grad(f, wrt, backend="xla")(*args)
    np.testing.assert_allclose(got, value, rtol=1e-12)
    for g, expected in zip(compiled_gradients, gradients, strict=True):
        np.testing.assert_allclose(g, expected, rtol=1e-9, atol=1e-10)


def test_forward_and_twice(only_compiled):
    direction = (np.cos(A), np.sin(B))
    assert np.isclose(srcad.jvp(forward_substitution, (A, B), direction, backend="xla")[1],
                      srcad.jvp(forward_substitution, (A, B), direction)[1])
    expected = srcad.hvp(forward_substitution, (A, B), direction)
    got = srcad.hvp(forward_substitution, (A, B), direction, backend="xla")
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("f", [elimination, forward_substitution])
@pytest.mark.parametrize("n", [20, 50])
def test_in_place(f, n):
    args = (np.eye(n) + 1, np.ones(n))[:f.__code__.co_argcount]
    text = compiled_text(srcad.grad(f), *args)
    assert "body=" in text and not copies_in_loops(text, (n, n))


def test_what_does_not_fit():
    def mixed(x):
        total = 0.0
        for i in range(1, len(x)):
            total += np.sum(x[:i] * x)
        return total

    def sorted_part(x):
        return sum(np.sum(np.sort(x[:i])) for i in range(1, len(x)))

    for f in (mixed, sorted_part):
        with pytest.raises(Unsupported, match="only known when the program runs"):
            srcad.grad(f, backend="xla")(B)

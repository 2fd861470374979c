"""What the reverse sweep keeps, and how it has again what it does not keep."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import srcad
from srcad.transforms import undo, versions
from tests import test_corpus
from tests.corpus.registry import PROGRAMS
from tests.inplace_kernels import KERNELS


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


def replaced_by_another_length(x):
    a = x.copy()
    for _ in range(2):
        x = np.sin(a[np.array([0, 2, 0])]) ** 3
    return np.sum(x) + np.sum(a ** 2)


def filtered_in_each_trip(x):
    y = x * 1.0
    for _ in range(2):
        y = y[y > 0.5]
    return np.sum(y ** 3)


@pytest.mark.parametrize("f", [viewed_in_nested_loops, shorter_in_each_trip, replaced_by_another_length,
                               filtered_in_each_trip])
def test_second_order_of_carried_views(f):
    """Both modes agree with differences of gradients, and with each other."""
    x, t, e = np.linspace(0.2, 2.0, 5), np.linspace(-1.0, 1.0, 5), 1e-6
    g = srcad.grad(f)
    forward = srcad.jvp(g, (x,), (t,))[1]
    np.testing.assert_allclose(forward, (g(x + e * t) - g(x - e * t)) / (2 * e), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(srcad.vjp(g, x)[1](t)[0], forward, rtol=1e-12, atol=1e-12)


EVERY = pytest.mark.parametrize("name", KERNELS)
# What these read is final when it is read, or when it is stored.
SETTLED = ("lu", "lu_by_outer_products", "cholesky", "cholesky_by_rows", "cholesky_by_elements",
           "back_substitution", "running_sine")


@EVERY
def test_kernels(name):
    """The gradient against differences, and its derivative in both modes against differences of gradients."""
    f, arguments = KERNELS[name]
    x, *others = arguments(5)
    t, e = np.random.default_rng(0).normal(size=x.shape), 1e-6

    def value(x):
        return f(x, *others)

    g = srcad.grad(value)
    assert np.sum(g(x) * t) == pytest.approx((f(x + e * t, *others) - f(x - e * t, *others)) / (2 * e), rel=1e-6)
    assert np.sum(g(x) * t) == pytest.approx(srcad.jvp(value, (x,), (t,))[1], rel=1e-11)
    forward = srcad.jvp(g, (x,), (t,))[1]
    np.testing.assert_allclose(forward, (g(x + e * t) - g(x - e * t)) / (2 * e), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(srcad.vjp(g, x)[1](t)[0], forward, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SETTLED)
def test_nothing_is_kept_that_no_store_overwrites(name):
    f, arguments = KERNELS[name]
    g = srcad.grad(f)
    g(*arguments(4))
    assert "tape" not in g.source


def test_work_arrays_are_kept_whole():
    """An array that is made in each step is kept for each step; its elements are read from it."""
    f, arguments = KERNELS["implicit_heat"]
    g = srcad.grad(f)
    g(*arguments(4))
    forward, _, reverse = g.source.partition("# reverse")
    assert forward.count("append") == 2 and ".copy()" not in forward and "c[i]" in reverse


def test_all_of_an_array_stored():
    """What is stored into all of an array is the array: nothing is copied into it."""
    def shortest(d):
        d = d.copy()
        for k in range(len(d)):
            d[:, :] = -np.log(np.exp(-d) + np.exp(-d[:, k:k + 1] - d[k:k + 1, :]))
        return np.sum(d)

    d, t, e = np.random.default_rng(0).uniform(3.0, 5.0, (4, 4)), np.random.default_rng(1).normal(size=(4, 4)), 1e-6
    g = srcad.grad(shortest)
    assert np.sum(g(d) * t) == pytest.approx((shortest(d + e * t) - shortest(d - e * t)) / (2 * e), rel=1e-6)
    assert "[:, :] = " not in g.source.replace("d[:, :] = -np.log(np.exp(-d) +", "") and g.source.count(".copy()") == 1


def test_overwritten_later():
    """A row that is read before a later trip stores into it is kept."""

    def f(x):
        a = x.copy()
        n = len(a)
        s = 0.0
        for k in range(n):
            for i in range(n):
                s += np.sin(a[k] * a[i])
                a[i] += a[k]
        return s

    x, t, e = np.linspace(0.1, 0.5, 4), np.array([1.0, -1.0, 0.5, 2.0]), 1e-6
    assert srcad.grad(f)(x) @ t == pytest.approx((f(x + e * t) - f(x - e * t)) / (2 * e), rel=1e-6)


def test_undone():
    """Gauss-Seidel reads all of x in each step, and overwrites one element: only that is kept."""
    f, arguments = KERNELS["gauss_seidel"]
    g = srcad.grad(f)
    g(*arguments(4))
    forward, _, reverse = g.source.partition("# reverse")
    assert forward.count(".copy()") == 1 and "x[i] = old" in reverse


@pytest.fixture
def everything_undone(monkeypatch):
    """Undo every array that is stored to in a loop, worth it or not."""
    monkeypatch.setattr(undo, "worth_undoing", lambda func, kept: versions.chains(func.body, versions.Places(func)))


@EVERY
@pytest.mark.usefixtures("everything_undone")
def test_kernels_undone(name):
    test_kernels(name)


@pytest.mark.usefixtures("everything_undone")
def test_undone_in_branches_and_callees():
    test_corpus.test_second_order(PROGRAMS["callee_called_twice_that_stores"])
    test_corpus.test_second_order(PROGRAMS["swaps_of_rows_by_index_lists"])


def explained(name, n):
    f, arguments = KERNELS[name]
    g = srcad.grad(f)
    g(*arguments(n))
    return [line.strip() for line in g.explain().splitlines()]


def test_explain_says_what_is_kept():
    """A row of the table is 8 bytes for each of the numbers that a trip computes."""
    lines = explained("gauss_seidel", 5)
    assert "keeps x: 40 bytes" in lines
    assert any(line.startswith("undoes stores: it keeps old: 8 bytes a trip") for line in lines)
    assert not any(line.startswith("copies") for line in lines)
    lines = explained("edit_distance", 4)
    assert any(line.startswith("tapes") and line.endswith(", 128 bytes") for line in lines)
    assert any(line.startswith("reads a again") for line in explained("lu", 4))
    lines = explained("wave", 6)
    assert any(line.startswith("tapes a value of line") and ": 32 bytes a trip" in line for line in lines)


def test_explain_lists_copies():
    def f(x):
        a, s = x.copy(), 0.0
        for i in range(len(a)):
            a[i] = np.sin(a[i - 1])
            s += np.sum(np.exp(a))
            a[i] *= 2.0
        return s

    g = srcad.grad(f)
    g(np.linspace(0.1, 0.5, 4))
    copies = [line for line in g.explain().splitlines() if "copies" in line]
    assert copies == [] or all("32 bytes" in line for line in copies)


def peak(f, args):
    f(*args)
    tracemalloc.start()
    f(*args)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


# Kernels, two sizes, and how the peak memory may grow when the size doubles: as what is overwritten in all.
GROWTH = [("lu", (16, 32), 4), ("lu_by_outer_products", (32, 64), 4), ("cholesky", (16, 32), 4), ("wave", (64, 128), 4),
          ("edit_distance", (12, 24), 4), ("gauss_seidel", (32, 64), 4), ("back_substitution", (32, 64), 4)]


@pytest.mark.parametrize(("name", "sizes", "growth"), GROWTH)
def test_memory_grows_as_what_is_overwritten(name, sizes, growth):
    f, arguments = KERNELS[name]
    g = srcad.grad(f)
    small, large = (peak(g, arguments(n)) for n in sizes)
    assert large < 1.4 * growth * small


# Kernels, two sizes, what they overwrite in numbers, and the multiple of its bytes that the gradient needs at most.
# (In the table a cell tapes a tuple of Python's numbers.)
MULTIPLES = [("lu", (40, 80), lambda n: n * n, 6), ("cholesky", (40, 80), lambda n: n * n, 6),
             ("wave", (100, 200), lambda n: n * n, 2), ("edit_distance", (24, 48), lambda n: n * n, 20)]


@pytest.mark.parametrize(("name", "sizes", "overwritten", "multiple"), MULTIPLES)
def test_peak_is_a_small_multiple_of_what_is_overwritten(name, sizes, overwritten, multiple):
    f, arguments = KERNELS[name]
    for n in sizes:
        assert peak(srcad.grad(f), arguments(n)) < multiple * 8 * overwritten(n)


def test_memory_of_factorisations():
    """A few matrices, where taping the rows that are read would take n^3 / 3."""
    for name in ("lu", "lu_by_outer_products", "cholesky"):
        f, arguments = KERNELS[name]
        assert peak(srcad.grad(f), arguments(64)) < 12 * 64 * 64 * 8


def swept_in_place(x, b):
    """The caller's own array is changed."""
    for _ in range(2):
        for i in range(len(b)):
            x[i] = np.cos(b[i] + np.sum(np.sin(x)) / 5)
    return np.sum(x * x)


def test_undo_works_on_a_copy():
    """A pullback can be called again, and the caller's array is what the function leaves."""
    x, b = np.linspace(0.1, 1.0, 5), np.linspace(1.0, 2.0, 5)
    left, given = x.copy(), x.copy()
    swept_in_place(left, b)
    value, pullback = srcad.vjp(swept_in_place, given, b)
    assert value == np.sum(left * left)
    np.testing.assert_array_equal(given, left)
    first = [g.copy() for g in pullback(1.0)]
    given[:] = np.nan
    for _ in range(2):
        for a, expected in zip(pullback(1.0), first, strict=True):
            np.testing.assert_array_equal(a, expected)
            a[:] = np.nan
    again = x.copy()
    found = srcad.grad(swept_in_place, wrt=(0, 1))(again, b)
    np.testing.assert_array_equal(again, left)
    for a, expected in zip(found, first, strict=True):
        np.testing.assert_allclose(a, expected, rtol=1e-14)

"""Traps: programs whose gradients are wrong, without an error, in other systems.

Each is right here, or refused with `Unsupported`; `right` are those that must not be refused.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from srcad import Unsupported, grad, jvp, vjp

X = np.array([0.5, 1.5, -0.75])
A = np.array([[1.0, 2.0, -1.0], [0.5, -0.3, 2.0]])
ORDER = np.array([2, 0, 0])


# Stores, views and names of one array.


def store_through_augmented_index(x):
    y = x * 2
    y[1] += x[0] * x[0]
    return np.sum(y * y)


def store_through_augmented_slice(x):
    y = x * 2
    y[1:] *= x[0]
    return np.sum(y * y)


def another_name(x):
    y = x * 3
    z = y
    y += x * x
    return np.sum(z * z)


def rebinding(x):
    y = x * 3
    z = y
    y = y + x * x
    return np.sum(z * y)


def write_through_view(x):
    y = x * 1.0
    v = y[1:]
    v[0] = x[0] * 5
    return np.sum(y * y)


def read_through_view(x):
    y = x * 1.0
    v = y[1:]
    y[1] = x[0] * 5
    return np.sum(v * v)


def transposed_view(x):
    a = np.outer(x, x)
    t = a.T
    a[0, 1] = x[2]
    return np.sum(t[1] * x)


def _fill(y, v):
    y[0] = v * v
    y[1:] += v


def callee_that_mutates(x):
    y = x * 2
    _fill(y, x[2])
    return np.sum(y * x)


def folded_factor_is_a_copy(x):
    y = x * 1.0
    y[0] = 7.0
    return np.sum(y * x)


def masked_store(x):
    y = x * 2
    y[x > 1] = x[0] * x[1]
    return np.sum(y * y)


def fancy_store(x):
    y = np.zeros(3)
    y[ORDER] = x * x
    return np.sum(y * np.arange(3.0))


def power_in_place(x):
    y = x * x
    y **= 2
    return np.sum(y)


def scratch_buffer(x):
    scratch = np.zeros(3)
    total = 0.0
    for i in range(3):
        scratch[:] = x * (i + 1)
        total = total + np.sum(scratch ** 2)
    return total


def rows(x):
    a = np.outer(x, x)
    for row in a:
        row[:] = row * x
    return np.sum(a)


# Broadcasting, indexing and powers.


def broadcast_quotient(x):
    return np.sum(A / x) + np.sum(np.multiply(x, A)) + np.sum(x[:1] * A)


def repeated_index(x):
    return np.sum(x[ORDER] * np.array([1.0, 10.0, 100.0]))


def exponent(x):
    return np.sum(np.exp(x) ** x) + 2.0 ** x[0]


def product_with_zero(x):
    return np.prod(x * np.array([1.0, 0.0, 1.0]) + np.array([0.0, 0.3, 0.0])) + np.prod(x - x[0])


# Control flow.


def branch_in_a_for(x):
    s = 0.0
    for v in x:
        if v > 0:
            s = s + v * v
        else:
            s = s - v
    return s * x[0]


def square_of_one_array(x):
    y = np.sin(x)
    return np.sum(y * y)


def loop_with_divisor(x):
    s = x[0]
    for i in range(1, 6):
        s = s + x[1] / i * s / (i + 1)
    return s


def loop_condition(x):
    s, n = x[1], 0
    while s * s < 50 and n < 20:
        s = s * 1.5 + x[0]
        n += 1
    return s * n


def generator_callee(x):
    def items():
        for v in x:
            yield v * v

    return sum(items())


def in_a_with(x):
    with np.errstate(all="ignore"):
        y = x * x
    return np.sum(y)


# Conversions of numbers.


def through_math(x):
    return math.sin(float(x[0])) * math.exp(x[1].item())


def through_float(x):
    return float(np.sum(x)) * float(x[0]) ** 2


def through_item(x):
    return np.sum(x * x).item() * x[1:2].item()


def through_astype(x):
    return np.sum(x.astype(np.float64) ** 2) + np.sum(x.astype("float32")[:0])


# What must not be folded.


def zero_times(x):
    return np.sum(0.0 * x) + x[0]


def difference_of_itself(x):
    return np.sum(x - x) + np.sum(x / x) + x[1]


PROGRAMS = [store_through_augmented_index, store_through_augmented_slice, another_name, rebinding, write_through_view,
            read_through_view, transposed_view, callee_that_mutates, folded_factor_is_a_copy, masked_store, fancy_store,
            power_in_place, scratch_buffer, rows, broadcast_quotient, repeated_index, exponent, product_with_zero,
            branch_in_a_for, square_of_one_array,
            loop_with_divisor, loop_condition, generator_callee, in_a_with, through_math, through_float, through_item,
            through_astype, zero_times, difference_of_itself]
MAY_REFUSE = {generator_callee, in_a_with, rows, masked_store, fancy_store, transposed_view}


def differences(f, x, h=1e-6):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


@pytest.mark.parametrize("f", PROGRAMS)
def test_right_or_refused(f):
    x = X.copy()
    expected = differences(f, x)
    try:
        g = grad(f)(x)
    except Unsupported:
        assert f in MAY_REFUSE
        return
    np.testing.assert_allclose(g, expected, rtol=1e-5, atol=1e-6)
    assert np.array_equal(x, X)
    v = np.array([1.0, -2.0, 0.5])
    y, dy = jvp(f, (x,), (v,))
    assert np.isclose(y, f(x)) and np.isclose(dy, expected @ v, rtol=1e-5)
    y, pullback = vjp(f, x)
    assert np.isclose(y, f(x)) and np.allclose(pullback(2.0)[0], 2 * expected, rtol=1e-5)
    assert np.array_equal(x, X)


def test_arguments_that_are_mutated_are_mutated_once():
    def f(x):
        x[0] = x[1] * 2
        x *= 3
        return np.sum(x * x)

    expected = differences(lambda x: f(x.copy()), X)
    x = X.copy()
    assert np.allclose(grad(f)(x), expected, rtol=1e-5)
    y = X.copy()
    f(y)
    assert np.array_equal(x, y)


def test_reads_out_of_range_raise():
    with pytest.raises(IndexError):
        grad(lambda x, i: x[i] * 2.0)(X, 3)
    with pytest.raises(IndexError):
        grad(lambda x, i: np.sum(x[i]))(X, np.array([0, 5]))


def test_exact_exponents():
    assert jvp(lambda a, b: a ** b, (2.0, 3.0), (0.0, 1.0))[1] == pytest.approx(8 * np.log(2))
    assert grad(lambda a, b: a ** b, 1)(2.0, 3.0) == pytest.approx(8 * np.log(2))
    assert grad(lambda x: x ** 0.0)(0.0) == 0.0 and grad(lambda x: x ** 2)(0.0) == 0.0
    assert np.array_equal(grad(lambda x: np.sum(x ** 0))(np.zeros(2)), np.zeros(2))


def test_products_with_zeros():
    assert np.allclose(grad(np.prod)(np.array([2.0, 0.0, 3.0])), [0.0, 6.0, 0.0])
    assert np.allclose(grad(np.prod)(np.array([0.0, 0.0, 3.0])), 0.0)
    assert grad(lambda x: np.sum(np.sinc(x)))(np.zeros(2)).tolist() == [0.0, 0.0]


def test_determinant_of_a_singular_matrix():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    assert np.allclose(grad(np.linalg.det)(a), [[4.0, -2.0], [-2.0, 1.0]])


def test_the_branch_of_where_that_is_not_taken():
    for f in (lambda x: np.sum(np.where(x > 0, np.log(x), x)), lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)),
              lambda x: np.sum(np.where(x > 0, x / x, x))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert np.all(np.isfinite(grad(f)(np.array([-1.0, 0.0, 2.0]))))


def test_infinities_and_nans_are_not_folded():
    with np.errstate(all="ignore"):
        assert np.isnan(grad(lambda x: np.sum(x - x) * np.sum(x))(np.array([np.inf, 1.0]))).any()
        assert np.isnan(jvp(lambda x: 0.0 * x, (np.inf,), (1.0,))[0])
        y, _ = jvp(lambda x: np.sum(x / x), (np.array([0.0]),), (np.ones(1),))
        assert np.isnan(y)


FACTOR = 2.0


def test_globals_are_not_frozen(monkeypatch):
    f = grad(lambda x: x * FACTOR)
    assert f(1.0) == 2.0
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    assert f(1.0) == 5.0


def test_draws_are_not_frozen():
    gradient = grad(lambda x, rng: x * rng.normal())
    expected = np.random.default_rng(5).normal(size=3)
    rng = np.random.default_rng(5)
    assert [gradient(1.0, rng) for _ in range(3)] == list(expected)


@pytest.mark.parametrize("f", [lambda x: np.sum(np.random.normal(x, 1.0)),
                               lambda x: np.sum(np.random.default_rng(0).normal(0.0, x)),
                               lambda x: np.sum(np.histogram2d(x, x)[0] ** 2), lambda x: x * __import__("time").time()])
def test_refused(f):
    with pytest.raises(Unsupported) as caught:
        grad(f)(np.array([1.0, 1.0]))
    assert "test_peers.py" in str(caught.value)


def test_non_scalars_are_not_summed():
    from srcad import ArgumentError

    with pytest.raises(ArgumentError):
        grad(lambda x: x * 2)(X)

"""A function that raises half-way leaves the caller's arrays as it does by itself."""

from __future__ import annotations

import numpy as np
import pytest

import srcad

VECTOR = np.arange(1.0, 6)


def singular(x):
    x[0] = 5.0
    A = np.outer(x, x)
    x[1] *= 2
    y = np.linalg.solve(A[:3, :3] * 0.0, x[:3])
    x[2] = 7.0
    return np.sum(y ** 2)


def beyond_the_end(x):
    for i in range(len(x)):
        x[i] = 2 * x[i + 1]
    return np.sum(x ** 2)


def wrong_shapes(x):
    x *= 2
    x[1:] += x[:-2]
    return np.sum(x ** 2)


def without_a_value(x):
    x[0] = 0.66
    if x[1] > 100:
        y = x * 2
    return np.sum(y ** 2)


def raised(x):
    x[1:] = x[:-1] * 2
    if x[1] > 1:
        x[0] = -1.0
        raise ValueError("too large")
    return np.sum(x ** 2)


def asserted(x):
    for k in range(len(x)):
        x[k] = -x[k]
        assert k < 2, "too far"
    return np.sum(x ** 2)


def step(x, k):
    x[k] *= 10.0
    if k == 2:
        raise ValueError("too deep")
    step(x, k + 1)
    x[0] = 0.0


def raised_in_a_recursion(x):
    x[4] = 1.5
    step(x, 0)
    return np.sum(x ** 2)


def halves(x):
    if len(x) < 2:
        raise ValueError("too short")
    x[0] += 1
    halves(x[:len(x) // 2])
    halves(x[len(x) // 2:])


def raised_in_a_recursion_of_views(x):
    halves(x)
    return np.sum(x ** 2)


def divided_by_zero(x):
    x[0] = 3.0
    n = 0
    for k in range(2):
        x[k + 1] = x[k] * 2
        n += 1 // (1 - k)
    return np.sum(x ** 2) * n


def exchanged(x):
    y = x * 2
    for k in range(5):
        y[:] = x + 1
        x, y = y, x
        if k == 2:
            raise ValueError("enough")
    return np.sum(x ** 2)


CASES = (singular, beyond_the_end, wrong_shapes, without_a_value, raised, asserted, raised_in_a_recursion,
         raised_in_a_recursion_of_views, divided_by_zero, exchanged)


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("mode", ["grad", "vjp", "jvp", "second"])
def test_the_arrays_of_the_caller(f, mode):
    expected, lent = VECTOR.copy(), VECTOR.copy()
    modes = {"grad": srcad.grad(f), "vjp": lambda x: srcad.vjp(f, x),
             "jvp": lambda x: srcad.jvp(f, (x,), (np.ones(5),)),
             "second": lambda x: srcad.jvp(srcad.grad(f), (x,), (np.ones(5),))}
    with pytest.raises(Exception) as own:
        f(expected)
    for _ in range(2):
        lent[:] = VECTOR
        with pytest.raises(type(own.value)):
            modes[mode](lent)
        np.testing.assert_array_equal(lent, expected)


def test_what_is_printed_is_printed_once(capsys):
    def f(x):
        x[0] = 1.0
        print("here")
        x[9] = 2.0
        return np.sum(x ** 2)

    with pytest.raises(IndexError):
        srcad.grad(f)(VECTOR.copy())
    assert capsys.readouterr().out == "here\n"


def test_an_error_of_the_derivative_alone():
    """The function has returned: its stores are there."""
    def f(x):
        x[0] = 2.0
        return np.linalg.norm(np.linalg.eigh(np.outer(x, x))[1])

    lent = VECTOR.copy()
    with np.errstate(all="ignore"):
        srcad.grad(f)(lent)
    assert lent[0] == 2.0


def without_a_length(x, length=None):
    if x < 1.0:
        return x / length
    return x ** 2


def without_a_start(x):
    if x > 1.0:
        start = x
    elif x > 0.0:
        x = start * x
    return x * x


def without_an_entry(x):
    table = {"a": x}
    for k in range(3):
        if x < k:
            x += table["b"]
    return x * x


@pytest.mark.parametrize("function, derivative, error", [
    (without_a_length, 4.0, TypeError), (without_a_start, 4.0, UnboundLocalError), (without_an_entry, 4.0, KeyError)],
    ids=lambda p: getattr(p, "__name__", ""))
def test_a_path_that_is_sure_to_fail_raises_where_it_is_taken(function, derivative, error):
    slope = srcad.grad(function)
    assert slope(2.0) == derivative
    with pytest.raises(error) as own:
        function(0.5)
    with pytest.raises(error) as raised:
        slope(0.5)
    assert str(raised.value) == str(own.value)
    with pytest.raises(error):
        srcad.jvp(function, (0.5,), (1.0,))

"""The side of an `np.where` that is not taken has no part in the derivative, also where it has none itself."""

import numpy as np
import pytest

import srcad

POINTS = np.array([-1.5, 0.0, 0.25, 1.0, 2.0])


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


def positive(x):
    return np.maximum(x, 1e-300)


def softplus(x):
    return np.sum(np.where(x > 1.9, x, np.log1p(np.exp(1000 * x))))


def nested(x):
    return np.sum(np.where(x > 0, np.log(np.where(x > 1, np.sqrt(x - 1), x)), x))


def named(x):
    size = np.abs(x)
    root = np.sqrt(2 * size)
    return np.sum(np.where(size > 0, root * size, size))


def root_that_is_tested(x):
    root = np.sqrt(x * x)
    return np.sum(np.where(root > 0, 1 / root, 0.0))


def in_a_loop(x):
    total = 0.0
    for k in range(3):
        total = total + np.sum(np.where(x > 0, np.log(x) * k, x))
    return total


def in_a_branch(x):
    if np.sum(x) > 0:
        y = np.where(x > 0, np.sqrt(x), 0.0)
    else:
        y = x
    return np.sum(y)


def twice_the_same_test(x):
    logarithm = np.log(x)
    taken = x > 0
    return np.sum(np.where(taken, logarithm * x, 0.0) + np.where(taken, logarithm, x))


def both_sides(x):
    return np.sum(np.where(x < 1, np.arctanh(np.where(x < 0, 0.0, x / 2)), np.log(x - 0.5)))


def inverted_powers(x):
    return np.sum(np.where(x == 0, 0.0, x ** -2.0) + np.where(x > 0, x ** x, 1.0))


def where_taken(derivative, otherwise):
    """The gradient of each element, where the test holds and elsewhere."""
    return lambda x: np.where(x > 0, derivative(positive(x)), otherwise)


CASES = {
    "log": (lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)), where_taken(lambda x: 1 / x, 0.0)),
    "quotient": (lambda x: np.sum(np.where(x != 0, np.sin(x) / x, 1.0)),
                 lambda x: np.array([(np.cos(v) - np.sin(v) / v) / v if v else 0.0 for v in x])),
    "sqrt": (lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)), where_taken(lambda x: 0.5 * x ** -0.5, 0.0)),
    "power": (lambda x: np.sum(np.where(x > 0, x ** 1.5, 0.0)), where_taken(lambda x: 1.5 * x ** 0.5, 0.0)),
    "orelse": (lambda x: np.sum(np.where(x <= 0, x, np.log(x))), where_taken(lambda x: 1 / x, 1.0)),
    "overflow": (softplus, lambda x: np.array([0.0, 500.0, 1000.0, np.nan, 1.0])),
    "nested": (nested, lambda x: np.array([1.0, 1.0, 4.0, 1.0, 0.5])),
    "named": (named, lambda x: np.sign(x) * 1.5 * np.sqrt(2 * np.abs(x)) + (x == 0) * 0.0),
    "root": (root_that_is_tested, lambda x: np.array([-np.sign(v) / v ** 2 if v else 0.0 for v in x])),
    "loop": (in_a_loop, where_taken(lambda x: 3 / x, 3.0)),
    "branch": (in_a_branch, where_taken(lambda x: 0.5 * x ** -0.5, 0.0)),
    "one test": (twice_the_same_test, where_taken(lambda x: np.log(x) + 1 + 1 / x, 1.0)),
    "both sides": (both_sides, lambda x: np.array([0.0, 0.5, 0.5 / (1 - 0.125 ** 2), 2.0, 1 / 1.5])),
    "powers": (inverted_powers, lambda x: np.array([-2 * v ** -3.0 + (v ** v * (np.log(v) + 1) if v > 0 else 0)
                                                    if v else 0.0 for v in x])),
}


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_finite_and_right(name):
    f, expected = CASES[name]
    want = expected(POINTS)
    defined = np.isfinite(want)       # 1000 overflows where the side is taken
    np.testing.assert_allclose(srcad.grad(f)(POINTS)[defined], want[defined], rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in CASES if n != "overflow"])
def test_forward_mode_agrees(name):
    f, expected = CASES[name]
    direction = np.array([1.0, -2.0, 0.5, 3.0, 1.5])
    np.testing.assert_allclose(srcad.jvp(f, (POINTS,), (direction,))[1], expected(POINTS) @ direction, rtol=1e-12)


@pytest.mark.parametrize("name, second", [
    ("log", lambda v: -1 / v ** 2 if v > 0 else 0.0),
    ("sqrt", lambda v: -0.25 * v ** -1.5 if v > 0 else 0.0),
    ("power", lambda v: 0.75 * v ** -0.5 if v > 0 else 0.0),
    ("orelse", lambda v: -1 / v ** 2 if v > 0 else 0.0),
    ("nested", lambda v: 0.0 if v <= 0 else -1 / v ** 2 if v <= 1 else -0.5 / (v - 1) ** 2),
    ("loop", lambda v: -3 / v ** 2 if v > 0 else 0.0),
    ("branch", lambda v: -0.25 * v ** -1.5 if v > 0 else 0.0),
    ("quotient", lambda v: (-np.sin(v) - 2 * (np.cos(v) - np.sin(v) / v) / v) / v if v else 0.0),
])
def test_second_derivatives(name, second):
    f, _ = CASES[name]
    want = np.array([second(v) for v in POINTS])
    np.testing.assert_allclose(srcad.hessian(f)(POINTS), np.diag(want), rtol=1e-10, atol=1e-12)
    twice = srcad.grad(lambda x: np.sum(srcad.grad(f)(x)))
    np.testing.assert_allclose(twice(POINTS), want, rtol=1e-10, atol=1e-12)
    across = srcad.grad(lambda x: srcad.jvp(f, (x,), (np.ones(5),))[1])
    np.testing.assert_allclose(across(POINTS), want, rtol=1e-10, atol=1e-12)


def test_what_is_broadcast_is_masked_before_it_is_summed():
    def f(w, x):
        return np.sum(np.where(x > 0, np.log(w * x), 0.0))

    x = np.array([[0.0, 1.0], [-1.0, 2.0]])
    dw, dx = srcad.grad(f, wrt=(0, 1))(2.0, x)
    assert dw == 1.0
    np.testing.assert_array_equal(dx, [[0.0, 1.0], [0.0, 0.5]])
    np.testing.assert_array_equal(srcad.grad(f)(np.array([2.0, 4.0]), x), [0.0, 0.5])


def test_a_column_of_tests():
    def f(x):
        size = np.sqrt(np.sum(x * x, axis=1, keepdims=True))
        return np.sum(np.where(size > 0, x / size, 0.0))

    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_allclose(srcad.grad(f)(x), [[0.0, 0.0], [0.2 - 7 * 3 / 125, 0.2 - 7 * 4 / 125]], rtol=1e-12)


def test_one_test_for_whole_arrays():
    def f(x):
        size = np.sqrt(x @ x)
        return np.sum(np.where(size > 0, x / size, x))

    np.testing.assert_array_equal(srcad.grad(f)(np.zeros(3)), np.ones(3))


def test_missing_data():
    def f(w, x, y):
        return np.sum(np.where(np.isnan(y), 0.0, (x @ w - y) ** 2)) + np.sum(np.where(~np.isnan(x), x * w, 0.0)) * 0

    x, y = np.eye(3), np.array([1.0, np.nan, 2.0])
    np.testing.assert_array_equal(srcad.grad(f)(np.ones(3), x, y), [0.0, 0.0, -2.0])


def test_numbers():
    def f(x):
        return np.where(x > 0, np.log(x), 0.0) + 0.0

    assert srcad.grad(f)(0.0) == 0.0
    assert srcad.grad(f)(4.0) == 0.25


def test_single_precision_stays():
    x = POINTS.astype(np.float32)
    assert srcad.grad(CASES["log"][0])(x).dtype == np.float32


def test_no_more_masks_than_are_needed():
    def f(x):
        return np.sum(np.where(x > 0, x * x, 3 * x))

    g = srcad.grad(f)
    np.testing.assert_array_equal(g(POINTS), np.where(POINTS > 0, 2 * POINTS, 3.0))
    assert g.source.count("np.where(t1") == 2
    g = srcad.grad(CASES["log"][0])
    g(POINTS)
    assert g.source.partition("#")[0].count("np.where") + g.source.count("    return np.where") == 1

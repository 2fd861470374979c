"""Stores into arrays: what the caller sees afterwards, what is refused, what handed-out arrays share."""

from __future__ import annotations

import copy
import itertools
import linecache
import warnings

import numpy as np
import pytest

import srcad
from srcad.errors import ArgumentError, Unsupported
from tests.corpus.memory_arguments import STORING
from tests.corpus.memory_refused import REFUSED
from tests.programs.stores import stores


def arrays_in(tree):
    if isinstance(tree, dict):
        return [a for t in tree.values() for a in arrays_in(t)]
    if isinstance(tree, tuple | list):
        return [a for t in tree for a in arrays_in(t)]
    return [tree] if isinstance(tree, np.ndarray) else []


def attempt(f, *args):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return f(*args), None
        except Unsupported:
            raise
        except Exception as error:
            return None, type(error)


def moved(args, direction, t):
    return tuple(_moved(a, d, t) for a, d in zip(args, direction, strict=True))


def _moved(a, d, t):
    if isinstance(a, dict):
        return {k: _moved(a[k], d[k], t) for k in a}
    if isinstance(a, tuple | list):
        return type(a)(_moved(x, y, t) for x, y in zip(a, d, strict=True))
    return a + t * d


def directions(args):
    rng = np.random.default_rng(3)

    def leaf(a):
        if isinstance(a, dict):
            return {k: leaf(v) for k, v in a.items()}
        if isinstance(a, tuple | list):
            return type(a)(map(leaf, a))
        return rng.normal(size=a.shape)

    return tuple(map(leaf, args))


def inner(a, b):
    return sum(np.sum(x * y) for x, y in zip(arrays_in(a), arrays_in(b), strict=True))


def slope(f, args, direction, h=1e-4):
    def central(h):
        sides = [f(*copy.deepcopy(moved(args, direction, s * h))) for s in (1, -1)]
        return (sides[0] - sides[1]) / (2 * h)

    return (4 * central(h / 2) - central(h)) / 3


MODES = {
    "grad": lambda f, args, d: srcad.value_and_grad(f, wrt=tuple(range(len(args))))(*args),
    "jvp": lambda f, args, d: srcad.jvp(f, args, d),
    "vjp": lambda f, args, d: pulled(f, args),
    "second": lambda f, args, d: srcad.jvp(srcad.grad(f, wrt=tuple(range(len(args)))), args, d),
}


def pulled(f, args):
    value, pullback = srcad.vjp(f, *args)
    for a in arrays_in(args):
        a[...] = np.nan  # the pullback does not look at the caller's arrays any more
    first = pullback(1.0)
    for a in arrays_in(first):
        a *= np.nan  # nor at what it gave away
    return value, pullback(1.0)


@pytest.mark.parametrize("case", STORING, ids=lambda case: case[0].__name__)
@pytest.mark.parametrize("mode", MODES)
def test_arguments_afterwards(case, mode):
    f, args = case
    expected, given = copy.deepcopy(args), copy.deepcopy(args)
    before = [id(a) for a in arrays_in(given)]
    value, error = attempt(f, *expected)
    d = directions(args)
    if mode == "vjp":
        lent = copy.deepcopy(args)
        _, got = attempt(lambda: srcad.vjp(f, *lent))
        assert got is error
        for a, b in zip(arrays_in(expected), arrays_in(lent), strict=True):
            np.testing.assert_array_equal(a, b)
    result, got = attempt(MODES[mode], f, given, d)
    assert got is error
    assert before == [id(a) for a in arrays_in(given)]
    if mode != "vjp":
        for a, b in zip(arrays_in(expected), arrays_in(given), strict=True):
            np.testing.assert_array_equal(a, b)
    if error is not None:
        return
    if mode == "second":
        gradient = srcad.grad(f, wrt=tuple(range(len(args))))
        weights = directions(args)
        found = slope(lambda *a: inner(gradient(*a), weights), args, d)
        assert inner(result[1], weights) == pytest.approx(found, rel=1e-5, abs=1e-7)
        return
    assert result[0] == pytest.approx(value)
    found = result[1] if mode == "jvp" else inner(result[1], d)
    assert found == pytest.approx(slope(f, args, d), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0].__name__)
def test_refused(case):
    f, args, words = case
    with pytest.raises(Unsupported, match=words) as caught:
        srcad.grad(f)(*copy.deepcopy(args))
    assert "instead:" in str(caught.value)


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed):
    """Right, or refused: value, arguments afterwards, both modes."""
    program = stores(seed)
    f = defined(program)
    expected = copy.deepcopy(program.args)
    value, error = attempt(f, *expected)
    if error is None and not abs(value) < 1e3:
        return
    d = directions(program.args)
    found = slope(f, program.args, d) if error is None else 0.0
    for mode in ("grad", "jvp", "vjp"):
        given = copy.deepcopy(program.args)
        try:
            result, got = attempt(MODES[mode], f, given, d)
        except Unsupported:
            return
        if error is not None and got is None:
            return      # an operation that fails, and whose result nothing reads, may be left out
        assert got is error, program.source
        if mode == "vjp":
            # Results and arguments were overwritten between two calls of the pullback.
            assert error is not None or inner(result[1], d) == pytest.approx(found, rel=1e-4, abs=1e-6), program.source
            continue
        assert error is not None or result[0] == pytest.approx(value, rel=1e-9), program.source
        for a, b in zip(expected, given, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=program.source)
        if error is not None:
            continue
        derivative = result[1] if mode == "jvp" else inner(result[1], d)
        assert derivative == pytest.approx(found, rel=1e-4, abs=1e-6), program.source


def defined(program):
    name = f"<stores {program.seed}>"
    linecache.cache[name] = (len(program.source), None, program.source.splitlines(True), name)
    scope = {"__name__": "stores"}
    exec(compile(program.source, name, "exec"), scope)
    return scope["f"]


def test_overlapping_arguments_of_a_function_that_stores():
    def f(x, y):
        x[0] = 2 * y[1]
        return np.sum(x * y)

    a = np.arange(6.0)
    for pair in ((a, a), (a[1:], a[:-1]), (a, a[::-1])):
        with pytest.raises(ArgumentError, match="share memory"):
            srcad.grad(f)(*pair)
        with pytest.raises(ArgumentError, match="share memory"):
            srcad.vjp(f, *pair)
        with pytest.raises(ArgumentError, match="share memory"):
            srcad.jvp(f, pair, (np.ones(len(pair[0])), np.ones(len(pair[0]))))
    np.testing.assert_array_equal(a, np.arange(6.0))
    g = srcad.grad(f)(a[::2], a[1::2])
    np.testing.assert_array_equal(a, [2 * 3, 1, 2, 3, 4, 5])
    np.testing.assert_array_equal(g, [0, 3, 5])


def test_overlapping_arguments_that_are_only_read():
    a = np.arange(5.0)
    x, y = srcad.grad(lambda x, y: np.sum(x * y * y), wrt=(0, 1))(a, a)
    np.testing.assert_array_equal(x, a * a)
    np.testing.assert_array_equal(y, 2 * a * a)


def test_what_is_handed_out_shares_no_memory():
    def f(x, y):
        y[1:] = x[:-1]
        return np.sum(x * y), (x, y, y[1:], x[None])

    x, y = np.arange(4.0), np.ones(4)
    (value, aux), gradients = srcad.value_and_grad(f, wrt=(0, 1), has_aux=True)(x, y)
    pieces = [*aux, *gradients, x, y]
    assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(pieces, 2))
    assert value == pytest.approx(0 + 0 * 1 + 1 * 2 + 2 * 3)


def test_a_stored_argument_under_xla():
    def f(x):
        x[1] = x[0] * x[2]
        return np.sum(x ** 2)

    x = np.arange(1.0, 5)
    g = srcad.grad(f, backend="xla")(x)
    np.testing.assert_allclose(x, [1, 3, 3, 4])
    np.testing.assert_allclose(g, [2 + 2 * 3 * 3, 0, 6 + 2 * 3 * 1, 8])

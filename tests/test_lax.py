"""Core programs under XLA: the same values, types and structure as in NumPy."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest

from srcad import ir
from srcad.backends.lax import FIRST_CAPACITY, compiled
from srcad.errors import Unsupported
from srcad.ir import Builder, Func, Lit, Loop, Param, Var, op_of
from srcad.ir.build import EXTENT, OPERATORS
from srcad.ir.core import Carry, Range, Read, Write
from srcad.ir.interpret import interpret
from srcad.ir.types import FLOAT, INT, Type, array, fresh
from srcad.program.compiled import xla
from srcad.program.lowering import lower_program
from srcad.program.programs import Gradient, Primal
from srcad.program.signature import Describe

ROWS = Type("sequence", item=FLOAT)
X = np.arange(4.0) + 0.1
A = np.arange(9.0).reshape(3, 3) + 5 * np.eye(3)


def described(names, args):
    describe = Describe()
    return {n: describe.argument(n, v) for n, v in zip(names, args, strict=True)}


def core(f, *args):
    program = Primal(f)
    return lower_program(program, described(program.names, args)).func


def adjoint(f, *args):
    program = Primal(f)
    return lower_program(Gradient(program, program.names[:1], True, True), described(program.names, args)).func


def assert_same(got, want):
    if isinstance(want, tuple | list):
        assert type(got) is type(want) and len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            assert_same(g, w)
        return
    assert (got is None) == (want is None) and isinstance(got, np.ndarray) == isinstance(want, np.ndarray)
    if want is not None:
        assert np.asarray(got).dtype == np.asarray(want).dtype
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def run_both(f, *args):
    assert_same(xla(core(f, *args))(*args), f(*args))


# --- programs

def recurrence(x, xs, n):
    h = 0.0
    for t in range(n):
        h = np.tanh(x * h + xs[t])
    return h * h


def doubling(x):
    b = x * 2
    while np.sum(b * b) < 1000:
        b = b * 2
    if np.sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return np.sum(c)


def newton(x):
    y = x
    for _ in range(50):
        d = (y * y - x) / (2 * y)
        y = y - d
        if abs(d) < 1e-12:
            break
    return y


def early(x):
    for i in range(5):
        if x > i + 3:
            return x * i
    return x - 1


def scalars(x, y):
    return math.sin(x) * math.atan2(y, x) + math.floor(x) + min(x, y) + math.exp(-x) + abs(x)


def rows(x):
    s = 0.0
    for row in x:
        s = s + np.sin(row).sum()
    for i, v in enumerate(x[0]):
        s = s + i * v
    return s


def appended(x, n):
    ys = []
    for i in range(n):
        ys.append(np.sin(x * i))
    return np.sum(np.array(ys) * np.array(ys))


def nested(x, n):
    s = 0.0
    for i in range(n):
        k = 0
        while k < i * 3:
            s = np.sin(s * x + k) + s
            k += 1
    return s


def branches(x):
    s = x
    for _ in range(6):
        if s > 0.5:
            s = np.sin(s) * s
        else:
            s = s * s + 1
    return s


PROGRAMS = [
    (recurrence, 0.7, X, 3), (doubling, X), (newton, 2.0), (early, 4.5), (early, 2.0), (scalars, 1.3, 0.4), (rows, A),
    (appended, 0.3, 5), (nested, 0.3, 4), (branches, 0.3),
]


@pytest.mark.parametrize(("f", "args"), [(p[0], p[1:]) for p in PROGRAMS])
def test_primal(f, args):
    run_both(f, *args)


@pytest.mark.parametrize(("f", "args"), [(p[0], p[1:]) for p in PROGRAMS])
def test_adjoint(f, args):
    func = adjoint(f, *args)
    assert_same(xla(func)(*args), interpret(func, *args))


# --- types

def test_numpy_types():
    def mixed(x, n):
        return x * 2.0 + n, x / n, n / 2, n // 2, n * x.astype(np.float64), x > n, n * 2.0 * x

    run_both(mixed, np.arange(3, dtype=np.float32), 3)


def test_optional():
    def best(xs):
        found = None
        for v in xs:
            if found is None or v > found:
                found = v
        return found

    run_both(best, X)
    assert xla(core(best, X))(np.zeros(0)) is None


def test_global_configuration_is_left_alone():
    import jax

    run_both(newton, 2.0)
    assert not jax.config.jax_enable_x64


# --- loops of unknown length

def slow_growth(x):
    s = x
    while s < 200:
        s = s + np.sin(s) * 0.5 + 0.6
    return s


def test_tape_outgrows_its_buffer():
    func = adjoint(slow_growth, 0.3)
    f = compiled(func)
    assert_same(tuple(f(0.3, 1.0)), interpret(func, 0.3))
    assert max(f.capacities) > FIRST_CAPACITY
    assert_same(tuple(f(0.4, 1.0)), interpret(func, 0.4))


def test_list_grows_while_it_is_read():
    def doubled(x, bound):
        ys = [x]
        while ys[-1] < bound:
            ys.append(ys[-1] + x)
        return ys

    run_both(doubled, 3.0, 100.0)
    run_both(doubled, 3.0, 1000.0)


def test_new_trip_count_does_not_compile_again():
    f = compiled(core(recurrence, 0.7, X, 3))
    f(0.7, X, 3)
    f(0.7, X, 2)
    assert f.variants == 1


# --- hand-built programs

def product_of(tape_of_rows, reverse):
    """`w * row` over the rows of a tape, in either direction."""
    n = fresh()
    w, xs = Var("w", FLOAT), Var("xs", array(float, n))
    build = Builder()
    count = build.call(EXTENT, xs, axis=0)
    index, tape = Var("t", INT), Var("tape", ROWS)
    with build.nested() as body:
        row = build.call(OPERATORS["mul"], w, build.call(op_of(operator.getitem), xs, index))
    build.add(Loop(tuple(body), index=index, range=Range(Lit(0), count, Lit(1)), writes=(Write(tape, row),)))
    out, param, element, second = Var("h", FLOAT), Var("h", FLOAT), Var("row", FLOAT), Var("tape", ROWS)
    with build.nested() as body:
        h = build.call(OPERATORS["add"], build.call(OPERATORS["mul"], param, w), element)
    build.add(Loop(tuple(body), reads=(Read(element, tape),), carries=(Carry(out, param, Lit(1.0), h),),
                   writes=(Write(second, h),), reverse=reverse))
    return Func("f", (Param("w", w), Param("xs", xs)), build.block, (out, tape, second))


@pytest.mark.parametrize("reverse", [False, True])
def test_tapes(reverse):
    func = product_of(3, reverse)
    for args in ((0.5, X), (0.5, np.zeros(0))):
        got = compiled(func)(*args)
        for g, w in zip(got, interpret(func, *args), strict=True):
            np.testing.assert_allclose(g, w)


def test_while_with_bound():
    x, out, param, trips, n = Var("x", FLOAT), Var("y", FLOAT), Var("y", FLOAT), Var("trips", INT), Var("n", INT)
    build = Builder()
    with build.nested() as test:
        small = build.call(OPERATORS["lt"], param, Lit(10.0))
    with build.nested() as body:
        after = build.call(OPERATORS["mul"], param, Lit(3.0))
    index = Var("i", INT)
    build.add(Loop(tuple(body), index=index, range=Range(Lit(0), n, Lit(1)), test=ir.core.Test(tuple(test), small),
                   carries=(Carry(out, param, x, after),), trips=trips))
    func = Func("f", (Param("x", x), Param("n", n)), build.block, (out, trips))
    for args in ((1.0, 2), (1.0, 9), (20.0, 3)):
        assert tuple(compiled(func)(*args)) == interpret(func, *args)


# --- masks

def clipped(x):
    y = x.copy()
    y[y > 2] = 2.0
    y[x < 1] *= np.sin(y[x < 1])
    return np.sum(y * y)


def picked(x):
    positive = x[x > 1]
    return np.sum(positive * positive + np.sin(positive)) / len(positive) + np.max(positive) + np.mean(positive)


@pytest.mark.parametrize("f", [clipped, picked])
def test_masks(f):
    run_both(f, X)
    func = adjoint(f, X)
    assert_same(xla(func)(X), interpret(func, X))


def test_picked_array_is_returned():
    def rows_of(A):
        return A[A[:, 0] > 1] * 2

    run_both(rows_of, A)


# --- refusals

def test_shape_that_depends_on_values():
    def chosen(x):
        return np.sum(np.cumsum(x[x > 1]))

    with pytest.raises(Unsupported, match="can't be compiled by XLA"):
        xla(core(chosen, X))(X)


def careful(x):
    assert x > 0, "x must be positive"
    if x > 100:
        raise ValueError(f"{x} is too large")
    return x * x


def test_exceptions():
    f = xla(core(careful, 1.0))
    assert f(3.0) == 9.0
    with pytest.raises(AssertionError, match="x must be positive"):
        f(-1.0)
    with pytest.raises(ValueError, match=r"101\.0 is too large"):
        f(101.0)


def windows(x, n):
    s = 0.0
    for i in range(n):
        s = s + np.sum(x[i:i + 2] * x[i + 1:i + 3])
    return s


def test_windows():
    run_both(windows, np.arange(6.0), 4)
    func = adjoint(windows, X, 2)
    assert_same(xla(func)(X, 2), interpret(func, X, 2))


def test_window_that_is_cut_short():
    def last(x, n):
        return np.sum(x[n:n + 3])

    run_both(last, X, 1)
    run_both(last, X, 2)


def test_index_out_of_range():
    def picked(x, i):
        return x[i] * 2

    f = xla(core(picked, X, 1))
    assert f(X, -1) == picked(X, -1)
    with pytest.raises(IndexError):
        f(X, 4)


def sweep(u, n):
    u = u.copy()
    for _ in range(n):
        u[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
        for i in range(1, len(u)):
            u[i] += 0.5 * np.sin(u[i - 1])
    return np.sum(u * u)


def test_stores():
    run_both(sweep, X, 3)
    func = adjoint(sweep, X, 3)
    assert_same(xla(func)(X, 3), interpret(func, X, 3))


def test_argument_is_written_back():
    def scaled(x):
        x[1:] *= 2.0
        return np.sum(x)

    x, y = X.copy(), X.copy()
    assert_same(xla(core(scaled, x))(x), scaled(y))
    assert_same(x, y)


def test_print_in_a_loop(capsys):
    def chatty(x):
        for i in range(3):
            x = x * 2
            print(f"trip {i}: {x:.2f}", x)
        return x

    assert xla(core(chatty, 1.5))(1.5) == chatty(1.5)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == lines[3:] == ["trip 0: 3.00 3.0", "trip 1: 6.00 6.0", "trip 2: 12.00 12.0"]


def test_two_lists_of_unknown_length():
    def joined(x, n):
        ys = []
        while x < n:
            ys.append(x)
            x = x * 2
        return ys + [x] + ys

    run_both(joined, 1.0, 9.0)

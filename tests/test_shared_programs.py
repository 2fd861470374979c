"""Functions of one code share their programs: a new closure, partial or bound method is not compiled again, and sees
what it holds itself."""

from __future__ import annotations

import functools
import gc
import linecache
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from srcad import grad, hessian, hvp, jvp, value_and_grad, vjp

X, Y = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 2.0])


def loss(w: Any, batch: Any) -> Any:
    x, y = batch
    return np.sum((w * x - y) ** 2)


def relu(x: Any) -> Any:
    return np.where(x > 0, x, 0.0)


class Model:
    def __init__(self, scale: Any) -> None:
        self.scale = scale

    def loss(self, w: Any) -> Any:
        return np.sum(self.scale * w * w)


def cell(k: Any) -> Any:
    return lambda x: np.sum(x * x * k)


def default(k: Any) -> Any:
    return lambda x, k=k: np.sum(x * x * k)


def keyword(k: Any) -> Any:
    def f(x: Any, *, k: Any = k) -> Any:
        return np.sum(x * x * k)

    return f


def partial(k: Any) -> Any:
    return functools.partial(lambda k, x: np.sum(x * x * k), k)


def named(k: Any) -> Any:
    return functools.partial(lambda x, k: np.sum(x * x * k), k=k)


def inner_function(k: Any) -> Any:
    def scaled(y: Any) -> Any:
        return y * k

    return lambda x: np.sum(scaled(x * x))


def inner_default(k: Any) -> Any:
    def scaled(y: Any, k: Any = k) -> Any:
        return y * k

    return lambda x: np.sum(scaled(x * x))


def inner_partial(k: Any) -> Any:
    scaled = functools.partial(lambda k, y: y * k, k)
    return lambda x: np.sum(scaled(x * x))


def two_functions(k: Any) -> Any:
    def scaled_by(k: Any) -> Any:
        return lambda y: y * k

    first, second = scaled_by(k), scaled_by(2.0)
    return lambda x: np.sum(second(first(x * x))) / 2


def method(k: Any) -> Any:
    return Model(k).loss


def inner_method(k: Any) -> Any:
    compute = Model(k).loss
    return lambda x: compute(x)


def of_object(k: Any) -> Any:
    model = Model(k)
    return lambda x: np.sum(x * x * model.scale)


def tuples(k: Any) -> Any:
    pair = (k, 1.0)
    return lambda x: np.sum(x * x * pair[0])


def dicts(k: Any) -> Any:
    table = {"k": [k]}
    return lambda x: np.sum(x * x * table["k"][0])


def generic(k: Any) -> Any:
    def recursive(y: Any, n: int) -> Any:
        return y if n == 0 else recursive(y * k, n - 1)

    return lambda x: np.sum(recursive(x * x, 1))


MAKERS = [cell, default, keyword, partial, named, inner_function, inner_default, inner_partial, two_functions, method,
          inner_method, of_object, tuples, dicts, generic]


@pytest.mark.parametrize("make", MAKERS, ids=lambda f: f.__name__)
def test_what_a_function_holds(make):
    """Of each kind twice and more, in turn, and each sees its own."""
    half = np.float32(0.5)
    kinds: list[list[Any]] = [[2.0, 3.0, -1.5], [2, 3], [X, Y], [half, 4 * half], [X[:1], Y[:1]], [True]]
    for values in [*kinds, *kinds]:
        for k in values:
            for x in (X, X * 2):
                np.testing.assert_allclose(grad(make(k))(x), 2 * x * k, rtol=1e-6)
                value, (g,) = value_and_grad(make(k), wrt=(0,))(x)
                np.testing.assert_allclose((value, *g), (np.sum(x * x * k), *(2 * x * k)), rtol=1e-6)
    g = grad(make(4.0))
    made = len(g.runner.made())
    for k in (5.0, 6.0, 7.0):
        np.testing.assert_allclose(grad(make(k))(X), 2 * X * k)
    assert len(g.runner.made()) == made or make is inner_default  # whose default is a constant of the program


@pytest.mark.parametrize("make", [cell, default, partial, inner_function, method], ids=lambda f: f.__name__)
def test_every_derivative(make):
    for k in (2.0, 3.0, 4.0):
        np.testing.assert_allclose(vjp(make(k), X)[1](1.0), (2 * X * k,))
        np.testing.assert_allclose(jvp(make(k), (X,), (Y,))[1], np.sum(2 * X * k * Y))
        np.testing.assert_allclose(hvp(make(k), (X,), (Y,)), 2 * k * Y)
        np.testing.assert_allclose(hessian(make(k))(X), 2 * k * np.eye(3))


def test_a_training_loop():
    w, made = np.zeros(3), None
    for k in range(6):
        batch = (X + k, Y)
        g = grad(lambda w: loss(w, batch))
        w = w - 0.001 * g(w)
        assert made is None or len(g.runner.made()) == made
        made = len(g.runner.made())
    expected = np.zeros(3)
    for k in range(6):
        expected = expected - 0.001 * 2 * (expected * (X + k) - Y) * (X + k)
    np.testing.assert_allclose(w, expected)


def test_structure_and_shapes():
    def made(n: int, kind: Any, act: Any, terms: Any) -> Any:
        def f(x: Any) -> Any:
            y = x * np.ones(n) if kind == "ones" else x * 3
            for t in terms:
                y = y + t * x
            return np.sum(y if act is None else act(y))

        return f

    for _ in range(2):
        for n in (3, 4):
            assert grad(made(n, "ones", None, []))(2.0) == n
            assert grad(made(n, "other", None, [1.0] * n))(2.0) == 3 + n
            assert grad(made(n, "ones", relu, (1.0,)))(-2.0) == 0
            assert grad(made(n, "ones", lambda y: y * 2, (1.0,)))(-2.0) == 4 * n
            assert grad(made(n, "ones", lambda y: y * 5, (1.0,)))(-2.0) == 10 * n


def test_functions_that_are_more_than_called():
    def made(act: Any) -> Any:
        table = {act: 2.0}
        return lambda x: table[act] * act(x) + (act.order if hasattr(act, "order") else 0) * x

    def act_of(k: float) -> Any:
        def act(x: Any) -> Any:
            return k * x

        return act

    for k in (2.0, 3.0):
        assert grad(made(act_of(k)))(1.0) == 2 * k
        act = act_of(k)
        act.order = 5
        assert grad(made(act))(1.0) == 2 * k + 5


def test_one_cell_of_two_functions():
    def made(shared: bool) -> Any:
        k, other = 2.0, 3.0

        def first(x: Any) -> Any:
            return x * k

        second = (lambda x: x * k) if shared else (lambda k: lambda x: x * k)(other)
        return lambda x: first(x) * second(x)

    for shared in (True, False, True):
        assert grad(made(shared))(1.0) == (8.0 if shared else 12.0)


def test_a_changed_cell_and_stores():
    def made(buffer: Any) -> Any:
        def f(x: Any) -> Any:
            buffer[0] = x * x
            return buffer[0] * x + buffer[1]

        return f

    for _ in range(3):
        buffer = np.array([0.0, 1.0])
        assert grad(made(buffer))(2.0) == 12.0 and buffer.tolist() == [4.0, 1.0]


def test_nothing_is_kept_alive():
    for make in (cell, default, partial, inner_function, method, of_object, tuples):
        array = np.ones(1000)
        alive = weakref.ref(array)
        f = make(array)
        for _ in range(3):
            grad(f)(X[:1])
            vjp(f, X[:1])[1](1.0)
            jvp(f, (X[:1],), (X[:1],))
        del array, f
        gc.collect()
        assert alive() is None, make.__name__


def test_programs_are_bounded():
    def made(n: int) -> Any:
        return lambda x: np.sum(x * np.ones((n, 1)))

    for n in range(2, 80):
        g = grad(made(n))
        assert g(2.0) == n
    assert len(g.runner.made()) <= 64


def test_threads():
    wrong = []

    def work(seed: int) -> None:
        for k in range(seed, seed + 40):
            f = inner_function(float(k)) if k % 2 else cell(float(k))
            if not np.allclose(grad(f)(X), 2 * X * k) or not np.allclose(vjp(f, X)[1](1.0)[0], 2 * X * k):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(100 * k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_one_code_in_two_modules():
    text = "def f(x):\n    return x * k\n"
    linecache.cache["<twice>"] = (len(text), None, text.splitlines(True), "<twice>")
    code = compile(text, "<twice>", "exec")
    scopes: list[dict[str, Any]] = [{"k": 2.0}, {"k": 3.0}]
    for scope in scopes:
        exec(code, scope)
    for _ in range(3):
        assert [grad(scope["f"])(1.0) for scope in scopes] == [2.0, 3.0]


BUFFER = np.zeros(3)


def in_a_loop(x: Any) -> Any:
    for k in range(3):
        BUFFER[k] = x * (BUFFER[k - 1] + k + 1) if k else x
    return BUFFER[2] * x


def on_one_path(x: Any) -> Any:
    if x > 0:
        BUFFER[1] = x * x
    return BUFFER[1] * x + BUFFER[0]


def by_another_function(x: Any) -> Any:
    def fill() -> None:
        BUFFER[:] = x * x

    fill()
    return np.sum(BUFFER) * x


def in_place(x: Any) -> Any:
    global_view = BUFFER[1:]
    global_view += x
    return np.sum(BUFFER ** 2)


@pytest.mark.parametrize("f", [in_a_loop, on_one_path, by_another_function, in_place])
def test_arrays_of_outside_are_read_as_they_are_by_then(f):
    """By central differences."""
    def at(x: float) -> float:
        BUFFER[:] = 0.5
        return float(f(x))

    slope = (at(1.3 + 1e-6) - at(1.3 - 1e-6)) / 2e-6
    for _ in range(3):
        BUFFER[:] = 0.5
        np.testing.assert_allclose(grad(f)(1.3), slope, rtol=1e-7)
        left = BUFFER.copy()
        at(1.3)
        np.testing.assert_array_equal(BUFFER, left)

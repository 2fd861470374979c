"""Gradients as values: their structure, shapes and dtypes, and whose memory they are."""

from __future__ import annotations

import copy
import dataclasses
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from srcad import elementwise_grad, grad, hessian, jacobian, jvp, value_and_grad, vjp

X = np.array([0.5, -1.0, 2.0])

Point = namedtuple("Point", "x y")


@dataclass
class Layer:
    w: Any
    b: Any
    name: str = "layer"


@dataclass(frozen=True)
class Frozen:
    a: Any
    b: Any = 1.0


def nested(t):
    return np.sum(t["layers"][0].w ** 2) + t["layers"][0].b ** 2 + np.sum(t["layers"][1].w ** 2) + \
        t["rest"].y["k"][0] ** 2


TREES = [
    ((1.0, 2.0), lambda t: t[0] ** 2 + t[1] ** 2),
    ([1.0, X], lambda t: t[0] ** 2 + np.sum(t[1] ** 2)),
    ({"b": X, "a": 2.0}, lambda t: sum([np.sum(v ** 2) for v in t.values()])),
    ((1.0, (X, [2.0])), lambda t: t[0] ** 2 + np.sum(t[1][0] ** 2) + t[1][1][0] ** 2),
    (Point(X, 2.0), lambda t: np.sum(t.x ** 2) + t.y ** 2),
    (Layer(X, 1.0), lambda t: np.sum(t.w ** 2) + t.b ** 2),
    (Frozen(X, (1.0, X)), lambda t: np.sum(t.a ** 2) + t.b[0] ** 2 + np.sum(t.b[1] ** 2)),
    ({"layers": [Layer(X, 1.0), Layer(np.ones((2, 2)), None)], "rest": Point(2, {"k": [3.0]})}, nested),
    ((X, 3, None, "text", True, np.arange(3)), lambda t: np.sum(t[0] ** 2)),
    ([Layer(X, None, "a"), 2], lambda t: np.sum(t[0].w ** 2)),
    ({"w": X, "n": 3}, lambda t: np.sum(t["w"] ** 2)),
    (((), X), lambda t: np.sum(t[1] ** 2)),
    ([[], {}, 2.0], lambda t: t[2] ** 2),
    ((X, X.astype("f")), lambda t: sum([np.sum(v ** 2) for v in t])),
    ((np.float32(2), np.float64(3), np.array(2.0)), lambda t: sum([np.sum(v ** 2) for v in t])),
    ({1: X, "a": 2.0}, lambda t: np.sum(t[1] ** 2) + t["a"] ** 2),
]


def twice(tree):
    """The gradient of the sum of squares."""
    if isinstance(tree, np.ndarray | np.generic) and tree.dtype.kind == "f" or isinstance(tree, float):
        return 2 * tree
    if isinstance(tree, dict):
        return {k: twice(v) for k, v in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*map(twice, tree))
    if isinstance(tree, tuple | list):
        return type(tree)(map(twice, tree))
    if dataclasses.is_dataclass(tree):
        return type(tree)(**{f.name: twice(getattr(tree, f.name)) for f in dataclasses.fields(tree)})
    return None


def same(a: Any, b: Any) -> bool:
    """Equal in structure, types, dtypes, shapes and nearly in values."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b)
    return a is b or a == b


@pytest.mark.parametrize(("tree", "loss"), TREES, ids=[repr(t) for t, _ in TREES])
def test_trees(tree, loss):
    def f(t, scale):
        return scale * loss(t)

    before = copy.deepcopy(tree)
    assert same(grad(f)(tree, 1.0), twice(tree))
    _, pullback = vjp(f, tree, 2.0)
    first, _ = pullback(0.5)
    assert same(first, twice(tree)) and same(pullback(0.5)[0], twice(tree))
    y, dy = jvp(f, (tree, 1.0), (twice(tree), None))
    assert np.isclose(float(dy), 4 * float(y))
    assert same(tree, before)


def test_sequences_have_gradients_of_their_length():
    def f(xs):
        total = 0.0
        for x in xs:
            total = total + np.sum(x * x)
        return total

    assert grad(f)([1.0, 2.0]) == [2.0, 4.0] and grad(f)((1.0, 2.0, 3.0)) == (2.0, 4.0, 6.0)
    assert same(grad(f)([X, 2 * X, 1.0]), [2 * X, 4 * X, 2.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_dtypes_are_kept(dtype):
    x = X.astype(dtype)
    f = lambda x, y: np.sum(np.tanh(x @ y) ** 2)
    a, b = np.ones((2, 3), dtype), x
    da, db = grad(f, wrt=(0, 1))(a, b)
    assert da.dtype == db.dtype == dtype
    y, dy = jvp(f, (a, b), (a, b))
    assert y.dtype == dy.dtype == dtype
    assert [g.dtype for g in vjp(f, a, b)[1](dtype(1))] == [dtype, dtype]
    assert jacobian(np.sin)(x).dtype == dtype and hessian(lambda x: np.sum(np.sin(x)))(x).dtype == dtype
    value, g = value_and_grad(lambda x: np.sum(2.0 * x) / 3)(x)
    assert value.dtype == g.dtype == dtype
    assert grad(lambda x, y: np.sum(x * y))(x, X).dtype == dtype
    scalar = grad(lambda x: x * x * 2.0)(dtype(3))
    assert isinstance(scalar, dtype)


def test_numbers_stay_numbers():
    assert type(grad(lambda x: x * x)(3.0)) is float
    assert type(grad(lambda x: np.sum(x * np.ones(3)))(3.0)) in (float, np.float64)
    assert type(grad(lambda x: x * 2.0)(np.float64(3.0))) in (float, np.float64)
    assert type(grad(lambda x: x * 2.0)(np.float32(3.0))) is np.float32
    assert grad(lambda x: x * x)(np.array(3.0)).shape == ()
    for g in grad(lambda x, y: np.where(x > 0, (x, y)[0], 0.5 * y), wrt=(0, 1))(1.0, 2.0):
        assert type(g) is np.float64


def test_complex_intermediates():
    def f(x):
        z = np.exp(1j * x) * (1 + 2j)
        return np.sum(np.abs(z) ** 2 + z.real)

    g = grad(f)(X)
    assert g.dtype == np.float64 and np.allclose(g, (1j * np.exp(1j * X) * (1 + 2j)).real)
    assert np.isclose(grad(lambda x: (np.exp(1j * x)).imag)(0.5), np.cos(0.5))


@pytest.mark.parametrize("x", [np.array(2.0), np.ones(1), np.zeros(0), np.zeros((0, 3)), np.ones((1, 1)),
                               np.ones((2, 1, 3)), 2.0])
def test_ranks(x):
    g = grad(lambda x: np.sum(np.sin(x) * x))(x)
    assert np.shape(g) == np.shape(x) and np.allclose(g, np.cos(x) * x + np.sin(x))
    assert jacobian(lambda x: x * x)(x).shape == np.shape(x) * 2 if np.shape(x) else True
    assert np.allclose(elementwise_grad(lambda x: x * x)(x), 2 * x)
    y, dy = jvp(lambda x: x * x, (x,), (x,))
    assert np.shape(y) == np.shape(dy) == np.shape(x)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1)])
def test_outputs_of_one_element(shape):
    def f(x):
        return np.reshape(np.sum(x ** 2), shape)

    assert np.allclose(grad(f)(X), 2 * X)
    value, g = value_and_grad(f)(X)
    assert np.isclose(float(np.reshape(value, ())), np.sum(X ** 2)) and np.allclose(g, 2 * X)
    assert np.allclose(grad(lambda x: np.sum(x ** 2, keepdims=True))(X), 2 * X)
    assert np.allclose(grad(lambda x: x * x)(np.full(shape, 3.0)), 6.0)


def test_unused_inputs_and_constant_outputs():
    dx, dy = grad(lambda x, y: np.sum(x), wrt=(0, 1))(X, np.ones((2, 2), np.float32))
    assert same(dx, np.ones(3)) and same(dy, np.zeros((2, 2), np.float32))
    assert same(grad(lambda t: np.sum(t["a"]))({"a": X, "b": 2.0, "c": [X]}),
                {"a": np.ones(3), "b": 0.0, "c": [np.zeros(3)]})
    assert same(grad(lambda x: 3.0)(X), np.zeros(3))
    assert grad(lambda x: 3.0)(2.0) == 0.0
    assert value_and_grad(lambda x: 3.0)(2.0) == (3.0, 0.0)
    y, dy = jvp(lambda x: 3.0, (X,), (X,))
    assert y == 3.0 and dy == 0.0
    y, pullback = vjp(lambda x: (3.0, x), X)
    assert same(pullback((1.0, X))[0], X)
    assert same(vjp(lambda x, y: np.sum(x), X, 2.0)[1](1.0), (np.ones(3), 0.0))


# Memory.

SHARING = {
    "identity": lambda x: np.sum(x) + 0.0,
    "view": lambda x: np.sum(x[::-1].reshape(-1)),
    "constant": lambda x: 3.0,
    "matrix": lambda x: np.sum(np.reshape(x, (1, -1)).T @ np.reshape(x, (1, -1))),
    "broadcast": lambda x: np.sum(np.broadcast_to(x, (2, 3))),
    "dot": lambda x: x @ x,
    "first": lambda x: x[0],
    "loop": lambda x: sum([v * v for v in x]),
}


@pytest.mark.parametrize("name", SHARING)
def test_gradients_are_fresh(name):
    f = SHARING[name]
    x, w = X.copy(), np.ones(3)
    results = [grad(f)(x), *grad(lambda x, w: f(x) + np.sum(x * w), wrt=(0, 1))(x, w),
               *grad(lambda x, w: np.sum(x + w), wrt=(0, 1))(x, w),
               *grad(lambda x, w: np.sum(x) + np.sum(w) * 0.0, (0, 1))(x, w)]
    check_fresh(results, [x, w])


def check_fresh(results, others):
    for k, r in enumerate(results):
        assert r.flags.writeable and r.flags.owndata
        assert not any(np.shares_memory(r, o) for o in [*results[:k], *others])


def test_cotangents_and_values_are_not_aliased():
    for f in (lambda x, y: x + y, lambda x, y: x, lambda x, y: (x, x), lambda x, y: np.reshape(x + y, (3, 1))[:, 0]):
        x, y = X.copy(), X * 2
        value, pullback = vjp(f, x, y)
        values = list(value) if isinstance(value, tuple) else [value]
        seed = tuple(np.ones(3) for _ in values) if isinstance(value, tuple) else np.ones(3)
        seeds = list(seed) if isinstance(seed, tuple) else [seed]
        first, second = pullback(seed), pullback(seed)
        check_fresh([*values, *first, *second], [x, y, *seeds])
        y2, dy = jvp(f, (x, y), (x, y))
        both = [*y2, *dy] if isinstance(y2, tuple) else [y2, dy]
        check_fresh(both, [x, y])


def test_aux_and_values_are_fresh():
    x = X.copy()
    g, aux = grad(lambda x: (np.sum(x), x), has_aux=True)(x)
    check_fresh([g, aux], [x])
    (_, aux), g = value_and_grad(lambda x: (np.sum(x * x), {"x": x, "t": x.T}), has_aux=True)(x)
    check_fresh([g, aux["x"], aux["t"]], [x])


def test_pullbacks_see_nothing_of_later_changes():
    @dataclass
    class State:
        x: Any
        k: float

    def f(s, w, point):
        y = np.sin(s.x * w["w"][0]) * point.x
        return {"y": y, "z": y[0] * s.k}

    arguments = State(X.copy(), 2.0), {"w": [X + 1]}, Point(X * 2, 1.0)
    value, pullback = vjp(f, *arguments)
    seed = {"y": np.ones(3), "z": 2.0}
    expected = pullback(seed)
    kept = copy.deepcopy(expected)
    arguments[0].x[:] = np.nan
    arguments[1]["w"][0][:] = np.nan
    arguments[2].x[:] = np.nan
    value["y"][:] = np.nan
    expected[0].x[:] = np.nan
    expected[1]["w"][0][:] = 7.0
    assert same(pullback(seed), kept)
    assert same(pullback(seed), kept)


def test_pullbacks_of_loops_and_stores_can_be_called_again():
    def f(u, n):
        v = u.copy()
        for i in range(1, n):
            v[i] = v[i] * np.sin(v[i - 1])
            v = v + u
        return v

    u = np.linspace(0.5, 1.5, 5)
    _, pullback = vjp(f, u, 4)
    first, none = pullback(np.ones(5))
    kept = first.copy()
    first[:] = 0.0
    u_before = u.copy()
    u[:] = 0.0
    assert none is None
    assert np.array_equal(pullback(np.ones(5))[0], kept)
    assert np.allclose(kept, jacobian(f)(u_before, 4).sum(0))

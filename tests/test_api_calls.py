"""Forward and reverse mode at a point, compositions, errors of callers, and which variant serves which call."""

from __future__ import annotations

import numpy as np
import pytest

import srcad
from srcad import (
    ArgumentError,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)

X = np.array([0.5, -1.0, 2.0])


def wave(x, k):
    return np.sin(x * k) * x


# Modes and compositions.


def test_jvp():
    y, dy = jvp(wave, (X, 2.0), (np.ones(3), 0.5))
    assert np.allclose(y, np.sin(2 * X) * X)
    assert np.allclose(dy, np.cos(2 * X) * X * (2 + 0.5 * X) + np.sin(2 * X))
    assert np.allclose(jvp(wave, (X, 2.0), (None, 0.5))[1], np.cos(2 * X) * X * 0.5 * X)
    assert np.allclose(jvp(wave, [X, 2.0], [np.ones(3), None])[1], np.cos(2 * X) * X * 2 + np.sin(2 * X))
    assert np.allclose(jvp(wave, (X, 2.0), (None, None))[1], 0.0)
    assert np.allclose(jvp(wave, (X, 2), (np.ones(3), None))[1], np.cos(2 * X) * X * 2 + np.sin(2 * X))
    y, dy = jvp(lambda s, n: {"a": s["x"] * n, "b": (s["x"], n)}, ({"x": X}, 3), ({"x": X}, None))
    assert np.allclose(dy["a"], 3 * X) and np.allclose(dy["b"][0], X)


def test_vjp():
    y, pullback = vjp(wave, X, 2.0)
    dx, dk = pullback(np.ones(3))
    assert np.allclose(y, wave(X, 2.0))
    assert np.allclose(dx, np.cos(2 * X) * X * 2 + np.sin(2 * X)) and np.isclose(dk, np.sum(np.cos(2 * X) * X * X))
    y, pullback = vjp(lambda x: {"s": np.sum(x), "t": (x * 2, 3, None)}, X)
    assert np.allclose(pullback({"s": 1.0, "t": (np.ones(3), None, None)})[0], 3.0)
    assert np.allclose(pullback({"t": (np.ones(3), 0, None), "s": 0.0})[0], 2.0)


def test_integer_cotangents_are_numbers():
    _, pullback = vjp(lambda x: x * 2.0, X)
    assert pullback(np.array([1, 0, 1]))[0].dtype == np.float64
    assert vjp(lambda x: x * 2.0, 1.5)[1](1) == (2.0,)


def test_jacobians():
    m = np.arange(6.0).reshape(2, 3)
    assert np.allclose(jacobian(lambda x: m @ x)(X), m)
    assert np.allclose(jacobian(lambda a: a @ X)(m), np.einsum("ij,k->ijk", np.eye(2), X))
    for mode in ("forward", "reverse", None):
        assert np.allclose(jacobian(wave, mode=mode)(X, 2.0), np.diag(np.cos(2 * X) * X * 2 + np.sin(2 * X)))
        assert jacobian(lambda a: a.T * 2, mode=mode)(m).shape == (3, 2, 2, 3)
    assert np.allclose(jacobian(wave, wrt="k")(X, 2.0), np.cos(2 * X) * X * X)
    assert np.allclose(jacobian(wave, "k")(x=X, k=2.0), np.cos(2 * X) * X * X)
    assert jacobian(lambda x: np.sum(x ** 2))(X).shape == (3,)
    assert jacobian(lambda x: x * x)(3.0) == 6.0


def test_hessians():
    f = lambda x, a=1.0: np.sum(x ** 3) * a + x[0] * x[1]
    expected = np.diag(6 * X) + np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0.0]])
    assert np.allclose(hessian(f)(X), expected)
    assert np.allclose(hessian(f)(X, a=1.0), expected)
    assert np.allclose(hvp(f, (X,), (X,)), expected @ X)
    assert np.allclose(hvp(f, (X, 1.0), (X, None)), expected @ X)
    assert np.allclose(hessian(lambda k, x: np.sum(x ** 3) * k, "x")(1.0, X), np.diag(6 * X))


def test_elementwise_grad():
    assert np.allclose(elementwise_grad(wave, wrt=1)(X, np.full(3, 2.0)), np.cos(2 * X) * X * X)
    assert np.allclose(elementwise_grad(np.sin)(X), np.cos(X))
    assert elementwise_grad(lambda x: x * x)(3.0) == 6.0


def test_stop_gradient():
    assert np.allclose(grad(lambda x: np.sum(x * stop_gradient(x)))(X), X)
    assert np.allclose(jvp(lambda x: x * srcad.stop_gradient(x * 2), (X,), (np.ones(3),))[1], 2 * X)
    assert np.array_equal(stop_gradient(X), X)


@pytest.mark.parametrize("f", [lambda x, k: np.sum(wave(x, k)), lambda x, k: np.sum(np.where(x > 0, x * k, x ** 2))])
def test_xla(f):
    pytest.importorskip("jax")
    assert np.allclose(grad(f, backend="xla")(X, 2.0), grad(f)(X, 2.0))
    value, g = value_and_grad(f, wrt=(0, 1), backend="xla")(X, 2.0)
    assert np.isclose(value, f(X, 2.0)) and np.allclose(g[1], grad(f, 1)(X, 2.0))
    _, pullback = vjp(f, X, 2.0, backend="xla")
    assert np.allclose(pullback(2.0)[0], 2 * grad(f)(X, 2.0))
    assert np.allclose(jvp(f, (X, 2.0), (X, None), backend="xla")[1], grad(f)(X, 2.0) @ X)
    assert grad(f, backend="xla")(X.astype("f"), np.float32(2.0)).dtype == np.float32


# What callers get wrong.

WRONG = [
    ("result of several elements", lambda: grad(lambda x: x * 2)(X),
     "returns an array of rank 1.*jacobian, vjp or elementwise_grad"),
    ("a pair", lambda: grad(lambda x: (x, x))(1.0), "returns a tuple.*has_aux=True"),
    ("none", lambda: grad(lambda x: None)(1.0), "one number.*None"),
    ("no return", lambda: grad(nothing)(1.0), "one number.*None"),
    ("text", lambda: grad(lambda x: "a")(1.0), "one number.*'a'"),
    ("a list", lambda: grad(lambda x: [x])(1.0), "one number.*list"),
    ("an integer", lambda: grad(lambda x: np.argmax(x) * 2)(X), "float"),
    ("a Boolean", lambda: grad(lambda x: x > 1)(2.0), "float"),
    ("complex", lambda: grad(lambda x: x * 1j)(2.0), "real part"),
    ("int argument", lambda: grad(lambda x: x * 2.0)(3), "`x`.*int.*2.0 instead of 2"),
    ("bool argument", lambda: grad(lambda x: x * 2.0)(True), "`x`.*bool.*float"),
    ("integer array", lambda: grad(lambda x: np.sum(x * 2.0))(np.arange(3)), r"int64.*x\.astype\(float\)"),
    ("Boolean array", lambda: grad(lambda x: np.sum(x * 2.0))(np.ones(2, bool)), r"bool.*x\.astype\(float\)"),
    ("complex argument", lambda: grad(lambda x: x.real)(1j), "complex.*real and imaginary"),
    ("no floats in tree", lambda: grad(lambda t: t[0] * 1.0)((1, 2)), "no floats"),
    ("text argument", lambda: grad(lambda x, s: x, wrt="s")(1.0, "a"), "`s`.*no floats|`s`.*str"),
    ("missing argument", lambda: grad(lambda x, y: x * y)(1.0), "missing a required argument: 'y'"),
    ("too many", lambda: grad(lambda x: x)(1.0, 2.0), "too many positional arguments"),
    ("unknown keyword", lambda: grad(lambda x: x)(1.0, z=2.0), "unexpected keyword argument 'z'"),
    ("twice", lambda: grad(lambda x, y: x)(1.0, x=2.0), "multiple values for argument 'x'"),
    ("unknown name", lambda: grad(lambda x: x, wrt="z"), "no argument `z`; it has x"),
    ("position", lambda: grad(lambda x: x, wrt=1), "no argument number 1; it has 1"),
    ("negative position", lambda: grad(lambda x: x, wrt=-2), "no argument number -2"),
    ("kind of wrt", lambda: grad(lambda x: x, wrt=1.5), "a position, a name, or a tuple"),
    ("no wrt", lambda: grad(lambda x: x, wrt=()), "wrt is empty"),
    ("star too short", lambda: grad(lambda *xs: xs[0], wrt=2)(1.0), r"number 2 of `\*xs` of lambda, and 1 were given"),
    ("backend", lambda: grad(lambda x: x, backend="torch"), "'numpy', 'xla' or 'auto'"),
    ("no function", lambda: grad(3.0), "3.0 is not a function"),
    ("aux", lambda: grad(lambda x: x, has_aux=True)(1.0), "does not return a pair"),
    ("object array", lambda: grad(lambda x: np.sum(x) * 2)(np.array([1, "a"], object)), "object"),
    ("tangent shape", lambda: jvp(wave, (X, 1.0), (np.ones(2), 1.0)), "tangent of `x` has shape"),
    ("tangent count", lambda: jvp(wave, (X, 1.0), (X,)), "2 primals and 1 tangents"),
    ("tangent structure", lambda: jvp(lambda t: t[0], ((1.0, 2.0),), ((1.0,),)), "tangent of `t`"),
    ("too few primals", lambda: jvp(wave, (X,), (X,)), "missing a required argument: 'k'"),
    ("jvp of ints", lambda: jvp(lambda x: x, (1,), (1,)), "float"),
    ("cotangent shape", lambda: vjp(wave, X, 1.0)[1](np.ones(2)), "cotangent.*shape"),
    ("cotangent rank", lambda: vjp(wave, X, 1.0)[1](1.0), "cotangent"),
    ("cotangent structure", lambda: vjp(lambda x: (x, x), X)[1](X), "tuple of 2"),
    ("cotangent keys", lambda: vjp(lambda x: {"a": x}, X)[1]({"b": X}), "keys of the result"),
    ("cotangent none", lambda: vjp(lambda x: x, X)[1](None), "cotangent"),
    ("jacobian of ints in a tree", lambda: jacobian(lambda t: t[0] * t[1])((X, 3)), "int"),
    ("jacobian of ints", lambda: jacobian(lambda x: x * 1.0)(np.arange(3)), r"int64.*astype\(float\)"),
    ("jacobian mode", lambda: jacobian(wave, mode="backward")(X, 1.0), "'forward' or 'reverse'"),
    ("hessian of a vector", lambda: hessian(lambda x: x)(X), "one number"),
    ("elementwise of ints", lambda: elementwise_grad(lambda x: x * 1.0)(3), "int"),
]


def nothing(x):
    x = x * 2


@pytest.mark.parametrize(("call", "message"), [(c, m) for _, c, m in WRONG], ids=[name for name, _, _ in WRONG])
def test_errors_say_what_to_write(call, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value) or "instead" in str(caught.value)


def test_exceptions_name_the_line():
    def f(x, y):
        z = x * 2
        return np.sum(z @ y)

    derivative = grad(f)
    derivative(X, X)
    with pytest.raises(ValueError) as caught:
        derivative(X, np.ones(4))
    assert any("return np.sum(z @ y)" in note and __file__ in note for note in caught.value.__notes__)

    def g(x):
        assert x > 0, "x must be positive"
        if x > 10:
            raise OverflowError(x)
        return x * x

    with pytest.raises(AssertionError, match="x must be positive"):
        grad(g)(-1.0)
    with pytest.raises(OverflowError) as caught:
        value_and_grad(g)(11.0)
    assert any("raise OverflowError(x)" in note for note in caught.value.__notes__)
    with pytest.raises(OverflowError):
        vjp(g, 11.0)
    with pytest.raises(AssertionError):
        jvp(g, (-1.0,), (1.0,))


# Variants.


def count(derivative):
    return len(derivative.runner.variants.all())


def test_one_variant_serves_all_lengths():
    @grad
    def f(x, y):
        return np.sum(np.sin(x) * y)

    for n in (2, 3, 50, 2, 7):
        x = np.linspace(0, 1, n)
        assert np.allclose(f(x, x), np.cos(x) * x)
    assert count(f) == 1
    assert np.allclose(f(np.ones(1), np.ones(3)), 3 * np.cos(1.0))
    assert np.allclose(f(np.ones(3), np.ones(1)), np.cos(1.0))
    assert np.allclose(f(np.zeros(0), np.zeros(0)), np.zeros(0))
    assert count(f) <= 4
    with pytest.raises(ValueError):
        f(np.ones(3), np.ones(4))


def test_extents_that_happen_to_be_equal():
    @grad(wrt=(0, 1))
    def f(a, b):
        return np.sum(a @ b) + np.sum(a) * np.sum(b * b)

    for n, m, k in [(3, 3, 3), (2, 3, 4), (3, 3, 4), (1, 3, 1), (2, 2, 3), (5, 1, 5), (1, 1, 1), (4, 4, 4), (0, 2, 3)]:
        a, b = np.arange(1.0, n * m + 1).reshape(n, m), np.arange(1.0, m * k + 1).reshape(m, k)
        da, db = f(a, b)
        assert np.allclose(da, np.tile(b.sum(1), (n, 1)) + np.sum(b * b))
        assert np.allclose(db, np.tile(a.sum(0)[:, None], (1, k)) + 2 * b * np.sum(a))


def test_broadcasting_by_call():
    @grad(wrt=(0, 1))
    def f(x, y):
        return np.sum(x * y * y)

    for sx, sy in [((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (2, 1)), ((2, 1), (1, 3)), ((), (3,)),
                   ((3, 3), (3,)), ((1,), ())]:
        x, y = np.full(sx, 2.0), np.full(sy, 3.0)
        dx, dy = f(x, y)
        size = np.size(x * y)
        assert np.shape(dx) == sx and np.shape(dy) == sy
        assert np.isclose(np.sum(dx), 9.0 * size) and np.isclose(np.sum(dy), 12.0 * size)


POWER = 2
FLAG = True
TABLE = [1.0, 2.0]
SETTINGS = {"scale": 2.0, "name": "sin"}


def chosen(x):
    return np.sin(x)


def outside(x):
    y = x ** POWER if FLAG else -x
    for k in TABLE:
        y = y * k
    return np.sum(y) * SETTINGS["scale"] + np.sum(chosen(x))


def test_what_is_outside_may_change(monkeypatch):
    derivative = grad(outside)
    expected = lambda: 2 * X * 4.0 + np.cos(X)
    assert np.allclose(derivative(X), 2 * X * 4.0 + np.cos(X))
    monkeypatch.setitem(globals(), "POWER", 3)
    assert np.allclose(derivative(X), 3 * X ** 2 * 4.0 + np.cos(X))
    monkeypatch.setitem(globals(), "POWER", 2.0)
    assert np.allclose(derivative(X), expected())
    monkeypatch.setitem(globals(), "FLAG", False)
    assert np.allclose(derivative(X), -4.0 + np.cos(X))
    monkeypatch.setitem(globals(), "FLAG", True)
    monkeypatch.setitem(globals(), "TABLE", [1.0, 2.0, 5.0])
    assert np.allclose(derivative(X), 2 * X * 20.0 + np.cos(X))
    TABLE[0] = 3.0
    assert np.allclose(derivative(X), 2 * X * 60.0 + np.cos(X))
    TABLE.pop()
    monkeypatch.setitem(SETTINGS, "scale", 1.0)
    assert np.allclose(derivative(X), 2 * X * 6.0 + np.cos(X))
    monkeypatch.setitem(globals(), "chosen", lambda x: x * x)
    assert np.allclose(derivative(X), 2 * X * 6.0 + 2 * X)
    monkeypatch.setitem(globals(), "chosen", lambda x: x * x * x)
    assert np.allclose(derivative(X), 2 * X * 6.0 + 3 * X * X)
    _, pullback = vjp(outside, X)
    assert np.allclose(pullback(1.0)[0], derivative(X))


def test_cells_may_change():
    n, weights = 2, np.ones(3)

    def f(x):
        y = np.sum(weights * x)
        for _ in range(n):
            y = y * 2.0
        return y

    derivative = grad(f)
    assert np.allclose(derivative(X), 4.0)
    n, weights = 3, np.full(3, 2.0)
    assert np.allclose(derivative(X), 16.0)
    weights = np.float32(3.0)
    assert np.allclose(derivative(X), 24.0)


def test_objects_may_change():
    class Box:
        power, scale, rule = 2, 3.0, None

    box = Box()
    derivative = grad(lambda x, b: np.sum(x ** b.power) * b.scale)
    assert np.allclose(derivative(X, box), 6 * X)
    box.power = 3
    assert np.allclose(derivative(X, box), 9 * X * X)
    box.scale = np.ones(3)
    assert np.allclose(grad(lambda x, b: np.sum(x * b.scale))(X, box), 1.0)


def test_functions_as_arguments():
    derivative = grad(lambda x, f: np.sum(f(x)))
    for k in (1.0, 2.0, 3.0):
        assert np.allclose(derivative(X, lambda x, k=k: x * k), k)
        assert np.allclose(derivative(X, lambda x: x * k), k)
    assert np.allclose(derivative(X, np.sin), np.cos(X)) and np.allclose(derivative(X, np.cos), -np.sin(X))


def test_integers_that_decide_structure():
    @grad
    def f(x, axis, n):
        return np.sum(np.sum(x, axis=axis) ** 2) * n

    a = np.arange(6.0).reshape(2, 3)
    for axis in (0, 1, -1, None, (0, 1), 0):
        for n in (2, 3):
            assert np.allclose(f(a, axis, n), n * 2 * np.broadcast_to(np.sum(a, axis=axis, keepdims=True), (2, 3)))
    assert count(f) <= 6


def test_the_cache_is_bounded():
    derivative = grad(lambda x, n: np.sum(x) * n)
    for n in range(3000):
        derivative(np.ones(2 + n % 1500), n)
    assert count(derivative) == 1 and len(derivative.runner.variants.by_key) <= 1024


def test_star_arguments_of_jvp_and_vjp():
    f = lambda a, *xs, k=2.0: a * xs[0] * xs[1] * k
    assert jvp(f, (2.0, 3.0, 4.0), (0.0, 1.0, 0.0)) == (48.0, 16.0)
    assert jvp(f, (2.0, 3.0, 4.0), (None, 1.0, None)) == (48.0, 16.0)
    assert vjp(f, 2.0, 3.0, 4.0)[1](1.0) == (24.0, 16.0, 12.0)
    assert vjp(lambda *xs: xs[0] * xs[1], 3.0, 4.0)[1](1.0) == (4.0, 3.0)
    assert np.allclose(jacobian(lambda *xs: xs[1] * xs[0], wrt=1)(X, X), np.diag(X))
    assert vjp(f, 2.0, 3.0, 4.0)[0] == 48.0


def test_tangents_and_cotangents_go_by_key():
    f = lambda t: t["b"] * 2 + t["a"] * 3
    assert jvp(f, ({"b": 1.0, "a": 1.0},), ({"a": 1.0, "b": 10.0},))[1] == 23.0
    _, pullback = vjp(lambda x: {"b": x * 2, "a": x * 3}, 1.0)
    assert pullback({"a": 1.0, "b": 10.0}) == (23.0,)
    assert jvp(lambda t: t[0] * t[1][0], ((2.0, [3.0, 4]),), ((None, [1.0, None]),))[1] == 2.0

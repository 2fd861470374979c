"""Later calls of functions of objects: an entry serves them, and sees every change of what the function reads."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest

from srcad import Unsupported, grad, jvp, value_and_grad, vjp

X = np.array([0.3, 0.2, 0.1])


class Layer:
    __slots__ = ("b", "w")

    def __init__(self, w: Any, b: Any) -> None:
        self.w, self.b = w, b

    def __call__(self, x: Any) -> Any:
        return np.tanh(self.w * x + self.b)


def classes() -> Any:
    class Base:
        power, rate = 2, 0.5

        def act(self, y: Any) -> Any:
            return y * self.rate

        @property
        def total(self) -> Any:
            return np.sum(self.w)

    class Model(Base):
        def __init__(self) -> None:
            self.w, self.b, self.k, self.flag, self.mode = np.arange(1.0, 4), 0.5, 2, True, "m"
            self.layers = [Layer(np.ones(3), 0.1), Layer(np.full(3, 2.0), 0.2)]
            self.opts, self.pair = {"a": 1.0, "k": 2}, (1.0, np.ones(3))

        def loss(self, x: Any) -> Any:
            y = self.act(self.w * x + self.b)
            for layer in self.layers:
                y = y + layer(x)
            if self.flag:
                y = y * self.opts["a"]
            if self.mode == "m":
                y = y + self.pair[1] * self.pair[0]
            for _ in range(self.k):
                y = y * 1.1
            return np.sum(y ** self.power) * self.total

    return Base, Model


CHANGES: dict[str, Any] = {  # each of (object, base class, class)
    "other values": lambda m, base, cls: setattr(m, "w", m.w + 1),
    "one element": lambda m, base, cls: setattr(m, "w", np.array([2.0])),
    "a number": lambda m, base, cls: setattr(m, "w", 2.0),
    "single precision": lambda m, base, cls: setattr(m, "b", np.float32(0.25)),
    "integers": lambda m, base, cls: setattr(m, "b", np.arange(3)),
    "an array for a number": lambda m, base, cls: setattr(m, "b", np.ones(3)),
    "a flag": lambda m, base, cls: setattr(m, "flag", False),
    "a string": lambda m, base, cls: setattr(m, "mode", "other"),
    "a longer list": lambda m, base, cls: m.layers.append(Layer(X, 1.0)),
    "a shorter list": lambda m, base, cls: m.layers.pop(),
    "another list": lambda m, base, cls: setattr(m, "layers", [Layer(X, 1.0)]),
    "an item": lambda m, base, cls: m.layers.__setitem__(0, Layer(3.0, X)),
    "an attribute of an item": lambda m, base, cls: setattr(m.layers[1], "w", X),
    "a value of a dict": lambda m, base, cls: m.opts.update(a=3.0),
    "a key of a dict": lambda m, base, cls: m.opts.update(z=3.0),
    "a tuple": lambda m, base, cls: setattr(m, "pair", (2.0, 3.0)),
    "trips": lambda m, base, cls: setattr(m, "k", 3),
    "over the class's number": lambda m, base, cls: setattr(m, "rate", 2.0),
    "the class's number": lambda m, base, cls: setattr(base, "rate", 3.0),
    "a nearer class's number": lambda m, base, cls: setattr(cls, "rate", 4.0),
    "the power": lambda m, base, cls: setattr(base, "power", 3),
    "a method": lambda m, base, cls: setattr(base, "act", lambda self, y: y * 3),
    "a nearer class's method": lambda m, base, cls: setattr(cls, "act", lambda self, y: y * 5),
    "a method of the object": lambda m, base, cls: setattr(m, "act", lambda y: y * 7),
    "the code of a method": lambda m, base, cls: setattr(base.act, "__code__", (lambda self, y: y * y).__code__),
    "a property": lambda m, base, cls: setattr(base, "total", property(lambda self: np.sum(self.w) * 2)),
}


def derivative(f: Any, x: Any) -> Any:
    """By complex step."""
    return np.array([f(x + 1e-30j * e).imag / 1e-30 for e in np.eye(len(x))])


@pytest.mark.parametrize("name", CHANGES)
def test_changes_between_calls(name):
    base, cls = classes()
    m = cls()
    by_x, by_w = grad(m.loss), value_and_grad(cls.loss, wrt=("x", "self.w"))

    def check() -> None:
        at_x = derivative(m.loss, X)
        for _ in range(3):
            np.testing.assert_allclose(by_x(X), at_x, rtol=1e-5)
            if name not in ("an item", "a nearer class's method", "trips"):
                continue
            value, (dx, dw) = by_w(m, X)
            np.testing.assert_allclose(value, m.loss(X), rtol=1e-5)
            np.testing.assert_allclose(dx, at_x, rtol=1e-5)
            assert np.shape(dw) == np.shape(m.w)
            np.testing.assert_allclose(vjp(m.loss, X)[1](1.0)[0], at_x, rtol=1e-5)
            y, dy = jvp(m.loss, (X,), (X,))
            np.testing.assert_allclose((y, dy), (m.loss(X), at_x @ X), rtol=1e-5)

    check()
    CHANGES[name](m, base, cls)
    check()
    for g in (by_x, by_w):
        assert None not in g.runner.entries.made.values()


def test_attributes_deleted_and_added():
    m = types.SimpleNamespace(w=np.ones(2), b=1.0)
    slope = grad(lambda m, x: np.sum(m.w * x) * (m.b if hasattr(m, "b") else 3.0), wrt="x")
    whole = grad(lambda m, x: np.sum(m.w * x), wrt="m")
    for _ in range(3):
        assert slope(m, X[:2]).tolist() == [1, 1] and list(vars(whole(m, X[:2]))) == ["w", "b"]
    del m.b
    for _ in range(3):
        assert slope(m, X[:2]).tolist() == [3, 3] and list(vars(whole(m, X[:2]))) == ["w"]
    m.c, m.n = X, 1
    for _ in range(3):
        assert slope(m, X[:2]).tolist() == [3, 3] and whole(m, X[:2]).c.tolist() == [0, 0, 0]
    m.n = 1.0
    assert whole(m, X[:2]).n == 0
    del m.w
    with pytest.raises(Unsupported, match="no attribute `w`"):
        slope(m, X[:2])


def test_objects_that_are_changed():
    class Counter:
        def __init__(self) -> None:
            self.n, self.last = 0, None

    def f(m: Any, other: Any, x: Any) -> Any:
        m.n += 1
        other.last = x * x
        return np.sum(x * m.n)

    slope, m, other = grad(f, wrt="x"), Counter(), Counter()
    for k in range(1, 5):
        assert slope(m, other, X).tolist() == [k] * 3 and m.n == k
        np.testing.assert_array_equal(other.last, X * X)
    assert None not in slope.runner.entries.made.values()
    for k in range(5, 9):  # one object as both
        assert slope(m, m, X).tolist() == [k] * 3 and m.n == k and m.last.tolist() == (X * X).tolist()
    assert slope(m, other, X).tolist() == [9] * 3 and m.n == 9


def test_results_are_not_attributes():
    m = types.SimpleNamespace(w=np.ones(3))

    def both(x: Any) -> Any:
        return m.w, m.w * x

    for _ in range(3):
        for value in (jvp(both, (X,), (X,))[0][0], vjp(both, X)[0][0]):
            assert value is not m.w and not np.may_share_memory(value, m.w)


def test_a_pullback_outlives_changes_of_its_object():
    m = Layer(np.ones(3), 0.5)
    for _ in range(3):
        _, pullback = vjp(lambda m, tree: np.sum(m(tree["x"][0])), m, {"x": [X]})
        first = pullback(1.0)[1]["x"][0]
        m.w[:], m.b = 3.0, 7.0
        np.testing.assert_array_equal(pullback(1.0)[1]["x"][0], first)
        np.testing.assert_allclose(first, 1 - np.tanh(X + 0.5) ** 2)
        m.w[:], m.b = 1.0, 0.5

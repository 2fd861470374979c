"""Objects of the caller's: what is read of them, differentiated, and changed in them."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import srcad
from srcad import ArgumentError, grad, hessian, jvp, value_and_grad, vjp

W = np.array([[0.3, -0.2, 0.1], [0.5, 0.4, -0.3], [-0.6, 0.2, 0.7]])
V = np.array([0.5, -1.0, 0.25])


class Model:
    def __init__(self, w: Any = W, b: Any = V) -> None:
        self.w, self.b, self.nfev, self.history, self.last = w.copy(), b.copy(), 0, [], None
        self.config = {"lr": 0.1, "decay": 2.0}

    def pure(self, x: Any) -> Any:
        return np.sum((self.w @ x + self.b) ** 2) * self.config["lr"]

    def counted(self, x: Any) -> Any:
        self.nfev += 1
        self.last = self.pure(x)
        return self.last

    def logged(self, x: Any) -> Any:
        value = self.counted(x)
        self.history.append(float(value))
        return value


def slope(m: Model, x: Any) -> Any:
    return 2 * m.config["lr"] * m.w.T @ (m.w @ x + m.b)


def pure(m: Model, x: Any) -> Any:
    return m.pure(x)


def test_bound_method_reads_its_object_at_every_call() -> None:
    m = Model()
    g = grad(m.pure)
    for _ in range(2):
        assert np.allclose(g(V), slope(m, V))
        m.w, m.b = m.w * 2, m.b - 1
    assert np.allclose(hessian(m.pure)(V), 2 * m.config["lr"] * m.w.T @ m.w)


@pytest.mark.parametrize("call", [
    lambda m: grad(m.logged)(V), lambda m: value_and_grad(m.logged)(V), lambda m: jvp(m.logged, (V,), (V,)),
    lambda m: [vjp(m.logged, V)[1](1.0)], lambda m: grad(lambda x: m.logged(x))(V),
    lambda m: grad(lambda n, x: n.logged(x), wrt=1)(m, V), lambda m: jvp(grad(m.logged), (V,), (V,)),
    lambda m: grad(m.logged, wrt="self.w")(V),
])
def test_changes_happen_once(call: Any) -> None:
    ours, theirs = Model(), Model()
    for n in (1, 2, 3):
        call(ours)
        theirs.logged(V)
        assert (ours.nfev, ours.history) == (n, pytest.approx(theirs.history)) and type(ours.nfev) is int
        assert ours.last == pytest.approx(theirs.last)


def test_parts_of_objects() -> None:
    m = Model()
    dw = 0.2 * np.outer(W @ V + V, V)
    assert np.allclose(grad(m.pure, wrt="self.w")(V), dw)
    assert np.isclose(grad(m.pure, wrt="self.config['lr']")(V), np.sum((W @ V + V) ** 2))
    first, last = grad(pure, wrt=("m.b", "x"))(m, V)
    assert np.allclose(first, 0.2 * (W @ V + V)) and np.allclose(last, slope(m, V))
    for whole in (grad(m.pure, wrt="self")(V), grad(pure)(m, V), vjp(pure, m, V)[1](1.0)[0]):
        assert isinstance(whole, Model) and np.allclose(whole.w, dw) and whole.config["decay"] == 0.0
        assert not np.shares_memory(whole.w, m.w)
    tangent = Model()
    tangent.w, tangent.b, tangent.config = np.ones((3, 3)), None, None
    assert np.isclose(jvp(pure, (m, V), (tangent, None))[1], np.sum(dw))
    with pytest.raises(ArgumentError, match="no part `c`"):
        grad(pure, wrt="m.c")(m, V)
    with pytest.raises(ArgumentError, match="neither an argument nor a way"):
        grad(pure, wrt="m.w + 1")


def test_one_program_for_objects_of_one_shape() -> None:
    g = grad(pure, wrt=1)
    for m in (Model(), Model(W * 2, V - 1), Model(np.eye(4), np.ones(4))):
        x = np.linspace(0.0, 1.0, len(m.b))
        assert np.allclose(g(m, x), slope(m, x))
    assert len(g.runner.variants.all()) == 1
    assert np.allclose(g(Model(np.ones((3, 1)), np.ones(3)), np.ones(1)), 1.2)
    assert len(g.runner.variants.all()) == 2


class Layer:
    __slots__ = ("activation", "calls", "w")

    def __init__(self, w: Any, activation: Any = np.tanh) -> None:
        self.w, self.activation, self.calls = w, activation, 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return self.activation(self.w @ x)


class Net:
    def __init__(self, *layers: Layer) -> None:
        self.layers = list(layers)

    def loss(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return np.sum(x ** 2)


def test_objects_in_lists_of_objects() -> None:
    net = Net(Layer(W), Layer(W.T, np.sin))
    gradient = grad(lambda net, x: net.loss(x))(net, V)
    part = grad(net.loss, wrt="self.layers[1].w")(V)
    assert [layer.calls for layer in net.layers] == [2, 2]
    direction = np.cos(np.arange(9.0)).reshape(3, 3)
    for k, found in ((0, gradient.layers[0].w), (1, gradient.layers[1].w), (1, part)):
        ends = []
        for h in (1e-6, -1e-6):
            other = copy.deepcopy(net)
            other.layers[k].w = other.layers[k].w + h * direction
            ends.append(other.loss(V))
        assert np.isclose((ends[0] - ends[1]) / 2e-6, np.sum(found * direction), rtol=1e-7)
    net.layers[1].activation = np.cos  # another function is another program
    assert np.isclose(value_and_grad(net.loss)(V)[0], net.loss(V))


class Changed:
    def __init__(self) -> None:
        self.buffer, self.table, self.rows, self.best, self.seen = np.zeros(3), {"a": 1.0, "b": 2.0}, [1.0], None, 0

    def update(self, x: Any) -> Any:
        self.buffer += x
        self.buffer[0] = x[1]
        self.table["a"] = self.table.pop("b") * x[0]
        self.table["c"] = (x * 2, [x[0]])
        self.rows[0] = x[2]
        self.rows += [x[0], x[1]]
        self.fresh = {"x": x, "n": len(self.rows)}
        for v in x:
            if self.best is None or v > self.best:
                self.best = v
            self.seen += 1
        return np.sum(self.buffer ** 2) * self.table["a"] + self.best ** 2 + sum(self.rows)


def test_changes_of_arrays_lists_and_dicts() -> None:
    ours, theirs = Changed(), Changed()
    kept = ours.buffer, ours.table, ours.rows
    gradient = grad(ours.update)(V)
    theirs.update(V)
    assert (ours.buffer is kept[0]) and (ours.table is kept[1]) and (ours.rows is kept[2])
    assert np.array_equal(ours.buffer, theirs.buffer) and (ours.rows, ours.best, ours.seen) == (
        theirs.rows, theirs.best, theirs.seen)
    assert list(ours.table) == list(theirs.table) and ours.table["a"] == theirs.table["a"]
    assert np.array_equal(ours.table["c"][0], V * 2) and ours.fresh["n"] == 3
    numeric = [(Changed().update(V + h) - Changed().update(V - h)) / 2e-6 for h in 1e-6 * np.eye(3)]
    assert np.allclose(gradient, numeric, atol=1e-8)


def test_what_is_changed_before_an_error() -> None:
    class Strict:
        n = 0

        def f(self, x: float) -> float:
            self.n += 1
            if x > 1:
                raise ValueError("too large")
            return x * x

    strict = Strict()
    with pytest.raises(ValueError, match="too large"):
        grad(strict.f)(2.0)
    assert strict.n == 1 and grad(strict.f)(0.5) == 1.0 and strict.n == 2


def test_two_names_of_one_object() -> None:
    def f(a: Any, b: Any, x: float) -> float:
        a.k = a.k * x
        return b.k * x

    one, two = SimpleNamespace(k=2.0), SimpleNamespace(k=3.0)
    g = grad(f, wrt="x")
    assert g(one, two, 0.25) == 3.0 and one.k == 0.5
    assert g(two, two, 0.25) == pytest.approx(2 * 3.0 * 0.25) and two.k == 0.75


def test_one_list_as_two_arguments() -> None:
    def f(xs: Any, ys: Any, x: float) -> float:
        xs.append(x)
        return len(ys) * x

    xs = [1.0]
    assert grad(f, wrt="x")([1.0], xs, 2.0) == 1.0
    with pytest.raises(ArgumentError, match="are one list or object"):
        grad(f, wrt="x")(xs, xs, 2.0)


def test_attribute_set_on_one_path() -> None:
    def f(m: Any, x: float) -> float:
        if x > 0:
            m.found = x
        return x * x

    with pytest.raises(srcad.Unsupported, match="set on one path only"):
        grad(f, wrt=1)(SimpleNamespace(), 1.0)

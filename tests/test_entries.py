"""Later calls: an entry serves those that it was written for, and no others."""

from __future__ import annotations

import dataclasses
import functools
from collections import OrderedDict, deque
from typing import Any

import numpy as np
import pytest

from srcad import ArgumentError, grad, jvp, vjp

A, B, M = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0]), np.arange(6.0).reshape(2, 3)


@dataclasses.dataclass
class Pair:
    first: Any
    second: Any


class Model:
    def __init__(self, scale: float) -> None:
        self.scale = scale

    def plain(self, x, y=2.0):
        return self.scale * x * y

    @grad(wrt="x")
    def loss(self, x):
        return np.sum(self.scale * x * x)


def several(x, y=2.0, *rest, flag=False, **named):
    total = x * y if flag else x
    for r in rest:
        total = total * r
    return np.sum(total * named["z"]) if named else np.sum(total)


def unpacked(tree):
    return np.sum(tree["w"][0]) * tree["n"]


def powers(x, n):
    return np.sum(x.reshape(n, -1)[0])


def of_names(len, type, ndarray):  # names that an entry itself needs
    return np.sum(len * type) * ndarray


def call(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
    return args, kwargs


CALLS: dict[str, tuple[Any, list[tuple[Any, Any]]]] = {
    # (function, [(call, the gradient with respect to the first argument)])
    "numbers": (lambda x, k: x * k, [
        (call(2.0, 3.0), 3.0), (call(2.0, 3), 3), (call(2.0, np.float32(3.0)), 3.0), (call(2.0, True), 1.0),
        (call(2.0, A[:2]), ArgumentError), (call(2.0, 1 + 1j), ArgumentError), (call(np.float64(2.0), 4.0), 4.0)]),
    "shapes": (lambda x, y: np.sum(x * y), [
        (call(A, A), A), (call(A, 2 * A), 2 * A), (call(A, 2.0), 2 + 0 * A), (call(A, A[:1]), 1 + 0 * A),
        (call(A[:1], A), np.array([6.0])), (call(M, A), np.array([A, A])), (call(A, M), np.array([3.0, 5.0, 7.0])),
        (call(A, M[:1]), M[0]), (call(A[:0], A[:0]), A[:0]), (call(A, A.astype("f4")), A), (call(A, [1.0]), None)]),
    "squares": (lambda x, y: np.sum(x @ y), [
        (call(M, A), np.array([A, A])), (call(M[:, :2], A[:2]), np.array([A[:2], A[:2]])), (call(M[:1], A), A[None])]),
    "star arguments": (several, [
        (call(2.0), 1.0), (call(2.0, 3.0), 1.0), (call(2.0, 3.0, flag=True), 3.0), (call(2.0, y=5.0, flag=True), 5.0),
        (call(2.0, 3.0, 4.0), 4.0), (call(2.0, 3.0, 4.0, 5.0), 20.0), (call(2.0, z=3.0), 3.0),
        (call(2.0, flag=1), 2.0), (call(x=2.0, flag=None), 1.0)]),
    "trees": (unpacked, [
        (call({"w": [A], "n": 2.0}), {"w": [2 + 0 * A], "n": 6.0}),
        (call({"w": (A, B), "n": 3.0}), {"w": (3 + 0 * A, 0 * B), "n": 6.0}),
        (call({"n": 3.0, "w": [B]}), {"n": -0.5, "w": [3 + 0 * B]}),
        (call({"w": [A, B], "n": 1.0, "other": 4.0}), {"w": [1 + 0 * A, 0 * B], "n": 6.0, "other": 0.0})]),
    "dataclasses": (lambda p: np.sum(p.first) * p.second, [
        (call(Pair(A, 2.0)), Pair(2 + 0 * A, 6.0)), (call(Pair(B, 2.0)), Pair(2 + 0 * B, -0.5)),
        (call(Pair(3.0, 2.0)), Pair(2.0, 3.0))]),
    "values": (powers, [
        (call(M.ravel(), 2), np.array([1.0, 1, 1, 0, 0, 0])), (call(M.ravel(), 3), np.array([1.0, 1, 0, 0, 0, 0])),
        (call(M.ravel(), np.int64(2)), np.array([1.0, 1, 1, 0, 0, 0])),
        (call(M.ravel(), np.int64(3)), np.array([1.0, 1, 0, 0, 0, 0])), (call(A, 3), np.array([1.0, 0, 0]))]),
    "static things": (lambda x, s: x * len(s) if 1 in s else x, [
        (call(2.0, {1, 2}), 2.0), (call(2.0, {2}), 1.0), (call(2.0, frozenset({1})), 1.0), (call(2.0, range(4)), 4.0),
        (call(2.0, deque([1, 1, 1])), 3.0), (call(2.0, OrderedDict({1: 0})), 1.0), (call(2.0, range(2)), 2.0),
        (call(2.0, np.array([1, "a"], dtype=object)), 2.0), (call(2.0, np.array([2, "a"], dtype=object)), 1.0)]),
    "strings": (lambda x, s: x * 2 if s == "two" else x, [
        (call(2.0, "two"), 2.0), (call(2.0, "one"), 1.0), (call(2.0, np.str_("two")), 2.0),
        (call(2.0, np.str_("one")), 1.0)]),
    "functions": (lambda x, f: np.sum(f(x)), [
        (call(A, np.sin), np.cos(A)), (call(A, np.cos), -np.sin(A)), (call(A, lambda z: z * z), 2 * A),
        (call(A, lambda z: z * 3), 3 + 0 * A)]),
    "labels": (lambda x, names: np.sum(x[names == "a"]), [
        (call(A, np.array(["a", "b", "a"])), np.array([1.0, 0, 1])),
        (call(A, np.array(["b", "b", "a"])), np.array([0.0, 0, 1]))]),
    "names": (of_names, [(call(A, 2.0, 3.0), 6 + 0 * A), (call(2.0, A, 3.0), 18.0)]),
    "a method": (Model(3.0).plain, [(call(2.0), 6.0), (call(2.0, 3.0), 9.0), (call(2.0, y=A), ArgumentError)]),
    "a partial": (functools.partial(several, y=7.0, flag=True), [(call(2.0), 7.0), (call(2.0, y=3.0), 3.0)]),
}


@pytest.mark.parametrize("name", CALLS)
def test_alternating_signatures(name):
    f, calls = CALLS[name]
    derivative = grad(f)
    for args, wanted in [c for c in calls for _ in range(3)] + 2 * [*calls, *calls[::-1]]:
        if wanted is None:
            continue
        if wanted is ArgumentError:
            with pytest.raises(ArgumentError):
                derivative(*args[0], **args[1])
        else:
            same(derivative(*args[0], **args[1]), wanted)


def same(found: Any, wanted: Any) -> None:
    assert type(found) is type(wanted) or isinstance(wanted, float | int)
    if isinstance(wanted, dict | Pair):
        wanted, found = (x if isinstance(x, dict) else vars(x) for x in (wanted, found))
        assert list(found) == list(wanted)
        for k in wanted:
            same(found[k], wanted[k])
    elif isinstance(wanted, list | tuple):
        assert len(found) == len(wanted)
        for x, y in zip(found, wanted, strict=True):
            same(x, y)
    else:
        assert np.shape(found) == np.shape(wanted) and np.allclose(found, wanted)


def test_an_entry_sees_what_is_outside():
    scale, offsets, kinds = 2.0, [1.0, 1.0], {"two"}

    @grad
    def f(x):
        y = x * scale * outside["k"] * offsets[0]
        return np.sum(y * len(offsets) if "two" in kinds else y)

    outside = {"k": 1.0}
    for _ in range(4):
        assert f(3.0) == 4.0
    scale = 3.0
    assert f(3.0) == 6.0
    outside["k"] = 2
    assert f(3.0) == 12.0
    offsets.append(0.0)
    assert f(3.0) == 18.0
    kinds.clear()
    assert [f(3.0) for _ in range(3)] == [6.0] * 3
    scale = A
    assert [f(3.0) for _ in range(3)] == [12.0] * 3
    scale = np.float32(1.0)
    assert f(3.0) == 2.0


def test_a_method_of_several_objects():
    for _ in range(4):
        for scale in (2.0, 3.0, np.float64(4.0)):
            assert np.allclose(Model.loss(Model(scale), A), 2 * scale * A)
    model = Model(1.0)
    for k in (1.0, 1.0, 1.0, 5.0, 2):
        model.scale = k
        assert np.allclose(model.loss(A), 2 * k * A)


def test_arguments_that_are_changed():
    @grad(wrt=("x", "y"))
    def f(x, y):
        x[0] = y[1] * 2
        return np.sum(x * x * y)

    for _ in range(5):
        x, y = A.copy(), 2 * A
        dx, dy = f(x, y)
        assert np.array_equal(x, [8.0, 2.0, 3.0]) and np.allclose(dx, [0.0, 16.0, 36.0])
        assert np.allclose(dy, [64.0, 4.0 + 64.0, 9.0])
        with pytest.raises(ArgumentError, match="share memory"):
            f(x, x[::-1])
        with pytest.raises(ArgumentError, match="share memory"):
            f(x, x)


def test_results_are_the_callers():
    @grad(wrt=("x", "y"))
    def f(x, y, w):
        return np.sum((x + y) * w)

    w = A.copy()
    for _ in range(5):
        dx, dy = f(A, B[:1], w)
        dx += 1.0
        dy += 1.0
        assert np.array_equal(w, A) and dx.base is None and dy.base is None


@pytest.mark.parametrize("args, kwargs", [((), {}), ((1.0, 2.0, 3.0), {}), ((1.0,), {"z": 2.0}), ((1.0,), {"x": 2.0})])
def test_calls_that_do_not_fit(args, kwargs):
    derivative = grad(lambda x, y=1.0: x * y)
    for _ in range(4):
        with pytest.raises(ArgumentError):
            derivative(*args, **kwargs)
        assert derivative(2.0, 3.0) == 3.0


def test_errors_of_the_function_are_its_own():
    def inner():
        raise TypeError("mine")

    @grad
    def f(x):
        if x > 1:
            inner()
        return x * x

    for x in (0.5, 0.5, 0.5, 2.0, 0.5):
        if x < 1:
            assert f(x) == 1.0
        else:
            with pytest.raises(TypeError, match="mine") as caught:
                f(x)
            assert any("in the derivative of" in note for note in caught.value.__notes__)


# Derivatives at a point.


def product(x, y, n=2, scale=1.0):
    return np.sum(x * y) * n * scale


POINTS = [(A, 2 * A), (A, 3.0), (A, A[:1]), (2.0, 3.0), (M, A), (A, 2 * A, 3), (A, 2 * A, 3, 0.5), (A[:2], B, 2.0)]


def test_vjp_at_alternating_points():
    for point in [p for p in POINTS for _ in range(3)] + 2 * POINTS:
        x, y, n, scale = (*point, *(2, 1.0)[len(point) - 2:])
        value, pullback = vjp(product, *point)
        assert np.isclose(value, np.sum(x * y) * n * scale)
        for seed in (1.0, 2, np.float64(0.5)):
            found = pullback(seed)
            assert len(found) == len(point)
            wanted = [seed * n * scale * g for g in np.broadcast_arrays(y, x)]
            wanted = [w if np.shape(w) == np.shape(v) else np.sum(w).reshape(np.shape(v)) if np.ndim(v) < 1 or
                      np.size(v) == 1 else np.sum(w, axis=0) for w, v in zip(wanted, (x, y), strict=True)]
            for f, w in zip(found, wanted, strict=False):
                assert np.shape(f) == np.shape(w) and np.allclose(f, w)


def test_pullbacks_see_the_arguments_as_they_were():
    for _ in range(4):
        x, y = A.copy(), 2 * A
        _, pullback = vjp(product, x, y)
        x[:] = y[:] = 0.0
        dx, dy, *_ = pullback(1.0)
        assert np.allclose(dx, 4 * A) and np.allclose(dy, 2 * A)
        dx[:] = 7.0
        assert np.allclose(pullback(1.0)[0], 4 * A)
        with pytest.raises(ArgumentError):
            pullback(np.ones(2))
        with pytest.raises(ArgumentError):
            vjp(product, x)


def test_jvp_at_alternating_points():
    for point in [p for p in POINTS for _ in range(3)] + 2 * POINTS:
        x, y, n, scale = (*point, *(2, 1.0)[len(point) - 2:])
        rest = (None,) * (len(point) - 2)
        for dx, dy in [(np.ones_like(x)[()], None), (None, 2.0 * np.ones_like(y)[()]), (0.5 * x, y)]:
            value, slope = jvp(product, point, (dx, dy, *rest))
            wanted = (0.0 if dx is None else np.sum(dx * y)) + (0.0 if dy is None else np.sum(x * dy))
            assert np.isclose(value, np.sum(x * y) * n * scale) and np.isclose(slope, wanted * n * scale)
        for wrong in ((np.ones(4), None), (np.ones(4), np.ones(4))):
            with pytest.raises(ArgumentError):
                jvp(product, point, (*wrong, *rest))


def test_jvp_of_trees_and_stars():
    def f(p, *rest):
        return p["a"] * rest[0] + p["n"]

    for _ in range(4):
        assert jvp(f, ({"a": 2.0, "n": 3}, 5.0), ({"a": 1.0, "n": None}, None)) == (13.0, 5.0)
        assert jvp(f, ({"a": 2.0, "n": 3.0}, 5.0), ({"a": 1.0, "n": 2.0}, 0.5)) == (13.0, 8.0)
        assert jvp(f, ({"a": 2.0, "n": 3}, 5.0), (None, 0.5)) == (13.0, 1.0)


# What is outside may be another thing at the next call.


class Thing:
    k: Any = 2.0

    def __init__(self, k: Any = None) -> None:
        if k is not None:
            self.k = k

    def twice(self, z):
        return z * 2.0


def helper(z, k=2.0):
    return z * k


def other(z, k=2.0):
    return z * k * 1.5


def replaced(monkeypatch, name):
    """A function of one number whose derivative is 2, and what makes it 3."""
    thing, things, nested, pair = Thing(2.0), [Thing(2.0)], Thing(Thing(2.0)), (Thing(2.0), 1.0)
    functions, part = {"f": lambda z: z * 2.0}, functools.partial(helper, k=2.0)

    def rebind():
        nonlocal thing, part, pair, functions
        thing, part, pair = Thing(3.0), functools.partial(helper, k=3.0), (Thing(3.0), 1.0)
        functions = {"f": lambda z: z * 3.0}

    return {
        "another object": (lambda x: x * thing.k, rebind),
        "another attribute": (lambda x: x * thing.k, lambda: setattr(thing, "k", 3.0)),
        "another element": (lambda x: x * things[0].k, lambda: things.__setitem__(0, Thing(3.0))),
        "an object of an object": (lambda x: x * nested.k.k, lambda: setattr(nested, "k", Thing(3.0))),
        "another tuple": (lambda x: x * pair[0].k, rebind),
        "more elements": (lambda x: x * (1.0 + len(things)), lambda: things.append(1.0)),
        "another function": (lambda x: functions["f"](x), rebind),
        "another partial": (lambda x: part(x), rebind),
        "another method": (lambda x: thing.twice(x), lambda: monkeypatch.setattr(Thing, "twice", lambda s, z: z * 3.0)),
        "another class attribute": (lambda x: x * Thing.k, lambda: monkeypatch.setattr(Thing, "k", 3.0)),
        "other code": (lambda x: helper(x), lambda: monkeypatch.setattr(helper, "__code__", other.__code__)),
        "other defaults": (lambda x: helper(x), lambda: monkeypatch.setattr(helper, "__defaults__", (3.0,))),
        "own code": (helper, lambda: monkeypatch.setattr(helper, "__code__", other.__code__)),
        "own defaults": (helper, lambda: monkeypatch.setattr(helper, "__defaults__", (3.0,))),
    }[name]


@pytest.mark.parametrize("name", [
    "another object", "another attribute", "another element", "an object of an object", "another tuple",
    "more elements", "another function", "another partial", "another method", "another class attribute", "other code",
    "other defaults", "own code", "own defaults"])
@pytest.mark.parametrize("calls", [1, 4])
def test_replacements_are_seen(monkeypatch, name, calls):
    f, replace = replaced(monkeypatch, name)
    derivative = grad(f)
    assert [derivative(0.5) for _ in range(calls)] == [2.0] * calls
    replace()
    assert [derivative(0.5) for _ in range(4)] == [3.0] * 4

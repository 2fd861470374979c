"""Checkpointing: the same gradients from fewer kept states, with no more runs of trips than the formula allows."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

import srcad
from srcad.runtime.snapshots import all_stops, stops


def chain(x, w, n):
    for t in range(n):
        x = np.tanh(w * x + 0.1 * t)
    return np.sum(x ** 2)


def backwards_by_two(x, w, n):
    for t in range(2 * n, 1, -2):
        x = x * np.cos(w) + np.sin(x) / t
    return np.sum(x)


def until_large(x, w, n):
    k = 0
    while k < n and np.sum(x) < 1e6:
        x = x + 0.1 * np.sin(w * x)
        k += 1
    return np.sum(x ** 2) * k


def with_break(x, w, n):
    total = 0.0
    for t in range(100):
        x = np.sin(w * x) + 0.5
        total += x[0]
        if t > n:
            break
    return total


def stencil(x, w, n):
    u = x.copy()
    for r in w:
        u[1:-1] += r * np.sin(u[2:] - u[:-2])
        u[0] = np.cos(u[1])
    return np.sum(u ** 2)


def nested(x, w, n):
    a = x.copy()
    for _ in range(n):
        for i in range(1, len(a)):
            if a[i] > 0.2:
                a[i] = np.sin(a[i - 1]) * w[i]
            else:
                a[i] += a[0]
    return np.sum(a * a)


def one_after_the_other(x, w, n):
    for _ in range(n):
        x = np.sin(x) * w
    for y in x:
        n = n + y * np.cos(y)
    return n + np.sum(x)


def lists_that_grow(x, w, n):
    sums, firsts = [], []
    for t in range(n):
        x = np.tanh(w * x + 0.1 * t)
        sums.append(np.sum(x ** 2))
        if x[0] > 0.3:
            firsts.append(x[0] * w[1])
    return np.sum(np.array(sums) ** 2) + sum(firsts)


def list_in_a_while(x, w, n):
    rows, t = [w], 0
    while True:
        if t >= n:
            break
        x = x + 0.1 * np.sin(w * x)
        rows.append(x * w)
        t += 1
    return np.sum(np.array(rows) ** 2)


def no_state(x, w, n):
    return np.sum(np.array([np.sum(np.sin(w * x + t)) for t in range(n)]) ** 2)


def returned_early(x, w, n):
    for t in range(50):
        x = np.sin(w * x) + 0.5
        y = x * w
        if t % 7 == 3:
            continue
        if t >= n:
            return np.sum(x * y)
    return np.sum(x ** 2)


def with_draws(x, w, n):
    rng = np.random.default_rng(0)
    for _ in range(n):
        x = np.sin(w * x) + 0.1 * rng.standard_normal(len(x)) * w
    return np.sum(x ** 2)


def moved(x, w, n):
    for _ in range(n):
        y = np.sin(w * x)
        x = x + 0.1 * y
    return x, (y if n else w)


def in_a_function(x, w, n):
    once, y = moved(x, w, n)
    again, z = moved(once, w, n)
    return np.sum(again ** 2) + np.sum(y * z)


def changes_places(x, w, n):
    u, v = x.copy(), x.copy()
    for _ in range(n):
        v[1:-1] = u[1:-1] + w[1:-1] * np.sin(u[2:] - u[:-2])
        u, v = v, u
    return np.sum(u ** 2) + np.sum(v)


MORE = [lists_that_grow, list_in_a_while, no_state, returned_early, with_draws, in_a_function, changes_places]
PROGRAMS = [chain, backwards_by_two, until_large, with_break, stencil, nested, one_after_the_other]
WAYS = ["sqrt", 1, 2, 5, 100, "200B", "1 MB"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("f", PROGRAMS)
def test_same_gradients(f, way):
    for n in (0, 1, 2, 11):
        args = np.linspace(0.1, 1.0, 5), np.linspace(0.5, 1.5, 5), n
        expected = srcad.value_and_grad(f, wrt=(0, 1))(*args)
        value, found = srcad.value_and_grad(f, wrt=(0, 1), checkpoint=way)(*args)
        assert value == expected[0]
        for a, b in zip(found, expected[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("way", ["sqrt", 2])
@pytest.mark.parametrize("f", MORE)
def test_lists_exits_and_effects(f, way):
    test_same_gradients(f, way)
    assert "not checkpointed" not in explained(f, way)


@pytest.mark.parametrize("f", PROGRAMS + MORE)
def test_pullbacks(f):
    """They can be called again."""
    args = np.linspace(0.1, 1.0, 5), np.linspace(0.5, 1.5, 5), 7
    expected = srcad.vjp(f, *args)[1](1.0)
    for way in ("sqrt", 3):
        _, pullback = srcad.vjp(f, *args, checkpoint=way)
        for _ in range(2):
            for a, b in zip(pullback(1.0)[:2], expected[:2], strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("way", ["sqrt", 2])
def test_second_derivatives(way):
    x, w, t = np.linspace(0.1, 1.0, 5), np.linspace(0.5, 1.5, 5), np.linspace(-1.0, 1.0, 5)
    plain, again = srcad.grad(chain), srcad.grad(chain, checkpoint=way)
    expected = srcad.jvp(plain, (x, w, 6), (t, None, None))[1]
    np.testing.assert_allclose(srcad.jvp(again, (x, w, 6), (t, None, None))[1], expected, rtol=1e-12)
    np.testing.assert_allclose(srcad.vjp(again, x, w, 6)[1](t)[0], expected, rtol=1e-12)
    expected = srcad.jvp(srcad.grad(lists_that_grow), (x, w, 6), (t, None, None))[1]
    again = srcad.grad(lists_that_grow, checkpoint=way)
    np.testing.assert_allclose(srcad.jvp(again, (x, w, 6), (t, None, None))[1], expected, rtol=1e-12)
    np.testing.assert_allclose(srcad.vjp(again, x, w, 6)[1](t)[0], expected, rtol=1e-12)


def fewest(trips, snapshots):
    """Griewank and Walther: the number of runs of trips, beyond those that the adjoints make."""
    times = 0
    while math.comb(snapshots + times, snapshots) < trips:
        times += 1
    return times * trips - math.comb(snapshots + times, times - 1) if times else 0


@pytest.mark.parametrize("snapshots", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("trips", [1, 2, 5, 33])
def test_runs_of_trips(trips, snapshots, monkeypatch):
    """Counted as they happen; the loop itself makes the last trip, too."""
    f = srcad.grad(chain, checkpoint=snapshots)
    args = np.array([0.3, 0.4]), np.array([1.0, 1.1]), trips
    f(*args)
    runs, tanh = [], np.tanh
    monkeypatch.setattr(np, "tanh", lambda x: (runs.append(1), tanh(x))[1])
    f(*args)
    assert len(runs) == fewest(trips, snapshots) + 1 + trips


def test_schedule_keeps_no_more_than_it_may():
    for snapshots in range(1, 6):
        for trips in range(1, 40):
            assert len(all_stops(trips, snapshots)) <= snapshots + 1
            assert stops(0, trips, snapshots)[-1:] == [trips]


def peak(f, *args):
    f(*args)
    tracemalloc.start()
    f(*args)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_memory():
    """Of 400 states of 80 kB: 400 are kept without, about 2 * 20 with "sqrt", and what is asked for."""
    args = np.linspace(0.1, 1.0, 10_000), np.linspace(0.5, 1.5, 10_000), 400
    state = args[0].nbytes
    assert peak(srcad.grad(chain), *args) > 400 * state
    assert peak(srcad.grad(chain, checkpoint="sqrt"), *args) < 60 * state
    assert peak(srcad.grad(chain, checkpoint=5), *args) < 20 * state
    assert peak(srcad.grad(chain, checkpoint="800kB"), *args) < 25 * state


def test_effects_happen_once(capsys):
    def f(x):
        for t in range(5):
            if t == 3:
                print("three", x > 0)
            if t > 7:
                raise ValueError("too long")
            x = np.sin(x)
        return x

    for way in ("sqrt", 2):
        assert srcad.grad(f, checkpoint=way)(0.5) == srcad.grad(f)(0.5)
    assert capsys.readouterr().out == "three True\n" * 4


def test_arguments():
    for wrong in ("64", 0, -1, True, 2.5, "lots"):
        with pytest.raises(srcad.ArgumentError, match="checkpoint must be"):
            srcad.grad(chain, checkpoint=wrong)


def explained(f, way):
    again = srcad.grad(f, checkpoint=way)
    again(np.linspace(0.1, 1.0, 5), np.linspace(0.5, 1.5, 5), 3)
    return again.explain()


def test_what_is_not_checkpointed_is_said():
    def reads_its_list(x, w, n):
        xs = [x]
        for _ in range(n):
            xs.append(np.sin(w * xs[-1]))
        return np.sum(xs[-1])

    def draws_sometimes(x, w, n):
        rng = np.random.default_rng(0)
        for t in range(n):
            if t % 2:
                x = x * rng.normal()
            x = np.sin(w * x)
        return np.sum(x)

    assert "is not checkpointed: its trips read the list `xs`" in explained(reads_its_list, 3)
    assert "is not checkpointed: an effect in a branch" in explained(draws_sometimes, "sqrt")


def test_memory_of_lists():
    """Of 300 states of 80 kB a list keeps one number each."""
    args = np.linspace(0.1, 1.0, 10_000), np.linspace(0.5, 1.5, 10_000), 300
    state = args[0].nbytes
    assert peak(srcad.grad(lists_that_grow), *args) > 300 * state
    assert peak(srcad.grad(lists_that_grow, checkpoint="sqrt"), *args) < 70 * state
    assert peak(srcad.grad(lists_that_grow, checkpoint=5), *args) < 20 * state
    assert peak(srcad.grad(no_state, checkpoint=5), *args) < 10 * state


def test_explain():
    x, w = np.ones(5), np.ones(7)
    for way, line in (("sqrt", "tapes u: 40 bytes a trip"), (3, "keeps a list, u_kept: 40 bytes an item")):
        f = srcad.grad(stencil, checkpoint=way)
        f(x, w, 7)
        assert line in f.explain()

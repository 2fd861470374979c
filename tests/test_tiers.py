"""`backend="auto"`: NumPy first, XLA when it is worth it, and whichever is faster stays."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import srcad
from srcad.program import tiers
from srcad.program.worker import WORKER

X = np.linspace(0.1, 1.0, 5)


@pytest.fixture
def eager(monkeypatch):
    """The second call of a signature is compiled."""
    monkeypatch.setattr(tiers, "COMPILATION", 0.0)
    monkeypatch.setattr(tiers, "STATEMENT", 0.0)
    monkeypatch.setattr(tiers, "DISPATCH", 0.0)


def settle(call, times=6):
    """Call until everything is decided."""
    results = []
    for _ in range(times):
        results.append(call())
        assert WORKER.wait(60)
    return results


def rows_of(name):
    return [s for s in srcad.stats() if s.function.startswith(name)]


def iterated(x, n):
    h = x
    for _ in range(n):
        h = np.tanh(0.9 * h + x)
    return np.sum(h ** 2)


def test_from_numpy_to_a_decision(eager):
    gradient, expected = srcad.grad(iterated, backend="auto"), srcad.grad(iterated)(X, 200)
    for result in settle(lambda: gradient(X, 200), 4 + tiers.MOST_TRIALS):
        np.testing.assert_allclose(result, expected, rtol=1e-12)
    (row,) = rows_of("iterated")
    assert row.runs in ("XLA", "NumPy") and row.why == "measured faster" and row.shapes == ((5,),)
    assert row.numpy > 0 and row.xla > 0 and row.calls >= 1
    assert f"arrays of (5,): {row.runs} runs (measured faster)" in gradient.explain()
    assert "function" in repr(srcad.stats()).splitlines()[0] and "iterated_adjoint" in repr(srcad.stats())
    for n in (0, 1, 63, 64, 65, 1000):  # also beyond the room that the compiled program has
        np.testing.assert_allclose(settle(lambda n=n: gradient(X, n), 2)[-1], srcad.grad(iterated)(X, n), rtol=1e-12)


def test_nothing_is_compiled_before_it_is_worth_it(tmp_path):
    (tmp_path / "model.py").write_text("import numpy as np\n\n\ndef f(x):\n    return np.sum(np.tanh(x))\n")
    code = ("import sys, threading, numpy as np, srcad, model\ng = srcad.grad(model.f, backend='auto')\n"
            "for _ in range(50): g(np.ones(3))\n"
            "print('jax' in sys.modules, threading.active_count(), srcad.stats()[0].calls)")
    path = os.pathsep.join([str(tmp_path), str(Path(srcad.__file__).parents[1])])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                         env={**os.environ, "PYTHONPATH": path})
    assert run.stdout.split() == ["False", "1", "50"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_forks_and_the_end_of_the_process(tmp_path):
    """A forked child keeps away from XLA, and a process may end while a program is compiled."""
    (tmp_path / "model.py").write_text(
        "import numpy as np\n\n\ndef f(x, n):\n    for _ in range(n):\n        x = np.tanh(x) + np.sin(x)\n"
        "    return np.sum(x)\n")
    code = """
import os, numpy as np, srcad, model
from srcad.program import tiers
from srcad.program.worker import WORKER
tiers.COMPILATION = tiers.STATEMENT = tiers.DISPATCH = 0.0
gradient, x = srcad.grad(model.f, backend="auto"), np.ones(3)
for _ in range(3):
    expected = gradient(x, 50)
    WORKER.wait()
child = os.fork()
if not child:
    fine = all(np.allclose(gradient(x, 50), expected) for _ in range(12)) and not WORKER.busy
    os._exit(0 if fine else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
other = srcad.value_and_grad(model.f, backend="auto")
other(x, 50), other(x, 50)
print(WORKER.busy)
"""
    path = os.pathsep.join([str(tmp_path), str(Path(srcad.__file__).parents[1])])
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True,
                         env={**os.environ, "PYTHONPATH": path}, timeout=120)
    assert run.stdout.split() == ["0", "True"] and not run.stderr


@pytest.mark.parametrize(("numpy", "xla", "winner"), [(2e-3, 1e-3, "xla"), (1e-3, 2e-3, "numpy")])
def test_the_faster_one_stays(numpy, xla, winner):
    gradient = srcad.grad(iterated, backend="auto")
    gradient(X, 2), gradient(X, 2)
    ((key, tier),) = gradient.runner.made()[0].tiers.made.items()
    for _ in range(1 + tiers.TRIALS):
        assert tier.state == "counting"
        tier.measured(1.0, 1.0, (numpy, xla))
    assert tier.state == winner
    if winner == "numpy":  # then the entry calls the generated function itself
        assert tier.owner.runs[key] == tier.owner.numpy


def test_a_close_race_is_run_longer():
    gradient = srcad.grad(iterated, backend="auto")
    gradient(X, 2)
    ((_, tier),) = gradient.runner.made()[0].tiers.made.items()
    for k in range(1 + tiers.MOST_TRIALS):
        assert tier.state == "counting"
        tier.measured(1.0, 1.0, (2.0, 1.0) if k % 2 else (1.0, 2.0))
    assert tier.state == "xla"


def test_disagreement_keeps_numpy(eager, monkeypatch):
    monkeypatch.setattr(tiers.InXla, "__call__", lambda self, *given: np.full(5, 7.0))
    gradient = srcad.grad(iterated, backend="auto")
    with pytest.warns(RuntimeWarning, match="stays on NumPy for arrays of shapes .*XLA disagrees"):
        results = settle(lambda: gradient(X, 3), 4)
    assert all(np.array_equal(r, srcad.grad(iterated)(X, 3)) for r in results)
    assert "XLA disagrees" in gradient.explain()


@pytest.mark.parametrize(("ours", "theirs", "words"), [
    (1.0, 1.0 + 1e-10, ""), (1.0, 1.0 + 1e-6, "differs by"), (np.float32(1), np.float32(1 + 1e-5), ""),
    (np.array([1.0, 1e-20]), np.array([1.0, 3e-20]), ""), (1e-17, 5e-17, ""), (1.0, np.float32(1.0), "gives"),
    (np.array([1, 2]), np.array([1, 3]), "differs"), ((1.0, 2.0), (1.0, np.nan), "NaNs"), ((1.0,), [1.0], "gives"),
    (np.array([np.inf, 1.0]), np.array([np.inf, 1.0]), ""), (np.zeros(2), np.zeros(3), "shape"), (None, None, "")])
def test_what_is_agreement(ours, theirs, words):
    found = tiers.disagreement(ours, theirs)
    assert words in found and bool(found) == bool(words)


def distinct(x):
    return np.sum(np.unique(np.round(x)).shape[0] * x)


def test_what_cant_be_lowered_stays(eager):
    gradient = srcad.jit(distinct, backend="auto")
    assert all(r == distinct(X) for r in settle(lambda: gradient(X), 3))
    (row,) = rows_of("distinct")
    assert row.runs == "NumPy" and f"{__file__}:{distinct.__code__.co_firstlineno + 1}" in row.why
    assert row.why in gradient.explain()


def told(x, rng):
    print("called")
    return np.sum(x * x) + rng.normal() * x[0]


def test_effects_happen_once(eager, capsys):
    gradient = srcad.grad(told, backend="auto")
    draws, same = np.random.default_rng(0), np.random.default_rng(0)
    for _ in range(5):
        np.testing.assert_allclose(gradient(X, draws), 2 * X + np.eye(5)[0] * same.normal())
        WORKER.wait(60)
    assert capsys.readouterr().out == "called\n" * 5
    assert "is done once" in rows_of("told")[0].why


def relaxed(u, n):
    for _ in range(n):
        u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
    if u[0] < 0:
        raise ValueError("negative")
    return np.sum(u ** 2)


def test_stores_into_arguments_are_made_once(eager):
    ours, theirs = srcad.grad(relaxed, backend="auto"), srcad.grad(relaxed)
    for _ in range(7):
        u, v = X.copy(), X.copy()
        np.testing.assert_allclose(ours(u, 30), theirs(v, 30), rtol=1e-12)
        np.testing.assert_allclose(u, v, rtol=1e-12)
        WORKER.wait(60)
    u, v = -X, -X
    for f, x in ((ours, u), (theirs, v)):
        with pytest.raises(ValueError, match="negative"):
            f(x, 30)
    np.testing.assert_allclose(u, v, rtol=1e-12)


def test_threads(eager):
    gradient, failures = srcad.grad(iterated, backend="auto"), []
    expected = {k: srcad.grad(iterated)(X[:k], 40) for k in (3, 4, 5)}

    def work(k):
        end = time.monotonic() + 60
        while not failures and time.monotonic() < end:
            if not np.allclose(gradient(X[:k], 40), expected[k], rtol=1e-12):
                failures.append(k)
            if all(s.why == "measured faster" for s in rows_of("iterated")[-3:]):
                return
        failures.append("late")

    threads = [threading.Thread(target=work, args=(3 + i % 3,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_pullbacks(eager):
    def trajectory(x, n):
        h = x
        for _ in range(n):
            h = np.tanh(0.9 * h + x)
        return h ** 2

    for n in (*[30] * (4 + tiers.MOST_TRIALS), 500, 500, 0, 3):
        y, pull = srcad.vjp(trajectory, X, n, backend="auto")
        z, expected = srcad.vjp(trajectory, X, n)
        np.testing.assert_allclose(y, z, rtol=1e-12)
        for g in (np.ones(5), X):
            np.testing.assert_allclose(pull(g)[0], expected(g)[0], rtol=1e-12)
        assert WORKER.wait(60)
    (row,) = rows_of("trajectory_forward")
    assert row.why == "measured faster"


def test_signatures_are_shapes(eager):
    gradient = srcad.grad(lambda x, w: np.sum((x @ w) ** 2), wrt=1, backend="auto")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for m, n in ((3, 2), (4, 2), (5, 2), (5, 3)) * 2:
            x, w = np.ones((m, n)), np.arange(float(n))
            np.testing.assert_allclose(gradient(x, w), 2 * x.T @ (x @ w))
    shapes = {s.shapes for s in srcad.stats() if s.shapes and len(s.shapes) == 2}
    assert {((3, 2), (2,)), ((4, 2), (2,)), ((5, 3), (3,))} <= shapes

"""The examples find what they should."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
EXAMPLES = Path(__file__).parent.parent / "examples"
PNG = b"\x89PNG"


def load(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name, tmp_path):
    """What the example's `main` returns, after a look at its plot."""
    module, plot = load(name), tmp_path / f"{name}.png"
    found = module.main(plot)
    assert plot.read_bytes().startswith(PNG)
    return module, found


def differences(f, x, h=1e-6):
    units = np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in units]).reshape(x.shape)


def test_lynx_and_hare(tmp_path, capsys):
    pytest.importorskip("scipy")
    _, (found, result) = run("lynx_and_hare", tmp_path)
    # A published Bayesian fit of this model to these counts has these values, each within a tenth.
    for name, value in {"a": 0.55, "b": 0.028, "c": 0.80, "d": 0.024, "hare": 34.0, "lynx": 5.9}.items():
        assert found[name] == pytest.approx(value, rel=0.1), name
    assert np.max(np.abs(result.jac)) < 1e-4
    assert "hare' =  0.540 hare - 0.0272 hare lynx" in capsys.readouterr().out


def test_gradient_of_misfit():
    pytest.importorskip("scipy")
    module = load("lynx_and_hare")
    p, counts = np.log(np.array([0.5, 0.8, 0.03, 0.03, 30.0, 4.0])), np.log(module.COUNTS[:5])
    value, gradient = module.misfit(p, counts, 2)
    assert value == module.misfit.primal(p, counts, 2)
    assert np.allclose(gradient, differences(lambda p: module.misfit.primal(p, counts, 2), p), rtol=1e-6)


def test_digits(tmp_path):
    pytest.importorskip("sklearn")
    _, found = run("digits", tmp_path)
    assert found["test"] > 0.96
    assert found["train"] > 0.99
    assert found["loss"] < 0.1


def test_gradient_of_digits():
    pytest.importorskip("sklearn")
    module = load("digits")
    rng = np.random.default_rng(3)
    params = module.start(rng, pixels=5, hidden=3, classes=4)
    images, labels = rng.normal(size=(6, 5)), np.array([0, 3, 1, 1, 2, 0])
    value, gradient = module.loss(params, images, labels)
    assert value == pytest.approx(module.loss.primal(params, images, labels), rel=1e-14)
    for name, x in params.items():
        wanted = differences(lambda x, name=name: module.loss.primal({**params, name: x}, images, labels), x)
        assert np.allclose(gradient[name], wanted, rtol=1e-6, atol=1e-8), name


def test_gauss_newton(tmp_path):
    module, found = run("gauss_newton", tmp_path)
    assert np.allclose(found["b"], module.CERTIFIED, rtol=1e-9)
    assert np.allclose(found["deviations"], module.CERTIFIED_DEVIATIONS, rtol=1e-8)
    assert np.allclose(found["weights"], found["implicit"], rtol=1e-9)
    refit = [module.fit(module.VOLUME + h * np.eye(14)[13], module.PRESSURE, module.START, module.slopes)[1]
             for h in (1e-3, -1e-3)]
    assert found["weights"][13] == pytest.approx((refit[0] - refit[1]) / 2e-3, rel=1e-5)


def test_from_the_command_line(tmp_path):
    plot = tmp_path / "here.png"
    command = [sys.executable, EXAMPLES / "gauss_newton.py", plot]
    path = os.pathsep.join(filter(None, [str(EXAMPLES.parent), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    assert "b1 = 238.9421292" in done.stdout
    assert plot.read_bytes().startswith(PNG)


def test_heat(tmp_path):
    pytest.importorskip("scipy")
    module, found = run("heat", tmp_path)
    assert found["error"] < 0.15 < found["naive"]
    u0 = np.linspace(0.0, 1.0, module.CELLS) ** 2
    _, gradient = module.misfit(u0, found["measured"], 2.0)
    assert np.allclose(gradient, differences(lambda u: module.misfit.primal(u, found["measured"], 2.0), u0), rtol=1e-4,
                       atol=1e-2)


def test_nile(tmp_path):
    pytest.importorskip("scipy")
    _, found = run("nile", tmp_path)
    # Durbin and Koopman, chapter 2.
    assert np.allclose(found["variances"], [15099, 1469], rtol=1e-3)
    assert found["result"].fun == pytest.approx(632.54, abs=0.02)


def test_fluid(tmp_path):
    pytest.importorskip("scipy")
    module = load("fluid")
    found = module.main(tmp_path / "fluid.png", rounds=15)
    assert (tmp_path / "fluid.png").read_bytes().startswith(PNG)
    assert found["after"] < 0.3 * found["before"]
    smoke, target = module.pictures()
    velocity, direction = found["velocity"], np.random.default_rng(1).normal(size=found["velocity"].shape)
    slope = (module.miss.primal(velocity + 1e-6 * direction, smoke, target)
             - module.miss.primal(velocity - 1e-6 * direction, smoke, target)) / 2e-6
    assert np.sum(module.miss(velocity, smoke, target)[1] * direction) == pytest.approx(slope, rel=1e-4)


def test_many_devices(monkeypatch):
    """Eight devices of one process and of two have what one device has, and the program has the sums over them."""
    path = os.pathsep.join(filter(None, [str(EXAMPLES.parent), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    module = load("many_devices")
    value, slope = module.misfit(module.first_guess(), *module.swings())
    params, history = module.train(module.misfit, module.first_guess(), *module.swings(), 4)
    assert history[0] == value > history[-1]
    for processes in (1, 2):
        found = module.main(processes, rounds=4)
        assert (found["devices"], found["processes"]) == (8, processes)
        assert found["collectives"]["sharded arrays"] >= 1 and found["collectives"]["shard_map"] == 1
        assert found["value"] == pytest.approx(value, rel=1e-12)
        for k in params:
            np.testing.assert_allclose(found["slope"][k], slope[k], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(found["params"][k], params[k], rtol=1e-9, atol=1e-12)

"""What a function reads from around it may change between calls: every call sees what Python would see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad

RATE: Any = 2.0
WEIGHTS: Any = np.ones(2)
TABLE: Any = {"k": 2.0}
LIST: Any = [1.0, 2.0]
MODE = "double"
FLAG = True
TRIPS = 3
ACTIVATION: Any = np.sin


def loss(x: float) -> float:
    y = x * RATE + np.sum(WEIGHTS * x) + TABLE["k"] * x + LIST[1] * x * len(LIST)
    if MODE == "double":
        y = y * 2
    if FLAG:
        y = y + x * x
    for _ in range(TRIPS):
        y = y + x
    return y + ACTIVATION(x)


gradient = srcad.grad(loss)

CHANGES = {
    "RATE": [5.0, 5],
    "WEIGHTS": [np.arange(3.0), np.float64(2.0), np.ones((2, 2))],
    "TABLE": [{"k": 8.0, "z": 1.0}],
    "LIST": [[3.0, 4.0, 5.0], (1.0, 7.0)],
    "MODE": ["single"],
    "FLAG": [False],
    "TRIPS": [0, 7],
    "ACTIVATION": [np.cos, lambda t: t * t * RATE, lambda t: t ** 3],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in CHANGES.items() for v in values])
def test_globals(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    assert gradient(0.4) == pytest.approx(slope(loss, 0.4))
    monkeypatch.setitem(globals(), name, value)
    assert gradient(0.4) == pytest.approx(slope(loss, 0.4))


def test_containers_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "LIST", list(LIST))
    monkeypatch.setitem(globals(), "TABLE", dict(TABLE))
    assert gradient(0.4) == pytest.approx(slope(loss, 0.4))
    LIST.append(3.0)
    TABLE["k"] = 9.0
    assert gradient(0.4) == pytest.approx(slope(loss, 0.4))


def test_closure_cells() -> None:
    scale: Any = 2.0

    def f(x: float) -> float:
        return x * scale * x

    df = srcad.grad(f)
    for scale in (2.0, 4.0, np.array(3.0), 5):
        assert df(3.0) == pytest.approx(slope(f, 3.0))


class Model:
    weight = 2.0

    def __init__(self, k: float) -> None:
        self.k, self.names, self.params, self.act = k, ["a"], {"a": k}, np.tanh

    def loss(self, x: float) -> float:
        return self.act(self.k * x) * self.weight + self.params["a"] * x * len(self.names)


def test_attributes_of_self(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(3.0)
    gradient = srcad.grad(model.loss)

    def check() -> None:
        assert gradient(0.3) == pytest.approx(slope(model.loss, 0.3))

    check()
    model.k = 4.0
    check()
    model.act = np.sin
    check()
    model.names.append("b")
    check()
    model.params["a"] = 9.0
    check()
    model.weight = 7.0
    check()
    del model.weight
    monkeypatch.setattr(Model, "weight", 11.0)
    check()


def slope(f: Any, x: float, h: float = 1e-5) -> float:
    return float((f(x + h) - f(x - h)) / (2 * h))

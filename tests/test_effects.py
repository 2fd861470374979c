"""Effects happen once and in order, whatever derivative is taken, and leave streams as the function itself does."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import pytest

import srcad

X = np.array([0.7, 0.3, 0.1, 0.99, 0.4])
RNG = np.random.default_rng(3)


def noisy(x):
    e = RNG.normal(size=x.shape)
    return np.sum((x + 0.1 * e) ** 3)


def decided(x):
    s, k = 0.0, 0
    while RNG.random() < 0.8 and k < 9:
        s = s + np.sum(x) * RNG.random() ** 2
        k += 1
    return s * s + x[0]


def legacy(x):
    return np.sum(x**2 * np.random.randn(5)) * random.random()


def states() -> Any:
    return copy.deepcopy((RNG.bit_generator.state, np.random.get_state()[1:], random.getstate()))


def restore(saved: Any) -> None:
    RNG.bit_generator.state = copy.deepcopy(saved[0])
    np.random.set_state(("MT19937", *saved[1]))
    random.setstate(saved[2])


def same(a: Any, b: Any) -> bool:
    return a[0] == b[0] and all(np.array_equal(x, y) for x, y in zip(a[1], b[1], strict=True)) and a[2] == b[2]


def back(f: Any) -> Any:
    _, pullback = srcad.vjp(f, X)
    pullback(1.0)
    return pullback(1.0)[0]


DERIVATIVES = {
    "grad": lambda f: srcad.grad(f)(X), "vjp": back, "value": lambda f: srcad.value_and_grad(f)(X)[1],
    "jvp": lambda f: np.array([f and srcad.jvp(f, (X,), (np.eye(5)[0],))[1]]),
    "jacobian": lambda f: srcad.jacobian(f)(X), "hessian": lambda f: srcad.hessian(f)(X),
    "hvp": lambda f: srcad.hvp(f, (X,), (np.eye(5)[0],)),
}


@pytest.mark.parametrize("f", [noisy, decided, legacy], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", DERIVATIVES)
def test_streams(f: Any, name: str) -> None:
    start = states()
    f(X)
    end = states()

    def at(x: Any, of: Any = f) -> Any:
        restore(start)
        return of(x)

    slopes = np.array([(at(X + 1e-5 * e) - at(X - 1e-5 * e)) / 2e-5 for e in np.eye(5)])
    restore(start)
    found = DERIVATIVES[name](f)
    assert same(states(), end)
    if name in ("hessian", "hvp"):
        gradient = srcad.grad(f)
        rows = np.array([(at(X + 1e-5 * e, gradient) - at(X - 1e-5 * e, gradient)) / 2e-5 for e in np.eye(5)])
        np.testing.assert_allclose(found, rows if name == "hessian" else rows[0], rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_allclose(found, slopes if name != "jvp" else slopes[:1], rtol=1e-5, atol=1e-6)


def test_a_generator_is_an_argument() -> None:
    def f(x, rng):
        return np.sum(x * rng.standard_normal(len(x)))

    gradient = srcad.grad(f)
    for seed in range(3):
        expected = np.random.default_rng(seed).standard_normal(5)
        np.testing.assert_array_equal(gradient(X, np.random.default_rng(seed)), expected)
    assert len(gradient.runner.variants.all()) == 1  # made for any generator


def test_forward_mode_by_columns_is_refused() -> None:
    with pytest.raises(srcad.ArgumentError, match="mode='reverse'"):
        srcad.jacobian(noisy, mode="forward")(X)


def test_printed_once(capsys: Any) -> None:
    def f(x):
        print("x")
        return np.sum(x**3)

    for name, derivative in DERIVATIVES.items():
        derivative(f)
        assert capsys.readouterr().out == "x\n", name


class tqdm:
    """Stands for the class of that name: it counts and shows."""

    def __init__(self, iterable: Any = None, total: int | None = None) -> None:
        self.iterable, self.total = iterable, total

    def __iter__(self) -> Any:
        return iter(self.iterable)

    def update(self, n: int = 1) -> None: ...

    def set_description(self, text: str) -> None: ...

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None: ...


tqdm.__module__ = "tqdm.std"


def with_bars(x):
    s, bar = 0.0, tqdm(range(3))
    for k in bar:
        s = s + x[k] ** 2
        bar.set_description(f"loss {s:.3f}")
    with tqdm(total=2) as shown:
        for i, v in enumerate(tqdm(x)):
            s += v * i
            shown.update(1)
    return s


def test_progress_bars() -> None:
    np.testing.assert_allclose(srcad.grad(with_bars)(X), 2 * X * [1, 1, 1, 0, 0] + np.arange(5))

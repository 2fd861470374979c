"""In-place kernels: value, the caller's arrays, both modes against complex step, second order on a part."""

from __future__ import annotations

import copy
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcad
from tests.kernels import grids, linear, particles, sequences, sorting, systems, tables
from tests.kernels.registry import KERNELS, Kernel

MODULES = (grids, linear, particles, sequences, sorting, systems, tables)
STEP = 1e-20


def by_complex_step(case: Kernel, args: tuple[Any, ...], direction: tuple[Any, ...]) -> float:
    """The derivative along a direction, exact to rounding: the kernel's module with NumPy continued analytically."""
    name = f"{case.function.__module__}$complex"
    if name not in sys.modules:
        text = Path(sys.modules[case.function.__module__].__file__ or "").read_text()
        text = re.sub("^import numpy as np$", "from tests.programs.oracle import np, abs, integer", text, flags=re.M)
        text = re.sub(r"\bint\(", r"integer(", text)
        text = text.replace("from tests.kernels.registry import kernel", "kernel = lambda *a, **k: lambda f: f")
        module = type(sys)(name)
        exec(compile(text, name, "exec"), module.__dict__)
        sys.modules[name] = module
    moved = tuple(a if d is None else a + 1j * STEP * d for a, d in zip(args, direction, strict=True))
    return float(np.imag(getattr(sys.modules[name], case.function.__name__)(*moved)) / STEP)


def directions(args: tuple[Any, ...], seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.uniform(-1, 1, np.shape(a))[()] if np.asarray(a).dtype.kind == "f" else None for a in args)


def inner(a: Any, b: Any) -> float:
    return float(sum(np.sum(x * y) for x, y in zip(a, b, strict=True)))


@pytest.mark.parametrize("case", KERNELS.values(), ids=KERNELS)
def test_kernel(case: Kernel) -> None:
    f, expected, lent = case.function, copy.deepcopy(case.args), copy.deepcopy(case.args)
    value, direction = f(*expected), directions(case.args, 1)
    slope = by_complex_step(case, copy.deepcopy(case.args), direction)
    wrt = tuple(k for k, d in enumerate(direction) if d is not None)
    along = [direction[k] for k in wrt]
    gradient = srcad.value_and_grad(f, wrt=wrt)
    found, slopes = gradient(*lent)
    for left, right in zip(expected, lent, strict=True):
        np.testing.assert_allclose(right, left, rtol=1e-12, atol=1e-14, err_msg="the caller's arrays")
    assert found == pytest.approx(value, rel=1e-12)
    assert inner(slopes, along) == pytest.approx(slope, rel=1e-9, abs=1e-11)
    _, tangent = srcad.jvp(f, copy.deepcopy(case.args), direction)
    assert tangent == pytest.approx(slope, rel=1e-9, abs=1e-11)
    _, pullback = srcad.vjp(f, *copy.deepcopy(case.args))
    first = pullback(1.0)
    for k in wrt:
        np.testing.assert_allclose(first[k], slopes[wrt.index(k)], rtol=1e-12, atol=1e-14)
        if isinstance(first[k], np.ndarray):
            first[k][...] = np.nan      # what was handed out is the caller's
    assert inner([pullback(1.0)[k] for k in wrt], along) == pytest.approx(slope, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("case", [c for c in KERNELS.values() if c.second], ids=lambda c: c.name)
def test_second_order(case: Kernel) -> None:
    """A Hessian times a vector, forward over reverse and reverse over reverse, against differences of gradients."""
    direction, weights = directions(case.args, 1), directions(case.args, 2)
    wrt = tuple(k for k, d in enumerate(direction) if d is not None)
    gradient = srcad.grad(case.function, wrt=wrt)

    def at(h: float) -> float:
        args = copy.deepcopy(tuple(a if d is None else a + h * d for a, d in zip(case.args, direction, strict=True)))
        return inner(gradient(*args), [weights[k] for k in wrt])

    expected = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4
    product = srcad.jvp(gradient, copy.deepcopy(case.args), direction)[1]
    assert inner(product, [weights[k] for k in wrt]) == pytest.approx(expected, rel=1e-6, abs=1e-7)
    _, pullback = srcad.vjp(gradient, *copy.deepcopy(case.args))
    back = pullback(tuple(weights[k] for k in wrt))
    assert inner([back[k] for k in wrt], [direction[k] for k in wrt]) == pytest.approx(expected, rel=1e-6, abs=1e-7)

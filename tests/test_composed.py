"""Functions of NumPy that are lowered as programs over others, and arguments as users write them: values, gradients and
second derivatives against differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad

V = np.array([0.6, 1.7, 2.4])
M = np.array([[2.0, 0.7, -0.4], [0.3, 1.5, 0.2]])
S = np.array([[2.0, 0.6], [0.4, 3.0]])


def total(y: Any) -> Any:
    """A number that tells the elements of an array apart."""
    weights = np.reshape(np.cos(1.3 * np.arange(np.size(y)) + 0.4), np.shape(y))
    return np.sum(weights * y)


def rolled(x: Any, axis: int, start: int) -> Any:
    return np.rollaxis(x, axis, start)


@np.vectorize
def soft(a: float) -> float:
    return a * a if a > 1 else math.sin(a)


CASES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    # a list of numbers is an array to NumPy
    "mean of a list": (lambda x: np.mean([x, x * x, 3.0]), 1.5),
    "std of a list": (lambda x: np.std([x, x * x, 3.0]), 1.5),
    "prod of a tuple": (lambda x: np.prod((x, 2 * x)), 1.5),
    "max of a list": (lambda x: np.max([x[0] * x[1], x[1]]), V),
    "dot of lists": (lambda x: np.dot([x[0], x[1]], [x[1], 3.0]), V),
    "norm of a list": (lambda x: np.linalg.norm([x, 2 * x * x]), 1.5),
    "outer of lists": (lambda x: total(np.outer([x, 1.0], [x, x * x])), 1.5),
    "append a list": (lambda x: total(np.append(x, [x[0] * x[1], 2.0])), V),
    "interp on lists": (lambda x: np.interp(x, [0.0, 1.0, 2.0], [1.0, 4.0, x]), 1.5),
    "interp with ends": (lambda x: total(np.interp(x, [1.0, 2.0], [3.0, x[0]], left=x[0], right=-1.0)), V),
    "interp of a period": (lambda x: total(np.interp(x, [0.5, 2.0, 3.1], [3.0, x[0], 1.0], period=2.2)), V),
    "polyval of a list": (lambda x: np.polyval([1.0, 2.0, x], x), 1.5),
    # rows of one array
    "vstack of an array": (lambda x: total(np.vstack(x)), M),
    "vstack of a vector": (lambda x: total(np.vstack(x)), V),
    "hstack of an array": (lambda x: total(np.hstack(x)), M),
    "column_stack of an array": (lambda x: total(np.column_stack(x)), M),
    "concatenate an array": (lambda x: total(np.concatenate(x * x)), M),
    "concatenate along 1": (lambda x: total(np.concatenate(x[:, :, None] * V, 1)), M),
    "stack of an array": (lambda x: total(np.stack(x, 1)), M),
    # statistics
    "cov": (lambda x: total(np.cov(x)), M),
    "cov of columns": (lambda x: total(np.cov(x, rowvar=False, bias=True)), M),
    "cov of two": (lambda x: total(np.cov(x[0], x[1])), M),
    "cov of one": (lambda x: np.cov(x), V),
    "cov with weights": (lambda x: total(np.cov(x, aweights=V)), M),
    "corrcoef": (lambda x: total(np.corrcoef(x)), np.array([[1.0, 2.0, 4.0, 3.0], [2.0, 5.0, 1.0, 0.0]])),
    "average by weights": (lambda x: np.average(x, weights=x * x), V),
    "average along an axis": (lambda x: total(np.average(x, axis=1, weights=x[0])), M),
    "gradient of a matrix": (lambda x: total(np.gradient(x)[0]) + total(np.gradient(x)[1] ** 2), M),
    "gradient with steps": (lambda x: total(np.gradient(x, 0.1, 0.2)[1] ** 2), M),
    # matrices
    "kron of unlike ranks": (lambda x: total(np.kron(x, np.outer(x, x))), V),
    "vander": (lambda x: total(np.vander(x, 3)) + total(np.vander(x, increasing=True)), V),
    "cond": (lambda x: np.linalg.cond(x) + np.linalg.cond(x, 1), S),
    "lstsq": (lambda x: total(np.linalg.lstsq(x, np.arange(3.0), rcond=None)[0]), M.T),
    "polyfit": (lambda x: total(np.polyfit(np.arange(4.0), x, 1)), np.array([1.0, 3.0, 2.0, 5.0])),
    "roots": (lambda x: np.max(np.real(np.roots([1.0, x, -3.0]))), 1.5),
    "svd without vectors": (lambda x: total(np.linalg.svd(x, compute_uv=False)), M),
    "fields of eigh": (lambda x: total(np.linalg.eigh(x).eigenvalues), S),
    "fields of slogdet": (lambda x: np.linalg.slogdet(x).logabsdet, S),
    "fields of qr": (lambda x: total(np.linalg.qr(x).R), S),
    "cross along an axis": (lambda x: total(np.cross(x, x[::-1] + 1, axisa=0, axisb=0)), M.T @ S),
    "tensorsolve": (lambda x: total(np.linalg.tensorsolve(x, np.ones(2))), S),
    "tensorinv": (lambda x: total(np.linalg.tensorinv(x.reshape(2, 1, 2), ind=2)), S),
    "nuclear norm along axes": (lambda x: total(np.linalg.norm(x[None] * V[:, None, None], "nuc", axis=(1, 2))), S),
    "einsum by lists": (lambda x: np.einsum(x, [0, 1], x, [1, 0]) + total(np.einsum(x, [0, 1], [1])), S),
    # parts
    "r_": (lambda x: total(np.r_[x, 1.0, x * x, 1:4, 0:1:3j]), V),
    "c_": (lambda x: total(np.c_[x, x * x]) + total(np.c_[np.outer(x, x), x]), V),
    "block": (lambda x: total(np.block([[x, x * x], [3 * x, x]])), S),
    "block of vectors": (lambda x: total(np.block([x, x * x, 1.0])), V),
    "dstack": (lambda x: total(np.dstack([x, x * x])), S),
    "insert": (lambda x: total(np.insert(x, 1, x[0] ** 2)), V),
    "insert a column": (lambda x: total(np.insert(x, 1, x[:, 0] ** 2, axis=1)), M),
    "choose": (lambda x: total(np.choose([0, 1, 0], [x, x * x])), V),
    "fromiter": (lambda x: total(np.fromiter((v * v for v in x), float)), V),
    "ix_": (lambda x: total(x[np.ix_([0, 1], [1, 0])] ** 2), M),
    "unique": (lambda x: total(np.unique(x) ** 2), V[::-1].copy()),
    # functions over elements
    "piecewise": (lambda x: total(np.piecewise(x, [x < 1, x >= 1], [lambda t: t**3, lambda t: t**2])), V),
    "piecewise with a rest": (lambda x: total(np.piecewise(x, [x < 1], [np.sin, 4.0])), V),
    "apply_along_axis": (lambda x: total(np.apply_along_axis(lambda r: r * np.sum(r), 1, x)), M),
    "vectorize": (lambda x: total(np.vectorize(lambda a, b: a * b if a > 1 else a)(x, x[::-1])), V),
    "vectorized function": (lambda x: total(soft(x)), M),
    # methods of ufuncs
    "reduce": (lambda x: total(np.add.reduce(x * x)) + np.multiply.reduce(x[0]) + np.maximum.reduce(x[1]), M),
    "reduce along 1": (lambda x: total(np.logaddexp.reduce(x, axis=1)), M),
    "reduce of any": (lambda x: total(np.hypot.reduce(x)), M),
    "accumulate": (lambda x: total(np.add.accumulate(x)) + total(np.multiply.accumulate(x, axis=1)), M),
    "accumulate of any": (lambda x: total(np.hypot.accumulate(x)), V),
    "outer": (lambda x: total(np.add.outer(x, x) ** 2) + total(np.multiply.outer(x, x)), V),
    # Fourier transforms
    "fft2 of a size": (lambda x: total(np.abs(np.fft.fft2(x, s=(2, 4))) ** 2), M),
    "rfft2": (lambda x: total(np.abs(np.fft.rfft2(x)) ** 2), M),
    "rfftn along axes": (lambda x: total(np.abs(np.fft.rfftn(x, axes=(1, 0))) ** 2), M),
    "irfft2": (lambda x: total(np.fft.irfft2(np.fft.rfft2(x) ** 2)), M),
    # keywords
    "clip by min and max": (lambda x: total(np.clip(x, min=x[0], max=2.0)) + total(x.clip(max=1.0)), V),
    "swapaxes by name": (lambda x: total(np.swapaxes(x, axis1=0, axis2=1) ** 2), M),
    "rollaxis by numbers": (lambda x: total(rolled(x, 1, 0) ** 2), M),
    "math.prod": (lambda x: math.prod([x[0], x[1] ** 2]) + math.prod(x), V),
    "power at zero": (lambda x: np.power(x, 1.5) + np.power(x, 3), 1.5),
}


def moved(x: Any, direction: Any, h: float) -> Any:
    return x + h * direction


def assert_right(f: Callable[[Any], Any], x: Any) -> None:
    """Values, gradients, tangents and second derivatives against differences."""
    direction = np.sin(np.arange(1.0, np.size(x) + 1)).reshape(np.shape(x)) if np.ndim(x) else 0.8
    h = 1e-5
    value, gradient = srcad.value_and_grad(f)(x)
    assert value == pytest.approx(f(x), rel=1e-10)
    slope = (f(moved(x, direction, h)) - f(moved(x, direction, -h))) / (2 * h)
    assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-5, abs=1e-7)
    assert np.shape(gradient) == np.shape(x)
    assert srcad.jvp(f, (x,), (direction,))[1] == pytest.approx(slope, rel=1e-5, abs=1e-7)
    g = srcad.grad(f)
    second = (g(moved(x, direction, h)) - g(moved(x, direction, -h))) / (2 * h)
    assert np.allclose(srcad.hvp(f, (x,), (direction,)), second, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_composed(name: str) -> None:
    assert_right(*CASES[name])


def test_results_in_tuples_are_active() -> None:
    """What NumPy gives as a tuple carries a derivative, never a silent zero."""
    assert np.any(srcad.grad(lambda x: total(np.gradient(x)[0]))(M) != 0)


def test_power_at_zero() -> None:
    """NumPy's powers give inf where those of Python raise."""
    with np.errstate(all="ignore"):
        assert srcad.grad(lambda x: np.power(x, 0.5))(0.0) == np.inf


TURNED = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])


def exponential(a: Any) -> Any:
    w, v = np.linalg.eigh(a)
    return total((v * np.exp(w)) @ v.T)


def rebuilt(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a)
    return total((u * s) @ vh)


@pytest.mark.parametrize(("f", "a"), [(exponential, np.eye(3)), (rebuilt, TURNED)])
def test_vectors_of_equal_values_have_no_derivative(f: Callable[..., Any], a: np.ndarray) -> None:
    """They are not determined: no number is better than a wrong one, which leaving the terms out would give."""
    with np.errstate(all="ignore"):
        assert not np.all(np.isfinite(srcad.grad(f)(a)))
        assert not np.isfinite(srcad.jvp(f, (a,), (np.ones((3, 3)),))[1])
    assert_right(f, a + np.diag([0.1, 0.2, 0.4]))
    assert np.all(np.isfinite(srcad.grad(lambda a: np.sum(np.linalg.eigh(a)[0]) + np.sum(np.linalg.svd(a)[1]))(a)))


@pytest.mark.parametrize("a", [S, M, M.T], ids=["square", "wide", "tall"])
def test_svd_of_complex_matrices(a: Any) -> None:
    """What does not depend on the phases of the vectors, which are not determined."""
    def f(x: Any) -> Any:
        u, s, vh = np.linalg.svd(x + 1j * np.flip(x ** 2), full_matrices=False)
        factor = u @ vh
        return total(np.real(factor)) + total(np.imag(factor)) * s[0] + total(np.abs(u) ** 2) + total(np.abs(vh) ** 2)

    assert_right(f, a)


@pytest.mark.parametrize("f", [lambda x: abs(np.emath.sqrt(x - 2.0)), lambda x: np.real(np.emath.log(x - 2.0)) + x,
                               lambda x: np.imag(np.emath.arcsin(x + 2.0))])
def test_beyond_the_real_numbers(f: Callable[[float], float]) -> None:
    """Complex results of real arguments: a real gradient."""
    slope = (f(0.7 + 1e-6) - f(0.7 - 1e-6)) / 2e-6
    gradient = srcad.grad(f)(0.7)
    assert isinstance(gradient, float) and gradient == pytest.approx(slope, rel=1e-7)


def test_one_triangle() -> None:
    """A factorisation of a symmetric matrix reads one triangle, and only that has a derivative."""
    a = np.array([[2.0, 9.0], [0.5, 3.0]])
    for f in (lambda a: total(np.linalg.cholesky(a)), lambda a: total(np.linalg.eigvalsh(a))):
        assert srcad.grad(f)(a)[0, 1] == 0
    assert srcad.grad(lambda a: total(np.linalg.eigvalsh(a, "U")))(a)[1, 0] == 0


@pytest.mark.parametrize("f", [
    lambda x: np.dot(x, [1, 2, 3]),
    lambda x: np.vdot([1, 2, 3], x),
    lambda x: total(np.power(x, [1, 2, 3])),
    lambda x: total(np.cross(x, [1, 2, 3])),
    lambda x: np.trapezoid(x, [0, 1, 3]),
    lambda x: total(np.interp(x, [0, 1, 4], [0, 2, 3])),
    lambda x: total(np.concatenate([x, [1, 2]])),
    lambda x: total(np.stack([x, [1, 2, 3]])),
], ids=lambda f: "-".join(f.__code__.co_names[1:]))
def test_lists_of_integers(f) -> None:
    """A list where an array may stand is one."""
    x = np.array([0.5, 1.5, 2.5])
    steps = 1e-6 * np.eye(3)
    assert srcad.grad(f)(x) == pytest.approx([(f(x + h) - f(x - h)) / 2e-6 for h in steps], rel=1e-6)

"""Where a derivative is easily wrong: kinks, zeros, ties, repeated indices; and what JAX says at ordinary points."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np
import pytest
import rulecases_calculus  # noqa: F401 - adds to the cases
import rulecases_linalg  # noqa: F401
from rulecases import CASES, identifier
from rulecheck import Case, mapped

from srcad.ir import Builder, Lit, Var, run, type_of
from srcad.ir.ops import op_of
from srcad.ir.types import Dim, Size, Type, array, integer
from srcad.rules import rule_of
from srcad.rules.indexing import getitem_type
from srcad.rules.shapes import unbroadcast_to
from srcad.runtime import arrays


def vjp(function: Any, place: int, g: Any, *args: Any, **kwargs: Any) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        op = op_of(function)
        assert op is not None
        rule = rule_of(op)
        assert rule is not None
        bar = rule.vjps[place](g, function(*args, **kwargs), *args, **kwargs)  # type: ignore[misc]
        return unbroadcast_to(bar, args[place]) if rule.elementwise else bar


KINKS = [
    (np.maximum, 0, (2.0, 2.0), 0.5), (np.maximum, 1, (2.0, 2.0), 0.5), (np.minimum, 0, (2.0, 2.0), 0.5),
    (np.fmax, 0, (2.0, 2.0), 0.0), (np.fmax, 1, (2.0, 2.0), 1.0), (np.fmax, 0, (2.0, np.nan), 1.0),
    (max, 0, (2.0, 2.0), 1.0), (max, 1, (2.0, 2.0), 0.0), (min, 0, (1.0, 2.0), 1.0),
    (np.absolute, 0, (0.0,), 0.0), (np.sign, 0, (0.5,), None), (np.sinc, 0, (0.0,), 0.0),
    (np.clip, 0, (1.0, 1.0, 3.0), 0.5), (np.clip, 0, (3.0, 1.0, 3.0), 0.5), (np.clip, 0, (2.0, 1.0, 3.0), 1.0),
    (operator.pow, 0, (0.0, 0), 0.0), (operator.pow, 0, (0.0, 1), 1.0), (operator.pow, 0, (0.0, 2), 0.0),
    (operator.pow, 0, (0.0, 0.0), 0.0), (operator.pow, 1, (0.0, 2.0), 0.0), (operator.pow, 0, (-2.0, 3), 12.0),
    (np.power, 0, (np.array(0.0), np.array(0.0)), 0.0), (np.power, 1, (np.array(0.0), np.array(2.0)), 0.0),
    (np.power, 0, (np.array(-2.0), np.array(3.0)), 12.0), (np.hypot, 0, (0.0, 0.0), 0.0),
    (np.logaddexp, 0, (-np.inf, 1.0), 0.0), (np.logaddexp, 1, (-np.inf, 1.0), 1.0),
    (np.linalg.norm, 0, (np.zeros(2),), np.zeros(2)), (np.std, 0, (np.ones(2),), np.zeros(2)),
    (np.max, 0, (np.array([1.0, 3.0, 3.0]),), np.array([0.0, 0.5, 0.5])),
    (np.min, 0, (np.array([1.0, 1.0]),), np.array([0.5, 0.5])),
    (np.prod, 0, (np.array([0.0, 2.0, 3.0]),), np.array([6.0, 0.0, 0.0])),
    (np.prod, 0, (np.array([0.0, 0.0, 3.0]),), np.zeros(3)),
    (np.linalg.det, 0, (np.array([[1.0, 2.0], [2.0, 4.0]]),), np.array([[4.0, -2.0], [-2.0, 1.0]])),
    (np.heaviside, 1, (0.0, 0.5), 1.0),
]


@pytest.mark.parametrize("function, place, args, expected", KINKS)
def test_kink(function: Any, place: int, args: tuple[Any, ...], expected: Any) -> None:
    found = vjp(function, place, 1.0, *args)
    if expected is None:
        assert found is None
        return
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_repeated_indices_accumulate_and_the_last_store_wins() -> None:
    places = np.array([0, 2, 2])
    np.testing.assert_array_equal(vjp(operator.getitem, 0, np.ones(3), np.zeros(4), places), [1, 0, 2, 0])
    store = (np.zeros(4), places, np.zeros(3))
    np.testing.assert_array_equal(vjp(arrays.set_at, 2, np.arange(1.0, 5.0), *store), [1, 0, 3])
    np.testing.assert_array_equal(vjp(arrays.set_at, 0, np.ones(4), *store), [0, 1, 0, 1])


# --- what types say

N, M = Dim(Size("n", many=True)), Dim(Size("m", many=True))


@pytest.mark.parametrize("index, shape", [
    (slice(2, None), (N + -2, M)), (slice(None, -2), (N + -2, M)), (slice(1, -1), (N + -2, M)), (0, (M,)),
    ((slice(None), 0), (N,)), ((0, 0), ()), ((None, 0), (Dim(None, 1), M)), ((Ellipsis, slice(1, None)), (N, M + -1)),
    (slice(1, integer(N + -1)), (N + -2, M)), (slice(None, integer(N)), (N, M)), (slice(None, None, -1), (N, M)),
    (array(int, M), (M, M)), ((array(int, 3), array(int, 3)), (Dim(None, 3),)),
    (Type("number", np.dtype(int), ()), (M,)),
])
def test_type_of_an_index(index: Any, shape: tuple[Dim, ...]) -> None:
    assert getitem_type(array(float, N, M), index).shape == shape


def test_unknown_sizes_agree_when_they_must() -> None:
    x, y, k = array(float, N), array(np.float32, N), integer(Dim(Size("k")))
    assert getitem_type(x, slice(None, k)).shape == getitem_type(y, slice(None, k)).shape
    assert getitem_type(x, slice(None, 3)).shape == getitem_type(y, slice(None, 3)).shape
    assert getitem_type(x, array(bool, N)).shape != getitem_type(x, array(bool, N)).shape
    loose = Type("number", np.dtype(int), ())
    assert getitem_type(x, slice(None, loose)).shape != getitem_type(x, slice(None, loose)).shape


def recorded(rule: Any, *args: Any) -> list[str]:
    build = Builder()
    run(build, rule, *args)
    return [s.op.name for s in build.block]


def test_derivatives_are_short() -> None:
    x, g = Var("x", array(float, N)), Var("g", array(float, N))
    one = Var("g", type_of(1.0))
    square = rule_of(op_of(operator.pow)).vjps[0]  # type: ignore[union-attr, arg-type]
    assert set(recorded(square, g, g, x, Lit(2))) == {"*"}
    assert sorted(set(recorded(square, g, g, x, Lit(3)))) == ["*", "**"]
    assert recorded(rule_of(op_of(np.sum)).vjps[0], one, one, x) == ["np.shape", "np.broadcast_to"]  # type: ignore
    assert recorded(unbroadcast_to, g, x) == []
    assert recorded(unbroadcast_to, g, one) == ["np.sum"]


# --- against JAX

SKIPPED = {  # JAX has another signature, another convention, or no derivative
    np.fix, np.real, np.imag, np.asfortranarray, np.linalg.svdvals, np.vecdot, np.linalg.svd, np.linalg.slogdet,
    np.linalg.eigh, np.linalg.qr, np.meshgrid, np.modf, np.divmod, np.angle, np.linalg.multi_dot, np.select,
    np.partition, np.linalg.cholesky, np.linalg.eigvalsh,
}
SAMPLE = [c for k, c in enumerate(CASES) if k % 14 == 0 and c[0] not in SKIPPED
          and getattr(c[0], "__module__", "numpy").startswith("numpy")]


@pytest.mark.parametrize("call", SAMPLE, ids=[identifier(c) for c in SAMPLE])
def test_as_jax(call: Any) -> None:
    jax = pytest.importorskip("jax")
    import jax.numpy as jnp

    case = Case(*call)
    name = case.op.name.removeprefix("np.")
    function: Any = jnp
    for part in name.split("."):
        function = getattr(function, part, None)
    if function is None or not case.where:
        pytest.skip("not in jax.numpy")

    def of_data(*data: Any) -> Any:
        args = list(case.args)
        for i, d in zip(case.where, data, strict=True):
            args[i] = d
        return function(*args, **case.kwargs)

    with jax.enable_x64(True), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        data = [mapped(jnp.asarray, case.args[i]) for i in case.where]
        try:
            y, pull = jax.vjp(of_data, *data)
            bars = pull(mapped(lambda a, b: jnp.asarray(a, b.dtype), case.g, y) if isinstance(y, list)
                        else jnp.asarray(case.g, y.dtype))
        except (TypeError, NotImplementedError, ValueError) as error:
            pytest.skip(f"JAX refuses: {error}"[:80])
        backward = case.backward()
    exact = 1e-4 if any(isinstance(a, np.ndarray) and a.dtype == np.float32 for a in case.args) else 1e-8
    for i, expected in zip(case.where, bars, strict=True):
        found = backward.get(i, mapped(lambda a: np.zeros(np.shape(a)), case.args[i]))
        mapped(lambda a, b: np.testing.assert_allclose(a, np.asarray(b), rtol=exact, atol=exact), found, expected)



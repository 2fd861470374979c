"""The table of rules, walked: each case is a call, and what a rule promises is checked at it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import rulecases_calculus  # noqa: F401 - adds to the cases
import rulecases_linalg  # noqa: F401
import rulecases_scalars  # noqa: F401
from rulecases import CASES, identifier
from rulecheck import Case, assert_same, mapped, numeric, on_symbols, paired

from srcad.errors import Unsupported
from srcad.rules import RULES, shapes

IDS = [identifier(c) for c in CASES]


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def single(case: Case) -> bool:
    return any(isinstance(a, np.ndarray) and a.dtype in (np.float32, np.complex64) for a in case.args)


@pytest.mark.parametrize("call", CASES, ids=IDS)
def test_forward_agrees_with_differences(call: Any) -> None:
    case = Case(*call)
    tolerance = 1e-5 if single(case) else 1e-7
    expected, found = case.differences(), numeric(case.forward())


    def compare(a: Any, b: Any) -> None:
        scale = 1 + np.max(np.abs(b), initial=0)
        np.testing.assert_allclose(np.broadcast_to(a, np.shape(b)), b, rtol=tolerance, atol=tolerance * scale)

    mapped(compare, found, expected)


@pytest.mark.parametrize("call", CASES, ids=IDS)
def test_reverse_agrees_with_forward(call: Any) -> None:
    case = Case(*call)
    forward = mapped(lambda a, y: np.broadcast_to(a, np.shape(y)), case.forward(), case.y)
    backward = case.backward()
    exact = 1e-5 if single(case) else 1e-10
    left, right = paired(case.g, forward), sum(paired(bar, case.tangents[i]) for i, bar in backward.items())
    assert left == pytest.approx(right, rel=exact, abs=exact)
    for i, bar in backward.items():
        mapped(lambda b, x: None if np.shape(b) == np.shape(x) else pytest.fail(f"{np.shape(b)} for {np.shape(x)}"),
               bar, case.args[i])


@pytest.mark.parametrize("call", CASES, ids=IDS)
def test_on_symbols_as_on_arrays(call: Any) -> None:
    case = Case(*call)
    for i in case.where:
        for table, t in ((case.rule.vjps, case.g), (case.rule.jvps, case.tangents[i])):
            if i < len(table) and table[i] is not None:
                expected = case.contribution(table, i, t)
                for exact in (False, True):
                    args = (t, case.y, *case.args)
                    assert_same(on_symbols(table[i], args, case.kwargs, exact=exact,
                                           constants=tuple(c + 2 for c in case.constants)), expected)


@pytest.mark.parametrize("call", CASES, ids=IDS)
def test_without_shapes_right_or_refused(call: Any) -> None:
    """When ranks are not known a rule must not guess."""
    case = Case(*call)
    for i in case.where:
        for table, t in ((case.rule.vjps, case.g), (case.rule.jvps, case.tangents[i])):
            if i < len(table) and table[i] is not None:
                try:
                    found = on_symbols(table[i], (t, case.y, *case.args), case.kwargs, known=False,
                                       constants=tuple(c + 2 for c in case.constants))
                except Unsupported:
                    continue
                assert_same(found, case.contribution(table, i, t))


@pytest.mark.parametrize("call", CASES, ids=IDS)
def test_type_of_the_result_is_true(call: Any) -> None:
    case = Case(*call)
    from srcad.ir.build import record
    from srcad.rules.symbols import builder_of

    def itself(*args: Any, **kwargs: Any) -> Any:
        build = builder_of(args)
        return case.function(*args, **kwargs) if build is None else record(build, case.function, *args, **kwargs)

    for exact in (False, True):
        assert_same(on_symbols(itself, case.args, case.kwargs, exact=exact, constants=case.constants), case.y)


def is_uniform(a: Any) -> bool:
    """A list that can be one variable: its elements are alike."""
    return isinstance(a, list) and bool(a) and not isinstance(a[0], int | list) and len({np.ndim(x) for x in a}) == 1


LISTS = [c for c in CASES if any(map(is_uniform, c[1])) and c[0] not in (np.linalg.multi_dot, np.select)]


@pytest.mark.parametrize("call", LISTS, ids=[identifier(c) for c in LISTS])
def test_lists_of_unknown_length(call: Any) -> None:
    """A list may be one variable; its cotangent is a list of the same length."""
    case = Case(*call)
    for i in case.where:
        if case.rule.vjps[i] is not None:
            expected = case.contribution(case.rule.vjps, i, case.g)
            found = on_symbols(case.rule.vjps[i], (case.g, case.y, *case.args), case.kwargs, whole=True)
            assert_same(found, expected)


RUNTIME = ("srcad.runtime.arrays", "srcad.runtime.scalars", "srcad.runtime.lists")


def test_every_rule_has_a_case() -> None:
    tried = {c[0] for c in CASES}
    missing = [op for op, rule in RULES.items() if (rule.vjps or rule.jvps) and op.function not in tried
               and (op.name.startswith(("np.", "math.", "cmath."))
                    or getattr(op.function, "__module__", "") in RUNTIME)]
    assert not missing


def test_unbroadcast_on_symbols() -> None:
    rng = np.random.default_rng(0)
    for g, x in (((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 4), ()), ((2, 3, 4), (3, 1)), ((2, 3, 4), (1, 1)),
                 ((3,), (1,))):
        a, b = rng.normal(size=g), rng.normal(size=x)
        expected = shapes.unbroadcast_to(a, b)
        assert np.shape(expected) == x
        for known in (True, False):
            assert_same(on_symbols(shapes.unbroadcast_to, (a, b), {}, known=known), expected)

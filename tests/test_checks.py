"""The checks accept right derivatives and catch wrong ones."""

from __future__ import annotations

import random

import numpy as np
import pytest

import srcad
from srcad.checks.arguments import Subject
from srcad.checks.check import check_grads, report
from srcad.checks.differences import complex_step, directional
from srcad.ir import op_of
from srcad.rules.ops import RULES, Rule

pytest_plugins = ["pytester"]


def recurrence(w, xs):
    h = 0.0
    for t in range(len(xs)):
        h = np.tanh(w * h + xs[t])
    return h * h


def layered(params, x):
    return params["w"] * np.sin(x) + params["b"], np.sum(x)


def sines(x):
    return np.sin(x) * 3


@pytest.fixture
def wrong_sine(monkeypatch):
    """np.sin with a derivative that is off where x > 1."""
    def partial(t, y, x):
        return t * np.where(x > 1, np.cos(x) + 0.1, np.cos(x))

    monkeypatch.setitem(RULES, op_of(np.sin), Rule((partial,), (partial,), elementwise=True))


def test_right_derivatives_pass():
    found = check_grads(recurrence, (0.7, np.arange(3.0)))
    assert found.ok
    assert {r.oracle for r in found.rows if r.verdict == "agrees"} >= {
        "differences", "complex step", "XLA", "JAX on the program", "JAX on the source", "forward mode"}
    assert {r.mode for r in found.rows if r.oracle == "XLA"} == {"forward", "reverse"}
    assert found.table().splitlines()[0].split()[:2] == ["mode", "oracle"]


def test_trees_and_several_results():
    check_grads(layered, ({"w": 2.0, "b": np.ones(3)}, np.arange(3.0)))


def test_second_order():
    assert len(check_grads(recurrence, (0.7, np.arange(3.0)), order=2).rows) > 10


def test_wrt_by_name_and_position():
    for wrt in ("w", 0):
        found = check_grads(recurrence, (0.7, np.arange(3.0)), wrt=wrt, modes=["reverse"])
        assert {r.subject for r in found.rows} == {"w"}


def test_wrong_rule_is_caught(wrong_sine):
    def fresh(x):
        return np.sin(x) * 3

    with pytest.raises(AssertionError, match=r"x\[2\] is .* and should be .*, off by") as caught:
        check_grads(fresh, (np.array([0.5, 0.9, 1.5]),))
    assert "x[0] is" not in str(caught.value)


def test_modes_that_disagree_are_caught(monkeypatch):
    def cosine(t, y, x):
        return t * np.cos(x)

    monkeypatch.setitem(RULES, op_of(np.sin), Rule((cosine,), (lambda t, y, x: -t * np.cos(x),), elementwise=True))

    def fresh(x):
        return np.sin(x) + x

    found = report(fresh, (0.3,))
    assert {(r.mode, r.oracle) for r in found.failures} >= {("reverse", "forward mode"), ("reverse", "differences")}
    assert not [r for r in found.failures if r.mode == "forward"]


def test_xla_that_disagrees_is_caught(monkeypatch):
    from srcad.backends import lax_operations

    lookup = lax_operations.lookup
    monkeypatch.setattr(lax_operations, "lookup", lambda op: lookup(op_of(np.sin) if op is op_of(np.cos) else op))
    found = report(lambda x: np.sin(x) + x, (0.3,))
    assert {(r.mode, r.oracle) for r in found.failures} == {("forward", "XLA"), ("reverse", "XLA")}


def test_why_xla_was_not_run():
    found = check_grads(lambda x: np.sum(np.sort(x[x > 0]) * x[x > 0]), (np.array([0.3, -1.0, 2.0, 0.1]),))
    assert [r.verdict for r in found.rows if r.oracle == "XLA"] == ["not run", "not run"]
    assert all(r.note.startswith("line ") for r in found.rows if r.oracle == "XLA")


def test_many_elements_are_checked_along_directions():
    found = check_grads(sines, (np.linspace(0, 1, 100),))
    assert any("along a direction" in r.subject for r in found.rows)


def test_single_precision():
    check_grads(sines, (np.linspace(0, 1, 4, dtype=np.float32),))


def test_arguments_and_generators_are_left_alone():
    x = np.arange(3.0)
    numpy_state, python_state = np.random.get_state()[1].copy(), random.getstate()
    check_grads(sines, (x,))
    assert np.array_equal(x, np.arange(3.0))
    assert np.array_equal(np.random.get_state()[1], numpy_state)
    assert random.getstate() == python_state


def test_kink_is_undecided():
    found = report(lambda x: np.abs(x) * 2, (0.0,), modes=["forward"])
    assert [r.verdict for r in found.rows if r.oracle == "differences"] in (["undecided"], ["agrees"])


def test_no_floats():
    with pytest.raises(srcad.ArgumentError, match="is a float"):
        check_grads(sines, (3,))
    with pytest.raises(srcad.ArgumentError, match="no argument"):
        check_grads(sines, (3.0,), wrt="y")
    with pytest.raises(srcad.ArgumentError, match="modes"):
        check_grads(sines, (3.0,), modes=["sideways"])


def test_differences_and_complex_step():
    subject = Subject(sines, (np.array([0.3, 1.0]),))
    direction = [np.array([1.0, -2.0])]
    exact = 3 * np.cos(subject.values[0]) * direction[0]
    estimate = directional(subject, direction)
    np.testing.assert_allclose(estimate.value[0], exact, rtol=1e-9)
    np.testing.assert_allclose(complex_step(subject, direction)[0], exact, rtol=1e-15)


def test_plugin(pytester):
    pytester.makepyfile(test_marked="""
        import numpy as np
        import pytest

        @pytest.mark.check_grads(0.7, np.arange(3.0))
        @pytest.mark.check_grads(0.2, np.ones(2), modes=["reverse"])
        def test_recurrence(w, xs):
            h = 0.0
            for x in xs:
                h = np.tanh(w * h + x)
            return h

        def sine(x):
            return np.sin(x)

        def test_fixture(check_grads):
            assert check_grads(sine, (0.3,)).ok

        @pytest.fixture
        def scale():
            return 3.0

        class TestOthers:
            @pytest.mark.parametrize("k", [1.0, 2.0])
            @pytest.mark.check_grads(2.0, modes=["forward"])
            def test_with_more(self, x, k, scale):
                return k * x ** 2 * scale

    """)
    result = pytester.runpytest_inprocess("-q", *plugins(pytester))
    result.assert_outcomes(passed=5)


def plugins(pytester):
    return [] if pytester._request.config.pluginmanager.hasplugin("srcad") else ["-p", "srcad.checks.plugin"]


@pytest.mark.parametrize(("marker", "said"), [
    ("0.7, 1.0, 2.0", "has 3 arguments, the function takes x, y"),
    ("0.7, 1.0, orders=2", "no keyword orders"),
])
def test_markers_that_do_not_fit(pytester, marker, said):
    pytester.makepyfile(test_marked=f"""
        import pytest

        @pytest.mark.check_grads({marker})
        def test_product(x, y):
            return x * y
    """)
    result = pytester.runpytest_inprocess("-q", *plugins(pytester))
    assert said in result.stdout.str()

"""pytest: derivatives checked in tests.

A fixture, for a function of the code under test:

    def test_energy(check_grads):
        check_grads(energy, (u0, 0.1, 5), wrt="u0")

A marker, for a test that *is* the function: it is called with these arguments, its result is what is differentiated,
and its derivatives are checked (several markers: several points).

    @pytest.mark.check_grads(0.7, np.arange(3.0))
    @pytest.mark.check_grads(-0.2, np.ones(2), modes=["reverse"])
    def test_recurrence(w, xs):
        h = 0.0
        for x in xs:
            h = np.tanh(w * h + x)
        return h

Keywords of the marker are those of `srcad.checks.check.check_grads`.  The plugin is there where srcad is installed, and
imports srcad when it is first used.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

MARKER = "check_grads"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARKER}(*args, wrt=None, modes=('forward', 'reverse'), order=1, rtol=None, "
                                       "atol=None, seed=0): the test is a function; check its derivatives at args")


@pytest.fixture(scope="session")
def check_grads() -> Callable[..., Any]:
    """`check_grads(f, args, wrt=None, ...)`: AssertionError if a derivative of f that srcad makes is wrong."""
    return _checker()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A marker's arguments are the arguments of the test."""
    markers = list(metafunc.definition.iter_markers(MARKER))[::-1]
    if not markers:
        return
    names = [p.name for p in inspect.signature(metafunc.function).parameters.values() if p.default is p.empty]
    for m in markers:
        if len(m.args) != len(names):
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: the marker {MARKER} has {len(m.args)} arguments, "
                                    f"the function takes {', '.join(names) or 'none'}")
    points = [m.args if len(names) > 1 else m.args[0] for m in markers]
    ids = [f"point{k}" for k in range(len(points))]
    metafunc.parametrize(names if len(names) > 1 else names[0], [pytest.param(p, id=i) if len(names) == 1 else
                                                                pytest.param(*p, id=i)
                                                                for p, i in zip(points, ids, strict=True)])


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Instead of calling a marked test, check it."""
    markers = list(pyfuncitem.iter_markers(MARKER))[::-1]
    if not markers:
        return None
    names = [p.name for p in inspect.signature(pyfuncitem.obj).parameters.values() if p.default is p.empty]
    point = int(pyfuncitem.callspec.id.rpartition("point")[2]) if hasattr(pyfuncitem, "callspec") else 0
    _checker()(pyfuncitem.obj, tuple(pyfuncitem.funcargs[n] for n in names), **markers[point].kwargs)
    return True


def _checker() -> Callable[..., Any]:
    # Not at the top: this module is imported by every run of pytest where srcad is installed.
    from srcad.checks.check import check_grads as checker

    return checker

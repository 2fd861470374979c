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

The parameters that the marker has no arguments for come from fixtures or `parametrize`, as in any test.  Keywords of
the marker are those of `srcad.check_grads`.  The plugin is there where srcad is installed, and imports srcad when it is
first used.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

MARKER = "check_grads"
KEYWORDS = ("wrt", "modes", "order", "rtol", "atol", "seed")


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
    names = _parameters(metafunc.function)[metafunc.cls is not None:]
    for m in markers:
        _require_fitting(metafunc.definition.nodeid, m, names)
    if len({len(m.args) for m in markers}) > 1:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: its markers {MARKER} have unlike numbers of arguments")
    names = names[:len(markers[0].args)]
    metafunc.parametrize(names, [pytest.param(*m.args, id=f"point{k}") for k, m in enumerate(markers)])


def _parameters(function: Callable[..., Any]) -> list[str]:
    return [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]


def _require_fitting(test: str, marker: pytest.Mark, names: list[str]) -> None:
    if not 0 < len(marker.args) <= len(names):
        raise pytest.UsageError(f"{test}: the marker {MARKER} has {len(marker.args)} arguments, the function takes "
                                f"{', '.join(names) or 'none'}")
    unknown = [k for k in marker.kwargs if k not in KEYWORDS]
    if unknown:
        raise pytest.UsageError(f"{test}: the marker {MARKER} has no keyword {unknown[0]}; it has "
                                f"{', '.join(KEYWORDS)}")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Instead of calling a marked test, check it."""
    markers = list(pyfuncitem.iter_markers(MARKER))[::-1]
    if not markers:
        return None
    point = re.search(r"point(\d+)", pyfuncitem.callspec.id)
    assert point is not None
    args = tuple(pyfuncitem.funcargs[n] for n in _parameters(pyfuncitem.obj))
    _checker()(pyfuncitem.obj, args, **markers[int(point[1])].kwargs)
    return True


def _checker() -> Callable[..., Any]:
    # Not at the top: this module is imported by every run of pytest where srcad is installed.
    from srcad.checks.check import check_grads as checker

    return checker

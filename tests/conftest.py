"""Options of the test suite."""

from __future__ import annotations

import pytest

from srcad.program import along, pullback, runner, ways


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the files of tests/golden anew")


@pytest.fixture(autouse=True)
def nothing_is_known_of_programs():
    """Derivatives of one code share their programs: none is left of another test, with its sizes and times. Nor is
    what another test said for the whole process."""
    ways.process.way = ways.of_environment()
    for runners in (runner.runner_of, pullback._runner, along._along):
        runners.cache_clear()

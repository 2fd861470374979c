"""Random programs: srcad treats them as Python does, and differentiates them rightly, or refuses."""

from __future__ import annotations

import pytest

from tests.programs.generator import generate
from tests.programs.judge import Verdict, judge_program

SEEDS = range(160)
refusals: dict[int, str] = {}


@pytest.mark.parametrize("seed", SEEDS)
def test_program(seed):
    program = generate(seed)
    verdict = judge_program(program, second=seed % 4 == 0)
    if verdict.refused:
        refusals[seed] = verdict.refused
    assert verdict.stage is None, f"{verdict.stage}: {verdict.text}\n{program.source}"


def test_few_are_refused():
    """Refusing is honest, and refusing everything is useless."""
    assert len(refusals) <= 0.2 * len(SEEDS), "\n\n".join(list(refusals.values())[:5])


def test_a_seed_is_a_program():
    assert generate(5).source == generate(5).source
    assert generate(5).source != generate(6).source
    assert Verdict().stage is None

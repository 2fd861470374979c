"""Random programs: srcad treats them as Python does, and differentiates them rightly, or refuses."""

from __future__ import annotations

import pytest

from tests.programs.generator import generate
from tests.programs.judge import STAGES, Verdict, check_compiled, judge_program

SEEDS = range(160)
COMPILED = SEEDS[1::8]  # half a second each; `python -m tests.programs --xla` runs any
refusals: dict[int, str] = {}
not_compiled: dict[int, str] = {}


@pytest.mark.parametrize("seed", SEEDS)
def test_program(seed):
    program = generate(seed)
    verdict = judge_program(program, second=seed % 4 == 0)
    if verdict.refused:
        refusals[seed] = verdict.refused
    assert verdict.stage is None, f"{verdict.stage}: {verdict.text}\n{program.source}"


@pytest.mark.parametrize("seed", COMPILED)
def test_compiled(seed, monkeypatch):
    for stage in list(STAGES):
        monkeypatch.delitem(STAGES, stage)
    monkeypatch.setitem(STAGES, "compiled", check_compiled)
    program = generate(seed)
    verdict = judge_program(program)
    if verdict.refused:
        not_compiled[seed] = verdict.refused
    assert verdict.stage is None, f"{verdict.text}\n{program.source}"


def test_few_fall_back():
    """Programs that XLA refuses, those that srcad itself refuses included."""
    assert len(not_compiled) <= 0.2 * len(COMPILED), "\n\n".join(not_compiled.values())


def test_few_are_refused():
    """Refusing is honest, and refusing everything is useless."""
    assert len(refusals) <= 0.2 * len(SEEDS), "\n\n".join(list(refusals.values())[:5])


def test_a_seed_is_a_program():
    assert generate(5).source == generate(5).source
    assert generate(5).source != generate(6).source
    assert Verdict().stage is None

"""The benchmarks run, and their contenders agree."""

from __future__ import annotations

import functools
import importlib
import inspect
import json

import numpy as np
import pytest

pytest.importorskip("autograd")

import srcad
from benchmarks import backends, costs, devices, tensors
from benchmarks.__main__ import NAMES, main
from benchmarks.calls import calls, cases
from benchmarks.contenders import Disagreement, check
from benchmarks.gradients import COLUMNS, duration, measure
from benchmarks.programs import CASES
from benchmarks.report import text_of
from benchmarks.timing import ONCE, Effort, interleaved, ratio


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_contenders_agree(case):
    found = measure(case, ONCE, tiny=True)
    assert set(found["median"]) == set(COLUMNS) - (set() if case.autograd else {"autograd"})
    assert all(t > 0 for t in found["median"].values())
    assert found["ratio"]["hand"] == 1.0


def test_devices(capsys):
    assert devices.main(["--tiny", "--only", "network_small", "rnn_200"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "XLA on CPU" in lines[-3]
    assert [line.split()[0] for line in lines[-2:]] == ["network_small", "rnn_200"]
    with pytest.raises(AssertionError, match="XLA on GPU has another gradient"):
        devices.require_same({"NumPy": (1.0, 2.0), "XLA on GPU": (1.0, 2.1)})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_for_the_cpu_only(case):
    """The same program is lowered for other devices; there need not be one here."""
    primal = importlib.import_module(case.module).primal
    args = case.tiny(np.random.default_rng(0))
    bound = functools.partial(primal, **{inspect.getfullargspec(primal).args[k]: args[k] for k in case.static})
    given = tuple(a for k, a in enumerate(args) if k not in case.static)
    artefact = srcad.export(srcad.grad(bound, wrt=case.wrt), given, platforms=["cuda", "tpu"])
    assert artefact.platforms == ("cuda", "tpu")


def test_disagreement_is_found():
    case = CASES[0]
    with pytest.raises(Disagreement, match="argument 1 by srcad"):
        check(case, {"hand": (1.0, 2.0), "srcad": (1.0, 2.1)})


@pytest.mark.parametrize("call", cases(), ids=lambda call: call.name)
def test_calls(call):
    (found,) = calls(ONCE, [call])
    assert found["name"] == call.name and found["generated"] > 0


def test_backends():
    name, program = next((n, p) for n, p in backends.programs().items() if n == "4 arrays")
    found = backends.measure(name, *program, ONCE, patience=0.0)
    assert found["runs"] == "NumPy" and all(found[b] > 0 for b in backends.BACKENDS)
    assert "4 arrays" in text_of({"machine": {}, "backends": [found]})


def test_transformations():
    (found,) = costs.transformations(1, lines=(30,))
    assert found["per_line"] * 30 == pytest.approx(found["seconds"])


def test_generated_programs_have_the_lines():
    for lines in costs.LINES:
        assert abs(costs.program_of_lines(lines).count("\n") - lines) < 12


def test_tensors():
    found = tensors.tensors(ONCE, sizes={"tiny": (4, 3, 2)}, steps=20)
    assert [r["name"] for r in found] == ["training step, tiny", "loop of 20"]
    assert all(r["srcad"] > 0 for r in found)
    assert text_of({"machine": {}, "tensors": found}).count("\n") >= 3


def test_record_is_released():
    kept = tensors.kept()
    assert kept["recorded"] > 2 * 2000 * 100 * 4 and kept["after"] < kept["recorded"] / 10


def test_import():
    assert costs.imports(1)["fastest"] > 0


def test_turns():
    order = []
    times = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, Effort(3, 0.0, 1.0))
    assert order[-6:] == ["a", "b"] * 3
    assert ratio(times["a"], times["a"]) == 1.0


def test_durations():
    assert [duration(s) for s in (2.0, 1.5e-3, 2.25e-6, 4e-8)] == ["2 s", "1.5 ms", "2.25 us", "40 ns"]


def test_command(tmp_path, capsys):
    assert main(["--only", "scalar", "--quick", "--output", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "scalar_statements" in text
    assert text == (tmp_path / "results.txt").read_text()
    saved = json.loads((tmp_path / "results.json").read_text())
    assert [r["name"] for r in saved["gradients"]] == ["scalar_statements"]


def test_command_lists_and_refuses(tmp_path, capsys):
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.split() == list(NAMES)
    with pytest.raises(SystemExit):
        main(["--only", "nothing", "--output", str(tmp_path)])

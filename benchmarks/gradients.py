"""Programs and their gradients, by all contenders."""

from __future__ import annotations

import sys
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.case import Case
from benchmarks.contenders import check, contenders
from benchmarks.timing import Effort, interleaved, ratio, spread

COLUMNS = ("primal", "hand", "srcad", "srcad xla", "autograd", "jax")


def measure(case: Case, effort: Effort, tiny: bool = False) -> dict[str, Any]:
    """Medians, ratios to the hand-written adjoint, and what the first call took (it transforms or compiles)."""
    import jax

    args = (case.tiny if tiny else case.inputs)(np.random.default_rng(0))
    with jax.enable_x64(True):
        runs = contenders(case, args)
        first, results = {}, {}
        for name, run in runs.items():
            start = perf_counter()
            results[name] = run()
            first[name] = perf_counter() - start
        check(case, {name: g for name, g in results.items() if name != "primal"})
        times = interleaved(runs, effort)
    return {
        "name": case.name,
        "first": first,
        "median": {name: median(t) for name, t in times.items()},
        "ratio": {name: ratio(t, times["hand"]) for name, t in times.items()},
        "spread": {name: spread(t) for name, t in times.items()},
        "rounds": {name: len(t) for name, t in times.items()},
    }


def rows(results: list[dict[str, Any]]) -> list[list[str]]:
    """The table: for each contender its median, and behind it the ratio to the hand-written adjoint."""
    table = [["program", *COLUMNS]]
    for r in results:
        cells = [f"{duration(r['median'][c])} ({r['ratio'][c]:.2f})" if c in r["median"] else "" for c in COLUMNS]
        table.append([r["name"], *cells])
    return table


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def note(text: str) -> None:
    """What is being done: not part of the table."""
    print(text, file=sys.stderr, flush=True)

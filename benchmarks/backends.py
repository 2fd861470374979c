"""`backend="auto"` beside the two backends that it chooses from.

Each gradient is called with "auto" until it is decided, or for `PATIENCE` seconds if nothing is compiled by then (what
NumPy does in microseconds never is); then all three take turns.  The goal: at most 5 us more than the better of both.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

import srcad
from benchmarks.calls import cases as small
from benchmarks.programs import CASES
from benchmarks.timing import Effort, interleaved, ratio

GOAL = 5e-6
PATIENCE = 3.0
BACKENDS = ("numpy", "xla", "auto")


def programs() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]]:
    """Gradients by name: the function, its arguments, and what `grad` is told."""
    found: dict[str, Any] = {c.name: (c.function, c.args, c.options) for c in small() if not c.kwargs}
    for case in CASES:
        primal = importlib.import_module(case.module).primal
        found[case.name] = primal, case.inputs(np.random.default_rng(0)), {"wrt": case.wrt}
    return found


def settle(gradient: Any, args: tuple[Any, ...], patience: float) -> str:
    """Call it until it is decided what runs; what runs then."""
    end = perf_counter() + patience
    while True:
        gradient(*args)
        row = srcad.stats()[-1]
        counting = row.why.startswith("XLA could")
        if counting and perf_counter() > end or not counting and row.runs != "both" and row.why != "XLA compiles it":
            return row.runs


def measure(name: str, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any], effort: Effort,
            patience: float = PATIENCE) -> dict[str, Any]:
    gradients = {b: srcad.grad(function, backend=b, **options) for b in BACKENDS}
    calls = {b: partial(g, *args) for b, g in gradients.items()}
    runs = settle(gradients["auto"], args, patience)
    for call in (*calls.values(), *calls.values()):  # transformed, compiled, and known
        call()
    times = interleaved(calls, effort)
    medians = {b: median(t) for b, t in times.items()}
    better = min("numpy", "xla", key=lambda b: medians[b])
    extra = median(a - b for a, b in zip(times["auto"], times[better], strict=False))
    return {"name": name, "runs": runs, "better": better, "extra": extra,
            "ratio": ratio(times["auto"], times[better]), "goal": GOAL, **medians}


def backends(effort: Effort, patience: float = PATIENCE) -> list[dict[str, Any]]:
    return [measure(name, *program, effort, patience) for name, program in programs().items()]

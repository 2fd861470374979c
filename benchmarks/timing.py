"""Clocks.

Contenders take turns: in each round each runs for a moment, a batch of calls that is long enough for the clock.  What
is compared is the medians over the rounds, and ratios are taken within a round, so a slow phase of the machine touches
both sides of a ratio.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from statistics import median
from time import perf_counter
from typing import Any


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int    # at most
    batch: float   # seconds that one contender runs in a round
    budget: float  # seconds that one contender runs in all; each gets one round


THOROUGH = Effort(rounds=25, batch=0.02, budget=4.0)
QUICK = Effort(rounds=7, batch=0.004, budget=0.5)
ONCE = Effort(rounds=1, batch=0.0, budget=0.0)


def seconds(f: Callable[[], Any], calls: int) -> float:
    """The time of one call, from a batch of calls."""
    start = perf_counter()
    for _ in repeat(None, calls):
        f()
    return (perf_counter() - start) / calls


def batch_size(f: Callable[[], Any], batch: float) -> int:
    """How many calls take about `batch` seconds."""
    calls = 1
    for _ in range(4):  # a first call is slow, so the first estimate is low
        wanted = max(1, round(batch / max(seconds(f, calls), 1e-9)))
        if wanted <= 1.5 * calls:
            break
        calls = wanted
    return calls


def interleaved(contenders: dict[str, Callable[[], Any]], effort: Effort) -> dict[str, list[float]]:
    """Seconds a call, one entry for each round in which the contender took part; all start in the first."""
    calls = {name: batch_size(f, effort.batch) for name, f in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(effort.rounds):
            for name, f in contenders.items():
                if not times[name] or sum(times[name]) * calls[name] < effort.budget:
                    times[name].append(seconds(f, calls[name]))
            gc.collect()
    finally:
        if was_enabled:
            gc.enable()
    return times


def ratio(times: list[float], base: list[float]) -> float:
    """The median of the ratios within rounds."""
    return median(t / b for t, b in zip(times, base, strict=False))


def spread(times: list[float]) -> float:
    """The median distance from the median, relative."""
    middle = median(times)
    return median(abs(t - middle) for t in times) / middle

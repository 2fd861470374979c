"""`srcad.stats()`: what `backend="auto"` counted, measured and decided."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from srcad.program.columns import columns
from srcad.program.tiers import Tier, Tiers, existing

_NOW = {"counting": "NumPy", "trying": "both", "numpy": "NumPy", "xla": "XLA"}


@dataclass(frozen=True)
class Signature:
    """One signature of a function that was called with `backend="auto"`: the shapes of its arrays, the calls that were
    counted and their time in seconds, the time of a call on each backend as far as it is known, what runs it now, and
    why."""

    function: str
    shapes: tuple[tuple[int, ...], ...]
    calls: int
    seconds: float
    numpy: float | None
    xla: float | None
    runs: str
    why: str


class Stats(tuple[Signature, ...]):
    """The signatures; printed, their table."""

    __slots__ = ()

    def __repr__(self) -> str:
        head = ("function", "arrays", "calls counted", "NumPy", "XLA", "runs", "why")
        rows = [(s.function, ", ".join(map(str, s.shapes)), str(s.calls), _time(s.numpy), _time(s.xla), s.runs, s.why)
                for s in self]
        return columns(head, rows) if rows else "nothing was called with backend='auto'"


def stats() -> Stats:
    """What `backend="auto"` has learned and decided, a row for each signature that was called.

    A signature is what a program is made for, with the shapes of its arrays. The result is printed as a table, and is a
    tuple of records with the same facts. Once it is decided what runs, calls are not counted any more.

    >>> import numpy as np, srcad
    >>> slope = srcad.grad(lambda x: np.sum(x ** 2), backend="auto")
    >>> _ = slope(np.ones(3)), slope(np.ones(3))
    >>> [(s.calls, s.runs) for s in srcad.stats() if s.shapes == ((3,),)][-1]
    (2, 'NumPy')
    """
    found = [signature(tiers, tier) for tiers in existing() for tier in [*tiers.made.values()]]
    return Stats(found)


def signature(tiers: Tiers, tier: Tier) -> Signature:
    pairs = list(tier.pairs)
    counted = tier.seconds / tier.calls if tier.calls else None
    return Signature(tiers.func.name, tier.key, tier.calls, tier.seconds,
                     median(n for n, _ in pairs) if pairs else counted, median(x for _, x in pairs) if pairs else None,
                     _NOW[tier.state], _why(tiers, tier))


def _why(tiers: Tiers, tier: Tier) -> str:
    if tier.compiling:
        return "XLA compiles it"
    if tier.state == "counting":
        return f"XLA could have saved {_time(tier.gain)} so far; at {_time(tiers.worth)} it is compiled"
    return tier.why or "they are compared"


def decisions(tiers: Tiers) -> list[str]:
    """The same for `explain()`: a line for each group of shapes."""
    found = [signature(tiers, tier) for tier in [*tiers.made.values()]]
    return [f"{_arrays(s)}: {s.runs} runs ({s.why}){_both(s)}" for s in found]


def _arrays(s: Signature) -> str:
    return f"arrays of {', '.join(map(str, s.shapes))}" if s.shapes else "numbers"


def _both(s: Signature) -> str:
    return f"; a call takes {_time(s.numpy)} on NumPy, {_time(s.xla)} on XLA" if s.xla is not None else ""


def _time(seconds: Any) -> str:
    """Three digits and a unit."""
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"

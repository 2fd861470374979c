"""Which states of a loop are kept, when its trips are run again on the way back.

`stops` is the schedule of Griewank and Walther ("Revolve", 2000): with s snapshots and each trip run forward at most
r times, at most C(s + r, s) trips can be reversed.  To reverse l trips from a state that is kept, run m of them, keep
that state, reverse the others from there with one snapshot less, and then the m.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def segment(trips: int) -> int:
    """How many trips go from one kept state to the next: about as many as there are kept states."""
    return max(1, math.isqrt(max(trips - 1, 0)) + 1)


def stops(start: int, last: int, snapshots: int) -> list[int]:
    """Where to stop on the way from the state before trip `start` to that before trip `last`.

    Each stretch begins at a state that is kept; there is room for so many."""
    found = []
    while start < last:
        start = last if snapshots <= 1 else start + stretch(last - start + 1, snapshots)
        snapshots -= 1
        found.append(start)
    return found


def all_stops(trips: int, snapshots: int) -> list[int]:
    """The same to the end of all trips; the state before the last one is kept in any case: it is reversed next."""
    return [*stops(0, trips - 1, snapshots), trips] if trips > 0 else []


def stretch(trips: int, snapshots: int) -> int:
    """How many of so many trips are run before the next state is kept, for the fewest runs of trips in all."""
    times = 1
    while math.comb(snapshots + times, snapshots) < trips:
        times += 1
    below = math.comb(snapshots + times - 2, snapshots) if times > 1 else 1
    return max(1, below, trips - math.comb(snapshots + times - 1, snapshots - 1))


def trips_of(start: int, stop: int, step: int) -> int:
    return len(range(start, stop, step))


def snapshots_within(budget: int, *state: Any) -> int:
    """How many copies of this state so many bytes hold."""
    return max(1, budget // max(1, sum(bytes_of(x) for x in state)))


def bytes_of(x: Any) -> int:
    if isinstance(x, list | tuple):
        return sum(bytes_of(item) for item in x)
    return x.nbytes if isinstance(x, np.ndarray) else 32

"""What `checkpoint=` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from srcad.errors import ArgumentError

_UNITS = {"kb": 10 ** 3, "mb": 10 ** 6, "gb": 10 ** 9, "kib": 2 ** 10, "mib": 2 ** 20, "gib": 2 ** 30, "b": 1}


@dataclass(frozen=True)
class Schedule:
    """At most so many snapshots, or as many as a budget of bytes holds; every √n trips, if neither is given."""

    snapshots: int | None = None
    budget: int | None = None


def schedule(given: Any) -> Schedule | None:
    """What `checkpoint=` says."""
    if given is None or isinstance(given, Schedule):
        return given
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return Schedule(snapshots=given)
    if given == "sqrt":
        return Schedule()
    if isinstance(given, str):
        number = given.strip().lower().rstrip("bkmgi ")
        unit = given.strip().lower()[len(number):].strip()
        if unit in _UNITS and number.replace(".", "", 1).isdigit():
            return Schedule(budget=int(float(number) * _UNITS[unit]))
    raise ArgumentError(f"checkpoint must be 'sqrt', a number of snapshots, or an amount of memory such as '64MB', not "
                        f"{given!r}")

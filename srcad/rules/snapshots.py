"""The schedules of checkpointing as operations; nothing is differentiated through them."""

from __future__ import annotations

from typing import Any

from srcad.ir.ops import Op
from srcad.ir.types import INT, Type
from srcad.rules.ops import RULES, Rule, operation
from srcad.runtime import snapshots


def _stops_type(*_: Any) -> Type:
    return Type("sequence", item=INT)


def _schedule(function: Any, infer: Any) -> Op:
    op = operation(function, infer=infer, name=function.__name__)
    RULES[op] = Rule()
    return op


STOPS, ALL_STOPS = _schedule(snapshots.stops, _stops_type), _schedule(snapshots.all_stops, _stops_type)
SEGMENT = _schedule(snapshots.segment, lambda trips: INT)
TRIPS = _schedule(snapshots.trips_of, lambda *_: INT)
WITHIN = _schedule(snapshots.snapshots_within, lambda *_: INT)

"""Loads and stores by index, in XLA.

NumPy raises IndexError where JAX clamps or drops, so an index that is not known to be in range is checked, and the
program reports a failure (it is then interpreted, which raises).  Loop indices over known ranges, and sums of them and
constants, are known to be in range.

A slice with bounds that are only known at run time, `x[i - 1:i + 2]`, is a window of a known length when both bounds
are the same variable and a constant; a window that NumPy would cut short is a failure too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srcad.backends.lax_modules import jnp, lax
from srcad.backends.lax_record import is_array
from srcad.backends.lax_values import Mismatch
from srcad.ir.core import Let, Lit, Var

Fail = Callable[[Any], None]


@dataclass(frozen=True)
class Integer:
    """`base + offset`, within `low` and `high` where they are known."""

    base: Var
    offset: int
    low: int | None = None
    high: int | None = None

    def moved(self, by: int) -> Integer:
        low, high = (None if v is None else v + by for v in (self.low, self.high))
        return Integer(self.base, self.offset + by, low, high)


Integers = dict[Var, Integer]


def note_sum(known: Integers, let: Let) -> None:
    """Remember what the result of `i + 1` or `i - 1` is."""
    if let.op.name not in ("+", "-") or len(let.args) != 2 or let.out.type.dtype != np.dtype(np.int64):
        return
    a, b = let.args
    if isinstance(a, Lit) and isinstance(b, Var) and let.op.name == "+":
        a, b = b, a
    if isinstance(a, Var) and isinstance(b, Lit) and type(b.value) is int:
        known[let.out] = integer(known, a).moved(b.value if let.op.name == "+" else -b.value)


def integer(known: Integers, var: Var) -> Integer:
    return known.get(var) or Integer(var, 0)


@dataclass
class Place:
    """An index made ready: `parts` index the window of `sizes` at `starts`, the whole array if no slice moves."""

    shape: tuple[int, ...]
    parts: list[Any] = field(default_factory=list)
    starts: list[Any] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        return tuple(self.sizes) != self.shape or any(is_array(s) for s in self.starts)

    def window(self, x: Any) -> Any:
        return lax.dynamic_slice(x, [jnp.asarray(s, np.int64) for s in self.starts], self.sizes) if self.moves else x

    def put(self, x: Any, window: Any) -> Any:
        if not self.moves:
            return window
        return lax.dynamic_update_slice(x, window, [jnp.asarray(s, np.int64) for s in self.starts])

    @property
    def index(self) -> Any:
        return tuple(self.parts)


def place_of(shape: tuple[int, ...], index: Any, atoms: Any, known: Integers, fail: Fail) -> Place:
    """`index` of values, with the variables that they come from in `atoms`, into an array of this shape."""
    place = Place(shape)
    parts = index if isinstance(index, tuple) else (index,)
    sources = atoms if isinstance(atoms, tuple) else (atoms,)
    missing = len(shape) - sum(map(_consumes, parts))
    for part, source in zip(parts, sources, strict=True):
        if part is Ellipsis:
            _whole(place, missing)
            place.parts.append(part)
        elif part is None:
            place.parts.append(part)
        elif isinstance(part, slice):
            _slice(place, part, source, known, fail)
        else:
            place.parts.append(_integers(place, part, source, known, fail))
    _whole(place, len(shape) - len(place.sizes))
    return place


def _consumes(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    return np.ndim(part) if _is_mask(part) else 1


def _is_mask(part: Any) -> bool:
    return not isinstance(part, slice) and np.ndim(part) > 0 and jnp.asarray(part).dtype == bool


def _whole(place: Place, axes: int) -> None:
    for _ in range(max(axes, 0)):
        place.starts.append(0)
        place.sizes.append(place.shape[len(place.sizes)])


def _integers(place: Place, part: Any, source: Any, known: Integers, fail: Fail) -> Any:
    part = jnp.asarray(part) if isinstance(part, list) else part
    if not _is_mask(part):
        n = place.shape[len(place.sizes)]
        bounds = integer(known, source) if isinstance(source, Var) else None
        safe = bounds is not None and bounds.low is not None and bounds.high is not None and (
            -n <= bounds.low and bounds.high < n)
        if is_array(part) and not safe:
            fail(jnp.any((part < -n) | (part >= n)))
    _whole(place, _consumes(part))
    return part


def _slice(place: Place, part: slice, source: Any, known: Integers, fail: Fail) -> None:
    bounds = (part.start, part.stop)
    if not any(map(is_array, bounds)):
        place.parts.append(part)
        _whole(place, 1)
        return
    n = place.shape[len(place.sizes)]
    first, last = (integer(known, v) if isinstance(v, Var) else None for v in (source.start, source.stop))
    if first is None or last is None or first.base is not last.base or part.step not in (None, 1):
        raise Mismatch("the length of a slice is only known when the program runs")
    length = max(last.offset - first.offset, 0)
    if length > n:
        raise Mismatch(f"a slice of {length} elements of an axis of {n}")
    if not (first.low is not None and first.low >= 0 and last.high is not None and last.high <= n):
        fail((part.start < 0) | (part.stop > n))
    place.parts.append(slice(None))
    place.starts.append(part.start)
    place.sizes.append(length)


def load(x: Any, place: Place) -> Any:
    return place.window(x)[place.index]


def store(x: Any, place: Place, value: Any) -> Any:
    window = place.window(x)
    return place.put(x, window.at[place.index].set(jnp.asarray(value).astype(x.dtype)))


def accumulate(x: Any, place: Place, value: Any) -> Any:
    dtype = np.result_type(x, value)
    x = x.astype(dtype)
    return place.put(x, place.window(x).at[place.index].add(jnp.asarray(value).astype(dtype)))

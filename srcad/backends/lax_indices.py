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
from srcad.backends.lax_record import Value, is_array, note_not_negative
from srcad.backends.lax_values import Mismatch
from srcad.ir.core import Let, Lit, Var

Fail = Callable[..., None]


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


class Integers(dict[Var, Integer]):
    """What is known of ints, and for which axes it was checked that they are in range."""

    def __init__(self, other: Integers | None = None) -> None:
        super().__init__(other or {})
        self.checked: set[tuple[Var, int]] = set() if other is None else set(other.checked)

    def is_checked(self, source: Any, n: int) -> bool:
        """Was this int checked before?  From now on it was."""
        if not isinstance(source, Var):
            return False
        before = (source, n) in self.checked
        self.checked.add((source, n))
        return before


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
    """An index made ready: `parts` index the window of `sizes` at `starts`, the whole array if no slice moves.

    Of the axes of the result, those in `bounded` are meant in part: their length, the bounds, and a key (see
    `lax_windows`)."""

    shape: tuple[int, ...]
    parts: list[Any] = field(default_factory=list)
    starts: list[Any] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    bounded: dict[int, tuple[int, tuple[Any, Any], Any]] = field(default_factory=dict)

    @property
    def moves(self) -> bool:
        return tuple(self.sizes) != self.shape or any(is_array(s) for s in self.starts)

    @property
    def is_whole(self) -> bool:
        """Is all of the window meant, as it is?"""
        return all(isinstance(p, slice) and p == slice(None) for p in self.parts)

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
        found = out_of_range(part, place.shape[len(place.sizes)], source, known)
        if is_array(part) and not known.is_checked(source, place.shape[len(place.sizes)]):
            fail(jnp.any(found) if np.ndim(part) and is_array(found) else found, IndexError)
    _whole(place, _consumes(part))
    return part


def out_of_range(index: Any, n: Any, source: Any, known: Integers) -> Any:
    """Is an index, which comes from the atom `source`, none of an axis of `n`?  False where it is known not to be."""
    bounds = integer(known, source) if isinstance(source, Var) else None
    low, high = (None, None) if bounds is None else (bounds.low, bounds.high)
    if not is_array(index) and isinstance(index, int):
        low = high = index
    outside = []
    if low is not None and low >= 0 and isinstance(index, Value):
        note_not_negative(index)
    if low is None or (low < 0 if is_array(n) else low < -n):
        outside.append(index < -n)
    if high is None or is_array(n) or high >= n:
        outside.append(index >= n)
    return False if not outside else outside[0] if len(outside) == 1 else outside[0] | outside[1]


def _slice(place: Place, part: slice, source: Any, known: Integers, fail: Fail) -> None:
    bounds = (part.start, part.stop)
    if not any(map(is_array, bounds)):
        place.parts.append(part)
        _whole(place, 1)
        return
    n = place.shape[len(place.sizes)]
    first, last = (integer(known, v) if isinstance(v, Var) else None for v in (source.start, source.stop))
    if first is None or last is None or first.base is not last.base or part.step not in (None, 1):
        _bounded(place, part, source, known)
        return
    length = max(last.offset - first.offset, 0)
    if length > n:
        raise Mismatch(f"a slice of {length} elements of an axis of {n}")
    if not (first.low is not None and first.low >= 0 and last.high is not None and last.high <= n):
        fail((part.start < 0) | (part.stop > n))
    place.parts.append(slice(None))
    place.starts.append(part.start)
    place.sizes.append(length)


def _bounded(place: Place, part: slice, source: Any, known: Integers) -> None:
    """A slice whose length is not known."""
    if part.step not in (None, 1):
        raise Mismatch("the length of a slice is only known when the program runs")
    n = place.shape[len(place.sizes)]
    # An integer takes its axis away, a new axis adds one.
    if any(is_array(p) and p.ndim or isinstance(p, list | np.ndarray) for p in place.parts):
        raise Mismatch("an array of indices beside a slice whose length is only known when the program runs")
    if Ellipsis in [p if p is Ellipsis else None for p in place.parts]:
        raise Mismatch("`...` beside a slice whose length is only known when the program runs")
    axis = sum(p is None or isinstance(p, slice) for p in place.parts)
    sides = [(part.start, source.start, 0), (part.stop, source.stop, n)]
    bounds = tuple(_bound(bound, atom, n, default, known) for bound, atom, default in sides)
    place.bounded[axis] = (n, bounds, tuple(_key(bound, atom, default, known) for bound, atom, default in sides))
    place.parts.append(slice(None))
    _whole(place, 1)


def _bound(bound: Any, atom: Any, n: int, default: int, known: Integers) -> Any:
    """From or up to where a slice goes, as NumPy cuts it."""
    if bound is None:
        return default
    if not is_array(bound):
        return min(max(bound + n if bound < 0 else bound, 0), n)
    where = integer(known, atom) if isinstance(atom, Var) else None
    low, high = (None, None) if where is None else (where.low, where.high)
    if low is None or low < 0:
        bound = jnp.maximum(jnp.where(bound < 0, bound + n, bound), 0)
    return bound if high is not None and high <= n else jnp.minimum(bound, n)


def _key(bound: Any, atom: Any, default: int, known: Integers) -> Any:
    """A base and an offset; of numbers the base is None."""
    if bound is None:
        return None, default
    if not is_array(bound):
        return None, bound
    if not isinstance(atom, Var):
        return object(), 0
    where = integer(known, atom)
    return where.base, where.offset


def load(x: Any, place: Place) -> Any:
    window = place.window(x)
    return window if place.is_whole else window[place.index]


def store(x: Any, place: Place, value: Any) -> Any:
    window, value = place.window(x), jnp.asarray(value).astype(x.dtype)
    if place.is_whole:
        return place.put(x, jnp.broadcast_to(value, window.shape))
    return place.put(x, window.at[place.index].set(value))


def accumulate(x: Any, place: Place, value: Any) -> Any:
    dtype = np.result_type(x, value)
    x, value = x.astype(dtype), jnp.asarray(value).astype(dtype)
    window = place.window(x)
    if place.is_whole:
        return place.put(x, window + value)
    return place.put(x, window.at[place.index].add(value))

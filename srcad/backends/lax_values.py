"""What a variable holds while a program is traced.

A value is an array of JAX, a constant of Python or NumPy, a tuple or list of values, or one of

    Tape      rows of a loop, stacked; only the first `count` of them exist
    Maybe     a value that may be None
    Masked    what a mask picks of an array: `x[x > 0]`, whose length is not known
    Window    what a slice of unknown length picks: `x[:i]`
    UNBOUND   no value on this path
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.backends.hints import hint_of
from srcad.backends.lax_ops import ShapeDtype
from srcad.backends.lax_record import is_array
from srcad.ir.core import Var


class Mismatch(Exception):
    """Two values that no one array program can hold in one variable."""


class _Unbound:
    def __repr__(self) -> str:
        return "unbound"


UNBOUND = _Unbound()


@dataclass(frozen=True, eq=False)
class Tape:
    """`rows` is a value whose arrays have a leading axis of `capacity`; `count` is an int where it is known.

    `site` is the number of the loop whose bucket the capacity is (-1: it is exact, or another's)."""

    rows: Any
    capacity: int
    count: Any
    site: int = -1

    @property
    def exact(self) -> bool:
        return isinstance(self.count, int)

    def row(self, i: Any) -> Any:
        return map_arrays(lambda a: a[i], self.rows)


@dataclass(frozen=True, eq=False)
class Maybe:
    """`value`, or None where `present` is false."""

    present: Any
    value: Any


@dataclass(frozen=True, eq=False)
class Masked:
    """`array[mask]`."""

    array: Any
    mask: Any

    @property
    def rest(self) -> tuple[int, ...]:
        """The axes of an element."""
        shape: tuple[int, ...] = self.array.shape[self.mask.ndim:]
        return shape


@dataclass(frozen=True, eq=False)
class Window:
    """What a slice of unknown length picks: of each axis of `array` all, or what is within `(start, stop)`.

    Windows with equal `keys` have the same bounds (see `lax_windows`); None says nothing."""

    array: Any
    bounds: tuple[Any, ...]
    keys: tuple[Any, ...] | None = None


def parts_of(value: Any) -> tuple[Any, ...] | None:
    """The values that a tuple, list, Maybe, Masked or Window is made of; None for other values."""
    if type(value) in (tuple, list):
        return tuple(value)
    if isinstance(value, Maybe):
        return value.present, value.value
    if isinstance(value, Window):
        return value.array, value.bounds
    return (value.array, value.mask) if isinstance(value, Masked) else None


def made(kind: type, parts: Iterable[Any]) -> Any:
    """A value of this kind from its parts."""
    return kind(*parts) if kind in (Maybe, Masked, Window) else kind(parts)


def is_numeric(value: Any) -> bool:
    return is_array(value) or isinstance(value, bool | int | float | complex | np.generic | np.ndarray)


def map_arrays(f: Any, value: Any) -> Any:
    """`f` applied to every array in a value (a Tape's count too, where it is one)."""
    if is_array(value) or isinstance(value, ShapeDtype):
        return f(value)
    if isinstance(value, Tape):
        count = value.count if value.exact else map_arrays(f, value.count)
        return Tape(map_arrays(f, value.rows), value.capacity, count, value.site)
    parts = parts_of(value)
    return value if parts is None else made(type(value), [map_arrays(f, v) for v in parts])


def in_numpy(value: Any) -> Any:
    """`value` with NumPy's arrays."""
    if is_array(value):
        return np.asarray(value)
    if isinstance(value, Tape):
        return Tape(in_numpy(value.rows), value.capacity, in_numpy(value.count))
    parts = parts_of(value)
    return value if parts is None else made(type(value), map(in_numpy, parts))


def row_in_numpy(rows: Any, i: int) -> Any:
    """Row `i` of rows that `in_numpy` gave."""
    if isinstance(rows, np.ndarray):
        return rows[i]
    if isinstance(rows, Tape):
        return Tape(row_in_numpy(rows.rows, i), rows.capacity, row_in_numpy(rows.count, i))
    parts = parts_of(rows)
    return rows if parts is None else made(type(rows), [row_in_numpy(r, i) for r in parts])


def named(value: Any, var: Var) -> Any:
    """`value`, whose arrays are to be called like `var` if they have no name yet."""
    hint = hint_of(var)
    if isinstance(value, Tape | Window):
        named(value.rows if isinstance(value, Tape) else value.array, var)
        return value

    def name(a: Any) -> Any:
        if hint and not a.hint:
            a.hint = hint
        return a

    return map_arrays(name, value) if hint else value


def arrays_in(value: Any) -> list[Any]:
    found: list[Any] = []
    map_arrays(found.append, value)
    return found


def with_arrays(value: Any, arrays: Any) -> Any:
    """The same structure over other arrays, in order."""
    source = iter(arrays)
    return map_arrays(lambda _: next(source), value)

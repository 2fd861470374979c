"""What a variable holds while a program is traced, and how two such values become one.

A value is an array of JAX, a constant of Python or NumPy, a tuple or list of values, or one of

    Tape      rows of a loop, stacked; only the first `count` of them exist
    Maybe     a value that may be None
    UNBOUND   no value on this path

The two sides of a `cond`, and the carries of a loop before and after a trip, must agree in structure, shape and type.
`spec(value)` describes a value, `joined` finds the description that holds two, and `conform` brings a value into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.backends.lax_dtypes import convert, dtype_of
from srcad.backends.lax_ops import ShapeDtype, abstract, is_array, jnp, lax, stage


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
    present: Any
    value: Any


@dataclass(frozen=True)
class Leaf:
    shape: tuple[int, ...]
    dtype: np.dtype


@dataclass(frozen=True)
class Group:
    """A tuple, list or Maybe of parts."""

    kind: type
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Rows:
    parts: Any
    capacity: int
    count: int | Leaf
    site: int = -1


@dataclass(frozen=True)
class Constant:
    value: Any


@dataclass(frozen=True)
class Absent:
    """None, or (`bound` False) no value at all."""

    bound: bool


Spec = Leaf | Group | Rows | Constant | Absent


def is_numeric(value: Any) -> bool:
    return is_array(value) or isinstance(value, bool | int | float | complex | np.generic | np.ndarray)


def spec(value: Any) -> Spec:
    if isinstance(value, ShapeDtype):
        return Leaf(tuple(value.shape), np.dtype(value.dtype))
    if value is None or value is UNBOUND:
        return Absent(value is None)
    if is_numeric(value):
        return Leaf(tuple(np.shape(value)), dtype_of(value))
    if isinstance(value, Tape):
        count: Any = value.count if value.exact else spec(value.count)
        return Rows(spec(value.rows), value.capacity, count, value.site)
    if isinstance(value, Maybe):
        return Group(Maybe, (spec(value.present), spec(value.value)))
    if type(value) in (tuple, list):
        return Group(type(value), tuple(map(spec, value)))
    return Constant(value)


def joined(a: Spec, b: Spec) -> Spec:
    """The description that holds both; raises Mismatch if there is none."""
    if a == b:
        return a
    for this, other in ((a, b), (b, a)):
        if isinstance(this, Absent):
            return _with_absent(this, other)
        if isinstance(this, Group) and this.kind is Maybe:
            inner = other.parts[1] if isinstance(other, Group) and other.kind is Maybe else other
            return Group(Maybe, (this.parts[0], joined(this.parts[1], inner)))
    match a, b:
        case Leaf(), Leaf():
            return Leaf(_common_shape(a.shape, b.shape), _common_type(a.dtype, b.dtype))
        case Group(), Group() if a.kind is b.kind and len(a.parts) == len(b.parts):
            return Group(a.kind, tuple(map(joined, a.parts, b.parts)))
        case Rows(), Rows():
            return Rows(_joined_rows(a, b), max(a.capacity, b.capacity), _common_count(a, b), max(a.site, b.site))
        case Rows(), Group(kind=kind) if kind is list:
            return joined(a, rows_of_list(b))
        case Group(kind=kind), Rows() if kind is list:
            return joined(rows_of_list(a), b)
        case Group(kind=first), Group(kind=second) if first is list and second is list:
            return joined(rows_of_list(a), rows_of_list(b))
        case _:
            raise Mismatch(f"{describe(a)} here and {describe(b)} there")


def _with_absent(absent: Absent, other: Spec) -> Spec:
    if isinstance(other, Absent):
        return Absent(True)
    if not absent.bound or isinstance(other, Group) and other.kind is Maybe:
        return other
    return Group(Maybe, (Leaf((), np.dtype(bool)), other))


def _common_count(a: Rows, b: Rows) -> int | Leaf:
    if a.count == b.count:
        return a.count
    nested = [c for c in (a.count, b.count) if isinstance(c, Leaf) and c.shape]
    if nested and a.capacity != b.capacity:
        raise Mismatch("rows of rows, of different lengths")
    return nested[0] if nested else Leaf((), np.dtype(np.int64))


def rows_of_list(group: Group) -> Rows:
    """A list of a known length as rows."""
    if not group.parts:
        return Rows(Absent(False), 0, 0)
    first = group.parts[0]
    for part in group.parts[1:]:
        first = joined(first, part)
    return Rows(_stacked(first, len(group.parts)), len(group.parts), len(group.parts))


def _stacked(item: Any, n: int) -> Any:
    match item:
        case Leaf():
            return Leaf((n, *item.shape), item.dtype)
        case Group():
            return Group(item.kind, tuple(_stacked(p, n) for p in item.parts))
        case Rows():
            count = Leaf((n, *item.count.shape), item.count.dtype) if isinstance(item.count, Leaf) else item.count
            return Rows(_stacked(item.parts, n), item.capacity, count, item.site)
        case _:
            return item


def _unstacked(rows: Any) -> Any:
    match rows:
        case Leaf():
            return Leaf(rows.shape[1:], rows.dtype)
        case Group():
            return Group(rows.kind, tuple(map(_unstacked, rows.parts)))
        case Rows():
            count = Leaf(rows.count.shape[1:], rows.count.dtype) if isinstance(rows.count, Leaf) else rows.count
            return Rows(_unstacked(rows.parts), rows.capacity, count, rows.site)
        case _:
            return rows


def _joined_rows(a: Rows, b: Rows) -> Spec:
    return _stacked(joined(_unstacked(a.parts), _unstacked(b.parts)), max(a.capacity, b.capacity))


def _common_type(a: np.dtype, b: np.dtype) -> np.dtype:
    return np.promote_types(a, b)


def _common_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    # Only a number grows to an array (a cotangent that starts as 0.0); other changes are the program's mistake.
    if a == () or b == ():
        return a or b
    if a != b:
        raise Mismatch(f"an array of shape {a} here and one of shape {b} there")
    return a


def describe(s: Spec) -> str:
    match s:
        case Leaf(shape=()):
            return f"a number ({s.dtype})"
        case Leaf():
            return f"an array of shape {s.shape}"
        case Group():
            return f"a {s.kind.__name__.lower()} of {len(s.parts)}"
        case Rows():
            return "rows of a loop"
        case Constant():
            return repr(s.value)
        case Absent():
            return "None" if s.bound else "no value"


def conform(value: Any, s: Spec) -> Any:
    """`value`, all arrays now, in the structure, shapes and types of `s`."""
    match s:
        case Leaf():
            if value is UNBOUND or value is None:
                return jnp.zeros(s.shape, s.dtype)
            value = convert(jnp.asarray(value), s.dtype)
            return value if value.shape == s.shape else jnp.broadcast_to(value, s.shape)
        case Group(kind=kind) if kind is Maybe:
            if value is UNBOUND or value is None:
                return Maybe(conform(UNBOUND, s.parts[0]), conform(UNBOUND, s.parts[1]))
            if isinstance(value, Maybe):
                return Maybe(conform(value.present, s.parts[0]), conform(value.value, s.parts[1]))
            return Maybe(conform(True, s.parts[0]), conform(value, s.parts[1]))
        case Group():
            parts = [UNBOUND] * len(s.parts) if value is UNBOUND or value is None else value
            return s.kind(conform(v, p) for v, p in zip(parts, s.parts, strict=True))
        case Rows():
            return _conform_rows(value, s)
        case Constant():
            return s.value
        case Absent():
            return None if s.bound else UNBOUND


def _conform_rows(value: Any, s: Rows) -> Tape:
    if value is UNBOUND or value is None or (isinstance(value, list) and not value):
        return Tape(conform(UNBOUND, s.parts), s.capacity, _conform_count(0, s.count), s.site)
    tape = stack(value) if isinstance(value, list) else value
    rows = tape.rows
    if tape.capacity != s.capacity:
        rows = map_arrays(lambda a: _padded(a, s.capacity), rows)
    return Tape(conform(rows, s.parts), s.capacity, _conform_count(tape.count, s.count), s.site)


def _conform_count(count: Any, s: int | Leaf) -> Any:
    return s if isinstance(s, int) else conform(count, s)


def skeleton(s: Spec) -> Any:
    """A value like `conform(…, s)` of shapes and types instead of arrays."""
    match s:
        case Leaf():
            return ShapeDtype(s.shape, s.dtype)
        case Group(kind=kind) if kind is Maybe:
            return Maybe(*map(skeleton, s.parts))
        case Group():
            return s.kind(map(skeleton, s.parts))
        case Rows():
            count = s.count if isinstance(s.count, int) else skeleton(s.count)
            return Tape(skeleton(s.parts), s.capacity, count, s.site)
        case Constant():
            return s.value
        case Absent():
            return None if s.bound else UNBOUND


def _padded(a: Any, capacity: int) -> Any:
    missing = capacity - a.shape[0]
    return jnp.concatenate([a, jnp.zeros((missing, *a.shape[1:]), a.dtype)]) if missing > 0 else a[:capacity]


def stack(items: list[Any]) -> Tape:
    """Values of one structure as rows."""
    s = rows_of_list(spec(items))  # type: ignore[arg-type]
    item = _unstacked(s.parts)
    return Tape(_stack([conform(v, item) for v in items]), len(items), len(items))


def _stack(items: list[Any]) -> Any:
    first = items[0]
    if is_array(first):
        return jnp.stack(items)
    if type(first) in (tuple, list):
        return type(first)(_stack([v[k] for v in items]) for k in range(len(first)))
    if isinstance(first, Maybe):
        return Maybe(_stack([v.present for v in items]), _stack([v.value for v in items]))
    if isinstance(first, Tape):
        count = first.count if first.exact else _stack([v.count for v in items])
        return Tape(_stack([v.rows for v in items]), first.capacity, count, first.site)
    return first


def concatenated(first: Any, second: Any) -> Any:
    """The items of one list or Tape and then those of another."""
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    if isinstance(first, list) and not first or isinstance(second, list) and not second:
        return first if isinstance(first, Tape) else second
    head, tail = (stack(x) if isinstance(x, list) else x for x in (first, second))
    both = joined(_unstacked(spec(head.rows)), _unstacked(spec(tail.rows)))
    room = head.capacity + tail.capacity
    buffer = conform(map_arrays(lambda a: _padded(a, room), head.rows), _stacked(both, room))
    rest = iter(arrays_in(conform(tail.rows, _stacked(both, tail.capacity))))
    rows = map_arrays(lambda a: lax.dynamic_update_slice_in_dim(a, next(rest), head.count, 0), buffer)
    count = head.count + tail.count
    count = count if isinstance(count, int) else jnp.asarray(count, np.int64)
    return Tape(rows, room, count, max(head.site, tail.site))


def map_arrays(f: Any, value: Any) -> Any:
    """`f` applied to every array in a value (a Tape's count too, where it is one)."""
    if is_array(value) or isinstance(value, ShapeDtype):
        return f(value)
    if type(value) in (tuple, list):
        return type(value)(map_arrays(f, v) for v in value)
    if isinstance(value, Maybe):
        return Maybe(map_arrays(f, value.present), map_arrays(f, value.value))
    if isinstance(value, Tape):
        count = value.count if value.exact else map_arrays(f, value.count)
        return Tape(map_arrays(f, value.rows), value.capacity, count, value.site)
    return value


def in_numpy(value: Any) -> Any:
    """`value` with NumPy's arrays."""
    if is_array(value):
        return np.asarray(value)
    if type(value) in (tuple, list):
        return type(value)(map(in_numpy, value))
    if isinstance(value, Maybe):
        return Maybe(in_numpy(value.present), in_numpy(value.value))
    if isinstance(value, Tape):
        return Tape(in_numpy(value.rows), value.capacity, in_numpy(value.count))
    return value


def row_in_numpy(rows: Any, i: int) -> Any:
    """Row `i` of rows that `in_numpy` gave."""
    if isinstance(rows, np.ndarray):
        return rows[i]
    if type(rows) in (tuple, list):
        return type(rows)(row_in_numpy(r, i) for r in rows)
    if isinstance(rows, Maybe):
        return Maybe(row_in_numpy(rows.present, i), row_in_numpy(rows.value, i))
    if isinstance(rows, Tape):
        return Tape(row_in_numpy(rows.rows, i), rows.capacity, row_in_numpy(rows.count, i))
    return rows


def arrays_in(value: Any) -> list[Any]:
    found: list[Any] = []
    map_arrays(found.append, value)
    return found


def with_arrays(value: Any, arrays: Any) -> Any:
    """The same structure over other arrays, in order."""
    source = iter(arrays)
    return map_arrays(lambda _: next(source), value)


def as_arrays(value: Any) -> Any:
    """`value` with its numbers as arrays."""
    return conform(value, spec(value))


def staged(function: Any, example: Any) -> tuple[Any, Any]:
    """Trace `function` of a value like `example` (a skeleton) once: what runs it, and a skeleton of its result."""
    results: list[Any] = []

    def flat(*arrays: Any) -> list[Any]:
        result = as_arrays(function(with_arrays(example, arrays)))
        results.append(map_arrays(abstract, result))
        return arrays_in(result)

    run = stage(flat, arrays_in(example))
    shape = results[-1]
    return lambda value: with_arrays(shape, run(*arrays_in(value))), shape

"""How two values become one.

The two sides of a `cond`, and the carries of a loop before and after a trip, must agree in structure, shape and type.
`spec(value)` describes a value, `joined` finds the description that holds two, and `conform` brings a value into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.backends.lax_control import splice, staged_block
from srcad.backends.lax_dtypes import convert, dtype_of
from srcad.backends.lax_modules import jnp, lax
from srcad.backends.lax_ops import ShapeDtype
from srcad.backends.lax_record import constant_of, is_array
from srcad.backends.lax_values import (
    UNBOUND,
    Maybe,
    Mismatch,
    Tape,
    arrays_in,
    is_numeric,
    made,
    map_arrays,
    parts_of,
    with_arrays,
)


@dataclass(frozen=True)
class Leaf:
    shape: tuple[int, ...]
    dtype: np.dtype


@dataclass(frozen=True)
class Group:
    """A tuple, list, Maybe or Masked: a value that is made of parts."""

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
    parts = parts_of(value)
    return Constant(value) if parts is None else Group(type(value), tuple(map(spec, parts)))


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


def rows_like(item: Spec, n: int) -> Spec:
    """`n` values like `item` as rows."""
    made: Spec = _stacked(item, n)
    return made


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
                return zeros(s.shape, s.dtype)
            value = convert(jnp.asarray(value), s.dtype)
            if value.shape == s.shape:
                return value
            if value.ndim > len(s.shape) or any(n not in (1, m) for n, m in zip(value.shape[::-1], s.shape[::-1],
                                                                                   strict=False)):
                raise Mismatch(f"an array of shape {value.shape} here and one of shape {s.shape} there")
            known = constant_of(value)
            return jnp.broadcast_to(value, s.shape) if known is None or known != 0 else zeros(s.shape, s.dtype)
        case Group():
            parts: Any = [UNBOUND] * len(s.parts)
            if value is not UNBOUND and value is not None:
                parts = (True, value) if s.kind is Maybe and not isinstance(value, Maybe) else parts_of(value)
            return made(s.kind, [conform(v, p) for v, p in zip(parts, s.parts, strict=True)])
        case Rows():
            return _conform_rows(value, s)
        case Constant():
            return s.value
        case Absent():
            return None if s.bound else UNBOUND


def zeros(shape: tuple[int, ...], dtype: np.dtype) -> Any:
    return jnp.zeros(shape, dtype) if shape else jnp.asarray(np.zeros((), dtype))


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
        case Group():
            return made(s.kind, map(skeleton, s.parts))
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
    if isinstance(first, Tape):
        count = first.count if first.exact else _stack([v.count for v in items])
        return Tape(_stack([v.rows for v in items]), first.capacity, count, first.site)
    columns = [parts_of(v) for v in items]
    return first if columns[0] is None else made(type(first), [_stack(list(c)) for c in zip(*columns, strict=True)])


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


def as_arrays(value: Any) -> Any:
    """`value` with its numbers as arrays."""
    return conform(value, spec(value))


def staged(function: Any, example: Any) -> tuple[Any, Any]:
    """Record `function` of a value like `example` (a skeleton): what puts that where it belongs, once, for a value of
    the caller's; and its result."""
    results: list[Any] = []

    def flat(*arrays: Any) -> list[Any]:
        results.append(as_arrays(function(with_arrays(example, arrays))))
        return arrays_in(results[-1])

    block, params, _ = staged_block(flat, arrays_in(example))
    result = results[-1]

    def run(value: Any) -> Any:
        splice(block, params, arrays_in(value))
        return result

    return run, result

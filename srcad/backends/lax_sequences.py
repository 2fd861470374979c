"""Lists whose length is not known, in XLA.

A list of a known length is a Python list, and the operations on it are those of `srcad.runtime.lists`.  Rows of a loop,
and a list that grows in one, are a `Tape`: arrays of a fixed capacity and a count.  A form below returns
NotImplemented where the general way (a NumPy function on the rows as one array) will do.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.backends.lax_dtypes import convert
from srcad.backends.lax_modules import jnp
from srcad.backends.lax_record import is_array
from srcad.backends.lax_specs import concatenated, conform, joined, spec, stack
from srcad.backends.lax_values import Mismatch, Tape, map_arrays, with_arrays
from srcad.ir.core import leaves
from srcad.runtime import lists


def plain(value: Any) -> Any:
    """A value as a NumPy function takes it: rows are one array, where they are arrays and all exist."""
    if not isinstance(value, Tape):
        return value
    if not value.exact:
        raise Mismatch("the length of a list is only known when the program runs")
    if value.count == 0:
        return []
    rows = map_arrays(lambda a: a[:value.count], value.rows)
    return rows if is_array(rows) else [with_arrays(value.rows, _row(rows, i)) for i in range(value.count)]


def _row(rows: Any, i: int) -> list[Any]:
    return [a[i] for a in leaves(rows) if is_array(a)]


def _as_list(xs: Any) -> list[Any]:
    """The items of a list of known length."""
    if isinstance(xs, Tape):
        rows = plain(xs)
        return [rows[i] for i in range(len(rows))]
    return list(xs)


def _at(xs: Tape, i: Any) -> Any:
    if isinstance(i, int) and i >= 0:
        return i
    return jnp.where(jnp.asarray(i) < 0, i + xs.count, i)


def item(xs: Any, i: Any) -> Any:
    if isinstance(xs, list | tuple) and not is_array(i):
        return xs[i]
    tape = xs if isinstance(xs, Tape) else stack(list(xs))
    return tape.row(_at(tape, i))


def set_item(xs: Any, i: Any, value: Any) -> Any:
    if isinstance(xs, list) and not is_array(i):
        return lists.set_item(xs, i, value)
    return _stored(xs, i, value, lambda a, at, v: a.at[at].set(v))


def add_at(xs: Any, g: Any, i: Any) -> Any:
    if isinstance(xs, list) and not is_array(i):
        return lists.add_at(xs, g, i)
    return _stored(xs, i, g, lambda a, at, v: a.at[at].add(v))


def _stored(xs: Any, i: Any, value: Any, store: Callable[..., Any]) -> Tape:
    tape = xs if isinstance(xs, Tape) else stack(list(xs))
    at, rows = _at(tape, i), tape.rows
    if is_array(rows):
        return replace(tape, rows=store(rows, at, convert(jnp.asarray(value), rows.dtype)))
    return _stored_tree(tape, at, value, store)


def _stored_tree(tape: Tape, at: Any, value: Any, store: Callable[..., Any]) -> Tape:
    item_spec = spec(map_arrays(lambda a: a[0], tape.rows))
    parts = iter(_arrays(conform(value, item_spec)))
    rows = map_arrays(lambda a: store(a, at, next(parts)), tape.rows)
    return replace(tape, rows=rows)


def _arrays(value: Any) -> list[Any]:
    found: list[Any] = []
    map_arrays(found.append, value)
    return found


def append(xs: Any, value: Any) -> Any:
    if isinstance(xs, list):
        return [*xs, value]
    if xs.exact and xs.count == xs.capacity:
        return [*_as_list(xs), value]
    count = jnp.asarray(xs.count, np.int64)
    stored = _stored_tree(xs, count, value, lambda a, at, v: a.at[at].set(v, mode="drop"))
    return replace(stored, count=count + 1)


def pop(xs: Any) -> Any:
    if isinstance(xs, list):
        return xs[:-1], xs[-1]
    last = xs.row(xs.count - 1)
    return replace(xs, count=xs.count - 1), last


def length(xs: Any) -> Any:
    return xs.count if isinstance(xs, Tape) else len(xs)


def part(xs: Any, bounds: slice) -> Any:
    if isinstance(xs, Tape) and bounds == slice(None, -1):
        return replace(xs, count=max(xs.count - 1, 0) if xs.exact else jnp.maximum(xs.count - 1, 0))
    return _as_list(xs)[bounds]


def backwards(xs: Any) -> Any:
    if isinstance(xs, Tape) and not xs.exact:
        places = jnp.maximum(xs.count - 1 - jnp.arange(xs.capacity), 0)
        return replace(xs, rows=map_arrays(lambda a: a[places], xs.rows))
    return _as_list(xs)[::-1]


def zeros_for(xs: Any) -> Any:
    if isinstance(xs, Tape):
        return replace(xs, rows=map_arrays(jnp.zeros_like, xs.rows))
    return [_zero(x) for x in xs]


def _zero(x: Any) -> Any:
    return map_arrays(_zero_array, conform(x, spec(x)))


def _zero_array(a: Any) -> Any:
    return jnp.zeros(a.shape, a.dtype if a.dtype.kind in "fc" else np.float64)


def add_trees(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, Tape) != isinstance(b, Tape) and (is_array(a) or is_array(b)):
        # The cotangent of a list may be one array, whose rows are those of its items.
        a, b = rows_in(a), rows_in(b)
    if isinstance(a, Tape) and isinstance(b, Tape):
        both = joined(spec(a), spec(b))
        a, b = conform(a, both), conform(b, both)
        return replace(a, rows=add_trees(a.rows, b.rows))
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return type(a)(map(add_trees, a, b))
    if isinstance(a, Tape | list) and isinstance(b, Tape | list):
        return [add_trees(x, y) for x, y in zip(_as_list(a), _as_list(b), strict=True)]
    return a + b


def total(xs: Any, start: Any = 0) -> Any:
    if isinstance(xs, Tape) and is_array(xs.rows):
        exists = jnp.arange(xs.capacity) < xs.count
        exists = exists.reshape((-1,) + (1,) * (xs.rows.ndim - 1))
        return start + jnp.sum(jnp.where(exists, xs.rows, 0), axis=0)
    return NotImplemented if isinstance(xs, Tape) else sum(xs, start)


def rows_into(rows: Any, x: Any) -> Any:
    if isinstance(x, list):
        items = _as_list(rows)
        return [*items, *(zeros_for([v])[0] for v in x[len(items):])]
    target = zeros_for(x) if isinstance(x, Tape) else _zero(x)
    given: Any = rows if isinstance(rows, Tape) else stack(list(rows)) if rows else None
    if given is None:
        return target
    capacity = target.capacity if isinstance(target, Tape) else target.shape[0]
    fitted = conform(Tape(given.rows, given.capacity, given.count), _spec_like(given, capacity))
    exists = jnp.arange(capacity) < given.count

    def placed(a: Any) -> Any:
        return jnp.where(exists.reshape((-1,) + (1,) * (a.ndim - 1)), a, 0)

    placed_rows = map_arrays(placed, fitted.rows)
    return replace(target, rows=placed_rows) if isinstance(target, Tape) else convert(placed_rows, target.dtype)


def _spec_like(tape: Tape, capacity: int) -> Any:
    padded = map_arrays(lambda a: jnp.zeros((capacity, *a.shape[1:]), a.dtype), tape.rows)
    return spec(Tape(padded, capacity, tape.count))


def rows_of(x: Any, rows: Any) -> Any:
    count = length(rows)
    if isinstance(x, Tape):
        return replace(x, count=count)
    if not is_array(count):
        return list(x[:count]) if isinstance(x, list) else [x[i] for i in range(count)]
    return Tape(jnp.asarray(x), x.shape[0], count)


def rows_in(x: Any) -> Any:
    return x if isinstance(x, Tape) else Tape(jnp.asarray(x), len(x), len(x))


FORMS: dict[str, Callable[..., Any]] = {
    "new": lists.new, "append": append, "item": item, "getitem": item, "set_item": set_item, "add_at": add_at,
    "pop": pop, "len": length, "part": part, "backwards": backwards, "zeros_for": zeros_for,
    "add_trees": add_trees, builtins.sum.__name__: total, "rows_into": rows_into, "rows": rows_in, "rows_of": rows_of,
    "concat": concatenated,
    "repeat": lambda xs, times: NotImplemented if is_array(times) else _as_list(xs) * times,
    "set_part": lambda xs, ys, bounds: lists.set_part(_as_list(xs), _as_list(ys), bounds),
    "fold": lambda gs, xs: lists.fold(_as_list(gs), _as_list(xs)),
}

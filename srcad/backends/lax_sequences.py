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
from srcad.backends.lax_record import is_array, note_room, room_of
from srcad.backends.lax_specs import concatenated, conform, joined, rows_like, spec, stack
from srcad.backends.lax_values import Mismatch, Tape, arrays_in, made, map_arrays, parts_of
from srcad.runtime import lists


def plain(value: Any) -> Any:
    """A value as a NumPy function takes it: rows are one array, where they are arrays and all exist."""
    if not isinstance(value, Tape):
        return value
    if not value.exact:
        raise Mismatch("the length of a list is only known when the program runs")
    rows = _whole(value)
    if rows is not None:
        return rows
    rows = map_arrays(lambda a: a[:value.count], value.rows)
    return [plain(map_arrays(lambda a, i=i: a[i], rows)) for i in range(value.count)]


def _whole(value: Any, depth: int = 0) -> Any:
    """Rows, and rows of rows, as one array; None for rows of other structure, or none."""
    if not isinstance(value, Tape):
        return value if is_array(value) else None
    rows = _whole(value.rows, depth + 1)
    if rows is None or not value.exact or value.count == 0:
        return None
    return rows if rows.shape[depth] == value.count else rows[(slice(None),) * depth + (slice(value.count),)]


def _as_list(xs: Any) -> list[Any]:
    """The items of a list of known length."""
    if isinstance(xs, Tape):
        rows = plain(xs)
        return [rows[i] for i in range(len(rows))]
    return list(xs)


def _at(xs: Tape, i: Any) -> Any:
    if not is_array(i):
        return i if i >= 0 else i + xs.count
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
    if not isinstance(xs, Tape):
        return len(xs)
    if is_array(xs.count):
        note_room(xs.count, (xs.capacity, xs.site))
    return xs.count


def repeat(xs: Any, times: Any) -> Any:
    """`[x] * times`; a number of times that is not known must be the length of a list."""
    items = _as_list(xs)
    if not is_array(times):
        return items * times
    room = room_of(times)
    if room is None or len(items) != 1:
        raise Mismatch("the length of a list is only known when the program runs")
    capacity, site = room
    item = conform(items[0], spec(items[0]))
    rows = map_arrays(lambda a: jnp.broadcast_to(a, (capacity, *a.shape)), item)
    return Tape(rows, capacity, times, site)


def part(xs: Any, bounds: slice) -> Any:
    known = not isinstance(xs, Tape) or xs.exact
    if known and not any(map(is_array, (bounds.start, bounds.stop, bounds.step))):
        return _as_list(xs)[bounds]
    if bounds.step not in (None, 1):
        raise Mismatch("the length of a list is only known when the program runs")
    tape = xs if isinstance(xs, Tape) else stack(list(xs))
    start, stop = _bound(bounds.start, tape.count, 0), _bound(bounds.stop, tape.count, tape.count)
    rows = tape.rows
    if is_array(start) or start:
        places = jnp.minimum(start + jnp.arange(tape.capacity), tape.capacity - 1)
        rows = map_arrays(lambda a: a[places], rows)
    return replace(tape, rows=rows, count=jnp.maximum(stop - start, 0))


def _bound(bound: Any, count: Any, default: Any) -> Any:
    """From or up to where a slice of a list of `count` items goes."""
    if bound is None or not is_array(bound) and bound == 0:
        return default if bound is None else 0
    if is_array(bound):
        bound = jnp.where(bound < 0, bound + count, bound)
    elif bound < 0:
        bound = bound + count
    return jnp.clip(bound, 0, count)


def backwards(xs: Any) -> Any:
    if isinstance(xs, Tape) and not xs.exact:
        places = jnp.maximum(xs.count - 1 - jnp.arange(xs.capacity), 0)
        return replace(xs, rows=map_arrays(lambda a: a[places], xs.rows))
    return _as_list(xs)[::-1]


def zeros_for(xs: Any) -> Any:
    return _zeroed(xs) if isinstance(xs, Tape) else [_zero(x) for x in xs]


def _zeroed(value: Any) -> Any:
    """Zeros in the place of floats: a Tape keeps its length, and the lists in it theirs."""
    if isinstance(value, Tape):
        return replace(value, rows=_zeroed(value.rows))
    if is_array(value):
        return _zero_array(value)
    parts = parts_of(value)
    return value if parts is None else made(type(value), map(_zeroed, parts))


def _zero(x: Any) -> Any:
    return _zeroed(conform(x, spec(x)))


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


def concat(xs: Any, ys: Any) -> Any:
    if not isinstance(xs, Tape) or xs.exact or xs.site < 0:
        return concatenated(xs, ys)
    # There is room for a list that grows.
    more = ys if isinstance(ys, Tape) else stack(list(ys)) if ys else None
    if more is None:
        return xs
    both = joined(spec(xs.row(0)), spec(more.row(0)))
    places = jnp.arange(more.capacity)
    places = jnp.where(places < more.count, xs.count + places, xs.capacity)
    rest = iter(arrays_in([conform(more.rows, rows_like(both, more.capacity))]))
    rows = conform(xs.rows, rows_like(both, xs.capacity))
    stored = map_arrays(lambda a: a.at[places].set(next(rest), mode="drop"), rows)
    return replace(xs, rows=stored, count=xs.count + more.count)


FORMS: dict[str, Callable[..., Any]] = {
    "new": lists.new, "append": append, "item": item, "getitem": item, "set_item": set_item, "add_at": add_at,
    "pop": pop, "len": length, "part": part, "backwards": backwards, "zeros_for": zeros_for,
    "add_trees": add_trees, builtins.sum.__name__: total, "rows_into": rows_into, "rows": rows_in, "rows_of": rows_of,
    "concat": concat,
    "repeat": repeat,
    "set_part": lambda xs, ys, bounds: lists.set_part(_as_list(xs), _as_list(ys), bounds),
    "fold": lambda gs, xs: lists.fold(_as_list(gs), _as_list(xs)),
}

"""A `Loop` in XLA.

A loop whose number of trips is known and that nothing ends early is a `lax.scan`: what it reads are scanned inputs,
what it writes are scanned outputs.  Any other is a `lax.while_loop`, whose rows go into a buffer of a fixed capacity;
the trips that it made are reported in `needs`, and if they were more than the buffer holds the program is run again
with a larger one (see `lax`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from srcad.backends.lax_dtypes import convert
from srcad.backends.lax_indices import Integer, Integers
from srcad.backends.lax_ops import ShapeDtype, is_array, jnp, lax
from srcad.backends.lax_specs import (
    Group,
    Leaf,
    Rows,
    Spec,
    as_arrays,
    concatenated,
    conform,
    joined,
    rows_of_list,
    skeleton,
    spec,
    stack,
    staged,
)
from srcad.backends.lax_values import UNBOUND, Maybe, Mismatch, Tape, arrays_in, map_arrays, with_arrays
from srcad.ir.core import Block, Carry, Let, Loop, Var, Write
from srcad.ir.walk import inner_reads

_MOST_ROUNDS = 12


@dataclass(frozen=True)
class Sites:
    """The loops of a program, numbered, and whether it prints."""

    loops: dict[Loop, int]
    prints: bool


class Scope(Protocol):
    """What a loop needs of the tracer that runs it."""

    env: dict[Var, Any]
    sites: Sites
    capacities: tuple[int, ...]
    needs: Any
    integers: Integers

    def nested(self, needs: Any) -> Scope: ...

    def value(self, atom: Any) -> Any: ...

    def values(self, atoms: Iterable[Any]) -> list[Any]: ...

    def block(self, block: Block) -> None: ...


@dataclass
class Plan:
    """What a loop runs over: `n` trips at most (None: no bound), an int where it is known."""

    loop: Loop
    n: Any
    start: Any
    step: Any
    sources: list[Tape]                # elements and tapes, a row a trip
    site: int
    capacity: int
    room: int                          # for a list that grows

    @property
    def known(self) -> bool:
        return isinstance(self.n, int)

    @property
    def is_scan(self) -> bool:
        return self.known and self.loop.test is None and self.loop.until is None


def run_loop(tracer: Scope, loop: Loop) -> None:
    """Run a loop; a list that it only appends to, once a trip, is a tape of it."""
    grown = [found for c in loop.carries if (found := _appended(loop, c))]
    if not grown:
        _run(tracer, loop, loop)
        return
    tapes = {carry: Var(carry.out.hint, carry.out.type) for carry, _ in grown}
    inner = replace(loop, body=tuple(s for s in loop.body if s not in [let for _, let in grown]),
                    carries=tuple(c for c in loop.carries if c not in tapes),
                    writes=(*loop.writes, *(Write(tapes[c], let.args[1]) for c, let in grown)))
    _run(tracer, loop, inner)
    for carry, tape in tapes.items():
        tracer.env[carry.out] = concatenated(tracer.value(carry.init), tracer.env[tape])


def _appended(loop: Loop, carry: Carry) -> tuple[Carry, Let] | None:
    """The one statement in which a loop appends to a list that it does not read."""
    lets = [s for s in loop.body if isinstance(s, Let) and s.op.name == "append" and carry.next in s.outs]
    if len(lets) != 1 or lets[0].args[:1] != (carry.param,) or len(lets[0].args) != 2 or loop.reverse:
        return None
    others = tuple(s for s in loop.body if s is not lets[0])
    rest = replace(loop, body=others, carries=tuple(c for c in loop.carries if c is not carry))
    return None if inner_reads(rest) & {carry.param, carry.next} else (carry, lets[0])


def _run(tracer: Scope, original: Loop, loop: Loop) -> None:
    plan = _planned(tracer, original, loop)
    if plan.known and plan.n == 0:
        _finish(tracer, loop, tracer.values(c.init for c in loop.carries), [[] for _ in loop.writes], 0, False)
    elif plan.is_scan:
        _scan(tracer, plan)
    else:
        _while(tracer, plan)


def _planned(tracer: Scope, original: Loop, loop: Loop) -> Plan:
    sources = [_rows(tracer.value(a)) for a in (*(e.sequence for e in loop.elements), *(r.tape for r in loop.reads))]
    lengths = [s.count for s in sources]
    start, step = 0, 1
    if loop.range is not None:
        start, stop, step = tracer.values((loop.range.start, loop.range.stop, loop.range.step))
        lengths.append(_range_length(start, stop, step))
    n: Any = None
    for length in lengths:
        if n is None:
            n = length
        else:
            n = min(n, length) if isinstance(n, int) and isinstance(length, int) else jnp.minimum(n, length)
    site = tracer.sites.loops[original]
    bucket = tracer.capacities[site]
    known = isinstance(n, int)
    return Plan(loop, n, start, step, sources, site, n if known else bucket, max(n, bucket) if known else bucket)


def _range_length(start: Any, stop: Any, step: Any) -> Any:
    if not any(map(is_array, (start, stop, step))):
        return len(range(start, stop, step))
    step = jnp.asarray(step)
    return jnp.maximum((stop - start + step - jnp.sign(step)) // step, 0).astype(np.int64)


def _rows(value: Any) -> Tape:
    """What a loop takes one of in each trip."""
    if isinstance(value, Maybe):
        value = value.value
    if isinstance(value, Tape):
        return value
    if isinstance(value, list | tuple):
        return stack(list(value)) if value else Tape((), 0, 0)
    if is_array(value) or isinstance(value, np.ndarray):
        return Tape(jnp.asarray(value), len(value), len(value))
    raise Mismatch(f"a loop over a {type(value).__name__}")


def _index(plan: Plan, trip: Any) -> Any:
    return convert(jnp.asarray(plan.start + plan.step * trip), np.dtype(np.int64))


def _trip(tracer: Scope, plan: Plan, trip: Any, rows: list[Any], carried: list[Any], needs: Any) -> Any:
    """One trip: `(carries after it, rows that it writes, until, needs)`."""
    loop = plan.loop
    inner = tracer.nested(needs)
    if loop.index is not None:
        inner.env[loop.index] = _index(plan, trip)
        if plan.known and not any(map(is_array, (plan.start, plan.step))):
            ends = (plan.start, plan.start + plan.step * (plan.n - 1))
            inner.integers[loop.index] = Integer(loop.index, 0, min(ends), max(ends))
    heads = [*(e.var for e in loop.elements), *(r.element for r in loop.reads)]
    inner.env.update(zip(heads, rows, strict=True))
    inner.env.update(zip((c.param for c in loop.carries), carried, strict=True))
    inner.block(loop.body)
    until = False if loop.until is None else inner.value(loop.until)
    return (inner.values(c.next for c in loop.carries), inner.values(w.row for w in loop.writes),
            jnp.reshape(jnp.asarray(until), ()).astype(bool), inner.needs)


def _initial(tracer: Scope, carry: Carry) -> Any:
    """What a carry is before the first trip; the cotangent of a list may be an array, whose rows are its items."""
    value = tracer.value(carry.init)
    return _rows(value) if carry.param.type.kind == "sequence" and is_array(value) else value


def _first_spec(carry: Carry, value: Any) -> Spec:
    """What a carry is at first: its initial value, in the type that is known of it."""
    known, s = carry.param.type, spec(value)
    if known.dtype is not None and known.is_numeric:
        if value is UNBOUND:
            dims = known.shape or ()
            return Leaf(tuple(d.offset for d in dims) if all(d.size is None for d in dims) else (), known.dtype)
        if isinstance(s, Leaf):
            return Leaf(s.shape, np.promote_types(s.dtype, known.dtype))
    return Leaf((), np.dtype(bool)) if value is UNBOUND else s


def _traced(tracer: Scope, plan: Plan, inits: list[Any]) -> tuple[list[Spec], Any, Any]:
    """The carries' structure, found by tracing a trip until it gives what it takes; and the traced trip."""
    specs = [_first_spec(c, v) for c, v in zip(plan.loop.carries, inits, strict=True)]
    trip = as_arrays(0) if plan.loop.index is not None or not plan.is_scan else None
    rows = [_row_skeleton(s) for s in plan.sources]

    def run(state: Any) -> Any:
        trip_, rows_, carried, needs = state
        return _trip(tracer, plan, trip_, rows_, carried, needs)

    for _ in range(_MOST_ROUNDS):
        carried = [skeleton(s) for s in specs]
        call, result = staged(run, (map_arrays(_like, trip), rows, carried, _like(tracer.needs)))
        after = [joined(s, spec(v)) for s, v in zip(specs, result[0], strict=True)]
        if after == specs:
            _check_growth(plan, specs, inits)
            return specs, call, result
        specs = [_roomy(plan, new, init) for new, init in zip(after, inits, strict=True)]
    raise Mismatch("a value that changes its structure in every trip")


def _check_growth(plan: Plan, specs: list[Spec], inits: list[Any]) -> None:
    """A number that becomes an array is the same in NumPy only if a trip is surely made, or if it is a zero."""
    if plan.is_scan:
        return
    for s, carry, init in zip(specs, plan.loop.carries, inits, strict=True):
        known = carry.init.type
        if isinstance(s, Leaf) and s.shape != () and known.shape == () and known.is_numeric and (
                is_array(init) or init != 0):
            raise Mismatch("a number that becomes an array in a loop that may make no trip")


def _roomy(plan: Plan, s: Spec, init: Any) -> Spec:
    """A list that grows in a loop gets the loop's capacity on top of what it had."""
    length = own_length(init)
    if isinstance(s, Rows) and isinstance(s.count, Leaf) and length not in (None, s.capacity):
        return joined(s, Rows(_widened(s, length + plan.room), length + plan.room, s.count, plan.site))
    return s


def _widened(s: Rows, capacity: int) -> Any:
    from_items = rows_of_list(Group(list, (_item(s),) * capacity))
    return from_items.parts


def _item(s: Rows) -> Spec:
    return spec(map_arrays(lambda a: _like(a, drop=1), skeleton(s.parts)))


def own_length(value: Any) -> Any:
    """The length of a list, as far as it is known; None for other values."""
    return value.capacity if isinstance(value, Tape) else len(value) if isinstance(value, list) else None


def _like(a: Any, drop: int = 0) -> Any:
    return ShapeDtype(tuple(a.shape)[drop:], np.dtype(a.dtype))


def _row_skeleton(source: Tape) -> Any:
    return map_arrays(lambda a: _like(a, drop=1), source.rows)


def _scan(tracer: Scope, plan: Plan) -> None:
    loop = plan.loop
    inits = [_initial(tracer, c) for c in loop.carries]
    specs, call, result = _traced(tracer, plan, inits)
    rows = [map_arrays(lambda a: a[:plan.n] if a.shape[0] != plan.n else a, s.rows) for s in plan.sources]
    trips = jnp.arange(plan.n, dtype=np.int64) if loop.index is not None else None
    written = [spec(w) for w in result[1]]

    def step(flat: list[Any], xs: Any) -> Any:
        carried, needs = with_arrays(state, flat)
        trip, row_arrays = xs
        after, new_rows, _, needs = call((trip, with_arrays(rows, row_arrays), carried, needs))
        carried = [conform(v, s) for v, s in zip(after, specs, strict=True)]
        return arrays_in((carried, needs)), arrays_in([conform(r, s) for r, s in zip(new_rows, written, strict=True)])

    state = ([conform(v, s) for v, s in zip(inits, specs, strict=True)], tracer.needs)
    flat, ys = lax.scan(step, arrays_in(state), (trips, arrays_in(rows)), length=plan.n, reverse=loop.reverse)
    carried, tracer.needs = with_arrays(state, flat)
    tapes = with_arrays([skeleton(s) for s in written], ys)
    _finish(tracer, loop, carried, [Tape(t, plan.n, plan.n) for t in tapes], plan.n, False)


def _while(tracer: Scope, plan: Plan) -> None:
    loop = plan.loop
    if loop.reverse and (loop.test is not None or loop.until is not None or plan.n is None):
        raise Mismatch("a reversed loop that may end early")
    inits = [_initial(tracer, c) for c in loop.carries]
    specs, call, result = _traced(tracer, plan, inits)
    written = [spec(w) for w in result[1]]
    buffers = [map_arrays(lambda a: jnp.zeros((plan.capacity, *a.shape), a.dtype), skeleton(s)) for s in written]
    carried = [conform(v, s) for v, s in zip(inits, specs, strict=True)]
    state = (jnp.asarray(0, np.int64), jnp.asarray(False), carried, buffers, tracer.needs)

    def going(flat: list[Any]) -> Any:
        made, broke, carried, _, needs = with_arrays(state, flat)
        return _goes_on(tracer, plan, made, broke, carried, needs)

    def body(flat: list[Any]) -> list[Any]:
        made, _, carried, buffers, needs = with_arrays(state, flat)
        trip = plan.n - 1 - made if loop.reverse else made
        rows = [map_arrays(lambda a: lax.dynamic_index_in_dim(a, trip, 0, False), s.rows) for s in plan.sources]
        after, new_rows, broke, needs = call((trip, rows, carried, needs))
        after = [conform(v, s) for v, s in zip(after, specs, strict=True)]
        new_rows = [conform(r, s) for r, s in zip(new_rows, written, strict=True)]
        stored = [lax.dynamic_update_index_in_dim(b, r, trip, 0)
                  for b, r in zip(arrays_in(buffers), arrays_in(new_rows), strict=True)]
        return arrays_in((made + 1, broke, after, with_arrays(buffers, stored), needs))

    made, broke, carried, buffers, tracer.needs = with_arrays(state, lax.while_loop(going, body, arrays_in(state)))
    if loop.writes and not plan.known:
        tracer.needs = tracer.needs.at[plan.site].max(made)
    _finish(tracer, loop, carried, [Tape(b, plan.capacity, made, plan.site) for b in buffers], made, broke)


def _goes_on(tracer: Scope, plan: Plan, made: Any, broke: Any, carried: list[Any], needs: Any) -> Any:
    test = jnp.logical_not(broke)
    if plan.n is not None:
        test = test & (made < plan.n)
    if plan.loop.test is None:
        return test
    inner = tracer.nested(needs)
    inner.env.update(zip((c.param for c in plan.loop.carries), carried, strict=True))
    inner.block(plan.loop.test.body)
    asked = jnp.reshape(jnp.asarray(inner.value(plan.loop.test.result)), ()).astype(bool)
    # What follows an overflow is thrown away, and must come to an end.
    return test & asked & jnp.all(needs <= np.asarray(tracer.capacities, np.int64))


def _finish(tracer: Scope, loop: Loop, carried: list[Any], tapes: list[Any], made: Any, broke: Any) -> None:
    tracer.env.update(zip((c.out for c in loop.carries), carried, strict=True))
    tracer.env.update(zip((w.tape for w in loop.writes), tapes, strict=True))
    tracer.env.update((v, value) for v, value in ((loop.trips, made), (loop.broke, broke)) if v is not None)

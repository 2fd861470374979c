"""A `Loop` in XLA.

A loop whose number of trips is known and that nothing ends early is a `lax.scan`: what it reads are scanned inputs,
what it writes are scanned outputs.  Any other is a `lax.while_loop`, whose rows go into a buffer of a fixed capacity;
the trips that it made are reported in `needs`, and if they were more than the buffer holds the program is run again
with a larger one (see `lax`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from srcad.backends.lax_control import for_loop, scan, while_loop
from srcad.backends.lax_dtypes import convert
from srcad.backends.lax_forms import truth
from srcad.backends.lax_indices import Integer, Integers, integer
from srcad.backends.lax_modules import jnp, lax
from srcad.backends.lax_ops import ShapeDtype
from srcad.backends.lax_record import constant_of, is_array, meant
from srcad.backends.lax_specs import (
    Group,
    Leaf,
    Rows,
    Spec,
    concatenated,
    conform,
    joined,
    rows_of_list,
    skeleton,
    spec,
    stack,
    staged,
)
from srcad.backends.lax_values import UNBOUND, Maybe, Mismatch, Tape, arrays_in, map_arrays, named, with_arrays
from srcad.ir.core import Block, Carry, Let, Loop, Var, Write
from srcad.ir.types import INT
from srcad.ir.walk import inner_reads

_MOST_ROUNDS = 12
_MOST_AT_ONCE = 1024
_ENDLESS = sys.maxsize


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

    def require(self, site: int, capacity: Any) -> None: ...


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
        return self.known and not ends_early(self.loop)

    @property
    def holds_all(self) -> bool:
        """Is there surely room for the rows of all trips?"""
        return self.known and self.n <= self.capacity


def ends_early(loop: Loop) -> bool:
    return loop.test is not None or loop.until is not None


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
        if n is None or is_array(n) and is_array(length) and meant(n) is meant(length):
            n = length
        else:
            n = min(n, length) if isinstance(n, int) and isinstance(length, int) else jnp.minimum(n, length)
    site = tracer.sites.loops[original]
    bucket = tracer.capacities[site]
    if not isinstance(n, int) or ends_early(loop) and n > _MOST_AT_ONCE:
        # A loop that may end early is not given room for all the trips that it hardly makes.
        return Plan(loop, None if isinstance(n, int) and n >= _ENDLESS else n, start, step, sources, site, bucket,
                    bucket)
    return Plan(loop, n, start, step, sources, site, n, max(n, bucket))


def _range_length(start: Any, stop: Any, step: Any) -> Any:
    if not any(map(is_array, (start, stop, step))):
        return len(range(start, stop, step))
    if is_array(step):
        step = jnp.asarray(step)
        return jnp.maximum((stop - start + step - jnp.sign(step)) // step, 0).astype(np.int64)
    length = stop if not is_array(start) and start == 0 else stop - start
    if step != 1:
        length = (length + (step - (1 if step > 0 else -1))) // step
    return jnp.maximum(length, 0).astype(np.int64)


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
    """The index of a trip that has this number."""
    if not is_array(plan.step) and plan.step != 1 or is_array(plan.step):
        trip = plan.step * trip
    return convert(trip if not is_array(plan.start) and plan.start == 0 else plan.start + trip, np.dtype(np.int64))


def _known_of_index(tracer: Scope, plan: Plan) -> Integer:
    loop = plan.loop
    assert loop.index is not None
    if is_array(plan.step) or loop.range is None:
        return Integer(loop.index, 0)
    first, last = (_ends(tracer, atom) for atom in (loop.range.start, loop.range.stop))
    if plan.step > 0:
        return Integer(loop.index, 0, first[0], None if last[1] is None else last[1] - 1)
    return Integer(loop.index, 0, None if last[0] is None else last[0] + 1, first[1])


def _ends(tracer: Scope, atom: Any) -> tuple[Any, Any]:
    """The least and the greatest that an int may be."""
    value = tracer.value(atom)
    if not is_array(value):
        return value, value
    known = integer(tracer.integers, atom)
    return known.low, known.high


def _trip(tracer: Scope, plan: Plan, index: Any, rows: list[Any], carried: list[Any]) -> Any:
    """One trip: `(carries after it and needs, rows that it writes, until)`."""
    loop = plan.loop
    *values, needs = carried
    if needs[-1] is not UNBOUND:
        needs[-1].hint = needs[-1].hint or "failed"
    inner = tracer.nested(needs)
    if loop.index is not None:
        inner.env[loop.index] = named(index, loop.index)
        inner.integers[loop.index] = _known_of_index(tracer, plan)
    heads = [*(e.var for e in loop.elements), *(r.element for r in loop.reads)]
    inner.env.update((v, named(row, v)) for v, row in zip(heads, rows, strict=True))
    inner.env.update((c.param, named(value, c.param)) for c, value in zip(loop.carries, values, strict=True))
    inner.block(loop.body)
    until = False if loop.until is None else truth(inner.value(loop.until))
    after = inner.values(c.next for c in loop.carries)
    return [*after, inner.needs], inner.values(w.row for w in loop.writes), until


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
    """The structure of what is carried (the needs last), found by going through a trip until it gives what it takes;
    and the recorded trip."""
    specs = [*(_first_spec(c, v) for c, v in zip(plan.loop.carries, inits, strict=True)), spec(tracer.needs)]
    index = ShapeDtype((), np.dtype(np.int64)) if plan.loop.index is not None else None
    rows = [_row_skeleton(s) for s in plan.sources]

    def run(state: Any) -> Any:
        return _trip(tracer, plan, *state)

    for _ in range(_MOST_ROUNDS):
        call, result = staged(run, (index, rows, [skeleton(s) for s in specs]))
        after = [joined(s, spec(v)) for s, v in zip(specs, result[0], strict=True)]
        if after == specs:
            _check_growth(plan, specs[:-1], inits)
            return specs, call, result
        specs = [*(_roomy(plan, new, init) for new, init in zip(after[:-1], inits, strict=True)), after[-1]]
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
    written = [spec(w) for w in result[1]]
    state = [conform(v, s) for v, s in zip([*inits, tracer.needs], specs, strict=True)]
    numbers = _numbers(plan) if loop.index is not None else []

    def step(carried: list[Any], row: list[Any]) -> Any:
        index = row[0] if numbers else None
        after, new_rows, _ = call((index, with_arrays(rows, row[len(numbers):]), with_arrays(state, carried)))
        after = [conform(v, s) for v, s in zip(after, specs, strict=True)]
        return arrays_in(after), arrays_in([conform(r, s) for r, s in zip(new_rows, written, strict=True)])

    counts = not plan.sources and not loop.writes and not loop.reverse and plan.step == 1 and not is_array(plan.start)
    if counts:
        start = plan.start if numbers else 0
        carried = for_loop(start, start + plan.n, lambda i, c: step(c, [i][:len(numbers)])[0], arrays_in(state))
        arrays: list[Any] = []
    else:
        carried, arrays = scan(step, arrays_in(state), [*numbers, *arrays_in(rows)], plan.n, loop.reverse)
    *values, tracer.needs = with_arrays(state, carried)
    tapes = with_arrays([skeleton(s) for s in written], arrays)
    _finish(tracer, loop, values, [Tape(t, plan.n, plan.n) for t in tapes], plan.n, False)


def _numbers(plan: Plan) -> list[Any]:
    """The indices of all trips."""
    if not any(map(is_array, (plan.start, plan.step))):
        stop = plan.start + plan.step * plan.n
        bounds = (plan.start, stop, plan.step) if plan.step != 1 else (plan.start, stop) if plan.start else (stop,)
        return [jnp.arange(*bounds)]
    return [_index(plan, jnp.arange(plan.n))]


def _while(tracer: Scope, plan: Plan) -> None:
    loop = plan.loop
    counts = loop.test is None and loop.until is None and plan.n is not None
    if loop.reverse and not counts:
        raise Mismatch("a reversed loop that may end early")
    inits = [_initial(tracer, c) for c in loop.carries]
    specs, call, result = _traced(tracer, plan, inits)
    written = [spec(w) for w in result[1]]
    buffers = [named(map_arrays(lambda a: jnp.zeros((plan.capacity, *a.shape), a.dtype), skeleton(s)), w.tape)
               for s, w in zip(written, loop.writes, strict=True)]
    carried = [conform(v, s) for v, s in zip([*inits, tracer.needs], specs, strict=True)]
    state = (False if loop.until is None else jnp.asarray(False), carried, buffers)

    def going(flat: list[Any]) -> Any:
        made, *rest = flat
        broke, carried, _ = with_arrays(state, rest)
        return _goes_on(tracer, plan, made, broke, carried)

    def body(made: Any, flat: list[Any]) -> list[Any]:
        _, carried, buffers = with_arrays(state, flat)
        trip = plan.n - 1 - made if loop.reverse else made
        rows = [map_arrays(lambda a: lax.dynamic_index_in_dim(a, trip, 0, False), s.rows) for s in plan.sources]
        index = _index(plan, trip) if loop.index is not None else None
        after, new_rows, broke = call((index, rows, carried))
        after = [conform(v, s) for v, s in zip(after, specs, strict=True)]
        new_rows = [conform(r, s) for r, s in zip(new_rows, written, strict=True)]
        stored = [lax.dynamic_update_index_in_dim(b, r, trip, 0)
                  for b, r in zip(arrays_in(buffers), arrays_in(new_rows), strict=True)]
        return arrays_in((False if loop.until is None else broke, after, with_arrays(buffers, stored)))

    if counts:
        made, rest = plan.n, for_loop(0, plan.n, body, arrays_in(state))
    else:
        zero = named(jnp.asarray(0), Var("trips", INT))
        made, *rest = while_loop(going, lambda flat: [flat[0] + 1, *body(flat[0], flat[1:])], [zero, *arrays_in(state)])
    broke, carried, buffers = with_arrays(state, rest)
    *values, tracer.needs = carried
    if loop.writes and not plan.holds_all:
        tracer.require(plan.site, made)
    _finish(tracer, loop, values, [Tape(b, plan.capacity, made, plan.site) for b in buffers], made, broke)


def _goes_on(tracer: Scope, plan: Plan, made: Any, broke: Any, carried: list[Any]) -> Any:
    *values, needs = carried
    asked = [] if plan.n is None else [made < plan.n]
    if is_array(broke):
        asked.append(jnp.logical_not(broke))
    if plan.loop.test is not None:
        inner = tracer.nested(needs)
        inner.env.update((c.param, named(v, c.param)) for c, v in zip(plan.loop.carries, values, strict=True))
        inner.block(plan.loop.test.body)
        asked.append(truth(inner.value(plan.loop.test.result)))
        needs = inner.needs
    # What follows an overflow or an exception is thrown away, and must come to an end.
    room = zip(needs[:-1], tracer.capacities[:-1], strict=True)
    asked += [need <= capacity for need, capacity in room if need is not UNBOUND]
    if carried[-1][-1] is not UNBOUND:
        asked.append(jnp.logical_not(carried[-1][-1]))
    if not asked:
        raise Mismatch("a loop that nothing ends")
    result = asked[0]
    for a in asked[1:]:
        result = result & a
    return result


def _with_known_length(value: Any) -> Any:
    known = constant_of(value.count) if isinstance(value, Tape) and is_array(value.count) else None
    return value if known is None or known.ndim or known > value.capacity else replace(value, count=int(known))


def _finish(tracer: Scope, loop: Loop, carried: list[Any], tapes: list[Any], made: Any, broke: Any) -> None:
    carried = [_with_known_length(v) for v in carried]
    tracer.env.update((c.out, named(v, c.out)) for c, v in zip(loop.carries, carried, strict=True))
    tracer.env.update((w.tape, named(t, w.tape)) for w, t in zip(loop.writes, tapes, strict=True))
    tracer.env.update((v, value) for v, value in ((loop.trips, made), (loop.broke, broke)) if v is not None)

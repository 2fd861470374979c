"""Loads of what a trip also stores into, through a scratch of two slots.

XLA computes a load where its value is used, again for each use; if one of these comes after a store into the array, the
array is copied in every trip.  So what is loaded is put aside at once and read back:

    r = dx[i]                                      put = lax.dynamic_update_index_in_dim(put, dx[i], turn, 0)
    dc = dc.at[i].add(r * b)                       r = lax.dynamic_index_in_dim(put, turn, 0, False)
    dx = dx.at[i].set(r / c)                       dc = …;  dx = …

The slots take turns, as XLA sees through a slot that is always the same one.  A store that does not depend on all loads
from its array is made to: it stores `jnp.where(turn < 2, value, r)`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from srcad.backends.lax_live import reads_of
from srcad.backends.lax_modules import jnp, lax
from srcad.backends.lax_record import Block, Carried, Line, Scan, Step, Value, meant, put, recording

_SLICES = frozenset({"lax.dynamic_slice", "lax.dynamic_index_in_dim"})


def through_scratch(loop: Any) -> tuple[Block, Any]:
    """Lines to stand before the loop, and the loop with its shared loads read back."""
    chains = stores_of(loop)
    loads = _shared(loop, chains)
    if not loads:
        return [], loop
    with recording() as before:
        first = jnp.asarray(0)
        empty = [jnp.zeros((2, *load.outs[0].shape), load.outs[0].dtype) for load in loads]
    turn: Any = Value((), np.dtype(np.int64), hint="turn")
    slots = [Value(e.shape, e.dtype, hint="slots") for e in empty]
    firsts = {id(chain[0]): param for param, chain in chains.items()}
    filled: dict[Value, tuple[Value, Value]] = {}
    with recording() as block:
        for step in loop.block:
            k = next((k for k, load in enumerate(loads) if load is step), None)
            if k is not None:
                filled[loads[k].outs[0]] = _put_aside(loads[k], slots[k], turn)
            elif id(step) in firsts:
                ours = [new for load in loads if meant(load.args[0]) is firsts[id(step)]
                        for new in filled.get(load.outs[0], ())[:1]]
                put([_after(step, ours, turn, loop)])
            else:
                put([step])
        nexts = [filled[load.outs[0]][1] for load in loads]
        other = meant(1 - turn)
    carries = [*loop.carries, Carried(Value((), first.dtype), turn, first, other),
               *(Carried(Value(e.shape, e.dtype), s, e, n) for e, s, n in zip(empty, slots, nexts, strict=True))]
    return before, replace(loop, block=block, carries=carries)


def _put_aside(load: Line, slots: Value, turn: Value) -> tuple[Value, Value]:
    """What is read back, and the slots."""
    out = load.outs[0]
    fresh = Value(out.shape, out.dtype, hint=out.hint)
    put([replace(load, outs=(fresh,))])
    after = meant(lax.dynamic_update_index_in_dim(slots, fresh, turn, 0))
    read = meant(lax.dynamic_index_in_dim(after, turn, 0, False))
    read.hint = out.hint
    out.stands_for = read
    return read, after


def _after(store: Step, loads: list[Value], turn: Any, loop: Any) -> Step:
    """The store, made to depend on these loads."""
    assert isinstance(store, Line)
    place = 2 if store.kind == "at" else 1
    value = jnp.asarray(store.args[place])
    others = [load for load in loads if not _depends(value, load, loop.block)]
    if others:
        # One choice for all: XLA drops a choice within a choice by the same test.
        first, *rest = [load[(0,) * load.ndim].astype(value.dtype) for load in others]
        value = jnp.where(turn < 2, value, sum(rest, first))
    return replace(store, args=(*store.args[:place], value, *store.args[place + 1:]))


def _depends(value: Value, load: Value, block: Block) -> bool:
    reached = {load}
    for step in block:
        if isinstance(step, Line) and any(meant(v) in reached for v in reads_of(step)):
            reached.update(step.outs)
    return meant(value) in reached


def stores_of(loop: Any) -> dict[Value, list[Line]]:
    """The arrays that a trip begins with and stores into, by index, each with its stores in order."""
    made = {out: s for s in loop.block if isinstance(s, Line) for out in s.outs}
    found = {}
    for c in loop.carries:
        chain: list[Line] = []
        line = made.get(meant(c.next))
        while line is not None and _is_store(line):
            chain.insert(0, line)
            line = made.get(meant(line.args[0]))
        if chain and meant(chain[0].args[0]) is c.param:
            found[c.param] = chain
    return found


def _is_store(line: Line) -> bool:
    return line.kind == "at" or line.function == "lax.dynamic_update_slice"


def _shared(loop: Any, chains: dict[Value, list[Line]]) -> list[Line]:
    """The loads of elements or rows of arrays that are stored into, whose values reach more than the one store."""
    loads = [s for s in loop.block if isinstance(s, Line) and _is_load(s) and meant(s.args[0]) in chains]
    results = [meant(c.next) for c in loop.carries]
    results += [meant(row) for _, row in loop.rows] if isinstance(loop, Scan) else []
    return [load for load in loads if _escapes(load, chains[meant(load.args[0])], loop.block, results)]


def _escapes(load: Line, chain: list[Line], block: Block, results: list[Value]) -> bool:
    if len(chain) > 1:
        return True
    reached = set(load.outs)
    for step in block:
        if step is chain[0]:
            continue
        if any(meant(v) in reached for v in reads_of(step)):
            reached.update(_outs(step))
    return not reached.isdisjoint(results)


def _outs(step: Step) -> list[Value]:
    match step:
        case Line(outs=outs):
            return list(outs)
        case Scan(carries=carries, rows=rows):
            return [*(c.out for c in carries), *(a for a, _ in rows)]
        case _:
            carried: Any = step
            return [c[0] for c in carried.choices] if hasattr(step, "choices") else [c.out for c in carried.carries]


def _is_load(line: Line) -> bool:
    if line.function in _SLICES:
        return True
    if line.kind != "index":
        return False
    index = line.args[1] if isinstance(line.args[1], tuple) else (line.args[1],)
    return any(i.ndim == 0 if isinstance(i, Value) else isinstance(i, int | np.integer) for i in index)

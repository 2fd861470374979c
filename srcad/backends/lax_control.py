"""Recording loops and branches: each of their blocks is recorded on its own (see `lax_record`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.backends.lax_record import (
    Block,
    Carried,
    Cond,
    For,
    Scan,
    Value,
    While,
    append,
    constant_of,
    constant_value,
    meant,
    put,
    recording,
    step_of,
)


def staged_block(function: Callable[..., list[Value]], like: list[Any]) -> tuple[Block, list[Value], list[Value]]:
    """Record `function` of new Values: the block, these, and what it returned."""
    params = [Value(a.shape, a.dtype, hint=getattr(a, "hint", "")) for a in like]
    with recording() as block:
        results = function(*params)
    return block, params, results


def splice(block: Block, params: list[Value], arguments: list[Value]) -> None:
    """The lines of a block that was recorded for `params`, here and for `arguments`.  Once."""
    for param, argument in zip(params, arguments, strict=True):
        assert param.stands_for is None, "a block is used once"
        param.stands_for = argument
        if not argument.hint:
            argument.hint = param.hint
    put(block)


def _carried(params: list[Value], inits: list[Value], after: list[Value]) -> tuple[list[Carried], list[Value]]:
    """What a loop carries, and the values after it; what no trip changes is not carried."""
    carries, results = [], []
    for param, init, new in zip(params, inits, after, strict=True):
        if meant(new) is param:
            param.stands_for = init
            init.hint = init.hint or param.hint
            results.append(init)
        else:
            carries.append(Carried(Value(init.shape, init.dtype, hint=param.hint), param, init, new))
            results.append(carries[-1].out)
    return carries, results


def _closed(carries: list[Carried], results: list[Value], length: Any) -> list[Value]:
    """What grows by the same number in every trip is known after a known number of trips."""
    outs = {c.out: c for c in carries} if isinstance(length, int) else {}
    found = []
    for out in results:
        c = outs.get(out)
        start, by = (None, None) if c is None else (constant_of(meant(c.init)), step_of(c.param, meant(c.next)))
        found.append(out if start is None or by is None else constant_value(start + length * by))
    return found


def scan(function: Callable[..., Any], inits: list[Value], sources: list[Value], length: int,
         reverse: bool) -> tuple[list[Value], list[Value]]:
    """`function(carried, rows)` gives `(carried, new rows)`; returns what is carried at the end, and the new arrays."""
    params = [Value(v.shape, v.dtype) for v in inits]
    by_array = {meant(s): Value(s.shape[1:], s.dtype) for s in sources}
    rows = [by_array[meant(s)] for s in sources]
    with recording() as block:
        after, written = function(params, rows)
    carries, results = _carried(params, inits, after)
    # What is written twice is one array.
    by_row = {row: Value((length, *row.shape), row.dtype) for row in map(meant, written)}
    append(Scan(carries, [(row, array) for array, row in by_array.items()],
                [(array, row) for row, array in by_row.items()], length, reverse, block))
    return _closed(carries, results, length), [by_row[meant(row)] for row in written]


def for_loop(start: int, stop: Any, function: Callable[..., list[Value]], inits: list[Value]) -> list[Value]:
    """`function(index, carried)` gives what is carried on."""
    index = Value((), np.dtype(np.int64))
    params = [Value(v.shape, v.dtype, hint=v.hint) for v in inits]
    with recording() as block:
        after = function(index, params)
    carries, results = _carried(params, inits, after)
    append(For(carries, index, start, stop, block))
    return _closed(carries, results, stop - start if isinstance(stop, int) else None)


def while_loop(going: Callable[..., Value], function: Callable[..., list[Value]], inits: list[Value]) -> list[Value]:
    params = [Value(v.shape, v.dtype, hint=v.hint) for v in inits]
    with recording() as block:
        after = function(params)
    carries, results = _carried(params, inits, after)
    by_param = {c.param: c for c in carries}
    asked = [Value(p.shape, p.dtype, hint=p.hint) if p in by_param else i for p, i in zip(params, inits, strict=True)]
    for a, p in zip(asked, params, strict=True):
        if p in by_param:
            by_param[p].asked = a
    with recording() as test:
        goes_on = going(asked)
    append(While(carries, test, goes_on, block))
    return results


def cond(test: Value, then: Callable[[], list[Value]], orelse: Callable[[], list[Value]]) -> list[Value]:
    with recording() as yes:
        first = then()
    with recording() as no:
        second = orelse()
    made = [(a if meant(a) is meant(b) else Value(a.shape, a.dtype), a, b) for a, b in zip(first, second, strict=True)]
    append(Cond(test, yes, no, [c for c in made if c[0] is not c[1]]))
    return [out for out, _, _ in made]

"""What a recorded program needs: who reads what, and the program without what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from srcad.backends.lax_record import (
    Block,
    Carried,
    Cond,
    For,
    Line,
    Scan,
    Step,
    Value,
    While,
    map_values,
    meant,
    values_in,
)


def reads_of(step: Step) -> list[Value]:
    """What a step reads, with what its own functions read."""
    match step:
        case Line():
            return values_in((step.args, step.kwargs))
        case Scan():
            inner = reads_in(step.block, [*(c.next for c in step.carries), *(r for _, r in step.rows)])
            return [*(c.init for c in step.carries), *(a for _, a in step.sources), *inner]
        case For():
            inner = reads_in(step.block, [c.next for c in step.carries])
            return [*(c.init for c in step.carries), *values_in(step.stop), *inner]
        case While():
            inner = reads_in(step.block, [c.next for c in step.carries])
            return [*(c.init for c in step.carries), *reads_in(step.test, [step.going]), *inner]
        case Cond():
            then = reads_in(step.then, [a for _, a, _ in step.choices])
            return [step.test, *then, *reads_in(step.orelse, [b for _, _, b in step.choices])]
        case _:
            assert_never(step)


def reads_in(block: Block, results: list[Value]) -> list[Value]:
    return [*(v for step in block for v in reads_of(step)), *results]


def every(block: Block) -> Iterator[Step]:
    """All steps, with those of loops and branches."""
    for step in block:
        yield step
        match step:
            case Line():
                continue
            case Scan() | For():
                yield from every(step.block)
            case While():
                yield from every(step.test)
                yield from every(step.block)
            case Cond():
                yield from every(step.then)
                yield from every(step.orelse)
            case _:
                assert_never(step)


def pruned(block: Block, wanted: set[Value]) -> Block:
    """The steps of `block` that have an effect or give what is `wanted`, to which is added what they read."""
    wanted |= {meant(v) for v in wanted}
    kept: Block = []
    for step in reversed(block):
        new = _needed(step, wanted)
        if new is not None:
            kept.append(new)
    return kept[::-1]


def _needed(step: Step, wanted: set[Value]) -> Step | None:
    match step:
        case Line():
            if not step.has_effect and wanted.isdisjoint(step.outs):
                return None
            new = replace(step, args=map_values(meant, step.args), kwargs=map_values(meant, step.kwargs))
            wanted.update(reads_of(new))
            if new.function in ("jnp.minimum", "jnp.maximum") and new.args[0] is new.args[1]:
                # Seen only now that it is known what both are: the next time it is left out.
                new.outs[0].stands_for = new.args[0]
            return new
        case Scan():
            return _scan(step, wanted)
        case For():
            return _for(step, wanted)
        case While():
            return _while(step, wanted)
        case Cond():
            return _cond(step, wanted)
        case _:
            assert_never(step)


def _live(carries: list[Carried], inner: set[Value], outer: set[Value]) -> list[Carried]:
    return [c for c in carries if c.out in outer or c.param in inner or c.asked in inner]


def _carried(carries: list[Carried], block: Block, others: set[Value],
             wanted: set[Value]) -> tuple[list[Carried], set[Value], Block]:
    """The carries that are `wanted`, or that a trip reads which has to give them and `others`; what the body reads; and
    the body."""
    inner: set[Value] = set()
    while True:
        live = _live(carries, inner | others, wanted)
        inner = {*(meant(c.next) for c in live), *others}
        kept = pruned(block, inner)
        if len(_live(carries, inner, wanted)) == len(live):
            break
    wanted |= inner
    return [_meant(c, wanted) for c in live], inner, kept


def _scan(step: Scan, wanted: set[Value]) -> Scan | None:
    rows = [(a, meant(r)) for a, r in step.rows if a in wanted]
    carries, inner, block = _carried(step.carries, step.block, {r for _, r in rows}, wanted)
    if not carries and not rows and not block:
        return None
    sources = [(r, meant(a)) for r, a in step.sources if r in inner]
    wanted.update(a for _, a in sources)
    return replace(step, carries=carries, sources=sources, rows=rows, block=block)


def _meant(c: Carried, wanted: set[Value]) -> Carried:
    new = replace(c, init=meant(c.init), next=meant(c.next))
    wanted.add(new.init)
    return new


def _for(step: For, wanted: set[Value]) -> For | None:
    carries, _, block = _carried(step.carries, step.block, set(), wanted)
    if not carries and not block:
        return None
    stop = map_values(meant, step.stop)
    wanted.update(values_in(stop))
    return replace(step, carries=carries, stop=stop, block=block)


def _while(step: While, wanted: set[Value]) -> While:
    asked = {meant(step.going)}
    test = pruned(step.test, asked)
    carries, _, block = _carried(step.carries, step.block, asked, wanted)
    return replace(step, carries=carries, test=test, going=meant(step.going), block=block)


def _cond(step: Cond, wanted: set[Value]) -> Step | None:
    choices = [(out, meant(a), meant(b)) for out, a, b in step.choices if out in wanted]
    yes, no = {a for _, a, _ in choices}, {b for _, _, b in choices}
    then, orelse = pruned(step.then, yes), pruned(step.orelse, no)
    if not choices and not then and not orelse:
        return None
    test = meant(step.test)
    wanted |= yes | no | {test}
    return replace(step, test=test, choices=choices, then=then, orelse=orelse)

"""Checkpointing: instead of taping what each trip of a loop computes, keep some states, and run trips again.

`checkpoint="sqrt"`: the state after every √n trips is kept, and one segment is run again, with its tapes, and reversed:

    for start in range(0, n, size):                   for start, x in reversed(zip(range(0, n, size), x_tape)):
        x_tape.append(x)                                  for t in range(start, min(start + size, n)):
        for t in range(start, min(start + size, n)):          tape.append(...)
            x = step(x)                                       x = step(x)
                                                          for t in reversed(...):  the adjoint of a trip

A number of snapshots, or a budget of bytes that holds so many, keeps no more at any time: `stops` says where.

    for stop in all_stops(n, 5):                      for k in reversed(range(n)):
        x_kept.append(x)                                  x = x_kept.pop()
        for t in range(start, stop):                      for stop in stops(start, k, free):  the same as before
            x = step(x)                                   the adjoint of trip k, which is run once more

A loop whose trips are counted by running it (`while`) is run first, and keeps its states when it is run again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from srcad.ir import (
    INT,
    OPERATORS,
    Atom,
    Block,
    Carry,
    Element,
    Let,
    Lit,
    Loop,
    Range,
    Stmt,
    Type,
    Undef,
    Var,
    Write,
)
from srcad.ir.build import EXTENT
from srcad.ir.walk import Renamer, every, inner_reads, rebuild
from srcad.rules.sequences import APPEND, ITEM, LENGTH, NEW, POP
from srcad.rules.snapshots import ALL_STOPS, SEGMENT, STOPS, TRIPS, WITHIN
from srcad.rules.tapes import COPY, GETITEM, INDEX_ADD, MINIMUM, SET_AT
from srcad.transforms.loops import Reversal
from srcad.transforms.schedules import Schedule
from srcad.transforms.sweep import Sweep, Thunk


def can_be_run_again(stmt: Loop) -> bool:
    """Is all that a trip does in the values that it carries?  (What an effect gives back can't be had again.)"""
    effects = [s for s in every(stmt.body) if isinstance(s, Let) and s.op.effect and s.outs]
    read = inner_reads(stmt)
    known = all(c.param.type.is_numeric and not (isinstance(c.init, Undef) and c.param in read) for c in stmt.carries)
    return known and not (stmt.writes or stmt.reads or stmt.reverse or effects)


def checkpointed(sweep: Sweep, stmt: Loop) -> Thunk:
    """Emit the loop so that it keeps states; its adjoint runs trips again."""
    assert sweep.checkpoint is not None
    count = _count(sweep, stmt)
    known = count is not None
    outs = None if known else _without_trips(sweep, stmt)
    trips = count if count is not None else outs
    assert trips is not None
    steps = _Steps(sweep, stmt, trips)
    kind = _Segments if sweep.checkpoint == Schedule() else _Binomial
    plan = kind(sweep, stmt, steps)
    if known:
        plan.forward([c.out for c in stmt.carries], effects=True)

    def adjoint() -> None:
        cotangents = sweep.pop([c.out for c in stmt.carries])
        if all(g is None for g in cotangents):
            return
        if not known:
            plan.forward([Var(c.out.hint, c.out.type) for c in stmt.carries], effects=False)
        plan.reverse(cotangents)

    return adjoint


def _count(sweep: Sweep, stmt: Loop) -> Atom | None:
    """The number of trips, if it is known before they are made."""
    build, bounds = sweep.build, stmt.range
    if stmt.test or stmt.until is not None or stmt.trips or len(stmt.elements) + (bounds is not None) != 1:
        return None
    if bounds is None:
        xs = stmt.elements[0].sequence
        return build.call(LENGTH, xs) if xs.type.kind == "sequence" else build.call(EXTENT, xs, axis=0)
    if bounds.start == Lit(0) and bounds.step == Lit(1):
        return bounds.stop
    return build.call(TRIPS, bounds.start, bounds.stop, bounds.step)


def _without_trips(sweep: Sweep, stmt: Loop) -> Var:
    """Run the loop, keeping nothing, and count its trips."""
    copy = Renamer().stmt(stmt)
    assert isinstance(copy, Loop)
    trips = stmt.trips or Var("trips", INT)
    carries = tuple(replace(c, out=own.out) for c, own in zip(copy.carries, stmt.carries, strict=True))
    sweep.build.add(replace(copy, carries=carries, trips=trips, broke=stmt.broke))
    return trips


class _Steps:
    """A loop as one over the numbers of its trips."""

    def __init__(self, sweep: Sweep, stmt: Loop, trips: Atom) -> None:
        self.sweep, self.stmt, self.trips = sweep, stmt, trips
        bounds = stmt.range
        plain = bounds is None or (bounds.start == Lit(0) and bounds.step == Lit(1))
        self.index = stmt.index if plain and stmt.index else Var("k", INT)
        with sweep.build.nested() as head:
            if stmt.index and self.index is not stmt.index:
                assert bounds is not None
                self._bind(stmt.index, OPERATORS["add"], bounds.start,
                           sweep.build.call(OPERATORS["mul"], self.index, bounds.step))
            for e in stmt.elements:
                self._bind(e.var, ITEM if e.sequence.type.kind == "sequence" else GETITEM, e.sequence, self.index)
        self.effects: Block = (*head, *stmt.body)
        self.body = without_effects(self.effects)

    def _bind(self, v: Var, op: Any, *args: Any) -> None:
        self.sweep.build.call(op, *args)
        made = self.sweep.build.stmts[-1]
        assert isinstance(made, Let)
        self.sweep.build.stmts[-1] = replace(made, outs=(v,))

    def loop(self, start: Atom, stop: Atom, inits: Iterable[Atom], body: Block) -> Loop:
        """The trips from `start` to `stop`, from these states."""
        carries = tuple(replace(c, out=Var(c.param.hint, c.out.type), init=i)
                        for c, i in zip(self.stmt.carries, inits, strict=True))
        return Loop(body, index=self.index, range=Range(start, stop, Lit(1)), carries=carries, span=self.stmt.span)

    def _is_stored(self, carry: Carry) -> bool:
        return carry.param.type.kind == "array" and any(
            isinstance(s, Let) and s.op in (SET_AT, INDEX_ADD) and s.args[0] is carry.param or
            isinstance(s, Loop) and any(c.init is carry.param for c in s.carries) for s in every(self.stmt.body))

    def run(self, start: Atom, stop: Atom, inits: Iterable[Any], effects: bool) -> list[Var]:
        """Emit these trips; what they end with."""
        # The first state is kept, so what is stored to is a copy.
        inits = [self.sweep.build.call(COPY, a, hint=a.hint) if self._is_stored(c) else a
                 for a, c in zip(inits, self.stmt.carries, strict=True)]
        copy = Renamer().stmt(self.loop(start, stop, inits, self.effects if effects else self.body))
        assert isinstance(copy, Loop)
        self.sweep.build.add(copy)
        return [c.out for c in copy.carries]


def without_effects(block: Block) -> Block:
    """What was printed and raised is not printed and raised again."""
    return tuple(rebuild(s, lambda a: a, without_effects) for s in block
                 if not (isinstance(s, Let) and s.op.effect))


class _Plan:
    def __init__(self, sweep: Sweep, stmt: Loop, steps: _Steps) -> None:
        self.sweep, self.stmt, self.steps = sweep, stmt, steps
        self.build, self.trips = sweep.build, steps.trips

    def states(self) -> list[Var]:
        return [Var(c.param.hint, c.param.type) for c in self.stmt.carries]


class _Segments(_Plan):
    """The state is kept at the start of every segment."""

    def forward(self, outs: list[Var], effects: bool) -> None:
        self.size = self.build.call(SEGMENT, self.trips, hint="size")
        start, states = Var("start", INT), self.states()
        with self.build.nested() as body:
            ends = self.steps.run(start, self._end(start), states, effects)
        self.tapes = [Write(Var(f"{v.hint}_tape" if v.hint else "", Type("sequence", item=v.type)), v) for v in states]
        carries = tuple(Carry(out, v, c.init, end)
                        for out, v, c, end in zip(outs, states, self.stmt.carries, ends, strict=True))
        self.build.add(Loop(tuple(body), index=start, range=Range(Lit(0), self.trips, self.size), carries=carries,
                            writes=tuple(self.tapes), span=self.stmt.span))

    def _end(self, start: Var) -> Var:
        return self.build.call(MINIMUM, self.build.call(OPERATORS["add"], start, self.size), self.trips)

    def reverse(self, cotangents: list[Any]) -> None:
        start, params = Var("start", INT), self.states()
        with self.build.nested() as head:
            end = self._end(start)
        inner = self.steps.loop(start, end, params, self.steps.body)
        ends = [c.out for c in inner.carries]
        self.sweep.active |= {v for c, p, e in zip(self.stmt.carries, params, ends, strict=True)
                              if c.param in self.sweep.active for v in (p, e)}
        whole = Loop((*head, inner), index=start, range=Range(Lit(0), self.trips, self.size), span=self.stmt.span,
                     carries=tuple(Carry(c.out, p, c.init, e)
                                   for c, p, e in zip(self.stmt.carries, params, ends, strict=True)))
        rows = dict(zip(params, (w.tape for w in self.tapes), strict=True))
        _Again(self.sweep, whole, [], cotangents, [], rows).emit([])


class _Binomial(_Plan):
    """At most a given number of states is kept."""

    def forward(self, outs: list[Var], effects: bool) -> None:
        given = self.sweep.checkpoint
        assert given is not None
        inits = [c.init for c in self.stmt.carries]
        self.snapshots: Atom = Lit(given.snapshots)
        if given.budget is not None:
            self.snapshots = self.build.call(WITHIN, given.budget, *inits, hint="snapshots")
        kept = [Carry(Var(f"{v.hint}_kept" if v.hint else "kept", empty.type), Var("", empty.type), empty, empty)
                for v in [Var("start", INT), *self.states()] for empty in [self._empty(v)]]
        stops = self.build.call(ALL_STOPS, self.trips, self.snapshots)
        self.kept = self.run(stops, Lit(0), inits, [c.init for c in kept], outs, effects)

    def _empty(self, v: Var) -> Var:
        made = self.build.call(NEW, hint=f"{v.hint}_kept" if v.hint else "kept")
        let = self.build.stmts[-1]
        assert isinstance(let, Let)
        typed = Var(made.hint, Type("sequence", item=v.type))
        self.build.stmts[-1] = replace(let, outs=(typed,))
        return typed

    def run(self, stops: Var, start: Atom, inits: list[Any], kept: list[Any], outs: list[Var], effects: bool
            ) -> list[Var]:
        """Run to these stops, and keep the state at the beginning of each stretch: what is kept then."""
        stop, first, states = Var("stop", INT), Var("start", INT), self.states()
        lists = [Var(k.hint, k.type) for k in kept]
        with self.build.nested() as body:
            grown = [self.build.call(APPEND, k, v, hint=k.hint)
                     for k, v in zip(lists, (first, *states), strict=True)]
            ends = self.steps.run(first, stop, states, effects)
        results = [Var(k.hint, k.type) for k in kept]
        carries = [Carry(Var("start", INT), first, start, stop),
                   *map(Carry, results, lists, kept, grown), *map(Carry, outs, states, inits, ends)]
        self.build.add(Loop(tuple(body), elements=(Element(stop, stops),), carries=tuple(carries),
                            span=self.stmt.span))
        return results

    def reverse(self, cotangents: list[Any]) -> None:
        stmt, steps = self.stmt, self.steps
        trip = Loop(steps.body, index=steps.index, range=Range(Lit(0), self.trips, Lit(1)), carries=stmt.carries,
                    span=stmt.span)
        _Trip(self, trip, cotangents).emit([])


class _Again(Reversal):
    """A reversed loop whose trips are run again, from states that `rows` has, and then reversed."""

    def __init__(self, sweep: Sweep, stmt: Loop, body: list[Stmt], outs: list, tapes: list,
                 rows: dict[Var, Var]) -> None:
        super().__init__(sweep, stmt, body, outs, tapes)
        self.rows_of = rows

    def backward(self, thunks: Any) -> None:
        with self.sweep.inside_loop():
            again = self.sweep.forward(self.stmt.body)
        self.sweep.backward(again)

    def tape_of(self, v: Var) -> Var | None:
        return self.rows_of.get(v)


class _Trip(Reversal):
    """The reversed loop of a binomial schedule: a trip goes to the last state that is kept, and on from there."""

    def __init__(self, plan: _Binomial, stmt: Loop, outs: list) -> None:
        super().__init__(plan.sweep, stmt, [], outs, [])
        self.plan = plan

    def backward(self, thunks: Any) -> None:
        plan, build, index = self.plan, self.sweep.build, self.stmt.index
        params = [Var(k.hint, k.type) for k in plan.kept]
        popped = [build.calls(POP, p) for p in params]
        start, *inits = (item for _, item in popped)
        rest = [others for others, _ in popped]
        for v, like in zip((*rest, start, *inits), (*params, Var("start", INT), *plan.states()), strict=True):
            v.hint = like.hint
        free = build.call(OPERATORS["sub"], plan.snapshots, build.call(LENGTH, rest[0]))
        stops = build.call(STOPS, start, index, free)
        kept = plan.run(stops, start, inits, rest, [c.param for c in self.stmt.carries], effects=False)
        self.extra = [Carry(Var(k.hint, k.type), p, k, new) for k, p, new in zip(plan.kept, params, kept, strict=True)]
        with self.sweep.inside_loop():
            again = self.sweep.forward(self.stmt.body)
        self.sweep.backward(again)


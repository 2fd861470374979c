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
from dataclasses import dataclass, replace
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
    Var,
    Write,
)
from srcad.ir.build import EXTENT
from srcad.ir.walk import Renamer, every, substitute
from srcad.rules.sequences import APPEND, ITEM, LENGTH, NEW, POP, SLICE
from srcad.rules.snapshots import ALL_STOPS, SEGMENT, STOPS, TRIPS, WITHIN
from srcad.rules.tapes import COPY, GETITEM, INDEX_ADD, MINIMUM, SET_AT
from srcad.transforms.loops import Reversal, tape_type
from srcad.transforms.rerun import blank, given_by_effects, state, without_effects
from srcad.transforms.schedules import Schedule
from srcad.transforms.sweep import Sweep, Thunk


def checkpointed(sweep: Sweep, stmt: Loop) -> Thunk:
    """Emit the loop so that it keeps states; its adjoint runs trips again."""
    assert sweep.checkpoint is not None
    given = [Write(Var("", tape_type(v.type)), v) for v in given_by_effects(stmt.body)]
    stateless, count = not state(stmt), _count(sweep, stmt)
    known = count is not None and not stateless
    trips = count if known else _plainly(sweep, stmt, given, count)
    assert trips is not None
    steps = _Steps(sweep, stmt, trips, given)
    kind = _Stateless if stateless else _Segments if sweep.checkpoint == Schedule() else _Binomial
    plan = kind(sweep, stmt, steps)
    if known:
        plan.forward(steps.first, steps.results)

    def adjoint() -> None:
        cotangents, rows = sweep.pop([c.out for c in stmt.carries]), sweep.pop([w.tape for w in stmt.writes])
        if all(g is None for g in (*cotangents, *rows)):
            return
        if not known:
            plan.forward(steps.again, [Var(c.out.hint, c.out.type) for c in steps.again.carries])
        plan.reverse(cotangents, rows)

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


def _plainly(sweep: Sweep, stmt: Loop, given: list[Write], count: Atom | None) -> Atom:
    """Run the loop, keeping no states, and count its trips if nobody knows their number."""
    copy = Renamer().stmt(replace(stmt, writes=(*stmt.writes, *given)))
    assert isinstance(copy, Loop)
    trips = stmt.trips if count is not None else stmt.trips or Var("trips", INT)
    carries = tuple(replace(c, out=own.out) for c, own in zip(copy.carries, stmt.carries, strict=True))
    writes = tuple(replace(w, tape=own.tape) for w, own in zip(copy.writes, (*stmt.writes, *given), strict=True))
    sweep.build.add(replace(copy, carries=carries, writes=writes, trips=trips, broke=stmt.broke))
    found = trips if count is None else count
    assert found is not None
    return found


@dataclass(frozen=True)
class _Run:
    """What trips carry and do: the first time, or when they are run again."""

    carries: list[Carry]
    body: Block


class _Steps:
    """A loop as one over the numbers of its trips.

    `state` is what is kept of a trip; `given` lists what effects gave in all of them."""

    def __init__(self, sweep: Sweep, stmt: Loop, trips: Atom, given: list[Write]) -> None:
        self.sweep, self.stmt, self.trips, self.state = sweep, stmt, trips, state(stmt)
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
        with sweep.build.nested() as kept:
            for w in given:
                assert isinstance(w.row, Var)
                self._bind(w.row, ITEM, w.tape, self.index)
        lists = [self._list(w) for w in (*stmt.writes, *given)]
        self.first = _Run([*stmt.carries, *(c for c, _ in lists)], (*head, *stmt.body, *(a for _, a in lists)))
        self.results = [c.out for c in self.first.carries]
        self.trip: Block = (*head, *kept, *without_effects(stmt.body))
        self.others = [c for c in stmt.carries if not any(c is s for s in self.state)]
        self.again = _Run(self.state, substitute(self.trip, blank(self.others)))

    def _bind(self, v: Var, op: Any, *args: Any) -> None:
        self.sweep.build.call(op, *args)
        made = self.sweep.build.stmts[-1]
        assert isinstance(made, Let)
        self.sweep.build.stmts[-1] = replace(made, outs=(v,))

    def _list(self, write: Write) -> tuple[Carry, Stmt]:
        """A tape as a list that grows in every trip."""
        so_far = Var(write.tape.hint, write.tape.type)
        with self.sweep.build.nested() as body:
            grown = self.sweep.build.call(APPEND, so_far, write.row, hint=write.tape.hint)
        return Carry(write.tape, so_far, Lit(None), grown), body[0]

    def loop(self, start: Atom, stop: Atom, inits: Iterable[Atom], run: _Run) -> Loop:
        """The trips from `start` to `stop`, from these values."""
        carries = tuple(replace(c, out=Var(c.param.hint, c.out.type), init=i)
                        for c, i in zip(run.carries, inits, strict=True))
        return Loop(run.body, index=self.index, range=Range(start, stop, Lit(1)), carries=carries, span=self.stmt.span)

    def _is_stored(self, carry: Carry) -> bool:
        return carry.param.type.kind == "array" and any(
            isinstance(s, Let) and s.op in (SET_AT, INDEX_ADD) and s.args[0] is carry.param or
            isinstance(s, Loop) and any(c.init is carry.param for c in s.carries) for s in every(self.stmt.body))

    def run(self, start: Atom, stop: Atom, inits: Iterable[Any], run: _Run) -> list[Var]:
        """Emit these trips; what they end with."""
        # The first state is kept, so what is stored to is a copy.
        inits = [self.sweep.build.call(COPY, a, hint=a.hint) if self._is_stored(c) else a
                 for a, c in zip(inits, run.carries, strict=True)]
        copy = Renamer().stmt(self.loop(start, stop, inits, run))
        assert isinstance(copy, Loop)
        self.sweep.build.add(copy)
        return [c.out for c in copy.carries]


class _Plan:
    def __init__(self, sweep: Sweep, stmt: Loop, steps: _Steps) -> None:
        self.sweep, self.stmt, self.steps = sweep, stmt, steps
        self.build, self.trips = sweep.build, steps.trips

    def inits(self, run: _Run) -> list[Atom]:
        return [self.empty(c.param) if c.init == Lit(None) else c.init for c in run.carries]

    def empty(self, v: Var) -> Var:
        """A new list."""
        made = self.build.call(NEW, hint=v.hint)
        let = self.build.stmts[-1]
        assert isinstance(let, Let)
        typed = Var(made.hint, v.type)
        self.build.stmts[-1] = replace(let, outs=(typed,))
        return typed

    def kept_of(self, run: _Run, values: list[Var]) -> list[Var]:
        """What is kept of these values at the head of a trip."""
        return [v for c, v in zip(run.carries, values, strict=True) if any(c is s for s in self.steps.state)]


def _params(run: _Run) -> list[Var]:
    return [Var(c.param.hint, c.param.type) for c in run.carries]


class _Stateless(_Plan):
    """A trip needs nothing of the one before: it is run again where its adjoint is."""

    def forward(self, run: _Run, outs: list[Var]) -> None:
        """The loop has been run as it is."""

    def reverse(self, cotangents: list[Any], rows: list[Any]) -> None:
        trip = Loop(self.steps.trip, index=self.steps.index, range=Range(Lit(0), self.trips, Lit(1)),
                    carries=self.stmt.carries, writes=self.stmt.writes, span=self.stmt.span)
        _Again(self.sweep, trip, cotangents, rows, self.steps.others).emit([])


class _Segments(_Plan):
    """The state is kept at the start of every segment."""

    def forward(self, run: _Run, outs: list[Var]) -> None:
        inits = self.inits(run)
        self.size = self.build.call(SEGMENT, self.trips, hint="size")
        start, states = Var("start", INT), _params(run)
        with self.build.nested() as body:
            ends = self.steps.run(start, self._end(start), states, run)
        self.tapes = [Write(Var(f"{v.hint}_tape" if v.hint else "", tape_type(v.type)), v)
                      for v in self.kept_of(run, states)]
        carries = tuple(map(Carry, outs, states, inits, ends))
        self.build.add(Loop(tuple(body), index=start, range=Range(Lit(0), self.trips, self.size), carries=carries,
                            writes=tuple(self.tapes), span=self.stmt.span))

    def _end(self, start: Var) -> Var:
        return self.build.call(MINIMUM, self.build.call(OPERATORS["add"], start, self.size), self.trips)

    def reverse(self, cotangents: list[Any], rows: list[Any]) -> None:
        active, carries = self.sweep.active, self.stmt.carries
        whole = _Run(list(carries), self.steps.trip)
        start, params = Var("start", INT), _params(whole)
        with self.build.nested() as head:
            end = self._end(start)
        inner = self.steps.loop(start, end, params, whole)
        inner = replace(inner, writes=tuple(replace(w, tape=Var("", w.tape.type)) for w in self.stmt.writes))
        ends = [c.out for c in inner.carries]
        self.sweep.active |= {v for c, p, e in zip(carries, params, ends, strict=True)
                              for v, of in ((p, c.param), (e, c.param), (e, c.out)) if of in active}
        self.sweep.active |= {w.tape for w in inner.writes}
        segment = Loop((*head, inner), index=start, range=Range(Lit(0), self.trips, self.size), span=self.stmt.span,
                       carries=tuple(Carry(c.out, p, c.init, e)
                                     for c, p, e in zip(carries, params, ends, strict=True)),
                       writes=tuple(Write(Var("", tape_type(w.tape.type)), w.tape) for w in inner.writes))
        others = [c for c, own in zip(segment.carries, carries, strict=True)
                  if any(own is o for o in self.steps.others)]
        again = _Again(self.sweep, segment, cotangents, rows, others)
        again.rows = []   # a trip takes a part of them
        again.kept = dict(zip(self.kept_of(whole, params), (w.tape for w in self.tapes), strict=True))
        again.parts = [(w.tape, g, start, end) for w, g in zip(inner.writes, rows, strict=True) if g is not None]
        again.emit([])


class _Binomial(_Plan):
    """At most a given number of states is kept."""

    def forward(self, run: _Run, outs: list[Var]) -> None:
        given = self.sweep.checkpoint
        assert given is not None
        inits, states = self.inits(run), self.steps.state
        self.snapshots: Atom = Lit(given.snapshots)
        if given.budget is not None:
            self.snapshots = self.build.call(WITHIN, given.budget, *(c.init for c in states), hint="snapshots")
        kept = [self.empty(Var(f"{v.hint}_kept" if v.hint else "kept", tape_type(v.type)))
                for v in [Var("start", INT), *(c.param for c in states)]]
        stops = self.build.call(ALL_STOPS, self.trips, self.snapshots)
        self.kept = self.stretches(run, stops, Lit(0), inits, kept, outs)

    def stretches(self, run: _Run, stops: Var, start: Atom, inits: list[Any], kept: list[Any], outs: list[Var]
                  ) -> list[Var]:
        """Run to these stops, and keep the state at the beginning of each stretch: what is kept then."""
        stop, first, states = Var("stop", INT), Var("start", INT), _params(run)
        lists = [Var(k.hint, k.type) for k in kept]
        with self.build.nested() as body:
            grown = [self.build.call(APPEND, k, v, hint=k.hint)
                     for k, v in zip(lists, (first, *self.kept_of(run, states)), strict=True)]
            ends = self.steps.run(first, stop, states, run)
        results = [Var(k.hint, k.type) for k in kept]
        carries = [Carry(Var("start", INT), first, start, stop),
                   *map(Carry, results, lists, kept, grown), *map(Carry, outs, states, inits, ends)]
        self.build.add(Loop(tuple(body), elements=(Element(stop, stops),), carries=tuple(carries),
                            span=self.stmt.span))
        return results

    def reverse(self, cotangents: list[Any], rows: list[Any]) -> None:
        trip = Loop(self.steps.trip, index=self.steps.index, range=Range(Lit(0), self.trips, Lit(1)),
                    carries=self.stmt.carries, writes=self.stmt.writes, span=self.stmt.span)
        _Trip(self, trip, cotangents, rows).emit([])


class _Again(Reversal):
    """A reversed loop whose trips are run again, and then reversed.

    `kept` has the states from which they are run, `parts` the cotangents of rows, of which each trip takes a part;
    `others` are the carries whose values no trip reads."""

    def __init__(self, sweep: Sweep, stmt: Loop, cotangents: list, rows: list, others: list[Carry]) -> None:
        super().__init__(sweep, stmt, [], cotangents, rows)
        self.others = others
        self.kept: dict[Var, Var] = {}
        self.parts: list[tuple[Var, Any, Var, Var]] = []

    def backward(self, thunks: Any) -> None:
        with self.sweep.inside_loop():
            again = self.sweep.forward(self.stmt.body)
        for tape, g, start, end in self.parts:
            part = SLICE if g.type.kind == "sequence" else GETITEM
            self.sweep.add(tape, self.sweep.build.call(part, g, slice(start, end)))
        self.sweep.backward(again)

    def tape_of(self, v: Var) -> Var | None:
        return self.kept.get(v)

    def known(self, block: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        return substitute(block, blank(self.others))


class _Trip(_Again):
    """The reversed loop of a binomial schedule: a trip goes to the last state that is kept, and on from there."""

    def __init__(self, plan: _Binomial, stmt: Loop, cotangents: list, rows: list) -> None:
        super().__init__(plan.sweep, stmt, cotangents, rows, plan.steps.others)
        self.plan = plan

    def backward(self, thunks: Any) -> None:
        plan, build, index = self.plan, self.sweep.build, self.stmt.index
        states = plan.steps.state
        params = [Var(k.hint, k.type) for k in plan.kept]
        popped = [build.calls(POP, p) for p in params]
        start, *inits = (item for _, item in popped)
        rest = [others for others, _ in popped]
        for v, like in zip((*rest, start, *inits), (*params, Var("start", INT), *(c.param for c in states)),
                           strict=True):
            v.hint = like.hint
        free = build.call(OPERATORS["sub"], plan.snapshots, build.call(LENGTH, rest[0]))
        stops = build.call(STOPS, start, index, free)
        kept = plan.stretches(plan.steps.again, stops, start, inits, rest, [c.param for c in states])
        self.extra = [Carry(Var(k.hint, k.type), p, k, new) for k, p, new in zip(plan.kept, params, kept, strict=True)]
        super().backward(thunks)

"""Where each variable's value is still needed.

The printed program is a line of points.  A variable's range is a list of intervals [start, end): it starts where the value
is stored and ends where it is read last, so `x = f(x)` has two variables `x` whose ranges only touch.  One backward
walk finds all ranges: a read opens one, the definition closes it.

Copies that the printer writes are definitions too: at the end of each branch of an `If` its choices, before a loop and at the
end of each trip its carries.  What a branch alone reads is live in that branch only, and what a loop reads
of its surroundings is live in all of the loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from srcad.backends.inline import Inlining
from srcad.backends.usage import Uses, alive, dead
from srcad.ir.core import Block, Func, If, Let, Loop, Stmt, Var
from srcad.ir.walk import binds, entry_atoms, every, exit_atoms, loop_locals

Interval = tuple[int, int]
Ranges = dict[Var, list[Interval]]


def live_ranges(func: Func, uses: Uses, inlining: Inlining, late: frozenset[Let]) -> Ranges:
    """The intervals of every variable that is printed, in order.  `late`: Lets that bind before they have read all."""
    walker = _Walker(uses, inlining, late)
    walker.read(func.outputs)
    walker.block(func.body)
    walker.define(func.inputs)
    return {v: list(reversed(intervals)) for v, intervals in walker.ranges.items()}


class _Walker:
    def __init__(self, uses: Uses, inlining: Inlining, late: frozenset[Let]) -> None:
        self.uses, self.inlining, self.late = uses, inlining, late
        self.now = 0
        self.open: dict[Var, int] = {}
        self.opened: list[list[Var]] = []
        self.ranges: Ranges = {}

    def read(self, atoms: Iterable[Any], end: int | None = None) -> None:
        for v in self.inlining.leaves(atoms):
            self._open(v, self.now if end is None else end)

    def _open(self, v: Var, end: int) -> None:
        if v not in self.open:
            self.open[v] = end
            if self.opened:
                self.opened[-1].append(v)

    def define(self, variables: Iterable[Var]) -> None:
        """A definition at this point: the value was dead before."""
        for v in variables:
            end = self.open.pop(v, self.now + 1)
            self._interval(v, self.now, max(end, self.now + 1))

    def _interval(self, v: Var, start: int, end: int) -> None:
        intervals = self.ranges.setdefault(v, [])
        if intervals and intervals[-1][0] <= end:
            intervals[-1] = (start, max(end, intervals[-1][1]))
        else:
            intervals.append((start, end))

    def block(self, block: Block) -> None:
        for stmt in reversed(block):
            self.now -= 2
            if not dead(stmt, self.uses):
                self._stmt(stmt)

    def _stmt(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                if len(stmt.outs) != 1 or stmt.out not in self.inlining.at:
                    self.define(stmt.outs)
                    self.read(stmt.args, self.now + 1 if stmt in self.late else self.now)
            case If() if stmt in self.inlining.expressions:
                choice = self.inlining.expressions[stmt]
                if choice.out not in self.inlining.at:
                    self.define([choice.out])
                    self.read(self.inlining.operands(stmt))
            case If():
                self._if(stmt)
            case Loop():
                self._loop(stmt)
            case _:
                assert_never(stmt)

    def _if(self, stmt: If) -> None:
        live = [c for c in stmt.choices if self.uses[c.out]]
        ends = {c.out: self.open.pop(c.out, self.now + 1) for c in live}
        needed: dict[Var, None] = {}
        join = self.now
        for block, side in ((stmt.orelse, "orelse"), (stmt.then, "then")):
            self.opened.append([])
            last = self.now
            self.now -= 2
            for c in live:
                self._interval(c.out, self.now, ends[c.out] if side == "orelse" else last)
            self.read(getattr(c, side) for c in live)
            self.block(block)
            self.now -= 2
            for v in self.opened.pop():
                if v in self.open:
                    self._interval(v, self.now, self.open.pop(v))
                    needed[v] = None
        assert self.now < join
        self.now -= 2
        for v in needed:
            self._open(v, self.now + 2)
        self.read([stmt.test])

    def _loop(self, loop: Loop) -> None:
        uses, after = self.uses, self.now
        carries = [c for c in loop.carries if alive(c, uses)]
        for c in carries:
            if uses[c.out]:
                self.define([c.out])
        collected = [v for v in (*(w.tape for w in loop.writes), loop.trips, loop.broke) if v]
        ends = {v: self.open.pop(v, after) for v in collected}
        for v in self._from_outside(loop):
            self._open(v, after)
        self.now -= 2
        if loop.until is not None:
            self.read([loop.until])
        self.now -= 2
        for c in carries:
            self._interval(c.param, self.now, max(after, self.now + 1))
        self.read(c.next for c in carries)
        self._body(loop, carries)
        for c in carries:
            self.define([c.param])
        for v in collected:
            self._interval(v, self.now, ends[v])
        self.read(c.init for c in carries)

    def _body(self, loop: Loop, carries: list[Any]) -> None:
        # A row is appended where it is bound, or first thing in the trip: its range is not longer for it.
        self.block(loop.body)
        self.now -= 2
        own = {v for stmt in loop.body for v in binds(stmt)}
        self.read(w.row for w in loop.writes if w.row not in own)
        leaving = [c.param for c in carries if self.uses[c.out]]
        if loop.test:
            self.now -= 2
            self.read([loop.test.result, *leaving], self.now + 1)
            self.block(loop.test.body)
        self.now -= 2
        heads = [v for v in loop_locals(loop) if v not in {c.param for c in loop.carries}]
        self.define(v for v in heads if self.uses[v])
        self.read(leaving, self.now + 1)
        self.now -= 2
        bounds = [loop.range.start, loop.range.stop, loop.range.step] if loop.range else []
        self.read([*bounds, *(e.sequence for e in loop.elements), *(r.tape for r in loop.reads)])
        self.now -= 2

    def _from_outside(self, loop: Loop) -> list[Var]:
        """What the trips read of the loop's surroundings: every variable is bound once, so order does not matter."""
        read: set[Any] = set(exit_atoms(loop))
        inside: set[Var] = set(loop_locals(loop))
        if loop.test:
            read.add(loop.test.result)
        for stmt in (*every(loop.test.body if loop.test else ()), *every(loop.body)):
            read.update(_atoms(stmt))
            inside.update(binds(stmt))
            if isinstance(stmt, Loop):
                inside.update(loop_locals(stmt))
        return sorted((v for v in read if isinstance(v, Var) and v not in inside), key=lambda v: v.serial)


def _atoms(stmt: Stmt) -> list[Any]:
    """All that `stmt` itself mentions, without its blocks."""
    match stmt:
        case Let(args=args):
            return list(args)
        case If():
            return [stmt.test, *(a for c in stmt.choices for a in (c.then, c.orelse))]
        case Loop():
            return [*entry_atoms(stmt), *exit_atoms(stmt), *([stmt.test.result] if stmt.test else [])]
        case _:
            assert_never(stmt)

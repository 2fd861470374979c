"""Where each variable's value is still needed.

The printed program is a line of points.  A variable's range is a list of intervals [start, end): it starts where the
value is stored and ends where it is read last, so `x = f(x)` has two variables `x` whose ranges only touch.  One
backward walk finds all ranges: a read opens one, the definition closes it.

Copies that the printer writes are definitions too: at the end of each branch of an `If` its choices, before a loop and
at the end of each trip its carries.  What a branch alone reads is live in that branch only, and what a loop reads
of its surroundings is live in all of the loop.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from srcad.ir.core import Atom, Block, Choice, Func, If, Let, Loop, Stmt, Var
from srcad.ir.walk import binds, entry_atoms, every, exit_atoms, loop_locals
from srcad.transforms.usage import Uses, alive, count_uses, dead

Interval = tuple[int, int]
Ranges = dict[Var, list[Interval]]


@dataclass
class Inlining:
    """`at[v]` is printed where `v` is read; `expressions` are the Ifs that are printed as an expression."""

    at: dict[Var, Let | If] = field(default_factory=dict)
    expressions: dict[If, Choice] = field(default_factory=dict)

    def leaves(self, atoms: Iterable[Any]) -> list[Var]:
        """The variables that the text of `atoms` mentions."""
        found: list[Var] = []
        pending = [a for a in atoms if isinstance(a, Var)]
        if not self.at:
            return pending
        while pending:
            v = pending.pop()
            inner = self.at.get(v)
            if inner is None:
                found.append(v)
            else:
                pending += [a for a in self.operands(inner) if isinstance(a, Var)]
        return found

    def operands(self, stmt: Let | If) -> Sequence[Atom]:
        if isinstance(stmt, Let):
            return stmt.args
        choice = self.expressions[stmt]
        return (stmt.test, choice.then, choice.orelse)


@dataclass(frozen=True)
class Liveness:
    """Ranges, and the points of the operations."""

    ranges: Ranges
    points: dict[Let, int]

    def after(self, let: Let, v: Var) -> bool:
        """Is the value of `v` still needed when `let` is done?  (Of an operation that is not done: yes.)"""
        point = self.points.get(let)
        if point is None:
            return True
        intervals = self.ranges.get(v, ())
        i = bisect_right(intervals, (point, 1)) - 1
        return i >= 0 and intervals[i][1] > point


def liveness(func: Func, uses: Uses | None = None) -> Liveness:
    """Where values are needed when every statement is done in its place."""
    walker = _walked(func, count_uses(func) if uses is None else uses, Inlining(), frozenset())
    return Liveness(walker.finished(), walker.points)


def live_ranges(func: Func, uses: Uses, inlining: Inlining, late: frozenset[Let]) -> Ranges:
    """The intervals of every variable that is printed, in order.

    `late`: Lets that bind their result before they read more than their first argument."""
    return _walked(func, uses, inlining, late).finished()


def _walked(func: Func, uses: Uses, inlining: Inlining, late: frozenset[Let]) -> _Walker:
    walker = _Walker(uses, inlining, late)
    walker.read(func.outputs)
    walker.block(func.body)
    walker.now -= 2
    walker.define(func.inputs)
    return walker


class _Walker:
    def __init__(self, uses: Uses, inlining: Inlining, late: frozenset[Let]) -> None:
        self.uses, self.inlining, self.late = uses, inlining, late
        self.now = 0
        self.open: dict[Var, int] = {}
        self.opened: list[list[Var]] = []
        self.ranges: Ranges = {}
        self.points: dict[Let, int] = {}

    def finished(self) -> Ranges:
        return {v: intervals[::-1] for v, intervals in self.ranges.items()}

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
                self.points[stmt] = self.now
                if len(stmt.outs) != 1 or stmt.out not in self.inlining.at:
                    self.define(stmt.outs)
                    if stmt in self.late:
                        self.read(stmt.args[1:], self.now + 1)
                    self.read(stmt.args)
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
            if stmt.catches and side == "then":
                # What the handler reads must be there wherever the block raises.
                for v in needed:
                    self._open(v, last)
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
            # What a carry was just set to is read as that carry.
            following = {c.next: c.param for c in carries}
            self.read(following.get(v, v) for v in self.inlining.leaves([loop.until]))
        self.now -= 2
        for c in carries:
            self.open.pop(c.param, None)
            self._interval(c.param, self.now, max(after, self.now + 1))
        self.read(c.next for c in carries)
        self._body(loop, carries, after)
        for c in carries:
            self.define([c.param])
        for v in collected:
            self._interval(v, self.now, ends[v])
        self.read(c.init for c in carries)

    def _body(self, loop: Loop, carries: list[Any], after: int) -> None:
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
        self.read(bounds)
        # An iterator reads its sequence as long as the loop runs.
        self.read([*(e.sequence for e in loop.elements), *(r.tape for r in loop.reads)], after)
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

"""The adjoint of a loop is a loop: over the same range, the other way round.

    for t in range(n):                     for t in reversed(range(n)):
        h = tanh(w * h)        becomes         h = h_tape[t]
                                               dw = dw + dh * (1 - h * h) * …
                                               dh = dh * (1 - h * h) * w

    a carry                  carries its cotangent: in at `out`, from `next` to `param` in a trip, out at `init`
    a value from outside     has an accumulator, another carry
    an element, a row read   writes a row of cotangents; together they are the cotangent of the sequence or tape
    a row written            reads the row of its tape's cotangent

A loop whose trips are not known before it runs (a test, a break) counts them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from srcad.ir import (
    HOLE,
    INT,
    OPERATORS,
    Atom,
    Carry,
    Element,
    Form,
    Let,
    Lit,
    Loop,
    Range,
    Read,
    Stmt,
    Type,
    Var,
    Write,
    run,
)
from srcad.ir.walk import bound, free, inner_reads, loop_locals
from srcad.rules.shapes import unbroadcast_to
from srcad.rules.tapes import ARRAY, ROWS_INTO
from srcad.transforms.activity import useful_in_loop
from srcad.transforms.derived import dual
from srcad.transforms.sweep import Sweep, Thunk, Thunks, bar_of


def loop(sweep: Sweep, stmt: Loop) -> Thunk | None:
    """Emit the loop; its adjoint will say what it must tape."""
    results = (*(c.out for c in stmt.carries), *(w.tape for w in stmt.writes))
    undone = sweep.restoring.changed(stmt)
    if sweep.active.isdisjoint(results) and not undone:
        sweep.build.add(stmt)
        return None
    put = sweep.reserve(stmt)
    with sweep.build.nested() as body, sweep.inside_loop():
        thunks = sweep.forward(stmt.body)
    put(replace(stmt, body=tuple(body)))

    def adjoint() -> None:
        outs, tapes = sweep.pop([c.out for c in stmt.carries]), sweep.pop([w.tape for w in stmt.writes])
        if undone or any(g is not None for g in (*outs, *tapes)):
            put(Reversal(sweep, stmt, body, outs, tapes).emit(thunks))

    return adjoint


@dataclass
class _Cotangent:
    """A carry of the reversed loop: the cotangent of a carry, or the accumulator of a value from outside."""

    source: Carry | Var
    param: Var
    init: Atom
    next: Atom | None = None

    @property
    def variable(self) -> Var:
        return self.source.param if isinstance(self.source, Carry) else self.source

    def out(self) -> Var:
        bar = bar_of(self.variable)
        return _as_large_as(self.source.init, bar) if isinstance(self.source, Carry) else bar


class Reversal:
    """Makes the reversed loop.  Checkpointing runs a trip again before it reverses it, and has tapes of its own."""

    def __init__(self, sweep: Sweep, stmt: Loop, body: list[Stmt], outs: list, tapes: list) -> None:
        self.sweep, self.stmt, self.body = sweep, stmt, body
        self.outer = sweep.bars
        self.useful = sweep.active & useful_in_loop(
            stmt, (w.tape for w, g in zip(stmt.writes, tapes, strict=True) if g is not None),
            (c.out for c, g in zip(stmt.carries, outs, strict=True) if g is not None))
        self.rows = [(w, g) for w, g in zip(stmt.writes, tapes, strict=True) if g is not None]
        self.carries = [_Cotangent(c, _as_large_as(c.next, bar_of(c.param)), sweep.or_zero(g, c.out))
                        for c, g in zip(stmt.carries, outs, strict=True) if g is not None or c.param in self.useful]
        self.carries += [_Cotangent(v, bar_of(v), self._existing(v)) for v in self._from_outside()]
        restoring = sweep.restoring
        self.restored = [(chain, Carry(Var(c.out.hint, c.init.type), Var(c.param.hint, c.next.type),
                                       restoring.current[chain], c.next), c)
                         for chain, c in restoring.changed(stmt)]
        self.extra: list[Carry] = []                          # what else is carried
        self.reads: list[Read] = []
        self.elements: list[Element] = []
        self.writes: list[tuple[Write, Atom, Atom]] = []      # what is written, of which sequence, its element

    def _from_outside(self) -> list[Var]:
        mine = (inner_reads(self.stmt) - frozenset(loop_locals(self.stmt))) & self.useful
        return sorted(mine, key=lambda v: v.serial)

    def _existing(self, v: Var) -> Atom:
        return self.outer[v] if v in self.outer else self.sweep.zero(v)

    def emit(self, thunks: Thunks) -> Loop:
        """Emit the reversed loop, and return the forward loop with what it must tape."""
        sweep = self.sweep
        sweep.depth += 1
        with sweep.build.nested() as body, sweep.restoring.scope(self.stmt.body, body):
            self._trip(thunks)
        sweep.bars = self.outer
        sweep.build.span = self.stmt.span
        # A buffer that nothing was added to is what it was.
        self.carries = [c for c in self.carries if not (isinstance(c.source, Var) and c.next is c.param)]
        forward, reversed_loop = self._tied(tuple(body))
        sweep.depth -= 1
        sweep.build.add(reversed_loop)
        for chain, again, c in self.restored:
            sweep.restoring.arrive(chain, c.init, again.out)
        self._hand_over(reversed_loop)
        return forward

    def _trip(self, thunks: Thunks) -> None:
        sweep = self.sweep
        sweep.bars = {c.source: c.param for c in self.carries if isinstance(c.source, Var)}
        for c in self.carries:
            if isinstance(c.source, Carry):
                sweep.add(c.source.next, c.param)
        for write, g in self.rows:
            sweep.add(write.row, self._row(write, g))
        for chain, again, c in self.restored:
            sweep.restoring.arrive(chain, c.next, again.param)
        self.backward(thunks)
        self.restored = [(chain, replace(again, next=sweep.restoring.current[chain]), c)
                         for chain, again, c in self.restored]
        for c in self.carries:
            if isinstance(c.source, Carry):
                # Where the size changes, the cotangent of what a trip ends with has not that of what it begins with.
                begin = c.source.param
                t = c.param.type
                like = c.param if t.kind not in ("sequence", "unknown") and t.shape == begin.type.shape else begin
                c.next = sweep.or_zero(sweep.bars.pop(c.variable, None), like)
            else:
                c.next = sweep.bars[c.source]
        for element, sequence in _sequences(self.stmt):
            g = sweep.bars.pop(element, None)
            if g is not None:
                rows = Var(f"{g.hint}_tape" if isinstance(g, Var) and g.hint else "", tape_type(dual(element.type)))
                self.writes.append((Write(rows, g), sequence, element))

    def backward(self, thunks: Thunks) -> None:
        """Emit the adjoints of the statements of a trip."""
        self.sweep.backward(thunks)

    def known(self, block: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        """The adjoint of a trip, which reads no value that this loop can't have."""
        return block

    def tape_of(self, v: Var) -> Var | None:
        """The tape that has `v` anyway."""
        return None

    def _row(self, write: Write, g: Atom) -> Var:
        row = bar_of(write.row)
        if g.type.kind == "sequence":
            self.reads.append(Read(row, g))
        else:
            self.elements.append(Element(row, g))
        return row

    def _tied(self, block: tuple[Stmt, ...]) -> tuple[Loop, Loop]:
        """Both loops, with tapes from the first to the second for what the second reads."""
        stmt = self.stmt
        results = [*(c.next for c in self.carries), *(w.row for w, _, _ in self.writes),
                   *(c.next for _, c, _ in self.restored), *(c.next for c in self.extra)]
        inside = bound(tuple(self.body)) | frozenset(loop_locals(stmt))
        block = self.sweep.trimmed(self.known(block), results, inside)
        needed = (free(block, results) & inside) - {stmt.index}
        mirror, there = self._driver(needed)
        known = [*there, *([stmt.index] if stmt.index else [])]
        chosen = self.sweep.plan(needed, tuple(self.body), inside, known, stmt)
        mapping = {**there, **{v: Var(v.hint, v.type) for v in chosen.kept}}
        handed = self._handed_down(chosen.kept, mapping)
        tapes = []
        for v in chosen.kept:
            if not any(c.param is mapping[v] for c in handed):
                tape = self.tape_of(v) or Var(f"{v.hint}_tape" if v.hint else "tape", tape_type(v.type))
                tapes.append(Write(tape, v))
                self.reads.append(Read(mapping[v], tape))
        if stmt.index:
            mapping[stmt.index] = Var(stmt.index.hint, stmt.index.type)
        block, names = chosen.applied(block, mapping)
        index = names.atom(stmt.index) if stmt.index and names.atom(stmt.index) in free(block, results) else None
        mirror = self._with_range(mirror, index)
        carries = tuple(Carry(c.out(), c.param, c.init, names.atom(c.next)) for c in self.carries)
        restored = [replace(c, next=names.atom(c.next)) for c in (*(c for _, c, _ in self.restored), *self.extra)]
        reverse = replace(mirror, body=block, carries=(*carries, *restored, *handed), writes=tuple(
            Write(w.tape, names.atom(w.row)) for w, _, _ in self.writes))
        forward = replace(stmt, body=tuple(self.body), writes=(*stmt.writes, *tapes), trips=self.trips)
        return forward, reverse

    def _handed_down(self, kept: list[Var], mapping: dict[Var, Var]) -> list[Carry]:
        """Where a trip's adjoint reads a carry before and after the trip, only the values before are taped: the value
        after a trip is the one before the next, and that of the last trip came out of the loop."""
        pairs = [c for c in self.stmt.carries if c.next in kept and c.param in kept and c.next is not c.param]
        return [Carry(Var(c.param.hint, c.param.type), mapping[v], c.out, mapping[c.param])
                for v, c in {c.next: c for c in pairs}.items() if isinstance(v, Var)]

    def _driver(self, needed: Iterable[Var]) -> tuple[Loop, dict[Var, Var]]:
        """The head of the reversed loop but for its range, and the elements and rows that it can take as they are."""
        stmt = self.stmt
        self.trips = stmt.trips
        self.counted = not _is_mirrored(stmt)
        if self.counted:
            self.trips = stmt.trips or Var("trips", INT)
            return Loop((), reverse=not stmt.reverse, span=stmt.span), {}
        wanted = frozenset(needed)
        there = {v: Var(v.hint, v.type) for v, _ in _sequences(stmt) if v in wanted}
        self.elements += [Element(there[e.var], e.sequence) for e in stmt.elements if e.var in there]
        self.reads += [Read(there[r.element], r.tape) for r in stmt.reads if r.element in there]
        return Loop((), reverse=not stmt.reverse, span=stmt.span), there

    def _with_range(self, head: Loop, index: Var | None) -> Loop:
        stmt, bounds = self.stmt, self.stmt.range
        if self.counted:
            bounds = self._counted(index)
        elements = tuple(self.elements)
        if bounds is None and not elements and not self.reads:
            # Something must say how often: the elements, though nobody wants them.
            elements = tuple(Element(Var("", e.var.type), e.sequence) for e in stmt.elements)
            self.reads = [Read(Var("", r.element.type), r.tape) for r in stmt.reads if not elements]
        return replace(head, index=index, range=bounds, elements=elements, reads=tuple(self.reads))

    def _counted(self, index: Var | None) -> Range:
        """The range of the trips that were made."""
        bounds, trips = self.stmt.range, self.trips
        assert trips is not None
        if index is None or bounds is None or (bounds.start == Lit(0) and bounds.step == Lit(1)):
            return Range(Lit(0), trips, Lit(1))
        build = self.sweep.build
        length = build.call(OPERATORS["mul"], trips, bounds.step) if bounds.step != Lit(1) else trips
        return Range(bounds.start, build.call(OPERATORS["add"], bounds.start, length), bounds.step)

    def _hand_over(self, reverse: Loop) -> None:
        """What comes out of the reversed loop is the cotangent of what went into the forward one."""
        sweep = self.sweep
        pairs = list(zip(self.carries, (c.out for c in reverse.carries), strict=False))
        sweep.bars.update((c.source, out) for c, out in pairs if isinstance(c.source, Var))
        for c, out in pairs:
            if isinstance(c.source, Carry):
                sweep.add(c.source.init, self._fitted(out, c.source))
        for write, sequence, _ in self.writes:
            sweep.add(sequence, self._assembled(write.tape, sequence))

    def _fitted(self, out: Var, carry: Carry) -> Atom:
        """The cotangent of what was carried as that of the initial value: a number may have become an array."""
        if carry.init.type.shape != () or carry.param.type.shape == () or not out.type.is_numeric:
            return out
        fitted: Atom = run(self.sweep.build, unbroadcast_to, out, carry.init)
        return fitted

    def _assembled(self, rows: Var, sequence: Atom) -> Atom:
        """The cotangent of a sequence from those of its elements."""
        if sequence.type.kind == "sequence" and not self.counted:
            return rows
        t = dual(sequence.type)
        # Of no rows NumPy can't tell the shape.
        shown = t.kind == "array" and t.shape is not None and (t.rank == 1 or t.shape[0].least > 0)
        if shown and t.dtype == np.float64 and not self.counted:
            whole = Var("", t)
            self.sweep.build.add(Let((whole,), ARRAY, (rows,), Form((HOLE,)), self.stmt.span))
            return whole
        return self.sweep.build.call(ROWS_INTO, rows, sequence)


def _as_large_as(value: Atom, bar: Var) -> Var:
    """What is carried may have another size in each trip: `bar` is the cotangent of this value of it."""
    same = value.type.kind == "array" == bar.type.kind and value.type.rank == bar.type.rank
    return Var(bar.hint, replace(bar.type, shape=value.type.shape)) if same else bar


def tape_type(row: Type) -> Type:
    return Type("sequence", item=row)


def _sequences(stmt: Loop) -> list[tuple[Var, Atom]]:
    return [*((e.var, e.sequence) for e in stmt.elements), *((r.element, r.tape) for r in stmt.reads)]


def _is_mirrored(stmt: Loop) -> bool:
    """Does the loop always run to the end of all that drives it?"""
    if stmt.test or stmt.until is not None:
        return False
    if len(stmt.elements) + (stmt.range is not None) <= 1:
        return True
    shapes = [e.sequence.type.shape for e in stmt.elements]
    alike = all(shapes) and len({shape[0] for shape in shapes if shape}) == 1
    return alike and (stmt.range is None or _covers(stmt.range, stmt.elements[0]))


def _covers(bounds: Range | None, element: Element) -> bool:
    """Is the range as long as the sequence, as in `enumerate(xs)`?"""
    shape = element.sequence.type.shape
    return bool(bounds and bounds.start == Lit(0) and bounds.step == Lit(1) and shape
                and bounds.stop.type.value == shape[0])

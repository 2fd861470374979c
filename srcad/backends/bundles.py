"""Many tapes of one loop that another loop reads together are printed as one tape of tuples.

    x_tape.append(x)                             tape.append((x, y, z))
    y_tape.append(y)
    z_tape.append(z)              becomes
    …                                            …
    for x, y, z in zip(reversed(x_tape),         for x, y, z in reversed(tape):
            reversed(y_tape), reversed(z_tape)):

Two tapes keep their names, if they have such.  The tapes of an inner loop may be rows of tapes of the loops around it,
which the loops around the reader read: then these are fewer, too, and already two are one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, assert_never

from srcad.backends.hints import hint_of
from srcad.ir.calls import PACK, UnpackOp, unpack_op
from srcad.ir.core import HOLE, Block, Form, Func, If, Let, Loop, Read, Stmt, Var, Write
from srcad.ir.types import RESIDUALS, Type
from srcad.ir.walk import binds, entry_atoms, every, exit_atoms, rebuild

FEWEST = 3          # that have names


@dataclass(frozen=True)
class Step:
    """What happens to a tape: `loop` writes it as a row of its own tape, or takes its rows: `made` is the result."""

    loop: Loop
    writes: bool
    made: Var


@dataclass(frozen=True)
class Bundle:
    """Tapes that go the same way from the loop that writes them to the loop that reads them."""

    writer: Loop
    tapes: tuple[Var, ...]
    ways: tuple[tuple[Step, ...], ...]            # one for each tape


def with_bundles(func: Func) -> Func:
    """The same function with fewer tapes."""
    while bundles := _bundles(func):
        func = replace(func, body=_Rewriting(bundles).block(func.body))
    return func


def _bundles(func: Func) -> list[Bundle]:
    """The bundles of the innermost loops."""
    loops = [s for s in every(func.body) if isinstance(s, Loop)]
    if max((len(loop.writes) for loop in loops), default=0) < 2:
        return []
    steps = _steps(loops, _read_once(func))
    groups: dict[Any, list[tuple[Var, tuple[Step, ...]]]] = {}
    for loop in loops:
        for w in loop.writes:
            way = _way(w.tape, steps)
            if way is not None and way[-1].loop.test is None:
                groups.setdefault((loop, tuple((s.loop, s.writes) for s in way)), []).append((w.tape, way))
    found = [Bundle(key[0], tuple(t for t, _ in members), tuple(way for _, way in members))
             for key, members in groups.items()]
    found = [b for b in found if _is_many(b) and _place(b.writer, b.tapes) is not None]
    deepest = max((len(b.ways[0]) for b in found), default=0)
    return [b for b in found if len(b.ways[0]) == deepest]


def _is_many(bundle: Bundle) -> bool:
    named = any(isinstance(w.row, Var) and hint_of(w.row) for w in bundle.writer.writes if w.tape in bundle.tapes)
    return len(bundle.tapes) >= (FEWEST if named and len(bundle.ways[0]) == 1 else 2)


def _steps(loops: list[Loop], once: frozenset[Any]) -> dict[Any, Step]:
    steps = {w.row: Step(loop, True, w.tape) for loop in loops for w in loop.writes if w.row in once}
    steps.update((r.tape, Step(loop, False, r.element)) for loop in loops for r in loop.reads if r.tape in once)
    return steps


def _way(tape: Var, steps: dict[Any, Step]) -> tuple[Step, ...] | None:
    """What happens to a tape until its rows are read, if that is nothing else."""
    way: list[Step] = []
    depth, v = 0, tape
    while (step := steps.get(v)) is not None:
        way.append(step)
        depth, v = depth + (1 if step.writes else -1), step.made
        if depth < 0:
            return tuple(way)
    return None


def _read_once(func: Func) -> frozenset[Any]:
    count = Counter(func.outputs)
    for stmt in every(func.body):
        count.update(_atoms(stmt))
    return frozenset(a for a, n in count.items() if isinstance(a, Var) and n == 1)


def _atoms(stmt: Stmt) -> list[Any]:
    match stmt:
        case Let(args=args):
            return list(args)
        case If(test=test, choices=choices):
            return [test, *(a for c in choices for a in (c.then, c.orelse))]
        case Loop():
            return [*entry_atoms(stmt), *exit_atoms(stmt), *([stmt.test.result] if stmt.test else [])]
        case _:
            assert_never(stmt)


def _place(loop: Loop, tapes: tuple[Var, ...]) -> int | None:
    """After how many statements of a trip all rows are there; None if that is in the branch that may end the loop."""
    rows = {w.row for w in loop.writes if w.tape in tapes}
    place = max((k + 1 for k, s in enumerate(loop.body) if not rows.isdisjoint(binds(s))), default=0)
    ends = loop.until is not None and place == len(loop.body) and loop.body and isinstance(loop.body[-1], If)
    return None if ends else place


class _Rewriting:
    """Puts bundles into a program."""

    def __init__(self, bundles: list[Bundle]) -> None:
        self.packs: dict[Loop, list[tuple[Bundle, Write]]] = {}
        self.unpacks: dict[Loop, list[tuple[Bundle, Read]]] = {}
        self.writes: dict[Loop, list[Write]] = {}
        self.reads: dict[Loop, list[Read]] = {}
        self.gone: set[Var] = set()
        for bundle in bundles:
            self._add(bundle)

    def _add(self, bundle: Bundle) -> None:
        """The new variables along the way."""
        depths = [0]
        for step in bundle.ways[0]:
            depths.append(depths[-1] + (1 if step.writes else -1))
        made = [_variable(d) for d in depths]
        self.gone.update(bundle.tapes, (step.made for way in bundle.ways for step in way))
        self.packs.setdefault(bundle.writer, []).append((bundle, Write(made[0], Var("", RESIDUALS))))
        for k, step in enumerate(bundle.ways[0]):
            if step.writes:
                self.writes.setdefault(step.loop, []).append(Write(made[k + 1], made[k]))
            elif depths[k + 1] >= 0:
                self.reads.setdefault(step.loop, []).append(Read(made[k + 1], made[k]))
            else:
                self.unpacks.setdefault(step.loop, []).append((bundle, Read(made[k + 1], made[k])))

    def block(self, block: Block) -> Block:
        return tuple(self._stmt(s) for s in block)

    def _stmt(self, stmt: Stmt) -> Stmt:
        new = rebuild(stmt, lambda a: a, self.block)
        return self._loop(stmt, new) if isinstance(stmt, Loop) and isinstance(new, Loop) else new

    def _loop(self, old: Loop, loop: Loop) -> Loop:
        packs, unpacks = self.packs.get(old, []), self.unpacks.get(old, [])
        body = list(loop.body)
        # Last first: what is put into the body moves the places after it.
        for bundle, write in sorted(packs, key=lambda p: _place(old, p[0].tapes) or 0, reverse=True):
            rows = tuple(w.row for w in old.writes if w.tape in bundle.tapes)
            assert isinstance(write.row, Var)
            pack = Let((write.row,), PACK, rows, Form((HOLE,) * len(rows)), old.span)
            body.insert(_place(old, bundle.tapes) or 0, pack)
        for bundle, read in unpacks:
            items = tuple(way[-1].made for way in bundle.ways)
            body.insert(0, Let(items, unpack_op(tuple(v.type for v in items)), (read.element,), Form((HOLE,))))
        writes = (*(w for w in loop.writes if w.tape not in self.gone), *self.writes.get(old, ()),
                  *(w for _, w in packs))
        reads = (*(r for r in loop.reads if r.element not in self.gone), *self.reads.get(old, ()),
                 *(r for _, r in unpacks))
        return replace(loop, body=tuple(body), writes=writes, reads=reads)


def _variable(depth: int) -> Var:
    """A tape of tuples, a tape of such tapes, …; below that a tuple."""
    if depth < 0:
        return Var("_", RESIDUALS)
    item = RESIDUALS
    for _ in range(depth):
        item = Type("sequence", item=item)
    return Var("tape", Type("sequence", item=item))


def rows_read(func: Func) -> list[tuple[Var, Var]]:
    """What is read from a tape, with what was written to it; so are the items of tuples."""
    rows: dict[Any, Any] = {}
    bundled: dict[Any, tuple[Any, ...]] = {}
    found: list[tuple[Var, Var]] = []
    for stmt in every(func.body):
        if isinstance(stmt, Loop):
            rows.update((w.tape, w.row) for w in stmt.writes)
            for r in stmt.reads:
                row = rows.get(r.tape)
                if isinstance(row, Var):
                    found.append((r.element, row))
                    # A tape that was a row, and the items of a tuple.
                    rows.setdefault(r.element, rows.get(row))
                    bundled.setdefault(r.element, bundled.get(row, ()))
        elif isinstance(stmt, Let) and stmt.op is PACK:
            bundled[stmt.out] = stmt.args
        elif isinstance(stmt, Let) and isinstance(stmt.op, UnpackOp):
            items = zip(stmt.outs, bundled.get(stmt.args[0], ()), strict=False)
            found += [(v, row) for v, row in items if isinstance(row, Var)]
            for v, row in found[-len(stmt.outs):]:
                rows.setdefault(v, rows.get(row))
    return found

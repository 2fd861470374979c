"""The state of a reverse-mode transformation: where statements go, and which cotangents are known.

`forward` emits a block and collects what will emit its adjoint; `backward` runs that, last statement first.  Both write
to `build`, so whoever calls them decides into which block the two sweeps go.  Zero is absence: a variable without an
entry in `bars` has no cotangent, and nothing is emitted for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from srcad.errors import Span
from srcad.ir import OPERATORS, Block, Builder, Func, If, Let, Lit, Loop, Stmt, Undef, Var, run
from srcad.ir.build import Symbol
from srcad.ir.walk import free
from srcad.rules.elementary import WHERE
from srcad.rules.factors import NEAR, by_number, definition, negated
from srcad.rules.shapes import zeros_for
from srcad.rules.tapes import ADD_TREES, ZEROS_FOR
from srcad.transforms.derived import dual
from srcad.transforms.extents import Extents, lasting_shapes, stored_in, without_facts
from srcad.transforms.guards import Guards, guards
from srcad.transforms.live import live
from srcad.transforms.residuals import LONGEST, Plan, lasting, plan
from srcad.transforms.schedules import Schedule
from srcad.transforms.unbound import maybe_unbound
from srcad.transforms.undo import Kept, Restoring
from srcad.transforms.versions import Chain

Thunk = Callable[[], None]
Thunks = list[tuple[Span | None, Thunk]]
Dispatch = Callable[["Sweep", Any], Thunk | None]


class Sweep:
    def __init__(self, func: Func, active: frozenset[Var], dispatch: Dispatch, undone: Iterable[Chain] = (),
                 checkpoint: Schedule | None = None) -> None:
        self.active, self.dispatch = active, dispatch
        self.inputs = frozenset(func.inputs)
        self.lasting = lasting(func)
        shapes = [v for v in lasting_shapes(func) if v in self.lasting.values]
        self.extents = Extents(shapes, shapes)
        self.unbound = set(maybe_unbound(func))
        self.stored = stored_in(func.body)
        self.build = Builder()
        self.restoring = Restoring(self.build, undone)
        self.kept: Kept = []
        self.depth = 0              # of the loops that are being reversed
        self.bars: dict[Var, Any] = {}
        self.guards = guards(func, active)
        self.masked: dict[Var, tuple[Any, Guards]] = {}     # what was masked where it left slices, and of which
        self.in_loop = False
        self.checkpoint = checkpoint    # of the loops that are in no other loop
        self.entered: dict[Var, Let] = {}                   # the contexts of the forward sweep
        self.reentered: dict[Var, Var] = {}                 # and those that the reverse sweep is in instead

    def forward(self, block: Block) -> Thunks:
        """Emit `block` as it is, and collect what emits its adjoint."""
        found = []
        for stmt in block:
            self.build.span = stmt.span
            thunk = self.dispatch(self, stmt)
            if thunk is not None:
                found.append((stmt.span, thunk))
        return found

    def backward(self, thunks: Thunks) -> None:
        for span, thunk in reversed(thunks):
            self.build.span = span
            thunk()

    def trimmed(self, block: Iterable[Stmt], results: Sequence[Any], inside: frozenset[Var]) -> Block:
        """A reversed block without what nobody reads, before it is decided what the forward sweep keeps for it: of what
        that binds, `inside`, nothing is kept for its shape alone."""
        plain = live(without_facts(block), results)
        read = sorted(free(plain, results) & inside, key=lambda v: v.serial)
        # A version of an array may be had again by other means than keeping it.
        there = [v for v in read if v not in self.unbound and v not in self.stored]
        return live(self.extents.after(there).block(block, inside), results)

    def plan(self, needed: Iterable[Var], body: Block, inside: frozenset[Var], there: Iterable[Var], stmt: If | Loop,
             longest: int = LONGEST) -> Plan:
        """How the reversed `stmt` has again what it reads of `body`."""
        lasting = replace(self.lasting, values=self.lasting.values | self.restoring.there(stmt))
        chosen = plan(needed, body, inside, there, lasting, longest)
        self.kept += [(v, self.depth) for v in chosen.kept if v.type.kind == "array"]
        return chosen

    def reserve(self, stmt: If | Loop) -> Callable[[Stmt], None]:
        """Emit `stmt`, and return what replaces it once it is known which of its values must come out of it."""
        stmts, place = self.build.stmts, len(self.build.stmts)
        stmts.append(stmt)

        def put(final: Stmt) -> None:
            stmts[place] = final

        return put

    @contextmanager
    def inside_loop(self) -> Iterator[None]:
        """Within a loop a value that is kept is taped at every trip, so cheap ones are made again instead."""
        outer = self.in_loop, self.checkpoint
        self.in_loop, self.checkpoint = True, None
        try:
            yield
        finally:
            self.in_loop, self.checkpoint = outer

    @contextmanager
    def into(self, stmts: list[Stmt]) -> Iterator[None]:
        """Emit at the end of `stmts`."""
        outer, self.build.stmts = self.build.stmts, stmts
        try:
            yield
        finally:
            self.build.stmts = outer

    def add(self, x: Any, g: Any) -> None:
        """The cotangent of `x` grows by `g`."""
        if not isinstance(x, Var) or x not in self.active or isinstance(g, Undef):
            return
        old = self.bars.get(x)
        self.bars[x] = g if old is None else self.sum(x, old, g)
        name_after(self.bars[x], x)

    def sum(self, x: Var, a: Any, b: Any) -> Var:
        if x.type.kind in ("sequence", "object"):
            return self.build.call(ADD_TREES, a, b, hint=prefixed(x))
        (inner, left), (other, same) = self.masked.get(a, (a, ())), self.masked.get(b, (b, ()))
        if left and left == same:
            return self.mask(self.sum(x, inner, other), left)
        if a is not b and self._alike(a, b):
            total = by_number(2, Symbol(self.build, a)).atom
            total.hint = total.hint or prefixed(x)
            return total
        positive = negated(Symbol(self.build, a)), negated(Symbol(self.build, b))
        if any(p is None for p in positive):
            return self.build.call(OPERATORS["add"], a, b, hint=prefixed(x))
        total = self.build.call(OPERATORS["add"], *(p.atom for p in positive))
        return self.build.call(OPERATORS["neg"], total, hint=prefixed(x))

    def _alike(self, a: Any, b: Any) -> bool:
        """Were these two just made by the same product of the same values?"""
        one, two = (definition(Symbol(self.build, v), -NEAR) for v in (a, b))
        return (one is not None and two is not None and one.op is two.op is OPERATORS["mul"]
                and one.args == two.args and one.form == two.form)

    def mask(self, g: Any, left: Guards) -> Any:
        """What leaves these slices is zero where they are not taken."""
        masked = g
        for guard in reversed(left):
            sides = (masked, Lit(0)) if guard.side == 1 else (Lit(0), masked)
            masked = self.build.call(WHERE, guard.test, *sides)
        if left:
            self.masked[masked] = g, left
        return masked

    def pop(self, variables: Sequence[Any]) -> list[Any]:
        """The cotangents of what a statement binds, None for zero; nothing may add to them any more."""
        return [self.bars.pop(v, None) for v in variables]

    def zero(self, x: Any) -> Any:
        """A zero for `x`, where one must be written."""
        if x in self.unbound and x.type.rank != 0:
            return self.build.call(ZEROS_FOR, x)
        return run(self.build, zeros_for, x)

    def gradient(self, x: Var) -> Any:
        """The cotangent that `x` has in the end.  (`np.where` gives an array even of numbers.)"""
        g = self.or_zero(self.bars.get(x), x)
        empty = isinstance(g, Var) and g.type.kind == "array" and g.type.shape == ()
        return run(self.build, lambda g: g[()], g) if empty and x.type.kind in ("number", "scalar") else g

    def or_zero(self, g: Any, x: Any) -> Any:
        return self.zero(x) if g is None else g


def prefixed(x: Var) -> str:
    return "d" + x.hint if x.hint else ""


def name_after(g: Any, x: Var) -> None:
    if isinstance(g, Var) and not g.hint:
        g.hint = prefixed(x)


def bar_of(x: Any, hint: str | None = None) -> Var:
    """A new variable for the cotangent of `x`."""
    return Var(prefixed(x) if hint is None and isinstance(x, Var) else hint or "", dual(x.type))

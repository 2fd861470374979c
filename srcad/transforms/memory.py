"""What memory each value may be in.

A *site* is a statement that allocates.  The answer maps every variable to the sites that its own memory may come from,
and to those that its items may come from (a list or a bundle of residuals is memory that refers to other memory):

    x = np.zeros(n)                x: {1}
    v = x[1:]                      v: {1}
    ys = [x]                       ys: {2}, its items: {1}
    for ...:
        y = np.zeros(n)            y: {3}
        carry c := x -> y          c: {1, 3 of an earlier trip}

What a loop allocated in an earlier trip is other memory than what it allocates in this one: a site in a loop is told
apart from the same site in earlier trips.  Two values may share memory if they have a site in common.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, assert_never

from srcad.ir.calls import CallOp
from srcad.ir.core import Block, Func, If, Let, Lit, Loop, Stmt, Var

_IMMUTABLE = ("number", "scalar")


@dataclass(frozen=True, slots=True)
class Site:
    """Where memory comes from: a variable that is bound to new memory, or None for the caller's.

    `earlier`: the loops in whose earlier trips it was allocated."""

    by: Var | None
    earlier: frozenset[Loop] = frozenset()


CALLER = Site(None)
Sites = frozenset[Site]
NOWHERE: Sites = frozenset()


class Memory:
    """`own[v]` and `items[v]`: the sites of the memory of `v` and of what it contains."""

    def __init__(self, func: Func, in_place: frozenset[Let]) -> None:
        self.in_place = in_place
        self.own: dict[Var, Sites] = {}
        self.items: dict[Var, Sites] = {}
        self.within: dict[Var, frozenset[Loop]] = {}
        self.around: tuple[Loop, ...] = ()
        for v in func.inputs:
            self._give(v, frozenset({CALLER}), frozenset({CALLER}))
        self._block(func.body)

    def all(self, v: Var) -> Sites:
        return self.own.get(v, NOWHERE) | self.items.get(v, NOWHERE)

    def _of(self, a: Any) -> tuple[Sites, Sites]:
        if isinstance(a, Var):
            return self.own.get(a, NOWHERE), self.items.get(a, NOWHERE)
        if isinstance(a, Lit) and a.type.kind not in _IMMUTABLE:
            return frozenset({CALLER}), frozenset({CALLER})
        return NOWHERE, NOWHERE

    def _give(self, v: Var, own: Sites, items: Sites) -> bool:
        """Add to what is known of `v`; whether that is new."""
        if v.type.kind in _IMMUTABLE:
            return False
        before = self.own.get(v), self.items.get(v)
        self.own[v] = own | self.own.get(v, NOWHERE)
        self.items[v] = NOWHERE if v.type.is_numeric else items | self.items.get(v, NOWHERE)
        return before != (self.own[v], self.items[v])

    def _block(self, block: Block) -> None:
        for stmt in block:
            self._stmt(stmt)

    def _stmt(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self._let(stmt)
            case If():
                self._block(stmt.then)
                self._block(stmt.orelse)
                for c in stmt.choices:
                    self._give(c.out, *self._of(c.then))
                    self._give(c.out, *self._of(c.orelse))
            case Loop():
                self._loop(stmt)
            case _:
                assert_never(stmt)

    def _let(self, let: Let) -> None:
        outs = [v for v in let.outs if v.type.kind not in _IMMUTABLE]
        if not outs:
            return
        known = [self._of(a) for a in let.args]
        reached = _union(sites for pair in known for sites in pair)
        for v in outs:
            self.within[v] = frozenset(self.around)
            new = frozenset({Site(v)})
            if isinstance(let.op, CallOp):
                # A function may return what it was given, alone or in a list, and the same thing twice.
                shared = reached | {Site(outs[0])}
                self.within[outs[0]] = frozenset(self.around)
                self._give(v, shared, shared)
            elif let in self.in_place and v is let.outs[0]:
                self._give(v, known[0][0], reached)
            elif let.op.memory != "fresh":
                self._give(v, (reached | new) if let.op.memory == "perhaps" else reached, reached)
            else:
                # A list is new memory, its items are what it is made of; an item of a bundle is not new.
                self._give(v, new if _makes(let, v) else reached | new, reached)

    def _loop(self, loop: Loop) -> None:
        for c in loop.carries:
            self._give(c.param, *self._of(c.init))
        taking = [(e.var, e.sequence) for e in loop.elements] + [(r.element, r.tape) for r in loop.reads]
        for taken, sequence in taking:
            own, items = self._of(sequence)
            self._give(taken, own | items, own | items)
        self.around = (*self.around, loop)
        changed = True
        while changed:
            if loop.test:
                self._block(loop.test.body)
            self._block(loop.body)
            grown = [self._give(c.param, *self._aged(loop, c.next)) for c in loop.carries]
            changed = any(grown)
        self.around = self.around[:-1]
        for c in loop.carries:
            self._give(c.out, *self._of(c.param))
        for w in loop.writes:
            own, items = self._aged(loop, w.row)
            self.within[w.tape] = frozenset(self.around)
            self._give(w.tape, frozenset({Site(w.tape)}), own | items)
            # While the loop runs its tape holds rows of this trip, too.
            self.items[w.tape] |= self._of(w.row)[0] | self._of(w.row)[1]

    def _aged(self, loop: Loop, a: Any) -> tuple[Sites, Sites]:
        """The sites of `a` as a later trip, or the code after the loop, sees them."""
        own, items = self._of(a)
        return frozenset(self._older(loop, s) for s in own), frozenset(self._older(loop, s) for s in items)

    def _older(self, loop: Loop, site: Site) -> Site:
        inside = site.by is not None and loop in self.within.get(site.by, ())
        return Site(site.by, site.earlier | {loop}) if inside else site


def _makes(let: Let, v: Var) -> bool:
    """Is the memory of `v` new?  What is taken out of a list or a bundle is not."""
    return v.type.kind != "object" and (len(let.outs) == 1 or let.op.name != "pop" or v is let.outs[0]) and (
        let.op.name not in ("unpack", "add_trees"))


def _union(parts: Iterable[Sites]) -> Sites:
    result: set[Site] = set()
    for p in parts:
        result |= p
    return frozenset(result)

"""What memory each value may be in.

A *site* is a statement that allocates.  The answer maps every variable to the sites that its own memory may come from,
and to those that its items may come from (a list or a bundle of residuals is memory that refers to other memory):

    x = np.zeros(n)                x: {1}
    v = x[1:]                      v: {view of 1}
    ys = [x]                       ys: {2}, its items: {1}
    for ...:
        y = np.zeros(n)            y: {3}
        carry c := x -> y          c: {head c}, which is 1, or 3 of an earlier trip

What a loop allocated in an earlier trip is other memory than what it allocates in this one: a site in a loop is told
apart from the same site in earlier trips.  Two sites are derived from others:

- A *view* remembers which statement made it: if only views keep an array from being overwritten, they can be copied.
- A *head* is what a loop carries, at the start of this trip.  Carries that are in different memory before the loop,
  and that each trip leaves in different memory, are so in every trip, also where the trips exchange them:
  `u, v = v, u`.  That is assumed, and checked when the body is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, assert_never

from srcad.ir.calls import CallOp
from srcad.ir.core import Block, Carry, Func, If, Let, Listing, Lit, Loop, Stmt, Var

_IMMUTABLE = ("number", "scalar")
_TAKE = ("unpack", "add_trees")
_ELEMENTS = ("item", "pop")


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
        self.origin: dict[Site, Sites] = {}       # of derived sites: the older ones that they may be
        self.views: set[Var] = set()
        self.rows: dict[Var, tuple[Var, Sites]] = {}      # of a tape: its row, and what it holds before that is bound
        self._heads: dict[Site, Loop] = {}
        self._together: set[Var] = set()          # what is carried in memory that another carry may be in
        self._order: dict[Site, int] = {}
        self._within: dict[Var, frozenset[Loop]] = {}
        self._around: tuple[Loop, ...] = ()
        self._shared: dict[tuple[Site, Site], bool] = {}
        self._aging: set[Site] = set()            # sites whose origins are being found
        self._younger: dict[Site, list[Site]] = {}
        self._descent: dict[Site, set[Site]] = {}
        for v in func.inputs:
            self._give(v, frozenset({CALLER}), frozenset({CALLER}))
        self._block(func.body)

    # What passes ask

    def all(self, v: Var) -> Sites:
        return self.own.get(v, NOWHERE) | self.items.get(v, NOWHERE)

    def may_share(self, a: Sites, b: Sites) -> bool:
        return not a.isdisjoint(b) or any(self.same(x, y) for x, y in product(a, b))

    def same(self, a: Site, b: Site) -> bool:
        """May these be the same memory?  Then the younger one is derived from what may be the older one."""
        if a == b:
            return True
        if a not in self._order or b not in self._order:
            return b in self._derived(a) if a not in self._order else a in self._derived(b)
        start = (a, b)
        known = self._shared.get(start)
        if known is None:
            known = self._shared[start] = self._meet(start)
        return known

    def _meet(self, start: tuple[Site, Site]) -> bool:
        """Is there a site that both are derived from, and are they never apart on the way there?"""
        pending, seen = [start], {start}
        while pending:
            a, b = pending.pop()
            if a == b:
                return True
            if self._order.get(a, -1) > self._order.get(b, -1):
                a, b = b, a
            if b not in self._order or self._apart(a, b):
                continue
            for older in self.origin[b]:
                if (pair := (a, older)) not in seen and self._shared.get(pair, True):
                    seen.add(pair)
                    pending.append(pair)
        self._shared.update(dict.fromkeys(seen, False))
        return False

    def _apart(self, a: Site, b: Site) -> bool:
        """Are these two carries of one loop, which are in different memory in every trip?"""
        loop = self._heads.get(a)
        return loop is not None and loop is self._heads.get(b) and not {a.by, b.by} & self._together

    def _traced(self, sites: Sites, derived: Callable[[Site], bool]) -> Sites:
        """These sites, with those from which they are derived instead of the ones that are `derived`."""
        found: set[Site] = set()
        pending, seen = list(sites), set(sites)
        while pending:
            site = pending.pop()
            if derived(site):
                pending += (older := self.origin[site] - seen)
                seen |= older
            else:
                found.add(site)
        return frozenset(found)

    def may_be_callers(self, sites: Sites) -> bool:
        """May any of these be memory of the caller's?"""
        return CALLER in sites or not self._derived(CALLER).isdisjoint(sites)

    def _derived(self, site: Site) -> set[Site]:
        """The sites that are derived from this one, which allocates."""
        found = self._descent.get(site)
        if found is None:
            found, pending = set(), [site]
            while pending:
                new = [s for s in self._younger.get(pending.pop(), ()) if s not in found]
                found.update(new)
                pending += new
            self._descent[site] = found
        return found

    def families(self) -> dict[Site, Site]:
        """One site for all that are derived from each other; those of different families are never the same."""
        parent: dict[Site, Site] = {}

        def root(s: Site) -> Site:
            while (up := parent.get(s, s)) is not s:
                parent[s] = parent.get(up, up)
                s = up
            return s

        for s, older in self.origin.items():
            for o in older:
                if (a := root(s)) is not (b := root(o)):
                    parent[a] = b
        return {s: root(s) for s in (*parent, *(o for older in self.origin.values() for o in older))}

    # The walk

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

    def _derive(self, site: Site, older: Sites) -> bool:
        """`site` may be any of `older`; whether that is new."""
        before = self.origin.get(site)
        self._order.setdefault(site, len(self._order))
        self.origin[site] = older | (before or NOWHERE)
        if self.origin[site] == before:
            return False
        self._shared.clear()
        self._descent.clear()
        for o in older - (before or NOWHERE):
            self._younger.setdefault(o, []).append(site)
        return True

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
        if let not in self.in_place and _is_plain(let):
            self._within[let.out] = frozenset(self._around)
            self._give(let.out, frozenset({Site(let.out)}), NOWHERE)
            return
        known = [self._of(a) for a in let.args]
        if let in self.in_place and len(let.outs) == 1 and let.out.type.is_numeric:
            self._give(let.out, known[0][0], NOWHERE)
            return
        reached = _union(sites for pair in known for sites in pair)
        # A list is not among its own items.
        inside = reached if not _is_list(let) else known[0][1] | _union(sites for pair in known[1:] for sites in pair)
        for v in outs:
            self._within[v] = frozenset(self._around)
            new = frozenset({Site(v)})
            if isinstance(let.op, CallOp):
                # A function may return what it was given, alone or in a list, and the same thing twice.
                shared = reached | {Site(outs[0])}
                self._within[outs[0]] = frozenset(self._around)
                self._give(v, shared, shared)
            elif let in self.in_place and v is let.outs[0]:
                self._give(v, known[0][0], inside)
            elif _picks(let):
                self._give(v, new, NOWHERE)
            elif is_view(let):
                self.views.add(v)
                self._derive(Site(v), known[0][0])
                self._give(v, new, NOWHERE)
            elif let.op.name in _ELEMENTS and v.type.is_numeric and v is let.outs[-1]:
                self._give(v, known[0][1], NOWHERE)
            elif let.op.memory == "same":
                self._give(v, known[0][0] | new, known[0][1])
            elif let.op.memory != "fresh":
                self._give(v, (reached | new) if let.op.memory == "perhaps" else reached, reached)
            else:
                # A list is new memory, its items are what it is made of; an item of a bundle is not new.
                self._give(v, new if _makes(let, v) else reached | new, inside)

    def _loop(self, loop: Loop) -> None:
        self._enter(loop)
        taking = [(e.var, e.sequence) for e in loop.elements] + [(r.element, r.tape) for r in loop.reads]
        for taken, sequence in taking:
            own, items = self._of(sequence)
            self._give(taken, own | items, own | items)
        self._around = (*self._around, loop)
        changed = True
        while changed:
            if loop.test:
                self._block(loop.test.body)
            self._block(loop.body)
            grown = [self._follow(loop, c) for c in loop.carries]
            changed = any(grown) or self._part(loop, [c.next for c in loop.carries])
        self._around = self._around[:-1]
        for c in loop.carries:
            self._give(c.out, *self._of(c.param))
        for w in loop.writes:
            own, items = self._of(w.row)
            aged = self._aged(loop, own | items)
            self._within[w.tape] = frozenset(self._around)
            # While the loop runs its tape holds rows of this trip, too.
            self._give(w.tape, frozenset({Site(w.tape)}), own | items | aged)
            if isinstance(w.row, Var):
                self.rows[w.tape] = w.row, aged | {Site(w.tape)}

    # Carries

    def _enter(self, loop: Loop) -> None:
        self._part(loop, [c.init for c in loop.carries])
        for c in loop.carries:
            own, items = self._of(c.init)
            if self._is_head(c):
                head = Site(c.param)
                self._heads[head] = loop
                self._within[c.param] = frozenset((*self._around, loop))
                self._derive(head, own)
                self._give(c.param, frozenset({head}), items)
            else:
                self._give(c.param, own, items)

    def _is_head(self, carry: Carry) -> bool:
        return carry.param.type.kind in ("array", "sequence") and carry.param not in self._together

    def _follow(self, loop: Loop, carry: Carry) -> bool:
        """Where the carry's next value is, it is in the next trip; whether that is new."""
        own, items = self._of(carry.next)
        items = self._aged(loop, items)
        if not self._is_head(carry):
            return self._give(carry.param, self._aged(loop, own), items)
        grown = self._derive(Site(carry.param), self._without(loop, self._aged(loop, own)))
        return self._give(carry.param, NOWHERE, items) or grown

    def _part(self, loop: Loop, values: list[Any]) -> bool:
        """Carries that may be in one memory can't be told apart; whether some are found."""
        found: list[Sites] = []
        changed = False
        for c, value in zip(loop.carries, values, strict=True):
            own = self._of(value)[0]
            if not self._is_head(c):
                continue
            if any(self.may_share(own, other) for other in found):
                self._together.add(c.param)
                self._give(c.param, self.origin.get(Site(c.param), NOWHERE), NOWHERE)
                self._shared.clear()
                changed = True
            else:
                found.append(own)
        return changed

    def _aged(self, loop: Loop, sites: Sites) -> Sites:
        """These sites as a later trip, or the code after the loop, sees them."""
        # What is carried may be a view of what was carried before: each site is followed once.
        seen: set[Site] = set()
        return frozenset(old for s in sites for old in self._older(loop, s, seen))

    def _older(self, loop: Loop, site: Site, seen: set[Site]) -> Iterator[Site]:
        if site.by is None or loop not in self._within.get(site.by, ()):
            yield site
        elif site in self._heads:
            # What a carry was in an earlier trip: anything that it ever is.
            if site not in seen:
                seen.add(site)
                for s in tuple(self.origin[site]):
                    yield from self._older(loop, s, seen)
        else:
            older = Site(site.by, site.earlier | {loop})
            if site in self.origin and older not in self._aging:
                self._aging.add(older)
                self._derive(older, self._aged(loop, self.origin[site]))
                self._aging.discard(older)
            yield older

    def _without(self, loop: Loop, sites: Sites) -> Sites:
        """With what views that the loop makes are views of, for the views themselves."""
        return self._traced(sites, lambda s: s in self.origin and s.by is not None
                            and loop in self._within.get(s.by, ()))


# What looks at a part of an array, or at it in another order: a copy of that is no larger than the array.
_PARTS = frozenset({"getitem", "np.transpose", "np.matrix_transpose", "np.swapaxes", "np.moveaxis", "np.rollaxis",
                    "np.squeeze", "np.expand_dims", "np.flip", "np.fliplr", "np.flipud", "np.rot90", "np.diagonal"})


def is_view(let: Let) -> bool:
    """Does `let` look at an array, so that a copy of what it sees would do as well?"""
    return bool(let.args) and let.op.name in _PARTS and let.args[0].type.kind == "array" == let.outs[0].type.kind


def _is_plain(let: Let) -> bool:
    """Does `let` make a new array?"""
    return let.op.memory == "fresh" and len(let.outs) == 1 and let.outs[0].type.is_numeric and (
        not isinstance(let.op, CallOp) and let.op.name not in _TAKE)


def _is_list(let: Let) -> bool:
    return bool(let.args) and let.args[0].type.kind == "sequence"


def _picks(let: Let) -> bool:
    """Is this an index by an integer array, a mask or a list, whose result is new memory?"""
    if let.op.name != "getitem":
        return False
    index = let.form.args[1]
    parts = index if type(index) is tuple else (index,)
    arrays = any(a.type.kind == "array" and a.type.rank for a in let.args[1:])
    return arrays or any(isinstance(p, Listing) for p in parts)


def _makes(let: Let, v: Var) -> bool:
    """Is the memory of `v` new?  What is taken out of a list or a bundle is not."""
    return v.type.kind != "object" and (len(let.outs) == 1 or let.op.name != "pop" or v is let.outs[0]) and (
        let.op.name not in _TAKE)


def _union(parts: Iterable[Sites]) -> Sites:
    result: set[Site] = set()
    for p in parts:
        result |= p
    return frozenset(result)

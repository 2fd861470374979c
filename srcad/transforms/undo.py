"""Undo: the version of an array before a store is the one after it with the overwritten part put back.

    for i in range(n):                          for i in reversed(range(n)):
        old_tape.append(x[i])        and            x[i] = old_tape[i]
        x[i] = f(x)                                 ... the adjoint, which reads x as it was before the store

That is worth it where the adjoint reads more of the array than a trip overwrites: else whole arrays would be copied
and kept.  `Restoring` belongs to a sweep.  Forwards it loads what a store will overwrite; backwards it puts that back,
and whatever the adjoint reads from then on, of that version of the array, it reads of the restored one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from srcad.ir import Block, Builder, Func, If, Let, Lit, Loop, Stmt, Type, Var
from srcad.ir.walk import substitute
from srcad.rules.indexing import getitem_type
from srcad.rules.tapes import GETITEM, SET_AT
from srcad.transforms.versions import Chain, Places, amount, chains, index_of, reading_of

T = TypeVar("T")

class Restoring:
    """The arrays that a sweep undoes, and how far back they are."""

    def __init__(self, build: Builder, undone: Iterable[Chain]) -> None:
        self.build = build
        self.chains = {v: chain for chain in undone for v in chain.born}
        self.current: dict[Chain, Var] = {chain: chain.last for chain in self.chains.values()}
        self.version: dict[Chain, Var] = dict(self.current)
        self.saved: dict[Let, Var] = {}
        self.loads: dict[Var, list[tuple[Var, Any]]] = {}         # of a version: what was read of it, and where
        self.aliases: list[tuple[int, Var, Var]] = []

    # Forwards

    def save(self, let: Let) -> bool:
        """Load what this store overwrites; whether there is something to undo."""
        chain = self.chains.get(let.outs[0]) if len(let.outs) == 1 else None
        if chain is None or let not in chain.stores:
            return False
        self.saved[let] = self.build.call(GETITEM, let.args[0], index_of(let), hint="old")
        return True

    # Backwards

    def undo(self, let: Let) -> None:
        """Put back what this store overwrote."""
        array = let.args[0]
        assert isinstance(array, Var)
        chain = self.chains[array]
        restored = self.build.call(SET_AT, self.current[chain], index_of(let), self.saved[let], hint=array.hint)
        self.arrive(chain, array, restored)

    def arrive(self, chain: Chain, version: Var, restored: Var) -> None:
        """From here on `restored` is this version of the array."""
        self.current[chain], self.version[chain] = restored, version
        self.aliases.append((len(self.build.stmts), version, restored))
        for value, index in self.loads.get(version, ()):
            again = self.build.call(GETITEM, restored, index, hint=value.hint)
            self.aliases.append((len(self.build.stmts), value, again))

    def changed(self, stmt: Loop | If) -> list[tuple[Chain, Any]]:
        """The arrays that this loop or branch makes a new version of, and the carry or choice that is that."""
        if not self.chains:
            return []
        if isinstance(stmt, Loop):
            return [(self.chains[c.param], c) for c in stmt.carries if c.param in self.chains]
        return [(self.chains[c.out], c) for c in stmt.choices if c.out in self.chains
                and all(a in self.chains[c.out].born for a in (c.then, c.orelse))]

    def there(self, stmt: Loop | If) -> frozenset[Var]:
        """The versions that are restored while this loop or branch is reversed."""
        return frozenset(self.version.values()) - {self.version[chain] for chain, _ in self.changed(stmt)}

    @contextmanager
    def scope(self, forward: Iterable[Stmt], stmts: list[Stmt]) -> Iterator[None]:
        """The reverse sweep of the block `forward` is emitted to `stmts`: at the end it reads what was restored."""
        outer = self.aliases, self.loads
        self.aliases, self.loads = [], {}
        for s in forward if self.chains else ():
            reading = reading_of(s, self.chains)
            if reading:
                self.loads.setdefault(reading.version, []).append((reading.value, reading.index))
        try:
            yield
            stmts[:] = self._renamed(stmts)
        finally:
            self.aliases, self.loads = outer

    def _renamed(self, stmts: list[Stmt]) -> Block:
        mapping: dict[Var, Var] = {}
        done = 0
        made: list[Stmt] = []
        for place, stmt in enumerate(stmts):
            while done < len(self.aliases) and self.aliases[done][0] <= place:
                _, old, new = self.aliases[done]
                mapping[old] = new
                done += 1
            made += substitute((stmt,), mapping)
        return tuple(made)


Kept = list[tuple[Var, int]]        # arrays that the forward sweep keeps, and in how many loops


def cheapest(func: Func, attempt: Callable[[list[Chain]], tuple[Kept, T]]) -> T:
    """The sweep that keeps least: `attempt(undone)` makes one, and says what it keeps."""
    kept, result = attempt([])
    chosen = worth_undoing(func, kept)
    while chosen:
        kept, undone = attempt(chosen)
        failed = [chain for chain in chosen if any(v in chain.born for v, _ in kept)]
        if not failed:
            return undone
        chosen = [chain for chain in chosen if chain not in failed]
    return result


def worth_undoing(func: Func, kept: Kept) -> list[Chain]:
    """The arrays that are better undone, if the reverse sweep otherwise keeps these."""
    if not kept:
        return []
    places = Places(func)
    loads = {s.outs[0]: s.args[0] for s in places.of if isinstance(s, Let) and s.op is GETITEM}
    found = []
    for chain in chains(func.body, places):
        mine = [(v, depth) for v, depth in kept if v in chain.born or loads.get(v) in chain.born]
        if any(v in chain.born for v, _ in mine):
            saves = sum(amount(_part(s), len(places.of[s].loops)) for s in chain.stores)
            if saves < sum(amount(v.type, depth) for v, depth in mine):
                found.append(chain)
    return found


def _part(store: Let) -> Type:
    """What a store overwrites."""
    (array, *_), _ = given = store.call([a if isinstance(a, Lit) else a.type for a in store.args])
    part = getitem_type(array, given[0][1] if store.op is SET_AT else given[0][2])
    return array if part.shape is None else part

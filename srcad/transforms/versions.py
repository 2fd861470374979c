"""The versions of an array that is stored to, and what no later store overwrites.

    L = np.zeros((n, n))                      the chain of L:   zeros -> head of j -> head of i -> store -> ...
    for j in range(n):
        for i in range(j, n):
            L[i, j] = f(L[i, :j])             row i, columns below j: no store of a later trip writes there

The reverse sweep reads such a part from the last version of the array: nothing is kept for it.  A person who writes the
adjoint of a factorisation or of a table of dynamic programming does the same.

To prove it, the trips of the loads and of the stores that come later are compared: in a later trip of `j` the column is
j + 1 + something, and so on (`srcad.transforms.linear`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from srcad.ir import Block, Func, If, Let, Lit, Loop, Stmt, Type, Var
from srcad.ir.core import form_of
from srcad.ir.walk import binds, every
from srcad.rules.indexing import getitem_type
from srcad.rules.tapes import GETITEM
from srcad.transforms.linear import Linears, Region

_STORES = frozenset({"set_at", "index_add"})
# What a size or a number of trips that is not known is taken for when amounts are compared.
MANY = 64
# Each load is compared with each store: not for long unrolled programs.
MOST_STORES = 24


@dataclass(frozen=True)
class Place:
    """The loops and the sides of branches around something, and its number in reading order.

    A side is a branch, which one it is, and how many loops are around the branch."""

    loops: tuple[Loop, ...]
    number: int
    sides: tuple[tuple[If, int, int], ...] = ()

    def before(self, other: Place) -> bool:
        """In one trip of the loops around both, may `other` come after this?"""
        return self.number < other.number and not self.excludes(other, self.loops)

    def excludes(self, other: Place, loops: tuple[Loop, ...]) -> bool:
        """In one trip of these loops, if this is run, is `other` not, being on the other side of a branch?"""
        mine = {stmt: (side, around) for stmt, side, around in self.sides}
        return any(mine.get(stmt, (side, 0))[0] != side and around <= len(loops) for stmt, side, around in other.sides)


@dataclass(eq=False)
class Chain:
    """One array: the loops in each of whose trips it is made, where its versions are made, the stores between them,
    and the last version."""

    last: Var
    around: tuple[Loop, ...] = ()
    born: dict[Var, Place] = field(default_factory=dict)
    stores: list[Let] = field(default_factory=list)


class Places:
    """Where each statement of a program is."""

    def __init__(self, func: Func) -> None:
        self.of: dict[Stmt, Place] = {}
        self.ends: dict[Stmt, Place] = {}
        self.count = 0
        self._block(func.body, (), ())

    def _block(self, block: Block, loops: tuple[Loop, ...], sides: tuple[tuple[If, int, int], ...]) -> None:
        for stmt in block:
            self.of[stmt] = place = Place(loops, self._next(), sides)
            if isinstance(stmt, Loop):
                self._block(stmt.body, (*loops, stmt), sides)
                self.ends[stmt] = replace(place, number=self._next())
            elif isinstance(stmt, If):
                self._block(stmt.then, loops, (*sides, (stmt, 0, len(loops))))
                self._block(stmt.orelse, loops, (*sides, (stmt, 1, len(loops))))
                self.ends[stmt] = replace(place, number=self._next())

    def _next(self) -> int:
        self.count += 1
        return self.count


def chains(block: Block, places: Places, around: tuple[Loop, ...] = ()) -> list[Chain]:
    """The arrays that are stored to in loops of this block, those that are made in it (or given to it at the top)."""
    stored = [s for s in block if isinstance(s, Loop) and any(
        isinstance(inner, Let) and inner.op.name in _STORES for inner in every(s.body))]
    if not stored:
        return []
    seen: set[Var] = set()
    found = []
    own = {v for s in block for v in binds(s)}
    for start in _starts(block, stored):
        if start not in seen and (start in own or not around):
            chain = Chain(start, around)
            if _follow(block, start, Place(around, 0), chain, places) and chain.stores:
                found.append(chain)
            seen.update(chain.born)
    return found


def _starts(block: Block, loops: Iterable[Loop]) -> list[Var]:
    """The first versions of what these loops carry."""
    before = _before(block)
    result = []
    for c in (c for loop in loops for c in loop.carries if c.param.type.kind == "array"):
        start: Any = c.init
        while start in before:
            start = before[start]
        if isinstance(start, Var):
            result.append(start)
    return result


def _before(block: Block) -> dict[Any, Any]:
    """What each version was made of, by any way."""
    found: dict[Any, Any] = {}
    for s in block:
        if isinstance(s, Loop):
            found.update((c.out, c.init) for c in s.carries)
        elif isinstance(s, If):
            found |= _before(s.then) | _before(s.orelse) | {c.out: c.orelse for c in s.choices}
        elif s.op.name in _STORES:
            found[s.out] = s.args[0]
    return found


def _follow(block: Block, current: Var, born: Place, chain: Chain, places: Places) -> bool:
    """Add the versions that `block` makes of `current`, and leave the last in the chain; whether they are one line."""
    chain.born.setdefault(current, born)
    for stmt in block:
        if isinstance(stmt, Let):
            if stmt.op.name in _STORES and stmt.args[0] is current:
                chain.stores.append(stmt)
                current = stmt.out
                chain.born[current] = places.of[stmt]
            continue
        made = _through_branch(stmt, current, chain, places) if isinstance(stmt, If) else \
            _through_loop(stmt, current, chain, places)
        if made is None:
            return False
        if made is not current:
            current = made
            chain.born[current] = places.ends[stmt]
    chain.last = current
    return True


def _through_loop(stmt: Loop, current: Var, chain: Chain, places: Places) -> Var | None:
    carries = [c for c in stmt.carries if c.init is current]
    if not carries:
        return current
    place = places.of[stmt]
    head = replace(place, loops=(*place.loops, stmt))
    if len(carries) > 1 or not _follow(stmt.body, carries[0].param, head, chain, places):
        return None
    return carries[0].out if chain.last is carries[0].next else None


def _through_branch(stmt: If, current: Var, chain: Chain, places: Places) -> Var | None:
    ends = []
    for side in (stmt.then, stmt.orelse):
        if not _follow(side, current, chain.born[current], chain, places):
            return None
        ends.append(chain.last)
    if ends[0] is current is ends[1]:
        return current
    found = [c.out for c in stmt.choices if c.then is ends[0] and c.orelse is ends[1]]
    return found[0] if len(found) == 1 else None


def settled(func: Func) -> tuple[dict[Var, Let], set[Var]]:
    """The values that are found in the last version of an array as they were loaded or stored, and how to load them;
    and the last versions of arrays that are made in a loop, and in each trip anew."""
    if not any(isinstance(s, Loop) for s in func.body):
        return {}, set()
    places = Places(func)
    blocks = [(func.body, ()), *((s.body, (*place.loops, s)) for s, place in places.of.items() if isinstance(s, Loop))]
    known = [chain for block, around in blocks for chain in chains(block, places, around)
             if len(chain.stores) <= MOST_STORES]
    if not known:
        return {}, set()
    of = {v: chain for chain in known for v in chain.born}
    linears = Linears(func)
    made = {v: place for stmt, place in places.of.items() if isinstance(stmt, Let) for v in stmt.outs}
    later = {chain: [(places.of[s], _region(linears, s, places)) for s in chain.stores] for chain in known}
    found: dict[Var, Let] = {}
    worth = dict.fromkeys(known, 0)
    for stmt, place in places.of.items():
        reading = reading_of(stmt, of)
        if reading is None or not _is_always_there(reading.value, place, made):
            continue
        chain = of[reading.version]
        if _lasts(reading, place, chain, later[chain], linears):
            form, atoms = form_of((chain.last, reading.index), {}, lambda a: isinstance(a, Var | Lit))
            out = reading.value
            found.setdefault(out, Let((out,), GETITEM, tuple(atoms), form, stmt.span))
            worth[chain] += amount(out.type, len(place.loops))
    # What is made in each trip is kept for each trip.
    kept = {c for c in known if not c.around or worth[c] >= amount(c.last.type, len(c.around))}
    return ({v: let for v, let in found.items() if of[let.args[0]] in kept},  # type: ignore[index]
            {c.last for c in kept if c.around})


def _is_always_there(value: Var, place: Place, made: dict[Var, Place]) -> bool:
    """Is this load or store of `value` run whenever `value` is made?  (What is stored on one side of a branch only is
    not there for the other side.)"""
    own = made.get(value)
    return own is not None and own.loops == place.loops and own.sides == place.sides


def amount(t: Type, depth: int) -> int:
    """How much it is to keep a value of this type in so many loops."""
    return prod(MANY if d.size is not None else d.offset for d in t.shape or ()) * MANY ** depth


def _lasts(reading: Reading, place: Place, chain: Chain, later: list[tuple[Place, Region | None]],
           linears: Linears) -> bool:
    """Does no later store overwrite it?"""
    born = chain.born[reading.version]
    load = linears.region(reading.version, reading.index, place.loops)
    facts = linears.facts(place.sides, place.loops)
    return load is not None and all(
        linears.apart(load, place.loops, region, store.loops, common := _common(born, store),
                      born.before(store) and not place.excludes(store, common), len(chain.around), facts)
        for store, region in later)


def _common(born: Place, store: Place) -> tuple[Loop, ...]:
    """The loops whose trips say which of the two comes later."""
    n = 0
    while n < min(len(born.loops), len(store.loops)) and born.loops[n] is store.loops[n]:
        n += 1
    return born.loops[:n]


def _region(linears: Linears, store: Let, places: Places) -> Region | None:
    return linears.region(store.args[0], index_of(store), places.of[store].loops)


def index_of(store: Let) -> Any:
    """Where it stores."""
    args, _ = store.call()
    return args[1] if store.op.name == "set_at" else args[2]


@dataclass(frozen=True)
class Reading:
    """A value that a version of an array has at an index: it was loaded from there, or stored."""

    value: Var
    version: Var
    index: Any


def reading_of(stmt: Stmt, versions: Container[Any]) -> Reading | None:
    """What is known of one of these versions by this statement."""
    if isinstance(stmt, Let) and stmt.args and isinstance(stmt.args[0], Var) and stmt.args[0] in versions:
        if stmt.op is GETITEM:
            return Reading(stmt.out, stmt.args[0], stmt.call()[0][1])
        if stmt.op.name == "set_at" and stmt.out in versions and _is_loaded_alike(stmt):
            return Reading(stmt.call()[0][2], stmt.out, index_of(stmt))
    return None


def _is_loaded_alike(store: Let) -> bool:
    """Does a load give the very value that was stored?"""
    value = store.call()[0][2]
    (array, index, _), _ = store.call([a if isinstance(a, Lit) else a.type for a in store.args])
    return isinstance(value, Var) and value.type.kind in ("scalar", "array") and value.type.shape is not None \
        and replace(getitem_type(array, index), value=None) == replace(value.type, value=None)

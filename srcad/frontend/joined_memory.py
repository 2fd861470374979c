"""Memory where control meets: which memories are still told apart, and what is known of each.

Two arrays that change places under two names, which nothing else knows, are two arrays still.  An array that is one
of two after an `if` is *undecided*: the test says which.  Where there is no test, at the head of a loop, two memories
under one name can't be told apart: such an array can be read, and a store that could reach it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from srcad.errors import Span
from srcad.frontend.memory import Case, Elements, Frozen, Memories, Memory, Place, Undecided, is_array, owner_of
from srcad.frontend.values import Cell, State
from srcad.ir import Atom, Var


def joined(left: Memories, right: Memories, pairs: Iterable[tuple[Var, Atom, Atom]], span: Span | None,
           test: Atom | None = None, hold: Callable[[Var], Cell] | None = None) -> Memories:
    """The memories after two paths met; `pairs` are all variables that are seen, with the two that they came from.

    A memory that meets one other which meets nothing else is one memory.  All others are mixed: with a `test` that says
    which path was taken they are undecided, and what else knows them is put into cells by `hold`."""
    result = Memories({**left.of, **right.of}, {**left.views, **right.views}, left.parts | right.parts,
                      {**left.elements, **right.elements}, {**left.frozen, **right.frozen},
                      among={**left.among, **right.among}, undecided={**left.undecided, **right.undecided},
                      perhaps={**left.perhaps, **right.perhaps}, met=left.met | right.met)
    met = Meetings(left, right)
    pairs = list(pairs)
    found = [(out, a, b) for out, a, b in pairs if is_array(out)]
    result.newer = _newer(left, right, found)
    for pair in found:
        met.add(*pair)
    for out, a, b in pairs:
        if out.type.kind == "sequence":
            _join_lists(result, left, right, out, a, b)
    for out, a, b in found:
        sources = met.memories(a, b)
        if out is a and out is b or not sources:
            continue
        result.of[out] = sources[-1]
        if sources[0] is not sources[-1]:
            result.met.add(sources[-1])
        for why in (result.frozen[m] for m in sources if m in result.frozen):
            result.freeze(out, why)
        view = (isinstance(a, Var) and left.is_part(a)) or (isinstance(b, Var) and right.is_part(b))
        mixed = met.mixed(a, b)
        if test is not None and hold is not None and len(sources) == 2 and result.frozen.keys().isdisjoint(sources):
            if sources[0] is sources[1] and not view:
                continue    # it is this array on both paths, whatever else is
            if mixed or view or sources[1] in met.alone[1]:
                cases = met.cases(out, a, b, test, hold)
                if cases is not None:
                    result.of[out] = Memory()
                    result.undecided[result.of[out]] = cases
                    continue
        if view:
            result.parts.add(out)
        if not mixed:
            continue
        result.of[out] = one = Memory(owner_of(sources[0]) or owner_of(sources[-1]))
        result.perhaps[one] = frozenset(sources)
        for m in (one, *sources):
            result.frozen.setdefault(m, Frozen("it may be one of two arrays, depending on the path",
                                               "copy it before the store", span))
    return result


def _join_lists(result: Memories, left: Memories, right: Memories, out: Var, a: Atom, b: Atom) -> None:
    """The elements of a list are in the same memory on both paths, or can't be told apart from others."""
    places = [m.at(x) for m, x in ((left, a), (right, b)) if isinstance(x, Var)]
    owned = [p for p in places if isinstance(p, Elements)]
    if owned and len(owned) == len(places) and owned[0] is owned[-1]:
        result.of[out] = owned[0]
        return
    for place in owned:
        result.frozen.setdefault(place, Frozen("it is an element of one of two lists, depending on the path",
                                               "copy it before the store"))


def closed(memories: Memories, state: State, outer: Memories) -> None:
    """At the end of a block: a test that it made is not known outside, what it left undecided stays so."""
    own = {p: memories.undecided.pop(p) for p in list(memories.undecided) if p not in outer.undecided}
    for place, undecided in own.items():
        memories.perhaps[place] = frozenset(c.place for c in undecided.cases if c.place is not None)
        memories.frozen.setdefault(place, Frozen("it may be one of two arrays, depending on the path",
                                                 "copy it before the store"))
    for cell in {c for undecided in own.values() for c in undecided.cells}:
        state.pop(cell, None)


def _newer(left: Memories, right: Memories, pairs: list[tuple[Var, Atom, Atom]]) -> dict[Var, Var | None]:
    """What became of variables that were stored to on either path."""
    outs = {(a, b): out for out, a, b in pairs}
    result: dict[Var, Var | None] = {}
    for v in {**left.newer, **right.newer}:
        a, b = left.last(v), right.last(v)
        result[v] = a if a is b else outs.get((a, b)) if a is not None and b is not None else None
    return result


class Meetings:
    """Which memories meet which, where two paths meet."""

    def __init__(self, left: Memories, right: Memories) -> None:
        self.left, self.right = left, right
        self.to: dict[Place, set[Place]] = {}
        self.back: dict[Place, set[Place]] = {}
        self.alone: tuple[set[Place], set[Place]] = (set(), set())  # what names have that one path alone binds
        self.pairs: list[tuple[Var, Atom, Atom]] = []

    def memories(self, a: Atom, b: Atom) -> list[Place]:
        return [m.at(x) for m, x in ((self.left, a), (self.right, b)) if isinstance(x, Var) and is_array(x)]

    def add(self, out: Var, a: Atom, b: Atom) -> None:
        both = self.memories(a, b)
        self.pairs.append((out, a, b))
        if len(both) == 2:
            self.to.setdefault(both[0], set()).add(both[1])
            self.back.setdefault(both[1], set()).add(both[0])
        elif both:
            self.alone[0 if isinstance(a, Var) else 1].add(both[0])

    def mixed(self, a: Atom, b: Atom) -> bool:
        """Can this be one of two memories, in a way that other names can tell?"""
        both = self.memories(a, b)
        if len(both) < 2 or both[0] is both[1] and self.to[both[0]] == self.back[both[1]] == {both[0]}:
            return False
        first, last = both
        # A memory that is frozen may be one of several already, the other one among them.
        known = not (self.left.is_one_of_several(first) or self.right.is_one_of_several(last))
        swapped = known and first not in self.alone[0]
        return not (swapped and self.to[first] == {last} and self.back[last] == {first})

    def cases(self, out: Var, a: Atom, b: Atom, test: Atom, hold: Callable[[Var], Cell]) -> Undecided | None:
        """What `out` is on each path, with what else knows it there; None if that can't be told."""
        found = []
        for mine, side, wanted in ((a, 0, True), (b, 1, False)):
            assert isinstance(mine, Var)
            own, others = (self.left, self.right)[side], (self.right, self.left)[side]
            place, other = own.at(mine), others.at(b if side == 0 else a)  # type: ignore[arg-type]
            if mine in own.parts:
                return None
            alone = (self.to, self.back)[side][place] == {other} and place not in self.alone[side]
            if alone and place is not other and not own.is_part(mine) and not own.is_one_of_several(place):
                found.append(Case(test, wanted, None))
                continue
            known = next((o for o, *both in self.pairs if o is not out and both[side] is mine
                          and self._stays(both[1 - side], 1 - side, place)), None)
            if known is None and mine in others.of and others.last(mine) is mine:
                known = mine    # a view from before
            if known is None:
                return None
            found.append(Case(test, wanted, hold(known), place))
        return Undecided(tuple(found))

    def _stays(self, a: Atom, side: int, place: Place) -> bool:
        """Is this the same array on the other side, or nothing?"""
        return not isinstance(a, Var) or (self.left, self.right)[side].at(a) is place

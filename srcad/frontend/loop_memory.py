"""What a loop does to memory: names that are other arrays in the next trip, views that are held across trips.

    v = B[1]                    B is carried; at the head of a trip v is B[1] again, of B's version there
    for k in range(n):
        v[k] = ...              a store to v is a store to B
    return v                    after the loop v is B[1] of the last version

    for t in range(n):
        u, v = v, u             two arrays that change places in every trip: u and v are carried, each in its own memory
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from srcad.frontend.joined_memory import Meetings
from srcad.frontend.joined_memory import joined as joined_memories
from srcad.frontend.loop_swaps import Swap, find_swap
from srcad.frontend.machine import Frame
from srcad.frontend.memory import Frozen, Memories, Memory, Place, is_array, owner_of
from srcad.frontend.spaces import Space
from srcad.frontend.storing import StoresToElement
from srcad.frontend.values import MISSING, Cell, Mixed, Num, State, atoms_in, map_atoms
from srcad.ir import UNDEF, Atom, Var


@dataclass
class Slot:
    """A leaf that the loop carries."""

    param: Var
    init: Atom
    next: Atom | None = None


class Again(Exception):
    """Lower the loop once more: more is carried, or types are wider."""


@dataclass
class LoopMemory:
    """The part of a loop's lowering that knows of memory."""

    frame: Frame
    node: Any
    space: Space | None
    carried: dict[Any, None] = field(default_factory=dict)
    slots: dict[Var, Slot] = field(default_factory=dict)
    places: dict[Var, Any] = field(default_factory=dict)
    paths: dict[Var, list[Any]] = field(default_factory=dict)
    shared: dict[Var, Var] = field(default_factory=dict)
    elements: set[Var] = field(default_factory=set)
    mixed: dict[Any, Frozen] = field(default_factory=dict)
    frozen: dict[Any, Frozen] = field(default_factory=dict)
    entered: frozenset[Var] = frozenset()
    loose: set[Any] = field(default_factory=set)
    kept: dict[Var, list[Any]] = field(default_factory=dict)
    partial: set[Any] = field(default_factory=set)
    may: dict[Any, set[Place]] = field(default_factory=dict)
    swap: Swap | None = None
    swaps: bool = True
    peeled: bool = False
    params_ever: set[Var] = field(default_factory=set)

    # Memory: a param is in the memory of what the loop starts with, unless a trip ends with another.

    def enter_memories(self) -> None:
        machine = self.frame.machine
        memories = machine.memories
        memories.frozen.update(self.frozen)
        for param, slot in self.slots.items():
            if not isinstance(slot.init, Var):
                continue
            memories.of[param] = memories.at(slot.init)
            if slot.init in memories.elements:
                memories.elements[param] = memories.elements[slot.init]
            if memories.is_part(slot.init) or not self.partial.isdisjoint(self.paths[param]):
                memories.parts.add(param)
            why = self.mixed.get(self.places[param])
            if why is not None:
                memories.frozen.setdefault(memories.at(slot.init), why)
                memories.of[param] = Memory(owner_of(memories.at(slot.init)))
                memories.freeze(param, why)
                memories.perhaps[memories.of[param]] = frozenset({
                    memories.at(slot.init), *self.may.get(self.places[param], ())})
        self._enter_early(memories)
        self.entered = frozenset(memories.newer)

    def _enter_early(self, memories: Memories) -> None:
        """Names that the trip before bound, to an array that another name has too: a store to any may change them."""
        seen = frozenset(memories.at(a) for v in self.frame.machine.state.values() for a in atoms_in(v)
                         if isinstance(a, Var) and is_array(a))
        for param, slot in self.slots.items():
            why = self.mixed.get(self.places[param])
            if slot.init is UNDEF and why is not None:
                memories.of[param] = Memory()
                memories.freeze(param, why)
                memories.perhaps[memories.of[param]] = seen - {param}

    def refresh_views(self) -> None:
        """A view of an array that the loop changes is taken anew in every trip."""
        machine = self.frame.machine
        now = {s.init: p for p, s in self.slots.items() if isinstance(s.init, Var) and self._is_one(p)}
        self._renew(now, machine.state)

    def _is_one(self, param: Var) -> bool:
        """Is it one array in all trips?  (If the name is bound anew, views of what it was are left alone.)"""
        array = param.type.kind == "array"   # in all trips
        return array and self.places.get(param) not in self.mixed and self.partial.isdisjoint(self.paths.get(param, ()))

    def renew_views(self, outs: dict[Var, Atom]) -> None:
        """After the loop, views are those of the last versions."""
        last = {s.init: outs[p] for p, s in self.slots.items() if isinstance(s.init, Var)
                and outs.get(p, s.init) is not s.init and self._is_one(p)}
        self._renew(last, self.frame.machine.state)

    def _renew(self, versions: dict[Any, Any], state: State) -> None:
        """Views of what has another version are made again from it, in the whole state."""
        memories = self.frame.machine.memories
        made = {v: new for v, new in versions.items() if v not in memories.views}

        def again(v: Any) -> Any:
            if v not in made:
                view = memories.views.get(v)
                base = again(view.base) if view is not None else None
                made[v] = None
                if view is not None and isinstance(base, Var):
                    made[v] = new = view.of(self.frame.build, base, v.hint)
                    memories.of[new], memories.views[new] = memories.at(base), replace(view, base=base)
            return made[v]

        for key, value in list(state.items()):
            if any(isinstance(a, Var) and a in memories.views and again(a) is not None for a in atoms_in(value)):
                state[key] = map_atoms(lambda a: again(a) or a if a in memories.views else a, value)

    # Views that are held across trips.

    def is_kept_view(self, a: Atom, path: Any) -> bool:
        """Is this name a view, and the same one of the new version in every trip?  (As far as is known by now.)"""
        return isinstance(a, Var) and a in self.frame.machine.memories.views and path not in self.loose

    def carry_roots(self, start: State) -> None:
        """What the views of carried names are views of is carried, under a name or under none."""
        memories = self.frame.machine.memories
        held: dict[Atom, list[Any]] = {}
        for key, value in start.items():
            for a in atoms_in(value):
                held.setdefault(a, []).append(key)
        for key in list(self.carried):
            for k, a in enumerate(atoms_in(start.get(key, MISSING))):
                if not self.is_kept_view(a, (key, (k,))):
                    continue
                root, _ = memories.chain(a)
                if root not in held:
                    held[root] = [Cell(root.hint)]
                    start[held[root][0]] = Num(root)
                self.carried.update(dict.fromkeys(held[root]))

    def with_kept_views(self, head: State, end: State, after: Memories) -> State:
        """The state at the end of a trip, in which a name that is the view that it was at the head is unchanged."""
        result, before = dict(end), self.frame.machine.memories
        params = {s.init: p for p, s in self.slots.items()}
        for key, value in head.items():
            first, last = atoms_in(value), atoms_in(end.get(key, MISSING))
            if len(first) != len(last) or first == last:
                continue
            for k, (a, b) in enumerate(zip(first, last, strict=True)):
                if a in before.views and isinstance(b, Var) and a not in self.slots:
                    (root, steps), (now, steps_now) = before.chain(a), after.chain(b)
                    param = params.get(root, root)
                    if param is root and now is not root and key not in self.carried:
                        self.carried[key] = None  # and what it is a view of
                        raise Again
                    if steps == steps_now and now is after.last(param):
                        last[k] = a
                        self.kept.setdefault(param, []).append((key, (k,)))
                    elif key in self.carried and (key, (k,)) not in self.loose:
                        self.loose.add((key, (k,)))
                        raise Again
            atoms = iter(last)
            result[key] = map_atoms(lambda _, atoms=atoms: next(atoms), end[key])  # type: ignore[misc]
        return result

    def _require_roots(self, after: Memories) -> None:
        """A view is kept only if what it is a view of is the same array in every trip."""
        for param, paths in self.kept.items():
            slot = self.slots.get(param)
            if slot is not None and slot.next is not None and slot.next is not after.last(param):
                self.loose.update(paths)
                self.carried.update((key, None) for key, _ in paths)
                raise Again

    def settle_memories(self, joined: State, after: Memories) -> None:
        """Lower the loop again if a trip ends with a name in another memory than it began with."""
        self._require_roots(after)
        machine = self.frame.machine
        before = machine.memories.copy()
        for param, slot in self.slots.items():
            if isinstance(slot.init, Var):
                before.of[param] = before.at(slot.init)
        met = Meetings(before, after)
        pairs = self._pairs(joined)
        for v, a, b in pairs:
            # What a trip leaves under a name that had nothing before the loop is there in the next trip.
            met.add(v, v if a is UNDEF and v in self.places else a, b)
        found = [p for p, s in self.slots.items() if s.next is not None and p.type.kind in ("array", "unknown")
                 and self.places.get(p) not in self.mixed and p in self.places and met.mixed(p, s.next)]
        early = [p for p, s in self.slots.items() if s.init is UNDEF and p in self.places and isinstance(s.next, Var)
                 and is_array(p) and self.places[p] not in self.mixed
                 and any(v is not p and isinstance(b, Var) and is_array(b) and after.at(b) is after.at(s.next)
                         for v, _, b in pairs)]
        for param in early:
            self.mixed[self.places[param]] = Frozen("it is another name for an array of the trip before",
                                                    "bind it before the loop, or copy it", self.frame.build.span)
        for param in found:
            self._mix(param)
        held = [p for p, s in self.slots.items() if isinstance(s.next, Var) and after.at(s.next) in after.frozen
                and self.places.get(p) not in self.mixed and p in self.places and before.at(p) not in after.frozen]
        for param in (*found, *held, *early):
            self.may[self.places[param]] = after.alternatives(after.at(self.slots[param].next))  # type: ignore[arg-type]
        for param in held:
            self.mixed[self.places[param]] = after.frozen[after.at(self.slots[param].next)]  # type: ignore[arg-type]
        known = {before.at(a) for v in machine.state.values() for a in atoms_in(v) if isinstance(a, Var)}
        frozen = {m: why for m, why in after.frozen.items() if m in known and m not in before.frozen
                  and m not in self.frozen}
        self.frozen.update(frozen)
        # A name of a whole array that a trip binds to a part of it is a part in the next trip.
        partial = {path for p, s in self.slots.items() if isinstance(s.next, Var) and p in self.paths
                   and after.is_part(s.next)
                   and p not in after.parts for path in self.paths[p]} - self.partial
        self.partial |= partial
        if early or found or held or frozen or partial:
            raise Again
        for sequence in self.space.sequences if self.space is not None else ():
            if not isinstance(sequence, Var):
                continue
            names = self._names_in_later_trips(before.at(sequence), before, after)
            if any(after.at(v) in names for v in after.newer if v not in self.entered):
                # What the loop runs over changes while it runs.
                raise StoresToElement(next(iter(self.elements), sequence))

    def _names_in_later_trips(self, place: Place, before: Memories, after: Memories) -> set[Place]:
        """An array, and what it is known as in later trips, if the trips bind it to other names."""
        moves = [(before.at(p), after.at(s.next)) for p, s in self.slots.items()
                 if p in self.places and isinstance(s.next, Var) and is_array(p)]
        found = {place}
        while more := {head for head, end in moves if end in found} - found:
            found |= more
        return found

    def _mix(self, param: Var) -> None:
        self.mixed[self.places[param]] = Frozen(
            f"`{param.hint}` is another array in the next trip", "copy it before the loop, or store into a copy",
            self.frame.build.span, peel=None if self.peeled else param)

    def require_together(self, head: Any, end: Any) -> None:
        """Names of one array before the loop, of which a trip stores to one and binds another anew, are of two arrays
        in the next trip."""
        if not isinstance(end, Mixed) or isinstance(head, Mixed):
            return
        inits = {self.slots[a].init for a in atoms_in(head) if isinstance(a, Var) and a in self.slots}
        apart = [p for p, s in self.slots.items() if s.init in inits and p in self.places]
        if len(apart) > 1 and any(self.places[p] not in self.mixed for p in apart):
            for p in apart:
                self._mix(p)
            raise Again

    def find_swap(self, head: State, end: State, after: Memories) -> None:
        """Lower the loop again if a trip exchanges arrays that others know."""
        if self.swap is not None or not self.swaps:
            return
        machine, moving = self.frame.machine, []
        before = machine.memories
        for key in self.carried:
            first, last = atoms_in(head.get(key, MISSING)), atoms_in(end.get(key, MISSING))
            for a, b in zip(first, last, strict=False):
                if not (isinstance(a, Var) and a in self.slots and isinstance(b, Var) and b.type.kind == "array"):
                    continue
                init = self.slots[a].init
                if isinstance(init, Var) and before.at(init) is not after.at(b) and not (
                        before.is_part(init) or after.is_part(b)):
                    path = next(p for p in self.paths[a] if p[0] == key)
                    moving.append((path, init, before.at(init), after.at(b)))
        self.swap = find_swap(moving, machine.state, machine.memories) if len(moving) > 1 else None
        if self.swap is not None:
            self.swap.begin(self.frame)
            self.carried.update(dict.fromkeys(self.swap.positions.values()))
            raise Again

    def _pairs(self, joined: State) -> list[tuple[Var, Atom, Atom]]:
        """All variables that are seen after a trip, with what they were before and after it."""
        moved = [(p, UNDEF if s.init is UNDEF or s.init.type.kind == "never" else p, s.next)
                 for p, s in self.slots.items() if s.next is not None]
        kept = dict.fromkeys(a for v in joined.values() for a in atoms_in(v) if isinstance(a, Var) and (
            a not in self.slots or self.slots[a].next is None))
        return [*moved, *((v, v, v) for v in kept)]

    def leave_memories(self, outs: dict[Var, Atom], joined: State, after: Memories) -> None:
        """What is known of memory after the loop."""
        machine = self.frame.machine
        before = machine.memories.copy()
        for param, slot in self.slots.items():
            if isinstance(slot.init, Var):
                before.of[param] = before.at(slot.init)
                if before.is_part(slot.init):
                    before.parts.add(param)
        pairs = [(last, a, b) for v, a, b in self._pairs(joined) if isinstance(last := outs.get(v, v), Var)]
        machine.memories = joined_memories(before, after, pairs, self.frame.build.span)
        machine.memories.newer = dict(before.newer)
        # What was frozen so that a trip would be peeled is frozen for good now.
        for place, why in machine.memories.frozen.items():
            if why.peel in self.params_ever:
                machine.memories.frozen[place] = replace(why, peel=None)
        for param, slot in self.slots.items():
            out, last = outs.get(param), param if slot.next is None else slot.next
            if isinstance(slot.init, Var) and isinstance(out, Var) and isinstance(last, Var) and out is not slot.init \
                    and param.type.kind == "array" and after.at(last) is before.at(slot.init) \
                    and not after.is_part(last):
                machine.memories.newer[slot.init] = out

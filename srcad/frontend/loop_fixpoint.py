"""One loop: the state at the head of a trip is joined with the state at its end, to a fixpoint.

The names that a body assigns become params of the loop, with the types that they have before it.  The body is lowered.
If a name ends with a wider type, or something else has changed (a list grew, an attribute was set), the loop is lowered
again with what was learnt; types only widen, so this ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from srcad.frontend.branches import truth
from srcad.frontend.carried_types import after_loop, dims_of, settled
from srcad.frontend.generators import assigned_keys
from srcad.frontend.joined_memory import closed
from srcad.frontend.joins import Join, example, numeric, same
from srcad.frontend.lists import grown
from srcad.frontend.loop_lists import grows, rebound_lists, redirect
from srcad.frontend.loop_memory import Again, LoopMemory, Slot
from srcad.frontend.machine import HELD, Frame, Walk
from srcad.frontend.memory import Elements, Memories, is_array
from srcad.frontend.names import names_in
from srcad.frontend.spaces import element_type
from srcad.frontend.storing import KindChanges
from srcad.frontend.suspended import is_waiting
from srcad.frontend.values import (
    MISSING,
    NONE,
    Cell,
    Const,
    Entries,
    Fields,
    Items,
    Missing,
    Mixed,
    Num,
    Poison,
    Ref,
    Refused,
    Sequence,
    State,
    Tup,
    atom_of,
    atoms_in,
    is_atomic,
    map_atoms,
)
from srcad.ir import NEVER, UNDEF, Atom, Carry, Dim, Element, Lit, Loop, Test, Type, Var, equivalent, fresh, join
from srcad.ir.types import integer
from srcad.ir.walk import inner_reads


def place_of(frame: Any, node: Any) -> Any:
    """What tells a loop of the source from the others, each time that it is lowered."""
    return frame.source.file, node.lineno, node.col_offset, type(node).__name__


class TestChanges(Exception):
    """The test of a loop changes something: it is made at the end of each trip."""


@dataclass
class Lowering(LoopMemory):
    """One loop on its way to a fixpoint."""

    sequences: dict[Any, Any] = field(default_factory=dict)
    types: dict[Any, Type] = field(default_factory=dict)
    indices: set[Var] = field(default_factory=set)
    never: dict[Any, Var] = field(default_factory=dict)
    made: dict[Any, Any] = field(default_factory=dict)
    unlike: dict[Any, Mixed] = field(default_factory=dict)
    nothing: State = field(default_factory=dict)       # names that are None in all trips
    something: set[Any] = field(default_factory=set)   # and those that only seemed so
    walk: Walk = field(default_factory=Walk)
    split: set[Any] = field(default_factory=set)
    loose: set[Dim] = field(default_factory=set)
    templates: dict[Any, Tup] = field(default_factory=dict)
    detached: dict[Cell, Cell] = field(default_factory=dict)

    def run(self) -> None:
        frame = self.frame
        for key in _assigned(frame, self.node):
            self.carried[key] = None
        problems = len(frame.machine.problems)
        for _ in range(20):
            del frame.machine.problems[problems:]
            try:
                self._attempt()
                return
            except Again:
                continue
        raise Refused("a loop whose variables change their kinds in every trip")

    # One attempt.

    def _attempt(self) -> None:
        frame, machine = self.frame, self.frame.machine
        span = frame.build.span
        start, outer = self._detached(machine.seeds | machine.state), machine.memories
        machine.state = start
        self.slots, self.places, self.never, self.shared, self.paths, self.kept = {}, {}, {}, {}, {}, {}
        self.carry_roots(start)
        head = self._head(start)
        if self.swap is not None:
            head = self.swap.waiting(head)
        with machine.fork(head if self.swap is None else self.swap.marked(head)) as stmts:
            self.enter_memories()
            test = self._test()
            self.refresh_views()
            index, elements = self._target()
            frame.execute(self.node.body)
            if self.swap is not None and not machine.dead and not self.swap.follow(frame, head):
                self.swap, self.swaps = None, False
                raise Again
            end, dead, after = machine.state, machine.dead, machine.memories
            closed(after, end, outer)
            until = self._until(end, dead)
        machine.dead = False
        frame.build.span = span
        loop = Loop(tuple(stmts), index, self.space.bounds if self.space else None, elements, test,
                    until=until, span=span)
        joined = self._joined(head, end, loop, after)
        self.settle_memories(joined, after)
        self._finish(outer, joined, loop, after)

    def _detached(self, state: State) -> State:
        """The state where a name of the caller's list is one of a list that later trips replace."""
        for outer, cell in self.detached.items():
            if cell not in state:
                names = {k: Ref(cell) for k, v in state.items() if isinstance(v, Ref) and v.cell is outer}
                state = {**state, **names, cell: state[outer]}
        return state

    def _head(self, start: State) -> State:
        """The state at the head of a trip: `start`, with params for what is carried."""
        head = dict(start)
        for key in self.carried:
            if self.swap is not None and key in self.swap.others:
                continue
            value = start.get(key, MISSING)
            if isinstance(value, Missing):
                if isinstance(key, Cell):
                    continue
                if key in self.templates:
                    counter = iter(range(1_000_000))
                    head[key] = map_atoms(lambda a, key=key, c=counter:
                                          self._slot((key, (next(c),)), UNDEF, key[1], a.type),
                                          self.templates[key])
                    continue
                t = self.types.get((key, ()), NEVER)
                param = self._slot((key, ()), UNDEF, key[1], t)
                self.never[key] = param
                head[key] = Num(param)
            elif key in self.sequences and isinstance(value, Items | Sequence):
                # A list that grows in the loop: one variable from here on.
                content = self.made.get(key) or grown(self.frame, value, self.sequences[key])
                self.made[key] = content
                head[key] = self._params(key, content)
            else:
                head[key] = self._params(key, value)
        return head | self.nothing | self.unlike

    def _params(self, key: Any, value: Any) -> Any:
        hint = key.hint if isinstance(key, Cell) else key[1]
        counter = iter(range(1_000_000))
        # A name that holds one value is what the loop is about; parts of a container have names of their own.
        single = isinstance(value, Num) and not isinstance(key, Cell)

        def leaf(a: Atom) -> Atom:
            path = (key, (next(counter),))
            if self.is_kept_view(a, path):
                return a
            if isinstance(a, Var) and a in self.shared and path not in self.split:
                # Two names for one array before the loop: one param, as long as a trip keeps them together.
                self.paths[self.shared[a]].append(path)
                return self.shared[a]
            return self._slot(path, a, hint if single or not isinstance(a, Var) else a.hint or hint, a.type)

        if isinstance(value, Const) and is_atomic(value):
            return Num(leaf(atom_of(value)))
        return map_atoms(leaf, numeric(value))

    def _slot(self, path: Any, init: Atom, hint: str, t: Type) -> Var:
        # What None is replaced by says what the name is: until that is known, nothing is concluded from it.
        t = self.types.get(path, NEVER if init == Lit(None) else replace(t, value=None))
        param = Var(hint.lstrip("$"), t)
        self.slots[param] = Slot(param, init)
        if self.frame.build.may_lack_value(init):
            self.frame.build.unbound.add(param)
        self.places[param] = path
        self.paths[param] = [path]
        if isinstance(init, Var) and path not in self.split and (
                is_array(init) or isinstance(self.frame.machine.memories.at(init), Elements)):
            self.shared[init] = param
        self.params_ever.add(param)
        self.frame.machine.begins[param] = init
        if t.kind == "unknown" and isinstance(init, Var | Lit):
            machine = self.frame.machine
            if init.type.kind in ("number", "scalar"):
                machine.growing[param] = param
            elif isinstance(init, Var) and init in machine.growing:
                machine.growing[param] = machine.growing[init]
        return param

    def _test(self) -> Test | None:
        if self.space is not None:
            return None
        frame = self.frame
        before = dict(frame.machine.state)
        with frame.build.nested() as stmts:
            self.refresh_views()
            viewed = dict(frame.machine.state)
            value = truth(frame, frame.evaluate(self.node.test))
        if frame.machine.changed_since(viewed):
            raise TestChanges
        frame.machine.state = before
        if isinstance(value, Const):
            return None if value.value else Test((), Lit(False))
        return Test(tuple(stmts), atom_of(value))

    def _target(self) -> tuple[Var | None, tuple[Element, ...]]:
        if self.space is None:
            return None, ()
        hints = names_in(self.node.target)
        index = Var("i" if not hints else hints[0] if self.space.bounds is not None else "", integer(fresh("i")))
        self.indices.add(index)
        self.walk.position = index
        elements = tuple(Element(Var("", element_type(s)), s) for s in self.space.sequences)
        value = self.space.value(Num(index), [self.frame.machine.held(e.var) for e in elements])
        index.hint = index.hint and (index.hint if _first(value) == Num(index) else "k")
        memories = self.frame.machine.memories
        self.frame.machine.begins.update((e.var, e.sequence) for e in elements)
        for e in elements:
            if isinstance(e.sequence, Var) and e.var.type.kind in ("array", "unknown") and (
                    e.sequence.type.kind != "sequence" or isinstance(memories.at(e.sequence), Elements)):
                memories.of[e.var] = memories.at(e.sequence)
                memories.elements[e.var] = e.var
                self.elements.add(e.var)
        self.frame.assign(self.node.target, value)
        for e in elements:
            e.var.hint = e.var.hint or "x"
        return (index if self.space.bounds is not None else None), elements

    def _until(self, end: State, dead: bool) -> Atom | None:
        name = getattr(self.node, "until", None)
        if name is None or dead:
            return None
        value = end.get((self.frame.scope, name), Const(False))
        if isinstance(value, Const) and not value.value:
            return None
        return atom_of(value)

    # The end of a trip meets its head.

    def _joined(self, head: State, end: State, loop: Loop, after: Memories) -> State:
        read = inner_reads(loop)
        if not self.frame.machine.seeds.keys() <= head.keys():
            raise Again  # the loop has read more of what is outside
        rebound = rebound_lists(head, end)
        if outside := [a for a in rebound if a in self.frame.machine.origins]:
            self.detached.update((a, Cell(a.hint, a.origin, "it is the caller's in the first trip")) for a in outside)
            raise Again
        end = end | {cell: end[other] for cell, other in rebound.items()}
        end = {k: redirect(v, rebound) for k, v in end.items()}
        if wrong := [k for k, v in self.nothing.items() if not same(end.get(k, v), v)]:
            self.something.update(wrong)
            for k in wrong:
                del self.nothing[k]
            raise Again
        self.find_swap(head, end, after)
        head, end, unknown = self._first_bound(head, end, read)
        if self._carried_anew(head, end) or unknown:
            raise Again
        self._again = False
        self._part_ways(head, end)
        end = self.with_kept_views(head, end, after)
        result = Join(head, end, self._choose(head), seeds=self.frame.machine.seeds).run()
        for key in [k for k in end if isinstance(k, Cell) and k not in head]:
            result.pop(key, None)   # made in this trip; no name of the next one leads to it
        if self._again:
            raise Again
        for param, slot in self.slots.items():
            if slot.init == Lit(None) and param.type.kind == "never" and param in read:
                key, part = self.places[param]
                if isinstance(key, Cell) or part != (0,) or key in self.something:
                    self.types[key, part] = slot.init.type
                else:
                    self.nothing[key] = NONE  # in all trips
                self._again = True
        self._unlike_at_the_head(head, result)
        if self._again:
            raise Again
        return result

    def _first_bound(self, head: State, end: State, read: frozenset[Var]) -> tuple[State, State, bool]:
        """Names that the trip is the first to bind: what the next one does not read is not carried.

        The last is whether there is one more of which the trip says what it is."""
        again = False
        for key, param in self.never.items():
            if isinstance(end.get(key), Tup) and key not in self.templates:
                self.templates[key] = numeric(end[key])
                again = True
                continue
            if param not in read and param not in self.frame.machine.read_early:
                head = {**head, key: MISSING}
                if isinstance(last := end.get(key), Num) and last.atom is param:
                    end = {**end, key: MISSING}
                continue
            if self.types.get((key, ())) is None:
                value = end.get(key, MISSING)
                if not is_atomic(value):
                    raise Refused(f"`{key[1]}`, which is read in the trip after the one that binds it",
                                  "it is not a number or an array", "bind it before the loop")
                self.types[key, ()] = replace(atom_of(value).type, value=None)
                again = True
        return head, end, again

    def _carried_anew(self, head: State, end: State) -> bool:
        """Is there something that the trip changes in a way that the head did not provide for?"""
        again = False
        for key, value in head.items():
            other = end.get(key, MISSING)
            if isinstance(key, Cell) and key.frozen == HELD and not same(value, other):
                raise Refused(f"a change of `{key.hint}`, which is an element of a list since an earlier trip",
                              HELD, "make a new list in every trip")
            if isinstance(other, Mixed) and key not in self.carried and any(a in self.shared for a in atoms_in(value)):
                # Another name of an array that is carried: the trip changed it under that name alone.
                self.carried[key] = None
                again = True
            self.require_together(value, other)
            if grows(value, other):
                self.carried[key], self.sequences[key] = None, example(other)
                self.made.pop(key, None)
                again = True
        return again

    def _unlike_at_the_head(self, head: State, result: State) -> None:
        """The next trip begins with what this one ends with: what can't be one variable can't be used in the body."""
        for key, value in head.items():
            other = result[key]
            if key in self.unlike or isinstance(value, Missing | Poison) or isinstance(other, Poison) \
                    or same(value, other):
                continue
            if is_waiting(value) and not self.peeled:
                raise KindChanges(None)  # the first trip takes a generator to its first `yield`
            if isinstance(other, Ref) and isinstance(value, Ref):
                other = Mixed("it is one list or object in the first trip and another in a later one")
            self.unlike[key] = other if isinstance(other, Mixed) else Mixed(
                "its keys or attributes are not the same before and after a trip of the loop")
            self._again = True

    def _part_ways(self, head: State, end: State) -> None:
        """Names of one array that a trip binds to different ones are two params from now on."""
        last: dict[Var, Atom] = {}
        for key, value in head.items():
            before, after = atoms_in(value), atoms_in(end.get(key, MISSING))
            after = after if len(after) == len(before) else [UNDEF] * len(before)
            for a, b in zip(before, after, strict=True):
                if isinstance(a, Var) and len(self.paths.get(a, ())) > 1 and last.setdefault(a, b) != b:
                    self.split.update(self.paths[a])
                    self._again = True
        if self._again:
            raise Again

    _again: bool = False

    def _choose(self, head: State) -> Callable[[Atom, Atom, str], Var]:
        self._again = False
        owners: dict[Atom, list[Any]] = {}
        for key, value in head.items():
            for a in atoms_in(value):
                owners.setdefault(a, []).append(key)

        def choose(a: Atom, b: Atom, hint: str) -> Var:
            slot = self.slots.get(a) if isinstance(a, Var) else None
            if slot is not None:
                path = self.places[slot.param]
                own = slot.init.type if slot.param.type.kind == "never" and slot.init is not UNDEF else slot.param.type
                wide = join(own, replace(b.type, value=None))
                still_none = slot.init == Lit(None) and slot.param.type.kind == b.type.kind == "never"
                if not still_none and not equivalent(wide, slot.param.type) or settled(
                        slot.param.type, b.type, self.loose):
                    self.types[path] = wide
                    self.loose.update(set(dims_of(wide)).difference(dims_of(own), dims_of(b.type)))
                    self._again = True
                slot.next = b
                return slot.param
            if a is UNDEF:
                fresh = Var(hint, b.type)
                self.slots[fresh] = Slot(fresh, UNDEF, b)
                return fresh
            if a in owners:
                self.carried.update(dict.fromkeys(owners[a]))
            else:
                self._carry_constants(head, hint)
            self._again = True
            return Var(hint, b.type)

        return choose

    def _carry_constants(self, head: State, hint: str) -> None:
        """A constant changed: carry every container or name of that hint."""
        for key, value in head.items():
            entries = value.values if isinstance(value, Entries | Fields) else ()
            if (key.hint if isinstance(key, Cell) else key[1].lstrip("$")) == hint or any(
                    str(k) == hint for k, _ in entries):
                self.carried[key] = None

    # The loop is known.

    def _finish(self, outer: Memories, joined: State, loop: Loop, after: Memories) -> None:
        outs: dict[Var, Atom] = {}
        carries = []
        read = inner_reads(loop)
        # What no trip changes, and none reads but to bind another name to it.
        still = {p: s.init for p, s in self.slots.items() if s.next is None and p not in read}
        for param, slot in self.slots.items():
            if slot.next is None or slot.next == param:
                outs[param] = slot.init
                if param in read or slot.next == param:
                    carries.append(Carry(Var(param.hint, param.type), param, slot.init, param))
                    outs[param] = carries[-1].out
                continue
            out = Var(param.hint, after_loop(param.type, slot.next.type))
            outs[param] = out
            carries.append(Carry(out, param, slot.init, still.get(slot.next, slot.next)))  # type: ignore[arg-type]
        broke = getattr(self.node, "broke", None)
        flag = Var(broke.strip("$0123456789"), Lit(True).type) if broke and loop.until is not None else None
        self.frame.build.add(replace(loop, carries=tuple(carries), broke=flag))
        machine = self.frame.machine
        place = place_of(self.frame, self.node)
        machine.makers.update((c.out, place) for c in carries if c.out.type.kind == "sequence")
        machine.state = {k: replace(v, place=place) if isinstance(v, Mixed) and v.place is None
                         else map_atoms(lambda a: outs.get(a, a) if isinstance(a, Var) else a, v)
                         for k, v in joined.items() if not (isinstance(k, tuple) and isinstance(v, Missing))}
        self.leave_memories(outs, joined, after)
        self.renew_views(outs)
        if self.swap is not None:
            self.swap.end(self.frame, outer)
        if broke:
            machine.state[self.frame.scope, broke] = Num(flag) if flag else Const(False)


def _first(value: Any) -> Any:
    return _first(value.items[0]) if isinstance(value, Tup) and value.items else value


def _assigned(frame: Frame, node: Any) -> list[tuple[int, str]]:
    """Names that a loop binds, its target too, in order."""
    return assigned_keys(frame, [*([node.target] if hasattr(node, "target") else []), *node.body])

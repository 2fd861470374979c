"""Arrays that change places in every trip, while somebody else knows them: the caller, or the function that called.

    def f(u, v, n):                        at = 0
        for _ in range(n):                 for _ in range(n):
            v[:] = g(u)            ->          v = g(u);  u, v = v, u;  at = [1, 0][at]
            u, v = v, u                    the caller's u is (u if at == 0 else v)

In the loop the arrays are told apart by the names that a trip exchanges.  All other names of them wait: where one of
these arrays is, at the end, is carried as an index.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from srcad.frontend.machine import Frame
from srcad.frontend.memory import Case, Memories, Memory, Place, Undecided
from srcad.frontend.storing import chosen
from srcad.frontend.values import Cell, Const, Mixed, Num, State, atom_of, atoms_in, map_atoms
from srcad.ir import OPERATORS, Atom, Lit, Var
from srcad.rules.sequences import ITEM, NEW

Path = tuple[Any, tuple[int, ...]]
WAITS = Mixed("it is one of the arrays that change places in this loop")


@dataclass
class Swap:
    """`paths`: the names that a trip exchanges, whose arrays are `roots` before the loop; `others`: what else knows
    these arrays; `positions`: where each array is that another name knows.  (Of two arrays one position tells both.)"""

    paths: list[Path]
    roots: list[Var]
    others: State
    positions: dict[int, Cell] = field(default_factory=dict)
    marks: list[Cell] = field(default_factory=list)

    def places(self, memories: Memories) -> list[Place]:
        return [memories.at(r) for r in self.roots]

    # Around the loop.

    def begin(self, frame: Frame) -> None:
        """Before the loop: each array is where it is."""
        places, memories = self.places(frame.machine.memories), frame.machine.memories
        for k, place in enumerate(places):
            if any(memories.at(a) is place for value in self.others.values() for a in _arrays(value)):
                k = k if len(places) > 2 else 0
                self.positions[k] = self.positions.get(k, Cell("at"))
                frame.machine.state[self.positions[k]] = Const(k)

    def waiting(self, head: State) -> State:
        """The head of a trip, in which the other names can't be used."""
        return {**head, **dict.fromkeys(self.others, WAITS)}

    def marked(self, head: State) -> State:
        """With marks for the arrays, as the other names would be: no branch may exchange them unseen."""
        self.marks = [Cell() for _ in self.paths]
        return {**head, **{m: Num(_atom(head, path)) for m, path in zip(self.marks, self.paths, strict=True)}}

    def follow(self, frame: Frame, head: State) -> bool:
        """At the end of a trip: the arrays are elsewhere.  Is it known where?"""
        state, memories = frame.machine.state, frame.machine.memories
        before = [memories.at(_atom(head, path)) for path in self.paths]
        marks = [state.pop(m) for m in self.marks]
        if [memories.at(m.atom) if isinstance(m, Num) and isinstance(m.atom, Var) else None for m in marks] != before:
            return False
        now = [memories.at(a) if isinstance(a := _atom(state, path), Var) and not memories.is_part(a) else None
               for path in self.paths]
        if set(now) != set(before):
            return False
        moved = [now.index(b) for b in before]
        if moved != list(range(len(moved))):
            for cell in self.positions.values():
                position = atom_of(state[cell])
                state[cell] = Num(frame.build.call(OPERATORS["sub"], 1, position) if len(moved) == 2 else
                                  frame.build.call(ITEM, frame.build.call(NEW, *map(Lit, moved)), position))
        return True

    def end(self, frame: Frame, before: Memories) -> None:
        """After the loop: the other names stand for the arrays that they stood for."""
        machine = frame.machine
        places, found = self.places(before), {}
        positions = {k: atom_of(machine.state.pop(cell)) for k, cell in self.positions.items()}
        cells = [machine.new(Num(_atom(machine.state, path))).cell for path in self.paths]
        for k in range(len(places)):
            if len(places) == 2 or k in positions:
                first = k if len(places) == 2 else 0
                found[k] = self._at(frame, positions[k - first], first, cells)

        def now(a: Any) -> Any:
            k = places.index(before.at(a)) if isinstance(a, Var) and before.at(a) in places else None
            return a if k is None else self._again(frame, a, self.roots[k], found[k], before)

        machine.memories.newer.update((r, found.get(k)) for k, r in enumerate(self.roots))
        for key, value in self.others.items():
            try:
                machine.state[key] = map_atoms(now, value)
            except LookupError:
                machine.state[key] = WAITS

    def _at(self, frame: Frame, position: Atom, first: int, cells: list[Cell]) -> Var:
        """The array at this position, where names are counted from `first`: whichever it is, it is known as that."""
        memories, atoms = frame.machine.memories, [frame.machine.state[c].atom for c in cells]
        tests = [frame.build.call(OPERATORS["eq"], position, first + j) for j in range(len(cells) - 1)]
        places = [memories.at(a) for a in atoms]
        cases = [Case(t, True, c, p) for t, c, p in zip(tests, cells, places, strict=False)]
        result = atoms[-1]
        for test, atom in reversed(list(zip(tests, atoms, strict=False))):
            result = chosen(frame.build, test, True, atom, result)
        if len(cells) == 2:
            cases.append(Case(tests[0], False, cells[1], places[1]))
        else:
            last = frame.build.call(OPERATORS["eq"], position, len(cells) - 1)
            cases.append(Case(last, True, cells[-1], places[-1]))
        memories.of[result] = Memory()
        memories.undecided[memories.of[result]] = Undecided(tuple(cases))
        return result

    def _again(self, frame: Frame, a: Var, root: Var, new: Atom, before: Memories) -> Atom:
        """What `a` was of the array before the loop, of the array now."""
        if a is root:
            return new
        view = before.views.get(a)
        if view is None or not isinstance(new, Var):
            raise LookupError
        base = self._again(frame, view.base, root, new, before)
        assert isinstance(base, Var)
        made = view.of(frame.build, base, a.hint)
        frame.machine.memories.derive(made, view.op, (base, *view.rest), dict(view.named), frame.build.made)
        return made


def _arrays(value: Any) -> list[Var]:
    return [a for a in atoms_in(value) if isinstance(a, Var)]


def _atom(state: State, path: Path) -> Any:
    key, (k,) = path
    found = atoms_in(state.get(key))
    return found[k] if k < len(found) else None


def find_swap(moving: list[tuple[Path, Var, Place, Place]], state: State, memories: Memories) -> Swap | None:
    """The names that a trip exchanges, given (name, array before the loop, its memory, that after a trip) of those that
    end a trip with another array; None if nobody else knows their arrays."""
    to: dict[Place, Place] = {}
    for _, _, head, end in moving:
        if to.setdefault(head, end) is not end:
            return None
    while wrong := [p for p in to if to[p] not in to or p not in to.values()]:
        for p in wrong:
            del to[p]
    first = {head: (path, root) for path, root, head, _ in reversed(moving) if head in to}
    names = {path[0] for path, *_ in moving}
    others = {key: value for key, value in state.items() if key not in names
              and any(memories.at(a) in to for a in _arrays(value))}
    if not others or len(set(to.values())) != len(to):
        return None
    chosen = [first[p] for p in to]
    return Swap([path for path, _ in chosen], [root for _, root in chosen], others)

"""Stores: the new version of an array is seen by every name of it, and by every view.

An array that may be one of two, depending on the path, is changed whichever it is:

    y = x if c else x.copy()            y.1 = x if c else t
    y[0] = v                            y.2 = set_at(y.1, 0, v);  x.2 = y.2 if c else x
    x[1] = w                            x.3 = set_at(x.2, 1, w);  y.3 = x.3 if c else y.2
"""

from __future__ import annotations

from collections.abc import Callable

from srcad.frontend.memory import Memories, Place, View, is_array
from srcad.frontend.values import Cell, Mixed, NeedsStatic, Num, Refused, State, atoms_in, map_atoms
from srcad.frontend.views import put_back
from srcad.ir import Atom, Builder, Choice, If, Var, join


class KindChanges(Exception):
    """`var` of a loop is a number or another's array in the first trip, and an array of its own in later ones: one trip
    stands before the loop."""

    def __init__(self, var: Var | None) -> None:
        super().__init__()
        self.var = var


# Why an index must be known, unless the store is made by cases.
STORED = "the index of a list whose arrays are stored to"


def chosen(build: Builder, test: Atom, wanted: bool, yes: Var, no: Var) -> Var:
    """`yes` if the test is as wanted, else `no`."""
    out = Var(no.hint, join(yes.type, no.type))
    then, orelse = (yes, no) if wanted else (no, yes)
    build.add(If(test, (), (), (Choice(out, then, orelse),), build.span))
    return out


class StoresToElement(Exception):
    """A loop stores to what it runs over: it must run over the indices."""

    def __init__(self, var: Var) -> None:
        super().__init__()
        self.var = var


class Store:
    """One store: the new version of a variable, and what follows from it for all that shares its memory."""

    def __init__(self, build: Builder, state: State, memories: Memories,
                 settled: frozenset[Place] = frozenset()) -> None:
        self.build, self.state, self.memories, self.settled = build, state, memories, settled

    def __call__(self, target: Var, change: Callable[[Var], Var], what: str) -> None:
        """Replace `target` by `change(target)` wherever its memory is seen."""
        memory = self.memories.at(target)
        why = self.memories.frozen.get(memory)
        if why is not None and why.peel is not None:
            raise KindChanges(why.peel)
        if why is not None:
            related = ((why.span, why.note),) if why.span is not None else ()
            raise Refused(what, why.reason, why.hint, related)
        if memory in self.memories.among:
            index = self.memories.among[memory].index
            assert isinstance(index, Var)
            raise NeedsStatic(index, STORED)
        root, new_root = self._up(target, change(target), what)
        self._replace(memory, root, new_root)
        self._decide(memory, new_root, what)
        self._follow(memory)

    # What may be one of several.

    def _decide(self, memory: Place, new: Var, what: str) -> None:
        """The array that an undecided one is has changed with it."""
        undecided = self.memories.undecided.get(memory)
        for case in undecided.cases if undecided is not None else ():
            if case.cell is not None:
                old = self._content(case.cell, what)
                inner = Store(self.build, self.state, self.memories, self.settled | {memory})
                inner(old, lambda _, old=old, case=case: chosen(  # type: ignore[misc]
                    self.build, case.test, case.wanted, new, old), what)

    def _follow(self, memory: Place) -> None:
        """What may be this array is what it is now."""
        for place, undecided in list(self.memories.undecided.items()):
            contents = [self.state.get(c) for c in undecided.cells]
            if place in self.settled or not any(isinstance(c, Num) and isinstance(c.atom, Var)
                                                and self.memories.at(c.atom) is memory for c in contents):
                continue
            roots = {v for value in self.state.values() for v in atoms_in(value) if isinstance(v, Var)
                     and self.memories.at(v) is place and v not in self.memories.views}
            for root in sorted(roots, key=lambda v: v.serial):
                new = root
                for case in undecided.cases:
                    if case.cell is not None:
                        content = self._content(case.cell, "a store into an array")
                        new = chosen(self.build, case.test, case.wanted, content, new)
                self.memories.of[new] = place
                self._replace(place, root, new)
            self._follow(place)

    def _content(self, cell: Cell, what: str) -> Var:
        content = self.state[cell]
        if not isinstance(content, Num) or not isinstance(content.atom, Var):
            raise Refused(what, "what it may be has changed in a way that is not followed", "copy it before the store")
        return content.atom

    def _sees(self, own: Place, memory: Place) -> bool:
        """Has what is in `own` changed?  (What is undecided follows later.)"""
        return own is memory or (own not in self.memories.undecided and self.memories.may_be(own, memory))

    # One array.

    def _up(self, old: Var, new: Var, what: str) -> tuple[Var, Var]:
        """From a view and its new version to the array that it is a view of, and its new version."""
        memories = self.memories
        memories.of[new] = memories.at(old)
        new.hint = new.hint or old.hint
        if old in memories.elements:
            raise StoresToElement(memories.elements[old])
        if old in memories.parts:
            raise Refused(what, "it may be a part of another array, or the same, depending on the path",
                          "store into the array itself, or copy it")
        view = memories.views.get(old)
        if view is None:
            return old, new
        put = put_back(view.op)
        if put is None:
            raise Refused(what, f"the array was made by {view.op.name}, and what a store to it changes is not tracked",
                          "store into the array that it was made from, or copy it")
        base = self.memories.renewed(view.base, self.build)
        assert isinstance(base, Var)
        changed = put(self.build, base, new, view.rest, dict(view.named))
        assert isinstance(changed, Var)
        return self._up(base, changed, what)

    def _replace(self, memory: Place, root: Var, new_root: Var) -> None:
        """Every variable of the state that is in this memory gets the version that follows from the new root."""
        memories = self.memories
        made: dict[Var, Var | None] = {root: new_root}

        def version(v: Var) -> Var | None:
            if v not in made:
                view = memories.views.get(v)
                base = version(view.base) if view is not None else None
                made[v] = None
                if view is not None and base is not None:
                    made[v] = new = view.of(self.build, base, v.hint)
                    memories.of[new] = memory
                    memories.views[new] = View(base, view.op, view.rest, view.named)
            return made[v]

        for key, value in list(self.state.items()):
            shared = [v for v in atoms_in(value) if isinstance(v, Var) and (
                is_array(v) and self._sees(memories.at(v), memory)
                or v.type.kind == "sequence" and memories.lists_may_be(v, memory))]
            if not shared:
                continue
            if all(version(v) is not None for v in shared):
                self.state[key] = map_atoms(lambda a: made.get(a, a), value)
            else:
                changed = ((self.build.span, "changed here"),) if self.build.span is not None else ()
                self.state[key] = Mixed("it may be another name for an array that was changed meanwhile",
                                        "copy it before the change, or read it through the name that was changed",
                                        changed)
        memories.newer.update(made)

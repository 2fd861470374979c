"""Arrays are memory: a store gives every name of an array its new version.

In the core language an array is a value, and a store makes another: `x[i] = v` is `x' = set_at(x, i, v)`.  What Python
means by it is kept here.  A variable that holds an array stands for a *memory*; names, containers and closures that
hold the variable share it, so a store replaces the variable in the whole state.  A *view* remembers how it was made
from its base: a store to the base makes it again, a store to the view is a store to the base.

    row = A[0]                A -> A.1    row -> row.2 = A.1[0]
    row[:] = v                row.3 = set_at(row.2, :, v);  A.4 = set_at(A.1, 0, row.3)
    A[0, 0] = w               A.5 = set_at(A.4, (0, 0), w);  row.6 = A.5[0]

Where control meets, two memories under one name can't be told apart: such an array can be read, and a store that could
reach it is refused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np

from srcad.errors import Span
from srcad.frontend.values import Mixed, NeedsStatic, Refused, State, atoms_in, map_atoms
from srcad.frontend.views import is_certain, is_copied, keeps_order, made_in_order, put_back
from srcad.ir import Atom, Builder, Let, Lit, Op, Var, define
from srcad.ir.types import OBJECT

_serials = count()
# An argument that the function changed gets its last version, when all else is done.
WRITE_BACK = define(np.copyto, "np.copyto", effect=True, infer=lambda *_: OBJECT)


class Memory:
    """A memory that is not known by the variable that it was first bound to: an argument's, or one of several.

    `owner` names the argument or outer name that it belongs to, if it is not the function's own."""

    __slots__ = ("owner", "serial")

    def __init__(self, owner: str = "") -> None:
        self.owner, self.serial = owner, next(_serials)


Place = Memory | Var  # most memories are known by the variable that a fresh array was bound to


def owner_of(memory: Place) -> str:
    return memory.owner if isinstance(memory, Memory) else ""


@dataclass(frozen=True, slots=True)
class Frozen:
    """Why a memory can't be stored to, and what to write instead."""

    reason: str
    hint: str
    span: Span | None = None
    note: str = "the other one"


IN_A_LIST = Frozen("it came from a list whose length is not known, and may be another name for one of its elements",
                   "copy it first, or keep the arrays as rows of one array")


@dataclass(frozen=True, slots=True)
class View:
    """`op(base, *rest, **named)`."""

    base: Var
    op: Op
    rest: tuple[Any, ...]
    named: tuple[tuple[str, Any], ...]

    def of(self, build: Builder, base: Var, hint: str) -> Var:
        """The same view of another version."""
        return build.call(self.op, base, *self.rest, hint=hint, **dict(self.named))


@dataclass(frozen=True, slots=True)
class Among:
    """A memory that is one of several, which a list holds; `index` says which."""

    index: Atom
    places: frozenset[Place]


@dataclass
class Memories:
    """Which memory each variable is in, which are views, which are parts in an unknown way, which memories can't be
    stored to, and what became of variables that were stored to."""

    of: dict[Var, Place] = field(default_factory=dict)
    views: dict[Var, View] = field(default_factory=dict)
    parts: set[Var] = field(default_factory=set)
    elements: dict[Var, Var] = field(default_factory=dict)  # what loops run over, and their elements in inner loops
    frozen: dict[Place, Frozen] = field(default_factory=dict)
    newer: dict[Var, Var | None] = field(default_factory=dict)
    among: dict[Place, Among] = field(default_factory=dict)
    met: set[Place] = field(default_factory=set)

    def copy(self) -> Memories:
        return Memories(dict(self.of), dict(self.views), set(self.parts), dict(self.elements), dict(self.frozen),
                        dict(self.newer), dict(self.among), set(self.met))

    def freeze(self, v: Var, why: Frozen) -> None:
        self.frozen.setdefault(self.at(v), why)

    def hold(self, a: Atom, span: Span | None) -> None:
        """An array becomes an element of a list of unknown length: nobody knows any more which one a store changes."""
        if isinstance(a, Var) and _is_array(a):
            self.freeze(a, Frozen("it is an element of a list whose length is not known", "put a copy into the list",
                                  span, "put into the list here"))

    def taken(self, v: Var) -> None:
        """An array is taken from such a list."""
        if _is_array(v):
            self.of[v] = Memory()
            self.freeze(v, IN_A_LIST)

    def choose(self, v: Var, index: Atom, items: Iterable[Atom]) -> None:
        """`v` is one of a few arrays, by an index that is not known."""
        if _is_array(v):
            places = [self.at(a) for a in items if isinstance(a, Var)]
            self.of[v] = Memory(next(filter(None, map(owner_of, places)), ""))
            self.among[self.of[v]] = Among(index, frozenset(places))

    def renewed(self, a: Atom, build: Builder) -> Atom:
        """`current`, for a view too that no name holds."""
        if not isinstance(a, Var) or a in self.newer or a not in self.views:
            return self.current(a)
        view = self.views[a]
        base = self.renewed(view.base, build)
        if base is view.base:
            return a
        assert isinstance(base, Var)
        new = view.of(build, base, a.hint)
        self.of[new], self.views[new] = self.at(base), replace(view, base=base)
        return new

    def at(self, v: Var) -> Place:
        """The memory of a variable; one of its own if nothing else is known."""
        return self.of.get(v, v)

    def current(self, a: Atom) -> Atom:
        """The version that a value has by now (it was evaluated before something else was)."""
        if not isinstance(a, Var) or a not in self.newer:
            return a
        last = self.last(a)
        if last is None:
            raise Refused("a value that was changed through another name meanwhile", hint="copy it before the change")
        return last

    def last(self, v: Var) -> Var | None:
        """The last version of a variable; None if it can't be told."""
        found: Var | None = v
        passed = []
        while found is not None and found in self.newer:
            passed.append(found)
            found = self.newer[found]
        for old in passed:  # so that no way is walked twice
            self.newer[old] = found
        return found

    def chain(self, v: Any) -> tuple[Any, list[Any]]:
        """The array that a view is a view of, and the views on the way, outermost last."""
        view = self.views.get(v)
        if view is None:
            return v, []
        root, steps = self.chain(view.base)
        return root, [*steps, (view.op, view.rest, view.named)]

    def is_part(self, v: Var) -> bool:
        return v in self.views or v in self.parts

    def lies_in_order(self, v: Var, made: Mapping[Var, Let]) -> bool:
        """Is this array contiguous, row after row, as far as is known?"""
        view = self.views.get(v)
        if view is not None:
            return keeps_order(view.op, view.base, view.rest) and self.lies_in_order(view.base, made)
        place = self.at(v)
        return isinstance(place, Var) and place not in self.met and made_in_order(
            place, made, lambda a: self.lies_in_order(a, made))

    def derive(self, result: Var, op: Op, args: tuple[Any, ...], named: dict[str, Any],
               made: Mapping[Var, Let]) -> None:
        """Note that `result` may be in the memory of an argument of `op`."""
        arrays = [a for a in args if isinstance(a, Var) and _is_array(a)]
        if op.memory == "fresh" or not _is_array(result) or not arrays or \
                len(arrays) > 1 and arrays[0] is not args[0]:
            return
        base = arrays[0]
        if op.function is operator.getitem and not is_basic(args[1]):
            return
        if is_copied(op, result, base):
            return
        self.of[result] = self.at(base)
        rest = tuple(args[1:])
        if base is args[0] and is_certain(op, result, base, rest, named, self.lies_in_order(base, made)):
            self.views[result] = View(base, op, rest, tuple(named.items()))
        else:
            self.parts.add(result)


def _is_array(v: Var) -> bool:
    return v.type.kind in ("array", "unknown")


def is_basic(index: Any) -> bool:
    """Does this subscript make a view?  (Integers, slices, None and Ellipsis do; arrays and lists copy.)"""
    if isinstance(index, tuple):
        return all(map(is_basic, index))
    if isinstance(index, Var):
        return (index.type.kind in ("number", "scalar") and index.type.dtype is not None
                and index.type.dtype.kind in "iu")
    return not isinstance(index, list | np.ndarray | bool) and not (isinstance(index, Lit)
                                                                    and isinstance(index.value, bool))


class StoresToElement(Exception):
    """A loop stores to what it runs over: it must run over the indices."""

    def __init__(self, var: Var) -> None:
        super().__init__()
        self.var = var


class Store:
    """One store: the new version of a variable, and what follows from it for all that shares its memory."""

    def __init__(self, build: Builder, state: State, memories: Memories) -> None:
        self.build, self.state, self.memories = build, state, memories

    def __call__(self, target: Var, change: Callable[[Var], Var], what: str) -> None:
        """Replace `target` by `change(target)` wherever its memory is seen."""
        memory = self.memories.at(target)
        why = self.memories.frozen.get(memory)
        if why is not None:
            related = ((why.span, why.note),) if why.span is not None else ()
            raise Refused(what, why.reason, why.hint, related)
        if memory in self.memories.among:
            index = self.memories.among[memory].index
            assert isinstance(index, Var)
            raise NeedsStatic(index, "the index of a list whose arrays are stored to")
        root, new_root = self._up(target, change(target), what)
        self._replace(memory, root, new_root)

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
            shared = [v for v in atoms_in(value) if isinstance(v, Var) and _is_array(v) and self._touches(v, memory)]
            if not shared:
                continue
            if all(version(v) is not None for v in shared):
                self.state[key] = map_atoms(lambda a: made.get(a, a), value)
            else:
                self.state[key] = Mixed("it may be another name for an array that was changed meanwhile")
        memories.newer.update(made)


    def _touches(self, v: Var, memory: Place) -> bool:
        own = self.memories.at(v)
        return own is memory or (own in self.memories.among and memory in self.memories.among[own].places)


# Where control meets.


def joined(left: Memories, right: Memories, pairs: Iterable[tuple[Var, Atom, Atom]], span: Span | None) -> Memories:
    """The memories after two paths met; `pairs` are all variables that are seen, with the two that they came from.

    A memory that meets one other which meets nothing else is one memory.  All others are mixed: what could be one of
    them or another can be read, and a store to it is refused."""
    result = Memories({**left.of, **right.of}, {**left.views, **right.views}, left.parts | right.parts,
                      {**left.elements, **right.elements}, {**left.frozen, **right.frozen},
                      among={**left.among, **right.among}, met=left.met | right.met)
    met = Meetings(left, right)
    found = [(out, a, b) for out, a, b in pairs if _is_array(out)]
    result.newer = _newer(left, right, found)
    for _, a, b in found:
        met.add(a, b)
    for out, a, b in found:
        sources = met.memories(a, b)
        if out is a and out is b or not sources:
            continue
        result.of[out] = sources[-1]
        if sources[0] is not sources[-1]:
            result.met.add(sources[-1])
        for why in (result.frozen[m] for m in sources if m in result.frozen):
            result.freeze(out, why)
        if (isinstance(a, Var) and left.is_part(a)) or (isinstance(b, Var) and right.is_part(b)):
            result.parts.add(out)
        if met.mixed(a, b):
            why = Frozen("it may be one of two arrays, depending on the path", "copy it before the store", span)
            result.of[out] = Memory(owner_of(sources[0]) or owner_of(sources[-1]))
            for m in (result.of[out], *sources):
                result.frozen.setdefault(m, why)
    return result


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

    def memories(self, a: Atom, b: Atom) -> list[Place]:
        return [m.at(x) for m, x in ((self.left, a), (self.right, b)) if isinstance(x, Var) and _is_array(x)]

    def add(self, a: Atom, b: Atom) -> None:
        both = self.memories(a, b)
        if len(both) == 2:
            self.to.setdefault(both[0], set()).add(both[1])
            self.back.setdefault(both[1], set()).add(both[0])

    def mixed(self, a: Atom, b: Atom) -> bool:
        """Can this be one of two memories, in a way that other names can tell?"""
        both = self.memories(a, b)
        if len(both) < 2 or both[0] is both[1] and self.to[both[0]] == self.back[both[1]] == {both[0]}:
            return False
        first, last = both
        # A memory that is frozen may be one of several already, the other one among them.
        known = first not in self.left.frozen and last not in self.right.frozen
        swapped = known and owner_of(first) == owner_of(last)
        return not (swapped and self.to[first] == {last} and self.back[last] == {first})

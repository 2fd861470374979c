"""Arrays are memory: a store gives every name of an array its new version.

In the core language an array is a value, and a store makes another: `x[i] = v` is `x' = set_at(x, i, v)`.  What Python
means by it is kept here.  A variable that holds an array stands for a *memory*; names, containers and closures that
hold the variable share it, so a store replaces the variable in the whole state.  A *view* remembers how it was made
from its base: a store to the base makes it again, a store to the view is a store to the base.

    row = A[0]                A -> A.1    row -> row.2 = A.1[0]
    row[:] = v                row.3 = set_at(row.2, :, v);  A.4 = set_at(A.1, 0, row.3)
    A[0, 0] = w               A.5 = set_at(A.4, (0, 0), w);  row.6 = A.5[0]

Stores are made in `storing`; what becomes of memories where control meets is said in `joined_memory`.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np

from srcad.errors import Span
from srcad.frontend.values import Cell, Refused
from srcad.frontend.views import is_certain, is_copied, keeps_order, made_in_order
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


class Elements(Memory):
    """The memory of the arrays that a list of unknown length holds, and no one else can store to."""

    __slots__ = ()


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
    held: bool = False  # by a list: a store to an element of it may change this
    peel: Var | None = None  # the param of a loop that would not be frozen if the first trip stood before the loop


IN_A_LIST = Frozen("it came from a list whose length is not known, and may be another name for one of its elements",
                   "copy it first, or keep the arrays as rows of one array", held=True)


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
class Case:
    """What an undecided memory is if `test` is (or is not) so: what `cell` holds, in the memory `place`; None if no
    other name knows it."""

    test: Atom
    wanted: bool
    cell: Cell | None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A memory that is one of several arrays, by tests that were made.  A store to it is a store to that array."""

    cases: tuple[Case, ...]

    @property
    def cells(self) -> list[Cell]:
        return [c.cell for c in self.cases if c.cell is not None]


@dataclass(frozen=True, slots=True)
class Among:
    """A memory that is one of several, which a list holds; `index` says which."""

    index: Atom
    places: frozenset[Place]


@dataclass
class Memories:
    """Which memory each variable is in, which are views, which are parts in an unknown way, which memories can't be
    stored to, what became of variables that were stored to, and which memories are one of several."""

    of: dict[Var, Place] = field(default_factory=dict)
    views: dict[Var, View] = field(default_factory=dict)
    parts: set[Var] = field(default_factory=set)
    elements: dict[Var, Var] = field(default_factory=dict)  # what loops run over, and their elements in inner loops
    frozen: dict[Place, Frozen] = field(default_factory=dict)
    newer: dict[Var, Var | None] = field(default_factory=dict)
    among: dict[Place, Among] = field(default_factory=dict)
    undecided: dict[Place, Undecided] = field(default_factory=dict)
    perhaps: dict[Place, frozenset[Place]] = field(default_factory=dict)
    met: set[Place] = field(default_factory=set)

    def copy(self) -> Memories:
        return Memories(dict(self.of), dict(self.views), set(self.parts), dict(self.elements), dict(self.frozen),
                        dict(self.newer), dict(self.among), dict(self.undecided),
                        dict(self.perhaps), set(self.met))

    def freeze(self, v: Var, why: Frozen) -> None:
        self.frozen.setdefault(self.at(v), why)

    def hold(self, a: Atom, span: Span | None) -> bool:
        """An array becomes an element of a list of unknown length: nobody knows any more which one a store changes.
        Is it a new array, which can be changed through the list?"""
        if not isinstance(a, Var) or not is_array(a):
            return not isinstance(a, Var) or a.type.kind in ("number", "scalar")
        place = self.at(a)
        new = a.type.kind == "array" and not (self.is_part(a) or owner_of(place) or self.is_one_of_several(place))
        self.freeze(a, Frozen("it is an element of a list whose length is not known", "put a copy into the list",
                              span, "put into the list here", held=True))
        return new

    def detach(self, place: Place) -> None:
        """A list changes: what was taken from it is an array by itself."""
        if isinstance(place, Elements):
            for v in [v for v in self.views if self.at(v) is place]:
                del self.views[v]
                self.taken(v)

    def taken(self, v: Var) -> None:
        """An array is taken from such a list."""
        if is_array(v):
            self.of[v] = Memory()
            self.freeze(v, IN_A_LIST)

    def choose(self, v: Var, index: Atom, items: Iterable[Atom]) -> None:
        """`v` is one of a few arrays, by an index that is not known."""
        if is_array(v):
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

    def is_one_of_several(self, memory: Place) -> bool:
        """Do other names know this memory, as one that it may be?"""
        return memory in self.frozen or memory in self.undecided or memory in self.among

    def may_be(self, own: Place, memory: Place) -> bool:
        """Can a store to `memory` be seen in `own`, in a way that is not followed?"""
        return memory in self.alternatives(own) or (
            isinstance(memory, Elements) and own in self.frozen and self.frozen[own].held)

    def alternatives(self, place: Place) -> set[Place]:
        """All that this memory may be."""
        found, todo = {place}, [place]
        while todo:
            p = todo.pop()
            others = set(self.among[p].places) if p in self.among else set(self.perhaps.get(p, ()))
            if p in self.undecided:
                others |= {c.place for c in self.undecided[p].cases if c.place is not None}
            todo += others - found
            found |= others
        return found

    def lists_may_be(self, v: Var, memory: Place) -> bool:
        """The same for the elements of a list."""
        own = self.at(v)
        return isinstance(memory, Elements) and (own is memory or not (isinstance(own, Elements) or owner_of(own)))

    def is_part(self, v: Var) -> bool:
        return v in self.views or v in self.parts

    def is_new_object(self, v: Var) -> bool:
        """Is this view not its base itself, as `np.asarray` may give it back?"""
        view = self.views.get(v)
        return view is not None and view.op.function in (operator.getitem, np.transpose, np.reshape)

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
        arrays = [a for a in args if isinstance(a, Var) and is_array(a)]
        if op.memory == "fresh" or not is_array(result) or not arrays or \
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


def is_array(v: Var) -> bool:
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

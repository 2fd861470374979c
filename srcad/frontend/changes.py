"""What a function changes outside of it: done before it returns or raises, in the order in which it was read.

    self.n += 1               self.n = n          PUT(self, ("attr", "n"), n)
    self.history.append(y)    self.history.extend([y])        GROW
    del self.cache["k"]                           DROP
    self.buffer[0] = x        np.copyto(self.buffer, buffer)  WRITE_BACK

What is stored is a copy where it is an array that the function computed, since the way back may reuse its memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.frontend.joins import same
from srcad.frontend.machine import Machine
from srcad.frontend.memory import WRITE_BACK
from srcad.frontend.origins import Origin
from srcad.frontend.outside import Given
from srcad.frontend.values import (
    MISSING,
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
    Tup,
    describe,
)
from srcad.ir import OBJECT, Atom, Var, define, op_of
from srcad.runtime import objects
from srcad.runtime.objects import Steps

PUT = define(objects.put, "put", effect=True, structure=frozenset({"steps"}), infer=lambda *_, **__: OBJECT)
GROW = define(objects.grow, "grow", effect=True, structure=frozenset({"steps"}), infer=lambda *_, **__: OBJECT)
DROP = define(objects.drop, "drop", effect=True, structure=frozenset({"steps"}), infer=lambda *_, **__: OBJECT)
AT = define(objects.at, "at", infer=lambda *_, **__: OBJECT)
DICT = define(objects.made_dict, "made_dict", infer=lambda *_, **__: OBJECT)
RECORD = define(objects.made_record, "made_record", infer=lambda *_, **__: OBJECT)
LIST = define(list, "list", infer=lambda *_, **__: OBJECT)


def changed_of_the_caller(machine: Machine, raises: bool = False) -> list[tuple[Var, Atom]]:
    """The arrays of the caller that the function has changed, with their last versions; where it raises, those that
    are known.  (What raises is run again on the caller's arrays.)"""
    return _changed(machine, machine.lent, raises)


def _changed(machine: Machine, lent: dict[Var, Cell], raises: bool) -> list[tuple[Var, Atom]]:
    found = []
    for var, cell in lent.items():
        value = machine.state.get(cell, Num(var))
        if not isinstance(value, Num):
            if raises:
                continue
            raise Refused(f"a store that may have changed the caller's `{cell.hint}`, or another array",
                          getattr(value, "reason", ""), "copy it before the store")
        if value.atom is not var:
            found.append((var, value.atom))
    return found


def write_back(machine: Machine, raises: bool = False) -> bool:
    """What the function changed and came from the caller is changed there, before it returns or raises; is any?"""
    changed = _changed(machine, machine.lent | machine.borrowed, raises)
    for var, last in changed:
        machine.build.call(WRITE_BACK, var, last)
    outgoing = _Outgoing(machine)
    for cell, origin in list(machine.origins.items()):
        outgoing.write(cell, origin)
    return bool(changed) or outgoing.changed


def is_changed(machine: Machine) -> bool:
    """Has anything outside been changed so far?"""
    return bool(_changed(machine, machine.lent, raises=True)) or any(
        not same(machine.state.get(k, first), first) for k, first in machine.seeds.items()
        if not isinstance(first, Fields) or first.given is None)


class _Outgoing:
    """Emits the changes of objects and containers."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.build = machine, machine.build
        self.changed = False
        self.made: dict[Cell, Atom] = {}

    def write(self, cell: Cell, origin: Origin) -> None:
        first, now = self.machine.seeds[cell], self.machine.state.get(cell, self.machine.seeds[cell])
        if isinstance(now, Mixed):
            raise Refused(f"a change of `{cell.hint}`, which is not one thing after the function", now.reason)
        match first:
            case Fields(given=Given(scope=scope, names=names)):
                for name in names:
                    before = self.machine.seeds[scope, name]
                    self._entry(origin, ("attr", name), before, self.machine.state.get((scope, name), before))
            case Fields() | Entries():
                kind = "attr" if isinstance(first, Fields) else "item"
                before, after = dict(first.values), dict(now.values)  # type: ignore[union-attr]
                for key in dict.fromkeys((*before, *after)):
                    self._entry(origin, (kind, key), before.get(key, MISSING), after.get(key, MISSING))
            case _ if not same(first, now):
                self._list(origin, first, now)

    def _entry(self, origin: Origin, step: tuple[str, Any], before: Any, after: Any) -> None:
        if self._unchanged(before, after):
            return
        if isinstance(after, Missing):
            self._call(DROP, origin, (*origin.steps, step))
            return
        value = self.value(after)
        if isinstance(value, Var) and self.build.may_lack_value(value):
            raise Refused(f"`{step[1]}`, which is set on one path only", "it would be set on the other, too",
                          "set it before, for instance to None in `__init__`")
        self._call(PUT, origin, (*origin.steps, step), value)

    def _unchanged(self, before: Any, after: Any) -> bool:
        if isinstance(after, Poison) or same(before, after):
            return True
        # A store into an array is written back into the array itself.
        return isinstance(before, Num) and isinstance(before.atom, Var) and after == self._now(before.atom)

    def _now(self, v: Var) -> Any:
        """What an array of the caller's is by now."""
        cell = self._inputs().get(v)
        return self.machine.state.get(cell) if cell is not None else None

    def _list(self, origin: Origin, first: Any, now: Any) -> None:
        if isinstance(first, Items) and isinstance(now, Items) and len(first.values) <= len(now.values):
            n = len(first.values)
            for i, (before, after) in enumerate(zip(first.values, now.values, strict=False)):
                self._entry(origin, ("item", i), before, after)
            if len(now.values) > n:
                self._call(GROW, origin, origin.steps, [self.value(v) for v in now.values[n:]])
            return
        value = [self.value(v) for v in now.values] if isinstance(now, Items) else self.content(now)
        self._call(PUT, origin, (*origin.steps, ("item", slice(None))), value)

    def _call(self, op: Any, origin: Origin, steps: Steps, *values: Any) -> None:
        self.changed = True
        if op is DROP:
            self.build.call(op, self.machine.whole(origin), steps)
        else:
            self.build.call(op, self.machine.whole(origin), steps, *values)

    def value(self, value: Any) -> Any:
        """A value as what is stored: an atom, a constant, or a display of such."""
        match value:
            case Const(value=v):
                return v
            case Num(atom=atom):
                return self._own(atom)
            case Tup(items=items, cls=None):
                return tuple(map(self.value, items))
            case Tup(items=items, cls=cls):
                return self.build.call(RECORD, cls, tuple(cls._fields), tuple(map(self.value, items)))  # type: ignore[union-attr]
            case Ref(cell=cell):
                if cell not in self.made:
                    self.made[cell] = self._container(cell)
                return self.made[cell]
            case _:
                raise Refused(f"{describe(value)} stored in an object of the caller's", "",
                              "store numbers, arrays and containers of these")

    def _container(self, cell: Cell) -> Any:
        origin = self.machine.origins.get(cell)
        if origin is not None:
            return object_atom(self.machine, origin)
        return self.content(self.machine.now_in(cell))

    def content(self, content: Any) -> Any:
        match content:
            case Items(values=values):
                return self.build.call(LIST, tuple(map(self.value, values)))
            case Sequence(atom=atom):
                return self.build.call(LIST, atom)
            case Entries(values=entries):
                return self.build.call(DICT, tuple(k for k, _ in entries), tuple(self.value(v) for _, v in entries))
            case Fields(cls=cls, values=fields):
                return self.build.call(RECORD, cls, tuple(k for k, _ in fields),
                                       tuple(self.value(v) for _, v in fields))
            case _:
                raise Refused("a list of tuples of unknown length stored in an object of the caller's",
                              hint="store a list for each component, or an array")

    def _own(self, atom: Atom) -> Atom:
        """An array that the function computed, as a copy; one of its caller's is itself."""
        if not isinstance(atom, Var) or atom.type.kind not in ("array", "unknown"):
            return atom
        for v in self._inputs():
            if atom is v or self._now(v) == Num(atom):
                return v
        copy = op_of(np.copy)
        assert copy is not None
        return self.build.call(copy, atom)

    def _inputs(self) -> dict[Var, Cell]:
        return self.machine.lent | self.machine.borrowed


def object_atom(machine: Machine, origin: Origin) -> Var:
    """An object or container from outside, as one variable."""
    root = machine.whole(origin)
    return machine.build.call(AT, root, origin.steps) if origin.steps else root

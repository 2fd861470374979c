"""A name for every variable.

    x      for the variable of hint `x` that is returned, or else lives longest, and for those that live at other times
    x2, …  for variables of that hint that live beside it
    t1, …  for those that nobody named

What is read from a tape is called like what was written to it, if that name is free then.

All is linear, up to logarithms: a name that a hint asks for has a line of times that is searched by bisection, and
numbers are given out in the order of first use, so that a heap knows which are free again.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import count, islice

from srcad.backends.names import Class, Classes, Timeline
from srcad.ir.core import Var

ANONYMOUS = "t"
# How far apart two uses of one anonymous name must be, in points (a statement has two).
_APART = 12
_FORBIDDEN = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "np", "math", "_"})
# In how many numbered names that are still in use gaps are looked for.
_FEW = 8


def choose(classes: Classes, fixed: dict[Var, str], forbidden: Iterable[str], alone: Iterable[Var],
           returned: Iterable[Var] = (), rows: Iterable[tuple[Var, Var]] = ()) -> dict[Var, str]:
    """`fixed`: parameters; `alone`: variables whose name nobody else may have; `rows`: what is read from tapes, and
    what was written."""
    taken = {*_FORBIDDEN, *forbidden}
    for v in alone:
        if classes.knows(v):
            classes.of(v).alone = True
    for v in returned:
        if classes.knows(v):
            classes.of(v).returned = True
    names: dict[Var, str] = {}
    natural: dict[str, Timeline] = {}
    for v, name in fixed.items():
        group = classes.of(v)
        natural.setdefault(name, Timeline()).add(group.time)
        names.update(dict.fromkeys(group.members, name))
    groups = sorted((g for g in classes.classes.values() if g.members[0] not in names), key=_first)
    again = {read: classes.of(written).members[0] for read, written in rows
             if classes.knows(read) and classes.knows(written) and not classes.same(read, written)
             and classes.of(read).hint == classes.of(written).hint}
    others = _natural_names(groups, names, natural, taken, again)
    _Numbering(names, natural, taken, again).give(others)
    return names


def _natural_names(groups: list[Class], names: dict[Var, str], natural: dict[str, Timeline], taken: set[str],
                   again: dict[Var, Var]) -> list[Class]:
    """Give hints themselves as names; returns those that got none, in order."""
    others = [g for g in groups if not g.hint]
    for group in sorted((g for g in groups if g.hint), key=_rank):
        name = group.hint
        used = natural.get(name)
        if name in taken or (used is not None and (group.alone or used.overlaps(group.time))) or _follows(group, again):
            others.append(group)
            continue
        natural.setdefault(name, Timeline()).add(group.time)
        names.update(dict.fromkeys(group.members, name))
        if group.alone:
            taken.add(name)
    return sorted(others, key=_first)


def _follows(group: Class, again: dict[Var, Var]) -> Var | None:
    """What was written to the tape that the variable is read from."""
    return None if group.alone or group.returned else next((again[v] for v in group.members if v in again), None)


class _Numbering:
    """Gives the other names, in the order of first use."""

    def __init__(self, names: dict[Var, str], natural: dict[str, Timeline], taken: set[str],
                 again: dict[Var, Var]) -> None:
        self.names, self.natural, self.again = names, natural, again
        self.taken = taken.union(natural)
        self.barred = taken
        self.by_hint: dict[str, _Numbered] = {}

    def give(self, groups: list[Class]) -> None:
        for group in groups:
            name = self._name(group)
            self.taken.add(name)
            self.names.update(dict.fromkeys(group.members, name))

    def _name(self, group: Class) -> str:
        numbers = self.by_hint.get(group.hint)
        if numbers is None:
            apart = 0 if group.hint else _APART
            numbers = self.by_hint[group.hint] = _Numbered(_numbers(group.hint, self.taken), apart)
        if group.alone:
            return next(numbers.fresh)
        written = _follows(group, self.again)
        wanted = self.names.get(written) if written is not None else None
        if wanted is not None and numbers.retake(wanted, group.time):
            return wanted
        if written is not None:
            for name in (wanted, group.hint):
                if name and self._is_free(name, group.time):
                    self.natural.setdefault(name, Timeline()).add(group.time)
                    return name
        return numbers.take(group.time)

    def _is_free(self, name: str, time: Timeline) -> bool:
        """Can this name, which is not a numbered one, be given for that time?"""
        if name in self.barred:
            return False
        return not self.natural[name].overlaps(time) if name in self.natural else name not in self.taken


class _Numbered:
    """The numbered names of one hint, given out in the order of their first use; the first one that is free."""

    def __init__(self, fresh: Iterator[str], apart: int) -> None:
        self.fresh, self.apart = fresh, apart
        self.made: list[tuple[str, Timeline]] = []
        self.index: dict[str, int] = {}
        self.free: list[int] = []
        self.busy: list[tuple[int, int]] = []     # until when, and which
        self.gapped: dict[int, None] = {}

    def take(self, time: Timeline) -> str:
        start = time.starts[0] - self.apart
        while self.busy and self.busy[0][0] <= start:
            end, i = heappop(self.busy)
            if end == self.made[i][1].ends[-1]:
                heappush(self.free, i)
                self.gapped.pop(i, None)
        i = self._first(time)
        self._use(i, time)
        return self.made[i][0]

    def retake(self, name: str, time: Timeline) -> bool:
        """Give this name again, if it is one of these and free."""
        i = self.index.get(name)
        if i is None or self.made[i][1].overlaps(time):
            return False
        self._use(i, time)
        return True

    def _use(self, i: int, time: Timeline) -> None:
        line = self.made[i][1]
        before = line.ends[-1:]
        line.add(time)
        # A range within a gap changes no end: a second entry would make the name free twice.
        if line.ends[-1:] != before:
            heappush(self.busy, (line.ends[-1], i))
        if len(time) > 1 and not self.apart:
            self.gapped[i] = None

    def _first(self, time: Timeline) -> int:
        fitting = [i for i in islice(self.gapped, _FEW) if not self.made[i][1].overlaps(time)]
        if fitting and not (self.free and self.free[0] < min(fitting)):
            return min(fitting)
        while self.free:
            i = heappop(self.free)
            # It may have been given again in the meantime.
            if not self.made[i][1].overlaps(time) and self.made[i][1].ends[-1] <= time.starts[0] - self.apart:
                return i
        name = next(self.fresh)
        self.index[name] = len(self.made)
        self.made.append((name, Timeline()))
        return len(self.made) - 1


def _first(group: Class) -> tuple[int, int]:
    return group.time.starts[0], min(v.serial for v in group.members)


def _rank(group: Class) -> tuple[bool, int, tuple[int, int]]:
    return not group.returned, group.time.starts[0] - group.time.ends[-1], _first(group)


def _numbers(hint: str, taken: set[str]) -> Iterator[str]:
    separator = "_" if hint and hint[-1].isdigit() else ""
    for number in count(2 if hint else 1):
        name = f"{hint or ANONYMOUS}{separator}{number}"
        if name not in taken:
            yield name

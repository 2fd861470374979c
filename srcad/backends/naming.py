"""A name for every variable.

    x      for the variable of hint `x` that is returned, or else lives longest, and for those that live at other times
    x2, …  for variables of that hint that live beside it
    t1, …  for those that nobody named

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
           returned: Iterable[Var] = ()) -> dict[Var, str]:
    """`fixed`: parameters; `alone`: variables whose name nobody else may have."""
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
    others = _natural_names(groups, names, natural, taken)
    _numbered_names(others, names, taken.union(natural))
    return names


def _natural_names(groups: list[Class], names: dict[Var, str], natural: dict[str, Timeline],
                   taken: set[str]) -> list[Class]:
    """Give hints themselves as names; returns those that got none, in order."""
    others = [g for g in groups if not g.hint]
    for group in sorted((g for g in groups if g.hint), key=_rank):
        name = group.hint
        used = natural.get(name)
        if name in taken or (used is not None and (group.alone or used.overlaps(group.time))):
            others.append(group)
            continue
        natural.setdefault(name, Timeline()).add(group.time)
        names.update(dict.fromkeys(group.members, name))
        if group.alone:
            taken.add(name)
    return sorted(others, key=_first)


def _numbered_names(groups: list[Class], names: dict[Var, str], taken: set[str]) -> None:
    by_hint: dict[str, _Numbered] = {}
    for group in groups:
        numbers = by_hint.get(group.hint)
        if numbers is None:
            numbers = by_hint[group.hint] = _Numbered(_numbers(group.hint, taken), 0 if group.hint else _APART)
        name = next(numbers.fresh) if group.alone else numbers.take(group.time)
        taken.add(name)
        names.update(dict.fromkeys(group.members, name))


class _Numbered:
    """The numbered names of one hint, given out in the order of their first use; the first one that is free."""

    def __init__(self, fresh: Iterator[str], apart: int) -> None:
        self.fresh, self.apart = fresh, apart
        self.made: list[tuple[str, Timeline]] = []
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
        name, line = self.made[i]
        before = line.ends[-1:]
        line.add(time)
        # A range within a gap changes no end: a second entry would make the name free twice.
        if line.ends[-1:] != before:
            heappush(self.busy, (line.ends[-1], i))
        if len(time) > 1 and not self.apart:
            self.gapped[i] = None
        return name

    def _first(self, time: Timeline) -> int:
        fitting = [i for i in islice(self.gapped, _FEW) if not self.made[i][1].overlaps(time)]
        if fitting and not (self.free and self.free[0] < min(fitting)):
            return min(fitting)
        if self.free:
            return heappop(self.free)
        self.made.append((next(self.fresh), Timeline()))
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

"""From single assignment back to named variables.

Variables that are joined by copies (what a loop carries, what the branches of an `If` choose, the versions of an array
that is updated in place) become one variable if their ranges don't overlap: the copies vanish.

    loop  h.2 = x.1 -> h.3             ->        h = x
          h.3 = np.tanh(h.2)                     for ...:
    out   h.4                                        h = np.tanh(h)

Then every such class gets a name from its hint (see `srcad.backends.naming`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from srcad.backends.hints import hint_of
from srcad.ir.core import Atom, Block, Func, If, Let, Loop, Undef, Var
from srcad.ir.walk import every
from srcad.transforms.liveness import Interval, Ranges
from srcad.transforms.usage import Uses, alive, dead


class Timeline:
    """A set of disjoint intervals."""

    __slots__ = ("ends", "starts")

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        pairs = sorted(intervals)
        self.starts = [a for a, _ in pairs]
        self.ends = [b for _, b in pairs]

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[Interval]:
        return iter(zip(self.starts, self.ends, strict=True))

    def overlaps(self, other: Timeline) -> bool:
        small, large = (self, other) if len(self.starts) <= len(other.starts) else (other, self)
        if not small.starts or small.starts[0] >= large.ends[-1] or large.starts[0] >= small.ends[-1]:
            return False
        return any(large.holds(a, b) for a, b in small)

    def holds(self, start: int, end: int) -> bool:
        i = bisect_left(self.ends, start + 1)
        return i < len(self.starts) and self.starts[i] < end

    def add(self, other: Timeline) -> None:
        for a, b in other:
            i = bisect_left(self.starts, a)
            self.starts.insert(i, a)
            self.ends.insert(i, b)


@dataclass
class Class:
    hint: str
    time: Timeline
    members: list[Var]
    alone: bool = False                           # nobody else may have its name
    returned: bool = False


class Classes:
    """Union-find over variables, each class with its range and its hint."""

    def __init__(self, ranges: Ranges) -> None:
        self.parent: dict[Var, Var] = {}
        self.classes = {v: Class(hint_of(v), Timeline(r), [v]) for v, r in ranges.items()}

    def root(self, v: Var) -> Var:
        top = v
        while (up := self.parent.get(top)) is not None:
            top = up
        while v is not top:
            self.parent[v], v = top, self.parent[v]
        return top

    def knows(self, v: Var) -> bool:
        return v in self.classes or v in self.parent

    def of(self, v: Var) -> Class:
        return self.classes[self.root(v)]

    def same(self, a: Atom, b: Atom) -> bool:
        return isinstance(a, Var) and isinstance(b, Var) and self.root(a) is self.root(b)

    def unite(self, a: Var, b: Atom, whatever_hint: bool = False) -> None:
        """Make `a` and `b` one variable, if they can be and nobody gave them two names."""
        if not (isinstance(b, Var) and self.knows(a) and self.knows(b)):
            return
        x, y = self.root(a), self.root(b)
        if x is y:
            return
        one, two = self.classes[x], self.classes[y]
        if not whatever_hint and one.hint and two.hint and one.hint != two.hint:
            return
        if one.time.overlaps(two.time):
            return
        hint = one.hint or two.hint
        if len(one.members) < len(two.members):
            x, y, one, two = y, x, two, one
        self.parent[y] = x
        one.time.add(two.time)
        one.members += two.members
        one.hint = hint
        del self.classes[y]


def coalesce(func: Func, ranges: Ranges, uses: Uses, updates: Iterable[tuple[Var, Atom]]) -> Classes:
    """Join what copies connect.  `updates`: new and old version of what is updated in place."""
    classes = Classes(ranges)
    for new, old in updates:
        classes.unite(new, old, whatever_hint=True)
    for a, b in _steps(func.body, uses):
        classes.unite(a, b, whatever_hint=True)
    for a, b in _copies(func.body, uses):
        classes.unite(a, b)
    arguments = frozenset(func.inputs)
    for a, b in _beginnings(func.body, uses):
        classes.unite(a, b, whatever_hint=b not in arguments and uses[b] == 1)  # type: ignore[index]
    return classes


def _beginnings(block: Block, uses: Uses) -> Iterator[tuple[Var, Atom]]:
    """Carries, those of inner loops first, and what they begin with: that needs no name of its own if nobody else
    reads it."""
    for stmt in reversed(list(every(block))):
        if isinstance(stmt, Loop):
            yield from ((c.param, c.init) for c in stmt.carries if alive(c, uses))


def _steps(block: Block, uses: Uses) -> Iterator[tuple[Var, Atom]]:
    """What a carry is set to, what it is in a trip and after the loop: one variable, called like the first of them."""
    for stmt in every(block):
        if isinstance(stmt, Loop):
            for c in stmt.carries:
                if alive(c, uses):
                    if isinstance(c.next, Var):
                        yield c.next, c.param
                    yield c.param, c.out


def _copies(block: Block, uses: Uses) -> Iterator[tuple[Var, Atom]]:
    """Pairs of target and source, those of inner loops first: they are run most often."""
    for stmt in block:
        if dead(stmt, uses):
            continue
        match stmt:
            case Let():
                continue
            case If():
                yield from _copies(stmt.then, uses)
                yield from _copies(stmt.orelse, uses)
                for c in stmt.choices:
                    if uses[c.out]:
                        yield c.out, c.then
                        yield c.out, c.orelse
            case Loop():
                yield from _copies(stmt.body, uses)
                carries = [c for c in stmt.carries if alive(c, uses)]
                for carry in carries:
                    yield carry.param, carry.out
                    yield carry.param, carry.next
            case _:
                assert_never(stmt)


def may_be_unbound(func: Func) -> frozenset[Var]:
    """Variables that have no value on some path."""
    found: set[Var] = set()

    def missing(a: Atom) -> bool:
        return isinstance(a, Undef) or a in found

    def visit(block: Block) -> None:
        for stmt in block:
            match stmt:
                case Let():
                    continue
                case If():
                    visit(stmt.then)
                    visit(stmt.orelse)
                    found.update(c.out for c in stmt.choices if missing(c.then) or missing(c.orelse))
                case Loop():
                    _visit_loop(stmt)
                case _:
                    assert_never(stmt)

    def _visit_loop(loop: Loop) -> None:
        while True:
            before = len(found)
            found.update(c.param for c in loop.carries if missing(c.init) or missing(c.next))
            if loop.test:
                visit(loop.test.body)
            visit(loop.body)
            found.update(c.out for c in loop.carries if c.param in found)
            if len(found) == before:
                return

    visit(func.body)
    return frozenset(found)

"""Elements of a cotangent that are cleared and never read again need not be cleared.

    for i in range(n):                   for i in reversed(range(n)):            for i in reversed(range(n)):
        y[i] = f(x[i])                       g = dy[i]                               dx[i] += dy[i] * …
                                             dy[i] = 0.0               becomes
                                             dx[i] += g * …

The adjoint of a store reads an element and clears it, since the value before was another one.  If each trip reads the
element of its own index, and nobody reads the rest of the array after the loop, then the old value is of no interest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from srcad.ir import HOLE, Block, Carry, Choice, Func, If, Let, Lit, Loop, Var, leaves
from srcad.ir.walk import entry_atoms, every, exit_atoms, substitute

_OTHER = "other"


@dataclass(frozen=True)
class _Place:
    """Where a call stands: in which block, as which of all calls, in which loops."""

    block: int
    number: int
    loops: tuple[Loop, ...]


def without_idle_zeros(func: Func) -> Func:
    """The same function without clearing what nobody reads."""
    if not any(_clears(s) for s in every(func.body)):
        return func
    program = _Program()
    program.visit(func.body, ())
    for v in leaves(func.result):
        program.readers[v].append(_OTHER)
    idle = {let.out: let.args[0] for loop in program.loops for c in loop.carries if c.param.type.kind == "array"
            for let in _Buffer(program, loop, c).idle()}
    for v in idle:
        while idle[v] in idle:
            idle[v] = idle[idle[v]]  # type: ignore[index]
    return replace(func, body=substitute(func.body, idle)) if idle else func


def _clears(stmt: Any) -> bool:
    return isinstance(stmt, Let) and stmt.op.name == "set_at" and type(stmt.form.args[2]) is float \
        and stmt.form.args[2] == 0


@dataclass
class _Program:
    """Who reads each variable, and where."""

    readers: dict[Any, list[Any]] = field(default_factory=lambda: defaultdict(list))
    places: dict[Let, _Place] = field(default_factory=dict)
    loops: list[Loop] = field(default_factory=list)
    definitions: dict[Any, Let] = field(default_factory=dict)
    blocks: int = 0

    def visit(self, block: Block, around: tuple[Loop, ...]) -> None:
        self.blocks += 1
        here = self.blocks
        for stmt in block:
            match stmt:
                case Let():
                    self.places[stmt] = _Place(here, len(self.places), around)
                    self.definitions.update(dict.fromkeys(stmt.outs, stmt))
                    for a in stmt.args:
                        self.readers[a].append(stmt)
                case If():
                    self.readers[stmt.test].append(_OTHER)
                    for c in stmt.choices:
                        for a in (c.then, c.orelse):
                            self.readers[a].append(c)
                    self.visit(stmt.then, around)
                    self.visit(stmt.orelse, around)
                case Loop():
                    self._loop(stmt, around)
                case _:
                    assert_never(stmt)

    def _loop(self, loop: Loop, around: tuple[Loop, ...]) -> None:
        self.loops.append(loop)
        carried = [a for c in loop.carries for a in (c.init, c.next)]
        for c in loop.carries:
            self.readers[c.init].append(c)
            self.readers[c.next].append(c)
        for a in (*entry_atoms(loop), *exit_atoms(loop)):
            if not any(a is b for b in carried):
                self.readers[a].append(_OTHER)
        for w in loop.writes:
            self.readers[w.row].append(_OTHER)
        if loop.test:
            self.readers[loop.test.result].append(_OTHER)
            self.visit(loop.test.body, (*around, loop))
        self.visit(loop.body, (*around, loop))


class _Buffer:
    """An array that a loop carries, in all its versions."""

    def __init__(self, program: _Program, loop: Loop, carry: Carry) -> None:
        self.program, self.loop, self.carry = program, loop, carry
        self.versions: set[Any] = {carry.param}
        self.loads: list[Let] = []
        self.zeros: list[Let] = []
        self.choices: list[Choice] = []

    def idle(self) -> list[Let]:
        """The calls that clear elements for nothing."""
        if not self._understood() or not self.zeros or len(self.loads) != 1:
            return []
        (load,) = self.loads
        parts = _index(load)
        if any(_index(zero) != parts or not self._follows(zero, load) for zero in self.zeros):
            return []
        lowest = self._lowest(load, parts)
        return self.zeros if lowest is not None and self._apart(lowest) else []

    def _follows(self, zero: Let, load: Let) -> bool:
        first, then = self.program.places[load], self.program.places[zero]
        return first.block == then.block and first.number < then.number

    def _understood(self) -> bool:
        """Find all versions, loads and stores; False if something else is done with them."""
        pending: list[Any] = [self.carry.param]
        while pending:
            v = pending.pop()
            for reader in self.program.readers[v]:
                found = self._version(v, reader)
                if found is None:
                    return False
                pending += [x for x in found if x not in self.versions]
                self.versions.update(found)
        return self.carry.next in self.versions and all(
            a in self.versions for c in self.choices for a in (c.then, c.orelse))

    def _version(self, v: Any, reader: Any) -> list[Any] | None:
        """The versions of the array that a reader of one makes; None if it does something else with it."""
        match reader:
            case Let(op=op, args=args) if args[0] is v and not any(a is v for a in args[1:]):
                if op.name == "getitem":
                    self.loads.append(reader)
                    return [] if reader.out.type.kind in ("number", "scalar", "array") else None
                if _clears(reader):
                    self.zeros.append(reader)
                return [reader.out] if op.name == "index_add" or _clears(reader) else None
            case Carry() if reader is self.carry:
                return []
            case Carry():
                return [reader.param, reader.out] if v is reader.init else [] if reader.param in self.versions else None
            case Choice():
                self.choices.append(reader)
                return [reader.out]
            case _:
                return None

    def _lowest(self, load: Let, parts: tuple[Any, ...]) -> dict[int, int] | None:
        """The least number at each place of the index that no two trips have in common; None if two trips may read one
        element."""
        around = self.program.places[load].loops
        lowest: dict[int, int] = {}
        for loop in around[around.index(self.loop):]:
            found = [(k, low) for k, part in enumerate(parts) if (low := self._own(part, loop)) is not None]
            if not found or found[0][1] < 0:
                return None
            lowest.update(found[:1])
        return lowest

    def _own(self, part: Any, loop: Loop) -> int | None:
        """The least value of a number that is another one in each trip of `loop`: its index, more or less."""
        offset = 0
        let = self.program.definitions.get(part)
        if let is not None and let.op.name in ("+", "-") and isinstance(let.args[1], Lit):
            number = let.args[1].value
            if type(number) is not int:
                return None
            part, offset = let.args[0], number if let.op.name == "+" else -number
        if loop.index is None or part is not loop.index or loop.range is None:
            return None
        start, stop, step = (_least(a) for a in (loop.range.start, loop.range.stop, loop.range.step))
        if step is None or not isinstance(loop.range.step, Lit) or step == 0:
            return None
        first = start if step > 0 else None if stop is None else stop + 1
        return None if first is None else first + offset

    def _apart(self, lowest: dict[int, int]) -> bool:
        """Are all elements that are read after the loop others than those that the loop reads?"""
        for reader in self.program.readers[self.carry.out]:
            if not (isinstance(reader, Let) and reader.op.name == "getitem" and reader.args[0] is self.carry.out):
                return False
            parts = _index(reader)
            numbers = [(k, _least(part)) for k, part in enumerate(parts) if isinstance(part, Lit)]
            if not any(n is not None and 0 <= n < lowest.get(k, 0) for k, n in numbers):
                return False
        return True


def _index(let: Let) -> tuple[Any, ...]:
    """The parts of an index, those that are atoms as such."""
    form = let.form.args[1]
    return tuple(_filled(form if type(form) is tuple else (form,), iter(let.args[1:])))


def _filled(parts: tuple[Any, ...], atoms: Iterator[Any]) -> Iterator[Any]:
    for part in parts:
        if part is HOLE:
            yield next(atoms)
        elif type(part) is int:
            yield Lit(part)
        elif part is Ellipsis or part is None:
            yield part, next(atoms, None)         # what follows is at another axis
        else:
            yield part, *(next(atoms, None) for _ in range(repr(part).count("HOLE")))


def _least(a: Any) -> int | None:
    """A number that an integer is not less than."""
    if isinstance(a, Lit):
        return a.value if type(a.value) is int else None
    value = a.type.value if isinstance(a, Var) else None
    if value is None or value.size is None:
        return None if value is None else value.offset
    return value.least if value.size.many else None

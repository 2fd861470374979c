"""Random programs of stores, views, exchanges and tapes: what is overwritten is never read again."""

from __future__ import annotations

import random

import numpy as np
import pytest

from srcad.backends.emit import emit_program
from srcad.backends.load import load
from srcad.ir.core import Atom, Carry, Choice, Func, If, Lit, Loop, Read, Var, Write
from srcad.ir.interpret import interpret
from srcad.ir.types import FLOAT, INT, Type, array
from srcad.runtime import arrays
from tests.making import GETITEM, Make, same, up_to

SIZE = 5
WHOLE, PART = array(float, SIZE), array(float, SIZE - 1)
SLICES = (slice(1, None), slice(None, -1))


class Programs:
    """One random function of two arrays."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.make = Make()
        x, y = Var("x", WHOLE), Var("y", WHOLE)
        self.scope: list[Var] = [x, y]
        self.tapes: list[Var] = []
        self.indices: list[Atom] = [Lit(0), Lit(2)]
        for _ in range(2):
            self.scope.append(self.make.op("*", self.one(WHOLE), Lit(2.0), hint=self.hint()))
        self.statements(7, 2)
        part = self.one(PART) if self.some(PART) else Lit(1)
        results = [self.one(WHOLE), self.make.op(np.sum, self.one(WHOLE)), part]
        self.func: Func = self.make.function([x, y], (*results, *self.tapes))

    def hint(self) -> str:
        return self.random.choice(("a", "b", ""))

    def some(self, t: Type) -> list[Var]:
        return [v for v in self.scope if v.type == t]

    def one(self, t: Type) -> Var:
        return self.random.choice(self.some(t)[-6:])

    def number(self) -> Atom:
        return self.random.choice([*self.some(FLOAT)[-3:], Lit(0.5), *self.indices])

    def statements(self, count: int, depth: int) -> None:
        for _ in range(self.random.randint(count // 2, count)):
            kinds = [self.store, self.store, self.add, self.view, self.view, self.read, self.new, self.branch]
            kinds += [self.loop, self.loop, self.backwards] if depth else []
            self.random.choice(kinds)(depth)

    def store(self, _: int) -> None:
        x = self.one(WHOLE)
        if self.random.random() < 0.5 and self.some(PART):
            new = self.make.op(arrays.set_at, x, self.random.choice(SLICES), self.one(PART), hint=x.hint)
        else:
            new = self.make.op(arrays.set_at, x, self.random.choice(self.indices), self.number(), hint=x.hint)
        self.replace(x, new)

    def add(self, _: int) -> None:
        x = self.one(WHOLE)
        if self.some(PART) and self.random.random() < 0.6:
            new = self.make.op(arrays.index_add, x, self.one(PART), self.random.choice(SLICES), hint=x.hint)
        else:
            new = self.make.op("+", x, self.make.op("*", self.one(WHOLE), Lit(0.5)), hint=x.hint)
        self.replace(x, new)

    def replace(self, x: Var, new: Var) -> None:
        if self.random.random() < 0.8 and len(self.some(WHOLE)) > 2:
            self.scope.remove(x)
        self.scope.append(new)

    def view(self, _: int) -> None:
        self.scope.append(self.make.op(GETITEM, self.one(WHOLE), self.random.choice(SLICES), hint=self.hint()))

    def read(self, _: int) -> None:
        v = self.make.op(GETITEM, self.one(WHOLE), self.random.choice(self.indices), hint=self.hint())
        self.scope.append(self.make.op("+", v, Lit(0.25)))

    def new(self, _: int) -> None:
        kind = self.random.choice([WHOLE, WHOLE, PART]) if self.some(PART) else WHOLE
        self.scope.append(self.make.op("*", self.one(kind), Lit(1.5), hint=self.hint()))

    def branch(self, depth: int) -> None:
        test = self.make.op("<", self.number(), Lit(0.5))
        outs, sides = [Var(self.hint(), WHOLE) for _ in range(2)], []
        for _ in range(2):
            before = (list(self.scope), list(self.tapes))
            with self.make.nested() as block:
                self.statements(2, 0)
                chosen = [self.one(WHOLE) for _ in outs]
            self.scope, self.tapes = before
            sides.append((tuple(block), chosen))
        choices = tuple(Choice(o, t, e) for o, t, e in zip(outs, sides[0][1], sides[1][1], strict=True))
        self.make.add(If(test, sides[0][0], sides[1][0], choices))
        self.scope += outs

    def loop(self, depth: int) -> None:
        count = self.random.randint(1, 3)
        inits = [self.one(WHOLE) for _ in range(count)]
        params = [Var(self.hint(), WHOLE) for _ in range(count)]
        outs = [Var(p.hint, WHOLE) for p in params]
        index = Var("i", INT)
        before = list(self.scope), list(self.tapes), list(self.indices)
        with self.make.nested() as block:
            self.scope += params
            self.indices.append(index)
            self.statements(4, depth - 1)
            nexts = [self.one(WHOLE) for _ in params] if self.random.random() < 0.4 else self.successors(params)
            rows = [self.one(self.random.choice([WHOLE, PART]) if self.some(PART) else WHOLE) for _ in range(2)]
        self.scope, self.tapes, self.indices = before
        writes = tuple(Write(Var("tape", Type("sequence", item=r.type)), r) for r in rows if self.random.random() < 0.6)
        carries = tuple(Carry(*c) for c in zip(outs, params, inits, nexts, strict=True))
        self.make.add(Loop(tuple(block), index=index, range=up_to(Lit(3)), carries=carries, writes=writes))
        self.scope += outs
        self.tapes += [w.tape for w in writes]
        if self.random.random() < 0.5:
            self.scope = [v for v in self.scope if v not in inits or len(self.some(v.type)) < 3]

    def successors(self, params: list[Var]) -> list[Var]:
        """A version of each, exchanged perhaps."""
        found = []
        for p in params:
            self.scope = [v for v in self.scope if v is not p]
            found.append(self.make.op(arrays.set_at, p, 1, self.number(), hint=p.hint))
        self.random.shuffle(found)
        return found

    def backwards(self, depth: int) -> None:
        if not self.tapes:
            return
        tape = self.random.choice(self.tapes)
        assert tape.type.item is not None
        row, init = Var(self.hint(), tape.type.item), self.one(WHOLE)
        param = Var(init.hint, WHOLE)
        before = list(self.scope), list(self.tapes)
        with self.make.nested() as block:
            self.scope += [row, param]
            self.statements(3, 0)
            following = self.one(WHOLE)
        self.scope, self.tapes = before
        out = Var(init.hint, WHOLE)
        self.make.add(Loop(tuple(block), reads=(Read(row, tape),), carries=(Carry(out, param, init, following),),
                           reverse=True))
        self.scope.append(out)


@pytest.mark.parametrize("part", range(10))
def test_random_programs_of_stores(part: int) -> None:
    for seed in range(part * 30, part * 30 + 30):
        func = Programs(seed).func
        source = emit_program(func)
        run = load(source.text, source.objects, source.name)
        args = np.arange(SIZE) + 1.0, np.arange(SIZE) * 0.5
        expected = interpret(func, *(a.copy() for a in args))
        given = [a.copy() for a in args]
        assert same(run(*given), expected), f"{seed}\n{source.text}"
        assert same(given, list(args)), f"{seed}\n{source.text}"

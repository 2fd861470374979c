"""Random programs that store: names, views and aliases of a few arrays, written and read in random order.

    program = stores(17)
    program.source      the text of a module with `f` and helpers that store
    program.args        arrays for `f`, which may store into them
"""

from __future__ import annotations

import random

import numpy as np

from tests.programs.generator import Program

HELPERS = """import numpy as np


def keep(u, q):
    u[0] = np.sin(u[-1]) * q
    return u


def scale(u, q):
    u *= 0.5
    return u[::-1]


def new(u, q):
    return u * q


def flipped(u, q):
    w = u[::-1]
    w[0] = q
    return w


def either(u, q):
    w = u if q > 0.3 else u.copy()
    w[-1] = q
    return w


def guarded(u, q):
    u[0] = q * 0.5
    if u[0] > 0.9:
        return u
    for k in range(len(u)):
        u[k] = np.cos(u[k])
        if u[k] > 0.95:
            break
    else:
        u[0] += 0.25
    return u


def halves(u, q):
    u[0] += q * u[-1]
    if len(u) > 1:
        halves(u[:len(u) // 2], q)
        halves(u[len(u) // 2:], q)
    return u * 1.0


"""
Shape = tuple[int, ...]
Shapes = dict[str, Shape]


def stores(seed: int) -> Program:
    """The program of a seed."""
    writer = StoreWriter(random.Random(seed))
    source = writer.module()
    values = np.random.default_rng(seed)
    return Program(seed, source, tuple(values.uniform(-1, 1, shape) for shape in writer.given))


class StoreWriter:
    """One module.  `known` maps the arrays that are bound on every path to their shapes."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.left = rng.choice((5, 8, 12, 16))  # statements still to write
        self.loops = 0
        self.serial = 0
        self.depth = 0
        self.lists: list[str] = []
        self.given: list[Shape] = []

    def module(self) -> str:
        known: Shapes = {"x": (4,), "A": (3, 4)} if self.rng.random() < 0.7 else {"x": (4,), "y": (4,), "A": (2, 2)}
        names, self.given = ", ".join(known), list(known.values())
        body = ["    s = 0.1"]
        while self.left > 0:
            body += self.statement(known, "    ", 0)
        terms = [f"np.sum(np.sin({n}) * {0.3 + 0.1 * k:.1f})" for k, n in enumerate(known)]
        terms += [f"sum([np.sum(z) for z in {n}])" for n in self.lists]
        return f"{HELPERS}def f({names}, n=3):\n" + "\n".join(body) + f"\n    return s + {' + '.join(terms)}\n"

    def fresh(self, stem: str) -> str:
        self.serial += 1
        return f"{stem}{self.serial}"

    def pick(self, known: Shapes, shape: Shape | None = None, rank: int | None = None) -> str | None:
        found = [n for n, s in known.items() if shape in (None, s) and rank in (None, len(s))]
        return self.rng.choice(found) if found else None

    def any(self, known: Shapes, shape: Shape | None = None) -> str:
        name = self.pick(known, shape)
        assert name is not None
        return name

    def name_for(self, known: Shapes, stem: str, shape: Shape) -> str:
        """A new name, or an old one that is bound again."""
        return self.fresh(stem) if self.rng.random() < 0.65 else self.pick(known, shape) or self.fresh(stem)

    # --- expressions

    def number(self, known: Shapes) -> str:
        name = self.pick(known, rank=1)
        if name is None or self.rng.random() < 0.25:
            return self.rng.choice(("0.5", "1.3", "s"))
        element = f"{name}[{self.rng.randrange(-1, known[name][0])}]"
        return self.rng.choice((element, f"np.sin({element})", f"0.5 * {element}", f"{element} * s"))

    def value(self, known: Shapes, shape: Shape) -> str:
        name, other = self.pick(known, shape), self.pick(known, shape)
        if name is None or self.rng.random() < 0.2:
            return self.number(known)
        return self.rng.choice((name, f"np.sin({name})", f"{name} * {other}", f"0.5 * {name}",
                                f"{name} + {self.number(known)}", f"np.cos({name} - {other})"))

    def index(self, length: int) -> str:
        if self.loops and self.rng.random() < 0.6:
            return f"i{self.rng.randrange(self.loops)} % {length}"
        return str(self.rng.randrange(-1, length))

    def view(self, known: Shapes) -> tuple[str, Shape]:
        """A view of an array, and its shape."""
        name = self.any(known)
        if len(known[name]) == 1:
            (k,) = known[name]
            found: list[tuple[str, Shape]] = [(text.format(name), (k,)) for text in (
                "{}[:]", "{}[::-1]", "np.asarray({})", "{}.reshape(-1)", "np.flip({})", "{}.real", "{}.T")]
            found.append((f"{name}[None]", (1, k)))
            if k > 1:
                found += [(f"{name}[1:]", (k - 1,)), (f"{name}[:-1]", (k - 1,)), (f"{name}[::2]", ((k + 1) // 2,))]
            if k == 4:
                found.append((f"{name}.reshape(2, 2)", (2, 2)))
            return self.rng.choice(found)
        a, b = known[name]
        found = [(text.format(name), (b, a)) for text in (
            "{}.T", "np.transpose({})", "{}.swapaxes(0, 1)", "np.moveaxis({}, 0, 1)")]
        found += [(text.format(name), (a, b)) for text in ("{}[::-1]", "{}[:, ::-1]", "np.fliplr({})")]
        found += [(f"{name}[{self.index(a)}]", (b,)), (f"{name}[:, 0]", (a,)), (f"{name}[-1]", (b,)),
                  (f"{name}.reshape(-1)", (a * b,)), (f"{name}.ravel()", (a * b,))]
        return self.rng.choice(found)

    def place(self, known: Shapes) -> tuple[str, Shape]:
        """What can be stored to, and the shape of what can be stored there."""
        name = self.any(known)
        if len(known[name]) == 1:
            (k,) = known[name]
            found: list[tuple[str, Shape]] = [(f"{name}[{self.index(k)}]", ()), (f"{name}[:]", (k,)), (f"{name}[::-1]", (k,))]
            if k > 1:
                found += [(f"{name}[1:]", (k - 1,)), (f"{name}[[0, 1]]", (2,)), (f"{name}[{name} > 0.3]", ()),
                          (f"{name}[[0, 1, 0]]", (3,))]
            return self.rng.choice(found)
        a, b = known[name]
        return self.rng.choice([(f"{name}[{self.index(a)}, {self.index(b)}]", ()), (f"{name}[{self.index(a)}]", (b,)),
                                (f"{name}[:, {self.index(b)}]", (a,)), (f"{name}[...]", (a, b)), (f"{name}[{name} > 0.2]", ())])

    # --- statements

    def statement(self, known: Shapes, pad: str, depth: int) -> list[str]:
        self.left -= 1
        self.depth = depth
        r = self.rng.random()
        if depth < 2 and self.left > 0 and r > 0.76:
            return self.loop(known, pad, depth) if r < 0.88 else self.branch(known, pad, depth)
        simple = self.rng.choice((self.store, self.store, self.store, self.bind_view, self.bind_view, self.alias, self.copy,
                                  self.swap, self.call, self.in_list, self.accumulate, self.either, self.in_dict, self.grow,
                                  self.leave))
        return [pad + line for line in simple(known).split("\n")]

    def store(self, known: Shapes) -> str:
        r = self.rng.random()
        if r < 0.15:
            name = self.any(known)
            return f"{name} {self.rng.choice(('+=', '*=', '-='))} {self.value(known, known[name])}"
        if r < 0.25:
            name = self.any(known)
            return self.rng.choice((f"{name}.fill({self.number(known)})", f"np.sin({name}, out={name})",
                                    f"{name}.flat[-1] = {self.number(known)}", f"np.multiply.at({name}, [0, 1, 0], 0.5)",
                                    f"np.copyto({name}, {self.value(known, known[name])})", f"{name}.sort()"))
        place, shape = self.place(known)
        return f"{place} {self.rng.choice(('=', '+=', '*='))} {self.value(known, shape)}"

    def bind_view(self, known: Shapes) -> str:
        text, shape = self.view(known)
        name = self.name_for(known, "v", shape)
        known[name] = shape
        return f"{name} = {text}"

    def alias(self, known: Shapes) -> str:
        old = self.any(known)
        name = self.name_for(known, "a", known[old])
        known[name] = known[old]
        return f"{name} = {old}"

    def copy(self, known: Shapes) -> str:
        old = self.any(known)
        name = self.name_for(known, "c", known[old])
        known[name] = known[old]
        return f"{name} = " + self.rng.choice((f"{old}.copy()", f"np.cos({old})", f"{old} * 0.7", f"np.zeros_like({old})"))

    def swap(self, known: Shapes) -> str:
        a = self.any(known)
        b = self.any(known, known[a])
        return f"{a}, {b} = {b}, {a}"

    def call(self, known: Shapes) -> str:
        old = self.pick(known, rank=1)
        if old is None:
            return self.accumulate(known)
        name = self.fresh("h")
        known[name] = known[old]
        return f"{name} = {self.rng.choice(('keep', 'scale', 'new', 'flipped', 'either', 'guarded', 'halves'))}({old}, s)"

    def in_list(self, known: Shapes) -> str:
        name = self.any(known)
        if self.lists and self.rng.random() < 0.6:
            held = self.rng.choice(self.lists)
            return self.rng.choice((f"{held}.append({name})", f"s = s + np.sum({held}[-1])", f"{held}[0] *= 0.5"))
        if self.depth:
            return self.accumulate(known)
        self.lists.append(self.fresh("L"))
        return f"{self.lists[-1]} = [{name}]"

    def either(self, known: Shapes) -> str:
        """A name for one of two arrays, by a test."""
        a = self.any(known)
        b = self.any(known, known[a])
        name = self.name_for(known, "e", known[a])
        known[name] = known[a]
        return f"{name} = {a} if {self.number(known)} > 0.2 else {self.rng.choice((b, f'{b}.copy()', f'{b} * 0.5'))}"

    def in_dict(self, known: Shapes) -> str:
        name = self.any(known)
        if self.depth or self.rng.random() < 0.5:
            return f"d0 = {{'a': {name}, 'b': ({name}, s)}}\nd0['a'][...] *= 0.9\ns = s + 0.1 * np.sum(d0['b'][0])"
        return f"p0, (q0, r0) = {name}, ({name}[::-1], s)\nq0 += 0.1\ns = s + 0.1 * np.sum(p0) * r0"

    def grow(self, known: Shapes) -> str:
        """A list of unknown length, whose arrays are stored to."""
        name = self.any(known)
        return self.rng.choice((
            f"g0 = [{name} * (0.5 + k) for k in range(n)]\ng0[-1][0] = 0.3\ng0[1] += {name}\ns = s + 0.1 * np.sum(g0[-1])",
            f"g0 = [{name} + k for k in range(n)]\nfor z0 in g0:\n    z0 *= 0.2\ns = s + 0.1 * sum([np.sum(z) for z in g0])",
            f"g0 = []\nfor k in range(n):\n    g0.append({name}.copy())\n    g0[k][:1] = 0.1 * k\ns = s + 0.1 * np.sum(g0[0] * g0[-1])"))

    def leave(self, known: Shapes) -> str:
        """An exit between stores: of a loop, or by an exception."""
        test = f"{self.number(known)} > {self.rng.choice(('0.4', '0.9'))}"
        if self.loops:
            return f"if {test}:\n    {self.rng.choice(('break', 'continue'))}"
        return f"if {test} and s > 1.3:\n    raise ValueError('too large')" if self.rng.random() < 0.3 else self.accumulate(known)

    def accumulate(self, known: Shapes) -> str:
        name = self.any(known)
        return f"s = np.sin(s) + np.sum({name} * {self.rng.choice((name, '0.3'))})"

    def loop(self, known: Shapes, pad: str, depth: int) -> list[str]:
        index, inner, matrix = f"i{self.loops}", dict(known), self.pick(known, rank=2)
        head = f"{pad}for {index} in range({self.rng.choice(('3', '2', 'n'))}):"
        if matrix and self.rng.random() < 0.4:
            row = self.fresh("row")
            inner[row] = known[matrix][1:]
            head = f"{pad}for {index}, {row} in enumerate({matrix}):"
        self.loops += 1
        body = self.block(inner, pad + "    ", depth + 1, 3)
        self.loops -= 1
        return [head, *body]

    def branch(self, known: Shapes, pad: str, depth: int) -> list[str]:
        then, orelse = dict(known), dict(known)
        lines = [f"{pad}if {self.rng.choice(('s > 0.2', f'{self.number(known)} < 0.4', 'x[0] > -5.0'))}:",
                 *self.block(then, pad + "    ", depth + 1, 2)]
        if self.rng.random() < 0.5:
            lines += [f"{pad}else:", *self.block(orelse, pad + "    ", depth + 1, 2)]
        for name in list(known):
            if not then.get(name) == orelse.get(name) == known[name]:
                del known[name]
        known.update({n: s for n, s in then.items() if orelse.get(n) == s})
        return lines

    def block(self, known: Shapes, pad: str, depth: int, size: int) -> list[str]:
        return [line for _ in range(self.rng.randint(1, size)) for line in self.statement(known, pad, depth)]

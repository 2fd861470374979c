"""Writes random Python functions in the style of NumPy users, the same for the same seed.

    program = generate(17)
    program.source      the text of a module with `f` and its helpers
    program.args        arguments for `f`: floats and arrays

Every program ends: a `while` counts its trips.  Some raise, on purpose or by reading a name that a path left unbound:
then all that is derived from them must raise the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.programs.expressions import Expressions, N, Scope

PARAMS = {"x": "f", "y": "f", "a": "v", "b": "v", "A": "m"}


@dataclass(frozen=True)
class Program:
    seed: int
    source: str
    args: tuple[Any, ...]


def generate(seed: int) -> Program:
    rng = random.Random(seed)
    names = ["x", *(n for n in PARAMS if n != "x" and rng.random() < 0.6)]
    if not any(PARAMS[n] == "v" for n in names):
        names.append("a")
    writer = Writer(rng, names)
    values = np.random.default_rng(seed)
    shapes = {"f": (), "v": (N,), "m": (N, N)}
    args = tuple(float(a) if a.shape == () else a for a in
                 (np.asarray(values.uniform(-1.2, 1.2, shapes[PARAMS[n]])) for n in names))
    return Program(seed, writer.module(), args)


class Writer(Expressions):
    """One module.  `body` writes statements at an indentation; what a block binds is unsure after it."""

    def __init__(self, rng: random.Random, params: list[str]) -> None:
        super().__init__(rng, Scope({p: PARAMS[p] for p in params}))
        self.params = params
        self.unfree = {"RATE", "z", "q"}  # names that are no locals of the function around
        self.left = rng.choice((6, 10, 16, 24))  # statements still to write
        self.loops = 0
        self.serial = 0
        self.shape = rng.choice(("f", "f", "f", "v", "t"))
        self.raises = rng.random() < 0.12
        self.prints = rng.random() < 0.25
        self.mutation = rng.random() < 0.5

    def fresh(self, stem: str) -> str:
        self.serial += 1
        return f"{stem}{self.serial}"

    def module(self) -> str:
        parts = ["import math\n", "import numpy as np\n", "\nRATE = 0.3\n" + (f"SIZE = {N}\n" if self.sized else "")]
        parts += [self.helper(k) for k in range(self.rng.choice((0, 0, 1, 2)))]
        extra = self.rng.choice(("", "", ", k=2"))
        if extra:
            self.scope.names["k"] = "i"
        body = self.body(1, 9)
        lines = [f"def f({', '.join(self.params)}{extra}):", *body, *self.result(1)]
        return "\n".join(parts) + "\n\n" + "\n".join(lines) + "\n"

    def helper(self, number: int) -> str:
        takes = self.rng.choice(("f", "v", "fv", "ff"))
        gives = self.rng.choice("fv")
        saved, self.scope = self.scope, Scope({f"p{j}": k for j, k in enumerate(takes)} | {"scale": "f"})
        shape, self.shape = self.shape, gives
        name = f"helper{number}"
        lines = [f"\ndef {name}({', '.join(f'p{j}' for j in range(len(takes)))}, scale=0.5):", *self.body(1, 3)]
        if self.rng.random() < 0.15 and takes[0] == "f" and gives == "f":
            rest = "".join(f", p{j}" for j in range(1, len(takes)))
            lines += ["    if scale > 0.1 and p0 < 5.0:", f"        return np.sin({name}(p0 + 0.5{rest}, scale - 0.3))"]
        lines += self.result(1)
        self.scope, self.shape = saved, shape
        self.helpers.append((name, takes, gives))
        return "\n".join(lines) + "\n"

    def result(self, depth: int) -> list[str]:
        terms = [self.term(n, k) for n, k in self.scope.names.items() if n not in self.scope.unsure and k in "fvlmwt"]
        self.rng.shuffle(terms)
        total = " + ".join(terms[:7]) or self.leaf("f")
        text = {"f": total, "v": f"{self.leaf('v')} * ({total})", "t": f"({total}, {self.leaf('v')} + 0.1)"}[self.shape]
        return [f"{'    ' * depth}return {text}"]

    def term(self, name: str, kind: str) -> str:
        c = self.rng.choice(("", "0.5 * ", "RATE * "))
        return c + {"f": name, "v": f"np.sum({name})", "m": f"np.sum(np.sin({name}))", "l": f"np.sum(np.array({name}))",
                    "w": f"sum([np.sum(z) for z in {name}])", "t": f"{name}[0]"}[kind]

    # --- statements --------------------------------------------------------------------------------------------------

    def body(self, depth: int, size: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.rng.randint(1, size) if size > 1 else 1):
            if self.left > 0 or not lines:
                self.left -= 1
                lines += self.statement(depth, size)
        return lines

    def statement(self, depth: int, size: int) -> list[str]:
        pad = "    " * depth
        r = self.rng.random()
        if depth < 4 and size > 1 and self.left > 0:
            if r < 0.14:
                return self.branch(depth, size // 2)
            if r < 0.29 and self.loops < 2:
                return self.loop(depth, size // 2)
            if r < 0.32:
                return self.attempt(depth, size // 2) if self.raises else self.calmed(depth, size // 2)
        if depth > 1 and r < 0.34:
            return self.leave(depth)
        simple = [self.assign, self.assign, self.assign, self.assign, self.augment, self.unpack, self.lists, self.pairs,
                  self.function, self.swap]
        simple += [self.rare]
        if self.mutation:
            simple += [self.store, self.store, self.store, self.view]
        if self.raises and depth > 1:
            simple += [self.trouble]
        if self.prints:
            simple += [self.say]
        return [pad + line for line in self.rng.choice(simple)()]

    def bind(self, name: str, kind: str) -> None:
        self.scope.names.pop(name, None)
        self.scope.names[name] = kind
        self.scope.unsure.discard(name)

    def damped(self, kind: str, depth: int = 2) -> str:
        """An expression that does not grow when it is computed from itself again and again."""
        e = self.expr(kind, depth)
        if kind in "fvm" and (self.loops or self.rng.random() < 0.3):
            return self.pick([f"np.tanh({e})", f"np.sin({e})", f"0.5 * np.cos({e})"])
        return e

    def target(self, kind: str) -> str:
        """A name to bind: often an old one."""
        old = [n for n in self.scope.of(kind, unsure=True) if kind != "i" or n[0] == "j"]
        if old and self.rng.random() < (0.7 if self.loops else 0.35):
            return self.rng.choice(old)
        return self.fresh({"f": "s", "v": "u", "m": "M", "t": "t", "i": "j"}[kind])

    def assign(self) -> list[str]:
        kind = self.rng.choice("fffvvvmi" if self.scope.of("m") else "ffffvvvi")
        if kind == "i" and self.loops:
            kind = "f"
        e = self.damped(kind)
        name = self.target(kind)
        if kind == "f" and self.rng.random() < 0.1:
            e = self.rng.choice(("0", "1", "0.0"))  # an int that becomes a float, a number that becomes an array
        if kind in "fv" and self.rng.random() < 0.06:
            others = self.scope.of("v" if kind == "f" else "f")
            name = self.rng.choice(others) if others else name
        self.bind(name, kind)
        return [f"{name} = {e}"]

    def augment(self) -> list[str]:
        kind = self.rng.choice("ffv")
        own = [n for n in self.scope.of(kind) if kind == "f" or self.mutation and n[0] == "u"]
        if not own:
            return self.assign()
        name = self.rng.choice(own)
        other = self.expr("f" if kind == "f" else self.rng.choice("fv"))
        return [f"{name} {self.rng.choice(('+=', '-=', '+='))} 0.4 * {other}" if self.rng.random() < 0.7
                else f"{name} *= np.cos({other})"]

    def store(self) -> list[str]:
        """A store into an array: of ours, rarely of the caller's."""
        arrays = [n for n in self.scope.of("v") if n[0] == "u" or self.rng.random() < (0.4 if n[0] in "pe" else 0.1)]
        matrices = [n for n in self.scope.of("m") if n[0] == "M" or self.rng.random() < 0.1]
        if matrices and self.rng.random() < 0.4:
            m = self.rng.choice(matrices)
            return [self.pick([f"{m}[{self.index()}] = {self.damped('v')}", f"{m}[:, {self.index()}] = {self.damped('v')}",
                               f"{m}[{self.index()}, {self.index()}] = {self.damped('f')}", f"{m}[1:] *= 0.7",
                               f"{m}[{self.index()}] += 0.3 * {self.expr('v')}", f"{m}[:, 1:] = {m}[:, :-1]"])]
        if not arrays:
            name = self.fresh("u")
            source = self.rng.choice([f"{self.leaf('v')}.copy()", f"np.zeros({self.size})", f"np.zeros_like({self.leaf('v')})",
                                      self.leaf("v")])
            self.bind(name, "v")
            return [f"{name} = {source}"]
        u = self.rng.choice(arrays)
        return [self.pick([f"{u}[{self.index()}] = {self.damped('f')}", f"{u}[{self.index()}] += 0.5 * {self.expr('f')}",
                           f"{u}[1:] = ({self.damped('v')})[:-1]", f"{u}[1:] += 0.3 * {u}[:-1]", f"{u}[:] = {self.damped('v')}",
                           f"{u}[{self.index()}] *= {self.leaf('f')}", f"{u}[::2] = {self.damped('f')}",
                           f"{u}[{u} > 0.5] = {self.damped('f')}" if self.kinks else None,
                           f"{u}[np.array([0, 2])] += 0.2 * {self.expr('f')}", f"{u}[-2:] -= 0.1 * ({self.expr('v')})[:2]"])]

    def view(self) -> list[str]:
        """A store through another name of the same memory."""
        arrays, name = self.scope.of("v"), self.fresh("h")
        if not arrays:
            return self.assign()
        u = self.rng.choice(arrays)
        first = self.pick([f"{name} = {u}[1:]", f"{name} = {u}[::-1]", f"{name} = {u}[:2]", f"{name} = {u}"])
        return [first, self.pick([f"{name}[0] = {self.damped('f')}", f"{name} += 0.3 * {self.expr('f')}", f"{name}[1] *= 0.6",
                                  f"{name}[:] = 0.5 * {name} * {self.expr('f')}"])]

    def rare(self) -> list[str]:
        """What is written less often."""
        f, way = self.scope.of("f"), self.rng.randrange(5)
        if way == 0 and self.scope.of("d"):
            d = self.name("d")
            return [self.pick([f"{d}['p'] = {self.damped('f')}", f"{d}['p'] += 0.2 * {self.expr('f')}", f"{d}['q'] = {self.damped('v')}"])]
        if way <= 1:
            e, name = f"{{'p': {self.expr('f')}, 'q': {self.expr('v')}}}", self.fresh("d")
            self.bind(name, "d")
            return [f"{name} = {e}"]
        if way == 2:
            kind = self.rng.choice("fv")
            e, n1, n2 = self.damped(kind), self.target(kind), self.target(kind)
            self.bind(n1, kind)
            self.bind(n2, kind)
            return [f"{n1} = {n2} = {e}"]
        if way == 3 and f:
            name, x = self.fresh("n"), self.rng.choice(f)
            if x not in self.unfree:
                return [f"def {name}():", f"    nonlocal {x}", f"    {x} = np.sin({x} + {self.leaf('f')})", f"{name}()", f"{name}()"]
        e, name = self.damped("f"), self.target("f")
        other = self.leaf("f")
        if self.raises:
            test = self.test()
            self.bind(name, "f")
            return ["try:", f"    if {test}:", "        raise ValueError('caught')", f"    {name} = {e}",
                    "except ValueError:", f"    {name} = {other}"]
        self.bind(name, "f")
        return [f"{name} = {e}"]

    def unpack(self) -> list[str]:
        k1, k2 = self.rng.choice(("ff", "fv", "vf"))
        values = f"{self.damped(k1)}, {self.damped(k2)}"
        n1, n2 = self.target(k1), self.target(k2)
        if n1 == n2:
            n2 = self.fresh("s" if k2 == "f" else "u")
        self.bind(n1, k1)
        self.bind(n2, k2)
        return [f"{n1}, {n2} = {values}"]

    def swap(self) -> list[str]:
        kind = self.rng.choice("ffv")
        names = self.scope.of(kind)
        if len(names) < 2:
            return self.assign()
        n1, n2 = self.rng.sample(names, 2)
        return [f"{n1}, {n2} = {n2}, {n1}"]

    def pairs(self) -> list[str]:
        if self.scope.of("t") and self.rng.random() < 0.5:
            n1, n2 = self.target("f"), self.fresh("u")
            t = self.name("t")
            self.bind(n1, "f")
            self.bind(n2, "v")
            return [f"{n1}, {n2} = {t}"]
        e, name = self.expr("t"), self.target("t")
        self.bind(name, "t")
        return [f"{name} = {e}"]

    def lists(self) -> list[str]:
        floats, vectors = self.scope.of("l"), self.scope.of("w")
        if floats and self.rng.random() < 0.6:
            xs = self.rng.choice(floats)
            return [self.pick([f"{xs}.append({self.damped('f')})", f"{xs}.append({self.damped('f')})",
                               f"{xs}[-1] = {self.damped('f')}", f"{xs}.extend([{self.leaf('f')}])",
                               f"{xs}[0] += 0.2 * {self.expr('f')}"])]
        if vectors and self.rng.random() < 0.6:
            return [f"{self.rng.choice(vectors)}.append({self.damped('v')})"]
        kind = self.rng.choice("llw")
        source = self.pick([f"[{self.expr('f')}]", f"[0.5 * q + {self.leaf('f')} for q in {self.leaf('v')}]",
                            f"[{self.leaf('f')}, {self.expr('f')}]", f"[np.sin(q) for q in {self.leaf('v')} if q > 0.1] + [0.3]",
                            f"[{self.expr('f')}] * 2", f"[0.1 * q * {self.leaf('f')} for q in range(3)]"])
        if kind == "w":
            source = self.pick([f"[{self.expr('v')}]", f"[{self.leaf('v')} * q for q in range(2)]"])
        name = self.fresh("xs" if kind == "l" else "ws")
        self.bind(name, kind)
        return [f"{name} = {source}"]

    def function(self) -> list[str]:
        name = self.fresh("g")
        saved = self.scope
        self.scope = saved.copy()
        self.bind("z", "f")
        e = self.damped("f")
        self.scope = saved
        self.bind(name, "g")
        return self.rng.choice(([f"def {name}(z):", f"    return {e}"], [f"{name} = lambda z: {e}"],
                                [f"def {name}(z, q=0.5):", "    if z > q:", "        return 0.5 * z", f"    return {e}"]))

    def say(self) -> list[str]:
        return [f"print('{self.fresh('note')}', {self.leaf('i')})" if self.rng.random() < 0.7 else f"print({self.leaf('f')})"]

    def trouble(self) -> list[str]:
        return self.rng.choice(([f"if {self.expr('f')} > 1.3:", "    raise ValueError('too large')"],
                                [f"assert {self.expr('f')} < 1.5, 'assertion'"],
                                [f"if {self.expr('f')} < -1.2:", "    raise RuntimeError('too small')"]))

    # --- control flow ------------------------------------------------------------------------------------------------

    def leave(self, depth: int) -> list[str]:
        """Leave the loop, the trip or the function when something holds."""
        pad = "    " * depth
        ways = ["return"] if not self.loops else ["break", "continue", "return", "break"]
        way = self.rng.choice(ways)
        inner = self.result(depth + 1) if way == "return" else [f"{pad}    {way}"]
        return [f"{pad}if {self.test()}:", *inner]

    def attempt(self, depth: int, size: int) -> list[str]:
        """A `try` that may raise half-way, with a handler, and perhaps `else` and `finally`."""
        pad, before = "    " * depth, self.scope
        self.scope = before.copy()
        lines = [f"{pad}try:", *self.body(depth + 1, size // 2)]
        lines += [f"{pad}    if {self.test()}:", f"{pad}        raise ValueError('caught')", *self.body(depth + 1, size // 2)]
        tried, self.scope = self.scope, before.copy()
        lines += [f"{pad}except ValueError{self.rng.choice((' as error', ''))}:", *self.body(depth + 1, size)]
        handled, self.scope = self.scope, tried
        if self.rng.random() < 0.3:
            lines += [f"{pad}else:", *self.body(depth + 1, 2)]
        self.scope = merged([self.scope, handled])
        if self.rng.random() < 0.3:
            lines += [f"{pad}finally:", *[f"{pad}    {line}" for line in self.assign()]]
        return lines

    def calmed(self, depth: int, size: int) -> list[str]:
        """A block within a context."""
        pad = "    " * depth
        return [f"{pad}with np.errstate(all='ignore'):", *self.body(depth + 1, size)]

    def branch(self, depth: int, size: int) -> list[str]:
        pad = "    " * depth
        before = self.scope
        heads = [f"if {self.test()}:"]
        if self.rng.random() < 0.25:
            heads.append(f"elif {self.test()}:")
        if self.rng.random() < 0.6:
            heads.append("else:")
        lines, after = [], [before] if heads[-1] != "else:" else []
        for head in heads:
            self.scope = before.copy()
            lines += [pad + head, *self.body(depth + 1, size)]
            after.append(self.scope)
        self.scope = merged(after)
        return lines

    def loop(self, depth: int, size: int) -> list[str]:
        pad = "    " * depth
        before = self.scope.copy()
        head, first = self.head(depth)
        self.loops += 1
        body = self.body(depth + 1, size)
        self.loops -= 1
        lines = [*head, *first, *body]
        self.scope = merged([before, self.scope])
        if self.rng.random() < 0.15:
            inside = self.scope.copy()
            loops, self.loops = self.loops, 0
            lines += [f"{pad}else:", *self.body(depth + 1, 1)]
            self.loops = loops
            self.scope = merged([inside, self.scope])
        return lines

    def head(self, depth: int) -> tuple[list[str], list[str]]:
        """The head of a loop, and the statements that its body must begin with."""
        pad = "    " * depth
        r = self.rng.random()
        if r < 0.04:
            c = self.fresh("c")
            self.bind(c, "i")
            return [f"{pad}{c} = 0", f"{pad}while True:"], [f"{pad}    {c} += 1", f"{pad}    if {c} > 3:", f"{pad}        break"]
        if r < 0.25:
            c = self.fresh("c")
            test = self.test()
            self.bind(c, "i")
            return [f"{pad}{c} = 0", f"{pad}while {c} < {self.rng.choice((2, 3, 4))} and {test}:"], [f"{pad}    {c} += 1"]
        if r < 0.65:
            i = self.fresh("i")
            self.bind(i, "i")
            bounds = self.rng.choice(("3", "2", "1, 4", f"len({self.leaf('v')})", "3, 0, -1", "0", f"{self.leaf('v')}.shape[0]",
                                      "4, 9, 2", "k" if "k" in self.scope.names else "3"))
            over = f"reversed(range({bounds}))" if self.rng.random() < 0.1 else f"range({bounds})"
            return [f"{pad}for {i} in {over}:"], []
        e = self.fresh("e")
        v = self.expr("v", 1)
        if r < 0.75:
            self.bind(e, "f")
            return [f"{pad}for {e} in {v}:"], []
        if r < 0.83:
            i = self.fresh("i")
            self.bind(i, "i")
            self.bind(e, "f")
            return [f"{pad}for {i}, {e} in enumerate({v}):"], []
        if r < 0.9:
            q = self.fresh("q")
            w = self.rng.choice(self.scope.of("l") or [self.leaf("v")])
            self.bind(e, "f")
            self.bind(q, "f")
            return [f"{pad}for {e}, {q} in zip({v}, {w}):"], []
        if self.scope.of("m") and r < 0.96:
            self.bind(e, "v")
            return [f"{pad}for {e} in {self.name('m')}:"], []
        if self.scope.of("l"):
            xs = self.name("l")
            self.bind(e, "f")
            # A copy: the body may append to the list.
            return [f"{pad}for {e} in list({xs}):"], []
        head = f"{pad}for {e} in [{self.leaf('f')}, {self.leaf('f')}]:"
        self.bind(e, "f")
        return [head], []


def merged(scopes: list[Scope]) -> Scope:
    """What is known of names where paths meet: names of two kinds are forgotten, others may be unsure."""
    first = scopes[0]
    names = {n: k for s in scopes for n, k in s.names.items()}
    clash = {n for s in scopes for n, k in s.names.items() if names[n] != k}
    unsure = {n for n in names if any(n not in s.names or n in s.unsure for s in scopes)}
    order = [*first.names, *(n for n in names if n not in first.names)]
    return Scope({n: names[n] for n in order if n not in clash}, unsure - clash)

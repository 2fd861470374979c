"""Random expressions over what is in scope.

Kinds are single letters: `f` a float, `i` an int, `v` an array of N elements, `m` an array of N by N, `l` a list of floats,
`w` a list of `v`, `t` a tuple of an `f` and a `v`, `d` a dict of the same, `g` a function of an `f` that gives an `f`.
Everything is smooth where it is likely to be evaluated, and bounded or damped, so that derivatives are well conditioned.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

N = 3


@dataclass
class Scope:
    """The names in scope by kind; those in `unsure` are bound on some paths only."""

    names: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def copy(self) -> Scope:
        return Scope(dict(self.names), set(self.unsure))

    def of(self, kind: str, unsure: bool = False) -> list[str]:
        return [n for n, k in self.names.items() if k == kind and (unsure or n not in self.unsure)]


class Expressions:
    """Writes expressions; `helpers` are the module's functions with what they take and give."""

    def __init__(self, rng: random.Random, scope: Scope) -> None:
        self.rng, self.scope = rng, scope
        self.helpers: list[tuple[str, str, str]] = []
        self.kinks = rng.random() < 0.5
        self.unsure_reads = rng.random() < 0.15
        # Programs for arrays of any length: their module has the length as a global.
        self.sized = rng.random() < 0.25
        self.size = "SIZE" if self.sized else str(N)

    def expr(self, kind: str, depth: int = 2) -> str:
        if depth <= 0 or self.rng.random() < 0.2:
            return self.leaf(kind)
        return {"f": self.number, "v": self.vector, "m": self.matrix, "i": self.integer, "t": self.pair}[kind](depth - 1)

    def name(self, kind: str) -> str | None:
        sure = not (self.unsure_reads and self.rng.random() < 0.3)
        names = self.scope.of(kind, unsure=not sure) or self.scope.of(kind, unsure=self.unsure_reads)
        # Recent names are likelier, so that values flow through the program.
        return names[-1 - min(int(self.rng.expovariate(0.5)), len(names) - 1)] if names else None

    def literal(self) -> str:
        return str(round(self.rng.uniform(0.1, 1.9) * self.rng.choice((1, 1, -1)), 2))

    def leaf(self, kind: str) -> str:
        name = self.name(kind)
        if name and self.rng.random() < 0.9:
            return name
        match kind:
            case "f":
                return self.literal()
            case "i":
                return str(self.rng.randrange(3))
            case "v":
                return name or f"np.full({self.size}, {self.literal()})"
            case "m":
                return name or f"np.eye({self.size})"
            case _:
                return f"({self.leaf('f')}, {self.leaf('v')})"

    def index(self) -> str:
        """An index into N elements: most often within bounds."""
        counters = self.scope.of("i")
        if counters and self.rng.random() < 0.6:
            return self.rng.choice((f"{counters[-1]} % {N}", f"{self.rng.choice(counters)} % {N}", f"-1 - {counters[-1]} % 2"))
        return str(self.rng.choice((0, 1, 2, -1, -2)))

    def pick(self, options: list[str | None]) -> str:
        return self.rng.choice([o for o in options if o])

    def number(self, d: int) -> str:
        if self.rng.random() < 0.45:
            return self.smooth("f", d)
        e, r = self.expr, self.rng.random()
        if r < 0.35:
            v = self.expr("v", d)
            return self.pick([f"np.mean({v})", f"np.sum({v})", f"({v}).sum()", f"0.4 * np.dot({v}, {e('v', d)})",
                              f"0.4 * ({v} @ {e('v', d)})", f"np.prod(0.5 + 0.2 * np.sin({v}))", f"np.tanh({v})[{self.index()}]",
                              f"np.max({v})" if self.kinks else None, f"np.min({v})" if self.kinks else None,
                              f"np.linalg.norm({v} + 3.0)" if self.rng.random() < 0.2 else None])
        if r < 0.5 and self.name("v"):
            return f"{self.name('v')}[{self.index()}]"
        if r < 0.58 and self.name("m"):
            m = self.name("m")
            return self.pick([f"{m}[{self.index()}, {self.index()}]", f"np.trace({m})", f"{m}[{self.index()}][{self.index()}]",
                              f"np.sum({m}) * 0.2", f"{m}.mean()"])
        if r < 0.68 and self.helpers:
            return self.call("f", d)
        if r < 0.74:
            return f"({e('f', d)} if {self.test(d)} else {e('f', d)})"
        if r < 0.84 and self.name("l"):
            xs = self.name("l")
            return self.pick([f"{xs}[-1]", f"{xs}[0]", f"0.2 * sum({xs})", f"np.mean(np.array({xs}))", f"{xs}[{self.index()}]",
                              f"sum([0.3 * q * q for q in {xs}])", f"0.1 * len({xs})"])
        if r < 0.88 and self.name("w"):
            return self.pick([f"np.sum({self.name('w')}[-1])", f"np.mean(np.stack({self.name('w')}))",
                              f"np.sum(sum({self.name('w')}))"])
        if r < 0.93 and self.name("t"):
            return f"{self.name('t')}[0]"
        if r < 0.95 and self.name("d"):
            return self.pick([f"{self.name('d')}['p']", f"np.sum({self.name('d')}['q'])"])
        if r < 0.97 and self.name("g"):
            return f"{self.name('g')}({e('f', d)})"
        if self.scope.of("i"):
            return f"0.1 * {self.name('i') or 1}"
        return self.smooth("f", d)

    def smooth(self, kind: str, d: int) -> str:
        a, b = self.expr(kind, d), self.expr(kind if self.rng.random() < 0.7 else "f", d)
        return self.pick([f"np.sin({a})", f"np.cos({a})", f"np.tanh({a})", f"np.exp(-({a}) ** 2)", f"np.sqrt(1.5 + ({a}) ** 2)",
                          f"({a} + {b})", f"({a} - {b})", f"0.5 * {a} * {b}", f"{a} / (1.5 + ({b}) ** 2)", f"-{a}",
                          f"np.arctan({a})", f"np.multiply({a}, {b})", f"np.log(2.0 + ({a}) ** 2)", f"(1.2 + np.sin({a})) ** 1.5",
                          f"({a} * {b} + {self.literal()})", f"{self.literal()} * {a}", f"1 - {a}", f"2 / (3 + np.cos({a}))",
                          f"np.maximum({a}, {b})" if self.kinks else None, f"np.where({a} > {self.literal()}, {a}, 0.5 * {b})"
                          if self.kinks else None, f"math.sin({a})" if kind == "f" else None,
                          f"abs({a})" if self.kinks else None])

    def vector(self, d: int) -> str:
        if self.rng.random() < 0.45:
            return self.smooth("v", d)
        e, v = self.expr, self.expr("v", d)
        m = self.name("m")
        return self.pick([f"({v})[::-1]", f"0.4 * np.cumsum({v})", f"{v} * {e('f', d)}", f"({v} + {e('f', d)})",
                          f"np.array([{', '.join(e('f', d - 1) for _ in range(N))}])" if not self.sized else f"np.full({self.size}, {e('f', d)})", f"np.concatenate((({v})[1:], ({e('v', d)})[:1]))",
                          f"np.roll({v}, 1)", f"{v} - np.mean({v})", f"np.ones({self.size}) * {e('f', d)}", f"np.zeros({self.size})", f"({v}).copy()",
                          f"np.sort({v})" if self.kinks else None,
                          f"({v})[np.array([0, 2, 0])]", f"0.4 * {m} @ {v}" if m else None, f"{m}[{self.index()}]" if m else None,
                          f"{m}[:, {self.index()}]" if m else None, f"0.3 * {m}.sum(axis={self.rng.choice((0, 1))})" if m else None,
                          f"np.diag({m})" if m else None, f"{self.name('t')}[1]" if self.name("t") else None,
                          self.call("v", d) if self.helpers else None,
                          f"{self.name('w')}[-1]" if self.name("w") else None,
                          f"np.linalg.solve({m} * 0.1 + 2 * np.eye({self.size}), {v})" if m else None])

    def matrix(self, d: int) -> str:
        e, m = self.expr, self.leaf("m")
        return self.pick([f"np.outer({e('v', d)}, {e('v', d)})", f"{m}.T", f"np.tanh({m} @ {m})", f"{m} * {e('v', d)}",
                          f"({m} + {e('f', d)})", f"{m} * ({e('v', d)})[:, None]", f"np.sin({m})", f"0.5 * {m} * {self.leaf('m')}",
                          f"np.stack([{', '.join(e('v', d - 1) for _ in range(N))}])" if not self.sized else f"np.sin({m})", f"{m}[::-1]", f"0.3 * np.dot({m}, {m})",
                          f"({m} - {e('v', d)})", f"np.transpose({m})"])

    def integer(self, d: int) -> str:
        i = self.leaf("i")
        return self.pick([f"{i} + 1", f"2 * {i}", f"{i} % 2", f"len({self.leaf('v')})", f"{i} // 2"])

    def pair(self, d: int) -> str:
        return f"({self.expr('f', d)}, {self.expr('v', d)})"

    def call(self, kind: str, d: int) -> str:
        fitting = [h for h in self.helpers if h[2] == kind]
        if not fitting:
            return self.leaf(kind)
        name, takes, _ = self.rng.choice(fitting)
        args = [self.expr(k, d) for k in takes]
        scale = self.rng.choice(("", ", scale=0.7", f", scale={self.leaf('f')}", f", {self.literal()}"))
        return f"{name}({', '.join(args)}{scale})"

    def test(self, d: int = 1) -> str:
        f = self.expr("f", min(d, 1))
        i = self.name("i")
        return self.pick([f"{f} > {self.literal()}", f"{f} < {self.expr('f', 0)}", f"np.sum({self.leaf('v')}) > {self.literal()}",
                          f"{i} % 2 == 0" if i else None, f"{i} > 1" if i else None,
                          f"{f} > 0.2 and {self.leaf('f')} < 1.1", f"not {f} < 0.4", f"-0.5 < {f} < 0.9",
                          f"({self.leaf('f')} > 0.8 or {i} == 1)" if i else None])

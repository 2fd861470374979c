"""What a rule must satisfy at one call.

Forward mode agrees with differences, reverse with forward by dot product, and the rule run on symbols computes what it
computes on arrays, with types that say the truth.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.ir import Builder, Lit, Size, Type, Undef, Var, leaves, run, type_of
from srcad.ir.ops import Op, op_of
from srcad.ir.types import Dim
from srcad.rules import rule_of
from srcad.rules.ops import Rule
from srcad.rules.shapes import unbroadcast_to

STEP = 1e-5
# Where only some arguments have a derivative.
DATA: dict[Callable[..., Any], tuple[int, ...]] = dict.fromkeys(
    (np.quantile, np.percentile, np.linalg.norm, np.gradient), (0,))


def is_inexact(x: Any) -> bool:
    if isinstance(x, list | tuple):
        return any(map(is_inexact, x))
    return isinstance(x, float | complex | np.ndarray | np.generic) and np.asarray(x).dtype.kind in "fc"


def mapped(f: Callable[..., Any], *trees: Any) -> Any:
    if isinstance(trees[0], list | tuple):
        return (list if isinstance(trees[0], list) else tuple)(mapped(f, *p) for p in zip(*trees, strict=True))
    return f(*trees)


def random_like(rng: np.random.Generator, x: Any) -> Any:
    def one(a: Any) -> Any:
        a = np.asarray(a)
        if a.dtype.kind not in "fc":
            return np.zeros(a.shape)
        r = rng.normal(size=a.shape) + (1j * rng.normal(size=a.shape) if a.dtype.kind == "c" else 0)
        return r.astype(a.dtype)[()]
    return mapped(one, x)


def paired(g: Any, t: Any) -> float:
    """Re(g * t), summed: complex values pair without conjugation."""
    if isinstance(g, list | tuple):
        return sum(paired(a, b) for a, b in zip(g, t, strict=True))
    return float(np.sum(np.real(np.asarray(g) * np.asarray(t))))


def numeric(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return [numeric(i) for i in x]
    return np.asarray(x, complex if np.iscomplexobj(x) else float)


def in_double(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return type(x)(map(in_double, x))
    if isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "fc":
        return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    return x


class Case:
    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        op = op_of(function)
        assert op is not None, function
        self.op: Op = op
        rule = rule_of(op)
        assert rule is not None, op
        self.rule: Rule = rule
        self.rng = np.random.default_rng(7)
        self.where = [i for i, a in enumerate(args)
                      if i in DATA.get(function, range(len(rule.vjps))) and i < len(rule.vjps)
                      and rule.vjps[i] is not None and is_inexact(a)]
        self.tangents = {i: random_like(self.rng, args[i]) for i in self.where}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.y = function(*args, **kwargs)
        if isinstance(self.y, tuple):
            self.y = tuple(self.y)
        self.g = random_like(self.rng, self.y)

    def primal(self, h: float) -> Any:
        """The result at a distance h along the tangents, in double precision."""
        args = [in_double(a) for a in self.args]
        for i in self.where:
            moved = mapped(lambda a, t: np.asarray(a + h * np.asarray(t))[()], args[i], in_double(self.tangents[i]))
            args[i] = like_original(moved, self.args[i])
        return self.function(*args, **self.kwargs)

    def differences(self) -> Any:
        a, b = numeric(self.primal(STEP)), numeric(self.primal(-STEP))
        return mapped(lambda p, q: (p - q) / (2 * STEP), a, b)

    def forward(self) -> Any:
        if self.rule.joint:
            args = list(self.args)
            for i, vjp in enumerate(self.rule.vjps[: len(args)]):
                if vjp is not None:
                    zero = mapped(lambda a: np.zeros(np.shape(a), np.asarray(a).dtype if is_inexact(a) else float)[()],
                                  args[i])
                    args[i] = like_original(self.tangents.get(i, zero), args[i])
            return self.function(*args, **self.kwargs)
        parts = [self.contribution(self.rule.jvps, i, self.tangents[i]) for i in self.where]
        parts = [mapped(lambda a, y: np.zeros(np.shape(y)) if a is None else a, p, self.y)
                 for p in parts if p is not None]
        if not parts:
            return mapped(lambda a: np.zeros(np.shape(a)), self.y)
        total = parts[0]
        for p in parts[1:]:
            total = mapped(lambda a, b: a + b, total, p)
        return total

    @property
    def constants(self) -> tuple[int, ...]:
        """The positions of numbers that are no data: they stay constants when the others are made symbols."""
        data = DATA.get(self.function)
        return () if data is None else tuple(i for i in range(len(self.args)) if i not in data)

    def contribution(self, table: tuple[Any, ...], i: int, t: Any) -> Any:
        return table[i](t, self.y, *self.args, **self.kwargs)

    def backward(self) -> dict[int, Any]:
        result = {}
        for i in self.where:
            bar = self.contribution(self.rule.vjps, i, self.g)
            if bar is not None:
                result[i] = unbroadcast_to(bar, self.args[i]) if self.rule.elementwise else bar
        return result


def like_original(value: Any, original: Any) -> Any:
    """Numbers stay Python numbers: functions of `math` want them."""
    if isinstance(original, list | tuple):
        return type(original)(like_original(v, o) for v, o in zip(value, original, strict=True))
    if isinstance(original, float | complex) and not isinstance(original, np.generic):
        return type(original)(value)
    return value


# --- the same on symbols

class Abstraction:
    """Types for values in which every extent but 1 is a size of its own (the same extent is the same size)."""

    def __init__(self, known: bool) -> None:
        self.known, self.sizes = known, {}

    def type(self, value: Any) -> Type:
        if isinstance(value, list):
            items = [self.type(v) for v in value]
            return Type("sequence", item=items[0] if items else None)
        t = type_of(value)
        if not t.is_numeric or t.shape is None:
            return t
        if not self.known:
            return Type("unknown", t.dtype)
        return Type(t.kind, t.dtype, tuple(self.dim(d.offset) for d in t.shape), t.value)

    def dim(self, n: int) -> Dim:
        if n <= 1:
            return Dim(None, n)
        return Dim(self.sizes.setdefault(n, Size("n", many=True)))


def on_symbols(rule: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], known: bool = True,
               exact: bool = False, constants: tuple[int, ...] = (), whole: bool = False) -> Any:
    """Run `rule` on variables for the inexact parts of `args`, then run what it recorded."""
    abstraction, env, build = Abstraction(known), {}, Builder()

    def argument(a: Any) -> Any:
        if whole and (isinstance(a, list) or (type(a) is tuple and a and all(isinstance(i, list) for i in a))):
            return atom(a) if isinstance(a, list) else tuple(map(argument, a))
        return mapped(atom, a)

    def atom(x: Any) -> Any:
        if isinstance(x, np.ndarray | list) or is_inexact(x) or isinstance(x, np.generic):
            v = Var("v", type_of(x) if exact else abstraction.type(x))
            env[v] = x
            return v
        return x

    result = run(build, rule, *(a if i in constants else argument(a) for i, a in enumerate(args)),
                 **{k: mapped(atom, v) if isinstance(v, np.ndarray) else v for k, v in kwargs.items()})
    for stmt in build.block:
        assert rule_of(stmt.op) is not None, f"{stmt.op} is used by a rule and has none"
        call, named = stmt.call([value_of(a, env) for a in stmt.args])
        value = stmt.op.function(*call, **named)
        values = value if len(stmt.outs) > 1 else (value,)
        for out, v in zip(stmt.outs, values, strict=True):
            env[out] = v
            truthful(stmt, out.type, v, abstraction)
    return mapped(lambda a: value_of(a, env), result)


def value_of(atom: Any, env: dict[Var, Any]) -> Any:
    match atom:
        case Var():
            return env[atom]
        case Lit(value=value):
            return value
        case Undef():
            return None
        case _:
            return atom


def truthful(stmt: Any, t: Type, value: Any, abstraction: Abstraction) -> None:
    """What the type claims holds for the value."""
    about = f"{stmt.op} {stmt.form} {[a.type for a in stmt.args]} -> {t}, really {type_of(value)}"
    if t.kind in ("unknown", "object", "never"):
        return
    if t.kind == "sequence":
        assert isinstance(value, list | tuple), about
        return
    actual = type_of(value)
    assert actual.is_numeric, about
    if t.dtype is not None and "number" not in (t.kind, actual.kind):
        assert t.dtype == actual.dtype, about
    if t.kind == "array":
        assert isinstance(value, np.ndarray), about
    if t.shape is not None:
        assert len(t.shape) == len(actual.shape or ()), about
        extents = {s: n for n, s in abstraction.sizes.items()}
        for dim, n in zip(t.shape, np.shape(value), strict=True):
            if dim.size is None:
                assert dim.offset == n, about
            elif dim.size in extents:
                assert max(extents[dim.size] + dim.offset, 0) == n, about


def assert_same(a: Any, b: Any) -> None:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
        return
    if a is None or b is None:
        assert (a is None) == (b is None)
        return
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-13)


__all__ = ["Case", "assert_same", "leaves", "on_symbols"]

"""Products as they are written by hand: signs and numbers in front.

    dy * (2 * x)        2 * dy * x              one pass over x less, if dy is a number
    dc * 100            100 * dc
    (0.5 * g) * (2 * x) g * x
    (-g) * x            -(g * x)                whose reader subtracts it

A rule is free to choose the order of its products, so nothing is lost; a program of the user is never rewritten so.
Only values without a name are looked into: what has a name (`dcost`) is there to be read.
"""

from __future__ import annotations

from typing import Any

from srcad.ir.build import OPERATORS, Symbol
from srcad.ir.core import Let, Lit

_MUL, _NEG = OPERATORS["mul"], OPERATORS["neg"]
_NEAR = 12          # how many statements back a factor is looked for


def times(t: Any, partial: Any) -> Any:
    """t * partial."""
    if not (isinstance(t, Symbol) or isinstance(partial, Symbol)):
        return partial * t if isinstance(partial, int | float) else t * partial
    (c, s), (d, p) = scaled(t), scaled(partial)
    if s is None or p is None:
        # One of them is a number.
        return _by_number(c * d, s if p is None else p)
    if _is_one(c * d):
        return s * p
    return -(s * p) if c * d == -1 else _by_number(c * d, s) * p if c * d > 0 else -(_by_number(-c * d, s) * p)


def _by_number(c: Any, s: Any) -> Any:
    """c * s, shorter where c is one or minus one."""
    if s is None or _is_one(c):
        return c if s is None else s
    return -s if c == -1 else c * s


def _is_one(c: Any) -> bool:
    return bool(c == 1)


def scaled(x: Any) -> tuple[Any, Any]:
    """`x` as a number times a value; the value is None for a number, the number 1 where nothing is known."""
    if type(x) in (int, float):
        return x, None
    let = defined(x)
    if let is None or x.type.dtype is None or x.type.dtype.kind != "f":
        return 1, x
    if let.op is _NEG:
        c, s = scaled(Symbol(x.build, let.args[0]))  # type: ignore[arg-type]
        return -c, s
    if let.op is _MUL:
        a, b = let.args
        if isinstance(a, Lit) and type(a.value) in (int, float):
            return a.value, Symbol(x.build, b)  # type: ignore[arg-type]
    return 1, x


def negated(x: Any) -> Any:
    """The value whose negative is `x`, where `x` was just made as such; else None."""
    let = defined(x)
    return Symbol(x.build, let.args[0]) if let is not None and let.op is _NEG else None  # type: ignore[arg-type]


def defined(x: Any) -> Let | None:
    """The call that made the value `x`, if it has no name and was made just now."""
    if not isinstance(x, Symbol) or getattr(x.atom, "hint", "") or isinstance(x.atom, Lit):
        return None
    for stmt in x.build.stmts[: -_NEAR - 1: -1]:
        if isinstance(stmt, Let) and len(stmt.outs) == 1 and stmt.outs[0] is x.atom:
            return stmt
    return None

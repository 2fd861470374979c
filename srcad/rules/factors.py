"""Products as they are written by hand: signs and numbers in front.

    dy * (2 * x)           2 * dy * x           one pass over x less, if dy is a number
    dc * 100               100 * dc
    0.5 * g * (2 * x)      g * x
    (-g) * x               -(g * x)             whose reader subtracts it

A rule is free to choose the order of its products; a program of the user is never rewritten so.  Only values without a
name are looked into: what has a name (`dcost`) is there to be read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from srcad.ir.build import OPERATORS, Symbol
from srcad.ir.core import Let, Lit

_MUL, _DIV, _NEG = OPERATORS["mul"], OPERATORS["truediv"], OPERATORS["neg"]
NEAR = 12          # how many statements back the definition of a cotangent is looked for
DEEP = 1           # how many products a number goes through: each costs a product if its old value is read elsewhere


def scale(t: Any, partial: Callable[[], Any]) -> Any:
    """t times the partial that `partial` makes."""
    before = len(t.build.stmts) if isinstance(t, Symbol) else 0
    p = partial()
    if not (isinstance(t, Symbol) or isinstance(p, Symbol)):
        return p * t if isinstance(p, int | float) else t * p
    if type(p) in (int, float):
        return by_number(p, t)
    factor, rest = _scaled(p, before)
    if factor < 0:
        return minus(by_number(-factor, t) * rest)
    return by_number(factor, t) * rest


@overload
def signed(rule: None) -> None: ...
@overload
def signed(rule: Callable[..., Any]) -> Callable[..., Any]: ...
def signed(rule: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """`rule`, which is linear in its first argument, with the minus of that in front of the result, and so a number if
    the result has fewer axes."""
    if rule is None:
        return None

    def apply(g: Any, *args: Any, **kwargs: Any) -> Any:
        positive = negated(g)
        if positive is not None:
            result = rule(positive, *args, **kwargs)
            # A list of cotangents has no minus.
            if isinstance(result, Symbol) and result.type.is_numeric:
                return minus(result)
        factor, rest = _number_in_front(g)
        if factor != 1 and rest.type.rank:
            mark = len(g.build.stmts)
            result = rule(rest, *args, **kwargs)
            if isinstance(result, Symbol) and result.type.rank is not None and result.type.rank < rest.type.rank:
                return by_number(factor, result)
            del g.build.stmts[mark:]
        return rule(g, *args, **kwargs)

    return apply


def by_number(c: float, t: Any, deep: int = DEEP) -> Any:
    """c * t; the number goes through at most `deep` products, which are made anew for it."""
    if c in (1, -1):
        return t if c == 1 else minus(t)
    factor, rest = _scaled(t, -NEAR)
    # Numbers are put together where the product is exact.
    if factor != 1 and (is_power_of_two(factor) or is_power_of_two(c)):
        return by_number(c * factor, rest)
    let = definition(t, -NEAR)
    if let is not None and let.op.name in ("np.broadcast_to", "np.expand_dims"):
        small = by_number(c, Symbol(t.build, let.args[0]))  # type: ignore[arg-type]
        return Symbol(t.build, t.build.let(let.op, (small.atom, *let.args[1:]), let.form)[0])
    if factor == 1 and let is not None and let.op is _MUL and deep and _meets_a_number(t):
        # To the front of a product, where it meets other numbers or one that is not an array.
        first, second = (Symbol(t.build, a) for a in let.args)  # type: ignore[arg-type]
        return by_number(c, first, deep - 1) * second
    if factor == 1 and let is not None and let.op is _DIV:
        above, below = (Symbol(t.build, a) for a in let.args)  # type: ignore[arg-type]
        divisor, rest = _scaled(below, -NEAR)
        # 2 * (a / (2 * b)) is a / b.
        if divisor > 0 and divisor != 1 and is_power_of_two(divisor):
            return by_number(c / divisor if c % divisor else c // divisor, above) / rest
        number = _scaled(above, -NEAR)[0]
        if number not in (1, -1) and (is_power_of_two(number) or is_power_of_two(c)):
            return by_number(c, above) / below
    return c * t


def _meets_a_number(x: Any) -> bool:
    """Is `x` a product or quotient that begins with a number, or with what is not known to be an array?"""
    let = definition(x, -NEAR)
    if let is not None and let.op in (_MUL, _DIV):
        first = let.args[0]
        return isinstance(first, Lit) or _meets_a_number(Symbol(x.build, first))  # type: ignore[arg-type]
    return not x.type.rank or let is not None and let.op.name in ("np.broadcast_to", "np.expand_dims")


def minus(x: Any) -> Any:
    """-x."""
    positive = negated(x)
    return -x if positive is None else positive


def negated(x: Any) -> Any:
    """The value whose negative `x` was just made as; None if it was not."""
    let = definition(x, -NEAR)
    return Symbol(x.build, let.args[0]) if let is not None and let.op is _NEG else None  # type: ignore[arg-type]


def _scaled(x: Any, since: int) -> tuple[float, Any]:
    """`x` as a number times a value."""
    let = definition(x, since)
    if let is not None and let.op is _NEG:
        return -1, Symbol(x.build, let.args[0])  # type: ignore[arg-type]
    if let is not None and let.op is _MUL and isinstance(let.args[0], Lit) and type(let.args[0].value) in (int, float):
        return let.args[0].value, Symbol(x.build, let.args[1])  # type: ignore[arg-type]
    return 1, x


def _number_in_front(x: Any) -> tuple[float, Any]:
    """The same for a product of three, `2 * a * b`."""
    factor, rest = _scaled(x, -NEAR)
    let = definition(x, -NEAR)
    if factor == 1 and let is not None and let.op is _MUL:
        first, second = (Symbol(x.build, a) for a in let.args)  # type: ignore[arg-type]
        factor, inner = _scaled(first, -NEAR)
        return (factor, inner * second) if factor != 1 else (1, x)
    return factor, rest


def definition(x: Any, since: int) -> Let | None:
    """The call that made `x`, among the statements from that position on, if it has no name."""
    if not isinstance(x, Symbol) or isinstance(x.atom, Lit) or x.atom.hint:
        return None
    for stmt in reversed(x.build.stmts[since:]):
        if isinstance(stmt, Let) and len(stmt.outs) == 1 and stmt.outs[0] is x.atom:
            return stmt
    return None


def is_power_of_two(c: float) -> bool:
    return c != 0 and abs(float(c)).hex().startswith("0x1.0000000000000p")

"""Numbers: the functions of `math` and `cmath`, and Python's builtins.

Their derivatives are written with the same functions, so that code over numbers stays code over numbers:
`y = math.sin(x)` gives `dx = dy * math.cos(x)`, and no array is ever made.
"""

from __future__ import annotations

import builtins
import cmath
import functools
import math
import operator
from types import ModuleType
from typing import Any

import numpy as np

from srcad.ir.types import BOOL, COMPLEX, FLOAT, UNKNOWN, Type, fresh, integer, join_all
from srcad.rules.arithmetic import conjugate_sign
from srcad.rules.ops import Function, alike, constant, custom, linear, pointwise
from srcad.rules.shapes import project_to, zeros_for
from srcad.rules.symbols import recorded, shape, type_in
from srcad.runtime import arrays, lists, scalars

# How many arguments a function of any number of them may have.
MOST_OPERANDS = 32


def _float(*_: Any, **__: Any) -> Type:
    return FLOAT


def _complex(*_: Any, **__: Any) -> Type:
    return COMPLEX


def _int(*_: Any, **__: Any) -> Type:
    return integer(fresh("k"))


def _bool(*_: Any, **__: Any) -> Type:
    return BOOL


def declare_functions(module: ModuleType, result: Function) -> None:
    """The functions that `math` and `cmath` have both."""
    m = {name: recorded(getattr(module, name)) for name in ("sin", "cos", "sqrt", "sinh", "cosh")}

    def rule(name: str, product: Function) -> None:
        pointwise(getattr(module, name), product, infer=result, elementwise=True)

    rule("exp", lambda t, z, x: t * z)
    rule("sqrt", lambda t, z, x: t / (2 * z))
    rule("log10", lambda t, z, x: t / (math.log(10) * x))
    rule("sin", lambda t, z, x: t * m["cos"](x))
    rule("cos", lambda t, z, x: -(t * m["sin"](x)))
    rule("tan", lambda t, z, x: t * (1 + z * z))
    rule("asin", lambda t, z, x: t / m["sqrt"](1 - x * x))
    rule("acos", lambda t, z, x: -(t / m["sqrt"](1 - x * x)))
    rule("atan", lambda t, z, x: t / (1 + x * x))
    rule("sinh", lambda t, z, x: t * m["cosh"](x))
    rule("cosh", lambda t, z, x: t * m["sinh"](x))
    rule("tanh", lambda t, z, x: t * (1 - z * z))
    rule("asinh", lambda t, z, x: t / m["sqrt"](x * x + 1))
    rule("acosh", lambda t, z, x: t / (m["sqrt"](x - 1) * m["sqrt"](x + 1)))
    rule("atanh", lambda t, z, x: t / (1 - x * x))
    log = recorded(module.log)
    pointwise(module.log, lambda t, z, x, base=None: t / x if base is None else t / (x * log(base)),
              lambda t, z, x, base: -t * z / (base * log(base)), infer=result, elementwise=True)


declare_functions(math, _float)
declare_functions(cmath, _complex)


def _over_numbers(function: Function, *products: Function | None) -> None:
    pointwise(function, *products, infer=_float, elementwise=True)


_exp = recorded(math.exp)
_copysign, _trunc = recorded(math.copysign), recorded(math.trunc)
_digamma = recorded(scalars.polygamma)
_slope, _log_of_base, _round = recorded(scalars.power_slope), recorded(scalars.power_log), recorded(round)
_over_numbers(math.expm1, lambda t, z, x: t * (z + 1))
_over_numbers(math.log2, lambda t, z, x: t / (math.log(2) * x))
_over_numbers(math.log1p, lambda t, z, x: t / (1 + x))
_over_numbers(math.fabs, lambda t, z, x: t * conjugate_sign(x))
_over_numbers(math.erf, lambda t, z, x: t * (2 / math.sqrt(math.pi)) * _exp(-x * x))
_over_numbers(math.erfc, lambda t, z, x: -(t * (2 / math.sqrt(math.pi)) * _exp(-x * x)))
_over_numbers(math.gamma, lambda t, z, x: t * z * _digamma(0, x))
_over_numbers(math.lgamma, lambda t, z, x: t * _digamma(0, x))
_over_numbers(scalars.polygamma, None, lambda t, z, n, x: t * _digamma(n + 1, x))
_over_numbers(math.degrees, lambda t, z, x: t * (180 / math.pi))
_over_numbers(math.radians, lambda t, z, x: t * (math.pi / 180))
_over_numbers(math.atan2, lambda t, z, y, x: t * x / (x * x + y * y), lambda t, z, y, x: -(t * y / (x * x + y * y)))
_over_numbers(math.pow, lambda t, z, x, y: t * _slope(x, y), lambda t, z, x, y: t * z * _log_of_base(x))
_over_numbers(math.copysign, lambda t, z, x, y: t * _copysign(1.0, x) * _copysign(1.0, y), None)
_over_numbers(math.fmod, lambda t, z, x, y: t, lambda t, z, x, y: -(t * _trunc(x / y)))
_over_numbers(math.remainder, lambda t, z, x, y: t, lambda t, z, x, y: -(t * _round((x - z) / y)))
_over_numbers(math.ldexp, lambda t, z, x, i: t * 2.0 ** i, None)
if hasattr(math, "exp2"):
    _over_numbers(math.exp2, lambda t, z, x: t * math.log(2) * z)
    _over_numbers(math.cbrt, lambda t, z, x: t / (3 * z * z))


def _hypot_part(i: int) -> Function:
    return lambda t, z, *xs: t * scalar_quotient(xs[i], z)


scalar_quotient = recorded(scalars.quotient)
_over_numbers(math.hypot, *map(_hypot_part, range(MOST_OPERANDS)))
_over_numbers(scalars.quotient, lambda t, z, x, y: scalar_quotient(t, y), lambda t, z, x, y: -scalar_quotient(t * z, y))

for _whole in (math.floor, math.ceil, math.trunc, math.gcd, math.lcm, math.isqrt, math.factorial, math.comb, math.perm):
    constant(_whole, infer=_int)
for _test in (math.isnan, math.isinf, math.isfinite, math.isclose, cmath.isnan, cmath.isinf, cmath.isfinite):
    constant(_test, infer=_bool)


# --- functions of lists of numbers

def _fsum_vjp(g: Any, y: Any, xs: Any) -> Any:
    if isinstance(xs, tuple | list):
        return [g for _ in xs]
    return _like_elements(g, xs)


def _like_elements(g: Any, xs: Any) -> Any:
    if type_in(xs).kind == "sequence":
        return recorded(scalars.repeated)(g, xs)
    return recorded(np.broadcast_to)(g, np.shape(xs))


linear(math.fsum, _fsum_vjp, infer=_float)
linear(scalars.repeated, lambda h, y, g, xs: recorded(builtins.sum)(h), name="repeated",
       infer=lambda g, xs: Type("sequence", item=type_in(g)))


# --- builtins

def _as_float_vjp(g: Any, y: Any, x: Any) -> Any:
    return recorded(np.reshape)(g, shape(x)) if type_in(x).rank else g


def _rounded_type(x: Any, digits: Any = None) -> Type:
    t = type_in(x)
    return integer(fresh("k")) if digits is None and t.kind == "number" else Type(t.kind, t.dtype, t.shape)


linear(float, _as_float_vjp, infer=_float)
linear(complex, lambda g, y, a=0.0, b=0.0: project_to(g, a), lambda g, y, a, b: project_to(1j * g, b), infer=_complex)
constant(int, infer=_int)
constant(round, infer=_rounded_type)
constant(any, all, infer=_bool)


def _extreme_type(*xs: Any) -> Type:
    if len(xs) == 1:
        t = type_in(xs[0])
        item = t.item if t.kind == "sequence" else Type("scalar", t.dtype, ())
        return item or UNKNOWN
    types = [type_in(x) for x in xs]
    return join_all(Type(t.kind, t.dtype, t.shape) for t in types)


def _declare_extreme(function: Function, beats: Function, equals: Function) -> None:
    """`max` and `min` of Python: the first of equal values is the result."""

    def chosen(xs: tuple[Any, ...], i: int) -> Any:
        tests = [(beats if j < i else equals)(xs[i], x) for j, x in enumerate(xs) if j != i]
        return functools.reduce(operator.and_, tests)

    def jvp(i: int) -> Function:
        return lambda t, y, *xs: t * chosen(xs, i) if len(xs) > 1 else t[_place_of(y, xs[0])] if (
            type_in(t).kind != "sequence") else _item(t, _place_of(y, xs[0]))

    def vjp(i: int) -> Function:
        return lambda g, y, *xs: g * chosen(xs, i) if len(xs) > 1 else _put(g, xs[0], _place_of(y, xs[0]))

    positions = range(MOST_OPERANDS)
    custom(function, jvps=tuple(map(jvp, positions)), vjps=tuple(map(vjp, positions)), infer=_extreme_type)


def _put(g: Any, xs: Any, place: Any) -> Any:
    if type_in(xs).kind == "sequence" or isinstance(xs, list):
        return _add_at(zeros_for(xs), g, place)
    return _index_add(zeros_for(xs), g, place)


_place_of, _item, _add_at = recorded(scalars.place_of), recorded(lists.item), recorded(lists.add_at)
_index_add = recorded(arrays.index_add)
constant(scalars.place_of, infer=_int)
_declare_extreme(max, operator.gt, operator.ge)
_declare_extreme(min, operator.lt, operator.le)
alike(operator.pow, pow, elementwise=True)

"""Elementary functions: the partials of a calculus table, and what NumPy adds to it.

At a kink the derivative is the member of the subdifferential that JAX gives: an equal share for `maximum` and
`minimum` of equal values and at the bounds of `clip`, 0 for `abs` and `sign` at 0.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.ir.core import Lit, Var
from srcad.ir.infer import elementwise as elementwise_type
from srcad.ir.types import OBJECT, Type
from srcad.rules.ops import alike, constant, elementwise, linear, pointwise
from srcad.rules.symbols import is_complex, recorded, type_in
from srcad.runtime import arrays

LN2, LN10 = math.log(2), math.log(10)

elementwise(np.exp, lambda z, x: z)
elementwise(np.exp2, lambda z, x: LN2 * z)
elementwise(np.expm1, lambda z, x: z + 1)
pointwise(np.log, lambda t, z, x: t / x)
pointwise(np.log2, lambda t, z, x: t / (LN2 * x))
pointwise(np.log10, lambda t, z, x: t / (LN10 * x))
pointwise(np.log1p, lambda t, z, x: t / (1 + x))
pointwise(np.sqrt, lambda t, z, x: t / (2 * z))
pointwise(np.cbrt, lambda t, z, x: t / (3 * z * z))
elementwise(np.square, lambda z, x: 2 * x)
pointwise(np.reciprocal, lambda t, z, x: -(t * z * z))

elementwise(np.sin, lambda z, x: np.cos(x))
pointwise(np.cos, lambda t, z, x: -(t * np.sin(x)))
elementwise(np.tan, lambda z, x: 1 + z * z)
pointwise(np.arcsin, lambda t, z, x: t / np.sqrt(1 - x * x))
pointwise(np.arccos, lambda t, z, x: -(t / np.sqrt(1 - x * x)))
pointwise(np.arctan, lambda t, z, x: t / (1 + x * x))
elementwise(np.sinh, lambda z, x: np.cosh(x))
elementwise(np.cosh, lambda z, x: np.sinh(x))
elementwise(np.tanh, lambda z, x: 1 - z * z)
pointwise(np.arcsinh, lambda t, z, x: t / np.sqrt(x * x + 1))
pointwise(np.arccosh, lambda t, z, x: t / (np.sqrt(x - 1) * np.sqrt(x + 1)))
pointwise(np.arctanh, lambda t, z, x: t / (1 - x * x))
pointwise(np.arctan2, lambda t, z, y, x: t * x / (x * x + y * y), lambda t, z, y, x: -(t * y / (x * x + y * y)))
# At the origin the quotient is 0 / 0; the subdifferential there is the unit disk, and 0 is its middle.
pointwise(np.hypot, lambda t, z, x, y: t * x / np.where(z == 0, 1, z),
          lambda t, z, x, y: t * y / np.where(z == 0, 1, z))
elementwise(np.deg2rad, lambda z, x: math.pi / 180)
elementwise(np.rad2deg, lambda z, x: 180 / math.pi)
alike(np.deg2rad, np.radians, elementwise=True)
alike(np.rad2deg, np.degrees, elementwise=True)


def _weight(z: Any, x: Any) -> Any:
    """exp(x - z), also where both are minus infinity."""
    return np.exp(x - np.where(z == -np.inf, 0, z))


elementwise(np.logaddexp, lambda z, x, y: _weight(z, x), lambda z, x, y: _weight(z, y))
elementwise(np.logaddexp2, lambda z, x, y: _weight(LN2 * z, LN2 * x), lambda z, x, y: _weight(LN2 * z, LN2 * y))

_sinc_derivative = recorded(arrays.sinc_derivative)
elementwise(np.sinc, lambda z, x: _sinc_derivative(x, 1))
elementwise(arrays.sinc_derivative, lambda z, x, k=1: _sinc_derivative(x, k + 1), name="sinc_derivative")


def share(x: Any, y: Any) -> Any:
    """How much of max(x, y) is x: 1, 0, or a half where they are equal."""
    return (x > y) + 0.5 * (x == y)


elementwise(np.maximum, lambda z, x, y: share(x, y), lambda z, x, y: share(y, x))
elementwise(np.minimum, lambda z, x, y: share(y, x), lambda z, x, y: share(x, y))
elementwise(np.fmax, lambda z, x, y: (x > y) | np.isnan(y), lambda z, x, y: (x <= y) | np.isnan(x))
elementwise(np.fmin, lambda z, x, y: (x < y) | np.isnan(y), lambda z, x, y: (x >= y) | np.isnan(x))


def _clipped(z: Any, x: Any, a_min: Any = None, a_max: Any = None) -> Any:
    if a_min is None and a_max is None:
        return 1
    if a_min is None or a_max is None:
        return share(x, a_min) if a_max is None else share(a_max, x)
    return share(x, a_min) * share(a_max, x)


def _clipped_low(z: Any, x: Any, a_min: Any, a_max: Any = None) -> Any:
    return share(a_min, x) if a_max is None else share(a_min, x) * share(a_max, a_min)


def _clipped_high(z: Any, x: Any, a_min: Any, a_max: Any) -> Any:
    return share(x if a_min is None else np.maximum(x, a_min), a_max)


elementwise(np.clip, _clipped, _clipped_low, _clipped_high)


def _where_then(t: Any, z: Any, test: Any, x: Any, y: Any) -> Any:
    return np.where(test, t, 0)


def _where_else(t: Any, z: Any, test: Any, x: Any, y: Any) -> Any:
    return np.where(test, 0, t)


def _where_type(*args: Any) -> Type:
    if len(args) == 1:
        return OBJECT
    made = elementwise_type(WHERE, [Var("", type_in(a)) if not isinstance(a, Lit) else a for a in args])
    return replace(made, kind="array") if made.kind in ("number", "scalar") else made


WHERE = pointwise(np.where, None, _where_then, _where_else, infer=_where_type)
pointwise(np.copysign, lambda t, z, x, y: np.where(np.signbit(x) == np.signbit(y), t, -t), None)
elementwise(np.heaviside, None, lambda z, x, h: x == 0)
elementwise(np.ldexp, lambda z, x, i: np.exp2(i), None)
pointwise(np.nan_to_num, lambda t, z, x, **_: np.where(np.isfinite(x), t, 0))
constant(np.rint, np.floor, np.ceil, np.trunc, np.fix, np.isnan, np.isinf, np.isfinite, np.isneginf, np.isposinf,
         np.signbit, np.spacing, np.nextafter, np.isclose, np.isreal, np.iscomplex, elementwise=True)
constant(np.round)


def _sign_tangent(t: Any, z: Any, x: Any) -> Any:
    """A complex sign x / |x| turns with x; a real one is constant."""
    if not is_complex(x):
        return None
    return z * 1j * np.imag(t * np.conj(z)) / np.where(x == 0, 1, np.abs(x))


def _sign_cotangent(t: Any, z: Any, x: Any) -> Any:
    if not is_complex(x):
        return None
    return np.conj(z) * 1j * np.imag(t * z) / np.where(x == 0, 1, np.abs(x))


pointwise(np.sign, _sign_cotangent, jvps=(_sign_tangent,))

# Complex parts are linear over the reals; a cotangent pairs as Re(g * t), without conjugation.
linear(np.real, lambda g, y, x: g, elementwise=True, memory="perhaps")
linear(np.imag, lambda g, y, x: -1j * g if is_complex(x) else None, elementwise=True, memory="perhaps")
linear(np.conj, lambda g, y, x: np.conj(g), elementwise=True)

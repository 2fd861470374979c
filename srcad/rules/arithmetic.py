"""The operators, and NumPy's names for them.

`a * b` and `np.multiply(a, b)` are two operations with one rule: each prints as its author wrote it.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.rules.ops import alike, constant, elementwise, pointwise
from srcad.rules.symbols import is_complex, is_constant, is_number, recorded
from srcad.runtime import scalars

_power_slope = recorded(scalars.power_slope)
_numpy_power = recorded(np.power)
_power_log = recorded(scalars.power_log)


def _power_in_base(z: Any, x: Any, y: Any) -> Any:
    """y * x ** (y - 1), which is 0 where y is 0, also at x = 0."""
    if is_constant(y):
        if y == 0:
            return 0.0
        if y in (1, 2):
            return y if y == 1 else y * x
        return y * x ** (y - 1)
    if is_number(x) and is_number(y):
        return _power_slope(x, y)
    return y * x ** np.where(y == 0, 1, y - 1)


def _power_in_exponent(z: Any, x: Any, y: Any) -> Any:
    """z * log(x), which is 0 where x is 0 (for y > 0)."""
    if is_constant(x) and x != 0:
        return z * float(np.log(x)) if not isinstance(x, complex) and x > 0 else z * np.log(x)
    if is_number(x) and is_number(y):
        return z * _power_log(x)
    return z * np.log(np.where(x == 0, 1, x))


def _numpy_power_in_base(z: Any, x: Any, y: Any) -> Any:
    if is_number(x) and is_constant(y) and y not in (0, 1, 2):
        return y * _numpy_power(x, y - 1)
    return _power_in_base(z, x, y)


def conjugate_sign(x: Any) -> Any:
    """The derivative of |x|, 0 at 0; for a complex x the factor that pairs with its cotangent."""
    if is_complex(x):
        return np.conj(np.sign(x))
    return (x > 0) - (x < 0) if is_number(x) else np.sign(x)


def _abs_tangent(t: Any, z: Any, x: Any) -> Any:
    return np.real(t * conjugate_sign(x)) if is_complex(x) else t * conjugate_sign(x)


def _abs_cotangent(t: Any, z: Any, x: Any) -> Any:
    return t * conjugate_sign(x)


elementwise(operator.add, lambda z, x, y: 1, lambda z, x, y: 1)
elementwise(operator.sub, lambda z, x, y: 1, lambda z, x, y: -1)
elementwise(operator.mul, lambda z, x, y: y, lambda z, x, y: x)
pointwise(operator.truediv, lambda t, z, x, y: t / y, lambda t, z, x, y: -(t * z / y))
elementwise(operator.mod, lambda z, x, y: 1, lambda z, x, y: -(x // y))
elementwise(operator.pow, _power_in_base, _power_in_exponent)
elementwise(operator.neg, lambda z, x: -1)
elementwise(operator.pos, lambda z, x: 1)
pointwise(operator.abs, _abs_cotangent, jvps=(_abs_tangent,))
constant(operator.floordiv, operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift,
         operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne, operator.invert,
         operator.not_, operator.is_, operator.is_not, bool)

alike(operator.add, np.add, elementwise=True)
alike(operator.sub, np.subtract, elementwise=True)
alike(operator.mul, np.multiply, elementwise=True)
alike(operator.truediv, np.true_divide, elementwise=True)
alike(operator.mod, np.remainder, elementwise=True)
for _power in (np.power, np.float_power):  # these give inf where `**` of Python numbers raises
    elementwise(_power, _numpy_power_in_base, _power_in_exponent)
alike(operator.neg, np.negative, elementwise=True)
alike(operator.pos, np.positive, elementwise=True)
alike(operator.abs, abs, np.absolute, elementwise=True)
elementwise(np.fabs, lambda z, x: np.sign(x))
elementwise(np.fmod, lambda z, x, y: 1, lambda z, x, y: -np.trunc(x / y))
constant(np.floor_divide, np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift, np.invert,
         np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
         np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.gcd, np.lcm, elementwise=True)

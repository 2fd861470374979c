"""NumPy's promotion, for JAX.

JAX promotes by rules of its own, under which an int64 array times a Python float is "weak" and takes the float32 of
the next operand.  A compiled program must round where NumPy rounds, so here every operand is converted to the type
that NumPy's own ufunc would compute in, and every value that is traced is of a definite type.  Whether a value is a
Python number, which promotes weakly, is known from its `Var`.
"""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import Any

import numpy as np

from srcad.backends.lax_modules import jnp, lax
from srcad.backends.lax_record import is_array
from srcad.ir.ops import Op

_UFUNC_OF = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.true_divide,
    operator.floordiv: np.floor_divide, operator.mod: np.remainder, operator.pow: np.power, pow: np.power,
    operator.neg: np.negative,
    operator.pos: np.positive, operator.abs: np.absolute, operator.invert: np.invert, operator.and_: np.bitwise_and,
    operator.or_: np.bitwise_or, operator.xor: np.bitwise_xor, operator.lshift: np.left_shift,
    operator.rshift: np.right_shift, operator.lt: np.less, operator.le: np.less_equal, operator.gt: np.greater,
    operator.ge: np.greater_equal, operator.eq: np.equal, operator.ne: np.not_equal, operator.matmul: np.matmul,
}
_ARITHMETIC = frozenset({np.add, np.subtract, np.multiply, np.floor_divide, np.remainder, np.power, np.negative,
                         np.positive, np.absolute, np.left_shift, np.right_shift})
_LONGEST_POWER = 64


def ufunc_of(op: Op) -> np.ufunc | None:
    """The ufunc whose types `op` follows."""
    if isinstance(op.function, np.ufunc):
        return op.function
    try:
        return _UFUNC_OF.get(op.function)
    except TypeError:
        return None


def weak(value: Any, type_: Any = None) -> bool:
    """Is this a Python number?"""
    if is_array(value):
        return type_ is not None and type_.kind == "number"
    return isinstance(value, bool | int | float | complex) and not isinstance(value, np.generic)


def dtype_of(value: Any) -> np.dtype:
    if isinstance(value, bool):
        return np.dtype(bool)
    if is_array(value) or isinstance(value, np.ndarray | np.generic):
        return np.dtype(value.dtype)
    return np.asarray(value).dtype


@lru_cache(4096)
def loop_types(ufunc: np.ufunc, operands: tuple[Any, ...]) -> tuple[np.dtype, ...]:
    """The types in which `ufunc` computes and of its results; a Python type stands for a weak operand."""
    types = tuple(ufunc.resolve_dtypes((*operands, *[None] * ufunc.nout)))
    if any(t.hasobject for t in types):
        # NumPy compares an integer with a Python int exactly, whatever its size; here it is an int64.
        return loop_types(ufunc, tuple(np.dtype(np.int64) if t is int else t for t in operands))
    return types


def operand(value: Any, is_weak: bool) -> Any:
    dtype = dtype_of(value)
    if not is_weak or dtype.kind == "b":
        return dtype
    return {"i": int, "u": int, "f": float, "c": complex}[dtype.kind]


def convert(value: Any, dtype: np.dtype) -> Any:
    """`value` in this type: a constant stays one."""
    if is_array(value):
        if value.dtype == dtype and not value.weak_type:
            return value
        if value.dtype.kind == "c" and np.dtype(dtype).kind not in "cb":
            value = value.real
        return lax.convert_element_type(value, dtype)
    if isinstance(value, list | tuple):
        return jnp.asarray(value).astype(dtype)
    return np.asarray(value).astype(dtype)[()]


def apply_ufunc(ufunc: np.ufunc, function: Any, values: list[Any], weakness: list[bool]) -> Any:
    """`function`, which is `ufunc` in JAX, on operands that are promoted as NumPy does."""
    values = [jnp.asarray(v) if isinstance(v, list | tuple) else v for v in values]
    kinds = [operand(v, w) for v, w in zip(values, weakness, strict=True)]
    if all(weakness) and ufunc in _ARITHMETIC:
        # Python computes with bools as with ints.
        kinds = [np.dtype(np.int64) if k == np.dtype(bool) else k for k in kinds]
    types = loop_types(ufunc, tuple(kinds))
    exponent = values[1] if ufunc is np.power else None
    if isinstance(exponent, int) and not isinstance(exponent, bool) and abs(exponent) <= _LONGEST_POWER and (
            types[0].kind in "fc" or exponent >= 0):
        return lax.integer_pow(jnp.asarray(convert(values[0], types[0])), exponent)
    result = function(*(convert(v, t) for v, t in zip(values, types, strict=False)))
    outs = types[len(values):]
    if ufunc.nout == 1:
        return convert(jnp.asarray(result), outs[0])
    return tuple(convert(jnp.asarray(r), t) for r, t in zip(result, outs, strict=True))

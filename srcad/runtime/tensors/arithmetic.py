"""Elementwise operations: operators, comparisons, logic.

Operands are first given their common type (`dtypes.result_type`); the operation itself is NumPy's, on arrays of one
type, and that is what is recorded.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime import arrays
from srcad.runtime.tensors import dtypes
from srcad.runtime.tensors.operation import apply, raw, record_two
from srcad.runtime.tensors.record import MODE
from srcad.runtime.tensors.tensor import Tensor, wrap

Function = Callable[..., Any]
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def to_type(x: Any, wanted: np.dtype) -> Any:
    """`x` with elements of another type, recorded; numbers stay as they are."""
    if not isinstance(x, Tensor) or x._data.dtype == wanted:
        return x
    return apply("ToCopyBackward0", arrays.astype, x, wanted)


def tensor_of(x: Any) -> Any:
    """Arrays of NumPy among the operands become tensors, and scalars numbers, which change no type."""
    return wrap(x) if isinstance(x, np.ndarray) else x.item() if isinstance(x, np.generic) else x


def binary(name: str, function: Function, x: Any, y: Any) -> Tensor:
    """`function(x, y)` for operands of one type."""
    a = x._data if type(x) is Tensor else x
    b = y._data if type(y) is Tensor else y
    try:
        if function in LOUD:
            with quiet():
                value = function(a, b)
        else:
            value = function(a, b)
    except ValueError as error:
        raise explained(error, a, b) from None
    t = wrap(value)
    if MODE.enabled and ((type(x) is Tensor and x._needs) or (type(y) is Tensor and y._needs)):
        record_two(t, name, function, x, y)
    return t


# Quotients by zero, logarithms of negative numbers and their like are ordinary here: no warnings.
LOUD = frozenset({operator.truediv, operator.floordiv, operator.mod, operator.pow, np.exp, np.exp2, np.expm1, np.log,
                   np.log2, np.log10, np.log1p, np.sqrt, np.reciprocal, np.arcsin, np.arccos, np.arccosh, np.arctanh,
                   np.sinh, np.cosh, np.tan})


def quiet() -> Any:
    return np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore")


def explained(error: ValueError, a: Any, b: Any) -> Exception:
    """PyTorch's words for operands that don't fit."""
    if "negative integer" in str(error):
        return RuntimeError("Integers to negative integer powers are not allowed.")
    if "broadcast" not in str(error):
        return error
    one, two = np.shape(a), np.shape(b)
    for k in range(1, min(len(one), len(two)) + 1):
        if one[-k] != two[-k] and 1 not in (one[-k], two[-k]):
            return RuntimeError(f"The size of tensor a ({one[-k]}) must match the size of tensor b ({two[-k]}) at "
                                f"non-singleton dimension {max(len(one), len(two)) - k}")
    return error


def _same_type(x: Any, y: Any) -> bool:
    """Are these a float tensor and a tensor of the same type, or a number that doesn't change it?"""
    if type(x) is not Tensor:
        return False
    own = x._data.dtype
    if own is not SINGLE and own is not DOUBLE:
        return False
    return y._data.dtype is own if type(y) is Tensor else type(y) is float or type(y) is int


def operands(x: Any, y: Any, least: np.dtype | None = None) -> tuple[Any, Any]:
    """Both in their common type; at least `least`, for quotients of integers."""
    x, y = tensor_of(x), tensor_of(y)
    if not (_is_operand(x) and _is_operand(y)):
        return NotImplemented, NotImplemented
    common = dtypes.result_type(raw(x), raw(y))
    if least is not None and common.kind in "iub":
        common = least
    return _in_type(x, common), _in_type(y, common)


def _in_type(x: Any, common: np.dtype) -> Any:
    if isinstance(x, Tensor):
        return to_type(x, common)
    if common.kind in "iu" and isinstance(x, int):
        return np.asarray(int(x)).astype(common)[()]     # what does not fit wraps around
    return common.type(x) if isinstance(x, bool) and common.kind != "b" else x


def _is_operand(x: Any) -> bool:
    return isinstance(x, Tensor | bool | int | float | complex | np.generic)


def operation(name: str, function: Function, divides: bool = False) -> Function:
    loud = function in LOUD

    def operated(input: Any, other: Any) -> Any:
        if not _same_type(input, other):
            input, other = operands(input, other, dtypes.default() if divides else None)
            if input is NotImplemented:
                return NotImplemented
            return binary(name, function, input, other)
        if loud:
            return binary(name, function, input, other)
        # What `binary` does, in the most frequent case.
        tensor = type(other) is Tensor
        b = other._data if tensor else other
        try:
            t = wrap(function(input._data, b))
        except ValueError as error:
            raise explained(error, input._data, b) from None
        if MODE.enabled and (input._needs or (tensor and other._needs)):
            record_two(t, name, function, input, other)
        return t

    return operated


plus = operation("AddBackward0", operator.add)
_subtract = operation("SubBackward0", operator.sub)
multiply = operation("MulBackward0", operator.mul)
divide = operation("DivBackward0", operator.truediv, divides=True)


def _of_integers(name: str, kernel: str, function: Function) -> Function:
    """Quotients and remainders, which Booleans have none of, and integers none by zero."""
    quotient = operation(name, function)

    def divided(input: Any, other: Any) -> Any:
        kinds = [x._data.dtype.kind if isinstance(x, Tensor) else "b" if isinstance(x, bool) else "n"
                 for x in (input, other)]
        if kinds == ["b", "b"]:
            raise NotImplementedError(f'"{kernel}" not implemented for \'Bool\'')
        result = quotient(input, other)
        if isinstance(result, Tensor) and result._data.dtype.kind in "iu" and not np.all(raw(other)):
            raise RuntimeError("ZeroDivisionError")
        return result

    return divided


floor_divide = _of_integers("FloorDivideBackward0", "div_floor_cpu", operator.floordiv)
remainder = _of_integers("RemainderBackward0", "remainder_cpu", operator.mod)


def as_function(function: Function, name: str, symbol: str) -> Function:
    """`function` as PyTorch has it as a function: what the operator leaves to the other operand is an error."""

    def call(input: Any, other: Any, **more: Any) -> Any:
        result = function(input, other, **more)
        if result is NotImplemented:
            wrong = next(x for x in (input, other) if not _is_operand(tensor_of(x)))
            raise TypeError(f"{name}(): argument 'other' must be Tensor or Number, not {type(wrong).__name__}")
        return result

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`input {symbol} other`, element by element."
    return call


def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """`input + alpha * other`, element by element."""
    return as_function(plus, "add", "+")(input, other if alpha == 1 else other * alpha)


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """`input - alpha * other`, element by element."""
    return as_function(minus, "sub", "-")(input, other if alpha == 1 else other * alpha)


def minus(input: Any, other: Any) -> Any:
    if not _same_type(input, other):
        _no_bools(input, other)
    return _subtract(input, other)


def _no_bools(a: Any, b: Any) -> None:
    """Refuse differences of truth values."""
    bools = [isinstance(x, bool) or (isinstance(x, Tensor) and x._data.dtype == dtypes.BOOL) for x in (a, b)]
    if all(bools):
        raise RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                           "`logical_xor()` operator instead.")
    if any(isinstance(x, Tensor) and x._data.dtype == dtypes.BOOL for x in (a, b)):
        raise RuntimeError("Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
                           "invert a mask, use the `~` or `logical_not()` operator instead.")


def reflected_minus(self: Any, other: Any) -> Any:
    _no_bools(other, self)
    if not isinstance(other, Tensor):
        other, self = operands(other, self)
        return other if other is NotImplemented else binary("RsubBackward1", operator.sub, other, self)
    return _subtract(other, self)


mul = as_function(multiply, "mul", "*")
true_divide = as_function(divide, "true_divide", "/")


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """`input / other`; `rounding_mode` is "floor" or "trunc"."""
    if rounding_mode == "floor":
        return floor_divide(input, other)
    quotient = true_divide(input, other)
    if rounding_mode is None:
        return quotient
    common = dtypes.result_type(raw(input), raw(other))
    whole = apply("DivBackward1", np.trunc, quotient)
    return whole if common.kind in "fc" else to_type(whole, common)


def reflected_divide(self: Any, other: Any) -> Any:
    other, self = operands(other, self, dtypes.default())
    return other if other is NotImplemented else binary("MulBackward0", operator.truediv, other, self)


def reflected(function: Function) -> Function:
    return lambda self, other: function(other, self)


def power(input: Any, exponent: Any) -> Any:
    if not _same_type(input, exponent):
        input, exponent = operands(input, exponent)
        if input is NotImplemented:
            return NotImplemented
    if not isinstance(exponent, Tensor):
        name = "PowBackward0"
    else:
        name = "PowBackward1" if isinstance(input, Tensor) else "PowBackward2"
    common = dtypes.result_type(raw(input), raw(exponent))
    if common == dtypes.BOOL:
        if isinstance(exponent, Tensor):
            raise NotImplementedError('"pow" not implemented for \'Bool\'')
        return wrap(np.logical_or(raw(input), not exponent))
    if common.kind in "iu" and isinstance(exponent, Tensor):
        return _integer_power(raw(input), exponent._data)
    return binary(name, operator.pow, input, exponent)


def _integer_power(base: Any, exponent: Any) -> Tensor:
    """Powers of integers by integers; those that are fractions are 0."""
    inverse = np.where(base == 1, 1, np.where(base == -1, 1 - 2 * (exponent % 2), 0))
    value = np.where(exponent < 0, inverse, base ** np.maximum(exponent, 0))
    return wrap(value.astype(np.result_type(base, exponent)))


pow = as_function(power, "pow", "**")


# --- comparisons and logic

def _comparison(name: str, function: Function) -> Function:
    def compare(input: Any, other: Any) -> Any:
        input, other = operands(input, other)
        if input is NotImplemented:
            return NotImplemented
        a, b = raw(input), raw(other)
        try:
            return wrap(function(a, b))
        except ValueError as error:
            raise explained(error, a, b) from None

    compare.__name__ = name
    return compare


eq, ne = _comparison("eq", operator.eq), _comparison("ne", operator.ne)
lt, le = _comparison("lt", operator.lt), _comparison("le", operator.le)
gt, ge = _comparison("gt", operator.gt), _comparison("ge", operator.ge)
logical_and, logical_or = _comparison("logical_and", np.logical_and), _comparison("logical_or", np.logical_or)
logical_xor = _comparison("logical_xor", np.logical_xor)


def logical_not(input: Tensor) -> Tensor:
    return wrap(np.logical_not(input._data))


def _bitwise(name: str, function: Function) -> Function:
    def bitwise(input: Any, other: Any) -> Any:
        input, other = operands(input, other)
        if input is NotImplemented:
            return NotImplemented
        common = dtypes.result_type(raw(input), raw(other))
        if common.kind in "fc":
            raise NotImplementedError(f'"{name}_cpu" not implemented for \'{dtypes.class_name(common)}\'')
        return wrap(function(raw(input), raw(other)))

    return bitwise


bitwise_and, bitwise_or = _bitwise("bitwise_and", operator.and_), _bitwise("bitwise_or", operator.or_)
bitwise_xor = _bitwise("bitwise_xor", operator.xor)


def bitwise_not(input: Tensor) -> Tensor:
    if input._data.dtype.kind in "fc":
        raise NotImplementedError(f'"bitwise_not_cpu" not implemented for \'{dtypes.class_name(input._data.dtype)}\'')
    return wrap(operator.invert(input._data))


def inverted(input: Tensor) -> Tensor:
    """`~input`."""
    if input._data.dtype.kind in "fc":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return bitwise_not(input)


def equal(input: Tensor, other: Tensor) -> bool:
    """Have the two the same shape and elements?"""
    return bool(input._data.shape == other._data.shape and np.all(input._data == other._data))


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    return bool(np.allclose(input._data, other._data, rtol, atol, equal_nan))


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08,
            equal_nan: bool = False) -> Tensor:
    return wrap(np.isclose(input._data, other._data, rtol, atol, equal_nan))


def isnan(input: Tensor) -> Tensor:
    return wrap(np.isnan(input._data))


def isinf(input: Tensor) -> Tensor:
    return wrap(np.isinf(input._data))


def isfinite(input: Tensor) -> Tensor:
    return wrap(np.isfinite(input._data))

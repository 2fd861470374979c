"""Elementary functions, element by element."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime import activations
from srcad.runtime.tensors import dtypes
from srcad.runtime.tensors.arithmetic import (
    LOUD,
    SINGLE,
    as_function,
    explained,
    gt,
    lt,
    minus,
    multiply,
    operands,
    operation,
    plus,
    quiet,
    to_type,
)
from srcad.runtime.tensors.operation import apply, raw, record_one
from srcad.runtime.tensors.record import MODE
from srcad.runtime.tensors.tensor import Tensor, wrap

Function = Callable[..., Any]


def unary(title: str, function: Function) -> Function:
    """A function of floats; integers are made floats first."""

    def call(input: Tensor) -> Tensor:
        x = input if type(input) is Tensor and input._data.dtype is SINGLE else as_float(input, title)
        if loud:
            with quiet():
                t = wrap(function(x._data))
        else:
            t = wrap(function(x._data))
        if MODE.enabled and x._needs:
            record_one(t, name, function, x)
        return t

    name, loud = "".join(part.title() for part in title.split("_")) + "Backward0", function in LOUD
    call.__name__ = call.__qualname__ = title
    call.__doc__ = f"`{title}` of each element."
    return call


def as_float(x: Any, title: str) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(f"{title}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    return x if x._data.dtype.kind in "fc" else to_type(x, dtypes.default())


exp, expm1, exp2 = unary("exp", np.exp), unary("expm1", np.expm1), unary("exp2", np.exp2)
log, log1p = unary("log", np.log), unary("log1p", np.log1p)
log2, log10 = unary("log2", np.log2), unary("log10", np.log10)
sin, cos, tan = unary("sin", np.sin), unary("cos", np.cos), unary("tan", np.tan)
asin, acos, atan = unary("asin", np.arcsin), unary("acos", np.arccos), unary("atan", np.arctan)
sinh, cosh, tanh = unary("sinh", np.sinh), unary("cosh", np.cosh), unary("tanh", np.tanh)
asinh, acosh, atanh = unary("asinh", np.arcsinh), unary("acosh", np.arccosh), unary("atanh", np.arctanh)
sqrt, reciprocal = unary("sqrt", np.sqrt), unary("reciprocal", np.reciprocal)
sigmoid = unary("sigmoid", activations.sigmoid)
deg2rad, rad2deg = unary("deg2rad", np.deg2rad), unary("rad2deg", np.rad2deg)
sinc = unary("sinc", np.sinc)
softplus_of = unary("softplus", activations.softplus)


def rsqrt(input: Tensor) -> Tensor:
    """One over the square root."""
    return reciprocal(sqrt(input))


def _of_any(title: str, function: Function) -> Function:
    """A function that integers have too, and give integers."""
    name = "".join(part.title() for part in title.split("_")) + "Backward0"

    def call(input: Tensor) -> Tensor:
        if not isinstance(input, Tensor):
            raise TypeError(f"{title}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        if input._data.dtype == dtypes.BOOL and function not in _OF_BOOLS:
            raise NotImplementedError(f'"{title}_cpu" not implemented for \'Bool\'')
        return apply(name, function, input)

    call.__name__ = call.__qualname__ = title
    call.__doc__ = f"`{title}` of each element."
    return call


_OF_BOOLS = frozenset({operator.pos})
abs = absolute = _of_any("abs", operator.abs)
positive = _of_any("positive", operator.pos)
floor, ceil, trunc = _of_any("floor", np.floor), _of_any("ceil", np.ceil), _of_any("trunc", np.trunc)


_sign_of, _square_of = _of_any("sign", np.sign), _of_any("square", np.square)


def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1."""
    return wrap(np.copy(input._data)) if input._data.dtype == dtypes.BOOL else _sign_of(input)  # type: ignore[no-any-return]


def square(input: Tensor) -> Tensor:
    """`input ** 2`."""
    bools = input._data.dtype == dtypes.BOOL
    return _square_of(to_type(input, dtypes.INT64) if bools else input)  # type: ignore[no-any-return]


def neg(input: Tensor) -> Tensor:
    """`-input`."""
    if input._data.dtype == dtypes.BOOL:
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert "
                           "a mask, use the `~` or `logical_not()` operator instead.")
    return apply("NegBackward0", operator.neg, input)


negative = neg


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    if input._data.dtype == dtypes.BOOL:
        raise NotImplementedError('"round_vml_cpu" not implemented for \'Bool\'')
    return apply("RoundBackward0", np.round, input, decimals)


def relu(input: Tensor) -> Tensor:
    """`max(input, 0)`; its derivative at 0 is 0."""
    if input._data.dtype == dtypes.BOOL:
        raise RuntimeError("Boolean inputs not supported for relu")
    return apply("ReluBackward0", activations.relu, input)


def softplus(input: Tensor) -> Tensor:
    """log(1 + exp(input))."""
    return softplus_of(input)


def _pair(name: str, function: Function) -> Function:
    call = as_function(operation(f"{name.title()}Backward0", function), name, "and")
    call.__doc__ = f"The {name} of the two, element by element."
    return call


maximum, minimum = _pair("maximum", np.maximum), _pair("minimum", np.minimum)
atan2 = as_function(operation("Atan2Backward0", np.arctan2, divides=True), "atan2", "over")
hypot, fmod = _pair("hypot", np.hypot), _pair("fmod", np.fmod)
logaddexp, heaviside = _pair("logaddexp", np.logaddexp), _pair("heaviside", np.heaviside)


def frac(input: Tensor) -> Tensor:
    """What is left of each element without its whole part."""
    return renamed(minus(input, trunc(input).detach()), "FracBackward0")


def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """NaN and infinities replaced, infinities by the largest numbers unless others are given."""
    return apply("NanToNumBackward0", np.nan_to_num, input, nan=nan, posinf=posinf, neginf=neginf)


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Elements below `min` become `min`, those above `max` become `max`; at the bounds the derivative is 1."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    x = input
    for bound, outside in ((min, gt), (max, lt)):
        if bound is not None:
            x = where(outside(bound, x) if isinstance(bound, Tensor) else _beyond(x, bound, outside), bound, x)
    return renamed(x, "ClampBackward1")


def _beyond(x: Tensor, bound: Any, outside: Function) -> Tensor:
    return lt(x, bound) if outside is gt else gt(x, bound)


clip = clamp


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Elements of `input` where the condition holds, of `other` elsewhere; alone, the indices where it holds."""
    if input is None and other is None:
        return tuple(wrap(i) for i in np.nonzero(np.atleast_1d(condition._data)))
    if condition._data.dtype != dtypes.BOOL:
        raise RuntimeError("where expected condition to be a boolean tensor, but got a tensor with dtype "
                           f"{dtypes.class_name(condition._data.dtype)}")
    x, y = operands(input, other)
    common = dtypes.result_type(raw(x), raw(y))
    x, y = (v if isinstance(v, Tensor) else wrap(common.type(v)) for v in (x, y))
    try:
        return apply("WhereBackward0", np.where, condition, x, y)
    except ValueError as error:
        raise explained(error, raw(x), raw(y)) from None


def real(input: Tensor) -> Tensor:
    """The real part; a real tensor is its own."""
    return apply("RealBackward0", np.real, input) if input.is_complex() else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part of a complex tensor."""
    if not input.is_complex():
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return apply("ImagBackward0", np.imag, input)


def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own."""
    return apply("ConjBackward0", np.conj, input) if input.is_complex() else input


def renamed(x: Tensor, name: str) -> Tensor:
    """`x`, just recorded, under the name that PyTorch has for the whole operation."""
    if x._needs and x._node is not None and x._node.function is not None:
        x._node.name = name
    return x


def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """`input + weight * (end - input)`."""
    return renamed(plus(input, multiply(weight, minus(end, input))), "LerpBackward0")

"""Which calls of NumPy are lowered as calls of a program over other functions (`rules.composed`)."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from srcad.frontend.machine import Frame
from srcad.frontend.numpy_calls import structure
from srcad.frontend.values import NONE, Const, Num, Tup
from srcad.rules import composed, external

COMPOSED = ("srcad.rules.composed.", "srcad.rules.external.composed")


def is_composed(v: Any) -> bool:
    """Is it one of these programs?"""
    return isinstance(v, FunctionType) and (v.__module__ or "").startswith(COMPOSED)


def composition(frame: Frame, v: Any, args: list[Any],
                kwargs: dict[str, Any]) -> tuple[Callable[..., Any], list[Any]] | None:
    """The program that this call stands for, and its arguments; None where the function has a rule of its own."""
    if isinstance(v, np.vectorize):
        return None if v.excluded or v.signature else (composed.mapping.vectorized, [Const(v.pyfunc), *args])
    if v is np.einsum and args and isinstance(args[0], Num):
        return composed.matrices.einsum, _with_letters(frame, args)
    external_program = external.program(v)
    if external_program is not None:
        return external_program, args
    ufunc = getattr(v, "__self__", None)
    if isinstance(ufunc, np.ufunc):
        program = composed.METHODS.get((v.__name__, ufunc))
        if program is not None:
            return program, args
        program = composed.ANY_METHODS.get(v.__name__) if ufunc.nin == 2 else None
        return None if program is None else (program, [Const(ufunc), *args])
    try:
        program = composed.ALWAYS.get(v)
        special = composed.OTHERWISE.get(v)
    except TypeError:  # an unhashable callable
        return None
    if program is not None:
        return program, args
    return (special, args) if special is not None and _NEEDED[v](args, kwargs) else None


def _with_letters(frame: Frame, args: list[Any]) -> list[Any]:
    """`np.einsum(x, [0, 1], y, [1, 2])` as `np.einsum("ab,bc", x, y)`."""
    terms = ["".join("..." if k is Ellipsis else chr(ord("a") + k) for k in structure(frame, t, "subscripts"))
             for t in args[1::2] + args[-1:len(args) * (len(args) % 2)]]
    left = ",".join(terms[:len(args) // 2])
    return [Const(left if len(args) % 2 == 0 else f"{left}->{terms[-1]}"), *args[:len(args) // 2 * 2:2]]


def _given(args: list[Any], kwargs: dict[str, Any], place: int, name: str) -> Any:
    value = args[place] if len(args) > place else kwargs.get(name)
    return None if value is None or value == NONE else value


def _rank(value: Any) -> int | None:
    if isinstance(value, Const):
        return np.ndim(value.value) if isinstance(value.value, int | float | complex) else None
    return value.atom.type.rank if isinstance(value, Num) else None


def _several_axes(args: list[Any], kwargs: dict[str, Any]) -> bool:
    axis = kwargs.get("axis", NONE)
    return isinstance(axis, Tup) or axis == NONE and bool(args) and _rank(args[0]) not in (None, 1)


def _unlike_ranks(args: list[Any], kwargs: dict[str, Any]) -> bool:
    return len(args) == 2 and _rank(args[0]) != _rank(args[1]) and None not in map(_rank, args)


def _nuclear(args: list[Any], kwargs: dict[str, Any]) -> bool:
    return (_given(args, kwargs, 1, "ord") == Const("nuc")
            and _given(args, kwargs, 2, "axis") is not None)


def _resized(args: list[Any], kwargs: dict[str, Any]) -> bool:
    return _given(args, kwargs, 1, "s") is not None


def _values_only(args: list[Any], kwargs: dict[str, Any]) -> bool:
    return (args[2] if len(args) > 2 else kwargs.get("compute_uv")) == Const(False)


def _is_array(args: list[Any], kwargs: dict[str, Any]) -> bool:
    return bool(args) and isinstance(args[0], Num) and args[0].atom.type.kind == "array"


def _is_number(value: Any) -> bool:
    return isinstance(value, Const) and _rank(value) == 0 or isinstance(value, Num) and _rank(value) in (0, None)


_NEEDED: dict[Any, Callable[[list[Any], dict[str, Any]], bool]] = {
    np.average: lambda args, kwargs: _given(args, kwargs, 2, "weights") is not None,
    np.gradient: _several_axes, np.kron: _unlike_ranks, np.linalg.norm: _nuclear,
    np.linalg.svd: _values_only, np.cross: lambda args, kwargs: bool(kwargs) or len(args) > 2,
    np.unique: lambda args, kwargs: _given(args, kwargs, 4, "axis") is None and "equal_nan" not in kwargs,
    np.linspace: lambda args, kwargs: _given(args, kwargs, 4, "retstep") not in (None, Const(False)),
    **dict.fromkeys((np.quantile, np.percentile), lambda args, kwargs: not _is_number(_given(args, kwargs, 1, "q"))),
    np.ediff1d: lambda args, kwargs: bool(kwargs) or len(args) > 1,
    np.interp: lambda args, kwargs: bool(kwargs) or len(args) > 3,
    **dict.fromkeys((np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack), _is_array),
    np.fft.fft2: _resized, np.fft.ifft2: _resized, np.fft.fftn: _resized, np.fft.ifftn: _resized,
}

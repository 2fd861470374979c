"""New arrays: constants, all but those that are filled with a given value."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.types import Dim, Type, fresh
from srcad.rules import results
from srcad.rules.ops import constant, custom, linear
from srcad.rules.shapes import unbroadcast_to
from srcad.rules.symbols import beside, rank, type_in, value_in


def _like_type(x: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Type:
    t = type_in(x)
    own = t.dtype if value_in(dtype) is None else results.dtype_in(dtype)
    return Type("array", own, t.shape if shape is None else results.extents(shape))


def _full_like_type(x: Any, value: Any, *rest: Any, **named: Any) -> Type:
    return _like_type(x, *rest, **named)


def _square_type(n: Any, dtype: Any = None) -> Type:
    return _eye_type(n, None, 0, dtype)


def _eye_type(n: Any, M: Any = None, k: int = 0, dtype: Any = None, order: str = "C") -> Type:
    rows = results.extents(n)
    columns = rows if value_in(M) is None else results.extents(M)
    return Type("array", results.dtype_in(dtype), None if rows is None or columns is None else (*rows, *columns))


def _arange_type(*args: Any, dtype: Any = None, step: Any = None, **_: Any) -> Type:
    values = [value_in(a) for a in args] + ([] if step is None else [value_in(step)])
    own = results.promoted(*args[:3]) if dtype is None else results.dtype_in(dtype)
    if all(isinstance(v, int | np.integer) for v in values):
        return Type("array", own, (Dim(None, len(range(*values))),))
    if len(values) == 1 and isinstance(values[0], Type) and values[0].value is not None:
        return Type("array", own, (values[0].value,))
    if len(values) == 2 or values[2:] in ([1], [-1]):
        count = _difference(*(values[1::-1] if values[2:] == [-1] else values[:2]))
        if count is not None:
            return Type("array", own, (count,))
    return Type("array", own, (fresh(),))


def _difference(start: Any, stop: Any) -> Dim | None:
    """`stop - start` as a linear form."""
    def known(v: Any) -> Dim | None:
        return v.value if isinstance(v, Type) else Dim(None, v) if isinstance(v, int) else None

    low, high = known(start), known(stop)
    if low is None or high is None:
        return None
    if low.size is None:
        return Dim(high.size, high.offset - low.offset)
    return Dim(None, high.offset - low.offset) if low.size is high.size else None


def _linspace_type(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False,
                   dtype: Any = None, axis: int = 0) -> Any:
    count, a, b = results.extents(num), type_in(start).shape, type_in(stop).shape
    own = results.promoted(start, stop, 1.0) if dtype is None else results.dtype_in(dtype)
    both = a if a == b else None
    if both is None or count is None or retstep:
        return Type("array", own)
    place = axis % (len(both) + 1)
    return Type("array", own, (*both[:place], *count, *both[place:]))


def _filled_vjp(g: Any, y: Any, shape: Any, value: Any, dtype: Any = None, order: str = "C") -> Any:
    return unbroadcast_to(g, value)


def _along(weights: tuple[float, float], g: Any, num: Any, endpoint: bool, axis: int) -> Any:
    """The sum of g, where the parts count by numbers between the two weights."""
    w = beside(g, np.linspace)(*weights, num, *(() if endpoint is True else (endpoint,)))
    return np.dot(w, g) if rank(g) == 1 else np.tensordot(w, g, ((0,), (axis,)))


def _linspace_start(g: Any, y: Any, start: Any, stop: Any, num: Any = 50, endpoint: bool = True,
                    dtype: Any = None, axis: int = 0) -> Any:
    return unbroadcast_to(_along((1.0, 0.0), g, num, endpoint, axis), start)


def _linspace_stop(g: Any, y: Any, start: Any, stop: Any, num: Any = 50, endpoint: bool = True,
                   dtype: Any = None, axis: int = 0) -> Any:
    return unbroadcast_to(_along((0.0, 1.0), g, num, endpoint, axis), stop)


# np.arange(stop), (start, stop) and (start, stop, step): where it ends has no derivative, only how many it makes.

def _arange_start_jvp(t: Any, y: Any, start: Any, *rest: Any, **_: Any) -> Any:
    return t * np.ones_like(y) if rest else np.zeros_like(y)


def _arange_start_vjp(g: Any, y: Any, start: Any, *rest: Any, **_: Any) -> Any:
    return np.sum(g) if rest else 0.0


def _arange_step_jvp(t: Any, y: Any, *_: Any, **__: Any) -> Any:
    return t * beside(y, np.arange)(np.size(y))


def _arange_step_vjp(g: Any, y: Any, *_: Any, **__: Any) -> Any:
    return np.sum(g * beside(y, np.arange)(np.size(y)))


constant(np.zeros, np.ones, np.empty, infer=results.filled)
constant(np.zeros_like, np.ones_like, np.empty_like, infer=_like_type)
constant(np.eye, infer=_eye_type)
constant(np.identity, infer=_square_type)
custom(np.arange, jvps=(_arange_start_jvp, None, _arange_step_jvp), vjps=(_arange_start_vjp, None, _arange_step_vjp),
       infer=_arange_type)
constant(np.indices, np.tri)
constant(np.bartlett, np.blackman, np.hamming, np.hanning,
         infer=lambda M: Type("array", np.dtype(float), results.extents(M)))
linear(np.full, None, _filled_vjp, infer=results.full)
linear(np.full_like, None, _filled_vjp, infer=_full_like_type)
linear(np.linspace, _linspace_start, _linspace_stop, infer=_linspace_type)

"""What an operation is called in JAX.

An operation is found by its own name: `np.linalg.solve` is `jnp.linalg.solve`, `math.sin` is `jnp.sin` in float64.
What has no namesake, or another meaning there, has a form below.  A run-time helper of srcad, being code over NumPy, is
run with `np` meaning `jnp`; those that store into arrays have forms that do without.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.backends.lax_modules import attribute, jnp, jsp, lax, math_function, under_jax
from srcad.backends.lax_ops import factorisations
from srcad.backends.lax_record import is_array
from srcad.ir.ops import Op
from srcad.runtime import arrays


@functools.cache
def _helper(function: Any) -> Callable[..., Any] | None:
    return under_jax(function)


def lookup(op: Op) -> Callable[..., Any] | None:
    """What runs `op` on traced arrays; None if nothing does."""
    name = op.name
    if name in FORMS:
        return FORMS[name]
    if getattr(op.function, "__module__", None) in ("operator", "_operator"):
        return op.function
    if name.startswith("np."):
        return attribute(jnp, name[3:]) or _helper(op.function)
    if name.startswith("math."):
        return math_function(name[5:])
    if "special." in name:
        return attribute(jsp, name.rpartition(".")[2])
    return _helper(op.function)


def _to_int(x: Any) -> Any:
    return jnp.trunc(jnp.asarray(x).reshape(())).astype(np.int64)


def _minimum(*args: Any) -> Any:
    return _extreme(lambda new, old: new < old, *args)


def _maximum(*args: Any) -> Any:
    return _extreme(lambda new, old: new > old, *args)


def _extreme(better: Callable[[Any, Any], Any], *args: Any) -> Any:
    values = list(args[0]) if len(args) == 1 else list(args)
    best = values[0]
    for value in values[1:]:
        best = jnp.where(better(value, best), value, best)
    return best


def _sum(values: Any, start: Any = 0) -> Any:
    if is_array(values):
        return start + jnp.sum(values, axis=0)
    for value in values:
        start = start + value
    return start


def _round(x: Any, digits: Any = None) -> Any:
    return jnp.round(x).astype(np.int64) if digits is None else jnp.round(x, digits)


def _index(index: Any) -> Any:
    """NumPy takes a list as an integer array; JAX asks that this be said."""
    if isinstance(index, tuple):
        return tuple(map(_index, index))
    return jnp.asarray(index) if isinstance(index, list) and index else index


def index_add(buffer: Any, g: Any, index: Any) -> Any:
    dtype = np.result_type(buffer, g)
    return jnp.asarray(buffer).astype(dtype).at[_index(index)].add(jnp.asarray(g).astype(dtype))


def read_last(g: Any, index: Any) -> Any:
    # Which of several writers wins is not defined in XLA's scatter: the largest number is the last writer.
    index = _index(index)
    rows = jnp.arange(g.size).reshape(g.shape)[index]
    writers = jnp.arange(rows.size).reshape(rows.shape)
    owner = jnp.zeros(g.shape, np.int64).at[index].max(writers)
    return jnp.where(owner[index] == writers, g[index], 0)


def unsplit(pieces: Any, x: Any, sections: Any, axis: int = 0) -> Any:
    # `jnp.split` refuses pieces that overlap.
    return jnp.concatenate(pieces, axis=axis)


def astype(x: Any, dtype: Any) -> Any:
    x = jnp.asarray(x)
    return (x.real if x.dtype.kind == "c" and np.dtype(dtype).kind != "c" else x).astype(dtype)


def linear_recurrence(a: Any, b: Any, axis: int = 0) -> Any:
    a, b = jnp.moveaxis(a, axis, 0), jnp.moveaxis(b, axis, 0)
    a = jnp.broadcast_to(a, b.shape)
    start = jnp.zeros(b.shape[1:], jnp.result_type(a, b))

    def step(last: Any, row: Any) -> Any:
        last = row[0] * last + row[1]
        return last, last

    return jnp.moveaxis(lax.scan(step, start, (a, b))[1], 0, axis)


def floor_divide(x: Any, y: Any) -> Any:
    """Integers by zero are zero in NumPy."""
    result = jnp.floor_divide(x, y)
    if result.dtype.kind not in "iu" or not is_array(y) and np.all(y):
        return result
    return jnp.where(y == 0, jnp.zeros_like(result), result)


def _in_type_of(name: str) -> Callable[..., Any]:
    """A function that computes in the type of its result, as NumPy does also where integers are given."""
    ours, theirs = getattr(np, name), getattr(jnp, name)

    def run(x: Any, *args: Any, **kwargs: Any) -> Any:
        x = jnp.asarray(x)
        return theirs(x.astype(ours(np.zeros(1, x.dtype)).dtype) if x.dtype.kind in "iub" else x, *args, **kwargs)

    return run


def _of_truths(name: str) -> Callable[..., Any]:
    """A function of truth values: of a complex number XLA sees the real part only."""
    function = getattr(jnp, name)

    def run(x: Any, *args: Any, **kwargs: Any) -> Any:
        x = jnp.asarray(x)
        return function(x != 0 if x.dtype.kind == "c" else x, *args, **kwargs)

    return run


def _ordered(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def run(x: Any, *args: Any, **kwargs: Any) -> Any:
        if jnp.asarray(x).dtype.kind == "c":
            raise TypeError("XLA has no order of complex numbers")
        return function(x, *args, **kwargs)

    return run


def _angle(x: Any, deg: bool = False) -> Any:
    x = jnp.asarray(x)
    if x.dtype.kind == "c":
        return jnp.angle(x, deg)
    x = x.astype(np.angle(np.zeros(1, x.dtype)).dtype)
    angle = jnp.arctan2(jnp.zeros_like(x), x)
    return angle * (180 / np.pi) if deg else angle


def _power(x: Any, y: Any) -> Any:
    """Of complex numbers XLA's is NaN at zero."""
    result = jnp.asarray(x) ** jnp.asarray(y)
    if result.dtype.kind != "c":
        return result
    return jnp.where((x == 0) & (jnp.real(y) > 0), jnp.zeros_like(result), result)


def power_slope(x: Any, y: Any) -> Any:
    exponent = jnp.where(y == 0, 1.0, y)
    return jnp.where(y == 0, 0.0, y * x ** (exponent - 1))


def power_log(x: Any) -> Any:
    safe = jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 0.0, jnp.log(safe))


def power_log_slope(x: Any) -> Any:
    return jnp.where(x == 0, 0.0, 1 / jnp.where(x == 0, 1.0, x))


def zeros_for(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return type(x)(map(zeros_for, x))
    dtype = jnp.result_type(x)
    return jnp.zeros(jnp.shape(x), dtype if dtype.kind in "fc" else np.float64)


def project(g: Any, x: Any) -> Any:
    g, dtype = jnp.asarray(g), jnp.result_type(x)
    return g if dtype.kind not in "fc" else astype(g, dtype)


def truth(x: Any) -> Any:
    return jnp.asarray(x).reshape(()).astype(bool)


def _stably(function: Any) -> Callable[..., Any]:
    def sort(x: Any, axis: Any = -1, kind: Any = None, stable: Any = None) -> Any:
        return function(x, axis=axis, stable=kind in ("stable", "mergesort") or bool(stable))

    return sort


def item_of(x: Any) -> Any:
    return jnp.reshape(x, ())


def add_along_axis(buffer: Any, g: Any, indices: Any, axis: Any) -> Any:
    if axis is None:
        return jnp.reshape(add_along_axis(jnp.ravel(buffer), g, indices, 0), jnp.shape(buffer))
    places = list(jnp.indices(jnp.shape(indices), sparse=True))
    places[axis] = indices
    return index_add(buffer, g, tuple(places))


def add_diagonal(buffer: Any, g: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    planes = jnp.moveaxis(buffer, (axis1, axis2), (-2, -1))
    n = min(planes.shape[-2] + min(offset, 0), planes.shape[-1] - max(offset, 0))
    i = np.arange(n)
    added = index_add(planes, g, (..., i - min(offset, 0), i + max(offset, 0)))
    return jnp.moveaxis(added, (-2, -1), (axis1, axis2))


def quantile_weights(x: Any, q: float, axis: Any = None) -> Any:
    axes = tuple(range(jnp.ndim(x))) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    last = tuple(range(-len(axes), 0))
    moved = jnp.moveaxis(x, axes, last)
    flat = jnp.reshape(moved, (*moved.shape[: moved.ndim - len(axes)], -1))
    place = q * (flat.shape[-1] - 1)
    low = int(np.floor(place))
    rank = jnp.argsort(jnp.argsort(flat, axis=-1, stable=True), axis=-1)
    weights = jnp.where(rank == low, 1 - (place - low), 0.0) + jnp.where(rank == low + 1, place - low, 0.0)
    return jnp.moveaxis(jnp.reshape(weights, moved.shape), last, axes)


def to_full(g: Any, a: Any, b: Any, mode: str) -> Any:
    least, most = sorted((len(a), len(b)))
    start = (least - 1) // 2 if mode == "same" else least - 1
    return jnp.zeros(least + most - 1, g.dtype).at[start:start + len(g)].set(g)


def unrepeated(g: Any, x: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None:
        return jnp.reshape(unrepeated(g, jnp.ravel(x), repeats, 0), jnp.shape(x))
    result = jnp.zeros_like(jnp.moveaxis(x, axis, 0), g.dtype)
    places = np.repeat(np.arange(jnp.shape(x)[axis]), repeats)
    return jnp.moveaxis(result.at[places].add(jnp.moveaxis(g, axis, 0)), 0, axis)


def half_spectrum_weights(g: Any, axis: int) -> Any:
    return arrays.half_spectrum_weights(np.broadcast_to(0.0, jnp.shape(g)), axis)


def quotient(x: Any, y: Any) -> Any:
    return jnp.where(y == 0, 0.0, x / jnp.where(y == 0, 1.0, y))


def place_of(value: Any, xs: Any) -> Any:
    return jnp.argmax(jnp.stack([jnp.asarray(x) for x in xs]) == value)


def _sign(x: Any) -> Any:
    """JAX takes the sign of a complex number for a constant where it differentiates it."""
    x = jnp.asarray(x)
    return x / jnp.where(x == 0, 1, jnp.abs(x)) if x.dtype.kind == "c" else jnp.sign(x)


def _clip(x: Any, low: Any = None, high: Any = None, **_: Any) -> Any:
    return jnp.clip(x, low, high)


FORMS: dict[str, Callable[..., Any]] = {
    **{f"np.linalg.{name}": form for name, form in factorisations(jnp).items()},
    "float": lambda x=0.0: jnp.asarray(x).reshape(()).astype(np.float64),
    "int": _to_int,
    "complex": lambda x=0.0, y=0.0: (jnp.asarray(x) + 1j * jnp.asarray(y)).reshape(()).astype(np.complex128),
    "bool": truth, "not": lambda x: jnp.logical_not(truth(x)),
    "and": lambda a, b: jnp.logical_and(truth(a), truth(b)), "or": lambda a, b: jnp.logical_or(truth(a), truth(b)),
    "np.sort": _stably(jnp.sort), "np.argsort": _stably(jnp.argsort),
    "pow": operator.pow, "min": _minimum, "max": _maximum, "sum": _sum, "round": _round, "abs": jnp.abs,
    "read_last": read_last, "unsplit": unsplit, "astype": astype,
    "linear_recurrence": linear_recurrence, "power_slope": power_slope, "power_log": power_log,
    "power_log_slope": power_log_slope, "zeros_for": zeros_for, "project": project,
    **{f"np.{name}": _in_type_of(name) for name in ("std", "cumsum", "cumprod", "sinc")},
    **{f"np.{name}": _of_truths(name) for name in ("all", "any", "count_nonzero")},
    **{f"np.{name}": _ordered(name) for name in ("argmax", "argmin")},
    "np.angle": _angle, "**": _power, "np.power": _power, "np.float_power": _power,
    "//": floor_divide, "np.floor_divide": floor_divide, "np.fix": jnp.trunc,
    "np.clip": _clip, "np.sign": _sign, "np.copy": jnp.asarray, "copy": jnp.asarray, "np.asarray": jnp.asarray,
    "np.ascontiguousarray": jnp.asarray, "np.asfortranarray": jnp.asarray,
    ".item": lambda x, *index: jnp.reshape(jnp.ravel(x)[index] if index else x, ()), "item_of": item_of,
    "flatten": jnp.ravel, "duplicate": jnp.asarray, "add_along_axis": add_along_axis,
    "add_diagonal": add_diagonal, "quantile_weights": quantile_weights, "to_full": to_full, "unrepeated": unrepeated,
    "half_spectrum_weights": half_spectrum_weights, "quotient": quotient, "place_of": place_of,
    "polygamma": jsp.polygamma, "stretched": lambda t, y: jnp.broadcast_to(t, jnp.shape(y)),
}

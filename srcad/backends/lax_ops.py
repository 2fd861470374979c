"""Every name of JAX that srcad uses, and what an operation is called there.

An operation is found by its own name: `np.linalg.solve` is `jnp.linalg.solve`, `math.sin` is `jnp.sin` in float64.
What has no namesake is in `FORMS`; a run-time helper of srcad, being code over NumPy, is run with `np` meaning `jnp`.
This module imports jax, and is imported only when something is to be compiled.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import math
import types
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import numpy as np
from jax import lax
from jax.extend.core import jaxpr_as_fun

from srcad.ir.ops import Op

# A setting for the length of a `with`; older versions of JAX have it among experiments.
x64: Any = (jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")).enable_x64

__all__ = ["Array", "ShapeDtype", "Traced", "debug_print", "grad", "is_array", "jit", "jnp", "jvp", "lax", "lookup",
           "stage", "under_jax", "vjp", "x64"]

jit, grad, jvp, vjp = jax.jit, jax.grad, jax.jvp, jax.vjp
Array, ShapeDtype, Traced = jax.Array, jax.ShapeDtypeStruct, jax.core.Tracer
debug_print = jax.debug.print


def is_array(value: object) -> bool:
    """Is `value` an array of JAX, traced or not?"""
    return isinstance(value, jax.Array)


def stage(function: Callable[..., list[Any]], avals: list[Any]) -> Callable[..., list[Any]]:
    """Trace `function` once, for arguments like `avals`; the result runs what was traced."""
    return jaxpr_as_fun(jax.make_jaxpr(function)(*avals))


def abstract(value: Any) -> Any:
    return jax.ShapeDtypeStruct(jnp.shape(value), jnp.result_type(value))


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
        return _math(name[5:])
    if "special." in name:
        return attribute(jsp, name.rpartition(".")[2])
    return _helper(op.function)


def attribute(module: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        module = getattr(module, part, None)
    return module


_MATH = {
    "atan2": jnp.arctan2, "asin": jnp.arcsin, "acos": jnp.arccos, "atan": jnp.arctan, "asinh": jnp.arcsinh,
    "acosh": jnp.arccosh, "atanh": jnp.arctanh, "pow": jnp.power, "erf": jsp.erf, "erfc": jsp.erfc,
    "lgamma": jsp.gammaln, "gamma": jsp.gamma, "fsum": lambda xs: jnp.sum(jnp.stack([jnp.asarray(x) for x in xs])),
}
_MATH_INTEGERS = frozenset({"floor", "ceil", "trunc"})
_MATH_EXACT = frozenset({"gcd", "lcm", "comb", "perm", "factorial", "isqrt"})


def _math(name: str) -> Callable[..., Any] | None:
    if name in _MATH_EXACT:
        return None
    function = _MATH.get(name) or getattr(jnp, name, None) or getattr(jsp, name, None)
    if function is None or name == "prod":
        return None

    def run(*args: Any) -> Any:
        if name == "log" and len(args) == 2:
            return jnp.log(_float(args[0])) / jnp.log(_float(args[1]))
        result = function(*(_float(a) for a in args))
        return result.astype(np.int64) if name in _MATH_INTEGERS else result

    return run


def _float(x: Any) -> Any:
    return [_float(i) for i in x] if isinstance(x, list | tuple) else jnp.asarray(x).reshape(()).astype(np.float64)


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


def get_item(x: Any, index: Any) -> Any:
    return jnp.asarray(x)[_index(index)]


def set_at(x: Any, index: Any, value: Any) -> Any:
    x = jnp.asarray(x)
    return x.at[_index(index)].set(jnp.asarray(value).astype(x.dtype))


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


def _clip(x: Any, low: Any = None, high: Any = None, **_: Any) -> Any:
    return jnp.clip(x, low, high)


FORMS: dict[str, Callable[..., Any]] = {
    "float": lambda x=0.0: jnp.asarray(x).reshape(()).astype(np.float64),
    "int": _to_int,
    "complex": lambda x=0.0, y=0.0: (jnp.asarray(x) + 1j * jnp.asarray(y)).reshape(()).astype(np.complex128),
    "bool": lambda x=False: jnp.asarray(x).reshape(()).astype(bool),
    "not": lambda x: jnp.logical_not(jnp.asarray(x).reshape(()).astype(bool)),
    "min": _minimum, "max": _maximum, "sum": _sum, "round": _round, "abs": jnp.abs,
    "getitem": get_item, "set_at": set_at, "index_add": index_add, "read_last": read_last, "astype": astype,
    "linear_recurrence": linear_recurrence, "power_slope": power_slope, "power_log": power_log,
    "power_log_slope": power_log_slope, "zeros_for": zeros_for, "project": project,
    "np.clip": _clip, "np.copy": jnp.asarray, "copy": jnp.asarray, "np.asarray": jnp.asarray,
    "np.ascontiguousarray": jnp.asarray, "np.asfortranarray": jnp.asarray,
    "float_power": jnp.power,
}


class _Namespace:
    """`np` as a run-time helper sees it here: functions of jnp, and of NumPy what jnp lacks (types, errors)."""

    def __getattr__(self, name: str) -> Any:
        if name in ("ndarray", "generic"):
            return (jax.Array, np.ndarray) if name == "ndarray" else np.generic
        return getattr(jnp, name, None) or getattr(np, name)


_NAMESPACE = _Namespace()


@functools.cache
def _helper(function: Any) -> Callable[..., Any] | None:
    return under_jax(function)


def under_jax(function: Any, made: dict[Any, Any] | None = None) -> Callable[..., Any] | None:
    """The Python function `function` with `np` meaning `jnp`, and `math` too, in it and in what it calls."""
    if not isinstance(function, types.FunctionType):
        return None
    made = {} if made is None else made
    if function not in made:
        names: dict[str, Any] = {"__builtins__": builtins}
        outer = function.__closure__ or ()
        cells = tuple(types.CellType() for _ in outer)
        # Entered before it is complete: a function may name itself.
        made[function] = copy = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__,
                                                   cells or None)
        copy.__kwdefaults__ = function.__kwdefaults__
        for name in _names(function.__code__):
            if name in function.__globals__:
                names[name] = _translated(function.__globals__[name], made)
        for cell, original in zip(cells, outer, strict=True):
            cell.cell_contents = _translated(original.cell_contents, made)
    rebuilt: Callable[..., Any] = made[function]
    return rebuilt


def _names(code: types.CodeType) -> set[str]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return set(code.co_names).union(*(_names(c) for c in inner)) if inner else set(code.co_names)


def _translated(value: Any, made: dict[Any, Any]) -> Any:
    if value is np:
        return _NAMESPACE
    if value is math:
        return types.SimpleNamespace(**{n: _math(n) or getattr(math, n) for n in dir(math) if not n.startswith("_")}
                                     | {n: getattr(math, n) for n in ("pi", "e", "inf", "nan", "tau")})
    if isinstance(value, np.ufunc):
        return getattr(jnp, value.__name__, value)
    if isinstance(value, types.BuiltinFunctionType) and value.__module__ == "math":
        return _math(value.__name__) or value
    if isinstance(value, types.FunctionType):
        root = (value.__module__ or "").split(".")[0]
        return attribute(jnp, value.__name__) or value if root == "numpy" else under_jax(value, made)
    return value

"""Every name of JAX that srcad uses, and Python functions rewritten to use them.

`under_jax` makes of a function over NumPy the same function over `jax.numpy`: so a run-time helper of srcad is lowered,
and so a user's function is shown to JAX's own differentiation.  This module imports jax, and is imported only when
something is to be compiled.
"""

from __future__ import annotations

import builtins
import importlib
import math
import types
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import numpy as np
from jax import lax as lax
from jax.extend.core import jaxpr_as_fun

# A setting for the length of a `with`; older versions of JAX have it among experiments.
x64: Any = (jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")).enable_x64

jit, jvp, vjp = jax.jit, jax.jvp, jax.vjp
ShapeDtype = jax.ShapeDtypeStruct
debug_print = jax.debug.print


def is_array(value: object) -> bool:
    """Is `value` an array of JAX, traced or not?"""
    return isinstance(value, jax.Array)


def stage(function: Callable[..., list[Any]], avals: list[Any]) -> Callable[..., list[Any]]:
    """Trace `function` once, for arguments like `avals`; the result runs what was traced."""
    return jaxpr_as_fun(jax.make_jaxpr(function)(*avals))


def abstract(value: Any) -> Any:
    return jax.ShapeDtypeStruct(jnp.shape(value), jnp.result_type(value))


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


def math_function(name: str) -> Callable[..., Any] | None:
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


class _Namespace:
    """`np` as a run-time helper sees it here: functions of jnp, and of NumPy what jnp lacks (types, errors)."""

    def __getattr__(self, name: str) -> Any:
        if name in ("ndarray", "generic"):
            return (jax.Array, np.ndarray) if name == "ndarray" else np.generic
        return getattr(jnp, name, None) or getattr(np, name)


_NAMESPACE = _Namespace()


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


def _in_math(name: str) -> Any:
    value = getattr(math, name)
    return value if isinstance(value, float) else math_function(name) or value


def _translated(value: Any, made: dict[Any, Any]) -> Any:
    if value is np:
        return _NAMESPACE
    if value is math:
        return types.SimpleNamespace(**{n: _in_math(n) for n in dir(math) if not n.startswith("_")})
    if isinstance(value, np.ufunc):
        return getattr(jnp, value.__name__, value)
    if isinstance(value, types.BuiltinFunctionType) and value.__module__ == "math":
        return math_function(value.__name__) or value
    if isinstance(value, types.FunctionType):
        root = (value.__module__ or "").split(".")[0]
        return attribute(jnp, value.__name__) or value if root == "numpy" else under_jax(value, made)
    return value

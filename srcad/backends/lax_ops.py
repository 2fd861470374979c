"""Every name of JAX that srcad uses, and Python functions rewritten to use them.

A `Translation` makes of a function over NumPy the same function over `jax.numpy`: so a run-time helper of srcad is
lowered, and so a user's function is shown to JAX's own differentiation.  This module imports jax, and is imported only
when something is to be compiled.
"""

from __future__ import annotations

import builtins
import importlib
import math
import types
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as numpy
import jax.scipy.special as special
import numpy as np
from jax import lax as lax

# A setting for the length of a `with`; older versions of JAX have it among experiments.
x64: Any = (jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")).enable_x64

jit, jvp, vjp, eval_shape, make_jaxpr, Array = jax.jit, jax.jvp, jax.vjp, jax.eval_shape, jax.make_jaxpr, jax.Array
ShapeDtype = jax.ShapeDtypeStruct
Tracer = jax.core.Tracer
flatten, unflatten = jax.tree_util.tree_flatten, jax.tree_util.tree_unflatten


def struct(shape: tuple[int, ...], dtype: Any, weak_type: bool) -> Any:
    return jax.ShapeDtypeStruct(shape, dtype, weak_type=weak_type)


def exported(function: Callable[..., Any], args: tuple[Any, ...], platforms: Sequence[str] | None) -> Any:
    """The artefact of `jax.export` for arguments of these types and shapes."""
    with x64(True):
        like = jax.tree_util.tree_map(lambda v: jax.ShapeDtypeStruct(np.shape(v), np.asarray(v).dtype), args)
        return importlib.import_module("jax.export").export(jit(function), platforms=platforms)(*like)


def spoilt(array: Any, failed: Any) -> Any:
    """`array`, or NaN if the program that made it failed."""
    if array.dtype.kind not in "fc":
        return array
    return numpy.where(failed, numpy.asarray(numpy.nan, array.dtype), array)


def attribute(module: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        module = getattr(module, part, None)
    return module


_MATH = {
    "atan2": "arctan2", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "pow": "power", "lgamma": "gammaln",
}
_MATH_INTEGERS = frozenset({"floor", "ceil", "trunc"})
_MATH_EXACT = frozenset({"gcd", "lcm", "comb", "perm", "factorial", "isqrt", "prod"})


def factorisations(jnp: Any) -> dict[str, Callable[..., Any]]:
    """Those of symmetric matrices as NumPy has them: of one triangle, where those of JAX take the mean of both."""

    def mirrored(a: Any, upper: bool) -> Any:
        part = jnp.triu if upper else jnp.tril
        return part(a) + jnp.conj(jnp.swapaxes(part(a, 1 if upper else -1), -1, -2))

    return {
        "cholesky": lambda a, upper=False: jnp.linalg.cholesky(mirrored(a, upper), upper=upper),
        "eigh": lambda a, UPLO="L": jnp.linalg.eigh(mirrored(a, UPLO == "U")),
        "eigvalsh": lambda a, UPLO="L": jnp.linalg.eigvalsh(mirrored(a, UPLO == "U")),
    }


class Translation:
    """Functions over NumPy and `math`, as functions over a module like `jax.numpy` and one like its `special`."""

    def __init__(self, jnp: Any, jsp: Any, arrays: Any) -> None:
        self.jnp, self.jsp = jnp, jsp
        self.namespace = _Namespace(jnp, arrays)

    def math_function(self, name: str) -> Callable[..., Any] | None:
        if name in _MATH_EXACT:
            return None
        if name == "fsum":
            return lambda xs: self.jnp.sum(self.jnp.stack([self._float(x) for x in xs]))
        function = getattr(self.jnp, _MATH.get(name, name), None) or getattr(self.jsp, _MATH.get(name, name), None)
        if function is None:
            return None

        def run(*args: Any) -> Any:
            if name == "log" and len(args) == 2:
                return self.jnp.log(self._float(args[0])) / self.jnp.log(self._float(args[1]))
            result = function(*(self._float(a) for a in args))
            return result.astype(np.int64) if name in _MATH_INTEGERS else result

        return run

    def _float(self, x: Any) -> Any:
        if isinstance(x, list | tuple):
            return [self._float(i) for i in x]
        return self.jnp.asarray(x).reshape(()).astype(np.float64)

    def function(self, function: Any, made: dict[Any, Any] | None = None) -> Callable[..., Any] | None:
        """The Python function `function` with `np` meaning `jnp`, and `math` too, in it and in what it calls."""
        if not isinstance(function, types.FunctionType):
            return None
        made = {} if made is None else made
        if function not in made:
            names: dict[str, Any] = {"__builtins__": builtins}
            outer = function.__closure__ or ()
            cells = tuple(types.CellType() for _ in outer)
            # Entered before it is complete: a function may name itself.
            made[function] = copy = types.FunctionType(function.__code__, names, function.__name__,
                                                       function.__defaults__, cells or None)
            copy.__kwdefaults__ = function.__kwdefaults__
            for name in _names(function.__code__):
                if name in function.__globals__:
                    names[name] = self._translated(function.__globals__[name], made)
            for cell, original in zip(cells, outer, strict=True):
                cell.cell_contents = self._translated(original.cell_contents, made)
        rebuilt: Callable[..., Any] = made[function]
        return rebuilt

    def _in_math(self, name: str) -> Any:
        value = getattr(math, name)
        return value if isinstance(value, float) else self.math_function(name) or value

    def _translated(self, value: Any, made: dict[Any, Any]) -> Any:
        if value is np:
            return self.namespace
        if value is math:
            return types.SimpleNamespace(**{n: self._in_math(n) for n in dir(math) if not n.startswith("_")})
        if isinstance(value, np.ufunc):
            return getattr(self.jnp, value.__name__, value)
        if isinstance(value, types.BuiltinFunctionType) and value.__module__ == "math":
            return self.math_function(value.__name__) or value
        if isinstance(value, types.FunctionType):
            root = (value.__module__ or "").split(".")[0]
            if root == "numpy":
                return attribute(self.jnp, value.__name__) or value
            return self.function(value, made)
        return value


class _Namespace:
    """`np` as a run-time helper sees it here: functions of jnp, and of NumPy what jnp lacks (types, errors)."""

    def __init__(self, jnp: Any, arrays: Any) -> None:
        self._jnp, self._arrays = jnp, arrays

    def __getattr__(self, name: str) -> Any:
        if name in ("ndarray", "generic"):
            return self._arrays if name == "ndarray" else np.generic
        if name == "linalg":
            return _Linalg(self._jnp)
        return getattr(self._jnp, name, None) or getattr(np, name)


class _Linalg:
    """`np.linalg` likewise."""

    def __init__(self, jnp: Any) -> None:
        self._module = jnp.linalg
        self.__dict__.update(factorisations(jnp))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name, None) or getattr(np.linalg, name)


def _names(code: types.CodeType) -> set[str]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return set(code.co_names).union(*(_names(c) for c in inner)) if inner else set(code.co_names)


PLAIN = Translation(numpy, special, (jax.Array, np.ndarray))
under_jax = PLAIN.function


def is_array(value: object) -> bool:
    """Is `value` an array of JAX, traced or not?"""
    return isinstance(value, jax.Array)

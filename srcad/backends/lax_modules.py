"""`jnp`, `lax` and `jsp`: modules whose functions record their calls (see `lax_record`).

What is known without running, shapes and types, is computed; what leaves an array as it is, is not recorded.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.backends import lax_ops
from srcad.backends.lax_ops import ShapeDtype, Translation
from srcad.backends.lax_record import Line, Value, call, constant_value, reshape, values_in


class _Recorded:
    """A function of JAX that records its calls."""

    def __init__(self, path: str, function: Any) -> None:
        self.path, self.function = path, function
        self.__name__ = path.rpartition(".")[2]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return call(Line("call", self.path, args, kwargs), self.function)


class _Module:
    """A module of JAX; what is computed without arrays (shapes, types) is not recorded."""

    def __init__(self, path: str, module: Any, own: dict[str, Any] | None = None) -> None:
        self._path, self._module, self._own = path, module, own or {}

    def __getattr__(self, name: str) -> Any:
        if name in self._own:
            return self._own[name]
        found = getattr(self._module, name)
        if isinstance(found, type) or not callable(found):
            made: Any = _Module(f"{self._path}.{name}", found) if isinstance(found, type(np)) else found
        else:
            made = _Recorded(f"{self._path}.{name}", found)
        self.__dict__[name] = made
        return made


def _asarray(x: Any, dtype: Any = None, **_: Any) -> Any:
    if not isinstance(x, Value):
        if values_in(x):
            return _stacked(x, dtype)
        return constant_value(np.asarray(x) if dtype is None else np.asarray(x).astype(dtype))
    return x if dtype is None else x.astype(dtype)


def _stacked(x: Any, dtype: Any) -> Any:
    result = call(Line("call", "jnp.asarray", (x,)), lax_ops.numpy.asarray)
    return result if dtype is None else result.astype(dtype)


def _result_type(*args: Any) -> np.dtype:
    return np.dtype(lax_ops.numpy.result_type(*(a.dtype if isinstance(a, Value) else a for a in args)))


def _convert(x: Any, dtype: Any) -> Any:
    return _asarray(x).astype(dtype)


def _integer_pow(x: Any, exponent: int) -> Any:
    return call(Line("operator", "**", (x, exponent)), operator.pow)


def _reshape(x: Any, shape: Any, order: str = "C") -> Any:
    return reshape(_asarray(x), shape, order)


def _broadcast_to(x: Any, shape: Any) -> Any:
    x = _asarray(x)
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    return x if shape == x.shape else call(Line("call", "jnp.broadcast_to", (x, shape)), lax_ops.numpy.broadcast_to)


def _transpose(x: Any, axes: Any = None) -> Any:
    x = _asarray(x)
    if axes is None:
        return x if x.ndim < 2 else x.T
    return call(Line("call", "jnp.transpose", (x, axes)), lax_ops.numpy.transpose)


def _conj(x: Any) -> Any:
    x = _asarray(x)
    return x if x.dtype.kind != "c" else call(Line("call", "jnp.conj", (x,)), lax_ops.numpy.conj)


def _full_of(value: int) -> Callable[..., Any]:
    def filled(x: Any, dtype: Any = None, shape: Any = None) -> Any:
        made = jnp.ones if value else jnp.zeros
        return made(np.shape(x) if shape is None else shape, _result_type(x) if dtype is None else dtype)

    return filled


# What is known without running: shapes and types.
_KNOWN: dict[str, Any] = {
    "shape": np.shape, "ndim": np.ndim, "result_type": _result_type, "isscalar": lambda x: np.ndim(x) == 0,
    "size": lambda x, axis=None: int(np.prod(np.shape(x), dtype=int)) if axis is None else np.shape(x)[axis],
    "iscomplexobj": lambda x: _result_type(x).kind == "c", "isrealobj": lambda x: _result_type(x).kind != "c",
    "issubdtype": np.issubdtype, "promote_types": np.promote_types, "broadcast_shapes": np.broadcast_shapes,
    "dtype": np.dtype, "iinfo": np.iinfo, "finfo": np.finfo,
}
# What leaves an array as it is, for some arrays.
_SIMPLE: dict[str, Any] = {
    "asarray": _asarray, "array": _asarray, "zeros_like": _full_of(0), "ones_like": _full_of(1), "reshape": _reshape,
    "ravel": lambda x: _reshape(x, (-1,)), "broadcast_to": _broadcast_to, "transpose": _transpose, "conj": _conj,
    "conjugate": _conj, "real": lambda x: _asarray(x).real,
}
jnp: Any = _Module("jnp", lax_ops.numpy, {**_KNOWN, **_SIMPLE})
lax: Any = _Module("lax", lax_ops.lax, {"convert_element_type": _convert, "integer_pow": _integer_pow})
jsp: Any = _Module("jax.scipy.special", lax_ops.special)
RECORDED = Translation(jnp, jsp, (Value, np.ndarray))
attribute, math_function, under_jax = lax_ops.attribute, RECORDED.math_function, RECORDED.function
__all__ = ["ShapeDtype", "attribute", "math_function", "under_jax"]

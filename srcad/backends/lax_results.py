"""What a compiled program gives back, as NumPy code would return it."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from srcad.ir.core import Lit, Var

# What a list that outgrew its buffer asks for, which can't tell how much it would have needed.
OVERFLOW = 1 << 30


class Held:
    """A bundle that one compiled program leaves for another (residuals): it stays on the device.

    `of_jax`: it comes from a call with arrays of JAX, and what is made with it are such."""

    __slots__ = ("of_jax", "value")

    def __init__(self, value: Any, of_jax: bool) -> None:
        self.value, self.of_jax = value, of_jax


@functools.cache
def _values() -> Any:
    return importlib.import_module("srcad.backends.lax_values")


def given_back(value: Any, atom: Any) -> Any:
    """An output as NumPy code would return it."""
    values = _values()
    if isinstance(atom, Var) and atom.type.kind == "object" and values.arrays_in(value):
        return Held(value, of_jax=False)
    return _plain(values.in_numpy(value), atom.type if isinstance(atom, Var | Lit) else None)


def left_there(value: Any, atom: Any) -> Any:
    """An output as arrays of JAX."""
    values = _values()
    if isinstance(atom, Var) and atom.type.kind == "object" and values.arrays_in(value):
        return Held(value, of_jax=True)
    return _on_device(value)


def _on_device(value: Any) -> Any:
    values = _values()
    if isinstance(value, values.Maybe):
        return _on_device(value.value) if value.present else None
    if isinstance(value, values.Masked):
        return value.array[value.mask]
    if isinstance(value, values.Tape):
        rows = [values.map_arrays(lambda a, i=i: a[i], value.rows) for i in range(int(value.count))]
        return [_on_device(row) for row in rows]
    if type(value) in (tuple, list):
        return type(value)(map(_on_device, value))
    return value


def _plain(value: Any, known: Any) -> Any:
    """A value over arrays of NumPy, as Python lists, numbers, scalars and arrays of this type."""
    values = _values()
    item = None if known is None else known.item
    if isinstance(value, values.Maybe):
        return _plain(value.value, known) if value.present else None
    if isinstance(value, values.Masked):
        return value.array[value.mask]
    if isinstance(value, values.Tape):
        return [_plain(values.row_in_numpy(value.rows, i), item) for i in range(int(value.count))]
    if type(value) in (tuple, list):
        return type(value)(_plain(v, item) for v in value)
    if not isinstance(value, np.ndarray | np.generic):
        return value
    kind = "unknown" if known is None else known.kind
    if kind == "number":
        return value.item()
    return np.array(value) if kind == "array" or np.ndim(value) else np.asarray(value)[()]

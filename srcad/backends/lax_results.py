"""What a compiled program gives back, as NumPy code would return it."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from srcad.ir.core import Lit, Var


class Held:
    """A bundle that one compiled program leaves for another (residuals): it stays on the device."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def given_back(value: Any, atom: Any) -> Any:
    """An output as NumPy code would return it."""
    values = importlib.import_module("srcad.backends.lax_values")
    if isinstance(atom, Var) and atom.type.kind == "object" and values.arrays_in(value):
        return Held(value)
    return _plain(values.in_numpy(value), atom.type if isinstance(atom, Var | Lit) else None)


def _plain(value: Any, known: Any) -> Any:
    """A value over arrays of NumPy, as Python lists, numbers, scalars and arrays of this type."""
    values = importlib.import_module("srcad.backends.lax_values")
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

"""Calls of a kind that was served before.

The first call with arguments of some types and shapes finds its program the long way (see `lax`), and leaves a `Ready`
behind: how each argument becomes what the program takes, and each result what NumPy code would return.  Later calls of
the kind cost little more than that of XLA's program itself.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.ir.core import Lit, Var

_NUMBERS: dict[type, Any] = {bool: np.bool_, int: np.int64, float: np.float64, complex: np.complex128}
Function = Callable[[Any], Any]


class Unready(Exception):
    """An argument whose kind says too little."""


@functools.cache
def _ops() -> Any:
    return importlib.import_module("srcad.backends.lax_ops")


def kind_of(value: Any, by_value: bool) -> Any:
    """Equal for arguments that one program serves; `by_value`: ints are known to the program."""
    t = type(value)
    if t is np.ndarray:
        return value.dtype, value.shape
    if t is float or t is complex:
        return t
    if t is int or t is bool:
        return (t, value) if by_value else t
    if t is tuple or t is list:
        return t, tuple([kind_of(v, by_value) for v in value])
    if isinstance(value, np.generic):
        return t
    if value is None or t is str:
        return t, value
    if isinstance(value, _ops().Array) and not isinstance(value, _ops().Tracer):
        return t, value.dtype, value.shape
    raise Unready


@dataclass(frozen=True)
class Ready:
    """Serves calls of one kind.

    `takes`: for each array that the program takes, the number of the argument and how it is had from that; `gives`: for
    each output the results that it is made of, and how; `rooms`: results that are at most so much, or the call failed.
    """

    jitted: Callable[..., Any]
    takes: tuple[tuple[int, Function], ...]
    gives: tuple[tuple[int | slice, Function], ...]
    rooms: tuple[tuple[int, int], ...]

    def __call__(self, inputs: Sequence[Any]) -> list[Any] | None:
        """The outputs; None if the program has to be run in another way."""
        try:
            arrays = [take(inputs[k]) for k, take in self.takes]
        except OverflowError:
            return None
        results = self.jitted(*arrays)
        flat = results if type(results) is tuple else (results,)
        for k, room in self.rooms:
            if np.asarray(flat[k]) > room:
                return None
        return [give(flat[k]) for k, give in self.gives]


def taken(inputs: Sequence[Any], by_value: bool) -> tuple[tuple[int, Function], ...]:
    """How the arrays that a program takes are had from arguments like these."""
    return tuple((k, take) for k, v in enumerate(inputs) for take in _taken(v, by_value))


def _taken(value: Any, by_value: bool) -> list[Function]:
    t = type(value)
    if t is tuple or t is list:
        return [lambda x, k=k, take=take: take(x[k])  # type: ignore[misc]
                for k, v in enumerate(value) for take in _taken(v, by_value)]
    if value is None or t is str or by_value and t in (int, bool):
        return []
    return [_NUMBERS.get(t, _same)]


def _same(value: Any) -> Any:
    return value


def _as_scalar(a: Any) -> Any:
    return np.asarray(a)[()]


def _as_number(a: Any) -> Any:
    return np.asarray(a).item()


def in_numpy(shape: tuple[int, ...], atom: Any) -> Function:
    """How an array of this shape that a program returned for `atom` becomes what NumPy code would return."""
    kind = atom.type.kind if isinstance(atom, Var | Lit) else "unknown"
    if kind == "number":
        return _as_number
    return np.array if kind == "array" or shape else _as_scalar


def in_jax(shape: tuple[int, ...], atom: Any) -> Function:
    """The same for a call with arrays of JAX."""
    return _same

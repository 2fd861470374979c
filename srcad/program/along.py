"""`jvp`: the value of a program and its derivative along tangents."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from srcad.backends.load import annotate
from srcad.errors import ArgumentError
from srcad.frontend.outside import differentiable, is_object
from srcad.ir import Record
from srcad.program.arrays_of_jax import dtype_of, has_arrays_of_jax
from srcad.program.programs import Program, Tangent, of_tensors, shared
from srcad.program.runner import Runner
from srcad.program.signature import leaves_of, tree_of
from srcad.program.tensors import arrays, tensors, wrap_of
from srcad.program.ways import Way, resolved
from srcad.runtime.objects import made

Moving = tuple[bool, ...]


class _Along:
    """Runs a program along the tangents of some of its arguments: `moving` says which have one."""

    def __init__(self, program: Program, moving: Moving, way: Way) -> None:
        self.program, self.moving, self.way = program, moving, way
        self.count = sum(moving)
        self.call = self.looked_up
        self.runners: dict[tuple[str, ...], Runner] = {}

    def looked_up(self, function: Any, /, *given: Any, **named: Any) -> Any:
        """A call that no entry knows: the tangents that there are, and then the primals."""
        tangents, primals = iter(given[:self.count]), given[self.count:]
        along = tuple(next(tangents) if moves else None for moves in self.moving)
        wrap = wrap_of(primals)
        if wrap is not None:
            of_arrays = _along(of_tensors(self.program), self.moving, self.way)
            return tensors(of_arrays(function, arrays(primals), arrays(named), arrays(along)), wrap)
        return self(function, primals, named, along)

    def __call__(self, function: Any, primals: tuple[Any, ...], named: dict[str, Any],
                 tangents: tuple[Any, ...]) -> Any:
        primal = self.program.primal
        values, along = primal.arguments_of(function, primals, named), primal.positions(function, tangents)
        still = all(t is None for t in tangents)
        wrt = tuple(n for n in primal.names if n in along and (still or _moves(along[n])) and _has_floats(values[n]))
        if not wrt:
            raise ArgumentError(f"none of the arguments of {self.program.name} is a float. Pass floats, for instance "
                                "2.0 instead of 2")
        given = {n: _tangent(along[n], tree_of(values[n], _opened), n) for n in wrt}
        runner = self.runners.get(wrt)
        if runner is None:
            runner = self.runners[wrt] = Runner(Tangent(self.program, wrt), self.way)
            runner.entries.otherwise = self.looked_up
        result = runner(function, primals, named, given)
        if primal.positional and wrt == tuple(n for n, moves in zip(primal.names, self.moving, strict=False) if moves):
            self.call = runner.entries.first
        return result


@lru_cache(512)
def _along(program: Program, moving: Moving, way: Way) -> _Along:
    return _Along(program, moving, way)


def push(program: Program, primals: tuple[Any, ...], tangents: tuple[Any, ...],
         backend: str | None) -> tuple[Any, Any]:
    """The value of the program and its derivative along the tangents; None is the tangent zero."""
    if len(primals) != len(tangents):
        raise ArgumentError(f"{len(primals)} primals and {len(tangents)} tangents")
    primal = program.primal
    moving = (*[False] * len(primal.bound), *[t is not None for t in tangents])
    along = _along(shared(program), moving, resolved(backend))
    function, *bound = primal.given
    try:
        y, dy = along.call(function, *[t for t in tangents if t is not None], *bound, *primals, **primal.named)
    except Exception as error:
        if isinstance(error, TypeError) and error.__traceback__ and error.__traceback__.tb_next is None:
            primal.arguments(primals, {})  # they do not fit, and this says why
        annotate(error)
        raise
    return y, dy


def _moves(tangent: Any) -> bool:
    return any(map(_moves, tangent)) if type(tangent) is tuple else tangent is not None


def _opened(leaf: Any) -> Any:
    """An object as a record of what can be differentiated in it."""
    if not is_object(leaf):
        return leaf
    return Record(type(leaf), {k: tree_of(v, _opened) for k, v in differentiable(leaf).items()})


def _has_floats(value: Any) -> bool:
    return any(_is_float(leaf) or (is_object(leaf) and bool(differentiable(leaf))) for leaf in leaves_of(value))


def _is_float(leaf: Any) -> bool:
    numeric = isinstance(leaf, float | complex | np.ndarray | np.generic) or has_arrays_of_jax([leaf])
    return numeric and dtype_of(leaf).kind in "fc"


def _tangent(tangent: Any, value: Any, name: str) -> Any:
    """A tangent of the structure, shapes and dtypes of its primal; None is zero, for a leaf as for a tree."""
    if isinstance(value, Record):
        return made(value.cls, {k: _tangent(t, v, f"{name}.{k}") for k, v, t in _fields(tangent, value, name)})
    if isinstance(value, dict):
        if tangent is not None and (not isinstance(tangent, dict) or tangent.keys() != value.keys()):
            raise ArgumentError(f"the tangent of `{name}` must be a dict with the keys {list(value)}")
        return {k: _tangent(tangent and tangent[k], v, f"{name}[{k!r}]") for k, v in value.items()}
    if isinstance(value, tuple | list):
        if tangent is not None and (not isinstance(tangent, tuple | list) or len(tangent) != len(value)):
            raise ArgumentError(f"the tangent of `{name}` must be a {type(value).__name__} of {len(value)}")
        parts = tangent if tangent is not None else [None] * len(value)
        return type(value)(_tangent(t, v, f"{name}[{k}]") for k, (t, v) in enumerate(zip(parts, value, strict=True)))
    return _leaf_tangent(tangent, value, name)


def _fields(tangent: Any, value: Record, name: str) -> list[tuple[str, Any, Any]]:
    if tangent is not None and not isinstance(tangent, value.cls):
        raise ArgumentError(f"the tangent of `{name}` must be a {value.cls.__name__}")
    return [(k, v, getattr(tangent, k, None)) for k, v in value.fields.items()]


def _leaf_tangent(tangent: Any, value: Any, name: str) -> Any:
    if not _is_float(value):
        return None
    if tangent is None:
        return np.zeros(np.shape(value), dtype_of(value))[()]
    if np.shape(tangent) != np.shape(value):
        raise ArgumentError(f"the tangent of `{name}` has shape {np.shape(tangent)}, and `{name}` has "
                            f"{np.shape(value)}")
    return tangent if dtype_of(tangent).kind in "fc" else np.asarray(tangent, float)[()]

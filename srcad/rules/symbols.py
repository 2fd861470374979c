"""How a rule asks about its arguments, whether they are arrays or symbols, and calls what NumPy does not dispatch.

A rule may branch on what is known before the program runs: a rank, a dtype, whether two shapes are the same.  On
arrays the answers are simply there; on symbols they come from types, and None means that only the run will tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.ir.build import SHAPE, Builder, Symbol, record
from srcad.ir.core import Let, Lit, Var
from srcad.ir.types import Dim, Type, type_of


def type_in(x: Any) -> Type:
    """The type of an argument of a rule or of an `infer`: a symbol, a `Type`, a `Lit`, or a value."""
    if isinstance(x, Type):
        return x
    if isinstance(x, Symbol | Lit):
        return x.type
    return type_of(x)


def value_in(x: Any) -> Any:
    """The constant that an argument of an `infer` is, or the argument itself."""
    return x.value if isinstance(x, Lit) else x


def builder_of(*args: Any) -> Builder | None:
    """The builder of the first symbol in a call, if it has one."""
    for a in args:
        if isinstance(a, Symbol):
            return a.build
        if isinstance(a, slice):
            a = (a.start, a.stop, a.step)
        if isinstance(a, tuple | list):
            found = builder_of(*a)
            if found is not None:
                return found
    return None


def recorded(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` for use in rules: recorded when an argument is a symbol, else run."""

    def call(*args: Any, **kwargs: Any) -> Any:
        build = builder_of(args, list(kwargs.values()))
        return function(*args, **kwargs) if build is None else record(build, function, *args, **kwargs)

    call.__name__ = getattr(function, "__name__", "call")
    return call


def recorded_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `recorded`, for an operation whose results two rules share: the second finds the statement of the first."""
    op_results = recorded(function)

    def call(*args: Any) -> Any:
        build = builder_of(args)
        if build is not None:
            atoms = tuple(a.atom if isinstance(a, Symbol) else a for a in args)
            for stmt in reversed(build.stmts):
                if isinstance(stmt, Let) and stmt.op.function is function and stmt.args == atoms:
                    return tuple(Symbol(build, v) for v in stmt.outs)
        return op_results(*args)

    return call


def beside(x: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, recorded by the builder of `x` though none of its own arguments may be a symbol: for new arrays."""
    if not isinstance(x, Symbol):
        return function
    return lambda *args, **kwargs: record(x.build, function, *args, **kwargs)


def rank(x: Any) -> int | None:
    return type_in(x).rank if isinstance(x, Symbol) else np.ndim(x)


def dims(x: Any) -> tuple[Dim, ...] | None:
    if isinstance(x, Symbol):
        return x.type.shape
    return tuple(Dim(None, n) for n in np.shape(x))


def dtype(x: Any) -> np.dtype | None:
    return x.type.dtype if isinstance(x, Symbol) else np.asarray(x).dtype


def known_rank(x: Any) -> int:
    """The rank, for a rule that can't do without it."""
    known = rank(x)
    if known is None:
        raise NotImplementedError("an operation on an array of unknown rank")
    return known


def is_complex(x: Any) -> bool:
    """May `x` be complex?  (What a rule does for complex values is right for real ones, only longer.)"""
    known = dtype(x)
    return known is None or known.kind == "c"


def is_number(x: Any) -> bool:
    """Is `x` a Python number, for which code should avoid arrays?"""
    return x.type.kind == "number" if isinstance(x, Symbol) else isinstance(x, int | float | complex)


def is_constant(x: Any) -> bool:
    """Is `x` a number whose value is known now?"""
    return isinstance(x, bool | int | float | complex | np.number)


def shape(x: Any) -> Any:
    """`x.shape`: numbers where all are known, else one value that stands for the tuple."""
    if not isinstance(x, Symbol):
        return np.shape(x)
    known = x.type.shape
    if known is not None and all(d.size is None for d in known):
        return tuple(d.offset for d in known)
    return Symbol(x.build, x.build.call(SHAPE, x.atom))


def shaped_as(value: Any, x: Any) -> Any:
    """`value`, just recorded, where the rule knows what inference can't: it has the shape of `x`."""
    if isinstance(value, Symbol) and isinstance(x, Symbol) and isinstance(value.atom, Var):
        own, target = value.type, x.type
        if own.kind == target.kind == "array" and target.shape is not None:
            value.atom.type = replace(own, shape=target.shape)
    return value


def size(x: Any) -> Any:
    """`x.size`: a number or an extent where that says it, else one value."""
    known = dims(x)
    if known is not None and (len(known) <= 1 or all(d.size is None for d in known)):
        return np.size(x)
    return recorded(np.size)(x)


def normal_axes(axis: Any, rank_: int) -> tuple[int, ...]:
    """An axis argument as a sorted tuple of numbers from 0."""
    if axis is None:
        return tuple(range(rank_))
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(int(a) % rank_ if rank_ else 0 for a in axes))

"""Cotangents in the shape and field of what they belong to.

An elementwise operation broadcasts its arguments, so what its rule contributes has the shape of the result and is
summed over the axes along which the argument was stretched.  Types mostly tell which these are:

    (n, m) for (n, m)      g                               for a number     np.sum(g)
    (n, m) for (m,)        np.sum(g, axis=0)               for (n, 1)       np.sum(g, axis=1, keepdims=True)

and where they do not, the generated code calls `unbroadcast(g, x)`.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.ir.build import OPERATORS, SHAPE, Symbol
from srcad.ir.core import Let, Var
from srcad.ir.types import Dim, Type
from srcad.rules import runtime  # noqa: F401 - makes the run-time functions operations
from srcad.rules.factors import NEAR, definition, minus, negated
from srcad.rules.symbols import beside, recorded, shape, size, type_in
from srcad.runtime import arrays

_unbroadcast = recorded(arrays.unbroadcast)
_project = recorded(arrays.project)
_zeros_for = recorded(arrays.zeros_for)
_astype = recorded(arrays.astype)
_matmul = recorded(operator.matmul)


def unbroadcast_to(g: Any, x: Any, same: Type | None = None) -> Any:
    """Sum the contribution `g` to the shape of `x`, and project it to its dtype.  `same` is the type of something
    that has the shape of `g`, and may be known to have that of `x`."""
    if not (isinstance(g, Symbol) or isinstance(x, Symbol)):
        return arrays.unbroadcast(g, x)
    source, target = type_in(g), type_in(x)
    if source.kind == "sequence" or target.kind in ("sequence", "object"):
        return g
    positive = negated(g)
    if positive is not None:
        return minus(unbroadcast_to(positive, x, same))
    alike = same is not None and target.rank and same.shape == target.shape
    if alike:
        return project_to(_shaped(g, target), x)
    axes = stretched_axes(source, target)
    if axes is None:
        return _unbroadcast(g, x)
    return project_to(_sum_over(g, axes, len(source.shape or ()), len(target.shape or ())), x)


def _shaped(g: Symbol, target: Type) -> Symbol:
    """`g`, if it was just made, known to have this shape."""
    last = g.build.stmts[-1] if g.build.stmts else None
    if g.type.shape == target.shape or not isinstance(last, Let) or last.outs != (g.atom,):
        return g
    known = Var(last.out.hint, replace(g.type, shape=target.shape))
    g.build.stmts[-1] = replace(last, outs=(known,))
    return Symbol(g.build, known)


def stretched_axes(source: Type, target: Type) -> tuple[int, ...] | None:
    """The axes of `source` along which a value of type `target` was broadcast; None if only the run can tell."""
    if source.shape is None or target.shape is None:
        return () if source.shape == () else None
    extra = len(source.shape) - len(target.shape)
    if extra < 0:
        return ()
    axes = list(range(extra))
    for axis, (stretched, own) in enumerate(zip(source.shape[extra:], target.shape, strict=True), start=extra):
        match _was_stretched(stretched, own):
            case None:
                return None
            case True:
                axes.append(axis)
    return tuple(axes)


def _was_stretched(stretched: Dim, own: Dim) -> bool | None:
    if own == stretched or own.not_one:
        return False
    return True if own.is_one else None


def _sum_over(g: Any, axes: tuple[int, ...], rank: int, target: int) -> Any:
    if not axes:
        return g
    if target == 0:
        return _total(g)
    extra = rank - target
    leading, kept = axes[:extra], axes[extra:]
    if leading:
        g = np.sum(g, axis=leading[0] if len(leading) == 1 else leading)
    if kept:
        kept = tuple(a - extra for a in kept)
        g = np.sum(g, axis=kept[0] if len(kept) == 1 else kept, keepdims=True)
    return g


def _total(g: Any) -> Any:
    """The sum of all elements: of products of two vectors `a @ b`, and what is a number stays outside; `x.size * h`
    where `h` was stretched to the shape of `x`."""
    let = definition(g, -NEAR)
    if let is None or len(let.args) != 2 or let.op.name not in ("*", "/", "np.broadcast_to"):
        return np.sum(g)
    a, b = (Symbol(g.build, v) for v in let.args)  # type: ignore[arg-type]
    if let.op.name == "np.broadcast_to":
        shaped = definition(b, -NEAR)
        if a.type.rank == 0 and shaped is not None and shaped.op is SHAPE:
            return size(Symbol(g.build, shaped.args[0])) * a  # type: ignore[arg-type]
        return np.sum(g)
    if a.type.rank and b.type.rank == 0:
        return _total(a) * b if let.op is OPERATORS["mul"] else _total(a) / b
    vectors = a.type.rank == b.type.rank == 1 and a.type.shape == b.type.shape and a.type.has_dtype_of(b.type)
    return _matmul(a, b) if vectors and let.op is OPERATORS["mul"] and a.type.is_inexact else np.sum(g)


def project_to(g: Any, x: Any) -> Any:
    """`g` in the dtype of `x`: only the real part belongs to a real `x`, and single precision stays single."""
    if not (isinstance(g, Symbol) or isinstance(x, Symbol)):
        return arrays.project(g, x)
    source, target = type_in(g), type_in(x)
    if not (source.is_numeric and target.is_numeric):
        return g
    if source.kind == "array" and source.shape == () and target.kind in ("number", "scalar"):
        # `np.where` gives an array even of numbers.
        return project_to(g[()], x)
    have = source.dtype
    if have is None or target.dtype is None:
        real_number = source.kind == "number" and have is not None and have.kind != "c"
        return g if real_number else _project(g, x)
    if have.kind == "c" and target.dtype.kind != "c":
        g, have = np.real(g), _real_of(have)
    if "number" in (source.kind, target.kind) or target.dtype.kind not in "fc":
        return g
    wanted = target.dtype if have.kind == target.dtype.kind else _real_of(target.dtype)
    return g if have == wanted else _astype(g, wanted)


def as_stated(g: Any, x: Any) -> Any:
    """The cotangent `g` of `x` as what is added to in place: complex for what may be complex."""
    have, wanted = type_in(g), type_in(x)
    if have.kind != "array" or have.dtype is None or have.dtype.kind == "c":
        return g
    if wanted.dtype is None:
        return _project(g, x)
    return _astype(g, np.result_type(have.dtype, np.complex64)) if wanted.dtype.kind == "c" else g


def _real_of(dtype: np.dtype) -> np.dtype:
    return np.zeros((), dtype).real.dtype


def zeros_for(x: Any) -> Any:
    """Zero in the kind, shape and field of `x`."""
    if not isinstance(x, Symbol):
        return arrays.zeros_for(x)
    t = x.type
    if t.kind == "number" or t.shape == () and t.kind != "array":
        return 0j if t.dtype is not None and t.dtype.kind == "c" else 0.0
    if t.kind == "array" and t.dtype is not None and t.dtype.kind in "fc":
        return np.zeros_like(x)
    if t.kind == "array" and t.dtype is not None:
        return beside(x, np.zeros)(shape(x))
    return _zeros_for(x)


def same_shape(a: Any, b: Any) -> bool:
    """Are the shapes of `a` and `b` known to be equal?"""
    s, t = type_in(a).shape, type_in(b).shape
    return s is not None and s == t

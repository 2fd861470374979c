"""Views: which results are parts of an array for certain, and how a store to a view changes what it is a view of.

    v = A[1:]             a store makes v2, and      A2 = set_at(A, slice(1, None), v2)
    T = A.T                                          A2 = np.transpose(T2)
    r = A.reshape(-1)                                A2 = np.reshape(r2, A.shape)

Whether `reshape` and `ravel` make a view depends on how the array lies in memory.  That is known of arrays that the
function made in the usual order, and of those of rank 1; all others may be read, and not stored to.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcad.ir import EXTENT, OPERATORS, Atom, Builder, Let, Op, Var, op_of
from srcad.rules.indexing import SET_AT
from srcad.rules.sequences import ITEM, SET_ITEM

# How a changed view `new` of `base` changes the base; `rest` and `named` are the other arguments of the view.
Put = Callable[[Builder, Var, Var, tuple[Any, ...], dict[str, Any]], Atom]


def put_back(op: Op) -> Put | None:
    """None for views that are not stored to."""
    return _PUTS.get(op.function)


def _call(build: Builder, function: Any, *args: Any, hint: str = "", **named: Any) -> Var:
    op = op_of(function)
    assert op is not None, function
    return build.call(op, *args, hint=hint, **named)


def _shaped(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    """The same elements in the same order, in the shape of the base."""
    assert base.type.shape is not None
    extents = tuple(d.offset if d.size is None else build.call(EXTENT, base, axis=k)
                    for k, d in enumerate(base.type.shape))
    return _call(build, np.reshape, new, extents, hint=base.hint)


def _transposed(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    axes = rest[0] if rest else named.get("axes")
    back = {} if axes is None else {"axes": tuple(int(i) for i in np.argsort(axes))}
    return _call(build, np.transpose, new, hint=base.hint, **back)


def _moved(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    source, destination = (*rest, *(named[k] for k in ("source", "destination")[len(rest):]))
    return _call(build, np.moveaxis, new, hint=base.hint, source=destination, destination=source)


def _rotated(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    k = rest[0] if rest else 1
    axes = rest[1] if len(rest) > 1 else (0, 1)
    return _call(build, np.rot90, new, -named.get("k", k), hint=base.hint, axes=named.get("axes", axes))


def _again(function: Any) -> Put:
    """Views that undo themselves."""
    return lambda build, base, new, rest, named: _call(build, function, new, *rest, hint=base.hint, **named)


def _itself(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    return new


def _real(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    if not _is_complex(base):
        return new
    other = build.call(OPERATORS["mul"], 1j, _call(build, np.imag, base))
    return build.call(OPERATORS["add"], new, other, hint=base.hint)


def _imaginary(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    return build.call(OPERATORS["add"], _call(build, np.real, base), build.call(OPERATORS["mul"], 1j, new),
                      hint=base.hint)


def _item(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    return build.call(SET_AT, base, rest[0], new, hint=base.hint)


def _element(build: Builder, base: Var, new: Var, rest: tuple[Any, ...], named: dict[str, Any]) -> Atom:
    return build.call(SET_ITEM, base, rest[0], new, hint=base.hint)


_PUTS: dict[Any, Put] = {
    operator.getitem: _item, ITEM.function: _element,
    np.transpose: _transposed, np.matrix_transpose: _again(np.matrix_transpose), np.swapaxes: _again(np.swapaxes),
    np.moveaxis: _moved, np.flip: _again(np.flip), np.fliplr: _again(np.fliplr), np.flipud: _again(np.flipud),
    np.rot90: _rotated, np.reshape: _shaped, np.ravel: _shaped, np.squeeze: _shaped, np.expand_dims: _shaped,
    np.atleast_1d: _shaped, np.atleast_2d: _shaped, np.atleast_3d: _shaped,
    np.asarray: _itself, np.ascontiguousarray: _itself, np.real: _real, np.imag: _imaginary,
}


# Which results are views.


def _is_complex(v: Var) -> bool:
    return v.type.dtype is not None and v.type.dtype.kind == "c"


def is_certain(op: Op, result: Var, base: Var, rest: tuple[Any, ...], named: dict[str, Any],
               lies_in_order: bool) -> bool:
    """Is `op(base)`, which may be a part of `base`, one for certain?"""
    match op.function:
        case operator.getitem:
            return True
        case np.reshape:
            return "order" not in named and (lies_in_order or base.type.rank == 1)
        case np.ravel | np.ascontiguousarray:
            return not rest and not named and lies_in_order
        case np.asarray:
            return "order" not in named and _keeps_dtype(result, base)
        case np.real:
            return base.type.dtype is not None
        case np.imag:
            return _is_complex(base)
        case np.atleast_1d | np.atleast_2d:
            return base.type.rank is not None and base.type.rank >= 1
        case _:
            return op.memory == "view"


def is_copied(op: Op, result: Var, base: Var) -> bool:
    """Does an operation that may give back its argument make a new array here?"""
    if op.function is np.diag:  # a matrix that is made of a vector, or a view of a matrix
        return base.type.rank == 1
    return op.function in (np.asarray, np.ascontiguousarray) and None not in (result.type.dtype, base.type.dtype) and (
        not _keeps_dtype(result, base))


def _keeps_dtype(result: Var, base: Var) -> bool:
    return result.type.has_dtype_of(base.type)


# How arrays lie in memory.

_IN_ORDER = ("np.zeros", "np.ones", "np.empty", "np.full", "np.eye", "np.identity", "np.outer", ".copy", ".flatten")
_LIKE = ("np.zeros_like", "np.ones_like", "np.empty_like", "np.full_like", "np.copy", "np.array")


def made_in_order(v: Var, made: Mapping[Var, Let], in_order: Callable[[Var], bool]) -> bool:
    """Is the new array `v` contiguous, row after row?  `in_order` answers for other arrays."""
    let = made.get(v)
    if let is None or let.op.memory != "fresh" or any(k == "order" for k, _ in let.form.kwargs):
        return False
    if v.type.rank == 1 or let.op.name in _IN_ORDER:
        return True
    arrays = [a for a in let.args if isinstance(a, Var) and a.type.kind not in ("number", "scalar")]
    if not (let.op.elementwise or let.op.name in _LIKE):
        return False
    return all(a.type.kind == "array" and (a.type.rank == 1 or in_order(a)) for a in arrays)


def keeps_order(op: Op, base: Var, rest: tuple[Any, ...]) -> bool:
    """Is this view of an array that lies in order in order as well?  Rows are, and blocks of rows."""
    if op.function is not operator.getitem:
        return op.function in (np.reshape, np.ravel, np.squeeze, np.expand_dims, np.asarray, np.ascontiguousarray)
    parts = rest[0] if isinstance(rest[0], tuple) else (rest[0],)
    last = len(parts) - 1
    return all(not isinstance(p, slice) and p is not Ellipsis or (k == last and isinstance(p, slice) and p.step is None)
               for k, p in enumerate(parts))

"""Parts of matrices, and products that are made of entries: diagonals, triangles, traces, kron, cross."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.types import Type
from srcad.rules import results
from srcad.rules.ops import constant, linear, multilinear
from srcad.rules.shapes import unbroadcast_to, zeros_for
from srcad.rules.symbols import beside, dims, is_complex, known_rank, rank, recorded, shape, type_in
from srcad.runtime import arrays

_reshape = recorded(np.reshape)
_add_diagonal = recorded(arrays.add_diagonal)


def _diag_type(x: Any, k: int = 0) -> Type:
    t = type_in(x)
    if t.shape is None:
        return Type("array", t.dtype)
    if len(t.shape) == 1:
        n = t.shape[0] + abs(k)
        return Type("array", t.dtype, (n, n))
    return Type("array", t.dtype, (_diagonal_size(t.shape, k),))


def _diagonal_size(matrix: results.Shape, k: int) -> results.Dim:
    rows, columns = matrix[-2:]
    if rows == columns:
        return rows + -abs(k)
    if rows.size is None and columns.size is None:
        return results.Dim(None, max(min(rows.offset + min(k, 0), columns.offset - max(k, 0)), 0))
    return results.interned("diagonal", rows, columns, k)


def _diagonal_type(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Type:
    t = type_in(x)
    if t.shape is None:
        return Type("array", t.dtype)
    n = len(t.shape)
    pair = (t.shape[axis1 % n], t.shape[axis2 % n])
    rest = tuple(d for i, d in enumerate(t.shape) if i not in (axis1 % n, axis2 % n))
    return Type("array", t.dtype, (*rest, _diagonal_size(pair, offset)))


def _diag_vjp(g: Any, y: Any, x: Any, k: int = 0) -> Any:
    if known_rank(x) == 1:
        return np.diagonal(g, k)
    return _add_diagonal(zeros_for(x), g, offset=k)


def _diagonal_vjp(g: Any, y: Any, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return _add_diagonal(zeros_for(x), g, offset=offset, axis1=axis1, axis2=axis2)


def _trace_vjp(g: Any, y: Any, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if rank(x) == 2 and offset == 0:
        rows, columns = dims(x) or (None, None)
        extents = np.shape(x)
        return g * (beside(x, np.eye)(extents[0]) if rows == columns else beside(x, np.eye)(*extents))
    column = np.expand_dims(g, -1) if known_rank(g) != 0 else g
    return _add_diagonal(zeros_for(x), column, offset=offset, axis1=axis1, axis2=axis2)


def _added_diagonal_vjp(h: Any, y: Any, buffer: Any, g: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return unbroadcast_to(np.diagonal(h, offset, axis1, axis2), g)


linear(np.diag, _diag_vjp, infer=_diag_type, memory="perhaps")
linear(np.diagonal, _diagonal_vjp, infer=_diagonal_type, memory="view")
linear(np.trace, _trace_vjp)
linear(arrays.add_diagonal, lambda h, y, buffer, g, **_: h, _added_diagonal_vjp, name="add_diagonal",
       infer=lambda buffer, g, **_: results.like(buffer))
linear(np.diagflat, lambda g, y, x, k=0: _reshape(np.diagonal(g, k), shape(x)))
linear(np.tril, lambda g, y, x, k=0: _triangle_vjp(np.tril(g, k), x))
linear(np.triu, lambda g, y, x, k=0: _triangle_vjp(np.triu(g, k), x))
constant(np.tril_indices, np.triu_indices, np.diag_indices, np.tril_indices_from, np.triu_indices_from,
         infer=results.an_object)


def _triangle_vjp(g: Any, x: Any) -> Any:
    """A vector becomes a matrix of equal rows."""
    return np.sum(g, axis=0) if known_rank(x) == 1 else g


# --- kron, cross, and products of lists

def _interleaved(a: Any, b: Any) -> tuple[int, int]:
    n, m = rank(a), rank(b)
    if n is None or m is None or n != m:
        raise NotImplementedError("kron of arrays of different ranks")
    return n, m


def _blocks(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of a kron with axes a0, b0, a1, b1, …"""
    pairs = zip(np.shape(a), np.shape(b), strict=True)
    return _reshape(g, tuple(n for pair in pairs for n in pair))


def _kron_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    n, _ = _interleaved(a, b)
    return np.tensordot(_blocks(g, a, b), b, (list(range(1, 2 * n, 2)), list(range(n))))


def _kron_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    n, _ = _interleaved(a, b)
    return np.tensordot(a, _blocks(g, a, b), (list(range(n)), list(range(0, 2 * n, 2))))


def _cross_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    return unbroadcast_to(_in_space(y, a, b, lambda: np.cross(b, g)), a)


def _cross_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    return unbroadcast_to(_in_space(y, a, b, lambda: np.cross(g, a)), b)


def _in_space(y: Any, a: Any, b: Any, product: Any) -> Any:
    if rank(y) is None or rank(y) != max(rank(a) or 0, rank(b) or 0):
        raise NotImplementedError("cross of vectors that do not have three components")
    return product()


def _cross_type(a: Any, b: Any, **_: Any) -> Type:
    x, y = type_in(a).shape, type_in(b).shape
    if x is None or y is None:
        return Type("unknown", results.promoted(a, b))
    return Type("array", results.promoted(a, b), results.broadcast([x, y]))


def _kron_type(a: Any, b: Any) -> Type:
    x, y = type_in(a).shape, type_in(b).shape
    if x is None or y is None:
        return Type("array", results.promoted(a, b))
    longer = max(len(x), len(y))
    x, y = ((results.Dim(None, 1),) * (longer - len(s)) + s for s in (x, y))
    return Type("array", results.promoted(a, b), tuple(results.product(pair) for pair in zip(x, y, strict=True)))


multilinear(np.kron, _kron_left, _kron_right, infer=_kron_type)
multilinear(np.cross, _cross_left, _cross_right, infer=_cross_type)


# --- convolution: the cotangent is brought to mode "full", and correlated with the other operand

def _full(g: Any, a: Any, b: Any, mode: str) -> Any:
    return g if mode == "full" else _to_full(g, a, b, mode=mode)


def _convolve_left(g: Any, y: Any, a: Any, b: Any, mode: str = "full") -> Any:
    return np.convolve(_full(g, a, b, mode), np.flip(b), mode="valid")


def _convolve_right(g: Any, y: Any, a: Any, b: Any, mode: str = "full") -> Any:
    return np.convolve(_full(g, a, b, mode), np.flip(a), mode="valid")


def _correlate_left(g: Any, y: Any, a: Any, b: Any, mode: str = "valid") -> Any:
    return np.convolve(_full(g, a, b, mode), np.conj(b) if is_complex(b) else b, mode="valid")


def _correlate_right(g: Any, y: Any, a: Any, b: Any, mode: str = "valid") -> Any:
    bar = np.flip(np.convolve(_full(g, a, b, mode), np.flip(a), mode="valid"))
    return np.conj(bar) if is_complex(b) else bar


_to_full, _of_full = recorded(arrays.to_full), recorded(arrays.of_full)
multilinear(np.convolve, _convolve_left, _convolve_right)
multilinear(np.correlate, _correlate_left, _correlate_right)
linear(arrays.to_full, lambda h, y, g, a, b, mode: _of_full(h, a, b, mode=mode), name="to_full",
       infer=lambda g, a, b, mode: Type("array", type_in(g).dtype, (results.fresh(),)))
linear(arrays.of_full, lambda h, y, g, a, b, mode: _to_full(h, a, b, mode=mode), name="of_full",
       infer=lambda g, a, b, mode: Type("array", type_in(g).dtype, (results.fresh(),)))

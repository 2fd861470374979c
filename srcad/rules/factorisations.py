"""Factorisations of any matrix: qr, svd, the pseudo-inverse; powers and chains of matrices."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.ir.ops import STRUCTURE
from srcad.ir.types import UNKNOWN, Dim, Type
from srcad.rules import results
from srcad.rules.linalg import H, T, real_only
from srcad.rules.ops import custom
from srcad.rules.symbols import beside, is_complex, rank, recorded, type_in
from srcad.runtime import arrays

_matmul = recorded(operator.matmul)
_thin_svd = recorded(arrays.thin_svd)


# --- qr

def _reduced(mode: str) -> None:
    if mode != "reduced":
        raise NotImplementedError(f"qr with mode {mode!r}")


def _over(x: Any, r: Any) -> Any:
    """x @ inv(r)."""
    return T(np.linalg.solve(T(r), T(x)))


def _qr_jvp(t: Any, y: Any, a: Any, mode: str = "reduced") -> Any:
    _reduced(mode)
    real_only(a, "qr")
    q, r = y
    scaled = _over(t, r)
    inner = _matmul(T(q), scaled)
    below = np.tril(inner, -1)
    turn = below - T(below)
    return _matmul(q, turn - inner) + scaled, _matmul(inner - turn, r)


def _qr_vjp(g: Any, y: Any, a: Any, mode: str = "reduced") -> Any:
    _reduced(mode)
    real_only(a, "qr")
    (gq, gr), (q, r) = g, y
    gr = None if gr is None else np.triu(gr)
    inner = [_matmul(r, T(gr))] if gr is not None else []
    inner += [-_matmul(T(gq), q)] if gq is not None else []
    if not inner:
        return None
    total = inner[0] if len(inner) == 1 else inner[0] + inner[1]
    mirrored = np.tril(total) + T(np.tril(total, -1))
    bar = _matmul(q, mirrored)
    return T(np.linalg.solve(r, T(bar if gq is None else gq + bar)))


def _least(a: Any) -> Dim | None:
    shape = type_in(a).shape
    if shape is None:
        return None
    rows, columns = shape[-2:]
    if rows == columns:
        return rows
    if rows.size is None and columns.size is None:
        return Dim(None, min(rows.offset, columns.offset))
    return results.interned("least", rows, columns)


def _qr_type(a: Any, mode: str = "reduced") -> Any:
    t, k = type_in(a), _least(a)
    if t.shape is None or k is None or mode != "reduced":
        return UNKNOWN, UNKNOWN
    return Type("array", t.dtype, (*t.shape[:-1], k)), Type("array", t.dtype, (*t.shape[:-2], k, t.shape[-1]))


custom(np.linalg.qr, jvps=(_qr_jvp,), vjps=(_qr_vjp,), outs=2, infer=_qr_type)


# --- svd

def _inverse(x: Any, s: Any) -> Any:
    """1 / x for differences or sums x of the singular values s, and 0 where they vanish but for rounding."""
    small = np.abs(x) <= 8 * np.spacing(s[..., :1, None])
    return np.where(small, 0, 1 / np.where(small, 1, x))


def _turns(s: Any) -> tuple[Any, Any]:
    """How the vectors of both sides turn together, by 1 / (s[j] - s[i]), and against each other, by 1 / (s[j] + s[i]).
    Where values are equal only the second is determined; what depends on the vectors has no derivative then that they
    tell, and gets NaN."""
    row, column = s[..., None, :], s[..., :, None]
    same = beside(s, np.eye)(np.shape(s)[-1])
    gap = row - column
    apart = np.where(np.abs(gap) + same <= 8 * np.spacing(s[..., :1, None]), np.nan, 1 / (gap + same) - same)
    return apart / 2, _inverse(row + column, s) / 2


def _outside(basis: Any, x: Any) -> Any:
    """What of `x` is orthogonal to the columns of `basis`."""
    return x - _matmul(basis, _matmul(H(basis), x))


def _diagonal(x: Any) -> Any:
    return np.diagonal(x) if rank(x) == 2 else np.diagonal(x, 0, -2, -1)


def _svd_jvp(t: Any, y: Any, a: Any) -> Any:
    u, s, vh = y
    v = H(vh)
    inner, row = _matmul(_matmul(H(u), t), v), s[..., None, :]
    together, against = _turns(s)
    both, apart = together * (inner + H(inner)), against * (inner - H(inner))
    du = _matmul(u, both + apart) + _outside(u, _matmul(t, v)) * _inverse(row, s)
    dv = _matmul(v, both - apart) + _outside(v, _matmul(H(t), u)) * _inverse(row, s)
    ds = _diagonal(inner)
    return du, np.real(ds) if is_complex(a) else ds, H(dv)


def _svd_vjp(g: Any, y: Any, a: Any) -> Any:
    gu, gs, gvh = g
    u, s, vh = y
    if gu is None and gvh is None:
        return None if gs is None else _values_bar(gs, u, vh)
    u, vh = (np.conj(u), np.conj(vh)) if is_complex(a) else (u, vh)  # cotangents are paired without conjugation
    row, v = s[..., None, :], H(vh)
    left = None if gu is None else _skew(_matmul(H(u), gu))
    right = None if gvh is None else _skew(_matmul(vh, H(gvh)))
    together, against = _turns(s)
    if left is not None and right is not None:
        turn = together * (left + right) + against * (left - right)
    else:
        turn = (together + against) * left if right is None else (together - against) * right
    total = _matmul(_matmul(u, turn), vh)
    if gs is not None:
        total = total + _matmul(u * gs[..., None, :], vh)
    if gu is not None:
        total = total + _matmul(_outside(u, gu) * _inverse(row, s), vh)
    if gvh is not None:
        total = total + _matmul(u, H(_outside(v, H(gvh)) * _inverse(row, s)))
    return total


def _skew(x: Any) -> Any:
    return x - H(x)


def _values_bar(g: Any, u: Any, vh: Any) -> Any:
    bar = _matmul(u * g[..., None, :], vh)
    return np.conj(bar) if is_complex(bar) else bar


def _svd_type(a: Any) -> Any:
    t, k = type_in(a), _least(a)
    if t.shape is None or k is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    own = None if t.dtype is None else np.zeros((), t.dtype).real.dtype
    return (Type("array", t.dtype, (*t.shape[:-1], k)), Type("array", own, (*t.shape[:-2], k)),
            Type("array", t.dtype, (*t.shape[:-2], k, t.shape[-1])))


def _thin_only(a: Any, full_matrices: bool) -> None:
    shape = type_in(a).shape
    if full_matrices and (shape is None or shape[-1] != shape[-2]):
        raise NotImplementedError("svd with full_matrices=True of a matrix that is not square")


def _any_svd_jvp(t: Any, y: Any, a: Any, full_matrices: bool = True, compute_uv: bool = True,
                 hermitian: bool = False) -> Any:
    _thin_only(a, full_matrices)
    return _svd_jvp(t, y, a)


def _any_svd_vjp(g: Any, y: Any, a: Any, full_matrices: bool = True, compute_uv: bool = True,
                 hermitian: bool = False) -> Any:
    if g[0] is None and g[2] is None:
        return None if g[1] is None else _svdvals_vjp(g[1], y, a)
    _thin_only(a, full_matrices)
    return _svd_vjp(g, y, a)


def _any_svd_type(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    t = type_in(a)
    thin = t.shape is not None and (not full_matrices or t.shape[-1] == t.shape[-2])
    return _svd_type(a) if thin else (UNKNOWN,) * 3


custom(arrays.thin_svd, jvps=(_svd_jvp,), vjps=(_svd_vjp,), name="thin_svd", outs=3, infer=_svd_type)
custom(np.linalg.svd, jvps=(_any_svd_jvp,), vjps=(_any_svd_vjp,), outs=3, infer=_any_svd_type)


def _svdvals_jvp(t: Any, y: Any, a: Any) -> Any:
    u, _, vh = _thin_svd(a)
    inner = _diagonal(_matmul(_matmul(H(u), t), H(vh)))
    return np.real(inner) if is_complex(a) else inner


def _svdvals_vjp(g: Any, y: Any, a: Any) -> Any:
    u, _, vh = _thin_svd(a)
    return _values_bar(g, u, vh)


if hasattr(np.linalg, "svdvals"):
    custom(np.linalg.svdvals, jvps=(_svdvals_jvp,), vjps=(_svdvals_vjp,), infer=lambda a: _svd_type(a)[1])


# --- pinv

def _pinv_jvp(t: Any, y: Any, a: Any) -> Any:
    real_only(a, "pinv")
    back = T(t)
    first = -_matmul(_matmul(y, t), y)
    left = _matmul(_matmul(y, T(y)), back)
    right = _matmul(_matmul(back, T(y)), y)
    return first + (left - _matmul(_matmul(left, a), y)) + (right - _matmul(_matmul(y, a), right))


def _pinv_vjp(g: Any, y: Any, a: Any) -> Any:
    real_only(a, "pinv")
    back = T(g)
    first = -_matmul(_matmul(T(y), g), T(y))
    left = _matmul(_matmul(back, y), T(y))
    right = _matmul(_matmul(T(y), y), back)
    return first + (left - _matmul(_matmul(a, y), left)) + (right - _matmul(_matmul(right, y), a))


def _pinv_type(a: Any) -> Type:
    t = type_in(a)
    return Type("array", t.dtype, None if t.shape is None else (*t.shape[:-2], t.shape[-1], t.shape[-2]))


custom(np.linalg.pinv, jvps=(_pinv_jvp,), vjps=(_pinv_vjp,), infer=_pinv_type)


# --- powers and chains

def _powers(a: Any, n: Any) -> tuple[Any, int]:
    """The matrix whose positive power is meant, and the exponent."""
    if not isinstance(n, int | np.integer):
        raise NotImplementedError("a power of a matrix by an exponent that is not constant")
    return (np.linalg.inv(a) if n < 0 else a), abs(int(n))


def _power_terms(t: Any, base: Any, n: int) -> Any:
    """The sum of base^i @ t @ base^(n - 1 - i)."""
    total = None
    power = np.linalg.matrix_power
    for i in range(n):
        term = t if i == 0 else _matmul(power(base, i), t)
        rest = n - 1 - i
        term = term if rest == 0 else _matmul(term, power(base, rest))
        total = term if total is None else total + term
    return 0.0 * t if total is None else total


def _matrix_power_jvp(t: Any, y: Any, a: Any, n: Any) -> Any:
    base, times = _powers(a, n)
    return _power_terms(-_matmul(_matmul(base, t), base) if n < 0 else t, base, times)


def _matrix_power_vjp(g: Any, y: Any, a: Any, n: Any) -> Any:
    base, times = _powers(a, n)
    bar = _power_terms(g, T(base), times)
    return -_matmul(_matmul(T(base), bar), T(base)) if n < 0 else bar


custom(np.linalg.matrix_power, jvps=(_matrix_power_jvp,), vjps=(_matrix_power_vjp,), infer=results.like,
       structure=STRUCTURE | {"n"})


def _chain(factors: list[Any]) -> Any:
    product = factors[0]
    for f in factors[1:]:
        product = _matmul(product, f)
    return product


def _multi_dot_jvp(t: Any, y: Any, factors: Any) -> Any:
    total = None
    for i, own in enumerate(t):
        if own is not None:
            term = _chain([*factors[:i], own, *factors[i + 1:]])
            total = term if total is None else total + term
    return total


def _matrix_chain_vjp(g: Any, factors: list[Any]) -> list[Any]:
    bars = []
    for i in range(len(factors)):
        bar = g if i == 0 else _matmul(T(_chain(factors[:i])), g)
        bars.append(bar if i == len(factors) - 1 else _matmul(bar, T(_chain(factors[i + 1:]))))
    return bars


def _only_matrices(g: Any, y: Any, factors: Any) -> Any:
    if any(rank(f) != 2 for f in factors):
        raise NotImplementedError("multi_dot of vectors")
    return _matrix_chain_vjp(g, list(factors))


def _chain_type(factors: Any) -> Any:
    result = factors[0]
    for f in factors[1:]:
        result = results.dot(result, f)
    return result


custom(np.linalg.multi_dot, jvps=(_multi_dot_jvp,), vjps=(_only_matrices,), infer=_chain_type, lists=True)

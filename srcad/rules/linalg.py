"""Linear algebra: solving, inverses, determinants, norms and factorisations.

The rules hold for stacks of matrices.  A factorisation of a symmetric matrix reads one triangle only, so only that
triangle has a derivative: of a matrix that is symmetric by its own making this gives the same as any other sharing.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.ir.types import INT, UNKNOWN, Type
from srcad.rules import results
from srcad.rules.ops import constant, custom
from srcad.rules.reductions import extreme_share, kept
from srcad.rules.shapes import unbroadcast_to
from srcad.rules.symbols import beside, is_complex, known_rank, rank, recorded, type_in
from srcad.runtime import arrays

_matmul = recorded(operator.matmul)
_cofactor = recorded(arrays.cofactor)


def T(x: Any) -> Any:
    """The transpose of a matrix, or of each of a stack."""
    return np.transpose(x) if rank(x) == 2 else np.swapaxes(x, -1, -2)


def H(x: Any) -> Any:
    """The conjugate transpose."""
    return np.conj(T(x)) if is_complex(x) else T(x)


def real_only(x: Any, what: str) -> None:
    if is_complex(x):
        raise NotImplementedError(f"{what} of a complex matrix")


def column(g: Any, x: Any) -> Any:
    """A value for each matrix, as factors of its entries."""
    return g if rank(g) == 0 or rank(x) == 2 else np.expand_dims(g, (-2, -1))


# --- solve, inv

def _solve_matrix_jvp(t: Any, y: Any, a: Any, b: Any) -> Any:
    return -np.linalg.solve(a, _matmul(t, y))


def _solve_matrix_vjp(g: Any, y: Any, a: Any, b: Any) -> Any:
    bar = np.linalg.solve(T(a), g)
    if known_rank(b) == 1:
        return unbroadcast_to(-np.outer(bar, y) if rank(a) == 2 else -bar[..., :, None] * y[..., None, :], a)
    return unbroadcast_to(-_matmul(bar, T(y)), a)


def _solve_right_vjp(g: Any, y: Any, a: Any, b: Any) -> Any:
    return unbroadcast_to(np.linalg.solve(T(a), g), b)


custom(np.linalg.solve, jvps=(_solve_matrix_jvp, lambda t, y, a, b: np.linalg.solve(a, t)),
       vjps=(_solve_matrix_vjp, _solve_right_vjp), infer=results.solved)
custom(np.linalg.inv, jvps=(lambda t, y, a: -_matmul(_matmul(y, t), y),),
       vjps=(lambda g, y, a: -_matmul(_matmul(T(y), g), T(y)),), infer=results.like)


# --- determinants

def _det_jvp(t: Any, y: Any, a: Any) -> Any:
    return np.sum(_cofactor(a) * t, axis=None if rank(a) == 2 else (-2, -1))


custom(np.linalg.det, jvps=(_det_jvp,), vjps=(lambda g, y, a: column(g, a) * _cofactor(a),))


def _cofactor_jvp(t: Any, y: Any, a: Any) -> Any:
    """y = det(a) inv(a).T, for a regular matrix."""
    back = T(np.linalg.inv(a))
    return np.sum(y * t, axis=(-2, -1), keepdims=True) * back - _matmul(_matmul(back, T(t)), y)


def _cofactor_vjp(g: Any, y: Any, a: Any) -> Any:
    back = T(np.linalg.inv(a))
    return np.sum(g * back, axis=(-2, -1), keepdims=True) * y - _matmul(_matmul(y, T(g)), back)


custom(arrays.cofactor, jvps=(_cofactor_jvp,), vjps=(_cofactor_vjp,), name="cofactor", infer=results.like)


def _slogdet_jvp(t: Any, y: Any, a: Any) -> Any:
    real_only(a, "slogdet")
    return None, np.sum(T(np.linalg.inv(a)) * t, axis=None if rank(a) == 2 else (-2, -1))


def _slogdet_vjp(g: Any, y: Any, a: Any) -> Any:
    real_only(a, "slogdet")
    return None if g[1] is None else column(g[1], a) * T(np.linalg.inv(a))


def _slogdet_type(a: Any) -> Any:
    t = type_in(a)
    one = UNKNOWN if t.shape is None else results.made(t.shape[:-2], t.dtype)
    return one, one


custom(np.linalg.slogdet, jvps=(_slogdet_jvp,), vjps=(_slogdet_vjp,), outs=2, infer=_slogdet_type)
constant(np.linalg.matrix_rank, infer=lambda a, *_, **__: Type("scalar", INT.dtype, ()))


# --- norms: y = sum of x times weights, and the weights are the derivative

def _norm_weights(y: Any, x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    plain = ord is None or ord == "fro"
    matrix = not plain and (isinstance(axis, tuple) if axis is not None else known_rank(x) == 2)
    if plain or (ord == 2 and not matrix):
        size = kept(y, x, axis, keepdims)
        return (np.conj(x) if is_complex(x) else x) / np.where(size == 0, 1, size)
    sign = np.conj(np.sign(x)) if is_complex(x) else np.sign(x)
    return _matrix_weights(y, x, ord, axis, sign) if matrix else _vector_weights(y, x, ord, axis, keepdims, sign)


def _vector_weights(y: Any, x: Any, ord: Any, axis: Any, keepdims: Any, sign: Any) -> Any:
    if ord == 1:
        return sign
    if ord == 0:
        return 0.0 * sign
    if ord in (np.inf, -np.inf):
        return extreme_share(y, np.abs(x), axis, keepdims) * sign
    size = kept(y, x, axis, keepdims)
    return sign * (np.abs(x) / np.where(size == 0, 1, size)) ** (ord - 1)


def _matrix_weights(y: Any, x: Any, ord: Any, axis: Any, sign: Any) -> Any:
    if axis not in (None, (0, 1), (-2, -1)) or rank(x) != 2:
        raise NotImplementedError("a matrix norm of a stack of matrices")
    if ord in (1, -1, np.inf, -np.inf):
        sums = np.sum(np.abs(x), axis=0 if ord in (1, -1) else 1, keepdims=True)
        return extreme_share(y if rank(y) == 0 else np.sum(y), sums, None, False) * sign
    u, s, vh = _svd(x)
    if ord == "nuc":
        outer = _matmul(u, vh)
    elif ord in (2, -2):
        outer = _matmul(u * extreme_share(np.max(s) if ord == 2 else np.min(s), s, None, False), vh)
    else:
        raise NotImplementedError(f"the norm {ord!r} of a matrix")
    return np.conj(outer) if is_complex(x) else outer


def _norm_jvp(t: Any, y: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    total = np.sum(t * _norm_weights(y, x, ord, axis, keepdims), axis=axis, keepdims=keepdims)
    return np.real(total) if is_complex(x) else total


def _norm_vjp(g: Any, y: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    if ord is None and axis is None and not keepdims and not is_complex(x):
        return g / np.where(y == 0, 1, y) * x
    return kept(g, x, axis, keepdims) * _norm_weights(y, x, ord, axis, keepdims)


custom(np.linalg.norm, jvps=(_norm_jvp,), vjps=(_norm_vjp,))


# --- symmetric matrices

def symmetric(x: Any) -> Any:
    return (x + H(x)) / 2


def mirrored(t: Any, upper: bool = False) -> Any:
    """The symmetric matrix of which a triangle of `t` is read."""
    part = np.triu if upper else np.tril
    if is_complex(t):  # the diagonal counts as real
        half = part(t) - t * beside(t, np.eye)(np.shape(t)[-1]) / 2
        return half + H(half)
    return part(t) + T(part(t, 1 if upper else -1))


def folded(g: Any, upper: bool = False) -> Any:
    """The transpose of `mirrored`, for a `g` that is symmetric."""
    return np.triu(g) + np.triu(g, 1) if upper else np.tril(g) + np.tril(g, -1)


def _halved(x: Any) -> Any:
    """The lower triangle, with half of the diagonal."""
    return np.tril(x) - x * beside(x, np.eye)(np.shape(x)[-1]) / 2


def _cholesky_jvp(t: Any, y: Any, a: Any, upper: bool = False) -> Any:
    """For the upper factor, whose conjugate transpose is the lower one."""
    low = H(y) if upper else y
    inner = np.linalg.solve(low, H(np.linalg.solve(low, mirrored(t, upper))))
    result = _matmul(low, _halved(inner))
    return H(result) if upper else result


def _cholesky_vjp(g: Any, y: Any, a: Any, upper: bool = False) -> Any:
    low, bar = (H(y), H(g)) if upper else (y, g)
    back = T(low)
    inner = _halved(_matmul(back, np.tril(bar)))
    return folded(symmetric(_conjugate_solve(low, back, inner)), upper)


def _conjugate_solve(y: Any, back: Any, inner: Any) -> Any:
    """inv(y).T @ inner @ conj(inv(y)), the transpose of what the tangent does to its matrix."""
    left = np.linalg.solve(back, inner)
    return T(np.linalg.solve(H(y), T(left))) if is_complex(y) else T(np.linalg.solve(back, T(left)))


custom(np.linalg.cholesky, jvps=(_cholesky_jvp,), vjps=(_cholesky_vjp,), infer=results.like)


def _gaps(w: Any) -> Any:
    """1 / (w[j] - w[i]), and 0 for i == j.  Between equal eigenvalues, whose vectors are not determined, it is
    infinite: what depends on these has no finite derivative, rather than a wrong one."""
    same = beside(w, np.eye)(np.shape(w)[-1])
    return 1 / (w[..., None, :] - w[..., :, None] + same) - same


def _diagonal(x: Any) -> Any:
    return np.diagonal(x) if rank(x) == 2 else np.diagonal(x, 0, -2, -1)


def _eigh_jvp(t: Any, y: Any, a: Any, UPLO: str = "L") -> Any:
    w, v = y
    inner = _matmul(_matmul(H(v), mirrored(t, UPLO == "U")), v)
    return np.real(_diagonal(inner)) if is_complex(a) else _diagonal(inner), _matmul(v, _gaps(w) * inner)


def _eigh_vjp(g: Any, y: Any, a: Any, UPLO: str = "L") -> Any:
    (gw, gv), (w, v) = g, y
    if gv is None:
        return None if gw is None else folded(_of_values(gw, v), UPLO == "U")
    inner = _gaps(w) * _matmul(T(v), gv)
    if gw is not None:
        inner = inner + gw[..., None, :] * beside(v, np.eye)(np.shape(v)[-1])
    return folded(symmetric(_matmul(_matmul(np.conj(v) if is_complex(v) else v, inner), T(v))), UPLO == "U")


def _of_values(gw: Any, v: Any) -> Any:
    """What the cotangents of the eigenvalues are for a Hermitian matrix."""
    return _matmul((np.conj(v) if is_complex(v) else v) * gw[..., None, :], T(v))


def _eigh_type(a: Any, UPLO: str = "L") -> Any:
    t = type_in(a)
    if t.shape is None:
        return UNKNOWN, UNKNOWN
    own = None if t.dtype is None else np.zeros((), t.dtype).real.dtype
    return Type("array", own, t.shape[:-1]), Type("array", t.dtype, t.shape)


def _eigvalsh_jvp(t: Any, y: Any, a: Any, UPLO: str = "L") -> Any:
    _, v = _eigh(a, UPLO)
    inner = _diagonal(_matmul(_matmul(H(v), mirrored(t, UPLO == "U")), v))
    return np.real(inner) if is_complex(a) else inner


def _eigvalsh_vjp(g: Any, y: Any, a: Any, UPLO: str = "L") -> Any:
    _, v = _eigh(a, UPLO)
    return folded(_of_values(g, v), UPLO == "U")


_eigh, _svd = recorded(np.linalg.eigh), recorded(arrays.thin_svd)
custom(np.linalg.eigh, jvps=(_eigh_jvp,), vjps=(_eigh_vjp,), outs=2, infer=_eigh_type)
custom(np.linalg.eigvalsh, jvps=(_eigvalsh_jvp,), vjps=(_eigvalsh_vjp,),
       infer=lambda a, UPLO="L": _eigh_type(a)[0])


# --- any square matrix: eigenvalues, and eigenvectors of norm 1 whose largest component is real, as LAPACK makes them

def _eigvals_jvp(t: Any, y: Any, a: Any) -> Any:
    _, v = _eig(a)
    return _diagonal(np.linalg.solve(v, _matmul(t, v)))


def _eigvals_vjp(g: Any, y: Any, a: Any) -> Any:
    _, v = _eig(a)
    return _project(np.linalg.solve(T(v), g[..., :, None] * T(v)), a)


def _largest(v: Any) -> Any:
    """1 at the largest component of each column."""
    place = np.argmax(np.abs(v), axis=-2)
    return beside(v, np.arange)(np.shape(v)[-1])[:, None] == place[..., None, :]


def _eig_jvp(t: Any, y: Any, a: Any) -> Any:
    w, v = y
    inner = np.linalg.solve(v, _matmul(t, v))
    free = _matmul(v, _gaps(w) * inner)
    unit = free - v * np.real(np.sum(np.conj(v) * free, axis=-2, keepdims=True))
    turn = np.imag(np.sum(np.where(_largest(v), unit / v, 0), axis=-2, keepdims=True))
    return _diagonal(inner), _project(unit - 1j * v * turn, v)


def _eig_vjp(g: Any, y: Any, a: Any) -> Any:
    (gw, gv), (w, v) = g, y
    parts: list[Any] = []
    if gv is not None:
        turn = np.real(np.sum(gv * (-1j * v), axis=-2, keepdims=True))
        unit = gv + np.where(_largest(v), -1j * turn / v, 0)
        free = unit - np.conj(v) * np.real(np.sum(unit * v, axis=-2, keepdims=True))
        parts.append(_gaps(w) * _matmul(T(v), free))
    if gw is not None:
        parts.append(gw[..., None, :] * beside(v, np.eye)(np.shape(v)[-1]))
    if not parts:
        return None
    inner = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    return _project(np.linalg.solve(T(v), _matmul(inner, T(v))), a)


def _eig_type(a: Any) -> Any:
    """Whether the eigenvalues of a real matrix are real is not known before."""
    t = type_in(a)
    if t.shape is None:
        return UNKNOWN, UNKNOWN
    own = t.dtype if t.dtype is not None and t.dtype.kind == "c" else None
    return Type("array", own, t.shape[:-1]), Type("array", own, t.shape)


_eig, _project = recorded(np.linalg.eig), recorded(arrays.project)
custom(np.linalg.eig, jvps=(_eig_jvp,), vjps=(_eig_vjp,), outs=2, infer=_eig_type)
custom(np.linalg.eigvals, jvps=(_eigvals_jvp,), vjps=(_eigvals_vjp,), infer=lambda a: _eig_type(a)[0])

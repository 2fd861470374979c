"""Calls at which the rules are checked: over shapes, axes, dtypes, broadcasting, rank 0 and nothing at all."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime import activations

RNG = np.random.default_rng(42)
CASES: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []


def case(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    CASES.append((function, args, kwargs))


def identifier(call: Any) -> str:
    function, args, kwargs = call
    shapes = ",".join(_text(a) for a in args)
    return f"{getattr(function, '__name__', function)}({shapes}{''.join(f',{k}={v}' for k, v in kwargs.items())})"


def _text(a: Any) -> str:
    if isinstance(a, np.ndarray):
        return f"{a.dtype.kind}{'x'.join(map(str, a.shape))}"
    if isinstance(a, list | tuple):
        return "[" + ",".join(map(_text, a)) + "]"
    return str(a)[:20]


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def positive(*shape: int) -> np.ndarray:
    return RNG.uniform(0.5, 2.0, size=shape)


def inside(*shape: int) -> np.ndarray:
    return RNG.uniform(-0.9, 0.9, size=shape)


def z(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape) + 1j * RNG.normal(size=shape)


SINGLE = np.float32

# --- functions that may leave the real numbers
E = np.emath
for f in (E.sqrt, E.log, E.log2, E.log10, E.arcsin, E.arccos, E.arctanh):
    case(f, positive(3) / 3)
    case(f, 0.5)
    case(f, z(2))

# --- operators and their ufuncs
for f in (operator.add, operator.sub, operator.mul, operator.truediv, np.add, np.subtract, np.multiply, np.true_divide):
    case(f, normal(3), positive(3))
    case(f, normal(3, 4), positive(4))
    case(f, normal(3, 1), positive(4))
    case(f, normal(2, 3).astype(SINGLE), positive(3).astype(SINGLE))
    case(f, z(3), z(3))
    case(f, z(3), positive(2, 3))
    case(f, 2.0, positive(3))
    case(f, normal(3), 2.0)
    case(f, 1.5, 2.5)
    case(f, np.array(1.5), normal(0))
for f in (operator.pow, np.power, np.float_power):
    case(f, positive(3), normal(3))
    case(f, positive(3, 1), normal(4))
    case(f, 2.0, normal(3))
    case(f, normal(3), 2)
    case(f, normal(3), 3)
    case(f, positive(3), 0.5)
    case(f, normal(3), 0)
    case(f, z(3), 2)
for f in (operator.mod, np.remainder, np.fmod):
    case(f, positive(5) * 3, positive(5))
    case(f, positive(2, 3) * 3, positive(3))
    case(f, 7.3, 2.1)
for f in (operator.neg, operator.pos, operator.abs, abs, np.negative, np.positive, np.absolute):
    case(f, normal(3))
    case(f, normal(2, 3))
    case(f, z(4))
    case(f, 1.5)
case(operator.pow, 1.7, 2.3)
case(operator.pow, -1.7, 2)
case(np.fabs, normal(4))

# --- elementary functions
for f in (np.exp, np.exp2, np.expm1, np.sin, np.cos, np.sinh, np.cosh, np.tanh, np.arctan, np.arcsinh, np.square,
          np.sinc,          np.deg2rad, np.rad2deg, np.radians, np.degrees, np.nan_to_num, np.sign, np.real, np.imag):
    case(f, normal(3))
    case(f, normal(2, 3))
    case(f, np.array(0.3))
    case(f, 0.7)
for f in (np.log, np.log2, np.log10, np.log1p, np.sqrt, np.cbrt, np.reciprocal, np.tan):
    case(f, positive(3))
    case(f, positive(2, 3).astype(SINGLE))
    case(f, 0.7)
for f in (np.arcsin, np.arccos, np.arctanh):
    case(f, inside(4))
    case(f, inside(2, 2))
    case(f, 0.3)
case(np.arccosh, positive(3) + 1)
for f in (np.exp, np.log, np.sqrt, np.sin, np.cos, np.tan, np.tanh, np.sinh, np.cosh, np.square, np.conj, np.real,
          np.imag, np.sign, np.arctan, np.log1p, np.reciprocal):
    case(f, z(3))
    case(f, 0.3 + 0.4j)
for f in (np.arctan2, np.hypot, np.logaddexp, np.logaddexp2, np.maximum, np.minimum, np.fmax, np.fmin):
    case(f, normal(3), normal(3))
    case(f, normal(3, 4), normal(4))
    case(f, normal(3), 0.1)
    case(f, 0.4, 0.2)
case(np.copysign, normal(4), normal(4))
case(np.clip, normal(5) * 2, -0.5, 0.7)
case(np.clip, normal(2, 5) * 2, normal(5) - 2, normal(5) + 2)
case(np.clip, normal(5), None, 0.3)
case(np.clip, normal(5), 0.1, None)
case(np.where, normal(4) > 0, normal(4), normal(4))
case(np.where, normal(4) > 0, normal(3, 4), 0.0)
case(np.where, normal(3, 1) > 0, normal(4), normal(3, 4))
case(np.heaviside, normal(3), normal(3))
case(np.ldexp, normal(3), 2)

# --- reductions
for f in (np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.cumsum, np.cumprod):
    case(f, normal(4))
    case(f, normal(3, 4))
    case(f, normal(3, 4), axis=0)
    case(f, normal(3, 4), axis=1)
    case(f, normal(2, 3, 4), axis=-2)
    case(f, normal(4).astype(SINGLE))
for f in (np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std):
    case(f, normal(3, 4), axis=1, keepdims=True)
    case(f, normal(2, 3, 4), axis=(0, 2))
    case(f, normal(2, 3, 4), axis=(0, 1))
    case(f, normal(2, 3, 4), 0)
    case(f, np.array(1.3)) if f not in (np.std,) else None
for f in (np.sum, np.mean, np.prod, np.cumsum, np.cumprod, np.var):
    case(f, z(4))
    case(f, z(3, 2), axis=0)
case(np.sum, normal(0))
case(np.sum, normal(0, 3), axis=0)
case(np.sum, 1.5)
case(np.var, normal(5), ddof=1)
case(np.std, normal(5, 3), axis=0, ddof=1)
case(np.prod, np.array([1.0, 0.0, 3.0]))
case(np.prod, np.array([[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]]), axis=1)
case(np.cumprod, np.array([1.0, 0.0, 3.0, 2.0]))

# --- products
for f in (np.dot, np.matmul, operator.matmul, np.inner):
    case(f, normal(3), normal(3))
    case(f, normal(2, 3), normal(3))
    case(f, z(3), z(3))
    case(f, normal(0), normal(0))
for f in (np.dot, np.matmul, operator.matmul):
    case(f, normal(3), normal(3, 2))
    case(f, normal(2, 3), normal(3, 4))
    case(f, normal(5, 2, 3), normal(3))
    case(f, normal(3), normal(5, 3, 2))
    case(f, normal(5, 2, 3), normal(3, 4))
    case(f, normal(2, 3).astype(SINGLE), normal(3, 4).astype(SINGLE))
for f in (np.matmul, operator.matmul):
    case(f, normal(5, 2, 3), normal(5, 3, 4))
    case(f, normal(5, 2, 3), normal(1, 3, 4))
    case(f, normal(2, 3), normal(5, 3, 4))
case(np.dot, 2.0, normal(3))
case(np.dot, normal(2, 3, 4), normal(5, 4, 2))
case(np.inner, normal(2, 3), normal(4, 3))
case(np.inner, normal(2, 5, 3), normal(4, 3))
case(np.outer, normal(3), normal(4))
case(np.outer, normal(3, 2), normal(4))
case(np.outer, 1.5, normal(4))
case(np.vdot, normal(3), normal(3))
case(np.vdot, normal(2, 3), normal(2, 3))
case(np.vdot, z(3), z(3))
for axes in (1, 2, ([0, 1], [1, 0]), ([2], [1]), (0, 0)):
    case(np.tensordot, normal(3, 3, 3), normal(3, 3, 4), axes=axes)
case(np.tensordot, normal(2, 3), normal(4), axes=0)
for text, shapes in (("ij,jk->ik", ((2, 3), (3, 4))), ("ij,jk", ((2, 3), (3, 4))), ("ij,j", ((2, 3), (3,))),
                     ("ii", ((3, 3),)), ("ii->i", ((3, 3),)), ("ij->ji", ((2, 3),)), ("ij->", ((2, 3),)),
                     ("ij->j", ((2, 3),)),
                     ("i,j->ij", ((2,), (3,))), ("bij,bjk->bik", ((5, 2, 3), (5, 3, 4))), ("...ij,...jk->...ik",
                     ((5, 2, 3), (3, 4))), ("i,ij,j->", ((2,), (2, 3), (3,))), ("ba", ((2, 3),)),
                     ("iij->j", ((3, 3, 2),)),
                     ("i,i", ((3,), (3,))), ("ij,kl->ik", ((2, 3), (4, 5)))):
    case(np.einsum, text, *(normal(*s) for s in shapes))

# --- structure
case(np.reshape, normal(6), (2, 3))
case(np.reshape, normal(2, 3), -1)
case(np.reshape, normal(2, 3, 4), (4, -1))
case(np.reshape, normal(2, 3), (3, 2), order="F")
case(np.reshape, normal(1), ())
case(np.ravel, normal(2, 3))
case(np.ravel, normal(3))
case(np.ravel, normal(2, 3), order="F")
case(np.squeeze, normal(1, 3, 1))
case(np.squeeze, normal(1, 3, 1), axis=0)
case(np.expand_dims, normal(3), 0)
case(np.expand_dims, normal(3), -1)
case(np.expand_dims, normal(3), (0, 2))
for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    case(f, normal(3))
    case(f, np.array(2.0))
    case(f, normal(2, 3))
case(np.broadcast_to, normal(3), (2, 3))
case(np.broadcast_to, normal(3, 1), (3, 4))
case(np.broadcast_to, 2.0, (3, 4))
case(np.transpose, normal(2, 3))
case(np.transpose, normal(2, 3, 4))
case(np.transpose, normal(2, 3, 4), axes=(1, 2, 0))
case(np.transpose, normal(3))
case(np.matrix_transpose, normal(2, 3, 4))
case(np.swapaxes, normal(2, 3, 4), 0, 2)
case(np.moveaxis, normal(2, 3, 4), 0, -1)
case(np.moveaxis, normal(2, 3, 4), source=(0, 1), destination=(1, 2))
case(np.rollaxis, normal(2, 3, 4), 2)
case(np.rollaxis, normal(2, 3, 4), 0, 3)
case(np.flip, normal(2, 3))
case(np.flip, normal(2, 3), axis=1)
case(np.fliplr, normal(2, 3))
case(np.flipud, normal(2, 3))
case(np.rot90, normal(2, 3))
case(np.rot90, normal(2, 3), k=2)
case(np.roll, normal(5), 2)
case(np.roll, normal(5, 3), -1, axis=0)
case(np.roll, normal(5, 3), (1, 2), axis=(0, 1))
for parts in ([normal(2), normal(3)], [normal(3)], [normal(2), np.zeros(0), normal(1)]):
    case(np.concatenate, parts)
    case(np.hstack, parts)
case(np.concatenate, [normal(2, 3), normal(4, 3)])
case(np.concatenate, [normal(2, 3), normal(2, 4)], axis=1)
case(np.concatenate, [normal(2, 3), normal(2, 4)], axis=-1)
case(np.concatenate, [normal(2, 3), normal(4)], axis=None)
case(np.concatenate, (normal(2, 3), normal(2, 3)))
for axis in (0, 1, -1):
    case(np.stack, [normal(3), normal(3)], axis=axis)
case(np.stack, [normal(2, 3), normal(2, 3), normal(2, 3)], axis=1)
case(np.stack, [1.0, 2.0])
for f in (np.vstack, np.hstack, np.column_stack):
    case(f, [normal(3, 2), normal(3, 2)])
    case(f, [normal(3), normal(3)])
case(np.vstack, [normal(3), normal(2, 3)])
case(np.column_stack, [normal(3), normal(3, 2)])
case(np.hstack, [normal(3, 2), normal(3, 1)])
case(np.hstack, [1.0, 2.0, normal(3)])
case(np.append, normal(3), normal(2))
case(np.append, normal(3), 1.5)
case(np.append, normal(3, 2), normal(1, 2), axis=0)
case(np.copy, normal(3))
case(np.asarray, normal(3))
case(np.ascontiguousarray, normal(3, 2))
case(np.asfortranarray, normal(3, 2))
case(np.amax, normal(3, 2), axis=1)
case(np.amin, normal(3, 2))
case(np.array, normal(3))
case(np.array, [1.0, 2.0])
case(np.array, [[1.0, 2.0], [3.0, 4.0]])
case(np.array, [normal(3), normal(3)])

# --- indexing
X = normal(5, 4, 3)
for index in (0, -1, slice(1, 3), slice(None, None, -1), slice(None, None, 2), slice(-2, None), slice(1, -1), (0, 1),
              (0, 1, 2),
              (slice(None), 0), (Ellipsis, 0), (None, 0), (0, Ellipsis), (slice(1, None), None, slice(None, -1)),
              np.array([0, 2, 2]), [0, 1], (np.array([0, 1]), np.array([1, 1])),
              (np.array([[0], [1]]), np.array([1, 2])),
              (0, slice(None), np.array([0, 0, 1])), (slice(None), np.array([0, 0]), 1), X[:, 0, 0] > 0, X > 0, (),
              slice(0, 0), slice(3, 100)):
    case(operator.getitem, X, index)
for index in (0, slice(1, 3), np.array([0, 2, 2]), (slice(None), 1), X[:, 0, 0] > 0, (Ellipsis, 1)):
    from srcad.runtime import arrays

    case(arrays.set_at, X, index, normal(*X[index].shape))
    case(arrays.set_at, X, index, 1.5)
    case(arrays.index_add, X, normal(*X[index].shape), index)
case(arrays.set_at, X, (0, 1, 2), 2.0)
case(arrays.set_at, X, slice(1, 3), normal(3))
case(arrays.read_last, X, np.array([0, 2, 2]))

# --- ordering
for axis in (-1, 0, None):
    case(np.sort, normal(3, 4), axis=axis)
case(np.sort, normal(5))
case(np.sort, normal(2, 3, 4), 1)
case(np.bincount, np.array([0, 2, 1, 2]), normal(4))
case(np.bincount, np.array([0, 2, 1, 2]), normal(4), 5)
case(np.partition, normal(5), 2)
case(np.partition, normal(3, 5), 2, axis=1)
case(np.take, normal(5), np.array([0, 2, 2]))
case(np.take, normal(3, 4), np.array([0, 2, 2]))
case(np.take, normal(3, 4), np.array([0, 2, 2]), axis=0)
case(np.take, normal(3, 4), [0, 1], axis=1)
case(np.take, normal(3, 4), 1, axis=-1)
case(np.take_along_axis, normal(3, 4), np.array([[0, 1], [1, 1], [2, 0]]), axis=1)
case(np.compress, np.array([True, False, True]), normal(3))
case(np.compress, np.array([True, False, True]), normal(3, 2), axis=0)
case(np.extract, np.array([True, False, True]), normal(3))
for f in (np.median, ):
    case(f, normal(5))
    case(f, normal(4))
    case(f, normal(3, 4), axis=0)
    case(f, normal(3, 4), axis=1, keepdims=True)
    case(f, normal(2, 3, 4), axis=(0, 2))
case(np.quantile, normal(6), 0.3)
case(np.quantile, normal(6, 2), 0.3, axis=0)
case(np.percentile, normal(6), 30)
case(np.percentile, normal(3, 6), 100, axis=1)
NODES = np.array([0.0, 1.0, 2.5, 4.0])
case(np.interp, positive(5), NODES, normal(4))
case(np.interp, np.array([-1.0, 5.0, 3.0]), NODES, normal(4))
case(np.interp, 1.7, NODES, normal(4))

# --- matrices
for k in (0, 1, -1):
    case(np.diag, normal(3), k)
    case(np.diag, normal(3, 3), k)
    case(np.diag, normal(3, 4), k=k)
    case(np.diagonal, normal(3, 4), k)
    case(np.tril, normal(3, 4), k=k)
    case(np.triu, normal(3, 3), k)
    case(np.trace, normal(3, 3), k)
case(np.diagonal, normal(2, 3, 3), axis1=1, axis2=2)
case(np.trace, normal(3, 4))
case(np.trace, normal(2, 3, 3), axis1=1, axis2=2)
case(np.diagflat, normal(2, 2))
case(np.tril, normal(3))
case(arrays.add_diagonal, normal(3, 4), normal(3))
case(np.kron, normal(2), normal(3))
case(np.kron, normal(2, 3), normal(3, 2))
case(np.kron, normal(1, 2), normal(2, 2))
case(np.cross, normal(3), normal(3))
case(np.cross, normal(5, 3), normal(5, 3))
case(np.cross, normal(5, 3), normal(3))
for mode in ("full", "same", "valid"):
    for f in (np.convolve, np.correlate):
        case(f, normal(6), normal(3), mode=mode)
        case(f, normal(6), normal(4), mode=mode)
        case(f, normal(3), normal(3), mode=mode)
    case(np.convolve, normal(2), normal(5), mode=mode)
    case(np.convolve, z(4), z(2), mode=mode)
    case(np.correlate, z(4), z(2), mode=mode)

# --- blocks
case(np.tile, normal(3), 2)
case(np.tile, normal(3), (2, 2))
case(np.tile, normal(2, 3), (2, 1))
case(np.tile, normal(2, 3), 2)
case(np.repeat, normal(3), 2)
case(np.repeat, normal(2, 3), 2)
case(np.repeat, normal(2, 3), 2, axis=0)
case(np.repeat, normal(3), np.array([1, 0, 3]))
case(np.repeat, normal(2, 3), np.array([1, 0, 3]), axis=1)
case(np.pad, normal(3), 2)
case(np.pad, normal(3), (1, 2))
case(np.pad, normal(2, 3), ((1, 0), (0, 2)))
case(np.pad, normal(2, 3), 1, mode="constant", constant_values=7.0)
for mode in ("edge", "wrap", "reflect", "symmetric"):
    case(np.pad, normal(4), (2, 1), mode=mode)
    case(np.pad, normal(3, 4), 1, mode=mode)
case(np.split, normal(6), 3)
case(np.split, normal(6, 2), [2, 3])
case(np.split, normal(2, 6), 2, axis=1)
case(np.split, normal(6), [4, 1])
case(np.split, normal(2, 6), [5, 2, -2], axis=1)
case(arrays.unsplit, [normal(4), normal(0), normal(5)], np.zeros(6), [4, 1])
case(arrays.unsplit, [normal(2, 5), normal(2, 1)], np.zeros((2, 6)), [5], axis=1)
case(np.array_split, normal(7), 3)
case(np.hsplit, normal(6), 2)
case(np.hsplit, normal(2, 6), 2)
case(np.vsplit, normal(4, 3), 2)
case(np.dsplit, normal(1, 2, 4), 2)
case(np.diff, normal(5))
case(np.diff, normal(5), n=2)
case(np.diff, normal(3, 5), axis=0)
case(np.diff, normal(3, 5), 1, 1)
case(np.diff, normal(5), prepend=1.0)
case(np.diff, normal(5), append=2.0, prepend=1.0)
case(np.ediff1d, normal(5))

# --- what is missing
HOLED = normal(3, 4)
HOLED[[0, 1, 1], [1, 1, 3]] = np.nan
for f in (np.nansum, np.nanmean, np.nanmax, np.nanmin, np.nanvar, np.nanstd):
    case(f, HOLED)
    case(f, HOLED, axis=0)
    case(f, HOLED, axis=1, keepdims=True)
    case(f, normal(3))

# --- new arrays
case(np.full, (2, 3), 1.5)
case(np.full, 3, 1.5)
case(np.full, (2, 3), normal(3))
case(np.full_like, normal(2, 3), 1.5)
case(np.linspace, 0.5, 2.0, 5)
case(np.linspace, 0.5, 2.0, 5, endpoint=False)
case(np.linspace, 0.5, 2.0, 1)
case(np.linspace, normal(3), normal(3), 4)
case(np.linspace, normal(3), normal(3), 4, axis=1)
case(np.arange, 2.5)
case(np.arange, 0.5, 3.2)
case(np.arange, 0.5, 3.2, 0.4)
case(np.fft.fftfreq, 5, 0.3)
case(np.fft.rfftfreq, 6, 0.3)

# --- functions of networks
for f in (activations.sigmoid, activations.softplus, activations.relu):
    case(f, normal(3, 4))
    case(f, normal(3).astype(SINGLE))
    case(f, 0.7)
case(activations.sigmoid, np.array([-800.0, 0.0, 800.0]))
for axis in (0, 1, -1):
    case(activations.log_softmax, normal(3, 4), axis=axis)
case(activations.log_softmax, normal(4))

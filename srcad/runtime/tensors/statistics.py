"""Order statistics, covariances, counts, and where elements are."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.runtime.tensors import dtypes, reductions
from srcad.runtime.tensors.arithmetic import divide, minus, multiply, plus
from srcad.runtime.tensors.elementary import conj, lerp, renamed, sqrt
from srcad.runtime.tensors.indexing import getitem
from srcad.runtime.tensors.products import matmul, outer
from srcad.runtime.tensors.shapes import cat, diagonal, narrow, ravel, reshape, squeeze, transpose
from srcad.runtime.tensors.tensor import Tensor, normal, return_type, wrap

median_: Any = return_type("median", "values", "indices")


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element, the lower of two; along `dim` with its index."""
    if dim is None:
        return renamed(_middle(ravel(input), 0, False)[0], "MedianBackward0")
    values, places = _middle(input, normal(dim, input.ndim), keepdim)
    return median_(renamed(values, "MedianBackward1"), places)


def _middle(x: Tensor, axis: int, keep: bool) -> tuple[Tensor, Tensor]:
    if not x.shape[axis]:
        raise IndexError(f"median(): Expected reduction dim {axis} to have non-zero size.")
    order = np.argsort(x._data, axis=axis, kind="stable")
    place = np.take(order, [(x.shape[axis] - 1) // 2], axis)
    values = reductions.gathered(x, axis, place)
    return (values, wrap(place)) if keep else (squeeze(values, axis), wrap(np.squeeze(place, axis)))


def quantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Quantiles, between two elements by a straight line."""
    if input._data.dtype.kind != "f":
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    x, axis = (ravel(input), 0) if dim is None else (input, normal(dim, input.ndim))
    at = np.atleast_1d(np.asarray(q._data if isinstance(q, Tensor) else q, x._data.dtype)) * (x.shape[axis] - 1)
    values = reductions.sort(x, axis).values
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, x.shape[axis] - 1)
    index = [slice(None)] * axis
    weight = wrap((at - low).astype(at.dtype).reshape(-1, *[1] * (x.ndim - axis - 1)))
    found = lerp(getitem(values, (*index, wrap(low))), getitem(values, (*index, wrap(high))), weight)
    if np.ndim(q._data if isinstance(q, Tensor) else q) == 0:
        return found if keepdim and dim is not None else squeeze(found, axis)
    order = [axis, *[k for k in range(x.ndim) if k != axis]]
    moved: Tensor = found if axis == 0 else found.permute(order)  # type: ignore[attr-defined]
    return moved.unsqueeze(axis + 1) if keepdim and dim is not None else moved  # type: ignore[attr-defined, no-any-return]


def cov(input: Tensor, *, correction: int = 1) -> Tensor:
    """The covariances of the rows, each of which is a variable."""
    x = reshape(input, (1, -1)) if input.ndim < 2 else input
    x = minus(x, reductions.mean(x, 1, True))
    found = divide(matmul(x, conj(transpose(x, 0, 1))), max(x.shape[1] - correction, 0))
    return squeeze(found) if input.ndim < 2 else found


def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows."""
    found = cov(input)
    if not found.ndim:
        return divide(found, found)  # type: ignore[no-any-return]
    scale = sqrt(diagonal(found))
    return divide(found, outer(scale, scale))  # type: ignore[no-any-return]


def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None,
         append: Tensor | None = None) -> Tensor:
    """Differences of neighbours, `n` times."""
    x, axis = input, normal(dim, input.ndim)
    ends = [t for t in (prepend, input, append) if t is not None]
    if len(ends) > 1:
        x = cat(ends, axis)
    for _ in range(n):
        length = x.shape[axis] - 1
        x = minus(narrow(x, axis, 1, length), narrow(x, axis, 0, length))
    return x


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1.0, dim: int = -1) -> Tensor:
    """The integral of `y` by the trapezoidal rule, over the places `x` or steps of `dx`."""
    axis = normal(dim, y.ndim)
    length = y.shape[axis] - 1
    both = plus(narrow(y, axis, 1, length), narrow(y, axis, 0, length))
    if x is None:
        return divide(multiply(reductions.sum(both, axis), dx), 2.0)  # type: ignore[no-any-return]
    steps = diff(x) if x.ndim == 1 else diff(x, dim=axis)
    if x.ndim == 1:
        steps = reshape(steps, (-1, *[1] * (y.ndim - axis - 1)))
    return divide(reductions.sum(multiply(both, steps), axis), 2.0)  # type: ignore[no-any-return]


trapz = trapezoid


def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """The different elements, in order; also where they went, and how often each is there."""
    values, inverse, counts = np.unique(input.detach().numpy(), return_inverse=True, return_counts=True)
    found = [wrap(values)]
    if return_inverse:
        found.append(wrap(inverse.reshape(input.shape)))
    if return_counts:
        found.append(wrap(counts))
    return found[0] if len(found) == 1 else tuple(found)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that aren't 0: a row for each, or a tensor for each dimension."""
    found = np.nonzero(np.atleast_1d(input._data))
    if as_tuple:
        return tuple(map(wrap, found))
    return wrap(np.stack(found, 1) if input.ndim else np.zeros((len(found[0]), 0), np.int64))


def searchsorted(sorted_sequence: Tensor, input: Any, *, right: bool = False) -> Tensor:
    """Where elements would be put into an ordered vector."""
    if sorted_sequence.ndim != 1:
        raise RuntimeError("searchsorted of stacked sequences: only a vector is searched here")
    given = input._data if isinstance(input, Tensor) else input
    return wrap(np.asarray(np.searchsorted(sorted_sequence._data, given, "right" if right else "left")))


def bucketize(input: Any, boundaries: Tensor, *, right: bool = False) -> Tensor:
    """The bucket of each element."""
    return searchsorted(boundaries, input, right=right)


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements lie in each of `bins` equal parts of a range; by default that of the elements."""
    data = input.detach().numpy()
    if data.dtype.kind != "f":
        raise NotImplementedError(f'"histogram_cpu" not implemented for \'{dtypes.class_name(data.dtype)}\'')
    ends = (min, max) if min != max else (data.min(), data.max()) if data.size else (0.0, 1.0)
    if ends[0] == ends[1]:
        ends = (ends[0] - 1, ends[1] + 1)
    return wrap(np.histogram(data, bins, ends)[0].astype(data.dtype))

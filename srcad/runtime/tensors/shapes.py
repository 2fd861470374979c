"""Shapes: views where the memory allows them, joins, splits."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcad.runtime import arrays
from srcad.runtime.tensors import dtypes
from srcad.runtime.tensors.arithmetic import to_type
from srcad.runtime.tensors.operation import OVERLAP, apply, viewed
from srcad.runtime.tensors.tensor import Step, Tensor, normal, wrap


def sizes(args: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape that is given as numbers or as one tuple of them."""
    if len(args) == 1 and isinstance(args[0], tuple | list):
        args = tuple(args[0])
    return tuple(map(operator.index, args))


def _completed(x: Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with -1 replaced by what is left."""
    given, total = [n for n in shape if n != -1], x.numel()
    known = int(np.prod(given, dtype=int))
    fits = known == total if len(given) == len(shape) else known and total % known == 0
    if len(given) < len(shape) - 1:
        raise RuntimeError("only one dimension can be inferred")
    if not fits:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {total}")
    return tuple(total // known if n == -1 else n for n in shape)


def _reshaped(x: Tensor, shape: tuple[int, ...], name: str) -> Tensor:
    def look(a: Any) -> Any:
        return np.reshape(a, shape)

    return viewed(x, Step(name, np.reshape, (shape,), look, lambda old, new: reshape(new, old.shape)))


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape: a view where the memory allows it, a copy elsewhere."""
    wanted = _completed(input, sizes(shape))
    if _is_view(input, wanted):
        return _reshaped(input, wanted, "ViewBackward0")
    return apply("UnsafeViewBackward0", np.reshape, input, wanted)


def _is_view(x: Tensor, shape: tuple[int, ...]) -> bool:
    return bool(np.may_share_memory(np.reshape(x.array, shape), x.array)) if x.numel() else True


def view(input: Tensor, *shape: Any) -> Tensor:
    """The same memory in another shape; a RuntimeError if that can't be."""
    if len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        return wrap(input.array.view(shape[0].numpy))
    wanted = _completed(input, sizes(shape))
    if not _is_view(input, wanted):
        raise RuntimeError("view size is not compatible with input tensor's size and stride (at least one dimension "
                           "spans across two contiguous subspaces). Use .reshape(...) instead.")
    return _reshaped(input, wanted, "ViewBackward0")


def view_as(input: Tensor, other: Tensor) -> Tensor:
    return view(input, other.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    return reshape(input, other.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """One dimension in place of those from `start_dim` to `end_dim`."""
    shape = input.shape or (1,)
    start, end = normal(start_dim, input.ndim), normal(end_dim, input.ndim)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return reshape(input, (*shape[:start], int(np.prod(shape[start:end + 1])), *shape[end + 1:]))


def ravel(input: Tensor) -> Tensor:
    return reshape(input, (-1,))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Several dimensions in place of `dim`."""
    place = normal(dim, input.ndim)
    return reshape(input, (*input.shape[:place], *sizes, *input.shape[place + 1:]))


# --- orders of dimensions

def _permuted(x: Tensor, order: tuple[int, ...], name: str) -> Tensor:
    back = tuple(int(k) for k in np.argsort(order))
    plain = order == (1, 0)

    def look(a: Any) -> Any:
        return np.transpose(a, order)

    def put(old: Tensor, new: Tensor) -> Tensor:
        return apply("PermuteBackward0", np.transpose, new, back)

    return viewed(x, Step(name, np.transpose, () if plain else (order,), look, put))


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order."""
    order = tuple(normal(d, input.ndim) for d in sizes(dims))
    if len(order) != input.ndim:
        raise RuntimeError(f"permute(sparse_coo): number of dimensions in the tensor input does not match the length "
                           f"of the desired ordering of dimensions i.e. input.dim() = {input.ndim} is not equal to "
                           f"len(dims) = {len(order)}")
    if len(set(order)) < len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _permuted(input, order, "PermuteBackward0")


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    a, b = normal(dim0, input.ndim), normal(dim1, input.ndim)
    order = list(range(input.ndim))
    if order:
        order[a], order[b] = b, a
    return _permuted(input, tuple(order), "TransposeBackward0")


swapaxes = swapdims = transpose


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a vector is its own."""
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return _permuted(input, tuple(reversed(range(input.ndim))), "TBackward0")


def reversed_dims(input: Tensor) -> Tensor:
    """`input.T`."""
    return _permuted(input, tuple(reversed(range(input.ndim))), "PermuteBackward0")


def matrix_transpose(input: Tensor) -> Tensor:
    """`input.mT`."""
    return transpose(input, -2, -1)


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    places = [source] if isinstance(source, int) else list(source)
    targets = [destination] if isinstance(destination, int) else list(destination)
    places, targets = [normal(p, input.ndim) for p in places], [normal(d, input.ndim) for d in targets]
    rest = [k for k in range(input.ndim) if k not in places]
    for target, place in sorted(zip(targets, places, strict=True)):
        rest.insert(target, place)
    return _permuted(input, tuple(rest), "PermuteBackward0")


# --- dimensions of size one

def squeeze(input: Tensor, dim: Any = None, *, axis: Any = None) -> Tensor:
    """Without dimensions of size one: all, or those named."""
    dim = axis if dim is None else dim
    dims = range(input.ndim) if dim is None else [normal(d, input.ndim) for d in (dim if isinstance(dim, tuple | list)
                                                                                   else (dim,))]
    shape = tuple(n for k, n in enumerate(input.shape) if n != 1 or k not in dims)
    return _reshaped(input, shape, "SqueezeBackward0" if dim is None else "SqueezeBackward1")


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of size one at `dim`."""
    place = normal(dim, input.ndim + 1)
    return _reshaped(input, (*input.shape[:place], 1, *input.shape[place:]), "UnsqueezeBackward0")


# --- stretched

def expand(input: Tensor, *shape: Any) -> Tensor:
    """A view in which dimensions of size one are repeated without being copied; -1 keeps a size."""
    wanted = sizes(shape)
    extra = len(wanted) - input.ndim
    own = (1,) * extra + tuple(input.shape)
    full = tuple(n if w == -1 else w for n, w in zip(own, wanted, strict=True))
    for k, (n, w) in enumerate(zip(own, full, strict=True)):
        if n not in (1, w):
            raise RuntimeError(f"The expanded size of the tensor ({w}) must match the existing size ({n}) at "
                               f"non-singleton dimension {k}.  Target sizes: {list(wanted)}.  Tensor sizes: "
                               f"{list(input.shape)}")

    def put(old: Tensor, new: Tensor) -> Tensor:
        raise RuntimeError(OVERLAP)

    def look(a: Any) -> Any:
        shown = np.broadcast_to(a, full)
        # NumPy gives a view that can't be written to; parts of it may be.
        return np.lib.stride_tricks.as_strided(a, full, shown.strides)

    return viewed(input, Step("ExpandBackward0", np.broadcast_to, (full,), look, put))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    return expand(input, other.shape)


def broadcast_to(input: Tensor, shape: Any) -> Tensor:
    return expand(input, shape)


def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """The tensor laid beside itself, so often in each dimension."""
    times = sizes(repeats)
    if len(times) < input.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    return apply("RepeatBackward0", np.tile, input, times)


def repeat_interleave(input: Tensor, repeats: int, dim: int | None = None) -> Tensor:
    """Each element so often after itself."""
    x, axis = (ravel(input), 0) if dim is None else (input, normal(dim, input.ndim))
    return apply("RepeatInterleaveBackward0", np.repeat, x, repeats, axis)


tile = repeat


# --- joins and parts

def _common(tensors: Any, name: str) -> list[Tensor]:
    found = list(tensors)
    for k, x in enumerate(found):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {k} in argument 0, but got {type(x).__name__}")
    if not found:
        raise (ValueError if name == "cat" else RuntimeError)(f"torch.{name}(): expected a non-empty list of Tensors")
    common = dtypes.result_type(*(x._data for x in found))
    return [to_type(x, common) for x in found]


def cat(tensors: Any, dim: int = 0, *, axis: int | None = None) -> Tensor:
    """The tensors one after another along `dim`."""
    found = _common(tensors, "cat")
    for k, x in enumerate(found):
        if not x.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {k}) cannot be concatenated")
    if len(found) > 1:
        found = [x for x in found if x.shape != (0,)] or found
    place = normal(dim if axis is None else axis, found[0].ndim)
    first = found[0].shape
    for k, x in enumerate(found):
        if x.ndim != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {x.ndim}")
        for d, (n, m) in enumerate(zip(first, x.shape, strict=True)):
            if d != place and n != m:
                raise RuntimeError(f"Sizes of tensors must match except in dimension {place}. Expected size {n} but "
                                   f"got size {m} for tensor number {k} in the list.")
    return apply("CatBackward0", np.concatenate, found, axis=place)


concat = concatenate = cat


def stack(tensors: Any, dim: int = 0, *, axis: int | None = None) -> Tensor:
    """The tensors along a new dimension."""
    found = _common(tensors, "stack")
    first = found[0].shape
    for k, x in enumerate(found):
        if x.shape != first:
            raise RuntimeError(f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                               f"{list(x.shape)} at entry {k}")
    return apply("StackBackward0", np.stack, found, axis=normal(dim if axis is None else axis, len(first) + 1))


def vstack(tensors: Any) -> Tensor:
    return cat([x if x.ndim > 1 else reshape(x, (1, -1)) for x in tensors], 0)


def hstack(tensors: Any) -> Tensor:
    found = [x if x.ndim else reshape(x, (1,)) for x in tensors]
    return cat(found, 0 if found[0].ndim == 1 else 1)


def split(input: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of that size (the last may be smaller), or of those sizes."""
    place = normal(dim, input.ndim)
    n, size = input.shape[place], split_size_or_sections
    lengths = [size] * (n // size) + ([n % size] if n % size else []) if isinstance(size, int) else list(size)
    if sum(lengths) != n:
        raise RuntimeError(f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at "
                           f"dimension {place}), but got split_sizes={lengths}")
    ends = np.cumsum(lengths).tolist()
    return tuple(narrow(input, place, end - length, length) for end, length in zip(ends, lengths, strict=True))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    n = input.shape[normal(dim, input.ndim)]
    return split(input, -(-n // chunks), dim)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A view of `length` elements of `dim`, from `start`."""
    place = normal(dim, input.ndim)
    if start + length > input.shape[place]:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({input.shape[place]}).")
    return input[(*[slice(None)] * place, slice(start, start + length))]  # type: ignore[index, no-any-return]


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts along a dimension, without it."""
    place = normal(dim, input.ndim)
    return tuple(input[(*[slice(None)] * place, k)] for k in range(input.shape[place]))  # type: ignore[index]


def flip(input: Tensor, *dims: Any) -> Tensor:
    """The elements of these dimensions in reverse order."""
    return apply("FlipBackward0", np.flip, input, tuple(normal(d, input.ndim) for d in sizes(dims)))


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    return apply("RollBackward0", np.roll, input, shifts, dims)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The part of a matrix on and below a diagonal."""
    return apply("TrilBackward0", np.tril, input, diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The part of a matrix on and above a diagonal."""
    return apply("TriuBackward0", np.triu, input, diagonal)


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    return apply("DiagonalBackward0", np.diagonal, input, offset, normal(dim1, input.ndim), normal(dim2, input.ndim))


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix with that diagonal."""
    return apply("DiagonalBackward0" if input.ndim == 2 else "DiagBackward0", np.diag, input, diagonal)


# --- copies

def clone(input: Tensor) -> Tensor:
    """A copy, which gradients flow through."""
    return apply("CloneBackward0", arrays.duplicate, input)


def contiguous(input: Tensor) -> Tensor:
    """The tensor itself if its elements lie in order in memory, else a copy."""
    return input if input.is_contiguous() else clone(input)

"""Reading and writing elements.

Numbers, slices, `...` and None give views of the memory; lists and tensors of integers or Booleans give copies.  A
write goes to the memory itself, and where gradients flow it is recorded as a new version of the tensor.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.runtime import arrays
from srcad.runtime.tensors import dtypes
from srcad.runtime.tensors.arithmetic import binary, divide, minus, multiply, plus, to_type
from srcad.runtime.tensors.elementary import renamed, where
from srcad.runtime.tensors.operation import (
    VIEW_OF_LEAF,
    apply,
    before,
    may_change,
    overwritten,
    raw,
    requires,
    viewed,
    writable,
)
from srcad.runtime.tensors.record import MODE
from srcad.runtime.tensors.reductions import gathered
from srcad.runtime.tensors.shapes import expand, ravel
from srcad.runtime.tensors.tensor import Step, Tensor, wrap


def _normalised(x: Tensor, index: Any) -> tuple[Any, ...]:
    """The index as a tuple; masks and lists are tensors, tensors of one integer are numbers."""
    if isinstance(index, list) and any(p is None or p is Ellipsis or isinstance(p, list | tuple | slice | Tensor)
                                       for p in index):
        index = tuple(index)
    parts = list(index) if isinstance(index, tuple) else [index]
    found: list[Any] = []
    axis = 0
    for part in parts:
        if isinstance(part, list | np.ndarray):
            array = np.asarray(raw(part))
            part = wrap(array if array.size else array.astype(np.int64))
        if isinstance(part, Tensor) and part.ndim == 0 and part._data.dtype.kind in "iu":
            part = int(part.item())
        if isinstance(part, Tensor):
            _checked_type(part)
        if isinstance(part, float | str):
            raise (IndexError if isinstance(part, float) else TypeError)(
                            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
                            f"indices (got {type(part).__name__})")
        if isinstance(part, slice):
            part = _slice(part)
        found.append(part)
        axis += 0 if part is None or part is Ellipsis else _consumes(part)
    if axis > x.ndim:
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}" if x.ndim else
                         "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
                         "to convert a 0-dim tensor to a number")
    _in_range(x, found)
    return tuple(found)


def _slice(part: slice) -> slice:
    if part.step is not None and part.step <= 0:
        raise ValueError("step must be greater than zero")
    ends = [None if e is None else operator.index(e) for e in (part.start, part.stop, part.step)]
    return slice(*ends)


def _consumes(part: Any) -> int:
    return part.ndim if isinstance(part, Tensor) and part._data.dtype == dtypes.BOOL else 1


def _checked_type(part: Tensor) -> None:
    if part._data.dtype.kind not in "iub":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")


def _in_range(x: Tensor, parts: list[Any]) -> None:
    """PyTorch's words for integers out of range, masks that don't fit, and indices that don't broadcast."""
    missing = x.ndim - sum(_consumes(p) for p in parts if p is not None and p is not Ellipsis)
    axis = 0
    for part in parts:
        if part is Ellipsis:
            axis += missing
            continue
        if part is None:
            continue
        if isinstance(part, int) and not isinstance(part, bool) and not -x.shape[axis] <= part < x.shape[axis]:
            raise IndexError(f"index {part} is out of bounds for dimension {axis} with size {x.shape[axis]}")
        if isinstance(part, Tensor) and part._data.dtype == dtypes.BOOL:
            own = x.shape[axis:axis + part.ndim]
            if part.shape != own:
                k = next(k for k, (a, b) in enumerate(zip(part.shape, own, strict=True)) if a != b)
                raise IndexError(f"The shape of the mask {list(part.shape)} at index {k} does not match the shape of "
                                 f"the indexed tensor {list(x.shape)} at index {axis + k}")
        axis += _consumes(part)


def _is_basic(parts: tuple[Any, ...]) -> bool:
    return not any(isinstance(p, Tensor | bool) for p in parts)


def _short(parts: tuple[Any, ...]) -> Any:
    return parts[0] if len(parts) == 1 else parts


def getitem(x: Tensor, index: Any) -> Tensor:
    parts = _normalised(x, index)
    if _is_basic(parts):
        return _view(x, parts)
    try:
        return apply("IndexBackward0", operator.getitem, x, _short(parts))
    except IndexError as error:
        if "broadcast" in str(error):
            raise IndexError("shape mismatch: indexing tensors could not be broadcast together with shapes "
                             + ", ".join(str(list(p.shape)) for p in parts if isinstance(p, Tensor))) from None
        raise IndexError(str(error).replace("axis", "dimension")) from None


def _view(x: Tensor, parts: tuple[Any, ...]) -> Tensor:
    name = "SelectBackward0" if any(type(p) is int for p in parts) else "SliceBackward0"
    if all(p is None for p in parts):
        name = "UnsqueezeBackward0"
    index = _short(parts)

    def put(old: Tensor, new: Tensor) -> Tensor:
        return apply("CopySlices", arrays.set_at, old, index, new)

    # With `...` a single element is a view too, and not a copy.
    whole = parts if any(p is Ellipsis for p in parts) else (*parts, Ellipsis)
    return viewed(x, Step(name, operator.getitem, (index,), lambda a: a[whole], put))


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """Store in the memory of `x`."""
    parts = _normalised(x, index)
    if not isinstance(value, Tensor):
        value = wrap(np.asarray(value)) if isinstance(value, np.ndarray) else _of_number(x, value)
    if MODE.enabled and (x._needs or value._needs):
        if x._needs and x.is_leaf and _is_basic(parts):
            raise RuntimeError(VIEW_OF_LEAF)
        may_change(x)
        if not _is_there(x, parts, value):
            _recorded_store(x, parts, value)
        return
    if x._base is not None:
        writable(np.asarray(x.array[raw(_short(parts))]))
    try:
        x.array[raw(_short(parts))] = value._data
    except ValueError as error:
        raise _mismatch(x, parts, value, error) from None
    except IndexError as error:
        raise IndexError(str(error).replace("axis", "dimension")) from None
    x._counter[0] += 1


def _is_there(x: Tensor, parts: tuple[Any, ...], value: Tensor) -> bool:
    """Is `value` the part of `x` that it is stored to?  After `x[1:] *= 2` Python stores the view that was changed."""
    if value._base is None or value._base is not (x if x._base is None else x._base) or not _is_basic(parts):
        return False
    place, own = x.array[(*parts, Ellipsis) if Ellipsis not in parts else parts], value.array
    return bool(place.ctypes.data == own.ctypes.data and place.shape == own.shape and place.strides == own.strides)


def _of_number(x: Tensor, value: Any) -> Tensor:
    if not isinstance(value, bool | int | float | complex | np.generic):
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.{dtypes.class_name(x._data.dtype)}Tensor")
    return wrap(np.asarray(value, dtype=x._data.dtype))


def _mismatch(x: Tensor, parts: tuple[Any, ...], value: Tensor, error: ValueError) -> RuntimeError:
    target = list(x.array[raw(_short(parts))].shape)
    shape = list(value.shape)
    for k in range(1, min(len(target), len(shape)) + 1):
        if target[-k] != shape[-k] and shape[-k] != 1:
            return RuntimeError(f"The expanded size of the tensor ({target[-k]}) must match the existing size "
                                f"({shape[-k]}) at non-singleton dimension {len(target) - k}.  Target sizes: {target}."
                                f"  Tensor sizes: {shape}")
    return RuntimeError(f"shape mismatch: value tensor of shape {shape} cannot be broadcast to indexing result of "
                        f"shape {target}: {error}")


def _recorded_store(x: Tensor, parts: tuple[Any, ...], value: Tensor) -> None:
    value = to_type(value, x._data.dtype)
    try:
        stored = apply("CopySlices", arrays.set_at, x, _short(parts), value)
    except ValueError as error:
        raise _mismatch(x, parts, value, error) from None
    if not stored._needs:   # an integer tensor
        x.array[raw(_short(parts))] = value._data
        x._counter[0] += 1
        return
    overwritten(x, stored)


# --- by functions

def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The entries of a dimension that `index` names."""
    return renamed(getitem(input, (*[slice(None)] * (dim % input.ndim), index)), "IndexSelectBackward0")


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, as a vector."""
    shape = np.broadcast_shapes(input.shape, mask.shape)

    return renamed(getitem(expand(input, shape), expand(mask, shape)), "MaskedSelectBackward0")


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`value` where the mask holds."""

    given = value if isinstance(value, Tensor) else wrap(np.asarray(value, input._data.dtype))
    return renamed(where(mask, given, input), "MaskedFillBackward0")


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The elements at `index` along `dim`."""

    return gathered(input, dim % input.ndim, index._data)


def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements of the flattened tensor."""

    return renamed(getitem(ravel(input), index), "TakeBackward0")


def _at(dim: int, index: Tensor) -> tuple[Any, ...]:
    """The places that `index`, a tensor of places along `dim`, names."""
    places = list(np.ix_(*[np.arange(n) for n in index.shape]))
    places[dim] = index._data
    return tuple(wrap(np.asarray(p)) for p in places)


def _part(src: Any, index: Tensor) -> Any:
    """The part of `src` that belongs to `index`."""
    return src if not isinstance(src, Tensor) or src.shape == index.shape else src[tuple(map(slice, index.shape))]  # type: ignore[index]


def scatter(input: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """A copy with the elements of `src` at `index` along `dim`."""
    return scatter_(before(input), dim, index, src)


def scatter_(x: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """Store the elements of `src` at `index` along `dim`."""
    setitem(x, _at(dim % x.ndim, index), _part(src, index))
    return x


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy to which the elements of `src` are added at `index` along `dim`; places that come again add up."""
    at = _at(dim % input.ndim, index)
    return apply("ScatterAddBackward0", arrays.index_add, input, _part(src, index), at)


def scatter_add_(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    return in_place(x, scatter_add, dim, index, src)


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy to which the slices of `source` are added at `index` along `dim`; places that come again add up."""
    at = (*[slice(None)] * (dim % input.ndim), index)
    given = source if alpha == 1 else multiply(source, alpha)
    return apply("IndexAddBackward0", arrays.index_add, input, given, at[0] if len(at) == 1 else at)


def index_add_(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    return in_place(x, index_add, dim, index, source, alpha=alpha)


# --- in place

def in_place(x: Tensor, operation: Any, *args: Any, **kwargs: Any) -> Tensor:
    """`x` with its memory overwritten by what `operation` makes of it.

    Where that is recorded, the operation reads a copy: its derivative may need the values that are overwritten."""
    recorded = MODE.enabled and (x._needs or requires((args, list(kwargs.values()))))
    value = operation(before(x) if recorded else x, *args, **kwargs)
    return value if value is NotImplemented else overwritten(x, value)


def fast_in_place(x: Tensor, y: Any, ufunc: Any, slow: Any) -> Any:
    """`x op= y` by NumPy's own in-place operation where nothing is recorded and the types agree."""
    recorded = MODE.enabled and (x._needs or getattr(y, "_needs", False))
    other = y._data if isinstance(y, Tensor) else y
    plain = x._data.dtype.kind == "f" and (type(y) in (int, float) or (
        isinstance(y, Tensor) and y._data.dtype == x._data.dtype))
    if recorded and slow in KEEPS:
        value = slow(x, y)
        return value if value is NotImplemented else overwritten(x, value)
    if recorded or not plain:
        return in_place(x, slow, y)
    if x._base is not None:
        writable(x.array)
    try:
        ufunc(x.array, other, out=x.array)
    except ValueError:
        value = binary("", ufunc, x, y)     # says what is wrong with the shapes
        raise RuntimeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape "
                           f"{list(value.shape)}") from None
    x._counter[0] += 1
    return x


# Their derivatives do not read what they overwrite.
KEEPS = frozenset({plus, minus})


def add_(x: Tensor, other: Any, *, alpha: Any = 1) -> Any:

    return fast_in_place(x, other if alpha == 1 else multiply(other, alpha), np.add, plus)


def sub_(x: Tensor, other: Any, *, alpha: Any = 1) -> Any:

    return fast_in_place(x, other if alpha == 1 else multiply(other, alpha), np.subtract, minus)


def mul_(x: Tensor, other: Any) -> Any:

    return fast_in_place(x, other, np.multiply, multiply)


def div_(x: Tensor, other: Any) -> Any:

    return fast_in_place(x, other, np.true_divide, divide)


def zero_(x: Tensor) -> Tensor:
    """All elements become 0."""
    return fill_(x, 0)


def fill_(x: Tensor, value: Any) -> Tensor:
    """All elements become `value`."""
    if type(value) not in (int, float) or (MODE.enabled and x._needs):
        setitem(x, Ellipsis, value)
        return x
    x.array.fill(value)
    x._counter[0] += 1
    return x


def copy_(x: Tensor, source: Tensor) -> Tensor:
    """The elements become those of `source`."""
    if source.ndim > x.ndim:
        raise RuntimeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(source.shape)}")
    setitem(x, Ellipsis, source)
    return x

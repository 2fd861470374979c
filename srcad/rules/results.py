"""The types of results, for operations that can't be asked by running them on prototypes.

An `infer` gets the call with each atom replaced by its `Type` (or `Lit`).  A size that is no linear form is *interned*:
the same question gets the same size, so that `x[:k]` and `y[:k]` agree when `x` and `y` do.  What depends on data, the
elements of a mask, gets a size of its own each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from srcad.ir.core import Lit
from srcad.ir.infer import broadcast
from srcad.ir.types import OBJECT, ONE, UNKNOWN, Dim, Type, fresh
from srcad.rules.symbols import type_in, value_in

Shape = tuple[Dim, ...]


@lru_cache(8192)
def interned(*question: Any) -> Dim:
    return fresh()


def made(shape: Shape | None, dtype: np.dtype | None) -> Type:
    """A new array, or a scalar where the rank is 0."""
    if shape is None:
        return Type("unknown", dtype)
    return Type("array" if shape else "scalar", dtype, shape)


def promoted(*args: Any) -> np.dtype | None:
    """The dtype that NumPy's promotion gives these operands: numbers are weak."""
    types = [type_in(a) for a in args]
    if any(t.dtype is None or not t.is_numeric for t in types):
        return None
    return _promoted(tuple((t.kind == "number", t.dtype) for t in types))


@lru_cache(1024)
def _promoted(operands: tuple[tuple[bool, np.dtype], ...]) -> np.dtype:
    values = [np.ones((), dtype).item() if weak else dtype for weak, dtype in operands]
    return np.result_type(*values) if values else np.dtype(float)


def product(dims: Sequence[Dim]) -> Dim:
    """The size of an array of this shape."""
    constant = int(np.prod([d.offset for d in dims if d.size is None], dtype=int))
    symbolic = [d for d in dims if d.size is not None]
    if not symbolic or constant == 0:
        return Dim(None, constant)
    if len(symbolic) == 1 and constant == 1:
        return symbolic[0]
    in_order = sorted(symbolic, key=lambda d: (d.size.serial if d.size else 0, d.offset))
    return interned("product", constant, tuple(in_order))


def extents(argument: Any) -> Shape | None:
    """The dims that a shape argument asks for (-1 stays a constant of -1)."""
    argument = value_in(argument)
    if isinstance(argument, Type):
        if argument.kind == "object":
            return argument.shape
        return (argument.value or fresh(),) if argument.shape == () else None
    if isinstance(argument, tuple | list):
        each = [extents(a) for a in argument]
        return None if any(e is None or len(e) != 1 for e in each) else tuple(e[0] for e in each if e)
    return (Dim(None, int(argument)),) if isinstance(argument, int | np.integer) else None


def dtype_in(argument: Any, default: Any = float) -> np.dtype | None:
    argument = value_in(argument)
    if isinstance(argument, Type):
        return None
    return np.dtype(default if argument is None else argument)


# --- shapes

def reshaped(x: Any, shape: Any, order: str = "C") -> Type:
    t, asked = type_in(x), extents(shape)
    if asked is None:
        return Type("array", t.dtype)
    if Dim(None, -1) not in asked:
        return Type("array", t.dtype, asked)
    if t.shape is None:
        missing = fresh()
    else:
        missing = _missing(t.shape, tuple(d for d in asked if d != Dim(None, -1)))
    return Type("array", t.dtype, tuple(missing if d == Dim(None, -1) else d for d in asked))


def _missing(own: Shape, asked: Shape) -> Dim:
    rest, unmatched = list(own), []
    for d in asked:
        if d in rest:
            rest.remove(d)
        elif not d.is_one:
            unmatched.append(d)
    if not unmatched:
        return product(rest)
    if all(d.size is None for d in (*rest, *unmatched)):
        return Dim(None, product(rest).offset // max(product(unmatched).offset, 1))
    return interned("missing", own, asked)


def raveled(x: Any, order: str = "C") -> Type:
    t = type_in(x)
    return Type("array", t.dtype, (fresh(),) if t.shape is None else (product(t.shape),))


def broadcasted(x: Any, shape: Any) -> Type:
    return Type("array", type_in(x).dtype, extents(shape))


def filled(shape: Any, dtype: Any = None, order: str = "C") -> Type:
    return Type("array", dtype_in(dtype), extents(shape))


def full(shape: Any, value: Any, dtype: Any = None, order: str = "C") -> Type:
    return Type("array", type_in(value).dtype if value_in(dtype) is None else dtype_in(dtype), extents(shape))


# --- joining

def concatenated(arrays: Any, axis: Any = 0) -> Type:
    if isinstance(arrays, Type):
        return _of_items(arrays, lambda s: (fresh(),) if axis is None else _longer(s, axis))
    types = [type_in(a) for a in arrays]
    dtype, shapes = promoted(*types), [t.shape for t in types]
    known = [s for s in shapes if s is not None]
    if axis is None:
        sizes = [product(s) for s in known]
        return Type("array", dtype, (total(sizes),) if len(known) == len(shapes) else (fresh(),))
    if len(known) < len(shapes) or len(set(map(len, known))) != 1 or not known[0]:
        return Type("array", dtype)
    return Type("array", dtype, joined(known, axis))


def _of_items(arrays: Type, joined: Callable[[Shape], Shape | None]) -> Type:
    """The type of what a list of unknown length is joined to, from the shape of one of its elements."""
    item = arrays.item
    if item is None or item.shape is None:
        return Type("array", None if item is None else item.dtype)
    return Type("array", item.dtype, joined(item.shape))


def _longer(shape: Shape, axis: int) -> Shape | None:
    """`shape` with an unknown size along `axis`."""
    return tuple(fresh() if i == axis % len(shape) else d for i, d in enumerate(shape)) if shape else None


def joined(shapes: Sequence[Shape], axis: int) -> Shape:
    """The shape of a concatenation along `axis`: other sizes are equal, since it succeeded."""
    axis %= len(shapes[0])
    return tuple(total(dims) if i == axis else known_one(dims) for i, dims in enumerate(zip(*shapes, strict=True)))


def total(dims: Sequence[Dim]) -> Dim:
    symbolic = [d for d in dims if d.size is not None]
    offset = sum(d.offset for d in dims)
    if not symbolic:
        return Dim(None, offset)
    if len(symbolic) == 1:
        return Dim(symbolic[0].size, offset)
    return interned("total", tuple(dims))


def known_one(dims: Sequence[Dim]) -> Dim:
    """One of sizes that are known to be equal: a constant if there is one."""
    return next((d for d in dims if d.size is None), dims[0])


def stacked(arrays: Any, axis: int = 0) -> Type:
    if isinstance(arrays, Type):
        return _of_items(arrays, lambda s: _with_axis(s, axis, fresh()))
    types = [type_in(a) for a in arrays]
    dtype = promoted(*types)
    if any(t.shape is None for t in types) or len({t.rank for t in types}) != 1:
        return Type("array", dtype)
    own = tuple(known_one(dims) for dims in zip(*(t.shape for t in types if t.shape is not None), strict=True))
    return Type("array", dtype, _with_axis(own, axis, Dim(None, len(types))))


def _with_axis(shape: Shape, axis: int, size: Dim) -> Shape:
    place = axis % (len(shape) + 1)
    return (*shape[:place], size, *shape[place:])


# --- products

def matmul(a: Any, b: Any) -> Type:
    x, y = type_in(a).shape, type_in(b).shape
    dtype = promoted(a, b)
    if x is None or y is None or not x or not y:
        return Type("unknown", dtype)
    batch = broadcast([x[:-2], y[:-2]])
    rows = x[-2:-1] if len(x) > 1 else ()
    columns = y[-1:] if len(y) > 1 else ()
    return made((*batch, *rows, *columns), dtype)


def dot(a: Any, b: Any) -> Type:
    x, y = type_in(a).shape, type_in(b).shape
    dtype = promoted(a, b)
    if x is None or y is None:
        return Type("unknown", dtype)
    if not x or not y:
        return made(x or y, dtype)
    return made((*x[:-1], *(y[:-2] + y[-1:] if len(y) > 1 else ())), dtype)


def inner(a: Any, b: Any) -> Type:
    x, y = type_in(a).shape, type_in(b).shape
    if x is None or y is None:
        return Type("unknown", promoted(a, b))
    return made(x[:-1] + y[:-1] if x and y else x or y, promoted(a, b))


def vdot(a: Any, b: Any) -> Type:
    return made((), promoted(a, b))


def outer(a: Any, b: Any) -> Type:
    x, y = type_in(a).shape, type_in(b).shape
    if x is None or y is None:
        return Type("array", promoted(a, b))
    return Type("array", promoted(a, b), (product(x), product(y)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Type:
    x, y = type_in(a).shape, type_in(b).shape
    if x is None or y is None:
        return Type("unknown", promoted(a, b))
    mine, theirs = contracted(axes, len(x), len(y))
    left = tuple(d for i, d in enumerate(x) if i not in mine)
    right = tuple(d for i, d in enumerate(y) if i not in theirs)
    return Type("array", promoted(a, b), left + right)


def contracted(axes: Any, rank_a: int, rank_b: int) -> tuple[list[int], list[int]]:
    """The axes of either operand that a tensordot sums over, pairwise."""
    if isinstance(axes, int):
        return list(range(rank_a - axes, rank_a)), list(range(axes))
    mine, theirs = axes
    mine = [mine] if isinstance(mine, int) else list(mine)
    theirs = [theirs] if isinstance(theirs, int) else list(theirs)
    return [i % rank_a for i in mine], [i % rank_b for i in theirs]


def solved(a: Any, b: Any) -> Type:
    x, t = type_in(a).shape, type_in(b)
    dtype = promoted(a, b)
    own = np.promote_types(dtype, np.float64) if dtype is not None and dtype.kind not in "fc" else dtype
    if x is None or t.shape is None:
        return Type("array", own)
    tail = 1 if len(t.shape) == 1 else 2
    return Type("array", own, (*broadcast([x[:-2], t.shape[:-tail]]), *t.shape[-tail:]))


def like(x: Any, *_: Any, **__: Any) -> Type:
    """The result has the kind, dtype and shape of the first argument."""
    t = type_in(x)
    return Type(t.kind, t.dtype, t.shape)


def data_dependent(x: Any, *_: Any, **__: Any) -> Type:
    return Type("array", type_in(x).dtype, (fresh(),))


def an_object(*_: Any, **__: Any) -> Type:
    return OBJECT


def unknown(*_: Any, **__: Any) -> Type:
    return UNKNOWN


def is_literal(x: Any) -> bool:
    return isinstance(x, Lit) or not isinstance(x, Type)


# --- arrays made of others

def vstacked(arrays: Any, **_: Any) -> Type:
    return _lifted(arrays, lambda s: s if len(s) > 1 else (Dim(None, 1), *(s or (Dim(None, 1),))), 0)


def hstacked(arrays: Any, **_: Any) -> Type:
    if isinstance(arrays, Type):
        return _of_items(arrays, lambda s: _longer(s or (ONE,), 0 if len(s) < 2 else 1))
    flat = any((type_in(a).rank or 0) < 2 for a in arrays)
    return _lifted(arrays, lambda s: s or (Dim(None, 1),), 0 if flat else 1)


def column_stacked(arrays: Any) -> Type:
    return _lifted(arrays, lambda s: s if len(s) > 1 else (*(s or (Dim(None, 1),)), Dim(None, 1)), 1)


def _lifted(arrays: Any, lift: Any, axis: int) -> Type:
    if isinstance(arrays, Type):
        return _of_items(arrays, lambda s: _longer(lift(s), axis))
    types = [type_in(a) for a in arrays]
    if any(t.shape is None for t in types):
        return Type("array", promoted(*types))
    return concatenated([Type("array", t.dtype, lift(t.shape)) if t.kind != "number" else
                         Type("array", t.dtype, lift(())) for t in types], axis)


def copied(x: Any, order: str = "K") -> Type:
    t = type_in(x)
    return Type("array", t.dtype, t.shape)


def cast(x: Any, dtype: Any) -> Type:
    t, wanted = type_in(x), dtype_in(dtype)
    kind = "scalar" if t.kind == "number" else t.kind
    return Type("scalar" if t.shape == () else kind, wanted, t.shape)


def displayed(x: Any, dtype: Any = None, **_: Any) -> Type:
    """The type of `np.array(x)`, where x is a value, a sequence, or a display of them."""
    if isinstance(x, tuple | list):
        rows = [displayed(item, dtype) for item in x]
        if not rows:
            return Type("array", dtype_in(dtype), (Dim(None, 0),))
        if any(r.shape is None for r in rows):
            return Type("array", None)
        inner_shape = tuple(known_one(dims) for dims in zip(*(r.shape for r in rows if r.shape is not None),
                                                            strict=False))
        own = promoted(*rows) if value_in(dtype) is None else dtype_in(dtype)
        return Type("array", own, (Dim(None, len(rows)), *inner_shape))
    t = type_in(x)
    if t.kind == "sequence":
        found = _of_lists(t)
        return found if value_in(dtype) is None else Type("array", dtype_in(dtype), found.shape)
    return Type("array", t.dtype if value_in(dtype) is None else dtype_in(dtype), t.shape)


def _of_lists(t: Type) -> Type:
    """The type of an array of the elements of a list, or of the lists in it."""
    if t.item is None or t.item.kind != "sequence":
        return stacked(t)
    inner = _of_lists(t.item)
    return Type("array", inner.dtype, None if inner.shape is None else (fresh(), *inner.shape))


def is_complex_type(x: Any) -> bool:
    own = type_in(x).dtype
    return own is not None and own.kind == "c"

"""What an array's methods and attributes stand for, and the rules of those that NumPy has only as methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.ir.build import EXTENT, RANK, SHAPE
from srcad.ir.types import INT, UNKNOWN, Type, integer
from srcad.rules import results
from srcad.rules.ops import RULES, ZERO, constant, linear
from srcad.rules.structure import back_to
from srcad.rules.symbols import recorded, shape, type_in
from srcad.runtime import arrays

_reshape = recorded(np.reshape)


def _item_type(x: Any) -> Type:
    t = type_in(x)
    if t.dtype is None:
        return UNKNOWN
    return Type("number", np.asarray(np.zeros((), t.dtype).item()).dtype, ())


def _size_type(x: Any, axis: Any = None) -> Type:
    t = type_in(x)
    if axis is not None or t.shape is None:
        return INT if t.shape is None else integer(t.shape[axis])
    return integer(results.product(t.shape))


def _list_type(x: Any) -> Type:
    t = type_in(x)
    return Type("sequence", item=_item_type(x)) if t.rank == 1 else UNKNOWN


linear(arrays.item_of, lambda g, y, x: _reshape(g, shape(x)) if type_in(x).rank else g, name=".item", infer=_item_type)
linear(arrays.flatten, lambda g, y, x: back_to(g, x), name=".flatten", infer=results.raveled)
linear(arrays.duplicate, lambda g, y, x: g, name=".copy", infer=results.like)
linear(arrays.tolist, lambda g, y, x: recorded(np.array)(g), name=".tolist", infer=_list_type)
constant(np.size, infer=_size_type)
for _op in (EXTENT, SHAPE, RANK):
    RULES[_op] = ZERO

METHODS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in (
        "sum", "mean", "prod", "max", "min", "var", "std", "cumsum", "cumprod", "argmax", "argmin", "any", "all",
        "dot", "reshape", "ravel", "transpose", "swapaxes", "squeeze", "diagonal", "trace", "repeat", "take",
        "clip", "round", "nonzero", "argsort", "searchsorted", "conjugate", "argpartition", "compress", "choose")},
    "conj": np.conj, "flatten": arrays.flatten, "copy": arrays.duplicate, "astype": arrays.astype,
    "item": arrays.item_of, "tolist": arrays.tolist,
}
ATTRIBUTES: dict[str, Callable[..., Any]] = {
    "T": np.transpose, "mT": np.matrix_transpose, "real": np.real, "imag": np.imag,
    "size": np.size, "ndim": np.ndim, "shape": np.shape,
}

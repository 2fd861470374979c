"""Rows of a loop and bundles of residuals, as values that derivatives flow through."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.ir.ops import Op, op_of
from srcad.ir.types import Type
from srcad.rules import (  # noqa: F401 - they make the operations that are named below
    creation,
    indexing,
    runtime,
    scalars,
    structure,
)
from srcad.rules.ops import linear
from srcad.rules.results import like
from srcad.rules.sequences import ADD_AT, ITEM, SET_ITEM
from srcad.rules.shapes import unbroadcast_to
from srcad.rules.symbols import recorded, type_in
from srcad.runtime import arrays, tapes

_rows_of = recorded(tapes.rows_of)
_rows_into = recorded(tapes.rows_into)


def known(function: Any) -> Op:
    """The operation that runs `function`."""
    op = op_of(function)
    assert op is not None, function
    return op


def _stretched_type(t: Any, y: Any) -> Type:
    return Type(type_in(y).kind, type_in(t).dtype, type_in(y).shape)


def _row_type(x: Any, rows: Any) -> Type:
    return type_in(rows)


ADD_TREES = linear(tapes.add_trees, lambda g, y, a, b: g, lambda g, y, a, b: g, name="add_trees",
                   infer=lambda a, b: type_in(a))
ROWS_INTO = linear(tapes.rows_into, lambda g, y, rows, x: _rows_of(g, rows), name="rows_into",
                   infer=lambda rows, x: like(x) if type_in(x).is_numeric else type_in(x))
ROWS_OF = linear(tapes.rows_of, lambda g, y, x, rows: _rows_into(g, x), name="rows_of", infer=_row_type)

STRETCHED = linear(tapes.stretched, lambda g, y, t, like_: unbroadcast_to(g, t), name="stretched",
                   infer=_stretched_type)

# The loads whose cotangents accumulate in one buffer, each with what adds to it.
INDEX_ADD, SET_AT = known(arrays.index_add), known(arrays.set_at)
GETITEM = known(operator.getitem)
LOADS = {GETITEM: INDEX_ADD, ITEM: ADD_AT}
# The cotangent of what a store writes is read before the place that it was written to is cleared.
STORES = (SET_AT, SET_ITEM)
# The zero of what may have no value: it is never read where there is none.
ZEROS_FOR = known(arrays.zeros_for)
ARRAY, COPY, MINIMUM = known(np.array), known(np.copy), known(min)

"""Loops over the elements of arrays, and `.flat`: an index that counts them all, in the order of their rows.

    for (i, j), a in np.ndenumerate(A):              for k in range(A.shape[0] * A.shape[1]):
        ...                                 ->           i, j = k // A.shape[1], k % A.shape[1]
                                                         a = A[i, j]
    A.flat[k] = v                           ->       A[k // A.shape[1], k % A.shape[1]] = v

The array is looked at in every trip, as NumPy does: what the loop stores is seen.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.frontend.attributes import extents_of
from srcad.frontend.builtin_calls import builtin
from srcad.frontend.machine import Frame
from srcad.frontend.places import ITEMS_OF, binary, index_atoms, operation_of
from srcad.frontend.spaces import KINDS, Space, place
from srcad.frontend.values import Cell, Const, Num, Ref, Refused, Stream, Tup, atom_of, is_atomic, static
from srcad.ir import Lit, Range, Var


@builtin(np.ndindex)
def _ndindex(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    extents = args[0].items if len(args) == 1 and isinstance(args[0], Tup) else tuple(args)
    if not all(map(is_atomic, extents)):
        raise Refused("np.ndindex of something that is not a shape")
    return Stream("ndindex", extents)


@builtin(np.ndenumerate)
def _ndenumerate(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Stream("ndenumerate", (_array(args[0], "np.ndenumerate"),))


@builtin(np.nditer)
def _nditer(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    array, order = _array(args[0], "np.nditer"), static(kwargs.get("order", Const("K")), "`order`")
    writes = "op_flags" in kwargs
    if set(kwargs) - {"order", "op_flags"} or len(args) > 1:
        raise Refused("np.nditer with `flags`", hint="loop with np.ndindex or np.ndenumerate")
    assert isinstance(array.atom, Var)
    ordered = order == "C" or frame.machine.memories.lies_in_order(array.atom, frame.build.made)
    if not ordered and array.atom.type.rank != 1:
        raise Refused("np.nditer of an array whose order in memory is not known", "it goes through the memory",
                      "loop over A.flat, or give order='C'")
    return Stream("nditer", (array, Const(writes)))


def _array(value: Any, what: str) -> Num:
    if isinstance(value, Num) and isinstance(value.atom, Var) and value.atom.type.kind == "array" and (
            value.atom.type.shape is not None):
        return value
    raise Refused(f"{what} of something that is not known to be an array", hint="loop over the indices")


# The spaces of such loops.


def _counted(frame: Frame, extents: tuple[Any, ...]) -> Range:
    total: Any = Const(1)
    for extent in extents:
        total = binary(frame, "mul", total, extent) if total != Const(1) else extent
    return Range(Lit(0), atom_of(total), Lit(1))


def _strides(frame: Frame, extents: tuple[Any, ...]) -> list[Any]:
    """How many elements there are in each block that an index counts, the last index's block first left out."""
    strides: list[Any] = []
    for extent in reversed(extents[1:]):
        strides.insert(0, binary(frame, "mul", extent, strides[0]) if strides else extent)
    return strides


def _unravelled(frame: Frame, index: Any, extents: tuple[Any, ...], strides: list[Any]) -> tuple[Any, ...]:
    """The indices along the axes of the element with this number.  (Negative numbers count from the end.)"""
    found = []
    for axis, extent in enumerate(extents):
        part = binary(frame, "floordiv", index, strides[axis]) if axis < len(strides) else index
        found.append(binary(frame, "mod", part, extent) if axis else part)
    return tuple(found)


def _indices(frame: Frame, parts: tuple[Any, ...]) -> Space:
    strides = _strides(frame, parts)
    return Space(None, _counted(frame, parts), (), lambda k, _: Tup(_unravelled(frame, k, parts, strides)))


def _numbered(frame: Frame, array: Num, *rest: Any) -> Space:
    """Pairs of indices and an element; with `rest` after the indices the element is a view."""
    atom, cell, extents = array.atom, Cell(getattr(array.atom, "hint", "")), extents_of(frame, array.atom)
    strides = _strides(frame, extents)

    def value(k: Any, _: Any) -> Any:
        now, at = frame.machine.state.get(cell, array), _unravelled(frame, k, extents, strides)
        if not isinstance(now, Num):
            raise Refused("a loop over an array that changes in an unknown way", hint="loop over the indices")
        subscript = (*map(_plain, at), *rest) if len(at) != 1 or rest else _plain(at[0])
        return Tup((Tup(at), place(frame, now.atom, subscript)))

    return Space(None, _counted(frame, extents), (), value, {cell: atom})


def _plain(index: Any) -> Any:
    return index.value if isinstance(index, Const) else index.atom


def _elements(frame: Frame, array: Num, *rest: Any) -> Space:
    space = _numbered(frame, array, *rest)
    pair = space.value
    return Space(None, space.bounds, (), lambda k, _: pair(k, _).items[1], space.held)


KINDS.update(
    ndindex=_indices,
    ndenumerate=lambda frame, parts: _numbered(frame, *parts),
    flat=lambda frame, parts: _elements(frame, *parts),
    nditer=lambda frame, parts: _elements(frame, parts[0], ...),
)


# `.flat`, read and stored to.


def flat_index(frame: Frame, array: Num, index: Any) -> Any:
    """The subscript of one element of `.flat`; None if `index` is more than one number."""
    if isinstance(index, slice | Ref | Tup) or not is_atomic(index):
        return None
    dtype = atom_of(index).type
    if dtype.kind not in ("number", "scalar") or dtype.dtype is None or dtype.dtype.kind not in "iu":
        return None
    extents = extents_of(frame, array.atom)
    return Tup(_unravelled(frame, index, extents, _strides(frame, extents)))


def read_flat(frame: Frame, array: Num, index: Any) -> Num:
    """`array.flat[index]`, which is a copy."""
    one = flat_index(frame, array, index)
    getitem = operation_of(operator.getitem)
    if one is not None:
        return Num(frame.build.call(getitem, array.atom, index_atoms(frame, one)))
    flat = frame.build.call(operation_of(np.ravel), array.atom)
    return Num(frame.build.call(getitem, flat, index_atoms(frame, index)))


ITEMS_OF["flat"] = read_flat

"""Functions and methods of NumPy that change an array: each is a store, and what a store means is said in `memory`."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any

import numpy as np

from srcad.frontend import idioms
from srcad.frontend.attributes import extents_of
from srcad.frontend.builtin_calls import BUILTINS, Handler, builtin
from srcad.frontend.elements import flat_index
from srcad.frontend.machine import Frame
from srcad.frontend.places import index_atoms, operand, operation_of, subscript
from srcad.frontend.stores import STORES_OF, change, overwrite, require_castable, store_in_array, store_item
from srcad.frontend.values import NONE, Const, Num, Ref, Refused, Stream, Tup, atom_of, describe, is_atomic
from srcad.ir import OPERATORS, Var
from srcad.rules.indexing import INDEX_ADD, SET_AT


def into(frame: Frame, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`function(*args, out=array)`: the result is stored into the array, where `where=` says so."""
    rest = {k: v for k, v in kwargs.items() if k not in ("out", "where")}
    out, where = kwargs.get("out", NONE), kwargs.get("where", NONE)
    place = _place_of_out(function)
    if len(args) > place:
        args, out = args[:place] + args[place + 1:], args[place]
    if isinstance(out, Tup) and len(out.items) == 1:
        (out,) = out.items
    if not isinstance(out, Num):
        raise Refused(f"`out={describe(out)}`", hint="give one array, or assign the result")
    result = frame.call(Const(function), args, rest)
    target = frame.machine.current(out)
    require_castable(f"`out=` of {getattr(function, '__name__', function)}", target.atom, atom_of(result))
    if where != NONE and not (isinstance(where, Const) and where.value is True):
        if not isinstance(function, np.ufunc):
            raise Refused("`where=` of a reduction", hint="mask with np.where before it")
        result = frame.call(Const(np.where), [where, result, target])
    overwrite(frame, target, atom_of(result))
    return frame.machine.current(target)


def has_out(function: Any, args: list[Any], kwargs: dict[str, Any]) -> bool:
    """Is this a call that stores its result into an array?"""
    place = _place_of_out(function)
    return kwargs.get("out", NONE) != NONE or len(args) > place and args[place] != NONE


@functools.cache
def _place_of_out(function: Any) -> int:
    """How many arguments stand before `out`, where that may be given by position."""
    if isinstance(function, np.ufunc):
        return function.nin
    try:
        params = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return sys.maxsize
    return next((k for k, p in enumerate(params) if p.name == "out" and p.kind is p.POSITIONAL_OR_KEYWORD), sys.maxsize)


@builtin(np.copyto)
def _copyto(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    target, value = args
    if set(kwargs) - {"where"}:
        raise Refused("np.copyto with `casting`", hint="store into the array by a subscript")
    if "where" in kwargs:
        value = frame.call(Const(np.where), [kwargs["where"], value, target])
    if isinstance(target, Num):
        require_castable("np.copyto", target.atom, operand(frame, value, target))
    store_in_array(frame, target, Const(...), value)
    return NONE


def _masked(idiom: Any) -> Handler:
    """np.place and np.putmask: a store at a mask, of values that are repeated as often as it takes."""
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        target, mask, values = args
        if is_atomic(values) and atom_of(values).type.rank == 0:
            store_in_array(frame, target, mask, values)
            return NONE
        return frame.call(Const(idiom), [target, mask, _flat(frame, values)])
    return handler


def _flat(frame: Frame, values: Any) -> Any:
    return frame.call(Const(np.ravel), [values])


BUILTINS.update({np.place: _masked(idioms.place), np.putmask: _masked(idioms.putmask)})


@builtin(np.add.at)
def _add_at(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    _accumulate_at(frame, False, *args)
    return NONE


@builtin(np.subtract.at)
def _subtract_at(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    _accumulate_at(frame, True, *args)
    return NONE


def _accumulate_at(frame: Frame, negative: bool, owner: Num, index: Any, value: Any) -> None:
    """As often as the index names an element."""
    places, item = index_atoms(frame, index), operand(frame, value, owner)
    require_castable("ufunc.at", owner.atom, item)
    if negative:
        item = frame.build.call(OPERATORS["neg"], item)
    change(frame, owner, lambda x: frame.build.call(INDEX_ADD, x, item, places), "ufunc.at")


def _at(function: np.ufunc) -> Handler:
    """`function.at`: where an index comes more than once, one after the other."""
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        owner, index, *values = args
        if is_atomic(index) and atom_of(index).type.rank == 0 or isinstance(index, slice) or _is_mask(index):
            item = subscript(frame, owner, index)
            store_item(frame, owner, index, frame.call(Const(function), [item, *values]))
            return NONE
        indices = Stream("zip", index.items) if isinstance(index, Tup) else index
        if not values:
            return frame.call(Const(idioms.at_alone), [Const(function), owner, indices])
        each = _rank(frame, values[0]) == _rank(frame, index) + owner.atom.type.rank - (
            len(index.items) if isinstance(index, Tup) else 1)
        return frame.call(Const(idioms.at_each if each else idioms.at_all), [Const(function), owner, indices, *values])
    return handler


def _is_mask(index: Any) -> bool:
    t = atom_of(index).type if is_atomic(index) else None
    return t is not None and t.dtype is not None and t.dtype.kind == "b"


def _rank(frame: Frame, value: Any) -> int:
    """The number of axes of an array, a number or a list; of a tuple of indices, that of the first."""
    if isinstance(value, Ref):
        return 1
    if isinstance(value, Tup):
        return _rank(frame, value.items[0]) if value.items else 1
    rank = atom_of(value).type.rank
    if rank is None:
        raise Refused("ufunc.at with arrays of unknown rank", hint="say what the arguments are")
    return rank


BUILTINS.update({f.at: _at(f) for f in vars(np).values()
                 if isinstance(f, np.ufunc) and f.nout == 1 and f.at not in BUILTINS})


@builtin(np.put)
def _put(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs or len(args) != 3:
        raise Refused("np.put with `mode`", hint="store by a subscript: a.flat[indices] = values")
    store_flat(frame, *args)
    return NONE


def store_flat(frame: Frame, owner: Num, index: Any, value: Any) -> None:
    """`owner.flat[index] = value`."""
    one = flat_index(frame, owner, index)
    if one is not None or index == Const(...) and atom_of(value).type.rank == 0:
        store_in_array(frame, owner, index if one is None else one, value)
        return
    places, item = index_atoms(frame, index), operand(frame, value, owner)
    if index == Const(...):
        item = frame.build.call(operation_of(np.ravel), item)

    def changed(x: Var) -> Var:
        flat = frame.build.call(SET_AT, frame.build.call(operation_of(np.ravel), x), places, item)
        return flat if x.type.rank == 1 else frame.build.call(operation_of(np.reshape), flat, _shape(frame, x))

    change(frame, owner, changed, "a store into an array")


STORES_OF["flat"] = store_flat


def _shape(frame: Frame, x: Var) -> tuple[Any, ...]:
    if x.type.shape is None:
        raise Refused("a store into an array of unknown rank", hint="say what the arguments are")
    return tuple(e.value if isinstance(e, Const) else e.atom for e in extents_of(frame, x))


@builtin(np.fill_diagonal)
def _fill_diagonal(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    owner = args[0]
    if kwargs or not isinstance(owner, Num) or owner.atom.type.rank != 2:
        raise Refused("np.fill_diagonal of an array that is not known to be a matrix",
                      hint="store by indices: A[i, i] = …")
    return frame.call(Const(idioms.fill_diagonal), args)


# Methods.


def change_by_method(frame: Frame, owner: Num, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    match name:
        case "fill":
            store_in_array(frame, owner, Const(...), args[0])
        case "sort":
            overwrite(frame, owner, atom_of(frame.call(Const(np.sort), [owner, *args], kwargs)))
        case "partition":
            overwrite(frame, owner, atom_of(frame.call(Const(np.partition), [owner, *args], kwargs)))
        case "put":
            _put(frame, [owner, *args], kwargs)
        case _:
            raise Refused(f"the array method `{name}`", "it changes the array in place", "make a new array instead")
    return NONE


"""Functions and methods of NumPy that change an array: each is a store, and what a store means is said in `memory`."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.frontend.builtin_calls import builtin
from srcad.frontend.machine import Frame
from srcad.frontend.places import index_atoms, operand, operation_of
from srcad.frontend.stores import change, overwrite, require_castable, store_in_array
from srcad.frontend.values import NONE, Const, Num, Refused, Tup, atom_of, describe
from srcad.ir import EXTENT, OPERATORS, Atom, Var
from srcad.rules.indexing import INDEX_ADD, SET_AT


def into(frame: Frame, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """`function(*args, out=array)`: the result is stored into the array, where `where=` says so."""
    rest = {k: v for k, v in kwargs.items() if k not in ("out", "where")}
    out, where = kwargs.get("out", NONE), kwargs.get("where", NONE)
    if isinstance(function, np.ufunc) and len(args) > function.nin:
        args, out = args[:function.nin], args[function.nin]
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
    return kwargs.get("out", NONE) != NONE or (isinstance(function, np.ufunc) and len(args) > function.nin)


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


@builtin(np.putmask)
def _putmask(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    target, mask, value = args
    item = operand(frame, value, target)
    if item.type.shape is None or (item.type.shape and item.type.shape != target.atom.type.shape):
        raise Refused("np.putmask with values of another shape", "they are repeated", "store with a mask: a[mask] = …")
    overwrite(frame, target, atom_of(frame.call(Const(np.where), [mask, value, target])))
    return NONE


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


@builtin(np.put)
def _put(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs or len(args) != 3:
        raise Refused("np.put with `mode`", hint="store by a subscript: a.flat[indices] = values")
    store_flat(frame, *args)
    return NONE


def store_flat(frame: Frame, owner: Num, index: Any, value: Any) -> None:
    """`owner.flat[index] = value`."""
    places, item = index_atoms(frame, index), operand(frame, value, owner)

    def changed(x: Var) -> Var:
        flat = frame.build.call(SET_AT, frame.build.call(operation_of(np.ravel), x), places, item)
        return flat if x.type.rank == 1 else frame.build.call(operation_of(np.reshape), flat, _shape(frame, x))

    change(frame, owner, changed, "a store into an array")


def _shape(frame: Frame, x: Var) -> tuple[Any, ...]:
    if x.type.shape is None:
        raise Refused("a store into an array of unknown rank", hint="say what the arguments are")
    return tuple(d.offset if d.size is None else frame.build.call(EXTENT, x, axis=k)
                 for k, d in enumerate(x.type.shape))


@builtin(np.fill_diagonal)
def _fill_diagonal(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    owner, value = args
    shape = owner.atom.type.shape if isinstance(owner, Num) else None
    if kwargs or shape is None or len(shape) != 2 or shape[0] != shape[1]:
        raise Refused("np.fill_diagonal of an array that is not known to be a square matrix",
                      hint="store by indices: A[i, i] = …")
    rows: Atom = frame.build.call(operation_of(np.arange), _shape(frame, owner.atom)[0])
    item = operand(frame, value, owner)
    change(frame, owner, lambda x: frame.build.call(SET_AT, x, (rows, rows), item), "np.fill_diagonal")
    return NONE


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


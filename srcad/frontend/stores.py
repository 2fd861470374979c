"""Stores: into arrays, lists, dicts and objects, and the augmented assignments that are stores."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import gast
import numpy as np

from srcad.frontend.attributes import attribute, class_attribute, own_attribute, set_attribute
from srcad.frontend.comprehensions import listed
from srcad.frontend.lists import changed, each_column, grown, joined_lists, may_be_element, sequence_of, through
from srcad.frontend.machine import Frame
from srcad.frontend.memory import is_basic
from srcad.frontend.outside import is_object
from srcad.frontend.places import BINARY, binary, index_atoms, index_of, operand, static_slice, subscript
from srcad.frontend.special import class_with, container_class, method_of, overridden, special
from srcad.frontend.storing import KindChanges, Store
from srcad.frontend.subclasses import set_attribute_of
from srcad.frontend.tables import KEY, key_of, put, remove, updated
from srcad.frontend.unpacking import required_items
from srcad.frontend.values import (
    MISSING,
    Closure,
    Const,
    Entries,
    Fields,
    Items,
    Method,
    Missing,
    Num,
    Poison,
    Ref,
    Refused,
    Rows,
    Sequence,
    Stream,
    Table,
    Tup,
    atom_of,
    describe,
    is_static,
    static,
)
from srcad.ir import OPERATORS, Atom, Type, Var, op_of, same_dtype
from srcad.ir.infer import broadcast
from srcad.rules.indexing import INDEX_ADD, SET_AT
from srcad.rules.sequences import SET_ITEM
from srcad.runtime.arrays import astype

# How iterators that can be stored to are: `A.flat[k] = v`.
STORES_OF: dict[str, Callable[..., None]] = {}


def store(frame: Frame, target: Any, value: Any) -> None:
    """`owner[index] = value` and `owner.name = value`."""
    owner = frame.evaluate(target.value)
    if isinstance(target, gast.Attribute):
        store_attribute(frame, owner, target.attr, value)
    else:
        index = index_of(frame, target.slice)
        store_item(frame, owner, index, frame.machine.current(value))


def store_item(frame: Frame, owner: Any, index: Any, value: Any) -> None:
    if isinstance(owner, Poison):
        return
    if isinstance(owner, Num):
        store_in_array(frame, owner, index, value)
        return
    if isinstance(owner, Stream) and owner.kind in STORES_OF:
        STORES_OF[owner.kind](frame, *owner.parts, index, value)
        return
    if overridden(frame, owner, "setitem") is not None:
        special(frame, owner, "setitem", index, value)
        return
    content = frame.machine.content(owner) if isinstance(owner, Ref) else None
    match content:
        case Items() | Sequence() | Rows() if owner.cell.home is not None:
            through(frame, owner, lambda own: store_item(frame, own, index, value))
        case Items(values=values) if isinstance(index, Const | Num) and is_static(index):
            items, k = list(values), static(index, "an index")
            if not (isinstance(k, int) and -len(items) <= k < len(items)):
                raise Refused(f"a store at index {k!r} of a list of {len(items)}", "it always fails")
            items[k] = value
            frame.machine.store(owner, Items(tuple(items)), k % len(items))
        case Items(values=values) if isinstance(index, slice):
            items = list(values)
            items[static_slice(index)] = required_items(frame, value, "the length of what is stored in a list")
            frame.machine.store(owner, Items(tuple(items)))
        case Items(values=values) if isinstance(index, Num) and not all(
                map(functools.partial(may_be_element, frame), (*values, value))):
            static(index, "the index of a list of what is not numbers and arrays")
        case Items(values=[Tup(), *_]) | Rows() if not isinstance(index, slice):
            k = atom_of(index)
            frame.machine.store(owner, each_column(grown(frame, content), lambda c, v: changed(
                frame, c, v, lambda a: frame.build.call(SET_ITEM, c, k, a)), value), k)
        case Items() | Sequence() if not isinstance(index, slice):
            column, k = sequence_of(frame, owner), atom_of(index)
            last = changed(frame, column, value, lambda a: frame.build.call(SET_ITEM, column, k, a))
            frame.machine.store(owner, Sequence(last), k)
        case Table() as table:
            put(frame, owner, table, index, value)
        case Entries(values=entries):
            key = key_of(frame.machine, owner, index, KEY)
            frame.machine.store(owner, Entries(tuple({**dict(entries), key: value}.items())))
        case Fields():
            special(frame, owner, "setitem", index, value)
        case _:
            raise Refused(f"this store into {describe(owner)}", hint="store item by item, or build a new list")


def store_attribute(frame: Frame, owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, Poison):
        return
    if isinstance(owner, Num) and name in ("flat", "real", "imag"):
        store_item(frame, attribute(frame, owner, name), Const(...), value)
        return
    if isinstance(owner, Closure):
        frame.machine.state[frame.machine.function_scope(owner), name] = value
        return
    if (cls := container_class(owner)) is not None:
        if (setter := method_of(cls, "__setattr__")) is not None:
            frame.call(setter, [owner, Const(name), value])
        elif isinstance(raw := inspect.getattr_static(cls, name, None), property) and raw.fset is not None:
            frame.call(Const(raw.fset), [owner, value])
        else:
            set_attribute_of(frame, owner, name, value)
        return
    if not (isinstance(owner, Ref) and isinstance(fields := frame.machine.content(owner), Fields)):
        known = isinstance(owner, Num) and owner.atom.type.is_numeric and owner.atom.type.kind != "unknown"
        raise Refused(f"a store into an attribute of {describe(owner)}", "only objects of users' classes are changed",
                      "return the new value instead",
                      raises=AttributeError(f"{describe(owner)} has no attribute {name!r}") if known else None)
    raw = inspect.getattr_static(fields.cls, name, None)
    setter = getattr(fields.cls, "__setattr__", None)
    if isinstance(raw, property):
        if raw.fset is None:
            raise Refused(f"a store into the property `{name}`", "it has no setter")
        frame.call(Const(raw.fset), [owner, value])
    elif (writer := method_of(type(raw), "__set__")) is not None and is_object(raw):
        frame.call(writer, [class_attribute(frame, fields.cls, name), owner, value])
    elif isinstance(setter, FunctionType) and not dataclasses.is_dataclass(fields.cls):
        frame.call(Const(setter), [owner, Const(name), value])
    elif is_frozen(fields.cls):
        raise Refused(f"a store into `{name}` of a frozen {fields.cls.__name__}", "it always fails",
                      "make a new one with dataclasses.replace")
    else:
        set_attribute(frame, owner, name, value)


def is_frozen(cls: type) -> bool:
    return dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen  # type: ignore[attr-defined]


# Arrays.


def store_in_array(frame: Frame, owner: Num, index: Any, value: Any) -> None:
    """`owner[index] = value`, seen by every name of the array."""
    places, item = index_atoms(frame, index), operand(frame, value, owner)
    change(frame, owner, lambda x: frame.build.call(SET_AT, x, places, item), "a store into an array")


def change(frame: Frame, owner: Num, new: Callable[[Var], Var], what: str) -> None:
    """Give an array a new version."""
    target = frame.machine.memories.current(owner.atom)
    if not isinstance(target, Var) or target.type.kind not in ("array", "never"):
        unknown = isinstance(target, Var) and target.type.kind == "unknown"
        raise Refused(what, "it is not known here whether this is an array" if unknown else "this is a number",
                      "say what the arguments are" if unknown else "")
    Store(frame.build, frame.machine.state, frame.machine.memories)(target, new, what)


def change_in_place(frame: Frame, owner: Num, name: str, value: Any) -> None:
    """`owner op= value` on an array: the same memory, with other contents."""
    target = frame.machine.memories.current(owner.atom)
    assert isinstance(target, Var)
    if name == "mul" and isinstance(value, Const) and value.value == 1:
        return
    stretched = name in ("add", "sub") and _may_stretch(target.type, value)
    if stretched and _accumulate(frame, owner, Const(...), name, value):
        return
    result = atom_of(binary(frame, name, Num(target), value))
    require_castable(f"`{_sign(name)}=`", target, result)
    overwrite(frame, Num(target), result)


def _may_stretch(target: Type, value: Any) -> bool:
    """Is it not known that `target` and `value` together have the shape of `target`?  An operation in place has it."""
    shape = value.atom.type.shape if isinstance(value, Num) else ()
    return target.shape is not None and (shape is None or broadcast([target.shape, shape]) != target.shape)


def require_castable(what: str, target: Atom, value: Atom) -> None:
    """NumPy stores a float by itself into an array of ints (`x[i] = 1.5`), and refuses to by an operation."""
    old, got = target.type.dtype, value.type.dtype
    if got is not None and old is not None and not np.can_cast(got, old, "same_kind"):
        raise Refused(f"{what} on an array of {old}", f"NumPy does not store {got} in it",
                      "convert the array first, with astype(float)")


def overwrite(frame: Frame, owner: Num, result: Atom) -> None:
    """All elements of an array get those of `result`."""
    target = frame.machine.current(owner).atom
    old, got = target.type, result.type
    fits = isinstance(result, Var) and got.kind == "array" and old.shape and got.shape == old.shape
    if fits and not same_dtype(got.dtype, old.dtype) and old.dtype is not None:
        result, got = frame.build.call(_operation(astype), result, dtype=old.dtype), old
    if fits and same_dtype(got.dtype, old.dtype):
        made: Any = result
        change(frame, Num(target), lambda x: made, "a change of an array in place")
    else:
        change(frame, Num(target), lambda x: frame.build.call(SET_AT, x, ..., result), "a change of an array in place")


def _accumulate(frame: Frame, owner: Num, index: Any, name: str, value: Any) -> bool:
    """`owner[index] += value` as a sum into a place, where the place is a view of floats."""
    target, places = frame.machine.memories.current(owner.atom), index_atoms(frame, index)
    dtype, item = target.type.dtype, operand(frame, value, owner)
    if not is_basic(places) or dtype is None or dtype.kind not in "fc" or item.type.dtype is None or not np.can_cast(
            item.type.dtype, dtype, "same_kind"):
        return False
    if name == "sub":
        item = atom_of(binary(frame, "mul", Const(-1), value)) if isinstance(value, Const) else frame.build.call(
            OPERATORS["neg"], item)
    change(frame, owner, lambda x: frame.build.call(INDEX_ADD, x, item, places), "a store into an array")
    return True


def _operation(function: Any) -> Any:
    op = op_of(function)
    assert op is not None
    return op


def _sign(name: str) -> str:
    return OPERATORS[name].name if name in OPERATORS else "@"


# Augmented assignment.


def update(frame: Frame, target: Any, op: Any, value: Any) -> None:
    """`target op= value`: what is assigned to is evaluated once."""
    name = BINARY[type(op).__name__]
    if (done := _by_object(frame, target, name, value)) is not None:
        frame.assign(target, done)
        return
    match target:
        case gast.Name(id=identifier):
            old = frame.lookup(identifier)
            if not _changed(frame, old, name, value):
                frame.assign(target, binary(frame, name, old, value))
        case gast.Attribute(value=inner, attr=attr):
            owner = frame.evaluate(inner)
            from_owner = attribute(frame, owner, attr)
            if not _changed(frame, from_owner, name, value):
                store_attribute(frame, owner, attr, binary(frame, name, from_owner, value))
        case gast.Subscript(value=inner, slice=places):
            owner, index = frame.evaluate(inner), index_of(frame, places)
            if isinstance(owner, Ref) and isinstance(table := frame.machine.content(owner), Table):
                owner, index = updated(frame, owner, table, index)
            if isinstance(owner, Num) and name in ("add", "sub") and _accumulate(frame, owner, index, name, value):
                return
            item = subscript(frame, owner, index)
            if isinstance(owner, Num | Stream) or not _changed(frame, item, name, value):
                store_item(frame, owner, index, binary(frame, name, item, value))
        case _:
            raise Refused("this augmented assignment")


def _by_object(frame: Frame, target: Any, name: str, value: Any) -> Any:
    """What `__iadd__` and its like give, where a name is an object that has it; else None."""
    if not isinstance(target, gast.Name | gast.Attribute):
        return None
    cls = class_with(frame, owner) if isinstance(
        owner := frame.evaluate(target) if isinstance(target, gast.Name) else None, Ref) else None
    method = f"i{name.rstrip('_')}"
    own = method_of(cls, f"__{method}__") is not None or overridden(frame, owner, method) is not None
    return special(frame, owner, method, value) if own else None


def _changed(frame: Frame, old: Any, name: str, value: Any) -> bool:
    """Does `op=` change the thing itself?  If so it is done; if not, the result has to be assigned."""
    if isinstance(old, Ref) and name == "add" and not isinstance(frame.machine.content(old), Fields):
        extend(frame, old, value)
        return True
    if isinstance(old, Ref) and name == "or_" and isinstance(frame.machine.content(old), Entries):
        frame.call(Method(old, "update"), [value])
        return True
    if not isinstance(old, Num) or not isinstance(old.atom, Var) or old.atom.type.kind not in ("array", "unknown"):
        return False
    if old.atom.type.kind == "unknown":
        if old.atom in frame.machine.growing:
            raise KindChanges(frame.machine.growing[old.atom])
        raise Refused(f"`{_sign(name)}=` on what may be a number or an array",
                      "a number is rebound, an array is changed in place", "say what the arguments are")
    change_in_place(frame, old, name, value)
    return True


def extend(frame: Frame, owner: Ref, other: Any) -> None:
    """`owner += other`, in place."""
    content = frame.machine.content(owner)
    more = listed(frame, other) if not isinstance(other, Tup) else frame.machine.new(Items(other.items))
    added = frame.machine.content(more)
    both = isinstance(content, Items) and isinstance(added, Items)
    joined: Any = Items(content.values + added.values) if both else joined_lists(frame, content, added)
    frame.machine.store(owner, joined)


def delete(frame: Frame, target: Any) -> None:
    if isinstance(target, gast.Name):
        frame.machine.state[frame.scope, target.id] = MISSING
        return
    if isinstance(target, gast.Subscript) and isinstance(owner := frame.evaluate(target.value), Ref):
        content, index = frame.machine.content(owner), index_of(frame, target.slice)
        if isinstance(index, slice) and isinstance(content, Items):
            left = list(content.values)
            del left[static_slice(index)]
            frame.machine.store(owner, Items(tuple(left)))
            return
        if isinstance(content, Fields) or overridden(frame, owner, "delitem") is not None:
            special(frame, owner, "delitem", index)
            return
        if isinstance(content, Table):
            remove(frame, content, index)
            return
        key = key_of(frame.machine, owner, index, "a key") if isinstance(content, Entries) else static(index, "a key")
        if isinstance(content, Entries) and content.get(key) is not None:
            frame.machine.store(owner, Entries(tuple((k, v) for k, v in content.values if k != key)))
            return
        if isinstance(content, Items) and isinstance(key, int) and -len(content.values) <= key < len(content.values):
            k = key % len(content.values)
            frame.machine.store(owner, Items(content.values[:k] + content.values[k + 1:]))
            return
    if isinstance(target, gast.Attribute):
        owner = frame.evaluate(target.value)
        if (cls := container_class(owner)) is not None and (remover := method_of(cls, "__delattr__")) is not None:
            frame.call(remover, [owner, Const(target.attr)])
            return
        fields = frame.machine.content(owner) if isinstance(owner, Ref) else None
        if isinstance(fields, Fields) and not isinstance(own_attribute(frame, fields, target.attr), Missing):
            set_attribute(frame, owner, target.attr, MISSING)
            return
    raise Refused("this `del`", hint="build what is left anew")


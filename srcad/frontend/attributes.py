"""Reading and writing what stands in an object, a class, a module or an array under a name."""

from __future__ import annotations

import functools
import inspect
from collections import deque
from dataclasses import replace
from types import FunctionType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Any

import numpy as np

from srcad.frontend.classes import class_of
from srcad.frontend.machine import Frame
from srcad.frontend.origins import attributes_of, within
from srcad.frontend.outside import is_object
from srcad.frontend.places import CHANGING, binary, operation_of, viewed
from srcad.frontend.special import Local, container_class, method_of
from srcad.frontend.subclasses import read
from srcad.frontend.values import (
    MISSING,
    Closure,
    Const,
    Entries,
    Fields,
    Method,
    Missing,
    Mixed,
    Num,
    Partial,
    Poison,
    Ref,
    Refused,
    Stream,
    Super,
    Tup,
    atom_of,
    describe,
    is_atomic,
)
from srcad.ir import EXTENT, Atom
from srcad.rules import ATTRIBUTES, METHODS
from srcad.runtime.inside import METHODS as TENSOR_METHODS

OUT_OF_SIGHT = "it may have been changed there"


def attribute(frame: Frame, owner: Any, name: str) -> Any:
    if name == "__class__" and (cls := class_of(frame, owner)) is not None:
        return Const(cls)
    match owner:
        case Poison():
            return owner
        case Num(atom=atom):
            return Method(owner, name) if atom.type.cls is not None else _of_atom(frame, atom, name)
        case Tup(items=items, cls=cls) if cls is not None:
            if name in cls._fields:  # type: ignore[attr-defined]
                return items[cls._fields.index(name)]  # type: ignore[attr-defined]
            own = name not in ("_replace", "_asdict", "index", "count") and hasattr(cls, name)
            return _of_class(frame, owner, cls.__mro__, name) if own else Method(owner, name)
        case Ref() if isinstance(fields := frame.machine.content(owner), Fields):
            return _of_object(frame, owner, fields, name)
        case Super(owner=object_, cls=cls):
            mro = (class_of(frame, object_) or cls).__mro__
            return _of_class(frame, object_, mro[mro.index(cls) + 1:], name)
        case Const(value=v) if not (is_atomic(owner) and not isinstance(v, str)):
            if not hasattr(v, name):
                raise Refused(f"{describe(owner)} has no attribute `{name}`", raises=AttributeError(name))
            if isinstance(v, str):
                return Method(owner, name)
            if isinstance(v, np.finfo | np.iinfo | np.dtype):
                return Const(getattr(v, name))
            if isinstance(v, ModuleType) and (callable(found := getattr(v, name)) or isinstance(found, ModuleType)):
                return Const(found)  # nobody replaces the functions of a module between two calls
            if isinstance(v, ModuleType) and v.__name__ in _CONSTANTS and isinstance(found, float | int | complex):
                return Const(found)
            return frame.machine.capture(("attr", id(v), name), name, within(v, "attr", name))
        case Const():
            return of_array(frame, atom_of(owner), name)
        case Ref(cell=cell) if name == "maxlen" and cell.cls is deque:
            return Const(cell.rule)
        case Closure() if (found := frame.machine.function_attribute(owner, name)) is not None:
            return found
        case Ref() if container_class(owner) is not None:
            return read(frame, owner, name, _of_class)
        case Tup() | Ref() | Stream():
            return Method(owner, name)
        case _:
            raise Refused(f"the attribute `{name}` of {describe(owner)}")


# What these modules call numbers does not change: `np.pi`, `math.inf`, `scipy.constants.g`.
_CONSTANTS = frozenset({"numpy", "math", "cmath", "scipy.constants"})


def _of_object(frame: Frame, owner: Ref, fields: Fields, name: str) -> Any:
    """An attribute of an object: a property, its own, what its class has, what `__getattr__` gives."""
    raw = inspect.getattr_static(fields.cls, name, None)
    if isinstance(raw, property):
        return _of_class(frame, owner, fields.cls.__mro__, name)
    if name == "__dict__":
        return attributes(frame, owner, fields)
    if (getter := method_of(type(raw), "__get__")) is not None and is_object(raw):
        return frame.call(getter, [class_attribute(frame, fields.cls, name), owner, Const(fields.cls)])
    own = own_attribute(frame, fields, name)
    if not isinstance(own, Missing):
        return own
    if isinstance(raw, functools.cached_property):
        value = frame.call(Const(raw.func), [owner])
        set_attribute(frame, owner, name, value)
        return value
    fallback = getattr(fields.cls, "__getattr__", None)
    if raw is None and isinstance(fallback, FunctionType):
        return frame.call(Const(fallback), [owner, Const(name)])
    return _of_class(frame, owner, fields.cls.__mro__, name)


def class_attribute(frame: Frame, cls: type, name: str) -> Any:
    """What stands in a class under a name."""
    home = next(c for c in cls.__mro__ if name in c.__dict__)
    return frame.machine.capture(("attr", id(home), name), name, within(home.__dict__, "item", name))


def own_attribute(frame: Frame, fields: Fields, name: str) -> Any:
    """What an object itself has under a name, or MISSING."""
    machine = frame.machine
    if fields.given is not None and (fields.given.scope, name) in machine.stale:
        raise Refused(f"`{name}` of an object that was passed to something that is only called", OUT_OF_SIGHT,
                      "read it before")
    if fields.given is None:
        found = fields.get(name)
        if isinstance(found, Mixed):
            raise Refused(f"`{name}` is not one thing here", found.reason, found.hint)
        return MISSING if found is None else found
    value = machine.current(machine.see((fields.given.scope, name), machine.attribute_of(fields.given, name)))
    if isinstance(value, Mixed):
        raise Refused(f"`{name}` is not one thing here", value.reason)
    return value


def set_attribute(frame: Frame, owner: Ref, name: str, value: Any) -> None:
    """`object.__setattr__(owner, name, value)`."""
    fields = frame.machine.content(owner)
    if fields.given is not None:
        frame.machine.set_attribute(fields.given, name, value)
    else:
        kept = {k: v for k, v in {**dict(fields.values), name: value}.items() if not isinstance(v, Missing)}
        frame.machine.store(owner, replace(fields, values=tuple(kept.items())))


def attributes(frame: Frame, owner: Ref, fields: Fields) -> Ref:
    """`vars(owner)`, as a dict of its own."""
    names = [k for k, _ in fields.values]
    if fields.given is not None:
        names = list(dict.fromkeys((*attributes_of(fields.given.origin.now), *fields.given.names)))
    values = ((k, own_attribute(frame, fields, k)) for k in names)
    found = frame.machine.new(Entries(tuple((k, v) for k, v in values if not isinstance(v, Missing))))
    found.cell.rule = owner  # a store to an entry is one to the attribute
    return found


def _of_class(frame: Frame, owner: Any, mro: tuple[type, ...], name: str) -> Any:
    """A method, property or class attribute of an object, from the first of these classes that has it."""
    cls = next((c for c in mro if name in c.__dict__), None)
    if cls is None:
        raise Refused(f"an object of {mro[0].__name__} has no attribute `{name}`", raises=AttributeError(name))
    raw = cls.__dict__[name]
    behaves = isinstance(raw, FunctionType | property | staticmethod | classmethod | functools.cached_property)
    frame.machine.has(mro, cls, name, behaves or hasattr(raw, "__srcad_inside__"))
    match raw:
        case property(fget=getter):
            return frame.call(Const(getter), [owner])
        case functools.cached_property(func=getter):
            return frame.call(Const(getter), [owner])
        case staticmethod():
            return Const(raw.__func__)
        case classmethod():
            return Partial(Const(raw.__func__), (Const(class_of(frame, owner)),), ())
        case FunctionType() | WrapperDescriptorType() | MethodDescriptorType():
            return Partial(Const(raw), (owner,), ())
        case functools.partialmethod(func=function, args=given, keywords=named):
            return Partial(Const(function), (owner, *map(Const, given)), tuple((k, Const(v)) for k, v in named.items()))
        case Local(value=Closure() as method):
            return Partial(method, (owner,), ())
        case Local(value=value):
            return value
        case _ if hasattr(raw, "__srcad_inside__"):  # a method whose derivative is stated
            return Partial(Const(raw), (owner,), ())
        case _:
            return frame.machine.capture(("attr", id(cls), name), name, within(cls.__dict__, "item", name))


def _of_atom(frame: Frame, atom: Atom, name: str) -> Any:
    """A number of Python lacks what arrays have where the program asks whether it does; else it is taken for one."""
    t, asked = atom.type, any(issubclass(AttributeError, c) for c in frame.machine.tried)
    if asked and t.kind == "number" and not frame.tensors and t.dtype is not None and not hasattr(
            t.dtype.type().item(), name):
        raise Refused(f"a number of Python has no attribute `{name}`", raises=AttributeError(name))
    return of_array(frame, atom, name)


def of_array(frame: Frame, atom: Atom, name: str) -> Any:
    """An attribute of an array, or of a number as if it were one."""
    t = atom.type
    if name == "shape":
        return Tup(extents_of(frame, atom))
    if name == "ndim" and t.rank is not None:
        return Const(t.rank)
    if name == "dtype":
        if t.dtype is None:
            raise Refused("the dtype of an array of unknown dtype")
        return Const(t.dtype)
    if name == "size" and t.shape is not None and not frame.tensors:
        return _size(frame, atom)
    if name == "flat":
        return Stream("flat", (Num(atom),))
    if frame.tensors and name in TENSOR_METHODS:
        return Method(Num(atom), name)
    if name in ATTRIBUTES:
        return viewed(frame, operation_of(ATTRIBUTES[name]), atom)
    if name in METHODS or name in CHANGING or (name.startswith("__") and hasattr(np.ndarray, name)):
        return Method(Num(atom), name)
    if hasattr(np.ndarray, name):
        raise Refused(f"the attribute `{name}` of an array", "it is not differentiated")
    raise Refused(f"the attribute `{name}` of an array", "arrays have no such attribute", raises=AttributeError(name))


def extents_of(frame: Frame, atom: Atom) -> tuple[Any, ...]:
    """The extents of an array along its axes."""
    if atom.type.shape is None:
        raise Refused("the shape of an array of unknown rank", hint="say what the arguments are (see `--args`)")
    return tuple(Const(d.offset) if d.size is None else Num(frame.build.call(EXTENT, atom, axis=k))
                 for k, d in enumerate(atom.type.shape))


def _size(frame: Frame, atom: Atom) -> Any:
    result: Any = Const(1)
    for extent in extents_of(frame, atom):
        result = extent if isinstance(result, Const) and result.value == 1 else binary(frame, "mul", result, extent)
    return result


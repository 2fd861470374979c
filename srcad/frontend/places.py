"""Reading and writing what a name, an attribute or a subscript denotes."""

from __future__ import annotations

import functools
import inspect
import math
import operator
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType, ModuleType, WrapperDescriptorType
from typing import Any

import gast
import numpy as np

from srcad.frontend.classes import class_of
from srcad.frontend.effects import PERCENT, message_of
from srcad.frontend.lists import each_column, element_at, joined_lists, sequence_of
from srcad.frontend.machine import Frame
from srcad.frontend.memory import Case, Memory, Undecided
from srcad.frontend.numpy_calls import argument
from srcad.frontend.outside import attributes_of, is_object
from srcad.frontend.special import Local, method_of, operated, special
from srcad.frontend.values import (
    MISSING,
    Closure,
    Const,
    Entries,
    Fields,
    Items,
    Method,
    Missing,
    Mixed,
    NeedsStatic,
    Num,
    Partial,
    Poison,
    Ref,
    Refused,
    Rows,
    Sequence,
    Stream,
    Super,
    Tup,
    atom_of,
    describe,
    is_atomic,
    is_static,
    static,
)
from srcad.ir import EXTENT, NEVER, OPERATORS, Atom, Op, Var, op_of
from srcad.rules import ATTRIBUTES, METHODS, composed
from srcad.rules.sequences import ITEM, NEW, REPEAT, SLICE
from srcad.runtime.inside import METHODS as TENSOR_METHODS

BINARY = {
    "Add": "add", "Sub": "sub", "Mult": "mul", "Div": "truediv", "FloorDiv": "floordiv", "Mod": "mod", "Pow": "pow",
    "BitAnd": "and_", "BitOr": "or_", "BitXor": "xor", "LShift": "lshift", "RShift": "rshift", "MatMult": "matmul",
}


# Methods of arrays that change them.
CHANGING = frozenset({"fill", "sort", "partition", "put", "resize", "itemset", "setfield", "byteswap", "setflags"})


def operation_of(function: Any) -> Op:
    op = op_of(function)
    assert op is not None, function
    return op


def binary(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`a <name> b`, where name is a function of the operator module."""
    function = getattr(operator, name)
    a, b = frame.machine.current(a), frame.machine.current(b)
    if isinstance(a, Poison) or isinstance(b, Poison):
        return Poison()
    if is_static(a) and is_static(b):
        return _fold(function, static(a, "an operand"), static(b, "an operand"))
    if isinstance(a, Const) and isinstance(a.value, str) and name == "mod":
        return Num(frame.build.call(PERCENT, a.value, message_of(b)))
    if (result := operated(frame, name, a, b)) is not None:
        return result
    if isinstance(a, Ref) and (result := frame.semantics.container_operator(frame, name, a, b)) is not None:
        return result
    if name in ("add", "mul") and any(isinstance(x, Ref | Tup) for x in (a, b)):
        return _concatenated(frame, name, a, b)
    op = operation_of(operator.matmul) if name == "matmul" else OPERATORS[name]
    return Num(frame.machine.record(op, operand(frame, a, b), operand(frame, b, a)))


def is_array_like(value: Any) -> bool:
    """Does NumPy take part in an operation with `value`?"""
    if isinstance(value, Num):
        return value.atom.type.kind not in ("number", "object")
    return isinstance(value, Const) and isinstance(value.value, np.generic)


def operand(frame: Frame, value: Any, beside: Any) -> Atom:
    """An operand of arithmetic; a list beside an array is made an array, as NumPy does."""
    if isinstance(value, Ref | Tup):
        if not is_array_like(beside):
            raise Refused(f"an operator between {describe(value)} and {describe(beside)}",
                          hint="make an array with np.array first")
        return frame.build.call(operation_of(np.array), argument(frame, value))
    if isinstance(value, Const) and isinstance(value.value, np.ndarray):
        raise Refused("an array that is neither an argument nor a name", hint="bind it to a name outside the function")
    return atom_of(value)


def _fold(function: Any, a: Any, b: Any) -> Any:
    try:
        result = function(a, b)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise Refused(f"an operation that always fails: {error}", raises=error) from None
    if type(result) is tuple:
        return Tup(tuple(map(Const, result)))
    return Const(result)


def _concatenated(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`+` and `*` of lists and tuples."""
    if name == "mul":
        container, times = (a, b) if isinstance(a, Ref | Tup) else (b, a)
        if is_array_like(times):
            return Num(frame.build.call(OPERATORS["mul"], operand(frame, a, b), operand(frame, b, a)))
        if isinstance(container, Ref) and not isinstance(times, Const):
            return frame.machine.new(Sequence(frame.build.call(REPEAT, sequence_of(frame, container), atom_of(times))))
        count = static(times, "a repetition")
        if not isinstance(count, int):
            raise Refused(f"{describe(container)} times {describe(times)}", hint="make an array with np.array first")
        items = _items(frame, container) * count
        return Tup(items) if isinstance(container, Tup) else frame.machine.new(Items(items))
    if not (isinstance(a, Ref | Tup) and isinstance(b, Ref | Tup)):
        return Num(frame.build.call(OPERATORS["add"], operand(frame, a, b), operand(frame, b, a)))
    if type(a) is not type(b):
        raise Refused(f"{describe(a)} + {describe(b)}", "Python does not add lists and tuples")
    if isinstance(a, Tup) and isinstance(b, Tup):
        return Tup(a.items + b.items)
    contents = [frame.machine.content(x) if isinstance(x, Ref) else x for x in (a, b)]
    if any(isinstance(c, Sequence | Rows) for c in contents):
        return frame.machine.new(joined_lists(frame, *contents))
    return frame.machine.new(Items(_items(frame, a) + _items(frame, b)))


def _items(frame: Frame, value: Any) -> tuple[Any, ...]:
    if isinstance(value, Tup):
        return value.items
    content = frame.machine.content(value)
    if isinstance(content, Items):
        return content.values
    raise Refused(f"{describe(value)} where a list of known length is needed")


# Subscripts.


def index_of(frame: Frame, node: Any) -> Any:
    """A subscript as nested tuples and slices of values."""
    match node:
        case gast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if p is None else frame.evaluate(p) for p in (lower, upper, step)))
        case gast.Tuple(elts=elts) if any(isinstance(e, gast.Slice) for e in elts):
            return tuple(index_of(frame, e) for e in elts)
        case _:
            return frame.evaluate(node)


def subscript(frame: Frame, owner: Any, index: Any) -> Any:
    """`owner[index]`, read."""
    match owner:
        case Poison():
            return owner
        case Num(atom=atom):
            if atom.type.kind == "never":
                return Num(Var("", NEVER))
            return viewed(frame, operation_of(operator.getitem), atom, index_atoms(frame, index))
        case Tup(items=items):
            return _known_item(frame, items, index, Tup)
        case Ref():
            found = special(frame, owner, "getitem", index)
            return _container_item(frame, owner, index) if found is None else found
        case Const(value=v) if v is np.r_ or v is np.c_:
            parts = index if type(index) is tuple else index.items if isinstance(index, Tup) else (index,)
            return frame.call(Const(composed.r_ if v is np.r_ else composed.c_), [_row(frame, p) for p in parts])
        case Const(value=v):
            if isinstance(index, slice) or not is_static(index):
                return _known_item(frame, tuple(map(Const, v)) if isinstance(v, str | tuple | range) else (), index,
                                   lambda part: Const(v[static_slice(index)]))
            key = static(index, "a key")
            try:
                v[key]
            except (IndexError, TypeError, KeyError) as error:
                raise Refused(f"this subscript always fails: {error}", raises=error) from None
            return frame.machine.capture(("item", id(v), key), "item", lambda: v[key])
        case Stream(kind=kind, parts=parts) if kind in ITEMS_OF:
            return ITEMS_OF[kind](frame, *parts, index)
        case _:
            raise Refused(f"a subscript of {describe(owner)}")


# How iterators that can be subscripted are: `A.flat[k]`.
ITEMS_OF: dict[str, Callable[..., Any]] = {}


def _row(frame: Frame, part: Any) -> Any:
    """A part of `np.r_[...]`: a slice is a range of numbers."""
    if not isinstance(part, slice):
        return part
    given = (part.start, part.stop, part.step)
    bounds = [Const(d) if p is None else p for p, d in zip(given, (0, None, 1), strict=True)]
    step = bounds[2].value if isinstance(bounds[2], Const) else None
    if isinstance(step, complex):
        return frame.call(Const(np.linspace), [*bounds[:2], Const(int(abs(step)))])
    return frame.call(Const(np.arange), bounds)


def viewed(frame: Frame, op: Op, atom: Atom, *rest: Any) -> Num:
    """The result of an operation that may share the memory of its first argument."""
    result = frame.build.call(op, atom, *rest)
    frame.machine.memories.derive(result, op, (atom, *rest), {}, frame.build.made)
    return Num(result)


def static_slice(index: slice) -> slice:
    return slice(*(None if p is None else static(p, "a bound of a slice")
                   for p in (index.start, index.stop, index.step)))


def _known_item(frame: Frame, items: tuple[Any, ...], index: Any, part: Any) -> Any:
    if isinstance(index, slice):
        return part(items[static_slice(index)])
    try:
        k = static(index, "the index of a list or tuple")
    except NeedsStatic:
        if items and all(isinstance(i, Num) or is_atomic(i) for i in items) and _alike(items):
            atoms = list(map(atom_of, items))
            found = frame.build.call(ITEM, frame.build.call(NEW, *atoms), atom_of(index))
            if frame.machine.by_cases:
                _by_cases(frame, found, index, atoms)
            else:
                frame.machine.memories.choose(found, atom_of(index), atoms)
            return Num(found)
        raise
    try:
        return items[k]
    except (IndexError, TypeError) as error:
        raise Refused(f"this index always fails: {error}", raises=error) from None


def _by_cases(frame: Frame, found: Var, index: Any, atoms: list[Atom]) -> None:
    """`found` is one of a few arrays, by an index: it is known which, so it can be stored to."""
    memories = frame.machine.memories
    position = atom_of(binary(frame, "mod", index, Const(len(atoms))))
    cases = []
    for k, atom in enumerate(atoms):
        if not isinstance(atom, Var) or atom.type.kind != "array":
            return
        test = frame.build.call(OPERATORS["eq"], position, k)
        cases.append(Case(test, True, frame.machine.new(Num(atom)).cell, memories.at(atom)))
    memories.of[found] = Memory()
    memories.undecided[memories.of[found]] = Undecided(tuple(cases))


def _alike(items: tuple[Any, ...]) -> bool:
    types = [atom_of(i).type for i in items]
    return all((t.kind == "array", t.dtype, t.rank) == (types[0].kind == "array", types[0].dtype, types[0].rank)
               for t in types)


def _container_item(frame: Frame, owner: Ref, index: Any) -> Any:
    content = frame.machine.content(owner)
    match content:
        case Items(values=values):
            return _known_item(frame, values, index, lambda part: frame.machine.new(Items(part)))
        case Sequence() | Rows():
            if isinstance(index, slice):
                bounds = slice(*(_bound(p) for p in (index.start, index.stop, index.step)))
                return frame.machine.new(each_column(content, lambda c: frame.build.call(SLICE, c, bounds)))
            return element_at(frame, content, atom_of(index))
        case Entries():
            key = static(index, "the key of a dict")
            value = content.get(key)
            return frame.semantics.missing(frame, owner, key) if value is None else value
        case _:
            raise Refused(f"a subscript of {describe(owner)}")


def _bound(value: Any) -> Any:
    return None if value is None or (isinstance(value, Const) and value.value is None) else _plain(value)


def _plain(value: Any) -> Any:
    """A constant as itself, anything else as its atom: how structure enters a form."""
    return value.value if isinstance(value, Const) else atom_of(value)


def index_atoms(frame: Frame, index: Any) -> Any:
    """A subscript of an array, over atoms."""
    if isinstance(index, slice):
        return slice(*(_bound(p) for p in (index.start, index.stop, index.step)))
    if type(index) is tuple:
        return tuple(index_atoms(frame, i) for i in index)
    match index:
        case Tup(items=items):
            return tuple(index_atoms(frame, i) for i in items)
        case Ref():
            content = frame.machine.content(index)
            if isinstance(content, Items):
                return [_plain(v) for v in content.values]
            return frame.build.call(operation_of(np.array), argument(frame, index))
        case Const(value=v) if isinstance(v, slice):
            return v
        case _:
            return _plain(index)


# Attributes.


def attribute(frame: Frame, owner: Any, name: str) -> Any:
    if name == "__class__" and (cls := class_of(frame, owner)) is not None:
        return Const(cls)
    match owner:
        case Poison():
            return owner
        case Num(atom=atom):
            return Method(owner, name) if atom.type.cls is not None else _of_array(frame, atom, name)
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
            if v in (np, math) and name == "inf":
                return Const(np.inf)  # so that `ord=-np.inf` is known
            return frame.machine.capture(("attr", id(v), name), name, lambda: getattr(v, name))
        case Const():
            return _of_array(frame, atom_of(owner), name)
        case Ref(cell=cell) if name == "maxlen" and cell.cls is deque:
            return Const(cell.rule)
        case Closure() if (found := frame.machine.function_attribute(owner, name)) is not None:
            return found
        case Tup() | Ref() | Stream():
            return Method(owner, name)
        case _:
            raise Refused(f"the attribute `{name}` of {describe(owner)}")


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
    return frame.machine.capture(("attr", id(home), name), name, lambda: home.__dict__[name])


def own_attribute(frame: Frame, fields: Fields, name: str) -> Any:
    """What an object itself has under a name, or MISSING."""
    machine = frame.machine
    if fields.given is None:
        found = fields.get(name)
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
    if isinstance(raw, FunctionType | property | staticmethod | classmethod | functools.cached_property) or hasattr(
            raw, "__srcad_inside__"):
        frame.machine.has(cls, name)
    match raw:
        case property(fget=getter):
            return frame.call(Const(getter), [owner])
        case functools.cached_property(func=getter):
            return frame.call(Const(getter), [owner])
        case staticmethod():
            return Const(raw.__func__)
        case classmethod():
            return Partial(Const(raw.__func__), (Const(class_of(frame, owner)),), ())
        case FunctionType() | WrapperDescriptorType():
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
            return frame.machine.capture(("attr", id(cls), name), name, lambda: cls.__dict__[name])


def _of_array(frame: Frame, atom: Atom, name: str) -> Any:
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
    reason = "it is not differentiated" if hasattr(np.ndarray, name) else "arrays have no such attribute"
    raise Refused(f"the attribute `{name}` of an array", reason)


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


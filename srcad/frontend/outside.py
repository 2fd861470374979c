"""What comes from outside of a function: its arguments' objects, globals, closure cells.

Static things are what they are, under a *guard*; numbers and arrays are inputs of the program.  An object of a user's
class is opened as it is read: each attribute that the code reads becomes an input, or a guard.  The attributes of such
an object are names in a scope of their own, so that branches and loops treat `self.n` as they treat `n`.

    def loss(self, x):                    inputs: self.w, x; self.n
        self.n += 1
        return np.sum(self.w @ x)         at the end, once: self.n = n

What the function changed is changed outside before it returns or raises (`changes`).
"""

from __future__ import annotations

import dataclasses
import random
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from srcad.frontend.contents import Contents, contents
from srcad.frontend.memory import Memories, Memory
from srcad.frontend.values import (
    MISSING,
    Cell,
    Const,
    Entries,
    Fields,
    Items,
    Missing,
    Num,
    Partial,
    Ref,
    State,
    Tup,
)
from srcad.ir import Record, Type, Var, type_of
from srcad.ir.types import INT, OBJECT, fresh
from srcad.runtime.objects import Steps, at

# Classes of objects that a program is given anew at each call: their state is their own.
STATEFUL = (np.random.Generator, np.random.RandomState, random.Random)
Values = tuple[Any, ...]  # the arguments of a call, in the order of the parameters
_scopes = count(-1, -1)   # of objects; those of functions are not negative
# Whose classes are not opened: their objects are what they are.
_FOREIGN = frozenset({*sys.stdlib_module_names, "numpy", "scipy", "jax", "jaxlib", "srcad", "pandas", "matplotlib",
                      "torch", "sklearn", "tqdm"} - {"__main__"})
_PLAIN = (int, float, complex, str, bytes, tuple, list, dict, set, frozenset, BaseException, type, np.ndarray,
          np.generic)


def is_object(value: Any) -> bool:
    """Is this an object of a user's class, whose attributes are read and written one by one?"""
    cls = type(value)
    if cls is SimpleNamespace:
        return True
    if not cls.__flags__ & 1 << 9 or isinstance(value, _PLAIN):  # 1 << 9: made by a `class` statement
        return False
    if cls.__module__.split(".")[0] in _FOREIGN or hasattr(type(cls), "__members__"):
        return False
    return cls.__new__ is object.__new__ or dataclasses.is_dataclass(cls)  # type: ignore[comparison-overlap]


def slots_of(cls: type) -> tuple[str, ...]:
    """The attributes of objects of `cls` that are in slots."""
    return tuple(name for c in cls.__mro__ for name, v in c.__dict__.items() if isinstance(v, MemberDescriptorType))


def attributes_of(obj: Any) -> dict[str, Any]:
    """The attributes that an object itself has."""
    found = {name: getattr(obj, name) for name in slots_of(type(obj)) if hasattr(obj, name)}
    return {**found, **getattr(obj, "__dict__", {})}


def as_identifier(text: str) -> str:
    """A name for what has none.

    >>> as_identifier("table_(1, 'a')")
    'table_1_a'
    """
    return re.sub(r"\W+", "_", text).rstrip("_") or "x"


@dataclass(frozen=True, eq=False)
class Origin:
    """Where something stands outside: a root, the way from there, and what stands there while the code is lowered.

    `argument` is the parameter that the root is, `type_of` says what its numbers and arrays are."""

    key: Any
    root: Callable[[Values], Any]
    now: Any
    name: str
    argument: str = ""
    type_of: Callable[[Any], Any] | None = None
    steps: Steps = ()

    def read(self, values: Values) -> Any:
        return at(self.root(values), self.steps)

    def part(self, kind: str, key: Any, now: Any) -> Origin:
        """An attribute or an item."""
        name = key if kind == "attr" else as_identifier(f"{self.name}_{key}")
        return replace(self, key=(self.key, kind, key), now=now, steps=(*self.steps, (kind, key)), name=name)

    @property
    def path(self) -> tuple[Any, ...]:
        return tuple(key for _, key in self.steps)


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """A number or array that the program reads from outside.

    It is an extra input, read anew at every call, or a part of the argument `argument`."""

    name: str
    read: Callable[[Values], Any]
    var: Var
    argument: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """Something from outside that the program was made for: `read(arguments)` must still be `value`."""

    name: str
    read: Callable[[Values], Any]
    value: Any

    def holds(self, values: Values = ()) -> bool:
        try:
            now = self.read(values)
        except (AttributeError, LookupError, TypeError):
            return False
        return now is self.value or (type(now) is type(self.value) and type(now) in (bool, int, str, tuple, Contents)
                                     and now == self.value)


class Apart(Guard):
    """Lists and objects, one of which is changed, are different ones."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Given:
    """An object from outside: the scope of its attributes."""

    origin: Origin
    scope: int
    cls: type
    names: dict[str, None] = field(default_factory=dict)  # the attributes that were read or written


@dataclass
class Outside:
    """The part of a machine that knows what is outside."""

    state: State = field(default_factory=dict)
    memories: Memories = field(default_factory=Memories)
    captures: dict[Any, Capture] = field(default_factory=dict)
    guards: dict[Any, Guard] = field(default_factory=dict)
    static_captures: set[Any] = field(default_factory=set)
    seeds: State = field(default_factory=dict)          # what names and cells of outside held at first
    known: dict[int, tuple[Any, Any, Origin]] = field(default_factory=dict)  # objects and containers, by identity
    origins: dict[Cell, Origin] = field(default_factory=dict)
    borrowed: dict[Var, Cell] = field(default_factory=dict)  # the names that arrays of outside have there
    wholes: dict[Any, Var] = field(default_factory=dict)

    def seed(self, key: Any, value: Any) -> Any:
        """What a name or cell of outside holds at first: in all states that know nothing else of it."""
        self.seeds[key] = value
        self.state.setdefault(key, value)
        return value

    def now_in(self, cell: Cell) -> Any:
        """What a cell holds; one of outside holds what it did at first, where another path has read it."""
        found = self.state.get(cell)
        return found if found is not None else self.state.setdefault(cell, self.seeds[cell])

    def capture(self, key: Any, name: str, read: Callable[[], Any]) -> Any:
        """The value of something outside: static things as they are, numbers as inputs."""
        return self.captured(Origin(key, lambda _: read(), read(), name))

    def captured(self, origin: Origin) -> Any:
        value, key, name = origin.now, origin.key, origin.name
        if (is_data(value) or isinstance(value, STATEFUL)) and key not in self.static_captures:
            if key not in self.captures:
                var = Var(name, (origin.type_of or input_type)(value))
                self.captures[key] = Capture(name, origin.read, var, origin.argument)
                self.memories.of[var] = Memory(name)
                if var.type.kind == "array":
                    self.borrowed[var] = Cell(name)
                    self.seed(self.borrowed[var], Num(var))
            return Num(self.captures[key].var)
        return self.lifted(origin)

    def lifted(self, origin: Origin) -> Any:
        """A container or object from outside is a tree of captures; anything else is what it is."""
        value = origin.now
        if hasattr(type(value), "__srcad_array__"):  # tensors are arrays in programs
            return self.captured(replace(origin, key=(origin.key, "tensor"), now=value.__srcad_array__(),
                                         root=lambda v: origin.read(v).__srcad_array__(), steps=()))
        if isinstance(value, tuple) and is_tree(value):
            self.guards.setdefault(origin.key, Guard(f"the structure of {origin.name}",
                                                     lambda v: structure(origin.read(v)), structure(value)))
            return Tup(tuple(self.captured(origin.part("item", i, v)) for i, v in enumerate(value)),
                       None if type(value) is tuple else type(value))
        if isinstance(value, MethodType) and is_object(value.__self__):
            owner = Origin((origin.key, "self"), lambda _: value.__self__, value.__self__, "self")
            return Partial(Const(value.__func__), (self.captured(owner),), ())
        if not (is_object(value) or type(value) is list or (
                type(value) is dict and all(isinstance(k, str | int | tuple) for k in value))):
            if (held := contents(value)) is not None and type(value) is not str:
                self.guards.setdefault(origin.key, Guard(
                    f"what {origin.name} holds", lambda v: contents(origin.read(v)), held))
            elif not isinstance(value, ModuleType):  # nobody gives the name of a module to another
                self.guards.setdefault(origin.key, Guard(origin.name, origin.read, value))
            return Const(value)
        if id(value) in self.known:
            _, ref, first = self.known[id(value)]
            if first.key != origin.key:
                self.guards.setdefault((first.key, origin.key, "is"), Guard(
                    origin.name, lambda v: first.read(v) is origin.read(v), True))
            return ref
        if is_object(value):
            return self.given(origin)
        return self._container(origin)

    def _container(self, origin: Origin) -> Ref:
        value, read = origin.now, origin.read
        cell = Cell(origin.name, None)
        self.known[id(value)] = (value, Ref(cell), origin)
        if type(value) is list:
            self.guards.setdefault((origin.key, "length"),
                                   Guard(f"len({origin.name})", lambda v: len(read(v)), len(value)))
            content: Any = Items(tuple(self.captured(origin.part("item", i, v)) for i, v in enumerate(value)))
        else:
            self.guards.setdefault((origin.key, "keys"),
                                   Guard(f"the keys of {origin.name}", lambda v: tuple(read(v)), tuple(value)))
            content = Entries(tuple((k, self.captured(origin.part("item", k, v))) for k, v in value.items()))
        self.origins[cell] = origin
        self.seed(cell, content)
        return Ref(cell)

    def runs(self, function: FunctionType) -> None:
        """The code of a function becomes part of the program: it must still be that (an editor may replace it)."""
        if function.__module__ and function.__module__.partition(".")[0] != "srcad":
            self.guards.setdefault(("code", id(function)), Guard(f"the code of {function.__name__}",
                                                                 lambda _: function.__code__, function.__code__))

    def defaults(self, function: FunctionType) -> None:
        """So must be the defaults of a function that is called within."""
        if function.__defaults__:
            name = f"the defaults of {function.__name__}"
            self.guards.setdefault(("defaults", id(function)), Guard(name, lambda _: function.__defaults__,
                                                                     function.__defaults__))

    def has(self, cls: type, name: str) -> None:
        """So must be what a class has under this name."""
        if cls.__module__.partition(".")[0] not in _FOREIGN:
            guard = Guard(f"{cls.__name__}.{name}", lambda _: cls.__dict__.get(name), cls.__dict__[name])
            self.guards.setdefault(("member", id(cls), name), guard)

    # Objects.

    def given(self, origin: Origin) -> Ref:
        """An object, about which nothing is known yet but its class."""
        cls, read = type(origin.now), origin.read
        self.guards.setdefault((origin.key, "class"), Guard(f"type({origin.name})", lambda v: type(read(v)), cls))
        cell = Cell(origin.name, None)
        self.known[id(origin.now)] = (origin.now, Ref(cell), origin)
        self.origins[cell] = origin
        self.seed(cell, Fields(cls, (), Given(origin, next(_scopes), cls)))
        return Ref(cell)

    def attribute_of(self, given: Given, name: str) -> Any:
        """The value of an attribute that the object itself has; MISSING if it has none."""
        key = (given.scope, name)
        if key not in self.seeds:
            origin, obj = given.origin, given.origin.now
            own = attributes_of(obj)
            given.names[name] = None
            if name in own:
                self.seed(key, self.captured(origin.part("attr", name, own[name])))
            else:
                self.guards[origin.key, "without", name] = Guard(
                    name, lambda v: name in attributes_of(origin.read(v)), False)
                self.seed(key, MISSING)
        return self.state.setdefault(key, self.seeds[key])

    def set_attribute(self, given: Given, name: str, value: Any) -> None:
        self.attribute_of(given, name)
        self.state[given.scope, name] = value

    def open(self, value: Any) -> None:
        """Read all numbers and arrays that can be reached from a value: what is differentiated is an input."""
        match value:
            case Tup(items=items):
                for item in items:
                    self.open(item)
            case Ref(cell=cell):
                match self.seeds.get(cell):
                    case Items(values=items):
                        for item in items:
                            self.open(item)
                    case Entries(values=entries):
                        for _, item in entries:
                            self.open(item)
                    case Fields(given=Given() as given):
                        for name in differentiable(given.origin.now):
                            self.open(self.attribute_of(given, name))

    def require_apart(self) -> None:
        """What is changed through one name is not seen through another: the program is made for different things."""
        origins = list(self.origins.values())
        if len(origins) > 1:
            self.guards["apart"] = Apart("how many lists and objects these are",
                                         lambda v: len({id(o.read(v)) for o in origins}), len(origins))

    def whole(self, origin: Origin) -> Var:
        """The variable of the object or container that `origin` begins at."""
        key = origin.argument or (origin.key if not origin.steps else self._root_key(origin.key))
        if key not in self.wholes:
            self.wholes[key] = Var(origin.argument or self._root_name(origin), OBJECT)
            if not origin.argument:
                self.captures[key, "whole"] = Capture(self.wholes[key].hint, origin.root, self.wholes[key])
        return self.wholes[key]

    @staticmethod
    def _root_key(key: Any) -> Any:
        while isinstance(key, tuple) and len(key) == 3 and key[1] in ("attr", "item"):
            key = key[0]
        return key

    @staticmethod
    def _root_name(origin: Origin) -> str:
        return origin.name if not origin.steps else getattr(
            origin.root(()), "__name__", type(origin.root(())).__name__.lower())


def is_tree(value: Any) -> bool:
    """Is it a container that is taken apart?"""
    return type(value) is tuple or (isinstance(value, tuple) and hasattr(value, "_fields")) or (
        type(value) is list and bool(value)) or (type(value) is dict and all(isinstance(k, str | int) for k in value))


def structure(value: Any) -> Contents | None:
    """What a container that is taken apart is, besides its elements."""
    if not is_tree(value):
        return None
    return Contents((type(value), *value)) if isinstance(value, dict) else Contents((type(value), len(value)))


def differentiable(obj: Any) -> dict[str, Any]:
    """The attributes of an object that hold floats."""
    return {name: v for name, v in attributes_of(obj).items() if _holds_floats(v, {id(obj)})}


def _holds_floats(value: Any, seen: set[int]) -> bool:
    if isinstance(value, float | np.floating):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f"
    if id(value) in seen:
        return False
    seen.add(id(value))
    if type(value) in (list, tuple):
        return any(_holds_floats(v, seen) for v in value)
    if type(value) is dict:
        return any(_holds_floats(v, seen) for v in value.values())
    return is_object(value) and any(_holds_floats(v, seen) for v in attributes_of(value).values())


def is_data(value: Any) -> bool:
    """Numbers and numeric arrays (a bool is a flag, and static)."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "biufc"
    return type(value) in (int, float, complex)


def input_type(value: Any) -> Type:
    """The type of an input, which may have another value and other extents in another call."""
    if isinstance(value, STATEFUL):
        return Type("object", cls=type(value))
    t = type_of(value)
    if t.kind == "array" and t.shape is not None:
        return Type("array", t.dtype, tuple(d if d.offset < 2 else fresh(many=True) for d in t.shape))
    return INT if t.kind == "number" and t.value is not None else t if t.is_numeric else OBJECT


def tree_of(state: State, value: Any) -> Any:
    """A value from outside, as it was at first, as a tree of variables: `state` is that of the seeds."""
    match value:
        case Num(atom=a):
            return a
        case Const(value=v):
            return v
        case Tup(items=items, cls=cls):
            parts = tuple(tree_of(state, i) for i in items)
            return parts if cls is None else Record(cls, dict(zip(cls._fields, parts, strict=True)))  # type: ignore[attr-defined]
        case Ref(cell=cell):
            match state[cell]:
                case Items(values=values):
                    return [tree_of(state, v) for v in values]
                case Entries(values=entries):
                    return {k: tree_of(state, v) for k, v in entries}
                case Fields(cls=cls, values=fields, given=given):
                    own = {n: state[given.scope, n] for n in given.names} if given is not None else dict(fields)
                    return Record(cls, {k: tree_of(state, v) for k, v in own.items() if not isinstance(v, Missing)})
    return None

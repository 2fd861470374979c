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
import functools
import random
import sys
from dataclasses import dataclass, field, replace
from itertools import count
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from srcad.frontend.contents import Contents, contents
from srcad.frontend.memory import Memories, Memory
from srcad.frontend.origins import (
    Apart,
    Called,
    Capture,
    Condition,
    Defines,
    Guard,
    Has,
    Held,
    Origin,
    Same,
    Slot,
    Values,
    attributes_of,
    code_of,
    names_of,
    within,
)
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

# Classes of objects that a program is given anew at each call: their state is their own.
STATEFUL = (np.random.Generator, np.random.RandomState, random.Random)
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
    guards: dict[Any, Condition] = field(default_factory=dict)
    static_captures: set[Any] = field(default_factory=set)
    seeds: State = field(default_factory=dict)          # what names and cells of outside held at first
    known: dict[int, tuple[Any, Any, Origin]] = field(default_factory=dict)  # objects and containers, by identity
    origins: dict[Cell, Origin] = field(default_factory=dict)
    borrowed: dict[Var, Cell] = field(default_factory=dict)  # the names that arrays of outside have there
    wholes: dict[Any, Var] = field(default_factory=dict)
    cells: dict[int, Origin] = field(default_factory=dict)   # of free variables, by identity
    given_values: Values = field(default_factory=Values)

    def seed(self, key: Any, value: Any) -> Any:
        """What a name or cell of outside holds at first: in all states that know nothing else of it."""
        self.seeds[key] = value
        self.state.setdefault(key, value)
        return value

    def now_in(self, cell: Cell) -> Any:
        """What a cell holds; one of outside holds what it did at first, where another path has read it."""
        found = self.state.get(cell)
        return found if found is not None else self.state.setdefault(cell, self.seeds[cell])

    def capture(self, key: Any, name: str, root: Slot) -> Any:
        """The value of something outside: static things as they are, numbers as inputs."""
        return self.captured(Origin(key, root, root.of(self.given_values), name))

    def captured(self, origin: Origin) -> Any:
        value, key, name = origin.now, origin.key, origin.name
        if (is_data(value) or isinstance(value, STATEFUL)) and key not in self.static_captures:
            if key not in self.captures:
                var = Var(name, (origin.type_of or input_type)(value))
                self.captures[key] = Capture(name, origin, var)
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
            return self.captured(origin.array())
        if isinstance(value, tuple) and is_tree(value):
            self.guards.setdefault(origin.key, Guard(f"the structure of {origin.name}", origin,
                                                     structure(value), structure))
            return Tup(tuple(self.captured(origin.part("item", i, v)) for i, v in enumerate(value)),
                       None if type(value) is tuple else type(value))
        if isinstance(value, MethodType) and is_object(value.__self__):
            self.guards.setdefault((origin.key, "function"), Guard(
                origin.name, origin.part("attr", "__func__", value.__func__), value.__func__))
            owner = origin.thing("attr", "__self__", value.__self__, "self")
            return Partial(Const(value.__func__), (self.captured(owner),), ())
        if isinstance(value, functools.partial):
            return self._partial(origin)
        if origin.called and is_made_anew(value):
            return self._function(origin)
        if not (is_object(value) or type(value) is list or (
                type(value) is dict and all(isinstance(k, str | int | tuple) for k in value))):
            if (held := contents(value)) is not None and type(value) is not str:
                self.guards.setdefault(origin.key, Guard(
                    f"what {origin.name} holds", origin, held, contents))
            elif not isinstance(value, ModuleType):  # nobody gives the name of a module to another
                self.guards.setdefault(origin.key, Guard(origin.name, origin, value))
            return Const(value)
        if id(value) in self.known:
            _, ref, first = self.known[id(value)]
            if first.key != origin.key:
                self.guards.setdefault((first.key, origin.key, "is"), Same(origin.name, first, origin))
            return ref
        if is_object(value):
            return self.given(origin)
        return self._container(origin)

    def _partial(self, origin: Origin) -> Any:
        """A `partial`: a call of what it holds."""
        value = origin.now
        self.guards.setdefault(origin.key, Guard(f"what {origin.name} holds", origin, shape_of_partial(value),
                                                 shape_of_partial))
        args, named = origin.part("attr", "args", value.args), origin.part("attr", "keywords", value.keywords)
        first = tuple(self.captured(args.thing("item", k, v, f"argument{k}")) for k, v in enumerate(value.args))
        rest = tuple((k, self.captured(named.thing("item", k, v, k))) for k, v in value.keywords.items())
        function = replace(origin.part("attr", "func", value.func), called=True)
        return Partial(self.captured(function), first, rest)

    def _function(self, origin: Origin) -> Any:
        """A function that is only called: another one of the same code does the same, with its own cells."""
        value = origin.now
        if id(value) in self.known:
            _, _, first = self.known[id(value)]
            if first.key != origin.key:
                self.guards.setdefault((first.key, origin.key, "is"), Same(origin.name, first, origin))
        else:
            self.known[id(value)] = (value, Const(value), origin)
            self.guards.setdefault(origin.key, Guard(origin.name, origin, value.__code__, code_of))
            scope = origin.part("attr", "__globals__", value.__globals__)
            self.guards.setdefault(scope.key, Guard(f"the globals of {origin.name}", scope, value.__globals__))
        return Const(value)

    def _container(self, origin: Origin) -> Ref:
        value = origin.now
        cell = Cell(origin.name, None)
        self.known[id(value)] = (value, Ref(cell), origin)
        if type(value) is list:
            self.guards.setdefault((origin.key, "length"),
                                   Guard(f"len({origin.name})", origin, len(value), len))
            content: Any = Items(tuple(self.captured(origin.part("item", i, v)) for i, v in enumerate(value)))
        else:
            self.guards.setdefault((origin.key, "keys"),
                                   Guard(f"the keys of {origin.name}", origin, tuple(value), tuple))
            content = Entries(tuple((k, self.captured(origin.part("item", k, v))) for k, v in value.items()))
        self.origins[cell] = origin
        self.seed(cell, content)
        return Ref(cell)

    def runs(self, function: FunctionType) -> None:
        """The code of a function becomes part of the program: it must still be that (an editor may replace it)."""
        if function.__module__ and function.__module__.partition(".")[0] != "srcad":
            code = self.origin_of(function).slot(("attr", "__code__"))
            self._stays(("code", id(function)), f"the code of {function.__name__}", code)

    def defaults(self, function: FunctionType) -> None:
        """So must be the defaults of a function that is called within."""
        if function.__defaults__:
            origin = self.origin_of(function).part("attr", "__defaults__", function.__defaults__)
            name, key = f"the defaults of {function.__name__}", ("defaults", id(function))
            if isinstance(origin.root, Held):
                self.guards.setdefault(key, Guard(name, origin, origin.now))
            else:  # another function of this code has another tuple
                self.guards.setdefault(key, Guard(name, origin, contents(origin.now), contents))

    def calls(self, function: FunctionType) -> None:
        """The code that is lowered is that of `function`, which another call may replace by another of this code."""
        origin = Origin(("function",), Called(), function, function.__name__)
        self.given_values = Values.of(function, ())
        self.known[id(function)] = (function, Const(function), origin)

    def origin_of(self, function: FunctionType) -> Origin:
        """Where a function stands whose code is lowered."""
        if id(function) in self.known:
            return self.known[id(function)][2]
        return Origin(("function", id(function)), Held(function), function, function.__name__)

    def free_variable(self, function: FunctionType, name: str, called: bool) -> Any:
        """What a free variable of a function from outside holds."""
        k = function.__code__.co_freevars.index(name)
        cell = (function.__closure__ or ())[k]
        place = self.origin_of(function).part("attr", "__closure__", None).part("item", k, cell)
        first = self.cells.setdefault(id(cell), place)
        if first.key != place.key:
            self.guards.setdefault((first.key, place.key, "is"), Same(name, first, place))
        root = first.slot(("attr", "cell_contents"))
        return self.captured(Origin(("cell", id(cell)), root, cell.cell_contents, name, called=called))

    def has(self, mro: tuple[type, ...], cls: type, name: str, member: bool) -> None:
        """So must be what `cls` has under this name (if that is a member), the first of these classes that has it."""
        for derived in mro[:mro.index(cls)]:
            key = ("without", id(derived), name)
            self.guards.setdefault(key, Guard(f"{derived.__name__}.{name}", Origin(key, Held(derived), derived, name),
                                              False, Defines(name)))
        if member and cls.__module__.partition(".")[0] not in _FOREIGN:
            self._stays(("member", id(cls), name), f"{cls.__name__}.{name}", within(cls.__dict__, "item", name))

    def _stays(self, key: Any, name: str, root: Slot) -> None:
        origin = Origin(key, root, root.of(self.given_values), name)
        self.guards.setdefault(key, Guard(name, origin, origin.now))

    # Objects.

    def given(self, origin: Origin) -> Ref:
        """An object, about which nothing is known yet but its class."""
        cls = type(origin.now)
        self.guards.setdefault((origin.key, "class"), Guard(f"type({origin.name})", origin, cls, type))
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
                self.guards[origin.key, "without", name] = Guard(name, origin, False, Has(name))
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
                        self._open_object(given)

    def _open_object(self, given: Given) -> None:
        """The attributes that hold floats; that the others hold none is a guard."""
        origin = given.origin
        own = attributes_of(origin.now)
        self.guards[origin.key, "names"] = Guard(f"the attributes of {origin.name}", origin, names_of(origin.now),
                                                 names_of)
        for name, value in own.items():
            if holds_floats(value, origin.now):
                self.open(self.attribute_of(given, name))
            else:
                part = origin.part("attr", name, value)
                self.guards.setdefault((part.key, "floats"), Guard(f"floats in {name}", part, False, holds_floats))

    def require_apart(self) -> None:
        """What is changed through one name is not seen through another: the program is made for different things."""
        origins = list(self.origins.values())
        if len(origins) > 1:
            self.guards["apart"] = Apart("how many lists and objects these are", tuple(origins))

    def whole(self, origin: Origin) -> Var:
        """The variable of the object or container that `origin` begins at."""
        key = origin.argument or (origin.key if not origin.steps else self._root_key(origin.key))
        if key not in self.wholes:
            self.wholes[key] = Var(origin.argument or self._root_name(origin), OBJECT)
            if not origin.argument:
                self.captures[key, "whole"] = Capture(
                    self.wholes[key].hint, Origin((key, "whole"), origin.root, None, self.wholes[key].hint),
                    self.wholes[key])
        return self.wholes[key]

    @staticmethod
    def _root_key(key: Any) -> Any:
        while isinstance(key, tuple) and len(key) == 3 and key[1] in ("attr", "item"):
            key = key[0]
        return key

    def _root_name(self, origin: Origin) -> str:
        if not origin.steps:
            return origin.name
        root = origin.root.of(self.given_values)
        return str(getattr(root, "__name__", type(root).__name__.lower()))


def is_made_anew(value: Any) -> bool:
    """Is it a function that is made each time that the code around it runs?"""
    return type(value) is FunctionType and code_of(value) is not value and (
        "<locals>" in value.__qualname__ or value.__name__ == "<lambda>")


def shape_of_partial(value: functools.partial[Any]) -> Any:
    """How many arguments it holds, and under which names."""
    return (len(value.args), *value.keywords) if type(value) is functools.partial else None


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
    return {name: v for name, v in attributes_of(obj).items() if holds_floats(v, obj)}


def holds_floats(value: Any, owner: Any = None) -> bool:
    """Is there a float in something that `owner` has (which may be in it itself)?"""
    return _holds_floats(value, {id(owner)})


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

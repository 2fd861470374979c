"""What a Python expression is while a function is being lowered.

    Const     a Python object that is known now: a module, a function, a string, None, a literal number
    Num       a value that the program computes: an atom of the core language
    Tup       a tuple (or named tuple) of values
    Ref       a mutable container or object; what it holds stands in the state, under its cell
    Closure   a function that the lowered code defines
    Partial   a callable with some of its arguments; Method: one with its `self`
    Either    one of two functions, depending on the path
    Stream    something to iterate over: a range, zip, enumerate, reversed, a generator

A `State` maps names and cells to values; it is copied where control forks and joined where it meets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, NamedTuple

import gast

from srcad.errors import Span
from srcad.ir import Atom, Lit, Type, Var, is_number

_serials = count()


@dataclass(frozen=True, slots=True)
class Const:
    value: Any


@dataclass(frozen=True, slots=True)
class Instance:
    """In what a program is made for: an object of a user's class, and what tells the types of its attributes."""

    value: Any
    type_of: Any


@dataclass(frozen=True, slots=True)
class Num:
    atom: Atom


@dataclass(frozen=True, slots=True)
class Tup:
    items: tuple[Any, ...]
    cls: type | None = None


class Slice(NamedTuple):
    """The class of a `Tup` that is a slice whose bounds are computed."""

    start: Any
    stop: Any
    step: Any


class Cell:
    """The identity of a mutable thing.  `frozen` is why it can't be stored to (it may be one of several things).

    `cls` is its class where that is not plain list or dict, and `rule` what that class does with it: what makes missing
    entries, how many items there may be.  `others` may be this thing, depending on the path: they are joins with it.
    `home`: the list of unknown length of which it is an element, its index there, and what that list held then."""

    __slots__ = ("cls", "frozen", "hint", "home", "origin", "others", "rule", "serial")

    def __init__(self, hint: str = "", origin: Span | None = None, frozen: str = "", cls: type | None = None,
                 rule: Any = None) -> None:
        self.hint, self.origin, self.frozen, self.serial = hint, origin, frozen, next(_serials)
        self.cls, self.rule = cls, rule
        self.others: list[Cell] = []
        self.home: Any = None


@dataclass(frozen=True, slots=True)
class Ref:
    cell: Cell


@dataclass(frozen=True, slots=True)
class Beside:
    """Where the attributes of an object stand whose class is a list or dict: the `rule` of its cell."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Items:
    """The contents of a list whose length is known."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """The contents of a list whose length is not known: one variable."""

    atom: Atom


@dataclass(frozen=True, slots=True)
class Rows:
    """The contents of a list of tuples whose length is not known: a tuple with a `Sequence` for each component."""

    tree: Tup


@dataclass(frozen=True, slots=True)
class Entries:
    """The contents of a dict; keys are static."""

    values: tuple[tuple[Any, Any], ...]

    def get(self, key: Any) -> Any:
        return dict(self.values).get(key)


@dataclass(frozen=True, slots=True)
class Table:
    """The contents of a dict whose keys are computed: a variable that holds the positions of the keys, and the list of
    the values; of a set only the former.  `keys` says what a key is made of."""

    places: Atom
    values: Ref | None
    keys: Any


@dataclass(frozen=True, slots=True)
class Fields:
    """The attributes of an object of class `cls`; those of an object from outside are names in a scope (`outside`)."""

    cls: type
    values: tuple[tuple[str, Any], ...]
    given: Any = None

    def get(self, name: str) -> Any:
        return dict(self.values).get(name)


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A `def` or `lambda` of the lowered code, with the frame in which its free names are looked up."""

    tree: gast.FunctionDef
    frame: Any
    defaults: tuple[Any, ...] = ()
    kwdefaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partial:
    function: Any
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Method:
    """`name` of `owner`: an array method, a list method."""

    owner: Any
    name: str


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` in a method of `cls`, called on `owner`."""

    owner: Ref
    cls: type


@dataclass(frozen=True, slots=True)
class Either:
    """One of two functions, by a test that was made before."""

    test: Atom
    then: Any
    orelse: Any


@dataclass(frozen=True, slots=True)
class Stream:
    """`kind` is range, zip, enumerate, reversed, items, map or comprehension; `parts` are its operands."""

    kind: str
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that is bound on no path that leads here."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """Two things that can't be one variable, depending on the path; it may exist but not be used.

    `place` is the loop after which it is so; trip by trip it may be known."""

    reason: str
    hint: str = ""
    related: tuple[tuple[Span, str], ...] = ()
    place: Any = None

    def refused(self, name: str) -> Refused:
        return Refused(f"`{name}` is not one thing here", self.reason, self.hint, self.related)


@dataclass(frozen=True, slots=True)
class Poison:
    """The result of something that was refused: all that depends on it is silently refused too."""


POISON = Poison()
FRESH = Const("a generator that has not run")
LEFT = Mixed("a loop left it, and what it would give next is not tracked")
NONE = Const(None)
MISSING = Missing()
State = dict[Any, Any]


class Refused(Exception):
    """This expression can't be lowered: what, why, and what to write instead.

    `raises`: what Python is sure to raise here, which a `try` around it may catch."""

    def __init__(self, what: str, reason: str = "", hint: str = "", related: tuple[tuple[Span, str], ...] = (),
                 raises: BaseException | None = None) -> None:
        super().__init__(what)
        self.what, self.reason, self.hint, self.related, self.raises = what, reason, hint, related, raises


# In place of an argument's name in what a program is made for: an extent of any of the arguments.
ANY_SHAPE = ""


class NeedsStatic(Exception):
    """Structure depends on the value of `var`: a loop that binds it is unrolled, an argument is guarded by value."""

    def __init__(self, var: Var, purpose: str) -> None:
        super().__init__(purpose)
        self.var, self.purpose = var, purpose
        self.span: Span | None = None
        self.place: Span | None = None  # the statement that indexes a list by it


class NeedsKey(NeedsStatic):
    """A key of the dict that is made at `place` is computed (`keys`: what it is made of).  If it can't be known, the
    dict has to be a `Table`; at once where it is `empty`."""

    def __init__(self, var: Var, purpose: str, place: Any, keys: Any, empty: bool) -> None:
        super().__init__(var, purpose)
        self.place, self.keys, self.empty = place, keys, empty


class NeedsUnrolled(Exception):
    """Structure depends on the length of a list that a loop makes: the loop at this place is unrolled."""

    def __init__(self, place: Any) -> None:
        super().__init__(str(place))
        self.place = place


def is_atomic(value: Any) -> bool:
    """Can `value` be one atom?"""
    if isinstance(value, Num):
        return True
    return isinstance(value, Const) and (value.value is None or is_number(value.value) or isinstance(value.value, str))


def atom_of(value: Any) -> Atom:
    """The atom of a number, an array, None or a string."""
    if isinstance(value, Num):
        return value.atom
    if isinstance(value, Const) and is_atomic(value):
        return Lit(value.value)
    raise Refused(f"{describe(value)} where a number or an array is needed")


def type_of_value(value: Any) -> Type:
    return atom_of(value).type


def static(value: Any, purpose: str) -> Any:
    """The Python object of a value that must be known now."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Tup) and value.cls is None:
        return tuple(static(v, purpose) for v in value.items)
    if isinstance(value, Num) and isinstance(value.atom, Lit):
        return value.atom.value
    if isinstance(value, Num) and isinstance(value.atom, Var):
        constant = value.atom.type.value
        if constant is not None and constant.size is None:
            return constant.offset
        raise NeedsStatic(value.atom, purpose)
    raise Refused(f"{describe(value)} as {purpose}", "it must be known before the function runs")


def is_static(value: Any) -> bool:
    return isinstance(value, Const) or (isinstance(value, Tup) and all(map(is_static, value.items)))


def is_known(value: Any) -> bool:
    """Is it a number or another object that is known now?  (Also one that the program computes from what is known.)"""
    constant = value.atom.type.value if isinstance(value, Num) and isinstance(value.atom, Var) else None
    return is_static(value) or isinstance(value, Num) and (
        isinstance(value.atom, Lit) or constant is not None and constant.size is None)


def is_function(value: Any) -> bool:
    return isinstance(value, Closure | Partial | Method | Either) or (isinstance(value, Const)
                                                                      and callable(value.value))


def describe(value: Any) -> str:
    """What a value is, for an error message."""
    match value:
        case Const(value=v):
            return getattr(v, "__qualname__", None) or repr(v)
        case Num():
            if value.atom == Lit(None):
                return "None"
            return {"array": "an array", "object": "an object", "sequence": "a list"}.get(value.atom.type.kind,
                                                                                          "a number")
        case Tup(items=items):
            return f"a tuple of {len(items)}"
        case Ref(cell=cell):
            return f"`{cell.hint}`" if cell.hint else "a container"
        case Closure(tree=tree):
            return f"the function `{tree.name}`"
        case Partial() | Method():
            return "a bound function"
        case Either():
            return "one of two functions"
        case Stream(kind=kind):
            return f"a {kind} iterator"
        case Mixed(reason=reason):
            return reason
        case _:
            return "an unbound name"


_WITHOUT_ATOMS = frozenset({Const, Ref, Closure, Missing, Mixed, Poison})


def map_atoms(f: Any, value: Any) -> Any:
    """The same value with `f` applied to its atoms (not through `Ref`s)."""
    if type(value) in _WITHOUT_ATOMS:
        return value
    match value:
        case Num(atom=a):
            return Num(f(a))
        case Sequence(atom=a):
            return Sequence(f(a))
        case Rows(tree=tree):
            return Rows(map_atoms(f, tree))
        case Tup(items=items, cls=cls):
            return Tup(tuple(map_atoms(f, i) for i in items), cls)
        case Table(places=places):
            return replace(value, places=f(places))
        case Items(values=values):
            return Items(tuple(map_atoms(f, i) for i in values))
        case Entries(values=values):
            return Entries(tuple((k, map_atoms(f, v)) for k, v in values))
        case Fields(values=values):
            return replace(value, values=tuple((k, map_atoms(f, v)) for k, v in values)) if values else value
        case Partial(function=function, args=args, kwargs=kwargs):
            return Partial(function, tuple(map_atoms(f, a) for a in args),
                           tuple((k, map_atoms(f, v)) for k, v in kwargs))
        case Method(owner=owner, name=name):
            return Method(map_atoms(f, owner), name)
        case Either(test=test, then=then, orelse=orelse):
            return Either(f(test), map_atoms(f, then), map_atoms(f, orelse))
        case Stream(kind=kind, parts=parts):
            return Stream(kind, tuple(map_atoms(f, p) for p in parts))
        case _:
            return value


def atoms_in(value: Any) -> list[Atom]:
    """The atoms of a value, in order."""
    if type(value) is Num:
        return [value.atom]
    if type(value) in _WITHOUT_ATOMS:
        return []
    found: list[Atom] = []

    def note(a: Atom) -> Atom:
        found.append(a)
        return a

    map_atoms(note, value)
    return found

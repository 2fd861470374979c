"""Where what a program reads outside stands, and what it depends on there.

An *origin* is a root and the way from it: `self.layers[0]` is the argument `self`, its attribute `layers` and the item
0.  What is read there is either an input of the program (a `Capture`), or a constant of it under a `Guard`.  Both are
data, not code: they are read when a variant is looked up, and written out in the entry of a signature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from types import FunctionType, MemberDescriptorType
from typing import Any

from srcad.frontend.contents import Contents
from srcad.ir import Var, op_of
from srcad.runtime.objects import Steps, at


class Values(tuple[Any, ...]):
    """The arguments of a call, in the order of the parameters, and the function that is called."""

    function: Any

    @classmethod
    def of(cls, function: Any, arguments: Iterable[Any]) -> Values:
        made = cls(arguments)
        made.function = function
        return made


@dataclass(frozen=True, slots=True)
class Held:
    """A root that is known while the code is lowered: a module, a class, a function, the globals of one."""

    value: Any

    def of(self, _: Values) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class Argument:
    """A root that is an argument of the call."""

    position: int

    def of(self, values: Values) -> Any:
        return values[self.position]


@dataclass(frozen=True, slots=True)
class Called:
    """The function that is called, as a root: another one of the same code in another call."""

    def of(self, values: Values) -> Any:
        return values.function


@dataclass(frozen=True, slots=True)
class Slot:
    """A root that stands in another thing: the value of a global or of a cell, a default."""

    root: Root
    steps: Steps

    def of(self, values: Values) -> Any:
        return at(self.root.of(values), self.steps)


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """The array of a tensor."""

    tensor: Origin

    def of(self, values: Values) -> Any:
        return self.tensor.read(values).__srcad_array__()


Root = Held | Argument | Called | Slot | ArrayOf


def within(holder: Any, kind: str, key: Any) -> Slot:
    """What stands in something that is known: an attribute or an item."""
    return Slot(Held(holder), ((kind, key),))


def as_identifier(text: str) -> str:
    """A name for what has none.

    >>> as_identifier("table_(1, 'a')")
    'table__1_a'
    """
    return re.sub(r"\W+", "_", text).rstrip("_") or "x"


@dataclass(frozen=True, eq=False)
class Origin:
    """Where something stands outside: a root, the way from there, and what stands there while the code is lowered.

    `argument` is the parameter that the root is, `type_of` says what its numbers and arrays are; `called`: is it a
    function that is only called?"""

    key: Any
    root: Root
    now: Any
    name: str
    argument: str = ""
    type_of: Callable[[Any], Any] | None = None
    steps: Steps = ()
    called: bool = False
    cls: Any = None

    def settled(self) -> Origin:
        """The place without what stood there (which a program must not keep alive), but its class."""
        root = ArrayOf(self.root.tensor.settled()) if isinstance(self.root, ArrayOf) else self.root
        return replace(self, root=root, now=None, type_of=None, cls=type(self.now))

    def read(self, values: Values) -> Any:
        return at(self.root.of(values), self.steps)

    def part(self, kind: str, key: Any, now: Any) -> Origin:
        """An attribute or an item."""
        name = key if kind == "attr" else as_identifier(f"{self.name}_{key}")
        return replace(self, key=(self.key, kind, key), now=now, steps=(*self.steps, (kind, key)), name=name,
                       called=False)

    def thing(self, kind: str, key: Any, now: Any, name: str) -> Origin:
        """An attribute or item that is a thing of its own: what is changed in it is not changed in what holds it."""
        return Origin((self.key, kind, key), self.slot((kind, key)), now, name)

    def slot(self, *steps: tuple[str, Any]) -> Slot:
        return Slot(self.root, (*self.steps, *steps))

    def array(self) -> Origin:
        """The array of the tensor that stands here."""
        return replace(self, key=(self.key, "tensor"), now=self.now.__srcad_array__(), root=ArrayOf(self), steps=())

    @property
    def path(self) -> tuple[Any, ...]:
        return tuple(key for _, key in self.steps)


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """A number or array that the program reads from outside.

    It is an extra input, read anew at every call, or a part of the argument `origin.argument`."""

    name: str
    origin: Origin
    var: Var

    @property
    def read(self) -> Callable[[Values], Any]:
        return self.origin.read

    def settled(self) -> Capture:
        return replace(self, origin=self.origin.settled())


def slots_of(cls: Any) -> tuple[str, ...]:
    """The attributes of objects of `cls` that are in slots."""
    return _slots_of(cls)


@lru_cache(512)
def _slots_of(cls: Any) -> tuple[str, ...]:
    return tuple(name for c in cls.__mro__ for name, v in c.__dict__.items()
                 if isinstance(v, MemberDescriptorType) and name != "__dict__")


def attributes_of(obj: Any) -> dict[str, Any]:
    """The attributes that an object itself has."""
    found = {name: getattr(obj, name) for name in slots_of(type(obj)) if hasattr(obj, name)}
    return {**found, **getattr(obj, "__dict__", {})}


def names_of(obj: Any) -> frozenset[str]:
    """Their names."""
    return frozenset(attributes_of(obj))


@dataclass(frozen=True, slots=True)
class Has:
    """Has an object itself an attribute of this name?"""

    name: str

    def __call__(self, obj: Any) -> bool:
        return self.name in attributes_of(obj)


def code_of(function: Any) -> Any:
    """What decides what a call of a function does, besides its globals, cells and defaults: the code, of one that has
    nothing else."""
    plain = type(function) is FunctionType and not function.__dict__ and op_of(function) is None
    return function.__code__ if plain else function


@dataclass(frozen=True, slots=True)
class Defines:
    """Does a class itself define this name?"""

    name: str

    def __call__(self, cls: type) -> bool:
        return self.name in cls.__dict__


GONE = (AttributeError, LookupError, TypeError, ValueError)  # what a read raises where something is no more
COMPARED = (bool, int, str, tuple, frozenset, Contents)  # by value, not by identity


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """Something from outside that the program was made for: what stands at `origin` must still be `value`, or what
    `ask` says of it."""

    name: str
    origin: Origin
    value: Any
    ask: Callable[[Any], Any] | None = None

    def settled(self) -> Guard:
        return replace(self, origin=self.origin.settled())

    def holds(self, values: Values) -> bool:
        try:
            now = self.origin.read(values)
            now = now if self.ask is None else self.ask(now)
        except GONE:
            return False
        return now is self.value or (type(now) is type(self.value) and type(now) in COMPARED and now == self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """What stands at two places is one thing."""

    name: str
    first: Origin
    second: Origin

    @property
    def value(self) -> bool:
        return True

    def settled(self) -> Same:
        return replace(self, first=self.first.settled(), second=self.second.settled())

    def holds(self, values: Values) -> bool:
        try:
            return self.first.read(values) is self.second.read(values)
        except GONE:
            return False


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """Lists and objects, one of which is changed, are different ones."""

    name: str
    origins: tuple[Origin, ...]

    def settled(self) -> Apart:
        return replace(self, origins=tuple(o.settled() for o in self.origins))

    @property
    def value(self) -> int:
        return len(self.origins)

    def holds(self, values: Values) -> bool:
        try:
            return len({id(o.read(values)) for o in self.origins}) == len(self.origins)
        except GONE:
            return False


Condition = Guard | Same | Apart

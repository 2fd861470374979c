"""The core language: three statements over variables that are bound once.

    func ::= name(params) stmt* return result
    stmt ::= Let   outs = op(args)               `form` is the call as written, with a HOLE for each of `args`
           | If    test ? then : orelse          choices  out = then | orelse
                                                 catches  `orelse` is what handles these exceptions of `then`
           | Loop  index in range(start, stop, step) | element of sequence | while test
                                                 carries  out, param = init -> next
                                                 reads    element = tape[trip]
                                                 writes   tape[trip] = row
                                                 trips    how many it made
                                                 until    ends the loop after this trip; broke  whether it did

A scope is a block with the blocks around it: what a branch or a body binds is seen outside it only through choices,
carries and writes.  `trip` counts 0, 1, … in the order of the *forward* loop: a reversed loop starts at the last index,
element and row, and what it writes is in forward order too, so reading a tape in a reversed loop gives back what the
forward loop wrote at the same trip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import numpy as np

from srcad.errors import Span
from srcad.ir.ops import Op
from srcad.ir.types import OBJECT, Type, type_of

_serials = count()


class Var:
    """A variable: equal only to itself.  Its hint is for the printer; its serial is the only order ever used."""

    __slots__ = ("hint", "serial", "type")

    def __init__(self, hint: str, type: Type) -> None:
        self.hint, self.type, self.serial = hint, type, next(_serials)

    def __repr__(self) -> str:
        return f"{self.hint or '_'}.{self.serial}"


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A constant: a Python number, a string, None, or any other immutable object that code can name."""

    value: Any

    @property
    def type(self) -> Type:
        return type_of(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lit) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, object]:
        # 1, 1.0 and True are three constants; so are 0.0 and -0.0; NaN is one; an array is equal to itself.
        if isinstance(self.value, float | complex):
            return type(self.value), repr(self.value)
        return type(self.value), id(self.value) if isinstance(self.value, np.ndarray) else self.value


@dataclass(frozen=True, slots=True)
class Undef:
    """A value that does not exist on this path."""

    type: Type = OBJECT


UNDEF = Undef()
Atom = Var | Lit | Undef


class _Hole:
    def __repr__(self) -> str:
        return "HOLE"


HOLE = _Hole()


@dataclass(frozen=True, slots=True)
class Listing:
    """A list display within a form (a form must be hashable)."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Slicing:
    """A slice within a form."""

    start: Any
    stop: Any
    step: Any


@dataclass(frozen=True, slots=True)
class Form:
    """The shape of a call: positional and keyword arguments, with HOLE where an atom goes, in reading order."""

    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...] = ()


def form_of(args: tuple[Any, ...], kwargs: dict[str, Any], is_atom: Callable[[Any], bool]) -> tuple[Form, list[Any]]:
    """Split a call into its form and the things that `is_atom` accepts, in reading order."""
    atoms: list[Any] = []

    def shape(x: Any) -> Any:
        if is_atom(x):
            atoms.append(x)
            return HOLE
        if isinstance(x, np.ndarray):
            atoms.append(Lit(x))
            return HOLE
        if type(x) is tuple:
            return tuple(shape(i) for i in x)
        if isinstance(x, list):
            return Listing(tuple(shape(i) for i in x))
        if isinstance(x, slice):
            return Slicing(shape(x.start), shape(x.stop), shape(x.step))
        return x

    form = Form(tuple(shape(a) for a in args), tuple((k, shape(v)) for k, v in kwargs.items()))
    return form, atoms


def fill(form: Form, values: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The call that `form` stands for, with `values` in its holes: `(args, kwargs)`."""
    if not form.kwargs and all(a is HOLE for a in form.args):
        return tuple(islice(values, len(form.args))), {}
    source: Iterator[Any] = iter(values)

    def build(x: Any) -> Any:
        if x is HOLE:
            return next(source)
        if type(x) is tuple:
            return tuple(build(i) for i in x)
        if isinstance(x, Listing):
            return [build(i) for i in x.items]
        if isinstance(x, Slicing):
            return slice(build(x.start), build(x.stop), build(x.step))
        return x

    return tuple(build(a) for a in form.args), {k: build(v) for k, v in form.kwargs}


@dataclass(frozen=True, slots=True, eq=False)
class Let:
    outs: tuple[Var, ...]
    op: Op
    args: tuple[Atom, ...]
    form: Form
    span: Span | None = None

    @property
    def out(self) -> Var:
        (out,) = self.outs
        return out

    def call(self, values: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return fill(self.form, self.args if values is None else values)


@dataclass(frozen=True, slots=True)
class Choice:
    out: Var
    then: Atom
    orelse: Atom


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class If:
    """With `catches` it is a `try`: `then` is run, and where that raises one of these, `orelse`, from its start.  The
    test is then the constant True, and `orelse` begins with the effect that has the exception."""

    test: Atom
    then: Block
    orelse: Block
    choices: tuple[Choice, ...]
    span: Span | None = None
    catches: tuple[type[BaseException], ...] = ()


@dataclass(frozen=True, slots=True)
class Carry:
    """`out` is `init` after no trip; in a trip `param` is the value so far and `next` the value after it."""

    out: Var
    param: Var
    init: Atom
    next: Atom


@dataclass(frozen=True, slots=True)
class Range:
    start: Atom
    stop: Atom
    step: Atom


@dataclass(frozen=True, slots=True)
class Element:
    var: Var
    sequence: Atom


@dataclass(frozen=True, slots=True)
class Read:
    element: Var
    tape: Atom


@dataclass(frozen=True, slots=True)
class Write:
    tape: Var
    row: Atom


@dataclass(frozen=True, slots=True)
class Test:
    """What a loop asks before each trip: a block over its params, and the atom that it computes."""

    body: Block
    result: Atom


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Loop:
    """A trip is made while the range, every element's sequence and every read tape last and `test` holds.

    `until` is read at the end of a trip, after rows are written and carries are set: a user's `break` or `return`.
    `broke` tells the statements after the loop whether it ended so (a loop's `else`)."""

    body: Block
    index: Var | None = None
    range: Range | None = None
    elements: tuple[Element, ...] = ()
    test: Test | None = None
    carries: tuple[Carry, ...] = ()
    reads: tuple[Read, ...] = ()
    writes: tuple[Write, ...] = ()
    trips: Var | None = None
    until: Atom | None = None
    broke: Var | None = None
    reverse: bool = False
    span: Span | None = None


Stmt = Let | If | Loop
Block = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Param:
    """An argument as the user passes it: a tree (see `srcad.runtime.trees`) whose leaves are Vars or constants."""

    name: str
    tree: Any
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Func:
    name: str
    params: tuple[Param, ...]
    body: Block
    result: Any                       # a tree of atoms
    span: Span | None = None
    doc: str = ""
    comments: dict[int, str] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[Var, ...]:
        from_trees = (leaves(p.tree) for p in self.params)
        return tuple(v for vs in from_trees for v in vs if isinstance(v, Var))

    @property
    def outputs(self) -> tuple[Atom, ...]:
        return tuple(a for a in leaves(self.result) if isinstance(a, Var | Lit | Undef))


def leaves(tree: Any) -> list[Any]:
    """The leaves of a tree of tuples, lists, dicts, `Record`s and `Whole`s, in order."""
    if isinstance(tree, tuple | list):
        return [leaf for t in tree for leaf in leaves(t)]
    if isinstance(tree, dict):
        return [leaf for t in tree.values() for leaf in leaves(t)]
    if isinstance(tree, Record):
        return leaves(tree.fields)
    if isinstance(tree, Whole):
        return [tree.var, *leaves(tree.parts)]
    return [tree]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An object of a known class in a tree: a named tuple or a dataclass, with its fields."""

    cls: type
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A container or object that the function changes: the variable that is bound to itself, and the tree in it."""

    var: Var
    parts: Any


def map_tree(f: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with `f` applied to its leaves; where what stands for a whole is no variable, its parts remain."""
    if type(tree) is tuple:
        return tuple(map_tree(f, t) for t in tree)
    if isinstance(tree, list):
        return [map_tree(f, t) for t in tree]
    if isinstance(tree, dict):
        return {k: map_tree(f, t) for k, t in tree.items()}
    if isinstance(tree, Record):
        return Record(tree.cls, map_tree(f, tree.fields))
    if isinstance(tree, Whole):
        whole, parts = f(tree.var), map_tree(f, tree.parts)
        return Whole(whole, parts) if isinstance(whole, Var) and whole.type.kind == "object" else parts
    return f(tree)


def is_number(value: object) -> bool:
    """Can `value` be a `Lit` that computes?"""
    return isinstance(value, bool | int | float | complex | np.generic)

"""The state of one lowering, and how names are looked up.

A `Machine` holds what is shared by all functions that are lowered into one program: the builder, the state of names and
cells, the problems found so far and what is read from outside.  A `Frame` is one activation of one function.
Frames are lexically nested as functions are, so a closure finds its free names in the frame that defined it.
"""

from __future__ import annotations

import builtins
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from types import FunctionType, ModuleType
from typing import Any

import gast
import numpy as np

from srcad.errors import Problem, Span
from srcad.frontend.capture import Source
from srcad.frontend.contents import Contents, contents
from srcad.frontend.memory import Elements, Frozen, Memories, Memory, View
from srcad.frontend.names import local_names
from srcad.frontend.values import (
    MISSING,
    Cell,
    Const,
    Entries,
    Items,
    Missing,
    Mixed,
    Num,
    Ref,
    Refused,
    Sequence,
    State,
    Tup,
    atoms_in,
    map_atoms,
)
from srcad.ir import Atom, Builder, Form, If, Let, Loop, Op, Stmt, Type, Undef, Var, type_of
from srcad.ir.infer import fails
from srcad.ir.types import INT, OBJECT, fresh

_scopes = count()
# Classes of objects that a program is given anew at each call: their state is their own.
STATEFUL = (np.random.Generator, np.random.RandomState, random.Random)
HELD = "it is an element of a list"


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """A number or array that the program reads from outside: an extra input, read anew at every call."""

    name: str
    read: Callable[[], Any]
    var: Var


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """Something from outside that the program was made for: `read()` must still be `value`."""

    name: str
    read: Callable[[], Any]
    value: Any

    def holds(self) -> bool:
        now = self.read()
        return now is self.value or (type(now) is type(self.value) and type(now) in (bool, int, str, Contents)
                                     and now == self.value)


@dataclass(frozen=True)
class Semantics:
    """What the parts of Python mean.  They are defined in terms of each other: an expression calls a function whose
    body has statements, which hold expressions.  Each module asks for the others' meaning here."""

    evaluate: Callable[[Frame, Any], Any]
    execute: Callable[[Frame, list[Any]], None]
    assign: Callable[[Frame, Any, Any], None]
    call: Callable[[Frame, Any, list[Any], dict[str, Any]], Any]


class Recorder(Builder):
    """A builder that remembers which statement made which variable, and which variables may have no value."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[Var, Let] = {}
        self.unbound: set[Var] = set()

    def may_lack_value(self, a: Atom) -> bool:
        return isinstance(a, Undef) or a in self.unbound

    def add(self, stmt: Stmt) -> None:
        super().add(stmt)
        if isinstance(stmt, If):
            self.unbound.update(c.out for c in stmt.choices if any(map(self.may_lack_value, (c.then, c.orelse))))
        elif isinstance(stmt, Loop):
            self.unbound.update(c.out for c in stmt.carries if self.may_lack_value(c.init))

    def let(self, op: Op, args: tuple[Atom, ...], form: Form, hint: str = "") -> tuple[Var, ...]:
        outs = super().let(op, args, form, hint)
        made = self.stmts[-1]
        assert isinstance(made, Let)
        self.made.update(dict.fromkeys(outs, made))
        return outs

    def sources(self, var: Var) -> list[Var]:
        """The variables that decide `var`: params of loops, arguments, extents of arguments."""
        found: dict[Var, None] = {}
        seen, todo = {var}, [var]
        while todo:
            v = todo.pop()
            let, value = self.made.get(v), v.type.value
            if let is None or let.op.effect or (value is not None and value.size is not None and value.size.extent):
                found[v] = None
                continue
            new = [a for a in let.args if isinstance(a, Var) and a not in seen]
            seen.update(new)
            todo += new
        return list(found)


@dataclass
class Walk:
    """A loop over lists, and the position that it is at."""

    position: Any = None


@dataclass
class Machine:
    build: Recorder = field(default_factory=Recorder)
    state: State = field(default_factory=dict)
    memories: Memories = field(default_factory=Memories)
    dead: bool = False
    problems: list[Problem] = field(default_factory=list)
    captures: dict[Any, Capture] = field(default_factory=dict)
    guards: dict[Any, Guard] = field(default_factory=dict)
    outside: dict[Any, Ref] = field(default_factory=dict)
    inputs: dict[Var, tuple[str, int]] = field(default_factory=dict)
    lent: dict[Var, Cell] = field(default_factory=dict)  # the caller's names for the arrays that were passed
    static_captures: set[Any] = field(default_factory=set)
    callees: dict[Any, Any] = field(default_factory=dict)
    active: list[Any] = field(default_factory=list)
    traces: list[dict[Any, Any]] = field(default_factory=list)
    walked: dict[Any, Walk | None] = field(default_factory=dict)
    read_early: set[Atom] = field(default_factory=set)  # what is read in a trip after the one that binds it
    by_cases: bool = False  # a store into `arrays[k]` is one to each array that it may be; else the loop is unrolled
    growing: dict[Var, Var] = field(default_factory=dict)  # params that begin as numbers and go on as arrays
    tried: list[tuple[type[BaseException], ...]] = field(default_factory=list)
    handled: list[Any] = field(default_factory=list)
    run: Any = None     # of the block of a `try`: see `attempts`
    semantics: Semantics | None = None
    tensors: bool = False

    def see(self, key: Any, value: Any) -> Any:
        """Note that `value` was read: a function of the program is only right where it would see the same."""
        for trace in self.traces:
            trace.setdefault(key, value)
        return value

    @contextmanager
    def fork(self, state: State) -> Iterator[list[Any]]:
        """Lower into a block of its own, from a copy of `state`."""
        saved, self.state, self.dead = self.state, dict(state), False
        memories, self.memories = self.memories, self.memories.copy()
        try:
            with self.build.nested() as stmts:
                yield stmts
        finally:
            self.state, self.memories = saved, memories

    def current(self, value: Any) -> Any:
        """A value that was evaluated before something else was, in its version of now."""
        memories = self.memories
        if not memories.newer or not any(a in memories.newer or a in memories.views for a in atoms_in(value)):
            return value
        return map_atoms(lambda a: memories.renewed(a, self.build), value)

    def record(self, op: Op, *args: Any, **named: Any) -> Var:
        """Record an operation; one that is sure to fail is kept for its error, and ends the path."""
        result = self.build.call(op, *args, **named)
        let = self.build.stmts[-1]
        if isinstance(let, Let) and let.outs == (result,) and fails(op, let.args):
            failing = Op(op.name, op.function, effect=True, infer=lambda *_, **__: result.type)
            self.build.stmts[-1] = replace(let, op=failing)
            self.dead = True
        return result

    def new(self, content: Any, hint: str = "") -> Ref:
        """A new mutable thing that holds `content`."""
        cell = Cell(hint, self.build.span)
        self.state[cell] = content
        return Ref(cell)

    def lend(self, var: Var, name: str) -> Cell:
        """An array of the caller, who has a name for it as the function does."""
        self.memories.of[var] = Memory(name)
        cell = Cell(name)
        self.state[cell] = Num(var)
        return cell

    def held(self, var: Var, view: View | None = None) -> Num | Ref:
        """What a list of unknown length holds: a number, an array, or a list that can only be read; `view` says which
        element it is."""
        if var.type.kind == "array" and view is not None and isinstance(place := self.memories.at(view.base), Elements):
            self.memories.of[var], self.memories.views[var] = place, view
            return Num(var)
        if var.type.kind != "sequence":
            self.memories.taken(var)
            return Num(var)
        ref = self.new(Sequence(var))
        ref.cell.frozen = HELD
        return ref

    @contextmanager
    def trying(self, catches: tuple[type[BaseException], ...], run: Any = None) -> Iterator[None]:
        """Within a `try` that catches these exceptions; `run` sees the statements of its block."""
        self.tried.append(catches)
        outer, self.run = self.run, run
        try:
            yield
        finally:
            self.tried.pop()
            self.run = outer

    @contextmanager
    def walking(self, lists: dict[Any, Walk | None]) -> Iterator[None]:
        """Within a loop over these lists."""
        saved, self.walked = self.walked, {**self.walked, **lists}
        try:
            yield
        finally:
            self.walked = saved

    def content(self, ref: Ref) -> Any:
        content = self.state[ref.cell]
        if isinstance(content, Mixed):
            raise content.refused(ref.cell.hint)
        return self.see(ref.cell, content)

    def store(self, ref: Ref, content: Any, position: Any = None) -> None:
        """Give a container a new content; `position`: where alone it differs from the old one."""
        walk = self.walked.get(ref.cell)
        if ref.cell in self.walked and (walk is None or position is None or position != walk.position):
            name = f"`{ref.cell.hint}`" if ref.cell.hint else "a list"
            raise Refused(f"a change of {name}, which a loop runs over", "the loop would see it",
                          "loop over a copy of the list")
        if ref.cell.frozen:
            raise Refused(f"a change of {'`' + ref.cell.hint + '`' if ref.cell.hint else 'a container'}",
                          ref.cell.frozen, "change a copy of it, or make a new one")
        self.state[ref.cell] = content

    # What comes from outside.

    def capture(self, key: Any, name: str, read: Callable[[], Any]) -> Any:
        """The value of something outside the function: static things as they are, numbers as inputs."""
        value = read()
        if hasattr(type(value), "__srcad_array__"):
            of_tensor = read
            read = lambda: of_tensor().__srcad_array__()  # noqa: E731 - tensors are arrays in programs
            value = read()
        if (is_data(value) or isinstance(value, STATEFUL)) and key not in self.static_captures:
            if key not in self.captures:
                var = Var(name, input_type(value))
                self.captures[key] = Capture(name, read, var)
                self.memories.of[var] = Memory(name)
                self.memories.frozen[self.memories.of[var]] = Frozen("it belongs to the code around the function",
                                                                     "copy it, or pass it as an argument")
            return Num(self.captures[key].var)
        return self.lift(value, key, name, read)

    def lift(self, value: Any, key: Any, name: str, read: Callable[[], Any]) -> Any:
        """A container from outside is a tree of captures; anything else is what it is."""
        if is_tree(value):
            self.guards.setdefault(key, Guard(f"the structure of {name}", lambda: structure(read()), structure(value)))
        elif (held := contents(value)) is not None and type(value) is not str:
            self.guards.setdefault(key, Guard(f"what {name} holds", lambda: contents(read()), held))
        elif not isinstance(value, ModuleType):  # nobody gives the name of a module to another
            self.guards.setdefault(key, Guard(name, read, value))
        if type(value) is tuple or (isinstance(value, tuple) and hasattr(value, "_fields")):
            items = tuple(self._part(key, f"{name}_{i}", read, i) for i in range(len(value)))
            return Tup(items, None if type(value) is tuple else type(value))
        if type(value) is list and value:
            content: Any = Items(tuple(self._part(key, f"{name}_{i}", read, i) for i in range(len(value))))
        elif type(value) is dict and all(isinstance(k, str | int) for k in value):
            content = Entries(tuple((k, self._part(key, f"{name}_{k}", read, k)) for k in value))
        else:
            return Const(value)
        ref = self.outside.get(key)
        if ref is None:
            ref = Ref(Cell(name, None, "it belongs to the code around the function"))
            self.outside[key] = ref
        self.state.setdefault(ref.cell, content)
        return ref

    def runs(self, function: FunctionType) -> None:
        """The code of a function becomes part of the program: it must still be that (an editor may replace it)."""
        if function.__module__ and function.__module__.partition(".")[0] != "srcad":
            self.guards.setdefault(("code", id(function)), Guard(f"the code of {function.__name__}",
                                                                 lambda: function.__code__, function.__code__))

    def defaults(self, function: FunctionType) -> None:
        """So must be the defaults of a function that is called within."""
        if function.__defaults__:
            name = f"the defaults of {function.__name__}"
            self.guards.setdefault(("defaults", id(function)), Guard(name, lambda: function.__defaults__,
                                                                     function.__defaults__))

    def _part(self, key: Any, name: str, read: Callable[[], Any], index: Any) -> Any:
        return self.capture((key, index), name, lambda: read()[index])


def is_tree(value: Any) -> bool:
    """Is it a container that is taken apart?"""
    return type(value) is tuple or (isinstance(value, tuple) and hasattr(value, "_fields")) or (
        type(value) is list and bool(value)) or (type(value) is dict and all(isinstance(k, str | int) for k in value))


def structure(value: Any) -> Contents | None:
    """What a container that is taken apart is, besides its elements."""
    if not is_tree(value):
        return None
    return Contents((type(value), *value)) if isinstance(value, dict) else Contents((type(value), len(value)))


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


@dataclass(eq=False)
class Frame:
    """One activation of a function: its source, its scope, the frame around its definition."""

    machine: Machine
    source: Source
    tree: gast.FunctionDef
    parent: Frame | None = None
    scope: int = field(default_factory=lambda: next(_scopes))
    names: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    kept: bool = False
    consumer: Any = None    # of what a generator yields: see `generators`

    def __post_init__(self) -> None:
        self.names, self.outer = local_names(self.tree)

    @property
    def build(self) -> Recorder:
        return self.machine.build

    @cached_property
    def calls(self) -> Counter[str]:
        """From how many places of the function each name is called."""
        return Counter(n.func.id for n in gast.walk(self.tree)
                       if isinstance(n, gast.Call) and isinstance(n.func, gast.Name))

    @property
    def tensors(self) -> bool:
        """Are arrays tensors in this function?  In functions of this package they are arrays."""
        return self.machine.tensors and not self.source.function.__module__.startswith("srcad.")

    def keep(self) -> Frame:
        """This frame, which outlives its activation: a closure looks names up in it and in those around it."""
        frame: Frame | None = self
        while frame is not None:
            frame.kept, frame = True, frame.parent
        return self

    def drop(self) -> None:
        """The activation ends: its names go, unless a closure may read them."""
        if not self.kept:
            state = self.machine.state
            self.machine.state = {k: v for k, v in state.items() if not (isinstance(k, tuple) and k[0] == self.scope)}

    @property
    def semantics(self) -> Semantics:
        assert self.machine.semantics is not None
        return self.machine.semantics

    def evaluate(self, node: Any) -> Any:
        """The value of an expression."""
        return self.semantics.evaluate(self, node)

    def execute(self, stmts: list[Any]) -> None:
        """Lower a block."""
        self.semantics.execute(self, stmts)

    def assign(self, target: Any, value: Any) -> None:
        """`target = value`."""
        self.semantics.assign(self, target, self.machine.current(value))

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """The value of a call."""
        current = self.machine.current
        return self.semantics.call(self, function, [current(a) for a in args],
                                   {k: current(v) for k, v in (kwargs or {}).items()})

    def span(self, node: Any) -> Span:
        return self.source.span(node)

    def refuse(self, node: Any, refused: Refused) -> None:
        """Note a problem at `node` (once)."""
        problem = Problem(self.span(node), refused.what, refused.reason, refused.hint, refused.related)
        if problem not in self.machine.problems:
            self.machine.problems.append(problem)

    def bind(self, name: str, value: Any) -> None:
        """`name = value`, in the scope that Python would bind it in."""
        frame = self if name not in self.outer else self._home(name)
        if isinstance(value, Num) and isinstance(value.atom, Var) and not value.atom.hint:
            value.atom.hint = name.lstrip("$")
        if isinstance(value, Ref) and not value.cell.hint:
            value.cell.hint = name
            content = self.machine.content(value)
            if isinstance(content, Sequence) and isinstance(content.atom, Var) and not content.atom.hint:
                content.atom.hint = name.lstrip("$")
        self.machine.state[frame.scope, name] = value

    def _home(self, name: str) -> Frame:
        frame = self.parent
        while frame is not None and name not in frame.names:
            frame = frame.parent
        if frame is None:
            raise Refused(f"an assignment to the global `{name}`", "the caller's globals are only read",
                          "return the value instead")
        return frame

    def lookup(self, name: str) -> Any:
        if name in self.names:
            value = self.machine.state.get((self.scope, name), MISSING)
            if isinstance(value, Missing):
                raise Refused(f"`{name}` is read before it is bound")
            if isinstance(value, Mixed):
                raise value.refused(name)
            if isinstance(value, Num) and value.atom.type.kind == "never":
                self.machine.read_early.add(value.atom)
            return self.machine.see((self.scope, name), value)
        if self.parent is not None:
            return self.parent.lookup(name)
        return self._from_outside(name)

    def _from_outside(self, name: str) -> Any:
        source = self.source
        if name in source.closure:
            cell = source.closure[name]
            try:
                return self.machine.capture(("cell", id(cell)), name, lambda: cell.cell_contents)
            except ValueError:
                raise Refused(f"`{name}` is read before it is bound") from None
        if name in source.globals:
            scope = source.globals
            return self.machine.capture(("global", id(scope), name), name, lambda: scope[name])
        if hasattr(builtins, name):
            return Const(getattr(builtins, name))
        raise Refused(f"the name `{name}` is not defined")

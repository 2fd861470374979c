"""The state of one lowering, and how names are looked up.

A `Machine` holds what is shared by all functions that are lowered into one program: the builder, the state of names and
cells, the problems found so far and what is read from outside.  A `Frame` is one activation of one function.
Frames are lexically nested as functions are, so a closure finds its free names in the frame that defined it.
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Any

import gast

from srcad.errors import Problem, Span
from srcad.frontend.capture import Source
from srcad.frontend.joins import same
from srcad.frontend.memory import Elements, Memories, Memory, View
from srcad.frontend.names import local_names, mentions
from srcad.frontend.origins import Origin, within
from srcad.frontend.outside import Outside
from srcad.frontend.recorder import Recorder
from srcad.frontend.values import (
    MISSING,
    Cell,
    Closure,
    Const,
    Missing,
    Mixed,
    NeedsUnrolled,
    Num,
    Ref,
    Refused,
    Sequence,
    State,
    atoms_in,
    map_atoms,
)
from srcad.ir import Atom, Let, Op, Var
from srcad.ir.infer import fails

_scopes = count()
HELD = "it is an element of a list"


@dataclass(frozen=True)
class Semantics:
    """What the parts of Python mean.  They are defined in terms of each other: an expression calls a function whose
    body has statements, which hold expressions.  Each module asks for the others' meaning here."""

    evaluate: Callable[[Frame, Any], Any]
    operator: Callable[[Frame, str, Any, Any], Any]
    container_operator: Callable[[Frame, str, Any, Any], Any]
    attribute: Callable[[Frame, Any, str], Any]
    entry: Callable[[Frame, Ref, Any, Any], Any]
    items: Callable[[Frame, Any, int], list[Any] | None]
    execute: Callable[[Frame, list[Any]], None]
    all_left: Callable[[Frame, Any], Any]
    assign: Callable[[Frame, Any, Any], None]
    store: Callable[[Frame, Any, Any, Any], None]
    call: Callable[[Frame, Any, list[Any], dict[str, Any]], Any]


@dataclass
class Walk:
    """A loop over lists, and the position that it is at."""

    position: Any = None
    left: Any = None    # the cell of an iterator: what is left of it after each trip


@dataclass
class Machine(Outside):
    build: Recorder = field(default_factory=Recorder)
    dead: bool = False
    forks: int = 0                                      # in how many blocks that may not run
    problems: list[Problem] = field(default_factory=list)
    inputs: dict[Var, tuple[str, int]] = field(default_factory=dict)
    lent: dict[Var, Cell] = field(default_factory=dict)  # the caller's names for the arrays that were passed
    callees: dict[Any, Any] = field(default_factory=dict)
    active: list[Any] = field(default_factory=list)
    shapes: list[Any] = field(default_factory=list)     # the active calls, and the structure of their arguments
    traces: list[dict[Any, Any]] = field(default_factory=list)
    chosen: set[Any] = field(default_factory=set)       # statements that index a list of containers by what is computed
    unrolled: set[Any] = field(default_factory=set)     # the places of loops that are unrolled
    tables: dict[Any, Any] = field(default_factory=dict)  # where dicts are made whose keys are computed, and of what
    scopes: dict[int, tuple[int, Closure]] = field(default_factory=dict)  # of the attributes of functions
    expanded: int = 0                                   # recursive calls that stand where they are called
    unrolling: int = 0                                  # in how many loops that could not be lowered as loops
    begins: dict[Var, Atom] = field(default_factory=dict)  # what params and elements of loops are at first
    makers: dict[Var, Any] = field(default_factory=dict)  # which loop made a list of unknown length
    walked: dict[Any, Walk | None] = field(default_factory=dict)
    read_early: set[Atom] = field(default_factory=set)  # what is read in a trip after the one that binds it
    by_cases: bool = False  # a store into `arrays[k]` is one to each array that it may be; else the loop is unrolled
    growing: dict[Var, Var] = field(default_factory=dict)  # params that begin as numbers and go on as arrays
    tried: list[tuple[type[BaseException], ...]] = field(default_factory=list)
    ended: tuple[State, Memories] | None = None  # what there was when a path within a `try` ended
    handled: list[Any] = field(default_factory=list)
    started: dict[Any, Frame] = field(default_factory=dict)  # generators that were asked for a value, and their frames
    suspensions: dict[Any, Any] = field(default_factory=dict)
    stale: set[Any] = field(default_factory=set)    # attributes of objects that were passed out of sight
    plain: list[Cell] = field(default_factory=list)  # objects whose own methods are not looked for at the moment
    run: Any = None     # of the block of a `try`: see `attempts`
    semantics: Semantics | None = None
    tensors: bool = False

    def captured(self, origin: Origin) -> Any:
        """What stands outside; an array as it is by now, if the code has stored into it."""
        value = super().captured(origin)
        cell = self.borrowed.get(value.atom) if isinstance(value, Num) and isinstance(value.atom, Var) else None
        if cell is None:
            return value
        now = self.now_in(cell)
        if isinstance(now, Mixed):
            raise self.not_one_thing(origin.name, now)
        return self.see(cell, now)

    def see(self, key: Any, value: Any) -> Any:
        """Note that `value` was read: a function of the program is only right where it would see the same."""
        for trace in self.traces:
            trace.setdefault(key, value)
        return value

    @contextmanager
    def fork(self, state: State) -> Iterator[list[Any]]:
        """Lower into a block of its own, from a copy of `state`."""
        saved, self.state, self.dead = self.state, dict(state), False
        self.forks += 1
        memories, self.memories = self.memories, self.memories.copy()
        try:
            with self.build.nested() as stmts:
                yield stmts
        finally:
            self.state, self.memories = saved, memories
            self.forks -= 1

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
            self.end()
        return result

    def rewinding(self) -> Callable[[], None]:
        """What takes the lowering back to where it is now."""
        state, memories, problems, made = dict(self.state), self.memories.copy(), len(self.problems), len(
            self.build.stmts)

        def rewind() -> None:
            self.state, self.memories, self.dead = dict(state), memories.copy(), False
            del self.problems[problems:], self.build.stmts[made:]

        return rewind

    def end(self) -> None:
        """Here an exception leaves the path."""
        self.dead = True
        if self.tried:
            self.ended = dict(self.state), self.memories.copy()

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
        ref.cell.frozen, ref.cell.rule = HELD, var
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
        content = self.now_in(ref.cell)
        if isinstance(content, Mixed):
            raise self.not_one_thing(ref.cell.hint, content)
        return self.see(ref.cell, content)

    def _maker(self, var: Var | None) -> Any:
        """The loop that made the list in which `var` is an element, if it is not unrolled."""
        let = self.build.made.get(var) if var is not None else None
        found = let.args[0] if let is not None and let.args else self.begins.get(var) if var is not None else None
        while isinstance(found, Var) and found not in self.makers:
            found = self.begins.get(found)
        place = self.makers.get(found) if isinstance(found, Var) else None
        return place if place not in self.unrolled else None

    def changed_since(self, before: State) -> list[Any]:
        """What the state held then, or would have held, and holds no more."""
        return [k for k, v in (self.seeds | before).items()
                if not (self.state.get(k, v) is v or same(self.state.get(k, v), v))]

    def function_scope(self, function: Closure) -> int:
        """The scope of a function's attributes."""
        return self.scopes.setdefault(id(function), (next(_scopes), function))[0]

    def function_attribute(self, function: Closure, name: str) -> Any:
        if name == "__name__":
            return Const(function.tree.name)
        found = self.state.get((self.function_scope(function), name))
        return None if isinstance(found, Missing | Mixed) else found

    def not_one_thing(self, name: str, value: Mixed) -> Exception:
        """Why it can't be read; a loop that left it so is lowered trip by trip first."""
        if value.place is not None and value.place not in self.unrolled:
            return NeedsUnrolled(value.place)
        return value.refused(name)

    def store(self, ref: Ref, content: Any, position: Any = None) -> None:
        """Give a container a new content; `position`: where alone it differs from the old one."""
        walk = self.walked.get(ref.cell)
        if ref.cell in self.walked and (walk is None or position is None or position != walk.position):
            name = f"`{ref.cell.hint}`" if ref.cell.hint else "a list"
            raise Refused(f"a change of {name}, which a loop runs over", "the loop would see it",
                          "loop over a copy of the list")
        if ref.cell.frozen == HELD and (place := self._maker(ref.cell.rule)) is not None:
            raise NeedsUnrolled(place)
        if ref.cell.frozen:
            raise Refused(f"a change of {'`' + ref.cell.hint + '`' if ref.cell.hint else 'a container'}",
                          ref.cell.frozen, "change a copy of it, or make a new one")
        self.state[ref.cell] = content
        for other in ref.cell.others:
            if other in self.state:
                self.state[other] = Mixed("it may be another name for a list or object that was changed meanwhile",
                                          "change a copy of it")
        if isinstance(ref.cell.rule, Ref):
            self._set_attributes(ref.cell.rule, content)

    def _set_attributes(self, owner: Ref, namespace: Any) -> None:
        """What was stored in `owner.__dict__`."""
        fields = self.now_in(owner.cell)
        if fields.given is None:
            self.store(owner, replace(fields, values=namespace.values))
            return
        now = dict(namespace.values)
        for name in dict.fromkeys((*fields.given.names, *now)):
            self.set_attribute(fields.given, name, now.get(name, MISSING))


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

    @property
    def calls(self) -> Counter[str]:
        """From how many places of the function each name is called."""
        return self.mentions[0]

    @cached_property
    def mentions(self) -> tuple[Counter[str], Counter[str]]:
        """From how many places of the function each name is called, and read."""
        return mentions(self.tree)

    @property
    def tensors(self) -> bool:
        """Are arrays tensors in this function?  In functions of this package they are arrays."""
        return self.machine.tensors and not (self.source.function.__module__ or "").startswith("srcad.")

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

    def operator(self, name: str, a: Any, b: Any) -> Any:
        """`a <name> b`, where name is a function of the operator module."""
        return self.semantics.operator(self, name, a, b)

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
                raise Refused(f"`{name}` is read before it is bound", raises=UnboundLocalError(
                    f"cannot access local variable {name!r} where it is not associated with a value"))
            if isinstance(value, Mixed):
                raise self.machine.not_one_thing(name, value)
            if isinstance(value, Num) and value.atom.type.kind == "never":
                self.machine.read_early.add(value.atom)
            return self.machine.see((self.scope, name), value)
        if self.parent is not None:
            return self.parent.lookup(name)
        return self._from_outside(name)

    def _is_only_called(self, name: str) -> bool:
        """Does the function do nothing with what has this name but call it?"""
        called, read = self.mentions
        return 0 < called[name] == read[name]

    def _from_outside(self, name: str) -> Any:
        source = self.source
        if name in source.closure:
            try:
                return self.machine.free_variable(source.function, name, self._is_only_called(name))
            except ValueError:
                raise Refused(f"`{name}` is read before it is bound") from None
        if name in source.globals:
            scope = source.globals
            return self.machine.captured(Origin(("global", id(scope), name), within(scope, "item", name), scope[name],
                                                name, called=self._is_only_called(name)))
        if hasattr(builtins, name):
            return Const(getattr(builtins, name))
        raise Refused(f"the name `{name}` is not defined")

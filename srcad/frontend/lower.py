"""From a Python function and what is known of its arguments to a core program.

    def f(x, n):                        func f(x, n)
        y = x                             Loop i < n   y.3, y.2 = x -> y.4
        for i in range(n):                  y.4 = sin(y.2)
            y = np.sin(y)                 return y.3
        return y
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from keyword import iskeyword
from types import CodeType
from typing import Any

import gast

from srcad.errors import ArgumentError, Problem, Unsupported
from srcad.frontend.attributes import attribute
from srcad.frontend.bodies import lower_body
from srcad.frontend.calls import call_value
from srcad.frontend.capture import Source
from srcad.frontend.changes import write_back
from srcad.frontend.dicts import container_operator, entry
from srcad.frontend.expressions import evaluate
from srcad.frontend.machine import Frame, Machine, Semantics
from srcad.frontend.memory import Memory
from srcad.frontend.origins import Argument, Capture, Condition, Origin, as_identifier
from srcad.frontend.outline import call_recursive
from srcad.frontend.outside import tree_of
from srcad.frontend.places import binary
from srcad.frontend.statements import assign, execute
from srcad.frontend.stores import store_item
from srcad.frontend.suspended import all_left
from srcad.frontend.unpacking import first_items
from srcad.frontend.values import (
    ANY_SHAPE,
    MISSING,
    Beside,
    Const,
    Entries,
    Fields,
    Instance,
    Items,
    Missing,
    Mixed,
    NeedsKey,
    NeedsStatic,
    NeedsUnrolled,
    Num,
    Poison,
    Ref,
    Refused,
    Rows,
    Sequence,
    Table,
    Tup,
    describe,
    is_atomic,
)
from srcad.ir import Func, FuncRef, Lit, Param, Record, Type, Var, Whole, map_tree


@dataclass(frozen=True)
class Lowered:
    """A core program, what it reads from outside (its last inputs), and what must hold for it to be right.

    `companions` are further functions that belong into the same module, `parts` what was read of objects that are
    arguments."""

    func: Func
    captures: tuple[Capture, ...]
    guards: tuple[Condition, ...]
    companions: tuple[FuncRef, ...] = ()
    parts: tuple[Capture, ...] = ()


class NeedsValue(Exception):
    """Structure depends on the value of an argument's leaf, or on an extent of the arguments: it must be a constant."""

    def __init__(self, path: tuple[str, int], purpose: str, problem: Problem | None) -> None:
        super().__init__(purpose)
        self.path, self.purpose, self.problem = path, purpose, problem


SEMANTICS = Semantics(evaluate, binary, container_operator, attribute, entry, first_items, execute, all_left, assign,
                      store_item, call_value)


def lower(source: Source, arguments: dict[str, Any], wanted: tuple[tuple[str, tuple[Any, ...]], ...] = (),
          tensors: bool = False, called: bool = False) -> Lowered:
    """Lower the function of `source`; `called`: another one of its code may be called in its place.

    `arguments` maps each parameter to a tree (tuples, lists, dicts, `Record`s) whose leaves are `Type`s of what
    differs from call to call, `Const`s, or `Instance`s, whose attributes become inputs as they are read; those that
    are `wanted` (an argument, and the way to a part of it) are inputs anyway.  Raises `Unsupported` with all the
    problems found, and `NeedsValue` where a leaf has to be a `Const`.

    `tensors`: methods of arrays are those of PyTorch.
    """
    static: set[Any] = set()
    unrolled: set[Any] = set()
    tables: dict[Any, Any] = {}
    chosen: set[Any] = set()
    for _ in range(32):
        machine = Machine(static_captures=static, unrolled=unrolled, tables=tables, chosen=chosen, semantics=SEMANTICS,
                          tensors=tensors)
        try:
            if called:
                machine.calls(source.function)
            return _lower(machine, source, arguments, wanted)
        except NeedsUnrolled as need:
            unrolled.add(need.place)
        except NeedsStatic as need:
            sources = machine.build.sources(need.var)
            read = [key for key, capture in machine.captures.items() if capture.var in sources]
            if isinstance(need, NeedsKey) and not _is_alone(machine, sources, arguments, need.empty):
                tables[need.place] = need.keys
                continue
            if not read:
                error = _needs_value(machine, sources, need)
                whole = all(v.type.dtype is not None and v.type.dtype.kind in "iub" for v in sources)
                if isinstance(error, NeedsValue) and whole or need.place is None or need.place in chosen:
                    raise error from None
                chosen.add(need.place)
            static.update(read)
    raise AssertionError("a program reads more than 32 sizes from outside")


def _captures(machine: Machine, taken: set[str]) -> tuple[Capture, ...]:
    """What is read from outside, under names that no argument has."""
    def named(c: Capture) -> Capture:
        return named(replace(c, name=f"{c.name}_")) if c.name in taken else c

    return tuple(named(c.settled()) for c in machine.captures.values() if not c.origin.argument)


def _lower(machine: Machine, source: Source, arguments: dict[str, Any],
           wanted: tuple[tuple[str, tuple[Any, ...]], ...]) -> Lowered:
    build = machine.build
    build.span = source.span(source.tree)
    frame = Frame(machine, source, source.tree)
    given = _Arguments(machine, arguments)
    for name, path in wanted:
        machine.open(given.find(name, path))
    machine.active.append(source.function.__code__)
    machine.runs(source.function)
    body = call_recursive if calls_itself(source) else lower_in_place
    try:
        result = body(frame, source, source.function.__code__, given.values, None)
        # A function that is sure to raise has no result; its derivative raises the same.
        tree = Lit(0.0) if machine.dead else leave(machine, result) if not machine.problems else None
        if write_back(machine):
            machine.require_apart()
    except Refused as refused:
        frame.refuse(getattr(refused, "node", source.tree), refused)
    if machine.problems:
        raise Unsupported(machine.problems)
    captures = _captures(machine, {p.name for p in given.params()})
    params = [*given.params(), *(Param(c.name, c.var) for c in captures)]
    name = source.tree.name.strip("<>")
    func = Func(name, tuple(params), build.block, tree, source.span(source.tree), source.function.__doc__ or "")
    parts = tuple(c.settled() for c in machine.captures.values() if c.origin.argument)
    return Lowered(func, captures, tuple(g.settled() for g in machine.guards.values()), (), parts)


def _is_alone(machine: Machine, sources: list[Var], arguments: dict[str, Any], empty: bool) -> bool:
    """Can a key be known, since it is made of numbers that are arguments?  (Not one of many, for a new dict.)"""
    if not empty and any(capture.var in sources for capture in machine.captures.values()):
        return True
    paths = [_path(machine, v) for v in sources]
    return all(p is not None and (not empty or p[0] == ANY_SHAPE or _is_number(arguments[p[0]])) for p in paths)


def _is_number(tree: Any) -> bool:
    """Can a program be made for the value of this argument?  (For each float that comes one would be made.)"""
    return isinstance(tree, Type) and tree.kind in ("number", "scalar") and (
        tree.dtype is None or tree.dtype.kind in "iub")


def lower_in_place(frame: Frame, source: Source, key: Any, values: dict[str, Any], parent: Frame | None) -> Any:
    return lower_body(frame, source, values, parent)


def calls_itself(source: Source) -> bool:
    """Does the function name itself in a call?  Then it becomes a function of the program, called once from the top."""
    name = source.tree.name
    if not _mentions(source.function.__code__, name):
        return False
    calls = (n for n in gast.walk(source.tree) if isinstance(n, gast.Call) and isinstance(n.func, gast.Name))
    if not any(c.func.id == name for c in calls):
        return False
    found = source.globals.get(name)
    if name in source.closure:
        found = source.closure[name].cell_contents
    while found is not None and not hasattr(found, "__code__") and hasattr(found, "primal"):
        found = found.primal
    return getattr(found, "__code__", None) is source.function.__code__


def _mentions(code: CodeType, name: str) -> bool:
    """Does a function, or one within it, mention a name that is not its own?"""
    return name in code.co_names or name in code.co_freevars or any(
        _mentions(c, name) for c in code.co_consts if isinstance(c, CodeType))


class _Arguments:
    """The arguments of a program as values; what they are as trees of variables is known when the code is lowered."""

    def __init__(self, machine: Machine, arguments: dict[str, Any]) -> None:
        self.machine = machine
        self.values: dict[str, Any] = {}
        self._trees: dict[str, Any] = {}
        for k, (name, tree) in enumerate(arguments.items()):
            self._count = 0
            root = Origin(("argument", name), Argument(k), None, name, name)
            self._trees[name], self.values[name] = self._enter(tree, name, root)

    def params(self) -> list[Param]:
        """The parameters: a tree of each argument, with what the code has read of its objects."""
        wholes = self.machine.wholes
        trees = {name: self._closed(tree) for name, tree in self._trees.items()}
        return [Param(name, Whole(wholes[name], t) if name in wholes else t) for name, t in trees.items()]

    def find(self, name: str, path: tuple[Any, ...]) -> Any:
        """The part of an argument that is differentiated."""
        value = self.values[name]
        for key in path:
            content = self.machine.now_in(value.cell) if isinstance(value, Ref) else value
            try:
                value = self._part(content, key)
            except (LookupError, TypeError):
                value = MISSING
            if value is None or isinstance(value, Missing):
                raise ArgumentError(f"`{name}` has no part `{key}` to differentiate with respect to")
        return value

    def _part(self, content: Any, key: Any) -> Any:
        match content:
            case Fields(given=given) if given is not None:
                return self.machine.attribute_of(given, key)
            case Fields() | Entries():
                return content.get(key)
            case Items(values=parts) | Tup(items=parts, cls=None):
                return parts[key]
            case Tup(items=parts, cls=cls):
                return parts[key] if isinstance(key, int) else parts[cls._fields.index(key)]  # type: ignore[union-attr]
            case _:
                return MISSING

    def _closed(self, tree: Any) -> Any:
        return map_tree(lambda t: tree_of(self.machine.seeds, t) if isinstance(t, Ref) else t, tree)

    def _leaf(self) -> int:
        self._count += 1
        return self._count - 1

    def _given(self, content: Any, origin: Origin) -> Ref:
        ref = self.machine.new(content, origin.name)
        self.machine.origins[ref.cell] = origin
        self.machine.seed(ref.cell, content)
        return ref

    def _enter(self, t: Any, hint: str, origin: Origin) -> tuple[Any, Any]:
        """An argument as a tree of variables, and as a value."""
        machine = self.machine
        if isinstance(t, Type):
            var = Var(hint, t)
            machine.inputs[var] = (origin.argument, self._leaf())
            if t.kind in ("array", "unknown"):
                machine.lent[var] = machine.lend(var, hint)
            else:
                machine.memories.of[var] = Memory(hint)
            return var, self._given(Sequence(var), origin) if t.kind == "sequence" else Num(var)
        if isinstance(t, Const):
            self._leaf()
            return t.value, t
        if isinstance(t, Instance):
            self._leaf()
            value = machine.captured(replace(origin, now=t.value, type_of=t.type_of, name=hint))
            return value, value
        if isinstance(t, tuple | list):
            parts = [self._enter(x, f"{hint}_{i}", origin.part("item", i, None)) for i, x in enumerate(t)]
            values = tuple(v for _, v in parts)
            if isinstance(t, tuple):
                return tuple(p for p, _ in parts), Tup(values)
            return [p for p, _ in parts], self._given(Items(values), origin)
        if isinstance(t, dict):
            pairs = {k: self._enter(x, _key_hint(hint, k), origin.part("item", k, None)) for k, x in t.items()}
            content = Entries(tuple((k, v) for k, (_, v) in pairs.items()))
            return {k: p for k, (p, _) in pairs.items()}, self._given(content, origin)
        assert isinstance(t, Record), t
        fields = {k: self._enter(x, k, origin.part("attr", k, None)) for k, x in t.fields.items()}
        record = Record(t.cls, {k: p for k, (p, _) in fields.items()})
        if issubclass(t.cls, tuple):
            return record, Tup(tuple(v for _, v in fields.values()), t.cls)
        return record, self._given(Fields(t.cls, tuple((k, v) for k, (_, v) in fields.items())), origin)


def _key_hint(hint: str, key: Any) -> str:
    return key if isinstance(key, str) and key.isidentifier() and not iskeyword(key) else as_identifier(f"{hint}_{key}")


def leave(machine: Machine, value: Any) -> Any:
    """A result as a tree of atoms."""
    match value:
        case Num(atom=atom):
            return atom
        case Const(value=v):
            if is_atomic(value):
                return Lit(v)
            raise Refused(f"{describe(value)} as a result", "a result is a number, an array, or a tree of these")
        case Tup(items=items, cls=cls):
            parts = tuple(leave(machine, i) for i in items)
            return parts if cls is None else Record(cls, dict(zip(cls._fields, parts, strict=True)))  # type: ignore[attr-defined]
        case Ref(cell=cell):
            if isinstance(cell.rule, Beside):
                raise Refused(f"an object of {getattr(cell.cls, '__name__', '')} as a result",
                              "its class is a list or a dict", "return a plain list or dict of what it holds")
            content = machine.now_in(cell)
            if isinstance(content, Fields) and content.given is not None:
                if content.given.origin.steps:
                    raise Refused(f"`{cell.hint}`, a part of an object of the caller's, as a result",
                                  hint="return its numbers and arrays")
                return machine.whole(content.given.origin)
            return _leave_content(machine, content)
        case Poison():
            return None
        case Mixed(reason=reason):
            raise Refused("a result that is not one thing", reason)
        case _:
            raise Refused(f"{describe(value)} as a result", "a result is a number, an array, or a tree of these")


def _leave_content(machine: Machine, content: Any) -> Any:
    match content:
        case Items(values=values):
            return [leave(machine, v) for v in values]
        case Rows():
            raise Refused("a list of tuples of unknown length as a result",
                          hint="return a list for each component, or an array")
        case Sequence(atom=atom):
            return atom
        case Entries(values=values):
            return {k: leave(machine, v) for k, v in values}
        case Table():
            raise Refused("a dict whose keys are computed as a result", hint="return its values, as a list or an array")
        case Fields(cls=cls, values=values):
            return Record(cls, {k: leave(machine, v) for k, v in values})
        case _:
            raise Refused("a result that is not one thing")


def _needs_value(machine: Machine, sources: list[Var], need: NeedsStatic) -> Exception:
    span = need.span or machine.build.span
    paths = [_path(machine, v) for v in sources]
    problem = Problem(span, f"{need.purpose} that depends on what the function computes",
                      "it decides the structure of the program, so it must be known before it runs",
                      "make it an argument, or a constant")
    if not paths or paths[0] is None or None in paths:
        return Unsupported([*machine.problems, problem])
    return NeedsValue(paths[0], need.purpose, problem)


def _path(machine: Machine, v: Var) -> tuple[str, int] | None:
    """What a program would have to be made for so that `v` is known."""
    size = v.type.value.size if v.type.value is not None else None
    if size is not None and size.extent is not None:
        return ANY_SHAPE, size.extent
    return machine.inputs.get(v)

"""From a Python function and what is known of its arguments to a core program.

    def f(x, n):                        func f(x, n)
        y = x                             Loop i < n   y.3, y.2 = x -> y.4
        for i in range(n):                  y.4 = sin(y.2)
            y = np.sin(y)                 return y.3
        return y
"""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType
from typing import Any

import gast

from srcad.errors import Problem, Unsupported
from srcad.frontend.bodies import lower_body
from srcad.frontend.calls import call_value
from srcad.frontend.capture import Source
from srcad.frontend.expressions import evaluate
from srcad.frontend.machine import Capture, Frame, Guard, Machine, Semantics
from srcad.frontend.memory import Memory
from srcad.frontend.outline import call_recursive
from srcad.frontend.statements import assign, execute
from srcad.frontend.stores import write_back
from srcad.frontend.values import (
    ANY_SHAPE,
    Const,
    Entries,
    Fields,
    Items,
    Mixed,
    NeedsStatic,
    Num,
    Poison,
    Ref,
    Refused,
    Rows,
    Sequence,
    Tup,
    describe,
    is_atomic,
)
from srcad.ir import Func, FuncRef, Lit, Param, Record, Type, Var


@dataclass(frozen=True)
class Lowered:
    """A core program, what it reads from outside (its last inputs), and what must hold for it to be right.

    `companions` are further functions that belong into the same module."""

    func: Func
    captures: tuple[Capture, ...]
    guards: tuple[Guard, ...]
    companions: tuple[FuncRef, ...] = ()


class NeedsValue(Exception):
    """Structure depends on the value of an argument's leaf, or on an extent of the arguments: it must be a constant."""

    def __init__(self, path: tuple[str, int], purpose: str, problem: Problem | None) -> None:
        super().__init__(purpose)
        self.path, self.purpose, self.problem = path, purpose, problem


SEMANTICS = Semantics(evaluate, execute, assign, call_value)


def lower(source: Source, arguments: dict[str, Any], tensors: bool = False) -> Lowered:
    """Lower the function of `source`.

    `arguments` maps each parameter to a tree (tuples, lists, dicts, `Record`s) whose leaves are `Type`s of what
    differs from call to call, or `Const`s.  Raises `Unsupported` with all the problems found, and `NeedsValue` where a
    leaf has to be a `Const`.  `tensors`: methods of arrays are those of PyTorch.
    """
    static: set[Any] = set()
    for _ in range(32):
        machine = Machine(static_captures=static, semantics=SEMANTICS, tensors=tensors)
        try:
            return _lower(machine, source, arguments)
        except NeedsStatic as need:
            sources = machine.build.sources(need.var)
            read = [key for key, capture in machine.captures.items() if capture.var in sources]
            if not read:
                raise _needs_value(machine, sources, need) from None
            static.update(read)
    raise AssertionError("a program reads more than 32 sizes from outside")


def _lower(machine: Machine, source: Source, arguments: dict[str, Any]) -> Lowered:
    build = machine.build
    build.span = source.span(source.tree)
    frame = Frame(machine, source, source.tree)
    params, values = [], {}
    for name, tree in arguments.items():
        bound, value = _enter(machine, name, tree)
        params.append(Param(name, bound))
        values[name] = value
    machine.active.append(source.function.__code__)
    machine.runs(source.function)
    body = call_recursive if calls_itself(source) else lower_in_place
    try:
        result = body(frame, source, source.function.__code__, values, None)
        # A function that is sure to raise has no result; its derivative raises the same.
        tree = Lit(0.0) if machine.dead else leave(machine, result) if not machine.problems else None
        write_back(machine)
    except Refused as refused:
        frame.refuse(getattr(refused, "node", source.tree), refused)
    if machine.problems:
        raise Unsupported(machine.problems)
    captures = tuple(machine.captures.values())
    params += [Param(c.name, c.var) for c in captures]
    name = source.tree.name.strip("<>")
    func = Func(name, tuple(params), build.block, tree, source.span(source.tree), source.function.__doc__ or "")
    return Lowered(func, captures, tuple(machine.guards.values()))


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


def _enter(machine: Machine, name: str, tree: Any) -> tuple[Any, Any]:
    """An argument as a tree of variables, and as a value."""
    inputs = machine.inputs
    count = [0]

    def given(content: Any, hint: str) -> Ref:
        ref = machine.new(content, hint)
        ref.cell.frozen = "it is the caller's, who would not see the change"
        return ref

    def enter(t: Any, hint: str) -> tuple[Any, Any]:
        if isinstance(t, Type):
            var = Var(hint, t)
            inputs[var] = (name, count[0])
            if t.kind in ("array", "unknown"):
                machine.lent[var] = machine.lend(var, hint)
            count[0] += 1
            if t.kind == "sequence":
                machine.memories.of[var] = Memory(hint)
                return var, given(Sequence(var), hint)
            return var, Num(var)
        if isinstance(t, Const):
            count[0] += 1
            return t.value, t
        if isinstance(t, tuple):
            parts = [enter(x, f"{hint}_{i}") for i, x in enumerate(t)]
            return tuple(p for p, _ in parts), Tup(tuple(v for _, v in parts))
        if isinstance(t, list):
            parts = [enter(x, f"{hint}_{i}") for i, x in enumerate(t)]
            return [p for p, _ in parts], given(Items(tuple(v for _, v in parts)), hint)
        if isinstance(t, dict):
            pairs = {k: enter(x, _key_hint(hint, k)) for k, x in t.items()}
            return ({k: p for k, (p, _) in pairs.items()},
                    given(Entries(tuple((k, v) for k, (_, v) in pairs.items())), hint))
        assert isinstance(t, Record), t
        fields = {k: enter(x, k) for k, x in t.fields.items()}
        record = Record(t.cls, {k: p for k, (p, _) in fields.items()})
        if issubclass(t.cls, tuple):
            return record, Tup(tuple(v for _, v in fields.values()), t.cls)
        return record, given(Fields(t.cls, tuple((k, v) for k, (_, v) in fields.items())), hint)

    return enter(tree, name)


def _key_hint(hint: str, key: Any) -> str:
    return key if isinstance(key, str) and key.isidentifier() else f"{hint}_{key}"


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
            return _leave_content(machine, machine.state[cell])
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

"""Functions that are called from several places, or that call themselves, become functions of the program.

What a recursive call returns is not known before the function has been lowered, and its lowering needs it: so the
result is assumed to be nothing (`never`), which every join ignores, and the function is lowered again with what came
out until that is what was assumed.  An array that the function stores to is a result as well: the caller goes on with
that version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcad.frontend.bodies import lower_body
from srcad.frontend.changes import changed_of_the_caller
from srcad.frontend.joins import same
from srcad.frontend.lists import sequence_of
from srcad.frontend.machine import Frame, Machine
from srcad.frontend.memory import Frozen, Memory, owner_of
from srcad.frontend.storing import Store
from srcad.frontend.values import (
    Const,
    Entries,
    Items,
    Method,
    NeedsStatic,
    Num,
    Partial,
    Ref,
    Refused,
    Sequence,
    Stream,
    Tup,
    atom_of,
    atoms_in,
    describe,
    is_atomic,
    map_atoms,
)
from srcad.ir import (
    HOLE,
    NEVER,
    Block,
    CallOp,
    Func,
    FuncRef,
    Let,
    Lit,
    Param,
    Type,
    Var,
    call_op,
    equivalent,
    fresh,
    op_of,
)
from srcad.ir.core import is_number
from srcad.ir.walk import free, has_effect, rebuild

SHARED = Frozen("it may be a result of a function and its argument, too", "copy it before the store")


@dataclass(eq=False)
class _Callee:
    """A recursive function on its way to being known."""

    ref: FuncRef
    key: Any
    result: Any = None          # the assumed result: a value over Vars that stand for types
    used: bool = False
    reads: dict[Any, Any] = field(default_factory=dict)     # what it saw of the state around it
    extras: tuple[Var, ...] = ()
    effect: bool = False
    recursive: bool = False
    shared: bool = False        # a result is, or may be, an argument: the caller gets a copy, and stores to neither
    changed: tuple[int,
                   ...] = ()   # the inputs that are arrays which it stores to: their last versions are results, too


def call_recursive(frame: Frame, source: Any, key: Any, bound: dict[str, Any], parent: Frame | None) -> Any:
    """A call of a function that calls itself: what it is lowered for must hold for all its calls."""
    values = {k: _general(frame, v) for k, v in bound.items()}
    return _call_program(frame, source, key, values, parent, _param_type)


def call_outlined(frame: Frame, source: Any, key: Any, bound: dict[str, Any], parent: Frame | None) -> Any:
    """A call of a function that is called from several places, lowered once for arguments of these types."""
    return _call_program(frame, source, key, {k: _data(v) for k, v in bound.items()}, parent, lambda t: t)


def is_outlinable(bound: dict[str, Any]) -> bool:
    """Containers are changed and taken apart where they are: a function that is given one is lowered in place."""
    return not any(isinstance(v, Ref | Entries | Method | Partial | Stream) for v in bound.values())


def _data(value: Any) -> Any:
    """A float constant is data; an int may shape what the function does."""
    return Num(Lit(value.value)) if isinstance(value, Const) and isinstance(value.value, float) else value


def _call_program(frame: Frame, source: Any, key: Any, values: dict[str, Any], parent: Frame | None,
                  generalise: Callable[[Type], Type]) -> Any:
    machine = frame.machine
    signature = (key, tuple((k, _signature(v, generalise)) for k, v in values.items()))
    callee = machine.callees.get(signature)
    if callee is None or not _still(frame, callee):
        callee = _lower(frame, source, signature, values, parent, generalise)
    callee.used = True
    args = [a for v in values.values() for a in _atoms(frame, v)]
    if callee.result is None:
        return Num(Var("", NEVER))
    return _call(frame, callee, args)


def _still(frame: Frame, callee: _Callee) -> bool:
    """Is what the callee saw around it still so?"""
    return all(same(frame.machine.state.get(k), v) for k, v in callee.reads.items())


def _general(frame: Frame, value: Any) -> Any:
    """A constant number that is passed to a recursive function is data: it will be another one in the next call."""
    if isinstance(value, Const) and is_number(value.value) and not isinstance(value.value, bool):
        return Num(Lit(value.value))
    if isinstance(value, Tup):
        return Tup(tuple(_general(frame, i) for i in value.items), value.cls)
    if isinstance(value, Ref):
        content = frame.machine.content(value)
        if isinstance(content, Items | Sequence):
            return Sequence(sequence_of(frame, value))
        raise Refused(f"{describe(value)} as an argument of a recursive function", hint="pass its parts")
    return value


def _param_type(t: Type) -> Type:
    shape = None if t.shape is None else tuple(d if d.is_one else fresh() for d in t.shape)
    return replace(t, shape=shape, value=None)


def _signature(value: Any, generalise: Callable[[Type], Type]) -> Any:
    match value:
        case Num(atom=a):
            t = generalise(a.type)
            # The sizes of a generalised type are new ones: only the rank counts.
            return (t.kind, t.dtype, t.rank, t.optional, t.shape if t.shape == a.type.shape else None, t.value)
        case Sequence():
            return ("sequence",)
        case Tup(items=items, cls=cls):
            return (cls, tuple(_signature(i, generalise) for i in items))
        case Const(value=v):
            return (type(v), v) if v is None or isinstance(v, bool | int | str) else (type(v), id(v))
        case _:
            return id(value)


def _atoms(frame: Frame, value: Any) -> list[Any]:
    found: list[Any] = []
    map_atoms(lambda a: (found.append(a), a)[1], value)  # type: ignore[func-returns-value]
    return found


def _lower(frame: Frame, source: Any, signature: Any, values: dict[str, Any], parent: Frame | None,
           generalise: Callable[[Type], Type]) -> _Callee:
    machine = frame.machine
    callee = _Callee(FuncRef(source.tree.name.strip("<>")), signature[0], recursive=generalise is _param_type)
    machine.callees[signature] = callee
    problems = len(machine.problems)
    for _ in range(8):
        del machine.problems[problems:]
        inputs: list[Var] = []
        try:
            params, func, result, changed = _attempt(frame, source, values, parent, callee, inputs, generalise)
        except BaseException:
            # Half a callee must not be found by the next call.
            machine.callees.pop(signature, None)
            raise
        settled = callee.changed == changed and callee.result is not None and _alike(callee.result, result)
        callee.result, callee.changed = result, changed
        if not callee.used or settled:
            break
    else:
        raise Refused(f"the recursion of {source.tree.name}", "the kind of its result never settles")
    if len(machine.problems) > problems:  # it may do where it is called, but not for the next call
        machine.callees.pop(signature, None)
    callee.effect = has_effect(func.body)
    extras = sorted(free(func.body, func.outputs) - frozenset(inputs), key=lambda v: v.serial)
    callee.extras = tuple(extras)
    inner = {v: Var(v.hint, v.type) for v in extras}
    body = _with_extras(func.body, callee, inner)
    outputs = [inner.get(a, a) if isinstance(a, Var) else a for a in func.outputs]
    callee.ref.func = replace(func, params=(*params, *(Param(v.hint, v) for v in inner.values())), body=body,
                              result=tuple(outputs))
    return callee


def _attempt(frame: Frame, source: Any, values: dict[str, Any], parent: Frame | None, callee: _Callee,
             inputs: list[Var], generalise: Callable[[Type], Type]) -> tuple[list[Param], Func, Any, tuple[int, ...]]:
    machine = frame.machine
    params: list[Param] = []
    before = dict(machine.state)
    trace: dict[Any, Any] = {}
    machine.traces.append(trace)
    active, machine.active = machine.active, [callee.key]
    outer, machine.lent = machine.lent, {}
    try:
        with machine.fork(machine.state) as stmts:
            bound = _bound(machine, values, params, inputs, generalise)
            try:
                result = _result(frame, lower_body(frame, source, bound, parent))
            except NeedsStatic as need:
                if not set(inputs).isdisjoint(frame.build.sources(need.var)):
                    raise Refused(f"`{need.var.hint}` as {need.purpose} in a recursive function",
                                  "structure can't depend on what changes from call to call") from None
                raise
            changed = machine.changed_since(before)
            stored = {inputs.index(v): last for v, last in changed_of_the_caller(machine) if isinstance(last, Var)}
            if not _is_apart(machine, result, inputs, before):
                if not callee.recursive:
                    raise Refused("a call whose result may share memory with an argument",
                                  "the function is called from several places", "return a copy")
                callee.shared = True
                result = map_atoms(lambda a: _copied(machine, a), result)
            dead = machine.dead
    finally:
        machine.active, machine.lent = active, outer
        machine.traces.pop()
    callee.reads = {k: v for k, v in trace.items() if k in before}
    if changed:
        raise Refused("a recursive function that changes what is outside of it", hint="return the new value instead")
    machine.dead = False
    outputs = (*_atoms(frame, result), *stored.values()) if not dead else ()
    func = Func(callee.ref.name, tuple(params), tuple(stmts), outputs, frame.build.span)
    return params, func, result, tuple(stored) if not dead else ()


def _bound(machine: Machine, values: dict[str, Any], params: list[Param], inputs: list[Var],
           generalise: Callable[[Type], Type]) -> dict[str, Any]:
    """The arguments over new variables, each array in a memory of its own."""
    def fresh_input(name: str) -> Any:
        def make(a: Any) -> Var:
            v = Var(name, generalise(a.type))
            inputs.append(v)
            params.append(Param(name, v))
            machine.memories.of[v] = Memory(name)
            if v.type.kind in ("array", "unknown"):
                machine.lent[v] = machine.lend(v, name)
            return v
        return make

    bound = {}
    for name, value in values.items():
        inner = map_atoms(fresh_input(name), value)
        bound[name] = machine.new(inner, name) if isinstance(inner, Sequence) else inner
    return bound


def _is_apart(machine: Machine, result: Any, inputs: list[Var], before: dict[Any, Any]) -> bool:
    """Is a result no memory of an argument or of something outside?  Callers could not tell."""
    memories = machine.memories
    given = {memories.at(v) for v in inputs}
    outside = {memories.at(a) for value in before.values() for a in atoms_in(value) if isinstance(a, Var)}
    seen: set[Any] = set()
    for atom in atoms_in(result):
        if not isinstance(atom, Var) or atom.type.kind not in ("array", "unknown", "sequence"):
            continue
        place = memories.at(atom)
        held = place in memories.frozen or (atom.type.kind == "sequence" and not given.isdisjoint(memories.frozen))
        if held or place in seen and atom.type.kind == "sequence":
            raise Refused("a call whose result may share memory with an argument",
                          "the function calls itself, or is called from several places", "return a copy")
        if place in given or place in outside or place in seen or owner_of(place):
            return False
        seen.add(place)
    return True


def _copied(machine: Machine, a: Any) -> Any:
    """An array of its own; who stores to it or to the argument is told."""
    if not isinstance(a, Var) or a.type.kind not in ("array", "unknown"):
        return a
    copy = op_of(np.copy)
    assert copy is not None
    return machine.build.call(copy, a)


def _result(frame: Frame, value: Any) -> Any:
    """A result over atoms alone: constants become atoms, lists sequences."""
    match value:
        case Ref():
            content = frame.machine.content(value)
            if isinstance(content, Items | Sequence):
                    return Sequence(sequence_of(frame, value))
            raise Refused(f"{describe(value)} as the result of a recursive function",
                          hint="return a tuple of its parts")
        case Tup(items=items, cls=cls):
            return Tup(tuple(_result(frame, i) for i in items), cls)
        case Const() if is_atomic(value):
            return Num(atom_of(value))
        case _:
            return value


def _alike(a: Any, b: Any) -> bool:
    """Two results of the same structure and equivalent types."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Tup):
        return len(a.items) == len(b.items) and all(map(_alike, a.items, b.items))
    if isinstance(a, Num | Sequence):
        return equivalent(_result_type(a.atom), _result_type(b.atom))
    return bool(a == b)


def _result_type(a: Any) -> Type:
    return _param_type(a.type)


def _call(frame: Frame, callee: _Callee, args: list[Any]) -> Any:
    """Record the call; its result has the structure that was found."""
    targets = [args[k] for k in callee.changed]
    types = [replace(a.type, value=None) for a in (*_atoms(frame, callee.result), *targets)]
    memories = frame.machine.memories
    for k in callee.changed:
        if any(memories.at(args[k]) is memories.at(a) for j, a in enumerate((*args, *callee.extras)) if j != k
               and isinstance(a, Var)):
            raise Refused("a call that is given an array twice, or two parts of one, and stores to it",
                          hint="pass a copy")
    op = call_op(callee.ref, tuple(types), callee.effect)
    outs = iter(frame.build.calls(op, *args, *callee.extras))
    result = map_atoms(lambda a: next(outs), callee.result)
    if callee.shared:
        for a in (*_atoms(frame, result), *args, *callee.extras):
            if isinstance(a, Var) and a.type.kind in ("array", "unknown"):
                memories.freeze(a, SHARED)
    for target in targets:
        last = next(outs)
        Store(frame.build, frame.machine.state, memories)(
            memories.current(target), lambda x, new=last: new,  # type: ignore[arg-type, misc]
            "a call that stores into its argument")
    return frame.machine.new(result) if isinstance(result, Sequence) else result


def _with_extras(body: Block, callee: _Callee, inner: dict[Var, Var]) -> Block:
    """Within the function, what it takes from around it are inputs, and it passes them on to itself."""
    def atom(a: Any) -> Any:
        return inner.get(a, a) if isinstance(a, Var) else a

    def block(b: Block) -> Block:
        return tuple(stmt(s) for s in b)

    def stmt(s: Any) -> Any:
        if isinstance(s, Let) and isinstance(s.op, CallOp) and s.op.target is callee.ref:
            extra = tuple(inner.values())
            form = replace(s.form, args=(*s.form.args, *(HOLE for _ in extra)))
            return replace(s, args=(*map(atom, s.args), *extra), form=form)
        return rebuild(s, atom, block)

    return block(body)

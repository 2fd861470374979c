"""Calls of functions whose derivatives are stated by the user: `custom_vjp`, `custom_jvp`, `gradient_of`.

The function and its rule are lowered where it is called, each into a program over the same new inputs, so that all of
them may read what is around them.  The call becomes that of a program function that refers to its rule (`Stated`).

A rule may call the function itself, as `fwd` of a `custom_vjp` does: that is a call of the same program function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from srcad.frontend.calls import call_value
from srcad.frontend.joins import same
from srcad.frontend.lower import leave
from srcad.frontend.machine import Frame
from srcad.frontend.memory import Frozen, Memory
from srcad.frontend.values import Const, Entries, Fields, Items, Num, Ref, Refused, Sequence, Tup
from srcad.ir import (
    HOLE,
    Block,
    CallOp,
    Func,
    FuncRef,
    Let,
    Lit,
    Param,
    Record,
    Undef,
    Var,
    call_op,
    leaves,
    map_tree,
)
from srcad.ir.walk import Renamer, bound, free, has_effect, rebuild
from srcad.program.inside import Inputs
from srcad.transforms.derived import dual
from srcad.transforms.stated import Part, Stated

SHARED = Frozen("it may share memory with an argument of the call that gave it", "copy it first")
Rule = Callable[["Call", "Made"], Stated]


@dataclass(eq=False)
class Made:
    """A function as it was lowered for arguments of certain types, and the tree of what it gives."""

    ref: FuncRef
    result: Any
    part: Part
    shared: bool
    extras: tuple[Var, ...] = ()

    @property
    def outputs(self) -> list[Var]:
        return [a for a in leaves(self.result) if isinstance(a, Var)]


@dataclass(eq=False)
class Call:
    """A call that is being lowered: its arguments over new variables, by position."""

    frame: Frame
    name: str
    args: list[Any]
    fixed: tuple[int, ...]                                  # the arguments that are not differentiated
    trees: dict[int, Any] = field(default_factory=dict)
    inputs: Inputs = field(init=False)

    def __post_init__(self) -> None:
        self.inputs = Inputs(self.frame)
        for k in (k for k in range(len(self.args)) if k not in self.fixed):
            self.args[k], self.trees[k] = self.inputs.renewed(self.args[k], "x")

    @property
    def moving(self) -> list[Any]:
        return [self.args[k] for k in self.trees]

    @property
    def before(self) -> list[Any]:
        return [self.args[k] for k in self.fixed if k < len(self.args)]

    def key(self) -> Any:
        """What of the arguments the lowering depends on."""
        return tuple(map(self._key, self.args))

    def _key(self, value: Any) -> Any:
        match value:
            case Num(atom=Var() as v) if v in self.inputs.atoms:
                return v.type.kind, v.type.dtype, v.type.shape
            case Num(atom=a):
                return a
            case Const(value=v):
                return (type(v), v) if v is None or isinstance(v, bool | int | float | str) else id(v)
            case Tup(items=items, cls=cls):
                return (cls, *map(self._key, items))
            case Ref():
                content = self.frame.machine.content(value)
                if isinstance(content, Items):
                    return (list, *map(self._key, content.values))
                if isinstance(content, Entries | Fields):
                    return type(content), tuple((k, self._key(v)) for k, v in content.values)
                return id(value.cell)
            case _:
                return id(value)

    def part(self, function: Any, args: list[Any], what: str = "") -> tuple[Part, Any, bool]:
        """A call as a part, the tree of what it gives, and whether that may share memory with what is around."""
        machine = self.frame.machine
        start, problems = dict(machine.state), len(machine.problems)
        with machine.fork(start) as stmts:
            tree = leave(machine, call_value(self.frame, function, args, {}))
            if len(machine.problems) > problems:
                raise Refused(f"{what or self.name} is refused itself", hint="see the other problem")
            if machine.dead:
                raise Refused(f"{what or self.name} is sure to raise an exception")
            if any(not same(machine.state.get(k), v) for k, v in start.items()):
                raise Refused(f"a change of what is outside of {what or self.name}", "it has a derivative of its own",
                              "return the new value instead")
            own = bound(tuple(stmts))
            arrays = [a for a in leaves(tree) if isinstance(a, Var) and a.type.kind in ("array", "unknown")]
            shared = any(a not in own or machine.memories.at(a) is not a for a in arrays)
        machine.dead = False
        return Part(tuple(stmts), tuple(leaves(tree))), tree, shared


def stated_call(frame: Frame, name: str, owner: Any, function: Any, args: list[Any], fixed: tuple[int, ...],
                rule: Rule) -> Any:
    """Call `function` so that its derivative is what `rule` makes."""
    machine = frame.machine
    with machine.fork(machine.state):
        given = list(args)
        call = Call(frame, name, given, fixed)
        key = ("stated", id(owner), call.key())
        made = machine.callees.get(key)
        if made is None:
            made = _make(call, key, function, rule)
    return _emit(frame, made, list(call.inputs.atoms.values()))


def _make(call: Call, key: Any, function: Any, rule: Rule) -> Made:
    machine, span = call.frame.machine, call.frame.build.span
    part, tree, shared = call.part(function, call.args)
    made = Made(FuncRef(call.name), tree, part, shared)
    inputs = tuple(call.inputs.atoms)
    made.extras = _outside([part], inputs)
    made.ref.func = _function(call.name, (*inputs, *made.extras), part.body, made.outputs, span)
    machine.callees[key] = made
    try:
        stated = rule(call, made)
    finally:
        machine.callees.pop(key)
        call.frame.build.span = span
    complete = _complete(stated, made, inputs)
    outside = {c.var for c in machine.captures.values()} | set(machine.inputs)
    if set(complete.extras) <= outside:
        machine.callees[key] = complete
    return complete


def _complete(stated: Stated, made: Made, inputs: tuple[Var, ...]) -> Made:
    """The function and its rule over all that one of them reads from around."""
    parts = [made.part, *stated.parts()]
    extras = _outside(parts, (*inputs, *stated.own()))
    more = [v for v in extras if v not in made.extras]
    # Calls of the function by its own rule pass on what they lack.
    order = [*made.extras, *more]

    def patched(part: Part) -> Part:
        return Part(_with_more(part.body, made.ref, more), part.outputs)

    stated.patch(patched)
    stated.read(inputs, order)
    body = _with_more(made.part.body, made.ref, more)
    made.ref.func = _function(made.ref.name, stated.inputs, body, made.outputs, stated.span)
    made.ref.stated = stated
    made.extras = tuple(order)
    return made


def _outside(parts: Iterable[Part], inputs: Iterable[Var]) -> tuple[Var, ...]:
    """What these parts read that is neither theirs nor an input."""
    found: set[Var] = set()
    for p in parts:
        found |= free(p.body, [a for a in p.outputs if isinstance(a, Var)])
    return tuple(sorted(found - set(inputs), key=lambda v: v.serial))


def _function(name: str, inputs: Iterable[Var], body: Block, outputs: Iterable[Any], span: Any) -> Func:
    """A function over new variables."""
    renamer = Renamer()
    params = tuple(Param(v.hint or "x", renamer.new(v)) for v in inputs)
    return Func(name, params, renamer.block(body), tuple(map(renamer.atom, outputs)), span)


def _with_more(body: Block, ref: FuncRef, more: list[Var]) -> Block:
    def block(b: Block) -> Block:
        return tuple(stmt(s) for s in b)

    def stmt(s: Any) -> Any:
        if isinstance(s, Let) and isinstance(s.op, CallOp) and s.op.target is ref:
            form = replace(s.form, args=(*s.form.args, *(HOLE for _ in more)))
            return replace(s, args=(*s.args, *more), form=form)
        return rebuild(s, lambda a: a, block)

    return block(body) if more else body


def _emit(frame: Frame, made: Made, atoms: list[Any]) -> Any:
    machine = frame.machine
    types = tuple(replace(v.type, value=None) for v in made.outputs)
    op = call_op(made.ref, types, has_effect(made.part.body))
    outs = frame.build.calls(op, *atoms, *made.extras)
    if made.shared:
        for out in outs:
            memory = machine.memories.of[out] = Memory()
            machine.memories.frozen[memory] = SHARED
    given = dict(zip(made.outputs, outs, strict=True))
    return value_of(frame, map_tree(lambda a: given.get(a, a) if isinstance(a, Var) else a, made.result))


def value_of(frame: Frame, tree: Any) -> Any:
    """A tree of atoms as a value; constants are constants."""
    match tree:
        case Var() if tree.type.kind == "sequence":
            return frame.machine.new(Sequence(tree))
        case Var() | Undef():
            return Num(tree)
        case Lit(value=v):
            return Const(v)
        case tuple():
            return Tup(tuple(value_of(frame, t) for t in tree))
        case list():
            return frame.machine.new(Items(tuple(value_of(frame, t) for t in tree)))
        case dict():
            return frame.machine.new(Entries(tuple((k, value_of(frame, t)) for k, t in tree.items())))
        case Record(cls=cls, fields=named):
            values = tuple((k, value_of(frame, t)) for k, t in named.items())
            return Tup(tuple(v for _, v in values), cls) if issubclass(cls, tuple) else frame.machine.new(
                Fields(cls, values))
        case _:
            return Const(tree)


def new_like(frame: Frame, v: Var, hint: str, derivative: bool) -> Var:
    """A new variable for a residual, or for the tangent or cotangent of `v`."""
    var = Var(hint, dual(v.type) if derivative else replace(v.type, value=None))
    frame.machine.memories.of[var] = Memory()
    return var


def wrapped(value: Any) -> Any:
    """A default value of a parameter as a value; what a call gives is one already."""
    known = isinstance(value, Const | Num | Tup | Ref) or type(value).__module__ == "srcad.frontend.values"
    return value if known else Const(value)

"""Statements: `execute` lowers a block of a structured function (see `exits`) into the machine's builder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gast

from srcad.frontend import loops
from srcad.frontend.expressions import call_value, evaluate, truth
from srcad.frontend.joins import Join
from srcad.frontend.machine import Frame
from srcad.frontend.places import delete, store, update
from srcad.frontend.values import (
    MISSING,
    NONE,
    POISON,
    Closure,
    Const,
    Entries,
    Items,
    Mixed,
    Num,
    Ref,
    Refused,
    Tup,
    atom_of,
)
from srcad.ir import NOT, UNDEF, Atom, Choice, If, Var, define, join
from srcad.ir.types import OBJECT
from srcad.rules.sequences import NEW


def _raise(cls: type[BaseException], *args: Any) -> None:
    raise cls(*args)


def _assert(test: Any, *message: Any) -> None:
    if not test:
        raise AssertionError(*message)


RAISE = define(_raise, "raise", effect=True, infer=lambda *_: OBJECT)
ASSERT = define(_assert, "assert", effect=True, infer=lambda *_: OBJECT)


def execute(frame: Frame, stmts: list[Any]) -> None:
    for stmt in stmts:
        if frame.machine.dead:
            return
        frame.build.span = frame.span(stmt)
        try:
            _execute(frame, stmt)
        except Refused as refused:
            frame.refuse(getattr(refused, "node", stmt), refused)
            _poison(frame, stmt)


def _poison(frame: Frame, stmt: Any) -> None:
    """After a refusal, what the statement binds is unknown: go on, and find the function's other problems."""
    if isinstance(stmt, gast.Return):
        frame.machine.state[frame.scope, "$return"] = POISON
    for node in gast.walk(stmt):
        if isinstance(node, gast.Name) and not isinstance(node.ctx, gast.Load):
            frame.machine.state[frame.scope, node.id] = POISON


def _execute(frame: Frame, stmt: Any) -> None:
    match stmt:
        case gast.Assign(targets=targets, value=value):
            result = evaluate(frame, value)
            for target in targets:
                assign(frame, target, result)
        case gast.AnnAssign(target=target, value=value):
            if value is not None:
                assign(frame, target, evaluate(frame, value))
        case gast.AugAssign(target=target, op=op, value=value):
            update(frame, target, op, evaluate(frame, value))
        case gast.If():
            _if(frame, stmt)
        case gast.For():
            loops.execute_for(frame, stmt, execute, assign)
        case gast.While():
            loops.execute_while(frame, stmt, execute)
        case gast.Return(value=value):
            frame.machine.state[frame.scope, "$return"] = evaluate(frame, value) if value is not None else NONE
        case gast.Expr(value=value):
            if not isinstance(value, gast.Constant):
                evaluate(frame, value)
        case gast.FunctionDef():
            frame.bind(stmt.name, _definition(frame, stmt))
        case gast.Assert(test=test, msg=msg):
            _assertion(frame, test, msg)
        case gast.Raise(exc=exc):
            _raised(frame, exc)
        case gast.Delete(targets=targets):
            for target in targets:
                delete(frame, target)
        case gast.Import() | gast.ImportFrom():
            _import(frame, stmt)
        case gast.Pass() | gast.Global() | gast.Nonlocal():
            pass
        case _:
            raise Refused(f"the statement `{type(stmt).__name__.lower()}`", "srcad has no derivative for it")


def assign(frame: Frame, target: Any, value: Any) -> None:
    match target:
        case gast.Name(id=name):
            frame.bind(name, value)
        case gast.Tuple(elts=elts) | gast.List(elts=elts):
            _unpack(frame, elts, value)
        case gast.Starred(value=inner):
            assign(frame, inner, value)
        case _:
            store(frame, target, value)


def _unpack(frame: Frame, elts: list[Any], value: Any) -> None:
    starred = [i for i, e in enumerate(elts) if isinstance(e, gast.Starred)]
    items = loops.known_items(frame, value, len(elts) if not starred else None)
    if not starred:
        if len(items) != len(elts):
            raise Refused(f"unpacking {len(items)} values into {len(elts)} names")
        for e, item in zip(elts, items, strict=True):
            assign(frame, e, item)
        return
    (k,), after = starred, len(elts) - starred[0] - 1
    stop = len(items) - after
    rest = frame.machine.new(Items(tuple(items[k:stop])))
    for e, item in zip(elts, [*items[:k], rest, *items[stop:]], strict=True):
        assign(frame, e, item)


def _definition(frame: Frame, node: Any) -> Any:
    if node.decorator_list:
        raise Refused("a decorated inner function", "decorators of inner functions are not run",
                      "define it without the decorator")
    kwdefaults = {a.id: evaluate(frame, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                  if d is not None}
    return Closure(node, frame, tuple(evaluate(frame, d) for d in node.args.defaults), kwdefaults)


def _assertion(frame: Frame, test: Any, msg: Any) -> None:
    value = truth(frame, evaluate(frame, test))
    message = (message_of(evaluate(frame, msg)),) if msg is not None else ()
    if isinstance(value, Const):
        if not value.value:
            frame.build.call(RAISE, AssertionError, *message)
            frame.machine.dead = True
        return
    frame.build.call(ASSERT, atom_of(value), *message)


def message_of(value: Any) -> Any:
    """An argument of an exception, print or format: an atom, a constant, or a display of such."""
    match value:
        case Const(value=v):
            return v
        case Num(atom=a):
            return a
        case Tup(items=items):
            return tuple(map(message_of, items))
        case _:
            raise Refused("an argument that is not a number, an array or a string")


def _raised(frame: Frame, exc: Any) -> None:
    if exc is None:
        raise Refused("a bare `raise`", "it needs an `except` around it")
    if isinstance(exc, gast.Call) and not exc.keywords:
        cls = evaluate(frame, exc.func)
        args = [message_of(evaluate(frame, a)) for a in exc.args]
    else:
        cls, args = evaluate(frame, exc), []
    if not (isinstance(cls, Const) and isinstance(cls.value, type) and issubclass(cls.value, BaseException)):
        raise Refused("raising something that is not an exception class or a call of one")
    frame.build.call(RAISE, cls.value, *args)
    frame.machine.dead = True


def _import(frame: Frame, node: Any) -> None:
    """An import inside a function is run while lowering, as the function would on its first call."""
    import importlib

    if isinstance(node, gast.Import):
        for alias in node.names:
            module = importlib.import_module(alias.name)
            top = module if alias.asname else importlib.import_module(alias.name.split(".")[0])
            frame.bind(alias.asname or alias.name.split(".")[0], Const(top))
        return
    module = importlib.import_module("." * (node.level or 0) + (node.module or ""),
                                     frame.source.globals.get("__package__"))
    for alias in node.names:
        frame.bind(alias.asname or alias.name, Const(getattr(module, alias.name)))


# Branches.


def _if(frame: Frame, stmt: Any) -> None:
    test = truth(frame, evaluate(frame, stmt.test))
    if isinstance(test, Const):
        execute(frame, stmt.body if test.value else stmt.orelse)
        return
    branch(frame, atom_of(test), lambda: execute(frame, stmt.body), lambda: execute(frame, stmt.orelse))


def branch(frame: Frame, test: Atom, then: Callable[[], Any], orelse: Callable[[], Any]) -> None:
    """Lower an `If` whose branches are run by `then` and `orelse`, and join their states."""
    machine, span = frame.machine, frame.build.span
    start = machine.state
    sides = []
    for side in (then, orelse):
        with machine.fork(start) as stmts:
            side()
            sides.append((stmts, machine.state, machine.dead))
            frame.build.span = span
    (then_stmts, left, left_dead), (else_stmts, right, right_dead) = sides
    machine.dead = left_dead and right_dead
    choices: list[Choice] = []

    def choose(a: Atom, b: Atom, hint: str) -> Var:
        if left_dead != right_dead:
            a, b = (UNDEF, b) if left_dead else (a, UNDEF)
        t = b.type if a is UNDEF else a.type if b is UNDEF else join(a.type, b.type)
        for c in choices:
            if (c.then, c.orelse) == (a, b):
                return c.out
        choices.append(Choice(Var(hint, t), a, b))
        return choices[-1].out

    def sequence(stmts: list[Any]) -> Callable[[Items], Atom]:
        def make(items: Items) -> Atom:
            saved, machine.build.stmts = machine.build.stmts, stmts
            try:
                return machine.build.call(NEW, *map(atom_of, items.values))
            finally:
                machine.build.stmts = saved
        return make

    if left_dead and not right_dead:
        left = {**right, **{k: v for k, v in start.items() if k not in right}}
        machine.state = _through_choices(right, start, choose)
    elif right_dead and not left_dead:
        machine.state = _through_choices(left, start, choose)
    else:
        machine.state = Join(left, right, choose, sequence(then_stmts), sequence(else_stmts)).run()
    frame.build.add(If(test, tuple(then_stmts), tuple(else_stmts), tuple(choices), span))


def _through_choices(live: dict[Any, Any], start: dict[Any, Any], choose: Callable[..., Var]) -> dict[Any, Any]:
    """The state after an `If` one side of which raises: what the other side bound, seen through choices."""
    result = Join(live, live, choose)
    state = {}
    for key, value in live.items():
        state[key] = value if key in start and start[key] is value else _seen(value, choose, key, result)
    return state


def _seen(value: Any, choose: Callable[..., Var], key: Any, join_: Join) -> Any:
    hint = key[1].lstrip("$") if isinstance(key, tuple) else key.hint
    match value:
        case Num(atom=Var() as v):
            return Num(choose(v, v, v.hint or hint))
        case Tup(items=items, cls=cls):
            return Tup(tuple(_seen(i, choose, key, join_) for i in items), cls)
        case Items(values=values):
            return Items(tuple(_seen(i, choose, key, join_) for i in values))
        case Entries(values=values):
            return Entries(tuple((k, _seen(v, choose, key, join_)) for k, v in values))
        case _:
            return value


def fall_off(frame: Frame) -> Any:
    """What the function returned."""
    return frame.machine.state.get((frame.scope, "$return"), NONE)


__all__ = ["ASSERT", "MISSING", "NOT", "RAISE", "Mixed", "Ref", "assign", "branch", "call_value", "execute", "fall_off"]

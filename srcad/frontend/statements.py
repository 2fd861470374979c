"""Statements: `execute` lowers a block of a structured function (see `exits`) into the machine's builder."""

from __future__ import annotations

import importlib
from typing import Any

import gast

from srcad.frontend import loops
from srcad.frontend.attempts import After, execute_try
from srcad.frontend.bodies import RESULT
from srcad.frontend.branches import branch, truth
from srcad.frontend.changes import is_changed, write_back
from srcad.frontend.effects import ASSERT, RAISE, message_of
from srcad.frontend.machine import Frame
from srcad.frontend.objects import define_class
from srcad.frontend.once import named
from srcad.frontend.stores import delete, store, update
from srcad.frontend.unpacking import known_items
from srcad.frontend.unsupported import unsupported
from srcad.frontend.values import NONE, POISON, Closure, Const, Items, Num, Refused, atom_of
from srcad.frontend.withs import execute_with


def execute(frame: Frame, stmts: list[Any]) -> None:
    for stmt in stmts:
        if frame.machine.dead:
            return
        frame.build.span = frame.span(stmt)
        run = frame.machine.run
        if run is not None and run.block is frame.build.stmts:
            run.around(stmt, lambda: _lower(frame, stmt))  # noqa: B023 - run at once
        else:
            _lower(frame, stmt)


def _lower(frame: Frame, stmt: Any) -> None:
    try:
        _execute(frame, stmt)
    except Refused as refused:
        machine = frame.machine
        if refused.raises is not None and (machine.forks or any(isinstance(refused.raises, c) for c in machine.tried)):
            write_back(machine, raises=True)
            frame.build.call(RAISE, type(refused.raises), *refused.raises.args)
            frame.machine.end()
            return
        frame.refuse(getattr(refused, "node", stmt), refused)
        _poison(frame, stmt)


def _poison(frame: Frame, stmt: Any) -> None:
    """After a refusal, what the statement binds is unknown: go on, and find the function's other problems."""
    if isinstance(stmt, gast.Return):
        frame.machine.state[frame.scope, RESULT] = POISON
    for node in gast.walk(stmt):
        if isinstance(node, gast.Name) and not isinstance(node.ctx, gast.Load):
            frame.machine.state[frame.scope, node.id] = POISON
        elif isinstance(node, gast.FunctionDef | gast.AsyncFunctionDef | gast.ClassDef):
            frame.machine.state[frame.scope, node.name] = POISON


def _execute(frame: Frame, stmt: Any) -> None:
    match stmt:
        case gast.Assign(targets=targets, value=value):
            result = frame.evaluate(value)
            for target in targets:
                assign(frame, target, result)
        case gast.AnnAssign(target=target, value=value):
            if value is not None:
                assign(frame, target, frame.evaluate(value))
        case gast.AugAssign(target=target, op=op, value=value):
            update(frame, target, op, frame.evaluate(value))
        case gast.If():
            _if(frame, stmt)
        case gast.For():
            loops.execute_for(frame, stmt)
        case gast.While():
            loops.execute_while(frame, stmt)
        case gast.Return(value=value):
            frame.machine.state[frame.scope, RESULT] = frame.evaluate(value) if value is not None else NONE
        case gast.Expr(value=value):
            if not isinstance(value, gast.Constant):
                frame.evaluate(value)
        case gast.FunctionDef():
            frame.bind(stmt.name, _definition(frame, stmt))
        case gast.ClassDef(name=name):
            frame.bind(name, define_class(frame, stmt))
        case gast.Assert(test=test, msg=msg):
            _assertion(frame, test, msg)
        case gast.Raise(exc=exc):
            _raised(frame, exc)
        case gast.Delete(targets=targets):
            for target in targets:
                delete(frame, target)
        case gast.Try():
            execute_try(frame, stmt)
        case gast.With():
            execute_with(frame, stmt)
        case gast.Import() | gast.ImportFrom():
            _import(frame, stmt)
        case After():
            stmt.run()
        case gast.Pass() | gast.Global() | gast.Nonlocal():
            pass
        case _:
            raise unsupported(stmt)


def assign(frame: Frame, target: Any, value: Any) -> None:
    match target:
        case gast.Name(id=name):
            frame.bind(name, named(frame, value))
        case gast.Tuple(elts=elts) | gast.List(elts=elts):
            _unpack(frame, elts, value)
        case gast.Starred(value=inner):
            assign(frame, inner, value)
        case _:
            store(frame, target, value)


def _unpack(frame: Frame, elts: list[Any], value: Any) -> None:
    starred = [i for i, e in enumerate(elts) if isinstance(e, gast.Starred)]
    items = known_items(frame, value, len(elts) if not starred else None)
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
    kwdefaults = {a.id: frame.evaluate(d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                  if d is not None}
    made: Any = Closure(node, frame.keep(), tuple(frame.evaluate(d) for d in node.args.defaults), kwdefaults)
    for decorator in reversed(node.decorator_list):
        made = frame.call(frame.evaluate(decorator), [made])
    return made


def _assertion(frame: Frame, test: Any, msg: Any) -> None:
    value = truth(frame, frame.evaluate(test))
    message = (message_of(frame, frame.evaluate(msg)),) if msg is not None else ()
    if isinstance(value, Const):
        if not value.value:
            write_back(frame.machine, raises=True)
            frame.build.call(RAISE, AssertionError, *message)
            frame.machine.end()
        return
    if not is_changed(frame.machine):
        frame.build.call(ASSERT, atom_of(value), *message)
        return

    def fail() -> None:
        write_back(frame.machine, raises=True)
        frame.build.call(RAISE, AssertionError, *message)
        frame.machine.end()

    branch(frame, atom_of(value), lambda: None, fail)


def _raised(frame: Frame, exc: Any) -> None:
    error = frame.machine.handled[-1] if exc is None and frame.machine.handled else None
    if exc is None and error is None:
        raise Refused("a bare `raise`", "it needs an `except` around it")
    if error is None and isinstance(exc, gast.Name):
        error = frame.evaluate(exc)
    if isinstance(error, Num) or (isinstance(error, Const) and isinstance(error.value, BaseException)):
        write_back(frame.machine)
        frame.build.call(RAISE, *([error.atom] if isinstance(error, Num) else
                                  [type(error.value), *error.value.args]))
        frame.machine.end()
        return
    args, named = [], {}
    if isinstance(exc, gast.Call) and all(k.arg for k in exc.keywords):
        cls = frame.evaluate(exc.func)
        args = [message_of(frame, frame.evaluate(a)) for a in exc.args]
        named = {k.arg: message_of(frame, frame.evaluate(k.value)) for k in exc.keywords}
    else:
        cls = frame.evaluate(exc)
    if not (isinstance(cls, Const) and isinstance(cls.value, type) and issubclass(cls.value, BaseException)):
        raise Refused("raising something that is not an exception class or a call of one")
    write_back(frame.machine, raises=True)
    frame.build.call(RAISE, cls.value, *args, **named)
    frame.machine.end()


def _import(frame: Frame, node: Any) -> None:
    """An import inside a function is run while lowering, as the function would on its first call."""
    if isinstance(node, gast.Import):
        for alias in node.names:
            module = _imported(alias.name)
            top = module if alias.asname else importlib.import_module(alias.name.split(".")[0])
            frame.bind(alias.asname or alias.name.split(".")[0], Const(top))
        return
    module = _imported("." * (node.level or 0) + (node.module or ""), frame.source.globals.get("__package__"))
    for alias in node.names:
        if not hasattr(module, alias.name):
            error = ImportError(f"cannot import name {alias.name!r} from {node.module!r}")
            raise Refused(str(error), raises=error)
        frame.bind(alias.asname or alias.name, Const(getattr(module, alias.name)))


def _imported(name: str, package: str | None = None) -> Any:
    try:
        return importlib.import_module(name, package)
    except ImportError as error:
        raise Refused(str(error), raises=error) from None


def _if(frame: Frame, stmt: Any) -> None:
    test = truth(frame, frame.evaluate(stmt.test))
    if isinstance(test, Const):
        execute(frame, stmt.body if test.value else stmt.orelse)
        return
    branch(frame, atom_of(test), lambda: execute(frame, stmt.body), lambda: execute(frame, stmt.orelse))

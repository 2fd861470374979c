"""`with`: what its manager does on the way in and out is known while lowering.

    np.errstate, warnings.catch_warnings    a pair of effects (see `srcad.rules.contexts`)
    contextlib.suppress                     a `try`
    contextlib.nullcontext                  nothing
    a generator made a manager              its body, with the block where it yields
    a file                                  closed behind the block
    an object with __enter__, __exit__      calls of these, around the block
"""

from __future__ import annotations

import contextlib
import io
import types
from dataclasses import dataclass
from typing import Any

import gast

from srcad.frontend.attempts import (
    after,
    class_of_error,
    finally_,
    raise_again,
    suppressed,
    swallowed,
)
from srcad.frontend.branches import branch, truth
from srcad.frontend.builtin_calls import BUILTINS, Handler
from srcad.frontend.effects import CAUGHT
from srcad.frontend.external import call_method_of
from srcad.frontend.generators import Consumer, consume, yields
from srcad.frontend.machine import Frame
from srcad.frontend.special import class_with, special
from srcad.frontend.values import NONE, Const, Num, Partial, Refused, Stream, atom_of, describe, static
from srcad.ir.walk import has_effect
from srcad.rules.contexts import ENTER, LEAVE, QUIET


@dataclass(frozen=True, eq=False)
class Manager:
    """A context manager that was made with constants and is entered when it is used."""

    make: Any
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]


def _managed(make: Any) -> Handler:
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if make is contextlib.nullcontext:
            return Partial(Const(make), tuple(args), tuple(kwargs.items()))
        purpose = f"an argument of {make.__name__}"
        return Const(Manager(make, tuple(static(a, purpose) for a in args),
                             tuple((k, static(v, purpose)) for k, v in kwargs.items())))
    return handler


BUILTINS.update({make: _managed(make) for make in (*QUIET, contextlib.suppress, contextlib.nullcontext)})


def _stack(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    raise Refused("a contextlib.ExitStack", "what it will leave is not known here", "nest the `with` statements")


BUILTINS[contextlib.ExitStack] = _stack


def of_generator(v: Any) -> bool:
    """Is `v` a generator function that `contextlib.contextmanager` made a manager?"""
    return isinstance(v, types.FunctionType) and v.__code__ is _HELPER.__code__ and hasattr(v, "__wrapped__")


_HELPER = contextlib.contextmanager(lambda: iter(()))


def execute_with(frame: Frame, node: Any) -> None:
    first, *others = node.items
    body = node.body
    if others:
        body = [gast.copy_location(gast.With(others, node.body, None), node)]
    target = first.optional_vars
    if (handler := _handler(frame, first.context_expr)) is not None:
        handler(frame, first.context_expr, target, body)
        return
    manager = frame.evaluate(first.context_expr)
    match manager:
        case Const(value=Manager() as m) if m.make is contextlib.suppress:
            suppressed(frame, body, m.args)
        case Const(value=Manager() as m):
            _paired(frame, m, target, body)
        case Partial(function=Const(value=contextlib.nullcontext)):
            if target is not None:
                frame.assign(target, manager.args[0] if manager.args else NONE)
            frame.execute(body)
        case Stream(kind="manager", parts=(generator,)):
            _around_yield(frame, generator, target, body)
        case Num(atom=atom) if atom.type.cls is io.TextIOWrapper:
            if target is not None:
                frame.assign(target, manager)
            finally_(frame, body, lambda: (call_method_of(frame, manager, "close", [], {}), None)[1], True)
        case Stream(kind="bar"):
            if target is not None:
                frame.assign(target, manager)
            frame.execute(body)
        case _ if class_with(frame, manager) is not None:
            _object(frame, manager, target, body, node)
        case _:
            known = isinstance(manager, Const) and not hasattr(manager.value, "__qualname__")
            what = f"an object of the class {type(manager.value).__name__}" if known else describe(manager)
            raise Refused(f"a `with` of {what}", "what it does is not known here",
                          "enter it around the call of the function")


def _handler(frame: Frame, node: Any) -> Any:
    """What lowers a `with` of this call by itself."""
    if not isinstance(node, gast.Call) or not isinstance(node.func, gast.Name | gast.Attribute):
        return None
    function = frame.evaluate(node.func)
    return getattr(function.value, "__srcad_with__", None) if isinstance(function, Const) else None


def _paired(frame: Frame, manager: Manager, target: Any, body: list[Any]) -> None:
    if target is not None:
        raise Refused(f"the value of {manager.make.__name__}", "it is only entered", "leave out `as`")
    context = frame.build.call(ENTER, manager.make, *manager.args, **dict(manager.kwargs))
    frame.execute(body)
    if not frame.machine.dead:
        frame.build.call(LEAVE, context)


def _around_yield(frame: Frame, generator: Stream, target: Any, body: list[Any]) -> None:
    tree = generator.parts[0].value.source.tree
    loops = [n for n in gast.walk(tree) if isinstance(n, gast.For | gast.While)]
    if any(next(yields(n), None) is not None for n in loops):
        raise Refused("a context manager that yields in a loop", "its block would not run once", "yield once")

    def run(value: Any) -> None:
        if target is not None:
            frame.assign(target, value)
        frame.execute(body)

    nodes = (*([target] if target is not None else []), *body)
    consume(frame, generator, Consumer(frame, nodes, run, None, tuple(frame.machine.active)))


def _object(frame: Frame, manager: Any, target: Any, body: list[Any], node: Any) -> None:
    """`__enter__`, the block, `__exit__`."""
    entered = special(frame, manager, "enter")
    if target is not None:
        frame.assign(target, entered)

    def leave(error: Any = NONE) -> Any:
        return special(frame, manager, "exit", NONE if error == NONE else class_of_error(frame, error), error, NONE)

    def failed(error: Any) -> None:
        stays = truth(frame, leave(error))
        if isinstance(stays, Const):
            if not stays.value:
                raise_again(frame, error)
            return
        branch(frame, atom_of(stays), lambda: None, lambda: raise_again(frame, error))

    rewind, problems = frame.machine.rewinding(), len(frame.machine.problems)
    with frame.machine.fork(frame.machine.state) as stmts:
        result = truth(frame, leave(Num(frame.build.call(CAUGHT))))
        refused = len(frame.machine.problems) > problems
    rewind()
    if refused or isinstance(result, Const) and not result.value:
        finally_(frame, body, lambda: (leave(), None)[1], has_effect(tuple(stmts[1:])), failed)
    else:
        swallowed(frame, [*body, after(leave, body[-1])], failed)

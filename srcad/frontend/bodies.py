"""Function bodies: arguments are matched to parameters, and the statements are lowered in a frame of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import FunctionType
from typing import Any

import gast

from srcad.frontend.capture import Source, capture
from srcad.frontend.exits import structure
from srcad.frontend.lifetimes import forget, pieces
from srcad.frontend.machine import Frame
from srcad.frontend.values import NONE, POISON, Const, Entries, Num, Refused, Tup

RESULT = "$return"  # the name that holds what a function returns


def bind(tree: gast.FunctionDef, args: list[Any], kwargs: dict[str, Any], defaults: tuple[Any, ...],
         kwdefaults: Any) -> dict[str, Any]:
    """Match arguments to parameters, as Python does."""
    spec = tree.args
    positional = [p.id for p in (*spec.posonlyargs, *spec.args)]
    values: dict[str, Any] = dict(zip(positional, args, strict=False))
    extra, named = args[len(positional):], dict(kwargs)
    if extra and spec.vararg is None:
        raise Refused(f"{tree.name}() with {len(args)} positional arguments", f"it takes {len(positional)}")
    keywords = [p.id for p in (*spec.args, *spec.kwonlyargs)]
    for name in keywords:
        if name in named:
            if name in values:
                raise Refused(f"{tree.name}() with two values for `{name}`")
            values[name] = named.pop(name)
    if named and spec.kwarg is None:
        raise Refused(f"{tree.name}() with an unexpected argument `{next(iter(named))}`")
    for name, default in zip(positional[len(positional) - len(defaults):], defaults, strict=True):
        values.setdefault(name, default)
    for name, default in kwdefaults.items():
        values.setdefault(name, default)
    missing = [p for p in (*positional, *(k.id for k in spec.kwonlyargs)) if p not in values]
    if missing:
        raise Refused(f"{tree.name}() without its argument `{missing[0]}`")
    if spec.vararg is not None:
        values[spec.vararg.id] = Tup(tuple(extra))
    if spec.kwarg is not None:
        values[spec.kwarg.id] = Entries(tuple(named.items()))
    return values


def lower_body(frame: Frame, source: Source, bound: dict[str, Any], parent: Frame | None) -> Any:
    """The value that a function returns for these arguments; its statements go where the call stands."""
    inner = bound_frame(frame, source, bound, parent)
    return POISON if inner is None else finished(inner, bound)


def bound_frame(frame: Frame, source: Source, bound: dict[str, Any], parent: Frame | None) -> Frame | None:
    """A new activation with its arguments bound; None if the function has exits that can't be followed."""
    machine = frame.machine
    tree, problems = structure(source)
    machine.problems += [p for p in problems if p not in machine.problems]
    if problems:
        return None
    inner = Frame(machine, source, tree, parent)
    for name, value in bound.items():
        if isinstance(value, Entries):
            value = machine.new(value, name)
        if isinstance(value, Num) and name in frame.names:
            machine.state[inner.scope, name] = value  # the hint `name` would promise the caller's variable
        else:
            inner.bind(name, value)
    return inner


def finished(inner: Frame, bound: Iterable[str]) -> Any:
    """Run an activation to its end; the value that it returns."""
    machine = inner.machine
    known = len(machine.problems)
    for stmts, done in pieces(inner.tree.body, bound):
        inner.execute(stmts)
        forget(inner, done)
    result = machine.state.get((inner.scope, RESULT), NONE)
    inner.drop()
    if len(machine.problems) > known:
        return POISON
    return NONE if machine.dead else result


def call_written(frame: Frame, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a function of `standard` or `rules.composed`; what is wrong in it is wrong at the line of the call."""
    source = _captured(function)
    bound = bind(source.tree, args, kwargs, tuple(map(Const, source.defaults)),
                 {k: Const(v) for k, v in source.kwdefaults.items()})
    active, span = frame.machine.active, frame.build.span
    active.append(object())  # not the function: it may be called in a function that it calls
    try:
        return lower_body(frame, replace(source, place=span), bound, None)
    finally:
        active.pop()
        frame.build.span = span


@functools.cache
def _captured(function: Callable[..., Any]) -> Source:
    assert isinstance(function, FunctionType)
    return capture(function)

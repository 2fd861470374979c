"""Generators: who consumes one stands where it yields.

    def pairs(a):                       for i in range(1, len(a)):      the body of the generator
        for i in range(1, len(a)):          d = a[i] - a[i - 1]         with that of the loop in place of `yield`
            yield a[i] - a[i - 1]           s += d ** 2

    for d in pairs(a):          ->
        s += d ** 2

So nothing is suspended: `break` in the loop is a `return` of the generator, `yield from` passes the consumer on, and a
`with` of a generator made a context manager runs its block once, at the `yield`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import gast

from srcad.frontend.bodies import bound_frame, finished
from srcad.frontend.capture import Source
from srcad.frontend.exits import structure
from srcad.frontend.machine import Frame
from srcad.frontend.names import bound_names, never_ends
from srcad.frontend.values import FRESH, LEFT, NONE, POISON, Cell, Const, Items, Mixed, Ref, Refused, Stream

OF_GENERATORS: dict[str, Callable[..., Any]] = {}  # methods of generators
DEPTH = 20  # generators of one function within each other


@dataclass(frozen=True, eq=False)
class Activation:
    """A generator that was called and has not run."""

    source: Source
    key: Any
    names: tuple[str, ...]
    parent: Frame | None
    rest: Cell = field(default_factory=Cell)    # what it has left, once `next` was called on it


@dataclass(frozen=True, eq=False)
class Consumer:
    """Who is given what a generator yields: `run(value)` in `frame`, which binds names in `nodes`.

    `left` tells whether the consumer wants no more."""

    frame: Frame
    nodes: tuple[Any, ...]
    run: Callable[[Any], None]
    left: Callable[[], Any] | None
    active: tuple[Any, ...]


_RUNNING = Mixed("a loop runs over it")


class Left(gast.AST):  # type: ignore[misc]
    """Does the consumer want no more?"""

    _fields = ()
    _attributes = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def yields(tree: gast.AST) -> Iterator[gast.AST]:
    """The `yield`s of a function itself."""
    waiting = list(getattr(tree, "body", [tree]))
    while waiting:
        node = waiting.pop()
        if isinstance(node, gast.Yield | gast.YieldFrom):
            yield node
        if not isinstance(node, gast.FunctionDef | gast.Lambda | gast.ClassDef):
            waiting += gast.iter_child_nodes(node)


@lru_cache(1024)
def is_generator(tree: gast.FunctionDef) -> bool:
    return next(yields(tree), None) is not None


def called(frame: Frame, source: Source, key: Any, bound: dict[str, Any], parent: Frame | None) -> Stream:
    """What a call of a generator function gives."""
    activation = Activation(source, key, tuple(bound), parent)
    frame.machine.state[activation.rest] = FRESH
    return Stream("generator", (Const(activation), *bound.values()))


def assigned_keys(frame: Frame, nodes: list[Any]) -> list[tuple[int, str]]:
    """The names that a loop over these nodes binds: its own, and those of who consumes what it yields."""
    keys = [(frame.scope, name) for name in bound_names(nodes)]
    consumer = frame.consumer
    if consumer is not None and next(yields(gast.Module(list(nodes), [])), None) is not None:
        keys += assigned_keys(consumer.frame, list(consumer.nodes))
    return keys


def rest_of(frame: Frame, stream: Stream) -> Ref | None:
    """The list of what a generator has left, if it has run; None if it has not."""
    ref = Ref(stream.parts[0].value.rest)
    return None if frame.machine.content(ref) is FRESH else ref


def consume(frame: Frame, stream: Stream, consumer: Consumer) -> Any:
    """Run a generator for its consumer; the value that it returns."""
    machine = frame.machine
    activation = stream.parts[0].value
    bound = dict(zip(activation.names, stream.parts[1:], strict=True))
    if machine.active.count(activation.key) > DEPTH:
        raise Refused(f"more than {DEPTH} activations of the generator {activation.source.name}",
                      "each is lowered where it is consumed", "collect the values in a list")
    source = activation.source
    if consumer.left is None and never_ends(source.tree):
        raise Refused(f"all values of the generator {source.name}", "it never ends",
                      "leave the loop over it with `break`")
    if consumer.left is not None:
        source = replace(source, tree=_leaving(source.tree))
    inner = bound_frame(frame, source, bound, activation.parent)
    if inner is None:
        return POISON
    inner.consumer = consumer
    span = machine.build.span
    machine.active.append(activation.key)
    machine.state[activation.rest] = _RUNNING
    try:
        return finished(inner, bound)
    finally:
        machine.active.pop()
        machine.build.span = span
        left = Const(False) if consumer.left is None else consumer.left()
        machine.state[activation.rest] = Items(()) if left == Const(False) else LEFT


def yielded(frame: Frame, value: Any) -> Any:
    """`yield value`."""
    consumer = frame.consumer
    if consumer is None:
        raise Refused("a `yield` that nobody consumes here", "a generator is consumed by a loop in the same call")
    machine = frame.machine
    span, active = machine.build.span, machine.active
    machine.active = list(consumer.active)
    try:
        consumer.run(value)
    finally:
        machine.build.span, machine.active = span, active
    return NONE


def yielded_from(frame: Frame, value: Any, node: Any) -> Any:
    """`yield from value`: the consumer of this generator consumes that one."""
    if isinstance(value, Stream) and value.kind == "generator":
        assert frame.consumer is not None
        return consume(frame, value, frame.consumer)
    name = "$yielded"
    frame.names |= {name, "$from"}
    frame.machine.state[frame.scope, "$from"] = value
    item = gast.Expr(gast.Yield(gast.Name(name, gast.Load(), None, None)))
    loop = gast.For(gast.Name(name, gast.Store(), None, None), gast.Name("$from", gast.Load(), None, None),
                    [*_then_leave(item, frame.consumer is not None and frame.consumer.left is not None)], [], None)
    tree = gast.FunctionDef("$from", gast.arguments([], [], None, [], [], None, []), [loop], [], None, None, [])
    for part in gast.walk(tree):
        gast.copy_location(part, node)
    structured, _ = structure(replace(frame.source, tree=tree))
    frame.names |= {n for s in structured.body for n in bound_names([s])}
    frame.execute([s for s in structured.body if not isinstance(s, gast.Return)])
    return NONE


def _then_leave(stmt: Any, leaves: bool) -> list[Any]:
    if not leaves:
        return [stmt]
    return [stmt, gast.If(Left(), [gast.Return(None)], [])]


def _leaving(tree: gast.FunctionDef) -> gast.FunctionDef:
    """The generator that returns where its consumer wants no more."""
    def block(stmts: list[Any]) -> list[Any]:
        made = []
        for s in stmts:
            s = _rebuilt(s)
            made.append(s)
            value = getattr(s, "value", None)
            if isinstance(s, gast.Expr | gast.Assign | gast.Return) and isinstance(value, gast.Yield | gast.YieldFrom):
                leave = gast.If(Left(), [gast.Return(None)], [])
                for part in gast.walk(leave):
                    gast.copy_location(part, s)
                made.append(leave)
        return made

    def _rebuilt(stmt: Any) -> Any:
        if isinstance(stmt, gast.FunctionDef | gast.ClassDef) or not hasattr(stmt, "body"):
            return stmt
        fields = {f: getattr(stmt, f) for f in stmt._fields if hasattr(stmt, f)}
        for f in ("body", "orelse", "finalbody"):
            if f in fields:
                fields[f] = block(fields[f])
        for f in ("handlers", "cases"):
            if f in fields:
                fields[f] = [_rebuilt(h) for h in fields[f]]
        return gast.copy_location(type(stmt)(**fields), stmt)

    fields = {f: getattr(tree, f) for f in tree._fields}
    return gast.copy_location(gast.FunctionDef(**{**fields, "body": block(tree.body)}), tree)

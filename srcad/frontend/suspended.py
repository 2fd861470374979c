"""Generators that are asked for one value at a time: `next(g)`, `g.send(v)`.

    def averages(alpha):                    m = 0.0             # next(g): as far as the first `yield`
        m = 0.0                             v = x
        while True:               ->        m = alpha * m + (1 - alpha) * v     # g.send(x): from there to the next
            v = yield m                     v = y
            m = alpha * m + (1 - alpha) * v     m = alpha * m + (1 - alpha) * v     # g.send(y)

What is left to run of its body is known while lowering, so the tests on the way to a `yield` must be.  It stands in the
state like anything else: after a branch or a trip of a loop it must be the same on all paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gast

from srcad.frontend.bodies import bound_frame
from srcad.frontend.branches import truth
from srcad.frontend.generators import Activation, yields
from srcad.frontend.machine import Frame
from srcad.frontend.spaces import ITERATOR
from srcad.frontend.values import FRESH, NONE, Const, Items, Refused, Stream

MOST = 1000  # steps from one `yield` to the next
EACH = "$each"  # what `yield from` gives


@dataclass(frozen=True, eq=False)
class Suspension:
    """A generator that waits at a `yield`: its frame, and what is left to be run."""

    frame: Frame
    todo: tuple[Any, ...]

    def __repr__(self) -> str:
        return "a generator that waits"


@dataclass(frozen=True)
class Sent:
    """What was sent is bound to this target (None: it is dropped)."""

    target: Any


@dataclass(frozen=True)
class Again:
    """The next trip of a loop."""

    loop: Any


def next_value(frame: Frame, stream: Stream, sent: Any = NONE) -> Any:
    """What a generator yields next; None when it ends."""
    machine, activation = frame.machine, stream.parts[0].value
    cell, waiting = activation.rest, frame.machine.state[activation.rest]
    if waiting is FRESH:
        inner, todo = _started(frame, activation, stream.parts[1:])
    else:
        assert isinstance(waiting, Const) and isinstance(waiting.value, Suspension)
        inner, todo = waiting.value.frame, waiting.value.todo
    span = machine.build.span
    value, left = _Run(inner, list(todo), sent).to_the_next_yield()
    machine.build.span = span
    machine.state[cell] = _suspension(machine, inner, left) if value is not None else Items(())
    cell.cls = ITERATOR
    return value


def all_left(frame: Frame, stream: Stream) -> Items:
    """The values that a generator which waits still gives."""
    found: list[Any] = []
    while len(found) < MOST:
        value = next_value(frame, stream)
        if value is None:
            return Items(tuple(found))
        found.append(value)
    raise Refused(f"a generator that still gives more than {MOST} values")


def is_waiting(content: Any) -> bool:
    return content is FRESH or isinstance(content, Const) and isinstance(content.value, Suspension)


def _started(frame: Frame, activation: Activation, values: tuple[Any, ...]) -> tuple[Frame, tuple[Any, ...]]:
    bound = dict(zip(activation.names, values, strict=True))
    known = frame.machine.started.get(activation)
    inner = known or bound_frame(frame, activation.source, bound, activation.parent)
    if inner is None:
        raise Refused(f"the generator {activation.source.name}", "its exits can't be followed")
    if known is not None:
        for name, value in bound.items():
            inner.bind(name, value)
    frame.machine.started[activation] = inner.keep()
    return inner, tuple(inner.tree.body)


def _suspension(machine: Any, inner: Frame, todo: tuple[Any, ...]) -> Const:
    """The same object for the same place, so that paths that meet can be compared."""
    made: Const = machine.suspensions.setdefault((inner, todo), Const(Suspension(inner, todo)))
    return made


class _Run:
    """From one `yield` to the next."""

    def __init__(self, frame: Frame, todo: list[Any], sent: Any) -> None:
        self.frame, self.todo, self.sent = frame, todo, sent

    def to_the_next_yield(self) -> tuple[Any, tuple[Any, ...]]:
        for _ in range(MOST):
            if not self.todo:
                return None, ()
            stmt = self.todo.pop(0)
            if isinstance(stmt, Sent):
                self._receive(stmt.target)
            elif isinstance(stmt, Again):
                self._trip(stmt.loop)
            elif next(yields(gast.Module([stmt], [])), None) is None:
                self._plain(stmt)
            elif isinstance(stmt, gast.If):
                self.todo[:0] = stmt.body if self._known(stmt.test) else stmt.orelse
            elif isinstance(stmt, gast.While | gast.For):
                self._loop(stmt)
            elif isinstance(value := getattr(stmt, "value", None), gast.Yield) and (
                    isinstance(stmt, gast.Expr) or isinstance(stmt, gast.Assign) and len(stmt.targets) == 1):
                target = stmt.targets[0] if isinstance(stmt, gast.Assign) else None
                given = NONE if value.value is None else self.frame.evaluate(value.value)
                return given, (Sent(target), *self.todo)
            elif isinstance(stmt, gast.Expr) and isinstance(value, gast.YieldFrom):
                self.frame.names |= {EACH}
                self._loop(_each_of(stmt))
            else:
                raise Refused("this `yield`, in a generator that is asked for one value at a time",
                              "it is within an expression, a `with` or a `try`", "loop over the generator")
        raise Refused("a generator that runs long from one `yield` to the next")

    def _plain(self, stmt: Any) -> None:
        if isinstance(stmt, gast.Return):
            self.todo = []
            return
        problems = len(self.frame.machine.problems)
        self.frame.execute([stmt])
        if len(self.frame.machine.problems) > problems:
            raise Refused("what this generator does on the way to its next value")

    def _receive(self, target: Any) -> None:
        if target is not None:
            self.frame.assign(target, self.sent)

    def _known(self, test: Any) -> bool:
        value = truth(self.frame, self.frame.evaluate(test))
        if not isinstance(value, Const):
            raise Refused("a generator that is asked for one value at a time", "whether it yields is computed",
                          "loop over the generator")
        return bool(value.value)

    def _loop(self, loop: Any) -> None:
        if isinstance(loop, gast.For):
            self.frame.machine.state[self.frame.scope, _walk(loop)] = self.frame.call(
                Const(iter), [self.frame.evaluate(loop.iter)])
        if getattr(loop, "broke", None):
            self.frame.bind(loop.broke, Const(False))
        self.todo.insert(0, Again(loop))

    def _trip(self, loop: Any) -> None:
        until = getattr(loop, "until", None)
        state, scope = self.frame.machine.state, self.frame.scope
        if until and (scope, until) in state and self._known(_name(until, loop)):
            if getattr(loop, "broke", None):
                self.frame.bind(loop.broke, Const(True))
            return
        if isinstance(loop, gast.For):
            value = self._next_of(state[scope, _walk(loop)])
            if value is None:
                return
            self.frame.assign(loop.target, value)
        elif not self._known(loop.test):
            return
        self.todo[:0] = [*loop.body, Again(loop)]

    def _next_of(self, iterator: Any) -> Any:
        end = Const(object())
        value = self.frame.call(Const(next), [iterator, end])
        return None if value is end else value


def _walk(loop: Any) -> str:
    """The name of what a loop runs over."""
    return f"$walk{loop.lineno}.{loop.col_offset}"


def _name(name: str, node: Any) -> Any:
    return gast.copy_location(gast.Name(name, gast.Load(), None, None), node)


def _each_of(stmt: Any) -> Any:
    """`yield from xs` as a loop."""
    item = gast.Expr(gast.Yield(gast.Name(EACH, gast.Load(), None, None)))
    loop = gast.For(gast.Name(EACH, gast.Store(), None, None), stmt.value.value, [item], [], None)
    for part in gast.walk(loop):
        if not hasattr(part, "lineno"):
            gast.copy_location(part, stmt)
    return loop

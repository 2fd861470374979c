"""Loops that are unrolled: their structure depends on the trip.

    for layer in (a, b):                    x = f(x, a)
        x = f(x, layer)         ->          x = f(x, b)

Of a loop in which a number becomes an array, one trip stands before the loop: from then on it is an array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.frontend.branches import branch, truth
from srcad.frontend.machine import Frame, Walk
from srcad.frontend.values import Const, Items, Refused, atom_of


def unroll(frame: Frame, node: Any, items: list[Any], walk: Walk) -> None:
    """The body once for each item; after a trip that may have ended the loop, the rest stands in a branch."""
    def go(first: int) -> None:
        for k in range(first, len(items)):
            walk.position = k
            if walk.left is not None:
                frame.machine.state[walk.left] = Items(tuple(items[k + 1:]))
            frame.assign(node.target, items[k])
            until = _trip(frame, node)
            if not isinstance(until, Const):
                branch(frame, atom_of(until), lambda: None, lambda: go(k + 1))  # noqa: B023 - run at once
                return
            if until.value:
                return

    _not_left(frame, node)
    go(0)


def peel(frame: Frame, node: Any, test: Any, first: Callable[[], None], rest: Callable[[], None]) -> None:
    """The first trip by itself, if there is one, and then the `rest`."""
    def go() -> None:
        first()
        until = _trip(frame, node)
        if not isinstance(until, Const):
            branch(frame, atom_of(until), lambda: None, rest)
        elif not until.value:
            rest()

    _not_left(frame, node)
    if not isinstance(test, Const):
        branch(frame, atom_of(test), go, lambda: None)
    elif test.value:
        go()


def _not_left(frame: Frame, node: Any) -> None:
    if getattr(node, "broke", None):
        frame.bind(node.broke, Const(False))


def _trip(frame: Frame, node: Any) -> Any:
    """Lower the body once; does the loop end here?"""
    frame.execute(node.body)
    if frame.machine.dead:
        return Const(True)
    until = frame.lookup(node.until) if getattr(node, "until", None) else Const(False)
    if getattr(node, "broke", None):
        frame.bind(node.broke, until)
    return until


def unroll_while(frame: Frame, node: Any, limit: int) -> None:
    def go(left: int) -> None:
        while left:
            test = truth(frame, frame.evaluate(node.test))
            if isinstance(test, Const) and not test.value:
                return
            if not isinstance(test, Const):
                break
            left, until = left - 1, _trip(frame, node)
            if not isinstance(until, Const):
                branch(frame, atom_of(until), lambda: None, lambda: go(left))  # noqa: B023 - run at once
                return
            if until.value:
                return
        raise Refused("a `while` loop that chooses among unlike things by its counter",
                      "it could not be unrolled", "loop over the things themselves")

    _not_left(frame, node)
    go(limit)

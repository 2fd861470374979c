"""Loops over objects with `__next__`, and over iterators that a loop may leave.

    for x in Countdown(3):          ended = False
        ...                         while not ended:
                            ->          try:
                                            x = it.__next__()
                                        except StopIteration:
                                            ended = True
                                        if not ended:
                                            ...
"""

from __future__ import annotations

from typing import Any

import gast

from srcad.frontend.machine import Frame
from srcad.frontend.places import subscript
from srcad.frontend.values import Const, Ref, Stream

COUNT = "$count"  # how many items of an iterator a loop has taken


def over_object(frame: Frame, node: Any, iterator: Any) -> None:
    """A loop over an object that gives items by `__next__`."""
    ended, item, source, until = "$ended", "$item", "$source", getattr(node, "until", None)
    while source in frame.names:
        ended, item, source = f"{ended}_", f"{item}_", f"{source}_"
    frame.names |= {ended, item, source}
    frame.machine.state[frame.scope, source] = iterator
    if until:
        frame.bind(until, Const(False))
    take = gast.Assign([_stored(item)], gast.Call(gast.Constant(next, None), [_read(source)], []), None)
    stop = gast.ExceptHandler(gast.Constant(StopIteration, None), None, [_set(ended, True)])
    rest: list[Any] = [gast.Assign([node.target], _read(item), None), *node.body]
    if until:
        rest.append(gast.If(_read(until), [_set(ended, True)], []))
    body = [_set(ended, False), gast.Try([take], [stop], [], []), gast.If(_read(ended), [gast.Pass()], rest)]
    loop = gast.While(gast.Constant(True, None), body, [])
    loop.until, loop.broke = ended, None
    _placed(loop, node)
    frame.execute([loop])
    if getattr(node, "broke", None) and not frame.machine.dead:
        frame.bind(node.broke, frame.lookup(until) if until else Const(False))


def over_rest(frame: Frame, node: Any, iterator: Ref) -> None:
    """A loop over what is left of an iterator, which the loop may leave: how much it took is counted."""
    items = frame.machine.new(frame.machine.content(iterator))
    frame.names |= {COUNT, "$left"}
    frame.machine.state[frame.scope, COUNT] = Const(0)
    frame.machine.state[frame.scope, "$left"] = Stream("enumerate", (items, Const(1)))
    target = gast.Tuple([_stored(COUNT), node.target], gast.Store())
    loop = gast.For(target, _read("$left"), node.body, [], None)
    loop.until, loop.broke = node.until, getattr(node, "broke", None)
    _placed(loop, node)
    frame.execute([loop])
    rest = slice(frame.lookup(COUNT), None, None)
    frame.machine.store(iterator, frame.machine.content(subscript(frame, items, rest)))


def _read(name: str) -> Any:
    return gast.Name(name, gast.Load(), None, None)


def _stored(name: str) -> Any:
    return gast.Name(name, gast.Store(), None, None)


def _set(name: str, value: bool) -> Any:
    return gast.Assign([_stored(name)], gast.Constant(value, None), None)


def _placed(made: Any, node: Any) -> None:
    """What was made stands where `node` does; what is the user's stays where it is."""
    for part in gast.walk(made):
        if not hasattr(part, "lineno"):
            gast.copy_location(part, node)

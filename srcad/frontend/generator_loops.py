"""Loops over generators, and over what `enumerate` makes of one."""

from __future__ import annotations

from typing import Any

import gast

from srcad.frontend.branches import truth
from srcad.frontend.generators import Consumer, consume, rest_of
from srcad.frontend.machine import Frame
from srcad.frontend.places import binary
from srcad.frontend.values import FRESH, Const, Ref, Stream, Tup


def generator_in(stream: Stream) -> Stream | None:
    """The generator that a loop runs over, counted or not."""
    if stream.kind == "generator":
        return stream
    inner = stream.parts[0] if stream.kind == "enumerate" else None
    return inner if isinstance(inner, Stream) and inner.kind == "generator" else None


def is_suspended(frame: Frame, generator: Stream) -> bool:
    """Has a generator been asked for some values, and does it wait to be asked for more?"""
    content = frame.machine.content(Ref(generator.parts[0].value.rest))
    return content is not FRESH and isinstance(content, Const)


def loop_over(frame: Frame, node: Any, stream: Stream) -> None:
    """A loop over a generator: its body stands where that yields."""
    generator, counter = generator_in(stream), "$count"
    assert generator is not None
    rest = rest_of(frame, generator)
    if rest is not None:  # `next` has taken some already
        items: Any = rest if stream is generator else Stream("enumerate", (rest, stream.parts[1]))
        name = "$rest"
        frame.names |= {name}
        frame.machine.state[frame.scope, name] = items
        again = gast.copy_location(gast.Name(name, gast.Load(), None, None), node)
        loop = gast.copy_location(gast.For(node.target, again, node.body, [], None), node)
        loop.until, loop.broke = getattr(node, "until", None), getattr(node, "broke", None)
        frame.execute([loop])
        return
    while counter in frame.names:
        counter = f"${counter}"
    target = node.target
    if stream.kind == "enumerate":
        frame.names |= {counter}
        frame.machine.state[frame.scope, counter] = stream.parts[1]
    until = getattr(node, "until", None)
    if until is not None:
        frame.bind(until, Const(False))

    def run(value: Any) -> None:
        if stream.kind == "enumerate":
            count = frame.lookup(counter)
            value = Tup((count, value))
            frame.bind(counter, binary(frame, "add", count, Const(1)))
        frame.assign(target, value)
        frame.execute(node.body)

    def left() -> Any:
        return truth(frame, frame.lookup(str(until)))

    named = gast.Name(counter, gast.Store(), None, None)
    consumer = Consumer(frame, (target, named, *node.body), run, left if until else None, tuple(frame.machine.active))
    consume(frame, generator, consumer)
    if getattr(node, "broke", None) and not frame.machine.dead:
        frame.bind(node.broke, frame.lookup(until) if until else Const(False))

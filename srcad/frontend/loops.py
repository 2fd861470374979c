"""Loops: what a `for` or `while` becomes.

Over known items the body is lowered once for each.  Else it is one loop of the program (see `loop_fixpoint`).  If what
is learnt while the body is lowered asks for it, the loop is lowered in another way:

    its structure depends on the index        unrolled              for k in range(3): x = layers[k](x)
    it stores to what it runs over            over the indices      for row in A: row[:] = …
    a number becomes an array                 one trip before it    s = 0.0;  for row in A: s += row
    it stores to `arrays[k]` by its index     by cases              bufs[t % 2][0] = …, in many trips
    it stores to x, and binds it anew         one trip before it    for …: x[0] = …;  x = x * 2
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gast

from srcad.frontend.branches import truth
from srcad.frontend.generator_loops import generator_in, is_suspended, loop_over
from srcad.frontend.iterator_loops import over_object, over_rest
from srcad.frontend.loop_fixpoint import Lowering, TestChanges, place_of
from srcad.frontend.machine import Frame, Walk
from srcad.frontend.once import as_left, taken
from srcad.frontend.peeling import after_first, first_of, not_empty
from srcad.frontend.spaces import (
    ITERATOR,
    Space,
    by_index,
    iterator_of,
    lists_in,
    space_of,
    static_range,
)
from srcad.frontend.storing import STORED, KindChanges, StoresToElement
from srcad.frontend.unpacking import items_of
from srcad.frontend.unrolling import peel, unroll, unroll_while
from srcad.frontend.values import Const, Items, NeedsKey, NeedsStatic, Num, Ref, Refused, Stream

UNROLL = 64  # trips of a loop that is unrolled since it is refused as a loop
MANY = 1000  # of one whose length something else must know
DEEP = 2  # how deep such loops are nested
TRIPS = "the number of trips of a loop whose trips are unlike"


def execute_for(frame: Frame, node: Any) -> None:
    iterated, walk = frame.evaluate(node.iter), Walk()
    if isinstance(iterated, Stream) and iterated.kind == "bar" and iterated.parts:
        iterated = iterated.parts[0]
    inner = generator_in(iterated) if isinstance(iterated, Stream) else None
    if inner is not None and not is_suspended(frame, inner):
        loop_over(frame, node, iterated)
        return
    until = getattr(node, "until", None)
    if isinstance(iterated, Stream) and iterated.kind == "once":
        iterated = as_left(frame, iterated) if until else taken(frame, iterated)
    if isinstance(iterated, Ref) and iterated.cell.cls is ITERATOR and until:
        if not isinstance(frame.machine.content(iterated), Items):
            over_rest(frame, node, iterated)
            return
        walk.left = iterated.cell
    if (iterator := iterator_of(frame, iterated)) is not None:
        over_object(frame, node, iterator)
        return
    space = space_of(frame, iterated)
    with frame.machine.walking(lists_in(frame, iterated, walk)):
        _walk(frame, node, space, walk)


@contextmanager
def _holding(frame: Frame, space: Space) -> Iterator[None]:
    """While a loop runs, the state holds what its space looks at."""
    frame.machine.state.update((cell, Num(atom)) for cell, atom in space.held.items())
    yield
    for cell in space.held:
        frame.machine.state.pop(cell, None)


def _walk(frame: Frame, node: Any, space: Space, walk: Walk) -> None:
    with _holding(frame, space):
        _walk_over(frame, node, space, walk)


def _walk_over(frame: Frame, node: Any, space: Space, walk: Walk, peeled: bool = False) -> None:
    if space.items is not None:
        unroll(frame, node, space.items, walk)
        return
    machine = frame.machine
    if place_of(frame, node) in machine.unrolled and (items := items_of(frame, space, TRIPS, MANY)) is not None:
        unroll(frame, node, items, walk)
        return
    rewind, problems = frame.machine.rewinding(), len(machine.problems)
    lowering = Lowering(frame, node, space, walk=walk, peeled=peeled)
    try:
        lowering.run()
    except NeedsStatic as need:
        if lowering.indices.isdisjoint(frame.build.sources(need.var)):
            raise
        known = static_range(space.bounds) if space.bounds is not None and not space.sequences else None
        if need.purpose == STORED and (known is None or len(known) > UNROLL) and not machine.by_cases:
            rewind()
            machine.by_cases = True
            _walk_over(frame, node, space, walk)
            return
        rewind()
        items = items_of(frame, space, "the range of a loop that chooses among unlike things", UNROLL)
        if items is None:
            raise
        unroll(frame, node, items, walk)
    except StoresToElement as store:
        if store.var not in lowering.elements and store.var not in space.sequences:
            raise
        rewind()
        _walk(frame, node, by_index(frame, space), walk)
    except KindChanges as change:
        if change.var is not None and change.var not in lowering.params_ever:
            raise
        rewind()
        peel(frame, node, not_empty(frame, space), lambda: frame.assign(node.target, first_of(frame, space)),
             lambda: _walk_over(frame, node, after_first(frame, space), walk, peeled=True))
    except Refused:
        if not _retried(frame, node, space, walk, rewind):
            raise
    if len(machine.problems) > problems:
        _retried(frame, node, space, walk, rewind)


def _retried(frame: Frame, node: Any, space: Space, walk: Walk, rewind: Callable[[], None]) -> bool:
    """Trip by trip, a loop that was refused may go: each trip has a structure of its own.  Whether it does."""
    machine = frame.machine
    if machine.unrolling > DEEP:
        return False
    before = machine.state, machine.memories, list(machine.problems), list(machine.build.stmts)
    rewind()
    problems = len(machine.problems)
    machine.unrolling += 1
    try:
        items = items_of(frame, space, TRIPS, UNROLL)
        if items is not None:
            unroll(frame, node, items, walk)
            if len(machine.problems) == problems:
                return True
    except Refused:
        pass
    finally:
        machine.unrolling -= 1
    machine.state, machine.memories, machine.problems[:], machine.build.stmts[:] = before
    return False


def execute_while(frame: Frame, node: Any, peeled: bool = False) -> None:
    if any(isinstance(n, gast.NamedExpr) for n in gast.walk(node.test)):
        node = _tested_at_the_end(frame, node)
    rewind, problems = frame.machine.rewinding(), len(frame.machine.problems)
    lowering = Lowering(frame, node, None, peeled=peeled)
    try:
        lowering.run()
    except NeedsStatic as need:
        if isinstance(need, NeedsKey) or lowering.params_ever.isdisjoint(frame.build.sources(need.var)):
            raise
        rewind()
        if need.purpose == STORED and not frame.machine.by_cases:
            frame.machine.by_cases = True
            execute_while(frame, node, peeled)
            return
        unroll_while(frame, node, 4 * UNROLL)
    except Refused:
        if not _retried_while(frame, node, rewind):
            raise
    except TestChanges:
        rewind()
        execute_while(frame, _tested_at_the_end(frame, node))
        return
    except KindChanges as change:
        if change.var is not None and change.var not in lowering.params_ever:
            raise
        rewind()
        peel(frame, node, truth(frame, frame.evaluate(node.test)), lambda: None,
             lambda: execute_while(frame, node, peeled=True))
    if len(frame.machine.problems) > problems:
        _retried_while(frame, node, rewind)


def _retried_while(frame: Frame, node: Any, rewind: Callable[[], None]) -> bool:
    """As long as it is known whether the loop goes on, its trips may be lowered one by one."""
    machine = frame.machine
    before = machine.state, machine.memories, list(machine.problems), list(machine.build.stmts)
    rewind()
    problems = len(machine.problems)
    try:
        if isinstance(truth(frame, frame.evaluate(node.test)), Const):
            unroll_while(frame, node, UNROLL)
            if len(machine.problems) == problems:
                return True
    except Refused:
        pass
    machine.state, machine.memories, machine.problems[:], machine.build.stmts[:] = before
    return False


def _tested_at_the_end(frame: Frame, node: Any) -> Any:
    """`while f(x := …): body` binds names in its test: `t = f(x := …)`, `while t: body; t = f(x := …)`."""
    name = "$test"

    def named(context: Any) -> Any:
        return gast.copy_location(gast.Name(id=name, ctx=context, annotation=None, type_comment=None), node.test)

    test = gast.copy_location(gast.Assign(targets=[named(gast.Store())], value=node.test, type_comment=None), node.test)
    frame.names |= {name}
    frame.execute([test])
    until = getattr(node, "until", None)
    last: Any = test
    if until is not None:
        flag = gast.copy_location(gast.Name(id=until, ctx=gast.Load(), annotation=None, type_comment=None), node.test)
        stays = gast.copy_location(gast.UnaryOp(op=gast.Not(), operand=flag), node.test)
        last = gast.copy_location(gast.If(test=stays, body=[test], orelse=[]), node.test)
    loop = gast.copy_location(gast.While(test=named(gast.Load()), body=[*node.body, last], orelse=[]), node)
    loop.until, loop.broke = getattr(node, "until", None), getattr(node, "broke", None)
    return loop

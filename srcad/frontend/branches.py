"""Branches: both sides are lowered from copies of the state, and the states are joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.frontend.joins import Join
from srcad.frontend.machine import Frame
from srcad.frontend.values import Const, Entries, Items, Num, Poison, Ref, Sequence, Tup, atom_of
from srcad.ir import TRUTH, UNDEF, Atom, Choice, If, Var, join
from srcad.rules.sequences import NEW


def truth(frame: Frame, value: Any) -> Any:
    """The truth of a value: a constant, or something that an `If` can test."""
    match value:
        case Poison():
            return Const(True)
        case Const(value=v):
            return Const(bool(v))
        case Tup(items=items):
            return Const(bool(items))
        case Ref():
            content = frame.machine.content(value)
            if isinstance(content, Items | Entries):
                return Const(bool(content.values))
            return Num(frame.build.call(TRUTH, content.atom)) if isinstance(content, Sequence) else Const(True)
        case Num():
            return value
        case _:
            return Const(True)


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
        machine.state = _through_choices(right, start, choose)
    elif right_dead and not left_dead:
        machine.state = _through_choices(left, start, choose)
    else:
        machine.state = Join(left, right, choose, sequence(then_stmts), sequence(else_stmts)).run()
    frame.build.add(If(test, tuple(then_stmts), tuple(else_stmts), tuple(choices), span))


def _through_choices(live: dict[Any, Any], start: dict[Any, Any], choose: Callable[..., Var]) -> dict[Any, Any]:
    """The state after an `If` one side of which raises: what the other side bound, seen through choices."""
    return {key: value if key in start and start[key] is value else _seen(value, choose, key)
            for key, value in live.items()}


def _seen(value: Any, choose: Callable[..., Var], key: Any) -> Any:
    hint = key[1].lstrip("$") if isinstance(key, tuple) else key.hint
    match value:
        case Num(atom=Var() as v):
            return Num(choose(v, v, v.hint or hint))
        case Tup(items=items, cls=cls):
            return Tup(tuple(_seen(i, choose, key) for i in items), cls)
        case Items(values=values):
            return Items(tuple(_seen(i, choose, key) for i in values))
        case Entries(values=values):
            return Entries(tuple((k, _seen(v, choose, key)) for k, v in values))
        case _:
            return value

"""Branches: both sides are lowered from copies of the state, and the states are joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.frontend.joined_memory import closed, joined
from srcad.frontend.joins import Join
from srcad.frontend.lists import columns_of, grown
from srcad.frontend.machine import Frame
from srcad.frontend.meeting import MeetingViews
from srcad.frontend.memory import Memories
from srcad.frontend.special import method_of, overridden, special
from srcad.frontend.values import (
    Const,
    Entries,
    Items,
    Num,
    Poison,
    Ref,
    Rows,
    Sequence,
    State,
    Table,
    Tup,
    atoms_in,
    map_atoms,
)
from srcad.ir import TRUTH, UNDEF, Atom, Choice, If, Var, join
from srcad.ir.walk import bound


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
            for name in ("bool", "len"):
                if overridden(frame, value, name) is not None:
                    return truth(frame, special(frame, value, name))
            if isinstance(content, Items | Entries):
                return Const(bool(content.values))
            if isinstance(content, Table):
                return truth(frame, frame.call(Const(len), [value]))
            if isinstance(content, Sequence | Rows):
                return Num(frame.build.call(TRUTH, columns_of(content)[0]))
            for name in ("bool", "len"):
                if method_of(content.cls, f"__{name}__") is not None:
                    return truth(frame, special(frame, value, name))
            return Const(True)
        case Num():
            return value
        case _:
            return Const(True)


def branch(frame: Frame, test: Atom, then: Callable[[], Any], orelse: Callable[[], Any],
           catches: tuple[type[BaseException], ...] = ()) -> None:
    """Lower an `If` whose branches are run by `then` and `orelse`, and join their states."""
    machine, span = frame.machine, frame.build.span
    start = machine.state
    sides = []
    for side in (then, orelse):
        with machine.fork(start) as stmts:
            side()
            sides.append((stmts, machine.state, machine.dead, machine.memories))
            frame.build.span = span
    for _, state, _, memories in sides:
        closed(memories, state, machine.memories)
    (then_stmts, left, left_dead, left_memories), (else_stmts, right, right_dead, right_memories) = sides
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

    if left_dead != right_dead:
        left_memories = right_memories = right_memories if left_dead else left_memories
    views = MeetingViews(left_memories, right_memories, choose)
    if left_dead and not right_dead:
        right = views.of_one(right, bound(tuple(else_stmts)))
        machine.state = _through_choices(right, start, else_stmts, choose)
    elif right_dead and not left_dead:
        left = views.of_one(left, bound(tuple(then_stmts)))
        machine.state = _through_choices(left, start, then_stmts, choose)
    else:
        left, right = views.of_both(left, right)
        makers = (_grower(frame, then_stmts, left, left_memories), _grower(frame, else_stmts, right, right_memories))
        machine.state = Join(left, right, choose, *makers, test, machine.seeds).run()
    chosen = {c.out for c in choices}
    kept = dict.fromkeys(a for v in machine.state.values() for a in atoms_in(v) if isinstance(a, Var)
                         and a not in chosen)
    machine.memories = joined(left_memories, right_memories, [
        *((c.out, c.then, c.orelse) for c in choices), *((v, v, v) for v in kept)], span,
        test if isinstance(test, Var) and not (left_dead or right_dead) else None, lambda v: machine.new(Num(v)).cell)
    frame.build.add(If(test, tuple(then_stmts), tuple(else_stmts), tuple(choices), span, catches))
    if left_dead != right_dead:
        # What comes after is reached from one side only.
        live = {c.out: c.orelse if left_dead else c.then for c in choices}
        frame.build.unbound -= {v for v, a in live.items() if not frame.build.may_lack_value(a)}
    views.renew(machine)


def _grower(frame: Frame, stmts: list[Any], state: State, memories: Memories) -> Callable[..., Any]:
    """What makes a list of known items one variable, at the end of a side."""
    def make(content: Any, like: Any) -> Any:
        machine = frame.machine
        saved = machine.build.stmts, machine.state, machine.memories
        machine.build.stmts, machine.state, machine.memories = stmts, state, memories
        try:
            return grown(frame, content, like)
        finally:
            machine.build.stmts, machine.state, machine.memories = saved

    return make


def _through_choices(live: State, start: State, stmts: list[Any], choose: Callable[..., Var]) -> State:
    """The state after an `If` one side of which raises: what the other side bound (`stmts`), seen through choices."""
    inside = bound(tuple(stmts))

    def seen(key: Any, value: Any) -> Any:
        hint = key[1].lstrip("$") if isinstance(key, tuple) else key.hint
        return map_atoms(lambda a: choose(a, a, a.hint or hint) if a in inside else a, value)

    return {key: value if start.get(key) is value else seen(key, value) for key, value in live.items()}


def select(frame: Frame, test: Atom, then: Callable[[], Any], orelse: Callable[[], Any]) -> Any:
    """The value of the branch that is taken."""
    key = (frame.scope, "$choice")

    def side(evaluate: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            frame.machine.state[key] = evaluate()
        return run

    branch(frame, test, side(then), side(orelse))
    value = frame.machine.state.pop(key)
    if isinstance(value, Num) and isinstance(value.atom, Var) and value.atom.hint == "choice":
        value.atom.hint = ""
    return value

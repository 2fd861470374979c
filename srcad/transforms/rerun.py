"""What a loop needs, for its trips to be run again: which of the values that it carries a trip reads, and what is kept
of each trip.

    for t in range(n):
        x = np.tanh(w * x)              x is the state: a trip reads it
        if t == 3: y = x                y is passed on from trip to trip, and is nothing that a trip reads
        xs.append(x)                    xs grows, and no trip looks into it
        e = rng.normal()                what an effect gives can't be had again: it is kept, for every trip
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from srcad.ir import Block, Carry, If, Let, Loop, Undef, Var
from srcad.ir.walk import every, rebuild, variables
from srcad.rules.sequences import APPEND


def obstacle(stmt: Loop) -> str | None:
    """Why the trips of this loop can't be run again; None if they can."""
    direct = {id(s) for s in stmt.body}
    if any(isinstance(s, Let) and s.op.effect and s.outs and id(s) not in direct for s in every(stmt.body)):
        return "an effect in a branch or in a loop of it gives a value, which can't be had again"
    if stmt.reads or stmt.reverse:
        return "it belongs to a derivative"
    for c in state(stmt):
        name = f"`{c.param.hint}`" if c.param.hint else "a value"
        if c.param.type.kind == "sequence":
            return f"its trips read the list {name}, which holds all that there is to keep"
        if not c.param.type.is_numeric:
            return f"its trips read {name}, which is no array"
        if isinstance(c.init, Undef):
            return f"its trips read {name}, which has no value before the loop"
    return None


def state(stmt: Loop) -> list[Carry]:
    """The carries whose values a trip reads."""
    passed = {c.param: found for c in stmt.carries if (found := _passed_on(stmt, c.param)) is not None}
    while True:
        needed = [c for c in stmt.carries if c.param not in passed]
        lost = [v for v, found in passed.items() if any(c.next in found for c in needed if isinstance(c.next, Var))]
        if not lost:
            return needed
        for v in lost:
            del passed[v]


def _passed_on(stmt: Loop, v: Var) -> frozenset[Var] | None:
    """What a trip makes of `v` without looking at it; None if it does look."""
    found = {v}
    return frozenset(found) if _follow(stmt.body, found) else None


def _follow(block: Block, found: set[Var]) -> bool:
    for stmt in block:
        match stmt:
            case Let(op=op, args=args):
                taken = [k for k, a in enumerate(args) if isinstance(a, Var) and a in found]
                if taken and not (op is APPEND and taken == [0]):
                    return False
                found.update(stmt.outs if taken else ())
            case If(test=test):
                if test in found or not (_follow(stmt.then, found) and _follow(stmt.orelse, found)):
                    return False
                found.update(c.out for c in stmt.choices if not found.isdisjoint(variables([c.then, c.orelse])))
            case Loop():
                if not _follow_loop(stmt, found):
                    return False
            case _:
                assert_never(stmt)
    return True


def _follow_loop(stmt: Loop, found: set[Var]) -> bool:
    bounds = [stmt.range.start, stmt.range.stop, stmt.range.step] if stmt.range else []
    decides = variables([*bounds, *(e.sequence for e in stmt.elements), *(r.tape for r in stmt.reads), stmt.until,
                         *([stmt.test.result] if stmt.test else [])])
    before = -1
    while before != len(found):
        before = len(found)
        found.update(c.param for c in stmt.carries if not found.isdisjoint(variables([c.init, c.next])))
        if not (_follow(stmt.test.body if stmt.test else (), found) and _follow(stmt.body, found)):
            return False
    found.update(c.out for c in stmt.carries if c.param in found)
    found.update(w.tape for w in stmt.writes if w.row in found)
    return decides.isdisjoint(found)


def given_by_effects(block: Iterable) -> list[Var]:
    """What effects give in every trip."""
    return [v for s in block if isinstance(s, Let) and s.op.effect for v in s.outs]


def without_effects(block: Block) -> Block:
    """What was printed and raised is not printed and raised again."""
    return tuple(rebuild(s, lambda a: a, without_effects) for s in block
                 if not (isinstance(s, Let) and s.op.effect))


def blank(carries: Iterable[Carry]) -> dict[Var, Undef]:
    """Params of carries that no trip reads, as values that are not there."""
    return {c.param: Undef(c.param.type) for c in carries}

"""Loops: what a loop takes in each trip, its test, its tapes, and how it ends.

    for i in range(n):                       a range                for x, y in zip(xs, ys):     elements
    for i, x in enumerate(xs):               both                   while x < 10:                a test
    for h in reversed(h_tape):               a tape, in a reversed loop
    while True: ...; if not test: break      a test that needs statements
    if done: break                           `until`, at the end or in the branch that decides it
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srcad.backends.context import Context, Move, Statements, tuple_of
from srcad.backends.expressions import negated
from srcad.backends.references import call, name
from srcad.ir.calls import UnpackOp
from srcad.ir.core import Atom, Block, Choice, If, Let, Lit, Loop, Var
from srcad.ir.types import Dim
from srcad.ir.walk import binds
from srcad.transforms.usage import alive, dead


def write(context: Context, loop: Loop) -> Statements:
    carries = [c for c in loop.carries if alive(c, context.uses)]
    tapes = [w.tape for w in loop.writes if context.uses[w.tape]]
    before = context.finished([], [(c.param, c.init) for c in carries])
    before += [_assign(context, t, ast.List([], ast.Load())) for t in tapes]
    if _used(context, loop.trips):
        before.append(_assign(context, loop.trips, ast.Constant(0)))
    if _used(context, loop.broke):
        before.append(_assign(context, loop.broke, ast.Constant(False)))
    opened = _opened(loop)
    head, checks = _head(context, loop, opened)
    body = loop.body[len(opened):]
    if loop.broke is not None and context.uses[loop.broke] == 1:
        head.flag = context.names[loop.broke]  # type: ignore[union-attr]
    head.body = _body(context, loop, body, [(c.param, c.next) for c in carries], checks)
    after = [_in_order(context, t) for t in tapes if loop.reverse]
    # A carry and what it is after the loop are one variable nearly always.
    leaving = context.finished([], [(c.out, c.param) for c in carries if context.uses[c.out]])
    return [*before, head, *after, *leaving]


def _in_order(context: Context, tape: Var) -> ast.stmt:
    stmt = ast.Expr(call(ast.Attribute(context.name(tape), "reverse", ast.Load())))
    stmt.once = context.names[tape] if context.uses[tape] == 1 else ""  # type: ignore[attr-defined]
    return stmt


def _opened(loop: Loop) -> dict[Var, Let]:
    """Elements that the body begins by taking apart: the loop's head does that."""
    elements = {r.element for r in loop.reads}
    found: dict[Var, Let] = {}
    for stmt in loop.body:
        if not (isinstance(stmt, Let) and isinstance(stmt.op, UnpackOp) and stmt.args[0] in elements):
            break
        found[stmt.args[0]] = stmt  # type: ignore[index]
    return found if loop.test is None else {}


def _used(context: Context, v: Var | None) -> bool:
    return v is not None and context.uses[v] > 0


def _assign(context: Context, v: Any, value: ast.expr) -> ast.stmt:
    return ast.Assign([context.name(v)], value)


# The head

@dataclass
class _Source:
    """Something that a trip takes one of.  `length` is equal for two sources that are known to be of one length."""

    target: Var | None
    value: ast.expr
    length: Any
    range: bool = False


def _head(context: Context, loop: Loop, opened: dict[Var, Let]) -> tuple[ast.For | ast.While, Statements]:
    """The loop's first line, and the statements of its test that must stand in the body."""
    sources = _needed(_sources(context, loop))
    checks = context.block(loop.test.body) if loop.test else []
    test = context.expressions.atom(loop.test.result) if loop.test else None
    leave: Statements = [] if test is None else [ast.If(negated(test), [ast.Break()], [])]
    if sources:
        target, iterated = _iteration(context, sources, loop.reverse, opened)
        return ast.For(target, iterated, [], []), [*checks, *leave]
    if test is None or checks:
        return ast.While(ast.Constant(True), [], []), [*checks, *leave]
    return ast.While(test, [], []), []


def _sources(context: Context, loop: Loop) -> list[_Source]:
    sources = []
    if loop.range:
        start, stop, step = loop.range.start, loop.range.stop, loop.range.step
        value = call(name("range"), *_bounds(context, start, stop, step))
        length = context.lengths.range(start, stop, step)
        sources.append(_Source(_known(context, loop.index), value, length, range=True))
    for e in loop.elements:
        sources.append(_Source(_known(context, e.var), context.expressions.atom(e.sequence),
                               context.lengths.sequence(e.sequence)))
    for r in loop.reads:
        sources.append(_Source(_known(context, r.element), context.expressions.atom(r.tape),
                               context.lengths.sequence(r.tape)))
    return sources


def _known(context: Context, v: Var | None) -> Var | None:
    return v if _used(context, v) else None


def _bounds(context: Context, start: Atom, stop: Atom, step: Atom) -> list[ast.expr]:
    atoms = [start, stop, step]
    if step == Lit(1):
        atoms = [stop] if start == Lit(0) else [start, stop]
    return [context.expressions.atom(a) for a in atoms]


def _needed(sources: list[_Source]) -> list[_Source]:
    """Without those that bind nothing and end when another does."""
    kept = [s for s in sources if s.target is not None]
    for s in sources:
        if s.target is None and not any(s.length == k.length for k in kept):
            kept.append(s)
    return [s for s in sources if any(s is k for k in kept)]


def _target(context: Context, v: Var | None, opened: dict[Var, Let]) -> ast.expr:
    if v is None:
        return name("_")
    return tuple_of(map(context.target, opened[v].outs)) if v in opened else context.name(v)


def _iteration(context: Context, sources: list[_Source], reverse: bool,
               opened: dict[Var, Let]) -> tuple[ast.expr, ast.expr]:
    targets = [_target(context, s.target, opened) for s in sources]
    if not reverse:
        return _enumerated(targets, sources) or (_one(targets), _zipped([s.value for s in sources]))
    if len(sources) == 1 and sources[0].target is None and sources[0].range:
        return targets[0], sources[0].value
    if all(s.length == sources[0].length for s in sources):
        return _one(targets), _zipped([call(name("reversed"), s.value) for s in sources])
    # The trips are those of the shortest: where lengths may differ, the last trip is found by going forwards.
    together = call(name("list"), _zipped([s.value for s in sources]))
    return _one(targets), call(name("reversed"), together)


def _enumerated(targets: Sequence[ast.expr], sources: Sequence[_Source]) -> tuple[ast.expr, ast.expr] | None:
    first, *others = sources
    if not others or not first.range or not all(first.length == s.length for s in others):
        return None
    if not isinstance(first.length, Dim | Loop) or not isinstance(first.value, ast.Call) or len(first.value.args) != 1:
        return None
    inner = _zipped([s.value for s in others])
    return ast.Tuple([targets[0], _one(targets[1:])], ast.Store()), call(name("enumerate"), inner)


def _one(targets: Sequence[ast.expr]) -> ast.expr:
    return targets[0] if len(targets) == 1 else ast.Tuple(list(targets), ast.Store())


def _zipped(values: Sequence[ast.expr]) -> ast.expr:
    return values[0] if len(values) == 1 else call(name("zip"), *values)


# The body

def _body(context: Context, loop: Loop, block: Block, moves: list[Move], checks: Statements) -> Statements:
    own = {v for stmt in block for v in binds(stmt)}
    printed = list(checks)
    for w in loop.writes:
        if not context.uses[w.tape]:
            continue
        if w.row in own:
            assert isinstance(w.row, Var)
            context.rows.setdefault(w.row, []).append(w.tape)
        else:
            printed.append(context.append(w.tape, context.expressions.atom(w.row)))
    counting = _counting(context, loop)
    if loop.until is None:
        return [*printed, *context.finished(context.block(block), moves), *counting] or [ast.Pass()]
    trip, _ = _trip(context, loop, block, moves, loop.until)
    return [*printed, *counting, *trip] or [ast.Pass()]


def _counting(context: Context, loop: Loop) -> Statements:
    if loop.trips is None or not context.uses[loop.trips]:
        return []
    return [ast.AugAssign(context.name(loop.trips), ast.Add(), ast.Constant(1))]


def _leave(context: Context, loop: Loop) -> Statements:
    flag = [_assign(context, loop.broke, ast.Constant(True))] if _used(context, loop.broke) else []
    return [*flag, ast.Break()]


def _ended(context: Context, loop: Loop, printed: Statements, until: Atom, moves: list[Move]) -> Statements:
    """`printed`, the moves, and `if until: break`."""
    leaves = context.inlining.leaves([until])
    now = {source: target for target, source in moves if isinstance(source, Var)}
    if any(target in leaves and target not in now for target, _ in moves):
        # It reads what the moves overwrite.
        leave = [*context.finished([], moves), *_leave(context, loop)]
        return [*printed, ast.If(context.expressions.atom(until), leave, []), *context.finished([], moves)]
    printed = context.finished(printed, moves)
    names = context.expressions.names
    try:
        # What a carry was set to is called like that carry now.
        context.expressions.names = names | {v: names[now[v]] for v in leaves if v in now}
        test = context.expressions.atom(until)
    finally:
        context.expressions.names = names
    return [*printed, ast.If(test, _leave(context, loop), [])]


def _trip(context: Context, loop: Loop, block: Block, moves: list[Move], until: Atom) -> tuple[Statements, bool]:
    """The rest of a trip: `block`, the moves, and the loop's end if `until` holds; and whether it ends in any case."""
    if isinstance(until, Lit):
        printed = context.finished(context.block(block), moves)
        return ([*printed, *_leave(context, loop)], True) if until.value else (printed, False)
    printing = tuple(s for s in block if not dead(s, context.uses))
    decided = _deciding(context, printing, until)
    if decided is not None:
        stmt, choice = decided
        return _tail(context, loop, context.block(printing[:-1]), stmt, choice, moves)
    return _ended(context, loop, context.block(block), until, moves), False


def _deciding(context: Context, block: Block, until: Atom) -> tuple[If, Choice] | None:
    """The `If` at the end of `block` that chooses `until`, if one of its sides knows."""
    last = block[-1] if block else None
    if not isinstance(last, If) or last.catches or last in context.inlining.expressions or not isinstance(until, Var):
        return None
    choice = next((c for c in last.choices if c.out is until), None)
    if choice is None or context.uses[until] != 1:
        return None
    knows = isinstance(choice.then, Lit) or isinstance(choice.orelse, Lit)
    return (last, choice) if knows else None


def _tail(context: Context, loop: Loop, printed: Statements, stmt: If, until: Choice,
          moves: list[Move]) -> tuple[Statements, bool]:
    """The last `If` of a trip with `break` in the branch that decides so; each side sets the carries for itself."""
    text = context.note(stmt.span)
    test = context.expressions.atom(stmt.test)
    rows = {v: tapes for v, tapes in context.rows.items() if any(c.out is v for c in stmt.choices)}
    then, then_leaves = _side(context, loop, stmt, until, "then", moves, rows)
    orelse, orelse_leaves = _side(context, loop, stmt, until, "orelse", moves, rows)
    if orelse_leaves and not then_leaves:
        test, then, orelse = negated(test), orelse, then
    decided = context.branches(test, then, orelse)
    if decided:
        decided[0].span, decided[0].note = stmt.span, text  # type: ignore[attr-defined]
    return [*printed, *decided], then_leaves and orelse_leaves


def _with_overwritten(context: Context, chosen: dict[Var, Atom], kept: list[Var], later: list[Var]) -> list[Var]:
    """`kept`, and those of `later` that must be set with them: their source is overwritten by one of `kept`."""
    while True:
        lost = {context.names[v] for v in kept
                if not (isinstance(chosen[v], Var) and context.names.get(chosen[v]) == context.names[v])}  # type: ignore[arg-type]
        more = [v for v in dict.fromkeys(later) if v not in kept
                and any(context.names[u] in lost for u in context.inlining.leaves([chosen[v]]))]
        if not more:
            return kept
        kept = [*kept, *more]


def _side(context: Context, loop: Loop, stmt: If, until: Choice, side: str, moves: list[Move],
          rows: dict[Var, list[Var]]) -> tuple[Statements, bool]:
    chosen: dict[Var, Atom] = {c.out: getattr(c, side) for c in stmt.choices}
    kept = [c.out for c in stmt.choices if c.out is not until.out and context.uses[c.out]
            and (c.out in rows or context.uses[c.out] > 1)]
    inner = stmt.then if side == "then" else stmt.orelse
    if kept:
        kept = _with_overwritten(context, chosen, kept, [until.out, *(s for _, s in moves if s in chosen)])  # type: ignore[list-item]
    own: list[Move] = [(t, chosen.get(s, s) if isinstance(s, Var) and s not in kept else s) for t, s in moves]
    for v in rows:
        context.rows.pop(v, None)
    if not kept:
        return _trip(context, loop, inner, own, chosen[until.out])
    block = context.finished(context.block(inner), [(v, chosen[v]) for v in kept])
    for v, tapes in rows.items():
        block = context.recorded(block, v, tapes)
    decision = until.out if until.out in kept else chosen[until.out]
    if not isinstance(decision, Lit):
        return _ended(context, loop, block, decision, own), False
    block = context.finished(block, own)
    return ([*block, *_leave(context, loop)], True) if decision.value else (block, False)


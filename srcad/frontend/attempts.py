"""`try`: what may raise is done in a branch of its own, whose other side handles the exception.

    try:                                    try  L = cholesky(A)
        L = np.linalg.cholesky(A)           except LinAlgError  t = A + e * I; M = cholesky(t)
    except np.linalg.LinAlgError:    ->     choice  L2 = L | M
        L = np.linalg.cholesky(A + e * I)

What a handler sees of the block must be known: statements that raise nothing that is caught stand before the `try`, and
a name that was bound between two statements that may raise has no value in the handler (it is refused where it is
used).  Exceptions that are sure, such as the KeyError of a dict whose keys are known, are handled while lowering.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gast

from srcad.frontend.branches import branch
from srcad.frontend.effects import CAUGHT, CLASS, EVALUATED, IS_INSTANCE, RAISE
from srcad.frontend.joins import same
from srcad.frontend.machine import Frame
from srcad.frontend.memory import Memories
from srcad.frontend.values import MISSING, Const, Mixed, Num, Refused, State, Tup, atom_of, atoms_in
from srcad.ir import HOLE, Block, Form, Let, Lit, Stmt, Var
from srcad.ir.raising import Classes, first_raised, may_raise
from srcad.ir.types import OBJECT
from srcad.ir.walk import has_effect, rebuild

COMPLETED = "$completed"
EXITS = ("$returned", "$result", "$until", "$skip", "$broke")
UNSURE = "it may or may not have been bound when the exception was raised"


@dataclass(frozen=True)
class Handler:
    classes: Classes
    name: str | None
    body: list[Any]


def execute_try(frame: Frame, node: Any) -> None:
    handlers = [_handler(frame, h) for h in node.handlers]
    if not node.finalbody:
        attempt(frame, node.body, handlers, node.orelse)
        return
    inner = [node] if not handlers else [gast.copy_location(gast.Try(node.body, node.handlers, node.orelse, []), node)]
    made, undo = _trial(frame, node.finalbody, ())
    undo()
    finally_(frame, node.body if not handlers else inner, lambda: frame.execute(node.finalbody),
             has_effect(tuple(made)))


def suppressed(frame: Frame, body: list[Any], classes: Classes) -> None:
    """`with contextlib.suppress(*classes): body`."""
    _guarded(frame, body, classes, lambda _: None, [])


class After(gast.AST):  # type: ignore[misc]
    """What is done behind a block."""

    _fields = ()
    _attributes = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def after(run: Callable[[], Any], node: Any) -> After:
    made = After()
    made.run = run
    return gast.copy_location(made, node)


def swallowed(frame: Frame, body: list[Any], handle: Callable[[Any], None]) -> None:
    """A block whose exceptions go to `handle`, which may let them end there."""
    _guarded(frame, body, (BaseException,), handle, [])


def class_of_error(frame: Frame, error: Any) -> Any:
    """`type(error)`."""
    return Const(type(error.value)) if isinstance(error, Const) else Num(frame.build.call(CLASS, atom_of(error)))


def raise_again(frame: Frame, error: Any) -> None:
    frame.build.call(RAISE, *([type(error.value), *error.value.args] if isinstance(error, Const) else [atom_of(error)]))
    frame.machine.end()


def finally_(frame: Frame, body: list[Any], end: Callable[[], None], loud: bool,
             failed: Callable[[Any], None] | None = None) -> None:
    """`body`, and then `end`, whatever happens.  After an exception that passes it only the effects of `end` matter:
    `loud` says whether it has any; `failed` does what is done then."""
    if not loud:
        frame.execute(body)
        if not frame.machine.dead:
            end()
        return

    def handle(error: Any) -> None:
        if failed is not None:
            failed(error)
            return
        end()
        raise_again(frame, error)

    _guarded(frame, body, (BaseException,), handle, [])
    if not frame.machine.dead:
        end()


def _handler(frame: Frame, node: Any) -> Handler:
    name = node.name.id if node.name is not None and not isinstance(node.name, str) else node.name
    if node.type is None:
        return Handler((BaseException,), name, node.body)
    value = frame.evaluate(node.type)
    found = [i.value for i in (value.items if isinstance(value, Tup) else (value,)) if isinstance(i, Const)
             and isinstance(i.value, type) and issubclass(i.value, BaseException)]
    if len(found) < (len(value.items) if isinstance(value, Tup) else 1):
        refused = Refused("catching something that is not an exception class", "it must be known before the function "
                          "runs")
        refused.node = node.type  # type: ignore[attr-defined]
        raise refused
    return Handler(tuple(found), name, node.body)


def attempt(frame: Frame, body: list[Any], handlers: list[Handler], orelse: list[Any]) -> None:
    """A `try` without `finally`."""
    catches = tuple(dict.fromkeys(c for h in handlers for c in h.classes))

    def handle(error: Any) -> None:
        _choose(frame, handlers, error)

    _guarded(frame, body, catches, handle, orelse)


def _choose(frame: Frame, handlers: list[Handler], error: Any) -> None:
    """The first handler for the error, which is one of theirs."""
    first, *others = handlers
    if isinstance(error, Const):
        if isinstance(error.value, first.classes):
            _handled(frame, first, error)
        else:
            _choose(frame, others, error)
        return
    if not others:
        _handled(frame, first, error)
        return
    test = frame.build.call(IS_INSTANCE, atom_of(error), first.classes)
    branch(frame, test, lambda: _handled(frame, first, error), lambda: _choose(frame, others, error))


def _handled(frame: Frame, handler: Handler, error: Any) -> None:
    machine = frame.machine
    if handler.name is not None:
        frame.bind(handler.name, error)
    machine.handled.append(error)
    try:
        frame.execute(handler.body)
    finally:
        machine.handled.pop()
    if handler.name is not None:
        machine.state.pop((frame.scope, handler.name), None)


@dataclass
class _Run:
    """The states in which what may raise begins, from the first on."""

    frame: Frame
    catches: Classes
    first: State
    memories: Memories
    block: list[Stmt]
    unsure: set[Any] = field(default_factory=set)
    handled: set[int] = field(default_factory=set)

    def around(self, stmt: Any, lower: Callable[[], None]) -> None:
        """Lower one statement of the block: one of the user's block, or of a function or a `with` in it."""
        machine = self.frame.machine
        before, memories, done = dict(machine.state), machine.memories.copy(), len(self.block)
        lower()
        own = [s for s in self.block[done:] if id(s) not in self.handled]
        if may_raise(tuple(own), self.catches):
            self._note(before)
            self._require_whole(memories, stmt)
            if isinstance(stmt, gast.Try) or may_raise(tuple(s for s in own if not isinstance(s, Let)), self.catches):
                # It may raise anywhere within, after some of what it binds.
                self._note(machine.state)
                self._require_whole(machine.memories, stmt)
        self.block[done:] = [k for s in self.block[done:]
                             for k in ([s] if id(s) in self.handled else _kept([s], self.catches))]
        self.handled.update(map(id, self.block[done:]))

    def _note(self, state: State) -> None:
        for key in self.first.keys() | state.keys():
            # The marks of an exit are set where the block is left: nothing raises after that.
            if isinstance(key, tuple) and key[1].startswith(EXITS):
                continue
            first = self.frame.machine.seeds.get(key, MISSING)  # of what is read from outside in the block
            if not same(self.first.get(key, first), state.get(key, first)):
                self.unsure.add(key)

    def _require_whole(self, now: Memories, stmt: Any) -> None:
        """No array that was there before has been stored to."""
        for key, value in self.first.items():
            for a in atoms_in(value):
                if isinstance(a, Var) and a.type.kind in ("array", "unknown") and self.memories.current(
                        a) is not now.current(a):
                    name = key.hint if hasattr(key, "hint") else key[1]
                    refused = Refused(f"a change of `{name}` in a `try`, before what may raise",
                                      "the handler would find it changed or not",
                                      "change a copy, or do what may raise first")
                    refused.node = stmt  # type: ignore[attr-defined]
                    raise refused

    def raised(self) -> State:
        """What the handler finds."""
        keys = dict.fromkeys([*self.first, *sorted(self.unsure - self.first.keys(), key=repr)])
        return {k: Mixed(UNSURE) if k in self.unsure else self.first[k] for k in keys}


def _kept(stmts: list[Stmt], catches: Classes) -> list[Stmt]:
    """What may raise is computed even where nothing reads it."""
    def within(block: Block) -> Block:
        return tuple(_kept(list(block), catches))

    made: list[Stmt] = []
    for s in stmts:
        made.append(s if isinstance(s, Let) else rebuild(s, lambda a: a, within))
        if isinstance(s, Let) and s.outs and not s.op.effect and may_raise((s,), catches):
            made.append(Let((Var("", OBJECT),), EVALUATED, (s.outs[0],), Form((HOLE,)), s.span))
    return made


def _guarded(frame: Frame, body: list[Any], catches: Classes, handle: Callable[[Any], None],
             orelse: list[Any]) -> None:
    machine = frame.machine
    k = _harmless(frame, body, catches)
    if k == len(body):
        if not machine.dead:
            frame.execute(orelse)
        return
    error = _sure(frame, body[k], catches)
    if error is not None:
        handle(Const(error))
        return
    state, memories = dict(machine.state), machine.memories.copy()
    runs: list[_Run] = []
    later = [False]

    def then() -> None:
        runs.append(_Run(frame, catches, state, memories, frame.build.stmts))
        with machine.trying(catches, runs[0]):
            frame.execute(body[k:])
        if orelse and not machine.dead:
            later[0] = not _follows(frame, orelse, catches)
        machine.state[frame.scope, COMPLETED] = Const(True)

    def except_() -> None:
        machine.state = runs[0].raised()
        handle(Num(frame.build.call(CAUGHT, hint="error")))
        machine.state[frame.scope, COMPLETED] = Const(False)

    branch(frame, Lit(True), then, except_, catches)
    completed = machine.state.pop((frame.scope, COMPLETED), Const(False))
    if later[0] and not machine.dead:
        if isinstance(completed, Const):
            frame.execute(orelse if completed.value else [])
        else:
            branch(frame, atom_of(completed), lambda: frame.execute(orelse), lambda: None)


def _trial(frame: Frame, stmts: list[Any], catches: Classes) -> tuple[list[Stmt], Callable[[], None]]:
    """Lower statements, and how to undo that."""
    machine = frame.machine
    state, memories, problems = dict(machine.state), machine.memories.copy(), len(machine.problems)

    def undo() -> None:
        machine.state, machine.memories, machine.dead = state, memories, False
        del machine.problems[problems:]

    with machine.trying(catches), frame.build.nested() as made:
        frame.execute(stmts)
    return made, undo


def _harmless(frame: Frame, body: list[Any], catches: Classes) -> int:
    """Lower the leading statements that raise nothing that is caught; how many they are."""
    for k, stmt in enumerate(body):
        made, undo = _trial(frame, [stmt], catches)
        if may_raise(tuple(made), catches):
            undo()
            return k
        frame.build.stmts += made
        if frame.machine.dead:
            return len(body)
    return len(body)


def _sure(frame: Frame, stmt: Any, catches: Classes) -> BaseException | None:
    """The exception that a statement is sure to raise, if it is caught; what it did before is done."""
    machine = frame.machine
    made, undo = _trial(frame, [stmt], catches)
    ended = machine.ended
    undo()
    error, before = first_raised(made)
    if not isinstance(error, catches) or ended is None:
        return None
    frame.build.stmts += made[:before]
    machine.state, machine.memories = ended
    return error


def _follows(frame: Frame, orelse: list[Any], catches: Classes) -> bool:
    """Lower the `else` at the end of the block, unless it may raise what is caught there."""
    made, undo = _trial(frame, orelse, ())
    if may_raise(tuple(made), catches):
        undo()
        return False
    frame.build.stmts += made
    return True

"""Which anonymous values are printed inside the expression that reads them.

    _1 = np.sin(x)
    _2 = dy * _1             ->          dx = dx + dy * np.sin(x)
    dx = dx + _2

A value moves down to its only reader, in the same block, if what lies between does not care: no effect, no store into
memory that it reads, no variable of the same hint as one it reads (two versions of it would have to live at once).  A
part of a sum has the sum's name, and moves into it where both come from one line of the user's.
An `If` that only chooses between two expressions is an expression too: `a and b`, `x if c else y`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from srcad.backends.hints import hint_of, is_anonymous
from srcad.ir.core import HOLE, Block, Choice, Func, If, Let, Lit, Loop, Slicing, Stmt, Var
from srcad.ir.walk import binds, entry_atoms, every, has_effect, loop_locals
from srcad.transforms.liveness import Inlining
from srcad.transforms.memory import Memory
from srcad.transforms.usage import Uses, dead

LONGEST = 98          # columns of a line, with its indentation
_IMMUTABLE = ("number", "scalar")


@dataclass
class _Pending:
    """A value that still looks for its reader."""

    stmt: Let | If
    width: int
    hints: frozenset[str]
    mutable: tuple[Var, ...]


class _Waiting:
    """The values that still look for their reader, by what may keep them from moving down."""

    def __init__(self) -> None:
        self.found: dict[Var, _Pending] = {}
        self.mutable: list[Var] = []
        self.by_hint: dict[str, list[Var]] = {}

    def add(self, v: Var, pending: _Pending) -> None:
        self.found[v] = pending
        if pending.mutable:
            self.mutable.append(v)
        for hint in pending.hints:
            self.by_hint.setdefault(hint, []).append(v)

    def take(self, v: Var) -> _Pending | None:
        return self.found.pop(v, None)

    def drop_if(self, changed: Callable[[Var], bool]) -> None:
        """Memory is changed here: who reads it stays before."""
        for v in self.mutable:
            if v in self.found and any(map(changed, self.found[v].mutable)):
                del self.found[v]
        self.mutable = [v for v in self.mutable if v in self.found]

    def drop_readers_of(self, hints: Iterable[str]) -> None:
        """Variables with these hints are bound here: who reads an older one of the same hint stays before."""
        for hint in hints:
            for v in self.by_hint.pop(hint, ()):
                self.found.pop(v, None)


def inlining(func: Func, uses: Uses, in_place: frozenset[Let], memory: Memory, copying: frozenset[Let]) -> Inlining:
    """`memory`: where values are when `in_place` is done in place; `copying`: stores that are done on a copy."""
    inliner = _Inliner(uses, in_place, memory)
    inliner.twice = frozenset(_read_twice(func.body))
    inliner.parts = frozenset(_parts_of_sums(func.body, in_place, copying))
    inliner.block(func.body, func.outputs)
    return inliner.result


class _Inliner:
    def __init__(self, uses: Uses, in_place: frozenset[Let], memory: Memory) -> None:
        self.uses, self.in_place, self.memory = uses, in_place, memory
        self.result = Inlining()
        self.pending = _Waiting()
        self.twice: frozenset[Var] = frozenset()
        self.parts: frozenset[Var] = frozenset()
        self.indent = 0

    def block(self, block: Block, results: Sequence[Any]) -> list[Var]:
        """Decide for `block`, whose values `results` are read at its end; returns those that moved there."""
        outer, self.pending = self.pending, _Waiting()
        self.indent += 4
        for stmt in block:
            if not dead(stmt, self.uses):
                self._stmt(stmt)
        moved = self._consume(results, len("return "))
        self.indent -= 4
        self.pending = outer
        return moved

    def _consume(self, atoms: Iterable[Any], width: int) -> list[Var]:
        """Let a reader that is `width` wide without its operands take those that fit."""
        moved = []
        atoms = list(atoms)
        total = self.indent + width + sum(_width(a) for a in atoms)
        for a in atoms:
            if not isinstance(a, Var) or (p := self.pending.take(a)) is None:
                continue
            if total - _width(a) + p.width <= LONGEST:
                total += p.width - _width(a)
                self.result.at[a] = p.stmt
                moved.append(a)
        return moved

    def _stmt(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self._let(stmt)
            case If():
                self._if(stmt)
            case Loop():
                self._loop(stmt)
            case _:
                assert_never(stmt)

    def _let(self, let: Let) -> None:
        if let in self.in_place:
            # What is changed must have a name.
            self.pending.take(let.args[0])  # type: ignore[arg-type]
        target = 0 if let in self.in_place else sum(_width(v) + len(" = ") for v in let.outs)
        self._consume(let.args, _own_width(let) + target)
        if let.op.effect and let.op.name != "comment":
            self.pending = _Waiting()
        elif let in self.in_place:
            self._changed([let])
        if self._movable(let):
            self.pending.add(let.out, self._candidate(let, let.args, _own_width(let)))
        else:
            self.pending.drop_readers_of(map(hint_of, let.outs))

    def _changed(self, lets: Iterable[Let]) -> None:
        """Values that read what these calls change in place stay before them."""
        if not self.pending.mutable:
            return
        sites = frozenset(s for let in lets if isinstance(let.args[0], Var) for s in self.memory.all(let.args[0]))
        self.pending.drop_if(lambda v: self.memory.may_share(sites, self.memory.all(v)))

    def _passed(self, stmt: If | Loop) -> None:
        """Values that read nothing that is bound or changed in `stmt` may be read after it."""
        if has_effect((stmt,)):
            self.pending = _Waiting()
            return
        inner = list(every((stmt,)))
        bound = [v for s in inner for v in (*binds(s), *(loop_locals(s) if isinstance(s, Loop) else ()))]
        started = [a for s in inner if isinstance(s, Loop) for a in entry_atoms(s) if isinstance(a, Var)]
        self.pending.drop_readers_of(dict.fromkeys(hint_of(v) for v in (*bound, *started)))
        self._changed(s for s in inner if isinstance(s, Let) and s in self.in_place)

    def _movable(self, let: Let) -> bool:
        plain = len(let.outs) == 1 and not let.op.effect and let not in self.in_place
        once = plain and self.uses[let.out] == 1 + (let.out in self.twice)
        return once and (is_anonymous(let.out) or let.out in self.parts)

    def _candidate(self, stmt: Let | If, operands: Sequence[Any], own: int) -> _Pending:
        leaves = self.result.leaves(operands)
        width = own + sum(self._text_width(a) for a in operands) + (_brackets(stmt) if isinstance(stmt, Let) else 0)
        return _Pending(stmt, width, frozenset(map(hint_of, leaves)) - {""},
                        tuple(v for v in leaves if v.type.kind not in _IMMUTABLE))

    def _text_width(self, atom: Any) -> int:
        inner = self.result.at.get(atom) if isinstance(atom, Var) else None
        if inner is None:
            return _width(atom)
        own = _own_width(inner) + _brackets(inner) if isinstance(inner, Let) else len(" if  else ")
        return own + sum(self._text_width(a) for a in self.result.operands(inner))

    def _if(self, stmt: If) -> None:
        self._consume([stmt.test], len("if :"))
        outer, self.pending = self.pending, _Waiting()
        live = [c for c in stmt.choices if self.uses[c.out]]
        single = live[0] if len(live) == 1 and is_anonymous(live[0].out) and len(stmt.choices) == 1 else None
        moved = []
        for block, side in ((stmt.then, "then"), (stmt.orelse, "orelse")):
            moved += self.block(block, [getattr(single, side)] if single else [])
        if single is not None and self._is_expression(stmt, single):
            self.result.expressions[stmt] = single
            self.pending = outer
            if self.uses[single.out] == 1:
                operands = self.result.operands(stmt)
                self.pending.add(single.out, self._candidate(stmt, operands, len(" if  else ")))
            return
        for v in moved:
            del self.result.at[v]
        if isinstance(stmt.test, Var) and stmt.test in self.twice:
            self.result.at.pop(stmt.test, None)
        self.pending = outer
        self._passed(stmt)

    def _is_expression(self, stmt: If, choice: Choice) -> bool:
        atoms = (choice.then, choice.orelse)
        if not all(isinstance(a, Var | Lit) for a in atoms):
            return False
        inside = [s for s in (*stmt.then, *stmt.orelse) if not dead(s, self.uses)]
        if not all(self._is_inlined(s) for s in inside):
            return False
        return sum(self._text_width(a) for a in (stmt.test, *atoms)) <= LONGEST - 20

    def _is_inlined(self, stmt: Stmt) -> bool:
        match stmt:
            case Let(outs=outs):
                return len(outs) == 1 and outs[0] in self.result.at
            case If():
                return stmt in self.result.expressions and self.result.expressions[stmt].out in self.result.at
            case Loop():
                return False
            case _:
                assert_never(stmt)

    def _loop(self, loop: Loop) -> None:
        bounds = [loop.range.start, loop.range.stop, loop.range.step] if loop.range else []
        sources = [*bounds, *(e.sequence for e in loop.elements)]
        # What starts a carry becomes the carry's own first assignment; it is not moved.
        kept = frozenset(a for a in entry_atoms(loop) if isinstance(a, Var)) - frozenset(
            a for a in sources if isinstance(a, Var))
        for v in kept:
            self.pending.take(v)
        self._consume(sources, len("for i in range():"))
        outer, self.pending = self.pending, _Waiting()
        if loop.test:
            self.block(loop.test.body, [loop.test.result])
        params = frozenset(c.param for c in loop.carries)
        until = [loop.until] if isinstance(loop.until, Var) else []
        moved = self.block(loop.body, until)
        for v in moved:
            # `until` is read when the carries are set already.
            if params & frozenset(self.result.leaves([v])):
                del self.result.at[v]
        self.pending = outer
        self._passed(loop)


def _parts_of_sums(block: Block, in_place: frozenset[Let], copying: frozenset[Let]) -> Iterator[Var]:
    """The `a` and `b` of `dx = a + b` that are called dx too, if they are made in the user's same line; and the view
    `a` that is copied to be changed, `dx = a.copy()`."""
    made = {s.out: s for s in every(block) if isinstance(s, Let) and len(s.outs) == 1}
    for s in made.values():
        own = hint_of(s.out)
        view = made.get(s.args[0]) if s in copying else None  # type: ignore[arg-type]
        if view is not None and view.op.name == "getitem" and hint_of(view.out) == own:
            yield view.out
        if s.op.name not in ("+", "-") or len(s.args) != 2 or not own or s.span is None:
            continue
        for k, a in enumerate(s.args):
            let = made.get(a) if isinstance(a, Var) and hint_of(a) == own else None
            if let is None or let.span is None or let.span.line != s.span.line:
                continue
            # What grows stays `dx += b`.
            if k == 1 or (s not in in_place and not any(isinstance(x, Var) and hint_of(x) == own for x in let.args)):
                yield a  # type: ignore[misc]


def _read_twice(block: Block) -> Iterator[Var]:
    """The `a` of `a and b` where `a` is a value: the test of an `If`, and its choice."""
    for stmt in every(block):
        if isinstance(stmt, If) and isinstance(stmt.test, Var) and len(stmt.choices) == 1:
            (choice,) = stmt.choices
            if (choice.then is stmt.test) != (choice.orelse is stmt.test):
                yield stmt.test


def _width(atom: Any) -> int:
    if isinstance(atom, Var):
        return len(hint_of(atom)) or 2
    return len(repr(atom.value)) if isinstance(atom, Lit) else 4


def _brackets(let: Let) -> int:
    """What operators bind less than what stands around them."""
    return 2 if let.op.name in ("+", "-", "<", "<=", ">", ">=", "==", "!=") else 0


def _own_width(let: Let) -> int:
    """The columns of a call without its operands."""
    name, form = let.op.name, let.form
    constants = sum(_form_width(a) for a in form.args) + sum(len(k) + 1 + _form_width(v) for k, v in form.kwargs)
    if let.op.function is operator.getitem:
        return 2 + constants
    if not name.isidentifier() and "." not in name:
        return 3
    return len(name) + 2 + 2 * max(len(form.args) + len(form.kwargs) - 1, 0) + constants


def _form_width(x: Any) -> int:
    if x is HOLE or x is None:
        return 0
    if type(x) is tuple:
        return 2 + sum(_form_width(i) + 2 for i in x)
    if isinstance(x, Slicing):
        return 1 + sum(_form_width(i) for i in (x.start, x.stop, x.step))
    return min(len(repr(x)), 24)

"""Rewrite `break`, `continue`, early `return` and loop `else` into structured control.

What comes after a branch that always leaves moves into the other branch, so most early returns need no flag at all:

    if x > 0:                     if x > 0:
        return a        ->            $result = a
    rest                          else:
    return b                          rest
                                      $result = b
                                  return $result

A loop that can be left carries the name of a flag, `loop.until`: the loop ends after the trip that sets it.

    for x in xs:                  for x in xs:                      (until $until1)
        if x < 0:                     $until1 = False
            break       ->            if x < 0:
        s += x                            $until1 = True
                                      else:
                                          s += x

`loop.broke` names what tells whether the loop ended so; its `else` becomes `if not $broke1:` behind it.  A `return` in
a loop sets `$result`, the flags of the loops that it leaves, and `$returned` where something follows them.  Where only
some ways through a branch leave, a guard `if not flag:` keeps the rest from running.

Names that stand for no name of the user's start with `$`; the lowering treats them as variables like any other.
Definitions within the function are not entered: they are structured when they are lowered themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import gast

from srcad.errors import Problem
from srcad.frontend.capture import Source
from srcad.frontend.patterns import as_branches

Body = list[gast.AST]
LOOPS = (gast.For, gast.While)
SCOPES = (gast.FunctionDef, gast.AsyncFunctionDef, gast.ClassDef)


def structure(source: Source) -> tuple[gast.FunctionDef, list[Problem]]:
    """The function of `source` with structured control only, and the exits that could not be rewritten."""
    tree = as_branches(source.tree)
    structurer = Structurer(source, returns_value(tree.body))
    return structurer.function(tree), structurer.problems


@dataclass(frozen=True)
class Around:
    """What surrounds a block: the flags of its loops, innermost last, and which exits must leave a mark."""

    loops: tuple[str, ...] = ()
    returned: bool = False
    skip: str | None = None


class Structurer:
    """One function's rewriting: the fresh names and the problems so far."""

    def __init__(self, source: Source, has_result: bool) -> None:
        self.source, self.has_result = source, has_result
        self.problems: list[Problem] = []
        self.uses_returned = False
        self._loops = itertools.count(1)
        self._skips = itertools.count(1)

    def function(self, tree: gast.FunctionDef) -> gast.FunctionDef:
        body = list(tree.body)
        last = body[-1]
        if not any("return" in exits(s) for s in body[:-1]) and not ("return" in exits(last) and compound(last)):
            # At most a return at the very end: nothing leaves early.
            tail = [last] if isinstance(last, gast.Return) else []
            done = self.block(body[: len(body) - len(tail)], Around()) + tail
        else:
            if self.has_result and completes(body):
                body.append(gast.copy_location(gast.Return(gast.copy_location(gast.Constant(None, None), last)), last))
            done = self.block(body, Around())
            if self.uses_returned:
                done.insert(int(is_docstring(done[0])), assign("$returned", False, tree.body[0]))
            if self.has_result:
                done.append(gast.copy_location(gast.Return(name("$result", last)), last))
        return rebuilt(tree, body=done or [gast.copy_location(gast.Pass(), last)])

    def block(self, stmts: Sequence[gast.AST], around: Around) -> Body:
        """`stmts`, rewritten.  What follows an exit is dead and is dropped."""
        done: Body = []
        todo, i = list(stmts), 0
        while i < len(todo):
            stmt, i = todo[i], i + 1
            if isinstance(stmt, gast.Return | gast.Break | gast.Continue):
                return done + self.leave(stmt, around)
            if not compound(stmt):
                done.append(stmt)
            elif isinstance(stmt, gast.If) and exits(stmt):
                return done + self.branch(stmt, todo[i:], around)
            elif isinstance(stmt, LOOPS):
                loop, flags, after = self.loop(stmt, todo[i:], around)
                done.append(loop)
                if flags:
                    return done + self.unless(flags, after, around)
                todo, i = after, 0
            elif isinstance(stmt, gast.With) and exits(stmt):
                return done + self.guarded(stmt, todo[i:], around)
            elif isinstance(stmt, gast.Try) and exits(stmt) and not any(map(exits, stmt.finalbody)):
                return done + self.attempt(stmt, todo[i:], around)
            else:
                done.append(self.whole(stmt, around))
        return done

    def leave(self, stmt: gast.AST, around: Around) -> Body:
        """The marks that an exit leaves behind."""
        if isinstance(stmt, gast.Continue):
            return [assign(around.skip, True, stmt)] if around.skip else []
        if isinstance(stmt, gast.Break):
            return [assign(around.loops[-1], True, stmt)]
        marks: Body = []
        if self.has_result:
            value = stmt.value or gast.copy_location(gast.Constant(None, None), stmt)
            marks.append(assign("$result", value, stmt))
        if around.returned:
            self.uses_returned = True
            marks.append(assign("$returned", True, stmt))
        return marks + [assign(flag, True, stmt) for flag in reversed(around.loops)]

    def branch(self, stmt: gast.If, rest: Body, around: Around) -> Body:
        """An `if` with exits in it, and what follows it."""
        then, orelse = completes(stmt.body), completes(stmt.orelse)
        if then and orelse and rest and not is_small_exit(rest[0]):
            return self.guarded(stmt, rest, around)
        body = self.block([*stmt.body, *rest] if then else stmt.body, around)
        other = self.block([*stmt.orelse, *rest] if orelse else stmt.orelse, around)
        if not body and not other:  # both only went on, but asking the test may raise or have effects
            body = [gast.copy_location(gast.Pass(), stmt)]
        if not body:
            return [rebuilt(stmt, test=negation(stmt.test), body=other, orelse=[])]
        return [rebuilt(stmt, body=body, orelse=other)]

    def guarded(self, stmt: gast.If | gast.With, rest: Body, around: Around) -> Body:
        """A statement that some ways leave and some complete, and what follows it, which only those may run."""
        inside, flags = self.marking(exits(stmt), around) if rest else (around, [])
        start: Body = []
        if inside.skip and not around.skip:
            start = [assign(inside.skip, False, stmt)]
        parts = {f: self.block(getattr(stmt, f), inside) for f in ("body", "orelse") if hasattr(stmt, f)}
        parts["body"] = parts["body"] or [gast.copy_location(gast.Pass(), stmt)]
        return [*start, rebuilt(stmt, **parts), *self.unless(flags, rest, around)]

    def attempt(self, stmt: gast.Try, rest: Body, around: Around) -> Body:
        """A `try` with exits in it, and what follows it: that moves into the one way that completes, if it can."""
        through = completes(stmt.body) and completes(stmt.orelse)
        ways = [h for h in stmt.handlers if completes(h.body)]
        handlers = {id(h): list(h.body) for h in stmt.handlers}
        orelse = list(stmt.orelse) if completes(stmt.body) else []
        if not stmt.finalbody and len(ways) + through <= 1:
            if through:
                orelse += rest
            for h in ways:
                handlers[id(h)] += rest
            rest = []
        within = exits_of(stmt.body)
        inside, flags = self.marking(exits(stmt), around) if rest or (within and orelse) else (around, [])
        start = [assign(f, False, stmt) for f in flags if f.startswith("$skip") and f != around.skip]
        done = rebuilt(
            stmt, body=self.block(stmt.body, inside) or [gast.copy_location(gast.Pass(), stmt)],
            handlers=[rebuilt(h, body=self.block(handlers[id(h)], inside) or [gast.copy_location(gast.Pass(), h)])
                      for h in stmt.handlers],
            orelse=self.unless(flags, orelse, inside) if within and orelse else self.block(orelse, inside),
            finalbody=self.block(stmt.finalbody, around))
        return [*start, done, *self.unless(flags, rest, around)]

    def marking(self, left: frozenset[str], around: Around) -> tuple[Around, list[str]]:
        """How exits within a statement are marked so that what follows it can be guarded, and by which flags."""
        if not around.loops:
            self.uses_returned = True
            return replace(around, returned=True), ["$returned"]
        flags = [around.loops[-1]] if left & {"return", "break"} else []
        if "continue" not in left:
            return around, flags
        # A guard further out may have its mark already; a `continue` sets only one.
        skip = around.skip or f"$skip{next(self._skips)}"
        return replace(around, skip=skip), [*flags, skip]

    def unless(self, flags: list[str], rest: Body, around: Around) -> Body:
        """`if not flag: rest`."""
        body = self.block(rest, around)
        return [_if_not(flags, body, rest[0])] if body and flags else body

    def loop(self, stmt: gast.For | gast.While, rest: Body, around: Around) -> tuple[gast.AST, list[str], Body]:
        """A loop; the flags that keep what follows it from running, and that: its `else`, and the rest."""
        own = exits_of(stmt.body)
        number = next(self._loops)
        until, broke = f"$until{number}", f"$broke{number}"
        orelse: Body = [] if endless(stmt) else list(stmt.orelse)
        if orelse and "break" in own:
            orelse = [_if_not([broke], orelse, orelse[0])]
        after = [*orelse, *rest] if completes_loop(stmt) else orelse
        flags: list[str] = []
        inside = Around((*around.loops, until))
        if "return" in own and after:
            flags = [around.loops[-1]] if around.loops else ["$returned"]
            self.uses_returned |= not around.loops
        inside = replace(inside, returned=around.returned or "$returned" in flags)
        body = self.block(stmt.body, inside)
        left = bool(own & {"return", "break"})
        if left:
            body.insert(0, assign(until, False, stmt.body[0]))
        done = rebuilt(stmt, body=body or [gast.copy_location(gast.Pass(), stmt.body[0])], orelse=[])
        done.until = until if left else None
        done.broke = broke if "break" in own and orelse else None
        return done, flags, after

    def whole(self, stmt: gast.AST, around: Around) -> gast.AST:
        """A compound statement that nothing leaves (or that nothing may leave): only what is within it changes."""
        if exits(stmt):
            self.problems += [self.problem(stmt, e) for e in exit_nodes(stmt)]
            return stmt
        parts = {f: self.block(getattr(stmt, f), around) for f in ("body", "orelse", "finalbody") if hasattr(stmt, f)}
        for field in ("handlers", "cases"):
            if hasattr(stmt, field):
                parts[field] = [rebuilt(h, body=self.block(h.body, around)) for h in getattr(stmt, field)]
        return rebuilt(stmt, **parts)

    def problem(self, stmt: gast.AST, node: gast.AST) -> Problem:
        what, where = type(node).__name__.lower(), type(stmt).__name__.removesuffix("Star").lower()
        return Problem(self.source.span(node), f"a {what} inside a {where} statement",
                       f"srcad can't tell what else runs when the {where} is left here",
                       f"set a variable inside the {where} and {what} after it",
                       ((self.source.span(stmt), f"the {where} that it leaves"),))


def blocks(stmt: gast.AST) -> Iterator[Body]:
    """The blocks directly within a compound statement (none for a definition)."""
    if isinstance(stmt, SCOPES):
        return
    for field in ("body", "orelse", "finalbody"):
        if hasattr(stmt, field):
            yield getattr(stmt, field)
    for part in (*getattr(stmt, "handlers", ()), *getattr(stmt, "cases", ())):
        yield part.body


def compound(stmt: gast.AST) -> bool:
    return not isinstance(stmt, SCOPES) and hasattr(stmt, "body")


def exit_nodes(stmt: gast.AST) -> Iterator[gast.AST]:
    """The returns, breaks and continues that may leave `stmt`."""
    if isinstance(stmt, gast.Return | gast.Break | gast.Continue):
        yield stmt
    for block in blocks(stmt):
        own = isinstance(stmt, LOOPS) and block is stmt.body
        for node in (n for s in block for n in exit_nodes(s)):
            if not own or isinstance(node, gast.Return):
                yield node


def exits(stmt: gast.AST) -> frozenset[str]:
    return frozenset(type(n).__name__.lower() for n in exit_nodes(stmt))


def exits_of(block: Sequence[gast.AST]) -> frozenset[str]:
    return frozenset(e for s in block for e in exits(s))


def returns_value(block: Sequence[gast.AST]) -> bool:
    """Does any return say something other than None?"""
    values = [n.value for s in block for n in exit_nodes(s) if isinstance(n, gast.Return)]
    return any(v is not None and not (isinstance(v, gast.Constant) and v.value is None) for v in values)


def completes(block: Sequence[gast.AST]) -> bool:
    """May control reach the end of `block`?  (A `with` may swallow an exception, so its end may always be reached.)"""
    return all(map(_completes, block))


def _completes(stmt: gast.AST) -> bool:
    match stmt:
        case gast.Return() | gast.Break() | gast.Continue() | gast.Raise():
            return False
        case gast.If():
            return completes(stmt.body) or completes(stmt.orelse)
        case gast.For() | gast.While():
            return completes_loop(stmt)
        case gast.Try():
            tried = completes(stmt.body) and completes(stmt.orelse)
            return completes(stmt.finalbody) and (tried or any(completes(h.body) for h in stmt.handlers))
        case _:
            return True


def completes_loop(stmt: gast.AST) -> bool:
    """May what follows the loop and its `else` run?"""
    broken = "break" in exits_of(stmt.body)
    return broken or (not endless(stmt) and completes(stmt.orelse))


def endless(stmt: gast.AST) -> bool:
    """`while True:`"""
    return isinstance(stmt, gast.While) and isinstance(stmt.test, gast.Constant) and bool(stmt.test.value)


def is_small_exit(stmt: gast.AST) -> bool:
    """An exit that costs nothing to write twice."""
    if isinstance(stmt, gast.Return):
        return stmt.value is None or isinstance(stmt.value, gast.Constant | gast.Name)
    return isinstance(stmt, gast.Break | gast.Continue)


def is_docstring(stmt: gast.AST) -> bool:
    return isinstance(stmt, gast.Expr) and isinstance(stmt.value, gast.Constant) and isinstance(stmt.value.value, str)


def rebuilt(node: gast.AST, **changes: object) -> gast.AST:
    """A copy of `node` with some fields changed, at the same place."""
    fields = {f: getattr(node, f) for f in node._fields if hasattr(node, f)}
    return gast.copy_location(type(node)(**{**fields, **changes}), node)


def name(text: str, origin: gast.AST, ctx: gast.AST | None = None) -> gast.Name:
    return gast.copy_location(gast.Name(text, ctx or gast.Load(), None, None), origin)


def assign(target: str, value: gast.AST | bool, origin: gast.AST) -> gast.Assign:
    if isinstance(value, bool):
        value = gast.copy_location(gast.Constant(value, None), origin)
    return gast.copy_location(gast.Assign([name(target, origin, gast.Store())], value, None), origin)


def negation(test: gast.AST) -> gast.AST:
    if isinstance(test, gast.UnaryOp) and isinstance(test.op, gast.Not):
        return test.operand
    return gast.copy_location(gast.UnaryOp(gast.Not(), test), test)


def _if_not(flags: list[str], body: Body, origin: gast.AST) -> gast.If:
    names: list[gast.AST] = [name(f, origin) for f in flags]
    test = names[0] if len(names) == 1 else gast.copy_location(gast.BoolOp(gast.Or(), names), origin)
    return gast.copy_location(gast.If(negation(test), body, []), origin)

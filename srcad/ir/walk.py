"""Questions that every pass asks of a program, and the one way to rebuild it with other variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from operator import is_
from typing import Any, assert_never
from weakref import WeakKeyDictionary

from srcad.ir.core import (
    Atom,
    Block,
    Carry,
    Choice,
    Element,
    Func,
    If,
    Let,
    Loop,
    Param,
    Range,
    Read,
    Stmt,
    Test,
    Var,
    Write,
    map_tree,
)


def variables(atoms: Iterable[Any]) -> frozenset[Var]:
    return frozenset(a for a in atoms if isinstance(a, Var))


def binds(stmt: Stmt) -> tuple[Var, ...]:
    """The variables that `stmt` gives to the statements after it."""
    match stmt:
        case Let(outs=outs):
            return outs
        case If(choices=choices):
            return tuple(c.out for c in choices)
        case Loop():
            facts = tuple(v for v in (stmt.trips, stmt.broke) if v)
            return (*(c.out for c in stmt.carries), *(w.tape for w in stmt.writes), *facts)
        case _:
            assert_never(stmt)


# What nested statements read: passes ask it of each of them, at every depth.
_reads: WeakKeyDictionary[If | Loop, frozenset[Var]] = WeakKeyDictionary()


def reads(stmt: Stmt) -> frozenset[Var]:
    """The variables that `stmt` takes from its surroundings."""
    if isinstance(stmt, Let):
        return variables(stmt.args)
    found = _reads.get(stmt)
    if found is None:
        found = _reads[stmt] = _nested_reads(stmt)
    return found


def _nested_reads(stmt: If | Loop) -> frozenset[Var]:
    match stmt:
        case If():
            then = free(stmt.then, (c.then for c in stmt.choices))
            orelse = free(stmt.orelse, (c.orelse for c in stmt.choices))
            return variables([stmt.test]) | then | orelse
        case Loop():
            return variables(entry_atoms(stmt)) | (inner_reads(stmt) - frozenset(loop_locals(stmt)))
        case _:
            assert_never(stmt)


def entry_atoms(loop: Loop) -> list[Atom]:
    """What a loop reads once, before its first trip."""
    bounds = [loop.range.start, loop.range.stop, loop.range.step] if loop.range else []
    return [*bounds, *(e.sequence for e in loop.elements), *(r.tape for r in loop.reads),
            *(c.init for c in loop.carries)]


def exit_atoms(loop: Loop) -> list[Atom]:
    """What the end of each trip reads."""
    until = [] if loop.until is None else [loop.until]
    return [*(w.row for w in loop.writes), *(c.next for c in loop.carries), *until]


def loop_locals(loop: Loop) -> tuple[Var, ...]:
    """What a loop binds at the head of each trip."""
    index = (loop.index,) if loop.index else ()
    return (*index, *(e.var for e in loop.elements), *(c.param for c in loop.carries), *(r.element for r in loop.reads))


def inner_reads(loop: Loop) -> frozenset[Var]:
    test = free(loop.test.body, [loop.test.result]) if loop.test else frozenset()
    return test | free(loop.body, exit_atoms(loop))


def free(block: Block, results: Iterable[Any] = ()) -> frozenset[Var]:
    """The variables that `block` and then `results` read and that `block` does not bind."""
    needed = set(variables(results))
    for stmt in reversed(block):
        needed.difference_update(binds(stmt))
        needed |= reads(stmt)
    return frozenset(needed)


def bound(block: Block) -> frozenset[Var]:
    return frozenset(v for stmt in block for v in binds(stmt))


def blocks(stmt: Stmt) -> tuple[Block, ...]:
    match stmt:
        case Let():
            return ()
        case If():
            return (stmt.then, stmt.orelse)
        case Loop():
            return (*((stmt.test.body,) if stmt.test else ()), stmt.body)
        case _:
            assert_never(stmt)


def every(block: Block) -> Iterator[Stmt]:
    """All statements, the nested ones too, in reading order."""
    for stmt in block:
        yield stmt
        if not isinstance(stmt, Let):
            for inner in blocks(stmt):
                yield from every(inner)


def has_effect(block: Block) -> bool:
    return any(isinstance(s, Let) and s.op.effect for s in every(block))


def rebuild(stmt: Stmt, atom: Callable[[Any], Any], block: Callable[[Block], Block]) -> Stmt:
    """`stmt` with `atom` applied to what it reads and `block` to its blocks; what it binds stays."""
    match stmt:
        case Let(args=args):
            new = tuple(map(atom, args))
            return stmt if all(map(is_, new, args)) else Let(stmt.outs, stmt.op, new, stmt.form, stmt.span)
        case If():
            old = (stmt.test, *(a for c in stmt.choices for a in (c.then, c.orelse)))
            test, *chosen = map(atom, old)
            then, orelse = block(stmt.then), block(stmt.orelse)
            if then is stmt.then and orelse is stmt.orelse and all(map(is_, old, (test, *chosen))):
                return stmt
            choices = tuple(map(Choice, (c.out for c in stmt.choices), chosen[::2], chosen[1::2]))
            return replace(stmt, test=test, then=then, orelse=orelse, choices=choices)
        case Loop():
            bounds = stmt.range and Range(atom(stmt.range.start), atom(stmt.range.stop), atom(stmt.range.step))
            return replace(
                stmt,
                range=bounds,
                elements=tuple(Element(e.var, atom(e.sequence)) for e in stmt.elements),
                reads=tuple(Read(r.element, atom(r.tape)) for r in stmt.reads),
                test=stmt.test and Test(block(stmt.test.body), atom(stmt.test.result)),
                carries=tuple(Carry(c.out, c.param, atom(c.init), atom(c.next)) for c in stmt.carries),
                body=block(stmt.body),
                writes=tuple(Write(w.tape, atom(w.row)) for w in stmt.writes),
                until=None if stmt.until is None else atom(stmt.until),
            )
        case _:
            assert_never(stmt)


def unchanged(new: list[Stmt], block: Block) -> Block:
    """`block` made anew, or itself where nothing of it has changed: what is known of it is known still."""
    return block if len(new) == len(block) and all(map(is_, new, block)) else tuple(new)


def substitute(block: Block, mapping: dict[Var, Any]) -> Block:
    """Read `mapping[v]` wherever `block` reads `v`."""
    if not mapping:
        return block

    def atom(a: Any) -> Any:
        return mapping.get(a, a) if isinstance(a, Var) else a

    def inner(b: Block) -> Block:
        return tuple(rebuild(s, atom, inner) for s in b)

    return inner(block)


class Renamer:
    """Copies blocks with every bound variable made anew, so that code can be used twice."""

    def __init__(self, mapping: dict[Var, Any] | None = None) -> None:
        self.mapping: dict[Var, Any] = dict(mapping or {})

    def atom(self, a: Any) -> Any:
        return self.mapping.get(a, a) if isinstance(a, Var) else a

    def new(self, v: Var) -> Var:
        fresh = Var(v.hint, v.type)
        self.mapping[v] = fresh
        return fresh

    def block(self, block: Block) -> Block:
        return tuple(self.stmt(s) for s in block)

    def stmt(self, stmt: Stmt) -> Stmt:
        match stmt:
            case Let():
                args = tuple(map(self.atom, stmt.args))
                return Let(tuple(map(self.new, stmt.outs)), stmt.op, args, stmt.form, stmt.span)
            case If():
                copy = rebuild(stmt, lambda a: a, lambda b: b)
                assert isinstance(copy, If)
                then, orelse = self.block(stmt.then), self.block(stmt.orelse)
                choices = tuple((self.atom(c.then), self.atom(c.orelse)) for c in stmt.choices)
                test = self.atom(stmt.test)
                outs = tuple(Choice(self.new(c.out), t, o) for c, (t, o) in zip(stmt.choices, choices, strict=True))
                return replace(copy, test=test, then=then, orelse=orelse, choices=outs)
            case Loop():
                return self._loop(stmt)
            case _:
                assert_never(stmt)

    def _loop(self, loop: Loop) -> Loop:
        inits = [self.atom(c.init) for c in loop.carries]
        bounds = loop.range and Range(*(self.atom(a) for a in (loop.range.start, loop.range.stop, loop.range.step)))
        elements = [self.atom(e.sequence) for e in loop.elements]
        tapes = [self.atom(r.tape) for r in loop.reads]
        for v in loop_locals(loop):
            self.new(v)
        test = loop.test and Test(self.block(loop.test.body), self.atom(loop.test.result))
        body = self.block(loop.body)
        until = None if loop.until is None else self.atom(loop.until)
        return replace(
            loop,
            index=loop.index and self.atom(loop.index),
            range=bounds,
            elements=tuple(Element(self.atom(e.var), s) for e, s in zip(loop.elements, elements, strict=True)),
            reads=tuple(Read(self.atom(r.element), t) for r, t in zip(loop.reads, tapes, strict=True)),
            test=test,
            body=body,
            carries=tuple(Carry(self.new(c.out), self.atom(c.param), i, self.atom(c.next))
                          for c, i in zip(loop.carries, inits, strict=True)),
            writes=tuple(Write(self.new(w.tape), self.atom(w.row)) for w in loop.writes),
            trips=loop.trips and self.new(loop.trips),
            until=until,
            broke=loop.broke and self.new(loop.broke),
        )


def renamed(func: Func) -> Func:
    """The same function over new variables."""
    renamer = Renamer()

    def leaf(x: Any) -> Any:
        return renamer.new(x) if isinstance(x, Var) else x

    params = tuple(Param(p.name, map_tree(leaf, p.tree), p.default, p.has_default) for p in func.params)
    body = renamer.block(func.body)
    return replace(func, params=params, body=body, result=map_tree(renamer.atom, func.result))

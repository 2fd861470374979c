"""Does a program obey the language?

Every pass is followed by `check`.  It finds what single assignment and structured scopes forbid: a variable bound
twice, a read of what is not in scope, a call whose form and arguments don't fit.  A failure is a mistake of ours, so it
is an AssertionError, whose text ends with the statement at fault.

    u = np.sin(x)
    if c:
        v = u * w        w.7 is read and not in scope
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from srcad.ir.calls import CallOp
from srcad.ir.core import (
    HOLE,
    Block,
    Form,
    Func,
    If,
    Let,
    Listing,
    Lit,
    Loop,
    Slicing,
    Stmt,
    Undef,
    Var,
    leaves,
)
from srcad.ir.show import show_stmt
from srcad.ir.types import Type
from srcad.ir.walk import entry_atoms, exit_atoms

Scope = frozenset[Var]


def check(func: Func) -> None:
    """Raise AssertionError, with a text that says what and where, if `func` breaks a rule of the language."""
    checker = _Checker(func)
    scope = checker.bind(func.inputs, frozenset(), None)
    scope = checker.block(func.body, scope)
    checker.read((a for a in leaves(func.result) if isinstance(a, Var)), scope, None)


class _Checker:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.bound: set[Var] = set()

    def fail(self, text: str, stmt: Stmt | None) -> None:
        where = f" at {stmt.span}" if stmt is not None and stmt.span else ""
        code = "\n" + "\n".join(show_stmt(stmt)) if stmt is not None else ""
        raise AssertionError(f"{self.func.name}: {text}{where}{code}")

    def require(self, holds: object, text: str, stmt: Stmt | None) -> None:
        if not holds:
            self.fail(text, stmt)

    def bind(self, variables: Iterable[Any], scope: Scope, stmt: Stmt | None) -> Scope:
        new = tuple(variables)
        for v in new:
            self.require(isinstance(v, Var), f"{v!r} is bound and no Var", stmt)
            self.require(isinstance(v.type, Type), f"{v!r} has no type", stmt)
            self.require(v not in self.bound, f"{v!r} is bound twice", stmt)
            self.bound.add(v)
        return scope | frozenset(new)

    def read(self, atoms: Iterable[Any], scope: Scope, stmt: Stmt | None) -> None:
        for a in atoms:
            self.require(isinstance(a, Var | Lit | Undef), f"{a!r} is read and no atom", stmt)
            if isinstance(a, Var):
                self.require(a in scope, f"{a!r} is read and not in scope", stmt)

    def block(self, block: Block, scope: Scope) -> Scope:
        self.require(isinstance(block, tuple), f"a block is a tuple, not {type(block).__name__}", None)
        for stmt in block:
            scope = self.stmt(stmt, scope)
        return scope

    def stmt(self, stmt: Stmt, scope: Scope) -> Scope:
        match stmt:
            case Let():
                self.read(stmt.args, scope, stmt)
                self.call(stmt)
                return self.bind(stmt.outs, scope, stmt)
            case If():
                self.read([stmt.test], scope, stmt)
                then, orelse = self.block(stmt.then, scope), self.block(stmt.orelse, scope)
                self.read((c.then for c in stmt.choices), then, stmt)
                self.read((c.orelse for c in stmt.choices), orelse, stmt)
                return self.bind((c.out for c in stmt.choices), scope, stmt)
            case Loop():
                return self.loop(stmt, scope)
            case _:
                assert_never(stmt)

    def loop(self, loop: Loop, scope: Scope) -> Scope:
        bounded = loop.range or loop.elements or loop.reads
        self.require(bounded or loop.test or loop.until is not None, "nothing ends this loop", loop)
        self.require(bounded or not loop.reverse, "a reversed loop needs a range, an element or a read", loop)
        self.require(loop.range or not loop.index, "an index needs a range", loop)
        self.require(loop.until is not None or not loop.broke, "`broke` needs `until`", loop)
        self.read(entry_atoms(loop), scope, loop)
        carried = self.bind((c.param for c in loop.carries), scope, loop)
        if loop.test:
            # The test runs before it is known whether there is a trip: it sees no index, element or row.
            self.read([loop.test.result], self.block(loop.test.body, carried), loop)
        index = (loop.index,) if loop.index else ()
        heads = (*index, *(e.var for e in loop.elements), *(r.element for r in loop.reads))
        inner = self.block(loop.body, self.bind(heads, carried, loop))
        self.read(exit_atoms(loop), inner, loop)
        outs = (*(c.out for c in loop.carries), *(w.tape for w in loop.writes))
        return self.bind((*outs, *(v for v in (loop.trips, loop.broke) if v)), scope, loop)

    def call(self, let: Let) -> None:
        op = let.op
        holes = _holes((let.form.args, tuple(v for _, v in let.form.kwargs)))
        self.require(isinstance(let.form, Form), "the form of a call is a Form", let)
        self.require(len(holes) == len(let.args), f"{len(holes)} holes for {len(let.args)} arguments", let)
        self.require(len(let.outs) == op.outs, f"{op} has {op.outs} results, not {len(let.outs)}", let)
        try:
            hash(let.form)
        except TypeError as e:
            self.fail(f"the form can't be hashed ({e})", let)
        if isinstance(op, CallOp) and op.target.func is not None:
            callee = op.target.func
            self.require(all(a is HOLE for a in let.form.args) and not let.form.kwargs,
                         "a call of a program function passes atoms by position", let)
            self.require(len(let.args) == len(callee.inputs),
                         f"{callee.name} takes {len(callee.inputs)} inputs, not {len(let.args)}", let)
            self.require(len(let.outs) == len(callee.outputs),
                         f"{callee.name} has {len(callee.outputs)} outputs, not {len(let.outs)}", let)


def _holes(form: Any) -> list[Any]:
    """The holes of a form; an atom that stands in the form itself was forgotten there."""
    match form:
        case tuple():
            return [h for f in form for h in _holes(f)]
        case Listing(items=items):
            return _holes(items)
        case Slicing():
            return _holes((form.start, form.stop, form.step))
        case Var():
            raise AssertionError(f"{form!r} stands in a form, where a HOLE should be")
        case _:
            return [form] if form is HOLE else []

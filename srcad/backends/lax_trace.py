"""A core program, run by JAX's tracer.

Each statement is run once, on values that stand for all inputs, and JAX writes down what happens: a `Let` becomes the
operation of the same name, an `If` a `lax.cond` (or the branch that is taken, where that is known), a `Loop` a
`lax.scan` or `lax.while_loop` (`lax_loops`), a call the body of its callee.  Python numbers stay Python numbers until
an array or a branch takes them, so what is known now is known to XLA: shapes, axes, trip counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, assert_never

import numpy as np

from srcad.backends.lax_attempts import Caught, Raised, attempt, noted
from srcad.backends.lax_control import cond
from srcad.backends.lax_dtypes import convert
from srcad.backends.lax_forms import truth
from srcad.backends.lax_indices import Integers, note_sum
from srcad.backends.lax_loops import Sites, run_loop
from srcad.backends.lax_modules import jnp
from srcad.backends.lax_operations import Text, apply, refuse
from srcad.backends.lax_record import Line, append, is_array, note_span
from srcad.backends.lax_specs import conform, joined, skeleton, spec, staged
from srcad.backends.lax_values import (
    UNBOUND,
    Masked,
    Maybe,
    Mismatch,
    Tape,
    Window,
    arrays_in,
    map_arrays,
    named,
    with_arrays,
)
from srcad.errors import Unsupported
from srcad.ir.calls import PACK, CallOp, FuncRef, UnpackOp
from srcad.ir.core import Block, Func, If, Let, Lit, Loop, Stmt, Undef, Var
from srcad.ir.walk import every
from srcad.rules.contexts import ENTER, LEAVE

# How deep a function may call itself, and how often in all.
_DEEPEST, _MOST_REPEATS = 32, 500


class Tracer:
    """The values of a program's variables.

    `needs[k]` is the capacity that loop number k turned out to need, and the last of `needs` whether the program came
    to a `raise`, after which what it computes has no meaning; UNBOUND stands for 0 and False."""

    def __init__(self, sites: Sites, capacities: tuple[int, ...]) -> None:
        self.env: dict[Var, Any] = {}
        self.sites, self.capacities = sites, capacities
        self.needs: Any = (UNBOUND,) * len(capacities)
        self.calls: tuple[FuncRef, ...] = ()
        self.repeats: list[FuncRef] = []
        self.integers = Integers()
        # What was noted in the innermost `try`: then the last of `needs` is the number of a note, or 0.
        self.raised: Raised | None = None
        # Arguments that the program stores to, and what they hold at its end.
        self.written: dict[Var, Any] = {}

    def nested(self, needs: Any) -> Tracer:
        """A scope within this one."""
        inner = Tracer.__new__(Tracer)
        inner.env = dict(self.env)
        inner.sites, inner.capacities, inner.calls, inner.needs = self.sites, self.capacities, self.calls, needs
        inner.written, inner.integers, inner.repeats = {}, Integers(self.integers), self.repeats
        inner.raised = self.raised
        return inner

    def value(self, atom: Any) -> Any:
        match atom:
            case Var():
                return self.env[atom]
            case Lit(value=value):
                return value
            case Undef():
                return UNBOUND
            case _:
                return atom

    def values(self, atoms: Iterable[Any]) -> list[Any]:
        return [self.value(a) for a in atoms]

    def block(self, block: Block) -> None:
        for stmt in block:
            self.stmt(stmt)

    def stmt(self, stmt: Stmt) -> None:
        note_span(stmt.span)
        try:
            match stmt:
                case Let():
                    self.env.update((v, named(a, v)) for v, a in zip(stmt.outs, self.let(stmt), strict=True))
                case If():
                    self.branch(stmt)
                case Loop():
                    run_loop(self, stmt)
                case _:
                    assert_never(stmt)
        except Mismatch as mismatch:
            raise refuse(stmt.span, "this can't be compiled by XLA", str(mismatch)) from mismatch

    # --- operations

    def let(self, let: Let) -> tuple[Any, ...]:
        op = let.op
        values = self.values(let.args)
        if op is PACK:
            return (tuple(values),)
        if any(v is UNBOUND for v in values):
            self.fail(True)
            return (UNBOUND,) * len(let.outs)
        if isinstance(op, CallOp):
            return self.call(let, op.target, values)
        if isinstance(op, UnpackOp):
            return _unpacked(values[0], len(let.outs))
        if op.effect:
            return self.effect(let, values)
        try:
            result = apply(self, let, values)
        except (Unsupported, Mismatch):
            raise
        except Exception as error:  # whatever JAX can't do with values that are not known yet
            raise refuse(let.span, f"{op.name} can't be compiled by XLA here", _first_line(error)) from error
        results = tuple(result) if op.outs > 1 else (result,)
        note_sum(self.integers, let)
        return tuple(_settled(r, v) for r, v in zip(results, let.outs, strict=True))

    def fail(self, when: Any, error: type[BaseException] | None = None) -> None:
        """The program raises this exception here, if `when`; None: it does what can't be compiled, or any exception."""
        if not is_array(when) and not when:
            return
        if self.raised is not None:
            note = _called(noted(self.needs[-1], when, self.raised.number(error)), "raised")
            self.needs = (*self.needs[:-1], note)
            return
        flag, *known = truth(when), *(v for v in self.needs[-1:] if v is not UNBOUND)
        flag = jnp.logical_or(known[0], flag) if known else flag
        self.needs = (*self.needs[:-1], _called(flag, "failed"))

    def require(self, site: int, capacity: Any) -> None:
        """The buffers of this loop must hold that much."""
        known = self.needs[site]
        need = capacity if known is UNBOUND else jnp.maximum(known, capacity)
        self.needs = (*self.needs[:site], need, *self.needs[site + 1:])

    def call(self, let: Let, target: FuncRef, values: list[Any]) -> tuple[Any, ...]:
        self.check_depth(let, target)
        func = target.known
        inner = self.nested(self.needs)
        inner.env = dict(zip(func.inputs, values, strict=True))
        inner.calls = (*self.calls, target)
        inner.block(func.body)
        if inner.written:
            raise refuse(let.span, f"{target.name} stores to its argument, which can't be compiled by XLA")
        self.needs = inner.needs
        return tuple(inner.values(func.outputs))

    def check_depth(self, let: Let, target: FuncRef) -> None:
        """A function that calls itself is written out as often as it does; that must be known, and not too often."""
        if target in self.calls:
            self.repeats.append(target)
            if self.calls.count(target) >= _DEEPEST or len(self.repeats) > _MOST_REPEATS:
                raise refuse(let.span, f"{target.name} calls itself too often to be compiled by XLA",
                             "how often is only known when the program runs, or is a large number", "write a loop")

    def effect(self, let: Let, values: list[Any]) -> tuple[Any, ...]:
        if let.op.name == "comment":
            append(Line("comment", str(let.form.args[0]), ()))
            return ()
        if let.op in (ENTER, LEAVE):  # compiled code warns of nothing
            return (None,)
        if let.op.function is np.copyto and isinstance(let.args[0], Var):
            self.written[let.args[0]] = values[1]
            return (None,) * len(let.outs)
        if let.op.name in ("raise", "assert", "evaluated"):
            self.raise_(let, values)
            return (None,) * len(let.outs)
        if let.op.function is not print:
            raise refuse(let.span, f"`{let.op.name}` can't be compiled by XLA", "it is an effect of Python")
        args, kwargs = let.call(values)
        if any(isinstance(a, Caught) for a in args) or self.raised is not None and self.needs[-1] is not UNBOUND:
            raise refuse(let.span, "this `print` can't be compiled by XLA", "what it prints depends on an exception")
        if not set(kwargs) <= {"sep", "end"} or kwargs.get("end", "\n") != "\n":
            raise refuse(let.span, "this `print` can't be compiled by XLA", "it does not print a line to the screen")
        shown = [a if isinstance(a, Text) else Text("{}", (a,)) for a in args]
        template = kwargs.get("sep", " ").join(t.template for t in shown)
        shown_values = [v for t in shown for v in t.values]
        append(Line("print", "jax.debug.print", (template, *shown_values), {"ordered": True}))
        return (None,) * len(let.outs)

    def raise_(self, let: Let, values: list[Any]) -> None:
        """`raise` and `assert`."""
        if let.op.name == "assert":
            self.fail(jnp.logical_not(truth(values[0])), AssertionError)
        elif let.op.name == "raise":
            error = let.call(values)[0][0]
            if isinstance(error, Caught):
                for number, cls in error.errors:
                    self.fail(error.number == number, cls)
            else:
                self.fail(True, error if isinstance(error, type) else None)

    # --- branches

    def branch(self, stmt: If) -> None:
        if stmt.catches:
            attempt(self, stmt)
            return
        test = self.value(stmt.test)
        if not is_array(test):
            taken = bool(test.present) if isinstance(test, Maybe) else bool(test)
            self.block(stmt.then if taken else stmt.orelse)
            for c in stmt.choices:
                self.env[c.out] = self.value(c.then if taken else c.orelse)
            return
        then = self.side(stmt.then, [c.then for c in stmt.choices])
        orelse = self.side(stmt.orelse, [c.orelse for c in stmt.choices])
        merged = joined(spec(then[1]), spec(orelse[1]))
        arrays = cond(truth(test), *(_conforming(run, merged) for run, _ in (then, orelse)))
        *values, self.needs = with_arrays(skeleton(merged), arrays)
        self.env.update((c.out, named(v, c.out)) for c, v in zip(stmt.choices, values, strict=True))

    def side(self, block: Block, results: list[Any]) -> tuple[Any, Any]:
        def run(_: Any) -> Any:
            inner = self.nested(self.needs)
            inner.block(block)
            return (*inner.values(results), inner.needs)

        return staged(run, ())


def _conforming(run: Any, merged: Any) -> Any:
    return lambda: arrays_in(conform(run(()), merged))


def _called(value: Any, hint: str) -> Any:
    value.hint = value.hint or hint
    return value


def _unpacked(value: Any, n: int) -> tuple[Any, ...]:
    if isinstance(value, Maybe):
        value = value.value
    if isinstance(value, Tape):
        return tuple(value.row(i) for i in range(n))
    parts = tuple(value)
    if len(parts) != n:
        raise Mismatch(f"{len(parts)} values for {n} names")
    return parts


def _settled(result: Any, var: Var) -> Any:
    """A result in the type that NumPy gives it, where that is known."""
    dtype = var.type.dtype if var.type.is_numeric else None

    def settle(a: Any) -> Any:
        if dtype is not None and a.dtype != dtype and not (a.dtype.kind == "c" and dtype.kind != "c"):
            return convert(a, dtype)
        return convert(a, a.dtype)

    if isinstance(result, Masked | Window):
        return replace(result, array=settle(result.array))
    settled = map_arrays(settle, result)
    if var.type.kind == "sequence" and is_array(settled):
        return Tape(settled, len(settled), len(settled))
    return settled


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def sites_of(func: Func) -> Sites:
    """Every loop that `func` and its callees may run, numbered."""
    found: dict[Loop, int] = {}
    seen: set[FuncRef] = set()
    prints = False

    def visit(block: Block) -> None:
        nonlocal prints
        for stmt in every(block):
            if isinstance(stmt, Loop):
                found.setdefault(stmt, len(found))
            prints = prints or isinstance(stmt, Let) and stmt.op.function is print
            if isinstance(stmt, Let) and isinstance(stmt.op, CallOp) and stmt.op.target not in seen:
                seen.add(stmt.op.target)
                visit(stmt.op.target.known.body)

    visit(func.body)
    return Sites(found, prints)

"""A core program, run by JAX's tracer.

Each statement is run once, on values that stand for all inputs, and JAX writes down what happens: a `Let` becomes the
operation of the same name, an `If` a `lax.cond` (or the branch that is taken, where that is known), a `Loop` a
`lax.scan` or `lax.while_loop` (`lax_loops`), a call the body of its callee.  Python numbers stay Python numbers until
an array or a branch takes them, so what is known now is known to XLA: shapes, axes, trip counts.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, assert_never

import numpy as np

from srcad.backends import lax_masks, lax_sequences, lax_windows
from srcad.backends.lax_control import cond
from srcad.backends.lax_dtypes import apply_ufunc, convert, ufunc_of, weak
from srcad.backends.lax_forms import lookup, truth
from srcad.backends.lax_indices import Integers, accumulate, load, note_sum, out_of_range, place_of, store
from srcad.backends.lax_loops import Sites, run_loop
from srcad.backends.lax_modules import jnp
from srcad.backends.lax_record import comment, debug_print, is_array, note_span, room_of
from srcad.backends.lax_results import OVERFLOW
from srcad.backends.lax_specs import conform, joined, skeleton, spec, staged
from srcad.backends.lax_values import (
    UNBOUND,
    Masked,
    Maybe,
    Mismatch,
    Tape,
    Window,
    arrays_in,
    is_numeric,
    map_arrays,
    named,
    with_arrays,
)
from srcad.errors import Problem, Span, Unsupported
from srcad.ir.calls import PACK, CallOp, FuncRef, UnpackOp
from srcad.ir.core import Block, Func, If, Let, Lit, Loop, Stmt, Undef, Var
from srcad.ir.walk import every
from srcad.rules.contexts import ENTER, LEAVE

# Operations that are elementwise though NumPy has no ufunc of the name.
_ELEMENTWISE = frozenset({"np.where", "np.clip", "np.round", "np.real", "np.imag", "quotient", "power_slope",
                          "power_log", "power_log_slope"})
_DIVISIONS = frozenset({np.true_divide, np.floor_divide, np.remainder})
# Arguments that say how NumPy allocates; XLA decides that itself.
_BY_INDEX = frozenset({"getitem", "set_at", "index_add"})
# How deep a function may call itself, and how often in all.
_DEEPEST, _MOST_REPEATS = 32, 500
_ALLOCATION = frozenset({"order", "subok", "casting", "like", "device", "copy", "optimize"})


def refuse(span: Span | None, what: str, reason: str = "", hint: str = "") -> Unsupported:
    return Unsupported(Problem(span, what, reason, hint))


@dataclass(frozen=True, eq=False)
class Text:
    """A string that is not known yet: what `template.format(*values)` will be.  It can be printed."""

    template: str
    values: tuple[Any, ...]


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
        # Arguments that the program stores to, and what they hold at its end.
        self.written: dict[Var, Any] = {}

    def nested(self, needs: Any) -> Tracer:
        """A scope within this one."""
        inner = Tracer.__new__(Tracer)
        inner.env = dict(self.env)
        inner.sites, inner.capacities, inner.calls, inner.needs = self.sites, self.capacities, self.calls, needs
        inner.written, inner.integers, inner.repeats = {}, Integers(self.integers), self.repeats
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
            result = self.apply(let, values)
        except (Unsupported, Mismatch):
            raise
        except Exception as error:  # whatever JAX can't do with values that are not known yet
            raise refuse(let.span, f"{op.name} can't be compiled by XLA here", _first_line(error)) from error
        results = tuple(result) if op.outs > 1 else (result,)
        note_sum(self.integers, let)
        return tuple(_settled(r, v) for r, v in zip(results, let.outs, strict=True))

    def apply(self, let: Let, values: list[Any]) -> Any:
        op = let.op
        if op.name in ("is", "is not"):
            same = _is_same(*let.call(values)[0])
            return same if op.name == "is" else jnp.logical_not(same) if is_array(same) else not same
        if op.name in lax_sequences.FORMS and any(isinstance(v, list | Tape) for v in values):
            args, kwargs = let.call(values)
            self.check_place(op.name, args, let.call()[0])
            result = lax_sequences.FORMS[op.name](*args, **kwargs)
            if op.name in ("append", "concat"):
                self.report_overflow(args[0], result)
            if result is not NotImplemented:
                return result
        values = [v.value if isinstance(v, Maybe) else lax_sequences.plain(v) for v in values]
        if _is_static(let, values):
            args, kwargs = let.call(values)
            return op.function(*args, **kwargs)
        if op.name in _BY_INDEX and is_numeric(values[0]):
            return self.by_index(let, values)
        if op.name in ("str", "str.format"):
            template, shown = ("{}", values) if op.name == "str" else (let.call(values)[0][0], let.call(values)[0][1:])
            return Text(template, tuple(shown))
        if any(isinstance(v, Masked | lax_masks.PickedShape) for v in values):
            return self.on_masked(let, values)
        if any(isinstance(v, Window | lax_windows.WindowShape) for v in values):
            return self.on_window(let, values)
        if op.name in lax_windows.SHAPED and any(is_array(v) and room_of(v) is not None for v in values):
            args, kwargs = let.call(values)
            return lax_windows.SHAPED[op.name](self.fail, *args, **kwargs)
        function = lookup(op)
        if function is None:
            raise refuse(let.span, f"{op.name} can't be compiled by XLA", "JAX has no operation of that name")
        if _is_ufunc_call(let) and all(map(_computes, values)):
            return self.ufunc(let, function, values)
        args, kwargs = let.call(values)
        result = function(*args, **{k: v for k, v in kwargs.items() if k not in _ALLOCATION})
        if op.name.startswith("math.") and is_array(result) and result.dtype.kind == "f":
            # `math` raises where NumPy gives an infinity or NaN.
            finite = [jnp.isfinite(a) for a in args if is_array(a) and a.dtype.kind == "f"]
            self.fail(functools.reduce(operator.and_, finite, jnp.logical_not(jnp.isfinite(result))))
        return result

    def ufunc(self, let: Let, function: Any, values: list[Any]) -> Any:
        weakness = [weak(v, a.type) for v, a in zip(values, let.args, strict=True)]
        ufunc = ufunc_of(let.op)
        assert ufunc is not None
        result = apply_ufunc(ufunc, function, values, weakness)
        if ufunc is np.power and result.dtype.kind in "iu":
            self.fail_if_any(values[1] < 0)
        elif ufunc in _DIVISIONS and all(a.type.kind in ("number", "unknown") for a in let.args):
            # Python's numbers raise where NumPy's are infinite.
            self.fail_if_any(values[1] == 0)
        return result

    def fail_if_any(self, found: Any) -> None:
        self.fail(jnp.any(found) if is_array(found) and found.ndim else found)

    def on_masked(self, let: Let, values: list[Any]) -> Any:
        """An operation on what a mask picks."""
        special = lax_masks.SPECIAL.get(let.op.name)
        if special is not None:
            args, kwargs = let.call(values)
            return special(self.fail, *args, **kwargs)
        function = lookup(let.op)
        if function is None or not _is_ufunc_call(let):
            raise Mismatch("the length of what a mask picks is only known when the program runs")
        return lax_masks.elementwise(lambda whole: self.ufunc(let, function, whole), values, self.fail)

    def on_window(self, let: Let, values: list[Any]) -> Any:
        """An operation on what a slice of unknown length picks."""
        special = lax_windows.SPECIAL.get(let.op.name)
        if special is not None:
            args, kwargs = let.call(values)
            return special(self.fail, *args, **kwargs)
        function = lookup(let.op)
        if function is None or not (_is_ufunc_call(let) or let.op.name in _ELEMENTWISE):
            raise Mismatch("the length of a slice is only known when the program runs")
        if _is_ufunc_call(let):
            return lax_windows.elementwise(lambda whole: self.ufunc(let, function, whole), values, self.fail)
        return lax_windows.elementwise(lambda whole: function(*let.call(whole)[0]), values, self.fail)

    def by_index(self, let: Let, values: list[Any]) -> Any:
        """A load `(x, index)`, a store `(x, index, value)`, an accumulation `(buffer, g, index)`."""
        args, atoms = let.call(values)[0], let.call()[0]
        x, at = jnp.asarray(args[0]), 2 if let.op.name == "index_add" else 1
        if lax_masks.is_mask(args[at]):
            if let.op.name == "getitem":
                return lax_masks.pick(x, args[at])
            change = lax_masks.store if let.op.name == "set_at" else lax_masks.accumulate
            return change(x, args[at], args[3 - at], self.fail)
        place = place_of(x.shape, args[at], atoms[at], self.integers, self.fail)
        if place.bounded or any(isinstance(a, Window) for a in args[1:]):
            if let.op.name == "getitem":
                return lax_windows.load_window(x, place)
            if let.op.name == "set_at":
                return lax_windows.store_window(x, place, args[2], self.fail)
            return lax_windows.accumulate_window(x, place, args[1], self.fail)
        if let.op.name == "getitem":
            return load(x, place)
        return store(x, place, args[2]) if let.op.name == "set_at" else accumulate(x, place, args[1])

    def fail(self, when: Any) -> None:
        """The program raises an exception here, if `when`."""
        if not is_array(when) and not when:
            return
        flag, *known = truth(when), *(v for v in self.needs[-1:] if v is not UNBOUND)
        flag = jnp.logical_or(known[0], flag) if known else flag
        self.needs = (*self.needs[:-1], _called(flag, "failed"))

    def check_place(self, name: str, args: tuple[Any, ...], atoms: tuple[Any, ...]) -> None:
        """An index into a list must be one of its items', and a list that is popped has one."""
        place = {"item": 1, "getitem": 1, "set_item": 1, "add_at": 2}.get(name)
        xs = args[0]
        count = lax_sequences.length(xs) if isinstance(xs, list | tuple | Tape) else None
        if name == "pop" and is_array(count):
            self.fail(count == 0)
        elif place is not None and count is not None and (is_array(args[place]) or is_array(count)):
            self.fail(out_of_range(args[place], count, atoms[place], self.integers))

    def require(self, site: int, capacity: Any) -> None:
        """The buffers of this loop must hold that much."""
        known = self.needs[site]
        need = capacity if known is UNBOUND else jnp.maximum(known, capacity)
        self.needs = (*self.needs[:site], need, *self.needs[site + 1:])

    def report_overflow(self, before: Any, after: Any) -> None:
        """Ask for a larger buffer if this list is longer after it grew than there is room."""
        if not isinstance(before, Tape) or before.exact or after.capacity > before.capacity:
            return
        if before.site < 0:
            raise Mismatch("a list of unknown length grows")
        self.require(before.site, jnp.where(after.count > before.capacity, jnp.asarray(OVERFLOW), 0))

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
            comment(str(let.form.args[0]))
            return ()
        if let.op in (ENTER, LEAVE):  # compiled code warns of nothing
            return (None,)
        if let.op.function is np.copyto and isinstance(let.args[0], Var):
            self.written[let.args[0]] = values[1]
            return (None,) * len(let.outs)
        if let.op.name in ("raise", "assert"):
            self.fail(True if let.op.name == "raise" else jnp.logical_not(truth(values[0])))
            return (None,) * len(let.outs)
        if let.op.function is not print:
            raise refuse(let.span, f"`{let.op.name}` can't be compiled by XLA", "it is an effect of Python")
        args, kwargs = let.call(values)
        if not set(kwargs) <= {"sep", "end"} or kwargs.get("end", "\n") != "\n":
            raise refuse(let.span, "this `print` can't be compiled by XLA", "it does not print a line to the screen")
        shown = [a if isinstance(a, Text) else Text("{}", (a,)) for a in args]
        debug_print(kwargs.get("sep", " ").join(t.template for t in shown), *(v for t in shown for v in t.values))
        return (None,) * len(let.outs)

    # --- branches

    def branch(self, stmt: If) -> None:
        if stmt.catches:
            raise refuse(stmt.span, "a `try` can't be compiled by XLA", "compiled code raises no exceptions")
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


def _is_same(a: Any, b: Any) -> Any:
    if b is None:
        a, b = b, a
    if isinstance(b, Maybe):
        return jnp.logical_not(b.present) if a is None else False
    return a is b


def _is_ufunc_call(let: Let) -> bool:
    """Is this a call of a ufunc with its arguments and nothing else?"""
    ufunc = ufunc_of(let.op)
    return ufunc is not None and not let.form.kwargs and len(let.args) == ufunc.nin and ufunc.signature is None


def _computes(value: Any) -> bool:
    return is_numeric(value) or isinstance(value, list)


def _is_static(let: Let, values: list[Any]) -> bool:
    """Is this known now, and small?"""
    small = all(v.type.kind != "array" for v in let.outs)
    return small and not any(_has_array(v) for v in values)


_NOT_STATIC = (Tape, Maybe, Masked, Window, lax_masks.PickedShape, lax_windows.WindowShape, np.ndarray)


def _has_array(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_has_array, value))
    return is_array(value) or isinstance(value, _NOT_STATIC)


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

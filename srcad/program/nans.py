"""`srcad.debug_nans()`: from a NaN in a result back to the line that made it.

A program is interpreted, statement by statement, and for every NaN it is known where it was born: by an operation whose
operands had none.  What comes of it has the same birth.  So a NaN that an `np.where` or a later store hides again does
no harm, and the error names the one that reached the result.  In XLA the compiled program runs, and is interpreted only
if its result has a NaN.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.errors import NanError, Problem
from srcad.frontend.lower import Lowered
from srcad.ir import Func, Let, Lit
from srcad.ir.interpret import Env, interpret_in
from srcad.program.lowering import Split
from srcad.program.programs import Program, Tangent
from srcad.program.signature import leaves_of, objects_of, tree_of
from srcad.program.ways import Way

Run = Callable[..., Any]


@dataclass(frozen=True)
class Birth:
    """Where a NaN was born: the operation, its operands and its result."""

    let: Let
    derivative: bool
    values: Sequence[Any]
    result: Any

    def problem(self, name: str, derivative: bool) -> Problem:
        of = "the derivative of " if derivative or self.derivative else ""
        return Problem(self.let.span, f"NaN in {of}{name}", self._reason())

    def _reason(self) -> str:
        k = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(np.isnan(self.result))))
        index = k if np.ndim(self.result) else ()
        at = f" at [{', '.join(map(str, index))}]" if index else ""
        operands = ", ".join(filter(None, (_operand(v, index, np.shape(self.result)) for v in self.values)))
        return f"`{self.let.op.name}` gives it{at}" + (f" of {operands}" if operands else "")


def _operand(value: Any, index: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """What an operation was given for an element of its result."""
    if not isinstance(value, np.ndarray | np.generic | bool | int | float | complex):
        return ""
    array = np.asarray(value)
    if array.ndim == 0 or array.shape == shape:
        return str(array[index] if array.ndim else array[()])
    worst = [str(v) for v in (np.inf, -np.inf) if np.any(array == v)]
    return f"an array with {' and '.join(worst)}" if worst else f"an array of shape {array.shape}"


class Watch(Env):
    """The variables of a program that is watched; `births` are those of NaNs, by value, None for those of arguments."""

    def __init__(self, derivative: bool, births: dict[int, tuple[Any, Birth | None]] | None = None) -> None:
        super().__init__()
        self.derivative = derivative
        self.births = {} if births is None else births  # the values live as long, so that there is one of each id

    def inner(self) -> Watch:
        return Watch(self.derivative, self.births)

    def run(self, func: Func, given: Sequence[Any]) -> Any:
        for leaf in leaves_of(list(given)):
            if has_nan(leaf):
                self.births.setdefault(id(leaf), (leaf, None))
        return interpret_in(self, func, given)

    def called(self, let: Let, values: Sequence[Any], results: Sequence[Any]) -> None:
        if let.op.name == "comment":
            self.derivative |= str(let.form.args[0]).startswith("reverse")
        for result in results:
            if has_nan(result) and id(result) not in self.births:
                self.births[id(result)] = result, self._birth(let, values, result)

    def _birth(self, let: Let, values: Sequence[Any], result: Any) -> Birth | None:
        computed = [v for a, v in zip(let.args, values, strict=True) if not isinstance(a, Lit)]
        sick = [leaf for leaf in leaves_of(computed) if has_nan(leaf)]
        known = [self.births[id(leaf)][1] for leaf in sick if id(leaf) in self.births]
        if not sick:
            return Birth(let, self.derivative, values, result)
        return next(filter(None, known), None)

    def check(self, name: str, result: Any, derivative: bool = False) -> None:
        """Raise, if there is a NaN in the result that was born here; is the result a derivative?"""
        for leaf in leaves_of(result):
            birth = self.births.get(id(leaf), (None, None))[1]
            if birth is not None and has_nan(leaf):
                name = name.removesuffix("_adjoint").removesuffix("_tangent")
                raise NanError(birth.problem(name, derivative))


def has_nan(value: Any) -> bool:
    """Is this a number or an array with a NaN?"""
    if type(value) is float:
        return value != value
    kind = getattr(getattr(value, "dtype", None), "kind", "c" if isinstance(value, complex) else "")
    if kind not in ("f", "c") or isinstance(value, type) or _is_traced(value):
        return False
    return bool(np.isnan(np.asarray(value)).any())


def _is_traced(value: Any) -> bool:
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.core.Tracer)


def watched_functions(program: Program, lowered: Lowered, functions: tuple[Run, ...], way: Way) -> tuple[Run, ...]:
    """What runs a program, and its companions, as functions that look for NaNs."""
    run, *companions = functions
    if isinstance(lowered, Split) and companions:
        halves = WatchedHalves(lowered, run, companions[0])
        return (halves.forward_in_xla, halves.back_in_xla) if way.backend == "xla" else (halves.forward, halves.back)
    whole = Watched(lowered.func, isinstance(program, Tangent), run)
    return (whole.in_xla if way.backend == "xla" else whole.interpreted, *companions)


@dataclass(frozen=True)
class Watched:
    """A program; `tangent`: its result is a value and its derivative."""

    func: Func
    tangent: bool
    run: Run

    def interpreted(self, *given: Any) -> Any:
        watch = Watch(derivative=False)
        result = watch.run(self.func, given)
        if self.tangent:
            watch.check(self.func.name, result[0])
            watch.check(self.func.name, result[1], derivative=True)
        else:
            watch.check(self.func.name, result)
        return result

    def in_xla(self, *given: Any) -> Any:
        before = in_numpy(given)
        result = self.run(*given)
        if any_nan(result):
            _explained(self.func.name, lambda: self.interpreted(*before))
        return result


def _explained(name: str, again: Callable[[], Any]) -> None:
    """XLA gave a NaN: run it again by the interpreter, which raises where it finds one.  What it prints was printed."""
    with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        result = again()
    if not any_nan(result):
        raise NanError(Problem(None, f"NaN in {name}", "XLA gives it, and NumPy does not"))


def any_nan(result: Any) -> bool:
    return any(map(has_nan, leaves_of(result)))


def in_numpy(given: Iterable[Any]) -> tuple[Any, ...]:
    """Copies, with arrays of NumPy for those of JAX."""
    def leaf(v: Any) -> Any:
        return np.array(v) if hasattr(v, "__array__") and hasattr(v, "dtype") and not _is_traced(v) else v

    return tuple(objects_of(tree_of(v, leaf)) for v in given)


class WatchedHalves:
    """The forward half of a program and its way back, watched; residuals bring what is needed to know of the first in
    the second."""

    def __init__(self, lowered: Split, run: Run, back: Run) -> None:
        assert lowered.halves is not None
        self.func, self.halves, self.in_xla, self.back_xla = lowered.func, lowered.halves, run, back
        self.name = lowered.whole.name if lowered.whole is not None else lowered.func.name

    def forward(self, *given: Any) -> Any:
        watch = Watch(derivative=False)
        value, residuals = watch.run(self.func, given)
        watch.check(self.name, value)
        return value, (residuals, watch.births)

    def back(self, *given: Any) -> Any:
        return self._back(*self._taken_out(given, {}))

    def _back(self, births: Any, given: tuple[Any, ...]) -> Any:
        watch = Watch(True, births)
        result = watch.run(self.halves.reverse.known, given)
        watch.check(self.name, result)
        return result

    def _taken_out(self, given: tuple[Any, ...], otherwise: Any) -> tuple[Any, tuple[Any, ...]]:
        """What came with the residuals, and the arguments of the way back without it."""
        if not self.halves.residuals:
            return otherwise, given
        k = len(self.halves.reads)
        residuals, brought = given[k]
        return brought, (*given[:k], residuals, *given[k + 1:])

    def forward_in_xla(self, *given: Any) -> Any:
        value, residuals = self.in_xla(*given)
        if any_nan(value):
            _explained(self.name, lambda: self.forward(*in_numpy(given))[0])
        return value, (residuals, given)

    def back_in_xla(self, *given: Any) -> Any:
        primals, given = self._taken_out(given, ())
        result = self.back_xla(*given)
        if any_nan(result):
            _explained(self.name, lambda: self._again(primals, in_numpy(given)))
        return result

    def _again(self, primals: tuple[Any, ...], given: tuple[Any, ...]) -> Any:
        if not self.halves.residuals:
            return self._back({}, given)
        _, residuals = self.forward(*in_numpy(primals))
        k = len(self.halves.reads)
        return self.back(*given[:k], residuals, *given[k + 1:])

"""JAX's own differentiation as a referee, in two ways.

`Lowered` differentiates the core program of the primal, as it is compiled for XLA: our derivative and JAX's start from
the same program.  `Rewritten` differentiates the user's own text with `np` meaning `jax.numpy`: nothing of srcad is
involved; it runs eagerly, so branches and loops on values work, but stores into arrays don't.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from srcad.backends.lax import traced
from srcad.checks.arguments import Leaves, Subject, floats_of, same_surroundings
from srcad.errors import SrcadError, Unsupported
from srcad.frontend.capture import capture
from srcad.ir import Func, leaves
from srcad.ir.core import Var
from srcad.program.derivatives import program_of
from srcad.program.programs import shared
from srcad.program.runner import runner_of, values_of
from srcad.program.signature import given_to, leaves_of
from srcad.program.ways import NUMPY
from srcad.runtime import trees


class NotRun(Exception):
    """JAX can't run this function; the message says why."""


# What JAX often says, in fewer words.
_KNOWN = {"Reverse-mode differentiation does not work for lax.while_loop":
              "JAX walks no loop of unknown length backwards, only forwards",
          "JAX arrays are immutable": "JAX changes no array in place"}


def _jax() -> Any:
    return importlib.import_module("srcad.backends.lax_ops")


class Referee:
    """`outputs(values)`: the function in JAX; derivatives of it by JAX."""

    oracle = "JAX"

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def outputs(self, values: Leaves) -> Leaves:
        raise NotImplementedError

    def require_value(self, outputs: Leaves) -> None:
        """A referee that computes another value judges another function."""

    def pullback(self, cotangents: Leaves) -> Leaves:
        """The cotangents of the free places."""
        ops = _jax()

        def run() -> Leaves:
            outputs, pull = ops.vjp(lambda *v: self.outputs(list(v)), *_arrays(self.subject.values))
            self.require_value(outputs)
            given = [np.asarray(c).astype(y.dtype).reshape(y.shape) for c, y in zip(cotangents, outputs, strict=True)]
            return [np.asarray(g) for g in pull(given)]

        return self._run(run)

    def tangents(self, direction: Leaves) -> Leaves:
        """The derivative along `direction`."""
        ops = _jax()

        def run() -> Leaves:
            moved = ops.jvp(lambda *v: self.outputs(list(v)), _arrays(self.subject.values), _arrays(direction))
            self.require_value(moved[0])
            return [np.asarray(t) for t in moved[1]]

        return self._run(run)

    def _run(self, run: Callable[[], Leaves]) -> Leaves:
        with _jax().x64(True), same_surroundings():
            try:
                return run()
            except Unsupported as refusal:
                problem = refusal.problems[0]
                raise NotRun(": ".join(filter(None, (problem.what, problem.reason)))) from refusal
            except Exception as error:  # JAX has many ways to say that it can't
                text = str(error).strip().partition("\n")[0]
                known = (said for start, said in _KNOWN.items() if text.startswith(start))
                raise NotRun(next(known, text) or type(error).__name__) from error


def _arrays(values: Leaves) -> tuple[Any, ...]:
    return tuple(np.asarray(v) for v in values)


def _tries(f: Any) -> bool:
    """Is there a `try`, or a `with` that is one, in the text of a function?"""
    try:
        return any(isinstance(n, gast.Try) or getattr(n, "attr", "") == "suppress" for n in gast.walk(capture(f).tree))
    except SrcadError:
        return False


class Rewritten(Referee):
    """The user's function with `np` meaning `jax.numpy`."""

    oracle = "JAX on the source"

    def outputs(self, values: Leaves) -> Leaves:
        ops = _jax()
        if _tries(self.subject.f):
            raise NotRun("JAX raises no exceptions, and a `try` asks for them")
        function = ops.under_jax(self.subject.f)
        if function is None:
            raise NotRun("not a Python function")
        given = list(self.subject.leaves)
        for place, value in zip(self.subject.places, values, strict=True):
            given[place.index] = value
        result = function(*trees.unflatten(self.subject.structure, given))
        return [y for y in trees.leaves(result) if ops.is_array(y) and y.dtype.kind in "fc" or floats_of(y)]


    def require_value(self, outputs: Leaves) -> None:
        """Where the text changes an array in place, JAX binds the name anew, and other names keep the old one."""
        expected = self.subject.outputs(self.subject.values)
        same = len(outputs) == len(expected) and all(
            np.shape(y) == np.shape(e) and np.allclose(y, e, rtol=1e-3, atol=1e-5, equal_nan=True)
            for y, e in zip(outputs, expected, strict=True))
        if not same:
            raise NotRun("JAX gives another value: it does not change arrays in place")


class Lowered(Referee):
    """The core program of the primal, in the trace of JAX."""

    oracle = "JAX on the program"

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        program = program_of(subject.f)
        args = subject.arguments(subject.values)
        values = values_of(program, args, {})
        variant = runner_of(shared(program), NUMPY).variants.find(values)
        self.func: Func = variant.func
        self.inputs = _inputs(self.func, variant.inputs(values))
        self.free = _positions(self.func, subject, len(program.primal.bound))

    def outputs(self, values: Leaves) -> Leaves:
        given = list(self.inputs)
        for k, value in zip(self.free, values, strict=True):
            given[k] = value
        outputs = traced(self.func, given)
        ops = _jax()
        return [y for y in outputs if ops.is_array(y) and y.dtype.kind in "fc" or floats_of(y)]


def _inputs(func: Func, args: tuple[Any, ...]) -> list[Any]:
    """The values of the program's inputs; the last params (the seed of an adjoint) have defaults."""
    given = (*args, *(p.default for p in func.params[len(args):]))
    return [leaf for p, arg in zip(func.params, given, strict=True) for leaf in given_to(p.tree, arg)]


def _positions(func: Func, subject: Subject, skip: int) -> list[int]:
    """Which inputs of the program the free places are."""
    order = {v: k for k, v in enumerate(func.inputs)}
    numbered = trees.unflatten(subject.structure, range(len(subject.leaves)))
    found = {leaf: order[var] for p, arg in zip(func.params[skip:], numbered, strict=False)
             for var, leaf in zip(leaves(p.tree), leaves_of(arg), strict=True) if isinstance(var, Var)}
    return [found[p.index] for p in subject.places]

"""Core programs compiled by XLA.

    run = compiled(func)
    run(0.7, np.arange(3.0))        the outputs of `func`, computed by one XLA program

What a program computes with NumPy it computes here in the same types: float64 stays float64, under a setting that
holds for the call only.  Arguments that are Python numbers are dynamic, so a new step count does not compile again;
only where a shape or an axis depends on an int is the program compiled for its value.

A loop whose number of trips is not known writes its rows into a buffer of some capacity.  The program reports what it
would have needed, and if that was more it is run again with a larger buffer, which is remembered.  In the same way it
reports that it came to a `raise`: then it is interpreted, which raises the exception.

jax is imported by the first call and not before.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.backends.lax_results import Held, given_back
from srcad.errors import Unsupported
from srcad.ir.core import Func, Param
from srcad.ir.interpret import interpret

FIRST_CAPACITY = 64
_GROWTH = 4
_MOST_VARIANTS = 16


class _Static(Exception):
    """The program needs the values of its ints."""


def compiled(func: Func) -> Compiled:
    """What runs `func` under `jax.jit`: takes the values of `func.inputs`, gives those of `func.outputs`."""
    return Compiled(func)


class Compiled:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.parts = _modules()
        self.sites = self.parts.trace.sites_of(func)
        # The last is for exceptions: none is expected.
        self.capacities = (*[FIRST_CAPACITY] * len(self.sites.loops), 0)
        self.by_value = False
        self._jitted: dict[Any, Any] = {}

    def __call__(self, *inputs: Any) -> list[Any]:
        with self.parts.ops.x64(True):
            while True:
                outputs, needs = self._run(inputs)
                if needs[-1]:
                    break
                larger = grown(self.capacities, needs)
                if larger == self.capacities:
                    return self._finished(inputs, outputs)
                self._refuse_effects()
                self.capacities = larger
        return self._interpreted(inputs)

    def _finished(self, inputs: Sequence[Any], outputs: list[Any]) -> list[Any]:
        results, written = outputs
        given = [given_back(v, a) for v, a in zip(results, self.func.outputs, strict=True)]
        for array, value in zip(inputs, written, strict=True):
            if isinstance(array, np.ndarray) and value is not None:
                np.copyto(array, np.asarray(value))
        return given

    def _interpreted(self, inputs: Sequence[Any]) -> list[Any]:
        """Run the program without XLA, which raises what it has to raise."""
        if any(isinstance(v, Held) for v in inputs):
            raise self.parts.trace.refuse(self.func.span, f"{self.func.name} raises an exception in XLA")
        flat = replace(self.func, params=tuple(Param(f"input{k}", v) for k, v in enumerate(self.func.inputs)),
                       result=self.func.outputs)
        # What it prints was printed.
        with contextlib.redirect_stdout(io.StringIO() if self.sites.prints else sys.stdout):
            return list(interpret(flat, *inputs))

    @property
    def variants(self) -> int:
        """How many XLA programs were made."""
        return sum(f._cache_size() for f, _ in self._jitted.values())

    def lowered(self, *inputs: Any) -> Any:
        """The program for inputs like these, as `jax.jit(…).lower(…)` gives it."""
        with self.parts.ops.x64(True):
            arrays, structure = self._split(inputs)
            return self._function(structure)[0].lower(*arrays)

    def _run(self, inputs: Sequence[Any]) -> tuple[list[Any], Any]:
        arrays, structure = self._split(inputs)
        try:
            flat, needs = self._function(structure)[0](*arrays)
        except Unsupported:
            if self.by_value or not any(isinstance(v, int) for v in inputs):
                raise
            self.by_value = True
            return self._run(inputs)
        shape = self._function(structure)[1][_shapes(arrays)]
        return self.parts.values.with_arrays(shape, flat), np.asarray(needs)

    def _split(self, inputs: Sequence[Any]) -> tuple[list[Any], Any]:
        """The arrays among the inputs, and the rest: what the program is compiled for."""
        arrays: list[Any] = []
        return arrays, tuple(self._part(v, arrays) for v in inputs)

    def _part(self, value: Any, arrays: list[Any]) -> Any:
        if isinstance(value, list | tuple):
            return type(value), tuple(self._part(v, arrays) for v in value)
        if isinstance(value, int) and self.by_value:
            return Constant, type(value), value
        if isinstance(value, Held):
            arrays.extend(self.parts.values.arrays_in(value.value))
            return Held, self.parts.specs.spec(value.value)
        if self.parts.values.is_numeric(value):
            arrays.append(value if not isinstance(value, bool | int | float | complex) else np.asarray(value)[()])
            return None
        return Constant, type(value), value

    def _key(self, structure: Any) -> Any:
        try:
            hash(structure)
        except TypeError:
            raise self.parts.trace.refuse(self.func.span, f"{self.func.name} can't be compiled by XLA",
                                          "an argument is neither a number nor an array") from None
        return structure, self.capacities

    def _function(self, structure: Any) -> tuple[Any, dict[Any, Any]]:
        key = self._key(structure)
        if key not in self._jitted:
            if len(self._jitted) >= _MOST_VARIANTS:
                self._jitted.pop(next(iter(self._jitted)))
            results: dict[Any, Any] = {}
            self._jitted[key] = (self.parts.ops.jit(self._traced(structure, results)), results)
        return self._jitted[key]

    def _traced(self, structure: Any, results: dict[Any, Any]) -> Callable[..., Any]:
        """The program over arrays; what it returns for arrays of some shapes is entered in `results`."""
        capacities = self.capacities

        def run(*arrays: Any) -> Any:
            source = iter(arrays)
            inputs = [_joined(part, source) for part in structure]
            tracer = run_traced(self.func, inputs, self.sites, capacities)
            written = [tracer.written.get(v) for v in self.func.inputs]
            values = self.parts.specs.as_arrays((outputs_of(tracer, self.func), written))
            results[_shapes(arrays)] = self.parts.values.map_arrays(self.parts.ops.abstract, values)
            return self.parts.values.arrays_in(values), tracer.needs

        run.__name__ = self.func.name if self.func.name.isidentifier() else "program"
        return run

    def _refuse_effects(self) -> None:
        if self.sites.prints:
            raise self.parts.trace.refuse(self.func.span, f"{self.func.name} can't be compiled by XLA, as it prints",
                                          "a loop of unknown length has to be run twice")


class Constant:
    """Marks, in the structure of a call, what is part of the program."""


class _Modules:
    """The parts of this backend that import jax."""

    def __init__(self) -> None:
        self.ops, self.values, self.specs, self.trace = (
            importlib.import_module(f"srcad.backends.lax_{name}") for name in ("ops", "values", "specs", "trace"))


def _modules() -> Any:
    return _Modules()


def _joined(part: Any, source: Any) -> Any:
    if part is None:
        return next(source)
    if part[0] is Constant:
        return part[2]
    if part[0] is Held:
        parts = _modules()
        return parts.values.with_arrays(parts.specs.skeleton(part[1]), source)
    return part[0](_joined(p, source) for p in part[1])


def traced(func: Func, inputs: Sequence[Any]) -> list[Any]:
    """The outputs of `func` on values of JAX, within a trace of JAX or at once."""
    return outputs_of(run_traced(func, inputs), func)


def run_traced(func: Func, inputs: Sequence[Any], sites: Any = None, capacities: Any = None) -> Any:
    """The tracer after it went through `func`."""
    parts = _modules()
    sites = parts.trace.sites_of(func) if sites is None else sites
    capacities = (*[FIRST_CAPACITY] * len(sites.loops), 0) if capacities is None else capacities
    tracer = parts.trace.Tracer(sites, capacities)
    tracer.env = dict(zip(func.inputs, inputs, strict=True))
    tracer.block(func.body)
    return tracer


def outputs_of(tracer: Any, func: Func) -> list[Any]:
    outputs: list[Any] = tracer.values(func.outputs)
    if any(v is _modules().values.UNBOUND for v in outputs):
        tracer.fail(True)
    return outputs


def _shapes(arrays: Sequence[Any]) -> tuple[Any, ...]:
    return tuple((np.shape(a), str(np.asarray(a).dtype if not hasattr(a, "dtype") else a.dtype)) for a in arrays)


def grown(capacities: tuple[int, ...], needs: Any) -> tuple[int, ...]:
    """Capacities that hold `needs`."""
    return (*(_grown(c, int(n)) for c, n in zip(capacities[:-1], needs[:-1], strict=True)), 0)


def _grown(capacity: int, need: int) -> int:
    if need > 1 << 39:
        # A list that outgrew its buffer can't tell by how much.
        return capacity * _GROWTH
    while capacity < need:
        capacity *= _GROWTH
    return capacity

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

import copy
import functools
import importlib
import operator
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srcad.backends import lax_ready
from srcad.backends.emit import Source
from srcad.backends.lax_disk import on_disk
from srcad.backends.lax_raising import raised
from srcad.backends.lax_results import OVERFLOW, Held, given_back, left_there
from srcad.backends.load import load
from srcad.backends.params import arguments
from srcad.errors import Unsupported
from srcad.ir.core import Func, Var

FIRST_CAPACITY = 64
_GROWTH = 4
_MOST_VARIANTS = 16


class Unprepared(Exception):
    """No program is compiled yet for such arguments, and none is compiled on demand."""


def compiled(func: Func, on_demand: bool = True) -> Compiled:
    """What runs `func` under `jax.jit`: takes the values of `func.inputs`, gives those of `func.outputs`.  Unless it is
    compiled `on_demand`, a call raises `Unprepared` where `prepare` has to be called first."""
    return Compiled(func, on_demand)


@dataclass(frozen=True)
class Made:
    """A program for arrays of some shapes: its source, what it is when loaded, and what its results mean."""

    source: Source
    function: Callable[..., Any]
    jitted: Any
    params: list[tuple[str, Any]]
    inputs: list[Any]
    shape: Any
    executables: list[Any] = field(default_factory=list)  # compiled before the first call, for arrays of NumPy

    @property
    def run(self) -> Any:
        """What is called with arrays of NumPy."""
        return self.executables[0] if self.executables else self.jitted

    @functools.cached_property
    def parts(self) -> list[list[tuple[Any, int, int]]]:
        """What the outputs, the written arguments and the needs are, and which of the results are theirs."""
        place, found = 0, []
        for group in self.shape:
            parts = []
            for part in group:
                count = len(_modules().values.arrays_in(part))
                parts.append((part, place, place + count))
                place += count
            found.append(parts)
        return found

    def values(self, results: Any) -> list[list[Any]]:
        """Outputs, written arguments and needs from what the function returned."""
        flat = results if type(results) is tuple else [] if results is None else [results]
        value, with_arrays = _modules().record.Value, _modules().values.with_arrays
        return [[flat[a] if type(part) is value else part if a == b else with_arrays(part, flat[a:b])
                 for part, a, b in parts] for parts in self.parts]


class Compiled:
    def __init__(self, func: Func, on_demand: bool = True) -> None:
        self.func, self.on_demand = func, on_demand
        self.parts = _modules()
        self.sites = self.parts.trace.sites_of(func)
        # The last is for exceptions: none is expected.
        self.capacities = (*[FIRST_CAPACITY] * len(self.sites.loops), 0)
        self.by_value = False
        self.made: dict[Any, Made] = {}
        self.ready: dict[Any, lax_ready.Ready] = {}

    def __call__(self, *inputs: Any) -> list[Any]:
        kind = self._kind(inputs)
        ready = self.ready.get(kind)
        if ready is not None:
            with self.parts.ops.x64(True):
                outputs = ready(inputs)
            if outputs is not None:
                return outputs
        return self._looked_up(inputs, kind)

    def _kind(self, inputs: Sequence[Any]) -> Any:
        """Of arguments, what finds the program that serves them; None if that takes a longer look."""
        try:
            return tuple([lax_ready.kind_of(v, self.by_value) for v in inputs])
        except lax_ready.Unready:
            return None

    def _looked_up(self, inputs: Sequence[Any], kind: Any) -> list[Any]:
        """A call whose program is found or made."""
        given = [a for v in inputs for a in _arrays_of(v) if self.parts.ops.is_array(a)]
        if any(isinstance(a, self.parts.ops.Tracer) for a in given):
            return self.within_a_trace(inputs)
        with self.parts.ops.x64(True):
            while True:
                outputs, written, needs = self._run(inputs, bool(given))
                if needs[-1]:
                    break
                larger = grown(self.capacities, needs)
                if larger == self.capacities:
                    if kind is not None:
                        self._note_ready(inputs, written, bool(given))
                    return self._finished(inputs, outputs, written, left_there if given else given_back)
                self._refuse_effects()
                self.capacities = larger
        return self._interpreted(inputs)

    def within_a_trace(self, inputs: Sequence[Any]) -> list[Any]:
        """A call in a function that JAX itself compiles or maps: what fails can't be repeated, and gives NaN.  Where
        the user's setting has 32 bits only, what has 64 is made of 32, as JAX does."""
        with self.parts.ops.x64(True):
            made, arrays = self.program(inputs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            outputs, written, needs = made.values(made.jitted(*arrays))
            if any(w is not None for w in written):
                raise self.parts.trace.refuse(self.func.span, f"{self.func.name} stores into its argument")
            room = zip(needs, (*self.capacities[:-1], 0), strict=True)
            failures = [need > most for need, most in room if need is not self.parts.values.UNBOUND]
            if failures and any(a.dtype.kind not in "fc" for a in self.parts.values.arrays_in(outputs)):
                raise self.parts.trace.refuse(self.func.span, f"{self.func.name} can't run within a trace of JAX",
                                              "it may fail, and gives integers, which can't show it")
            if failures:
                failed = functools.reduce(operator.or_, failures)
                outputs = self.parts.values.map_arrays(lambda a: self.parts.ops.spoilt(a, failed), outputs)
        return [left_there(v, a) for v, a in zip(outputs, self.func.outputs, strict=True)]

    def _note_ready(self, inputs: Sequence[Any], written: list[Any], of_jax: bool) -> None:
        """Later calls like this one go the short way."""
        if self.sites.prints or any(w is not None for w in written):
            return  # a call that fails may not be repeated
        if len(self.ready) >= _MOST_VARIANTS:
            self.ready.clear()
        made, _ = self.program(inputs)
        self.ready[self._kind(inputs)] = lax_ready.Ready(
            made.jitted if of_jax else made.run, lax_ready.taken(inputs, self.by_value), self._gives(made, of_jax),
            self._rooms(made))

    def _gives(self, made: Made, of_jax: bool) -> tuple[tuple[int | slice, Callable[[Any], Any]], ...]:
        """How the outputs are had from the results."""
        found: list[tuple[int | slice, Callable[[Any], Any]]] = []
        finished, direct = (left_there, lax_ready.in_jax) if of_jax else (given_back, lax_ready.in_numpy)
        for (part, a, b), atom in zip(made.parts[0], self.func.outputs, strict=True):
            if type(part) is self.parts.record.Value:
                found.append((a, direct(part.shape, atom)))
            else:
                found.append((slice(a, b), functools.partial(self._whole, part, finished, atom)))
        return tuple(found)

    def _whole(self, part: Any, finished: Callable[[Any, Any], Any], atom: Any, arrays: Any) -> Any:
        return finished(self.parts.values.with_arrays(part, arrays), atom)

    def _rooms(self, made: Made) -> tuple[tuple[int, int], ...]:
        """The results that say what was needed, and how much there is."""
        rooms = zip(made.parts[2], (*self.capacities[:-1], 0), strict=True)
        return tuple((a, room) for (part, a, b), room in rooms if a < b)

    def _finished(self, inputs: Sequence[Any], outputs: list[Any], written: list[Any],
                  finished: Callable[..., Any]) -> list[Any]:
        given = [finished(v, a) for v, a in zip(outputs, self.func.outputs, strict=True)]
        for array, value in zip(inputs, written, strict=True):
            if isinstance(array, np.ndarray) and value is not None:
                np.copyto(array, np.asarray(value))
        return given

    def _interpreted(self, inputs: Sequence[Any]) -> list[Any]:
        """Run the program without XLA, which raises what it has to raise."""
        if any(isinstance(v, Held) for v in inputs):
            raise self.parts.trace.refuse(self.func.span, f"{self.func.name} raises an exception in XLA")
        return raised(self.func, inputs, self.sites.prints)

    @property
    def variants(self) -> int:
        """How many XLA programs were made."""
        return len(self.made)

    def lowered(self, *inputs: Any) -> Any:
        """The program for inputs like these, as `jax.jit(…).lower(…)` gives it."""
        with self.parts.ops.x64(True):
            made, arrays = self.program(inputs)
            return made.jitted.lower(*arrays)

    def prepare(self, *inputs: Any) -> None:
        """Compile the program for inputs like these: of arrays only shapes and types matter, and nothing is run."""
        with self.parts.ops.x64(True):
            made, arrays = self.program(inputs)
            if not made.executables:
                with on_disk():
                    made.executables.append(made.jitted.lower(*arrays).compile())

    def outlines(self, *inputs: Any) -> list[Any]:
        """The outputs for inputs like these with their shapes and types in place of arrays."""
        with self.parts.ops.x64(True):
            made, arrays = self.program(inputs)
            outputs = made.values(self.parts.ops.eval_shape(made.jitted, *arrays))[0]
        held = self.parts.values.arrays_in
        return [Held(v, of_jax=False) if isinstance(a, Var) and a.type.kind == "object" and held(v) else v
                for v, a in zip(outputs, self.func.outputs, strict=True)]

    def source(self, *inputs: Any) -> Source:
        """The source of the program for inputs like these."""
        with self.parts.ops.x64(True):
            return self.program(inputs)[0].source

    def stage(self, name: str, *inputs: Any) -> str:
        """The program for inputs like these as text: its source, jaxpr, StableHLO or what is run."""
        with self.parts.ops.x64(True):
            made, arrays = self.program(inputs)
            match name:
                case "source":
                    return made.source.text
                case "jaxpr":
                    return f"{self.parts.ops.make_jaxpr(made.function)(*arrays)}\n"
                case "stablehlo":
                    return str(made.jitted.lower(*arrays).as_text())
                case _:
                    return str(made.jitted.lower(*arrays).compile().as_text())

    def reserve(self, trips: int, *inputs: Any) -> None:
        """Make room for that many trips of loops of unknown length, and for what such a call needs."""
        if inputs and self.sites.loops:
            self(*copy.deepcopy(inputs))
        self.capacities = (*(max(c, trips) for c in self.capacities[:-1]), 0)

    def standalone(self, func: Func, stored: Sequence[Var], trips: int, *inputs: Any) -> str:
        """A module with this program and the function `func`, which runs it for inputs like these, with room for so
        many trips.  The last of the program's outputs are `stored` into arguments."""
        self.reserve(trips, *inputs)
        with self.parts.ops.x64(True):
            made, _ = self.program(inputs)
        try:
            text: str = self.parts.standalone.standalone_lax(func, made, self.capacities, list(stored))
        except self.parts.values.Mismatch as mismatch:
            raise self.parts.trace.refuse(self.func.span, f"{self.func.name} can't become a file of its own",
                                          str(mismatch)) from mismatch
        return text

    def _run(self, inputs: Sequence[Any], of_jax: bool) -> tuple[list[Any], list[Any], list[Any]]:
        made, arrays = self.program(inputs, self.on_demand)
        if not (self.on_demand or made.executables):
            raise Unprepared
        with on_disk():
            outputs, written, needs = made.values((made.jitted if of_jax else made.run)(*arrays))
        return outputs, written, [0 if n is self.parts.values.UNBOUND else int(n) for n in needs]

    def program(self, inputs: Sequence[Any], make: bool = True) -> tuple[Made, list[Any]]:
        """The program for inputs like these, and their arrays."""
        arrays, structure = self._split(inputs)
        key = self._key(structure), self.capacities, _shapes(arrays)
        if key not in self.made:
            if not make:
                raise Unprepared
            if len(self.made) >= _MOST_VARIANTS:
                self.made.pop(next(iter(self.made)))
            try:
                self.made[key] = self._make(structure, arrays)
            except Unsupported:
                if self.by_value or not any(isinstance(v, int) for v in inputs):
                    raise
                self.by_value = True
                return self.program(inputs)
        return self.made[key], arrays

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
        return structure

    def _make(self, structure: Any, arrays: Sequence[Any]) -> Made:
        """Record the program for arrays like these, print it and load it."""
        parts = self.parts
        with parts.record.recording() as block:
            given = [parts.record.Value(shape, dtype) for shape, dtype in _shapes(arrays)]
            source = iter(given)
            inputs = [_joined(part, source) for part in structure]
            tracer = parts.trace.Tracer(self.sites, self.capacities)
            tracer.env = dict(zip(self.func.inputs, inputs, strict=True))
            tracer.block(self.func.body)
            written = [tracer.written.get(v) for v in self.func.inputs]
            shape = parts.specs.as_arrays((outputs_of(tracer, self.func), written, tracer.needs))
        results = parts.values.arrays_in(shape)
        params = self._named(inputs)
        program = parts.text.Program(self._name(), params, block, results, self.func.doc)
        text = parts.text.lax_source(program)
        function = load(text.text, text.objects, text.name, text.spans)
        return Made(text, function, parts.ops.jit(function), params, inputs, shape)

    def _name(self) -> str:
        return self.func.name if self.func.name.isidentifier() else "program"

    def _named(self, inputs: Sequence[Any]) -> list[tuple[str, Any]]:
        """The program's parameters."""
        names = arguments(self.func, flat=True).names
        found: list[tuple[str, Any]] = []
        taken = set(names.values())
        for var, value in zip(self.func.inputs, inputs, strict=True):
            for k, array in enumerate(self.parts.values.arrays_in(value)):
                own = names[var]
                while k and own in taken:
                    own = f"{names[var]}{k + 1}"
                    k += 1
                taken.add(own)
                found.append((own, array))
        return found

    def _refuse_effects(self) -> None:
        if self.sites.prints:
            raise self.parts.trace.refuse(self.func.span, f"{self.func.name} can't be compiled by XLA, as it prints",
                                          "a loop of unknown length has to be run twice")

    def require_silent(self) -> None:
        if self.sites.prints:
            raise self.parts.trace.refuse(self.func.span, f"{self.func.name} can't be exported, as it prints")


def _arrays_of(value: Any) -> list[Any]:
    """What may be arrays of JAX in an input."""
    if isinstance(value, list | tuple):
        return [a for v in value for a in _arrays_of(v)]
    return _modules().values.arrays_in(value.value) if isinstance(value, Held) and value.of_jax else [value]


class Constant:
    """Marks, in the structure of a call, what is part of the program."""


class _Modules:
    """The parts of this backend that import jax."""

    def __init__(self) -> None:
        self.ops, self.values, self.specs, self.trace, self.record, self.text, self.standalone = (
            importlib.import_module(f"srcad.backends.lax_{name}")
            for name in ("ops", "values", "specs", "trace", "record", "text", "standalone"))


@functools.cache
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
    run = Compiled(func)
    # JAX differentiates a loop backwards only if it knows how long it is.
    run.by_value = True
    made, arrays = run.program(inputs)
    outputs: list[Any] = made.values(made.jitted(*arrays))[0]
    return outputs


def outputs_of(tracer: Any, func: Func) -> list[Any]:
    outputs: list[Any] = tracer.values(func.outputs)
    if any(v is _modules().values.UNBOUND for v in outputs):
        tracer.fail(True)
    return outputs


def _shapes(arrays: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([(a.shape, a.dtype) for a in arrays])


def grown(capacities: tuple[int, ...], needs: Sequence[Any]) -> tuple[int, ...]:
    """Capacities that hold `needs`."""
    return (*(_grown(c, int(n)) for c, n in zip(capacities[:-1], needs[:-1], strict=True)), 0)


def _grown(capacity: int, need: int) -> int:
    if need >= OVERFLOW:
        # A list that outgrew its buffer can't tell by how much.
        return capacity * _GROWTH
    while capacity < need:
        capacity *= _GROWTH
    return capacity

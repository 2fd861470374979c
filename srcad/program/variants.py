"""Variants: one compiled function for each signature that a program was called with."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcad.backends.emit import emit_program
from srcad.backends.load import load
from srcad.errors import ArgumentError, Unsupported
from srcad.frontend.lower import Lowered, NeedsValue
from srcad.frontend.memory import WRITE_BACK
from srcad.frontend.origins import GONE, Apart, Values
from srcad.ir import Func, Let
from srcad.ir.walk import every
from srcad.program.compiled import xla
from srcad.program.lowering import lower_program
from srcad.program.nans import watched_functions
from srcad.program.programs import Primal, Program
from srcad.program.replay import leaving_as_the_primal
from srcad.program.signature import (
    Describe,
    Path,
    exact_key,
    keys_of,
    pattern_of,
    specialised,
    unknown_arguments,
)
from srcad.program.ways import NUMPY, Way
from srcad.transforms.pipeline import optimised

LIMIT = 1024       # exact keys remembered
OUTSIDE = 64       # variants for one signature, which differ in what is outside
VALUES = 16        # values that one argument is specialised to, before its caller is told


@dataclass(eq=False)
class Variant:
    """A program for one signature: its core program, its text, and the function to call."""

    lowered: Lowered
    text: str
    run: Callable[..., Any]
    companions: tuple[Callable[..., Any], ...] = ()
    fresh: bool = False  # every array of the result is memory of its own
    pattern: Any = None

    def __post_init__(self) -> None:
        self.captures = tuple(c.read for c in self.lowered.captures)
        self.capture_keys: tuple[Any, ...] = ()
        self.parts = tuple(c.read for c in self.lowered.parts)
        self.part_keys: set[Any] = set()
        self.guards = self.lowered.guards
        self.checked = bool(self.captures or self.guards or self.parts)
        self.written = written(self.lowered.func)
        self.tiers: Any = None  # of a variant whose backend is decided while it is called

    @property
    def func(self) -> Func:
        return self.lowered.func

    @property
    def texts(self) -> list[str]:
        """What runs: for XLA a text for each group of shapes, once it is compiled."""
        sources: Callable[[], list[str]] | None = getattr(self.run, "sources", None)
        return sources and sources() or [self.text]

    def made_for(self, values: Values, pattern: Any) -> Variant:
        """Note what was read from outside when the variant was made; `pattern` is that of the arguments."""
        self.capture_keys = tuple(_kind(read(values)) for read in self.captures)
        self.pattern = pattern
        self.part_keys = {self._keys(values)}
        return self

    def holds(self, values: Values) -> bool:
        """Is what was read from outside still what the variant was made for?"""
        for g in self.guards:
            if not g.holds(values):
                return False
        try:
            for read, key in zip(self.captures, self.capture_keys, strict=True):
                if _kind(read(values)) != key:
                    return False
            return not self.parts or self._keys(values) in self.part_keys
        except GONE:
            return False

    def serves(self, values: Values, describe: Describe, trees: Any) -> bool:
        """`holds`, of other sizes perhaps; such are remembered."""
        if self.parts and all(g.holds(values) for g in self.guards):
            with suppress(*GONE):
                types = [describe.type_of(v) for v in self.read_parts(values)]
                if pattern_of((trees, types), {}) == self.pattern:
                    self.part_keys.add(self._keys(values))
        return self.holds(values)

    def read_parts(self, values: Values) -> list[Any]:
        """What the program reads of the objects in its arguments."""
        return [read(values) for read in self.parts]

    def _keys(self, values: Values) -> Any:
        return tuple(keys_of(self.read_parts(values)))

    def inputs(self, values: Values) -> tuple[Any, ...]:
        """All that the generated function is given: the arguments, and what it reads from outside."""
        return (*values, *[read(values) for read in self.captures])


def _kind(value: Any) -> Any:
    """What of a captured value a variant depends on: its type, dtype and which extents are 0 and 1."""
    if isinstance(value, np.ndarray):
        return (value.dtype, tuple(min(n, 2) for n in value.shape))
    return type(value)


def written(func: Func) -> tuple[int, ...]:
    """The inputs of a program whose arrays it changes, by number."""
    changed = {s.args[0] for s in every(func.body) if isinstance(s, Let) and s.op is WRITE_BACK}
    return tuple(k for k, v in enumerate(func.inputs) if v in changed)


class Variants:
    """The variants of one program, found by the arguments of a call.  Thread-safe: a variant is made once."""

    def __init__(self, program: Program, names: tuple[str, ...], way: Way = NUMPY) -> None:
        self.program, self.names, self.way = program, names, way
        self.by_key: dict[Any, list[Variant]] = {}
        self.by_pattern: dict[Any, list[Variant]] = {}
        self.static: frozenset[Path] = frozenset()
        self.values: dict[Path, set[Any]] = {}
        self.lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        raise TypeError("the variants of a program are not pickled")

    def find(self, values: Values, key: Any = None) -> Variant:
        """The variant that serves these arguments, made if need be; `key` is theirs, if it is known already."""
        key = exact_key(values, self.static, self.names, key)
        for variant in self.by_key.get(key, ()):
            if not variant.checked or variant.holds(values):
                return variant
        with self.lock:
            return self._make(values)

    def _make(self, values: Values) -> Variant:
        while True:
            describe = Describe(self.static)
            trees = {n: describe.argument(n, v) for n, v in zip(self.names, values, strict=True)}
            pattern = pattern_of(trees, {})
            for variant in self.by_pattern.get(pattern, ()):
                if variant.serves(values, describe, trees):
                    return self._remember(values, variant)
            try:
                variant = self.build(trees, values.function)
                types = [describe.type_of(v) for v in variant.read_parts(values)]
                variant.made_for(values, pattern_of((trees, types), {}))
                self._require_apart(variant, values)
            except NeedsValue as need:
                self._specialise(need, values)
                continue
            same = self.by_pattern.setdefault(pattern, [])
            if len(same) >= OUTSIDE:
                self._forget(same.pop(0))
            same.append(variant)
            return self._remember(values, variant)

    def _forget(self, variant: Variant) -> None:
        for found in self.by_key.values():
            if variant in found:
                found.remove(variant)

    @staticmethod
    def _require_apart(variant: Variant, values: Values) -> None:
        if any(isinstance(g, Apart) and not g.holds(values) for g in variant.guards):
            raise ArgumentError(f"arguments of {variant.func.name} are one list or object, or hold the same one, and "
                                "it is changed: pass a copy of one of them")

    def _remember(self, values: Values, variant: Variant) -> Variant:
        if len(self.by_key) >= LIMIT:
            self.by_key.clear()
        key = exact_key(values, self.static, self.names)
        if variant not in self.by_key.setdefault(key, []):
            self.by_key[key].append(variant)
        return variant

    def _specialise(self, need: NeedsValue, values: Values) -> None:
        """Structure depends on this leaf: from now on signatures have its value."""
        static = specialised(self.static, need.path, dict(zip(self.names, values, strict=True)))
        if static is None:
            raise Unsupported([need.problem] if need.problem else [])
        self.static = static
        self.by_key.clear()

    def build(self, trees: dict[str, Any], function: Any) -> Variant:
        """A variant for `function`, and others of its code."""
        with uncollected():
            variant = generate(lower_program(self.program, trees, (), function), self.way)
        if self.way.nans:
            watched = watched_functions(self.program, variant.lowered, (variant.run, *variant.companions), self.way)
            variant = replace(variant, run=watched[0], companions=watched[1:], fresh=self.way.backend == "xla")
        if variant.written and self.way.backend != "xla":  # which stores nothing before it is done
            variant.run = leaving_as_the_primal(variant.run, variant.func, variant.written, self.program.primal)
        return variant

    def all(self) -> list[Variant]:
        with self.lock:
            return [v for group in self.by_pattern.values() for v in group]

    def unspecific(self, primal: Primal) -> Variant:
        """The variant for unknown arguments."""
        describe = Describe()
        trees: dict[str, Any] = {**unknown_arguments(self.names, primal.code.__annotations__), **primal.stars}
        trees.update({n: describe.argument(n, v) for n, v in zip(self.names, primal.bound, strict=False)})
        trees.update({n: describe.argument(n, v) for n, v in primal.named.items() if n in trees})
        try:
            return self.build(trees, primal.code)
        except Unsupported as error:
            error.add_note("Nothing is known of the arguments before the first call: call it once, then read "
                           "`.source`.")
            raise


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's search for cycles: a program is many small objects that live as long as its transformation,
    and to look at them again and again takes a third of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def generate(lowered: Lowered, way: Way) -> Variant:
    """Optimise, print and load a program."""
    lowered = replace(lowered, func=optimised(lowered.func))
    for ref in lowered.companions:
        ref.func = optimised(ref.known)
    module = emit_program(lowered.func, lowered.companions)
    run = load(module.text, module.objects, module.name, module.spans)
    companions = tuple(run.__globals__[ref.name] for ref in lowered.companions)
    if way.backend == "xla":
        run, companions = xla(lowered.func), tuple(xla(ref.known) for ref in lowered.companions)
    return Variant(lowered, module.text, run, companions, module.fresh or way.backend == "xla")


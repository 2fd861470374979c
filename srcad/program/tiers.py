"""`backend="auto"`: which backend serves a signature is decided while it is called.

    counting    NumPy runs, and its calls and their time are counted
    compiling   the time that XLA could have saved has come to what a compilation costs: a thread compiles the program,
                of which it is given the shapes and types of the arguments
    trying      a few calls run both; if the first results disagree, NumPy stays, and a warning says so
    numpy, xla  the faster one runs, and nothing is counted any more

A signature is a variant of the program together with the shapes of its arrays.  A program that prints, draws or the
like stays on NumPy: to compare is to do it twice.  So does one that can't be lowered.

`stats()` is the table of all that.  JAX is imported by the thread, when there is something to compile.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from itertools import count
from time import perf_counter
from typing import Any
from weakref import WeakSet

import numpy as np

from srcad.backends.lax import Unprepared
from srcad.errors import Unsupported
from srcad.ir import Func, leaves, reachable
from srcad.ir.walk import every
from srcad.program.agreement import disagreement
from srcad.program.compiled import InXla, inputs_of
from srcad.program.programs import Primal
from srcad.program.replay import once
from srcad.program.results import copied
from srcad.program.signature import objects_of, tree_of
from srcad.program.variants import Variant
from srcad.program.worker import WORKER

DISPATCH = 10e-6        # seconds that a call of XLA takes at least
COMPILATION = 0.3       # seconds that the smallest program takes to be compiled
STATEMENT = 0.01        # and for each statement
TRIALS = 3              # calls that both serve, after the one that is compared; enough if one wins them all
MOST_TRIALS = 9         # else the one that wins most of these
PROGRAMS = 8            # that are compiled for one signature
SHAPES = 256            # signatures of a variant that are remembered

Key = tuple[tuple[int, ...], ...]
_all: WeakSet[Tiers] = WeakSet()
_numbers, _lock = count(), threading.Lock()


class Tiers:
    """The tiers of a variant, by the shapes of its arrays: `runs[shapes]` is what serves such a call now."""

    def __init__(self, primal: Primal, variant: Variant) -> None:
        self.primal, self.variant, self.func, self.numpy = primal, variant, variant.func, variant.run
        self.places = places_of_shapes(variant)
        self.made: dict[Key, Tier] = {}
        self.runs = Runs(self)
        self.lock = threading.Lock()
        self.worth = COMPILATION + STATEMENT * sum(1 for f in functions(self.func) for _ in every(f.body))
        self.never = once(variant.func)
        with _lock:
            self.number = next(_numbers)
            _all.add(self)

    def serving(self, given: tuple[Any, ...]) -> Callable[..., Any]:
        """What serves a call with these arguments."""
        inputs = self.inputs(given)
        return self.runs[tuple([inputs[k].shape for k in self.places])]

    def inputs(self, given: tuple[Any, ...]) -> list[Any]:
        """The values of the program's variables."""
        return inputs_of(self.func, given)

    def tier(self, key: Key) -> Tier:
        with self.lock:
            if key not in self.made:
                if len(self.made) >= SHAPES:
                    self.made.clear()
                    self.runs.clear()
                self.made[key] = self.start(key)
            return self.made[key]

    def start(self, key: Key) -> Tier:
        return Tier(self, key)

    def compiled(self) -> InXla:
        """What runs the program in XLA; made once."""
        if self._compiled is None:
            self._compiled = InXla(self.func, on_demand=False)
        return self._compiled

    _compiled: InXla | None = None


class Runs(dict[Key, Callable[..., Any]]):
    """What serves the calls of each group of shapes."""

    def __init__(self, tiers: Tiers) -> None:
        super().__init__()
        self.tiers = tiers

    def __missing__(self, key: Key) -> Callable[..., Any]:
        return self.setdefault(key, self.tiers.tier(key).first)


class Tier:
    """One signature: what was counted and measured, and what is decided."""

    def __init__(self, owner: Tiers, key: Key) -> None:
        self.owner, self.key = owner, key
        self.state, self.why = "counting", ""
        self.calls, self.seconds, self.gain = 0, 0.0, 0.0
        self.pairs: list[tuple[float, float]] = []  # seconds of NumPy and XLA for the same call
        self.compared = self.compiling = False
        self.programs = 0  # that were compiled: for longer loops, for other sizes
        self.lock, self.lock_of_compiling = threading.Lock(), threading.Lock()
        if owner.never:
            self.state, self.why = "numpy", owner.never

    @property
    def first(self) -> Callable[..., Any]:
        return self.on_numpy if self.state == "numpy" else self.counted

    # --- what serves a call

    @property
    def on_numpy(self) -> Any:
        return self.owner.numpy

    def counted(self, *given: Any) -> Any:
        start = perf_counter()
        result = self.owner.numpy(*given)
        self.note(perf_counter() - start, given)
        return result

    def tried(self, *given: Any) -> Any:
        """A call that both serve, unless another thread is at it, or the processor is busy with another program."""
        if WORKER.busy or WORKER.forked or not self.lock.acquire(blocking=False):
            return self.on_numpy(*given)
        try:
            return self.pair(given) if self.state == "trying" else self.owner.runs[self.key](*given)
        finally:
            self.lock.release()

    def on_xla(self, *given: Any) -> Any:
        """What the program raises NumPy raises too, and leaves the arguments as it should: XLA stored nothing yet."""
        if WORKER.forked:
            return self.owner.numpy(*given)
        try:
            return self.owner.compiled()(*given)
        except Exception as error:
            alone = error
        result = self.owner.numpy(*given)
        self.failed(alone, given)
        return result

    # --- what is learned

    def note(self, seconds: float, given: tuple[Any, ...], calls: int = 1) -> None:
        """Count a call of NumPy; threads may lose a few counts to each other."""
        self.calls += calls
        self.seconds += seconds
        if seconds > DISPATCH:
            self.gain += seconds - DISPATCH
            if self.gain > self.owner.worth and self.state == "counting":
                self.compile_later(given)

    def compile_later(self, given: tuple[Any, ...]) -> None:
        """Let the thread compile a program for arguments like these."""
        with self.lock_of_compiling:
            if self.compiling or self.state == "numpy":
                return
            self.compiling = True
            self.programs += 1
        if self.programs > PROGRAMS:
            self.decide("numpy", f"XLA needs another program for the values of the arguments, after {PROGRAMS} already")
            return
        outlines = [outline_of(v) for v in self.owner.inputs(given)]
        WORKER.submit(lambda: self.compile(outlines))

    def compile(self, outlines: list[Any]) -> None:
        """In the thread of the worker."""
        try:
            run = self.owner.compiled()
            WORKER.ends_first()
            self.prepare(run, outlines)
        except Unsupported as error:
            self.decide("numpy", reason_of(error))
        except Exception as error:  # ours, and the user's program runs all the same
            self.decide("numpy", f"XLA: {type(error).__name__}: {error}", warn=True)
        else:
            if self.state == "counting":
                self.state, self.owner.runs[self.key] = "trying", self.tried
        self.compiling = False

    def prepare(self, run: InXla, outlines: list[Any]) -> None:
        run.prepare(*outlines)

    def pair(self, given: tuple[Any, ...]) -> Any:
        """Run both."""
        others = tuple(map(copied, given)) if self.owner.variant.written else given
        start = perf_counter()
        result = self.owner.numpy(*given)
        middle = perf_counter()
        try:
            theirs = self.owner.compiled()(*others)
        except Exception as error:
            self.failed(error, given)
            return result
        self.measured((result, self.stored(given)), (theirs, self.stored(others)),
                      (middle - start, perf_counter() - middle))
        return result

    def stored(self, given: tuple[Any, ...]) -> list[Any]:
        """The arrays that the call stored into."""
        if not self.owner.variant.written:
            return []
        inputs = self.owner.inputs(given)
        return [inputs[k] for k in self.owner.variant.written]

    def failed(self, error: Exception, given: tuple[Any, ...]) -> None:
        """XLA raised what NumPy did not."""
        if isinstance(error, Unprepared):
            self.compile_later(given)
        elif isinstance(error, Unsupported):
            self.decide("numpy", reason_of(error))
        else:
            self.decide("numpy", f"XLA raises {type(error).__name__}: {error}", warn=True)

    def measured(self, ours: Any, theirs: Any, pair: tuple[float, float]) -> None:
        """The results and the times of both; the first times are not typical."""
        if not self.compared:
            self.compared = True
            off = disagreement(ours, theirs)
            if off:
                self.decide("numpy", f"XLA disagrees: {off}", warn=True)
            return
        self.pairs.append(pair)
        won = sum(x < n for n, x in self.pairs)
        if len(self.pairs) == MOST_TRIALS or len(self.pairs) >= TRIALS and won in (0, len(self.pairs)):
            self.decide("xla" if 2 * won > len(self.pairs) else "numpy", "measured faster")

    def decide(self, backend: str, why: str, warn: bool = False) -> None:
        self.state, self.why = backend, why
        self.owner.runs[self.key] = self.on_xla if backend == "xla" else self.on_numpy
        if warn:
            warnings.warn(f"{self.owner.func.name} stays on NumPy for arrays of shapes {list(self.key)}: {why}",
                          RuntimeWarning, stacklevel=2)


def existing() -> list[Tiers]:
    """The tiers of all variants, in the order in which they were made."""
    with _lock:
        return sorted(_all, key=lambda t: t.number)


def functions(func: Func) -> list[Func]:
    return [func, *(ref.known for ref in reachable(func, every))]


def places_of_shapes(variant: Variant) -> tuple[int, ...]:
    """The inputs whose shapes tell signatures of a variant apart, by number: the first array of each shape, and all
    that are read from outside."""
    func, names = variant.func, {c.name for c in variant.lowered.captures}
    captured = {v for p in func.params if p.name in names for v in leaves(p.tree)}
    found, seen = [], set()
    for k, v in enumerate(func.inputs):
        shape = v.type.shape if v.type.kind == "array" else None
        if shape and (v in captured or shape not in seen):
            seen.add(shape)
            found.append(k)
    return tuple(found)


def outline_of(value: Any) -> Any:
    """An input with arrays that have no memory of their own in place of its arrays."""
    def leaf(v: Any) -> Any:
        return np.broadcast_to(np.zeros((), v.dtype), v.shape) if isinstance(v, np.ndarray) else v

    return objects_of(tree_of(value, leaf))


def reason_of(error: Unsupported) -> str:
    """Where and why, in one line."""
    (problem, *_) = error.problems
    return f"{problem.span}: {problem.what}" + (f" ({problem.reason})" if problem.reason else "")

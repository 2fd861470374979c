"""`check_grads`: are the derivatives that srcad makes of this function right?

    check_grads(f, (0.7, np.arange(3.0)))

Both modes are compared with what knows nothing of how they were made: differences of the function's own values,
complex step where the function is analytic, JAX's differentiation of the same program and of the user's text, and each
other by a dot product; and, as they run in NumPy, with themselves compiled by XLA.  A wrong element raises
AssertionError that names it.  Whoever wants to look at the table first
calls `report`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from srcad.api import grad, jvp, vjp
from srcad.checks.against_jax import Lowered, NotRun, Referee, Rewritten
from srcad.checks.arguments import (
    Leaves,
    Subject,
    floats_of,
    is_float,
    is_single,
    name_of,
    pairing,
    random_like,
    same_surroundings,
)
from srcad.checks.differences import complex_step, directional
from srcad.checks.dot import dot_product
from srcad.checks.report import Place, Report, Row, absent, compared, output_places
from srcad.errors import ArgumentError, SrcadError, Unsupported
from srcad.runtime import trees

MODES = ("forward", "reverse")
# Elements up to which each is compared with a difference of its own; beyond, random directions are.
_EACH = 48
# What an oracle allows, double and single precision: relative to the largest element.
_TOLERANCE = {"differences": (1e-6, 2e-2), "complex step": (1e-10, 1e-4), "forward mode": (1e-10, 1e-4),
              "XLA": (1e-8, 1e-3), "JAX on the program": (1e-8, 1e-3), "JAX on the source": (1e-8, 1e-3)}


def check_grads(f: Callable[..., Any], args: Sequence[Any], wrt: Any = None, modes: Sequence[str] = MODES,
                order: int = 1, rtol: float | None = None, atol: float | None = None, seed: int = 0) -> Report:
    """Check the derivatives of `f` at `args`, and raise AssertionError if one is wrong.

    Parameters
    ----------
    args : the arguments, a tuple; f is called on copies of them.
    wrt : which arguments, by position or name; by default all that hold floats.
    modes : "forward", "reverse" or both.
    order : 2 checks the gradient's derivatives also.
    rtol, atol : what is allowed, relative to the largest element and in addition to it; by default each oracle has
        its own.
    seed : of the random directions.

    Returns
    -------
    The report: `rows`, `ok`, `table()`.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    found = report(f, args, wrt, modes, order, rtol, atol, seed)
    found.raise_failures()
    return found


def report(f: Callable[..., Any], args: Sequence[Any], wrt: Any = None, modes: Sequence[str] = MODES, order: int = 1,
           rtol: float | None = None, atol: float | None = None, seed: int = 0) -> Report:
    """The same without raising."""
    unknown = [m for m in modes if m not in MODES]
    if unknown or not modes:
        raise ArgumentError(f"modes are 'forward' and 'reverse', not {list(modes)!r}")
    subject = Subject(f, tuple(args), wrt)
    rows = list(Check(subject, tuple(modes), rtol, atol, np.random.default_rng(seed)).rows())
    if order > 1:
        gradient = grad(scalar(f, subject), wrt=tuple(subject.positions))
        rows += report(gradient, args, wrt, modes, order - 1, rtol, atol, seed + 1).rows
    return Report(name_of(f), tuple(rows))


def scalar(f: Callable[..., Any], subject: Subject) -> Callable[..., Any]:
    """`f`, or the sum of its elements if it returns an array."""
    with same_surroundings():
        result = f(*subject.arguments(subject.values))
    if np.shape(result) == () and not isinstance(result, tuple | list | dict):
        return f
    if not is_float(result):
        raise ArgumentError(f"order 2 needs a function that returns one number or array; {name_of(f)} returns a "
                            f"{type(result).__name__}")

    def total(*args: Any) -> Any:
        return np.sum(f(*args))

    return total


class Check:
    """The comparisons of one function at one point."""

    def __init__(self, subject: Subject, modes: tuple[str, ...], rtol: float | None, atol: float | None,
                 rng: np.random.Generator) -> None:
        self.subject, self.modes, self.rtol, self.atol, self.rng = subject, modes, rtol, atol, rng
        self.values = subject.outputs(subject.values)
        if not self.values:
            raise ArgumentError(f"{name_of(subject.f)} returns no floats")
        self.direction = random_like(subject.values, rng)
        self.cotangent = random_like(self.values, rng)
        self.single = is_single(subject.values) or is_single(self.values)

    def rows(self) -> Iterator[Row]:
        forward = self.forward() if "forward" in self.modes else None
        reverse = self.reverse() if "reverse" in self.modes else None
        if forward is not None:
            yield from self.forward_rows(forward)
        if reverse is not None:
            yield from self.reverse_rows(reverse)
        if forward is not None and reverse is not None:
            yield self.dot_row(forward, reverse)

    def forward(self, backend: str = "numpy") -> Leaves:
        with same_surroundings():
            args = self.subject.arguments(self.subject.values)
            _, tangent = jvp(self.subject.f, args, self.subject.tangents(self.direction), backend=backend)
        return self._outputs_of(tangent)

    def reverse(self, backend: str = "numpy") -> Leaves:
        with same_surroundings():
            y, pullback = vjp(self.subject.f, *self.subject.arguments(self.subject.values), backend=backend)
            given = pullback(self._cotangent_like(y))
        return self.subject.cotangents(given)

    def _outputs_of(self, tangent: Any) -> Leaves:
        found = floats_of(tangent)
        if len(found) != len(self.values):
            raise AssertionError(f"the tangent of {name_of(self.subject.f)} has {len(found)} floats, its result "
                                 f"{len(self.values)}")
        return found

    def _cotangent_like(self, y: Any) -> Any:
        leaves, structure = trees.flatten(y)
        given = iter(self.cotangent)
        return trees.unflatten(structure, [next(given) if is_float(leaf) else leaf for leaf in leaves])

    def tolerances(self, oracle: str, extra: float = 0.0) -> tuple[float, float]:
        rtol = _TOLERANCE[oracle][self.single] if self.rtol is None else self.rtol
        return rtol, (rtol if self.atol is None else self.atol) + extra

    def compare(self, mode: str, oracle: str, places: list[Place], ours: Leaves, theirs: Leaves,
                extra: float = 0.0) -> list[Row]:
        rtol, atol = self.tolerances(oracle, extra)
        return [compared(mode, oracle, p, a, b, rtol, atol) for p, a, b in zip(places, ours, theirs, strict=True)]

    def xla_rows(self, mode: str, places: list[Place], ours: Leaves, run: Callable[[str], Leaves]) -> Iterator[Row]:
        """The same derivative, compiled."""
        try:
            yield from self.compare(mode, "XLA", places, ours, run("xla"))
        except SrcadError as refusal:
            yield absent(mode, "XLA", reason_of(refusal))

    # --- forward mode: one tangent of each output

    def forward_rows(self, tangent: Leaves) -> Iterator[Row]:
        places = output_places(self.values)
        estimate = directional(self.subject, self.direction)
        yield from self.judged("forward", places, tangent, estimate.value, estimate.error)
        exact = complex_step(self.subject, self.direction)
        if exact is not None and _agree(exact, estimate.value):
            yield from self.compare("forward", "complex step", places, tangent, exact)
        yield from self.xla_rows("forward", places, tangent, self.forward)
        yield from self.jax_rows("forward", places, tangent, lambda referee: referee.tangents(self.direction))

    def judged(self, mode: str, places: list[Place], ours: Leaves, theirs: Leaves, error: float) -> list[Row]:
        """Rows against differences, which say nothing where they don't agree with themselves (at a kink)."""
        rows = self.compare(mode, "differences", places, ours, theirs, error)
        scale = max([1.0, *(float(np.max(np.abs(t), initial=0.0)) for t in theirs)])
        if error <= 1e-2 * scale:
            return rows
        return [Row(r.mode, r.oracle, r.subject, "undecided", r.error, r.tolerance, note="no derivative here, it seems")
                for r in rows]

    def jax_rows(self, mode: str, places: list[Place], ours: Leaves, ask: Callable[[Referee], Leaves]) -> Iterator[Row]:
        for kind in (Lowered, Rewritten):
            try:
                yield from self.compare(mode, kind.oracle, places, ours, ask(kind(self.subject)))
            except NotRun as reason:
                yield absent(mode, kind.oracle, str(reason)[:100])

    # --- reverse mode: one cotangent of each argument

    def reverse_rows(self, cotangents: Leaves) -> Iterator[Row]:
        if sum(np.size(v) for v in self.subject.values) <= _EACH:
            yield from self.each_element(cotangents)
        else:
            yield from self.along_directions(cotangents)
        yield from self.xla_rows("reverse", self.subject.places, cotangents, self.reverse)
        yield from self.jax_rows("reverse", self.subject.places, cotangents,
                                 lambda referee: referee.pullback(self.cotangent))

    def each_element(self, cotangents: Leaves) -> Iterator[Row]:
        for k, place in enumerate(self.subject.places):
            expected = np.zeros(np.shape(place.value), np.result_type(np.asarray(place.value).dtype, float))
            error = 0.0
            for index in np.ndindex(np.shape(place.value)):
                for unit in (1.0, 1j) if np.iscomplexobj(place.value) else (1.0,):
                    estimate = directional(self.subject, self._unit(k, index, unit))
                    slope = pairing(self.cotangent, estimate.value)
                    # Without conjugation, moving along i picks minus the imaginary part.
                    expected[index] += slope if unit == 1.0 else -1j * slope
                    error = max(error, estimate.error)
            yield from self.judged("reverse", [place], [cotangents[k]], [expected], error)

    def along_directions(self, cotangents: Leaves) -> Iterator[Row]:
        for k, place in enumerate(self.subject.places):
            direction = [d if i == k else np.zeros_like(d) for i, d in enumerate(self.direction)]
            estimate = directional(self.subject, direction)
            ours, theirs = pairing(cotangents, direction), pairing(self.cotangent, estimate.value)
            along = Place(f"{place.name} along a direction", k, 0.0)
            yield from self.judged("reverse", [along], [ours], [theirs], estimate.error * len(self.values))

    def _unit(self, k: int, index: tuple[int, ...], unit: complex) -> Leaves:
        direction = [np.zeros_like(np.asarray(v)) for v in self.subject.values]
        direction[k][index] = unit
        return list(direction)

    def dot_row(self, tangent: Leaves, cotangents: Leaves) -> Row:
        product = dot_product(self.direction, tangent, self.cotangent, cotangents)
        rtol, atol = self.tolerances("forward mode")
        row = compared("reverse", "forward mode", Place("dot product", 0, 0.0), product.reverse, product.forward, rtol,
                       atol + rtol * product.scale)
        return row


def reason_of(refusal: SrcadError) -> str:
    """Why a program is not compiled, in a line."""
    if not isinstance(refusal, Unsupported):
        return str(refusal).partition("\n")[0][:100]
    problem = refusal.problems[0]
    where = f"line {problem.span.line}: " if problem.span else ""
    return (where + ": ".join(filter(None, (problem.what, problem.reason))))[:100]


def _agree(a: Leaves, b: Leaves) -> bool:
    return len(a) == len(b) and all(np.allclose(x, y, rtol=1e-5, atol=1e-7) for x, y in zip(a, b, strict=True))

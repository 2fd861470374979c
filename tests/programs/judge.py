"""Does srcad treat a program as Python does, and differentiate it rightly?

    stages      primal     the function itself in Python
                interpret  its core program, by the reference interpreter
                emit       its core program, printed as NumPy and run
                forward    `srcad.jvp`, against complex step
                reverse    `srcad.vjp`, against forward mode by dot product
                gradient   `srcad.value_and_grad`, against complex step
                resized    the same object called with arrays of other lengths
                second     forward over reverse, against differences of reverse

Complex step runs the program's own text with `np` and `math` replaced by `oracle`, whose functions are analytic continuations.
"""

from __future__ import annotations

import contextlib
import io
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import srcad
from srcad.backends.emit import emit_program
from srcad.backends.load import load as load_generated
from srcad.errors import Unsupported
from srcad.frontend.capture import capture
from srcad.frontend.lower import Lowered, NeedsValue, lower
from srcad.ir.check import check
from srcad.ir.interpret import interpret
from srcad.program.signature import Describe
from srcad.transforms.pipeline import optimised
from tests.programs.generator import Program
from tests.programs.running import (
    Mismatch,
    Outcome,
    close,
    complex_step,
    copied,
    flat,
    load,
    observe,
    random_like,
    require_same,
    same,
)


@dataclass(frozen=True)
class Verdict:
    """`stage` is where the program failed (None: nowhere); `refused` is srcad's own refusal to treat it."""

    stage: str | None = None
    text: str = ""
    refused: str = ""


def judge(source: str, args: tuple[Any, ...], seed: int = 0, second: bool = True) -> Verdict:
    """The first stage at which srcad is wrong about `source`."""
    stage = "primal"
    try:
        for stage, examine in STAGES.items():
            if stage != "second" or second:
                examine(Case(source, load(source), args, np.random.default_rng(seed)))
    except Unsupported as e:
        return Verdict(refused=str(e))
    except Mismatch as e:
        return Verdict(stage, str(e))
    except Exception as e:  # noqa: BLE001 - a crash of srcad is a finding
        where = traceback.extract_tb(e.__traceback__)[-1]
        return Verdict(stage, f"{type(e).__name__}: {str(e)[:600]} ({where.filename.split('/')[-1]}:{where.lineno})")
    return Verdict()


def judge_program(program: Program, second: bool = True) -> Verdict:
    return judge(program.source, program.args, program.seed, second)


@dataclass
class Case:
    source: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    rng: np.random.Generator

    @property
    def primal(self) -> Outcome:
        return observe(self.f, self.args)

    @property
    def indices(self) -> tuple[int, ...]:
        return tuple(range(len(self.args)))


def lowered(case: Case) -> tuple[Lowered, tuple[Any, ...]]:
    """The core program of a case, and what it takes beside the arguments."""
    static: frozenset[tuple[str, int]] = frozenset()
    defaults = case.f.__defaults__ or ()
    values = dict(zip(case.f.__code__.co_varnames, (*case.args, *defaults), strict=False))
    while True:
        describe = Describe(static)
        try:
            result = lower(capture(case.f), {n: describe.argument(n, v) for n, v in values.items()})
        except NeedsValue as need:
            assert need.path not in static
            static |= {need.path}
            continue
        return result, (*defaults, *(c.read(()) for c in result.captures))


def check_interpret(case: Case) -> None:
    program, more = lowered(case)
    for what, func in (("lowered", program.func), ("optimised", optimised(program.func))):
        check(func)
        require_same(case.primal, observe(lambda *args, f=func: interpret(f, *args, *more), case.args), what)


def check_emit(case: Case) -> None:
    program, more = lowered(case)
    module = emit_program(optimised(program.func))
    f = load_generated(module.text, module.objects, module.name, module.spans)
    try:
        require_same(case.primal, observe(lambda *args: f(*args, *more), case.args), "emitted")
    except Mismatch as e:
        raise Mismatch(f"{e}\n{module.text}") from e


def check_forward(case: Case) -> None:
    primal, direction = case.primal, random_like(case.args, case.rng)
    got = observe(lambda *args: srcad.jvp(case.f, args, direction), case.args)
    value = Outcome(got.result and got.result[0], got.error, got.printed, got.args)
    require_same(primal, value, "jvp")
    if primal.error is None:
        require_shapes(primal.result, got.result[1], "tangent")
        tangent, expected = flat(got.result[1]), complex_step(case.source, copied(case.args), direction)
        if not close(tangent, expected, 1e-9):
            raise Mismatch(f"tangent {tangent} instead of {expected}")


def check_reverse(case: Case) -> None:
    primal, direction = case.primal, random_like(case.args, case.rng)
    cotangent = random_like(primal.result, case.rng) if primal.error is None else None
    got = observe(lambda *args: reverse(case.f, args, cotangent), case.args)
    # `vjp` runs the program on copies of its arguments, which it keeps for the pullback.
    after = primal.args if same(got.args, case.args) else got.args
    value = Outcome(got.result and got.result[0], got.error, got.printed, after)
    require_same(primal, value, "vjp")
    if primal.error is None:
        expected = complex_step(case.source, copied(case.args), direction) @ flat(cotangent)
        require_shapes(case.args, got.result[1], "cotangent")
        product = flat(got.result[1]) @ flat(direction)
        if not close(product, expected, 1e-9):
            raise Mismatch(f"dot product {product} instead of {expected}; cotangents {got.result[1]}")


def check_gradient(case: Case) -> None:
    primal = case.primal
    if primal.error is not None or not isinstance(primal.result, float | np.floating):
        return
    gradient = srcad.value_and_grad(case.f, wrt=case.indices)
    got = observe(gradient, case.args)
    value = Outcome(got.result and got.result[0], got.error, got.printed, got.args)
    try:
        require_same(primal, value, "value_and_grad")
        direction = random_like(case.args, case.rng)
        expected = complex_step(case.source, copied(case.args), direction)
        require_shapes(case.args, got.result[1], "gradient")
        if not close([flat(got.result[1]) @ flat(direction)], expected, 1e-9):
            raise Mismatch(f"gradient {got.result[1]}, along {direction} not {expected}")
    except Mismatch as e:
        raise Mismatch(f"{e}\n{gradient.source}") from e


def check_resized(case: Case) -> None:
    """One derivative serves arrays of several lengths, and sees that a global was changed."""
    if "SIZE" not in case.f.__globals__ or case.primal.error is not None or not isinstance(case.primal.result, float):
        return
    gradient = srcad.value_and_grad(case.f, wrt=case.indices)
    for size in (len(next(a for a in case.args if np.ndim(a))), 5, 4, 5):
        args = tuple(case.rng.uniform(-1.2, 1.2, (size,) * np.ndim(a)) if np.ndim(a) else a for a in case.args)
        case.f.__globals__["SIZE"] = size
        primal = observe(case.f, args)
        if primal.error is None and not isinstance(primal.result, float):
            continue
        got = observe(gradient, args)
        require_same(primal, Outcome(got.result and got.result[0], got.error, got.printed, got.args), f"with {size}")
        if primal.error is not None:
            continue
        direction = random_like(args, case.rng)
        source = re.sub(r"SIZE = \d+", f"SIZE = {size}", case.source)
        expected = complex_step(source, copied(args), direction)
        require_shapes(args, got.result[1], f"gradient with {size}")
        if not close([flat(got.result[1]) @ flat(direction)], expected, 1e-9):
            raise Mismatch(f"gradient with {size}: {got.result[1]}, along {direction} not {expected}")


def require_shapes(tree: Any, derivative: Any, what: str) -> None:
    """A derivative has the structure and the shapes of what it is a derivative of."""
    if isinstance(tree, tuple | list):
        if type(derivative) is not type(tree) or len(derivative) != len(tree):
            raise Mismatch(f"{what} structure: {derivative!r} for {tree!r}")
        for t, d in zip(tree, derivative, strict=True):
            require_shapes(t, d, what)
    elif np.shape(tree) != np.shape(derivative) or isinstance(derivative, np.ndarray) != isinstance(tree, np.ndarray):
        raise Mismatch(f"{what} shape: {derivative!r} for {tree!r}")


def reverse(f: Callable[..., Any], args: tuple[Any, ...], cotangent: Any, backend: str = "numpy") -> tuple[Any, Any]:
    value, pull = srcad.vjp(f, *args, backend=backend)
    return value, None if cotangent is None else pull(cotangent)


def check_second(case: Case) -> None:
    """A Hessian times a vector, in two orders of modes, against a difference of gradients."""
    primal = case.primal
    if primal.error is not None or not isinstance(primal.result, float | np.floating):
        return
    direction = random_like(case.args, case.rng)
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        gradient = srcad.grad(case.f, wrt=case.indices)

        def gradient_at(h: float) -> np.ndarray:
            return flat(gradient(*(a + h * d for a, d in zip(copied(case.args), direction, strict=True))))

        h = 1e-4
        near = (gradient_at(h) - gradient_at(-h)) / (2 * h)
        expected = (4 * (gradient_at(h / 2) - gradient_at(-h / 2)) / h - near) / 3
        _, product = srcad.jvp(gradient, copied(case.args), direction)
        if not close(flat(product), expected, 1e-5) and close(near, expected, 1e-4):
            raise Mismatch(f"Hessian product {flat(product)} instead of {expected}")
        weights = srcad.vjp(gradient, *copied(case.args))[1](direction)
        require_shapes(case.args, product, "Hessian product")
        require_shapes(case.args, weights, "second cotangent")
        if not close(flat(weights), flat(product), 1e-9):
            raise Mismatch(f"reverse over reverse {flat(weights)} instead of {flat(product)}")


def check_compiled(case: Case) -> None:
    """Under XLA a program does what it does in NumPy, and so does its pullback.  Not among the stages: it takes half a
    second a program."""
    primal = case.primal
    cotangent = random_like(primal.result, case.rng) if primal.error is None else None
    ours, theirs = (observe(lambda *args, way=way: reverse(case.f, args, cotangent, way), case.args)
                    for way in ("numpy", "xla"))
    if theirs.error is not None and ours.error is None:
        raise Mismatch(f"compiled: {theirs.error!r}") from theirs.error
    if not same_text(ours.printed, theirs.printed):
        raise Mismatch(f"compiled: printed {theirs.printed!r} instead of {ours.printed!r}")
    require_same(ours, replace(theirs, result=ours.result, printed=ours.printed), "compiled")
    if ours.error is None:
        (value, slopes), (value_too, slopes_too) = ours.result, theirs.result
        require_shapes(value, value_too, "compiled value")
        require_shapes(slopes, slopes_too, "compiled cotangents")
        if not close(flat(value_too), flat(value), 1e-10) or not close(flat(slopes_too), flat(slopes), 1e-9):
            raise Mismatch(f"compiled: {theirs.result} instead of {ours.result}")


def same_text(a: str, b: str) -> bool:
    """The same words, and numbers that differ by rounding."""
    number = r"-?\d+\.\d*(?:e[-+]\d+)?"
    return re.sub(number, "#", a) == re.sub(number, "#", b) and close(
        *([float(n) for n in re.findall(number, text)] for text in (a, b)), 1e-9)


STAGES: dict[str, Callable[[Case], None]] = {
    "interpret": check_interpret,
    "emit": check_emit,
    "forward": check_forward,
    "reverse": check_reverse,
    "gradient": check_gradient,
    "resized": check_resized,
    "second": check_second,
}

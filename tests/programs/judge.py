"""Does srcad treat a program as Python does, and differentiate it rightly?

    stages      primal     the function itself in Python
                interpret  its core program, by the reference interpreter
                emit       its core program, printed as NumPy and run
                forward    `srcad.jvp`, against complex step
                reverse    `srcad.vjp`, against forward mode by dot product
                second     forward over reverse, against differences of reverse

Complex step runs the program's own text with `np` and `math` replaced by `oracle`, whose functions are analytic continuations.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import linecache
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import srcad
from srcad.errors import Unsupported
from tests.programs import oracle
from tests.programs.generator import Program

STEP = 1e-20
_numbers = itertools.count()


@dataclass
class Outcome:
    """What a call did: its result or its exception, what it printed, and its arguments after it."""

    result: Any
    error: BaseException | None
    printed: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Verdict:
    """`stage` is where the program failed (None: nowhere); `refused` is srcad's own refusal to treat it."""

    stage: str | None = None
    text: str = ""
    refused: str = ""


class Mismatch(Exception):  # noqa: N818 - raised and caught in this module
    pass


def load(source: str, names: dict[str, Any] | None = None) -> Callable[..., Any]:
    """`f` of a module with this text, whose source can be found."""
    name = f"<program {next(_numbers)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = types.ModuleType("program")
    code = compile(source, name, "exec")
    exec(code, module.__dict__)
    module.__dict__.update(names or {})
    return module.__dict__["f"]


def copied(args: Any) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)


def observe(f: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    args, printed = copied(args), io.StringIO()
    result, error = None, None
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = f(*args)
    except Unsupported:
        raise
    except Exception as e:  # noqa: BLE001 - any exception is an outcome
        error = e
    return Outcome(result, error, printed.getvalue(), args)


def require_same(a: Outcome, b: Outcome, what: str) -> None:
    if type(a.error) is not type(b.error):
        raise Mismatch(f"{what}: {b.error!r} instead of {a.error!r}") from b.error
    if isinstance(a.error, ValueError | RuntimeError | AssertionError) and str(a.error) != str(b.error):
        raise Mismatch(f"{what}: {b.error!r} instead of {a.error!r}") from b.error
    if a.printed != b.printed:
        raise Mismatch(f"{what}: printed {b.printed!r} instead of {a.printed!r}")
    if not same(a.result, b.result):
        raise Mismatch(f"{what}: {b.result!r} instead of {a.result!r}")
    if not same(a.args, b.args):
        raise Mismatch(f"{what}: left its arguments as {b.args!r} instead of {a.args!r}")


def same(a: Any, b: Any, tolerance: float = 1e-12) -> bool:
    if isinstance(a, tuple | list):
        return isinstance(b, type(a)) and len(a) == len(b) and all(same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if a is None or b is None:
        return a is b
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def flat(tree: Any) -> np.ndarray:
    """All numbers of a tree, in order."""
    if isinstance(tree, tuple | list):
        return np.concatenate([flat(t) for t in tree]) if tree else np.zeros(0)
    return np.ravel(np.asarray(tree, dtype=complex if np.iscomplexobj(tree) else float))


def random_like(tree: Any, rng: np.random.Generator) -> Any:
    if isinstance(tree, tuple | list):
        return type(tree)(random_like(t, rng) for t in tree)
    value = rng.uniform(-1, 1, np.shape(tree))
    return value if isinstance(tree, np.ndarray) else float(value)


def complex_step(source: str, args: tuple[Any, ...], direction: tuple[Any, ...]) -> np.ndarray:
    """The derivative of the program's result along `direction`, exact to rounding."""
    f = load(source.replace("import numpy as np", "from tests.programs.oracle import np, abs")
             .replace("import math", "from tests.programs.oracle import math"))
    moved = tuple(np.complex128(a + 1j * STEP * d) if np.shape(a) == () else a + 1j * STEP * d
                  for a, d in zip(args, direction, strict=True))
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return flat(f(*moved)).imag / STEP


def close(a: Any, b: Any, tolerance: float) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    scale = max(1.0, float(np.max(np.abs(a), initial=0)), float(np.max(np.abs(b), initial=0)))
    return bool(np.all(np.isnan(a) == np.isnan(b)) and np.all(np.abs(np.nan_to_num(a - b)) <= tolerance * scale))


def judge(source: str, args: tuple[Any, ...], seed: int = 0, second: bool = True) -> Verdict:
    """The first stage at which srcad is wrong about `source`."""
    stage = "primal"
    try:
        for stage, check in STAGES.items():
            if stage != "second" or second:
                check(Case(source, load(source), args, np.random.default_rng(seed)))
    except Unsupported as e:
        return Verdict(refused=str(e))
    except Mismatch as e:
        return Verdict(stage, str(e))
    except Exception as e:  # noqa: BLE001 - a crash of srcad is a finding
        import traceback

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


def check_forward(case: Case) -> None:
    primal, direction = case.primal, random_like(case.args, case.rng)
    got = observe(lambda *args: srcad.jvp(case.f, args, direction), case.args)
    value = Outcome(got.result and got.result[0], got.error, got.printed, got.args)
    require_same(primal, value, "jvp")
    if primal.error is None:
        tangent, expected = flat(got.result[1]), complex_step(case.source, copied(case.args), direction)
        if not close(tangent, expected, 1e-9):
            raise Mismatch(f"tangent {tangent} instead of {expected}")


def check_reverse(case: Case) -> None:
    primal, direction = case.primal, random_like(case.args, case.rng)
    cotangent = random_like(primal.result, case.rng) if primal.error is None else None
    got = observe(lambda *args: reverse(case.f, args, cotangent), case.args)
    value = Outcome(got.result and got.result[0], got.error, got.printed, got.args)
    require_same(primal, value, "vjp")
    if primal.error is None:
        expected = complex_step(case.source, copied(case.args), direction) @ flat(cotangent)
        product = flat(got.result[1]) @ flat(direction)
        if not close(product, expected, 1e-9):
            raise Mismatch(f"dot product {product} instead of {expected}; cotangents {got.result[1]}")


def reverse(f: Callable[..., Any], args: tuple[Any, ...], cotangent: Any) -> tuple[Any, Any]:
    value, pull = srcad.vjp(f, *args)
    return value, pull(cotangent)


def check_second(case: Case) -> None:
    """A Hessian times a vector, in two orders of modes, against a difference of gradients."""
    primal = case.primal
    if primal.error is not None or np.shape(primal.result) != () or isinstance(primal.result, tuple):
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
        if not close(flat(weights), flat(product), 1e-9):
            raise Mismatch(f"reverse over reverse {flat(weights)} instead of {flat(product)}")


STAGES: dict[str, Callable[[Case], None]] = {
    "forward": check_forward,
    "reverse": check_reverse,
    "second": check_second,
}
assert oracle.np is not np

"""Runs programs and compares what they do."""

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

from srcad.errors import Unsupported

STEP = 1e-20
_numbers = itertools.count()


@dataclass
class Outcome:
    """What a call did: its result or its exception, what it printed, and its arguments after it."""

    result: Any
    error: BaseException | None
    printed: str
    args: tuple[Any, ...]


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


USERS = ("too large", "too small", "assertion")  # the messages of the programs' own exceptions


def require_same(a: Outcome, b: Outcome, what: str) -> None:
    """Both did the same; the second may have left out an operation that fails and whose result nothing reads."""
    if a.error and not b.error and str(a.error) not in USERS:
        return
    # A name without a value may be None in a derivative, which fails in its own way.
    if type(a.error) is not type(b.error) and not (isinstance(a.error, NameError) and b.error):
        raise Mismatch(f"{what}: {b.error!r} instead of {a.error!r}") from b.error
    if str(a.error) in USERS and str(a.error) != str(b.error):
        raise Mismatch(f"{what}: {b.error!r} instead of {a.error!r}") from b.error
    if a.printed != b.printed:
        raise Mismatch(f"{what}: printed {b.printed!r} instead of {a.printed!r}")
    if not same(a.result, b.result):
        raise Mismatch(f"{what}: {b.result!r} instead of {a.result!r}")
    # Where it raises, the arrays of the caller may be left as they were.
    if a.error is None and not same(a.args, b.args):
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

"""Gradients in NumPy, by XLA on the CPU, and by XLA on a GPU where there is one: `python -m benchmarks.devices`.

The arrays are on the device before the clock starts, and a call has ended when its result is there.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import jax
import numpy as np

import srcad
from benchmarks.case import Case
from benchmarks.programs import CASES
from benchmarks.timing import ONCE, QUICK, THOROUGH, Effort, interleaved

TOLERANCE = 1e-7  # relative, of norms: devices sum in other orders


def devices() -> dict[str, Any]:
    """The first device of each kind that is here, by the names that the table has."""
    found = {"XLA on CPU": jax.devices("cpu")[0]}
    with contextlib.suppress(RuntimeError):
        found["XLA on GPU"] = jax.devices("gpu")[0]
    return found


def contenders(case: Case, args: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    primal = __import__(case.module, fromlist=["primal"]).primal
    gradient, compiled = (srcad.grad(primal, wrt=case.wrt, backend=b) for b in ("numpy", "xla"))
    made: dict[str, Callable[[], Any]] = {"NumPy": lambda: gradient(*args)}
    for name, device in devices().items():
        with jax.enable_x64(True):
            there = tuple(jax.device_put(a, device) if isinstance(a, np.ndarray) else a for a in args)
        made[name] = lambda there=there: jax.block_until_ready(compiled(*there))
    return made


def require_same(found: dict[str, Any]) -> None:
    expected = jax.tree_util.tree_leaves(found["NumPy"])
    for name, gradient in found.items():
        for a, b in zip(jax.tree_util.tree_leaves(gradient), expected, strict=True):
            off = np.linalg.norm(np.asarray(a) - b)
            if not off <= TOLERANCE * max(1.0, float(np.linalg.norm(b))):
                raise AssertionError(f"{name} has another gradient, off by {off:.1e}")


def measure(case: Case, effort: Effort, tiny: bool = False) -> dict[str, float]:
    """Seconds a call, by contender."""
    rng = np.random.default_rng(0)
    made = contenders(case, (case.tiny if tiny else case.inputs)(rng))
    require_same({name: run() for name, run in made.items()})
    return {name: median(times) for name, times in interleaved(made, effort).items()}


def table(results: dict[str, dict[str, float]]) -> str:
    names = ["NumPy", *devices()]
    rows = [["microseconds a gradient", *names], *([case, *(f"{1e6 * times[n]:.1f}" for n in names)]
                                                   for case, times in results.items())]
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    return "\n".join("  ".join([r[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(r[1:], widths[1:], strict=True))])
                     for r in rows)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.devices", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--tiny", action="store_true", help="once, on small arrays: does everything run?")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[""], help="what begins with one of these names")
    options = parser.parse_args(argv)
    effort = ONCE if options.tiny else QUICK if options.quick else THOROUGH
    chosen = [c for c in CASES if c.name.startswith(tuple(options.only))]
    for name, device in devices().items():
        print(f"{name}: {device.device_kind}")
    print(table({c.name: measure(c, effort, options.tiny) for c in chosen}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import benchmarks
from benchmarks import costs, tensors
from benchmarks.backends import backends
from benchmarks.calls import calls
from benchmarks.gradients import measure, note
from benchmarks.programs import CASES
from benchmarks.report import machine, save, text_of
from benchmarks.timing import QUICK, THOROUGH

COSTS = ("calls", "backends", "transformations", "import", "tensors")
NAMES = (*(case.name for case in CASES), *COSTS)


def run(names: list[str], quick: bool) -> dict[str, Any]:
    """Measure what is asked for; what fails is reported, and the rest still runs."""
    effort = QUICK if quick else THOROUGH
    results: dict[str, Any] = {"machine": machine(), "quick": quick, "gradients": [], "failed": {}}

    def attempt(name: str, f: Callable[[], Any]) -> Any:
        note(f"{name} ...")
        try:
            return f()
        except Exception as error:  # any contender's: the others are still of interest
            results["failed"][name] = f"{type(error).__name__}: {error}"

    for case in CASES:
        if case.name in names:
            found = attempt(case.name, lambda case=case: measure(case, effort))
            results["gradients"] += [found] if found else []
    if "calls" in names:
        results["calls"] = attempt("calls", lambda: calls(effort))
    if "backends" in names:
        results["backends"] = attempt("backends", lambda: backends(effort))
    if "transformations" in names:
        results["transformations"] = attempt("transformations", lambda: costs.transformations(1 if quick else 5))
    if "import" in names:
        results["import"] = attempt("import", lambda: costs.imports(3 if quick else 15))
    if "tensors" in names:
        results["tensors"] = attempt("tensors", lambda: tensors.tensors(effort))
    return results


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks", description=benchmarks.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[""], help="what begins with one of these names")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results", metavar="FOLDER",
                        help="where results.json and results.txt go (default: %(default)s)")
    options = parser.parse_args(argv)
    names = [n for n in NAMES if n.startswith(tuple(options.only))]
    if options.list:
        print("\n".join(NAMES))
        return 0
    if not names:
        parser.error(f"no benchmark begins with {' or '.join(options.only)}; there are {', '.join(NAMES)}")
    results = run(names, options.quick)
    print(text_of(results), end="")
    save(results, options.output)
    note(f"saved in {options.output}")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

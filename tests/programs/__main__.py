"""`python -m tests.programs`: judge random programs, and show those on which srcad is wrong, made small."""

from __future__ import annotations

import argparse
import collections
import re
import signal
import time
import warnings
from collections.abc import Callable

from tests.programs.generator import Program, generate
from tests.programs.judge import STAGES, Verdict, check_compiled, judge, judge_program
from tests.programs.running import Outcome, load, observe
from tests.programs.shrink import shrink


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first program")
    parser.add_argument("--count", type=int, default=1, help="how many")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--no-second", action="store_true", help="first derivatives only")
    parser.add_argument("--show", type=int, default=5, help="how many different failures to show")
    parser.add_argument("--attempts", type=int, default=150, help="how long to shrink")
    parser.add_argument("--match", default="", help="show what has this in its description, refusals too")
    parser.add_argument("--xla", action="store_true", help="compare what XLA computes with what NumPy does, and only that")
    options = parser.parse_args()
    if options.xla:
        STAGES.clear()
        STAGES["compiled"] = check_compiled
    verdicts: collections.Counter[str] = collections.Counter()
    shown: set[str] = set()
    start = time.perf_counter()
    for seed in range(options.seed, options.seed + options.count):
        program = generate(seed)
        verdict = judge_program(program, second=not options.no_second)
        kind = describe(verdict)
        verdicts[kind] += 1
        if options.count == 1:
            print(program.source)
        wanted = options.match in kind if options.match else verdict.stage
        if wanted and kind not in shown and len(shown) < options.show:
            shown.add(kind)
            print(f"\n=== seed {seed}: {verdict.stage}: {verdict.text}{verdict.refused}")
            if not options.no_shrink:
                print(shrink(program.source, failing_like(kind, program), options.attempts))
                print("# args:", program.args)
    print(f"\n{options.count} programs in {time.perf_counter() - start:.1f} s")
    for kind, count in verdicts.most_common():
        print(f"{count:6}  {kind}")


def failing_like(kind: str, program: Program) -> Callable[[str], bool]:
    """Is a text a program that Python runs to the same end as `program`, and does it fail in the same way?"""
    end = type(observe(load(program.source), program.args).error)

    def fails(text: str) -> bool:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", SyntaxWarning)
                f = load(text)
        except (SyntaxError, SyntaxWarning, KeyError, NameError):
            return False
        own = within_a_second(lambda: observe(f, program.args))
        if own is None or type(own.error) is not end or own.error is None and own.result is None:
            return False
        return describe(judge(text, program.args, program.seed)) == kind

    return fails


def within_a_second(run: Callable[[], Outcome]) -> Outcome | None:
    """What `run` gives, or None if a piece too much was taken away and it does not end."""

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        return run()
    except TooLong:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class TooLong(BaseException):
    """Not an Exception, so that no program counts it as its own."""


def describe(verdict: Verdict) -> str:
    """A line that is the same for failures of the same kind."""
    if verdict.refused:
        return "refused: " + re.sub(r"\d+", "", verdict.refused.splitlines()[0].split(": ", 1)[-1][:100])
    if verdict.stage is None:
        return "right"
    head = verdict.text.split(" instead of ")[0].split("[")[0].split("(")[0]
    # Names of variables and places in files differ from text to text.
    head = re.sub(r"\w+\.\d+|\d+| at <.*", "", head)
    return f"{verdict.stage}: {head[:70].strip()}"


if __name__ == "__main__":
    main()

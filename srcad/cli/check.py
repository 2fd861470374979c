"""`srcad check`: is the derivative right?"""

from __future__ import annotations

import argparse
import copy
import functools
import inspect
import sys
from contextlib import redirect_stdout
from typing import Any

from srcad.cli.arguments import Arguments, add_args, add_target, add_wrt, arguments
from srcad.cli.colour import GREEN, RED, paint
from srcad.cli.target import UsageError, find, users_errors

EXAMPLES = """\
examples:
  srcad check model.py:loss --args "np.ones(3), 2.0"
  srcad check model.py:loss --args "np.ones(3), 2.0" --wrt w
  srcad check model.py:loss --args "example_data()" --order 2      second derivatives too

Both modes are compared with differences of the function's values, with complex step where the function takes complex
numbers, with themselves compiled by XLA, with JAX's differentiation of the same program and of your text, and with each
other by a dot product.  The exit code is 1 if one of them disagrees."""


def add_to(commands: Any) -> None:
    command = commands.add_parser("check", help="compare a derivative with finite differences and JAX", epilog=EXAMPLES,
                                  description="Compare the derivatives of a function with other ways to have them.",
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    add_target(command)
    add_args(command, required=True)
    add_wrt(command)
    command.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: the gradient's derivatives as well")
    command.set_defaults(run=check)


def check(options: argparse.Namespace) -> int:
    target = find(options.target)
    function, args = positional(target.function, arguments(options.args, target))
    with users_errors(f"{options.target} raised an exception on these arguments"), redirect_stdout(sys.stderr):
        function(*copy.deepcopy(args))
    found = report(function, args, options.wrt, options.order)
    print(table(found))
    return 0 if found.ok else 1


def report(function: Any, args: tuple[Any, ...], wrt: Any = None, order: int = 1) -> Any:
    """The report of `srcad.checks`, on all arguments that hold floats or on those of `wrt`."""
    from srcad.checks import check  # it knows all of srcad, and is imported when it is first needed

    return check.report(function, args, wrt, order=order)


def table(found: Any) -> str:
    """The table of a report, what disagrees in colour, and a sentence."""
    lines = [_painted(line) for line in found.table().splitlines()]
    if found.failures:
        lines += ["", *(paint(str(row), RED) for row in found.failures)]
    verdict = "right" if found.ok else "WRONG" if found.failures else "not checked: no comparison could be made"
    lines += ["", paint(f"the derivative of {found.function} is {verdict}", GREEN if found.ok else RED)]
    return "\n".join(lines)


def _painted(line: str) -> str:
    if "DIFFERS" in line:
        return paint(line, RED)
    head, agrees, rest = line.rpartition("agrees")
    return head + paint(agrees, GREEN) + rest if agrees else line


def positional(function: Any, given: Arguments) -> tuple[Any, tuple[Any, ...]]:
    """The function and positional arguments; what can only be given by keyword is bound to the function."""
    args, kwargs = given
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise UsageError(f"--args does not fit {function.__name__}: {error}") from None
    return functools.partial(function, **bound.kwargs) if bound.kwargs else function, bound.args

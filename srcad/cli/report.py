"""`srcad report`: a derivative as a page to read, the user's lines beside the lines that srcad wrote for them."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcad.cli.arguments import Arguments, add_args, add_target, add_wrt, arguments
from srcad.cli.emit import write
from srcad.cli.page import Listing, Page
from srcad.cli.target import Target, find
from srcad.errors import Unsupported

if TYPE_CHECKING:
    from srcad.ir import Func

EXAMPLES = """\
examples:
  srcad report model.py:loss                                  writes loss_report.html
  srcad report model.py:loss --args "np.ones(3), 2.0"         for these arguments, checked at them, and for XLA too
  srcad report model.py:loss --args "data()" --wrt w,b -o docs/loss.html

One file without references to others: the function beside its adjoint and its tangent, lines that belong together
marked together; what the adjoint was made for and what it keeps; and with --args the table of `srcad check`.
The exit code is 1 if that finds something wrong."""


def add_to(commands: Any) -> None:
    command = commands.add_parser("report", help="write a page: your lines beside those of the derivative",
                                  epilog=EXAMPLES, description="Write the derivative of a function as a page to read.",
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    add_target(command)
    add_wrt(command)
    add_args(command)
    command.add_argument("-o", "--output", metavar="FILE", help="where to write; without it, NAME_report.html")
    command.set_defaults(run=report)


def report(options: argparse.Namespace) -> int:
    target = find(options.target)
    given = None if options.args is None else arguments(options.args, target)
    page, ok = page_of(target, options, given)
    path = Path(options.output or f"{target.program.name}_report.html")
    text = page.text()
    write(path, text)
    print(f"{path}: {page.title}, {len(text) // 1024 + 1} KiB", file=sys.stderr)
    return 0 if ok else 1


def page_of(target: Target, options: argparse.Namespace, given: Arguments | None) -> tuple[Page, bool]:
    """The page, and whether what is checked on it is right."""
    # The compiler is imported when it is first needed.
    from srcad.backends.emit import emit_program
    from srcad.cli.generated import generated
    from srcad.program.explain import describe

    adjoint = generated(target, "reverse", options.wrt, given)
    func = adjoint.func()
    facts = describe(replace(adjoint.derived, func=func))
    listings = [Listing("adjoint", emit_program(func)),
                Listing("tangent", emit_program(generated(target, "forward", options.wrt, given).func()))]
    call = f"{target.program.name}({options.args})" if given else ""
    if given is None:
        return Page(target.text, call, target.program.primal.code, listings, facts), True
    listings.append(for_xla(func, adjoint.call(options.wrt)))
    checked = _checked(target, options, given)
    return Page(target.text, call, target.program.primal.code, listings, facts, checked), checked.ok


def for_xla(func: Func, args: tuple[Any, ...]) -> Listing:
    """The adjoint for these arguments as XLA runs it, or why it can't."""
    from srcad.program.compiled import source

    try:
        return Listing("adjoint for XLA", source(func, args))
    except Unsupported as refusal:
        return Listing("adjoint for XLA", None, str(refusal))


def _checked(target: Target, options: argparse.Namespace, given: Arguments) -> Any:
    from srcad.cli.check import positional
    from srcad.cli.check import report as checked

    names, _ = target.names(options.wrt)
    function, args = positional(target.function, given)
    return checked(function, args, None if options.wrt is None else names)

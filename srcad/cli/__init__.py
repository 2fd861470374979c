"""The command `srcad`: derivatives of functions in files, looked at, checked and written out.

    srcad show model.py:loss                          the adjoint, as source
    srcad check model.py:loss --args "np.ones(3)"     is it right?
    srcad emit model.py:loss -o loss_adjoint.py       a file that needs NumPy only
    srcad report model.py:loss                        a page: your lines beside those of the derivative

Each command is a module with `add_to(commands)`, which describes its arguments, and a function that runs it and returns
the exit code: 0, 1 if a check failed, 2 if srcad was not able to do what was asked.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from srcad import __version__
from srcad.cli import check, demo, emit, report, show
from srcad.cli.target import UsageError
from srcad.errors import SrcadError

EXAMPLES = """\
examples:
  srcad demo                                             a first look: a function, its adjoint, the proof
  srcad show model.py:loss                               the adjoint of loss, for arguments of any kind
  srcad show model.py:loss --args "np.ones(3), 2.0"      the same for an array and a float: shorter
  srcad show model.py:loss --wrt w --mode forward        the tangent, with respect to w
  srcad check model.py:loss --args "np.ones(3), 2.0"     compare with finite differences and with JAX
  srcad emit model.py:loss -o loss_adjoint.py            a module that imports NumPy and nothing of srcad
  srcad report model.py:loss --args "np.ones(3), 2.0"    a page with your lines beside those of the derivative

`srcad COMMAND --help` has more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` and return its exit code."""
    options = parser().parse_args(argv)
    try:
        return int(options.run(options))
    except (SrcadError, UsageError) as error:
        print(f"srcad: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (`head`) has seen enough; nothing more may be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="srcad", description="Derivatives of NumPy functions as NumPy functions that can be read.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--version", action="version", version=f"srcad {__version__}")
    commands = made.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (show, check, emit, report, demo):
        command.add_to(commands)
    return made

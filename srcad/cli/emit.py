"""`srcad emit`: a derivative as a file that needs NumPy and nothing of srcad."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcad.cli.arguments import add_args, add_target, add_wrt, arguments
from srcad.cli.target import UsageError, find

if TYPE_CHECKING:
    from srcad.cli.generated import Generated

EXAMPLES = """\
examples:
  srcad emit model.py:loss -o loss_adjoint.py                        for arguments of any kind
  srcad emit model.py:loss --args "np.ones(3), 2.0" -o adjoint.py    for an array and a float
  srcad emit model.py:loss --value -o adjoint.py                     returns (value, gradient)
  srcad emit model.py:loss --mode forward                            the tangent, to the standard output
  srcad emit model.py:loss --args "np.ones(3), 2.0" --backend xla    compiled by JAX, for these shapes
  srcad emit model.py:loss --args "2.0" --backend xla --trips 1000   whose `while` may run a thousand times

The file imports NumPy, for XLA also JAX; helpers of srcad that it calls are written into it.
The same function gives the same bytes."""


def add_to(commands: Any) -> None:
    command = commands.add_parser("emit", help="write a derivative to a file that needs NumPy only", epilog=EXAMPLES,
                                  description="Write the derivative of a function as a module of its own.",
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    add_target(command)
    add_wrt(command)
    add_args(command)
    command.add_argument("-o", "--output", metavar="FILE", help="where to write; without it, the standard output")
    command.add_argument("--mode", choices=("reverse", "forward", "primal"), default="reverse",
                         help="adjoint (the default), tangent, or the function itself")
    command.add_argument("--backend", choices=("numpy", "xla"), default="numpy",
                         help="write for NumPy (the default) or, for arguments of these shapes, for JAX")
    command.add_argument("--trips", type=int, default=0, metavar="N",
                         help="for XLA: room for N trips of loops of unknown length (64, or what --args need)")
    command.add_argument("--value", action="store_true", help="return (value, gradient) and not the gradient alone")
    command.set_defaults(run=emit)


def emit(options: argparse.Namespace) -> int:
    # The compiler is imported when it is first needed.
    from srcad.backends.standalone import standalone
    from srcad.cli.generated import generated

    target = find(options.target)
    given = None if options.args is None else arguments(options.args, target)
    if options.value and options.mode != "reverse":
        raise UsageError(f"--value is for the adjoint; --mode {options.mode} returns the value anyway")
    made = generated(target, options.mode, options.wrt, given, options.value)
    try:
        text = _for_xla(made, options) if options.backend == "xla" else standalone(made.stage())
    except ValueError as error:
        raise UsageError(f"{options.target} can't become a file of its own: {error}") from None
    if options.output in (None, "-"):
        sys.stdout.write(text)
    else:
        write(Path(options.output), text)
        print(f"{options.output}: {made.func().name}, {len(text.splitlines())} lines", file=sys.stderr)
    return 0


def _for_xla(made: Generated, options: argparse.Namespace) -> str:
    from srcad.program.compiled import standalone

    args = made.call(options.wrt)
    return standalone(made.func(), args, options.trips)


def write(path: Path, text: str) -> None:
    """Write the whole file or nothing."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{path} can't be written: {error.strerror}") from None

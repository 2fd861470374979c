"""`srcad show`: a derivative, as source."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from srcad.cli.arguments import add_args, add_target, add_wrt, arguments
from srcad.cli.colour import python
from srcad.cli.target import UsageError, find

# The forms of a program for XLA.
STAGES = ("source", "jaxpr", "stablehlo", "hlo")

if TYPE_CHECKING:
    from srcad.cli.generated import Generated

EXAMPLES = """\
examples:
  srcad show model.py:loss                              reverse mode, with respect to the first argument
  srcad show model.py:loss --wrt w,b                    with respect to both
  srcad show model.py:loss --mode forward               the tangent
  srcad show model.py:loss --args "np.ones(3), 2.0"     for an array and a float: what depends on kinds and shapes goes
  srcad show package.module:Model.energy --mode primal  the function itself, as srcad understood it
  srcad show model.py:loss --stage list                 the passes that make it
  srcad show model.py:loss --stage reverse              as it is after that pass
  srcad show model.py:loss --args "np.ones(3), 2.0" --backend xla     as source over jax.numpy and jax.lax
  srcad show model.py:loss --args "np.ones(3), 2.0" --backend xla --stage hlo   or jaxpr, stablehlo

Without --args, annotations say what arguments are (x: float), and nothing is known of the others.
Colours: on a terminal; NO_COLOR=1 and FORCE_COLOR=1 decide."""


def add_to(commands: Any) -> None:
    command = commands.add_parser("show", help="print a derivative as source", epilog=EXAMPLES,
                                  description="Print the derivative of a function as source.",
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    add_target(command)
    add_wrt(command)
    add_args(command)
    command.add_argument("--mode", choices=("reverse", "forward", "primal"), default="reverse",
                         help="adjoint (the default), tangent, or the function itself")
    command.add_argument("--stage", metavar="NAME", help="the program after this pass; `list` names them")
    command.add_argument("--backend", choices=("numpy", "xla"), default="numpy",
                         help="print for NumPy (the default) or XLA")
    command.set_defaults(run=show)


def show(options: argparse.Namespace) -> int:
    from srcad.cli.generated import generated  # the compiler is imported when it is first needed

    target = find(options.target)
    given = None if options.args is None else arguments(options.args, target)
    made = generated(target, options.mode, options.wrt, given)
    if options.stage == "list":
        print("\n".join(STAGES if options.backend == "xla" else made.stages))
    elif options.backend == "xla":
        print(_compiled(made, options), end="")
    else:
        print(python(made.stage(options.stage).text), end="")
    return 0


def _compiled(made: Generated, options: argparse.Namespace) -> str:
    from srcad.program.compiled import stage

    name = options.stage or STAGES[0]
    if name not in STAGES:
        raise UsageError(f"there is no stage {name!r} of XLA; the stages are {', '.join(STAGES)}")
    args = made.call(options.wrt)
    text = stage(made.func(), name, args)
    return python(text) if name == "source" else text

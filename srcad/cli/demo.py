"""`srcad demo`: a function, its adjoint, the gradient, and the proof that it is right."""

from __future__ import annotations

import argparse
import inspect
from typing import Any

import numpy as np

from srcad import value_and_grad
from srcad.cli.check import report, table
from srcad.cli.colour import BOLD, paint, python
from srcad.cli.target import Target


def miss(angle, speed, target):  # type: ignore[no-untyped-def]
    """How far from the target a ball lands that is thrown into the air, which brakes it."""
    x, y = 0.0, 0.0
    vx, vy = speed * np.cos(angle), speed * np.sin(angle)
    while y >= 0:
        v = np.sqrt(vx ** 2 + vy ** 2)
        vx = vx - 0.01 * 0.02 * v * vx
        vy = vy - 0.01 * (9.81 + 0.02 * v * vy)
        x = x + 0.01 * vx
        y = y + 0.01 * vy
    return (x - target) ** 2


ARGS = (0.7, 20.0, 30.0)


def add_to(commands: Any) -> None:
    command = commands.add_parser("demo", help="a first look: a function, its adjoint, the proof",
                                  description="Show a function, its adjoint, the gradient, and that it is right.")
    command.set_defaults(run=demo)


def demo(options: argparse.Namespace) -> int:
    from srcad.cli.generated import generated  # the compiler is imported when it is first needed

    target = Target("srcad demo", miss, globals(), ("angle", "speed"))
    print(paint("a function, in ordinary NumPy:", BOLD), "", python(_plain(inspect.getsource(miss))), sep="\n")
    print(paint("its adjoint, as srcad wrote it:", BOLD), "", sep="\n")
    print(python(generated(target, "reverse", given=(ARGS, {})).stage().text))
    value, gradient = value_and_grad(miss, wrt=("angle", "speed"))(*ARGS)
    print(paint("at angle 0.7, speed 20, target 30:", BOLD))
    print(f"  value     {value:.6f}", f"  gradient  angle {gradient[0]:.6f}, speed {gradient[1]:.6f}", "", sep="\n")
    print(paint("compared with other ways to have it:", BOLD), "", sep="\n")
    found = report(miss, ARGS, ("angle", "speed"))
    print(table(found))
    return 0 if found.ok else 1


def _plain(text: str) -> str:
    return text.replace("  # type: ignore[no-untyped-def]", "")

"""Options that several commands have, and what their texts mean."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from srcad.cli.target import Target, UsageError
from srcad.program.derivatives import Wrt

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def add_target(command: argparse.ArgumentParser) -> None:
    command.add_argument("target", metavar="TARGET", help="FILE.py:function or package.module:function")


def add_wrt(command: argparse.ArgumentParser) -> None:
    command.add_argument("--wrt", type=wrt, metavar="NAMES",
                         help="the arguments to differentiate by, names or positions: w, or w,b, or 0 (the default)")


def add_args(command: argparse.ArgumentParser, required: bool = False) -> None:
    command.add_argument("--args", metavar="TEXT", required=required,
                         help='arguments of a call, as Python: "np.ones(3), 2.0"; names of the file may be used')


def wrt(text: str) -> Wrt:
    """`w` is a name, `0` a position, `w,b` a tuple of both, `w,` a tuple of one."""
    parts = [p.strip() for p in text.split(",")]
    chosen = tuple(int(p) if p.lstrip("-").isdigit() else p for p in parts if p)
    if not chosen:
        raise argparse.ArgumentTypeError("an argument's name or position is needed")
    return chosen[0] if len(parts) == 1 else chosen


def arguments(text: str, target: Target) -> Arguments:
    """The positional and keyword arguments that `text` stands for."""
    names = {**target.namespace, "np": np, "numpy": np, "__srcad_call__": lambda *args, **kwargs: (args, kwargs)}
    try:
        found: Arguments = eval(f"__srcad_call__({text}\n)", names)
    except Exception as error:
        raise UsageError(f"--args {text!r} can't be evaluated: {type(error).__name__}: {error}") from None
    return found

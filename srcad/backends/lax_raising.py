"""What a compiled program raises.

XLA raises nothing: the program reports that it came to a `raise` (an `assert`, an index out of range).  Then it is
interpreted, on copies of its arguments, and raises what it has to raise; so nothing was stored or printed twice.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.backends.load import note_line
from srcad.errors import Span
from srcad.ir.core import Func, Let, Param
from srcad.ir.interpret import Env, interpret_in


def raised(func: Func, inputs: Sequence[Any], prints: bool) -> list[Any]:
    """Run a program without XLA; what is raised has a note of the user's line.  What it `prints` was printed."""
    flat = replace(func, params=tuple(Param(f"input{k}", v) for k, v in enumerate(func.inputs)), result=func.outputs)
    at = _At()
    try:
        with contextlib.redirect_stdout(io.StringIO() if prints else sys.stdout):
            return list(interpret_in(at, flat, [v.copy() if isinstance(v, np.ndarray) else v for v in inputs]))
    except Exception as error:
        if at.last:
            note_line(error, at.last[0])
        raise


class _At(Env):
    """Variables, and the line that was come to last, also in functions that are called."""

    def __init__(self, last: list[Span] | None = None) -> None:
        super().__init__()
        self.last = [] if last is None else last

    def calling(self, let: Let) -> None:
        if let.span is not None:
            self.last[:] = [let.span]

    def inner(self) -> _At:
        return _At(self.last)

"""Contexts that calm NumPy: `with np.errstate(…):` is a pair of effects around its block.

    state = enter(np.errstate, divide="ignore")         with np.errstate(divide="ignore"):
    y = np.log(x)                                prints     y = np.log(x)
    leave(state)

The block's adjoint stands within the same context.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.ir.ops import define
from srcad.ir.types import OBJECT

QUIET: frozenset[Callable[..., Any]] = frozenset({np.errstate, np.printoptions, warnings.catch_warnings})


def enter(manager: Callable[..., Any], *args: Any, **kwargs: Any) -> contextlib.ExitStack:
    """Enter the context that `manager` makes."""
    stack = contextlib.ExitStack()
    stack.enter_context(manager(*args, **kwargs))
    return stack


def leave(context: contextlib.ExitStack) -> None:
    """Leave a context that was entered."""
    context.close()


ENTER = define(enter, "enter", effect=True, infer=lambda *_, **__: OBJECT)
LEAVE = define(leave, "leave", effect=True, infer=lambda _: OBJECT)

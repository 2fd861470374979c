"""What a benchmark program says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator


@dataclass(frozen=True)
class Case:
    """A program at one size.

    Its module has `primal(*args)`, `hand(*args)`, which returns the gradients of the arguments in `wrt`, and
    `port(jax, *args)`; `redirected` is the primal for autograd where that can't run the primal with NumPy replaced.
    Arguments in `static` are compiled into the port; `autograd` says whether autograd can have the program at all.
    """

    name: str
    module: str
    wrt: tuple[int, ...]
    inputs: Callable[[Generator], tuple[Any, ...]]
    tiny: Callable[[Generator], tuple[Any, ...]]  # for a test that everything runs
    static: tuple[int, ...] = ()
    autograd: bool = True

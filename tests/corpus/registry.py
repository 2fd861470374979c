"""The corpus: small programs as users write them.  Each is a promise, that srcad treats it as Python does.

    @program(0.7, np.arange(3.0), 3)
    def overwritten_carry(w, xs, n):
        ...

`tests/test_corpus.py` runs every program as Python, by the interpreter of the core language and as generated source, and
differentiates it in both modes and twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
PROGRAMS: dict[str, Program] = {}


@dataclass(frozen=True)
class Program:
    """A function and arguments for it.  `second`: is its second derivative compared too?  (Not at kinks.)"""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    second: bool = True

    @property
    def name(self) -> str:
        return self.function.__name__


def program(*args: Any, second: bool = True) -> Callable[[F], F]:
    """Put a function, and arguments to call it with, into the corpus; twice or more for other arguments."""

    def register(function: F) -> F:
        name, k = function.__name__, 2
        while name in PROGRAMS:
            name, k = f"{function.__name__}_{k}", k + 1
        PROGRAMS[name] = Program(function, args, second)
        return function

    return register

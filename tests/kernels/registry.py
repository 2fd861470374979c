"""In-place kernels from textbooks, each in the styles in which people write them.

    @kernel(SPD, B)
    def cholesky_rows(A, b):
        ...

`tests/test_kernels.py` compares derivatives with complex step, in both modes and twice, and what the caller's arrays
hold after the call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
KERNELS: dict[str, Kernel] = {}


@dataclass(frozen=True)
class Kernel:
    """A function that returns a number; `second`: is the second derivative compared too?"""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    second: bool

    @property
    def name(self) -> str:
        return f"{self.function.__module__.rsplit('.', 1)[1]}.{self.function.__name__}"


def kernel(*args: Any, second: bool = False) -> Callable[[F], F]:
    def register(function: F) -> F:
        case = Kernel(function, args, second)
        assert case.name not in KERNELS
        KERNELS[case.name] = case
        return function

    return register

"""What derivatives of code over Python numbers call: no arrays are made, so a step costs nanoseconds.

Importable alone; needs no NumPy.
"""

from __future__ import annotations

import cmath
import math
from typing import Any


def power_slope(x: Any, y: Any) -> Any:
    """d/dx of `x ** y`: y * x ** (y - 1), and 0 where y is 0."""
    return y * x ** (y - 1) if y != 0 else 0.0


def power_log(x: Any) -> Any:
    """The factor log(x) in d/dy of `x ** y`: 0 at x = 0, nan where it does not exist."""
    if isinstance(x, complex):
        return cmath.log(x) if x else 0.0
    return math.log(x) if x > 0 else 0.0 if x == 0 else math.nan



def power_log_slope(x: Any) -> Any:
    """The derivative of `power_log`."""
    return 1 / x if x else 0.0


def quotient(x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0."""
    return x / y if y else 0.0


def repeated(g: Any, xs: Any) -> list[Any]:
    """`g` once for each element of `xs`."""
    return [g] * len(xs)


def polygamma(n: int, x: float) -> float:
    """The n-th derivative of the digamma function, by its asymptotic series after moving x beyond 20."""
    sign = -1.0 if n % 2 == 0 else 1.0
    moved = 0.0
    if x <= 0 and x == math.floor(x):
        return math.nan
    while x < 20:
        moved += sign * math.factorial(n) / x ** (n + 1)
        x += 1
    if n == 0:
        value = math.log(x) - 0.5 / x
    else:
        value = sign * (math.factorial(n - 1) / x ** n + math.factorial(n) / (2 * x ** (n + 1)))
    for k, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6), start=1):
        value += sign * bernoulli * math.gamma(2 * k + n) / math.gamma(2 * k + 1) / x ** (2 * k + n)
    return value + moved


def place_of(value: Any, xs: Any) -> int:
    """Where `value`, the largest or smallest of `xs`, stands first."""
    return next((i for i, x in enumerate(xs) if x == value), 0)

"""Forward and reverse mode against each other: for a linear map J, <dy, J dx> = <J^T dy, dx>.

The test needs no other library and no step size, and holds to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcad.checks.arguments import Leaves, pairing


@dataclass(frozen=True)
class DotProduct:
    """The two sides, and the size of what was summed to get them."""

    forward: float
    reverse: float
    scale: float

    @property
    def error(self) -> float:
        return abs(self.forward - self.reverse)


def dot_product(tangent_in: Leaves, tangent_out: Leaves, cotangent_out: Leaves, cotangent_in: Leaves) -> DotProduct:
    """`tangent_out` is J of `tangent_in`, and `cotangent_in` is J^T of `cotangent_out`."""
    forward, reverse = pairing(cotangent_out, tangent_out), pairing(cotangent_in, tangent_in)
    return DotProduct(forward, reverse, max(1.0, _size(cotangent_out, tangent_out), _size(cotangent_in, tangent_in)))


def _size(a: Leaves, b: Leaves) -> float:
    return sum(float(abs(x * y).sum()) if hasattr(x * y, "sum") else abs(x * y) for x, y in zip(a, b, strict=True))

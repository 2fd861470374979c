"""Source-transformation automatic differentiation for Python and NumPy."""

from srcad.api import (
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)
from srcad.errors import ArgumentError, SourceNotFound, SrcadError, Unsupported

__version__ = "0.1.0"
__all__ = ["ArgumentError", "SourceNotFound", "SrcadError", "Unsupported", "elementwise_grad", "grad", "hessian", "hvp",
           "jacobian", "jvp", "stop_gradient", "value_and_grad", "vjp"]

"""Source-transformation automatic differentiation for Python and NumPy."""

from typing import Any

from srcad.api import (
    elementwise_grad,
    export,
    grad,
    hessian,
    hvp,
    jacobian,
    jit,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)
from srcad.custom import custom_jvp, custom_vjp, gradient_of, nondifferentiable
from srcad.errors import ArgumentError, NanError, SourceNotFound, SrcadError, Unsupported
from srcad.program.ways import backend, configure, debug_nans

__version__ = "0.1.0"
__all__ = ["ArgumentError", "NanError", "SourceNotFound", "SrcadError", "Unsupported", "backend", "check_grads",
           "configure", "custom_jvp", "custom_vjp", "debug_nans", "elementwise_grad", "export", "grad", "gradient_of",
           "hessian", "hvp", "jacobian", "jit", "jvp", "nondifferentiable", "stats", "stop_gradient", "value_and_grad",
           "vjp"]


def __getattr__(name: str) -> Any:
    if name == "check_grads":  # imported when it is asked for: programs that run need no checks
        from srcad.checks.check import check_grads

        return check_grads
    if name == "stats":
        from srcad.program.stats import stats

        return stats
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

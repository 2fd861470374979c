"""Derivatives by calling the function and nothing else.

Central differences at two steps, extrapolated: the error is of fourth order in the step.  Several steps are tried and
the one kept whose two values agree best; how well they agree is the error that is reported, so a kink near the point
shows as a large error and not as a wrong derivative.

Complex step has no subtraction and is exact to rounding, but right only where the function is analytic and lets complex
numbers through; it is believed where it agrees with the differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.checks.arguments import Leaves, Subject, is_single

_STEPS = (1e-2, 1e-3, 1e-4, 1e-5)
_STEPS_SINGLE = (1e-1, 3e-2, 1e-2)
_TINY = 1e-30


@dataclass(frozen=True)
class Estimate:
    """A directional derivative of each output, and how far off it may be."""

    value: Leaves
    error: float


def directional(subject: Subject, direction: Leaves) -> Estimate:
    """The derivative of the outputs along `direction`."""
    scale = max([1.0, *(float(np.max(np.abs(v), initial=0.0)) for v in subject.values)])
    steps = _STEPS_SINGLE if is_single(subject.values) else _STEPS
    found = [estimate for h in steps if (estimate := _extrapolated(subject, direction, h * scale)) is not None]
    if not found:
        raise ArithmeticError("the function has no finite values near this point")
    return min(found, key=lambda e: e.error)


def _extrapolated(subject: Subject, direction: Leaves, h: float) -> Estimate | None:
    wide, near = _difference(subject, direction, h), _difference(subject, direction, h / 2)
    if wide is None or near is None:
        return None
    pairs = list(zip(wide, near, strict=True))
    error = max((float(np.max(np.abs(n - w), initial=0.0)) for w, n in pairs), default=0.0)
    return Estimate([(4 * n - w) / 3 for w, n in pairs], error) if np.isfinite(error) else None


def _difference(subject: Subject, direction: Leaves, h: float) -> Leaves | None:
    try:
        ahead, behind = (subject.outputs(_moved(subject.values, direction, s)) for s in (h, -h))
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):
        return None  # a step out of the function's domain
    if len(ahead) != len(behind) or any(np.shape(a) != np.shape(b) for a, b in zip(ahead, behind, strict=True)):
        return None
    return [(np.asarray(a) - np.asarray(b)) / (2 * h) for a, b in zip(ahead, behind, strict=True)]


def _moved(values: Leaves, direction: Leaves, h: float) -> Leaves:
    return [_as(v, v + h * d) for v, d in zip(values, direction, strict=True)]


def _as(like: Any, value: Any) -> Any:
    return type(like)(value) if isinstance(like, float | complex | np.generic) else np.asarray(value, like.dtype)


def complex_step(subject: Subject, direction: Leaves) -> Leaves | None:
    """The derivative along `direction`, exact to rounding; None where the function takes no complex numbers."""
    if any(np.iscomplexobj(v) for v in subject.values) or is_single(subject.values):
        return None
    moved = [v + 1j * _TINY * np.asarray(d) for v, d in zip(subject.values, direction, strict=True)]
    try:
        outputs = subject.outputs([m[()] if np.ndim(m) == 0 else m for m in moved])
    except Exception:  # any failure says only that this oracle does not apply
        return None
    if not all(np.iscomplexobj(y) for y in outputs):
        return None
    return [np.imag(y) / _TINY for y in outputs]

"""NumPy and math for complex step: the same functions, continued analytically.

NumPy compares complex numbers by their real parts first, so maxima, sorts and tests take the branch that the real program
takes.  What is not analytic (`abs`, a norm) is replaced; new arrays are complex, so that they can hold what is stored.
"""

from __future__ import annotations

import builtins
import math as _math
from typing import Any

import numpy as _np


def abs(x: Any) -> Any:  # noqa: A001 - stands in for the builtin
    return x * _np.sign(_np.real(x)) if _np.iscomplexobj(x) else builtins.abs(x)


def norm(x: Any) -> Any:
    return _np.sqrt(_np.sum(x * x))


def _complex(function: Any) -> Any:
    """A function that makes arrays, which are complex where they would be of floats."""
    def made(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        return result.astype(complex) if result.dtype.kind == "f" else result

    return made


def _by_parts(function: Any, *partials: Any) -> Any:
    """A function of real numbers, continued to first order: the imaginary parts are a direction."""
    def continued(*args: Any) -> Any:
        if not any(map(_np.iscomplexobj, args)):
            return function(*args)
        real = [_np.real(a) for a in args]
        return function(*real) + 1j * sum(p(*real) * _np.imag(a) for p, a in zip(partials, args, strict=True))

    return continued


class _Linalg:
    norm = staticmethod(norm)

    def __getattr__(self, name: str) -> Any:
        return getattr(_np.linalg, name)


class _NumPy:
    abs = absolute = staticmethod(abs)
    linalg = _Linalg()
    zeros, ones, full, eye, empty, zeros_like, full_like, empty_like, arange = (staticmethod(_complex(f)) for f in (
        _np.zeros, _np.ones, _np.full, _np.eye, _np.empty, _np.zeros_like, _np.full_like, _np.empty_like, _np.arange))
    hypot = staticmethod(_by_parts(_np.hypot, lambda x, y: x / _np.hypot(x, y), lambda x, y: y / _np.hypot(x, y)))
    arctan2 = staticmethod(_by_parts(_np.arctan2, lambda y, x: x / (x * x + y * y), lambda y, x: -y / (x * x + y * y)))
    logaddexp = staticmethod(_by_parts(_np.logaddexp, lambda x, y: 1 / (1 + _np.exp(y - x)),
                                       lambda x, y: 1 / (1 + _np.exp(x - y))))
    clip = staticmethod(lambda x, low, high: _np.where(_np.real(x) < low, low, _np.where(_np.real(x) > high, high, x)))
    floor = staticmethod(lambda x: _np.floor(_np.real(x)))
    sign = staticmethod(lambda x: _np.sign(_np.real(x)))
    copysign = staticmethod(lambda x, y: abs(x) * _np.where(_np.signbit(_np.real(y)), -1.0, 1.0))

    def __getattr__(self, name: str) -> Any:
        return getattr(_np, name)


class _Math:
    pi, e = _math.pi, _math.e

    def __getattr__(self, name: str) -> Any:
        return getattr(_np, name)


np, math = _NumPy(), _Math()


def integer(x: Any) -> Any:
    return int(_np.real(x))

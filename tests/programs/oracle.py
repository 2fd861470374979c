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
    return lambda *args, **kwargs: function(*args, **kwargs).astype(complex)


class _Linalg:
    norm = staticmethod(norm)

    def __getattr__(self, name: str) -> Any:
        return getattr(_np.linalg, name)


class _NumPy:
    abs = absolute = staticmethod(abs)
    linalg = _Linalg()
    zeros, ones, full, eye = (staticmethod(_complex(f)) for f in (_np.zeros, _np.ones, _np.full, _np.eye))

    def __getattr__(self, name: str) -> Any:
        return getattr(_np, name)


class _Math:
    pi, e = _math.pi, _math.e

    def __getattr__(self, name: str) -> Any:
        return getattr(_np, name)


np, math = _NumPy(), _Math()

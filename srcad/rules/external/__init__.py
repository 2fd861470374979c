"""Rules for functions of packages that srcad does not need itself: they are loaded when a program calls one of these.

    special     scipy.special, elementwise
    matrices    functions of matrices of scipy.linalg
    interpolate splines
    composed    what is a short program over functions with a rule
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def owner(function: Any) -> str:
    """The part of SciPy that `function` comes from: "special", "linalg", …; "" if it comes from elsewhere."""
    if isinstance(function, np.ufunc):  # a ufunc does not say where it is from
        special = sys.modules.get("scipy.special")
        return "special" if getattr(special, function.__name__, None) is function else ""
    parts = (getattr(function, "__module__", None) or type(function).__module__).split(".")
    return parts[1] if parts[0] == "scipy" and len(parts) > 1 else ""


def load(function: Any) -> None:
    """Define the operations of the part of SciPy that `function` comes from."""
    match owner(function):
        case "special":
            importlib.import_module("srcad.rules.external.special")
        case "linalg":
            importlib.import_module("srcad.rules.external.matrices")
        case "interpolate":
            importlib.import_module("srcad.rules.external.interpolate").declare(function)


def program(function: Any) -> Callable[..., Any] | None:
    """The program that a function of SciPy stands for."""
    found = owner(getattr(function, "__self__", None) or function)
    if not found:
        return None
    composed = importlib.import_module("srcad.rules.external.composed")
    distribution = getattr(function, "__self__", None)
    if distribution is not None:
        name = type(distribution).__name__.removesuffix("_gen")
        result: Callable[..., Any] | None = composed.DISTRIBUTIONS.get((name, function.__name__))
        return result
    if found == "fft":
        return getattr(np.fft, function.__name__, None)
    result = composed.FUNCTIONS.get((found, getattr(function, "__name__", "")))
    return result

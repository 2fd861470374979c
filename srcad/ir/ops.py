"""Operations: what a `Let` calls.

An `Op` is a function that generated code can name, with what every pass must know of it and no more: how it prints,
whether it is an effect, and which of its parameters are structure (an axis, a dtype) rather than data.  The derivative
rules are a table of their own, `srcad.rules`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

# Parameters that shape a computation instead of entering it: constants of the form, never atoms.
STRUCTURE = frozenset({
    "axis", "axes", "axisa", "axisb", "axisc", "keepdims", "dtype", "ord", "subscripts", "optimize", "copy", "order",
    "kind", "ddof", "correction", "casting", "subok", "indexing", "mode", "UPLO", "full_matrices", "compute_uv",
    "endpoint", "retstep", "sparse", "side", "method", "hermitian", "offset", "axis1", "axis2", "source",
    "destination", "equal_nan", "k", "like", "device", "bias", "rowvar", "stable",
})
Memory = Literal["fresh", "view", "perhaps", "same"]


@dataclass(frozen=True, eq=False)
class Op:
    """`name` is how generated code spells it (`np.sin`, `math.sin`, `unbroadcast`); `function` is what it runs.

    `elementwise` says that it maps over its arguments with NumPy's broadcasting.  `memory` says what the result may
    share memory with: nothing ("fresh"), a part of an argument, perhaps that, or it is the "same" as the first argument
    or fresh.  `infer`, where it is given, is called with the filled call, each atom replaced by its `Type` or by a
    `Lit`, and returns the type of the result (a tuple for several), or None for "unknown".  `lists` says that it takes
    lists of arrays as lists; to other operations a list of numbers is one array.
    """

    name: str
    function: Callable[..., Any]
    elementwise: bool = False
    effect: bool = False
    memory: Memory = "fresh"
    structure: frozenset[str] = STRUCTURE
    infer: Callable[..., Any] | None = field(default=None, repr=False)
    outs: int = 1
    lists: bool = False

    def __repr__(self) -> str:
        return self.name


_by_function: dict[Any, Op] = {}


def define(function: Callable[..., Any], name: str, **facts: Any) -> Op:
    """Make `function` an operation.  A function is one operation only."""
    assert function not in _by_function, name
    op = Op(name, function, **facts)
    _by_function[function] = op
    return op


def op_of(function: Any) -> Op | None:
    """The operation that runs `function`, if there is one."""
    try:
        return _by_function.get(function)
    except TypeError:  # an unhashable callable is nobody's operation
        return None


def all_ops() -> list[Op]:
    return list(_by_function.values())


_SHORT = {"absolute": "abs", "conjugate": "conj"}     # as they are written


def name_of(function: Any) -> str:
    """How generated code spells a function of NumPy, math or builtins."""
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, np.ufunc) and getattr(np, function.__name__, None) is not function:
        return f"{_home_of(function)}.{function.__name__}"
    if isinstance(function, np.ufunc) or module.split(".")[0] == "numpy":
        sub = "linalg." if "linalg" in module else "fft." if "fft" in module else ""
        return f"np.{sub}{_SHORT.get(function.__name__, function.__name__)}"
    if module == "builtins" or module.startswith("srcad."):
        return function.__name__
    return f"{module}.{function.__name__}"


def _home_of(function: Any) -> str:
    """The public module that a ufunc of another library is found in (a ufunc does not know it)."""
    found = [name for name, module in list(sys.modules.items())
             if not any(part.startswith("_") for part in name.split("."))
             and getattr(module, "__dict__", {}).get(function.__name__) is function]
    return min(found, key=lambda name: (not name.startswith("scipy."), len(name), name), default="ufuncs")

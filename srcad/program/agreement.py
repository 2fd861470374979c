"""Do NumPy and XLA agree on a result?

They round differently, so arrays are compared by their norms: XLA may be off by half of a type's digits, relative to
the largest array of the result, and by a little more than rounding where all is nearly zero.  Integers and truth values
must be equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.program.signature import leaves_of


def disagreement(ours: Any, theirs: Any) -> str:
    """How the second result differs from the first; empty if it does not."""
    a, b = leaves_of(ours), leaves_of(theirs)
    if len(a) != len(b) or type(ours) is not type(theirs):
        return f"NumPy gives {_kind(ours)}, and XLA {_kind(theirs)}"
    largest = max((_norm(x) for x in a if _inexact(x)), default=0.0)
    return next(filter(None, (_of_leaves(x, y, largest) for x, y in zip(a, b, strict=True))), "")


def _of_leaves(x: Any, y: Any, largest: float) -> str:
    if not isinstance(x, np.ndarray | np.generic | bool | int | float | complex):
        return "" if type(x) is type(y) else f"NumPy gives {_kind(x)}, and XLA {_kind(y)}"
    if np.shape(x) != np.shape(y) or np.asarray(x).dtype != np.asarray(y).dtype:
        return f"NumPy gives {_kind(x)}, and XLA {_kind(y)}"
    if not _inexact(x):
        return "" if np.array_equal(x, y) else f"{_kind(x)} differs"
    if not np.array_equal(np.isfinite(x), np.isfinite(y)):
        return f"{_kind(x)} has its infinities or NaNs at other places"
    finite = np.isfinite(x)
    with np.errstate(over="ignore"):
        off = _norm(np.asarray(x)[finite] - np.asarray(y)[finite])
    digits = float(np.finfo(np.asarray(x).dtype).eps)
    allowed = digits ** 0.5 * largest + digits ** 0.75
    return "" if off <= allowed else f"{_kind(x)} differs by {off:.1e} in norm ({allowed:.1e} would be rounding)"


def _inexact(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic | float | complex) and np.asarray(x).dtype.kind in "fc"


def _norm(x: Any) -> float:
    """The norm of what is finite."""
    flat = np.ravel(x)
    with np.errstate(over="ignore"):
        return float(np.linalg.norm(flat[np.isfinite(flat)].astype(np.result_type(flat, float))))


def _kind(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"an array of {x.dtype} of shape {x.shape}"
    return f"a {type(x).__name__}"

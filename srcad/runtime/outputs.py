"""The one number that a differentiated function returns."""

from __future__ import annotations

from typing import Any

import numpy as np


def single(y: Any) -> Any:
    """The element of an array that has one; a TypeError for all others."""
    if np.size(y) != 1:
        raise TypeError(f"grad needs a function that returns one number, and it returned an array of shape {np.shape(y)}. "
                        "Sum it, or use jacobian, vjp or elementwise_grad")
    return np.reshape(y, ())[()]

"""What users say about derivatives within a function, and the one number that it returns."""

from __future__ import annotations

from typing import Any

import numpy as np


def single(y: Any) -> Any:
    """The element of an array that has one; a TypeError for all others."""
    if np.size(y) != 1:
        raise TypeError(f"grad needs a function that returns one number, and it returned an array of shape "
                        f"{np.shape(y)}. Sum it, or use jacobian, vjp or elementwise_grad")
    return np.reshape(y, ())[()]


def stop_gradient(x: Any) -> Any:
    """x, as a constant of every derivative.

    >>> from srcad import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    return x

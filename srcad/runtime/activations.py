"""Functions of neural networks that NumPy has no word for, without overflow."""

from __future__ import annotations

from typing import Any

import numpy as np


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1)[()] / (1 + small)


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return np.logaddexp(x, 0)


def relu(x: Any) -> Any:
    """max(x, 0), with the derivative 0 at 0."""
    return np.maximum(x, 0)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """x - log(sum(exp(x))) along an axis."""
    x = x - np.max(x, axis=axis, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))

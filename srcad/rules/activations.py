"""Functions of neural networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.rules.ops import custom, elementwise, pointwise
from srcad.rules.results import like
from srcad.rules.symbols import recorded
from srcad.runtime import activations

_sigmoid = recorded(activations.sigmoid)

elementwise(activations.sigmoid, lambda z, x: z * (1 - z), name="sigmoid")
elementwise(activations.softplus, lambda z, x: _sigmoid(x), name="softplus")
# At 0 the derivative is 0, which networks rely on; `np.maximum(x, 0)` gives a half there, as in JAX.
pointwise(activations.relu, lambda t, z, x: np.where(z > 0, t, 0), name="relu")


def _log_softmax_jvp(t: Any, y: Any, x: Any, axis: int = -1) -> Any:
    return t - np.sum(t * np.exp(y), axis=axis, keepdims=True)


def _log_softmax_vjp(g: Any, y: Any, x: Any, axis: int = -1) -> Any:
    return g - np.exp(y) * np.sum(g, axis=axis, keepdims=True)


custom(activations.log_softmax, jvps=(_log_softmax_jvp,), vjps=(_log_softmax_vjp,), name="log_softmax",
       infer=lambda x, axis=-1: like(x))

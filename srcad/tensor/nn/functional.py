"""Activations and losses."""

from __future__ import annotations

from typing import Any

from srcad.runtime.tensors.arithmetic import plus
from srcad.runtime.tensors.creation import one_hot
from srcad.runtime.tensors.elementary import relu, sigmoid, softplus, tanh
from srcad.runtime.tensors.products import matmul
from srcad.runtime.tensors.reductions import (
    cross_entropy,
    log_softmax,
    nll_loss,
    softmax,
)
from srcad.runtime.tensors.reductions import mean_square as mse_loss
from srcad.runtime.tensors.reductions import normalized as normalize
from srcad.runtime.tensors.tensor import Tensor


def linear(input: Tensor, weight: Any, bias: Any = None) -> Any:
    """`input @ weight.T + bias`."""
    product = matmul(input, weight.T)
    return product if bias is None else plus(product, bias)


__all__ = ["cross_entropy", "linear", "log_softmax", "mse_loss", "nll_loss", "normalize", "one_hot", "relu", "sigmoid",
           "softmax", "softplus", "tanh"]

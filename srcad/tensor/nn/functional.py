"""Activations and losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.runtime.tensors.arithmetic import divide, gt, lt, minus, multiply, plus
from srcad.runtime.tensors.creation import one_hot, rand_like
from srcad.runtime.tensors.elementary import abs, clamp, expm1, log, relu, renamed, sigmoid, softplus, tanh, where
from srcad.runtime.tensors.operation import apply
from srcad.runtime.tensors.products import matmul
from srcad.runtime.tensors.reductions import (
    cross_entropy,
    log_softmax,
    mean,
    nll_loss,
    softmax,
    sum,
)
from srcad.runtime.tensors.reductions import mean_square as mse_loss
from srcad.runtime.tensors.reductions import norm as norm_of
from srcad.runtime.tensors.reductions import normalized as normalize
from srcad.runtime.tensors.special import ndtr
from srcad.runtime.tensors.tensor import Tensor


def linear(input: Tensor, weight: Any, bias: Any = None) -> Any:
    """`input @ weight.T + bias`."""
    product = matmul(input, weight.T)
    return product if bias is None else plus(product, bias)


# --- activations

def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """The input where it is positive, `negative_slope` times it elsewhere."""
    return renamed(where(gt(input, 0), input, multiply(input, negative_slope)), "LeakyReluBackward0")


def elu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """The input where it is positive, `alpha * (exp(input) - 1)` elsewhere."""
    return renamed(where(gt(input, 0), input, multiply(expm1(clamp(input, max=0)), alpha)), "EluBackward0")


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """The input times the probability that a normal number is below it; or its approximation by "tanh"."""
    if approximate == "tanh":
        inner = multiply(plus(input, multiply(input ** 3, 0.044715)), (2 / np.pi) ** 0.5)  # type: ignore[operator]
        return renamed(multiply(multiply(input, 0.5), plus(tanh(inner), 1)), "GeluBackward0")
    return renamed(multiply(input, ndtr(input)), "GeluBackward0")


def silu(input: Tensor) -> Tensor:
    """`input * sigmoid(input)`."""
    return renamed(multiply(input, sigmoid(input)), "SiluBackward0")


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)), without overflow."""
    return renamed(multiply(softplus(multiply(input, -1)), -1), "LogSigmoidBackward0")


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """The input between two bounds."""
    return renamed(clamp(input, min_val, max_val), "HardtanhBackward0")


def dropout(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Zeros in place of a part `p` of the elements, drawn at random; the others are scaled to keep the mean."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    kept = gt(rand_like(input), p).to(input.dtype)
    return renamed(multiply(input, kept if p == 1 else divide(kept, 1 - p)), "MulBackward0")


# --- losses

def _reduced(loss: Tensor, reduction: str, name: str) -> Tensor:
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    found = loss if reduction == "none" else mean(loss) if reduction == "mean" else sum(loss)
    return renamed(found, name)


def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The mean distance."""
    return _reduced(abs(minus(input, target)), reduction, "MeanBackward0")


def smooth_l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Half the square of small distances over `beta`, and large distances less half of `beta`."""
    far = abs(minus(input, target))
    loss = where(lt(far, beta), divide(multiply(far, far), 2 * beta), minus(far, beta / 2)) if beta else far
    return _reduced(loss, reduction, "SmoothL1LossBackward0")


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Half the square of small distances, a straight line for large ones."""
    far = abs(minus(input, target))
    loss = where(lt(far, delta), multiply(multiply(far, far), 0.5), multiply(minus(far, delta / 2), delta))
    return _reduced(loss, reduction, "HuberLossBackward0")


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Any = None, reduction: str = "mean") -> Tensor:
    """The cross entropy of probabilities; logarithms are at least -100."""
    good = multiply(target, clamp(log(input), min=-100))
    bad = multiply(minus(1, target), clamp(log(minus(1, input)), min=-100))
    loss = multiply(plus(good, bad), -1 if weight is None else multiply(weight, -1))
    return _reduced(loss, reduction, "BinaryCrossEntropyBackward0")


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Any = None,
                                     reduction: str = "mean") -> Tensor:
    """The same of the logarithms of odds, without overflow."""
    loss = minus(softplus(input), multiply(input, target))
    return _reduced(loss if weight is None else multiply(loss, weight), reduction,
                    "BinaryCrossEntropyWithLogitsBackward0")


def kl_div(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The divergence of probabilities `target` from those whose logarithms are `input`."""
    known = where(gt(target, 0), target, 1.0)
    loss = multiply(target, minus(log(known), input))
    if reduction == "batchmean":
        return divide(sum(loss), input.shape[0])  # type: ignore[no-any-return]
    return _reduced(loss, reduction, "KlDivBackward0")


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between two vectors along `dim`."""
    lengths = multiply(clamp(norm_of(x1, 2, dim), min=eps), clamp(norm_of(x2, 2, dim), min=eps))
    return divide(sum(multiply(x1, x2), dim), lengths)  # type: ignore[no-any-return]


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """`value` around the elements: pairs of how many before and after, the last dimension first."""
    if mode != "constant":
        raise NotImplementedError(f"padding of mode {mode!r}: concatenate what is to be around")
    pairs = [(0, 0)] * (input.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    return apply("ConstantPadNdBackward0", np.pad, input, tuple(pairs), constant_values=value or 0)


__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_similarity", "cross_entropy", "dropout",
           "elu", "gelu", "hardtanh", "huber_loss", "kl_div", "l1_loss", "leaky_relu", "linear", "log_softmax",
           "logsigmoid", "mse_loss", "nll_loss", "normalize", "one_hot", "pad", "relu", "sigmoid", "silu",
           "smooth_l1_loss", "softmax", "softplus", "tanh"]

"""What is a function of tensors and no method, inside of functions that are differentiated by their source.

As in `srcad.runtime.inside`, these are programs over arrays.  `FUNCTIONS` are those of `srcad.tensor` and its
`nn.functional`, `LINALG` those of its `linalg`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime import activations
from srcad.runtime.inside import BOTH, matmul, norm
from srcad.runtime.tensors.creation import default_generator

Function = Callable[..., Any]


def cat(tensors, dim=0):  # type: ignore[no-untyped-def]
    return np.concatenate(tensors, axis=dim)


def stack(tensors, dim=0):  # type: ignore[no-untyped-def]
    return np.stack(tensors, axis=dim)


def where(condition, input, other):  # type: ignore[no-untyped-def]
    return np.where(condition, input, other)


def cdist(x1, x2):  # type: ignore[no-untyped-def]
    return np.sqrt(np.sum((x1[:, None] - x2[None]) ** 2, axis=-1))


def randn(*size):  # type: ignore[no-untyped-def]
    return default_generator.numbers.standard_normal(size[0] if isinstance(size[0], tuple | list) else size)


def rand(*size):  # type: ignore[no-untyped-def]
    return default_generator.numbers.random(size[0] if isinstance(size[0], tuple | list) else size)


def zeros(*size, dtype=np.float32):  # type: ignore[no-untyped-def]
    return np.zeros(size[0] if isinstance(size[0], tuple | list) else size, dtype)


def ones(*size, dtype=np.float32):  # type: ignore[no-untyped-def]
    return np.ones(size[0] if isinstance(size[0], tuple | list) else size, dtype)


def eye(n):  # type: ignore[no-untyped-def]
    return np.eye(n, dtype=np.float32)


def tensor(data):  # type: ignore[no-untyped-def]
    return np.array(data)


def mse_loss(input, target):  # type: ignore[no-untyped-def]
    return np.mean((input - target) ** 2)


def cross_entropy(input, target):  # type: ignore[no-untyped-def]
    return -np.mean(activations.log_softmax(input, axis=1)[np.arange(len(target)), target])


def linear(input, weight, bias=None):  # type: ignore[no-untyped-def]
    return input @ weight.T if bias is None else input @ weight.T + bias


def leaky_relu(input, negative_slope=0.01):  # type: ignore[no-untyped-def]
    return np.where(input > 0, input, negative_slope * input)


def elu(input, alpha=1.0):  # type: ignore[no-untyped-def]
    return np.where(input > 0, input, alpha * np.expm1(np.minimum(input, 0)))


def silu(input):  # type: ignore[no-untyped-def]
    return input * activations.sigmoid(input)


def l1_loss(input, target):  # type: ignore[no-untyped-def]
    return np.mean(np.abs(input - target))


def nll_loss(input, target):  # type: ignore[no-untyped-def]
    return -np.mean(input[np.arange(len(target)), target])


def binary_cross_entropy_with_logits(input, target):  # type: ignore[no-untyped-def]
    return np.mean(np.logaddexp(input, 0) - input * target)


def normalize(input, p=2.0, dim=1, eps=1e-12):  # type: ignore[no-untyped-def]
    return input / np.maximum(np.linalg.norm(input, p, axis=dim, keepdims=True), eps)


def full(size, fill_value, dtype=None):  # type: ignore[no-untyped-def]
    return np.full(size, fill_value, dtype)


def linspace(start, end, steps, dtype=np.float32):  # type: ignore[no-untyped-def]
    return np.linspace(start, end, steps, dtype=dtype)


def tensordot(a, b, dims=2):  # type: ignore[no-untyped-def]
    return np.tensordot(a, b, dims)


FUNCTIONS: dict[str, Function] = {
    **BOTH, "cat": cat, "concat": cat, "stack": stack, "where": where, "einsum": np.einsum, "zeros": zeros,
    "ones": ones, "eye": eye, "tensor": tensor, "zeros_like": np.zeros_like, "ones_like": np.ones_like,
    "arange": np.arange, "mse_loss": mse_loss, "cross_entropy": cross_entropy, "linear": linear, "elu": elu,
    "leaky_relu": leaky_relu, "silu": silu, "l1_loss": l1_loss, "nll_loss": nll_loss, "normalize": normalize,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits, "full": full, "linspace": linspace,
    "vstack": np.vstack, "hstack": np.hstack, "concatenate": cat, "tensordot": tensordot,
    "randn": randn, "rand": rand, "cdist": cdist, "full_like": np.full_like, "empty_like": np.zeros_like}
LINALG: dict[str, Function] = {name: getattr(np.linalg, name) for name in (
    "det", "inv", "solve", "cholesky", "eigh", "eigvalsh", "pinv", "matrix_power", "slogdet", "qr", "svd")} | {
    "norm": norm, "vector_norm": norm, "matmul": matmul}

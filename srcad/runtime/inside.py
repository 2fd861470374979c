"""What the calls of tensors mean inside a function that is differentiated: there tensors are arrays.

    @grad                                            is lowered as
    def f(x):                                        def f(x):
        return torch.dot(x, x.exp()).sum()               return np.sum(np.dot(x, np.exp(x)))

Plain functions over arrays, with PyTorch's parameters; types of elements follow NumPy's rules.  `FUNCTIONS` are those
of `srcad.tensor`, `METHODS` those of its tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime import activations, outputs

Function = Callable[..., Any]


def _axis(dim: Any, axis: Any) -> Any:
    found = axis if dim is None else dim
    return tuple(found) if isinstance(found, list) else found


def _reduced(function, input, axis, keep, **more):  # type: ignore[no-untyped-def]
    """What is the default is not written."""
    return (function(input, axis=axis, keepdims=True, **more) if keep else function(input, **more) if axis is None
            else function(input, axis=axis, **more))


def sum(input, dim=None, keepdim=False, *, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    return _reduced(np.sum, input, _axis(dim, axis), keepdim or keepdims)


def mean(input, dim=None, keepdim=False, *, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    return _reduced(np.mean, input, _axis(dim, axis), keepdim or keepdims)


def prod(input, dim=None, keepdim=False, *, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    return _reduced(np.prod, input, _axis(dim, axis), keepdim or keepdims)


def amax(input, dim=None, keepdim=False, *, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    return _reduced(np.max, input, _axis(dim, axis), keepdim or keepdims)


def amin(input, dim=None, keepdim=False, *, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    return _reduced(np.min, input, _axis(dim, axis), keepdim or keepdims)


def std(input, dim=None, unbiased=True, keepdim=False, *, correction=1):  # type: ignore[no-untyped-def]
    return _reduced(np.std, input, _axis(dim, None), keepdim, ddof=correction if unbiased else 0)


def var(input, dim=None, unbiased=True, keepdim=False, *, correction=1):  # type: ignore[no-untyped-def]
    return _reduced(np.var, input, _axis(dim, None), keepdim, ddof=correction if unbiased else 0)


def norm(input, p="fro", dim=None, keepdim=False):  # type: ignore[no-untyped-def]
    more = {} if p == "fro" else {"ord": p}
    x = input if p == "fro" or dim is not None else np.ravel(input)
    return _reduced(np.linalg.norm, x, _axis(dim, None), keepdim, **more)


def cumsum(input, dim=None, *, axis=None):  # type: ignore[no-untyped-def]
    return np.cumsum(input, axis=_axis(dim, axis))


def argmax(input, dim=None):  # type: ignore[no-untyped-def]
    return np.argmax(input) if dim is None else np.argmax(input, axis=dim)


def argmin(input, dim=None):  # type: ignore[no-untyped-def]
    return np.argmin(input) if dim is None else np.argmin(input, axis=dim)


def max(input, other=None):  # type: ignore[no-untyped-def]
    return np.max(input) if other is None else np.maximum(input, other)


def min(input, other=None):  # type: ignore[no-untyped-def]
    return np.min(input) if other is None else np.minimum(input, other)


def clamp(input, min=None, max=None):  # type: ignore[no-untyped-def]
    return np.clip(input, min, max)


def softmax(input, dim=-1):  # type: ignore[no-untyped-def]
    return np.exp(activations.log_softmax(input, axis=dim))


def log_softmax(input, dim=-1):  # type: ignore[no-untyped-def]
    return activations.log_softmax(input, axis=dim)


def cat(tensors, dim=0):  # type: ignore[no-untyped-def]
    return np.concatenate(tensors, axis=dim)


def stack(tensors, dim=0):  # type: ignore[no-untyped-def]
    return np.stack(tensors, axis=dim)


def transpose(input, dim0, dim1):  # type: ignore[no-untyped-def]
    return np.swapaxes(input, dim0, dim1)


def t(input):  # type: ignore[no-untyped-def]
    return np.transpose(input)


def permute(input, *dims):  # type: ignore[no-untyped-def]
    return np.transpose(input, dims[0] if isinstance(dims[0], tuple | list) else dims)


def reshape(input, *shape):  # type: ignore[no-untyped-def]
    return np.reshape(input, shape[0] if isinstance(shape[0], tuple | list) else shape)


def flatten(input):  # type: ignore[no-untyped-def]
    return np.reshape(input, (-1,))


def squeeze(input, dim=None):  # type: ignore[no-untyped-def]
    return np.squeeze(input) if dim is None else np.squeeze(input, axis=dim)


def unsqueeze(input, dim):  # type: ignore[no-untyped-def]
    return np.expand_dims(input, dim)


def flip(input, *dims):  # type: ignore[no-untyped-def]
    return np.flip(input, dims[0] if isinstance(dims[0], tuple | list) else dims)  # type: ignore[arg-type]


def where(condition, input, other):  # type: ignore[no-untyped-def]
    return np.where(condition, input, other)


def add(input, other):  # type: ignore[no-untyped-def]
    return input + other


def sub(input, other):  # type: ignore[no-untyped-def]
    return input - other


def mul(input, other):  # type: ignore[no-untyped-def]
    return input * other


def div(input, other):  # type: ignore[no-untyped-def]
    return input / other


def pow(input, exponent):  # type: ignore[no-untyped-def]
    return input ** exponent


def matmul(input, other):  # type: ignore[no-untyped-def]
    return input @ other


def numel(input):  # type: ignore[no-untyped-def]
    return np.size(input)


def size(input, dim=None):  # type: ignore[no-untyped-def]
    return np.shape(input) if dim is None else np.shape(input)[dim]


def same(input):  # type: ignore[no-untyped-def]
    return input


def double(input):  # type: ignore[no-untyped-def]
    return input.astype(np.float64)


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


_UFUNCS: dict[str, Function] = {name: getattr(np, name) for name in (
    "exp", "expm1", "exp2", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "abs",
    "sign", "square", "floor", "ceil", "trunc", "maximum", "minimum", "reciprocal", "isnan", "isinf", "isfinite")} | {
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "atan2": np.arctan2, "neg": np.negative, "absolute": np.abs,
    "sigmoid": activations.sigmoid, "relu": activations.relu}
_BOTH: dict[str, Function] = {
    **_UFUNCS, "sum": sum, "mean": mean, "prod": prod, "amax": amax, "amin": amin, "std": std, "var": var,
    "norm": norm, "cumsum": cumsum, "argmax": argmax, "argmin": argmin, "max": max, "min": min, "clamp": clamp,
    "softmax": softmax, "log_softmax": log_softmax, "transpose": transpose, "t": t, "permute": permute,
    "reshape": reshape, "flatten": flatten, "squeeze": squeeze, "unsqueeze": unsqueeze, "flip": flip, "add": add,
    "sub": sub, "mul": mul, "div": div, "pow": pow, "matmul": matmul, "mm": matmul, "mv": matmul, "bmm": matmul,
    "dot": np.dot, "outer": np.outer, "trace": np.trace, "det": np.linalg.det, "inverse": np.linalg.inv,
    "tril": np.tril, "triu": np.triu, "numel": numel, "clone": np.copy}
FUNCTIONS: dict[str, Function] = {
    **_BOTH, "cat": cat, "concat": cat, "stack": stack, "where": where, "einsum": np.einsum, "zeros": zeros,
    "ones": ones, "eye": eye, "tensor": tensor, "zeros_like": np.zeros_like, "ones_like": np.ones_like,
    "arange": np.arange, "mse_loss": mse_loss, "cross_entropy": cross_entropy}
METHODS: dict[str, Function] = {
    **_BOTH, "view": reshape, "size": size, "dim": np.ndim, "detach": outputs.stop_gradient, "double": double,
    "contiguous": same, "cpu": same, "requires_grad_": same}

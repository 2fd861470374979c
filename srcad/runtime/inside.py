"""What the calls of tensors mean inside a function that is differentiated: there tensors are arrays.

    @grad                                            is lowered as
    def f(x):                                        def f(x):
        return torch.dot(x, x.exp()).sum()               return np.sum(np.dot(x, np.exp(x)))

Plain functions over arrays, with PyTorch's parameters; types of elements follow NumPy's rules.  `METHODS` are those
of tensors; `BOTH` those of them that are functions too.  What is a function only stands in `inside_functions`.
"""

from __future__ import annotations

from collections import namedtuple
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


Extreme = namedtuple("Extreme", ["values", "indices"])


def max(input, dim=None, keepdim=False, *, other=None):  # type: ignore[no-untyped-def]
    if dim is None and other is None:
        return np.max(input)
    if isinstance(dim, int):
        return Extreme(np.max(input, axis=dim, keepdims=keepdim), np.argmax(input, axis=dim, keepdims=keepdim))
    return np.maximum(input, dim if other is None else other)


def min(input, dim=None, keepdim=False, *, other=None):  # type: ignore[no-untyped-def]
    if dim is None and other is None:
        return np.min(input)
    if isinstance(dim, int):
        return Extreme(np.min(input, axis=dim, keepdims=keepdim), np.argmin(input, axis=dim, keepdims=keepdim))
    return np.minimum(input, dim if other is None else other)


def median(input):  # type: ignore[no-untyped-def]
    return np.sort(np.ravel(input))[(np.size(input) - 1) // 2]


def topk(input, k, dim=-1, largest=True):  # type: ignore[no-untyped-def]
    order = np.take(argsort(input, dim, largest), np.arange(k), axis=dim)
    return Extreme(np.take_along_axis(input, order, axis=dim), order)


def clamp(input, min=None, max=None):  # type: ignore[no-untyped-def]
    return np.clip(input, min, max)


def softmax(input, dim=-1):  # type: ignore[no-untyped-def]
    return np.exp(activations.log_softmax(input, axis=dim))


def log_softmax(input, dim=-1):  # type: ignore[no-untyped-def]
    return activations.log_softmax(input, axis=dim)


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


def single(input):  # type: ignore[no-untyped-def]
    return input.astype(np.float32)


def long(input):  # type: ignore[no-untyped-def]
    return input.astype(np.int64)


def to(input, dtype):  # type: ignore[no-untyped-def]
    return input.astype(dtype.numpy) if hasattr(dtype, "numpy") else input


def softplus(input):  # type: ignore[no-untyped-def]
    return np.logaddexp(input, 0)


def logsumexp(input, dim, keepdim=False):  # type: ignore[no-untyped-def]
    top = np.max(input, axis=dim, keepdims=True)
    total = np.log(np.sum(np.exp(input - top), axis=dim, keepdims=True)) + top
    return total if keepdim else np.squeeze(total, axis=dim)


def argsort(input, dim=-1, descending=False):  # type: ignore[no-untyped-def]
    return np.argsort(-input if descending else input, axis=dim, kind="stable")


def sort(input, dim=-1, descending=False):  # type: ignore[no-untyped-def]
    order = argsort(input, dim, descending)
    return Extreme(np.take_along_axis(input, order, axis=dim), order)


def gather(input, dim, index):  # type: ignore[no-untyped-def]
    return np.take_along_axis(input, index, axis=dim)


def index_select(input, dim, index):  # type: ignore[no-untyped-def]
    return np.take(input, index, axis=dim)


def masked_fill(input, mask, value):  # type: ignore[no-untyped-def]
    return np.where(mask, value, input)


def expand(input, *shape):  # type: ignore[no-untyped-def]
    wanted = shape[0] if isinstance(shape[0], tuple | list) else shape
    extra = len(wanted) - np.ndim(input)
    own = (1,) * extra + np.shape(input)
    return np.broadcast_to(input, tuple([n if w == -1 else w for n, w in zip(own, wanted, strict=True)]))


def expand_as(input, other):  # type: ignore[no-untyped-def]
    return np.broadcast_to(input, np.shape(other))


def repeat(input, *repeats):  # type: ignore[no-untyped-def]
    return np.tile(input, repeats[0] if isinstance(repeats[0], tuple | list) else repeats)


def repeat_interleave(input, repeats, dim=None):  # type: ignore[no-untyped-def]
    return np.repeat(input, repeats, axis=dim)


def roll(input, shifts, dims=None):  # type: ignore[no-untyped-def]
    return np.roll(input, shifts, axis=dims)


def split(input, split_size, dim=0):  # type: ignore[no-untyped-def]
    n = np.shape(input)[dim]
    ends = range(split_size, n, split_size) if isinstance(split_size, int) else np.cumsum(split_size[:-1])
    return np.split(input, list(ends), axis=dim)


def chunk(input, chunks, dim=0):  # type: ignore[no-untyped-def]
    return split(input, -(-np.shape(input)[dim] // chunks), dim)


def unbind(input, dim=0):  # type: ignore[no-untyped-def]
    return tuple(np.moveaxis(input, dim, 0))


def movedim(input, source, destination):  # type: ignore[no-untyped-def]
    return np.moveaxis(input, source, destination)


def diagonal(input, offset=0, dim1=0, dim2=1):  # type: ignore[no-untyped-def]
    return np.diagonal(input, offset, dim1, dim2)


def diff(input, n=1, dim=-1):  # type: ignore[no-untyped-def]
    return np.diff(input, n, axis=dim)


def cumprod(input, dim):  # type: ignore[no-untyped-def]
    return np.cumprod(input, axis=dim)


def lerp(input, end, weight):  # type: ignore[no-untyped-def]
    return input + weight * (end - input)


def rsqrt(input):  # type: ignore[no-untyped-def]
    return 1 / np.sqrt(input)


def addmm(input, mat1, mat2, beta=1, alpha=1):  # type: ignore[no-untyped-def]
    return beta * input + alpha * (mat1 @ mat2)


# --- in place

def add_(input, other):  # type: ignore[no-untyped-def]
    input += other
    return input


def sub_(input, other):  # type: ignore[no-untyped-def]
    input -= other
    return input


def mul_(input, other):  # type: ignore[no-untyped-def]
    input *= other
    return input


def div_(input, other):  # type: ignore[no-untyped-def]
    input /= other
    return input


def fill_(input, value):  # type: ignore[no-untyped-def]
    input[...] = value
    return input


def zero_(input):  # type: ignore[no-untyped-def]
    input[...] = 0
    return input


def copy_(input, source):  # type: ignore[no-untyped-def]
    input[...] = source
    return input


_COMPARED: dict[str, Function] = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
_LOGIC: dict[str, Function] = {name: getattr(np, name) for name in (
    "logical_and", "logical_or", "logical_xor", "logical_not")}
_UFUNCS: dict[str, Function] = {name: getattr(np, name) for name in (
    "exp", "expm1", "exp2", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "abs",
    "sign", "square", "floor", "ceil", "trunc", "maximum", "minimum", "reciprocal", "isnan", "isinf", "isfinite",
    "hypot", "fmod", "logaddexp", "deg2rad", "rad2deg", "sinc", "conj", "positive", "negative", "remainder",
    "floor_divide")} | {
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "atan2": np.arctan2, "neg": np.negative, "absolute": np.abs,
    "sigmoid": activations.sigmoid, "relu": activations.relu}
BOTH: dict[str, Function] = {
    **_UFUNCS, "sum": sum, "mean": mean, "prod": prod, "amax": amax, "amin": amin, "std": std, "var": var,
    "norm": norm, "cumsum": cumsum, "argmax": argmax, "argmin": argmin, "max": max, "min": min, "clamp": clamp,
    "softmax": softmax, "log_softmax": log_softmax, "transpose": transpose, "t": t, "permute": permute,
    "reshape": reshape, "flatten": flatten, "squeeze": squeeze, "unsqueeze": unsqueeze, "flip": flip, "add": add,
    "sub": sub, "mul": mul, "div": div, "pow": pow, "matmul": matmul, "mm": matmul, "mv": matmul, "bmm": matmul,
    "dot": np.dot, "outer": np.outer, "trace": np.trace, "det": np.linalg.det, "inverse": np.linalg.inv,
    "tril": np.tril, "triu": np.triu, "numel": numel, "clone": np.copy, **_COMPARED, **_LOGIC, "all": np.all,
    "any": np.any, "logsumexp": logsumexp, "argsort": argsort, "sort": sort, "gather": gather, "take": np.take,
    "index_select": index_select, "masked_fill": masked_fill, "repeat_interleave": repeat_interleave, "roll": roll,
    "split": split, "chunk": chunk, "unbind": unbind, "movedim": movedim, "swapaxes": transpose, "diag": np.diag,
    "diagonal": diagonal, "diff": diff, "cumprod": cumprod, "lerp": lerp, "rsqrt": rsqrt, "clip": clamp,
    "ravel": flatten, "broadcast_to": np.broadcast_to, "addmm": addmm, "kron": np.kron, "cov": np.cov,
    "corrcoef": np.corrcoef, "median": median, "topk": topk, "inner": np.dot,
    "true_divide": div, "round": np.round, "nan_to_num": np.nan_to_num, "softplus": softplus}
METHODS: dict[str, Function] = {
    **BOTH, "view": reshape, "size": size, "dim": np.ndim, "detach": outputs.stop_gradient, "double": double,
    "contiguous": same, "cpu": same, "requires_grad_": same, "expand": expand, "expand_as": expand_as, "repeat": repeat,
    "add_": add_, "sub_": sub_, "mul_": mul_, "div_": div_, "fill_": fill_, "zero_": zero_, "copy_": copy_,
    "cholesky": np.linalg.cholesky, "float": single, "long": long, "to": to, "type": to}

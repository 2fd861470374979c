"""Sums, means, extremes, moments, norms: over all elements or along dimensions.

`dim` and `axis`, `keepdim` and `keepdims` are two spellings of one thing; a dimension is a number or several.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime import activations
from srcad.runtime.tensors import arithmetic, dtypes, elementary, shapes
from srcad.runtime.tensors.arithmetic import divide, minus, multiply, plus, to_type
from srcad.runtime.tensors.elementary import as_float, clamp, exp, log, neg, renamed
from srcad.runtime.tensors.operation import apply, record_one
from srcad.runtime.tensors.record import MODE
from srcad.runtime.tensors.tensor import Tensor, normal, return_type, wrap

Dim = Any
_NUMERIC = "iubfc"
_total: Any = np.add.reduce  # not every version's types know `axis=None`


def _pair_type(name: str) -> Any:
    return return_type(name, "values", "indices")


max_, min_, sort_, topk_ = map(_pair_type, ("max", "min", "sort", "topk"))


def axes_of(x: Tensor, dim: Dim, axis: Dim) -> Any:
    """The axes of NumPy: None, a number, or a tuple of numbers from 0."""
    dim = axis if dim is None else dim
    if dim is None:
        return None
    if isinstance(dim, tuple | list):
        axes = tuple(normal(int(d), x.ndim) for d in dim)
        if len(set(axes)) < len(axes):
            raise RuntimeError(f"dim {next(a for a in axes if axes.count(a) > 1)} appears multiple times in the list "
                               "of dims")
        return axes if x.ndim and axes else None
    found = normal(int(dim), x.ndim)
    return found if x.ndim else None


def _kept(keepdim: bool, keepdims: bool | None) -> bool:
    return bool(keepdim if keepdims is None else keepdims)


def _checked(name: str, x: Any, dims: Any = 0, keep: bool = False, single: bool = False) -> None:
    """Refuse what PyTorch has no such function for."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    if (keep and dims is None) or (single and isinstance(dims, tuple | list)):
        raise TypeError(f"{name}() received an invalid combination of arguments: `keepdim` needs `dim`, and "
                        "`dim` must be a number" if single else f"{name}(): `keepdim` needs `dim`")


def _reduced(name: str, function: Callable[..., Any], x: Tensor, axis: Any, keep: bool, **more: Any) -> Tensor:
    """`function` along `axis`; what NumPy has as the default is not written."""
    if axis is not None:
        more["axis"] = axis
    if keep:
        more["keepdims"] = True
    return apply(f"{name}Backward{int(axis is not None)}", function, x, **more)


def _is_plain(x: Any) -> bool:
    """Is it a tensor of floats of which sums need no care?"""
    return type(x) is Tensor and x._data.dtype in _PLAIN and x._data.size > 0


_PLAIN = (np.dtype(np.float32), np.dtype(np.float64))


def _of_all(name: str, function: Callable[..., Any], value: Any, x: Tensor) -> Tensor:
    """`function` of all elements, whose value is there already: the short way for what every training step does."""
    t = wrap(value)
    if MODE.enabled and x._needs:
        record_one(t, name, function, x)
    return t


def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None, axis: Dim = None,
        keepdims: bool | None = None, out: None = None) -> Tensor:
    """The sum; of integers and Booleans an int64."""
    if dim is None is axis is dtype and not keepdim and not keepdims and _is_plain(input):
        return _of_all("SumBackward0", np.sum, _total(input._data, axis=None), input)
    _checked("sum", input, axis if dim is None else dim, _kept(keepdim, keepdims))
    x = to_type(input, dtypes.array_type(dtype) or (dtypes.INT64 if input._data.dtype.kind in "iub"
                                                    else input._data.dtype))
    return _reduced("Sum", np.sum, x, axes_of(x, dim, axis), _kept(keepdim, keepdims))


def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None, axis: Dim = None,
         keepdims: bool | None = None, out: None = None) -> Tensor:
    """The mean, of floats only."""
    if dim is None is axis is dtype and not keepdim and not keepdims and _is_plain(input):
        return _of_all("MeanBackward0", np.mean, _total(input._data, axis=None) / input._data.size, input)
    _checked("mean", input, axis if dim is None else dim, _kept(keepdim, keepdims))
    x = to_type(input, dtypes.array_type(dtype) or input._data.dtype)
    if x._data.dtype.kind not in "fc":
        raise RuntimeError("mean(): could not infer output dtype. Input dtype must be either a floating point or "
                           f"complex dtype. Got: {dtypes.class_name(x._data.dtype)}")
    return _reduced("Mean", np.mean, x, axes_of(x, dim, axis), _kept(keepdim, keepdims))


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None, axis: int | None = None,
         keepdims: bool | None = None, out: None = None) -> Tensor:
    """The product; its gradient is right also where elements are 0."""
    _checked("prod", input, axis if dim is None else dim, _kept(keepdim, keepdims), single=True)
    x = to_type(input, dtypes.array_type(dtype) or (dtypes.INT64 if input._data.dtype.kind in "iub"
                                                    else input._data.dtype))
    return _reduced("Prod", np.prod, x, axes_of(x, dim, axis), _kept(keepdim, keepdims))


def _moment(name: str, function: Callable[..., Any], doc: str) -> Callable[..., Tensor]:
    def moment(input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
               correction: int = 1, axis: Dim = None, keepdims: bool | None = None, out: None = None,
               ddof: int | None = None, dtype: Any = None) -> Tensor:
        if ddof is not None:        # as NumPy's functions call the method
            correction = ddof
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if input._data.dtype.kind not in "fc":
            raise RuntimeError(f"{name.lower()} and other moments only support floating point and complex dtypes")
        ddof = correction if unbiased is None else int(unbiased)
        axes = axes_of(input, dim, axis)
        return renamed(_reduced(name, function, input, axes, _kept(keepdim, keepdims), **({"ddof": ddof} if ddof
                                                                                            else {})),
                       f"{name}Backward0")

    moment.__name__ = name.lower()
    moment.__doc__ = doc
    return moment


std = _moment("Std", np.std, "The standard deviation, with Bessel's correction unless `unbiased=False`.")
var = _moment("Var", np.var, "The variance, with Bessel's correction unless `unbiased=False`.")


# --- extremes

def _extreme(name: str, whole: Callable[..., Any], place: Callable[..., Any], pair: Any) -> Callable[..., Any]:
    title = name.title()

    def extreme(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None, axis: Any = None,
                keepdims: bool | None = None, out: None = None) -> Any:
        dim = axis if dim is None else dim
        if isinstance(dim, Tensor) or other is not None:
            two = {"max": elementary.maximum, "min": elementary.minimum}[name]
            return two(input, dim if other is None else other)
        _checked(name, input, dim, _kept(keepdim, keepdims), single=True)
        if not input.numel() and dim is None:
            raise RuntimeError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                               "reduction dim with the 'dim' argument.")
        if dim is None:
            return apply(f"{title}Backward1", whole, input)
        if not input.ndim and normal(int(dim), 0) == 0:
            return pair(apply(f"{title}Backward0", operator.pos, input), wrap(np.zeros((), np.int64)))
        axis = normal(int(dim), input.ndim)
        where = np.expand_dims(place(input._data, axis), axis)
        values = gathered(input, axis, where, f"{title}Backward0")
        if not _kept(keepdim, keepdims):
            values, where = renamed(apply(f"{title}Backward0", np.squeeze, values, axis=axis),
                                    f"{title}Backward0"), np.squeeze(where, axis)
        return pair(values, wrap(where))

    extreme.__name__ = name
    extreme.__doc__ = (f"The {name}imum of all elements (equal ones share the gradient), or along `dim` the pair of "
                       "values and indices; with another tensor, element by element.")
    return extreme


def gathered(x: Tensor, axis: int, index: Any, name: str = "GatherBackward0") -> Tensor:
    """The elements of `x` at `index` along `axis`."""
    places: list[Any] = list(np.ix_(*[np.arange(n) for n in index.shape]))
    parts = tuple(wrap(np.asarray(p)) for p in places)
    return apply(name, operator.getitem, x, (*parts[:axis], wrap(index), *parts[axis + 1:]))


max = _extreme("max", np.max, np.argmax, max_)
min = _extreme("min", np.min, np.argmin, min_)


def _amount(name: str, function: Callable[..., Any]) -> Callable[..., Tensor]:
    def amount(input: Tensor, dim: Dim = None, keepdim: bool = False, *, axis: Dim = None,
               keepdims: bool | None = None, out: None = None) -> Tensor:
        found = _reduced(name.title(), function, input, axes_of(input, dim, axis), _kept(keepdim, keepdims))
        return renamed(found, f"{name.title()}Backward0")

    amount.__name__ = name
    amount.__doc__ = f"The {name[1:]}imum along dimensions; equal elements share the gradient."
    return amount


amax, amin = _amount("amax", np.max), _amount("amin", np.min)


def _index(name: str, function: Callable[..., Any]) -> Callable[..., Tensor]:
    def index(input: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None,
              keepdims: bool | None = None, out: None = None) -> Tensor:
        _checked(name, input)
        if isinstance(dim, tuple | list):
            raise TypeError(f"{name}(): argument 'dim' must be int, not {type(dim).__name__}")
        if input._data.dtype == dtypes.BOOL:
            raise RuntimeError(f"{name}(): does not support bool input")
        if not input.numel() and dim is None and axis is None:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        found = axes_of(input, dim, axis)
        return wrap(np.asarray(function(input._data, axis=found, keepdims=_kept(keepdim, keepdims)), np.int64))

    index.__name__ = name
    index.__doc__ = f"The index of the {name[3:]}imum."
    return index


argmax, argmin = _index("argmax", np.argmax), _index("argmin", np.argmin)


def _truth(name: str, function: Callable[..., Any]) -> Callable[..., Tensor]:
    def truth(input: Tensor, dim: Dim = None, keepdim: bool = False, *, axis: Dim = None,
              keepdims: bool | None = None, out: None = None) -> Tensor:
        axes = () if dim == () else axes_of(input, dim, axis)
        value = function(input._data, axis=axes, keepdims=_kept(keepdim, keepdims))
        return wrap(value.astype(np.uint8) if input._data.dtype == np.uint8 else value)

    truth.__name__ = name
    return truth


all, any = _truth("all", np.all), _truth("any", np.any)


def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    return wrap(np.asarray(np.count_nonzero(input._data, axis=axes_of(input, dim, None))))


# --- along a dimension

def _one(input: Tensor, dim: int | None, axis: int | None) -> int:
    dim = axis if dim is None else dim
    if dim is None:
        raise TypeError("missing a required argument: 'dim'")
    return normal(int(dim), input.ndim)


def cumsum(input: Tensor, dim: int | None = None, *, axis: int | None = None, dtype: Any = None,
           out: None = None) -> Tensor:
    """Sums of the elements so far."""
    place = _one(input, dim, axis)
    x = to_type(input, dtypes.array_type(dtype) or (dtypes.INT64 if input._data.dtype.kind in "iub"
                                                    else input._data.dtype))
    return apply("CumsumBackward0", np.cumsum, x, axis=place) if x.ndim else x


def cumprod(input: Tensor, dim: int | None = None, *, axis: int | None = None, dtype: Any = None,
           out: None = None) -> Tensor:
    """Products of the elements so far."""
    place = _one(input, dim, axis)
    x = to_type(input, dtypes.array_type(dtype) or (dtypes.INT64 if input._data.dtype.kind in "iub"
                                                    else input._data.dtype))
    return apply("CumprodBackward0", np.cumprod, x, axis=place) if x.ndim else x


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The elements in order along `dim`, and where they were."""
    if not input.ndim:
        return sort_(renamed(shapes.clone(input), "SortBackward0"), wrap(np.zeros((), np.int64)))
    order = argsort(input, dim, descending)
    return sort_(gathered(input, normal(dim, input.ndim), order._data, "SortBackward0"), order)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Where the elements in order along `dim` are."""
    data = input._data
    if not input.ndim:
        return wrap(np.zeros((), np.int64))
    if descending:
        data = ~data if data.dtype.kind in "bu" else -data
    return wrap(np.argsort(data, axis=normal(dim, input.ndim), kind="stable"))


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The `k` largest elements along `dim`, and where they are."""
    axis = normal(dim, input.ndim)
    order = np.take(np.argsort(-input._data if largest else input._data, axis=axis, kind="stable"), range(k), axis)
    return topk_(gathered(input, axis, order, "TopkBackward0"), wrap(order))


def logsumexp(input: Tensor, dim: Dim = None, keepdim: bool = False, *, axis: Dim = None,
              keepdims: bool | None = None, out: None = None) -> Tensor:
    """log(sum(exp(input))), without overflow."""
    dim, keepdim = axis if dim is None else dim, _kept(keepdim, keepdims)
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' must be tuple of ints, not NoneType")

    x = as_float(input, "logsumexp")
    axes = axes_of(x, dim, None)
    top = wrap(np.max(x._data, axis=axes, keepdims=True))
    top._data = np.where(np.isfinite(top._data), top._data, 0).astype(x._data.dtype)
    total = log(sum(exp(minus(x, top)), dim, keepdim))
    return renamed(plus(total, top if keepdim else wrap(np.squeeze(top._data, axes))), "LogsumexpBackward0")


def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None, *, axis: int | None = None) -> Tensor:
    """The logarithm of the softmax along `dim`."""
    place = axis if dim is None else dim
    if isinstance(place, tuple | list):
        raise TypeError(f"softmax(): argument 'dim' must be int, not {type(place).__name__}")
    found = normal(-1 if place is None else place, input.ndim)
    x = input if dtype is None else to_type(input, dtypes.array_type(dtype))  # type: ignore[arg-type]
    if x._data.dtype.kind not in "fc":
        raise NotImplementedError(f'"softmax_kernel_impl" not implemented for \'{dtypes.class_name(x._data.dtype)}\'')
    if not x.ndim:
        return apply("LogSoftmaxBackward0", operator.mul, x, 0)
    return apply("LogSoftmaxBackward0", activations.log_softmax, x, axis=found)


def softmax(input: Tensor, dim: int | None = None, dtype: Any = None, *, axis: int | None = None) -> Tensor:
    """exp(input) over its sum along `dim`."""
    return renamed(exp(log_softmax(input, dim, dtype, axis=axis)), "SoftmaxBackward0")


# --- norms

def norm(input: Tensor, p: Any = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """The norm of all elements as one vector (or along `dim`): by default the root of the sum of squares."""
    x = input if dtype is None else to_type(input, dtypes.array_type(dtype))  # type: ignore[arg-type]
    if x._data.dtype.kind not in "fc":
        raise RuntimeError("linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
                           f"{dtypes.class_name(x._data.dtype)}")
    if isinstance(p, tuple | list):
        raise TypeError(f"linalg_vector_norm(): argument 'ord' (position 2) must be Number, not {type(p).__name__}")
    axes = axes_of(x, dim, None)
    return renamed(vector_norm_of(x, 2 if p in ("fro", None) else p, axes, keepdim), "LinalgVectorNormBackward0")


def vector_norm_of(x: Tensor, p: Any, axes: Any, keep: bool) -> Tensor:
    if p == 2 and not keep and (axes is None or isinstance(axes, int)):
        more = {} if axes is None else {"axis": axes}
        return apply("", np.linalg.norm, x, **more) if x.ndim else elementary.abs(x)
    size = elementary.abs(x)
    if p in (np.inf, -np.inf):
        return _reduced("Amax", np.max if p > 0 else np.min, size, axes, keep)
    if p == 0:
        return sum(to_type(arithmetic.ne(x, 0), x._data.dtype), axes, keep)
    if p == 1:
        return sum(size, axes, keep)
    if p == 2:
        flat = axes if axes is not None else tuple(range(x.ndim))
        return _root_of_squares(x, flat, keep)
    return arithmetic.power(sum(arithmetic.power(size, p), axes, keep), 1 / p)


def _root_of_squares(x: Tensor, axes: Any, keep: bool) -> Tensor:
    """As a norm along one axis, so that its derivative at 0 is 0."""
    axes = axes if isinstance(axes, tuple) else (axes,)
    if not x.ndim:
        return apply("", operator.abs, x)
    rest = tuple(a for a in range(x.ndim) if a not in axes)
    flat = shapes.reshape(shapes.permute(x, (*rest, *axes)), (*(x.shape[a] for a in rest), -1))
    found = apply("", np.linalg.norm, flat, axis=-1)
    shape = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
    return shapes.reshape(found, shape) if keep else found


def mean_square(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The loss (input - target)²: its mean, its sum, or each."""
    error = minus(input, target)
    each = multiply(error, error)
    return each if reduction == "none" else sum(each) if reduction == "sum" else mean(each)


def nll_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Minus the entry of `input` that `target` names, in each row."""
    rows = wrap(np.arange(len(input)))

    each = neg(apply("NllLossBackward0", operator.getitem, input, (rows, target)))
    return each if reduction == "none" else sum(each) if reduction == "sum" else mean(each)


def cross_entropy(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The loss of logits for the classes in `target`."""
    return renamed(nll_loss(log_softmax(input, 1), target, reduction), "NllLossBackward0")


def normalized(x: Tensor, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Rows of length one."""

    return divide(x, clamp(norm(x, 2, dim, True), min=eps))

"""The methods of tensors: the functions of this package under the names that PyTorch has for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime.tensors import (
    arithmetic,
    dtypes,
    elementary,
    indexing,
    products,
    reductions,
    shapes,
    special,
    statistics,
)
from srcad.runtime.tensors.arithmetic import to_type
from srcad.runtime.tensors.creation import default_generator, legacy, tensor
from srcad.runtime.tensors.indexing import in_place
from srcad.runtime.tensors.tensor import Tensor, wrap

SAME_NAME: dict[Any, tuple[str, ...]] = {
    arithmetic: ("add", "sub", "mul", "div", "true_divide", "floor_divide", "remainder", "pow", "eq", "ne", "lt", "le",
                 "gt", "ge", "logical_and", "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or",
                 "bitwise_xor", "bitwise_not", "equal", "allclose", "isclose", "isnan", "isinf", "isfinite"),
    elementary: ("exp", "expm1", "exp2", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan",
                 "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sqrt", "rsqrt", "reciprocal", "sigmoid", "abs",
                 "absolute", "positive", "sign", "square", "floor", "ceil", "trunc", "round", "neg", "negative", "relu",
                 "maximum", "minimum", "atan2", "clamp", "clip", "lerp", "conj", "hypot", "fmod", "logaddexp",
                 "heaviside", "frac", "nan_to_num", "deg2rad", "rad2deg", "sinc"),
    special: ("erf", "erfc", "erfinv", "lgamma", "digamma"),
    statistics: ("median", "quantile", "diff", "unique", "nonzero", "histc", "cov", "corrcoef"),
    reductions: ("sum", "mean", "prod", "std", "var", "max", "min", "amax", "amin", "argmax", "argmin", "all", "any",
                 "count_nonzero", "cumsum", "cumprod", "sort", "argsort", "topk", "logsumexp", "log_softmax",
                 "softmax", "norm"),
    shapes: ("reshape", "view", "view_as", "reshape_as", "flatten", "ravel", "unflatten", "permute", "transpose",
             "swapaxes", "swapdims", "t", "movedim", "squeeze", "unsqueeze", "expand", "expand_as", "broadcast_to",
             "repeat", "repeat_interleave", "tile", "split", "chunk", "narrow", "unbind", "flip", "roll", "tril",
             "triu", "diagonal", "diag", "clone", "contiguous"),
    products: ("dot", "inner", "mv", "mm", "bmm", "matmul", "outer", "cross", "trace", "det", "inverse", "cholesky",
               "matrix_power", "slogdet", "kron", "addmm", "addmv", "baddbmm"),
    indexing: ("index_select", "masked_select", "masked_fill", "gather", "take", "scatter", "scatter_",
               "scatter_add", "scatter_add_", "index_add", "index_add_", "add_", "sub_", "mul_", "div_",
               "zero_", "fill_", "copy_"),
}
for _module, _names in SAME_NAME.items():
    for _name in _names:
        setattr(Tensor, _name, getattr(_module, _name))


def _changed(name: str) -> Callable[..., Any]:
    """`x.exp_()`: the operation in place."""
    operation = getattr(Tensor, name)

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return in_place(self, operation, *args, **kwargs)

    method.__name__ = f"{name}_"
    method.__doc__ = f"`{name}`, in place."
    return method


IN_PLACE = ("pow", "exp", "log", "sin", "cos", "tan", "tanh", "sqrt", "rsqrt", "reciprocal", "sigmoid", "abs", "neg",
            "relu", "clamp", "floor", "ceil", "round", "sign", "square", "floor_divide", "remainder", "masked_fill",
            "lerp", "cumsum")
for _name in IN_PLACE:
    setattr(Tensor, f"{_name}_", _changed(_name))

OPERATORS: dict[str, Any] = {
    "add": arithmetic.plus, "radd": arithmetic.plus, "sub": arithmetic.minus, "rsub": arithmetic.reflected_minus,
    "mul": arithmetic.multiply, "rmul": arithmetic.multiply, "truediv": arithmetic.divide,
    "rtruediv": arithmetic.reflected_divide, "floordiv": arithmetic.floor_divide,
    "rfloordiv": arithmetic.reflected(arithmetic.floor_divide), "mod": arithmetic.remainder,
    "rmod": arithmetic.reflected(arithmetic.remainder), "pow": arithmetic.power,
    "rpow": arithmetic.reflected(arithmetic.power), "matmul": products.matmul, "neg": elementary.neg,
    "pos": elementary.positive, "abs": elementary.abs, "invert": arithmetic.inverted, "eq": arithmetic.eq,
    "ne": arithmetic.ne, "lt": arithmetic.lt, "le": arithmetic.le, "gt": arithmetic.gt, "ge": arithmetic.ge,
    "and": arithmetic.bitwise_and, "rand": arithmetic.bitwise_and, "or": arithmetic.bitwise_or,
    "ror": arithmetic.bitwise_or, "xor": arithmetic.bitwise_xor, "rxor": arithmetic.bitwise_xor,
    "iadd": indexing.add_, "isub": indexing.sub_, "imul": indexing.mul_, "itruediv": indexing.div_,
    "ipow": lambda x, y: in_place(x, arithmetic.power, y),
    "ifloordiv": lambda x, y: in_place(x, arithmetic.floor_divide, y),
    "imod": lambda x, y: in_place(x, arithmetic.remainder, y),
    "iand": lambda x, y: in_place(x, arithmetic.bitwise_and, y),
    "ior": lambda x, y: in_place(x, arithmetic.bitwise_or, y),
    "getitem": indexing.getitem, "setitem": indexing.setitem,
}
for _name, _operator in OPERATORS.items():
    setattr(Tensor, f"__{_name}__", _operator)

def _constructed(cls: type, *args: Any, **kwargs: Any) -> Tensor:
    """`torch.Tensor(2, 3)` and `torch.Tensor([1, 2])`: floats of the default type."""
    return legacy(*args, **kwargs)


Tensor.__new__ = _constructed  # type: ignore[method-assign, assignment]
Tensor.pinverse = products.pinv  # type: ignore[attr-defined]
Tensor.real, Tensor.imag = property(elementary.real), property(elementary.imag)  # type: ignore[attr-defined]
Tensor.T = property(shapes.reversed_dims)  # type: ignore[attr-defined]
Tensor.mT = property(shapes.matrix_transpose)  # type: ignore[attr-defined]


# --- of another type

def to(self: Tensor, *args: Any, dtype: Any = None, copy: bool = False, **_: Any) -> Tensor:
    """The tensor with elements of another type; the same tensor if they are of that type."""
    for a in args:
        if isinstance(a, dtypes.dtype):
            dtype = a
        elif isinstance(a, Tensor):
            dtype = a.dtype
    found = self if dtype is None else to_type(self, dtype.numpy)
    return shapes.clone(self) if copy and found is self else found


def type_(self: Tensor, dtype: Any = None) -> Any:
    """The name of the class of tensors of this type, or the tensor with elements of another."""
    if dtype is None:
        return f"torch.{dtypes.class_name(self._data.dtype)}Tensor"
    return to(self, dtype)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    return to(self, other.dtype)


def _cast(d: dtypes.dtype) -> Callable[[Tensor], Tensor]:
    def cast(self: Tensor) -> Tensor:
        return to_type(self, d.numpy)  # type: ignore[no-any-return]

    cast.__doc__ = f"The tensor with elements of type {d.name}."
    return cast


for _word, _dtype in dtypes.BY_NAME.items():
    if _word in ("float", "double", "half", "long", "int", "short", "bool"):
        setattr(Tensor, _word, _cast(_dtype))
Tensor.byte, Tensor.char = _cast(dtypes.BY_NAME["uint8"]), _cast(dtypes.BY_NAME["int8"])  # type: ignore[attr-defined]
Tensor.to, Tensor.type, Tensor.type_as = to, type_, type_as  # type: ignore[attr-defined]
Tensor.cpu = lambda self: self  # type: ignore[attr-defined]


# --- new ones, and drawn in place

def _new_like(function: Callable[..., np.ndarray]) -> Callable[..., Tensor]:
    def new(self: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        return wrap(function(shapes.sizes(size), dtypes.array_type(dtype) or self._data.dtype)).requires_grad_(
            requires_grad)

    return new


Tensor.new_zeros, Tensor.new_ones = _new_like(np.zeros), _new_like(np.ones)  # type: ignore[attr-defined]


def new_tensor(self: Tensor, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of `data`, of this one's type unless another is given."""
    return tensor(data, dtype=self.dtype if dtype is None else dtype, requires_grad=requires_grad)


Tensor.new_tensor = new_tensor  # type: ignore[attr-defined]
Tensor.new_empty = _new_like(np.empty)  # type: ignore[attr-defined]


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Draw normal numbers into the memory."""
    return indexing.copy_(self, wrap(np.asarray(default_generator.numbers.normal(mean, std, self.shape))))


def uniform_(self: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Draw uniform numbers into the memory."""
    return indexing.copy_(self, wrap(np.asarray(default_generator.numbers.uniform(low, high, self.shape))))


Tensor.normal_, Tensor.uniform_ = normal_, uniform_  # type: ignore[attr-defined]

"""New tensors: from numbers, from arrays, filled, drawn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcad.runtime.tensors import dtypes
from srcad.runtime.tensors.shapes import sizes, stack
from srcad.runtime.tensors.tensor import Tensor, wrap


def _made(array: np.ndarray, requires_grad: bool) -> Tensor:
    t = wrap(array)
    return t.requires_grad_() if requires_grad else t


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A new tensor with a copy of `data`: a number, an array, another tensor, or nested lists of numbers.

    Whole numbers give int64, other numbers the default float type; arrays keep their type."""
    return _made(np.array(_array_of(data, dtypes.array_type(dtype))), requires_grad)


def _array_of(data: Any, wanted: np.dtype | None) -> np.ndarray:
    if isinstance(data, Tensor):
        return data.array if wanted is None else data.array.astype(wanted)
    if isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data, wanted)
        dtypes.of(array.dtype)
        return array
    if isinstance(data, range):
        data = list(data)
    own: list[np.dtype] = []
    shape = _shape_of(data, own)
    if wanted is None:
        wanted = dtypes.default()
        for k, d in enumerate(own):
            wanted = d if k == 0 else dtypes.promote(wanted, d)
    return np.array(_numbers(data), dtype=wanted).reshape(shape)


def _shape_of(data: Any, own: list[np.dtype]) -> tuple[int, ...]:
    """The shape of nested lists; the types of their elements are added to `own`."""
    if isinstance(data, Tensor | np.ndarray | np.generic):
        own.append(data._data.dtype if isinstance(data, Tensor) else data.dtype)
        return tuple(data.shape)
    if isinstance(data, tuple | list):
        shapes = [_shape_of(d, own) for d in data]
        for s in shapes:
            if s != shapes[0]:
                raise ValueError(f"expected sequence of length {shapes[0][0] if shapes[0] else 0} at dim 1 (got "
                                 f"{s[0] if s else 0})")
        return (len(data), *(shapes[0] if shapes else ()))
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    if not isinstance(data, bool | int | float | complex):
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    own.append(dtypes.of_number(data))
    return ()


def _numbers(data: Any) -> Any:
    if isinstance(data, tuple | list):
        return [_numbers(d) for d in data]
    return data._data if isinstance(data, Tensor) else data


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of `data`, sharing its memory where that can be."""
    wanted = dtypes.array_type(dtype)
    if isinstance(data, Tensor):
        return data if wanted in (None, data._data.dtype) else data.to(dtype)  # type: ignore[attr-defined, no-any-return]
    return wrap(np.asarray(_array_of(data, wanted)))


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares the memory of an array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    dtypes.of(array.dtype)
    return wrap(array)


def legacy(*args: Any, dtype: Any = None) -> Tensor:
    """`torch.Tensor(…)`: floats, from a shape or from data."""
    if len(args) == 1 and not isinstance(args[0], int):
        return tensor(args[0], dtype=dtypes.BY_ARRAY[dtypes.default()])
    return wrap(np.zeros(sizes(args), dtypes.default()))


def is_tensor(x: Any) -> bool:
    return isinstance(x, Tensor)


# --- filled

def _type(dtype: Any) -> np.dtype:
    return dtypes.array_type(dtype) or dtypes.default()


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Zeros; the shape is given as numbers or as a tuple."""
    return _made(np.zeros(sizes(size), _type(dtype)), requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Ones; the shape is given as numbers or as a tuple."""
    return _made(np.ones(sizes(size), _type(dtype)), requires_grad)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Whatever the memory holds."""
    return _made(np.empty(sizes(size), _type(dtype)), requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """One value everywhere; its type is that of the value."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    return _made(np.full(sizes((size,)), value, dtypes.array_type(dtype) or dtypes.of_number(value)), requires_grad)


def zeros_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return zeros(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return ones(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def empty_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return empty(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return full(input.shape, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """The identity matrix."""
    return _made(np.eye(n, m, dtype=_type(dtype)), requires_grad)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False,
           device: Any = None) -> Tensor:
    """Numbers from `start` (or 0) to before `end`; int64 if all three are whole."""
    if end is None:
        start, end = 0, start
    ends = [e.item() if isinstance(e, Tensor) else e for e in (start, end, step)]
    if ends[2] == 0:
        raise RuntimeError("step must be nonzero")
    if (ends[1] - ends[0]) / ends[2] < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(e, int | np.integer) for e in ends)
    wanted = dtypes.array_type(dtype) or (dtypes.INT64 if whole else dtypes.default())
    n = len(range(*ends)) if whole else math.ceil((ends[1] - ends[0]) / ends[2])
    values = np.arange(n, dtype=float if not whole else np.int64) * ends[2] + ends[0]
    return _made(values.astype(wanted), requires_grad)


def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, requires_grad: bool = False,
             device: Any = None) -> Tensor:
    """`steps` numbers at equal distances, both ends included."""
    return _made(np.linspace(float(start), float(end), steps).astype(_type(dtype)), requires_grad)


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None,
             requires_grad: bool = False) -> Tensor:
    return _made(np.logspace(float(start), float(end), steps, base=base).astype(_type(dtype)), requires_grad)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors
    return tuple(wrap(np.ascontiguousarray(a)) for a in np.meshgrid(*(t._data for t in given), indexing=indexing))  # type: ignore[call-overload]


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """Rows of zeros with a one where `input` says."""
    count = int(input._data.max()) + 1 if num_classes == -1 else num_classes
    return wrap(np.eye(count, dtype=np.int64)[input._data])


def tril_indices(row: int, col: int, offset: int = 0) -> Tensor:
    return wrap(np.stack(np.tril_indices(row, offset, col)))


def bincount(input: Tensor, minlength: int = 0) -> Tensor:
    return wrap(np.bincount(input._data, minlength=minlength).astype(np.int64))


# --- drawn

class Generator:
    """A source of random numbers."""

    def __init__(self, seed: int | None = None) -> None:
        self.numbers = np.random.default_rng(seed)
        self.seed = seed if seed is not None else 0

    def manual_seed(self, seed: int) -> Generator:
        self.numbers, self.seed = np.random.default_rng(seed), seed
        return self

    def initial_seed(self) -> int:
        return self.seed


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Draw the same numbers from now on as at every other time after the same seed."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    fresh = int(np.random.default_rng().integers(2 ** 31))
    default_generator.manual_seed(fresh)
    return fresh


def _source(generator: Generator | None) -> np.random.Generator:
    return (generator or default_generator).numbers


def _size(size: tuple[Any, ...], named: Any) -> tuple[int, ...]:
    return sizes(size) if named is None else tuple(named)


def randn(*args: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False, device: Any = None,
          generator: Generator | None = None) -> Tensor:
    """Normal numbers of mean 0 and deviation 1; `size=()` gives one number."""
    drawn = _source(generator).standard_normal(_size(args, size))
    return _made(np.asarray(drawn, _type(dtype)), requires_grad)


def rand(*args: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False, device: Any = None,
         generator: Generator | None = None) -> Tensor:
    """Uniform numbers between 0 and 1."""
    drawn = _source(generator).random(_size(args, size), np.float32)
    return _made(np.asarray(drawn, _type(dtype)), requires_grad)


def randn_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return randn(size=input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def rand_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return rand(size=input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def randint(low: int, high: Any = None, size: Any = None, *, dtype: Any = None,
            generator: Generator | None = None) -> Tensor:
    """Whole numbers from `low` (or 0) to before `high`."""
    if size is None:
        low, high, size = 0, low, high
    return wrap(np.asarray(_source(generator).integers(low, high, tuple(size)), dtypes.array_type(dtype) or np.int64))


def randperm(n: int, *, generator: Generator | None = None) -> Tensor:
    """The numbers from 0 to before `n` in random order."""
    return wrap(_source(generator).permutation(n))


def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None,
           requires_grad: bool = False) -> Tensor:
    """Normal numbers of these means and deviations, numbers or tensors."""
    parts = [p._data if isinstance(p, Tensor) else p for p in (mean, std)]
    shape = np.broadcast_shapes(*map(np.shape, parts)) if size is None else tuple(size)
    drawn = parts[0] + parts[1] * _source(generator).standard_normal(shape)
    return _made(np.asarray(drawn, dtypes.default()), requires_grad)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with these probabilities, else 0."""
    return wrap((_source(generator).random(input.shape) < input._data).astype(input._data.dtype))


def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *,
                generator: Generator | None = None) -> Tensor:
    """Indices drawn with probabilities proportional to `input`, of which each row is one experiment."""
    rows = np.atleast_2d(input._data).astype(float)
    if not replacement and num_samples > np.count_nonzero(rows, axis=-1).min():
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    drawn = [_source(generator).choice(len(p), num_samples, replacement, p / p.sum()) for p in rows]
    return wrap(np.array(drawn if input.ndim == 2 else drawn[0]))


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples of elements, as rows."""
    grids = meshgrid(*tensors)
    return stack([wrap(g._data.reshape(-1)) for g in grids], dim=1)

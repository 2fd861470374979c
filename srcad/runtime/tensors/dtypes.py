"""Element types with PyTorch's names, and its rules of promotion.

A result has the highest category (bool, integer, float, complex) of its operands, and within it the widest type of
those with the highest priority: tensors with dimensions come before tensors without, and these before Python numbers.
So `torch.ones(2) * 3.5` is float32, and an integer tensor times 0.5 has the default float type.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np


class device:
    """Where tensors are: in the memory of the processor, always."""

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        name = str(type)
        if name.partition(":")[0] != "cpu":
            raise RuntimeError(f"there are tensors on the cpu only, none on {name!r}; arrays of JAX can be elsewhere")
        self.type, self.index = "cpu", index

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return self.type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) or other == "cpu"

    def __hash__(self) -> int:
        return hash(self.type)


CPU = device()


class dtype:
    """`torch.float32`; there is one object for each type."""

    def __init__(self, name: str, array: Any, *others: str) -> None:
        self.name, self.numpy, self.names = name, np.dtype(array), (name, *others)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return of, (self.numpy,)

    @property
    def is_floating_point(self) -> bool:
        return self.numpy.kind == "f"

    @property
    def is_complex(self) -> bool:
        return self.numpy.kind == "c"

    @property
    def is_signed(self) -> bool:
        return self.numpy.kind in "ifc"

    @property
    def itemsize(self) -> int:
        return self.numpy.itemsize


ALL = (dtype("float32", np.float32, "float"), dtype("float64", np.float64, "double"),
       dtype("float16", np.float16, "half"), dtype("int64", np.int64, "long"), dtype("int32", np.int32, "int"),
       dtype("int16", np.int16, "short"), dtype("int8", np.int8), dtype("uint8", np.uint8), dtype("bool", np.bool_),
       dtype("complex64", np.complex64, "cfloat"), dtype("complex128", np.complex128, "cdouble"))
BY_ARRAY = {d.numpy: d for d in ALL}
BY_NAME = {name: d for d in ALL for name in d.names}
CLASSES = {"float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "int32": "Int",
           "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool", "complex64": "ComplexFloat",
           "complex128": "ComplexDouble"}
INT64, BOOL, FLOAT64 = np.dtype(np.int64), np.dtype(bool), np.dtype(np.float64)
_default = [np.dtype(np.float32)]


def of(array: np.dtype) -> dtype:
    """The torch type of an array's type."""
    if array not in BY_ARRAY:
        raise TypeError(f"can't convert np.ndarray of type {array.name}. The only supported types are: float64, "
                        "float32, float16, complex64, complex128, int64, int32, int16, int8, uint8, and bool.")
    return BY_ARRAY[array]


def class_name(array: np.dtype) -> str:
    """What PyTorch's messages call tensors of this type: Float, Long."""
    return CLASSES[of(array).name]


def default() -> np.dtype:
    """The type of floats that nothing else decides."""
    return _default[0]


def set_default(to: dtype) -> None:
    if not isinstance(to, dtype) or to.numpy.kind != "f":
        raise TypeError(f"only floating-point types are supported as the default type, not {to!r}")
    _default[0] = to.numpy


def array_type(given: Any) -> np.dtype | None:
    """The type of arrays that a `dtype` argument means: None, one of ours, or Python's `float`, `int`, `bool`."""
    if given is None:
        return None
    if isinstance(given, dtype):
        return given.numpy
    if given in (float, int, bool, complex):
        return {float: FLOAT64, int: INT64, bool: BOOL, complex: np.dtype(np.complex128)}[given]
    raise TypeError(f"dtype must be a torch.dtype, not {type(given).__name__}")


def of_number(value: Any) -> np.dtype:
    """The type that a Python number has where nothing else decides."""
    if isinstance(value, np.generic):
        return value.dtype
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT64
    return complex_of(default()) if isinstance(value, complex) else default()


def complex_of(real: np.dtype) -> np.dtype:
    return np.dtype(np.complex128 if real == FLOAT64 else np.complex64)


@lru_cache(1024)
def promote(a: np.dtype, b: np.dtype) -> np.dtype:
    """The type that holds both: an integer and a float give that float, whatever the integer's width."""
    if a == b:
        return a
    kinds = ["b" if d == BOOL else "f" if d.kind == "f" else "c" if d.kind == "c" else "i" for d in (a, b)]
    if "i" in kinds and kinds[0] != kinds[1]:
        other = b if kinds[0] == "i" else a
        return (a if kinds[0] == "i" else b) if other == BOOL else other
    return np.promote_types(a, b)


def combined(higher: np.dtype | None, lower: np.dtype | None) -> np.dtype | None:
    """The type of operands of two priorities."""
    if higher is None or lower is None:
        return lower if higher is None else higher
    if higher.kind == "c":
        return higher
    if higher.kind == "f":
        return complex_of(higher) if lower.kind == "c" else higher
    return promote(higher, lower) if higher == BOOL or lower.kind in "fc" else higher


def result_type(*operands: Any) -> np.dtype:
    """The common type of arrays, scalars of NumPy (tensors without dimensions) and Python numbers."""
    levels: list[np.dtype | None] = [None, None, None]
    for x in operands:
        number = isinstance(x, bool | int | float | complex) and not isinstance(x, np.generic)
        level = 2 if number else 0 if np.ndim(x) else 1
        own = of_number(x) if number else x.dtype
        known = levels[level]
        levels[level] = own if known is None else promote(known, own)
    found = combined(levels[0], combined(levels[1], levels[2]))
    assert found is not None
    return found

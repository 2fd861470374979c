"""What is known of a value before the program runs.

Every `Var` is bound once and gets a `Type` at birth: its kind, dtype and shape.  A shape is a tuple of sizes, and a
size is a linear form over the dimensions of the arguments: for `u` of shape `(n,)`, `u[2:]` and `u[:-2]` both have
the size `n - 2`.  Two sizes that are the same form are equal whatever the argument; different forms may be equal or
not.  Anything can be unknown (None), and an unknown is decided at run time.

    number    a Python bool, int, float or complex: immutable, promotes weakly
    scalar    a NumPy scalar: immutable, promotes by its dtype
    array     an ndarray, of rank 0 or more
    sequence  a Python list whose length is not known (`item` is the type of its elements)
    object    anything else that is only passed on: a string, None, residuals of a call
    never     the value of a call that has not returned yet while a recursion is being analysed
    unknown   a number, scalar or array: arguments that nothing is known of
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

import numpy as np

Kind = Literal["number", "scalar", "array", "sequence", "object", "never", "unknown"]
_serials = count()


class Size:
    """An unknown extent, equal only to itself.  `many` says that it is known to be 2 or more; `extent` is what it is in
    the call at hand, for the case that the program has to be made for that extent.  `varies`: it stands for several;
    of the items of a list each may have its own."""

    __slots__ = ("extent", "hint", "many", "serial", "varies")

    def __init__(self, hint: str = "n", many: bool = False, extent: int | None = None, varies: bool = False) -> None:
        self.hint, self.many, self.extent, self.serial, self.varies = hint, many, extent, next(_serials), varies

    def __repr__(self) -> str:
        return f"{self.hint}{self.serial}"


@dataclass(frozen=True, slots=True)
class Dim:
    """The linear form `size + offset` (never below zero), or the constant `offset` when `size` is None."""

    size: Size | None
    offset: int = 0

    def __repr__(self) -> str:
        if self.size is None:
            return str(self.offset)
        return f"{self.size}{self.offset:+d}" if self.offset else f"{self.size}"

    def __add__(self, other: int) -> Dim:
        return Dim(self.size, self.offset + other)

    @property
    def is_one(self) -> bool:
        return self.size is None and self.offset == 1

    @property
    def not_one(self) -> bool:
        if self.size is None:
            return self.offset != 1
        return self.least > 1

    @property
    def least(self) -> int:
        """A number that it is not less than."""
        return max(self.offset + (2 if self.size is not None and self.size.many else 0), 0)

    @property
    def is_positive(self) -> bool:
        """Is it known to be 1 or more?"""
        return self.offset >= 1 if self.size is None else self.size.many and self.offset >= -1


ONE = Dim(None, 1)


def fresh(hint: str = "n", many: bool = False, varies: bool = False) -> Dim:
    """A size about which nothing is known, but that it is one thing."""
    return Dim(Size(hint, many, varies=varies))


def same_dtype(a: np.dtype | None, b: np.dtype | None) -> bool:
    """Are these one dtype, or both not known?  (NumPy takes None for float64 where it compares.)"""
    return a is b or a is not None and b is not None and a == b


@dataclass(frozen=True, slots=True)
class Type:
    """Kind, dtype and shape; `value` is the linear form of an integer that is made of sizes, `cls` the class of an
    object whose methods the program calls."""

    kind: Kind
    dtype: np.dtype | None = None
    shape: tuple[Dim, ...] | None = None
    value: Dim | None = None
    item: Type | None = None
    optional: bool = False
    cls: type | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (isinstance(other, Type) and self.kind == other.kind and same_dtype(self.dtype, other.dtype)
                and self.shape == other.shape and self.value == other.value and self.item == other.item
                and self.optional == other.optional and self.cls == other.cls)

    def __hash__(self) -> int:
        return hash((self.kind, self.dtype, self.shape, self.value, self.item, self.optional, self.cls))

    def has_dtype_of(self, other: Type) -> bool:
        """Are both dtypes known, and equal?"""
        return self.dtype is not None and same_dtype(self.dtype, other.dtype)

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)

    @property
    def is_numeric(self) -> bool:
        return self.kind in ("number", "scalar", "array", "unknown")

    @property
    def is_inexact(self) -> bool:
        """Can a derivative flow through a value of this type?  (Unknown dtypes may be floats.)"""
        if self.kind == "sequence":
            return self.item is None or self.item.is_inexact
        if self.kind == "object":
            return self.item is not None
        return self.is_numeric and (self.dtype is None or self.dtype.kind in "fc")


OBJECT = Type("object")
RESIDUALS = Type("object", item=Type("unknown"))   # a bundle of values that a derivative flows through
NEVER = Type("never")
UNKNOWN = Type("unknown")
BOOL = Type("number", np.dtype(bool), ())
INT = Type("number", np.dtype(np.int64), ())
FLOAT = Type("number", np.dtype(np.float64), ())
COMPLEX = Type("number", np.dtype(np.complex128), ())
_NUMBERS: dict[type, Type] = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX}


def integer(value: Dim) -> Type:
    """The type of a Python int whose value is this linear form."""
    return Type("number", INT.dtype, (), value)


def array(dtype: object, *shape: Dim | int) -> Type:
    """`array(float, 3, n)`: the type of an ndarray."""
    return Type("array", np.dtype(dtype), tuple(Dim(None, d) if isinstance(d, int) else d for d in shape))  # type: ignore[call-overload]


def type_of(value: object) -> Type:
    """The type of a run-time value, with constant sizes."""
    if type(value) in _NUMBERS:
        if type(value) is int:
            return integer(Dim(None, value))
        return _NUMBERS[type(value)]
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return Type("scalar", value.dtype, ())
    if isinstance(value, np.ndarray):
        return array(value.dtype, *value.shape)
    if isinstance(value, list):
        return Type("sequence", item=join_all(type_of(v) for v in value) if value else None)
    return OBJECT


def join_all(types: Iterable[Type]) -> Type:
    result = NEVER
    for t in types:
        result = join(result, t)
    return result


def join(a: Type, b: Type) -> Type:
    """The least type that holds both: of int and float float, of number and array array, of None and T optional T."""
    if a == b or b.kind == "never":
        return a
    if a.kind == "never":
        return b
    if a.kind == "sequence" and b.kind == "sequence":
        items = [t for t in (a.item, b.item) if t is not None]
        return Type("sequence", item=join_all(items) if items else None)
    if not (a.is_numeric and b.is_numeric):
        numeric = a if a.is_numeric else b
        return replace(numeric, optional=True, value=None) if numeric.is_numeric else OBJECT
    kind: Kind = a.kind if a.kind == b.kind else "unknown"
    if {a.kind, b.kind} == {"number", "scalar"}:
        kind = "scalar"
    dtype = None if a.dtype is None or b.dtype is None else np.promote_types(a.dtype, b.dtype)
    if kind != "number" and any(t.kind != "number" and t.dtype != dtype for t in (a, b)):
        dtype = None
    return Type(kind, dtype, _join_shapes(a.shape, b.shape), a.value if a.value == b.value else None,
                optional=a.optional or b.optional)


def one_item(items: Type) -> Type:
    """The type of one item of a list: sizes that vary from item to item are its own."""
    if items.shape is None or not any(d.size is not None and d.size.varies for d in items.shape):
        return items
    return replace(items, shape=tuple(
        fresh(many=d.least > 1) if d.size is not None and d.size.varies else d for d in items.shape))


def _join_shapes(a: tuple[Dim, ...] | None, b: tuple[Dim, ...] | None) -> tuple[Dim, ...] | None:
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else fresh(many=x.least > 1 and y.least > 1, varies=True)
                 for x, y in zip(a, b, strict=True))


def equivalent(a: Type, b: Type) -> bool:
    """Equal up to the names of sizes that only one of them mentions: the test that ends a fixpoint."""
    if (a.kind, a.optional, a.rank) != (b.kind, b.optional, b.rank) or not same_dtype(a.dtype, b.dtype):
        return False
    if (a.item is None) != (b.item is None) or (a.value is None) != (b.value is None):
        return False
    if a.item is not None and b.item is not None and not equivalent(a.item, b.item):
        return False
    return all(x == y or (x.size is not None and y.size is not None and x.not_one == y.not_one)
               for x, y in zip(a.shape or (), b.shape or (), strict=True))

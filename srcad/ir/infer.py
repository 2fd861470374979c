"""The type of an operation's result.

Elementwise operations broadcast.  An operation with a rule of its own says it (`Op.infer`).  For all others NumPy
itself is asked: the operation is run on small prototypes in which every unknown size is given a number, three times
with other numbers; an extent of the result that is `size + constant` in all three is that linear form, any other is a
new size.  Runs at the smallest sizes then take back what holds only for large arrays.  So a fact is never a guess about
a function, and a function that can't run on prototypes has an unknown type.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from srcad.ir.core import Form, Lit, Var, fill
from srcad.ir.ops import Op
from srcad.ir.types import NEVER, OBJECT, UNKNOWN, Dim, Size, Type, fresh, type_of

# Extents that size number i takes in each run.  Primes in three orders: a sum, product or quotient of two of
# them differs from every third by a constant in no more than one run.
_EXTENTS = ((5, 7, 11, 13, 17, 19, 23, 29), (11, 5, 17, 7, 23, 13, 29, 19), (7, 17, 5, 19, 11, 23, 13, 31))


def infer(op: Op, args: Sequence[Any], form: Form) -> tuple[Type, ...]:
    """The types of the results of `op` called as `form` with the atoms `args`."""
    types = [a.type for a in args]
    if any(t.kind == "never" for t in types):
        return (NEVER,) * op.outs
    if op.infer is not None:
        call, named = fill(form, [a if isinstance(a, Lit) else a.type for a in args])
        result = op.infer(*call, **named)
        if result is not None:
            return result if isinstance(result, tuple) else (result,)
        return (UNKNOWN,) * op.outs
    if op.elementwise and not form.kwargs:
        return (elementwise(op, args),) * op.outs
    # That the operation succeeds says that no operand is None.
    types = [replace(t, optional=False) if t.optional else t for t in types]
    if any(not t.is_numeric or t.kind == "unknown" or t.shape is None for t in types):
        return (UNKNOWN if not op.effect else OBJECT,) * op.outs
    return _from_prototypes(op, tuple(types), tuple(a if isinstance(a, Lit) else None for a in args), form)


def elementwise(op: Op, args: Sequence[Any]) -> Type:
    types = [a.type for a in args]
    if not all(t.is_numeric for t in types):
        return UNKNOWN
    dtype = _dtype(op, tuple((t.kind, t.dtype, a.value if isinstance(a, Lit) else None)
                             for t, a in zip(types, args, strict=True)))
    shapes = [t.shape for t in types]
    if any(s is None for s in shapes):
        return Type("unknown", dtype)
    shape = broadcast([s for s in shapes if s is not None])
    if shape:
        return Type("array", dtype, shape)
    operator = not op.name.startswith("np.")
    if any(t.kind == "unknown" for t in types):
        return Type("unknown", dtype, ())
    value = _integer_value(op, args) if dtype == np.dtype(np.int64) else None
    return Type("number" if operator and all(t.kind == "number" for t in types) else "scalar", dtype, (), value)


def _integer_value(op: Op, args: Sequence[Any]) -> Dim | None:
    """`n - 2` is a linear form when `n` is."""
    if op.name not in ("+", "-") or len(args) != 2:
        return None
    a, b = (arg.type.value for arg in args)
    if a is None or b is None:
        return None
    if b.size is None:
        return Dim(a.size, a.offset + (b.offset if op.name == "+" else -b.offset))
    if op.name == "+" and a.size is None:
        return Dim(b.size, a.offset + b.offset)
    return Dim(None, a.offset - b.offset) if op.name == "-" and a.size is b.size else None


def broadcast(shapes: Sequence[tuple[Dim, ...]]) -> tuple[Dim, ...]:
    """The common shape, given that the operation succeeded: a size that is not 1 is the size of the result."""
    extended = [s for s in shapes if s]
    if not extended or all(s == extended[0] for s in extended):
        return extended[0] if extended else ()
    rank = max(map(len, shapes))
    padded = [(Dim(None, 1),) * (rank - len(s)) + s for s in shapes]
    return tuple(_common(dims) for dims in zip(*padded, strict=True))


def _common(dims: Sequence[Dim]) -> Dim:
    candidates = [d for d in dict.fromkeys(dims) if not d.is_one]
    if not candidates:
        return Dim(None, 1)
    settled = [d for d in candidates if d.not_one]
    if settled:
        return next((d for d in settled if d.size is None), settled[0])
    return candidates[0] if len(candidates) == 1 else _fresh_common(tuple(candidates))


@lru_cache(4096)
def _fresh_common(dims: tuple[Dim, ...]) -> Dim:
    return fresh()


@lru_cache(4096)
def _dtype(op: Op, operands: tuple[tuple[str, np.dtype | None, Any], ...]) -> np.dtype | None:
    if any(dtype is None for _, dtype, _ in operands):
        return None
    values = [literal if literal is not None else np.ones((), dtype).item() if kind == "number" else np.ones(1, dtype)
              for kind, dtype, literal in operands]
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return np.asarray(op.function(*values)).dtype
    except (TypeError, ValueError, ArithmeticError):
        return None


@lru_cache(4096)
def _from_prototypes(op: Op, types: tuple[Type, ...], literals: tuple[Lit | None, ...], form: Form) -> tuple[Type, ...]:
    sizes: dict[Size, int] = {}
    for t in types:
        for d in (*(t.shape or ()), *((t.value,) if t.value else ())):
            if d.size is not None:
                sizes.setdefault(d.size, len(sizes))
    if len(sizes) > len(_EXTENTS[0]):
        return (UNKNOWN,) * op.outs

    def run(extent: dict[Size, int], values: int) -> tuple[Any, ...] | None:
        return _run(op, types, literals, form, extent, values)

    linear_in = sizes
    results = [run({s: extents[i] for s, i in sizes.items()}, k) for k, extents in enumerate(_EXTENTS)]
    if any(r is None for r in results):
        # Sizes that the operation needs to be equal were given different numbers: make all of them equal.
        linear_in = {}
        results = [run(dict.fromkeys(sizes, extent), k) for k, extent in enumerate(_EXTENTS[0][:3])]
    if any(r is None for r in results):
        return (UNKNOWN,) * op.outs
    described = [_described(list(column), linear_in) for column in zip(*results, strict=True)]  # type: ignore[arg-type]
    for small in range(4 if sizes else 0):
        # `x[:3]` has 3 elements only if x has them, and `squeeze` drops an axis only if its size is 1.
        extent = {s: 2 if s.many and small < 2 else small for s in sizes}
        result = run(extent, 0)
        if result is not None:
            described = [_not_contradicted(t, r, extent) for t, r in zip(described, result, strict=True)]
    return tuple(described)


def _run(op: Op, types: tuple[Type, ...], literals: tuple[Lit | None, ...], form: Form,
         extent: dict[Size, int], values: int) -> tuple[Any, ...] | None:
    """The results on prototypes; `values` is one of three sets of them (a set that fails gives way to the first)."""
    operands = [lit.value if lit is not None else _prototype(t, extent, k, values)
                for k, (t, lit) in enumerate(zip(types, literals, strict=True))]
    args, kwargs = fill(form, operands)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = op.function(*args, **kwargs)
    except (TypeError, ValueError, ArithmeticError, IndexError, AttributeError, np.linalg.LinAlgError):
        return _run(op, types, literals, form, extent, 0) if values else None
    return tuple(result) if op.outs > 1 else (result,)


def _prototype(t: Type, extent: dict[Size, int], salt: int, values: int) -> Any:
    """A value of type `t`: distinct, positive numbers, with a strong diagonal so that matrices are regular.

    Integers and masks differ between the sets, and floats are all zero in the last one, so that an extent that depends
    on a value (`x[i:]`, `x[mask]`, `np.unique(x)`) is seen not to be the same thing."""
    assert t.shape is not None
    if t.value is not None:
        return t.value.offset + (extent[t.value.size] if t.value.size else 0)
    shape = tuple(max(d.offset + (extent[d.size] if d.size else 0), 0) for d in t.shape)
    # An unknown dtype is tried as two, so that nothing is claimed that follows from one of them.
    dtype = t.dtype if t.dtype is not None else np.dtype(np.float32 if values == 1 else np.float64)
    if dtype.kind in "iub":
        a = np.full(shape, (0, 1, 1)[values] if dtype.kind != "b" else (1, 0, 1)[values], dtype)
    elif values == 2:
        a = np.zeros(shape, dtype)
    else:
        count = int(np.prod(shape))
        a = ((np.arange(count, dtype=float) * 7919 + salt * 31) % 101 / 101 + 0.5).reshape(shape)
        a = (a + 2 * count * np.eye(shape[-2], shape[-1]) if len(shape) >= 2 else a).astype(dtype)
    return a.item() if t.kind == "number" else a[()] if t.kind == "scalar" else a


def _described(results: list[Any], sizes: dict[Size, int]) -> Type:
    types = [type_of(r) for r in results]
    first = types[0]
    if not first.is_numeric or any((t.kind, t.rank) != (first.kind, first.rank) for t in types):
        # A tuple or list of results may carry a derivative.
        return UNKNOWN if first.is_numeric or isinstance(results[0], tuple | list) else OBJECT
    shape = tuple(_linear([t.shape[axis].offset for t in types if t.shape is not None], sizes)
                  for axis in range(first.rank or 0))
    return Type(first.kind, first.dtype if len({t.dtype for t in types}) == 1 else None, shape)


def _not_contradicted(t: Type, value: Any, extent: dict[Size, int]) -> Type:
    """What is left of `t` after a run that gave `value`."""
    real = type_of(value)
    if t.shape is None or t == OBJECT:
        return t
    if (t.kind, t.rank) != (real.kind, real.rank):
        return UNKNOWN

    def agrees(d: Dim, real: int) -> bool:
        known = d.size is None or d.size in extent
        return not known or max(d.offset + (extent[d.size] if d.size else 0), 0) == real

    shape = tuple(d if agrees(d, r) else fresh() for d, r in zip(t.shape, np.shape(value), strict=True))
    return replace(t, shape=shape)


def _linear(extents: list[int], sizes: dict[Size, int]) -> Dim:
    for size, i in sizes.items():
        offsets = {e - table[i] for e, table in zip(extents, _EXTENTS, strict=True)}
        if len(offsets) == 1:
            return Dim(size, offsets.pop())
    return Dim(None, extents[0]) if len(set(extents)) == 1 else fresh()


_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**", "@"})


def fails(op: Op, args: Sequence[Any]) -> bool:
    """Does the operation fail in every call that the program serves?  Sizes of arguments that differ at the call at
    hand differ in all of them."""
    if op.name in _ARITHMETIC and Lit(None) in args:
        return all(a == Lit(None) or (a.type.is_numeric and not a.type.optional) for a in args)
    shapes = [a.type.shape for a in args if a.type.is_numeric]
    if len(args) < 2 or len(shapes) != len(args) or any(s is None for s in shapes):
        return False
    if op.elementwise:
        rank = max(len(s) for s in shapes if s is not None)
        padded = [(Dim(None, 1),) * (rank - len(s)) + s for s in shapes if s is not None]
        return any(_differ(a, b) for dims in zip(*padded, strict=True) for a in dims for b in dims)
    if op.name in ("@", "np.matmul", "np.dot") and all(shapes[:2]):
        left, right = shapes[0], shapes[1]
        assert left is not None and right is not None
        return _differ(left[-1], right[-2] if len(right) > 1 else right[0], ones=True)
    return False


def _differ(a: Dim, b: Dim, ones: bool = False) -> bool:
    """Are these extents known to differ (and, unless `ones`, neither to be stretched)?"""
    if a == b or (not ones and not (a.not_one and b.not_one)):
        return False
    if a.size is None and b.size is None:
        return True
    both = a.size is not None and b.size is not None and a.offset == b.offset
    return bool(both and a.size.extent is not None and b.size.extent is not None and a.size.extent != b.size.extent)  # type: ignore[union-attr]


def is_scalar(x: Any) -> bool:
    """Is this atom known to have rank 0?"""
    return isinstance(x, Var | Lit) and x.type.shape == ()

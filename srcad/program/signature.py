"""Signatures: what a program is made for.

A call is first known by its *key*: types, dtypes and exact shapes of the leaves, cheap to compute and to look up.  The
program that serves it is made for a *pattern* of extents: which are 1, and which are equal to each other.  So one
program serves arrays of all lengths, and knows that `x` and `y` have the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from srcad.frontend.contents import contents, part
from srcad.frontend.outside import STATEFUL, is_object
from srcad.frontend.values import ANY_SHAPE, Const, Instance
from srcad.ir import COMPLEX, FLOAT, INT, UNKNOWN, Dim, Record, Size, Type, Var, Whole, fresh
from srcad.ir.types import integer
from srcad.runtime.objects import made

Path = tuple[str, int]


def key_of(value: Any) -> Any:
    """A hashable description of an argument: equal keys are served by the same program."""
    t = type(value)
    if t is float or t is int or t is complex:
        return t
    if t is np.ndarray:
        return (value.dtype, value.shape) if value.dtype.kind in "biufc" else contents(value)
    if t is tuple or t is list:
        return (t, *keys_of(value))
    if t is dict:
        return (dict, *value, *keys_of(value.values()))
    if isinstance(value, np.generic):
        return t if value.dtype.kind in "biufc" else contents(value)
    if value is None or t is bool or t is str:
        return (t, value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return (t, *map(key_of, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (t, *(key_of(getattr(value, f.name)) for f in dataclasses.fields(value)))
    if hasattr(value, "__array__") and hasattr(value, "dtype") and not isinstance(value, type | np.generic):
        known = isinstance(value.dtype, np.dtype) and value.dtype.kind in "biufc" and type(value.shape) is tuple
        return (value.dtype, value.shape) if known else key_of(outline_of(value))
    if isinstance(value, STATEFUL):
        return t
    return t if is_object(value) else contents(value) or (t, id(value))


def outline_of(value: Any) -> np.ndarray:
    """An array like this one of another library: of its type and shape, if NumPy has such, without its elements."""
    try:
        outline = np.broadcast_to(np.zeros((), value.dtype), value.shape)
    except (TypeError, ValueError):
        return np.asarray(value)
    return outline if outline.dtype.kind in "biufc" else np.asarray(value)


def keys_of(values: Iterable[Any]) -> list[Any]:
    return list(map(key_of, values))


def exact_key(values: tuple[Any, ...], static: frozenset[Path], names: tuple[str, ...], key: Any = None) -> Any:
    """The key of a call; leaves whose values decide structure are in it by value."""
    key = key or tuple(keys_of(values))
    if not static:
        return key
    found = []
    for name, i in sorted(static):
        given = leaves_of(values[names.index(name)]) if name != ANY_SHAPE else ()
        if i < len(given):  # another call may have given more leaves here
            found.append(given[i])
    return "static", key, tuple(found)


def specialised(static: frozenset[Path], path: Path, given: dict[str, Any]) -> frozenset[Path] | None:
    """`static`, and the leaf or extent at `path`; None if a program can't be made for its value."""
    name, index = path
    if path in static or (name != ANY_SHAPE
                          and isinstance(leaves_of(given[name])[index], np.ndarray | float | complex)):
        return None
    return static | {path}


def leaves_of(value: Any) -> list[Any]:
    """The leaves of an argument in the order in which the lowering numbers them."""
    if isinstance(value, tuple | list):
        return [leaf for v in value for leaf in leaves_of(v)]
    if type(value) is dict:
        return [leaf for v in value.values() for leaf in leaves_of(v)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [leaf for f in dataclasses.fields(value) for leaf in leaves_of(getattr(value, f.name))]
    return [value]


class Describe:
    """Turns the arguments of a call into trees of types, with one size for each distinct extent."""

    def __init__(self, static: frozenset[Path] = frozenset()) -> None:
        self.static = static
        self.sizes: dict[int, Size] = {}

    def argument(self, name: str, value: Any) -> Any:
        count = iter(range(1_000_000))

        def leaf(v: Any) -> Any:
            return Const(v) if (name, next(count)) in self.static else self.type_of(v)

        return tree_of(value, leaf)

    def type_of(self, value: Any) -> Any:
        """The type of a leaf, or a constant."""
        if isinstance(value, np.ndarray):
            return self._array(value) if value.dtype.kind in "biufc" else Const(value)
        if isinstance(value, np.generic):
            return Type("scalar", value.dtype, ()) if value.dtype.kind in "biufc" else Const(value)
        if type(value) is int:
            return integer(fresh("n"))  # whatever it is, sizes that are made of it are equal
        if type(value) is float or type(value) is complex:
            return FLOAT if type(value) is float else COMPLEX
        if hasattr(value, "__array__") and hasattr(value, "dtype") and not isinstance(value, type | np.generic):
            return self.type_of(outline_of(value))
        if isinstance(value, STATEFUL):
            return Type("object", cls=type(value))
        return Instance(value, self.type_of) if is_object(value) else Const(value)

    def _array(self, value: np.ndarray) -> Type:
        return Type("array", value.dtype, tuple(map(self._dim, value.shape)))

    def _dim(self, extent: int) -> Dim:
        if extent in (0, 1) or (ANY_SHAPE, extent) in self.static:
            return Dim(None, extent)
        if extent not in self.sizes:
            self.sizes[extent] = Size("n", many=True, extent=extent)
        return Dim(self.sizes[extent])


def tree_of(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """An argument as the lowering wants it: containers as they are, objects as records, leaves through `leaf`."""
    if type(value) is tuple or type(value) is list:
        return type(value)(tree_of(v, leaf) for v in value)
    if type(value) is dict:
        return {k: tree_of(v, leaf) for k, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return Record(type(value), {k: tree_of(v, leaf) for k, v in zip(value._fields, value, strict=True)})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return Record(type(value), {f.name: tree_of(getattr(value, f.name), leaf) for f in dataclasses.fields(value)})
    return leaf(value)


def objects_of(tree: Any) -> Any:
    """Records as the objects that they stand for."""
    if isinstance(tree, tuple | list):
        return type(tree)(map(objects_of, tree))
    if isinstance(tree, dict):
        return {k: objects_of(v) for k, v in tree.items()}
    if hasattr(tree, "fields") and hasattr(tree, "cls"):
        return made(tree.cls, {k: objects_of(v) for k, v in tree.fields.items()})
    return tree


def pattern_of(tree: Any, seen: dict[Size, int]) -> Any:
    """What distinguishes two trees of types: everything but the names of their sizes."""
    if isinstance(tree, Type):
        shape = None if tree.shape is None else tuple(
            d.offset if d.size is None else (seen.setdefault(d.size, len(seen)),) for d in tree.shape)
        return (tree.kind, tree.dtype, shape, tree.optional, tree.cls)
    if isinstance(tree, Instance):
        return type(tree.value)
    if isinstance(tree, Const):
        return contents(tree.value) or (type(tree.value), part(tree.value))
    if isinstance(tree, tuple | list):
        return (type(tree), *(pattern_of(t, seen) for t in tree))
    if isinstance(tree, dict):
        return (dict, *((k, pattern_of(t, seen)) for k, t in tree.items()))
    assert isinstance(tree, Record)
    return (tree.cls, *(pattern_of(t, seen) for t in tree.fields.values()))


def unknown_arguments(names: tuple[str, ...], annotations: dict[str, Any]) -> dict[str, Any]:
    """Trees for a function that is shown without example arguments: by annotation, else unknown."""
    by_annotation = {float: FLOAT, int: INT, complex: COMPLEX, "float": FLOAT, "int": INT, "complex": COMPLEX}
    return {n: by_annotation.get(annotations.get(n), UNKNOWN) if _hashable(annotations.get(n)) else UNKNOWN
            for n in names}


def _hashable(x: Any) -> bool:
    try:
        hash(x)
    except TypeError:
        return False
    return True


def given_to(tree: Any, value: Any) -> list[Any]:
    """What the variables of a parameter are bound to."""
    match tree:
        case Var():
            return [value]
        case Whole(parts=parts):
            return [value, *given_to(parts, value)]
        case tuple() | list():
            return [leaf for t, v in zip(tree, value, strict=True) for leaf in given_to(t, v)]
        case dict():
            return [leaf for k, t in tree.items() for leaf in given_to(t, value[k])]
        case Record(fields=fields):
            return [leaf for k, t in fields.items() for leaf in given_to(t, getattr(value, k))]
        case _:
            return []

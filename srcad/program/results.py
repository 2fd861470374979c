"""What is handed to the user is fresh, writable, and shares memory with nothing else that the user has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from srcad.frontend.origins import attributes_of
from srcad.frontend.outside import is_object
from srcad.program.signature import leaves_of, objects_of, tree_of


def owned(result: Any, arrays: Iterable[Any]) -> Any:
    """`result` with every array copied that is not its own memory, or that is one of `arrays` or another leaf.

    This runs at every call, so what most results are comes first and is written out."""
    t = type(result)
    if t is float or result is None or isinstance(result, np.generic | int | complex):
        return result
    return _owned(result, set(map(id, arrays)))


def copied(value: Any) -> Any:
    """Arrays copied, and the containers that a function could change; other objects as they are."""
    return objects_of(tree_of(value, lambda leaf: leaf.copy() if isinstance(leaf, ndarray) else leaf))


def arrays_in(values: Iterable[Any]) -> list[Any]:
    """The arrays in arguments."""
    return [a for v in values for a in leaves_of(v) if isinstance(a, ndarray)]


def _all_owned(values: Iterable[Any], seen: set[int]) -> list[Any]:
    found = []
    for v in values:
        if type(v) is ndarray:  # as in `_owned`
            if v.base is not None or id(v) in seen:
                v = v.copy()
            seen.add(id(v))
            found.append(v)
        else:
            found.append(_owned(v, seen))
    return found


def _owned(tree: Any, seen: set[int]) -> Any:
    t = type(tree)
    if t is ndarray:
        # An array without a base is read-only only if the caller made it so, and then it is an argument.
        if tree.base is not None or id(tree) in seen:
            tree = tree.copy()
        seen.add(id(tree))
        return tree
    if t is tuple:
        return tuple(_all_owned(tree, seen))
    if t is list:
        return _all_owned(tree, seen)
    if t is dict:
        return dict(zip(tree, _all_owned(tree.values(), seen), strict=True))
    if t is float or tree is None:
        return tree
    if isinstance(tree, np.ndarray):
        return _owned(np.array(tree), seen)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return t(*[_owned(v, seen) for v in tree])
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = {f.name: _owned(getattr(tree, f.name), seen) for f in dataclasses.fields(tree) if f.init}
        return t(**fields)
    if is_object(tree) and id(tree) not in seen:
        seen.add(id(tree))
        for name, value in attributes_of(tree).items():
            object.__setattr__(tree, name, _owned(value, seen))
    return tree

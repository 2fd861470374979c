"""What is handed to the user is fresh, writable, and shares memory with nothing else that the user has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from srcad.program.signature import leaves_of


def owned(result: Any, args: tuple[Any, ...]) -> Any:
    """`result` with every array that is not its own memory, or that an argument or another leaf is, copied.

    This runs at every call, so what most arguments and results are comes first and is written out."""
    t = type(result)
    if t is float or result is None or isinstance(result, np.generic | int | complex):
        return result
    seen: set[int] = set()
    _note(args, seen)
    return _owned(result, seen)


def _note(values: Any, seen: set[int]) -> None:
    """Add the identities of the arrays in `values` to `seen`."""
    add = seen.add
    for a in values:
        t = type(a)
        if t is ndarray:
            add(id(a))
        elif t is tuple or t is list:
            _note(a, seen)
        elif t is dict:
            _note(a.values(), seen)
        elif t is not float and t is not int:
            seen.update(map(id, leaves_of(a)))


def _all_owned(values: Iterable[Any], seen: set[int]) -> list[Any]:
    found = []
    for v in values:
        if type(v) is ndarray and v.base is None and id(v) not in seen:  # as in `_owned`
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
    return tree

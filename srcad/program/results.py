"""What is handed to the user is fresh, writable, and shares memory with nothing else that the user has."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from srcad.program.signature import leaves_of


def owned(result: Any, args: tuple[Any, ...]) -> Any:
    """`result` with every array that is not its own memory, or that an argument or another leaf is, copied."""
    if type(result) is np.ndarray:
        # A single array is the common case: it is owned if it is no view and none of the arguments.
        if result.base is None and result.flags.writeable and not _is_leaf(result, args):
            return result
        return result.copy()
    if isinstance(result, np.generic | float | int | complex) or result is None:
        return result
    return _owned(result, {id(leaf) for leaf in leaves_of(args)})


def _is_leaf(array: np.ndarray, args: tuple[Any, ...]) -> bool:
    return any(a is array or (type(a) is not np.ndarray and _contains(a, array)) for a in args)


def _contains(tree: Any, array: np.ndarray) -> bool:
    if isinstance(tree, float | int | np.generic):
        return False
    return any(leaf is array for leaf in leaves_of(tree))


def _owned(tree: Any, seen: set[int]) -> Any:
    if isinstance(tree, np.ndarray):
        if tree.base is not None or not tree.flags.writeable or id(tree) in seen:
            tree = tree.copy()
        seen.add(id(tree))
        return tree
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_owned(t, seen) for t in tree))
    if type(tree) is tuple or type(tree) is list:
        return type(tree)(_owned(t, seen) for t in tree)
    if type(tree) is dict:
        return {k: _owned(v, seen) for k, v in tree.items()}
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = {f.name: _owned(getattr(tree, f.name), seen) for f in dataclasses.fields(tree) if f.init}
        return type(tree)(**fields)
    return tree

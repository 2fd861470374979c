"""What is handed to the user is fresh, writable, and shares memory with nothing else that the user has."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from srcad.program.signature import leaves_of


def owned(result: Any, args: tuple[Any, ...]) -> Any:
    """`result` with every array that is not its own memory, or that an argument or another leaf is, copied."""
    if isinstance(result, np.generic | float | int | complex) or result is None:
        return result
    seen: set[int] = set()
    for a in args:
        if type(a) is np.ndarray:
            seen.add(id(a))
        elif not isinstance(a, float | int | np.generic):
            seen.update(map(id, leaves_of(a)))
    return _owned(result, seen)


def _owned(tree: Any, seen: set[int]) -> Any:
    if type(tree) is float:
        return tree
    if isinstance(tree, np.ndarray):
        if tree.base is not None or not tree.flags.writeable or id(tree) in seen:
            tree = tree.copy()
        seen.add(id(tree))
        return tree
    if type(tree) is tuple or type(tree) is list:
        return type(tree)([_owned(t, seen) for t in tree])
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*[_owned(t, seen) for t in tree])
    if type(tree) is dict:
        return {k: _owned(v, seen) for k, v in tree.items()}
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = {f.name: _owned(getattr(tree, f.name), seen) for f in dataclasses.fields(tree) if f.init}
        return type(tree)(**fields)
    return tree

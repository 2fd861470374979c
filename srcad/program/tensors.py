"""Tensors as arguments of derivatives: within a program they are arrays, and its results are tensors again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.program.signature import leaves_of, objects_of, tree_of

Wrap = Callable[[Any], Any]


def is_tensor(x: Any) -> bool:
    return hasattr(type(x), "__srcad_array__")


def wrap_of(values: Any) -> Wrap | None:
    """What makes tensors of arrays, if there are tensors among the arguments."""
    for leaf in leaves_of(values):
        if is_tensor(leaf):
            return type(leaf).of_array  # type: ignore[no-any-return]
    return None


def arrays(tree: Any) -> Any:
    """A tree with arrays in place of tensors."""
    return objects_of(tree_of(tree, lambda leaf: leaf.__srcad_array__() if is_tensor(leaf) else leaf))


def tensors(tree: Any, wrap: Wrap) -> Any:
    """A tree with tensors in place of arrays."""
    return objects_of(tree_of(tree, lambda leaf: wrap(leaf) if isinstance(leaf, np.ndarray | np.generic) else leaf))

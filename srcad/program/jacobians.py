"""Jacobians of functions of several arguments, and of trees: a block for each leaf of the output and of the input.

    jacobian(lambda x, y: (x * y, y), wrt=(0, 1))(x, y)     ((d(x * y)/dx, d(x * y)/dy), (dy/dx, dy/dy))

The structure is JAX's: that of the output, and in it that of what it is differentiated by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad import program as compiler
from srcad.errors import ArgumentError
from srcad.runtime import trees


@dataclass
class Side:
    """The leaves of an output, or of an argument, and how they make a tree."""

    leaves: list[Any]
    structure: Any

    @property
    def size(self) -> int:
        return sum(int(np.size(x)) for x in self.leaves)

    def units(self) -> list[Any]:
        """The unit trees, one for each element."""
        zeros = [_zero(x) for x in self.leaves]
        return [trees.unflatten(self.structure, [*zeros[:i], e, *zeros[i + 1:]])
                for i, x in enumerate(self.leaves) for e in basis(x)]

    def tree(self, leaves: Sequence[Any]) -> Any:
        return trees.unflatten(self.structure, leaves)


def side_of(tree: Any, what: str, name: str) -> Side:
    found = Side(*trees.flatten(tree))
    for x in found.leaves:
        if not isinstance(x, np.ndarray | np.generic | float | int) and not hasattr(x, "__array__") or (
                compiler.dtype_of(x).kind not in "fc"):
            raise ArgumentError(compiler.not_float(name, what, x))
    return found


def basis(x: Any) -> list[Any]:
    """The unit arrays of x's shape."""
    shape, dtype = np.shape(x), compiler.dtype_of(x)
    units = np.eye(np.size(x), dtype=dtype).reshape(np.size(x), *shape)
    return [float(u) if type(x) is float else u[()] if isinstance(x, np.generic) else np.array(u) for u in units]


def _zero(x: Any) -> Any:
    return 0.0 if type(x) is float else np.zeros(np.shape(x), compiler.dtype_of(x))[()]


def by_rows(out: Side, inputs: Sequence[Side], pull: Callable[[Any], Sequence[Any]]) -> Any:
    """The blocks from a sweep back for each element of the output; `pull` gives the cotangents of the inputs."""
    rows = [[trees.leaves(g) for g in pull(unit)] for unit in out.units()]
    return _blocks(out, inputs, lambda r, k, i, c: np.ravel(rows[r][k][i])[c])


def by_columns(out: Side, inputs: Sequence[Side], push: Callable[[int, Any], Any]) -> Any:
    """The blocks from a sweep forward for each element of the inputs; `push(k, unit)` moves the input number k."""
    columns = [[trees.leaves(push(k, unit)) for unit in s.units()] for k, s in enumerate(inputs)]
    starts = [_starts(s) for s in inputs]
    at = [(o, r) for o, y in enumerate(out.leaves) for r in range(np.size(y))]
    return _blocks(out, inputs, lambda r, k, i, c: np.ravel(columns[k][starts[k][i] + c][at[r][0]])[at[r][1]])


def _starts(side: Side) -> list[int]:
    sizes = [int(np.size(x)) for x in side.leaves]
    return [sum(sizes[:i]) for i in range(len(sizes))]


def _blocks(out: Side, inputs: Sequence[Side], entry: Callable[[int, int, int, int], Any]) -> Any:
    """`entry(row, input, leaf of it, element of that)` as blocks in the structure of the output, and of the inputs."""
    made = []
    for y, start in zip(out.leaves, _starts(out), strict=True):
        parts = []
        for k, side in enumerate(inputs):
            blocks = []
            for i, x in enumerate(side.leaves):
                entries = [[entry(start + r, k, i, c) for c in range(np.size(x))] for r in range(np.size(y))]
                dtype = np.result_type(compiler.dtype_of(x), compiler.dtype_of(y))
                blocks.append(np.array(entries, dtype).reshape(np.shape(y) + np.shape(x))[()])
            parts.append(side.tree(blocks))
        made.append(tuple(parts))
    return made

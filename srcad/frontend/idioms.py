"""Functions of NumPy that change an array, in Python: a call of one is lowered as a call of what stands here.

They are not called themselves: `array_stores` says which function each stands for.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def at_each(function: Any, array: Any, indices: Any, values: Any) -> None:
    """`function.at(array, indices, values)`, with a value for each index; an index may come more than once."""
    for i, value in zip(indices, values):  # noqa: B905 - as NumPy says, they are as many
        array[i] = function(array[i], value)


def at_all(function: Any, array: Any, indices: Any, value: Any) -> None:
    """The same with one value."""
    for i in indices:
        array[i] = function(array[i], value)


def at_alone(function: Any, array: Any, indices: Any) -> None:
    """The same of a function of one argument."""
    for i in indices:
        array[i] = function(array[i])


def place(array: Any, mask: Any, values: Any) -> None:
    """`np.place`: the values go to the places that are marked, over and over."""
    turns = (np.cumsum(mask) - 1) % len(values)
    array[...] = np.where(mask, np.reshape(np.take(values, turns), array.shape), array)


def putmask(array: Any, mask: Any, values: Any) -> None:
    """`np.putmask`: the value for an element is that of its number, over and over."""
    turns = np.arange(array.size) % len(values)
    array[...] = np.where(mask, np.reshape(np.take(values, turns), array.shape), array)


def fill_diagonal(array: Any, value: Any) -> None:
    """`np.fill_diagonal` of a matrix."""
    k = np.arange(min(array.shape))
    array[k, k] = value

"""Arrays of JAX as arguments.  JAX is not imported to see that there are none."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from srcad.program.signature import leaves_of


def has_arrays_of_jax(values: Any) -> bool:
    """Are there any in these arguments, also such that JAX traces?"""
    jax = sys.modules.get("jax")
    array = getattr(jax, "Array", None)  # a part of the package may be imported without it
    return array is not None and any(isinstance(leaf, array) for leaf in leaves_of(values))


def numpy_of(values: Any) -> Any:
    """`jax.numpy` if there are arrays of JAX in these arguments, else NumPy: what makes arrays like them."""
    return sys.modules["jax"].numpy if has_arrays_of_jax(values) else np


def dtype_of(value: Any) -> np.dtype:
    """The dtype of a number or array, also of one that JAX traces."""
    found = getattr(value, "dtype", None)
    return np.asarray(value).dtype if found is None else np.dtype(found)

"""Which backend runs a call, and whether it looks for NaNs.

    grad(f, backend="xla")             this derivative, wherever it is called
    with srcad.backend("auto"): ...    those that say nothing of their own, in this block and this thread
    srcad.configure(backend="auto")    the same everywhere, from now on
    SRCAD_BACKEND=auto                 the same from the start

It is asked at each call, and the first that says something decides.  "numpy" runs the generated source, "xla" compiles
it through `jax.jit`, "auto" begins as "numpy" and compiles what turns out to be worth it (see `tiers`).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from srcad.errors import ArgumentError

BACKENDS = ("numpy", "xla", "auto")


@dataclass(frozen=True, eq=False)
class Way:
    """`backend` is None where nothing is said of it.  There is one of each, so they are compared as objects."""

    backend: str | None
    nans: bool


@functools.cache
def way(backend: str | None, nans: bool = False) -> Way:
    return Way(checked(backend), nans)


def checked(backend: str | None) -> str | None:
    if backend is not None and backend not in BACKENDS:
        raise ArgumentError(f"backend must be 'numpy', 'xla' or 'auto', not {backend!r}")
    return backend


NUMPY = way("numpy")


def of_environment() -> Way:
    """What the environment variables say."""
    return way(os.environ.get("SRCAD_BACKEND") or None, os.environ.get("SRCAD_DEBUG_NANS", "0") not in ("", "0"))


@dataclass
class _Process:
    """What holds where no `with` block says otherwise."""

    way: Way


process = _Process(of_environment())
here: ContextVar[Way] = ContextVar("srcad")


def resolved(backend: str | None, otherwise: str = "numpy") -> Way:
    """The way of a call of something whose own backend this is; `otherwise` is for when nobody says one."""
    now = here.get(process.way)
    return way(backend or now.backend or otherwise, now.nans)


@contextmanager
def _within(found: Way) -> Iterator[None]:
    token = here.set(found)
    try:
        yield
    finally:
        here.reset(token)


@contextmanager
def backend(name: str) -> Iterator[None]:
    """In a `with` block: the backend of all derivatives that are called there and were not given one.

    It holds for this thread.  `configure` sets it for all, and the environment variable SRCAD_BACKEND from the start.

    >>> import srcad
    >>> slope = srcad.grad(lambda x: x * x)
    >>> with srcad.backend("xla"):
    ...     slope(3.0)
    6.0
    """
    with _within(way(name, here.get(process.way).nans)):
        yield


@contextmanager
def debug_nans(on: bool = True) -> Iterator[None]:
    """In a `with` block: a call whose result has NaNs that its arguments do not have raises `NaNError`, which names
    the line of yours that made the first of them, in the function or in its derivative, whatever backend runs.

    It holds for this thread.  `configure(debug_nans=True)` switches it on for all, and the environment variable
    SRCAD_DEBUG_NANS=1 from the start. Calls are slower: on NumPy each operation is looked at, on XLA each result.

    >>> import numpy as np, srcad
    >>> with srcad.debug_nans(), np.errstate(all="ignore"):
    ...     try:
    ...         srcad.grad(lambda x: np.sqrt(np.sum(x * x)))(np.zeros(2))
    ...     except srcad.NanError as error:
    ...         print(error.problem.what, error.problem.reason, sep=": ")
    NaN in the derivative of lambda: `*` gives it at [0] of inf, 0.0
    """
    with _within(way(here.get(process.way).backend, on)):
        yield


def configure(*, backend: str | None = None, debug_nans: bool | None = None, cache: Any = None) -> None:
    """Set what holds in the whole process from now on, where no `with` block says otherwise.

    `cache` is a folder in which what XLA compiles is kept for later processes ("" for none, as at first; the
    environment variable SRCAD_CACHE says it from the start). It must be one in which only you may write. JAX's own
    settings are not changed.

    >>> import srcad
    >>> srcad.configure(backend="numpy", debug_nans=False)
    """
    if cache is not None:
        from srcad.backends.lax_disk import keep_in  # what few need is imported when it is needed

        keep_in(cache)
    now = process.way
    process.way = way(backend or now.backend, now.nans if debug_nans is None else debug_nans)

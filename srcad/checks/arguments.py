"""The function under test as a function of the floats in its arguments.

Every call is made on copies, with the random generators in the same state and what it prints thrown away, so that two
calls differ in nothing but the numbers given to them.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.errors import ArgumentError
from srcad.runtime import trees

Leaves = list[Any]


def is_float(leaf: Any) -> bool:
    return isinstance(leaf, float | complex) or (
        isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind in "fc")


def copied(leaf: Any) -> Any:
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf


@contextlib.contextmanager
def same_surroundings() -> Iterator[None]:
    """Leave the global random generators as they were, and the screen."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)


@dataclass(frozen=True)
class Place:
    """One float or array of floats among the arguments: its name as code, and where it is."""

    name: str
    index: int
    value: Any


class Subject:
    """`f(*args)` with the floats of the arguments `wrt` free and all else fixed."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], wrt: Any = None) -> None:
        self.f, self.args = f, tuple(args)
        self.names = parameter_names(f, len(self.args))
        self.leaves, self.structure = trees.flatten(self.args)
        self.places = [Place(path, i, leaf) for i, (path, leaf) in enumerate(self._paths()) if is_float(leaf)]
        if wrt is not None:
            chosen = {self._position(w) for w in (wrt if isinstance(wrt, tuple | list) else (wrt,))}
            self.places = [p for p in self.places if self._owner[p.index] in chosen]
        if not self.places:
            raise ArgumentError(f"none of the arguments of {name_of(f)} that are to be checked is a float")
        self.positions = sorted({self._owner[p.index] for p in self.places})

    def _paths(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        self._owner: list[int] = []
        for k, (name, arg) in enumerate(zip(self.names, self.args, strict=True)):
            leaves, structure = trees.flatten(arg)
            found += zip(trees.paths(structure, name), leaves, strict=True)
            self._owner += [k] * len(leaves)
        return found

    def _position(self, wrt: int | str) -> int:
        if isinstance(wrt, str):
            if wrt not in self.names:
                raise ArgumentError(f"{name_of(self.f)} has no argument `{wrt}`")
            return self.names.index(wrt)
        return wrt

    @property
    def values(self) -> Leaves:
        return [p.value for p in self.places]

    def arguments(self, values: Leaves) -> tuple[Any, ...]:
        """The arguments with these values in the free places; all are copies."""
        leaves = [copied(leaf) for leaf in self.leaves]
        for place, value in zip(self.places, values, strict=True):
            leaves[place.index] = copied(value)
        result: tuple[Any, ...] = trees.unflatten(self.structure, leaves)
        return result

    def outputs(self, values: Leaves) -> Leaves:
        """The floats that `f` returns."""
        with same_surroundings():
            return floats_of(self.f(*self.arguments(values)))

    def tangents(self, directions: Leaves) -> tuple[Any, ...]:
        """One tangent for each argument, None for an argument that does not move."""
        by_place = {p.index: d for p, d in zip(self.places, directions, strict=True)}
        leaves = [by_place.get(i, _still(leaf)) for i, leaf in enumerate(self.leaves)]
        moved: tuple[Any, ...] = trees.unflatten(self.structure, leaves)
        return moved

    def cotangents(self, given: tuple[Any, ...]) -> Leaves:
        """What a pullback gives, at the free places; zero where it gives None."""
        found: dict[int, Any] = {}
        start = 0
        for k, arg in enumerate(self.args):
            leaves, structure = trees.flatten(arg)
            parts = _parts(structure, given[k], len(leaves))
            found.update((start + i, part) for i, part in enumerate(parts))
            start += len(leaves)
        return [zeros_like(p.value) if found[p.index] is None else found[p.index] for p in self.places]


def _parts(structure: Any, tree: Any, count: int) -> list[Any]:
    if tree is None:
        return [None] * count
    return trees.flatten_up_to(structure, tree)


def _still(leaf: Any) -> Any:
    return zeros_like(leaf) if is_float(leaf) else leaf


def zeros_like(value: Any) -> Any:
    return type(value)(0) if isinstance(value, float | complex) else np.zeros_like(value)[()]


def floats_of(result: Any) -> Leaves:
    """The floats in a result, in the order of trees."""
    return [leaf for leaf in trees.leaves(result) if is_float(leaf)]


def parameter_names(f: Callable[..., Any], count: int) -> list[str]:
    """What the arguments of a call are called; the extra ones of `*args` by position."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "args")
    return names + [f"{rest}[{i}]" for i in range(count - len(names))]


def name_of(f: Any) -> str:
    return str(getattr(f, "__name__", f))


def random_like(leaves: Leaves, rng: np.random.Generator) -> Leaves:
    """A random value in the kind, shape and dtype of each leaf."""
    return [_random(leaf, rng) for leaf in leaves]


def _random(leaf: Any, rng: np.random.Generator) -> Any:
    value = rng.uniform(-1, 1, np.shape(leaf))
    if np.iscomplexobj(leaf):
        value = value + 1j * rng.uniform(-1, 1, np.shape(leaf))
    if isinstance(leaf, float | complex) and not isinstance(leaf, np.generic):
        return type(leaf)(value)
    return np.asarray(value).astype(leaf.dtype)[()]


def pairing(a: Leaves, b: Leaves) -> float:
    """The real pairing of cotangents with tangents: no conjugation."""
    return float(sum(np.real(np.sum(np.asarray(x) * np.asarray(y))) for x, y in zip(a, b, strict=True)))


def is_single(leaves: Leaves) -> bool:
    """Is any of these of a precision below double?"""
    return any(np.asarray(leaf).dtype.itemsize < (16 if np.iscomplexobj(leaf) else 8) for leaf in leaves)

"""`srcad.export`: a program as an artefact of `jax.export`, which runs where there is JAX and no srcad.

    artefact = export(grad(loss), (w, xs))
    file.write_bytes(artefact.serialize())
    # elsewhere
    jax.export.deserialize(file.read_bytes()).call(w, xs)

An artefact is for arguments of these types and shapes, and can't be run again in a larger buffer: the room for a loop
of unknown length is what the example needs, or what is asked for.  Where a call has more trips, or comes to a `raise`,
its floats are NaN.  It takes and gives tuples, lists and dicts; an object is the dict of its fields.
"""

from __future__ import annotations

import copy
import dataclasses
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcad.errors import ArgumentError, Unsupported
from srcad.program.compiled import Prepared, giving, prepared, taking
from srcad.program.programs import Program, shared
from srcad.program.runner import runner_of, values_of
from srcad.program.signature import outline_of
from srcad.program.ways import NUMPY
from srcad.runtime import trees


def exported(program: Program, args: Sequence[Any], trips: int | None, platforms: Sequence[str] | None) -> Any:
    """The artefact for arguments like these."""
    leaves, structure = trees.flatten(tuple(args))
    _require_numbers(program.name, leaves, structure)
    known = not any(map(_is_outline, leaves))
    given = trees.unflatten(structure, [outline_of(v) if _is_outline(v) else copy.deepcopy(v) for v in leaves])
    values = values_of(program, given, {})
    variant = runner_of(shared(program), NUMPY).variants.find(values)
    made = prepared(variant.func)
    if made.stored:
        raise ArgumentError(f"{program.name} stores into an argument, which an artefact can't do: let it store into "
                            "a copy, x = x.copy()")
    made.program.require_silent()
    made.program.reserve(trips or 0, *(taking(variant.func)(variant.inputs(values)) if known else ()))
    run = _traceable(made, program, given, variant.inputs(values)[len(values):])
    try:
        return importlib.import_module("srcad.backends.lax_ops").exported(run, plain(given), platforms)
    except Unsupported as error:
        if any(type(leaf) is int for leaf in leaves):
            error.add_note("An artefact takes any int. If a shape depends on one, bind it: functools.partial(f, n=3).")
        raise


def _traceable(made: Prepared, program: Program, example: tuple[Any, ...],
               outside: tuple[Any, ...]) -> Callable[..., Any]:
    """The program as a function that JAX traces; what it reads from `outside` is part of it."""

    inputs_of, result_of = taking(made.func), giving(made.func.result)

    def run(*args: Any) -> Any:
        values = values_of(program, objects_like(example, args), {})
        return plain(result_of(made.program.within_a_trace(inputs_of((*values, *outside)))))

    run.__name__ = made.func.name
    return run


def plain(tree: Any) -> Any:
    """A tree in which objects are the dicts of their fields."""
    if isinstance(tree, dict):
        return {k: plain(v) for k, v in tree.items()}
    names = _fields(tree)
    if names is not None:
        return {n: plain(getattr(tree, n)) for n in names}
    return type(tree)(map(plain, tree)) if isinstance(tree, tuple | list) else tree


def objects_like(example: Any, tree: Any) -> Any:
    """The tree that `plain` made this of."""
    if isinstance(example, dict):
        return {k: objects_like(v, tree[k]) for k, v in example.items()}
    names = _fields(example)
    if names is not None:
        parts = {n: objects_like(getattr(example, n), tree[n]) for n in names}
        return type(example)(**parts)
    if isinstance(example, tuple | list):
        return type(example)(objects_like(e, t) for e, t in zip(example, tree, strict=True))
    return tree


def _fields(tree: Any) -> list[str] | None:
    """The fields of an object that is a tree; None for other things."""
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return list(tree._fields)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [f.name for f in dataclasses.fields(tree)]
    return None


def _is_outline(value: Any) -> bool:
    """Is it the type and shape of an array without the array (`jax.ShapeDtypeStruct`)?"""
    return hasattr(value, "dtype") and hasattr(value, "shape") and not hasattr(value, "__array__")


def _require_numbers(name: str, leaves: list[Any], structure: Any) -> None:
    for leaf, path in zip(leaves, trees.paths(structure, "args"), strict=True):
        if not (type(leaf) in (int, float, complex) or _is_outline(leaf)
                or isinstance(leaf, np.ndarray | np.generic) or hasattr(leaf, "__array__")):
            raise ArgumentError(f"an artefact takes numbers and arrays, and {path} of {name} is {leaf!r}: bind it, "
                                "functools.partial(f, name=value)")

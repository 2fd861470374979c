"""`vjp` and `jvp`: a program split into its forward half and its pullback, and a program with its tangent."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from srcad.backends.load import annotate
from srcad.errors import ArgumentError
from srcad.ir import Func, Lit, Undef, Var, leaves, map_tree
from srcad.program.lowering import Split
from srcad.program.programs import Forward, Program, Tangent
from srcad.program.results import owned
from srcad.program.runner import Runner
from srcad.program.signature import leaves_of, objects_of, tree_of
from srcad.transforms.calls import Halves


@lru_cache(512)
def _runner(kind: type, program: Any, wrt: tuple[str, ...] | None, backend: str) -> Runner:
    return Runner(kind(program, wrt), backend)


def pull(program: Program, primals: tuple[Any, ...], backend: str,
         wrt: tuple[str, ...] | None = None) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of the program and its pullback, to all arguments or to those named in `wrt`."""
    runner = _runner(Forward, program, wrt, backend)
    # The pullback outlives the call: it must not see what happens to the arguments afterwards.
    args = tuple(tree_of_copies(a) for a in primals)
    values = runner.values(args, {})
    variant = runner.variants.find(values)
    captured = tuple(read() for read in variant.captures)
    value, residuals = guarded(variant.run, (*values, *captured))
    lowered = variant.lowered
    assert isinstance(lowered, Split) and lowered.halves is not None and lowered.whole is not None
    (back,) = variant.companions
    pullback = Pullback(lowered.whole, lowered.halves, back, (*values, *captured), residuals, len(program.primal.bound),
                        len(primals))
    return owned(value, (*values, *captured, _arrays(residuals))), pullback


def guarded(function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """Call generated code; what the user's program raises is shown with the user's line."""
    try:
        return function(*given)
    except Exception as error:
        annotate(error)
        raise


def tree_of_copies(value: Any) -> Any:
    """Arrays copied, and the containers that a function could change; objects that are no containers are as they are."""
    return objects_of(tree_of(value, lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf))


def _arrays(tree: Any) -> list[Any]:
    """The arrays in residuals, whatever holds them."""
    if isinstance(tree, tuple | list):
        return [a for t in tree for a in _arrays(t)]
    return [tree] if isinstance(tree, np.ndarray) else []


class Pullback:
    """The linear map from cotangents of a result to cotangents of the arguments, at the point of one call."""

    def __init__(self, func: Func, halves: Halves, back: Callable[..., Any], values: tuple[Any, ...], residuals: Any,
                 skip: int, count: int) -> None:
        self.func, self.halves, self.back = func, halves, back
        self.values, self.residuals, self.skip, self.count = values, residuals, skip, count

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the arguments, one for each positional argument."""
        seeds = self._seeds(cotangent)
        inputs = [leaf for p, v in zip(self.func.params, self.values, strict=True)
                  for var, leaf in zip(leaves(p.tree), leaves_of(v), strict=True) if isinstance(var, Var)]
        given = (self.residuals,) if self.halves.residuals else ()
        flat = guarded(self.back, (*(inputs[k] for k in self.halves.reads), *given, *seeds))
        flat = flat if isinstance(flat, tuple) else (flat,)
        gradient = owned(flat, (*self.values, _arrays(self.residuals), _arrays(list(seeds))))
        found = dict(zip(self.halves.inputs, gradient, strict=True))
        return self._trees(found)

    def _seeds(self, cotangent: Any) -> list[Any]:
        parts, given = leaves(self.func.result), _cotangents(self.func.result, cotangent)
        if len(given) != len(parts):
            raise ArgumentError(f"the cotangent must have the structure of the result of {self.func.name}")
        outputs = [(a, g) for a, g in zip(parts, given, strict=True) if isinstance(a, Var | Lit | Undef)]
        return [self._seed(g, a) for k, (a, g) in enumerate(outputs) if k in self.halves.outputs]

    def _seed(self, g: Any, output: Any) -> Any:
        if isinstance(g, np.ndarray) and g.dtype.kind in "iub":
            g = g.astype(float)
        t = output.type
        if t.shape is not None and np.ndim(g) != len(t.shape):
            raise ArgumentError(f"a cotangent of rank {np.ndim(g)} for a result of rank {len(t.shape)} of {self.func.name}")
        return g

    def _trees(self, found: dict[int, Any]) -> tuple[Any, ...]:
        position = iter(range(1_000_000))

        def leaf(x: Any) -> Any:
            return found.get(next(position)) if isinstance(x, Var) else None

        trees = [map_tree(leaf, p.tree) for p in self.func.params]
        rebuilt = [objects_of(t) for t in trees]
        return tuple(rebuilt[self.skip:self.skip + self.count])


def _cotangents(tree: Any, cotangent: Any) -> list[Any]:
    """The leaves of a cotangent, as many as the result has."""
    if isinstance(tree, Var | Undef) or not isinstance(tree, tuple | list | dict) and not hasattr(tree, "fields"):
        return [cotangent]
    if isinstance(tree, dict):
        if not isinstance(cotangent, dict) or set(cotangent) != set(tree):
            raise ArgumentError("the cotangent must be a dict with the keys of the result")
        return [leaf for k, t in tree.items() for leaf in _cotangents(t, cotangent[k])]
    if hasattr(tree, "fields"):
        parts = cotangent if isinstance(cotangent, tuple) else [getattr(cotangent, k) for k in tree.fields]
        return [leaf for t, c in zip(tree.fields.values(), parts, strict=True) for leaf in _cotangents(t, c)]
    if not isinstance(cotangent, tuple | list) or len(cotangent) != len(tree):
        raise ArgumentError(f"the cotangent must be a {type(tree).__name__} of {len(tree)}, as the result is")
    return [leaf for t, c in zip(tree, cotangent, strict=True) for leaf in _cotangents(t, c)]


def push(program: Program, primals: tuple[Any, ...], tangents: tuple[Any, ...], backend: str) -> tuple[Any, Any]:
    """The value of the program and its derivative along the tangents; None is the tangent zero."""
    if len(primals) != len(tangents):
        raise ArgumentError(f"{len(primals)} primals and {len(tangents)} tangents")
    primal = program.primal
    names = primal.names[len(primal.bound):][:len(primals)]
    moving = [t is not None for t in tangents] if any(t is not None for t in tangents) else [True] * len(tangents)
    wrt = tuple(n for n, x, moves in zip(names, primals, moving, strict=False) if moves and _has_floats(x))
    if not wrt:
        raise ArgumentError(f"none of the arguments of {program.name} is a float")
    runner = _runner(Tangent, program, wrt, backend)
    given = tuple(_tangent(t, x, n) for n, x, t in zip(names, primals, tangents, strict=False) if n in wrt)
    y, dy = runner(primals, {}, given)
    return y, dy


def _has_floats(value: Any) -> bool:
    return any(np.asarray(leaf).dtype.kind in "fc" for leaf in leaves_of(value)
               if isinstance(leaf, float | complex | np.ndarray | np.generic))


def _tangent(tangent: Any, value: Any, name: str) -> Any:
    """A tangent of the structure, shapes and dtypes of its primal."""
    flat = iter(leaves_of(tangent) if tangent is not None else [None] * len(leaves_of(value)))

    def leaf(x: Any) -> Any:
        t = next(flat, None)
        if not isinstance(x, float | complex | np.ndarray | np.generic) or np.asarray(x).dtype.kind not in "fc":
            return None
        if t is None:
            return np.zeros_like(x)[()]
        if np.shape(t) != np.shape(x):
            raise ArgumentError(f"the tangent of `{name}` has shape {np.shape(t)}, and `{name}` has {np.shape(x)}")
        return t if np.asarray(t).dtype.kind in "fc" else np.asarray(t, float)[()]

    return objects_of(tree_of(value, leaf))


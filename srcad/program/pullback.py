"""`vjp` and `jvp`: a program split into its forward half and its pullback, and a program with its tangent."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from srcad.backends.load import annotate
from srcad.errors import ArgumentError
from srcad.ir import Func, Lit, Record, Undef, Var, leaves, map_tree
from srcad.program.lowering import Split
from srcad.program.lowering import not_float as why_not_float
from srcad.program.programs import Forward, Primal, Program, Tangent
from srcad.program.results import arrays_in, owned
from srcad.program.runner import Runner, apart
from srcad.program.signature import Describe, leaves_of, objects_of, tree_of
from srcad.transforms.calls import Halves
from srcad.transforms.schedules import schedule


@lru_cache(512)
def _runner(kind: type, program: Any, wrt: tuple[str, ...] | None, backend: str, *more: Any) -> Runner:
    return Runner(kind(program, wrt, *more), backend)


def pull(program: Program, primals: tuple[Any, ...], backend: str,
         wrt: tuple[str, ...] | None = None, checkpoint: Any = None
         ) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of the program and its pullback, to all arguments or to those named in `wrt`."""
    runner = _runner(Forward, program, wrt, backend, schedule(checkpoint))
    # The pullback outlives the call: it must not see what happens to the arguments afterwards.
    args = tuple(tree_of_copies(a) for a in primals)
    values = runner.values(args, {})
    variant = runner.variants.find(values)
    captured = tuple(read() for read in variant.captures)
    apart(variant, (*runner.values(primals, {}), *captured))
    # The reverse half reads the arguments as they were given.
    given = (*values, *captured) if not variant.written else tuple(map(tree_of_copies, (*values, *captured)))
    try:
        value, residuals = guarded(variant.run, (*values, *captured))
    finally:
        for k in variant.written:
            np.copyto(_inputs(variant.func, runner.values(primals, {}))[k], _inputs(variant.func, values)[k])
    lowered = variant.lowered
    assert isinstance(lowered, Split) and lowered.halves is not None and lowered.whole is not None
    (back,) = variant.companions
    pullback = Pullback(lowered.whole, lowered.halves, back, given, residuals, program.primal,
                        len(primals), _shapes(lowered.whole, value))
    return owned(value, arrays_in((*values, *captured, residuals))), pullback


def guarded(function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """Call generated code; what the user's program raises is shown with the user's line."""
    try:
        return function(*given)
    except Exception as error:
        annotate(error)
        raise


def _inputs(func: Func, values: tuple[Any, ...]) -> list[Any]:
    """What the variables of the arguments are bound to."""
    return [leaf for p, v in zip(func.params, values, strict=False)
            for var, leaf in zip(leaves(p.tree), leaves_of(v), strict=True) if isinstance(var, Var)]


def tree_of_copies(value: Any) -> Any:
    """Arrays copied, and the containers that a function could change; other objects as they are."""
    return objects_of(tree_of(value, lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf))


def _shapes(func: Func, value: Any) -> list[tuple[int, ...] | None]:
    """The shapes of the parts of a result; None for a list, whose elements may have several."""
    return [None if isinstance(part, list) else np.shape(part) for part in _cotangents(func.result, value)]


class Pullback:
    """The linear map from cotangents of a result to cotangents of the arguments, at the point of one call."""

    def __init__(self, func: Func, halves: Halves, back: Callable[..., Any], values: tuple[Any, ...], residuals: Any,
                 primal: Primal, count: int, shapes: list[tuple[int, ...] | None]) -> None:
        self.shapes = shapes  # of the parts of the result
        self.func, self.halves, self.back = func, halves, back
        self.values, self.residuals, self.primal, self.count = values, residuals, primal, count

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the arguments, one for each positional argument."""
        seeds = self._seeds(cotangent)
        inputs = _inputs(self.func, self.values)
        given = (self.residuals,) if self.halves.residuals else ()
        flat = guarded(self.back, (*(inputs[k] for k in self.halves.reads), *given, *seeds))
        flat = flat if isinstance(flat, tuple) else (flat,)
        gradient = owned(flat, arrays_in((*self.values, self.residuals, *seeds)))
        found = dict(zip(self.halves.inputs, gradient, strict=True))
        return self._trees(found)

    def _seeds(self, cotangent: Any) -> list[Any]:
        parts, given = leaves(self.func.result), _cotangents(self.func.result, cotangent)
        if len(given) != len(parts):
            raise ArgumentError(f"the cotangent must have the structure of the result of {self.func.name}")
        outputs = [(np.asarray(g) if isinstance(a, Var) and a.type.kind == "array" and np.ndim(g) == 0 else g, shape)
                   for a, g, shape in zip(parts, given, self.shapes, strict=True) if isinstance(a, Var | Lit | Undef)]
        return [self._seed(g, shape) for k, (g, shape) in enumerate(outputs) if k in self.halves.outputs]

    def _seed(self, g: Any, shape: tuple[int, ...] | None) -> Any:
        """The cotangent of one part of the result."""
        if shape is None:
            return g
        if not isinstance(g, np.ndarray | np.generic | float | int | complex) and not hasattr(g, "__array__"):
            raise ArgumentError(f"a cotangent of {self.func.name} is {g!r}; it must be a number or array of shape "
                                f"{shape}")
        if np.shape(g) != shape:
            raise ArgumentError(f"a cotangent of {self.func.name} has shape {np.shape(g)}, and the result has "
                                f"{shape}")
        return g.astype(float) if isinstance(g, np.ndarray | np.generic) and g.dtype.kind in "iub" else g

    def _trees(self, found: dict[int, Any]) -> tuple[Any, ...]:
        position = iter(range(1_000_000))

        def leaf(x: Any) -> Any:
            return found.get(next(position)) if isinstance(x, Var) else None

        trees = [map_tree(leaf, p.tree) for p in self.func.params]
        return self.primal.in_order([objects_of(t) for t in trees])[:self.count]


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


def not_float(function: str, argument: str, value: Any) -> str:
    """Why `value` can't be differentiated, and what to pass instead."""
    return why_not_float(function, argument, Describe().argument(argument, value))


def push(program: Program, primals: tuple[Any, ...], tangents: tuple[Any, ...], backend: str) -> tuple[Any, Any]:
    """The value of the program and its derivative along the tangents; None is the tangent zero."""
    if len(primals) != len(tangents):
        raise ArgumentError(f"{len(primals)} primals and {len(tangents)} tangents")
    primal = program.primal
    values, along = primal.arguments(primals, {}), primal.positions(tangents)
    still = all(t is None for t in tangents)
    wrt = tuple(n for n in primal.names if n in along and (still or _moves(along[n])) and _has_floats(values[n]))
    if not wrt:
        raise ArgumentError(f"none of the arguments of {program.name} is a float. Pass floats, for instance 2.0 "
                            "instead of 2")
    runner = _runner(Tangent, program, wrt, backend)
    given = tuple(_tangent(along[n], tree_of(values[n], lambda leaf: leaf), n) for n in wrt)
    y, dy = runner(primals, {}, given)
    return y, dy


def _moves(tangent: Any) -> bool:
    return any(map(_moves, tangent)) if type(tangent) is tuple else tangent is not None


def _has_floats(value: Any) -> bool:
    return any(np.asarray(leaf).dtype.kind in "fc" for leaf in leaves_of(value)
               if isinstance(leaf, float | complex | np.ndarray | np.generic))


def _tangent(tangent: Any, value: Any, name: str) -> Any:
    """A tangent of the structure, shapes and dtypes of its primal; None is zero, for a leaf as for a tree."""
    if isinstance(value, Record):
        return value.cls(**{k: _tangent(t, v, f"{name}.{k}") for k, v, t in _fields(tangent, value, name)})
    if isinstance(value, dict):
        if tangent is not None and (not isinstance(tangent, dict) or tangent.keys() != value.keys()):
            raise ArgumentError(f"the tangent of `{name}` must be a dict with the keys {list(value)}")
        return {k: _tangent(tangent and tangent[k], v, f"{name}[{k!r}]") for k, v in value.items()}
    if isinstance(value, tuple | list):
        if tangent is not None and (not isinstance(tangent, tuple | list) or len(tangent) != len(value)):
            raise ArgumentError(f"the tangent of `{name}` must be a {type(value).__name__} of {len(value)}")
        parts = tangent if tangent is not None else [None] * len(value)
        return type(value)(_tangent(t, v, f"{name}[{k}]") for k, (t, v) in enumerate(zip(parts, value, strict=True)))
    return _leaf_tangent(tangent, value, name)


def _fields(tangent: Any, value: Record, name: str) -> list[tuple[str, Any, Any]]:
    if tangent is not None and not isinstance(tangent, value.cls):
        raise ArgumentError(f"the tangent of `{name}` must be a {value.cls.__name__}")
    return [(k, v, tangent if tangent is None else getattr(tangent, k)) for k, v in value.fields.items()]


def _leaf_tangent(tangent: Any, value: Any, name: str) -> Any:
    if not isinstance(value, float | complex | np.ndarray | np.generic) or np.asarray(value).dtype.kind not in "fc":
        return None
    if tangent is None:
        return np.zeros_like(value)[()]
    if np.shape(tangent) != np.shape(value):
        raise ArgumentError(f"the tangent of `{name}` has shape {np.shape(tangent)}, and `{name}` has "
                            f"{np.shape(value)}")
    return tangent if np.asarray(tangent).dtype.kind in "fc" else np.asarray(tangent, float)[()]

"""`vjp`: a program split into its forward half and its pullback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from srcad.backends.load import annotate
from srcad.errors import ArgumentError
from srcad.frontend.origins import Values
from srcad.ir import Func, Lit, Undef, Var, leaves, map_tree
from srcad.program.arrays_of_jax import has_arrays_of_jax
from srcad.program.entry import Service, callee
from srcad.program.entry_reads import Reads
from srcad.program.entry_text import Text, Unserved
from srcad.program.lowering import not_float as why_not_float
from srcad.program.plans import TREE, Plan, plan_of
from srcad.program.programs import Forward, Primal, Program, of_tensors, shared
from srcad.program.replay import calling, once
from srcad.program.results import arrays_in, copied, owned
from srcad.program.runner import Runner, apart
from srcad.program.signature import Describe, given_to, objects_of
from srcad.program.tensors import arrays, tensors, wrap_of
from srcad.program.tiers_of_halves import TiersOfHalves
from srcad.program.variants import Variant
from srcad.program.ways import Way, resolved, way
from srcad.transforms.schedules import Schedule, schedule


@lru_cache(512)
def _runner(program: Program, wrt: tuple[str, ...] | None, how: Way, checkpoint: Schedule | None) -> Runner:
    """The runner of the forward half of a shared program."""
    service = Service(partial(serve, program.primal), defaults=False,  # how many are given decides the result
                      tiers=TiersOfHalves)
    runner = Runner(Forward(program, wrt, checkpoint), how, service)
    runner.call = runner.entries.otherwise = partial(_looked_up, runner)
    return runner


def pull(program: Program, primals: tuple[Any, ...], backend: str | None,
         wrt: tuple[str, ...] | None = None, checkpoint: Any = None) -> tuple[Any, Pullback]:
    """The value of the program and its pullback, to all arguments or to those named in `wrt`."""
    primal = program.primal
    if wrt is None and (primal.bound or primal.named):
        wrt = tuple(n for n in primal.names[len(primal.bound):] if n not in primal.named)
    runner = _runner(shared(program), wrt, resolved(backend), schedule(checkpoint))
    try:
        value, pullback = runner.call(*primal.given, *primals, **primal.named)
    except Exception as error:
        if not (isinstance(error, TypeError) and error.__traceback__ and error.__traceback__.tb_next is None):
            annotate(error)
            raise
        # Another number of arguments than the entry takes.
        value, pullback = _looked_up(runner, *primal.given, *primals, **primal.named)
    inner = pullback.pullback if isinstance(pullback, _OfTensors) else pullback
    inner.wanted = slice(len(primal.bound), len(primal.bound) + len(primals))
    return value, pullback


def _looked_up(runner: Runner, function: Any, /, *primals: Any, **named: Any) -> tuple[Any, Any]:
    """A call whose variant no entry knows."""
    wrap, forward = wrap_of(primals), runner.program
    assert isinstance(forward, Forward)
    if runner.way.backend != "xla" and has_arrays_of_jax(primals):
        of_jax = _runner(forward.program, forward.wrt, way("xla", runner.way.nans), forward.checkpoint)
        found: tuple[Any, Any] = of_jax.call(function, *primals, **named)
        return found
    if wrap is not None:
        of_arrays = _runner(of_tensors(forward.program), forward.wrt, runner.way, forward.checkpoint)
        y, pullback = of_arrays.call(function, *arrays(primals), **arrays(named))
        return tensors(y, wrap), _OfTensors(pullback, wrap)
    # The pullback outlives the call: it must not see what happens to the arguments afterwards.
    own = runner.values(function, primals, named)
    values = Values.of(function, map(copied, own))
    variant = runner.variant(values)
    captured = variant.inputs(values)[len(values):]
    apart(variant, (*own, *captured))
    # The reverse half reads the arguments as they were given; the arrays of objects are the caller's.
    given = _inputs(variant.func, (*values, *captured))
    if variant.written or variant.parts:
        given = [v.copy() if isinstance(v, np.ndarray) else v for v in given]
    plan = plan_of(runner.primal, variant)
    try:
        calling.function = function if variant.written else None
        if variant.tiers is None:
            value, residuals = guarded(variant.run, (*values, *captured))
        else:
            value, residuals, plan = guarded(variant.tiers.serving((*values, *captured)), (*values, *captured))
    finally:
        for k in variant.written:
            np.copyto(_inputs(variant.func, own)[k], _inputs(variant.func, values)[k])
    return (owned(value, arrays_in((*values, *captured, *variant.read_parts(values), residuals))),
            Pullback(plan, given, residuals, value))


class _OfTensors:
    """The pullback of a function of tensors."""

    def __init__(self, pullback: Pullback, wrap: Any) -> None:
        self.pullback, self.wrap = pullback, wrap

    def __call__(self, cotangent: Any) -> Any:
        return tensors(self.pullback(arrays(cotangent)), self.wrap)


def serve(primal: Primal, text: Text, reads: Reads, variant: Variant, given: list[str]) -> None:
    """What an entry does with a call that fits: copy the arrays, run the forward half, hand out value and pullback."""
    if variant.written:
        raise Unserved
    tests = reads.tests
    kept = {reads.inputs[p.var] for p in variant.lowered.parts}.intersection(tests.arrays)  # the caller's, in objects
    for name in tests.arrays:
        if name not in kept:
            text.add(f"{name} = {name}.copy()")
    variables = reads.variables(variant.func, given)
    inputs = "".join(f"{v}.copy(), " if v in kept else f"{v}, " for v in variables)
    value, residuals = text.name("value"), text.name("residuals")
    arguments = ", ".join(map(tests.rebuilt, given))
    plan, results = text.object("plan", plan_of(primal, variant)), [value, residuals]
    if variant.tiers is not None:
        plan = text.name("plan")
        results.append(plan)
    text.add(f"{', '.join(results)} = {callee(text, tests, variant, variables)}({arguments})")
    text.add(f"return {text.object('own_value', own_value)}({value}, {residuals}, [{', '.join(tests.arrays)}]), "
             f"{text.object('Pullback', Pullback)}({plan}, ({inputs}), {residuals}, "
             f"{value})")


def own_value(value: Any, residuals: Any, arrays: list[Any]) -> Any:
    return value if type(value) is float else owned(value, [*arrays, *arrays_in([residuals])])


def guarded(function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """Call generated code; what the user's program raises is shown with the user's line."""
    try:
        return function(*given)
    except Exception as error:
        annotate(error)
        raise


def _inputs(func: Func, values: tuple[Any, ...]) -> list[Any]:
    """What the variables of the arguments are bound to."""
    return [leaf for p, v in zip(func.params, values, strict=False) for leaf in given_to(p.tree, v)]


def _shapes(func: Func, value: Any) -> list[tuple[int, ...] | None]:
    """The shapes of the parts of a result; None for a list, whose elements may have several."""
    return [None if isinstance(part, list) else np.shape(part) for part in _cotangents(func.result, value)]


class Pullback:
    """The linear map from cotangents of a result to cotangents of the arguments, at the point of one call."""

    def __init__(self, plan: Plan, inputs: Sequence[Any], residuals: Any, value: Any) -> None:
        self.plan, self.inputs, self.residuals = plan, inputs, residuals
        self.wanted = slice(None)  # which positional arguments have cotangents that are handed out
        alone = plan.alone and type(value) is not list
        self.shapes = [np.shape(value)] if alone else _shapes(plan.func, value)  # of the parts of the result
        self.arrays: list[Any] | None = None

    @property
    def once(self) -> bool:
        """Does the function do something that must not be done again: draw, print, log?"""
        return bool(once(self.plan.func))

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the arguments, one for each positional argument."""
        plan, inputs = self.plan, self.inputs
        if plan.alone and _is_plain(cotangent, self.shapes[0]):
            seeds = [cotangent]
        else:
            seeds = self._seeds(cotangent)
        if self.arrays is None:
            self.arrays = arrays_in((*inputs, self.residuals))
        given = [inputs[k] for k in plan.halves.reads]
        if plan.halves.residuals:
            given.append(self.residuals)
        flat = guarded(plan.back, (*given, *seeds))
        gradient = owned(flat if type(flat) is tuple else (flat,), [*self.arrays, *seeds])
        places = plan.places[self.wanted]
        if TREE not in places:
            return tuple([gradient[k] if k is not None else None for k in places])
        return self._trees(dict(zip(plan.halves.inputs, gradient, strict=True)))

    def _seeds(self, cotangent: Any) -> list[Any]:
        parts, given = leaves(self.plan.func.result), _cotangents(self.plan.func.result, cotangent)
        if len(given) != len(parts):
            raise ArgumentError(f"the cotangent must have the structure of the result of {self.plan.func.name}")
        outputs = [(np.asarray(g) if isinstance(a, Var) and a.type.kind == "array" and np.ndim(g) == 0 else g, shape)
                   for a, g, shape in zip(parts, given, self.shapes, strict=True) if isinstance(a, Var | Lit | Undef)]
        return [self._seed(g, shape) for k, (g, shape) in enumerate(outputs) if k in self.plan.halves.outputs]

    def _seed(self, g: Any, shape: tuple[int, ...] | None) -> Any:
        """The cotangent of one part of the result."""
        if shape is None:
            return g
        if not isinstance(g, np.ndarray | np.generic | float | int | complex) and not hasattr(g, "__array__"):
            raise ArgumentError(f"a cotangent of {self.plan.func.name} is {g!r}; it must be a number or array of shape "
                                f"{shape}")
        if np.shape(g) != shape:
            raise ArgumentError(f"a cotangent of {self.plan.func.name} has shape {np.shape(g)}, and the result has "
                                f"{shape}")
        return g.astype(float) if isinstance(g, np.ndarray | np.generic) and g.dtype.kind in "iub" else g

    def _trees(self, found: dict[int, Any]) -> tuple[Any, ...]:
        position = iter(range(1_000_000))

        def leaf(x: Any) -> Any:
            return found.get(next(position)) if isinstance(x, Var) else None

        trees = [map_tree(leaf, p.tree) for p in self.plan.func.params]
        return self.plan.primal.in_order([objects_of(t) for t in trees])[self.wanted]


def _is_plain(cotangent: Any, shape: tuple[int, ...] | None) -> bool:
    """Is it a float or an array of floats, of the shape that it must have?"""
    if type(cotangent) is float:
        return shape == ()
    return type(cotangent) is np.ndarray and cotangent.shape == shape and cotangent.dtype.kind == "f"


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

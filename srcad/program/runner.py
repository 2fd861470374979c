"""Calling a program: from arguments to the variant that serves them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from srcad.backends.load import annotate
from srcad.errors import ArgumentError
from srcad.frontend.bodies import bind
from srcad.frontend.origins import Values
from srcad.frontend.values import Const
from srcad.ir import Func, Let
from srcad.ir.walk import every
from srcad.program import ways
from srcad.program.arrays_of_jax import has_arrays_of_jax
from srcad.program.entries import Entries
from srcad.program.entry import RUN, Service
from srcad.program.lowering import source_of
from srcad.program.programs import Primal, Program, of_tensors
from srcad.program.replay import calling
from srcad.program.results import arrays_in, owned
from srcad.program.signature import given_to
from srcad.program.tensors import arrays, tensors, wrap_of
from srcad.program.variants import Variant, Variants
from srcad.program.ways import NUMPY, Way
from srcad.rules.tapes import COPY
from srcad.transforms.inplace import STORES


class Runner:
    """Calls a shared program through its variants.

    `call` takes the function that is called, and then its arguments as that takes them: at first it looks for the
    variant, and from the second call with a signature on it is the entry of that signature."""

    def __init__(self, program: Program, way: Way = NUMPY, service: Service = RUN) -> None:
        primal = program.primal
        self.program, self.primal, self.way = program, primal, way
        self.variants = Variants(program, primal.names, way)
        self.plain = primal.plain
        self.count = len(primal.names)
        self.service = service
        self.entries = Entries(primal, self.variants, self.looked_up, service)
        self.call: Callable[..., Any] = self.looked_up

    def values(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Values:
        """The arguments in the order of the parameters, defaults filled in."""
        missing = self.count - len(args)
        defaults = function.__defaults__ or ()
        if self.plain and not kwargs and 0 <= missing <= len(defaults):
            return Values.of(function, args + defaults[len(defaults) - missing:])
        bound = self.primal.arguments_of(function, args, kwargs)
        return Values.of(function, [bound[n] for n in self.primal.names])

    def looked_up(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A call whose variant no entry knows: it is looked up or made."""
        return self(function, args, kwargs)

    def __call__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any],
                 more: dict[str, Any] | None = None) -> Any:
        """Call the variant for these arguments; `more` are the tangents of some of them, by name."""
        values = self.values(function, args, kwargs)
        wrap = wrap_of(values)
        if wrap is not None:
            return tensors(self.of_tensors(function, arrays(args), arrays(kwargs), arrays(more)), wrap)
        if self.way.backend != "xla" and has_arrays_of_jax(values):
            return self.of_jax(function, args, kwargs, more)
        variant = self.variant(values, more)
        given = (*variant.inputs(values), *(more or {}).values())
        return self.finish(variant, function, given, variant.read_parts(values))

    def variant(self, values: Values, more: dict[str, Any] | None = None) -> Variant:
        """The variant for these arguments; that it was looked up is noted."""
        variant = self.variants.find(values)
        if self.way.backend == "auto" and not self.way.nans and variant.tiers is None:
            with self.variants.lock:
                variant.tiers = variant.tiers or self.service.tiers(self.primal, variant)
        self.entries.served(variant, values, more)
        self.call = self.entries.first
        return variant

    @cached_property
    def of_tensors(self) -> Runner:
        """What serves calls with tensors."""
        return runner_of(of_tensors(self.program), self.way)

    @cached_property
    def of_jax(self) -> Runner:
        """What serves calls with arrays of JAX: they stay where they are."""
        return runner_of(self.program, ways.way("xla", self.way.nans))

    def made(self) -> list[Variant]:
        """All variants that were made so far."""
        return [v for variants in self.made_by_way().values() for v in variants]

    def made_by_way(self) -> dict[Way, list[Variant]]:
        found = {self.way: self.variants.all()}
        for name in ("of_tensors", "of_jax"):
            if name in self.__dict__:
                for way, variants in self.__dict__[name].made_by_way().items():
                    found.setdefault(way, []).extend(variants)
        return found

    def finish(self, variant: Variant, function: Any, given: tuple[Any, ...], parts: list[Any]) -> Any:
        """Run the generated function (`parts` is what it reads of objects); what the user's program raises is shown
        with the user's line."""
        if variant.written:
            apart(variant, given)
            calling.function = function
        run = variant.run if variant.tiers is None else variant.tiers.serving(given)
        try:
            result = run(*given)
        except Exception as error:
            annotate(error)
            raise
        return result if variant.fresh else owned(result, arrays_in((*given, *parts)))


@lru_cache(512)
def runner_of(program: Program, way: Way) -> Runner:
    """The runner of a shared program."""
    return Runner(program, way)


def apart(variant: Variant, given: tuple[Any, ...]) -> None:
    """Refuse a call whose arguments overlap, if the program changes one of them: it was made for arrays that do not.
    Arrays of JAX are not changed at all."""
    if not variant.written:
        return
    inputs = [(p.name, leaf) for p, v in zip(variant.func.params, given, strict=False)
              for leaf in given_to(p.tree, v)]
    for k in variant.written:
        name, array = inputs[k]
        if has_arrays_of_jax([array]):
            raise ArgumentError(f"`{name}` of {variant.func.name} is an array of JAX, which can't be changed, and "
                                f"{_store(variant.func, k)} stores into it: pass a copy, np.array({name})")
        for j, (other, x) in enumerate(inputs):
            if j != k and isinstance(x, np.ndarray) and np.may_share_memory(array, x) and np.shares_memory(array, x):
                raise ArgumentError(f"`{name}` and `{other}` share memory, and {_store(variant.func, k)} stores into "
                                    f"`{name}`: pass a copy of one of them, {name}.copy()")


def _store(func: Func, k: int) -> str:
    """Where the input of this number is stored into."""
    lets = [s for s in every(func.body) if isinstance(s, Let) and s.args]
    same = {func.inputs[k]}
    for s in lets:
        if s.op is COPY and s.args[0] in same:
            same.update(s.outs)
    return next((str(s.span) for s in lets if s.op.name in STORES and s.args[0] in same and s.span), "the function")


def values_of(program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Values:
    """The arguments of a call of a function in the order of its parameters, with what is given already."""
    primal = program.primal
    bound = primal.arguments(args, kwargs)
    return Values.of(primal.code, [bound[n] for n in primal.names])


def bind_values(primal: Primal, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Lowered values of a call inside another program, by the parameters of the primal."""
    defaults = tuple(map(Const, primal.code.__defaults__ or ()))
    kwdefaults = {k: Const(v) for k, v in (primal.code.__kwdefaults__ or {}).items()}
    named = {k: Const(v) for k, v in primal.named.items()}
    bound = bind(source_of(primal).tree, [*map(Const, primal.bound), *args], {**named, **kwargs}, defaults, kwdefaults)
    return {n: bound[n] for n in primal.names}

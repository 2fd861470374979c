"""Calling a program: from arguments to the variant that serves them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from srcad.backends.load import annotate
from srcad.errors import ArgumentError
from srcad.frontend.bodies import bind
from srcad.frontend.values import Const
from srcad.ir import Var, leaves
from srcad.program.lowering import source_of
from srcad.program.programs import Primal, Program
from srcad.program.results import owned
from srcad.program.signature import key_of, leaves_of
from srcad.program.variants import Variant, Variants

CONTAINERS = frozenset({tuple, list, dict})


class Runner:
    """Calls a program through its variants."""

    def __init__(self, program: Program, backend: str = "numpy") -> None:
        primal = program.primal
        self.program, self.primal = program, primal
        self.variants = Variants(program, primal.names, backend)
        self.by_key = self.variants.by_key
        self.plain = primal.plain
        self.count = len(primal.names)
        self.defaults = primal.code.__defaults__ or ()
        self.positional_only = primal.code.__code__.co_posonlyargcount

    def values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments in the order of the parameters, defaults filled in."""
        missing = self.count - len(args)
        if self.plain and not kwargs and 0 <= missing <= len(self.defaults):
            return args + self.defaults[len(self.defaults) - missing:]
        if self.plain and self.positional_only <= len(args) <= self.count:
            rest = self.primal.names[len(args):]
            by_name = {**dict(zip(reversed(self.primal.names), reversed(self.defaults), strict=False)), **kwargs}
            if kwargs.keys() <= set(rest) <= by_name.keys():
                return (*args, *[by_name[n] for n in rest])
        bound = self.primal.arguments(args, kwargs)
        return tuple([bound[n] for n in self.primal.names])

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any], more: tuple[Any, ...] = ()) -> Any:
        """Call the variant for these arguments; `more` are arguments that only the generated function has."""
        if kwargs or not self.plain or len(args) != self.count:
            args = self.values(args, kwargs)
        # The common case costs one key, one look-up and one call.
        key = tuple([(a.dtype, a.shape) if type(a) is ndarray else key_of(a) for a in args])
        for variant in self.by_key.get(key, ()):
            if not variant.checked:
                return self.finish(variant, args + more if more else args)
            if variant.holds():
                return self.finish(variant, (*args, *[read() for read in variant.captures], *more))
        variant = self.variants.find(args, key)
        return self.finish(variant, (*args, *(read() for read in variant.captures), *more))

    def finish(self, variant: Variant, given: tuple[Any, ...]) -> Any:
        """Run the generated function; what the user's program raises is shown with the user's line."""
        if variant.written:
            apart(variant, given)
        try:
            result = variant.run(*given)
        except Exception as error:
            annotate(error)
            raise
        if variant.fresh or type(result) is float:
            return result
        if type(result) is ndarray and result.base is None:
            for a in given:
                if a is result or type(a) in CONTAINERS:
                    break
            else:
                return result
        return owned(result, given)


def apart(variant: Variant, given: tuple[Any, ...]) -> None:
    """Refuse a call whose arguments overlap, if the program changes one of them: it was made for arrays that do not."""
    if not variant.written:
        return
    inputs = [(p.name, leaf) for p, v in zip(variant.func.params, given, strict=False)
              for var, leaf in zip(leaves(p.tree), leaves_of(v), strict=True) if isinstance(var, Var)]
    for k in variant.written:
        name, array = inputs[k]
        for j, (other, x) in enumerate(inputs):
            if j != k and isinstance(x, np.ndarray) and np.may_share_memory(array, x) and np.shares_memory(array, x):
                raise ArgumentError(f"`{name}` and `{other}` of {variant.func.name} share memory, and `{name}` is "
                                    "changed: pass a copy of one of them")


def bind_values(primal: Primal, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Lowered values of a call inside another program, by the parameters of the primal."""
    defaults = tuple(map(Const, primal.code.__defaults__ or ()))
    kwdefaults = {k: Const(v) for k, v in (primal.code.__kwdefaults__ or {}).items()}
    named = {k: Const(v) for k, v in primal.named.items()}
    bound = bind(source_of(primal).tree, [*map(Const, primal.bound), *args], {**named, **kwargs}, defaults, kwdefaults)
    return {n: bound[n] for n in primal.names}

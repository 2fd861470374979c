"""What the pullbacks of one variant have in common: see `pullback`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from srcad.ir import Func, Record, Var, Whole
from srcad.program.lowering import Split
from srcad.program.programs import Primal
from srcad.program.variants import Variant
from srcad.transforms.calls import Halves

TREE = -1


@dataclass(frozen=True, eq=False)
class Plan:
    """What the pullbacks of one variant have in common."""

    func: Func
    halves: Halves
    back: Callable[..., Any]
    primal: Primal

    @cached_property
    def alone(self) -> bool:
        """Is the result one number, or one array that is none, and its cotangent wanted?"""
        y = self.func.result
        return isinstance(y, Var) and (y.type.kind != "array" or bool(y.type.rank)) and bool(self.halves.outputs)

    @cached_property
    def places(self) -> tuple[int | None, ...]:
        """For each positional argument which of the cotangents is its own; TREE where there may be several."""
        params = self.func.params[:self.primal.code.__code__.co_argcount]
        numbers = {v: k for k, v in enumerate(self.func.inputs)}
        found = {n: k for k, n in enumerate(self.halves.inputs)}

        def place(tree: Any) -> int | None:
            if isinstance(tree, tuple | list | dict | Record | Whole):
                return TREE
            return found.get(numbers[tree]) if isinstance(tree, Var) else None

        rest = () if self.primal.positional else (TREE,)
        return (*(place(p.tree) for p in params), *rest)


@lru_cache(512)
def plan_of(primal: Primal, variant: Variant) -> Plan:
    lowered = variant.lowered
    assert isinstance(lowered, Split) and lowered.halves is not None and lowered.whole is not None
    (back,) = variant.companions
    return Plan(lowered.whole, lowered.halves, back, primal)

"""`backend="auto"` for `vjp`: a forward half and its way back are served by the same backend.

`runs[shapes]` gives the value, the residuals, and the plan of the pullback, whose way back takes residuals of the kind
that were given.  Their times are counted together; a call is compared when its pullback is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np

from srcad.errors import Problem, Unsupported
from srcad.program.compiled import InXla
from srcad.program.plans import Plan, plan_of
from srcad.program.programs import Primal
from srcad.program.tiers import Key, Tier, Tiers
from srcad.program.variants import Variant
from srcad.program.worker import WORKER

Served = tuple[Any, Any, Plan]  # value, residuals, and what a pullback does with these


class TiersOfHalves(Tiers):
    def __init__(self, primal: Primal, variant: Variant) -> None:
        super().__init__(primal, variant)
        self.plan = plan_of(primal, variant)
        if variant.written and not self.never:
            self.never = f"{self.plan.func.span}: {self.plan.func.name} stores into an argument"

    def start(self, key: Key) -> Tier:
        return TierOfHalves(self, key)

    def taken_out(self, given: tuple[Any, ...]) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """The residuals of both backends among the arguments of a way back, and these with other residuals."""
        if not self.plan.halves.residuals:
            return (None, None), lambda _: given
        k = len(self.plan.halves.reads)
        return given[k], lambda residuals: (*given[:k], residuals, *given[k + 1:])

    def compiled(self) -> InXla:
        """The forward half in XLA; its way back is `self.back`."""
        if self._compiled is None:
            (companion,) = self.variant.lowered.companions
            self.back = InXla(companion.known, on_demand=False)
        return super().compiled()


class TierOfHalves(Tier):
    owner: TiersOfHalves

    def on_numpy(self, *given: Any) -> Served:
        value, residuals = self.owner.numpy(*given)
        return value, residuals, self.owner.plan

    def counted(self, *given: Any) -> Served:
        start = perf_counter()
        value, residuals = self.owner.numpy(*given)
        self.note(perf_counter() - start, given)
        return value, residuals, self.plan(self.counted_back)

    def counted_back(self, *given: Any) -> Any:
        start = perf_counter()
        result = self.owner.plan.back(*given)
        seconds = perf_counter() - start
        self.seconds += seconds
        self.gain += seconds  # it is seen to when the forward half is called again
        return result

    def plan(self, back: Any) -> Plan:
        return replace(self.owner.plan, back=back)

    def prepare(self, run: InXla, outlines: list[Any]) -> None:
        super().prepare(run, outlines)
        plan, results = self.owner.plan, run.outlines(*outlines)
        first = len(plan.func.outputs)
        held = results[first:first + plan.halves.residuals]
        seeds = [results[k] for k in plan.halves.outputs]
        if not all(hasattr(v, "dtype") for v in seeds):
            raise Unsupported(Problem(plan.func.span, "the cotangent of a list"))
        self.owner.back.prepare(*(outlines[k] for k in plan.halves.reads), *held,
                                *(np.broadcast_to(np.zeros((), v.dtype), v.shape) for v in seeds))

    def tried(self, *given: Any) -> Served:
        if WORKER.busy or WORKER.forked or self.state != "trying":
            return self.on_numpy(*given)
        return Trial(self, given).served()

    def on_xla(self, *given: Any) -> Served:
        if WORKER.forked:
            return self.on_numpy(*given)
        try:
            value, residuals = self.owner.compiled()(*given)
        except Exception as error:
            alone = error
        else:
            return value, (residuals, given), self.plan_on_xla
        served = self.on_numpy(*given)
        self.failed(alone, given)
        return served

    @cached_property
    def plan_on_xla(self) -> Plan:
        return self.plan(self.back_on_xla)

    def back_on_xla(self, *given: Any) -> Any:
        """If XLA can't go back, NumPy goes both ways."""
        (residuals, primals), rest = self.owner.taken_out(given)
        try:
            return self.owner.back(*rest(residuals))
        except Exception as error:
            alone = error
        if primals is None:
            self.decide("numpy", f"XLA goes back for cotangents of other types ({type(alone).__name__})")
        else:
            _, residuals = self.owner.numpy(*primals)
        result = self.owner.plan.back(*rest(residuals))
        if primals is not None:
            self.failed(alone, primals)
        return result


class Trial:
    """A call that both backends serve, until its pullback was called."""

    def __init__(self, tier: TierOfHalves, given: tuple[Any, ...]) -> None:
        self.tier, self.owner, self.given = tier, tier.owner, given

    def served(self) -> Served:
        start = perf_counter()
        value, residuals = self.owner.numpy(*self.given)
        middle = perf_counter()
        try:
            self.other, others = self.owner.compiled()(*self.given)
        except Exception as error:
            self.tier.failed(error, self.given)
            return value, residuals, self.owner.plan
        self.value, self.seconds, self.back_was_called = value, (middle - start, perf_counter() - middle), False
        return value, (residuals, others), self.tier.plan(self.back)

    def back(self, *given: Any) -> Any:
        (residuals, others), rest = self.owner.taken_out(given)
        start = perf_counter()
        result = self.owner.plan.back(*rest(residuals))
        middle = perf_counter()
        if self.back_was_called:
            return result
        self.back_was_called = True
        try:
            other = self.owner.back(*rest(others))
        except Exception as error:
            self.tier.failed(error, self.given)
            return result
        numpy, xla = self.seconds
        with self.tier.lock:
            if self.tier.state == "trying":
                self.tier.measured((self.value, result), (self.other, other),
                                   (numpy + middle - start, xla + perf_counter() - middle))
        return result

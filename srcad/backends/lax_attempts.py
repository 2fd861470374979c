"""`try` in XLA: compiled code raises nothing, but it can tell what NumPy code would have raised.

The block is run to its end, and each operation notes whether it raises, and what: the first note counts.

    try:                                   raised = 1 where x < 0, else 0
        y = math.sqrt(x)                   y = jnp.sqrt(x)
    except ValueError:                     y = lax.cond(raised == 1, lambda: -x, lambda: y)
        y = -x

What was computed after an exception is not used.  Exceptions that the `try` does not catch, and what XLA can't do, are
a failure of what is around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from srcad.backends.lax_control import cond
from srcad.backends.lax_forms import truth
from srcad.backends.lax_modules import jnp
from srcad.backends.lax_specs import conform, joined, skeleton, spec, staged
from srcad.backends.lax_values import UNBOUND, Mismatch, arrays_in, named, with_arrays
from srcad.ir.core import Block, If, Let, Var
from srcad.ir.raising import may_raise
from srcad.ir.walk import every

# What a note says of a failure that is no exception.
_FAILED = 1
# Nothing in compiled code raises these.
_NEVER = (FloatingPointError, Warning)


# What may raise and is not seen to do so.
_UNSEEN = frozenset({"int", "round", "np.take", "np.take_along_axis", "np.choose", "np.delete", "np.insert"})


@dataclass
class Raised:
    """The exceptions that were noted within a `try`, in the order of their numbers."""

    errors: list[type[BaseException]] = field(default_factory=list)

    def number(self, error: type[BaseException] | None) -> int:
        if error is None:
            return _FAILED
        if error not in self.errors:
            self.errors.append(error)
        return self.errors.index(error) + _FAILED + 1

    def numbered(self) -> Iterator[tuple[int, type[BaseException]]]:
        return ((k + _FAILED + 1, e) for k, e in enumerate(self.errors))


@dataclass(frozen=True, eq=False)
class Caught:
    """An exception in its handler: the number of the note, and what was noted by it."""

    number: Any
    errors: tuple[tuple[int, type[BaseException]], ...]

    def of(self, classes: Any) -> Any:
        """Is it one of these?"""
        found = [self.number == k for k, e in self.errors if issubclass(e, classes)]
        if len(found) == len(self.errors):
            return True
        return _any_of(found)


class Scope(Protocol):
    """What a `try` needs of the tracer that runs it."""

    env: dict[Var, Any]
    needs: Any
    raised: Raised | None

    def nested(self, needs: Any) -> Scope: ...

    def values(self, atoms: Any) -> list[Any]: ...

    def block(self, block: Block) -> None: ...

    def fail(self, when: Any, error: type[BaseException] | None = None) -> None: ...


def noted(known: Any, when: Any, number: int) -> Any:
    """The note after something that raises `number`, if `when`."""
    new = jnp.where(truth(when), number, 0).astype(np.int64)
    return new if known is UNBOUND else jnp.where(known == 0, new, known)


def attempt(tracer: Scope, stmt: If) -> None:
    if any(issubclass(c, _NEVER) for c in stmt.catches):
        raise Mismatch("compiled code neither warns nor raises what this catches")
    for s in every(stmt.then):
        if isinstance(s, Let) and s.op.name in _UNSEEN and may_raise((s,), stmt.catches):
            raise Mismatch(f"it is not seen whether {s.op.name} raises")
    inner = tracer.nested((*tracer.needs[:-1], UNBOUND))
    inner.raised = Raised()
    inner.block(stmt.then)
    then = inner.values(c.then for c in stmt.choices)
    number, failed = inner.needs[-1], tracer.needs[-1]
    tracer.needs = (*inner.needs[:-1], failed)
    caught = [] if number is UNBOUND else _caught(tracer, inner.raised, number, stmt)
    if not caught:
        tracer.env.update((c.out, named(v, c.out)) for c, v in zip(stmt.choices, then, strict=True))
        return

    def handled(_: Any) -> Any:
        handler = tracer.nested(tracer.needs)
        first, *rest = stmt.orelse
        assert isinstance(first, Let)
        handler.env[first.out] = Caught(number, tuple(caught))
        handler.block(tuple(rest))
        return (*handler.values(c.orelse for c in stmt.choices), handler.needs)

    run, results = staged(handled, ())
    completed = (*then, tracer.needs)
    merged = joined(spec(completed), spec(results))
    arrays = cond(_any_of([number == k for k, _ in caught]), lambda: arrays_in(conform(run(()), merged)),
                  lambda: arrays_in(conform(completed, merged)))
    *values, tracer.needs = with_arrays(skeleton(merged), arrays)
    tracer.env.update((c.out, named(v, c.out)) for c, v in zip(stmt.choices, values, strict=True))


def _caught(tracer: Scope, raised: Raised, number: Any, stmt: If) -> list[tuple[int, type[BaseException]]]:
    """The notes that the `try` catches; the others are those of what is around it."""
    found = []
    tracer.fail(number == _FAILED)
    for k, error in raised.numbered():
        if issubclass(error, stmt.catches):
            found.append((k, error))
        else:
            tracer.fail(number == k, error)
    return found


def _any_of(tests: list[Any]) -> Any:
    found: Any = False
    for test in tests:
        found = test if found is False else found | test
    return found

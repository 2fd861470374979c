"""The entries of a program: for the signatures that it is called with now, in the order in which they are tried.

An entry is written when a signature comes for the second time.  A call goes through at most `TRIED` of them before its
variant is looked up; then the entry of that variant comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from srcad.program.entry import Unserved, make_entry
from srcad.program.signature import Describe

if TYPE_CHECKING:
    from srcad.program.runner import Runner
    from srcad.program.variants import Variant

TRIED = 4


class Entries:
    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.seen: set[Variant] = set()
        self.made: dict[Variant, Callable[..., Any] | None] = {}  # None: there can't be one
        self.tried: list[Callable[..., Any]] = []

    def served(self, variant: Variant, values: tuple[Any, ...]) -> None:
        """Note that `variant` was looked up for these arguments."""
        if variant not in self.seen:
            self.seen.add(variant)
            return
        with self.runner.variants.lock:
            if variant not in self.made:
                self.made[variant] = self._entry(variant, values)
            entry = self.made[variant]
            if entry is not None and entry not in self.tried:
                self._first(entry)

    def _entry(self, variant: Variant, values: tuple[Any, ...]) -> Callable[..., Any] | None:
        variants = self.runner.variants
        describe = Describe(variants.static)
        trees = {n: describe.argument(n, v) for n, v in zip(variants.names, values, strict=True)}
        extents = [extent for name, extent in variants.static if not name]
        try:
            return make_entry(self.runner.primal, variant, trees, values, extents)
        except Unserved:
            return None

    def _first(self, entry: Callable[..., Any]) -> None:
        """From now on this entry is tried first, and those that were tried before come after it."""
        self.tried = [entry, *self.tried[:TRIED - 1]]
        for one, following in zip(self.tried, [*self.tried[1:], self.runner.looked_up], strict=True):
            one.__globals__["otherwise"] = following
        self.runner.call = entry

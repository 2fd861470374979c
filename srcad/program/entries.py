"""The entries of a program: for the signatures that it is called with now, in the order in which they are tried.

An entry is written when a signature comes for the second time.  A call goes through at most `TRIED` of them before its
variant is looked up; then the entry of that variant comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.program.entry import Unserved, make_entry
from srcad.program.programs import Primal
from srcad.program.signature import Describe
from srcad.program.variants import Variant, Variants

TRIED = 4


class Entries:
    """`first` takes the arguments of a call as the user's function does; `otherwise` looks their variant up."""

    def __init__(self, primal: Primal, variants: Variants, otherwise: Callable[..., Any]) -> None:
        self.primal, self.variants, self.otherwise = primal, variants, otherwise
        self.seen: set[Variant] = set()
        self.made: dict[Variant, Callable[..., Any] | None] = {}  # None: there can't be one
        self.tried: list[Callable[..., Any]] = []

    @property
    def first(self) -> Callable[..., Any]:
        return self.tried[0] if self.tried else self.otherwise

    def served(self, variant: Variant, values: tuple[Any, ...]) -> None:
        """Note that `variant` was looked up for these arguments."""
        if variant not in self.seen:
            self.seen.add(variant)
            return
        with self.variants.lock:
            if variant not in self.made:
                self.made[variant] = self._entry(variant, values)
            entry = self.made[variant]
            if entry is not None and entry not in self.tried:
                self._try_first(entry)

    def _entry(self, variant: Variant, values: tuple[Any, ...]) -> Callable[..., Any] | None:
        static = self.variants.static
        describe = Describe(static)
        trees = {n: describe.argument(n, v) for n, v in zip(self.primal.names, values, strict=True)}
        extents = [extent for name, extent in static if not name]
        try:
            return make_entry(self.primal, variant, trees, values, extents)
        except Unserved:
            return None

    def _try_first(self, entry: Callable[..., Any]) -> None:
        """From now on this entry is tried first, and those that were tried before come after it."""
        tried = [entry, *self.tried[:TRIED - 1]]
        for one, following in zip(tried, [*tried[1:], self.otherwise], strict=True):
            one.__globals__["otherwise"] = following
        self.tried = tried

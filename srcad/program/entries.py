"""The entries of a program: for the signatures that it is called with now, in the order in which they are tried.

An entry is written when a signature comes for the second time.  A call goes through at most `TRIED` of them before its
variant is looked up; then the entry of that variant comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.frontend.origins import Values
from srcad.frontend.outside import differentiable
from srcad.frontend.values import Const, Instance
from srcad.ir import Record, Type, map_tree
from srcad.program.entry import Call, Service, make_entry
from srcad.program.entry_text import Unserved
from srcad.program.programs import Primal
from srcad.program.signature import Describe, tree_of
from srcad.program.variants import Variant, Variants

TRIED = 4


class Entries:
    """`first` takes the arguments of a call as the user's function does; `otherwise` looks their variant up, and
    `service` is what an entry does with a call that fits."""

    def __init__(self, primal: Primal, variants: Variants, otherwise: Callable[..., Any], service: Service) -> None:
        self.primal, self.variants, self.otherwise, self.service = primal, variants, otherwise, service
        self.seen: set[Variant] = set()
        self.made: dict[Variant, Callable[..., Any] | None] = {}  # None: there can't be one
        self.tried: list[Callable[..., Any]] = []

    @property
    def first(self) -> Callable[..., Any]:
        return self.tried[0] if self.tried else self.otherwise

    def served(self, variant: Variant, values: Values, more: dict[str, Any] | None = None) -> None:
        """Note that `variant` was looked up for these arguments; `more` are tangents of some of them, by name."""
        if variant not in self.seen:
            self.seen.add(variant)
            return
        with self.variants.lock:
            if variant not in self.made:
                self.made[variant] = self._entry(variant, values, more or {})
            entry = self.made[variant]
            if entry is not None and entry not in self.tried:
                self._try_first(entry)

    def _entry(self, variant: Variant, values: Values, more: dict[str, Any]) -> Callable[..., Any] | None:
        static = self.variants.static
        describe = Describe(static)
        trees = {n: describe.argument(n, v) for n, v in zip(self.primal.names, values, strict=True)}
        tangents = tuple((f"{n}_dot", along(trees[n], describe), t) for n, t in more.items())
        parts = tuple(describe.type_of(v) for v in variant.read_parts(values))
        call = Call(trees, values, parts, tuple(extent for name, extent in static if not name), tangents)
        try:
            return make_entry(self.primal, variant, call, self.service)
        except Unserved:
            return None

    def _try_first(self, entry: Callable[..., Any]) -> None:
        """From now on this entry is tried first, and those that were tried before come after it."""
        tried = [entry, *self.tried[:TRIED - 1]]
        for one, following in zip(tried, [*tried[1:], self.otherwise], strict=True):
            one.__globals__["otherwise"] = following
        self.tried = tried


def along(tree: Any, describe: Describe) -> Any:
    """The types of a tangent: like those of its argument, and nothing where there are no floats."""
    def leaf(t: Any) -> Any:
        if isinstance(t, Instance):
            fields = differentiable(t.value).items()
            return Record(type(t.value), {k: along(tree_of(v, describe.type_of), describe) for k, v in fields})
        return t if isinstance(t, Type) and t.is_inexact else Const(None)

    return map_tree(leaf, tree)

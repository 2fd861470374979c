"""The passes between a program and its printer, in order; each is a function from `Func` to `Func`.

    for name, func in stages(program):  print(name, emit(func))

`CHECKED` makes every pass prove that it left a program of the language; tests set it.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from srcad.ir import Func, Let, reachable
from srcad.ir.check import check
from srcad.ir.walk import every
from srcad.transforms.fuse import fuse
from srcad.transforms.hoist import hoist
from srcad.transforms.order import in_order, with_views_at_readers
from srcad.transforms.simplify import simplify
from srcad.transforms.through import through_views
from srcad.transforms.zeroing import without_idle_zeros

Pass = Callable[[Func], Func]
CHECKED = bool(os.environ.get("SRCAD_CHECK"))
# What a pass uncovers, the same pass may simplify again: an invariant carry is seen once its body is simple.
PASSES: tuple[tuple[str, Pass], ...] = (("stores", through_views), ("simplify", simplify), ("fuse", fuse),
                                        ("zeros", without_idle_zeros), ("hoist", hoist),
                                        ("simplify again", simplify), ("order", in_order),
                                        ("views", with_views_at_readers))


def stages(func: Func) -> list[tuple[str, Func]]:
    """The program as it is given, and after each pass."""
    found = [("given", func)]
    for name, run in PASSES:
        before = found[-1][1]
        if name == "simplify again" and all(isinstance(s, Let) for s in before.body):
            continue        # nothing was uncovered
        found.append((name, checked(run(before))))
    return found


def optimised(func: Func) -> Func:
    """`func` after all passes; so are the functions that it calls, each once."""
    for ref in reachable(func, every):
        if "optimised" not in ref.derived:
            ref.derived["optimised"] = True
            ref.func = stages(ref.known)[-1][1]
    return stages(func)[-1][1]


def checked(func: Func) -> Func:
    if CHECKED:
        check(func)
    return func

"""A core program run by XLA, under the calling convention of the generated NumPy function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.backends.lax import compiled
from srcad.ir import Func, Lit, Undef, Var, leaves, map_tree
from srcad.program.signature import leaves_of, objects_of


def xla(func: Func) -> Callable[..., Any]:
    """`func` as a function of trees, compiled when it is first called."""
    run = compiled(func)
    defaults = [p.default for p in func.params]
    positions = [[isinstance(v, Var) for v in leaves(p.tree)] for p in func.params]

    def call(*args: Any) -> Any:
        given = (*args, *defaults[len(args):])
        inputs = [leaf for keep, value in zip(positions, given, strict=True)
                  for wanted, leaf in zip(keep, leaves_of(value), strict=True) if wanted]
        outputs = iter(run(*inputs))
        return objects_of(map_tree(lambda a: next(outputs) if isinstance(a, Var | Lit | Undef) else a, func.result))

    return call

"""A core program run by XLA, under the calling convention of the generated NumPy function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcad.backends.lax import Compiled, compiled
from srcad.errors import ArgumentError
from srcad.ir import Func, Let, Lit, Undef, Var, map_tree
from srcad.program.signature import given_to, objects_of
from srcad.transforms.prepare import without_write_backs


@dataclass(frozen=True)
class Prepared:
    """A program whose stores into arguments are results: the last of them are to be stored when XLA is done."""

    func: Func
    program: Compiled
    stored: list[Var]


def prepared(func: Func) -> Prepared:
    inner, end = without_write_backs(func)
    pairs = [(s.args[0], s.args[1]) for s in end if isinstance(s, Let)]
    whole = replace(inner, result=(func.result, tuple(last for _, last in pairs))) if pairs else func
    return Prepared(func, compiled(whole), [v for v, _ in pairs if isinstance(v, Var)])


def xla(func: Func) -> Callable[..., Any]:
    """`func` as a function of trees, compiled when it is first called; `sources()` are the texts that it runs."""
    made = prepared(func)
    targets = [func.inputs.index(v) for v in made.stored]

    def call(*args: Any) -> Any:
        inputs = _inputs(func, args)
        for k in targets:
            if not isinstance(inputs[k], np.ndarray):
                raise ArgumentError(f"{func.name} stores into an argument that is not an array of NumPy: "
                                    "pass a copy, np.array(x)")
        outputs = iter(made.program(*inputs))
        result = objects_of(map_tree(lambda a: next(outputs) if isinstance(a, Var | Lit | Undef) else a, func.result))
        for k in targets:
            np.copyto(inputs[k], next(outputs))
        return result

    call.sources = lambda: [m.source.text for m in made.program.made.values()]  # type: ignore[attr-defined]
    return call


def stage(func: Func, name: str, args: tuple[Any, ...]) -> str:
    """What runs for these arguments as text: its source, or what JAX and XLA make of it."""
    return prepared(func).program.stage(name, *_inputs(func, args))


def standalone(func: Func, args: tuple[Any, ...]) -> str:
    """A module that imports JAX and NumPy and runs `func` for arguments like these."""
    made = prepared(func)
    return made.program.standalone(func, made.stored, *_inputs(func, args))


def _inputs(func: Func, args: tuple[Any, ...]) -> list[Any]:
    """The values of the program's variables, for a call with these arguments."""
    defaults = [p.default for p in func.params[len(args):]]
    return [v for p, value in zip(func.params, (*args, *defaults), strict=True) for v in given_to(p.tree, value)]

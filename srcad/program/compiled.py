"""A core program run by XLA, under the calling convention of the generated NumPy function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.backends.lax import compiled
from srcad.ir import Func, Let, Lit, Record, Undef, Var, map_tree
from srcad.program.signature import objects_of
from srcad.transforms.prepare import without_write_backs


def xla(func: Func) -> Callable[..., Any]:
    """`func` as a function of trees, compiled when it is first called."""
    # What the function stores into its caller's arrays it returns, and it is stored when XLA is done.
    inner, end = without_write_backs(func)
    stored = [(s.args[0], s.args[1]) for s in end if isinstance(s, Let)]
    run = compiled(replace(inner, result=(func.result, tuple(last for _, last in stored))) if stored else func)
    targets = [func.inputs.index(v) for v, _ in stored if isinstance(v, Var)]

    def call(*args: Any) -> Any:
        inputs = _inputs(func, args)
        outputs = iter(run(*inputs))
        result = objects_of(map_tree(lambda a: next(outputs) if isinstance(a, Var | Lit | Undef) else a, func.result))
        for k in targets:
            np.copyto(inputs[k], next(outputs))
        return result

    return call


def hlo(func: Func, args: tuple[Any, ...]) -> str:
    """What XLA is given to compile for these arguments, as text."""
    text: str = compiled(func).lowered(*_inputs(func, args)).as_text()
    return text


def _inputs(func: Func, args: tuple[Any, ...]) -> list[Any]:
    """The values of the program's variables, for a call with these arguments."""
    inputs: list[Any] = []
    defaults = [p.default for p in func.params[len(args):]]
    for p, value in zip(func.params, (*args, *defaults), strict=True):
        _take(p.tree, value, inputs)
    return inputs


def _take(tree: Any, value: Any, inputs: list[Any]) -> None:
    """The parts of `value` that stand where `tree` has variables."""
    match tree:
        case Var():
            inputs.append(value)
        case tuple() | list():
            for t, v in zip(tree, value, strict=True):
                _take(t, v, inputs)
        case dict():
            for k, t in tree.items():
                _take(t, value[k], inputs)
        case Record(fields=fields):
            for k, t in fields.items():
                _take(t, getattr(value, k), inputs)
        case _:
            pass

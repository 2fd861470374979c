"""A core program run by XLA, under the calling convention of the generated NumPy function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcad.backends.emit import Source
from srcad.backends.lax import Compiled, compiled
from srcad.ir import Func, Let, Lit, Undef, Var, map_tree
from srcad.program.signature import given_to, objects_of
from srcad.transforms.prepare import without_write_backs


@dataclass(frozen=True)
class Prepared:
    """A program whose stores into arguments are results: the last of them are to be stored when XLA is done."""

    func: Func
    program: Compiled
    stored: list[Var]


def prepared(func: Func, on_demand: bool = True) -> Prepared:
    inner, end = without_write_backs(func)
    pairs = [(s.args[0], s.args[1]) for s in end if isinstance(s, Let)]
    whole = replace(inner, result=(func.result, tuple(last for _, last in pairs))) if pairs else func
    return Prepared(func, compiled(whole, on_demand), [v for v, _ in pairs if isinstance(v, Var)])


class InXla:
    """A program as a function of trees, compiled when it is first called.

    If it is not compiled `on_demand`, a call raises `Unprepared` where `prepare` has to be called first."""

    def __init__(self, func: Func, on_demand: bool = True) -> None:
        made = prepared(func, on_demand)
        self.func, self.program = func, made.program
        self.targets = [func.inputs.index(v) for v in made.stored]
        self.taken, self.result_of = taking(func), giving(func.result)

    def __call__(self, *args: Any) -> Any:
        inputs, targets = self.taken(args), self.targets
        outputs = self.program(*inputs)
        for k, new in zip(targets, outputs[len(outputs) - len(targets):], strict=True):
            np.copyto(inputs[k], new)
        return self.result_of(outputs)

    def prepare(self, *inputs: Any) -> None:
        """Compile it for inputs like these (see `inputs_of`); nothing is run."""
        self.program.prepare(*inputs)

    def outlines(self, *inputs: Any) -> list[Any]:
        """The shapes and types of the outputs for inputs like these."""
        return self.program.outlines(*inputs)

    def sources(self) -> list[str]:
        """The texts that run."""
        return [m.source.text for m in self.program.made.values()]


def xla(func: Func) -> InXla:
    """`func` compiled by XLA when it is called."""
    return InXla(func)


def stage(func: Func, name: str, args: tuple[Any, ...]) -> str:
    """What runs for these arguments as text: its source, or what JAX and XLA make of it."""
    return prepared(func).program.stage(name, *taking(func)(args))


def source(func: Func, args: tuple[Any, ...]) -> Source:
    """The source that runs for these arguments, with the user's places in it."""
    return prepared(func).program.source(*taking(func)(args))


def standalone(func: Func, args: tuple[Any, ...], trips: int = 0) -> str:
    """A module that imports JAX and NumPy and runs `func` for arguments like these, with room for so many trips."""
    made = prepared(func)
    return made.program.standalone(func, made.stored, trips, *taking(func)(args))


def taking(func: Func) -> Callable[[tuple[Any, ...]], Any]:
    """What gives the values of the program's variables; most arguments are one each."""
    if not all(isinstance(p.tree, Var) for p in func.params):
        return lambda args: inputs_of(func, args)
    defaults = tuple(p.default for p in func.params)
    count = len(defaults)
    return lambda args: args if len(args) == count else (*args, *defaults[len(args):])


def giving(result: Any) -> Callable[[list[Any]], Any]:
    """What makes the result of the outputs."""
    if isinstance(result, Var):
        return lambda outputs: outputs[0]
    if isinstance(result, tuple) and all(isinstance(a, Var) for a in result):
        return lambda outputs: tuple(outputs[:len(result)])

    def whole(outputs: list[Any]) -> Any:
        source = iter(outputs)
        return objects_of(map_tree(lambda a: next(source) if isinstance(a, Var | Lit | Undef) else a, result))

    return whole


def inputs_of(func: Func, args: tuple[Any, ...]) -> list[Any]:
    """The values of the program's variables, for a call with these arguments."""
    defaults = [p.default for p in func.params[len(args):]]
    return [v for p, value in zip(func.params, (*args, *defaults), strict=True) for v in given_to(p.tree, value)]

"""A compiled program with the signature of the function that it stands for.

    f = lax_function(func)
    f(params, np.arange(3.0))       arguments and result are trees, as in the emitted function
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from srcad.backends.lax import Compiled
from srcad.ir.core import Func, Lit, Record, Undef, Var, map_tree


class LaxFunction:
    """Calls `func` through XLA: one argument for each param, missing ones take their defaults."""

    def __init__(self, func: Func) -> None:
        self.func, self.compiled = func, Compiled(func)
        self.__name__ = func.name

    def __call__(self, *args: Any) -> Any:
        return built(self.func.result, self.compiled(*inputs_of(self.func, args)))


def lax_function(func: Func) -> Callable[..., Any]:
    return LaxFunction(func)


def inputs_of(func: Func, args: tuple[Any, ...]) -> list[Any]:
    """The values of `func.inputs` in a call with these arguments."""
    found: list[Any] = []
    for k, param in enumerate(func.params):
        if k >= len(args) and not param.has_default:
            raise TypeError(f"{func.name}() is called without {param.name!r}")
        found.extend(_matched(param.tree, args[k] if k < len(args) else param.default))
    return found


def _matched(tree: Any, value: Any) -> Iterator[Any]:
    match tree:
        case Var():
            yield value
        case Record(fields=fields):
            for name, inner in fields.items():
                yield from _matched(inner, getattr(value, name))
        case dict():
            for key, inner in tree.items():
                yield from _matched(inner, value[key])
        case tuple() | list():
            for inner, part in zip(tree, value, strict=True):
                yield from _matched(inner, part)


def built(tree: Any, outputs: list[Any]) -> Any:
    """The tree of a result over the values of its atoms, with records as the objects that they stand for."""
    source = iter(outputs)
    filled = map_tree(lambda a: next(source) if isinstance(a, Var | Lit | Undef) else a, tree)
    return _objects(filled)


def _objects(tree: Any) -> Any:
    match tree:
        case Record():
            return tree.cls(**{k: _objects(v) for k, v in tree.fields.items()})
        case dict():
            return {k: _objects(v) for k, v in tree.items()}
        case list():
            return [_objects(v) for v in tree]
        case tuple() if type(tree) is tuple:
            return tuple(map(_objects, tree))
        case _:
            return tree

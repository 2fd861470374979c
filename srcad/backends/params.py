"""Arguments: a tree becomes one parameter and the lines that take it apart.

    Param("params", (w, b))              def f(params):
                                             w, b = params
    Param("p", {"w": w, "b": [b]})       def f(p):
                                             w = p["w"]
                                             b = p["b"][0]
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from srcad.backends.hints import hint_of
from srcad.backends.references import References, name
from srcad.ir.core import Func, Param, Record, Var, Whole, leaves
from srcad.transforms.usage import Uses


@dataclass(frozen=True)
class Arguments:
    """The parameters of the printed function; those that are variables have their names already."""

    params: tuple[Param, ...]
    names: dict[Var, str]

    @property
    def containers(self) -> set[str]:
        """Parameters that are taken apart: no variable has their name."""
        return {p.name for p in self.params if bound_by(p) is None}


def bound_by(p: Param) -> Var | None:
    """The variable that the parameter itself is."""
    return p.tree if isinstance(p.tree, Var) else p.tree.var if isinstance(p.tree, Whole) else None


def arguments(func: Func, flat: bool) -> Arguments:
    """`flat`: as functions of the program call each other, with one argument for each input."""
    taken: set[str] = set()
    if not flat:
        own = tuple(replace(p, name=_free(p.name, taken)) for p in func.params)
        return Arguments(own, {v: p.name for p in own if (v := bound_by(p)) is not None})
    params = []
    for p in func.params:
        for leaf in leaves(p.tree):
            if isinstance(leaf, Var):
                wanted = p.name if p.tree is leaf else hint_of(leaf) or p.name
                params.append(Param(_free(wanted, taken), leaf))
    return Arguments(tuple(params), {p.tree: p.name for p in params})


def _free(wanted: str, taken: set[str]) -> str:
    candidate, number = wanted, 1
    while candidate in taken:
        number += 1
        candidate = f"{wanted}{number}"
    taken.add(candidate)
    return candidate


def signature(params: tuple[Param, ...], references: References) -> ast.arguments:
    defaults: list[ast.expr] = []
    for p in params:
        if p.has_default:
            defaults.append(references.constant(p.default))
        elif defaults:
            # Python allows no parameter without a default after one with.
            defaults.append(ast.Constant(None))
    return ast.arguments(posonlyargs=[], args=[ast.arg(p.name) for p in params], kwonlyargs=[], kw_defaults=[],
                         defaults=defaults)


def unpacking(params: tuple[Param, ...], names: dict[Var, str], uses: Uses) -> list[ast.stmt]:
    """The statements that bind the leaves of the trees."""

    def target(v: Var) -> ast.expr:
        return name(names[v] if uses[v] else "_")

    printed: list[ast.stmt] = []
    for p in params:
        parts = p.tree.parts if isinstance(p.tree, Whole) else p.tree
        if not isinstance(parts, Var) and any(uses[v] for v in leaves(parts) if isinstance(v, Var)):
            printed += [ast.Assign([pattern], value) for pattern, value in _parts(parts, name(p.name), target, uses)]
    return printed


def _parts(tree: Any, value: ast.expr, target: Callable[[Var], ast.expr],
           uses: Uses) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Targets, and what they are taken from."""
    if isinstance(tree, Var):
        if uses[tree]:
            yield target(tree), value
    elif isinstance(tree, tuple | list):
        pattern = _pattern(tree, target) if len(tree) > 1 else None
        if pattern is not None:
            yield pattern, value
        else:
            for i, t in enumerate(tree):
                yield from _parts(t, _item(value, i), target, uses)
    elif isinstance(tree, dict):
        for k, t in tree.items():
            yield from _parts(t, _item(value, k), target, uses)
    elif isinstance(tree, Record):
        for k, t in tree.fields.items():
            yield from _parts(t, ast.Attribute(value, k, ast.Load()), target, uses)


def _pattern(tree: Any, target: Callable[[Var], ast.expr]) -> ast.expr | None:
    """`a, (b, c)` for a tree of tuples and lists."""
    if isinstance(tree, Var):
        return target(tree)
    if not isinstance(tree, tuple | list):
        return None if isinstance(tree, dict | Record) else name("_")
    parts = [_pattern(t, target) for t in tree]
    return ast.Tuple([p for p in parts if p is not None], ast.Store()) if None not in parts and parts else None


def _item(value: ast.expr, key: Any) -> ast.expr:
    return ast.Subscript(value, ast.Constant(key), ast.Load())

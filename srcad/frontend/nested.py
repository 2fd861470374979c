"""Calls of derivatives in functions that are themselves lowered: `grad(f)(x)` in a loss, a solver that calls `grad(f)`.

The derivative is lowered for the arguments of the call, and its program becomes part of this one.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from srcad.errors import Unsupported
from srcad.frontend.machine import Frame
from srcad.frontend.values import (
    Const,
    Entries,
    Fields,
    Items,
    Num,
    Ref,
    Refused,
    Sequence,
    Tup,
    describe,
)
from srcad.ir import Lit, Record, Undef, Var, leaves, map_tree
from srcad.ir.walk import Renamer


@runtime_checkable
class Lowerable(Protocol):
    """A derivative: `bind_values` orders the arguments of a call, `lower` gives the program for trees of types."""

    def lower(self, arguments: dict[str, Any]) -> Any: ...

    def bind_values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]: ...


def call_derivative(frame: Frame, derivative: Lowerable, args: list[Any], kwargs: dict[str, Any]) -> Any:
    bound = derivative.bind_values(tuple(args), kwargs)
    trees = {name: _tree(frame, value, types=True) for name, value in bound.items()}
    try:
        lowered = derivative.lower(trees)
    except Unsupported as error:
        frame.machine.problems += [p for p in error.problems if p not in frame.machine.problems]
        return Const(None)
    func = lowered.func
    mapping: dict[Var, Any] = {}
    for param, value in zip(func.params, bound.values(), strict=False):
        given = leaves(_tree(frame, value, types=False))
        mapping.update({v: a for v, a in zip(leaves(param.tree), given, strict=True) if isinstance(v, Var)})
    for capture in lowered.captures:
        known = frame.machine.captures.setdefault((capture.name, id(capture.var)), capture)
        mapping[capture.var] = known.var
    for param in func.params:
        if param.has_default:
            mapping.update({v: Lit(param.default) for v in leaves(param.tree) if isinstance(v, Var)
                            and v not in mapping})
    frame.machine.guards.update({(g.name, id(g)): g for g in lowered.guards})
    renamer = Renamer(mapping)
    frame.build.stmts += [s for s in renamer.block(func.body) if not _is_comment(s)]
    return value_of(frame, map_tree(renamer.atom, func.result))


def _is_comment(stmt: Any) -> bool:
    return getattr(getattr(stmt, "op", None), "name", "") == "comment"


def _tree(frame: Frame, value: Any, types: bool) -> Any:
    """A value as a tree of types (what the program is made for) or of atoms (what it is given)."""
    match value:
        case Num(atom=a):
            return a.type if types else a
        case Const(value=v):
            if isinstance(v, float | complex):
                return Lit(v).type if types else Lit(v)
            return value
        case Tup(items=items, cls=cls):
            parts = tuple(_tree(frame, i, types) for i in items)
            return parts if cls is None else Record(cls, dict(zip(cls._fields, parts, strict=True)))  # type: ignore[attr-defined]
        case Ref():
            return _content(frame, frame.machine.content(value), types)
        case _:
            raise Refused(f"{describe(value)} as an argument of a derivative")


def _content(frame: Frame, content: Any, types: bool) -> Any:
    match content:
        case Items(values=values):
            return [_tree(frame, v, types) for v in values]
        case Sequence(atom=a):
            return a.type if types else a
        case Entries(values=entries):
            return {k: _tree(frame, v, types) for k, v in entries}
        case Fields(cls=cls, values=fields):
            return Record(cls, {k: _tree(frame, v, types) for k, v in fields})
        case _:
            raise Refused("this argument of a derivative")


def value_of(frame: Frame, tree: Any) -> Any:
    """A result as a value."""
    if isinstance(tree, Var | Lit | Undef):
        return Const(None) if isinstance(tree, Lit) and tree.value is None else Num(tree)
    if isinstance(tree, tuple):
        return Tup(tuple(value_of(frame, t) for t in tree))
    if isinstance(tree, list):
        return frame.machine.new(Items(tuple(value_of(frame, t) for t in tree)))
    if isinstance(tree, dict):
        return frame.machine.new(Entries(tuple((k, value_of(frame, t)) for k, t in tree.items())))
    if isinstance(tree, Record):
        fields = tuple((k, value_of(frame, t)) for k, t in tree.fields.items())
        if issubclass(tree.cls, tuple):
            return Tup(tuple(v for _, v in fields), tree.cls)
        return frame.machine.new(Fields(tree.cls, fields))
    return Const(tree)

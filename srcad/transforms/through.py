"""Stores through a view become stores into its array.

    row = getitem(A, i)
    row2 = set_at(row, j, v)         becomes         A2 = set_at(A, (i, j), v)
    A2 = set_at(A, i, row2)

That is what a person writes, `A[i, j] = v`, and neither the program nor its derivative copies the row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from srcad.ir import Block, Func, Let, Lit, Stmt, Var
from srcad.ir.core import form_of
from srcad.ir.walk import rebuild


def through_views(func: Func) -> Func:
    """The same function with its stores where they belong."""
    return replace(func, body=_block(func.body, {}))


def _block(block: Block, known: dict[Any, Let]) -> Block:
    """`known`: what the variables are bound to."""
    made: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, Let):
            stmt = _direct(stmt, known) if stmt.op.name == "set_at" else stmt
            known.update(dict.fromkeys(stmt.outs, stmt))
        else:
            stmt = rebuild(stmt, lambda a: a, lambda inner: _block(inner, known))
        made.append(stmt)
    return tuple(made)


def _direct(store: Let, known: dict[Any, Let]) -> Let:
    """The store, into the array itself if what it stores is a view of the same part with something stored into it."""
    (array, place, value), _ = store.call()
    inner = known.get(value)
    if inner is None or inner.op.name not in ("set_at", "index_add"):
        return store
    (row, *others), _ = inner.call()
    view = known.get(row)
    if view is None or view.op.name != "getitem" or view.call()[0] != (array, place):
        return store
    what, where = others if inner.op.name == "index_add" else others[::-1]
    index = _joined(place, where)
    if index is None:
        return store
    args = (array, what, index) if inner.op.name == "index_add" else (array, index, what)
    form, atoms = form_of(args, {}, lambda a: isinstance(a, Var | Lit))
    return replace(store, op=inner.op, args=tuple(atoms), form=form)


def _joined(outer: Any, inner: Any) -> Any:
    """The index that is `outer`, and then `inner`; None if that is not their parts one after the other."""
    first, then = _parts(outer), _parts(inner)
    if not all(map(_is_number, first)) or not all(_is_number(p) or isinstance(p, slice) for p in then):
        return None
    while then and then[-1] == slice(None):
        then = then[:-1]
    parts = (*first, *then)
    return parts[0] if len(parts) == 1 else parts


def _parts(index: Any) -> tuple[Any, ...]:
    if index is Ellipsis:
        return ()
    return index if type(index) is tuple else (index,)


def _is_number(part: Any) -> bool:
    if isinstance(part, Var | Lit):
        t = part.type
        return t.kind in ("number", "scalar") and t.dtype is not None and t.dtype.kind in "iu"
    return type(part) is int

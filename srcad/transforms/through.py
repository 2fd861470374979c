"""Stores through a view become stores into its array.

    row = getitem(A, i)
    row2 = set_at(row, j, v)         becomes         A2 = set_at(A, (i, j), v)
    A2 = set_at(A, i, row2)

That is what a person writes, `A[i, j] = v`, and neither the program nor its derivative copies the row.  So is

    x2 = set_at(x, i, 0.0)
    x3 = index_add(x2, v, i)         becomes         x3 = set_at(x, i, v)

and what is stored into all of an array, of its shape and dtype, is the array from then on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from srcad.ir import Block, Func, Let, Lit, Stmt, Var
from srcad.ir.calls import CallOp
from srcad.ir.core import form_of, map_tree
from srcad.ir.walk import every, rebuild, substitute
from srcad.transforms.usage import Uses, count_uses

_STORES = frozenset({"set_at", "index_add"})


def through_views(func: Func) -> Func:
    """The same function with its stores where they belong."""
    if not any(isinstance(s, Let) and s.op.name in _STORES for s in every(func.body)):
        return func
    known: dict[Any, Let] = {}
    uses = count_uses(func)
    func = replace(func, body=_block(func.body, known, uses))
    # What is stored anew is taken out afterwards: it may be what is stored into all of another array.
    whole = {store.out: value for store in known.values() if (value := _all_of(store, known, uses)) is not None}
    if not whole:
        return func
    return replace(func, body=substitute(_without(func.body, whole), whole),
                   result=map_tree(lambda a: whole.get(a, a) if isinstance(a, Var) else a, func.result))


def _all_of(store: Let, known: dict[Any, Let], uses: Uses) -> Var | None:
    """The value that is stored into all of an array, if it is new and read by nobody else."""
    if store.op.name != "set_at":
        return None
    (array, index, value), _ = store.call()
    made = known.get(value)
    if made is None or made.op.name in _STORES or made.op.memory != "fresh" or isinstance(made.op, CallOp):
        return None
    if uses[value] != 1:
        return None
    same = value.type.kind == "array" and replace(value.type, value=None) == replace(array.type, value=None)
    return value if same and all(p == slice(None) for p in _parts(index)) and array.type.rank else None


def _without(block: Block, whole: dict[Var, Var]) -> Block:
    return tuple(rebuild(s, lambda a: a, lambda inner: _without(inner, whole)) for s in block
                 if not (isinstance(s, Let) and s.outs and s.outs[0] in whole))


def _block(block: Block, known: dict[Any, Let], uses: Uses) -> Block:
    """`known`: what the variables are bound to."""
    made: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, Let):
            if stmt.op.name == "set_at":
                stmt = _direct(stmt, known)
            for let in _filled(stmt, known, uses) if stmt.op.name == "index_add" else [stmt]:
                known.update(dict.fromkeys(let.outs, let))
                made.append(let)
        else:
            made.append(rebuild(stmt, lambda a: a, lambda inner: _block(inner, known, uses)))
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


def _filled(add: Let, known: dict[Any, Let], uses: Uses) -> list[Let]:
    """What is added to a part that was just cleared is stored; what was added elsewhere in between comes after that."""
    (array, value, index), _ = add.call()
    basic = all(_is_number(p) or isinstance(p, slice) for p in _parts(index))
    if not basic or not isinstance(value, Var) or not value.type.has_dtype_of(array.type):
        return [add]
    between: list[Let] = []
    while uses[array] == 1 and (made := known.get(array)) is not None and made.op.name in _STORES:
        (array, place, *rest), _ = made.call()
        if made.op.name == "set_at":
            return _stored_first(add, made, between) if place == index and _is_zero(rest[0]) else [add]
        between.append(made)
    return [add]


def _stored_first(add: Let, cleared: Let, between: list[Let]) -> list[Let]:
    (array, index, _), _ = cleared.call()
    form, atoms = form_of((array, index, add.call()[0][1]), {}, lambda a: isinstance(a, Var | Lit))
    made = [replace(add, op=cleared.op, args=tuple(atoms), form=form)]
    for other in reversed(between):
        made[-1] = replace(made[-1], outs=(Var(add.out.hint, add.out.type),))
        made.append(replace(other, outs=add.outs, args=(made[-1].out, *other.args[1:])))
    return made


def _is_zero(value: Any) -> bool:
    return value == Lit(0.0) or type(value) is float and value == 0.0


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

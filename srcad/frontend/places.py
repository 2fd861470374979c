"""Operators and subscripts: what an operation on two values, and a place in a value, denote."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from srcad.frontend.choosing import MOST, chosen, size
from srcad.frontend.effects import PERCENT, message_of
from srcad.frontend.lists import each_column, element_at, joined_lists, sequence_of
from srcad.frontend.machine import Frame
from srcad.frontend.memory import Case, Memory, Undecided
from srcad.frontend.numpy_calls import argument
from srcad.frontend.origins import within
from srcad.frontend.special import operated, special
from srcad.frontend.values import (
    NONE,
    Const,
    Entries,
    Items,
    NeedsStatic,
    Num,
    Poison,
    Ref,
    Refused,
    Rows,
    Sequence,
    Slice,
    Stream,
    Table,
    Tup,
    atom_of,
    describe,
    is_atomic,
    is_static,
    static,
)
from srcad.ir import NEVER, OPERATORS, Atom, Op, Var, op_of, same_dtype
from srcad.rules import composed
from srcad.rules.sequences import ITEM, NEW, REPEAT, SLICE

BINARY = {
    "Add": "add", "Sub": "sub", "Mult": "mul", "Div": "truediv", "FloorDiv": "floordiv", "Mod": "mod", "Pow": "pow",
    "BitAnd": "and_", "BitOr": "or_", "BitXor": "xor", "LShift": "lshift", "RShift": "rshift", "MatMult": "matmul",
}


# Methods of arrays that change them.
CHANGING = frozenset({"fill", "sort", "partition", "put", "resize", "itemset", "setfield", "byteswap", "setflags"})


def operation_of(function: Any) -> Op:
    op = op_of(function)
    assert op is not None, function
    return op


def binary(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`a <name> b`, where name is a function of the operator module."""
    function = getattr(operator, name)
    a, b = frame.machine.current(a), frame.machine.current(b)
    if isinstance(a, Poison) or isinstance(b, Poison):
        return Poison()
    if is_static(a) and is_static(b):
        return _fold(function, static(a, "an operand"), static(b, "an operand"))
    if isinstance(a, Const) and isinstance(a.value, str) and name == "mod":
        return Num(frame.build.call(PERCENT, a.value, message_of(frame, b)))
    if (result := operated(frame, name, a, b)) is not None:
        return result
    if isinstance(a, Ref) and (result := frame.semantics.container_operator(frame, name, a, b)) is not None:
        return result
    if name in ("add", "mul") and any(isinstance(x, Ref | Tup) for x in (a, b)):
        return _concatenated(frame, name, a, b)
    op = operation_of(operator.matmul) if name == "matmul" else OPERATORS[name]
    return Num(frame.machine.record(op, operand(frame, a, b), operand(frame, b, a)))


def is_array_like(value: Any) -> bool:
    """Does NumPy take part in an operation with `value`?"""
    if isinstance(value, Num):
        return value.atom.type.kind not in ("number", "object")
    return isinstance(value, Const) and isinstance(value.value, np.generic)


def operand(frame: Frame, value: Any, beside: Any) -> Atom:
    """An operand of arithmetic; a list beside an array is made an array, as NumPy does."""
    if isinstance(value, Ref | Tup):
        if not is_array_like(beside):
            raise Refused(f"an operator between {describe(value)} and {describe(beside)}",
                          hint="make an array with np.array first")
        return frame.build.call(operation_of(np.array), argument(frame, value))
    if isinstance(value, Const) and isinstance(value.value, np.ndarray):
        raise Refused("an array that is neither an argument nor a name", hint="bind it to a name outside the function")
    return atom_of(value)


def _fold(function: Any, a: Any, b: Any) -> Any:
    try:
        result = function(a, b)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise Refused(f"an operation that always fails: {error}", raises=error) from None
    if type(result) is tuple:
        return Tup(tuple(map(Const, result)))
    return Const(result)


def _concatenated(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`+` and `*` of lists and tuples."""
    if name == "mul":
        container, times = (a, b) if isinstance(a, Ref | Tup) else (b, a)
        if is_array_like(times):
            return Num(frame.build.call(OPERATORS["mul"], operand(frame, a, b), operand(frame, b, a)))
        if isinstance(container, Ref) and not isinstance(times, Const):
            return frame.machine.new(Sequence(frame.build.call(REPEAT, sequence_of(frame, container), atom_of(times))))
        count = static(times, "a repetition")
        if not isinstance(count, int):
            raise Refused(f"{describe(container)} times {describe(times)}", hint="make an array with np.array first")
        items = _items(frame, container) * count
        return Tup(items) if isinstance(container, Tup) else frame.machine.new(Items(items))
    if not (isinstance(a, Ref | Tup) and isinstance(b, Ref | Tup)):
        return Num(frame.build.call(OPERATORS["add"], operand(frame, a, b), operand(frame, b, a)))
    if type(a) is not type(b):
        raise Refused(f"{describe(a)} + {describe(b)}", "Python does not add lists and tuples")
    if isinstance(a, Tup) and isinstance(b, Tup):
        return Tup(a.items + b.items)
    contents = [frame.machine.content(x) if isinstance(x, Ref) else x for x in (a, b)]
    if any(isinstance(c, Sequence | Rows) for c in contents):
        return frame.machine.new(joined_lists(frame, *contents))
    return frame.machine.new(Items(_items(frame, a) + _items(frame, b)))


def _items(frame: Frame, value: Any) -> tuple[Any, ...]:
    if isinstance(value, Tup):
        return value.items
    content = frame.machine.content(value)
    if isinstance(content, Items):
        return content.values
    raise Refused(f"{describe(value)} where a list of known length is needed")


# Subscripts.


def index_of(frame: Frame, node: Any) -> Any:
    """A subscript as nested tuples and slices of values."""
    match node:
        case gast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if p is None else frame.evaluate(p) for p in (lower, upper, step)))
        case gast.Tuple(elts=elts) if any(isinstance(e, gast.Slice) for e in elts):
            return tuple(index_of(frame, e) for e in elts)
        case _:
            return unpacked(frame.evaluate(node))


def made_slice(index: slice) -> Tup:
    """A slice as a value."""
    return Tup(tuple(NONE if p is None else p for p in (index.start, index.stop, index.step)), Slice)


def unpacked(index: Any) -> Any:
    """A subscript that is a slice, as one."""
    match index:
        case Tup(items=items, cls=cls) if cls is Slice:
            return slice(*items)
        case Const(value=slice() as s):
            return slice(*(None if p is None else Const(p) for p in (s.start, s.stop, s.step)))
        case _:
            return index


def subscript(frame: Frame, owner: Any, index: Any) -> Any:
    """`owner[index]`, read."""
    match owner:
        case Poison():
            return owner
        case Num(atom=atom):
            if atom.type.kind == "never":
                return Num(Var("", NEVER))
            return viewed(frame, operation_of(operator.getitem), atom, index_atoms(frame, index))
        case Tup(items=items):
            return _known_item(frame, items, index, Tup)
        case Ref():
            found = special(frame, owner, "getitem", index)
            return _container_item(frame, owner, index) if found is None else found
        case Const(value=v) if id(v) in composed.SUBSCRIPTED or v is np.s_ or v is np.index_exp:
            return _made_by_subscript(frame, v, index)
        case Const(value=v):
            if isinstance(index, slice) or not is_static(index):
                return _known_item(frame, tuple(map(Const, v)) if isinstance(v, str | tuple | range) else (), index,
                                   lambda part: Const(v[static_slice(index)]))
            key = static(index, "a key")
            try:
                v[key]
            except (IndexError, TypeError, KeyError) as error:
                raise Refused(f"this subscript always fails: {error}", raises=error) from None
            return frame.machine.capture(("item", id(v), key), "item", within(v, "item", key))
        case Stream(kind=kind, parts=parts) if kind in ITEMS_OF:
            return ITEMS_OF[kind](frame, *parts, index)
        case _:
            raise Refused(f"a subscript of {describe(owner)}")


# How iterators that can be subscripted are: `A.flat[k]`.
ITEMS_OF: dict[str, Callable[..., Any]] = {}


def _made_by_subscript(frame: Frame, v: Any, index: Any) -> Any:
    """`np.r_[...]`, `np.mgrid[...]`: a slice is a range of numbers."""
    if isinstance(index, slice) and v in (np.mgrid, np.ogrid):
        return _row(frame, index)
    parts = index if type(index) is tuple else index.items if isinstance(index, Tup) else (index,)
    if v in (np.s_, np.index_exp):
        made = tuple(made_slice(p) if isinstance(p, slice) else p for p in parts)
        return Tup(made) if v is np.index_exp or len(parts) > 1 else made[0]
    return frame.call(Const(composed.SUBSCRIPTED[id(v)]), [_row(frame, p) for p in parts])


def _row(frame: Frame, part: Any) -> Any:
    if not isinstance(part, slice):
        return part
    given = (part.start, part.stop, part.step)
    bounds = [Const(d) if p is None else p for p, d in zip(given, (0, None, 1), strict=True)]
    step = bounds[2].value if isinstance(bounds[2], Const) else None
    if isinstance(step, complex):
        return frame.call(Const(np.linspace), [*bounds[:2], Const(int(abs(step)))])
    return frame.call(Const(np.arange), bounds)


def viewed(frame: Frame, op: Op, atom: Atom, *rest: Any) -> Num:
    """The result of an operation that may share the memory of its first argument."""
    result = frame.build.call(op, atom, *rest)
    frame.machine.memories.derive(result, op, (atom, *rest), {}, frame.build.made)
    return Num(result)


def static_slice(index: slice) -> slice:
    return slice(*(None if p is None else static(p, "a bound of a slice")
                   for p in (index.start, index.stop, index.step)))


def _known_item(frame: Frame, items: tuple[Any, ...], index: Any, part: Any) -> Any:
    if isinstance(index, slice):
        return part(items[static_slice(index)])
    try:
        k = static(index, "the index of a list or tuple")
    except NeedsStatic as need:
        need.place = frame.build.span
        wanted = need.place in frame.machine.chosen and sum(size(frame, i) for i in items) <= MOST
        if items and (wanted or all(isinstance(i, Num) or is_atomic(i) for i in items)):
            found = chosen(frame, items, lambda parts: _chosen_atom(frame, parts, index))
            if found is not None:
                return found
        raise
    try:
        return items[k]
    except (IndexError, TypeError) as error:
        raise Refused(f"this index always fails: {error}", raises=error) from None


def _chosen_atom(frame: Frame, items: tuple[Any, ...], index: Any) -> Num | None:
    if not _alike(items):
        return None
    atoms = list(map(atom_of, items))
    found = frame.build.call(ITEM, frame.build.call(NEW, *atoms, hint=_name_of_list(atoms)), atom_of(index))
    if frame.machine.by_cases:
        _by_cases(frame, found, index, atoms)
    else:
        frame.machine.memories.choose(found, atom_of(index), atoms)
    return Num(found)


def _name_of_list(atoms: list[Atom]) -> str:
    """`table`, where its items are called `table_0`, `table_1`, …"""
    parts = [a.hint.rpartition("_") if isinstance(a, Var) else ("", "", "") for a in atoms]
    return parts[0][0] if all(p[0] == parts[0][0] and p[2] == str(k) for k, p in enumerate(parts)) else ""


def _by_cases(frame: Frame, found: Var, index: Any, atoms: list[Atom]) -> None:
    """`found` is one of a few arrays, by an index: it is known which, so it can be stored to."""
    memories = frame.machine.memories
    position = atom_of(binary(frame, "mod", index, Const(len(atoms))))
    cases = []
    for k, atom in enumerate(atoms):
        if not isinstance(atom, Var) or atom.type.kind != "array":
            return
        test = frame.build.call(OPERATORS["eq"], position, k)
        cases.append(Case(test, True, frame.machine.new(Num(atom)).cell, memories.at(atom)))
    memories.of[found] = Memory()
    memories.undecided[memories.of[found]] = Undecided(tuple(cases))


def _alike(items: tuple[Any, ...]) -> bool:
    types = [atom_of(i).type for i in items]
    one = types[0]
    if all(t.kind == "number" and t.dtype is not None and t.dtype.kind in "if" for t in types):
        return True  # whole numbers among others
    return all((t.kind == "array", t.rank) == (one.kind == "array", one.rank) and same_dtype(t.dtype, one.dtype)
               for t in types)


def _container_item(frame: Frame, owner: Ref, index: Any) -> Any:
    content = frame.machine.content(owner)
    match content:
        case Items(values=values):
            return _known_item(frame, values, index, lambda part: frame.machine.new(Items(part)))
        case Sequence() | Rows():
            if isinstance(index, slice):
                bounds = slice(*(_bound(p) for p in (index.start, index.stop, index.step)))
                return frame.machine.new(each_column(content, lambda c: frame.build.call(SLICE, c, bounds)))
            found = element_at(frame, content, atom_of(index))
            if isinstance(found, Ref):
                found.cell.home = owner, index, content
            return found
        case Entries() | Table():
            return frame.semantics.entry(frame, owner, content, index)
        case _:
            raise Refused(f"a subscript of {describe(owner)}")


def _bound(value: Any) -> Any:
    return None if value is None or (isinstance(value, Const) and value.value is None) else _plain(value)


def _plain(value: Any) -> Any:
    """A constant as itself, anything else as its atom: how structure enters a form."""
    return value.value if isinstance(value, Const) else atom_of(value)


def index_atoms(frame: Frame, index: Any) -> Any:
    """A subscript of an array, over atoms."""
    if isinstance(index, slice):
        return slice(*(_bound(p) for p in (index.start, index.stop, index.step)))
    if type(index) is tuple:
        return tuple(index_atoms(frame, i) for i in index)
    match index:
        case Tup(items=items, cls=cls):
            return slice(*map(_bound, items)) if cls is Slice else tuple(index_atoms(frame, i) for i in items)
        case Ref():
            content = frame.machine.content(index)
            if isinstance(content, Items):
                return [_plain(v) for v in content.values]
            return frame.build.call(operation_of(np.array), argument(frame, index))
        case Const(value=v) if isinstance(v, slice):
            return v
        case _:
            return _plain(index)

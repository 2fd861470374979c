"""What a call is equal to, by the rules of arrays rather than of numbers.

    (a.T @ b).T                      b.T @ a
    np.outer(a, b).T                 np.outer(b, a)
    d = np.zeros_like(x)             d = np.zeros_like(x)
    d[0] += g                        d[0] = g                    (or, if x has two elements,
    d[1] += h                        d[1] += h                   np.array([g, h]))
    d = np.broadcast_to(g, shape)    d = np.full(shape, g)
    d[0] += h                        d[0] += h

Nothing is computed twice for it: what is taken apart has no other reader.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcad.ir import HOLE, OPERATORS, Builder, Form, Let, Listing, Lit, Slicing, Var
from srcad.ir.ops import op_of
from srcad.rules.factors import is_power_of_two
from srcad.rules.tapes import INDEX_ADD, SET_AT

_SUMS = (OPERATORS["add"], OPERATORS["sub"])
_MUL, _DIV = OPERATORS["mul"], OPERATORS["truediv"]
_PRODUCTS = (operator.matmul, np.matmul)
_ZEROS = frozenset({"np.zeros", "np.zeros_like"})


@dataclass(frozen=True)
class Surroundings:
    """What is known where a call stands."""

    definition: Callable[[Any], Let | None]
    once: Callable[[Any], bool]                   # is this read once?


def rewritten(let: Let, around: Surroundings) -> list[Let]:
    """The calls that stand for `let`."""
    if let.op is INDEX_ADD:
        return _listed(let, around) or _stored(let, around)
    if let.op is SET_AT:
        return _on_full(let, around)
    if let.op in (_MUL, _DIV) and (less := _cancelled(let, around) or _together(let, around)):
        return less
    if is_matrix_transpose(let) and _absorbs(let.args[0], around):
        build = Builder(let.span)
        _Transposed(build, around).into(let.args[0], let.outs)
        return [s for s in build.stmts if isinstance(s, Let)]
    return [let]


# --- numbers in products and quotients

def _together(let: Let, around: Surroundings) -> list[Let]:
    """`6 * x * y / z` for `2 * (3 * x * y / z)`, where the product of the numbers is exact."""
    number, inner = _numbered(let) if let.op is _MUL else (None, None)
    led = _led(inner, around) if number is not None else None
    if number is None or led is None:
        return []
    other, rest, chain = led
    whole = number * other
    exact = is_power_of_two(number) or is_power_of_two(other)
    return _through(chain, whole, rest, let) if exact and (whole != 1 or chain) else []


def _led(x: Any, around: Surroundings) -> tuple[float, Any, list[Let]] | None:
    """The number that a product begins with, `3 * x * y / z`, what it multiplies, and the products from there on, the
    last first."""
    chain: list[Let] = []
    while (part := around.definition(x)) is not None and part.op in (_MUL, _DIV):
        if not around.once(x) or part.out.hint:
            return None
        number, rest = _numbered(part) if part.op is _MUL else (None, None)
        if number is not None:
            return number, rest, chain
        chain.append(part)
        x = part.args[0]
    return None


def _through(chain: list[Let], number: float, x: Any, let: Let) -> list[Let]:
    """`number * x` in the place of the first factor of a product of products, in place of `let`."""
    outs = [let.outs, *((Var("", part.args[0].type),) for part in chain)]
    made = [] if number == 1 else _times(number, x, replace(let, outs=outs[-1]))
    first = x if number == 1 else outs[-1][0]
    for part, out in zip(reversed(chain), reversed(outs[:-1]), strict=True):
        made.append(replace(part, outs=out, args=(first, part.args[1])))
        first = out[0]
    return made


def _times(number: float, x: Any, let: Let) -> list[Let]:
    """`number * x` in place of `let`."""
    if number == -1:
        return [Let(let.outs, OPERATORS["neg"], (x,), Form((HOLE,)), let.span)]
    return [Let(let.outs, _MUL, (Lit(number), x), Form((HOLE, HOLE)), let.span)]


def without_minus(total: Let, around: Surroundings) -> list[Let]:
    """`a + 2 * b` for `a - -2 * b`."""
    x, y = total.args
    led = _led(y, around)
    if led is None or not led[0] < 0 or (led[0] == -1 and not led[2]):
        return [total]
    number, rest, chain = led
    positive = Var("", y.type)
    other = OPERATORS["add" if total.op is OPERATORS["sub"] else "sub"]
    product = replace(total, outs=(positive,))
    return [*_through(chain, -number, rest, product), replace(total, op=other, args=(x, positive))]


def _cancelled(let: Let, around: Surroundings) -> list[Let] | None:
    """Numbers that a product and its divisor have in common, as the chain rule makes them of log(c * x).

        c * (g / (c * x))       g / x               c * g / (2 * c * x)         0.5 * g / x
    """
    found = _over_quotient(let, around) if let.op is _MUL else _over(let, around)
    if found is None:
        return None
    number, above, below = found
    divisor, rest = _numbered(below)
    if divisor is None or not _divides(divisor, number):
        return None
    if (rest.type.kind, rest.type.shape) != (below.out.type.kind, below.out.type.shape):
        return None
    build = Builder(let.span)
    if number != divisor:
        ratio = number / divisor
        above = build.call(OPERATORS["neg"], above) if ratio == -1 else build.call(
            _MUL, Lit(int(ratio) if ratio == int(ratio) else ratio), above)
    build.add(Let(let.outs, _DIV, (above, rest), Form((HOLE, HOLE)), let.span))
    return [s for s in build.stmts if isinstance(s, Let)]


def _over(let: Let, around: Surroundings) -> tuple[float, Any, Let] | None:
    """The number, what it multiplies, and the divisor of `number * g / divisor`."""
    product, below = around.definition(let.args[0]), around.definition(let.args[1])
    if product is None or below is None or not product.op is below.op is _MUL or not around.once(let.args[0]):
        return None
    number, above = _numbered(product)
    return None if number is None else (number, above, below)


def _over_quotient(let: Let, around: Surroundings) -> tuple[float, Any, Let] | None:
    """The same of `number * (g / divisor)`."""
    number, inner = _numbered(let)
    quotient = around.definition(inner) if number is not None and around.once(inner) else None
    below = around.definition(quotient.args[1]) if quotient is not None and quotient.op is _DIV else None
    if quotient is None or below is None or below.op is not _MUL:
        return None
    return number, quotient.args[0], below


def _numbered(product: Let) -> tuple[Any, Any]:
    """The number among the factors of a product, and the other factor."""
    for k, a in enumerate(product.args):
        if isinstance(a, Lit) and type(a.value) in (int, float):
            return a.value, product.args[1 - k]
    return None, None


def _divides(divisor: float, number: float) -> bool:
    """Is `number` a small multiple, or a simple fraction, of `divisor`, exactly?"""
    ratio = number / divisor if divisor else 0.0
    return ratio * divisor == number != 0 and (64 * ratio).is_integer() and abs(ratio) <= 64


# --- transposition

def permutation(let: Let) -> tuple[int, ...] | None:
    """The axes of its argument that `let` gives, in order, if it only gives them another order."""
    if not let.args or (rank := let.args[0].type.rank) is None or let.args[0].type.kind != "array":
        return None
    (_, *args), kwargs = let.call()
    if kwargs:
        return None
    axes = list(range(rank))
    if let.op.function is np.transpose and not args:
        return tuple(axes[::-1])
    if let.op.function is np.transpose and type(args[0]) is tuple and all(type(a) is int for a in args[0]):
        return tuple(a % rank for a in args[0])
    if let.op.function is np.matrix_transpose:
        args = [-1, -2]
    elif let.op.function is not np.swapaxes:
        return None
    if len(args) != 2 or not all(type(a) is int for a in args):
        return None
    i, j = args
    axes[i], axes[j] = axes[j], axes[i]
    return tuple(axes)


def undone(let: Let, inner: Let | None) -> Any:
    """What `inner` reorders, if `let` puts its axes in the old order."""
    if inner is None or (outer := permutation(let)) is None or (first := permutation(inner)) is None:
        return None
    return inner.args[0] if all(first[k] == axis for axis, k in enumerate(outer)) else None


def is_matrix_transpose(let: Let) -> bool:
    axes = permutation(let)
    return axes is not None and len(axes) > 1 and axes == (*range(len(axes) - 2), len(axes) - 1, len(axes) - 2)


def _absorbs(x: Any, around: Surroundings) -> bool:
    """Does the transposed of `x` cost less than `x` and a transposition?"""
    let = around.definition(x)
    if let is None or x.hint or not around.once(x):
        return False
    if let.op.function in _PRODUCTS:
        same = all(a.type.rank == x.type.rank for a in let.args)
        return same and any((d := around.definition(a)) is not None and is_matrix_transpose(d) for a in let.args)
    if let.op.function is np.outer:
        return all(a.type.rank == 1 for a in let.args)
    if let.op in _SUMS:
        return all(a.type.shape == x.type.shape and _absorbs(a, around) for a in let.args)
    return False


@dataclass
class _Transposed:
    build: Builder
    around: Surroundings

    def into(self, x: Any, outs: tuple[Var, ...] | None = None) -> Any:
        """The transposed of `x`, which absorbs it; `outs` are what it shall be bound to."""
        let = self.around.definition(x)
        assert let is not None
        if let.op.function is np.outer:
            args = let.args[::-1]
        elif let.op in _SUMS:
            args = tuple(self.into(a) for a in let.args)
        else:
            args = tuple(self.matrix(a) for a in reversed(let.args))
        if outs is None:
            return self.build.let(let.op, args, let.form)[0]
        self.build.add(Let(outs, let.op, args, let.form, self.build.span))
        return outs[0]

    def matrix(self, a: Any) -> Any:
        let = self.around.definition(a)
        if let is not None and is_matrix_transpose(let):
            return let.args[0]
        if a.type.rank == 2:
            return self.build.call(_known(np.transpose), a)
        return self.build.call(_known(np.swapaxes), a, -1, -2)


def _known(function: Any) -> Any:
    op = op_of(function)
    assert op is not None, function
    return op


# --- buffers

def accumulated(total: Let, around: Surroundings) -> list[Let]:
    """What is gathered in a new array and then added to another one is added to that at once; nothing if it is not so.

        t = np.zeros_like(x)
        t[1:] = g
        t[:-1] += h                              dx[1:] += g
        dx = dx + t              becomes         dx[:-1] += h
    """
    for base, gathered in (total.args, total.args[::-1]):
        stores: list[Let] = []
        let = around.definition(gathered) if base.type == gathered.type and around.once(gathered) else None
        while let is not None and let.op in (INDEX_ADD, SET_AT):
            stores.append(let)
            let = around.definition(let.args[0]) if around.once(let.args[0]) else None
        if let is None or let.op.name not in _ZEROS or not stores or not _adds(stores):
            continue
        made, current = [], base
        for store in reversed(stores):
            _, *others = store.args
            if store.op is SET_AT:
                *index, value = others
                others, form = [value, *index], Form((HOLE, HOLE, store.form.args[1]))
            else:
                form = store.form
            out = total.out if store is stores[0] else Var(total.out.hint, total.out.type)
            made.append(Let((out,), INDEX_ADD, (current, *others), form, store.span))
            current = out
        return made
    return []



def _adds(stores: list[Let]) -> bool:
    """Do these stores, the last one first, only add to zeros?  The first one may store, into each element once."""
    *later, first = stores
    if first.op is SET_AT:
        x, *index, value = first.args
        if not _is_plain(first.form.args[1], index) or not x.type.has_dtype_of(value.type):
            return False
    return all(s.op is INDEX_ADD for s in later)


def _stored(add: Let, around: Surroundings) -> list[Let]:
    """What is added to a zero is stored; what is added to a part of a stretched number, to a new array."""
    x, value, *index = add.args
    buffer = around.definition(x)
    where = add.form.args[2]
    fits = x.type.has_dtype_of(value.type)
    if buffer is not None and buffer.op.name in _ZEROS and around.once(x) and fits and (
            _is_plain(where, index) or _is_diagonal(where, index, around)):
        return [Let(add.outs, SET_AT, (x, *index, value), Form((HOLE, where, HOLE)), add.span)]
    return _on_full(add, around)


def _listed(add: Let, around: Surroundings) -> list[Let]:
    """A small new array whose elements are all stored is made of them."""
    values: dict[int, Any] = {}
    let: Let | None = add
    while let is not None and let.op in (INDEX_ADD, SET_AT):
        x, place = let.args[0], _number(let)
        value = let.args[1] if let.op is INDEX_ADD else let.args[-1]
        if place is None or place in values or value.type.shape != () or not value.type.has_dtype_of(x.type):
            return []
        values[place] = value
        let = around.definition(x) if around.once(x) else None
    if let is None or let.op.name not in _ZEROS or sorted(values) != list(range(len(values))):
        return []
    shape = let.out.type.shape
    if shape is None or [(d.size, d.offset) for d in shape] != [(None, len(values))]:
        return []
    array, items = _known(np.array), tuple(values[k] for k in sorted(values))
    return [Let(add.outs, array, items, Form((Listing((HOLE,) * len(items)),)), add.span)]


def _number(store: Let) -> int | None:
    """The one constant that a store has as its index."""
    where = store.form.args[2 if store.op is INDEX_ADD else 1]
    if where is HOLE:
        index = store.args[-1 if store.op is INDEX_ADD else 1]
        where = index.value if isinstance(index, Lit) else None
    return where if type(where) is int else None


def _is_plain(where: Any, index: list[Any]) -> bool:
    """Does an index of numbers and slices name each element once?"""
    parts = where if type(where) is tuple else (where,)
    numbers = all(a.type.kind in ("number", "scalar") and a.type.dtype is not None and a.type.dtype.kind in "iu"
                  for a in index)
    return numbers and all(p is HOLE or type(p) is int or isinstance(p, Slicing) for p in parts)


def _is_diagonal(where: Any, index: list[Any], around: Surroundings) -> bool:
    """Is it an index as `[np.arange(n), y]`, which has no element twice?"""
    parts = where if type(where) is tuple else (where,)
    shapes = {a.type.shape for a in index}
    return all(p is HOLE for p in parts) and len(shapes) == 1 and len(shapes.pop() or ()) == 1 and any(
        _counts_up(around.definition(a)) for a in index)


def _counts_up(let: Let | None) -> bool:
    """Is it `np.arange(n)`?"""
    return let is not None and let.op.name == "np.arange" and len(let.form.args) == 1 and not let.form.kwargs


def _on_full(store: Let, around: Surroundings) -> list[Let]:
    x = store.args[0]
    spread = around.definition(x)
    if spread is None or spread.op.name != "np.broadcast_to" or spread.args[0].type.rank != 0 or spread.form.kwargs:
        return [store]
    small, *sizes = spread.args
    assert isinstance(x, Var)
    full = Var(x.hint, x.type)
    made = Let((full,), _known(np.full), (*sizes, small), Form((spread.form.args[1], HOLE)), spread.span)
    return [made, Let(store.outs, store.op, (full, *store.args[1:]), store.form, store.span)]

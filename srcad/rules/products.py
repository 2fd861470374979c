"""Products of arrays: dot, matmul and their kin, einsum, tensordot.

All are linear in each argument; the transpose of a product is a product of the cotangent with the other argument.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.rules import results
from srcad.rules.ops import alike, multilinear
from srcad.rules.shapes import unbroadcast_to
from srcad.rules.symbols import beside, known_rank, rank, recorded, shape
from srcad.runtime import arrays

_reshape = recorded(np.reshape)
_matmul = recorded(operator.matmul)
_left = recorded(arrays.matmul_left)
_right = recorded(arrays.matmul_right)


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    match rank(a), rank(b):
        case (1, 1):
            return g * b
        case (1, 2):
            return _matmul(b, g)
        case (2, 1):
            return np.outer(g, b)
        case (2, 2):
            return _matmul(g, np.transpose(b))
        case (int() as n, int() as m) if n > 1 and m > 1:
            return unbroadcast_to(_matmul(g, np.swapaxes(b, -1, -2)), a)
        case _:
            return _left(g, a, b)


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    match rank(a), rank(b):
        case (1, 1):
            return g * a
        case (1, 2):
            return np.outer(a, g)
        case (2, 1):
            return _matmul(np.transpose(a), g)
        case (2, 2):
            return _matmul(np.transpose(a), g)
        case (int() as n, int() as m) if n > 1 and m > 1:
            return unbroadcast_to(_matmul(np.swapaxes(a, -1, -2), g), b)
        case _:
            return _right(g, a, b)


def _dot_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    n, m = known_rank(a), known_rank(b)
    if n == 0 or m == 0:
        return unbroadcast_to(g * b, a)
    if n <= 2 and m <= 2:
        return _matmul_left(g, y, a, b)
    return _contract_left(g, a, b, [n - 1], [max(m - 2, 0)])


def _dot_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    n, m = known_rank(a), known_rank(b)
    if n == 0 or m == 0:
        return unbroadcast_to(g * a, b)
    if n <= 2 and m <= 2:
        return _matmul_right(g, y, a, b)
    return _contract_right(g, a, b, [n - 1], [max(m - 2, 0)])


def _inner_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    n, m = known_rank(a), known_rank(b)
    return unbroadcast_to(g * b, a) if n == 0 or m == 0 else _contract_left(g, a, b, [n - 1], [m - 1])


def _inner_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    n, m = known_rank(a), known_rank(b)
    return unbroadcast_to(g * a, b) if n == 0 or m == 0 else _contract_right(g, a, b, [n - 1], [m - 1])


def _tensordot_left(g: Any, y: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    return _contract_left(g, a, b, *results.contracted(axes, known_rank(a), known_rank(b)))


def _tensordot_right(g: Any, y: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    return _contract_right(g, a, b, *results.contracted(axes, known_rank(a), known_rank(b)))


def _contract_left(g: Any, a: Any, b: Any, mine: list[int], theirs: list[int]) -> Any:
    """Sum g with b over b's free axes; the axes of the result are a's free ones, then the contracted."""
    n, m = known_rank(a), known_rank(b)
    free_a = [i for i in range(n) if i not in mine]
    free_b = [i for i in range(m) if i not in theirs]
    product = np.tensordot(g, b, (list(range(len(free_a), len(free_a) + len(free_b))), free_b))
    rest = [mine[theirs.index(i)] for i in sorted(theirs)]
    return _permuted(product, free_a + rest)


def _contract_right(g: Any, a: Any, b: Any, mine: list[int], theirs: list[int]) -> Any:
    n, m = known_rank(a), known_rank(b)
    free_a = [i for i in range(n) if i not in mine]
    free_b = [i for i in range(m) if i not in theirs]
    product = np.tensordot(a, g, (free_a, list(range(len(free_a)))))
    rest = [theirs[mine.index(i)] for i in sorted(mine)]
    return _permuted(product, rest + free_b)


def _permuted(x: Any, places: list[int]) -> Any:
    """Axis i of `x` moved to `places[i]`."""
    if places == sorted(places):
        return x
    return np.transpose(x) if places == sorted(places, reverse=True) else np.transpose(x, tuple(
        int(i) for i in np.argsort(places)))


def _outer_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    flat = _matmul(g, b if rank(b) == 1 else np.ravel(b))
    return flat if rank(a) == 1 else _reshape(flat, shape(a))


def _outer_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    flat = _matmul(a if rank(a) == 1 else np.ravel(a), g)
    return flat if rank(b) == 1 else _reshape(flat, shape(b))


multilinear(operator.matmul, _matmul_left, _matmul_right, name="@", infer=results.matmul)
alike(operator.matmul, np.matmul, infer=results.matmul)
multilinear(np.dot, _dot_left, _dot_right, infer=results.dot)
multilinear(np.inner, _inner_left, _inner_right, infer=results.inner)
multilinear(np.tensordot, _tensordot_left, _tensordot_right, infer=results.tensordot)
multilinear(np.outer, _outer_left, _outer_right, infer=results.outer)


def _vdot_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    return np.conj(g * back_to(b, a)) if results.is_complex_type(a) else g * back_to(b, a)


def _vdot_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    return g * back_to(np.conj(a) if results.is_complex_type(a) else a, b)


def back_to(value: Any, x: Any) -> Any:
    return value if rank(value) == rank(x) and rank(x) is not None else _reshape(value, shape(x))


multilinear(np.vdot, _vdot_left, _vdot_right, infer=results.vdot)


# --- einsum

def letters(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The terms and the result of an einsum, written out: no ellipsis, an explicit result."""
    text = subscripts.replace(" ", "")
    left, arrow, result = text.partition("->")
    terms = left.split(",")
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in text]
    hidden = [r - len(t.replace("...", "")) if "..." in t else 0 for t, r in zip(terms, ranks, strict=True)]
    dots = "".join(spare[:max(hidden, default=0)])
    terms = [t.replace("...", dots[len(dots) - h:]) for t, h in zip(terms, hidden, strict=True)]
    if not arrow:
        once = sorted(c for c in set("".join(left.split(","))) - {"."} if left.count(c) == 1)
        return terms, dots + "".join(once)
    return terms, result.replace("...", dots)


def _einsum_vjp(i: int) -> Any:
    def vjp(g: Any, y: Any, subscripts: str, *operands: Any, **kwargs: Any) -> Any:
        if not isinstance(subscripts, str):
            raise NotImplementedError("np.einsum without a string of subscripts")
        terms, result = letters(subscripts, [known_rank(o) for o in operands])
        others = [o for j, o in enumerate(operands) if j != i]
        return _contribution(g, terms, result, i, others, operands[i], kwargs)
    return vjp


def _contribution(g: Any, terms: list[str], result: str, i: int, others: list[Any], x: Any, kwargs: Any) -> Any:
    own = terms[i]
    rest = [t for j, t in enumerate(terms) if j != i]
    known = set("".join((result, *rest)))
    wanted = "".join(c for k, c in enumerate(own) if c in known and c not in own[:k])
    partial = np.einsum(",".join((result, *rest)) + "->" + wanted, g, *others, **kwargs)
    if wanted == own:
        return unbroadcast_to(partial, x)
    return _placed(partial, wanted, own, x)


def _placed(partial: Any, wanted: str, own: str, x: Any) -> Any:
    """Letters that only this operand has were summed: spread over them; a letter that it has twice is its diagonal."""
    unique = "".join(dict.fromkeys(own))
    for place, c in enumerate(unique):
        if c not in wanted:
            partial = np.expand_dims(partial, place)
    extents = np.shape(x)
    spread = recorded(np.broadcast_to)(partial, tuple(extents[own.index(c)] for c in unique))
    if unique == own:
        return spread
    for c in unique:
        if own.count(c) > 1:
            n = extents[own.index(c)]
            eye = beside(spread, np.eye)(n)
            copies = own.count(c) - 1
            letter = next(s for s in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if s not in own and s not in unique)
            if copies > 1:
                raise NotImplementedError("a letter three times in one operand of einsum")
            at = own.rindex(c)
            own = own[:at] + letter + own[at + 1:]
            target = "".join(s for s in own if s in unique or s == letter)
            spread = np.einsum(f"{unique},{c}{letter}->{target}", spread, eye)
            unique = target
    return spread


def _einsum_type(subscripts: Any, *operands: Any, **_: Any) -> Any:
    types = [results.type_in(o) for o in operands]
    if not isinstance(subscripts, str) or any(t.shape is None for t in types):
        return results.Type("unknown", results.promoted(*operands))
    terms, result = letters(subscripts, [len(t.shape or ()) for t in types])
    sizes: dict[str, list[Any]] = {}
    for term, t in zip(terms, types, strict=True):
        for c, d in zip(term, t.shape or (), strict=True):
            sizes.setdefault(c, []).append(d)
    dims = tuple(results.broadcast([(d,) for d in sizes[c]])[0] for c in result)
    return results.made(dims, results.promoted(*operands))


EINSUM_OPERANDS = 32
multilinear(np.einsum, None, *map(_einsum_vjp, range(EINSUM_OPERANDS)), infer=_einsum_type, memory="perhaps")

"""Stores into what a loop carries, in the forms in which XLA does them in place.

XLA copies a whole array in every trip of a loop that reads it between two stores, or that stores after it has read what
it also keeps on a tape.  It does not if a trip reads the array as it was at its beginning, and stores once, at the end:

    r = dA[i] * c                          r = dA[i] * c
    dA = dA.at[i].set(0.0)                 first = jnp.zeros(n);  second = dA[i - 1] + r * p
    dA = dA.at[i - 1].add(r * p)           dA = dA.at[i].set(first).at[i - 1].set(second)

So all rows (or elements) that a trip stores are computed first.  Where two of them may be the same one, which is only
known when the program runs, both are given what is in it at the end.  What is loaded for several stores, or for a tape,
is put aside (see `lax_scratch`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcad.backends.lax_live import reads_of
from srcad.backends.lax_modules import jnp
from srcad.backends.lax_record import (
    Block,
    Carried,
    Cond,
    Line,
    Scan,
    Step,
    Value,
    affine,
    is_not_negative,
    meant,
    put,
    recording,
)
from srcad.backends.lax_scratch import through_scratch
from srcad.backends.lax_specs import Leaf, conform

Key = tuple[Any, ...]


def in_place(block: Block) -> Block:
    """The same program, with the stores of loops in place where that is known how."""
    return [new for step in block for new in _steps(step)]


def _steps(step: Step) -> Block:
    match step:
        case Line():
            return [step]
        case Cond():
            return [replace(step, then=in_place(step.then), orelse=in_place(step.orelse))]
        case _:
            loop: Any = replace(step, block=in_place(step.block))
            for k in range(len(loop.carries)):
                loop = _stored_once(loop, k)
            before, loop = through_scratch(loop)
            return [*before, loop]


# --- one store, at the end

@dataclass
class _Accesses:
    """What a body does with the versions of an array: loads and stores by index."""

    stores: list[Line] = field(default_factory=list)
    loads: list[Line] = field(default_factory=list)


def _accesses(loop: Any, carry: Carried) -> _Accesses | None:
    """None if it does anything else."""
    found = _Accesses()
    versions, last = {carry.param}, carry.param
    others = [c for c in loop.carries if c is not carry]
    results = [meant(c.next) for c in others] + [meant(r) for _, r in (loop.rows if isinstance(loop, Scan) else ())]
    for step in loop.block:
        read = [v for v in reads_of(step) if v in versions]
        if not read:
            continue
        own = isinstance(step, Line) and step.kind in ("index", "at") and meant(step.args[0]) in versions
        if not own or len(read) != 1 or not isinstance(step, Line):
            return None
        if step.kind == "index":
            found.loads.append(step)
        elif step.function in ("set", "add") and not step.kwargs and meant(step.args[0]) is last:
            found.stores.append(step)
            last = step.outs[0]
            versions.add(last)
        else:
            return None
    return None if meant(carry.next) is not last or versions & set(results) else found


def _depth(lines: list[Line], rank: int) -> int:
    """How many axes of the array are indexed by one int in all of these: all, or the first; 0 if not even that."""
    indices = [_index(line) for line in lines]
    if not all(_is_int(part) or isinstance(part, slice) for index in indices for part in index):
        return 0
    if all(len(i) == rank and all(map(_is_int, i)) for i in indices):
        return rank
    return 1 if all(i and _is_int(i[0]) for i in indices) else 0


def _index(line: Line) -> Key:
    index = line.args[1]
    return index if isinstance(index, tuple) else (index,)


def _is_int(part: Any) -> bool:
    if isinstance(part, Value):
        return part.ndim == 0 and part.dtype.kind == "i"
    return isinstance(part, int | np.integer) and not isinstance(part, bool)


def _stored_once(loop: Any, k: int) -> Any:
    carry: Carried = loop.carries[k]
    found = _accesses(loop, carry) if carry.param.ndim else None
    if found is None or not found.stores:
        return loop
    late = any(meant(load.args[0]) is not carry.param for load in found.loads)
    depth = _depth([*found.stores, *found.loads], carry.param.ndim)
    if depth == 0 or len(found.stores) == 1 and not late:
        return loop
    rows = _Rows(carry.param, depth)
    with recording() as block:
        for step in loop.block:
            if isinstance(step, Line) and step in found.loads:
                rows.load(step)
            elif isinstance(step, Line) and step in found.stores:
                rows.store(step)
            else:
                put([step])
        final = rows.stored()
    carries = list(loop.carries)
    carries[k] = replace(carry, next=final)
    return replace(loop, block=block, carries=carries)


class _Rows:
    """What is in the rows of an array that a trip stores, after each store."""

    def __init__(self, array: Value, depth: int) -> None:
        self.array, self.depth = array, depth
        self.contents: dict[Value, list[tuple[Key, Any]]] = {array: []}

    def load(self, line: Line) -> None:
        key, rest = self._split(line)
        content = self._content(key, self.contents[meant(line.args[0])])
        line.outs[0].stands_for = meant(content[rest] if rest else content)

    def store(self, line: Line) -> None:
        key, rest = self._split(line)
        before = self.contents[meant(line.args[0])]
        value = jnp.asarray(line.args[2])
        shape = self.array.shape[self.depth:]
        if rest:
            new = _with_part(self._content(key, before), rest, value, line.function)
        elif line.function == "set":
            new = conform(value, Leaf(shape, self.array.dtype))
        else:
            new = self._content(key, before) + value
        after = [(k, self._where(k, key, new, old)) for k, old in before if not self._same(k, key)]
        self.contents[line.outs[0]] = [*after, (key, new)]

    def stored(self) -> Value:
        """The array after all stores."""
        contents = list(self.contents.values())[-1]
        array = self.array
        for key, content in contents:
            array = meant(array.at[key].set(content))
        return array

    def _split(self, line: Line) -> tuple[Key, Key]:
        index = tuple(meant(i) if isinstance(i, Value) else i for i in _index(line))
        key = tuple(int(i) % n if not isinstance(i, Value) else i
                    for i, n in zip(index[:self.depth], self.array.shape, strict=False))
        rest = index[self.depth:]
        return key, () if all(isinstance(r, slice) and r == slice(None) for r in rest) else rest

    def _content(self, key: Key, contents: list[tuple[Key, Any]]) -> Any:
        for k, content in contents:
            if self._same(k, key):
                return content
        result = self.array[key]
        for k, content in contents:
            result = self._where(key, k, content, result)
        return result

    def _same(self, a: Key, b: Key) -> bool:
        pairs = ((_known(x), _known(y)) for x, y in zip(a, b, strict=True))
        return all(base is other and k == m for (base, k), (other, m) in pairs)

    def _where(self, a: Key, b: Key, new: Any, old: Any) -> Any:
        """`new` if these are one place, else `old`."""
        test: Any = None
        for x, y, n in zip(a, b, self.array.shape, strict=False):
            (base, k), (other, m) = _known(x), _known(y)
            if base is other and k == m:
                continue
            if base is other and (base is None or _within(x) and _within(y)):
                return old
            same = _wrapped(x, n) == _wrapped(y, n)
            test = same if test is None else test & same
        return new if test is None else jnp.where(test, new, old)


def _with_part(row: Any, rest: Key, value: Any, change: str) -> Any:
    """A row that is stored into; one element is chosen, as XLA would make a store within a store a copy."""
    if row.ndim == 1 and _is_int(rest[0]):
        here = jnp.arange(row.shape[0]) == _wrapped(rest[0], row.shape[0])
        return jnp.where(here, (value if change == "set" else row + value).astype(row.dtype), row)
    return row.at[rest].set(value) if change == "set" else row.at[rest].add(value)


def _known(x: Any) -> tuple[Any, int]:
    return affine(x) if isinstance(x, Value) else (None, int(x))


def _within(x: Any) -> bool:
    return not isinstance(x, Value) or is_not_negative(x)


def _wrapped(x: Any, n: int) -> Any:
    """An index as it is counted from the front."""
    if isinstance(x, int | np.integer):
        return int(x) % n
    return x if _within(x) else jnp.where(x < 0, x + n, x)

"""The order of statements: what may move, and where loops read best.

    dy2 = dy * x                                 dx = dx + dy * t
    dx = dx + dy * t         becomes             dy = dy * x
    dy = dy2

The next value of a carry is made after the last reader of the value before, so that both can have one name (and one
memory).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

import numpy as np

from srcad.ir import HOLE, OPERATORS, Block, Carry, Form, Func, If, Let, Lit, Loop, Range, Stmt, Var, leaves
from srcad.ir.build import EXTENT
from srcad.ir.walk import binds, every, exit_atoms, loop_locals, reads, rebuild, variables

_STORES = frozenset({"set_at", "index_add", "append", "set_item", "pop", "insert", "extend", "concat"})


def moves_past(stmt: Stmt, others: Sequence[Stmt]) -> bool:
    """Can `stmt`, which has no effect, be run after `others` (which do not read what it binds)?

    Not if it reads what they store into: both versions would have to be kept."""
    changed = {a for other in others for a in stored(other)}
    return not any(v in changed and v.type.kind not in ("number", "scalar") for v in reads(stmt))


def stored(stmt: Stmt) -> set[Any]:
    """What `stmt` may store into."""
    if isinstance(stmt, Let):
        return {stmt.args[0]} if stmt.op.name in _STORES else set()
    within = tuple(every((stmt,)))
    return {a for s in within if isinstance(s, Let) for a in stored(s)} | {
        c.init for s in within if isinstance(s, Loop) for c in s.carries}


def in_order(func: Func) -> Func:
    """The same function with the ends of carries where they belong."""
    return replace(func, body=_block(func.body))


def _block(block: Block) -> Block:
    return tuple(_ends_last(s) if isinstance(s, Loop) else s for s in (rebuild(s, lambda a: a, _block) for s in block))


def _ends_last(loop: Loop) -> Loop:
    body = list(loop.body)
    for carry in loop.carries:
        _delay(body, carry)
    return replace(loop, body=tuple(map(_grown, body)))


def _grown(stmt: Stmt) -> Stmt:
    """`dx * 2` for `2 * dx`, where that is called dx too: it prints as `dx *= 2`."""
    if isinstance(stmt, Let) and stmt.op is OPERATORS["mul"] and isinstance(stmt.args[0], Lit):
        if stmt.out.hint and isinstance(stmt.args[1], Var) and stmt.args[1].hint == stmt.out.hint:
            return replace(stmt, args=stmt.args[::-1])
    return stmt


def _delay(body: list[Stmt], carry: Carry) -> None:
    """Move the call that makes the carry's next value down, past the readers of the values that it replaces."""
    k = next((k for k, s in enumerate(body) if isinstance(s, Let) and s.outs == (carry.next,)), None)
    if k is None:
        return
    let = body[k]
    assert isinstance(let, Let)
    wanted = next((j for j in range(k + 1, len(body)) if let.out in reads(body[j])), len(body))
    replaced = {carry.param, *(a for a in let.args if isinstance(a, Var) and a.hint == let.out.hint != "")}
    last = _last_reader(body[:wanted], k + 1, replaced)
    if last is not None and not let.op.effect and moves_past(let, body[k + 1:last + 1]):
        body.insert(last, body.pop(k))


def _last_reader(body: Sequence[Stmt], start: int, values: set[Var]) -> int | None:
    """The last of the statements that reads one of `values`, or a value without a name that is made of them: it will be
    printed where it is read."""
    seen, last = set(values), None
    for j in range(start, len(body)):
        if not seen.isdisjoint(reads(body[j])):
            last = j
            seen.update(v for v in binds(body[j]) if not v.hint)
    return last


def with_views_at_readers(func: Func) -> Func:
    """Make `x.T`, `x.shape[0]` and `i + 1` anew wherever they are read: they cost little, and need no name.

        t = x.T                                  y = x.T @ x
        y = t @ x               becomes          z = x.T @ b
        z = t @ b
    """
    found = {s.outs[0]: s for s in every(func.body) if isinstance(s, Let) and len(s.outs) == 1 and not s.out.hint}
    steady = _steady(func)
    views = {v: let for v, let in found.items()
             if _is_transpose(let) or _is_fact(let, steady) or _is_minus(let, found)}
    if not views:
        return func
    kept = variables(leaves(func.result)).union(*map(_read_by_others, every(func.body)))
    readers = Counter(a for s in every(func.body) for a in _read_anew(s))
    views = {v: let for v, let in views.items() if v not in kept and (
        _is_transpose(let) or readers[v] <= (1 if _is_minus(let, found) else FEW))}
    return replace(func, body=_viewed(func.body, views)) if views else func


FEW = 4           # readers that make a number anew


def _is_transpose(let: Let) -> bool:
    return let.op.function is np.transpose and let.form == Form((HOLE,))


def _is_minus(let: Let, found: dict[Var, Let]) -> bool:
    """The minus of a product of arrays: who adds that subtracts the product."""
    product = found.get(let.args[0]) if let.op is OPERATORS["neg"] else None  # type: ignore[arg-type]
    return (product is not None and product.op in (OPERATORS["mul"], OPERATORS["truediv"])
            and let.out.type.kind == "array")


def _is_fact(let: Let, steady: frozenset[Any]) -> bool:
    """An extent, a minus, a `not`, or an integer more or less a constant, of what is called as it is all the time."""
    if let.op.name == "not":
        return let.args[0] in steady and let.args[0].type.kind == "number"
    if let.op is OPERATORS["neg"]:
        return let.args[0] in steady and let.args[0].type.kind == "number"
    if let.op is EXTENT:
        return let.args[0] in steady and let.args[0].type.kind == "array"
    if let.op not in (OPERATORS["add"], OPERATORS["sub"]) or not isinstance(let.args[1], Lit):
        return False
    a = let.args[0]
    integers = a.type.kind == "number" and a.type.dtype == np.int64 and type(let.args[1].value) is int
    return integers and (a in steady or (isinstance(a, Var) and not a.hint))


def _steady(func: Func) -> frozenset[Any]:
    """Indices of loops, and variables whose name nothing else asks for."""
    loops = [s for s in every(func.body) if isinstance(s, Loop)]
    bound = [*func.inputs, *(v for s in every(func.body) for v in binds(s)),
             *(v for s in loops for v in loop_locals(s))]
    indices = {s.index for s in loops if s.index is not None}
    asked = Counter(v.hint for v in bound if v not in indices)
    return frozenset(v for v in bound if v in indices or asked[v.hint] == 1)


def _read_anew(stmt: Stmt) -> list[Any]:
    """What a statement reads that may be made for it."""
    match stmt:
        case Let(args=args):
            return list(args)
        case If():
            return [stmt.test]
        case Loop():
            return [] if stmt.range is None else [stmt.range.start, stmt.range.stop, stmt.range.step]
        case _:
            assert_never(stmt)


def _read_by_others(stmt: Stmt) -> frozenset[Var]:
    """What a statement reads that must have a name."""
    match stmt:
        case Let():
            return frozenset()
        case If():
            return variables(a for c in stmt.choices for a in (c.then, c.orelse))
        case Loop():
            heads = [*(e.sequence for e in stmt.elements), *(r.tape for r in stmt.reads),
                     *(c.init for c in stmt.carries)]
            return variables([*heads, *exit_atoms(stmt), *([stmt.test.result] if stmt.test else [])])
        case _:
            assert_never(stmt)


def _viewed(block: Block, views: dict[Any, Let]) -> Block:
    result: list[Stmt] = []

    def made(atom: Any) -> Any:
        """The atom, or a new one for a view."""
        let = views.get(atom)
        if let is None:
            return atom
        copy = Var("", atom.type)
        args = tuple(map(made, let.args))
        result.append(replace(let, outs=(copy,), args=args))
        return copy

    for stmt in block:
        if isinstance(stmt, Let):
            if not (stmt.outs and stmt.outs[0] in views):
                copies = {a: made(a) for a in dict.fromkeys(stmt.args) if a in views}
                result.append(replace(stmt, args=tuple(copies.get(a, a) for a in stmt.args)) if copies else stmt)
            continue
        if isinstance(stmt, If):
            stmt = replace(stmt, test=made(stmt.test))
        elif isinstance(stmt, Loop) and stmt.range is not None:
            stmt = replace(stmt, range=Range(made(stmt.range.start), made(stmt.range.stop), made(stmt.range.step)))
        result.append(rebuild(stmt, lambda a: a, lambda inner: _viewed(inner, views)))
    return tuple(result)

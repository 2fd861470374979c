"""Names that a function is done with.

Where paths meet, all names are compared; a long function has hundreds that nobody reads any more.  They are forgotten
before the next branch or loop:

    t1 = np.sin(x)
    y = t1 * t1
    for i in range(n):         t1 is forgotten here
        y = y * x
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import gast

from srcad.frontend.machine import Frame
from srcad.frontend.values import Num
from srcad.ir import Var

FEW = 8  # so many branches and loops are not worth the search
COMPOUND = (gast.For, gast.While, gast.If)
INNER = (gast.FunctionDef, gast.Lambda, gast.ClassDef, gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)


def pieces(body: list[gast.AST], kept: Iterable[str]) -> Iterator[tuple[list[gast.AST], list[str]]]:
    """The body in pieces, each with the names that are mentioned no more after it."""
    starts = [i for i, s in enumerate(body) if isinstance(s, COMPOUND) and i]
    if len(starts) < FEW:
        yield body, []
        return
    last = last_mentions(body)
    for name in kept:
        last.pop(name, None)
    at: dict[int, list[str]] = {}
    for name, i in last.items():
        at.setdefault(i, []).append(name)
    for begin, end in zip([0, *starts], [*starts, len(body)], strict=True):
        yield body[begin:end], [name for i in range(begin, end) for name in at.get(i, ())]


def last_mentions(body: list[gast.AST]) -> dict[str, int]:
    """Where each name is mentioned last; without those that an inner function may read whenever it is called."""
    last: dict[str, int] = {}
    inner: set[str] = set()
    for i, stmt in enumerate(body):
        for node in gast.walk(stmt):
            if isinstance(node, gast.Name):
                last[node.id] = i
            elif isinstance(node, INNER):
                inner.update(n.id for n in gast.walk(node) if isinstance(n, gast.Name))
    return {name: i for name, i in last.items() if name not in inner}


def forget(frame: Frame, names: list[str]) -> None:
    """Drop the numbers, the views, and the arrays that are nowhere else, that these names hold."""
    machine, scope = frame.machine, frame.scope
    memories = machine.memories
    shared = set(memories.of.values())
    for name in names:
        value = machine.state.get((scope, name))
        if isinstance(value, Num) and isinstance(value.atom, Var):
            v = value.atom
            alone = v not in memories.of and v not in shared and v not in memories.newer
            if v.type.kind in ("number", "scalar") or (v.type.kind == "array" and (alone or v in memories.views)):
                del machine.state[scope, name]

"""Values that don't exist on some path, and must be passed on all the same.

Where nobody passes it on, a variable that has no value is simply not bound, and Python itself raises
UnboundLocalError at a read.  A tuple of residuals, a row of a tape and a copy to another name read it without needing
it: there it is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from srcad.backends.names import Classes
from srcad.ir.calls import PACK
from srcad.ir.core import Atom, Block, Func, If, Let, Loop, Var
from srcad.ir.walk import blocks, every


def given_none(func: Func, unbound: frozenset[Var], classes: Classes, outputs: Sequence[Atom]) -> frozenset[Var]:
    """Which of `unbound` are None where they have no value; `outputs` are passed on to a function of the program."""
    if not unbound:
        return frozenset()
    copies = _copies(func)
    found = {v for v in (*_passed_on(func.body), *outputs) if v in unbound}
    # What nobody reads is not printed, so it copies nothing.
    found |= {source for target, source in copies
              if source in unbound and classes.knows(target) and not classes.same(target, source)}
    pending = list(found)
    sources: dict[Any, list[Any]] = {}
    for target, source in copies:
        sources.setdefault(target, []).append(source)
    while pending:
        for source in sources.get(pending.pop(), ()):
            if source in unbound and source not in found:
                found.add(source)
                pending.append(source)
    return frozenset(v for v in found if isinstance(v, Var))


def _copies(func: Func) -> list[tuple[Var, Atom]]:
    pairs: list[tuple[Var, Atom]] = []
    for stmt in every(func.body):
        if isinstance(stmt, If):
            pairs += [(c.out, a) for c in stmt.choices for a in (c.then, c.orelse)]
        elif isinstance(stmt, Loop):
            pairs += [pair for c in stmt.carries for pair in ((c.param, c.init), (c.param, c.next), (c.out, c.param))]
    return pairs


def _passed_on(block: Block) -> Iterator[Any]:
    """What is read without being needed; a read before that has shown that the value is there."""
    shown: set[Any] = set()
    for stmt in block:
        if isinstance(stmt, Let) and (stmt.op is PACK or stmt.op.name == "zeros_for"):
            yield from (a for a in stmt.args if a not in shown)
        elif isinstance(stmt, Let):
            shown.update(stmt.args)
        for inner in blocks(stmt):
            yield from _passed_on(inner)
        if isinstance(stmt, Loop):
            read = {a for s in stmt.body if isinstance(s, Let) and s.op is not PACK for a in s.args}
            yield from (w.row for w in stmt.writes if w.row not in read)

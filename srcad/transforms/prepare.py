"""What a program goes through before it is differentiated: the shorter it is, the shorter its derivative.

A program that changes its caller's arrays does so at its very end (`np.copyto(a, a2)`): until then all its values are
values.  The way back must still see what `a` was, so it comes before that end, or reads a copy.
"""

from __future__ import annotations

from dataclasses import replace

from srcad.ir import Block, Builder, Func, Let, Var, map_tree
from srcad.ir.walk import substitute
from srcad.rules.tapes import COPY
from srcad.transforms.simplify import simplify
from srcad.transforms.tapes import with_tapes


def prepared(func: Func) -> Func:
    return with_tapes(simplify(func))


def without_write_backs(func: Func) -> tuple[Func, Block]:
    """A function without what it does to its caller's arrays at the end, and that."""
    count = len(func.body)
    while count and _is_write_back(func.body[count - 1]):
        count -= 1
    return replace(func, body=func.body[:count]), func.body[count:]


def on_copies(func: Func) -> Func:
    """The same function, which reads copies of the arrays that it changes, so that they can be kept."""
    inner, end = without_write_backs(func)
    changed = [s.args[0] for s in end if isinstance(s, Let) and isinstance(s.args[0], Var)]
    build = Builder(func.span)
    copies = {v: build.call(COPY, v, hint=v.hint) for v in changed}
    tail = (replace(s, args=(s.args[0], *(copies.get(a, a) for a in s.args[1:] if isinstance(a, Var))))
            for s in end if isinstance(s, Let))
    body = (*build.block, *substitute(inner.body, copies), *tail)
    result = map_tree(lambda a: copies.get(a, a) if isinstance(a, Var) else a, func.result)
    return replace(func, body=body, result=result)


def _is_write_back(stmt: object) -> bool:
    return isinstance(stmt, Let) and stmt.op.name == "np.copyto"

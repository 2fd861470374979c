"""What a program goes through before it is differentiated: the shorter it is, the shorter its derivative.

A program that changes its caller's arrays does so at its very end (`np.copyto(a, a2)`): until then all its values are
values.  The way back must still see what `a` was, so it comes before that end, or reads a copy.
"""

from __future__ import annotations

from dataclasses import replace

from srcad.ir import Block, Builder, Func, Let, Stmt, Var, map_tree
from srcad.ir.walk import rebuild, substitute
from srcad.rules.tapes import COPY
from srcad.transforms.fuse import fuse
from srcad.transforms.hoist import hoist
from srcad.transforms.simplify import simplify
from srcad.transforms.tapes import with_tapes
from srcad.transforms.through import through_views


def prepared(func: Func) -> Func:
    return with_tapes(hoist(fuse(simplify(through_views(func)))))


def without_write_backs(func: Func) -> tuple[Func, Block]:
    """A function without what it does to its caller's arrays at the end, and that."""
    # Only what is computed of the result can stand after them, and it is none of the caller's arrays.
    end = tuple(filter(_is_write_back, func.body))
    return replace(func, body=tuple(s for s in func.body if not _is_write_back(s))), end


def on_copies(func: Func) -> Func:
    """The same function, which reads copies of the arrays that it changes, so that they can be kept."""
    inner, end = without_write_backs(func)
    changed = [s.args[0] for s in end if isinstance(s, Let) and isinstance(s.args[0], Var)]
    build = Builder(func.span)
    copies = {v: build.call(COPY, v, hint=v.hint) for v in changed}
    tail = (replace(s, args=(s.args[0], *(copies.get(a, a) for a in s.args[1:] if isinstance(a, Var))))
            for s in end if isinstance(s, Let))
    originals = {copy: v for v, copy in copies.items()}
    body = (*build.block, *_stored_in(originals, substitute(inner.body, copies)), *tail)
    result = map_tree(lambda a: copies.get(a, a) if isinstance(a, Var) else a, func.result)
    return replace(func, body=body, result=result)


def _stored_in(originals: dict[Var, Var], block: Block) -> Block:
    """Before it raises, too, the function changes its caller's arrays, and not the copies."""
    def stmt(s: Stmt) -> Stmt:
        if isinstance(s, Let):
            target = s.args[0] if _is_write_back(s) else None
            return replace(s, args=(originals[target], *s.args[1:])) if isinstance(target,
                                                                                   Var) and target in originals else s
        return rebuild(s, lambda a: a, lambda b: tuple(map(stmt, b)))

    return tuple(map(stmt, block))


def _is_write_back(stmt: object) -> bool:
    return isinstance(stmt, Let) and stmt.op.name == "np.copyto"

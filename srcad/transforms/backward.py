"""The way back alone, for a program that has run already.

What was computed is there, so the reverse sweep is a function by itself: of the values that it reads, whoever bound
them, and of the cotangents of the results.

    t = np.sin(x)                       def f_backward(x, t, dy):
    y = t * t           becomes             dt = 2 * dy * t
                                            return dt * np.cos(x)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from srcad.ir import Form, Func, Let, Param, Stmt, Var, form_of, leaves, op_of
from srcad.ir.walk import free, substitute
from srcad.rules.tapes import ZEROS_FOR
from srcad.transforms.activity import activity
from srcad.transforms.reverse import adjoint_of, comment, seed_param
from srcad.transforms.sweep import Sweep


@dataclass(frozen=True)
class WayBack:
    """`func` takes the values of the variables `reads`, and then the cotangents of the results."""

    func: Func
    reads: tuple[Var, ...]


def way_back(func: Func, wrt: Sequence[Var]) -> WayBack:
    """The cotangents of `wrt` from those of the results of a program without loops and branches."""
    sweep = Sweep(func, activity(func, wrt, leaves(func.result)), adjoint_of)
    thunks = sweep.forward(func.body)
    begin = len(sweep.build.stmts)
    seeds = [Param(p.name, p.tree) for p in map(seed_param, leaves(func.result))]
    for atom, seed in zip(leaves(func.result), seeds, strict=True):
        sweep.add(atom, seed.tree)
    sweep.backward(thunks)
    sweep.build.span = func.span
    gradient = tuple(sweep.or_zero(sweep.bars.get(v), v) for v in wrt)
    block = tuple(map(_by_shape, sweep.build.block[begin:]))
    own = frozenset(seed.tree for seed in seeds)
    reads = tuple(sorted(free(block, gradient) - own, key=lambda v: v.serial))
    given = {v: Var(v.hint, v.type) for v in reads}
    params = (*(Param(v.hint or "t", new) for v, new in given.items()), *seeds)
    body = (comment("reverse"), *substitute(block, dict(given)))
    result = tuple(given.get(g, g) if isinstance(g, Var) else g for g in gradient)
    return WayBack(Func(f"{func.name}_backward", params, body, result if len(result) > 1 else result[0], func.span),
                   reads)


def _by_shape(stmt: Stmt) -> Stmt:
    """Zeros like a value whose extents are all known need only these, not the value."""
    if not (isinstance(stmt, Let) and (stmt.op is op_of(np.zeros_like) or stmt.op is ZEROS_FOR)):
        return stmt
    t, zeros = stmt.args[0].type, op_of(np.zeros)
    assert zeros is not None
    if t.kind != "array" or t.shape is None or t.dtype is None or any(d.size is not None for d in t.shape):
        return stmt
    kwargs = {} if t.dtype == np.float64 else {"dtype": t.dtype.type}
    extents = tuple(d.offset for d in t.shape)
    form, _ = form_of((extents if len(extents) != 1 else extents[0],), kwargs, lambda _: False)
    assert isinstance(form, Form)
    return Let(stmt.outs, zeros, (), form, stmt.span)

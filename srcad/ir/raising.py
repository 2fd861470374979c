"""What a statement may raise, as far as that can be told: the exceptions that a `try` around it could catch.

An operation on arrays whose shapes are known to fit raises nothing; a quotient of Python numbers may raise
ZeroDivisionError; a decomposition LinAlgError; a call of a program function what its body raises.  What is not known is
taken to raise anything.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.calls import PACK, CallOp
from srcad.ir.core import Block, Let, Lit, Stmt
from srcad.ir.walk import every

Classes = tuple[type[BaseException], ...]

_NOTHING: Classes = ()
_QUIET = frozenset({
    "extent", "np.shape", "np.ndim", "len", "not", "bool", "and", "or", "is", "is not", "comment", "caught", "print",
    "evaluated", "np.zeros_like", "np.ones_like", "np.copy", "append", "pack", "unpack", "str", "isinstance", "enter",
    "leave", "stop_gradient", "np.sum", "np.mean", "np.prod", "np.zeros", "np.ones", "np.full", "np.eye", "np.arange",
    "np.broadcast_to", "np.transpose", "np.ravel", "project", "unbroadcast", "zeros_for", "stretched"})
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_ARRAYS: Classes = (ValueError, TypeError, FloatingPointError, IndexError)
_BY_NAME: dict[str, Classes] = {
    "/": (ZeroDivisionError,), "//": (ZeroDivisionError,), "%": (ZeroDivisionError,),
    "**": (ZeroDivisionError, OverflowError), "getitem": (IndexError,), "item": (IndexError,),
    "set_at": (IndexError, ValueError), "set_item": (IndexError,), "assert": (AssertionError,),
    "float": (ValueError, TypeError, OverflowError), "int": (ValueError, TypeError, OverflowError),
}


def may_raise(block: Block, catches: Classes) -> bool:
    """May this block raise one of these exceptions?"""
    return any(isinstance(s, Let) and _related(raised_by(s), catches) for s in every(block))


def first_raised(stmts: list[Stmt]) -> tuple[Any, int]:
    """The exception that these statements are sure to raise before they do anything else, or None; and which raises."""
    for k, s in enumerate(stmts):
        if isinstance(s, Let) and s.op.name == "raise" and all(isinstance(a, Lit) for a in s.args):
            (cls, *args), _ = s.call([a.value for a in s.args if isinstance(a, Lit)])
            return (cls(*args) if isinstance(cls, type) else None), k
        if not isinstance(s, Let) or s.op.effect or raised_by(s):
            break
    return None, 0


def raised_by(let: Let) -> Classes:
    """The exceptions that one operation may raise."""
    op = let.op
    if isinstance(op, CallOp):
        callee = op.target.func
        if callee is None:
            return (BaseException,)
        return tuple(dict.fromkeys(c for s in every(callee.body) if isinstance(s, Let) for c in raised_by(s)))
    if op.name == "raise":
        cls = let.form.args[0]
        return (cls,) if isinstance(cls, type) else (BaseException,)
    if op.name in _QUIET or op is PACK:
        return _NOTHING
    if op.name.startswith("np.linalg."):
        return (np.linalg.LinAlgError, *_ARRAYS)
    numbers = all(a.type.kind == "number" for a in let.args)
    if op.name in _BY_NAME and (numbers or not op.elementwise):
        return _BY_NAME[op.name]
    if op.effect:
        return (Exception,)
    if op.name.startswith(("math.", "cmath.")):
        return (ValueError, OverflowError)
    if op.elementwise:
        if numbers or (op.name in _COMPARISONS and _fit(let)):
            return _NOTHING
        return (FloatingPointError,) if _fit(let) else (FloatingPointError, ValueError)
    return _ARRAYS


def _fit(let: Let) -> bool:
    """Are the shapes known to broadcast?"""
    shapes = [a.type.shape for a in let.args]
    if any(s is None for s in shapes):
        return False
    full = [s for s in shapes if s]
    return all(s == full[0] for s in full)


def _related(raised: Classes, caught: Classes) -> bool:
    return any(issubclass(r, c) or issubclass(c, r) for r in raised for c in caught)

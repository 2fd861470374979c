"""When a call raises half-way: the caller's arrays are left as the function itself leaves them.

A generated function stores into the caller's arrays when it is done.  If it raises before that, or while the derivative
is computed, the user's own function is run once more on the arrays as they were.  It prints nothing, and what it raises
has been raised.
"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Callable
from inspect import CO_VARARGS, CO_VARKEYWORDS
from typing import Any

import numpy as np

from srcad.errors import SrcadError
from srcad.frontend.effects import ASSERT, PRINT, RAISE
from srcad.frontend.memory import WRITE_BACK
from srcad.ir import Func, Let, Op, op_of, reachable
from srcad.ir.walk import every
from srcad.program.programs import Primal
from srcad.program.signature import given_to

# What can be done again, once its output is thrown away.
REPEATABLE = (ASSERT, PRINT, RAISE, WRITE_BACK)
# What nobody sees that it was done twice.
_UNSEEN = frozenset({"comment", "enter", "leave", "evaluated", "caught", "raise", "assert", "np.copyto"})


class _Calling(threading.local):
    """The function of the user's that a generated one stands for in this thread."""

    function: Any = None


calling = _Calling()


def leaving_as_the_primal(run: Callable[..., Any], func: Func, written: tuple[int, ...],
                          primal: Primal) -> Callable[..., Any]:
    """The generated function `run` of a program that changes some of its inputs; if it raises, these are as the user's
    function leaves them, the one that is `calling`."""
    count, again = len(primal.names), is_repeatable(func)

    def guarded(*given: Any) -> Any:
        function, calling.function = calling.function or primal.code, None
        arrays = [a for k, a in enumerate(_inputs(func, given)) if k in written]
        before = [a.copy() for a in arrays]
        try:
            return run(*given)
        except SrcadError:  # it was not even begun
            raise
        except Exception:
            if again:
                for array, old in zip(arrays, before, strict=True):
                    array[...] = old
                _replay(function, primal, given[:count])
            raise

    return guarded


def is_repeatable(func: Func) -> bool:
    """Has the program no effect but those that can be done again?  (An operation that is sure to fail is none.)"""
    bodies = [func.body, *(ref.known.body for ref in reachable(func, every))]
    return all(s.op in REPEATABLE or not s.op.effect or _is_pure(s.op)
               for body in bodies for s in every(body) if isinstance(s, Let))


def once(func: Func) -> str:
    """What the program does that must not be done again (it draws, prints, logs): the place, and what; or nothing."""
    for body in (func.body, *(ref.known.body for ref in reachable(func, every))):
        for s in every(body):
            if isinstance(s, Let) and s.op.effect and not hasattr(s.op, "target") and s.op.name not in _UNSEEN:
                return f"{s.span}: what it does is done once ({s.op.name})"
    return ""


def _is_pure(op: Op) -> bool:
    """Is this an operation of the table, which is kept for its error only, or a call or a comment?"""
    known = op_of(op.function)
    return op.name == "comment" or hasattr(op, "target") or (known is not None and not known.effect)


def _inputs(func: Func, given: tuple[Any, ...]) -> list[Any]:
    return [leaf for p, v in zip(func.params, given, strict=False) for leaf in given_to(p.tree, v)]


def _replay(function: Any, primal: Primal, values: tuple[Any, ...]) -> None:
    """Call the user's function with the values of its parameters."""
    code = primal.code.__code__
    named = code.co_argcount + code.co_kwonlyargcount
    stars = list(values[named:])
    rest = stars.pop(0) if code.co_flags & CO_VARARGS else ()
    keywords = stars.pop(0) if code.co_flags & CO_VARKEYWORDS else {}
    only = zip(primal.names[code.co_argcount:named], values[code.co_argcount:named], strict=True)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        # The generated function has raised the same.
        with contextlib.suppress(Exception):
            function(*values[:code.co_argcount], *rest, **dict(only), **keywords)

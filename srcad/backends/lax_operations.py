"""A `Let` in XLA: which operation on arrays of JAX it is, and where it raises."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from srcad.backends import lax_masks, lax_sequences, lax_windows
from srcad.backends.lax_attempts import Caught, Raised
from srcad.backends.lax_dtypes import apply_ufunc, ufunc_of, weak
from srcad.backends.lax_forms import lookup
from srcad.backends.lax_indices import Integers, accumulate, load, out_of_range, place_of, store
from srcad.backends.lax_modules import jnp
from srcad.backends.lax_record import is_array, room_of
from srcad.backends.lax_results import OVERFLOW
from srcad.backends.lax_values import Masked, Maybe, Mismatch, Tape, Window, is_numeric
from srcad.errors import Problem, Span, Unsupported
from srcad.ir.core import Let

# Operations that are elementwise though NumPy has no ufunc of the name.
_ELEMENTWISE = frozenset({"np.where", "np.clip", "np.round", "np.real", "np.imag", "quotient", "power_slope",
                          "power_log", "power_log_slope"})
# What of `math` may be too large, and what of `np.linalg` fails for some matrices.
_GROWING = frozenset({"math.exp", "math.exp2", "math.expm1", "math.cosh", "math.sinh", "math.ldexp"})
_SOLVERS = frozenset({"np.linalg.cholesky", "np.linalg.inv", "np.linalg.solve", "np.linalg.tensorsolve",
                      "np.linalg.tensorinv"})
_DIVISIONS = frozenset({np.true_divide, np.floor_divide, np.remainder})
# Arguments that say how NumPy allocates; XLA decides that itself.
_BY_INDEX = frozenset({"getitem", "set_at", "index_add"})
_ALLOCATION = frozenset({"order", "subok", "casting", "like", "device", "copy", "optimize"})


class Scope(Protocol):
    """What an operation needs of the tracer that runs it."""

    integers: Integers
    raised: Raised | None

    def fail(self, when: Any, error: type[BaseException] | None = None) -> None: ...

    def require(self, site: int, capacity: Any) -> None: ...


def refuse(span: Span | None, what: str, reason: str = "", hint: str = "") -> Unsupported:
    return Unsupported(Problem(span, what, reason, hint))


@dataclass(frozen=True, eq=False)
class Text:
    """A string that is not known yet: what `template.format(*values)` will be.  It can be printed."""

    template: str
    values: tuple[Any, ...]


def apply(tracer: Scope, let: Let, values: list[Any]) -> Any:
    """The result of an operation on these values."""
    op = let.op
    if op.name in ("is", "is not"):
        same = _is_same(*let.call(values)[0])
        return same if op.name == "is" else jnp.logical_not(same) if is_array(same) else not same
    if op.name == "isinstance" and isinstance(values[0], Caught):
        return values[0].of(let.call(values)[0][1])
    if op.name in lax_sequences.FORMS and any(isinstance(v, list | Tape) for v in values):
        result = _on_list(tracer, let, values)
        if result is not NotImplemented:
            return result
    values = [v.value if isinstance(v, Maybe) else lax_sequences.plain(v) for v in values]
    if _is_static(let, values):
        args, kwargs = let.call(values)
        return op.function(*args, **kwargs)
    if op.name in _BY_INDEX and is_numeric(values[0]):
        return _by_index(tracer, let, values)
    if op.name in ("str", "str.format"):
        template, shown = ("{}", values) if op.name == "str" else (let.call(values)[0][0], let.call(values)[0][1:])
        return Text(template, tuple(shown))
    if any(isinstance(v, Masked | lax_masks.PickedShape) for v in values):
        return _on_masked(tracer, let, values)
    if any(isinstance(v, Window | lax_windows.WindowShape) for v in values):
        return _on_window(tracer, let, values)
    if op.name in lax_windows.SHAPED and any(is_array(v) and room_of(v) is not None for v in values):
        args, kwargs = let.call(values)
        return lax_windows.SHAPED[op.name](tracer.fail, *args, **kwargs)
    return _by_name(tracer, let, values)


def _on_list(tracer: Scope, let: Let, values: list[Any]) -> Any:
    args, kwargs = let.call(values)
    _check_place(tracer, let.op.name, args, let.call()[0])
    result = lax_sequences.FORMS[let.op.name](*args, **kwargs)
    if let.op.name in ("append", "concat"):
        _report_overflow(tracer, args[0], result)
    return result


def _by_name(tracer: Scope, let: Let, values: list[Any]) -> Any:
    """An operation that JAX has by the same name."""
    function = lookup(let.op)
    if function is None:
        raise refuse(let.span, f"{let.op.name} can't be compiled by XLA", "JAX has no operation of that name")
    if _is_ufunc_call(let) and all(map(_computes, values)):
        return _ufunc(tracer, let, function, values)
    args, kwargs = let.call(values)
    result = function(*args, **{k: v for k, v in kwargs.items() if k not in _ALLOCATION})
    if let.op.name.startswith("math.") and is_array(result) and result.dtype.kind == "f":
        # `math` raises where NumPy gives an infinity or NaN.
        finite = _all_finite(args)
        of_range = OverflowError if let.op.name in _GROWING else ValueError
        tracer.fail(finite & jnp.isnan(result), ValueError)
        tracer.fail(finite & jnp.isinf(result), of_range)
    elif let.op.name in _SOLVERS:
        tracer.fail(_all_finite(args) & jnp.logical_not(_all_finite([result])), np.linalg.LinAlgError)
    return result


def _all_finite(values: Any) -> Any:
    arrays = [a for a in values if is_array(a) and a.dtype.kind in "fc"]
    tests = [jnp.all(jnp.isfinite(a)) if a.ndim else jnp.isfinite(a) for a in arrays]
    return functools.reduce(operator.and_, tests) if tests else jnp.asarray(True)


def _ufunc(tracer: Scope, let: Let, function: Any, values: list[Any]) -> Any:
    weakness = [weak(v, a.type) for v, a in zip(values, let.args, strict=True)]
    ufunc = ufunc_of(let.op)
    assert ufunc is not None
    result = apply_ufunc(ufunc, function, values, weakness)
    if ufunc is np.power and result.dtype.kind in "iu":
        _fail_if_any(tracer, values[1] < 0)
    elif ufunc is np.power and tracer.raised is not None:
        # Python's powers may raise, and then it is for Python to say what.
        tracer.fail(_all_finite(values) & jnp.logical_not(_all_finite([result])))
    elif ufunc in _DIVISIONS and all(a.type.kind in ("number", "unknown") for a in let.args):
        # Python's numbers raise where NumPy's are infinite.
        _fail_if_any(tracer, values[1] == 0, ZeroDivisionError)
    return result


def _fail_if_any(tracer: Scope, found: Any, error: type[BaseException] | None = None) -> None:
    tracer.fail(jnp.any(found) if is_array(found) and found.ndim else found, error)


def _on_masked(tracer: Scope, let: Let, values: list[Any]) -> Any:
    """An operation on what a mask picks."""
    special = lax_masks.SPECIAL.get(let.op.name)
    if special is not None:
        args, kwargs = let.call(values)
        return special(tracer.fail, *args, **kwargs)
    function = lookup(let.op)
    if function is None or not _is_ufunc_call(let):
        raise Mismatch("the length of what a mask picks is only known when the program runs")
    return lax_masks.elementwise(lambda whole: _ufunc(tracer, let, function, whole), values, tracer.fail)


def _on_window(tracer: Scope, let: Let, values: list[Any]) -> Any:
    """An operation on what a slice of unknown length picks."""
    special = lax_windows.SPECIAL.get(let.op.name)
    if special is not None:
        args, kwargs = let.call(values)
        return special(tracer.fail, *args, **kwargs)
    function = lookup(let.op)
    if function is None or not (_is_ufunc_call(let) or let.op.name in _ELEMENTWISE):
        raise Mismatch("the length of a slice is only known when the program runs")
    if _is_ufunc_call(let):
        return lax_windows.elementwise(lambda whole: _ufunc(tracer, let, function, whole), values, tracer.fail)
    return lax_windows.elementwise(lambda whole: function(*let.call(whole)[0]), values, tracer.fail)


def _by_index(tracer: Scope, let: Let, values: list[Any]) -> Any:
    """A load `(x, index)`, a store `(x, index, value)`, an accumulation `(buffer, g, index)`."""
    args, atoms = let.call(values)[0], let.call()[0]
    x, at = jnp.asarray(args[0]), 2 if let.op.name == "index_add" else 1
    if lax_masks.is_mask(args[at]):
        if let.op.name == "getitem":
            return lax_masks.pick(x, args[at])
        change = lax_masks.store if let.op.name == "set_at" else lax_masks.accumulate
        return change(x, args[at], args[3 - at], tracer.fail)
    place = place_of(x.shape, args[at], atoms[at], tracer.integers, tracer.fail)
    if place.bounded or any(isinstance(a, Window) for a in args[1:]):
        if let.op.name == "getitem":
            return lax_windows.load_window(x, place)
        if let.op.name == "set_at":
            return lax_windows.store_window(x, place, args[2], tracer.fail)
        return lax_windows.accumulate_window(x, place, args[1], tracer.fail)
    if let.op.name == "getitem":
        return load(x, place)
    return store(x, place, args[2]) if let.op.name == "set_at" else accumulate(x, place, args[1])


def _check_place(tracer: Scope, name: str, args: tuple[Any, ...], atoms: tuple[Any, ...]) -> None:
    """An index into a list must be one of its items', and a list that is popped has one."""
    place = {"item": 1, "getitem": 1, "set_item": 1, "add_at": 2}.get(name)
    xs = args[0]
    count = lax_sequences.length(xs) if isinstance(xs, list | tuple | Tape) else None
    if name == "pop" and is_array(count):
        tracer.fail(count == 0, IndexError)
    elif place is not None and count is not None and (is_array(args[place]) or is_array(count)):
        tracer.fail(out_of_range(args[place], count, atoms[place], tracer.integers), IndexError)


def _report_overflow(tracer: Scope, before: Any, after: Any) -> None:
    """Ask for a larger buffer if this list is longer after it grew than there is room."""
    if not isinstance(before, Tape) or before.exact or after.capacity > before.capacity:
        return
    if before.site < 0:
        raise Mismatch("a list of unknown length grows")
    tracer.require(before.site, jnp.where(after.count > before.capacity, jnp.asarray(OVERFLOW), 0))


def _is_same(a: Any, b: Any) -> Any:
    if b is None:
        a, b = b, a
    if isinstance(b, Maybe):
        return jnp.logical_not(b.present) if a is None else False
    return a is b


def _is_ufunc_call(let: Let) -> bool:
    """Is this a call of a ufunc with its arguments and nothing else?"""
    ufunc = ufunc_of(let.op)
    return ufunc is not None and not let.form.kwargs and len(let.args) == ufunc.nin and ufunc.signature is None


def _computes(value: Any) -> bool:
    return is_numeric(value) or isinstance(value, list)


def _is_static(let: Let, values: list[Any]) -> bool:
    """Is this known now, and small?"""
    small = all(v.type.kind != "array" for v in let.outs)
    return small and not any(_has_array(v) for v in values)


_NOT_STATIC = (Tape, Maybe, Masked, Window, lax_masks.PickedShape, lax_windows.WindowShape, np.ndarray)


def _has_array(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_has_array, value))
    return is_array(value) or isinstance(value, _NOT_STATIC)

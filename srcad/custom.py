"""Control of derivatives: what a function's derivative is, where that is not what its body says.

    nondifferentiable   called as it is; its result is a constant of every derivative
    custom_vjp          reverse mode is stated: a way there, which keeps what is needed, and a way back
    custom_jvp          forward mode is stated; reverse mode is its transpose
    gradient_of         a block that sees, and may change, a cotangent as it passes

The protocols of `custom_vjp` and `custom_jvp` are JAX's.  Rules of functions of other libraries are declared in the
table that srcad's own are in: see `srcad.rules`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from srcad.errors import ArgumentError


class _Stated:
    """A function with a derivative of its own; called outside of derivatives it is the function."""

    def __init__(self, fun: Callable[..., Any], nondiff_argnums: Sequence[int] = ()) -> None:
        functools.update_wrapper(self, fun)
        self.fun, self.nondiff_argnums = fun, tuple(nondiff_argnums)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fun(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.fun)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self.fun, '__qualname__', self.fun)}>"

    def __srcad_lowerable__(self) -> Callable[..., Any]:
        """A function with a body, for where derivatives of this one alone are taken."""
        function = self

        def applied(*args: Any) -> Any:
            return function(*args)

        return applied

    def _arguments(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
        """The arguments of a call by position, those that are given by name too."""
        try:
            bound = self.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise ArgumentError(f"{self.__name__}(): {error}") from None  # type: ignore[attr-defined]
        bound.apply_defaults()
        if bound.kwargs:
            raise ArgumentError(f"{self.__name__}() has a derivative of its own: its arguments "  # type: ignore[attr-defined]
                                "are given by position")
        return list(bound.args)

    def _call(self, frame: Any, args: list[Any], kwargs: dict[str, Any], rule: Any) -> Any:
        from srcad.frontend.values import Const  # the compiler is imported when it is first needed
        from srcad.program.custom_calls import stated_call, wrapped

        values = [wrapped(a) for a in self._arguments(args, kwargs)]
        name = getattr(self.fun, "__name__", "function").strip("<>")
        fixed = tuple(k % len(values) for k in self.nondiff_argnums)
        return stated_call(frame, name, self, Const(self.fun), values, fixed, rule)


class custom_vjp(_Stated):
    """A function whose reverse mode is stated by `defvjp(fwd, bwd)`, as in JAX.

    `fwd(*args)` returns the result and anything that the way back needs; `bwd(residuals, g)` takes that and the
    cotangent of the result, and returns a tuple with a cotangent for each argument (None for zero).  Arguments at
    `nondiff_argnums` are not differentiated, and come first in `bwd`.  Both are functions like any other: they are
    differentiated for second derivatives.

    >>> import numpy as np, srcad
    >>> @srcad.custom_vjp
    ... def clipped(x):
    ...     return x * x
    >>> def clipped_fwd(x):
    ...     return clipped(x), x
    >>> def clipped_bwd(x, g):
    ...     return (np.clip(2 * g * x, -1.0, 1.0),)
    >>> clipped.defvjp(clipped_fwd, clipped_bwd)
    >>> float(srcad.grad(lambda x: clipped(x) * 3)(0.1)), float(srcad.grad(clipped)(5.0))
    (0.6000000000000001, 1.0)
    """

    fwd: Callable[..., Any] | None = None
    bwd: Callable[..., Any] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """State the way there and the way back."""
        self.fwd, self.bwd = fwd, bwd

    def __srcad_inside__(self, frame: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self.fwd is None or self.bwd is None:
            raise ArgumentError(f"no derivative is stated for {self!r}: call its defvjp(fwd, bwd)")
        from srcad.program.custom_rules import reverse_rule

        return self._call(frame, args, kwargs, reverse_rule(self.fwd, self.bwd))


class custom_jvp(_Stated):
    """A function whose forward mode is stated by `defjvp(jvp)`, as in JAX; reverse mode is the transpose of that.

    `jvp(primals, tangents)` takes two tuples, and returns the result and its tangent, which is linear in the tangents.
    Arguments at `nondiff_argnums` are not differentiated, and come first in `jvp`.

    >>> import numpy as np, srcad
    >>> @srcad.custom_jvp
    ... def log1pexp(x):
    ...     return np.log(1.0 + np.exp(x))
    >>> @log1pexp.defjvp
    ... def log1pexp_jvp(primals, tangents):
    ...     (x,), (x_dot,) = primals, tangents
    ...     return log1pexp(x), (1.0 - 1.0 / (1.0 + np.exp(x))) * x_dot
    >>> float(srcad.grad(log1pexp)(0.0)), float(srcad.jvp(log1pexp, (0.0,), (2.0,))[1])
    (0.5, 1.0)
    """

    jvp: Callable[..., Any] | None = None

    def defjvp(self, jvp: Callable[..., Any]) -> Callable[..., Any]:
        """State the tangent; also as a decorator."""
        self.jvp = jvp
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """State the tangent by one function `jvp(t, result, *args)` for each argument, None where it is zero."""
        fun = self.fun

        def jvp(primals: Any, tangents: Any) -> Any:
            result = fun(*primals)
            total: Any = None
            for f, t in zip(jvps, tangents, strict=True):
                if f is not None:
                    share = f(t, result, *primals)
                    total = share if total is None else total + share
            return result, total

        self.jvp = jvp

    def __srcad_inside__(self, frame: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self.jvp is None:
            raise ArgumentError(f"no derivative is stated for {self!r}: call its defjvp(jvp)")
        from srcad.program.custom_rules import forward_rule

        return self._call(frame, args, kwargs, forward_rule(self.jvp))


class nondifferentiable(_Stated):
    """A function that is called as it is, once and in order, whose result is a constant of every derivative.

    Its body may be anything: a table, a file, a plot, code of other libraries.  Where it says what it returns (`->
    float`, `int`, `np.ndarray`, a tuple of these), srcad knows that much.

    >>> import numpy as np, srcad
    >>> @srcad.nondifferentiable
    ... def levels(x) -> int:
    ...     return len(set(x.tolist()))
    >>> srcad.grad(lambda x: np.sum(x ** 2) * levels(x))(np.array([1.0, 2.0, 1.0]))
    array([4., 8., 4.])
    """

    def __srcad_inside__(self, frame: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        from srcad.program.constant_calls import constant_call

        return constant_call(frame, self.fun, args, kwargs)


@contextmanager
def gradient_of(x: Any) -> Iterator[Any]:
    """The cotangent of x as it passes this place on the way back, to be looked at or changed.

    The block is run by reverse mode, when the cotangents of all later uses of x are summed; what it binds to the name
    is what passes on.  Forward mode and the function itself go past it; in plain Python the block sees a zero.

    >>> import numpy as np, srcad
    >>> def loss(x):
    ...     y = x * x
    ...     with srcad.gradient_of(y) as dy:
    ...         dy = np.clip(dy, -1.0, 1.0)
    ...     return np.sum(y ** 3)
    >>> srcad.grad(loss)(np.array([0.5, 3.0]))
    array([0.1875, 6.    ])
    """
    yield np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0


def _gradient_of(frame: Any, call: Any, target: Any, body: list[Any]) -> None:
    from srcad.program.custom_rules import passed_back

    passed_back(frame, call, target, body)


gradient_of.__srcad_with__ = _gradient_of  # type: ignore[attr-defined]

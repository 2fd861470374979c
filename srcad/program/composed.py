"""The functions of the API as calls of a program that is lowered: see `inside`.

The compositions are ordinary functions (`jacobian_at`, `elementwise_at`), which are lowered like the user's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.errors import ArgumentError
from srcad.frontend.calls import call_value
from srcad.frontend.machine import Frame
from srcad.frontend.values import Const, Num, Partial, Tup
from srcad.program.inside import argument_at, gradient, jvp, static, vjp


def call(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of the lowerable form of a composition."""
    return call_value(frame, args[0] if not callable(args[0]) else Const(args[0]), args[1:], kwargs)


grad, value_and_grad = gradient(value=False), gradient(value=True)


def directional(f: Any, primals: Any, tangents: Any) -> Any:
    raise AssertionError("lowered as `jvp`")


def pulled(f: Any, x: Any) -> Any:
    raise AssertionError("lowered as `vjp`")


def has_rank_zero(x: Any) -> bool:
    raise AssertionError("known while lowering")


def _has_rank_zero(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (x,) = args
    return Const(not isinstance(x, Num) or x.atom.type.shape == ())


has_rank_zero.__srcad_inside__ = _has_rank_zero  # type: ignore[attr-defined]
directional.__srcad_inside__ = jvp  # type: ignore[attr-defined]
pulled.__srcad_inside__ = vjp  # type: ignore[attr-defined]


def jacobian_at(f: Any, k: int, *args: Any, **named: Any) -> Any:
    def along(z: Any) -> Any:
        return f(*args[:k], z, *args[k + 1:], **named)

    x = args[k]
    if has_rank_zero(x):
        return directional(along, (x,), (1.0,))[1]
    columns = np.array([directional(along, (x,), (unit,))[1] for unit in np.eye(x.size).reshape(x.size, *x.shape)])
    return np.moveaxis(columns, 0, -1).reshape(columns.shape[1:] + x.shape)


def elementwise_at(f: Any, k: int, *args: Any, **named: Any) -> Any:
    def along(z: Any) -> Any:
        return f(*args[:k], z, *args[k + 1:], **named)

    y, pullback = pulled(along, args[k])
    return pullback(np.ones_like(y))[0]


def lowerable(body: Callable[..., Any], f: Any, k: int) -> Callable[..., Any]:
    """`jacobian(f)` or the like as a function whose body can be lowered."""

    def composition(*args: Any, **named: Any) -> Any:
        return body(f, k, *args, **named)

    return composition


@dataclass(frozen=True, eq=False)
class Composed:
    """A composition of a function, waiting for its arguments."""

    body: Callable[..., Any]
    wrt: int | str

    def __srcad_inside__(self, frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        function, *rest = args
        k = argument_at(function, self.wrt, rest, kwargs)
        if not isinstance(k, int):
            raise ArgumentError(f"pass `{k}`, which is differentiated here, by position")
        return call_value(frame, Const(self.body), [function, Const(k), *rest], kwargs)


def composed(body: Callable[..., Any]) -> Callable[..., Any]:
    def made(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        given = dict(zip(("f", "wrt"), args, strict=False)) | kwargs
        wrt = static(given.get("wrt", Const(0)))
        if not isinstance(wrt, int | str):
            raise ArgumentError("wrt must be one argument here; use vjp or jvp for several")
        return Partial(Const(Composed(body, wrt)), (given["f"],), ())

    return made


jacobian, elementwise_grad = composed(jacobian_at), composed(elementwise_at)


def hessian(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    given = dict(zip(("f", "wrt"), args, strict=False)) | kwargs
    given.pop("backend", None)
    return jacobian(frame, [grad(frame, [], given), given.get("wrt", Const(0))], {})


def hvp(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    given = dict(zip(("f", "primals", "tangents"), args, strict=False)) | kwargs
    both: Tup = jvp(frame, [], {**given, "f": grad(frame, [given["f"]], {})})
    return both.items[1]

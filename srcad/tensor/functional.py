"""Matrices of derivatives of functions of tensors, in numerator layout: shape of the output, then of the input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime.tensors.record import engine
from srcad.runtime.tensors.shapes import reshape, stack
from srcad.runtime.tensors.tensor import Tensor, wrap


def _leaves(inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """Copies of the inputs that are recorded; what is recorded already stays."""
    return [x if x._needs else x.detach().requires_grad_() for x in inputs]


def jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool = False) -> Any:
    """The derivative of each element of the output by each element of the input; for several inputs a tuple.

    >>> import srcad.tensor as torch
    >>> torch.autograd.functional.jacobian(lambda x: x ** 2, torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    several = isinstance(inputs, tuple)
    given = _leaves(inputs if several else (inputs,))
    y = func(*given)
    if isinstance(y, tuple):
        parts = [jacobian(lambda *x, k=k: func(*x)[k], inputs, create_graph) for k in range(len(y))]
        return tuple(parts)
    if not isinstance(y, Tensor):
        raise TypeError(f"The outputs of the user-provided function given to jacobian must be Tensors, not "
                        f"{type(y).__name__}")
    rows = [_row(y, unit, given, create_graph) for unit in np.eye(y.numel(), dtype=y._data.dtype)]
    found = tuple(reshape(stack([r[k] for r in rows]), (*y.shape, *x.shape)) if rows else
                  wrap(np.zeros((*y.shape, *x.shape), x._data.dtype)) for k, x in enumerate(given))
    return found if several else found[0]


def _row(y: Tensor, unit: Any, inputs: list[Tensor], create: bool) -> list[Tensor]:
    if not y._needs:
        return [wrap(np.zeros(x.shape, x._data.dtype)) for x in inputs]
    found = engine().grad([y], inputs, [wrap(unit.reshape(y.shape))], True, create, True)
    return [wrap(np.zeros(x.shape, x._data.dtype)) if g is None else g for g, x in zip(found, inputs, strict=True)]


def hessian(func: Callable[..., Any], inputs: Tensor, create_graph: bool = False) -> Any:
    """The second derivatives of a function that gives one number.

    >>> import srcad.tensor as torch
    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def slope(x: Tensor) -> Any:
        y = func(x)
        if y.numel() != 1:
            raise RuntimeError("The Tensor returned by the function given to hessian should contain a single element")
        return engine().grad([y], [x], [None], True, True, False)[0]

    return jacobian(slope, inputs, create_graph)


def vjp(func: Callable[..., Any], inputs: Any, v: Tensor | None = None, create_graph: bool = False) -> Any:
    """The value of the function, and the gradients of its product with `v`."""
    several = isinstance(inputs, tuple)
    given = _leaves(inputs if several else (inputs,))
    y = func(*given)
    found = engine().grad([y], given, [v], create_graph, create_graph, False)
    return y.detach() if not create_graph else y, found if several else found[0]


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False) -> Any:
    """The value of the function, and its derivative along `v`: the way back of the way back."""
    several = isinstance(inputs, tuple)
    given = _leaves(inputs if several else (inputs,))
    along = v if several else (v,)
    y = func(*given)
    seed = wrap(np.zeros(y.shape, y._data.dtype)).requires_grad_()
    rows = engine().grad([y], given, [seed], True, True, False)
    found = engine().grad(list(rows), [seed], list(along), create_graph, create_graph, False)
    return y.detach() if not create_graph else y, found[0]


def hvp(func: Callable[..., Any], inputs: Tensor, v: Tensor) -> Any:
    """The value of the function, and the product of its second derivatives with `v`."""
    (x,) = _leaves((inputs,))
    y = func(x)
    (slope,) = engine().grad([y], [x], [None], True, True, False)
    return y.detach(), engine().grad([slope], [x], [v], False, False, False)[0]

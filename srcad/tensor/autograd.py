"""Gradients by function: `grad`, `backward`, and the matrices of derivatives.

>>> import srcad.tensor as torch
>>> x = torch.tensor([1.0, 2.0], requires_grad=True)
>>> torch.autograd.grad((x * x).sum(), x)
(tensor([2., 4.]),)
"""

from __future__ import annotations

from typing import Any

from srcad.runtime.tensors.record import engine
from srcad.runtime.tensors.tensor import Tensor
from srcad.tensor import functional
from srcad.tensor.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled


def _several(x: Any) -> list[Any]:
    return list(x) if isinstance(x, tuple | list) else [x]


def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None,
         create_graph: bool = False, allow_unused: bool = False, is_grads_batched: bool = False,
         materialize_grads: bool = False) -> tuple[Any, ...]:
    """The gradients of `outputs` by `inputs`, which may be leaves or not; `.grad` stays as it is.

    `create_graph` records the way back, so that its results can be differentiated again."""
    tensors, seeds = _several(outputs), _several(grad_outputs)
    if grad_outputs is None:
        seeds = [None] * len(tensors)
    found: tuple[Any, ...] = engine().grad(tensors, _several(inputs), seeds, retain_graph, create_graph,
                                           allow_unused or materialize_grads)
    if materialize_grads:
        zeros = (t.new_zeros(t.shape) for t in _several(inputs))
        found = tuple(z if g is None else g for g, z in zip(found, zeros, strict=True))
    return found


def backward(tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
             inputs: Any = None) -> None:
    """`backward` of several tensors at once."""
    given = _several(tensors)
    seeds = [None] * len(given) if grad_tensors is None else _several(grad_tensors)
    engine().backward(given, seeds, retain_graph, create_graph, inputs)


__all__ = ["Tensor", "backward", "enable_grad", "functional", "grad", "inference_mode", "no_grad", "set_grad_enabled"]

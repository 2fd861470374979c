"""How operations run and are recorded, and what views and changes in place do to a record."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.runtime import arrays
from srcad.runtime.tensors import dtypes
from srcad.runtime.tensors.record import MODE, Node, at_site_of, edge, locate, refuse_leaf, regenerate
from srcad.runtime.tensors.tensor import Step, Tensor, wrap


def apply(name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Tensor:
    """`function` of the arrays in `args`, recorded where one of the tensors requires it."""
    t = wrap(function(*map(raw, args), **kwargs))
    if requires(args) and t._data.dtype.kind in "fc":
        record(t, name, function, args, kwargs)
    return t


def record(t: Tensor, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Remember that the tensor `t` is `function(*args, **kwargs)`."""
    found = tuple([edge(a) if type(a) is Tensor else _edges(a) if type(a) in _NESTED else a for a in args])
    t._node = node = Node(name, function, found, kwargs, t._data, t._counter)
    t._needs = True
    locate(node)


def record_one(t: Tensor, name: str, function: Callable[..., Any], x: Tensor) -> None:
    """`record` of a function of one tensor, without detours."""
    t._node = node = Node(name, function, (edge(x),), NONE, t._data, t._counter)
    t._needs = True
    locate(node)


def record_two(t: Tensor, name: str, function: Callable[..., Any], x: Any, y: Any) -> None:
    """`record` of a function of two operands."""
    one, two = edge(x) if type(x) is Tensor else x, edge(y) if type(y) is Tensor else y
    t._node = node = Node(name, function, (one, two), NONE, t._data, t._counter)
    t._needs = True
    locate(node)


NONE: dict[str, Any] = {}      # no arguments by name


_NESTED = frozenset({tuple, list, slice})


def _edges(tree: Any) -> Any:
    """A tree of arguments with nodes in place of tensors."""
    if type(tree) is Tensor:
        return edge(tree)
    if type(tree) is tuple:
        return tuple(map(_edges, tree))
    if type(tree) is list:
        return list(map(_edges, tree))
    if type(tree) is slice:
        return slice(_edges(tree.start), _edges(tree.stop), _edges(tree.step))
    return tree


def requires(args: Any) -> bool:
    """Does an operation on these arguments have to be recorded?"""
    return MODE.enabled and _needs(args)


def _needs(args: Any) -> bool:
    for a in args:
        if type(a) is Tensor:
            if a._needs:
                return True
        elif type(a) is tuple or type(a) is list:
            if _needs(a):
                return True
    return False


def raw(x: Any) -> Any:
    """Arrays in place of tensors, in a tree."""
    if type(x) is Tensor:
        return x._data
    if type(x) is tuple:
        return tuple(map(raw, x))
    if type(x) is list:
        return list(map(raw, x))
    if type(x) is slice:
        return slice(raw(x.start), raw(x.stop), raw(x.step))
    return x


def viewed(x: Tensor, step: Step) -> Tensor:
    """A view of `x`."""
    t = wrap(step.look(x.array))
    t._counter = x._counter
    t._base, t._steps = (x, (step,)) if x._base is None else (x._base, (*x._steps, step))
    if MODE.enabled and x._needs:
        record(t, step.name, step.function, (x, *step.args), step.kwargs)
    t._seen = t._base._generation
    return t


def of_node(node: Node) -> Tensor:
    """A tensor for the value of a node as it was recorded."""
    t = wrap(node.value)
    t._counter, t._node, t._needs = node.counter, node, node.function is not None or node.owner is not None
    return t


def before(x: Tensor) -> Tensor:
    """A copy of the values of `x` before they are overwritten, with the record of `x`."""
    t = wrap(x._data.copy())
    if x._needs:
        node = edge(x)
        t._node, t._needs = Node(node.name, operator.pos, (node,), NONE, t._data, t._counter), True
        at_site_of(t._node, node)
    return t


def overwritten(x: Tensor, value: Tensor) -> Tensor:
    """`x`, whose memory becomes `value`, which was computed of it: in place, and recorded so."""
    if value._data.shape != x._data.shape:
        raise RuntimeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(value.shape)}")
    own, given = x._data.dtype, value._data.dtype
    if own != given and not np.can_cast(given, own, "same_kind"):
        raise RuntimeError(f"result type {dtypes.class_name(given)} can't be cast to the desired output type "
                           f"{dtypes.class_name(own)}")
    if MODE.enabled and x._needs:
        may_change(x)
    if value._needs and own != given:
        value = apply("ToCopyBackward0", arrays.astype, value, own)
    old = edge(x._base) if x._base is not None and (value._needs or x._needs) else None
    writable(x.array)
    np.copyto(x.array, value._data, casting="same_kind")
    x._counter[0] += 1
    if value._needs:
        _rebased(x, edge(value), old)
    elif x._needs and MODE.enabled and not x.is_leaf:
        # What the tensor was matters no longer.
        _rebased(x, edge(value), old)
    return x


OVERLAP = ("unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
           "Please clone() the tensor before performing the operation.")


def writable(array: np.ndarray) -> None:
    """Refuse to write to elements that share memory, as those of an expanded tensor do."""
    if array.size and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)):
        raise RuntimeError(OVERLAP)


VIEW_OF_LEAF = "a view of a leaf Variable that requires grad is being used in an in-place operation."


def may_change(x: Tensor) -> None:
    """Refuse changes in place of what gradients are wanted of."""
    if x._base is not None and x._base._needs and x._base.is_leaf:
        raise RuntimeError(VIEW_OF_LEAF)
    if x._needs and x.is_leaf:
        refuse_leaf()


def _rebased(x: Tensor, node: Node, old: Node | None) -> None:
    """Make `node` the record of `x`, and of its base if it is a view."""
    base = x._base
    if base is None:
        _renew(x, node)
        return
    assert old is not None
    looks = [of_node(old)]
    for step in x._steps[:-1]:
        looks.append(apply(step.name, step.function, looks[-1], *step.args, **step.kwargs))
    new = of_node(node)
    for look, step in zip(reversed(looks), reversed(x._steps), strict=True):
        new = step.put(look, new)
    _renew(base, edge(new))
    base._generation += 1
    regenerate(x)


def _renew(x: Tensor, node: Node) -> None:
    new = Node(node.name, node.function, node.args, node.kwargs, x._data, x._counter)
    if node.function is None:
        new = Node(node.name, operator.pos, (node,), {}, x._data, x._counter)
    at_site_of(new, node)
    x._node, x._needs = new, True
    x._generation += 1

"""What was done to tensors: a program that grows while it runs.

Each operation on a tensor that requires gradients leaves a `Node`: the function of NumPy that ran, what it was given,
and what it gave.  A node without a function is a *source*: a leaf, whose gradient is wanted, or a constant.

    w = torch.ones(3, requires_grad=True)         source w
    y = (w * w).sum()                             operator.mul(w, w);  np.sum(…)

A tensor's memory can be overwritten.  Every memory has a counter of its changes, shared by all tensors that see it, and
a node remembers the count at which it saw its value, so the way back can tell whether a value is still what it was.
"""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

_serials = count()
Counter = list[int]


class Mode(threading.local):
    """Whether operations are recorded, in this thread."""

    enabled = True


MODE = Mode()


class Node:
    """One step of the record; `serial` is the order in which they were made.

    `args` and `kwargs` are those of the call, with a node for each tensor.  `owner` is the tensor of a leaf, `hooks`
    what is called with the gradient when it is known.  `code` is the user's code, and `place` where in it."""

    __slots__ = ("args", "code", "counter", "freed", "function", "hooks", "kwargs", "name", "owner", "place", "serial",
                 "value", "version")

    def __init__(self, name: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any,
                 counter: Counter) -> None:
        self.name, self.function, self.args, self.kwargs = name, function, args, kwargs
        self.value, self.counter, self.version = value, counter, counter[0]
        self.serial = next(_serials)
        self.owner: Any = None
        self.hooks: tuple[Any, ...] = ()
        self.freed = False
        self.code: Any = None
        self.place = 0

    @property
    def changed(self) -> bool:
        """Is the memory of the value no longer as it was?"""
        return self.counter[0] != self.version

    def parents(self) -> Iterator[Node]:
        return nodes_in(self.args) if not self.kwargs else nodes_in((self.args, tuple(self.kwargs.values())))


class Freed:
    """In place of a value that was released after the way back."""

    __slots__ = ("dtype", "shape")

    def __init__(self, value: Any) -> None:
        self.dtype, self.shape = value.dtype, value.shape


class Pick:
    """In place of a function: one of several results of the node before."""


PICK = Pick()


def nodes_in(tree: Any) -> Iterator[Node]:
    for x in tree:
        if type(x) is Node:
            yield x
        elif type(x) is tuple or type(x) is list:
            yield from nodes_in(x)
        elif type(x) is slice:
            yield from nodes_in((x.start, x.stop, x.step))


_engine: list[Any] = [None]


def use(engine: Any) -> None:
    """Differentiate records by `engine` from now on."""
    _engine[0] = engine


def engine() -> Any:
    if _engine[0] is None:
        raise RuntimeError("import srcad.tensor first: tensors don't know how to differentiate by themselves")
    return _engine[0]


def locate(node: Node) -> None:
    """Note which code of the user's is running: the innermost frame outside of this package."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename in _OURS:
        frame = frame.f_back
    if frame is not None:
        node.code, node.place = frame.f_code, frame.f_lasti


def at_site_of(node: Node, other: Node) -> None:
    node.code, node.place = other.code, other.place


_HERE = Path(__file__).parent
_OURS = frozenset(map(str, [*_HERE.glob("*.py"), *(_HERE.parent.parent / "tensor").rglob("*.py")]))


def edge(t: Any) -> Node:
    """The node whose value the tensor `t` is now."""
    if t._base is not None and t._seen != t._base._generation:
        regenerate(t)
    node = t._node
    if node is None or node.freed or node.version != node.counter[0]:
        node = _renewed(t, node)
    return node


def _renewed(t: Any, node: Node | None) -> Node:
    """A node for a value that the record has not seen: a source, or the same edge with another value."""
    if node is None or node.function is None:
        new = Node("AccumulateGrad", None, (), {}, t._data, t._counter)
        new.owner = t if t._needs else None
    else:
        new = Node(node.name, operator.pos, (node,), {}, t._data, t._counter)
        at_site_of(new, node)
    t._node = new
    return new


def regenerate(t: Any) -> None:
    """Record how the view `t` comes from its base, which was overwritten by a recorded operation."""
    node = edge(t._base)
    for step in t._steps:
        array = step.look(node.value if type(node.value) is np.ndarray else np.asarray(node.value))
        new = Node(step.name, step.function, (node, *step.args), step.kwargs, array, t._counter)
        at_site_of(new, node)
        node = new
    t._node, t._needs, t._seen = node, t._base._needs, t._base._generation


def refuse_leaf() -> NoReturn:
    raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")

"""`Tensor`: an array that may be recorded.

A tensor has memory (`_data`, a NumPy array; a NumPy scalar until somebody needs the memory of a single number), a
counter of the changes of that memory, and, if gradients are to flow through it, the node of the record that it is the
value of.
A view shares the memory and the counter of its base, and knows the steps from there.

The methods that compute are those of the neighbouring modules; `methods` attaches them.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy import ndarray

from srcad.runtime.tensors import dtypes
from srcad.runtime.tensors.printing import text
from srcad.runtime.tensors.record import (
    MODE,
    Counter,
    Node,
    edge,
    engine,
)


class Size(tuple[int, ...]):
    """A shape: a tuple that prints as `torch.Size([3, 4])`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def numel(self) -> int:
        return int(np.prod(self, dtype=int))

    def __getitem__(self, i: Any) -> Any:
        found = tuple.__getitem__(self, i)
        return Size(found) if isinstance(i, slice) else found


class GradFn:
    """What made a tensor, as it is shown: `<MulBackward0 object>`, with its inputs."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def name(self) -> str:
        return f"torch::autograd::{self.node.name}" if self.node.name == "CopySlices" else self.node.name

    @property
    def next_functions(self) -> tuple[tuple[GradFn | None, int], ...]:
        return tuple((GradFn(n) if n.function is not None or n.owner is not None else None, 0)
                     for n in self.node.parents())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GradFn) and self.node is other.node

    def __hash__(self) -> int:
        return hash(self.node)

    def __repr__(self) -> str:
        return f"<{self.node.name} object at {id(self.node):#x}>"


@dataclass(frozen=True)
class Step:
    """How a view comes from what it is a view of: `look(array)` finds it, `put(tensor, value)` is the tensor with the
    viewed part replaced, and `function(array, *args, **kwargs)` is how it is recorded."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    look: Callable[[Any], Any]
    put: Callable[[Any, Any], Any]
    kwargs: dict[str, Any] = field(default_factory=dict)


class Tensor:
    """A multi-dimensional array whose operations can be recorded and differentiated."""

    _node: Node | None = None
    _needs = False
    _base: Any = None
    _steps: tuple[Step, ...] = ()
    _seen = 0                 # the generation of the base at which a view's node was made
    _generation = 0           # how often a recorded operation overwrote this tensor
    _retains = False
    hooks: tuple[Callable[[Any], Any], ...] = ()    # of a leaf
    _grad: Any = None
    _data: Any
    _counter: Counter
    __array_priority__ = 1000
    __hash__ = object.__hash__

    # --- what it is

    @property
    def array(self) -> ndarray:
        """The memory."""
        data = self._data
        if type(data) is not ndarray:
            data = self._data = np.asarray(data)
        return data

    @property
    def shape(self) -> Size:
        return Size(self._data.shape)

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self._data.shape[normal(dim, self._data.ndim)]

    def stride(self, dim: int | None = None) -> Any:
        strides = tuple(s // self._data.itemsize for s in self.array.strides)
        return strides if dim is None else strides[dim]

    @property
    def ndim(self) -> int:
        return int(self._data.ndim)

    def dim(self) -> int:
        return int(self._data.ndim)

    ndimension = dim

    def numel(self) -> int:
        return int(self._data.size)

    nelement = numel

    def element_size(self) -> int:
        return int(self._data.itemsize)

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.of(self._data.dtype)

    def is_floating_point(self) -> bool:
        return bool(self._data.dtype.kind == "f")

    def is_complex(self) -> bool:
        return bool(self._data.dtype.kind == "c")

    @property
    def device(self) -> dtypes.device:
        return dtypes.CPU

    @property
    def is_cuda(self) -> bool:
        return False

    def data_ptr(self) -> int:
        return int(self.array.ctypes.data)

    def is_contiguous(self) -> bool:
        return bool(self.array.flags.c_contiguous)

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a 0-d tensor")
        return int(self._data.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self._data.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter([self[i] for i in range(len(self))])  # type: ignore[index]

    # --- as numbers and arrays

    def item(self) -> Any:
        if self._data.size != 1:
            raise RuntimeError(f"a Tensor with {self._data.size} elements cannot be converted to Scalar")
        return self._data.item()

    def tolist(self) -> Any:
        return self._data.tolist()

    def _number(self) -> Any:
        if self._data.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self._data.item()

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self._data.dtype.kind not in "iub" or self._data.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __bool__(self) -> bool:
        if self._data.size != 1:
            what = "more than one value" if self._data.size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
        return bool(self._data.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if not self._data.ndim else object.__format__(self, spec)

    def numpy(self, *, force: bool = False) -> ndarray:
        """The memory as an array of NumPy, shared."""
        if self._needs and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> ndarray:
        array = self.numpy()
        return array.copy() if copy and dtype is None else array.astype(dtype) if dtype is not None else array

    @staticmethod
    def of_array(array: Any) -> Tensor:
        return wrap(array)

    def __srcad_array__(self) -> ndarray:
        """The memory, as an argument of a function that is differentiated by its source."""
        if self._needs and MODE.enabled:
            raise RuntimeError("a tensor that requires gradients is passed to a derivative that is not recorded: its "
                               "gradients would stop here. Pass `x.detach()`")
        return self.array

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
        return wrap(array)

    def __repr__(self) -> str:
        return text(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.array, self._needs and self.is_leaf)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError("Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                               "protocol at the moment.")
        copy = memo[id(self)] = _unpickled(self.array.copy(), self._needs)
        return copy

    # --- gradients

    @property
    def requires_grad(self) -> bool:
        return self._needs

    @requires_grad.setter
    def requires_grad(self, needs: bool) -> None:
        self.requires_grad_(needs)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Record from now on what is done to this tensor (a leaf)."""
        if requires_grad and self._data.dtype.kind not in "fc":
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        if not self.is_leaf:
            if requires_grad:
                return self
            raise RuntimeError("you can only change requires_grad flags of leaf variables. If you want to use a "
                               "computed variable in a subgraph that doesn't require differentiation use "
                               "var_no_grad = var.detach().")
        if requires_grad != self._needs:
            self._needs, self._node = bool(requires_grad), None
        return self

    @property
    def is_leaf(self) -> bool:
        return not self._needs or self.grad_fn is None

    @property
    def grad_fn(self) -> GradFn | None:
        if not self._needs:
            return None
        node = edge(self)
        return GradFn(node) if node.function is not None else None

    @property
    def grad(self) -> Any:
        """The gradients that `backward` added up here, or None."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError("assigned grad has to be a Tensor or None")
        if value is not None and value.shape != self.shape:
            raise RuntimeError(f"assigned grad has data of a different size: {list(value.shape)}, and the tensor has "
                               f"{list(self.shape)}")
        self._grad = value

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
                 inputs: Any = None) -> None:
        """Add the gradients of this number by all leaves that it was made of to their `.grad`.

        What is not a single number needs `gradient`, of its shape: the gradient is that of their dot product."""
        engine().backward([self], [gradient], retain_graph, create_graph, inputs)

    def backward_source(self) -> str:
        """The text of the program that `backward` runs: the adjoint of what was recorded."""
        text: str = engine().source(self)
        return text

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor too, which is not a leaf, in its `.grad`."""
        if not self._needs:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self._retains:
            return
        self._retains = True

        def keep(gradient: Tensor) -> None:
            self._grad = gradient if self._grad is None else self._grad + gradient  # type: ignore[operator]

        own = edge(self)
        own.hooks = (*own.hooks, keep)

    @property
    def retains_grad(self) -> bool:
        return self._retains

    def register_hook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call `hook` with the gradient of this tensor when it is known; what it returns takes its place."""
        if not self._needs:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return Handle(self, hook)

    def detach(self) -> Tensor:
        """The same values, out of the record."""
        t = wrap(self.array)
        t._counter = self._counter
        return t

    def detach_(self) -> Tensor:
        if self._base is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._node, self._needs = None, False
        return self

    @property
    def data(self) -> Tensor:
        """The same memory, without a record and without a watch on changes."""
        return wrap(self.array)

    @data.setter
    def data(self, value: Tensor) -> None:
        self._data, self._node, self._counter = value.array, None, [self._counter[0] + 1]

    @property
    def _version(self) -> int:
        return self._counter[0]


class Handle:
    """A hook that can be removed."""

    def __init__(self, t: Tensor, hook: Callable[[Any], Any]) -> None:
        self.hook = hook
        self.holder: Any = edge(t) if not t.is_leaf else t
        self.holder.hooks = (*self.holder.hooks, hook)

    def remove(self) -> None:
        self.holder.hooks = tuple(h for h in self.holder.hooks if h is not self.hook)


def _unpickled(array: Any, needs: bool) -> Tensor:
    t = wrap(array)
    t._needs = needs
    return t


def normal(dim: int, rank: int) -> int:
    """A dimension counted from 0; `rank` of them there are."""
    least = max(rank, 1)
    if not -least <= dim < least:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-least}, {least - 1}], but got {dim})")
    return dim % least


_new = object.__new__


def wrap(data: Any) -> Tensor:
    """A tensor that has this memory."""
    t = _new(Tensor)
    t._data, t._counter = data, [0]
    return t


def return_type(name: str, *fields: str) -> Any:
    """A named tuple of results, which prints as PyTorch prints it."""
    cls: Any = collections.namedtuple(name, fields)  # type: ignore[misc]

    def text(self: Any) -> str:
        return f"torch.return_types.{name}(\n" + ",\n".join(f"{f}={getattr(self, f)!r}" for f in fields) + ")"

    setattr(cls, "__repr__", text)  # noqa: B010
    cls.__module__ = "srcad.tensor.return_types"
    return cls

"""Trees of arrays: the parameters of a model as one argument.

Tuples, lists, dicts (by sorted key), named tuples and dataclasses (by field) are nodes, None is a node without
children, and everything else is a leaf.  These are JAX's trees, with dataclasses added; a field that is marked
`field(metadata={"static": True})` belongs to the structure, not to the leaves.

    >>> leaves, structure = flatten({"b": (1.0, None), "a": [2.0]})
    >>> leaves, structure
    ([2.0, 1.0], {'a': [*], 'b': (*, None)})
    >>> unflatten(structure, [x * 10 for x in leaves])
    {'a': [20.0], 'b': (10.0, None)}

A structure is hashable, and two are equal when the trees differ in their leaves only.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """How a class is taken apart, `split(tree) -> (children, data)`, put together, `join(data, children)`, and read:
    `steps(data, count)` says how each child is reached from its parent."""

    split: Callable[[Any], tuple[Iterable[Any], Any]]
    join: Callable[[Any, list[Any]], Any]
    steps: Callable[[Any, int], list[str]]


class Structure:
    """A tree without its leaves."""

    __slots__ = ("children", "cls", "count", "data", "hash")

    def __init__(self, cls: type | None, data: Any, children: tuple[Structure, ...], count: int) -> None:
        self.cls, self.data, self.children, self.count = cls, data, children, count
        self.hash: int | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (isinstance(other, Structure) and self.cls is other.cls and self.data == other.data
                and self.children == other.children)

    def __hash__(self) -> int:
        if self.hash is None:
            self.hash = hash((self.cls, self.data, self.children))
        return self.hash

    def __repr__(self) -> str:
        if self.cls is None:
            return "*"
        if self.cls is type(None):
            return "None"
        parts = [repr(c) for c in self.children]
        if self.cls is tuple:
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        if self.cls is list:
            return f"[{', '.join(parts)}]"
        if self.cls is dict:
            return "{" + ", ".join([f"{k!r}: {p}" for k, p in zip(self.data, parts, strict=True)]) + "}"
        steps = node_of(self).steps(self.data, len(parts))
        return f"{self.cls.__name__}({', '.join([f'{s}: {p}' for s, p in zip(steps, parts, strict=True)])})"


def node_of(structure: Structure) -> Node:
    assert structure.cls is not None
    node = _node_of(structure.cls)
    assert node is not None
    return node


LEAF = Structure(None, None, (), 1)


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of `tree`, in order, and what remains without them."""
    found: list[Any] = []
    return found, _flatten(tree, found)


def _flatten(tree: Any, found: list[Any]) -> Structure:
    cls, data, start = type(tree), None, len(found)
    if cls is tuple or cls is list:  # before all else: this runs at every call of a derivative
        children = tree
    else:
        node = _node_of(cls)  # type: ignore[arg-type]  # mypy doubts that classes are hashable
        if node is None:
            found.append(tree)
            return LEAF
        children, data = node.split(tree)
    return Structure(cls, data, tuple([_flatten(c, found) for c in children]), len(found) - start)


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves."""
    given = list(leaves)
    if len(given) != structure.count:
        raise ValueError(f"{structure} has {structure.count} leaves, not {len(given)}")
    return _unflatten(structure, iter(given))


def _unflatten(structure: Structure, leaves: Iterator[Any]) -> Any:
    if structure.cls is None:
        return next(leaves)
    children = [_unflatten(c, leaves) for c in structure.children]
    return node_of(structure).join(structure.data, children)


def leaves(tree: Any) -> list[Any]:
    return flatten(tree)[0]


def structure_of(tree: Any) -> Structure:
    return flatten(tree)[1]


def map(f: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """`f` of each leaf of `tree` and of what stands at its place in the others, in a tree like `tree`.

    >>> map(lambda x, y: x + y, (1, {"k": 2}), (10, {"k": 20}))
    (11, {'k': 22})
    """
    found, structure = flatten(tree)
    columns = [found, *(flatten_up_to(structure, t) for t in others)]
    return _unflatten(structure, iter([f(*row) for row in zip(*columns, strict=True)]))


def flatten_up_to(structure: Structure, tree: Any) -> list[Any]:
    """The subtrees of `tree` that stand where `structure` has leaves; ValueError where it is not at least that deep."""
    found: list[Any] = []
    _flatten_up_to(structure, tree, found, "tree")
    return found


def _flatten_up_to(structure: Structure, tree: Any, found: list[Any], path: str) -> None:
    if structure.cls is None:
        found.append(tree)
        return
    node = node_of(structure)
    if type(tree) is not structure.cls:
        raise ValueError(f"{path} is of class {type(tree).__name__}, and should be {structure}")
    parts, data = node.split(tree)
    children = list(parts)
    if data != structure.data or len(children) != len(structure.children):
        raise ValueError(f"{path} is {structure_of(tree)}, and should be {structure}")
    steps = node.steps(data, len(children))
    for child, part, step in zip(structure.children, children, steps, strict=True):
        _flatten_up_to(child, part, found, path + step)


def paths(structure: Structure, root: str = "") -> list[str]:
    """How each leaf is reached, as code.

    >>> paths(structure_of({"w": [1, 2]}), "params")
    ["params['w'][0]", "params['w'][1]"]
    """
    if structure.cls is None:
        return [root]
    steps = node_of(structure).steps(structure.data, len(structure.children))
    return [p for child, step in zip(structure.children, steps, strict=True) for p in paths(child, root + step)]


def _sorted_keys(tree: dict[Any, Any]) -> tuple[Any, ...]:
    try:
        return tuple(sorted(tree))
    except TypeError as error:
        raise ValueError(f"the keys of a dict in a tree must have an order: {list(tree)}") from error


def _split_dict(tree: dict[Any, Any]) -> tuple[list[Any], tuple[Any, ...]]:
    keys = _sorted_keys(tree)
    return [tree[k] for k in keys], keys


def _split_default(tree: defaultdict[Any, Any]) -> tuple[list[Any], Any]:
    keys = _sorted_keys(tree)
    return [tree[k] for k in keys], (tree.default_factory, keys)


def _by_index(data: Any, count: int) -> list[str]:
    return [f"[{i}]" for i in range(count)]


def _by_key(keys: tuple[Any, ...], count: int) -> list[str]:
    return [f"[{k!r}]" for k in keys]


_NODES: dict[type, Node] = {
    tuple: Node(lambda t: (t, None), lambda _, children: tuple(children), _by_index),
    list: Node(lambda t: (t, None), lambda _, children: children, _by_index),
    dict: Node(_split_dict, lambda keys, children: dict(zip(keys, children, strict=True)), _by_key),
    type(None): Node(lambda _: ((), None), lambda _, children: None, _by_index),
    OrderedDict: Node(lambda t: (t.values(), tuple(t)),
                      lambda keys, children: OrderedDict(zip(keys, children, strict=True)), _by_key),
    defaultdict: Node(_split_default, lambda data, children: defaultdict(data[0], zip(data[1], children, strict=True)),
                      lambda data, count: _by_key(data[1], count)),
}


@lru_cache(maxsize=1024)
def _node_of(cls: Any) -> Node | None:
    """How trees of class `cls` are taken apart; None for a leaf.  Subclasses of list, dict and tuple are leaves."""
    node = _NODES.get(cls)
    if node is not None:
        return node
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return Node(lambda t: (t, None), lambda _, children: cls(*children),
                    lambda _, count: [f".{f}" for f in cls._fields])  # type: ignore[attr-defined]
    if dataclasses.is_dataclass(cls):
        return _dataclass_node(cast(type, cls))
    return None


def _dataclass_node(cls: type) -> Node:
    """A dataclass by field.  It is put together without `__init__`, which may refuse what is no valid instance: leaves
    are also cotangents, variables and types."""
    fields = dataclasses.fields(cls)
    names = [f.name for f in fields if not f.metadata.get("static")]
    static = [f.name for f in fields if f.metadata.get("static")]

    def split(tree: Any) -> tuple[list[Any], tuple[Any, ...]]:
        return [getattr(tree, n) for n in names], tuple([getattr(tree, n) for n in static])

    def join(data: tuple[Any, ...], children: list[Any]) -> Any:
        tree: Any = object.__new__(cls)
        for name, value in zip([*names, *static], [*children, *data], strict=True):
            object.__setattr__(tree, name, value)
        return tree

    return Node(split, join, lambda _, count: [f".{n}" for n in names])

"""Trees are JAX's trees; dataclasses are nodes too."""

from __future__ import annotations

import random
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from srcad.runtime import trees

Point = namedtuple("Point", "x y")


class Sub(list):
    pass


@dataclass(frozen=True)
class Layer:
    w: Any
    b: Any
    activation: str = field(default="tanh", metadata={"static": True})


@dataclass(slots=True)
class Checked:
    value: float

    def __post_init__(self) -> None:
        if not isinstance(self.value, float):
            raise TypeError


EXAMPLES = [
    1.0, None, (), [], {}, (1, (2, [3, None])), {"b": 1, "a": (2, 3)}, {2: "x", 1: {"z": 0}},
    Point(1, [2, Point(3, 4)]), OrderedDict([("b", 1), ("a", 2)]), defaultdict(list, {"b": [1], "a": [2, 3]}),
    Sub([1, 2]), {"k": None}, (1,), [np.arange(3), {"w": np.ones(2)}],
]


def random_tree(rng: random.Random, depth: int) -> Any:
    kind = rng.choice(["leaf", "none"] + ["tuple", "list", "dict", "point", "ordered"] * (depth > 0))
    parts = [random_tree(rng, depth - 1) for _ in range(rng.randint(0, 3))] if depth else []
    keys = rng.sample("abcdef", len(parts))
    match kind:
        case "tuple":
            return tuple(parts)
        case "list":
            return parts
        case "dict":
            return dict(zip(keys, parts, strict=True))
        case "ordered":
            return OrderedDict(zip(keys, parts, strict=True))
        case "point":
            return Point(parts, rng.random())
        case "none":
            return None
        case _:
            return rng.random()


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and repr(a) == repr(b)


@pytest.mark.parametrize("tree", EXAMPLES, ids=repr)
def test_agrees_with_jax(tree):
    jax_tree = pytest.importorskip("jax.tree_util")
    leaves, structure = trees.flatten(tree)
    expected, treedef = jax_tree.tree_flatten(tree)
    assert len(leaves) == len(expected) == structure.count
    assert all(a is b for a, b in zip(leaves, expected, strict=True))
    assert same(trees.unflatten(structure, leaves), jax_tree.tree_unflatten(treedef, expected))
    assert same(trees.map(lambda x: [x, x], tree), jax_tree.tree_map(lambda x: [x, x], tree))


def test_random_trees_agree_with_jax():
    jax_tree = pytest.importorskip("jax.tree_util")
    rng = random.Random(0)
    for _ in range(200):
        a, b = random_tree(rng, 3), random_tree(rng, 3)
        assert trees.leaves(a) == jax_tree.tree_leaves(a)
        equal = jax_tree.tree_structure(a) == jax_tree.tree_structure(b)
        assert (trees.structure_of(a) == trees.structure_of(b)) == equal
        if equal:
            assert hash(trees.structure_of(a)) == hash(trees.structure_of(b))


def test_maps_over_several_trees_by_the_first():
    jax_tree = pytest.importorskip("jax.tree_util")
    first, second = {"a": 1, "b": (2, 3)}, {"a": [1, 2], "b": ("x", None)}
    pair = lambda x, y: (x, y)
    assert trees.map(pair, first, second) == jax_tree.tree_map(pair, first, second)


@pytest.mark.parametrize(("first", "second", "message"), [
    ({"a": (1, 2)}, {"a": [1, 2]}, r"tree\['a'\] is of class list, and should be \(\*, \*\)"),
    ({"a": (1, 2)}, {"a": (1, 2, 3)}, r"tree\['a'\] is \(\*, \*, \*\), and should be \(\*, \*\)"),
    ({"a": 1}, {"b": 1}, r"tree is {'b': \*}, and should be {'a': \*}"),
    (None, 1, "tree is of class int"),
])
def test_trees_that_do_not_fit(first, second, message):
    with pytest.raises(ValueError, match=message):
        trees.map(lambda x, y: x, first, second)


def test_dataclasses_by_field():
    layer = Layer(1.0, (2.0, 3.0))
    leaves, structure = trees.flatten([layer])
    assert leaves == [1.0, 2.0, 3.0]
    assert trees.unflatten(structure, [4, 5, 6]) == [Layer(4, (5, 6))]
    assert trees.paths(structure, "layers") == ["layers[0].w", "layers[0].b[0]", "layers[0].b[1]"]
    assert repr(structure) == "[Layer(.w: *, .b: (*, *))]"


def test_static_fields_belong_to_the_structure():
    assert trees.structure_of(Layer(1, 2)) != trees.structure_of(Layer(1, 2, "relu"))
    assert trees.unflatten(trees.structure_of(Layer(1, 2, "relu")), [3, 4]).activation == "relu"


def test_dataclasses_are_not_checked_again():
    assert trees.map(lambda x: None, Checked(1.0)).value is None


def test_wrong_number_of_leaves():
    with pytest.raises(ValueError, match=r"\(\*, \*\) has 2 leaves, not 1"):
        trees.unflatten(trees.structure_of((1, 2)), [1])


def test_keys_without_an_order():
    with pytest.raises(ValueError, match="must have an order"):
        trees.flatten({1: 0, "a": 0})


def test_unflattened_trees_are_new():
    tree: list[Any] = [1, []]
    again = trees.map(lambda x: x, tree)
    assert again == tree and again is not tree and again[1] is not tree[1]

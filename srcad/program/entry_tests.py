"""What must be true of the arguments of a call so that an entry serves it."""

from __future__ import annotations

from collections.abc import Iterable
from types import CodeType, MappingProxyType
from typing import Any

import numpy as np

from srcad.frontend.contents import contents
from srcad.frontend.values import Const, Instance
from srcad.ir import Dim, Record, Size, Type
from srcad.program.entry_text import Text, Unserved
from srcad.runtime.objects import made


class Tests:
    """What must be true of arguments, level by level: containers are taken apart where they are known to fit."""

    def __init__(self, text: Text, extents: Iterable[int]) -> None:
        self.text = text
        self.extents = sorted({1, *extents})  # those that are constants of the program
        self.sizes: dict[Size, str] = {}
        self.shapes: dict[tuple[Dim, ...], str] = {}
        self.shape_of: dict[str, str] = {}  # of an array
        self.arrays: list[str] = []
        self.parts: dict[str, list[str]] = {}
        self.trees: dict[str, Any] = {}
        self.places: dict[Any, str] = {}  # of the parts of arguments, by position and steps

    def all(self, parts: list[tuple[str, Any, Any]]) -> None:
        """Tests for expressions, each with the tree of types and the value that it had when the entry was made; what
        is known of objects is tested where they are read."""
        level: list[tuple[str, Any, Any, Any]] = [(*part, (k, ())) for k, part in enumerate(parts)]
        while level:
            conditions, unpacked, deeper = [], [], []
            for name, tree, value, place in level:
                self.places[place] = name
                if isinstance(tree, Instance):
                    continue
                if isinstance(tree, Type | Const):
                    conditions += self.leaf(name, tree, value)
                    continue
                conditions += self.container(name, tree)
                step = "attr" if isinstance(tree, Record) and not issubclass(tree.cls, tuple) else "item"
                inner = [(self.text.name(f"{name}_{k}"), t, v, (place[0], (*place[1], (step, k))))
                         for k, t, v in children(tree, value)]
                self.parts[name], self.trees[name] = [n for n, *_ in inner], tree
                unpacked += self.taken_apart(name, tree, self.parts[name])
                deeper += inner
            self.text.test(conditions)
            for line in unpacked:
                self.text.add(line)
            level = deeper

    def differ(self) -> None:
        """Extents that the program knows as different ones are."""
        if len(self.sizes) > 1:
            names = list(self.sizes.values())
            several = f"{self.builtin(len)}({{{', '.join(names)}}}) == {len(names)}"
            self.text.test([" != ".join(names) if len(names) == 2 else several])

    def container(self, name: str, tree: Any) -> list[str]:
        cls = tree.cls if isinstance(tree, Record) else type(tree)
        fits = [f"{self.builtin(type)}({name}) is {self.builtin(cls)}"]
        if isinstance(tree, tuple | list):
            return [*fits, f"{self.builtin(len)}({name}) == {len(tree)}"]
        if isinstance(tree, dict):
            return [*fits, f"{self.builtin(tuple)}({name}) == {self.text.object(f'{name}_keys', tuple(tree))}"]
        return fits

    def taken_apart(self, name: str, tree: Any, parts: list[str]) -> list[str]:
        if not parts:
            return []
        left = f"{', '.join(parts)}{',' if len(parts) == 1 else ''}"
        if isinstance(tree, dict):
            return [f"{left} = {name}.values()"]
        if isinstance(tree, Record) and not issubclass(tree.cls, tuple):
            return [f"{part} = {name}.{key}" for part, key in zip(parts, tree.fields, strict=True)]
        return [f"{left} = {name}"]

    def rebuilt(self, name: str) -> str:
        """An argument made anew of its parts."""
        if name not in self.parts:
            return name
        tree, parts = self.trees[name], [self.rebuilt(n) for n in self.parts[name]]
        listed = ", ".join(parts)
        if isinstance(tree, tuple):
            return f"({listed}{',' if len(parts) == 1 else ''})"
        if isinstance(tree, list):
            return f"[{listed}]"
        keys = tree.fields if isinstance(tree, Record) else tree
        pairs = (f"{self.text.key(k)}: {v}" for k, v in zip(keys, parts, strict=True))
        fields = f"{{{', '.join(pairs)}}}"
        return f"{self.builtin(made)}({self.builtin(tree.cls)}, {fields})" if isinstance(tree, Record) else fields

    def leaf(self, name: str, tree: Type | Const, value: Any) -> list[str]:
        if isinstance(tree, Const):
            return self.constant(name, value)
        if tree.kind != "object" and not isinstance(value, np.ndarray | np.generic | int | float | complex):
            raise Unserved
        fits = [f"{self.builtin(type)}({name}) is {self.builtin(type(value))}"]
        if isinstance(value, np.ndarray):
            self.arrays.append(name)
            assert tree.shape is not None
            fits += [f"{name}.dtype == {self.text.object(str(value.dtype), value.dtype)}",
                     *self.shape(name, tree.shape)]
        return fits

    def constant(self, name: str, value: Any) -> list[str]:
        """A value that the program was made for."""
        if type(value) in (int, str):
            return [f"{self.builtin(type)}({name}) is {self.builtin(type(value))}", f"{name} == {value!r}"]
        if contents(value) is not None:
            raise Unserved
        return [f"{name} is {self.builtin(value)}"]

    def builtin(self, value: Any) -> str:
        """How to call an object of Python's or NumPy's own, or another that has a name."""
        if value is None or isinstance(value, bool):
            return repr(value)
        return self.text.object(_stem(value), value)

    def shape(self, name: str, shape: tuple[Dim, ...]) -> list[str]:
        if shape in self.shapes:
            self.shape_of[name] = self.shapes[shape]
            return [f"{name}.shape == {self.shapes[shape]}"]
        if not shape:
            return [f"{name}.shape == ()"]
        if all(d.size in self.sizes or d.size is None for d in shape):
            extents = [self.sizes[d.size] if d.size else str(d.offset) for d in shape]
            return [f"{name}.shape == ({', '.join(extents)}{',' if len(extents) == 1 else ''})"]
        mine = self.shapes[shape] = self.shape_of[name] = self.text.name("shape")
        return [f"{self.builtin(len)}({mine} := {name}.shape) == {len(shape)}",
                *(self.extent(f"{mine}[{k}]", d) for k, d in enumerate(shape))]

    def extent(self, expression: str, d: Dim) -> str:
        if d.size is None:
            return f"{expression} == {d.offset}"
        if d.size in self.sizes:
            return f"{expression} == {self.sizes[d.size]}"
        size = self.sizes[d.size] = self.text.name("size")
        known = self.extents
        return f"({size} := {expression}) " + ("> 1" if known == [1] else f"not in {(0, *known)}")


def _stem(value: Any) -> str:
    match value:
        case CodeType(co_name=name):
            return f"{name.strip('<>')}_code"
        case dict() | MappingProxyType():
            return "names"
        case _:
            return str(getattr(value, "__name__", "value")).strip("<>")


def children(tree: Any, value: Any) -> list[tuple[Any, Any, Any]]:
    """(key, tree, value) of each part of a container."""
    if isinstance(tree, tuple | list):
        return [(k, t, v) for k, (t, v) in enumerate(zip(tree, value, strict=True))]
    if isinstance(tree, dict):
        return [(k if isinstance(k, str) else i, t, value[k]) for i, (k, t) in enumerate(tree.items())]
    return [(k, t, getattr(value, k)) for k, t in tree.fields.items()]

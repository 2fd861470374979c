"""Entries: for each signature a function that takes a call of the user's, sees that it fits, and serves it.

The tests are written out for the one signature, so that a later call costs little more than the generated function:

    def loss_entry(w, b, n=3):
        if (type(w) is ndarray and w.dtype == float64 and len(shape := w.shape) == 2 and (size := shape[0]) > 1 and …
                and type(b) is ndarray and b.dtype == float64 and b.shape == (size,)
                and type(n) is int and n == 3):
            return loss_adjoint(w, b, n)
        return otherwise(w, b, n)

An entry has the user's parameters and defaults, so Python itself sorts the arguments.  `otherwise` is the entry of
another signature, or the runner, which finds or makes the right one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from inspect import Parameter
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.backends.load import load
from srcad.frontend.contents import Contents, contents
from srcad.frontend.outside import Apart
from srcad.frontend.values import Const, Instance
from srcad.ir import Dim, Record, Size, Type, Var, Whole
from srcad.program.programs import Primal
from srcad.program.results import owned

if TYPE_CHECKING:
    from srcad.program.variants import Variant


class Unserved(Exception):
    """No entry is written for such arguments: each call looks for its variant."""


@dataclass
class Text:
    """The text of an entry while it is written: its lines, the objects that it names, the names that are taken."""

    taken: set[str]
    lines: list[str] = field(default_factory=list)
    objects: dict[str, Any] = field(default_factory=dict)
    depth: int = 1

    def name(self, stem: str) -> str:
        stem = "".join(c if c.isidentifier() or c.isdigit() else "_" for c in stem)
        stem = f"{stem}_" if iskeyword(stem) else stem
        name, number = stem, 2
        while name in self.taken:
            name, number = f"{stem}{number}", number + 1
        self.taken.add(name)
        return name

    def object(self, stem: str, value: Any) -> str:
        """The name of an object, a global of the entry."""
        for name, known in self.objects.items():
            if known is value:
                return name
        name = self.name(stem)
        self.objects[name] = value
        return name

    def add(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def test(self, conditions: list[str]) -> None:
        """The rest is done if all of these hold."""
        if conditions:
            joint = "\n" + "    " * (self.depth + 2) + "and "
            self.add(f"if ({joint.join(conditions)}):")
            self.depth += 1


class Tests:
    """What must be true of arguments, level by level: containers are taken apart where they are known to fit."""

    def __init__(self, text: Text, extents: Iterable[int]) -> None:
        self.text = text
        self.extents = sorted({1, *extents})  # those that are constants of the program
        self.sizes: dict[Size, str] = {}
        self.shapes: dict[tuple[Dim, ...], str] = {}
        self.arrays: list[str] = []
        self.variables: set[str] = set()
        self.parts: dict[str, list[str]] = {}

    def all(self, parts: list[tuple[str, Any, Any]]) -> None:
        """Tests for expressions, each with the tree of types and the value that it had when the entry was made."""
        level = parts
        while level:
            conditions, unpacked, deeper = [], [], []
            for name, tree, value in level:
                if isinstance(tree, Instance):
                    raise Unserved
                if isinstance(tree, Type | Const):
                    conditions += self.leaf(name, tree, value)
                    continue
                conditions += self.container(name, tree)
                inner = [(self.text.name(f"{name}_{k}"), t, v) for k, t, v in children(tree, value)]
                self.parts[name] = [n for n, _, _ in inner]
                unpacked += self.taken_apart(name, tree, self.parts[name])
                deeper += inner
            self.text.test(conditions)
            for line in unpacked:
                self.text.add(line)
            level = deeper
        if len(self.sizes) > 1:
            names = list(self.sizes.values())
            several = f"{self.builtin(len)}({{{', '.join(names)}}}) == {len(names)}"
            self.text.test([" != ".join(names) if len(names) == 2 else several])

    def inputs(self, name: str) -> list[str]:
        """The variables in an argument, in the order of the program's."""
        if name in self.parts:
            return [v for part in self.parts[name] for v in self.inputs(part)]
        return [name] if name in self.variables else []

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

    def leaf(self, name: str, tree: Type | Const, value: Any) -> list[str]:
        if isinstance(tree, Const):
            return self.constant(name, value)
        self.variables.add(name)
        if not isinstance(value, np.ndarray | np.generic | int | float | complex):
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
        return self.text.object(getattr(value, "__name__", "value").strip("<>"), value)

    def shape(self, name: str, shape: tuple[Dim, ...]) -> list[str]:
        if shape in self.shapes:
            return [f"{name}.shape == {self.shapes[shape]}"]
        if not shape:
            return [f"{name}.shape == ()"]
        if all(d.size in self.sizes or d.size is None for d in shape):
            extents = [self.sizes[d.size] if d.size else str(d.offset) for d in shape]
            return [f"{name}.shape == ({', '.join(extents)}{',' if len(extents) == 1 else ''})"]
        mine = self.shapes[shape] = self.text.name("shape")
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


def children(tree: Any, value: Any) -> list[tuple[Any, Any, Any]]:
    """(key, tree, value) of each part of a container."""
    if isinstance(tree, tuple | list):
        return [(k, t, v) for k, (t, v) in enumerate(zip(tree, value, strict=True))]
    if isinstance(tree, dict):
        return [(k if isinstance(k, str) else i, t, value[k]) for i, (k, t) in enumerate(tree.items())]
    return [(k, t, getattr(value, k)) for k, t in tree.fields.items()]


@dataclass(frozen=True)
class Call:
    """The arguments of a call, in the order of the program's parameters, with their types; `more` come before them."""

    trees: dict[str, Any]
    values: tuple[Any, ...]
    extents: tuple[int, ...] = ()                     # those that are constants of the program
    more: tuple[tuple[str, Any, Any], ...] = ()       # names, trees and values


@dataclass(frozen=True)
class Service:
    """What an entry does with a call that fits: `write` writes it.  `defaults`: has it those of the function?"""

    write: Callable[[Text, Tests, Variant, list[str]], None]
    defaults: bool = True


def make_entry(primal: Primal, variant: Variant, call: Call, service: Service) -> Callable[..., Any]:
    """The entry for arguments like these; its global `otherwise` is not set yet."""
    if variant.parts or any(isinstance(g, Apart) for g in variant.guards) or any(
            isinstance(p.tree, Whole) for p in variant.func.params):
        raise Unserved
    signature = dict(inspect.signature(primal.function, follow_wrapped=False).parameters)
    if not service.defaults:
        signature = {n: p.replace(default=p.empty) for n, p in signature.items()}
    text = Text({*primal.names, *signature, "otherwise", "unset"}, objects={"unset": object()})
    fill_in_defaults(text, primal, signature.values())
    given = {n: n if n in signature else text.object(n, v) for n, v in zip(primal.names, call.values, strict=True)}
    more = [text.name(name) for name, _, _ in call.more]
    tests = Tests(text, call.extents)
    tests.all([*((given[n], t, v) for (n, t), v in zip(call.trees.items(), call.values, strict=True)),
               *((name, t, v) for name, (_, t, v) in zip(more, call.more, strict=True))])
    captured = outside(text, tests, variant)
    service.write(text, tests, variant, [*given.values(), *captured, *more])
    text.depth = 1
    name = text.name(f"{variant.func.name}_entry")
    text.add(f"return otherwise({', '.join([*more, *map(passed, signature.values())])})")
    header = ", ".join(filter(None, [*more, parameters(text, signature.values())]))
    return load("\n".join([f"def {name}({header}):", *text.lines, ""]), text.objects, name)


def parameters(text: Text, found: Iterable[Parameter]) -> str:
    """The user's parameters, without annotations; those with a default may be left out."""
    named = [p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else _Name("unset")) for p in found]
    return str(inspect.Signature(named))[1:-1]


def fill_in_defaults(text: Text, primal: Primal, found: Iterable[Parameter]) -> None:
    """What is left out is what the function has for it by now."""
    f = primal.code
    names = f.__code__.co_varnames[:f.__code__.co_argcount]
    for p in (p for p in found if p.default is not p.empty):
        given = text.object(f"{p.name}_default", p.default)
        if f.__kwdefaults__ and f.__kwdefaults__.get(p.name) is p.default:
            given = f"{text.object('function', f)}.__kwdefaults__[{p.name!r}]"
        elif f.__defaults__ and p.name in names[-len(f.__defaults__):] and p.name not in primal.named:
            given = f"{text.object('function', f)}.__defaults__[{names.index(p.name) - len(names)}]"
        text.add(f"if {p.name} is unset:")
        text.add(f"    {p.name} = {given}")


class _Name(str):
    """A name that prints without quotes."""

    def __repr__(self) -> str:
        return str(self)


def passed(p: Parameter) -> str:
    match p.kind:
        case Parameter.VAR_POSITIONAL:
            return f"*{p.name}"
        case Parameter.VAR_KEYWORD:
            return f"**{p.name}"
        case Parameter.KEYWORD_ONLY:
            return f"{p.name}={p.name}"
        case _:
            return p.name


def outside(text: Text, tests: Tests, variant: Variant) -> list[str]:
    """Tests of what the variant reads from outside, and the names of the numbers and arrays that it reads."""
    conditions = []
    for g in variant.guards:
        read = f"{text.object(f'read_{g.name}', g.read)}(())"
        if type(g.value) in (int, str):
            now = text.name(g.name)
            conditions += [f"{tests.builtin(type)}({now} := {read}) is {tests.builtin(type(g.value))}",
                           f"{now} == {g.value!r}"]
        elif isinstance(g.value, Contents):
            conditions.append(f"{read} == {text.object('held', g.value)}")
        else:
            conditions.append(f"{read} is {tests.builtin(g.value)}")
    text.test(conditions)
    names = []
    conditions = []
    for capture in variant.lowered.captures:
        name, value = text.name(capture.name), capture.read(())
        names.append(name)
        text.add(f"{name} = {text.object(f'read_{capture.name}', capture.read)}(())")
        conditions += captured_fits(tests, name, value)
    text.test(conditions)
    return names


def captured_fits(tests: Tests, name: str, value: Any) -> list[str]:
    """Of an array that is read from outside the dtype, the rank and the extents that are one matter."""
    fits = [f"{tests.builtin(type)}({name}) is {tests.builtin(type(value))}"]
    tests.variables.add(name)
    if isinstance(value, np.ndarray):
        tests.arrays.append(name)
        shape = tests.text.name("shape")
        fits += [f"{name}.dtype == {tests.text.object(str(value.dtype), value.dtype)}",
                 f"{tests.builtin(len)}({shape} := {name}.shape) == {value.ndim}",
                 *(f"{shape}[{k}] {f'== {n}' if n < 2 else '> 1'}" for k, n in enumerate(value.shape))]
    return fits


def run(text: Text, tests: Tests, variant: Variant, given: list[str]) -> None:
    """Call the generated function, and see that the result is the caller's."""
    inputs = [v for name in given for v in tests.inputs(name)]
    changed = [inputs[k] for k in variant.written]
    # An array that is changed shares no memory with another; if it does the runner says so.
    text.test([f"not {text.object('may_share_memory', np.may_share_memory)}({a}, {b})"
               for a in changed for b in tests.arrays if b != a])
    call = f"{text.object(variant.func.name, variant.run)}({', '.join(given)})"
    if variant.fresh and not changed:
        text.add(f"return {call}")
        return
    result = text.name("result")
    text.add(f"{result} = {call}")
    if isinstance(variant.func.result, Var):
        own = [f"{tests.builtin(type)}({result}) is {tests.builtin(np.ndarray)}", f"{result}.base is None",
               *(f"{result} is not {a}" for a in tests.arrays)]
        text.add(f"if {' and '.join(own)}:")
        text.add(f"    return {result}")
    text.add(f"return {text.object('owned', owned)}({result}, [{', '.join(tests.arrays)}])")


RUN = Service(run)

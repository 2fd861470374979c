"""How an entry reads what stands outside of its arguments and in their objects, and sees that it fits.

    if (type(self) is Model and loss.__code__ is code and "bias" not in self.__dict__
            and len(layers := self.layers) == 2):
        w = self.w
        if (type(w) is ndarray and w.dtype == float64 and …):

What is read twice has a name.  Where a read fails, because an attribute or a global is there no more, the call does not
fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, assert_never

import numpy as np

from srcad.frontend.contents import Contents
from srcad.frontend.origins import (
    Apart,
    Argument,
    ArrayOf,
    Called,
    Capture,
    Condition,
    Defines,
    Guard,
    Has,
    Held,
    Origin,
    Same,
    Slot,
    Values,
    names_of,
    slots_of,
)
from srcad.frontend.outside import structure
from srcad.ir import Func, Record, Var, Whole
from srcad.program.entry_tests import Tests
from srcad.program.entry_text import Text
from srcad.program.variants import Variant

Way = tuple[Any, tuple[tuple[str, Any], ...]]  # what is read from, an argument's position or a thing, and the steps
SURE = ("__code__", "__defaults__")            # attributes that are never missing


class Reads:
    """The places that a variant reads, and their names in an entry with these arguments."""

    def __init__(self, text: Text, tests: Tests, function: str, arguments: tuple[str, ...], variant: Variant) -> None:
        self.text, self.tests, self.function, self.variant = text, tests, function, variant
        self.arguments = (*arguments, function)
        self.names: dict[Any, str] = {_hashed(k, steps): name for (k, steps), name in tests.places.items()}
        self.inputs: dict[Var, str] = {}
        lowered = variant.lowered
        ways = [_way(o) for o in (*(o for g in lowered.guards for o in _origins(g)),
                                  *(c.origin for c in (*lowered.captures, *lowered.parts)))]
        self.uses = Counter(_hashed(root, steps[:n]) for root, steps in ways for n in range(len(steps) + 1))
        self.may_fail = bool(lowered.parts) or any(len(steps) > 1 or (steps and steps[0][1] not in SURE)
                                                   for _, steps in ways)

    def write(self, types: Iterable[Any], values: Values) -> list[str]:
        """Write the tests; `types` are those of the parts of objects.  Returns the names of the captured inputs."""
        self.text.test([self.condition(g) for g in self.variant.guards])
        conditions = []
        for part, t, value in zip(self.variant.lowered.parts, types, self.variant.read_parts(values),
                                  strict=True):
            conditions += self.tests.leaf(self.bound(part), t, value)
        self.text.test(conditions)
        self.tests.differ()
        conditions, names = [], []
        for capture in self.variant.lowered.captures:
            name = self.bound(capture)
            names.append(name)
            conditions += self._fits(name, capture.origin.read(values))
        self.text.test(conditions)
        return names

    def bound(self, capture: Capture) -> str:
        """Bind what is captured to a name."""
        name = self.inputs[capture.var] = self.text.name(capture.name)
        self.text.add(f"{name} = {self.at(*_way(capture.origin))}")
        return name

    def at(self, root: Any, steps: tuple[tuple[str, Any], ...]) -> str:
        """What stands at the end of a way."""
        key = _hashed(root, steps)
        if key in self.names:
            return self.names[key]
        if not steps:
            return self.arguments[root] if isinstance(root, int) else self.tests.builtin(root.value)
        *way, (kind, step) = steps
        owner = self.at(root, tuple(way))
        if kind == "array":
            found = f"{owner}.__srcad_array__()"
        elif kind == "attr":
            found = f"{owner}.{step}" if step.isidentifier() else f"getattr({owner}, {step!r})"
        else:
            found = f"{owner}[{self.text.key(step)}]"
        if self.uses[key] < 2:
            return found
        self.names[key] = self.text.name(str(step) if kind == "attr" else "item")
        return f"({self.names[key]} := {found})"

    def condition(self, guard: Condition) -> str:
        match guard:
            case Guard(origin=origin, value=value, ask=ask):
                return self._asked(origin, value, ask)
            case Same(first=first, second=second):
                return f"{self.at(*_way(first))} is {self.at(*_way(second))}"
            case Apart(origins=origins):
                ids = ", ".join(f"{self.tests.builtin(id)}({self.at(*_way(o))})" for o in origins)
                return f"{self.tests.builtin(len)}({{{ids}}}) == {len(origins)}"
            case _:
                assert_never(guard)

    def _asked(self, origin: Origin, value: Any, ask: Any) -> str:
        builtin, read = self.tests.builtin, self.at(*_way(origin))
        if isinstance(ask, Has):
            if "__dict__" in dir(origin.cls) and ask.name not in slots_of(origin.cls):
                return f"{ask.name!r} {'in' if value else 'not in'} {read}.__dict__"
            return f"{self.text.object(f'has_{ask.name}', ask)}({read}) is {value}"
        if isinstance(ask, Defines):
            return f"{ask.name!r} {'in' if value else 'not in'} {read}.__dict__"
        if ask is names_of and not slots_of(origin.cls):
            return f"{read}.__dict__.keys() == {builtin(value)}"
        if ask is structure and isinstance(value, Contents):
            return self._structure(read, *value)
        if ask is not None:
            if isinstance(value, int | tuple | frozenset):
                return f"{builtin(ask)}({read}) == {self.text.key(value)}"
            return f"{builtin(ask)}({read}) is {builtin(value)}"
        if type(value) in (int, str):
            now = self.text.name(origin.name)
            return f"{builtin(type)}({now} := {read}) is {builtin(type(value))} and {now} == {value!r}"
        return f"{read} is {builtin(value)}"

    def _structure(self, read: str, cls: type, *rest: Any) -> str:
        builtin, name = self.tests.builtin, self.text.name("container")
        fits = f"{builtin(type)}({name} := {read}) is {builtin(cls)}"
        if issubclass(cls, dict):
            return f"{fits} and {builtin(tuple)}({name}) == {self.text.object('keys', rest)}"
        return f"{fits} and {builtin(len)}({name}) == {rest[0]}"

    def _fits(self, name: str, value: Any) -> list[str]:
        """Of an array that is read from outside the dtype, the rank and the extents that are one matter."""
        builtin = self.tests.builtin
        fits = [f"{builtin(type)}({name}) is {builtin(type(value))}"]
        if isinstance(value, np.ndarray):
            self.tests.arrays.append(name)
            shape = self.tests.shape_of[name] = self.text.name("shape")
            fits += [f"{name}.dtype == {self.text.object(str(value.dtype), value.dtype)}",
                     f"{builtin(len)}({shape} := {name}.shape) == {value.ndim}",
                     *(f"{shape}[{k}] {f'== {n}' if n < 2 else '> 1'}" for k, n in enumerate(value.shape))]
        return fits

    def variables(self, func: Func, given: list[str]) -> list[str]:
        """The names of the inputs of the program, which is given these arguments."""
        return [name for p, g in zip(func.params, given, strict=False) for name in self._variables(p.tree, g)]

    def _variables(self, tree: Any, name: str) -> list[str]:
        match tree:
            case Var():
                return [self.inputs.get(tree, name)]
            case Whole(parts=parts):
                return [name, *self._variables(parts, name)]
            case tuple() | list() | dict() | Record():
                names = dict(zip(_parts(self.tests.trees.get(name, ())), self.tests.parts.get(name, ()), strict=True))
                return [v for k, t in _parts(tree).items() for v in self._variables(t, names.get(k, ""))]
            case _:
                return []


def _parts(tree: Any) -> dict[Any, Any]:
    """The parts of a container, by key."""
    if isinstance(tree, Record):
        return tree.fields
    return tree if isinstance(tree, dict) else dict(enumerate(tree))


def _origins(guard: Condition) -> tuple[Origin, ...]:
    match guard:
        case Guard(origin=origin):
            return (origin,)
        case Same(first=first, second=second):
            return first, second
        case Apart(origins=origins):
            return origins
        case _:
            assert_never(guard)


def _way(origin: Origin) -> Way:
    """From where an origin is read, and by which steps."""
    root, steps = _of_root(origin.root)
    return root, (*steps, *origin.steps)


def _of_root(root: Any) -> Way:
    match root:
        case Held():
            return root, ()
        case Argument(position=position):
            return position, ()
        case Called():
            return -1, ()
        case Slot(root=inner, steps=steps):
            found, way = _of_root(inner)
            return found, (*way, *steps)
        case ArrayOf(tensor=tensor):
            found, way = _way(tensor)
            return found, (*way, ("array", None))
    raise AssertionError(root)


def _hashed(root: Any, steps: tuple[tuple[str, Any], ...]) -> Any:
    return (root if isinstance(root, int) else ("held", id(root.value)), steps)


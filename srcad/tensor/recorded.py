"""From records to programs: the steps that lead to a tensor, as a core program, and its way back as a function.

The nodes of a record are named by their places, and the record is described by a key: functions, how they are called,
on which places, with which constants, and the shapes of what they gave.  Records with equal keys, such as those of the
steps of a training loop, have one way back, which is made once.
"""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from srcad.backends.emit import Source, emit_program
from srcad.backends.load import load
from srcad.errors import Problem, Span, Unsupported
from srcad.ir import FLOAT, INT, Builder, Func, Let, Lit, Param, Type, Var, array, form_of, op_of, type_of
from srcad.rules import external, rule_of
from srcad.runtime.tensors.record import PICK, Freed, Node, nodes_in
from srcad.runtime.tensors.tensor import Tensor
from srcad.transforms.backward import way_back
from srcad.transforms.pipeline import optimised


@dataclass(frozen=True)
class Cut:
    """A part of a record: `steps` in the order in which they ran, what they start from, and what they lead to.

    `sources` are leaves, constants, and steps before the cut; `wrt` are those of them whose cotangents are wanted."""

    steps: tuple[Node, ...]
    sources: tuple[Node, ...]
    wrt: tuple[int, ...]
    roots: tuple[int, ...]      # places of the results

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (*self.sources, *self.steps)


def cut(roots: Iterable[Node], caught: frozenset[Node], wanted: Callable[[Any], bool] | None) -> Cut:
    """What leads to `roots`, back to nodes with hooks and those `caught`; of leaves those that are `wanted`, or all."""
    roots = list(roots)
    seen = set(roots)
    waiting, steps, sources = list(roots), [], []
    while waiting:
        node = waiting.pop()
        if node.function is None or ((node.hooks or (caught and node in caught)) and node not in roots):
            sources.append(node)
            continue
        steps.append(node)
        for a in node.args:
            if type(a) is Node:
                if a not in seen:
                    seen.add(a)
                    waiting.append(a)
            elif type(a) in _NESTED:
                for parent in nodes_in((a,)):
                    if parent not in seen:
                        seen.add(parent)
                        waiting.append(parent)
    steps.sort(key=_serial)
    sources.sort(key=_serial)
    place = {n: k for k, n in enumerate((*sources, *steps))}
    wrt = tuple(k for k, n in enumerate(sources) if n.function is not None or (
        n.owner is not None and (wanted is None or wanted(n.owner))))
    return Cut(tuple(steps), tuple(sources), wrt, tuple(place[r] for r in roots))


_NESTED = frozenset({tuple, list, slice})
_serial = operator.attrgetter("serial")


# A record that is longer is taken in pieces.  Those of a loop's trips have one structure, so a loop of any length costs
# the transformation of a few of its trips.
LONGEST, PIECE = 300, 96


def pieces(whole: Cut, wanted: Callable[[Any], bool] | None) -> list[Cut]:
    """A record as parts that lead to each other, the last first."""
    steps = whole.steps
    if len(steps) <= LONGEST:
        return [whole]
    period = _period(steps)
    length = period * max(1, PIECE // period)
    found, end = [], len(steps)
    while end > 0:
        start = max(end - length, 0)
        while start and steps[start].function is PICK:
            start -= 1
        found.append(_piece(steps[start:end], wanted))
        end = start
    return found


def _piece(steps: tuple[Node, ...], wanted: Callable[[Any], bool] | None) -> Cut:
    """These steps, with everything before them as a source; everything that may be read later is a root."""
    own = frozenset(steps)
    before: set[Node] = set()
    for n in steps:
        for a in n.args:
            if type(a) is Node:
                if a not in own:
                    before.add(a)
            elif type(a) in _NESTED:
                before.update(p for p in nodes_in((a,)) if p not in own)
    sources = sorted(before, key=_serial)
    wrt = tuple(k for k, n in enumerate(sources) if n.function is not None or (
        n.owner is not None and (wanted is None or wanted(n.owner))))
    return Cut(steps, tuple(sources), wrt, (len(sources) + len(steps) - 1,))


def _period(steps: tuple[Node, ...]) -> int:
    """After how many steps the same lines of code come again, in the middle of a record."""
    middle = len(steps) // 2
    code = [(n.function, n.code, n.place) for n in steps[middle:middle + 2 * PIECE]]
    for period in range(1, PIECE + 1):
        if all(a == b for a, b in zip(code, code[period:], strict=False)):
            return period
    return PIECE


def key_of(part: Cut) -> tuple[tuple[Any, ...], list[Any]]:
    """The structure of a part of a record, and the numbers in it."""
    place: dict[Any, int] = {}
    key: list[Any] = [part.wrt, part.roots, len(part.sources)]
    numbers: list[Any] = []
    add = key.append
    for k, n in enumerate(part.sources):
        place[n] = k
        add(n.value.dtype)
        add(n.value.shape)
    k = len(part.sources)
    for n in part.steps:
        place[n] = k
        k += 1
        value = n.value
        t = type(value)
        # A scalar of NumPy is described by its class, a code object by its identity, which its hash costs more than.
        key += (n.function, id(n.code), n.place, value.shape if t is np.ndarray or t is Freed else t)
        for a in n.args:
            t = type(a)
            if t is Node:
                add(place[a])
            elif (t is float or t is int) and n.function in _ELEMENTWISE:
                add(t)
                numbers.append(a)
            else:
                add(_described(a, place))
        if n.kwargs:
            add(tuple((name, _described(v, place)) for name, v in n.kwargs.items()))
    return tuple(key), numbers


_ELEMENTWISE = frozenset({operator.add, operator.sub, operator.mul, operator.truediv})


def exact(numbers: list[Any]) -> tuple[Any, ...]:
    """Numbers as a key: 0.0 and -0.0 are two, and NaN is itself."""
    return tuple([a if a and a == a else repr(a) for a in numbers])


def _described(x: Any, place: dict[Any, int]) -> Any:
    """A hashable description of an argument."""
    t = type(x)
    if t is Node:
        return ("node", place[x])
    if t is tuple or t is list:
        return (t, *[_described(i, place) for i in x])
    if t is slice:
        return (slice, *[_described(i, place) for i in (x.start, x.stop, x.step)])
    return (t, repr(x) if t is float or t is complex else x)


@dataclass
class Program:
    """The way back of records of one structure."""

    source: Source
    run: Callable[..., tuple[Any, ...]]
    reads: tuple[tuple[int, int], ...]    # places of the values that it takes, and which of several results
    func: Func
    shared: frozenset[int]                # the places among them


NUMBER, ONLY = -2, -1                     # a number of the record, by its place among them; the only result of a step


def made(part: Cut, names: dict[Node, str], dynamic: bool) -> Program:
    """The way back of a part of a record, as a function; `dynamic`: the numbers in the record are arguments."""
    recorder = _Recorder(part, names, dynamic)
    back = way_back(recorder.func(), [recorder.vars[part.sources[k]] for k in part.wrt])
    func = optimised(back.func)
    source = emit_program(func)
    reads = tuple(recorder.places[v] for v in back.reads)
    return Program(source, load(source.text, source.objects, source.name, source.spans), reads, func,
                   frozenset(place for place, which in reads if which != NUMBER))


class _Recorder:
    """Builds the program of a part of a record."""

    def __init__(self, part: Cut, names: dict[Node, str], dynamic: bool) -> None:
        self.part, self.names, self.dynamic = part, names, dynamic
        self.vars: dict[Node, Var] = {}
        self.results: dict[Node, tuple[Var, ...]] = {}      # of steps with several
        self.numbers: list[Var] = []
        self.places: dict[Var, tuple[int, int]] = {}
        self.build = Builder()

    def func(self) -> Func:
        part = self.part
        for k, n in enumerate(part.sources):
            self._bind(n, k, Var(self.names.get(n, ""), _type(n)))
        for k, n in enumerate(part.steps, len(part.sources)):
            self._step(n, k)
        nodes = part.nodes
        roots = tuple(self.vars[nodes[k]] for k in part.roots)
        params = [Param(v.hint or "t", v) for v in (*(self.vars[n] for n in part.sources), *self.numbers)]
        return Func(roots[0].hint or "tensor", tuple(params), self.build.block, roots)

    def _bind(self, node: Node, place: int, var: Var) -> None:
        self.vars[node] = var
        self.places[var] = (place, ONLY)

    def _step(self, node: Node, place: int) -> None:
        hint = self.names.get(node, "")
        if node.function is PICK:
            whole, k = node.args
            self.vars[node] = self.results[whole][k]
            self.vars[node].hint = hint
            return
        external.load(node.function)
        op, span = op_of(node.function), span_of(node)
        if op is None or rule_of(op) is None:
            raise Unsupported(Problem(span, f"{node.name} has no derivative", "it has no derivative rule"))
        own = tuple(self._number(a, node) for a in node.args) if self.dynamic else node.args
        args = Builder._literals(op, tuple(map(self._atom, own)))
        form, atoms = form_of(args, {k: self._atom(v) for k, v in node.kwargs.items()},
                              lambda x: isinstance(x, Var | Lit))
        if type(node.value) is tuple:
            outs = self.results[node] = tuple(Var("", _type_of(v)) for v in node.value)
            self.places.update({v: (place, k) for k, v in enumerate(outs)})
        else:
            outs = (Var(hint, _type(node)),)
            self._bind(node, place, outs[0])
        self.build.add(Let(outs, op, tuple(atoms), form, span))

    def _number(self, x: Any, node: Node) -> Any:
        """A variable in place of a number that changes from record to record."""
        if type(x) not in (int, float) or node.function not in _ELEMENTWISE:
            return x
        var = Var("", INT if type(x) is int else FLOAT)
        self.places[var] = (len(self.numbers), NUMBER)
        self.numbers.append(var)
        return var

    def _atom(self, x: Any) -> Any:
        """An argument with variables in place of nodes."""
        t = type(x)
        if t is Node:
            return self.vars[x]
        if t is tuple:
            return tuple(map(self._atom, x))
        if t is list:
            return list(map(self._atom, x))
        if t is slice:
            return slice(*map(self._atom, (x.start, x.stop, x.step)))
        return x


def _type(node: Node) -> Any:
    """The type of a value; what has no dimensions is a scalar of NumPy in generated code."""
    return _type_of(node.value)


def _type_of(value: Any) -> Any:
    if isinstance(value, Freed):
        return array(value.dtype, *value.shape) if value.shape else Type("scalar", value.dtype, ())
    return type_of(value[()] if isinstance(value, np.ndarray) and not value.ndim else value)


# --- where a step stands in the user's code

def span_of(node: Node) -> Span | None:
    return _span(node.code, node.place) if node.code is not None else None


@lru_cache(4096)
def _span(code: Any, place: int) -> Span:
    line, end_line, column, end_column = next(islice(code.co_positions(), place // 2, None))
    return Span(code.co_filename, line or code.co_firstlineno, column or 0, end_line, end_column, code.co_name)


@lru_cache(4096)
def _assigned(text: str) -> str:
    """The name that a line of code assigns a value to: `y = f(x)`."""
    try:
        tree = ast.parse(text.strip())
    except (SyntaxError, ValueError):
        return ""
    match tree.body:
        case [ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name))]:
            return name
    return ""


def names_of(part: Cut, frame: Any) -> dict[Node, str]:
    """Names for the values: those of the user's variables, and those that the lines of the steps assign."""
    found: dict[Node, str] = {}
    for place, node in enumerate(part.steps):
        span = span_of(node)
        after = span_of(part.steps[place + 1]) if place + 1 < len(part.steps) else None
        if span is not None and (after is None or after.line != span.line or after.column >= span.column):
            name = _assigned(span.text)
            if name:
                found[node] = name
    here, ends = set(part.nodes), {*part.sources, *(part.nodes[k] for k in part.roots)}
    for name, value in _variables(frame):
        own = value._node if type(value) is Tensor else None
        if own in here and (own in ends or own not in found):
            ends.discard(own)
            found[own] = name
    return found


def _variables(frame: Any) -> Iterator[tuple[str, Any]]:
    """What the user's functions that are running call things, the innermost first."""
    for _ in range(8):
        if frame is None:
            return
        yield from list(frame.f_locals.items())
        frame = frame.f_back


def caller() -> Any:
    """The innermost frame of code that is not ours."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("srcad."):
        frame = frame.f_back
    return frame


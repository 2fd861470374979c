"""The engine of `backward`: cuts a record to what matters, finds or makes its way back, runs it, and adds up.

    y.backward()      cut the record from y      structure known?   --yes-->  run its way back
                                                 no: reverse, emit            add to .grad of the leaves

A tensor with hooks (or whose gradient is kept) ends a cut: its gradient is complete when all that depends on it is
done, so it is handed to the hooks and the way back goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.backends.load import annotate
from srcad.ir import Let, Lit, Var, leaves
from srcad.runtime.tensors import arithmetic, elementary
from srcad.runtime.tensors.dtypes import class_name
from srcad.runtime.tensors.operation import apply, of_node
from srcad.runtime.tensors.products import several
from srcad.runtime.tensors.record import MODE, PICK, Freed, Node, at_site_of, edge
from srcad.runtime.tensors.tensor import Tensor, wrap
from srcad.tensor.recorded import (
    LONGEST,
    NUMBER,
    ONLY,
    Cut,
    Program,
    caller,
    cut,
    exact,
    key_of,
    made,
    names_of,
    pieces,
    span_of,
)

FAMILIES, VARIANTS = 512, 4     # structures remembered; numbers for which one is made before they become arguments


class Family:
    """The ways back of records of one structure, by the numbers in them."""

    def __init__(self, codes: frozenset[Any]) -> None:
        self.codes = codes      # kept, since the keys have their identities
        self.by_numbers: dict[Any, Program] = {}
        self.any_numbers: Program | None = None

    def find(self, part: Cut, numbers: list[Any]) -> Program:
        if self.any_numbers is not None:
            return self.any_numbers
        key = exact(numbers)
        program = self.by_numbers.get(key)
        if program is None:
            dynamic = len(self.by_numbers) >= VARIANTS
            program = made(part, names_of(part, caller()), dynamic)
            if dynamic:
                self.any_numbers = program
            else:
                self.by_numbers[key] = program
        return program


_families: dict[Any, Family] = {}


def program_of(part: Cut) -> tuple[Program, list[Any]]:
    """The way back of a part of a record, and the numbers in it."""
    key, numbers = key_of(part)
    family = _families.get(key)
    if family is None:
        if len(_families) >= FAMILIES:
            del _families[next(iter(_families))]
        family = _families[key] = Family(frozenset(n.code for n in part.steps))
    return family.find(part, numbers), numbers


class Sweep:
    """One call of `backward` or `grad`: cotangents on their way to the leaves.

    `wanted` says of which leaves gradients are asked for; `caught` are the nodes inside the record whose cotangents
    are."""

    def __init__(self, create: bool, wanted: Callable[[Tensor], bool] | None, caught: frozenset[Node]) -> None:
        self.create, self.wanted, self.caught = create, wanted, caught
        self.pending: dict[Node, Any] = {}
        self.leaves: dict[int, tuple[Tensor, Any]] = {}
        self.found: dict[Node, Any] = {}
        self.done: list[Cut] = []

    def ends(self, node: Node) -> bool:
        return bool(node.hooks) or node in self.caught

    def run(self, roots: Sequence[tuple[Node, Any]], last: int) -> None:
        """From the roots to all leaves, or to nodes before number `last`."""
        first: dict[Node, Any] = {}
        for node, seed in roots:
            if node.function is None:
                self._leaf(node, seed)
            elif self.ends(node):
                self.pending[node] = self._sum(self.pending.get(node), seed)
            else:
                first[node] = self._sum(first.get(node), seed)
        if first:
            self._through(list(first), list(first.values()))
        while self.pending:
            node = max(self.pending, key=lambda n: n.serial)
            g = self._hooked(node.hooks, self.pending.pop(node), node.value.dtype)
            if node in self.caught:
                self.found[node] = g
            if node.serial > last:
                self._through([node], [g])

    def _through(self, roots: list[Node], seeds: list[Any]) -> None:
        whole = cut(roots, self.caught, self.wanted)
        if not whole.wrt:
            return
        bars = dict(zip(roots, seeds, strict=True))
        inside = frozenset(whole.steps) if len(whole.steps) > LONGEST else frozenset()
        for part in pieces(whole, self.wanted):
            tops = tuple(k for k, n in enumerate(part.steps, len(part.sources)) if n in bars)
            if not tops or not part.wrt:
                continue
            part = replace(part, roots=tops)
            nodes = part.nodes
            for k, g in zip(part.wrt, self._back(part, [bars[nodes[t]] for t in tops]), strict=True):
                node = nodes[k]
                if node.function is None:
                    self._leaf(node, g)
                else:
                    to = bars if node in inside else self.pending
                    to[node] = self._sum(to.get(node), g)

    def _back(self, part: Cut, seeds: list[Any]) -> list[Any]:
        """The cotangents of what a part of the record starts from."""
        program, numbers = program_of(part)
        nodes = part.nodes
        self._check(part, program, nodes)
        self.done.append(part)
        return (self._recorded if self.create else _computed)(program, nodes, numbers, seeds)

    def _check(self, part: Cut, program: Program, nodes: tuple[Node, ...]) -> None:
        """Is everything that the way back reads there, and as it was?"""
        freed = [n for n in part.steps if n.freed]
        if freed and program.shared:
            used_by_others = {a for n in part.steps if not n.freed for a in n.parents()}
            used = {a for n in freed for a in n.parents()}
            for k in program.shared:
                if nodes[k].freed or (nodes[k] in used and nodes[k] not in used_by_others):
                    raise RuntimeError(_AGAIN)
        for k in program.shared:
            node = nodes[k]
            if node.counter[0] != node.version:
                raise RuntimeError(_changed(node))

    def _leaf(self, node: Node, g: Any) -> None:
        t = node.owner
        if t is None or (self.wanted is not None and not self.wanted(t)):
            return
        before = self.leaves.get(id(t))
        self.leaves[id(t)] = (t, g if before is None else before[1] + g)

    @staticmethod
    def _sum(a: Any, b: Any) -> Any:
        return b if a is None else a + b

    def _hooked(self, hooks: Any, g: Any, dtype: Any) -> Any:
        """What the hooks make of a gradient."""
        for hook in hooks:
            with Recording(self.create):
                result = hook(conjugate(g) if self.create else wrap(np.array(conjugate(g), dtype=dtype)))
            if result is not None:
                g = conjugate(result if self.create else result._data)
        return g

    @staticmethod
    def _recorded(program: Program, nodes: tuple[Node, ...], numbers: list[Any], seeds: list[Any]) -> list[Any]:
        """The way back step by step, on tensors, so that it is recorded itself."""
        given: list[Any] = []
        for place, which in program.reads:
            if which == NUMBER:
                given.append(numbers[place])
            else:
                assert which == ONLY or nodes[place].function is not None
                given.append(_value_tensor(nodes[place], which))
        values: dict[Var, Any] = dict(zip(program.func.inputs, [*given, *seeds], strict=True))

        def value(a: Any) -> Any:
            return a.value if isinstance(a, Lit) else values[a]

        with Recording(True):
            for stmt in program.func.body:
                if not isinstance(stmt, Let) or stmt.op.effect:
                    continue
                args, kwargs = stmt.call(list(map(value, stmt.args)))
                name = _NAMES.get(stmt.op.name, "".join(w.title() for w in stmt.op.name.replace("np.", "").split("_"))
                                  + "Backward0")
                if stmt.op.outs > 1:
                    values.update(zip(stmt.outs, several(name, stmt.op.function, *args, **kwargs), strict=True))
                else:
                    values[stmt.outs[0]] = apply(name, stmt.op.function, *args, **kwargs)
            results = [value(a) for a in leaves(program.func.result)]
            return [g if isinstance(g, Tensor) else wrap(np.asarray(g)) for g in results]


_NAMES = {"+": "AddBackward0", "-": "SubBackward0", "*": "MulBackward0", "/": "DivBackward0", "**": "PowBackward0",
          "neg": "NegBackward0", "@": "MmBackward0"}


def _value_tensor(node: Node, which: int) -> Tensor:
    if which == ONLY:
        return of_node(node)
    whole = of_node(node)
    pick = Node(node.name, PICK, (node, which), {}, node.value[which], whole._counter)
    at_site_of(pick, node)
    return of_node(pick)


def _computed(program: Program, nodes: tuple[Node, ...], numbers: list[Any], seeds: list[Any]) -> list[Any]:
    """The cotangents as arrays of their own."""
    given = []
    for place, which in program.reads:
        if which == NUMBER:
            given.append(numbers[place])
            continue
        value = nodes[place].value
        if which != ONLY:
            value = value[which]
        given.append(value[()] if not value.ndim else value)
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            bars = program.run(*given, *[s if s.ndim else s[()] for s in seeds])
    except Exception as error:
        annotate(error)
        raise
    return list(bars) if type(bars) is tuple else [bars]


class Recording:
    """A context in which operations are recorded or not."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled

    def __enter__(self) -> None:
        self.before, MODE.enabled = MODE.enabled, self.enabled

    def __exit__(self, *_: object) -> None:
        MODE.enabled = self.before


_AGAIN = ("Trying to backward through the graph a second time (or directly access saved tensors after they have "
          "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
          "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if "
          "you need to access saved tensors after calling backward.")


def _changed(node: Node) -> str:
    span = span_of(node) if node.function is not None else None
    made_by = f"output 0 of {node.name}" + (f" ({span}: {span.text.strip()})" if span else "")
    return ("one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[torch.{class_name(node.value.dtype)}Tensor {list(node.value.shape)}], which is {made_by}, is at version "
            f"{node.counter[0]}; expected version {node.version} instead.")


class Engine:
    """What tensors call."""

    def backward(self, tensors: list[Tensor], gradients: list[Any], retain_graph: bool | None, create_graph: bool,
                 inputs: Any = None) -> None:
        chosen = None if inputs is None else list(inputs) if isinstance(inputs, tuple | list) else [inputs]
        ids = None if chosen is None else {id(t) for t in chosen}
        sweep = Sweep(create_graph, None if ids is None else lambda t: id(t) in ids, frozenset())
        sweep.run(_seeded(tensors, gradients, create_graph), -1)
        for t, g in sweep.leaves.values():
            g = sweep._hooked(t.hooks, g, t._data.dtype)
            _accumulate(t, conjugate(g), create_graph)
        if not (create_graph if retain_graph is None else retain_graph):
            release(sweep)

    def grad(self, outputs: list[Tensor], inputs: list[Tensor], gradients: list[Any], retain_graph: bool | None,
             create_graph: bool, allow_unused: bool) -> tuple[Any, ...]:
        for t in inputs:
            if not t._needs:
                raise RuntimeError("One of the differentiated Tensors does not require grad")
        nodes = [None if t.is_leaf else edge(t) for t in inputs]
        ids = {id(t) for t in inputs if t.is_leaf}
        caught = frozenset(n for n in nodes if n is not None)
        sweep = Sweep(create_graph, lambda t: id(t) in ids, caught)
        last = -1 if ids else min(n.serial for n in caught)
        sweep.run(_seeded(outputs, gradients, create_graph), last)
        found: list[Any] = []
        for t, node in zip(inputs, nodes, strict=True):
            g = sweep.found.get(node) if node is not None else sweep.leaves.get(id(t), (t, None))[1]
            if g is None and not allow_unused:
                raise RuntimeError("One of the differentiated Tensors appears to not have been used in the graph. Set "
                                   "allow_unused=True if this is the desired behavior.")
            g = None if g is None else conjugate(g)
            found.append(None if g is None else g if create_graph else wrap(_owned(g, t)))
        if not (create_graph if retain_graph is None else retain_graph):
            release(sweep)
        return tuple(found)

    def source(self, t: Tensor) -> str:
        """The text of the way back of `t`."""
        if not t._needs:
            raise RuntimeError(_NO_GRAD)
        node = edge(t)
        if node.function is None:
            return ""
        found: dict[str, int] = {}
        for part in pieces(cut([node], frozenset(), None), None):
            text = program_of(part)[0].source.text
            found[text] = found.get(text, 0) + 1
        return "\n\n".join(text if len(found) == 1 else f"# run {n} time{'s' if n > 1 else ''}\n{text}"
                           for text, n in found.items())


def conjugate(g: Any) -> Any:
    """Cotangents of complex values are the conjugates of PyTorch's gradients: they pair as Re(g * t)."""
    data = g._data if isinstance(g, Tensor) else g
    if data.dtype.kind != "c":
        return g
    return elementary.conj(g) if isinstance(g, Tensor) else np.conj(g)


_NO_GRAD = "element 0 of tensors does not require grad and does not have a grad_fn"


def _seeded(tensors: list[Tensor], gradients: list[Any], create: bool) -> list[tuple[Node, Any]]:
    """The nodes of the tensors with the cotangents that they start with."""
    roots: list[tuple[Node, Any]] = []
    for t, g in zip(tensors, gradients, strict=True):
        if not t._needs:
            raise RuntimeError(_NO_GRAD)
        if g is None:
            if t.numel() != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            g = wrap(t._data.dtype.type(1) if not t._data.ndim else np.ones(t.shape, t._data.dtype))
        if not isinstance(g, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        if g.shape != t.shape:
            k = len(roots)
            raise RuntimeError(f"Mismatch in shape: grad_output[{k}] has a shape of {g.shape} and output[{k}] has a "
                               f"shape of {t.shape}.")
        seed = arithmetic.to_type(g, t._data.dtype)
        roots.append((edge(t), conjugate(seed if create else seed._data)))
    return roots


def _owned(g: Any, t: Tensor) -> Any:
    """A gradient as an array that nobody else has, of the shape and type of its tensor."""
    return np.array(g, dtype=t._data.dtype).reshape(t._data.shape)


def _accumulate(t: Tensor, g: Any, create: bool) -> None:
    """Add to `.grad`; in place, so that whoever holds it sees the sum."""
    if create:
        t._grad = g if t._grad is None else arithmetic.add(t._grad, g)
    elif t._grad is None:
        t._grad = wrap(_owned(g, t))
    elif t._grad._needs:
        t._grad = wrap(t._grad._data + g)
    else:
        array = t._grad.array
        np.add(array, g, out=array)
        t._grad._counter[0] += 1


def release(sweep: Sweep) -> None:
    """Let go of the values that the record kept."""
    for part in sweep.done:
        for n in part.steps:
            n.freed = True
            if type(n.value) is np.ndarray:
                n.value = Freed(n.value)
            elif type(n.value) is tuple:
                n.value = tuple([v if type(v) is Freed else Freed(v) for v in n.value])

"""Which operations may overwrite their first argument: the last pass before NumPy is printed.

    x2 = set_at(x, i, v)          x[i] = v               x was made here, and nobody reads its memory afterwards
    dx2 = dx + g                  dx += g                the same, and dx has the shape and dtype of the result
    ys2 = append(ys, y)           ys.append(y)

A value is *whole* if this function allocated all of it: the result of an operation whose memory is fresh, or what a
carry or a choice makes of such values.  Values that may share memory form a *region*.  A whole value may be overwritten
where it dies, if no other variable of its region is alive, and none of the region came from the caller.

Lists have two kinds of memory: the list itself and what its items are.  Each is in a region of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from srcad.ir.calls import CallOp
from srcad.ir.core import Block, Func, If, Let, Lit, Loop, Stmt, Var
from srcad.ir.walk import every
from srcad.transforms.liveness import Liveness, liveness

STORES = ("set_at", "index_add")
SUMS = ("+", "-", "*", "/")
LISTS = ("append", "set_item", "add_at", "pop", "set_part", "concat")
# Those that must not be given what they change.
_READ_FIRST = ("index_add", "append", "concat", "set_part")
_IMMUTABLE = ("number", "scalar")
Node = tuple[Var, str]


def in_place_updates(func: Func) -> frozenset[Let]:
    """The Lets of `func` that may be done in place."""
    live = liveness(func)
    whole = _whole(func)
    names = _names(func)
    chosen = [s for s in every(func.body) if isinstance(s, Let) and _fits(s, names)
              and s.args[0] in whole and not live.after(s, s.args[0])]  # type: ignore[arg-type]
    while True:
        regions = _Regions(func, frozenset(chosen))
        kept = [s for s in chosen if regions.free(s, live)]
        if len(kept) == len(chosen):
            return frozenset(kept)
        chosen = kept


def _names(func: Func) -> dict[Var, str]:
    """What an anonymous value will be called: like the carry or the choice that it becomes."""
    names: dict[Any, str] = {}
    for stmt in every(func.body):
        if isinstance(stmt, Loop):
            names.update((c.next, c.param.hint) for c in stmt.carries if isinstance(c.next, Var))
        elif isinstance(stmt, If):
            names.update((a, c.out.hint) for c in stmt.choices for a in (c.then, c.orelse) if isinstance(a, Var))
    return names


def _fits(let: Let, names: dict[Var, str]) -> bool:
    """Is this an operation whose result fits into its first argument?

    Arithmetic must make a new value of the same thing: `dx = dx + g`."""
    if not let.args or not isinstance(let.args[0], Var):
        return False
    old, new = let.args[0].type, let.outs[0].type
    name = let.op.name
    if name in LISTS:
        return old.kind == "sequence"
    if old.kind != "array" or new.kind != "array" or old.dtype is None or old.dtype != new.dtype:
        return False
    if name in STORES:
        return True
    own = let.args[0].hint or names.get(let.args[0], "")
    same = own and (let.outs[0].hint or names.get(let.outs[0], "")) == own
    return bool(same and name in SUMS and old.shape and old.shape == new.shape)


def _whole(func: Func) -> frozenset[Any]:
    """The variables whose values are allocated here, as a whole."""
    # Carries are whole until a source of theirs is known not to be.
    candidates: set[Any] = set()
    copies: list[tuple[Var, Any]] = []
    for stmt in every(func.body):
        match stmt:
            case Let(op=op, outs=outs):
                if op.memory == "fresh" and not isinstance(op, CallOp):
                    candidates.update(outs[:1] if op.name == "pop" else outs)
            case If(choices=choices):
                candidates.update(c.out for c in choices)
                copies += [(c.out, a) for c in choices for a in (c.then, c.orelse)]
            case Loop(carries=carries):
                candidates.update(v for c in carries for v in (c.param, c.out))
                copies += [pair for c in carries
                           for pair in ((c.param, c.init), (c.param, c.next), (c.out, c.param))]
            case _:
                assert_never(stmt)
    readers: dict[Any, list[Var]] = {}
    for target, source in copies:
        readers.setdefault(source if isinstance(source, Var) else None, []).append(target)
    pending = [*readers.get(None, ()), *(t for s, ts in readers.items()
                                         if s is not None and s not in candidates for t in ts)]
    while pending:
        v = pending.pop()
        if v in candidates:
            candidates.discard(v)
            pending += readers.get(v, ())
    return frozenset(candidates)


class _Regions:
    """Union-find over the memory of variables: `(v, "self")`, and `(v, "items")` for what it contains."""

    def __init__(self, func: Func, in_place: frozenset[Let]) -> None:
        self.parent: dict[Node, Node] = {}
        self.members: dict[Node, list[Node]] = {}
        self.tainted: set[Node] = set()
        self.in_place = in_place
        for v in func.inputs:
            for node in _nodes(v):
                self.tainted.add(self.root(node))
        for stmt in every(func.body):
            self._stmt(stmt)

    def root(self, node: Node) -> Node:
        if node not in self.parent:
            self.parent[node] = node
            self.members[node] = [node]
            return node
        top = node
        while self.parent[top] != top:
            top = self.parent[top]
        while self.parent[node] != top:
            self.parent[node], node = top, self.parent[node]
        return top

    def unite(self, a: Node, b: Node) -> None:
        x, y = self.root(a), self.root(b)
        if x == y:
            return
        if len(self.members[x]) < len(self.members[y]):
            x, y = y, x
        self.parent[y] = x
        self.members[x] += self.members.pop(y)
        if y in self.tainted:
            self.tainted.add(x)

    def free(self, let: Let, live: Liveness) -> bool:
        """May the first argument of `let` be overwritten?"""
        old = let.args[0]
        assert isinstance(old, Var)
        root = self.root((old, "self"))
        if root in self.tainted:
            return False
        others = {v for v, _ in self.members[root]} - {*let.outs}
        if any(live.after(let, v) for v in others):
            return False
        # An accumulation at repeated indices must not read what it writes.
        shared = {v for v, _ in self.members[root]}
        return let.op.name not in _READ_FIRST or not any(a in shared for a in let.args[1:])

    def _same(self, a: Var, b: Any) -> None:
        if not isinstance(b, Var):
            if isinstance(b, Lit) and b.type.kind not in _IMMUTABLE:
                self.tainted.update(self.root(n) for n in _nodes(a))
            return
        if a.type.kind in _IMMUTABLE or b.type.kind in _IMMUTABLE:
            return
        self.unite((a, "self"), (b, "self"))
        if len(_nodes(a)) + len(_nodes(b)) > 2:
            self.unite((a, "items"), (b, "items"))
        if len(_nodes(a)) != len(_nodes(b)):
            for v in (a, b):
                self.unite((v, "self"), (v, "items"))

    def _within(self, container: Any, item: Any) -> None:
        """`item` is, or is seen through, an item of `container`."""
        if not isinstance(container, Var) or not isinstance(item, Var) or item.type.kind in _IMMUTABLE:
            return
        inside: Node = (container, "items" if len(_nodes(container)) > 1 else "self")
        for node in _nodes(item):
            self.unite(inside, node)

    def _stmt(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self._let(stmt)
            case If(choices=choices):
                for c in choices:
                    self._same(c.out, c.then)
                    self._same(c.out, c.orelse)
            case Loop():
                for carry in stmt.carries:
                    for other in (carry.init, carry.next, carry.out):
                        self._same(carry.param, other)
                for e in stmt.elements:
                    self._within(e.sequence, e.var)
                for r in stmt.reads:
                    self._within(r.tape, r.element)
                for w in stmt.writes:
                    self._within(w.tape, w.row)
            case _:
                assert_never(stmt)

    def _let(self, let: Let) -> None:
        atoms = [a for a in let.args if isinstance(a, Var) and a.type.kind not in _IMMUTABLE]
        outs = [v for v in let.outs if v.type.kind not in _IMMUTABLE]
        if not outs or not let.args:
            return
        if isinstance(let.op, CallOp):
            nodes = [node for v in (*atoms, *outs) for node in _nodes(v)]
            for node in nodes:
                self.unite(nodes[0], node)
            return
        if let in self.in_place:
            self.unite((let.outs[0], "self"), (let.args[0], "self"))  # type: ignore[arg-type]
        elif let.op.memory != "fresh":
            for out in outs:
                for a in atoms:
                    self.unite((out, "self"), (a, "self" if a.type.kind == "array" else "items"))
        self._contents(outs, atoms)

    def _contents(self, outs: Iterable[Var], atoms: Iterable[Var]) -> None:
        """Lists and bundles that are made of lists, bundles and arrays have the same items."""
        for out in outs:
            for a in atoms:
                if len(_nodes(out)) > 1 and len(_nodes(a)) > 1:
                    self.unite((out, "items"), (a, "items"))
                elif len(_nodes(out)) > 1:
                    self.unite((out, "items"), (a, "self"))
                elif len(_nodes(a)) > 1 and a.type.kind != "array":
                    self.unite((out, "self"), (a, "items"))


def _nodes(v: Var) -> list[Node]:
    """An array is memory; a list, or something unknown, also contains some."""
    return [(v, "self")] if v.type.kind in ("array", *_IMMUTABLE) else [(v, "self"), (v, "items")]


def updates_of(block: Block) -> Iterator[Let]:
    """All stores of a block, in place or not."""
    return (s for s in every(block) if isinstance(s, Let) and s.op.name in STORES)

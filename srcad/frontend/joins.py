"""Where control meets: two states become one.

A name or cell that is the same on both sides stays.  Two atoms become one variable, chosen by the branch or carried by
the loop.  Trees of one structure are joined leaf by leaf.  A list that has different lengths becomes a sequence.  What
can't be one thing is `Mixed`: it may exist, and is refused where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from srcad.frontend.values import (
    MISSING,
    Cell,
    Const,
    Either,
    Entries,
    Fields,
    Items,
    Missing,
    Mixed,
    Num,
    Poison,
    Ref,
    Rows,
    Sequence,
    State,
    Table,
    Tup,
    atom_of,
    describe,
    is_atomic,
    is_function,
    map_atoms,
)
from srcad.ir import UNDEF, Atom, Lit, Var

Choose = Callable[[Atom, Atom, str], Var]


def same(a: Any, b: Any) -> bool:
    """The same value on both sides."""
    if a is b:
        return True
    if isinstance(a, Const) and isinstance(b, Const):
        return a.value is b.value or (is_atomic(a) and is_atomic(b) and Lit(a.value) == Lit(b.value))
    if isinstance(a, Num) and isinstance(b, Num):
        return a.atom == b.atom
    if isinstance(a, Sequence) and isinstance(b, Sequence):
        return a.atom == b.atom
    if isinstance(a, Rows) and isinstance(b, Rows):
        return same(a.tree, b.tree)
    if type(a) is not type(b):
        return False
    if isinstance(a, Tup):
        return a.cls is b.cls and len(a.items) == len(b.items) and all(map(same, a.items, b.items))
    if isinstance(a, Items):
        return len(a.values) == len(b.values) and all(map(same, a.values, b.values))
    if isinstance(a, Entries | Fields):
        return type(a) is type(b) and len(a.values) == len(b.values) and all(
            k == m and same(v, w) for (k, v), (m, w) in zip(a.values, b.values, strict=True))
    if isinstance(a, Ref):
        return a.cell is b.cell
    return bool(a == b)


def example(content: Any) -> Any:
    """An element of a list, or what tells the structure of its elements; None if there is nothing to tell."""
    if isinstance(content, Items):
        return content.values[0] if content.values else None
    return content if isinstance(content, Rows) else None


class Join:
    """Joins two states; `choose` makes the variable for two atoms, `sequence` one for a list of known items."""

    def __init__(self, left: State, right: State, choose: Choose,
                 left_sequence: Callable[..., Any] | None = None,
                 right_sequence: Callable[..., Any] | None = None, test: Atom | None = None,
                 seeds: State | None = None) -> None:
        if seeds:  # what one side has read of outside is there on the other
            left, right = seeds | left, seeds | right
        self.left, self.right, self.choose, self.test = left, right, choose, test
        self.sequences = left_sequence, right_sequence
        self.result: State = {}
        self.merged: dict[tuple[Cell | None, Cell | None], Ref] = {}

    def run(self) -> State:
        for key in dict.fromkeys([*self.left, *self.right]):
            if key in self.result:
                continue
            hint = key.hint if isinstance(key, Cell) else key[1].lstrip("$")
            if isinstance(key, Cell) and (key not in self.left or key not in self.right):
                # Made on one side only: nothing outside that side knows it, unless a name leads to it.
                self.result[key] = self.left.get(key, self.right.get(key))
                continue
            self.result[key] = self.join(self.left.get(key, MISSING), self.right.get(key, MISSING), hint)
        return self.result

    def join(self, a: Any, b: Any, hint: str) -> Any:
        if same(a, b):
            return a
        if isinstance(a, Poison) or isinstance(b, Poison):
            return a if isinstance(a, Poison) else b
        if isinstance(a, Mixed) or isinstance(b, Mixed):
            return a if isinstance(a, Mixed) else b
        if is_atomic(a) and is_atomic(b):
            return Num(self.choose(atom_of(a), atom_of(b), hint))
        a, b = _present(a, b), _present(b, a)
        if isinstance(a, Missing) or isinstance(b, Missing):
            return self._one_sided(a, b, hint)
        if isinstance(a, Tup) and isinstance(b, Tup) and len(a.items) == len(b.items) and a.cls is b.cls:
            return Tup(tuple(self.join(x, y, hint) for x, y in zip(a.items, b.items, strict=True)), a.cls)
        if isinstance(a, Ref) and isinstance(b, Ref):
            return self._refs(a, b, hint)
        if isinstance(a, Items | Sequence | Rows) and isinstance(b, Items | Sequence | Rows):
            return self._lists(a, b, hint)
        if isinstance(a, Table) and isinstance(b, Table) and a.values is not None and b.values is not None:
            values = self.join(a.values, b.values, hint)
            return replace(a, places=self.choose(a.places, b.places, "places"), values=values) if isinstance(
                values, Ref) else values
        if isinstance(a, Entries | Fields) and type(a) is type(b):
            return self._entries(a, b, hint)
        if self.test is not None and is_function(a) and is_function(b):
            return self._either(self.test, a, b, hint)
        return Mixed(f"it is {_kind(a)} on one path and {_kind(b)} on another")

    def _either(self, test: Atom, a: Any, b: Any, hint: str) -> Either:
        """A function on each side: what they hold is seen through choices, and a call tests again."""
        return Either(test, map_atoms(lambda x: self.choose(x, UNDEF, hint) if isinstance(x, Var) else x, a),
                      map_atoms(lambda x: self.choose(UNDEF, x, hint) if isinstance(x, Var) else x, b))

    def _one_sided(self, a: Any, b: Any, hint: str) -> Any:
        present = b if isinstance(a, Missing) else a
        if is_atomic(present):
            pair: tuple[Atom, Atom] = (UNDEF, atom_of(present)) if isinstance(a, Missing) else (atom_of(present), UNDEF)
            return Num(self.choose(*pair, hint))
        if isinstance(present, Tup):
            items = (self._one_sided(MISSING, x, hint) if isinstance(a, Missing) else self._one_sided(x, MISSING, hint)
                     for x in present.items)
            return Tup(tuple(items), present.cls)
        if isinstance(present, Ref):
            return self._refs(None, present, hint) if isinstance(a, Missing) else self._refs(present, None, hint)
        return present if isinstance(present, Const) else Mixed("it is bound on one path only")

    def _refs(self, a: Ref | None, b: Ref | None, hint: str) -> Ref | Mixed:
        """Two containers under one name: what they hold is joined, and a store to it can't be told from either.  One
        that only one path has a name for: after the other, what it holds has no value."""
        left, right = a.cell if a else None, b.cell if b else None
        if (left, right) not in self.merged:
            one: Any = left or right
            if left and right and not (left.cls is right.cls and same(left.rule, right.rule)):
                return Mixed("it is of one kind on one path and of another kind on another")
            cell = Cell(hint, one.origin, cls=one.cls, rule=one.rule)
            self.merged[left, right] = Ref(cell)
            self._name(cell, left, right)
            if left and right:
                self.result[cell] = self.join(self.left.get(left), self.right.get(right), hint)
            else:
                content = self.left.get(left) if left else self.right.get(right)
                self.result[cell] = self._one_sided_content(content, left is None, hint)
        return self.merged[left, right]

    def _name(self, cell: Cell, a: Cell | None, b: Cell | None) -> None:
        """Other names than `cell` may lead to what it is."""
        shared = [c for c, other in ((a, self.right), (b, self.left)) if c is not None and c in other]
        for c in shared:
            c.others.append(cell)
        twice = [ref.cell for (x, y), ref in self.merged.items() if ref.cell is not cell
                 and (x is not None and x is a or y is not None and y is b)]
        if shared or twice:
            for c in (cell, *twice):
                c.frozen = c.frozen or "it is one of two lists or objects, depending on the path"

    def _one_sided_content(self, content: Any, left_lacks: bool, hint: str) -> Any:
        def seen(x: Any) -> Any:
            return self._one_sided(MISSING, x, hint) if left_lacks else self._one_sided(x, MISSING, hint)

        match content:
            case Items(values=values):
                return Items(tuple(map(seen, values)))
            case Entries(values=values) | Fields(values=values, given=None):
                return replace(content, values=tuple((k, seen(v)) for k, v in values))
            case Sequence(atom=atom):
                return Sequence(self.choose(UNDEF, atom, hint) if left_lacks else self.choose(atom, UNDEF, hint))
            case _:
                return Mixed("it is bound on one path only")

    def _lists(self, a: Items | Sequence | Rows, b: Items | Sequence | Rows, hint: str) -> Any:
        if isinstance(a, Items) and isinstance(b, Items) and len(a.values) == len(b.values):
            return Items(tuple(self.join(x, y, hint) for x, y in zip(a.values, b.values, strict=True)))
        left, right = self.sequences
        if left is not None and right is not None:
            a, b = left(a, example(b)), right(b, example(a))
        if isinstance(a, Rows) and isinstance(b, Rows):
            tree = self.join(a.tree, b.tree, hint)
            return Rows(tree) if isinstance(tree, Tup) else Mixed("it holds tuples of different structure on two paths")
        if not (isinstance(a, Sequence) and isinstance(b, Sequence)):
            return Mixed("it has different lengths on two paths")
        return Sequence(self.choose(a.atom, b.atom, hint))

    def _entries(self, a: Any, b: Any, hint: str) -> Any:
        left, right = dict(a.values), dict(b.values)
        if isinstance(a, Fields) and a.cls is not b.cls:
            return Mixed("it is an object of different classes on two paths")
        if isinstance(a, Fields) and a.given is not b.given:
            return Mixed("it is one of two objects of the caller's, depending on the path")
        values = tuple((k, self.join(left.get(k, MISSING), right.get(k, MISSING), str(k)))
                       for k in dict.fromkeys([*left, *right]))
        return replace(a, values=values)


def _present(value: Any, other: Any) -> Any:
    """A name that no trip has bound yet is missing beside a structure."""
    if isinstance(value, Num) and value.atom.type.kind == "never" and not is_atomic(other):
        return MISSING
    return value


def _kind(value: Any) -> str:
    return "a list, dict or object" if isinstance(value, Ref) else describe(value)


def numeric(value: Any) -> Any:
    """Constants that a loop may change become atoms too."""
    match value:
        case Const() if is_atomic(value) and not isinstance(value.value, str):
            return Num(atom_of(value))
        case Tup(items=items, cls=cls):
            return Tup(tuple(map(numeric, items)), cls)
        case Items(values=values):
            return Items(tuple(map(numeric, values)))
        case _ if hasattr(value, "values") and isinstance(value.values, tuple):
            return replace(value, values=tuple((k, numeric(v)) for k, v in value.values))
        case _:
            return value

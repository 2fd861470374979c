"""Lists whose length is not known: one variable, or one for each component of the tuples that they hold.

    path.append((t, x))       path: Rows((Sequence(t.3), Sequence(x.4)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from srcad.frontend.machine import HELD, Frame
from srcad.frontend.memory import Elements, View
from srcad.frontend.values import (
    Cell,
    Items,
    Mixed,
    Num,
    Ref,
    Refused,
    Rows,
    Sequence,
    Tup,
    atom_of,
    describe,
    is_atomic,
)
from srcad.ir import NEVER, Atom, Op, Var
from srcad.rules.sequences import CONCAT, ITEM, NEW

# An item of a list in which nothing is, as far as is known by now.
_MISSED = Op(ITEM.name, ITEM.function, effect=True, infer=lambda *_: NEVER)


def sequence_of(frame: Frame, value: Any) -> Atom:
    """A list as one variable."""
    content = frame.machine.content(value) if isinstance(value, Ref) else value
    if isinstance(content, Sequence):
        return content.atom
    items = content.values if isinstance(content, Items) else content.items if isinstance(content, Tup) else None
    if items is None:
        raise Refused(f"{describe(value)} where a list of numbers or arrays is needed")
    return _new(frame, items)


def _new(frame: Frame, items: Iterable[Any]) -> Var:
    """A list of these; if they are new arrays, they can be changed through it."""
    elements = [_element(frame, i) for i in items]
    made = frame.build.call(NEW, *(atom for atom, _ in elements))
    if all(new for _, new in elements):
        frame.machine.memories.of[made] = Elements()
    return made


def changed(frame: Frame, column: Atom, value: Any, change: Callable[[Atom], Var]) -> Var:
    """A list with another element, or with one more."""
    memories = frame.machine.memories
    place = memories.at(column) if isinstance(column, Var) else None
    atom, new = _element(frame, value)
    result = change(atom)
    if isinstance(place, Elements):
        memories.detach(place)
        if new:
            memories.of[result] = place
    return result


def may_be_element(frame: Frame, value: Any) -> bool:
    """Is this a number, an array, or a list?"""
    return is_atomic(value) or isinstance(value, Ref) and isinstance(
        frame.machine.content(value), Items | Sequence)


def _element(frame: Frame, value: Any) -> tuple[Atom, bool]:
    """`value` as an element of a list of unknown length, and whether it is a number or a new array.  A list that is put
    into one is not changed any more."""
    if is_atomic(value):
        atom = atom_of(value)
        return atom, frame.machine.memories.hold(atom, frame.build.span)
    if not may_be_element(frame, value):
        raise Refused(f"{describe(value)} in a list whose length is not known", "its elements must be numbers, arrays, "
                      "or lists of these", "keep one list for each component")
    value.cell.frozen = value.cell.frozen or HELD
    return sequence_of(frame, value), False


def through(frame: Frame, element: Ref, change: Callable[[Ref], Any]) -> Any:
    """Change a list that is an element of another one, `rows[i].append(x)`: that gets it anew."""
    machine = frame.machine
    home, index, seen = element.cell.home
    if machine.state.get(home.cell) is not seen:
        raise Refused("a change of a list", HELD, "change it as an item of the list that holds it: `rows[i].append(x)`")
    own = machine.new(machine.content(element))
    result = change(own)
    content = machine.content(own)
    frame.semantics.store(frame, home, index, own)
    for cell in [c for c in machine.state if isinstance(c, Cell) and c.frozen == HELD]:
        machine.state[cell] = Mixed("it is, or was, an element of a list, one of which was changed since")
    machine.state[element.cell] = content
    return result


def grown(frame: Frame, content: Any, like: Any = None) -> Sequence | Rows:
    """The content of a list as variables; `like` is an element, or the content of a list, of the same structure."""
    if isinstance(content, Items) and content.values:
        like = content.values[0]
    template = like.tree if isinstance(like, Rows) else like
    if isinstance(content, Rows) or not isinstance(template, Tup):
        return content if isinstance(content, Rows) else Sequence(sequence_of(frame, content))
    if isinstance(content, Sequence):
        if content.atom.type.item is not None:
            raise Refused("a list that holds tuples and other things")
        return Rows(shaped(template, [content] * len(leaves(template))))
    rows = [leaves(matching(template, v)) for v in content.values] or [[] for _ in leaves(template)]
    columns = zip(*rows, strict=True) if content.values else rows
    made = [Sequence(_new(frame, column)) for column in columns]
    return Rows(shaped(template, made))


def each_column(content: Sequence | Rows, f: Callable[..., Atom], *others: Any) -> Sequence | Rows:
    """The content with `f(column, *others)` for each column; others are elements, or contents, of its structure."""
    if isinstance(content, Sequence):
        return Sequence(f(content.atom, *others))
    parts = [leaves(matching(content.tree, o.tree if isinstance(o, Rows) else o)) for o in others]
    made = [Sequence(f(c.atom, *ps)) for c, *ps in zip(leaves(content.tree), *parts, strict=True)]
    return Rows(shaped(content.tree, made))


def joined_lists(frame: Frame, a: Any, b: Any) -> Sequence | Rows:
    """The content of `a + b`."""
    left = grown(frame, a, b.values[0] if isinstance(b, Items) and b.values else b)
    right = grown(frame, b, left)
    left = grown(frame, left, right)
    return each_column(left, lambda c, d: frame.build.call(CONCAT, c, d.atom), right)


def columns_of(content: Sequence | Rows) -> list[Atom]:
    return [content.atom] if isinstance(content, Sequence) else [c.atom for c in leaves(content.tree)]


def element_of(content: Sequence | Rows, parts: list[Any]) -> Any:
    """An element of a list, from its components."""
    return parts[0] if isinstance(content, Sequence) else shaped(content.tree, parts)


def element_at(frame: Frame, content: Sequence | Rows, index: Atom) -> Num | Ref | Tup:
    """The element with this index."""
    return element_of(content, [item(frame, c, index) for c in columns_of(content)])


def item(frame: Frame, column: Atom, index: Any) -> Num | Ref:
    """`column[index]`."""
    if column.type.kind == "sequence" and column.type.item is None:
        return Num(frame.build.call(_MISSED, column, index))
    found = frame.build.call(ITEM, column, index)
    return frame.machine.held(found, View(column, ITEM, (index,), ()) if isinstance(column, Var) else None)


def leaves(tree: Any) -> list[Any]:
    return [leaf for i in tree.items for leaf in leaves(i)] if isinstance(tree, Tup) else [tree]


def shaped(tree: Tup, parts: list[Any]) -> Tup:
    """The tree with these leaves."""
    source = iter(parts)

    def build(t: Any) -> Any:
        return Tup(tuple(map(build, t.items)), t.cls) if isinstance(t, Tup) else next(source)

    return build(tree)


def matching(template: Tup, tree: Any) -> Any:
    """`tree`, which must have the structure of `template`."""
    def same(a: Any, b: Any) -> bool:
        if isinstance(a, Tup) or isinstance(b, Tup):
            return type(a) is type(b) and a.cls is b.cls and len(a.items) == len(b.items) and all(
                map(same, a.items, b.items))
        return True

    if not same(template, tree):
        raise Refused("tuples of different structure in a list whose length is not known")
    return tree

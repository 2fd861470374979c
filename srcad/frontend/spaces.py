"""What a `for` iterates over: known items (the loop is unrolled), or a range and elements (it is one `Loop`)."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any

import numpy as np

from srcad.frontend.lists import columns_of, element_of, item
from srcad.frontend.machine import Frame, Walk
from srcad.frontend.memory import Elements
from srcad.frontend.names import never_ends
from srcad.frontend.special import class_with, method_of, overridden, special
from srcad.frontend.values import (
    FRESH,
    LEFT,
    Cell,
    Const,
    Entries,
    Fields,
    Items,
    Method,
    Num,
    Ref,
    Refused,
    Rows,
    Sequence,
    Stream,
    Table,
    Tup,
    atom_of,
    describe,
    is_atomic,
    is_static,
)
from srcad.ir import EXTENT, OPERATORS, Atom, Lit, Range, Type, Var, op_of
from srcad.ir.types import one_item
from srcad.rules.sequences import LENGTH, NEW, REVERSED

ITERATOR = type(iter(()))  # the class of a cell that holds what is left of an iterator
ENDLESS = frozenset({"count", "cycle", "repeat"})
# More kinds of streams; each makes a space of the parts.
KINDS: dict[str, Callable[[Frame, tuple[Any, ...]], Space]] = {}
LIMIT = 10_000  # items of a static iterable that a loop is unrolled over


@dataclass
class Space:
    """`items` when they are known; else `bounds` and `sequences`, and `value` of (index, elements) in a trip.

    `held`: arrays that `value` looks at, which the state must hold so that their last versions are seen."""

    items: list[Any] | None = None
    bounds: Range | None = None
    sequences: tuple[Atom, ...] = ()
    value: Callable[[Any, list[Any]], Any] = lambda index, elements: index
    held: dict[Cell, Atom] = field(default_factory=dict)
    endless: bool = False

    @property
    def width(self) -> int:
        return len(self.sequences)


def space_of(frame: Frame, value: Any) -> Space:
    match value:
        case Tup(items=items):
            return Space(list(items))
        case Ref():
            return _container(frame, value)
        case Num(atom=atom) if isinstance(atom, Var):
            return _array(atom)
        case Stream(kind="range", parts=parts):
            return _range(parts)
        case Stream(kind="generator"):
            rest = Ref(value.parts[0].value.rest)
            if never_ends(value.parts[0].value.source.tree) and isinstance(frame.machine.content(rest), Const):
                return Space(None, Range(Lit(0), Lit(sys.maxsize), Lit(1)), (),
                             lambda index, elements: frame.call(Const(next), [value]), endless=True)
            waits = isinstance(frame.machine.content(rest), Const)
            return space_of(frame, frame.call(Const(list), [value]) if waits else rest)
        case Stream(kind="bar", parts=(inner,)):
            return space_of(frame, inner)
        case Stream(kind="once", parts=(Const(value=cell), inner)):
            if frame.machine.content(Ref(cell)) is not FRESH:
                return space_of(frame, Ref(cell))
            frame.machine.state[cell], cell.cls = Items(()), ITERATOR
            return space_of(frame, inner)
        case Stream(kind="count" | "cycle" | "repeat"):
            return _endless(frame, value)
        case Stream(kind="enumerate", parts=(inner, start)):
            return _enumerated(frame, space_of(frame, inner), start)
        case Stream(kind="zip", parts=parts):
            if (rows := _of_one_iterator(frame, parts)) is not None:
                return Space(rows)
            return _zipped(frame, [space_of(frame, p) for p in parts])
        case Stream(kind="reversed", parts=(inner,)):
            return _reversed(frame, inner)
        case Stream(kind=kind, parts=parts) if kind in KINDS:
            return KINDS[kind](frame, parts)
        case Const(value=v) if isinstance(v, Iterable) and not isinstance(v, str | bytes):
            return Space([Const(x) for x in _bounded(v)])
        case Const(value=str() as v):
            return Space([Const(x) for x in v])
        case _:
            raise Refused(f"a loop over {describe(value)}", "it is not an array, a list, a range or the like")


def _of_one_iterator(frame: Frame, parts: tuple[Any, ...]) -> list[Any] | None:
    """`zip(it, it)` takes its items in turn from one iterator."""
    cells = [p.cell for p in parts if isinstance(p, Ref) and p.cell.cls is ITERATOR]
    if len(set(cells)) == len(cells):
        return None
    if len(cells) < len(parts) or len(set(cells)) > 1:
        raise Refused("zip of an iterator twice, and others", hint="take the items by next()")
    items = frame.machine.content(parts[0]).values
    frame.machine.store(parts[0], Items(()))
    n = len(parts)
    return [Tup(items[k:k + n]) for k in range(0, len(items) - n + 1, n)]


def _endless(frame: Frame, stream: Stream) -> Space:
    """From where it is by now; where the loop leaves it is not known."""
    cell = stream.parts[-1].value
    first = frame.machine.content(Ref(cell))
    frame.machine.state[cell] = LEFT

    def value(index: Any, elements: list[Any]) -> Any:
        return item_of_endless(frame, stream, index if first == Const(0) else frame.operator("add", first, index))

    return Space(None, Range(Lit(0), Lit(sys.maxsize), Lit(1)), (), value, endless=True)


def item_of_endless(frame: Frame, stream: Stream, i: Any) -> Any:
    """The item number `i` of an iterator that never ends."""
    binary, item = frame.operator, stream.parts[0]
    match stream.kind:
        case "count":
            start, step, _ = stream.parts
            return binary("add", start, binary("mul", i, step))
        case "cycle":
            length = frame.call(Const(len), [item])
            return frame.call(Const(operator.getitem), [item, binary("mod", i, length)])
        case _:
            return item


def lists_in(frame: Frame, value: Any, walk: Walk | None) -> dict[Cell, Walk | None]:
    """The lists that a loop over `value` runs over, those in order with the position of the loop."""
    match value:
        case Ref(cell=cell) if not isinstance(frame.machine.now_in(cell), Entries | Table | Fields):
            return {cell: walk}
        case Stream(kind=kind, parts=parts):
            in_order = walk if kind in ("zip", "enumerate", "bar") else None
            return {c: w for p in parts for c, w in lists_in(frame, p, in_order).items()}
        case _:
            return {}


def _bounded(values: Iterable[Any]) -> list[Any]:
    result = []
    for v in values:
        result.append(v)
        if len(result) > LIMIT:
            raise Refused(f"a loop over more than {LIMIT} constants", hint="loop over range(n) or over an array")
    return result


def _container(frame: Frame, ref: Ref) -> Space:
    content = frame.machine.content(ref)
    if overridden(frame, ref, "iter") is not None:
        return space_of(frame, special(frame, ref, "iter"))
    match content:
        case Items(values=values):
            if ref.cell.cls is ITERATOR:
                frame.machine.store(ref, Items(()))
            return Space(list(values))
        case Sequence() | Rows():
            return Space(None, None, tuple(columns_of(content)), lambda index, elements: element_of(content, elements))
        case Entries(values=entries):
            return Space([Const(k) for k, _ in entries])
        case Table():
            return space_of(frame, frame.call(Method(ref, "keys"), []))
        case Fields(cls=cls):
            return _of_object(frame, ref, cls)
        case _:
            raise Refused(f"a loop over {describe(ref)}")


def is_iterator(frame: Frame, value: Any) -> bool:
    """Is it an object of a class with `__next__`?"""
    return isinstance(value, Ref) and method_of(class_with(frame, value), "__next__") is not None


def goes_on(frame: Frame, iterator: Any) -> bool:
    """Does `__next__` of this object never say that there is no more?"""
    cls = class_with(frame, iterator)
    code = cls.__dict__["__next__"].__code__ if cls is not None and "__next__" in cls.__dict__ and isinstance(
        cls.__dict__["__next__"], FunctionType) else None
    return code is not None and not {"StopIteration", "next"} & set(code.co_names)


def iterator_of(frame: Frame, value: Any) -> Any:
    """What `iter(value)` gives of an object, if that is an object with `__next__`; else None."""
    cls = class_with(frame, value)
    if method_of(cls, "__iter__") is None or method_of(cls, "__next__") is None:
        return None
    found = special(frame, value, "iter")
    return found if is_iterator(frame, found) else None


def _of_object(frame: Frame, ref: Ref, cls: type) -> Space:
    """What an object gives when it is iterated: by `__iter__`, or by `__getitem__` as far as `__len__`."""
    if method_of(cls, "__iter__") is not None:
        found = special(frame, ref, "iter")
        if is_iterator(frame, found) and goes_on(frame, found):
            return Space(None, Range(Lit(0), Lit(sys.maxsize), Lit(1)), (),
                         lambda index, elements: frame.call(Const(next), [found]), endless=True)
        if is_iterator(frame, found):
            return space_of(frame, frame.call(Const(list), [found]))
        return space_of(frame, found)
    if method_of(cls, "__getitem__") is not None and method_of(cls, "__len__") is not None:
        bounds = _range((special(frame, ref, "len"),))
        assert bounds.bounds is not None
        return Space(None, bounds.bounds, (), lambda index, elements: special(frame, ref, "getitem", index))
    raise Refused(f"a loop over an object of {cls.__name__}", "its class has no method `__iter__`")


def _array(atom: Var) -> Space:
    if atom.type.kind in ("number", "scalar") or atom.type.rank == 0:
        raise Refused("a loop over a number")
    return Space(None, None, (atom,), lambda index, elements: elements[0])


def _range(parts: tuple[Any, ...]) -> Space:
    start, stop, step = (Const(0), parts[0], Const(1)) if len(parts) == 1 else (*parts, Const(1))[:3]
    for p in (start, stop, step):
        dtype = atom_of(p).type.dtype if is_atomic(p) else None
        if dtype is not None and dtype.kind == "f":
            raise Refused("a range over floats", "range takes integers", "use np.arange, or range over a count")
    return Space(None, Range(atom_of(start), atom_of(stop), atom_of(step)))


def static_range(bounds: Range) -> range | None:
    """The range itself when its bounds are constants."""
    values = []
    for a in (bounds.start, bounds.stop, bounds.step):
        known = a.value if isinstance(a, Lit) else a.type.value.offset if (
            a.type.value is not None and a.type.value.size is None) else None
        if known is None:
            return None
        values.append(operator.index(known))
    return range(*values)


def _sequenced(frame: Frame, space: Space) -> Space:
    """A space of known items as elements of one sequence, to walk beside others."""
    if space.items is None:
        return space
    if not all(map(is_atomic, space.items)):
        raise Refused("a loop over a list of unlike things beside an array", hint="loop over the indices")
    atom = frame.build.call(NEW, *map(atom_of, space.items))
    return Space(None, None, (atom,), lambda index, elements: elements[0])


def _enumerated(frame: Frame, inner: Space, start: Any) -> Space:
    if inner.items is not None:
        if is_static(start):
            return Space([Tup((Const(start.value + i), v)) for i, v in enumerate(inner.items)])
        inner = _sequenced(frame, inner)
    if inner.bounds is not None and (inner.bounds.start, inner.bounds.step) != (Lit(0), Lit(1)):
        return _numbered(frame, inner, inner.bounds, start)
    bounds = inner.bounds or Range(Lit(0), extent_of(frame, inner.sequences[0]), Lit(1))

    def value(index: Any, elements: list[Any]) -> Any:
        position = index
        if not (isinstance(start, Const) and start.value == 0):
            position = Num(frame.build.call(OPERATORS["add"], atom_of(start), index.atom))
        return Tup((position, inner.value(index, elements)))

    return Space(None, bounds, inner.sequences, value, inner.held)


def _numbered(frame: Frame, inner: Space, bounds: Range, start: Any) -> Space:
    """`enumerate` over a range that does not count from 0."""
    def value(index: Any, elements: list[Any]) -> Any:
        trip = frame.operator("floordiv", frame.operator("sub", index, Num(bounds.start)), Num(bounds.step))
        return Tup((frame.operator("add", start, trip), inner.value(index, elements)))

    return Space(None, bounds, inner.sequences, value, inner.held)


def extent_of(frame: Frame, atom: Atom) -> Atom:
    """How many elements a loop over `atom` sees."""
    if atom.type.kind == "sequence":
        return frame.build.call(LENGTH, atom)
    return frame.build.call(EXTENT, atom, axis=0)


def _zipped(frame: Frame, spaces: list[Space]) -> Space:
    if all(s.items is not None or (s.bounds is not None and static_range(s.bounds) is not None and not s.sequences)
           for s in spaces) and any(
            s.items is not None for s in spaces):
        shortest = min(len(s.items) for s in spaces if s.items is not None)
        columns = [s.items if s.items is not None else [s.value(Const(i), []) for i in (
            (static_range(s.bounds) if s.bounds else None) or ())[:shortest]] for s in spaces]
        return Space([Tup(tuple(row)) for row in zip(*columns, strict=False)])
    if any(s.items is not None and not all(map(_is_number, s.items)) for s in spaces):
        return _beside_unlike(frame, spaces)
    spaces = [_sequenced(frame, s) for s in spaces]
    if any(s.endless for s in spaces) and not all(s.endless for s in spaces):
        return _beside_endless(frame, spaces)
    ranged = [i for i, s in enumerate(spaces) if s.bounds is not None]
    for i in ranged[1:]:
        if spaces[i].held:
            raise Refused("two counted iterators in one loop", hint="loop over the indices")
        spaces[i] = _as_array(frame, spaces[i])
    bounds = spaces[ranged[0]].bounds if ranged else None
    sequences = tuple(a for s in spaces for a in s.sequences)

    def value(index: Any, elements: list[Any]) -> Any:
        rest, items = list(elements), []
        for s in spaces:
            own, rest = rest[: s.width], rest[s.width:]
            items.append(s.value(index if s.bounds is not None else None, own))
        return Tup(tuple(items))

    return Space(None, bounds, sequences, value, {c: a for s in spaces for c, a in s.held.items()})


def _is_number(value: Any) -> bool:
    return is_atomic(value) and not (isinstance(value, Const) and (value.value is None or isinstance(value.value, str)))


def _beside_unlike(frame: Frame, spaces: list[Space]) -> Space:
    """A list of unlike things beside arrays: there are as many rows as things, which must be known."""
    most = min(len(s.items) for s in spaces if s.items is not None)
    columns = []
    for s in spaces:
        items = frame.semantics.items(frame, s, most)
        if items is None:
            raise Refused("a loop over a list of unlike things beside an array", hint="loop over the indices")
        columns.append(items)
    return Space([Tup(tuple(row)) for row in zip(*columns, strict=False)])


def _beside_endless(frame: Frame, spaces: list[Space]) -> Space:
    """Endless iterators beside others: their items are computed from the number of the trip."""
    inner = _zipped(frame, [s for s in spaces if not s.endless])
    numbered = _enumerated(frame, inner, Const(0)) if inner.bounds is None else inner
    plain = isinstance(numbered.bounds, Range) and (numbered.bounds.start, numbered.bounds.step) == (Lit(0), Lit(1))
    if not plain:
        raise Refused("zip of an endless iterator and a range that does not count from 0",
                      hint="compute the item from the index")

    def value(index: Any, elements: list[Any]) -> Any:
        found = numbered.value(index, elements)
        others = iter((found.items[1] if numbered is not inner else found).items)
        return Tup(tuple(s.value(index, []) if s.endless else next(others) for s in spaces))

    return Space(None, numbered.bounds, numbered.sequences, value)


def _as_array(frame: Frame, space: Space) -> Space:
    assert space.bounds is not None
    arange = op_of(np.arange)
    assert arange is not None
    atom = frame.build.call(arange, space.bounds.start, space.bounds.stop, space.bounds.step)
    return Space(None, None, (atom,), lambda index, elements: elements[0])


def _reversed(frame: Frame, inner: Any) -> Space:
    space = space_of(frame, inner)
    if space.items is not None:
        return Space(space.items[::-1])
    if isinstance(inner, Stream) and inner.kind == "range" and space.bounds is not None:
        return Space(None, _reversed_range(frame, space.bounds))
    if space.bounds is None and space.width > 1 and isinstance(inner, Ref):
        backwards = tuple(frame.build.call(REVERSED, s) for s in space.sequences)
        return Space(None, None, backwards, space.value)
    if space.bounds is None and space.width == 1:
        (atom,) = space.sequences
        back = (frame.build.call(REVERSED, atom) if atom.type.kind == "sequence" else
                frame.build.call(_getitem(), atom, slice(None, None, -1)))
        return Space(None, None, (back,), lambda index, elements: elements[0])
    raise Refused("reversed of this iterator", hint="reverse what it runs over")


def _getitem() -> Any:
    op = op_of(operator.getitem)
    assert op is not None
    return op


def _reversed_range(frame: Frame, bounds: Range) -> Range:
    known = static_range(bounds)
    if known is not None:
        back = known[::-1]
        return Range(Lit(back.start), Lit(back.stop), Lit(back.step))
    if not isinstance(bounds.step, Lit) or bounds.step.value == 0:
        raise Refused("reversed of a range whose step is computed", hint="write the descending range itself")
    step, sign = bounds.step.value, 1 if bounds.step.value > 0 else -1

    def compute(name: str, a: Any, b: Any) -> Any:
        if isinstance(a, Lit) and isinstance(b, Lit):
            return Lit(getattr(operator, name)(a.value, b.value))
        return frame.build.call(OPERATORS[name], a, b)

    last = compute("sub", bounds.stop, Lit(sign))
    if step != sign:
        steps = compute("floordiv", compute("sub", last, bounds.start), bounds.step)
        last = compute("add", bounds.start, compute("mul", steps, bounds.step))
    return Range(last, compute("sub", bounds.start, Lit(sign)), Lit(-step))


def element_type(atom: Atom) -> Type:
    """The type of what a loop over `atom` sees."""
    t = atom.type
    if t.kind == "sequence":
        return Type("unknown") if t.item is None else one_item(t.item)
    if t.kind == "never":
        return t
    if t.shape is None:
        return Type("unknown", t.dtype)
    return replace(t, kind="scalar" if len(t.shape) == 1 else "array", shape=t.shape[1:])


def by_index(frame: Frame, space: Space) -> Space:
    """The same space as indices: its elements are places in arrays, which a loop can store to."""
    memories = frame.machine.memories
    if any(isinstance(a, Var) and a.type.kind == "sequence" and not isinstance(memories.at(a), Elements)
           for a in space.sequences):
        raise Refused("a store to what a loop runs over", hint="loop over the indices")
    bounds = space.bounds
    if bounds is None:
        lengths = {a.type.shape[0] if a.type.shape else None for a in space.sequences}
        extents = [extent_of(frame, a)
                   for a in space.sequences[:1 if len(lengths) == 1 and None not in lengths else None]]
        shortest = op_of(min)
        assert shortest is not None
        bounds = Range(Lit(0), extents[0] if len(extents) == 1 else frame.build.call(shortest, *extents), Lit(1))
    elif (bounds.start, bounds.step) != (Lit(0), Lit(1)):
        raise Refused("a store to what a loop runs over beside a range", hint="loop over the indices")

    # The arrays are held in the state, so that the loop sees their versions.
    cells = {Cell(a.hint): a for a in space.sequences if isinstance(a, Var)}

    def value(index: Any, elements: list[Any]) -> Any:
        held = [frame.machine.state[cell] for cell in cells]
        if not all(isinstance(h, Num) for h in held):
            raise Refused("a loop over an array that changes in an unknown way", hint="loop over the indices")
        at = index.value if isinstance(index, Const) else index.atom
        return space.value(index, [element(frame, h.atom, at) for h in held])

    return Space(None, bounds, (), value, {**space.held, **cells})


def place(frame: Frame, base: Atom, index: Any) -> Num:
    """`base[index]` as a view."""
    memories = frame.machine.memories
    result = frame.build.call(_getitem(), base, index)
    memories.derive(result, _getitem(), (base, index), {}, frame.build.made)
    return Num(result)


def element(frame: Frame, atom: Atom, index: Any) -> Num | Ref:
    """`atom[index]` of an array or a sequence."""
    if atom.type.kind == "sequence":
        return item(frame, atom, index)
    return place(frame, atom, index)

"""Lists, dicts and objects that a trip of a loop changes, or binds to a name in place of others."""

from __future__ import annotations

from typing import Any

from srcad.frontend.values import Cell, Items, Missing, Num, Ref, Rows, Sequence, State, Table, Tup


def grows(head: Any, end: Any) -> bool:
    """Is this list another after a trip, so that it has to be variables from the start?"""
    if isinstance(head, Items):
        return isinstance(end, Sequence | Rows) or (isinstance(end, Items) and len(head.values) != len(end.values))
    return isinstance(head, Sequence) and isinstance(end, Rows)


def rebound_lists(head: State, end: State) -> dict[Cell, Cell]:
    """Names that a trip binds to another container, which no other name has: it takes the place of the old one."""
    def uses(state: State, cell: Cell) -> int:
        # A name that only a trip binds can't be used before the next one binds it again.
        return sum(_mentions(v, cell) for k, v in state.items() if isinstance(k, Cell) or not _is_unbound(head.get(k)))

    result = {}
    for key, a in head.items():
        b = end.get(key)
        if isinstance(a, Ref) and isinstance(b, Ref) and a.cell is not b.cell:
            if uses(head, a.cell) == 1 and uses(end, b.cell) == 1:
                result[a.cell] = b.cell
    while True:
        # Each is either gone after the trip, or under another of the names: `a, b = b, a`.
        names = set(result.values())
        wrong = [a for a, b in result.items() if (b in head and b not in result) or (uses(end, a) and a not in names)]
        if not wrong:
            return result
        for a in wrong:
            del result[a]


def _is_unbound(value: Any) -> bool:
    return value is None or isinstance(value, Missing) or (isinstance(value, Num) and value.atom.type.kind == "never")


def _mentions(value: Any, cell: Cell) -> int:
    match value:
        case Ref(cell=c):
            return int(c is cell)
        case Table(values=Ref() as values):
            return _mentions(values, cell)
        case Tup(items=items) | Items(values=items):
            return sum(_mentions(i, cell) for i in items)
        case _ if hasattr(value, "values") and isinstance(value.values, tuple):
            return sum(_mentions(v, cell) for _, v in value.values)
        case _:
            return 0


def redirect(value: Any, rebound: dict[Cell, Cell]) -> Any:
    back = {new: old for old, new in rebound.items()}
    return Ref(back[value.cell]) if isinstance(value, Ref) and value.cell in back else value

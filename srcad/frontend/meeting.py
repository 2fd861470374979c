"""Views where two paths meet: a name that is the same view of an array on both is that view of what the array becomes.

    row = A[0]
    if c:                       A.1 = set_at(A, …); row.1 = A.1[0]
        A[0, 0] = 1.0
                                A.2 = A.1 if c else A;  row.2 = A.2[0]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.frontend.machine import Machine
from srcad.frontend.memory import Memories, View
from srcad.frontend.values import MISSING, State, atoms_in, map_atoms
from srcad.ir import Atom, Var, leaves


class MeetingViews:
    """Stand-ins for views while two states are joined; `choose` makes a variable for two atoms."""

    def __init__(self, left: Memories, right: Memories, choose: Callable[[Atom, Atom, str], Var]) -> None:
        self.left, self.right, self.choose = left, right, choose
        self.made: dict[tuple[Var, Var], Var] = {}
        self.steps: dict[Var, tuple[Var, list[Any]]] = {}

    def of_both(self, left: State, right: State) -> tuple[State, State]:
        """The states of two sides, with stand-ins for the views that they have in common."""
        left, right = dict(left), dict(right)
        for key, value in left.items():
            first, last = atoms_in(value), atoms_in(right.get(key, MISSING))
            if len(first) != len(last) or first == last:
                continue
            pairs = [self._stand_in(a, b) for a, b in zip(first, last, strict=True)]
            if any(p is not None for p in pairs):
                left[key], right[key] = _with(pairs, value), _with(pairs, right[key])
        return left, right

    def _stand_in(self, a: Any, b: Any) -> Var | None:
        if a is b or a not in self.left.views or b not in self.right.views:
            return None
        (root, steps), (other, others) = self.left.chain(a), self.right.chain(b)
        if steps != others:
            return None
        return self._made(a, b, root if root is other else self.choose(root, other, root.hint), steps)

    def _made(self, a: Var, b: Var, root: Var, steps: list[Any]) -> Var:
        if (a, b) not in self.made:
            self.made[a, b] = made = Var(a.hint, a.type)
            self.steps[made] = root, steps
        return self.made[a, b]

    def of_one(self, live: State, inside: frozenset[Var]) -> State:
        """The state of the only side that goes on, whose block bound `inside`."""
        def seen(a: Any) -> Any:
            if a not in inside or a not in self.left.views:
                return a
            root, steps = self.left.chain(a)
            if any(x in inside for _, rest, named in steps for x in _atoms((rest, named))):
                return a
            return self._made(a, a, self.choose(root, root, root.hint) if root in inside else root, steps)

        return {key: map_atoms(seen, value) if any(a in inside for a in atoms_in(value)) else value
                for key, value in live.items()}

    def renew(self, machine: Machine) -> None:
        """After the `If`: make the views of what their arrays became."""
        memories, views = machine.memories, {}
        for stand_in, (root, steps) in self.steps.items():
            now = root
            for op, rest, named in steps:
                view = View(now, op, rest, named)
                now = view.of(machine.build, now, stand_in.hint)
                memories.of[now], memories.views[now] = memories.at(root), view
            views[stand_in] = now
        if views:
            for key, value in machine.state.items():
                if any(a in views for a in atoms_in(value)):
                    machine.state[key] = map_atoms(lambda a: views.get(a, a), value)


def _with(pairs: list[Var | None], value: Any) -> Any:
    atoms = iter(zip(pairs, atoms_in(value), strict=True))

    def leaf(_: Any) -> Any:
        stand_in, own = next(atoms)
        return own if stand_in is None else stand_in

    return map_atoms(leaf, value)


def _atoms(tree: Any) -> list[Any]:
    """The atoms in the other arguments of a view."""
    if isinstance(tree, slice):
        return [tree.start, tree.stop, tree.step]
    return [a for x in leaves(tree) for a in (_atoms(x) if isinstance(x, slice) else [x])]

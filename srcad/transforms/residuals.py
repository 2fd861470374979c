"""How the reverse sweep has a value of the forward sweep again: the one place that decides.

    keep         it is still there: bound in a block around the reader, and nothing is to be done
    tape         it comes out of its block: a row of a loop, a choice of a branch, a residual of a call
    recompute    it is made again from what is there: an index, an extent, a load, a view, a product of two floats

Taping a value costs a list append and a pop, about 30 ns; a product of two Python floats 7 ns.  So arithmetic on
scalars is made again if a few operations suffice, whole-array arithmetic never is.  A load `x[i]` is made again only
from an array that lasts: one that no store turns into another version, or keeping the old version would cost a copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from srcad.ir import Block, Func, Let, Lit, Loop, Stmt, Var
from srcad.ir.walk import Renamer, binds, every, substitute
from srcad.transforms.extents import FACTS
from srcad.transforms.versions import settled

_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**", "neg", "not", "and", "or", "<", "<=", ">", ">=", "==",
                         "!="})
_VIEWS = frozenset({"np.transpose"})
_STORES = frozenset({"set_at", "index_add", "append", "set_item", "pop", "insert", "extend"})
LONGEST = 3


@dataclass(frozen=True)
class Lasting:
    """What is there to the end: `values`, and in these the loads that `loads` does again."""

    values: frozenset[Var]
    loads: dict[Var, Let]


def lasting(func: Func) -> Lasting:
    """What `func` binds once, outside of loops and branches, and does not turn into another version by a store."""
    stored = {a for s in every(func.body) if isinstance(s, Let) and s.op.name in _STORES for a in s.args[:1]}
    stored |= {c.init for s in every(func.body) if isinstance(s, Loop) for c in s.carries}
    values = frozenset(func.inputs) | {v for s in func.body for v in binds(s)} - stored
    loads, made_in_loops = settled(func)
    return Lasting(values | made_in_loops, loads)


@dataclass
class Plan:
    """`kept` must come out of the block; `again` is computed anew from `kept` and from the block's surroundings."""

    kept: list[Var] = field(default_factory=list)
    again: list[Let] = field(default_factory=list)

    def applied(self, block: Iterable[Stmt], mapping: dict[Var, Var]) -> tuple[Block, Renamer]:
        """`block` with its values had again: `mapping` says as what it sees the kept ones."""
        renamer = Renamer(dict(mapping))
        head = renamer.block(tuple(self.again))
        return head + substitute(tuple(block), renamer.mapping), renamer


def plan(needed: Iterable[Var], body: Block, inside: frozenset[Var], there: Iterable[Var],
         lasts: Lasting, longest: int = LONGEST) -> Plan:
    """How to have `needed`, which `body` (with what it binds, `inside`) computed, once `body` is over.

    `there` are values of `inside` that need no help, such as the index of a loop that is run again."""
    definitions = {let.outs[0]: let for let in body if isinstance(let, Let) and _is_cheap(let)}
    known, result = set(there), Plan()
    tried: dict[Var, list[Let] | None] = {}

    def steps(v: Var) -> list[Let] | None:
        """The calls that make `v` again, inputs first; None if that is impossible or too much."""
        if v in known:
            return []
        if v not in tried:
            tried[v] = made_by(v)
        return tried[v]

    def made_by(v: Var) -> list[Let] | None:
        if v not in inside:
            return [] if v.type.shape == () or v in lasts.values else None
        for let in (lasts.loads.get(v), definitions.get(v)):
            found = None if let is None else steps_of(let)
            if found is not None:
                return found
        return None

    def steps_of(let: Let) -> list[Let] | None:
        found: list[Let] = []
        for a in let.args:
            before = steps(a) if isinstance(a, Var) else []
            if before is None:
                return None
            found += [s for s in before if s not in found]
        return [*found, let] if sum(map(_costs, found)) + _costs(let) <= longest else None

    for v in sorted(set(needed) - known, key=lambda v: v.serial):
        tried.clear()
        found = steps(v)
        if found is not None:
            result.again += found
            known.update(let.out for let in found)
        else:
            result.kept.append(v)
            known.add(v)
    return result


def _is_cheap(let: Let) -> bool:
    if let.op.effect or len(let.outs) != 1:
        return False
    if let.op.name == "getitem":
        return all(a.type.shape == () for a in let.args[1:])
    if let.op.name == "item":
        return let.out.type.shape == ()
    if let.op.name == "**" and not isinstance(let.args[1], Lit):
        return False
    return let.op.name in FACTS | _VIEWS or (let.op.name in _ARITHMETIC and let.out.type.shape == ())


def _costs(let: Let) -> bool:
    """Arithmetic of floats counts; indices and loads are free."""
    dtype = let.out.type.dtype
    return let.op.name in _ARITHMETIC and (dtype is None or dtype.kind in "fc")

"""What is computed for one side of an `np.where` only.

`np.where(c, f(x), g)` must have the derivative zero where `c` is False, also if f has none there: 0 times infinity is
NaN, so a cotangent that is zero where `c` is False does not stay so through f's rule.  The statements whose values are
read for that side alone are its *slice*.  Within it the cotangent flows unmasked; what leaves it is masked.

    t = np.log(x)                                 dt = dy
    y = np.where(x > 0, t, 0.0)       becomes     dx = np.where(x > 0, dt / x, 0)

Only slices with an operation whose partials may be infinite, or whose test looks for such values (`np.isnan(x)`), need
this; in others the cotangent is masked where it enters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, assert_never

from srcad.ir import Block, CallOp, Dim, Func, If, Let, Lit, Loop, Op, Stmt, Var, leaves
from srcad.ir.walk import entry_atoms, exit_atoms, reads, variables
from srcad.rules.elementary import WHERE
from srcad.rules.ops import rule_of
from srcad.rules.tapes import LOADS, STORES
from srcad.transforms.activity import is_bundle

_SINGULAR = frozenset({"/", "%", "//", "np.std", "np.nanstd", "np.prod", "np.cumprod"} | {f"np.{name}" for name in (
    "divide", "remainder", "fmod", "reciprocal", "float_power", "exp", "exp2", "expm1", "sinh", "cosh", "log", "log2",
    "log10", "log1p", "sqrt", "cbrt", "tan", "arcsin", "arccos", "arccosh", "arctanh", "arctan2", "hypot")} | {
    f"math.{name}" for name in (
        "log", "log2", "log10", "log1p", "sqrt", "tan", "asin", "acos", "acosh", "atanh", "atan2", "exp", "expm1",
        "sinh",
        "cosh", "pow", "gamma", "lgamma")})
_POWERS = frozenset({"**", "np.power"})
_LOOKS = frozenset({"np.isnan", "np.isinf", "np.isfinite", "np.isposinf", "np.isneginf", "math.isnan", "math.isinf",
                    "math.isfinite"})
_LOGIC = frozenset({"invert", "not", "&", "|", "and", "or", "np.logical_not", "np.logical_and", "np.logical_or"})


@dataclass(frozen=True, slots=True)
class Guard:
    """The elements where `test` holds (side 1) or does not (side 2)."""

    test: Var
    side: int


Guards = tuple[Guard, ...]
Uses = defaultdict[Any, list[Guards]]


def guards(func: Func, active: frozenset[Var]) -> dict[Var, Guards]:
    """In which slices a value is, where these must be masked where they are left."""
    search = _Search(active)
    search.block(func.body, leaves(func.result))
    wanted = search.singular
    kept = ((v, tuple(g for g in found if g in wanted)) for v, found in search.found.items())
    return {v: found for v, found in kept if found}


def entered(stmt: Let, side: Any) -> Guards:
    """The slice that an argument of an `np.where` may be in."""
    if stmt.op is not WHERE or side not in (1, 2) or len(stmt.call()[0]) != 3:
        return ()
    test = stmt.call()[0][0]
    return (Guard(test, side),) if isinstance(test, Var) and test.type.shape is not None else ()


@dataclass
class _Search:
    active: frozenset[Var]
    found: dict[Var, Guards] = field(default_factory=dict)
    singular: set[Guard] = field(default_factory=set)
    looking: set[Var] = field(default_factory=set)      # tests that look for values that are not finite

    def block(self, block: Block, results: Iterable[Any]) -> Uses:
        """Last statement first: a value is in the slices that all its readers are in.

        What is left are the uses of values from around the block, in slices whose tests are from there too."""
        self._note_looks(block)
        uses: Uses = defaultdict(list)
        for a in results:
            uses[a if isinstance(a, Var) else None].append(())
        for stmt in reversed(block):
            match stmt:
                case Let():
                    if not self.active.isdisjoint(stmt.outs):
                        self._let(stmt, uses)
                    continue
                case If():
                    inner = [self.block(stmt.then, [c.then for c in stmt.choices]),
                             self.block(stmt.orelse, [c.orelse for c in stmt.choices])]
                case Loop():
                    inner = [self.block(stmt.body, exit_atoms(stmt))]
                case _:
                    assert_never(stmt)
            around = reads(stmt)
            for found in inner:
                for v in around & found.keys():
                    uses[v] += [tuple(g for g in c if g.test in around) for c in found[v]]
            own = variables(entry_atoms(stmt) if isinstance(stmt, Loop) else [stmt.test])
            for v in own | around.difference(*inner):
                uses[v].append(())
        return uses

    def _note_looks(self, block: Iterable[Stmt]) -> None:
        for stmt in block:
            if isinstance(stmt, Let) and (stmt.op.name in _LOOKS or stmt.op.name in _LOGIC
                                          and not self.looking.isdisjoint(stmt.args)):
                self.looking.update(stmt.outs)

    def _let(self, stmt: Let, uses: dict[Any, list[Guards]]) -> None:
        contexts = [c for v in stmt.outs for c in uses.pop(v, ())]
        shared = [g for g in contexts[0] if all(g in c for c in contexts[1:])] if contexts else []
        own = tuple(g for g in shared if _keeps_apart(stmt, g))
        self.found.update((v, own) for v in stmt.outs)
        if own and is_singular(stmt.op, stmt.args):
            self.singular.update(own)
        for place, arg in enumerate(stmt.call()[0]) if stmt.op is WHERE else ((None, a) for a in stmt.args):
            if isinstance(arg, Var) and place != 0:
                new = entered(stmt, place)
                self.singular.update(g for g in new if g.test in self.looking)
                uses[arg].append((*own, *(g for g in new if g not in own)))


def _keeps_apart(stmt: Let, guard: Guard) -> bool:
    """Does `stmt` compute the elements of `guard` from the same elements of its arguments?"""
    rule, op = rule_of(stmt.op), stmt.op
    if rule is None or isinstance(op, CallOp) or op.effect or op.outs != 1 or op in LOADS or op in STORES:
        return False
    if is_bundle(stmt) or not stmt.out.type.is_numeric:
        return False
    if guard.test.type.shape == ():
        return True
    return rule.elementwise and _fits(guard.test.type.shape, stmt.out.type.shape)


def _fits(test: tuple[Dim, ...] | None, shape: tuple[Dim, ...] | None) -> bool:
    """Does a test of that shape, stretched, say of each element of such a value whether it is taken?"""
    if test is None or shape is None or len(test) > len(shape):
        return False
    return all(d.is_one or d == own for d, own in zip(test, shape[len(shape) - len(test):], strict=True))


def is_singular(op: Op, args: tuple[Any, ...]) -> bool:
    """Can a partial of `op` be infinite, or not a number, for finite arguments?"""
    if op.name in _POWERS:
        exponent = args[-1].value if isinstance(args[-1], Lit) else None
        return not (isinstance(exponent, int | float) and exponent >= 0 and exponent == int(exponent))
    if op.name == "/" and isinstance(args[-1], Lit):
        return False
    return op.name in _SINGULAR or op.name.startswith("np.linalg.")

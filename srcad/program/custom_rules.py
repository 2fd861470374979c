"""What a stated derivative is made of: the lowered parts of `custom_vjp`, `custom_jvp` and `gradient_of`.

Each gives a `Rule`: for a call whose function is lowered, the rule's own functions lowered over the same inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gast

from srcad.frontend.machine import Frame
from srcad.frontend.names import bound_names
from srcad.frontend.values import Const, Num, Refused, Tup
from srcad.ir import Lit, Record, Undef, Var, leaves, map_tree
from srcad.program.custom_calls import Call, Made, Rule, new_like, stated_call, value_of
from srcad.transforms.stated import Part, Passed, Stated, StatedJvp, StatedVjp


def reverse_rule(forward: Any, backward: Any) -> Rule:
    """`custom_vjp`: `forward(*args) -> y, residuals`, `backward(*fixed, residuals, dy) -> cotangents`."""
    there, back = (getattr(f, "__name__", "rule").strip("<>") for f in (forward, backward))

    def rule(call: Call, made: Made) -> Stated:
        frame = call.frame
        part, tree, _ = call.part(Const(forward), call.args, there)
        if not (type(tree) is tuple and len(tree) == 2):
            raise Refused(f"what {there} returns", "it must be a pair: the result, and what the way back needs")
        ys = _aligned(made.result, tree[0], f"the result of {there}")
        kept = [a for a in leaves(tree[1]) if isinstance(a, Var)]
        again = {v: new_like(frame, v, v.hint or "r", derivative=False) for v in kept}
        seeds = {v: new_like(frame, v, f"d{v.hint}" if v.hint else "dy", derivative=True) for v in made.outputs
                 if v.type.is_inexact}
        residuals = map_tree(lambda a: again.get(a, a) if isinstance(a, Var) else a, tree[1])
        dy = map_tree(lambda a: seeds.get(a, Lit(None)) if isinstance(a, Var) else Lit(None), made.result)
        args = [*call.before, value_of(frame, residuals), value_of(frame, dy)]
        way, found, _ = call.part(Const(backward), args, back)
        if not (isinstance(found, tuple | list) and len(found) == len(call.trees)):
            raise Refused(f"what {back} returns",
                          f"it must be a tuple of {len(call.trees)}: a cotangent for each argument")
        cotangents = _by_input(call, found, back)
        return StatedVjp(
            call.name, (), (), frame.build.span, Part(part.body, (*ys, *kept)),
            tuple(again[v] for v in kept), tuple(map(seeds.get, made.outputs)),
            Part(way.body, tuple(cotangents)), there, back)

    return rule


def forward_rule(tangent: Any) -> Rule:
    """`custom_jvp`: `tangent(*fixed, primals, tangents) -> y, dy`."""
    name = getattr(tangent, "__name__", "rule").strip("<>")

    def rule(call: Call, made: Made) -> Stated:
        frame = call.frame
        dots = {v: new_like(frame, v, f"{v.hint}_dot" if v.hint else "dot", derivative=True) for v in call.inputs.atoms}
        given = []
        for k, tree in call.trees.items():
            zero = Const(0.0) if isinstance(call.args[k], Const) and isinstance(call.args[k].value, float) else None
            given.append(zero or value_of(frame, map_tree(lambda a: dots.get(a, Lit(None)) if isinstance(a, Var)
                                                          else Lit(None), tree)))
        args = [*call.before, Tup(tuple(call.moving)), Tup(tuple(given))]
        part, tree, _ = call.part(Const(tangent), args, name)
        if not (type(tree) is tuple and len(tree) == 2):
            raise Refused(f"what {name} returns", "it must be a pair: the result and its tangent")
        ys = _aligned(made.result, tree[0], f"the result of {name}")
        moving = _aligned(made.result, tree[1], f"the tangent that {name} gives")
        moving = [None if isinstance(d, Lit) and d.value is None else d for d in moving]
        return StatedJvp(call.name, (), (), frame.build.span, tuple(dots.values()), Part(part.body, (*ys, *moving)),
                         len(ys))

    return rule


def _aligned(result: Any, tree: Any, what: str) -> list[Any]:
    """The leaves of `tree` that stand where `result` has variables."""
    pairs: list[Any] = []
    if not _paired(result, tree, lambda a, b: pairs.append(b)):
        raise Refused(what, "it has not the structure of the function's result")
    return pairs


def _paired(tree: Any, other: Any, each: Callable[[Var, Any], None]) -> bool:
    """Call `each` with the variables of `tree` and what stands at their places; False where `other` has none such."""
    if isinstance(tree, Var):
        each(tree, other)
        return isinstance(other, Var | Lit | Undef)
    if tree is None or not isinstance(tree, tuple | list | dict | Record):
        return True
    if isinstance(other, Lit) and other.value is None:
        for v in leaves(tree):  # nothing, for all of it
            _paired(v, other, each)
        return True
    mine, its = _parts(tree), _parts(other)
    return its is not None and mine.keys() == its.keys() and all(_paired(t, its[k], each) for k, t in mine.items())


def _parts(tree: Any) -> Any:
    if isinstance(tree, tuple | list):
        return dict(enumerate(tree))
    return tree if isinstance(tree, dict) else tree.fields if isinstance(tree, Record) else None


def _by_input(call: Call, found: Any, back: str) -> list[Any]:
    """The cotangent of each input, None where there is none."""
    pairs: dict[Var, Any] = {}

    def each(v: Var, g: Any) -> None:
        ranks = v.type.rank, g.type.rank if isinstance(g, Var) else None
        if isinstance(call.inputs.atoms[v], Lit):
            return  # a constant: nobody asks for its cotangent
        if None not in ranks and ranks[0] != ranks[1]:
            raise Refused(f"the cotangent of `{v.hint}` that {back} returns",
                          f"it has rank {ranks[1]}, and the argument {ranks[0]}")
        if not (isinstance(g, Lit) and g.value is None):
            pairs[v] = g

    for tree, g in zip(call.trees.values(), found, strict=True):
        if not _paired(tree, g, each):
            raise Refused(f"a cotangent that {back} returns", "it has not the structure of the argument")
    return [pairs.get(v) for v in call.inputs.atoms]


def passing_rule(run: Callable[[Any], Any]) -> Rule:
    """`gradient_of(x)`: x itself; on the way back `run(dx)` says what its cotangent becomes."""

    def rule(call: Call, made: Made) -> Stated:
        frame = call.frame
        (x,) = call.inputs.atoms
        dx = new_like(frame, x, f"d{x.hint}" if x.hint else "dx", derivative=True)
        way, found, _ = call.part(Const(_Block(run)), [Num(dx)], "the block of gradient_of")
        return Passed(call.name, (), (), frame.build.span, Part((), (x,)), (), (dx,), Part(way.body, (found,)),
                         f"{call.name}_forward", f"{call.name}_reverse")

    return rule


@dataclass(frozen=True, eq=False)
class _Block:
    """Statements that are run where a function would be called."""

    run: Callable[[Any], Any]

    def __srcad_inside__(self, frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return self.run(args[0])


def passed_back(frame: Frame, node: Any, target: Any, body: list[Any]) -> None:
    """`with gradient_of(x) as dx: body`."""
    names = [a.id for a in node.args if isinstance(a, gast.Name)]
    if len(node.args) != 1 or node.keywords or not names or not isinstance(target, gast.Name):
        raise Refused("this `with gradient_of(…)`", "its cotangent has to be that of a name, and to have one",
                      "write `with gradient_of(x) as dx:`")
    (name,) = names
    value = frame.evaluate(node.args[0])
    if not (isinstance(value, Num) and value.atom.type.is_inexact):
        return  # nothing is differentiated by it

    def run(dx: Any) -> Any:
        keys = [(frame.scope, n) for n in bound_names(body) if n != target.id]
        before = {k: frame.machine.state.get(k) for k in keys}
        old = frame.machine.state.get((frame.scope, target.id))
        frame.machine.state[frame.scope, target.id] = dx
        frame.execute(body)
        state = frame.machine.state
        result = state[frame.scope, target.id]
        # What else the block binds is its own.
        for k, v in {**before, (frame.scope, target.id): old}.items():
            if v is None:
                state.pop(k, None)
            else:
                state[k] = v
        return result

    passed = stated_call(frame, name, run, Const(_Block(lambda x: x)), [value], (), passing_rule(run))
    frame.bind(name, passed)

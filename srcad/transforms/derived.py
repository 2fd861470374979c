"""What both modes share: the types of derivatives, the names of derived callees, and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from srcad.errors import Problem, Unsupported
from srcad.ir import RESIDUALS, FuncRef, Let, Type
from srcad.rules.ops import Function
from srcad.transforms.activity import Mask


def dual(t: Type) -> Type:
    """The type of a tangent or a cotangent of a value of type `t`: of an array without axes it is a number."""
    if t.kind == "number" or t.kind == "array" and t.shape == ():
        return Type("scalar", t.dtype, ())
    if t.kind == "sequence":
        return Type("sequence", item=t.item and dual(t.item))
    if t.kind == "object":
        return RESIDUALS
    return replace(t, value=None, optional=False)


def suffix(ref: FuncRef, kind: str, inputs: Mask) -> str:
    """Tells a second derivative of one callee from the first, by the numbers of its active inputs."""
    taken = any(isinstance(k, tuple) and k[0] == kind for k in ref.derived)
    return "_" + "".join(str(k) for k, yes in enumerate(inputs) if yes) if taken else ""


def stated(functions: Sequence[Function | None] | None, place: int | str, let: Let) -> Function:
    """What a rule states for one argument; without that the derivative is refused."""
    if functions is not None and isinstance(place, int) and place < len(functions):
        function = functions[place]
        if function is not None:
            return function
    raise refusal(let, place)


def refusal(stmt: Let, place: int | str) -> Unsupported:
    if isinstance(place, str):
        return Unsupported(Problem(stmt.span, f"srcad can't differentiate {stmt.op} by its argument {place}",
                                   hint="pass it by position if it has one, or keep it constant"))
    if stmt.op.effect:
        name = stmt.op.name.removeprefix(".")
        return Unsupported(Problem(stmt.span, f"an argument of `{name}` that the derivative depends on",
                                   "what a draw or another effect gives is a constant of the derivative",
                                   "keep it out: `loc + scale * rng.standard_normal(size)`, or stop_gradient(…)"))
    return Unsupported(Problem(stmt.span, f"srcad can't differentiate {stmt.op}", "it has no derivative rule",
                               "keep it out of what the result depends on, or give it a rule"))

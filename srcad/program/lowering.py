"""Lowering of programs: what a derivative is, as a core program, for the arguments of one signature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from types import CodeType
from typing import Any, assert_never

import numpy as np

from srcad.errors import ArgumentError
from srcad.frontend.capture import Source, capture
from srcad.frontend.lower import Lowered, lower
from srcad.frontend.values import Const
from srcad.ir import Builder, Func, Lit, Record, Type, Undef, Var, Whole, leaves, map_tree
from srcad.ir.walk import substitute
from srcad.program.programs import Forward, Gradient, Primal, Program, Tangent, Wrt, argument_of, spelled
from srcad.rules.outputs import SINGLE
from srcad.transforms.calls import Halves, pair
from srcad.transforms.forward import forward
from srcad.transforms.reverse import adjoint_of, reverse, without_value


@dataclass(frozen=True)
class Split(Lowered):
    """A program as its forward half; its companion is the way back."""

    whole: Func | None = None
    halves: Halves | None = None


def source_of(primal: Primal) -> Source:
    """The source of a primal; again if it has other code by now."""
    return replace(_captured(primal.shared, primal.code.__code__), function=primal.code)


@lru_cache(1024)
def _captured(primal: Primal, code: CodeType) -> Source:
    return capture(primal.code)


def lower_program(program: Program, arguments: dict[str, Any], wanted: Wanted = (),
                  called: Any = None) -> Lowered:
    """The core program of `program` for trees of types, one for each parameter of its primal.

    What is `wanted` is an input of the program, also where it does not read it.  A shared program is made for the
    function that is `called`, and serves others of its code."""
    match program:
        case Primal():
            source = source_of(program if called is None else Primal(called))
            return lower(source, arguments, wanted, program.tensors, called is not None)
        case Gradient():
            check_arguments(program, arguments)
            inner = lower_program(program.program, arguments, wanted + _want(program.wrt), called)
            return _gradient(program, unseeded(inner))
        case Tangent():
            inner = unseeded(lower_program(program.program, arguments, wanted + _want(program.wrt), called))
            return replace(inner, func=forward(inner.func, differentiated(inner.func, program.wrt, complex_too=True)))
        case Forward():
            wrt = program.wrt if program.wrt is not None else tuple(arguments)
            return _halves(program, unseeded(lower_program(program.program, arguments, wanted + _want(wrt), called)))
        case _:
            assert_never(program)


Wanted = tuple[tuple[str, tuple[Any, ...]], ...]  # arguments, and ways to their parts


def _want(wrt: Wrt) -> Wanted:
    """Parts of `*args` are inputs anyway: their number is checked where they are differentiated."""
    return tuple((w, ()) if isinstance(w, str) else (w[0], w[1:]) for w in wrt
                 if isinstance(w, str) or len(w) > 2 or isinstance(w[1], str))


def part_of(tree: Any, path: tuple[Any, ...]) -> Any:
    """The part of a tree that a way leads to."""
    for key in path:
        tree = tree.parts if isinstance(tree, Whole) else tree
        tree = tree.fields[key] if isinstance(tree, Record) else tree[key]
    return tree


def _gradient(program: Gradient, inner: Lowered) -> Lowered:
    """The adjoint: gradients, with the value or the auxiliary output where they are asked for."""
    wrt = differentiated(inner.func, program.wrt)  # first: integers give integers, and the cause is the argument
    func = one_number(inner.func, program.has_aux)
    adjoint = reverse(func, wrt, has_aux=program.has_aux, checkpoint=program.checkpoint)
    value, gradients = adjoint.result
    value, aux = value if program.has_aux else (value, None)
    order = [p.name for p in func.params if p.name in set(map(argument_of, program.wrt))]
    by_name = {order[0]: gradients} if len(order) == 1 else dict(zip(order, gradients, strict=True))
    parts = [by_name[w] if isinstance(w, str) else part_of(by_name[w[0]], w[1:]) for w in program.wrt]
    result: Any = parts[0] if program.single else tuple(parts)
    if program.value:
        result = ((value, aux), result) if program.has_aux else (value, result)
    elif program.has_aux:
        result = (result, aux)
    return replace(inner, func=without_value(replace(adjoint, result=(value, result))))


def one_number(func: Func, has_aux: bool) -> Func:
    """The program with its differentiated output made a scalar."""
    result, aux = func.result, None
    if has_aux:
        if not (type(result) is tuple and len(result) == 2):
            raise ArgumentError(f"has_aux=True, but {func.name} does not return a pair (value, aux)")
        result, aux = result
    check_scalar(func.name, result)
    body = func.body
    if isinstance(result, Var) and result.type.shape != ():
        build = Builder(func.span)
        result = build.call(SINGLE, result, hint=result.hint or "y")
        body += build.block
    return replace(func, body=body, result=(result, aux) if has_aux else result)


def _halves(program: Forward, inner: Lowered) -> Lowered:
    """The forward half; its companion is the way back."""
    captured = {c.name for c in inner.captures}
    names = program.wrt if program.wrt is not None else [p.name for p in inner.func.params if p.name not in captured]
    wrt = [v for p in inner.func.params if p.name in names for v in leaves(p.tree)
           if isinstance(v, Var) and v.type.is_inexact]
    halves = pair(inner.func, wrt, adjoint_of, program.checkpoint)
    forward = halves.forward.known
    if not halves.residuals:
        forward = replace(forward, result=(forward.result, ()))
    return Split(forward, inner.captures, inner.guards, (halves.reverse,), inner.parts, inner.func, halves)


def unseeded(lowered: Lowered) -> Lowered:
    """A derivative as a program of its own: the cotangent of its result is one."""
    func = lowered.func
    seeds = {v: Lit(p.default) for p in func.params if p.has_default for v in leaves(p.tree)}
    if not seeds:
        return lowered
    result = map_tree(lambda a: seeds.get(a, a) if isinstance(a, Var) else a, func.result)
    params = tuple(p for p in func.params if not p.has_default)
    return replace(lowered, func=replace(func, params=params, body=substitute(func.body, seeds), result=result))


def check_arguments(program: Gradient, arguments: dict[str, Any]) -> None:
    """Refuse arrays that hold no numbers, before a use of them is."""
    for name in map(argument_of, program.wrt):
        tree = arguments[name]
        if isinstance(tree, Const) and isinstance(tree.value, np.ndarray):
            raise ArgumentError(f"`{name}` of {program.primal.name} is an array of dtype {tree.value.dtype}. Pass an "
                                "array of floats")


def check_scalar(name: str, result: Any) -> None:
    """Refuse the gradient of what is not one real number."""
    if not isinstance(result, Var | Lit | Undef):
        kind = type(result).__name__
        raise ArgumentError(f"grad needs a function that returns one number; {name} returns a {kind}. Use has_aux=True "
                            "for a pair (value, aux), or vjp or jacobian for several outputs")
    t: Type = result.type
    if isinstance(result, Lit) and (result.value is None or not t.is_numeric):
        raise ArgumentError(f"grad needs a function that returns one number; {name} returns {result.value!r}")
    if t.kind == "sequence" or t.kind == "object":
        raise ArgumentError(f"grad needs a function that returns one number; {name} returns a list or another object")
    if t.shape is not None and any(d.not_one for d in t.shape):
        raise ArgumentError(f"grad needs a function that returns one number; {name} returns an array of rank "
                            f"{t.rank}. Sum it, or use jacobian, vjp or elementwise_grad")
    if t.dtype is not None and t.dtype.kind == "c":
        raise ArgumentError(f"grad needs a real result; {name} returns a complex number. Return its real part or its "
                            "absolute value")
    if t.dtype is not None and t.dtype.kind in "iub" and isinstance(result, Var):
        raise ArgumentError(f"grad needs a function that returns a float; {name} returns {t.dtype}, which has no "
                            "derivative. Multiply by 1.0 or convert with float() before differentiable operations")


def differentiated(func: Func, wrt: Wrt, complex_too: bool = False) -> list[Var]:
    """The leaves of the arguments `wrt` that have derivatives; an argument without one is an error."""
    found: list[Var] = []
    params = {p.name: p for p in func.params}
    for w in wrt:
        p = params[argument_of(w)]
        if not isinstance(w, str) and len(w) == 2 and type(p.tree) is tuple and w[1] >= len(p.tree):
            raise ArgumentError(f"wrt is number {w[1]} of `*{p.name}` of {func.name}, and {len(p.tree)} were given")
        tree = p.tree if isinstance(w, str) else part_of(p.tree, w[1:])
        own = [v for v in leaves(tree) if isinstance(v, Var) and v.type.is_inexact]
        if not own:
            raise ArgumentError(not_float(func.name, p.name if isinstance(w, str) else spelled(w), tree))
        if not complex_too and any(v.type.dtype is not None and v.type.dtype.kind == "c" for v in own):
            raise ArgumentError(f"grad with respect to `{p.name}`, which is complex: differentiate with respect to its "
                                "real and imaginary parts")
        found += own
    return found


def not_float(name: str, argument: str, tree: Any) -> str:
    head = f"`{argument}` of {name} can't be differentiated:"
    t = tree.type if isinstance(tree, Var) else tree
    if isinstance(t, Type):
        if t.kind == "array":
            return f"{head} it is an array of {t.dtype}. Pass floats, for instance {argument}.astype(float)"
        if t.dtype is not None and t.dtype.kind in "iu":
            return f"{head} it is an int. Pass a float, for instance {argument}=2.0 instead of 2, or choose `wrt`"
    if isinstance(tree, bool | int):
        return f"{head} it is {type(tree).__name__}. Pass a float, or choose another `wrt`"
    return f"{head} it holds no floats ({type(tree).__name__}). Choose another `wrt`"

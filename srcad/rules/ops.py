"""What a derivative rule is.

A rule is stated once, as mathematics, for positional arguments in order (None: not differentiable in it):

    elementwise(np.tanh, lambda y, x: 1 - y * y)                       partials; both modes follow
    elementwise(np.multiply, lambda z, x, y: y, lambda z, x, y: x)
    linear(np.reshape, lambda g, y, x, shape: np.reshape(g, np.shape(x)))
                                                                       its own tangent; the transpose is stated
    multilinear(np.matmul, transpose_a, transpose_b)                   linear in each argument by itself
    custom(np.linalg.det, jvps=(...,), vjps=(...,))                    only what fits none of these states both
    constant(np.floor)                                                 derivative zero wherever it has one

A rule's functions take `(g, y, *args, **kwargs)`: cotangent (or tangent) first, then the result, then the call as it
was made.  They run on arrays and on symbols alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from srcad.ir.ops import Op, define, name_of, op_of
from srcad.rules.factors import scale, signed
from srcad.rules.symbols import recorded

Function = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Rule:
    """`jvps[i](t, y, *args)` is what the tangent t of argument i adds to the result's tangent; `vjps[i](g, y, *args)`
    is what the result's cotangent g adds to argument i's.  An argument that is a list has a list of cotangents.
    `joint`: the operation is linear in all those arguments at once, so it is applied to all their tangents together.
    `elementwise`: the contributions still have the result's shape and are summed to the argument's."""

    jvps: tuple[Function | None, ...] = ()
    vjps: tuple[Function | None, ...] = ()
    joint: bool = False
    elementwise: bool = False


RULES: dict[Op, Rule] = {}
OWN: set[Op] = set()    # the rules of srcad itself, which stay; others may be stated anew
ZERO = Rule()


def rule_of(op: Op) -> Rule | None:
    """The rule of `op`; None where there is none and a derivative must be refused."""
    return RULES.get(op)


def operation(function: Function, name: str | None = None, **facts: Any) -> Op:
    """`function` as an operation (made now if it isn't one yet)."""
    known = op_of(function)
    if known is not None:
        assert not facts, f"{known} is defined twice"
        return known
    return define(function, name or name_of(function), **facts)


def _declare(function: Function, rule: Rule, name: str | None, facts: dict[str, Any]) -> Op:
    op = operation(function, name, **facts)
    if op in OWN:
        raise ValueError(f"{op} has a rule already")
    RULES[op] = replace(rule, jvps=tuple(map(signed, rule.jvps)), vjps=tuple(map(signed, rule.vjps)))
    return op


def elementwise(function: Function, *partials: Function | None, name: str | None = None, **facts: Any) -> Op:
    """z = f(x, y, …) elementwise with broadcasting; `partials[i](z, x, y, …)` is dz/dx_i."""

    def product(partial: Function | None) -> Function | None:
        if partial is None:
            return None
        return lambda t, z, *args, **kwargs: scale(t, lambda: partial(z, *args, **kwargs))

    products = tuple(map(product, partials))
    if op_of(function) is None:
        facts["elementwise"] = True
    return _declare(function, Rule(products, products, elementwise=True), name, facts)


def pointwise(function: Function, *products: Function | None, jvps: tuple[Function | None, ...] | None = None,
              name: str | None = None, **facts: Any) -> Op:
    """As `elementwise`, where something reads better than t times the partial: `products[i](t, z, x, y, …)`, `t / y`.
    `jvps` are stated where the operation is not complex differentiable (`abs`), so that the modes differ."""
    if op_of(function) is None:
        facts["elementwise"] = True
    return _declare(function, Rule(products if jvps is None else jvps, products, elementwise=True), name, facts)


def linear(function: Function, *transposes: Function | None, name: str | None = None, **facts: Any) -> Op:
    """f is linear in those arguments together; `transposes[i](g, y, *args)` is its transpose in the i-th."""
    return _declare(function, Rule((), transposes, joint=True), name, facts)


def multilinear(function: Function, *transposes: Function | None, name: str | None = None, **facts: Any) -> Op:
    """f is linear in each of those arguments while the others are fixed."""

    apply = recorded(function)

    def tangent(i: int) -> Function:
        return lambda t, y, *args, **kwargs: apply(*args[:i], t, *args[i + 1:], **kwargs)

    jvps = tuple(None if t is None else tangent(i) for i, t in enumerate(transposes))
    return _declare(function, Rule(jvps, transposes), name, facts)


def custom(function: Function, *, jvps: tuple[Function | None, ...], vjps: tuple[Function | None, ...],
           name: str | None = None, **facts: Any) -> Op:
    """Both modes are stated."""
    assert len(jvps) == len(vjps)
    return _declare(function, Rule(jvps, vjps), name, facts)


def refused(what: str) -> Function:
    """In place of a rule that is missing, where silence would mean zero."""
    def refuse(*_: Any, **__: Any) -> Any:
        raise NotImplementedError(what)
    return refuse


def constant(*functions: Function, **facts: Any) -> None:
    """The derivative is zero wherever it exists: comparisons, roundings, indices, shapes, new arrays."""
    for f in functions:
        _declare(f, ZERO, None, dict(facts))


def alike(function: Function, *same: Function, **facts: Any) -> None:
    """`same` have the rule of `function`."""
    op = op_of(function)
    assert op is not None
    for f in same:
        _declare(f, RULES[op], None, dict(facts))

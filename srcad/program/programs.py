"""Programs: things that can be lowered for given arguments, the primal and all that is derived from it.

    Primal(f)                 the user's function
    Gradient(p, wrt, …)       the adjoint of a program: its gradients, with or without its value
    Tangent(p)                its value and its directional derivative

Each is a function from argument trees to a core program, so derivatives of derivatives are nothing special.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FunctionType
from typing import Any, Protocol

from srcad.errors import ArgumentError
from srcad.frontend.capture import Source, capture
from srcad.frontend.lower import Lowered, lower
from srcad.ir import Builder, Func, Lit, Type, Undef, Var, leaves, map_tree
from srcad.ir.walk import substitute
from srcad.rules.outputs import SINGLE
from srcad.transforms.forward import forward
from srcad.transforms.reverse import reverse, without_value

Wrt = tuple["str | tuple[str, int]", ...]  # names of arguments, or (name of `*args`, position in it)


class Program(Protocol):
    """What the transforms of this package work on."""

    @property
    def name(self) -> str: ...

    @property
    def primal(self) -> Primal: ...

    def lower(self, arguments: dict[str, Any]) -> Lowered: ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Primal:
    """A Python function, with what is given already where it is a method or a partial."""

    function: Any

    @cached_property
    def source(self) -> Source:
        return capture(self.code)

    @cached_property
    def code(self) -> Any:  # a FunctionType, which mypy would bind as a method
        """The function whose body is differentiated, under partials and methods."""
        f: Any = self.function
        while not isinstance(f, FunctionType):
            f = f.func if isinstance(f, partial) else f.__func__
        return f

    @cached_property
    def bound(self) -> tuple[Any, ...]:
        """Arguments that are given already: `self` of a method, those of a partial."""
        f: Any = self.function
        given: tuple[Any, ...] = ()
        while not isinstance(f, FunctionType):
            f, given = (f.func, (*f.args, *given)) if isinstance(f, partial) else (f.__func__, (f.__self__, *given))
        return given

    @cached_property
    def named(self) -> dict[str, Any]:
        """Keyword arguments that are given already."""
        f: Any = self.function
        given: dict[str, Any] = {}
        while isinstance(f, partial):
            f, given = f.func, {**f.keywords, **given}
        return given

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that positions count: not those that are given, and not `self`."""
        names = self.names[len(self.bound):]
        return names[1:] if not self.bound and names[:1] == ("self",) else names

    @property
    def name(self) -> str:
        return self.code.__name__.strip("<>")

    @property
    def primal(self) -> Primal:
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters, `*args` and `**kwargs` last, in the order of the generated function."""
        code = self.code.__code__
        starred = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + starred]

    @property
    def plain(self) -> bool:
        """Is a call with as many positional arguments as there are names complete as it stands?"""
        code = self.code.__code__
        return not (code.co_flags & (CO_VARARGS | CO_VARKEYWORDS) or code.co_kwonlyargcount or self.bound or self.named)

    def lower(self, arguments: dict[str, Any]) -> Lowered:
        return lower(self.source, arguments)


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of a program whose result has one element (the first of a pair, with `has_aux`)."""

    program: Program
    wrt: Wrt
    single: bool           # one argument: the gradient itself; several: a tuple of gradients
    value: bool = False
    has_aux: bool = False

    @property
    def name(self) -> str:
        return f"{self.program.name}_adjoint"

    @property
    def primal(self) -> Primal:
        return self.program.primal

    def lower(self, arguments: dict[str, Any]) -> Lowered:
        inner = unseeded(self.program.lower(arguments))
        func, aux = self._output(inner.func)
        adjoint = reverse(func, differentiated(func, self.wrt))
        value, gradients = adjoint.result
        order = [p.name for p in func.params if p.name in set(map(argument_of, self.wrt))]
        by_name = {order[0]: gradients} if len(order) == 1 else dict(zip(order, gradients, strict=True))
        parts = [by_name[w] if isinstance(w, str) else by_name[w[0]][w[1]] for w in self.wrt]
        result: Any = parts[0] if self.single else tuple(parts)
        if self.value:
            result = ((value, aux), result) if self.has_aux else (value, result)
        elif self.has_aux:
            result = (result, aux)
        return replace(inner, func=without_value(replace(adjoint, result=(value, result))))

    def _output(self, func: Func) -> tuple[Func, Any]:
        """The program with its one differentiated output made a scalar, and the auxiliary output."""
        result, aux = func.result, None
        if self.has_aux:
            if not (type(result) is tuple and len(result) == 2):
                raise ArgumentError(f"has_aux=True, but {func.name} does not return a pair (value, aux)")
            result, aux = result
        check_scalar(func.name, result)
        if result.type.shape != () and isinstance(result, Var):
            build = Builder(func.span)
            scalar = build.call(SINGLE, result, hint=result.hint or "y")
            return replace(func, body=func.body + build.block, result=scalar), aux
        return replace(func, result=result), aux


@dataclass(frozen=True, eq=False)
class Tangent:
    """The value of a program and its derivative along the tangents of the arguments in `wrt`."""

    program: Program
    wrt: Wrt

    @property
    def name(self) -> str:
        return f"{self.program.name}_tangent"

    @property
    def primal(self) -> Primal:
        return self.program.primal

    def lower(self, arguments: dict[str, Any]) -> Lowered:
        inner = unseeded(self.program.lower(arguments))
        return replace(inner, func=forward(inner.func, differentiated(inner.func, self.wrt, complex_too=True)))


def unseeded(lowered: Lowered) -> Lowered:
    """A derivative as a program of its own: the cotangent of its result is one."""
    func = lowered.func
    seeds = {v: Lit(p.default) for p in func.params if p.has_default for v in leaves(p.tree)}
    if not seeds:
        return lowered
    result = map_tree(lambda a: seeds.get(a, a) if isinstance(a, Var) else a, func.result)
    params = tuple(p for p in func.params if not p.has_default)
    return replace(lowered, func=replace(func, params=params, body=substitute(func.body, seeds), result=result))


def check_scalar(name: str, result: Any) -> None:
    """Refuse the gradient of what is not one real number."""
    if not isinstance(result, Var | Lit | Undef):
        kind = type(result).__name__
        raise ArgumentError(f"grad needs a function that returns one number; {name} returns a {kind}. Use has_aux=True for "
                            "a pair (value, aux), or vjp or jacobian for several outputs")
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
        tree = p.tree if isinstance(w, str) else p.tree[w[1]]
        own = [v for v in leaves(tree) if isinstance(v, Var) and v.type.is_inexact]
        if not own:
            raise ArgumentError(_not_float(func.name, p.name if isinstance(w, str) else f"{w[0]}[{w[1]}]", tree))
        if not complex_too and any(v.type.dtype is not None and v.type.dtype.kind == "c" for v in own):
            raise ArgumentError(f"grad with respect to `{p.name}`, which is complex: differentiate with respect to its real "
                                "and imaginary parts")
        found += own
    return found


def argument_of(w: str | tuple[str, int]) -> str:
    return w if isinstance(w, str) else w[0]


def _not_float(name: str, argument: str, tree: Any) -> str:
    head = f"`{argument}` of {name} can't be differentiated:"
    if isinstance(tree, Var):
        t = tree.type
        if t.kind == "array":
            return f"{head} it is an array of {t.dtype}. Pass floats, for instance {argument}.astype(float)"
        if t.dtype is not None and t.dtype.kind in "iu":
            return f"{head} it is an int. Pass a float, for instance {argument}=2.0 instead of 2, or choose `wrt`"
    if isinstance(tree, bool | int):
        return f"{head} it is {type(tree).__name__}. Pass a float, or choose another `wrt`"
    return f"{head} it holds no floats ({type(tree).__name__}). Choose another `wrt`"

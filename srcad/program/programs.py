"""Programs: things that can be lowered for given arguments, the primal and all that is derived from it.

    Primal(f)                 the user's function
    Gradient(p, wrt, …)       the adjoint of a program: its gradients, with or without its value
    Tangent(p, wrt)           its value and its directional derivative
    Forward(p, wrt)           the forward half of its pullback

Each is a function from argument trees to a core program, so derivatives of derivatives are nothing special.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from inspect import CO_VARARGS, CO_VARKEYWORDS
from threading import Lock
from types import CellType, FunctionType, MethodType
from typing import Any

from srcad.errors import ArgumentError
from srcad.transforms.schedules import Schedule

# Names of arguments, or ways to a part of one: ("args", 2), ("self", "layers", 0, "w").
Wrt = tuple["str | tuple[Any, ...]", ...]


@dataclass(frozen=True, eq=False)
class Primal:
    """A Python function, with what is given already where it is a method or a partial."""

    function: Any
    tensors: bool = False       # are its arrays tensors, whose methods are PyTorch's?

    @cached_property
    def shared(self) -> Primal:
        """The primal of all functions of this code: it knows neither what is given already nor cells and defaults."""
        return _shared(self.code, self.tensors)

    @cached_property
    def of_tensors(self) -> Primal:
        made = replace(self, tensors=True)
        if self.shared is self:
            made.__dict__["shared"] = made
        return made

    @property
    def given(self) -> tuple[Any, ...]:
        """What the calls of a shared program begin with: the function, and the arguments that are given already."""
        return self.code, *self.bound

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
        """The parameters that positions count: not those that are given, and not `self` or `cls`."""
        names = self.names[len(self.bound):]
        return names[1:] if not self.bound and names[:1] in (("self",), ("cls",)) else names

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
    def stars(self) -> dict[str, Any]:
        """`*args` and `**kwargs` by name, as they are in a call that gives none."""
        flags = self.code.__code__.co_flags
        empty: list[Any] = [()] * bool(flags & CO_VARARGS) + [{}] * bool(flags & CO_VARKEYWORDS)
        return dict(zip(self.names[len(self.names) - len(empty):], empty, strict=True))

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call by parameter, with what is given already and defaults filled in."""
        return self.arguments_of(self.code, (*self.bound, *args), {**self.named, **kwargs})

    def arguments_of(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call of `f`, a function of this code."""
        try:
            bound = self.signature_of(f).bind(*args, **kwargs).arguments
        except TypeError as error:
            raise ArgumentError(f"{self.name}(): {error}") from None
        names = f.__code__.co_varnames[:f.__code__.co_argcount]
        defaults = f.__defaults__ or ()
        positional = dict(zip(names[len(names) - len(defaults):], defaults, strict=True))
        return {**self.stars, **positional, **(f.__kwdefaults__ or {}), **bound}

    def positions(self, f: Any, args: tuple[Any, ...]) -> dict[str, Any]:
        """What stands for positional arguments of `f`, a function of this code, by parameter."""
        return dict(self.signature_of(f).bind_partial(*args).arguments)

    def in_order(self, values: list[Any]) -> tuple[Any, ...]:
        """What stands for parameters (in the order of `names`), by positional argument."""
        code = self.code.__code__
        rest = values[code.co_argcount + code.co_kwonlyargcount] if code.co_flags & CO_VARARGS else ()
        return (*values[len(self.bound):code.co_argcount], *rest)

    def signature_of(self, f: Any) -> inspect.Signature:
        """The signature of a function of this code, without what its defaults are."""
        now = (f.__code__, len(f.__defaults__ or ()), *(f.__kwdefaults__ or ()))
        made_of, found = self.shared.__dict__.get("_signature", (None, None))
        if made_of != now:
            whole = inspect.signature(f, follow_wrapped=False)
            found = inspect.Signature([p if p.default is p.empty else p.replace(default=None)
                                       for p in whole.parameters.values()])
            self.shared.__dict__["_signature"] = now, found
        return found

    @property
    def positional(self) -> bool:
        """Is every positional argument one with a name?"""
        return not self.code.__code__.co_flags & CO_VARARGS

    @property
    def plain(self) -> bool:
        """Is a call with as many positional arguments as there are names complete as it stands?"""
        code = self.code.__code__
        return not (code.co_flags & (CO_VARARGS | CO_VARKEYWORDS) or code.co_kwonlyargcount)


@dataclass(frozen=True)
class Gradient:
    """The gradient of a program whose result has one element (the first of a pair, with `has_aux`)."""

    program: Program
    wrt: Wrt
    single: bool           # one argument: the gradient itself; several: a tuple of gradients
    value: bool = False
    has_aux: bool = False
    checkpoint: Schedule | None = None

    @property
    def name(self) -> str:
        return f"{self.program.name}_adjoint"

    @property
    def primal(self) -> Primal:
        return self.program.primal


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Forward:
    """The forward half of a program, `(value, residuals)`; its companion is the way back (to all if `wrt` is None)."""

    program: Program
    wrt: Wrt | None = None
    checkpoint: Schedule | None = None

    @property
    def name(self) -> str:
        return f"{self.program.name}_forward"

    @property
    def primal(self) -> Primal:
        return self.program.primal


Program = Primal | Gradient | Tangent | Forward


def shared(program: Program) -> Program:
    """The same program of all functions of this code; there is one of each, to be compared and remembered by."""
    return program.shared if isinstance(program, Primal) else replace(program, program=shared(program.program))


SHARED = 1024
_primals: dict[Any, Primal] = {}
_lock = Lock()


def _shared(f: FunctionType, tensors: bool) -> Primal:
    """What decides a program of a function besides its arguments, cells and defaults: its code and its globals, and
    which parameters have defaults."""
    alone = hasattr(f, "__wrapped__") or (f.__module__ or "").partition(".")[0] == "srcad"
    key = (id(f if alone else f.__code__), id(f.__globals__), len(f.__defaults__ or ()), *(f.__kwdefaults__ or ()),
           tensors)
    with _lock:
        found = _primals.get(key)
        if found is None:
            while len(_primals) >= SHARED:
                del _primals[next(iter(_primals))]
            found = _primals[key] = Primal(f if alone else _hollow(f), tensors)
            found.__dict__["shared"] = found
    return found


def _hollow(f: FunctionType) -> FunctionType:
    """A function of this code that holds nothing that `f` holds, but keeps the identity of the code taken."""
    made = FunctionType(f.__code__, f.__globals__, f.__name__, None, tuple(CellType() for _ in f.__closure__ or ()))
    made.__qualname__, made.__module__, made.__doc__ = f.__qualname__, f.__module__, f.__doc__
    return made


def of_tensors(program: Program) -> Program:
    """The same program of arguments that are tensors."""
    return program.of_tensors if isinstance(program, Primal) else replace(program, program=of_tensors(program.program))


def primal_of(function: Any) -> Primal:
    """The primal of anything callable that is not a derivative."""
    if hasattr(function, "__srcad_lowerable__"):
        return Primal(function.__srcad_lowerable__())
    if _has_body(function):
        return Primal(function)
    if callable(function) and isinstance(getattr(type(function), "__call__", None), FunctionType):
        return Primal(function.__call__)
    if callable(function):
        return Primal(_wrapped(function))
    raise ArgumentError(f"{function!r} is not a function")


def _has_body(function: Any) -> bool:
    """Is it a Python function, under partials and methods, that is not an operation of a library?"""
    while not isinstance(function, FunctionType):
        if not isinstance(function, functools.partial | MethodType):
            return False
        function = function.func if isinstance(function, functools.partial) else function.__func__
    return (function.__module__ or "").split(".")[0] not in ("numpy", "scipy")


@functools.lru_cache(256)
def _wrapped(operation: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy or `math` as one with a body."""

    def unary(x: Any) -> Any:
        return operation(x)

    def binary(x: Any, y: Any) -> Any:
        return operation(x, y)

    def any_number(*args: Any) -> Any:
        return operation(*args)

    count = _count(operation)
    return unary if count == 1 else binary if count == 2 else any_number


def _count(operation: Callable[..., Any]) -> int:
    """How many arguments an operation needs; 0 if it takes any number."""
    if hasattr(operation, "nin"):
        return int(operation.nin)
    try:
        parameters = inspect.signature(operation).parameters.values()
    except ValueError:
        return 1
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 0
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def names_in(primal: Primal, wrt: Any) -> tuple[Wrt, bool]:
    """(the names of the arguments that `wrt` means, whether it is a single one)."""
    names = primal.parameters

    starred = bool(primal.code.__code__.co_flags & CO_VARARGS)
    count = primal.code.__code__.co_argcount - (len(primal.names) - len(names))

    def name(w: int | str) -> str | tuple[Any, ...]:
        if isinstance(w, str):
            argument, *path = way(w)
            if argument not in primal.names:
                raise ArgumentError(f"{primal.name} has no argument `{argument}`; it has {', '.join(names)}")
            return (argument, *path) if path else argument
        if not isinstance(w, int) or isinstance(w, bool):
            raise ArgumentError(f"wrt must be a position, a name, or a tuple of these, not {w!r}")
        if starred and w >= count:
            keyword_only = primal.code.__code__.co_kwonlyargcount
            return primal.names[count + len(primal.names) - len(names) + keyword_only], w - count
        if not -len(names) <= w < len(names):
            raise ArgumentError(f"{primal.name} has no argument number {w}; it has {len(names)}")
        return names[w]

    if isinstance(wrt, tuple | list):
        if not wrt:
            raise ArgumentError("wrt is empty: name at least one argument")
        return tuple(map(name, wrt)), False
    return (name(wrt),), True


def way(text: str) -> tuple[Any, ...]:
    """`self.layers[0].w` as what leads there, one after the other.

    >>> way("self.layers[0].w")
    ('self', 'layers', 0, 'w')
    """
    if text.isidentifier():
        return (text,)

    def steps(node: ast.expr) -> tuple[Any, ...]:
        match node:
            case ast.Name(id=identifier):
                return (identifier,)
            case ast.Attribute(value=owner, attr=attr):
                return (*steps(owner), attr)
            case ast.Subscript(value=owner, slice=index):
                return (*steps(owner), ast.literal_eval(index))
        raise ValueError

    try:
        return steps(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError):
        raise ArgumentError(f"wrt={text!r} is neither an argument nor a way to a part of one, as `self.layers[0].w`"
                            ) from None


def argument_of(w: str | tuple[Any, ...]) -> str:
    return w if isinstance(w, str) else str(w[0])


def spelled(w: str | tuple[Any, ...]) -> str:
    """A way as it is written."""
    return w if isinstance(w, str) else w[0] + "".join(
        f".{k}" if isinstance(k, str) and k.isidentifier() else f"[{k!r}]" for k in w[1:])

"""The objects that `grad` and `value_and_grad` return, and how a call of one finds its generated function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import CO_VARARGS
from types import FunctionType, MethodType
from typing import Any

from numpy import ndarray

from srcad.backends.load import annotate
from srcad.errors import ArgumentError
from srcad.frontend.calls import bind
from srcad.frontend.lower import Lowered, match_arguments
from srcad.frontend.values import Const
from srcad.program.programs import Gradient, Primal, Program
from srcad.program.results import owned
from srcad.program.signature import key_of
from srcad.program.variants import Variant, Variants

Wrt = int | str | tuple[int | str, ...]


CONTAINERS = frozenset({tuple, list, dict})


class Runner:
    """Calls a program through its variants."""

    def __init__(self, program: Program, backend: str = "numpy") -> None:
        primal = program.primal
        self.program, self.primal = program, primal
        self.variants = Variants(program, primal.names, backend)
        self.plain = primal.plain
        self.count = len(primal.names)

    def values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments in the order of the parameters, defaults filled in."""
        if self.plain and not kwargs and len(args) == self.count:
            return args
        bound = match_arguments(self.primal.source, self.primal.code, (*self.primal.bound, *args),
                                {**self.primal.named, **kwargs})
        return tuple(bound[n] for n in self.primal.names)

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any], more: tuple[Any, ...] = ()) -> Any:
        """Call the variant for these arguments; `more` are arguments that only the generated function has."""
        if kwargs or not self.plain or len(args) != self.count:
            args = self.values(args, kwargs)
        # The common case costs one key, one look-up and one call.
        key = tuple([(a.dtype, a.shape) if type(a) is ndarray else key_of(a) for a in args])
        for variant in self.variants.by_key.get(key, ()):
            if not variant.checked:
                return self.finish(variant, args + more if more else args)
        variant = self.variants.find(args)
        return self.finish(variant, (*args, *(read() for read in variant.captures), *more))

    def finish(self, variant: Variant, given: tuple[Any, ...]) -> Any:
        """Run the generated function; what the user's program raises is shown with the user's line."""
        try:
            result = variant.run(*given)
        except Exception as error:
            annotate(error)
            raise
        if type(result) is ndarray and result.base is None:
            for a in given:
                if a is result or type(a) in CONTAINERS:
                    break
            else:
                if result.flags.writeable:
                    return result
        return result if type(result) is float else owned(result, given)


class Derivative:
    """A derivative of a function, callable with the function's own signature."""

    def __init__(self, function: Any, program: Program, backend: str) -> None:
        functools.update_wrapper(self, function)
        self.function, self.program, self.backend = function, program, backend
        self._runner: Runner | None = None

    @property
    def runner(self) -> Runner:
        if self._runner is None:
            self._runner = Runner(self.program, self.backend)
        return self._runner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return (self._runner or self.runner)(args, kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """On a class, a method: its first argument is the instance."""
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> tuple[Any, ...]:
        """By reference, as functions are pickled: by name where the decorated name is ours, else by the function."""
        module, name = self.function.__module__, self.function.__qualname__
        if _at(module, name) is self:
            return _at, (module, name)
        assert isinstance(self.program, Gradient)
        p = self.program
        return derivative_of, (self.function, p.wrt if not p.single else p.wrt[0], p.value, p.has_aux, self.backend)

    def __copy__(self) -> Derivative:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Derivative:
        return self

    def __repr__(self) -> str:
        return f"<{self.program.name} of {getattr(self.function, '__qualname__', self.function)}>"

    @property
    def primal(self) -> Any:
        """The function that was differentiated."""
        return self.function

    @property
    def source(self) -> str:
        """The text of the variants made so far; before the first call, of the one for unknown arguments."""
        variants = self.runner.variants
        made = variants.all() or [variants.unspecific(self.runner.primal.code.__annotations__)]
        return "\n\n".join(v.text for v in made)

    def explain(self) -> str:
        """What was generated for which signatures, and what it depends on."""
        from srcad.program.explain import explain

        return explain(self)

    def lower(self, arguments: dict[str, Any]) -> Lowered:
        return self.program.lower(arguments)

    def bind_values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Values of a call inside another program, by parameter."""
        primal = self.program.primal
        defaults = tuple(map(Const, primal.code.__defaults__ or ()))
        kwdefaults = {k: Const(v) for k, v in (primal.code.__kwdefaults__ or {}).items()}
        bound = bind(primal.source.tree, [*map(Const, primal.bound), *args], kwargs, defaults, kwdefaults)
        return {n: bound[n] for n in primal.names}


def _at(module: str, name: str) -> Any:
    """The object of that qualified name, if it is still there."""
    import sys

    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


@functools.lru_cache(256)
def _primal(function: Any) -> Primal:
    return Primal(function)


def program_of(function: Any) -> Program:
    """What is differentiated when `function` is: a primal, or the program of a derivative."""
    if isinstance(function, Derivative):
        return function.program
    if isinstance(function, MethodType) and isinstance(function.__func__, Derivative):
        raise ArgumentError("a derivative of a bound derivative: differentiate the class's attribute, and pass the object")
    if _has_body(function):
        return _primal(function)
    if callable(function) and isinstance(getattr(type(function), "__call__", None), FunctionType):
        return _primal(function.__call__)
    if callable(function):
        return _primal(_wrapped(function))
    raise ArgumentError(f"{function!r} is not a function")


def _has_body(function: Any) -> bool:
    """Is it a Python function, under partials and methods?"""
    while not isinstance(function, FunctionType):
        if not isinstance(function, functools.partial | MethodType):
            return False
        function = function.func if isinstance(function, functools.partial) else function.__func__
    return True


@functools.lru_cache(256)
def _wrapped(operation: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy as one with a body."""

    def unary(x: Any) -> Any:
        return operation(x)

    def binary(x: Any, y: Any) -> Any:
        return operation(x, y)

    return binary if getattr(operation, "nin", 1) == 2 else unary


def names_in(primal: Primal, wrt: Wrt) -> tuple[tuple[str | tuple[str, int], ...], bool]:
    """(the names of the arguments that `wrt` means, whether it is a single one)."""
    names = primal.parameters

    starred = bool(primal.code.__code__.co_flags & CO_VARARGS)
    count = primal.code.__code__.co_argcount - (len(primal.names) - len(names))

    def name(w: int | str) -> str | tuple[str, int]:
        if isinstance(w, str):
            if w not in primal.names:
                raise ArgumentError(f"{primal.name} has no argument `{w}`; it has {', '.join(names)}")
            return w
        if not isinstance(w, int) or isinstance(w, bool):
            raise ArgumentError(f"wrt must be a position, a name, or a tuple of these, not {w!r}")
        if starred and w >= count:
            return primal.names[count + len(primal.names) - len(names) + primal.code.__code__.co_kwonlyargcount], w - count
        if not -len(names) <= w < len(names):
            raise ArgumentError(f"{primal.name} has no argument number {w}; it has {len(names)}")
        return names[w]

    if isinstance(wrt, tuple | list):
        return tuple(map(name, wrt)), False
    return (name(wrt),), True


def derivative_of(function: Any, wrt: Wrt = 0, value: bool = False, has_aux: bool = False,
                  backend: str = "numpy") -> Derivative:
    """The gradient of `function`, as an object."""
    if backend not in ("numpy", "xla"):
        raise ArgumentError(f"backend must be 'numpy' or 'xla', not {backend!r}")
    program = program_of(function)
    names, single = names_in(program.primal, wrt)
    made = Derivative(function if not isinstance(function, Derivative) else function.function,
                      Gradient(program, names, single, value, has_aux), backend)
    return made


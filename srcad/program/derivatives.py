"""The objects that `grad` and `value_and_grad` return."""

from __future__ import annotations

import functools
import inspect
from types import MethodType
from typing import TYPE_CHECKING, Any

from srcad.backends.load import annotate
from srcad.errors import ArgumentError
from srcad.program import ways
from srcad.program.programs import Gradient, Program, names_in, primal_of, shared
from srcad.transforms.schedules import schedule

if TYPE_CHECKING:
    from srcad.program.runner import Runner
    from srcad.program.ways import Way

Wrt = int | str | tuple[int | str, ...]


class Derivative:
    """A derivative of a function, callable with the function's own signature."""

    def __init__(self, function: Any, program: Program, backend: str | None, otherwise: str = "numpy") -> None:
        functools.update_wrapper(self, function)
        self.given, self.named = program.primal.given, program.primal.named
        self.function, self.program, self.backend, self.otherwise = function, program, backend, otherwise
        self.runners: dict[Way, Runner] = {}
        self._now: dict[Way, Runner] = {}  # by what is said around a call

    @property
    def runner(self) -> Runner:
        """What runs calls that are made here and now."""
        now = ways.here.get(ways.process.way)
        if now not in self._now:
            from srcad.program.runner import runner_of  # the compiler is imported when it is first needed

            way = ways.resolved(self.backend, self.otherwise)
            self._now[now] = self.runners.setdefault(way, runner_of(shared(self.program), way))
        return self._now[now]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        runner = self._now.get(ways.here.get(ways.process.way)) or self.runner
        if self.named:
            kwargs = {**self.named, **kwargs}
        try:
            return runner.call(*self.given, *args, **kwargs)
        except Exception as error:
            if isinstance(error, TypeError) and error.__traceback__ and error.__traceback__.tb_next is None:
                self.values(args, kwargs)  # the arguments do not fit, and this says why
            annotate(error)
            raise

    def values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The arguments of a call in the order of the parameters, with what is given already."""
        function, *bound = self.given
        return self.runner.values(function, (*bound, *args), {**self.named, **kwargs})

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
        p = self.program
        if not isinstance(p, Gradient):
            return compiled_primal, (self.function, self.backend)
        return derivative_of, (self.function, p.wrt if not p.single else p.wrt[0], p.value, p.has_aux, self.backend,
                               p.checkpoint)

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
        """The text of the variants made so far; before the first call, of the one for unknown arguments (for NumPy)."""
        made = self.runner.made() or [self.runner.variants.unspecific(self.program.primal)]
        return "\n\n".join(text for v in made for text in v.texts)

    def explain(self) -> str:
        """What was generated for which signatures, and what it depends on."""
        from srcad.program.explain import explain

        return explain(self)

    def lower(self, arguments: dict[str, Any]) -> Any:
        """The core program for trees of types, one for each parameter."""
        from srcad.program.lowering import lower_program

        return lower_program(self.program, arguments)

    def bind_values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Values of a call inside another program, by parameter."""
        from srcad.program.runner import bind_values

        return bind_values(self.program.primal, args, kwargs)


def _at(module: str, name: str) -> Any:
    """The object of that qualified name, if it is still there."""
    import sys

    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def program_of(function: Any) -> Program:
    """What is differentiated when `function` is: a primal, or the program of a derivative."""
    if isinstance(function, Derivative):
        return function.program
    if isinstance(function, MethodType) and isinstance(function.__func__, Derivative):
        raise ArgumentError("a derivative of a bound derivative: differentiate the class's attribute, and pass the "
                            "object")
    return primal_of(function)


def compiled_primal(function: Any, backend: str | None = None) -> Derivative:
    """The function itself, compiled."""
    return Derivative(function.function if isinstance(function, Derivative) else function, program_of(function),
                      ways.checked(backend), otherwise="xla")


def derivative_of(function: Any, wrt: Wrt = 0, value: bool = False, has_aux: bool = False,
                  backend: str | None = None, checkpoint: Any = None) -> Derivative:
    """The gradient of `function`, as an object."""
    program = program_of(function)
    names, single = names_in(program.primal, wrt)
    made = Derivative(function if not isinstance(function, Derivative) else function.function,
                      Gradient(program, names, single, value, has_aux, schedule(checkpoint)), ways.checked(backend))
    return made


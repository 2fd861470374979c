"""From a target and options to the program that is shown or written, at every stage on its way.

    made = generated(target, "reverse", wrt=None, given=None)
    made.stages         [("primal", …), ("reverse", …), ("simplify", …), …]: each can be printed, and computes the same
"""

from __future__ import annotations

import copy
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from inspect import CO_VARARGS, CO_VARKEYWORDS
from typing import Any

from srcad.backends.emit import Source, emit_program
from srcad.cli.arguments import Arguments
from srcad.cli.target import Target, UsageError, users_errors
from srcad.errors import Unsupported
from srcad.frontend.lower import Lowered, NeedsValue
from srcad.frontend.origins import Values
from srcad.frontend.values import Const
from srcad.ir import Func, Param, Var, reachable
from srcad.ir.walk import every
from srcad.program import runner
from srcad.program.derivatives import Wrt
from srcad.program.lowering import differentiated, lower_program, unseeded
from srcad.program.programs import Gradient, Primal, Program, Tangent
from srcad.program.signature import Describe, specialised, unknown_arguments
from srcad.transforms.pipeline import PASSES, checked
from srcad.transforms.reverse import reverse, without_value

PLAIN = (int, float, complex, bool, str, type(None))


@dataclass(frozen=True, eq=False)
class Pullback:
    """The adjoint of a program with any result, whose cotangent has to be given."""

    program: Program
    wrt: tuple[Any, ...]
    value: bool = False

    @property
    def name(self) -> str:
        return f"{self.program.name}_adjoint"

    @property
    def primal(self) -> Primal:
        return self.program.primal

    def lower(self, arguments: dict[str, Any]) -> Lowered:
        inner = unseeded(lower_program(self.program, arguments))
        adjoint = reverse(inner.func, differentiated(inner.func, self.wrt))
        seed = replace(adjoint.params[-1], has_default=False, default=None)
        adjoint = replace(adjoint, params=(*adjoint.params[:-1], seed))
        return replace(inner, func=adjoint if self.value else without_value(adjoint))


@dataclass(frozen=True)
class Generated:
    """The primal and its derivative as lowered, and the values of the call that they were made for, if any."""

    target: Target
    primal: Lowered
    derived: Lowered
    mode: str
    values: tuple[Any, ...] | None

    @property
    def stages(self) -> list[str]:
        named = ["primal"] if self.mode == "primal" else ["primal", self.mode]
        return named + [name for name, _ in PASSES]

    def stage(self, name: str | None = None) -> Source:
        """The program after a pass, by default after the last."""
        stages = self.stages
        if name is None:
            name = stages[-1]
        if name not in stages:
            raise UsageError(f"there is no stage {name!r}; the stages are {', '.join(map(repr, stages))}")
        if name == "primal":
            return emit_program(self._finished(self.primal))
        passes = stages.index(name) + 1 - (len(stages) - len(PASSES))
        return emit_program(after(passes, self._finished(self.derived)))

    def func(self) -> Func:
        """The program after all passes."""
        return after(len(PASSES), self._finished(self.derived))

    def call(self, wrt: Wrt | None) -> tuple[Any, ...]:
        """The arguments of the function that was made, for the call that it was made for."""
        if self.values is None:
            raise UsageError("XLA compiles for shapes: give the arguments of a call with --args")
        args = (*self.values, *(c.read(Values(self.values)) for c in self.derived.captures))
        if self.mode == "forward":
            # Shapes matter and values don't: an argument is a tangent of its own shape.
            names, _ = self.target.names(wrt)
            args += tuple(v for n, v in zip(self.target.program.primal.names, self.values, strict=True) if n in names)
        elif self.mode == "reverse" and not self.derived.func.params[-1].has_default:
            args += (self._result(),)  # the same for the cotangent
        return args

    def _result(self) -> Any:
        primal = self.target.program.primal
        if primal.code.__code__.co_flags & (CO_VARARGS | CO_VARKEYWORDS) or primal.code.__code__.co_kwonlyargcount:
            raise UsageError("the cotangent's shape is not known: return one number, or look at --mode forward")
        assert self.values is not None
        with users_errors(f"{self.target.text} raised an exception on these arguments"), redirect_stdout(sys.stderr):
            return primal.code(*copy.deepcopy(self.values))

    def _finished(self, lowered: Lowered) -> Func:
        return with_defaults(lowered, self.target.program.primal)


def after(passes: int, func: Func) -> Func:
    """`func` after that many passes, and so the functions that it calls."""

    def passed(f: Func) -> Func:
        for _, run in PASSES[:passes]:
            f = checked(run(f))
        return f

    for ref in reachable(func, every):
        ref.func = passed(ref.known)
    return passed(func)


def with_defaults(lowered: Lowered, primal: Primal) -> Func:
    """The program with the defaults of the user's function, and for what it reads from outside the present value."""
    func = lowered.func
    defaults = defaults_of(primal)
    outside = {c.name: value for c in lowered.captures if isinstance(value := c.read(Values()), PLAIN)}
    hidden = [p for p in func.params if p.name in outside and p.tree in [c.var for c in lowered.captures]]
    params = [_with_default(p, defaults) for p in func.params if p not in hidden]
    params += [replace(p, default=outside[p.name], has_default=True) for p in hidden]
    last = max((k for k, p in enumerate(params) if not p.has_default), default=-1)
    # A parameter without a default can't follow one with: such defaults are left out.
    params[:last] = [replace(p, default=None, has_default=False) for p in params[:last]]
    return replace(func, params=tuple(params))


def _with_default(p: Param, defaults: dict[str, Any]) -> Param:
    if p.has_default or p.name not in defaults or not isinstance(defaults[p.name], PLAIN):
        return p
    return replace(p, default=defaults[p.name], has_default=True)


def generated(target: Target, mode: str, wrt: Wrt | None = None, given: Arguments | None = None,
              value: bool = False) -> Generated:
    """Lower the target and its derivative, for the arguments of a call or for unknown ones."""
    program = target.program
    values = None if given is None else values_of(program, given)
    primal = lowered(program, values)
    derived = primal if mode == "primal" else lowered(_derivative(target, mode, wrt, value, primal.func), values)
    return Generated(target, primal, derived, mode, values)


def _derivative(target: Target, mode: str, wrt: Wrt | None, value: bool, primal: Func) -> Program | Pullback:
    names, single = target.names(wrt)
    if mode == "forward":
        return Tangent(target.program, names)
    if _is_number(primal.result):
        return Gradient(target.program, names, single, value)
    return Pullback(target.program, names, value)


def _is_number(result: Any) -> bool:
    """Is this, as far as is known, one number?"""
    if not isinstance(result, Var):
        return not isinstance(result, tuple | list | dict) and not hasattr(result, "fields")
    shape = result.type.shape
    return shape is None or not any(d.not_one for d in shape)


def values_of(program: Program, given: Arguments) -> tuple[Any, ...]:
    """The arguments of a call, by parameter."""
    return runner.values_of(program, *given)


def lowered(program: Program | Pullback, values: tuple[Any, ...] | None) -> Lowered:
    """The program for these arguments; what decides its structure becomes a constant."""
    return _for_unknown(program) if values is None else _for_values(program, values)


def _lower(program: Program | Pullback, trees: dict[str, Any]) -> Lowered:
    return program.lower(trees) if isinstance(program, Pullback) else lower_program(program, trees)


def _for_values(program: Program | Pullback, values: tuple[Any, ...]) -> Lowered:
    given = dict(zip(program.primal.names, values, strict=True))
    static: frozenset[tuple[str, int]] = frozenset()
    while True:
        describe = Describe(static)
        try:
            return _lower(program, {n: describe.argument(n, v) for n, v in given.items()})
        except NeedsValue as need:
            wider = specialised(static, need.path, given)
            if wider is None:
                raise Unsupported([need.problem] if need.problem else []) from None
            static = wider


def _for_unknown(program: Program | Pullback) -> Lowered:
    primal = program.primal
    defaults = defaults_of(primal)
    trees = unknown_arguments(primal.names, primal.code.__annotations__)
    known = {n: v for n, v in defaults.items() if isinstance(v, bool | str | type(None)) or callable(v)}
    known |= {**dict(zip(primal.names, primal.bound, strict=False)), **primal.named}
    trees |= {n: Const(v) for n, v in known.items()}
    while True:
        try:
            return _lower(program, trees)
        except NeedsValue as need:
            name = need.path[0]
            if name not in defaults or isinstance(trees[name], Const):
                raise UsageError(f"{need.purpose} depends on the value of `{name}`: give the arguments of a call, "
                                 f'--args "{", ".join(primal.parameters)}"') from None
            trees[name] = Const(defaults[name])


def defaults_of(primal: Primal) -> dict[str, Any]:
    """The parameters that have defaults, and these."""
    code = primal.code
    names = code.__code__.co_varnames[: code.__code__.co_argcount]
    given = code.__defaults__ or ()
    return {**dict(zip(names[len(names) - len(given):], given, strict=True)), **(code.__kwdefaults__ or {})}

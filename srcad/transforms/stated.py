"""Functions of a program whose derivatives their author states.

A program function is differentiated by its body, unless its reference says otherwise: `ref.stated` gives the halves of
its reverse mode, or its tangent, as programs that came from functions of the user.

    f(*inputs) -> outputs                               what is called where nothing is differentiated
    forward(*inputs) -> outputs, residuals              custom_vjp: the way there
    backward(inputs, residuals, seeds) -> cotangents                and back
    tangent(*inputs, *dots) -> outputs, dots            custom_jvp; its transpose in the dots is the way back
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from srcad.errors import Problem, Span, Unsupported
from srcad.ir import (
    HOLE,
    PACK,
    Atom,
    Block,
    Builder,
    Form,
    Func,
    FuncRef,
    Param,
    Var,
    leaves,
    run,
    unpack_op,
)
from srcad.ir.walk import Renamer, free
from srcad.rules.shapes import project_to, zeros_for
from srcad.transforms.activity import Mask
from srcad.transforms.calls import Halves
from srcad.transforms.derived import dual, suffix
from srcad.transforms.live import live
from srcad.transforms.reverse import COMMENT, reverse


@dataclass(frozen=True, eq=False)
class Part:
    """A block over variables of its own and what it gives: a function that has no name yet."""

    body: Block
    outputs: tuple[Any, ...]


@dataclass(eq=False)
class Stated(ABC):
    """What both kinds share: the inputs, and which of them a derivative may reach."""

    name: str
    inputs: tuple[Var, ...]
    differentiable: tuple[bool, ...]
    span: Span | None

    @abstractmethod
    def parts(self) -> list[Part]:
        """The blocks that came from the user's rule."""

    @abstractmethod
    def own(self) -> list[Var]:
        """The variables, beside the inputs, that these read and that are bound nowhere."""

    @abstractmethod
    def patch(self, change: Callable[[Part], Part]) -> None:
        """Change all parts."""

    def read(self, inputs: Sequence[Var], extras: Sequence[Var]) -> None:
        """Say what all parts are functions of: the arguments, and what they read from around."""
        self.inputs = (*inputs, *extras)
        self.differentiable = (True,) * len(inputs) + (False,) * len(extras)

    def require(self, mask: Mask) -> None:
        """Refuse a derivative by an input that nothing is stated about."""
        for v, active, may in zip(self.inputs, mask, self.differentiable, strict=True):
            if active and not may:
                what = f"a derivative of {self.name} by `{v.hint}`" if v.hint else f"this derivative of {self.name}"
                reason = "its own rule says nothing about what it reads from around, or takes as `nondiff_argnums`"
                raise Unsupported(Problem(self.span, what, reason, "pass it as an argument, or stop_gradient(…)"))

    @abstractmethod
    def split(self, ref: FuncRef, inputs: Mask, outputs: Mask) -> Halves:
        """The halves of reverse mode for these active inputs and outputs."""

    @abstractmethod
    def tangent(self, ref: FuncRef, mask: Mask) -> Func:
        """Forward mode for these active inputs."""


@dataclass(eq=False)
class StatedVjp(Stated):
    """`seeds` are the variables of the cotangents of outputs (None for those that have none), `residuals` those that
    the way back has for what the way there gives beside its outputs.  What the way back gives is a cotangent for each
    input, or None."""

    forward: Part
    residuals: tuple[Var, ...]
    seeds: tuple[Var | None, ...]
    backward: Part
    there: str
    back: str

    def parts(self) -> list[Part]:
        return [self.forward, self.backward]

    def own(self) -> list[Var]:
        return [*self.residuals, *(s for s in self.seeds if s is not None)]

    def patch(self, change: Callable[[Part], Part]) -> None:
        self.forward, self.backward = change(self.forward), change(self.backward)

    def tangent(self, ref: FuncRef, mask: Mask) -> Func:
        """The way back is linear in the cotangents: its adjoint by them is the tangent."""
        self.require(mask)
        active = [k for k, yes in enumerate(mask) if yes]
        adjoint = self._transposed(active)
        renamer, build = Renamer(), Builder(self.span)
        inputs = [renamer.new(v) for v in self.inputs]
        build.stmts += renamer.block(self.forward.body)
        made = list(map(renamer.atom, self.forward.outputs))
        outputs = made[:len(self.seeds)]
        again = Renamer(dict(zip(self.residuals, made[len(self.seeds):], strict=True)) | dict(
            zip(self.inputs, inputs, strict=True)))
        dots = [again.new(v) for v in leaves(adjoint.params[-1].tree)]
        build.stmts += again.block(adjoint.body)
        found = iter([again.atom(g) for g in leaves(adjoint.result)])
        moving = [run(build, project_to, next(found), y) for y, s in zip(outputs, self.seeds, strict=True)
                  if s is not None]
        params = [Param(v.hint or "x", v) for v in (*inputs, *dots)]
        return Func("", tuple(params), build.block, (tuple(outputs), tuple(moving)), self.span)

    def _transposed(self, active: Sequence[int]) -> Func:
        """The adjoint of the way back by its seeds; it must not depend on them."""
        build = Builder(self.span)
        build.stmts += self.backward.body
        given = [self.backward.outputs[k] for k in active]
        results = [run(build, zeros_for, self.inputs[k]) if g is None else run(build, project_to, g, self.inputs[k])
                   for k, g in zip(active, given, strict=True)]
        seeds = [s for s in self.seeds if s is not None]
        params = [Param(v.hint or "x", v) for v in (*self.inputs, *self.residuals, *seeds)]
        adjoint = reverse(Func(self.name, tuple(params), build.block, tuple(results), self.span), seeds)
        gradient = leaves(adjoint.result[1])
        body = tuple(s for s in live(adjoint.body, gradient) if getattr(s, "op", None) is not COMMENT)
        if not free(body, gradient).isdisjoint(seeds):
            raise Unsupported(Problem(self.span, f"forward mode of {self.name}", "its custom_vjp is not linear in the "
                                      "cotangent, so there is no tangent that it is the transpose of",
                                      "take grad, vjp or jacobian(mode='reverse')"))
        return replace(adjoint, body=body, result=tuple(gradient))

    def split(self, ref: FuncRef, inputs: Mask, outputs: Mask) -> Halves:
        self.require(inputs)
        active, given = (tuple(k for k, yes in enumerate(mask) if yes) for mask in (inputs, outputs))
        tail = suffix(ref, "halves", inputs)
        halves = Halves(FuncRef(self.there + tail), FuncRef(self.back + tail), active, given, (), done=True)
        # The way there, and what of its outputs the way back needs in order to make zeros like them.
        renamer = Renamer()
        params = [Param(v.hint or "x", renamer.new(v)) for v in self.inputs]
        forward = Builder(self.span)
        forward.stmts += renamer.block(self.forward.body)
        made = list(map(renamer.atom, self.forward.outputs))
        count = len(self.seeds)
        results, kept = made[:count], made[count:]
        unseeded = [k for k, seed in enumerate(self.seeds) if seed is not None and k not in given]
        kept += [results[k] for k in unseeded]
        result: Any = tuple(results)
        if kept:
            result = (result, forward.call(PACK, *kept, hint="residuals"))
        halves.residuals = bool(kept)
        halves.forward.func = Func(halves.forward.name, tuple(params), forward.block, result, self.span)
        self._fill(halves, result[1] if kept else None, kept, unseeded)
        return halves

    def _fill(self, halves: Halves, bundle: Any, kept: Sequence[Atom], unseeded: Sequence[int]) -> None:
        renamer, back = Renamer(), Builder(self.span)
        inputs = [renamer.new(v) for v in self.inputs]
        packed = [Var("residuals", bundle.type)] if kept else []
        if kept:
            outs = back.let(unpack_op(tuple(a.type for a in kept)), (packed[0],), Form((HOLE,)))
            renamer.mapping.update(zip(self.residuals, outs, strict=False))
            for k, like in zip(unseeded, outs[len(self.residuals):], strict=True):
                renamer.mapping[self.seeds[k]] = run(back, zeros_for, like)  # type: ignore[index]
        seeds = [renamer.new(s) for s in (self.seeds[k] for k in halves.outputs) if s is not None]
        back.stmts += renamer.block(self.backward.body)
        gradient = []
        for k in halves.inputs:
            g = self.backward.outputs[k]
            gradient.append(run(back, zeros_for, inputs[k]) if g is None
                            else run(back, project_to, renamer.atom(g), inputs[k]))
        body = live(back.block, gradient)
        used = free(body, gradient)
        halves.reads = tuple(k for k, v in enumerate(inputs) if v in used)
        params = [Param(v.hint or "x", v) for v in (*(inputs[k] for k in halves.reads), *packed, *seeds)]
        halves.reverse.func = Func(halves.reverse.name, tuple(params), body, tuple(gradient), self.span)


@dataclass(eq=False)
class Passed(StatedVjp):
    """What `gradient_of` makes of a value: itself, with a block on its way back.  Tangents go past that."""

    def tangent(self, ref: FuncRef, mask: Mask) -> Func:
        renamer = Renamer()
        inputs = [renamer.new(v) for v in self.inputs]
        dots = [Var("", dual(v.type)) for v, yes in zip(inputs, mask, strict=True) if yes]
        params = [Param(v.hint or "x", v) for v in (*inputs, *dots)]
        return Func("", tuple(params), (), ((inputs[0],), (dots[0],)), self.span)


@dataclass(eq=False)
class StatedJvp(Stated):
    """`dots` are the variables of the tangents of inputs (None for those that have none); the outputs of `both` are
    those of the function and then their tangents (None for an output that has none)."""

    dots: tuple[Var | None, ...]
    both: Part
    count: int

    def read(self, inputs: Sequence[Var], extras: Sequence[Var]) -> None:
        super().read(inputs, extras)
        self.dots = (*self.dots, *(None for _ in extras))

    def parts(self) -> list[Part]:
        return [self.both]

    def own(self) -> list[Var]:
        return [d for d in self.dots if d is not None]

    def patch(self, change: Callable[[Part], Part]) -> None:
        self.both = change(self.both)

    def tangent(self, ref: FuncRef, mask: Mask) -> Func:
        self.require(mask)
        renamer, build = Renamer(), Builder(self.span)
        inputs = [renamer.new(v) for v in self.inputs]
        given = [renamer.new(d) for d, yes in zip(self.dots, mask, strict=True) if yes and d is not None]
        for v, d, yes in zip(inputs, self.dots, mask, strict=True):
            if d is not None and not yes:
                renamer.mapping[d] = run(build, zeros_for, v)
        build.stmts += renamer.block(self.both.body)
        outputs = [renamer.atom(a) for a in self.both.outputs[:self.count]]
        moving = [run(build, zeros_for, a) if d is None else run(build, project_to, renamer.atom(d), a)
                  for a, d in zip(outputs, self.both.outputs[self.count:], strict=True) if a.type.is_inexact]
        params = [Param(v.hint or "x", v) for v in (*inputs, *given)]
        return Func("", tuple(params), build.block, (tuple(outputs), tuple(moving)), self.span)

    def split(self, ref: FuncRef, inputs: Mask, outputs: Mask) -> Halves:
        """The tangent is linear in the dots: its adjoint by them, taken at zero, is the way back."""
        self.require(inputs)
        active, given = (tuple(k for k, yes in enumerate(mask) if yes) for mask in (inputs, outputs))
        tail = suffix(ref, "halves", inputs)
        halves = Halves(FuncRef(f"{ref.name}_forward{tail}"), FuncRef(f"{ref.name}_reverse{tail}"), active, given, (),
                        residuals=False, done=True)
        function = ref.known
        renamer = Renamer()
        params = tuple(Param(p.name, renamer.new(p.tree)) for p in function.params)
        halves.forward.func = Func(halves.forward.name, params, renamer.block(function.body),
                                   tuple(map(renamer.atom, function.outputs)), self.span)
        adjoint = self._transposed(halves)
        renamer, back = Renamer(), Builder(self.span)
        own = [renamer.new(v) for v in self.inputs]
        for v, d in zip(own, self.dots, strict=True):
            if d is not None:
                renamer.mapping[d] = run(back, zeros_for, v)
        seeds = [renamer.new(v) for v in leaves(adjoint.params[-1].tree)]
        for s in seeds:
            s.hint = "dy"
        back.stmts += [s for s in renamer.block(adjoint.body) if getattr(s, "op", None) is not COMMENT]
        gradient = [renamer.atom(g) for g in leaves(adjoint.result[1])]
        body = live(back.block, gradient)
        used = free(body, gradient)
        halves.reads = tuple(k for k, v in enumerate(own) if v in used)
        given_params = [Param(v.hint or "x", v) for v in (*(own[k] for k in halves.reads), *seeds)]
        halves.reverse.func = Func(halves.reverse.name, tuple(given_params), body, tuple(gradient), self.span)
        return halves

    def _transposed(self, halves: Halves) -> Func:
        """The adjoint of the tangents of the outputs that have cotangents by those of the active inputs."""
        dots: list[Any] = []
        build = Builder(self.span)
        build.stmts += self.both.body
        for k in halves.outputs:
            y, d = self.both.outputs[k], self.both.outputs[self.count + k]
            dots.append(run(build, zeros_for, y) if d is None else run(build, project_to, d, y))
        wrt = [self.dots[k] for k in halves.inputs]
        others = [v for v in (*self.inputs, *self.dots) if v is not None and v not in wrt]
        params = [Param(v.hint or "x", v) for v in (*others, *wrt)]  # type: ignore[union-attr]
        func = Func(self.name, tuple(params), build.block, tuple(dots), self.span)
        # What one function reads can't be bound twice: the rule's own variables are renewed.
        return reverse(func, [v for v in wrt if v is not None])

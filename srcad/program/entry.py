"""Entries: for each signature a function that takes a call of the user's, sees that it fits, and serves it.

The tests are written out for the one signature, so that a later call costs little more than the generated function:

    def loss_entry(w, b, n=3):
        if (type(w) is ndarray and w.dtype == float64 and len(shape := w.shape) == 2 and (size := shape[0]) > 1 and …
                and type(b) is ndarray and b.dtype == float64 and b.shape == (size,)
                and type(n) is int and n == 3):
            return loss_adjoint(w, b, n)
        return otherwise(w, b, n)

An entry has the user's parameters and defaults, so Python itself sorts the arguments.  `otherwise` is the entry of
another signature, or the runner, which finds or makes the right one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import Parameter
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.backends.load import load
from srcad.frontend.origins import GONE, Values
from srcad.ir import Type, Var
from srcad.program.entry_reads import Reads
from srcad.program.entry_tests import Tests
from srcad.program.entry_text import Text
from srcad.program.programs import Primal
from srcad.program.replay import calling
from srcad.program.results import owned
from srcad.program.tiers import Tiers

if TYPE_CHECKING:
    from srcad.program.variants import Variant


@dataclass(frozen=True)
class Call:
    """The arguments of a call, in the order of the program's parameters, with their types; `more` come before them."""

    trees: dict[str, Any]
    values: Values
    parts: tuple[Type, ...] = ()                      # the types of the parts of objects
    extents: tuple[int, ...] = ()                     # those that are constants of the program
    more: tuple[tuple[str, Any, Any], ...] = ()       # names, trees and values


@dataclass(frozen=True)
class Service:
    """What an entry does with a call that fits: `write` writes it.  `defaults`: has it those of the function?  `tiers`
    are those of a variant whose backend is decided while it is called."""

    write: Callable[[Text, Reads, Variant, list[str]], None]
    defaults: bool = True
    tiers: Callable[[Primal, Variant], Tiers] = Tiers


def make_entry(primal: Primal, variant: Variant, call: Call, service: Service) -> Callable[..., Any]:
    """The entry for arguments like these; its global `otherwise` is not set yet."""
    signature = dict(primal.signature_of(call.values.function).parameters)
    if not service.defaults:
        signature = {n: p.replace(default=p.empty) for n, p in signature.items()}
    text = Text({*primal.names, "otherwise", "unset"}, objects={"unset": object()})
    function = text.name("function")
    fill_in_defaults(text, function, call.values.function, signature.values())
    more = [text.name(name) for name, _, _ in call.more]
    tests = Tests(text, call.extents)
    reads = Reads(text, tests, function, primal.names, variant)
    with fitting(text, reads.may_fail):
        tests.all([*((n, t, v) for (n, t), v in zip(call.trees.items(), call.values, strict=True)),
                   *((name, t, v) for name, (_, t, v) in zip(more, call.more, strict=True))])
        captured = reads.write(call.parts, call.values)
    service.write(text, reads, variant, [*primal.names, *captured, *more])
    text.depth = 1
    name = text.name(f"{variant.func.name}_entry")
    text.add(f"return otherwise({', '.join([function, *more, *map(passed, signature.values())])})")
    header = ", ".join(filter(None, [function, *more, parameters(text, signature.values())]))
    return load("\n".join([f"def {name}({header}):", *text.lines, ""]), text.objects, name)


@contextmanager
def fitting(text: Text, may_fail: bool) -> Iterator[None]:
    """Within, the tests are written; what comes after is done if they hold.  A test that `may_fail` does not hold."""
    if not may_fail:
        yield
        return
    fits = text.name("fits")
    text.add(f"{fits} = False")
    text.add("try:")
    text.depth += 1
    yield
    text.add(f"{fits} = True")
    text.depth = 1
    text.add(f"except {text.object('gone', GONE)}:")
    text.add("    pass")
    text.test([fits])


def parameters(text: Text, found: Iterable[Parameter]) -> str:
    """The user's parameters, without annotations; those with a default may be left out."""
    named = [p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else _Name("unset")) for p in found]
    return str(inspect.Signature(named))[1:-1]


def fill_in_defaults(text: Text, name: str, f: Any, found: Iterable[Parameter]) -> None:
    """What is left out is what the function has for it by now."""
    names = f.__code__.co_varnames[:f.__code__.co_argcount]
    for p in (p for p in found if p.default is not p.empty):
        place = f"__kwdefaults__[{p.name!r}]" if p.kind is p.KEYWORD_ONLY else (
            f"__defaults__[{names.index(p.name) - len(names)}]")
        text.add(f"if {p.name} is unset:")
        text.add(f"    {p.name} = {name}.{place}")


class _Name(str):
    """A name that prints without quotes."""

    def __repr__(self) -> str:
        return str(self)


def passed(p: Parameter) -> str:
    match p.kind:
        case Parameter.VAR_POSITIONAL:
            return f"*{p.name}"
        case Parameter.VAR_KEYWORD:
            return f"**{p.name}"
        case Parameter.KEYWORD_ONLY:
            return f"{p.name}={p.name}"
        case _:
            return p.name


def run(text: Text, reads: Reads, variant: Variant, given: list[str]) -> None:
    """Call the generated function, and see that the result is the caller's."""
    tests, inputs = reads.tests, reads.variables(variant.func, given)
    changed = [inputs[k] for k in variant.written]
    # An array that is changed shares no memory with another; if it does the runner says so.
    text.test([f"not {text.object('may_share_memory', np.may_share_memory)}({a}, {b})"
               for a in changed for b in tests.arrays if b != a])
    if variant.written:
        text.add(f"{text.object('calling', calling)}.function = {reads.function}")
    call = f"{callee(text, tests, variant, inputs)}({', '.join(given)})"
    if variant.fresh and not changed:
        text.add(f"return {call}")
        return
    result = text.name("result")
    text.add(f"{result} = {call}")
    if isinstance(variant.func.result, Var):
        own = [f"{tests.builtin(type)}({result}) is {tests.builtin(np.ndarray)}", f"{result}.base is None",
               *(f"{result} is not {a}" for a in tests.arrays)]
        text.add(f"if {' and '.join(own)}:")
        text.add(f"    return {result}")
    text.add(f"return {text.object('owned', owned)}({result}, [{', '.join(tests.arrays)}])")


def callee(text: Text, tests: Tests, variant: Variant, inputs: list[str]) -> str:
    """What is called: the generated function, or what serves arrays of these shapes by now."""
    if variant.tiers is None:
        return text.object(variant.func.name, variant.run)
    shapes = [tests.shape_of.get(inputs[k], f"{inputs[k]}.shape") for k in variant.tiers.places]
    return f"{text.object('runs', variant.tiers.runs)}[({', '.join(shapes)}{',' if len(shapes) == 1 else ''})]"


RUN = Service(run)

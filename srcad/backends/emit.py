"""From a core program to NumPy source.

    print(emit(func))                       the text of a module with `func` and all that it calls
    source = emit_program(func)             the same with what the text refers to, ready for `load`

A function is printed in this order: which operations change a value in place, which values are printed inside others,
where each variable is live, which variables are one, their names; then its statements.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from srcad.backends.bundles import rows_read, with_bundles
from srcad.backends.expressions import Expressions
from srcad.backends.inline import inlining
from srcad.backends.lengths import Lengths, without_redundant_ranges
from srcad.backends.names import coalesce, may_be_unbound
from srcad.backends.naming import choose
from srcad.backends.params import Arguments, arguments, signature, unpacking
from srcad.backends.printer import Printer
from srcad.backends.references import References
from srcad.backends.unbound import given_none
from srcad.backends.updates import copies
from srcad.backends.writer import Writer
from srcad.errors import Span
from srcad.ir.calls import FuncRef, reachable
from srcad.ir.core import Func, Let, Record, Var
from srcad.ir.walk import every
from srcad.transforms.inplace import in_place, owns_its_results
from srcad.transforms.liveness import live_ranges

_IMPORTS = {"numpy": "import numpy as np"}


@dataclass(frozen=True)
class Source:
    """A module's text; `objects` are the names that it expects, `spans` the user's code behind its lines.

    `fresh`: every array of the result is memory of its own."""

    text: str
    name: str
    objects: dict[str, object] = field(default_factory=dict)
    spans: dict[int, Span] = field(default_factory=dict)
    fresh: bool = False

    def __str__(self) -> str:
        return self.text


def emit(func: Func) -> str:
    """The text of a module that defines `func` and the functions that it calls."""
    return emit_program(func).text


def emit_program(func: Func, callees: Sequence[FuncRef] = ()) -> Source:
    """`emit`, with what the text refers to.  `callees`: further functions that the module shall have."""
    # Those that are asked for by name have their names before others do.
    further = [r for ref in callees for r in reachable(ref.known, every)]
    return _Module(func, [*callees, *reachable(func, every), *further]).source()


class _Module:
    def __init__(self, func: Func, callees: Iterable[FuncRef]) -> None:
        self.references = References()
        self.names: dict[Any, str] = {}
        self.func, self.name = func, self.references.reserve(func.name)
        self.callees: list[FuncRef] = []
        self.fresh = False
        for ref in dict.fromkeys(callees):
            if ref.func is func and _is_flat(func):
                self.names[ref] = self.name
            else:
                self.names[ref] = self.references.reserve(ref.name)
                self.callees.append(ref)

    def source(self) -> Source:
        definitions = [self._define(ref.known, self.names[ref], flat=True) for ref in self.callees]
        definitions.append(self._define(self.func, self.name, flat=False))
        lines = [_IMPORTS.get(m, f"import {m}") for m in sorted(self.references.imports)]
        text = "\n".join(lines) + ("\n" if lines else "")
        spans: dict[int, Span] = {}
        for definition in definitions:
            text += "\n\n" if text else ""
            part, own = Printer([definition]).finished(text.count("\n") + 1)
            text += part
            spans.update(own)
        return Source(text, self.name, dict(self.references.objects), spans, self.fresh)

    def _define(self, func: Func, name: str, flat: bool) -> ast.FunctionDef:
        func, uses, updates, memory = in_place(without_redundant_ranges(with_bundles(func)))
        self.fresh = owns_its_results(func, memory)  # of the function that comes last
        late = frozenset(s for s in every(func.body) if isinstance(s, Let) and s not in updates and copies(s))
        inlined = inlining(func, uses, updates, memory, late)
        ranges = live_ranges(func, uses, inlined, late)
        params = arguments(func, flat)
        pairs = [(s.outs[0], s.args[0]) for s in every(func.body) if isinstance(s, Let) and s in updates]
        classes = coalesce(func, ranges, uses, pairs)
        unbound = may_be_unbound(func)
        as_none = given_none(func, unbound, classes, func.outputs if flat else ())
        returned = [a for a in func.outputs if isinstance(a, Var)]
        forbidden = self.references.mentioned | set(self.names.values()) | params.containers | _spelled(func)
        names = choose(classes, params.names, forbidden, unbound - as_none, returned, rows_read(func))
        self.references.variables |= {*names.values(), *(p.name for p in params.params)}
        expressions = Expressions(self.references, names, inlined, self.names)
        writer = Writer(expressions, uses, inlined, names, updates, Lengths(func), as_none)
        return _definition(writer, func, name, params, flat)


def _definition(writer: Writer, func: Func, name: str, params: Arguments, flat: bool) -> ast.FunctionDef:
    body: list[ast.stmt] = [ast.Expr(ast.Constant(func.doc))] if func.doc else []
    body += unpacking(params.params, writer.names, writer.uses)
    body += writer.function_body(func, flat)
    return ast.FunctionDef(name, signature(params.params, writer.expressions.references),
                           body or [ast.Pass()], [])


def _spelled(func: Func) -> set[str]:
    """First words of the operations' names: modules and functions, which no variable may hide."""
    return {s.op.name.split(".")[0] for s in every(func.body) if isinstance(s, Let)}


def _is_flat(func: Func) -> bool:
    """Do the callers of `func` within the program call it as the user does?"""
    plain = all(isinstance(p.tree, Var) for p in func.params)
    result = func.result
    return plain and (not isinstance(result, tuple | list | dict | Record)
                      or (type(result) is tuple and len(result) > 1
                          and not any(isinstance(r, tuple | list | dict | Record) for r in result)))

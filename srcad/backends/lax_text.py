"""From a recorded program to source.

    source = lax_source("f_adjoint", params, block, results)

What nothing reads is left out, a value without a name that is read once moves into the expression that reads it, and
then every function, the one of the program and those of its loops and branches, names its variables.  Python's rule for
nested functions decides which names are free: a function that reads a variable from around it has none of that name.
"""

from __future__ import annotations

import ast
import builtins
import keyword
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from srcad.backends.emit import Source
from srcad.backends.lax_express import Expressions, width_of
from srcad.backends.lax_inplace import in_place
from srcad.backends.lax_live import every, pruned, reads_in, reads_of
from srcad.backends.lax_record import Block, Cond, For, Line, Scan, Step, Value, While, meant, recording, values_in
from srcad.backends.printer import Comment, Printer
from srcad.backends.references import References, call, dotted, name
from srcad.errors import Span

_LONGEST = 88
_FORBIDDEN = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "np", "jnp", "lax", "jax", "_"})
_IMPORTS = {"np": "import numpy as np", "jnp": "import jax.numpy as jnp", "lax": "from jax import lax",
            "jax": "import jax.scipy.special"}


@dataclass(frozen=True)
class Program:
    """A function to print: its parameters by name, its lines and what it returns."""

    name: str
    params: list[tuple[str, Value]]
    block: Block
    results: list[Value]
    doc: str = ""


def lax_source(program: Program) -> Source:
    """The text of a module that defines this function."""
    references = References()
    writer = _Writer(references)
    if keyword.iskeyword(program.name):  # of a lambda
        program = replace(program, name=f"{program.name}_")
    definition = writer.program(program)
    # Not by `ast.parse`, which two threads can't do at a time in Python 3.11: programs are compiled in the background.
    used = {n.id for n in ast.walk(definition) if isinstance(n, ast.Name)}
    lines = [line for first, line in _IMPORTS.items() if first in used]
    head = "\n".join(sorted(lines)) + ("\n\n\n" if lines else "")
    text, spans = Printer([definition]).finished(head.count("\n") + 1)
    return Source(head + text, program.name, dict(references.objects), spans)


class _Writer:
    """Prints the functions of one program."""

    def __init__(self, references: References) -> None:
        self.references = references
        self.names: dict[Value, str] = {}
        self.annotate = False
        self.noted: set[tuple[str, int]] = set()
        self.taken: set[str] = set()
        self.constants: dict[Value, Line] = {}

    def program(self, program: Program) -> ast.FunctionDef:
        results = [meant(v) for v in program.results]
        block = pruned(program.block, set(results))
        with recording(kept=True):
            block = pruned(in_place(block), set(results))
        self.taken = {program.name}
        self.constants = {s.outs[0]: s for s in every(block) if isinstance(s, Line) and is_scalar_constant(s)}
        scope = _Scope(self, block, results, [v for _, v in program.params])
        for wanted, value in program.params:
            scope.fix(value, wanted)
        scope.choose()
        body: list[ast.stmt] = [ast.Expr(ast.Constant(program.doc))] if program.doc else []
        body += [*scope.statements(), ast.Return(scope.packed(results))]
        return _function(program.name, [n for n, _ in program.params], body)

    def note(self, span: Span | None) -> str:
        """Which line of the user's is meant, for the first statement that comes from it."""
        if span is None or not self.annotate or (span.file, span.line) in self.noted or not span.text.strip():
            return ""
        self.noted.add((span.file, span.line))
        return f"line {span.line}: {span.text.strip()}"


@dataclass
class _Scope:
    """One function: its lines, and which of them are statements."""

    writer: _Writer
    block: Block
    results: list[Value]
    params: list[Value]
    inlined: dict[Value, Line] = field(default_factory=dict)
    defined: dict[Value, Line] = field(default_factory=dict)
    functions: dict[Step, list[str]] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    last: dict[Value, int] = field(default_factory=dict)
    wide: dict[Value, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.uses = Counter(v for step in self.block for v in reads_of(step))
        self.uses.update(self.results)
        self.inlined.update(self.writer.constants)
        self._inline()
        self.steps = [s for s in self.block if not (isinstance(s, Line) and s.outs and s.outs[0] in self.inlined)]
        for k, step in enumerate(self.steps):
            for v in self._leaves(reads_of(step)):
                self.last[v] = k
        for v in self._leaves(self.results):
            self.last[v] = len(self.steps)
        self.expressions = Expressions(self.writer.references, self.writer.names, self.inlined)

    # --- what is printed within something else

    def _inline(self) -> None:
        waiting: dict[Value, Line] = {}
        for step in self.block:
            own = set(_own_reads(step))
            total = width_of(step, {}) + sum(self.wide.get(v, 3) for v in own)
            for v in sorted(own, key=lambda v: v.serial):
                line = waiting.pop(v, None)
                if line is not None and total + self._width(line) - 3 <= _LONGEST:
                    self.inlined[v] = line
                    total += self._width(line) - 3
            if not isinstance(step, Line) or len(step.outs) != 1 or step.has_effect:
                continue
            (out,) = step.outs
            self.defined[out] = step
            if self.uses[out] == 1 and (not out.hint or self._is_second(out)):
                waiting[out] = step
        total = sum(self.wide.get(v, 3) + 2 for v in self.results)
        for v in self.results:
            line = waiting.pop(v, None)
            if line is not None and total + self._width(line) <= _LONGEST:
                self.inlined[v] = line
                total += self._width(line)

    def _is_second(self, out: Value) -> bool:
        """Is this what follows on a parameter of its name, which is a result too?"""
        results = frozenset(self.results)
        return out in results and any(p.hint == out.hint and p in results for p in self.params)

    def _width(self, line: Line) -> int:
        (out,) = line.outs
        if out not in self.wide:
            self.wide[out] = width_of(line, {v: self._width(self.inlined[v]) for v in reads_of(line)
                                             if v in self.inlined})
        return self.wide[out]

    def _leaves(self, values: Iterable[Value]) -> Iterator[Value]:
        for v in values:
            if v in self.inlined:
                yield from self._leaves(reads_of(self.inlined[v]))
            else:
                yield v

    # --- names

    def fix(self, value: Value, wanted: str) -> None:
        self.writer.names[value] = wanted
        self.busy[wanted] = self.last.get(value, -1)

    def choose(self) -> None:
        """Name the parameters that have no name, and what the statements bind."""
        names = self.writer.names
        free = {v for v in reads_in(self.block, self.results) if v in names} - set(self.params)
        self.forbidden = {names[v] for v in free} | self.writer.taken | _FORBIDDEN
        # A result may take the name of what it replaces, if that is not read any more.
        for v in self.params:
            if v not in names:
                self._name(v, -1)
        for k, step in enumerate(self.steps):
            self.functions[step] = [self._function_name(n, k) for n in _function_names(step)]
            for out in outs_of(step):
                if out in self.last:
                    self._name(out, k)

    def _name(self, value: Value, position: int) -> None:
        for wanted in _candidates(value.hint):
            if wanted not in self.forbidden and self.busy.get(wanted, -2) <= position:
                self.writer.names[value] = wanted
                self.busy[wanted] = self.last.get(value, position)
                return

    def _function_name(self, wanted: str, position: int) -> str:
        for candidate in _candidates(wanted):
            if candidate not in self.forbidden and self.busy.get(candidate, -2) < position:
                self.busy[candidate] = position
                return candidate
        raise AssertionError

    # --- statements

    def statements(self) -> list[ast.stmt]:
        printed: list[ast.stmt] = []
        for step in self.steps:
            if isinstance(step, Line) and step.kind == "comment":
                self.writer.annotate = self.writer.annotate or step.function == "reverse"
                if not (printed and isinstance(printed[-1], Comment)):
                    printed.append(Comment(step.function))
                else:
                    printed[-1] = Comment(step.function)
                continue
            note = self.writer.note(step.span)
            made = self._step(step)
            for s in made:
                if step.span is not None and not hasattr(s, "span"):
                    s.span = step.span  # type: ignore[attr-defined]
            if made and note:
                made[0].note = note  # type: ignore[attr-defined]
            printed += made
        if printed and isinstance(printed[-1], Comment):
            printed.pop()
        return printed

    def _step(self, step: Step) -> list[ast.stmt]:
        match step:
            case Line():
                value = self.expressions.line(step)
                if not step.outs:
                    return [ast.Expr(value)]
                return [ast.Assign([self._targets(step.outs)], value)]
            case Scan():
                return self._scan(step)
            case For():
                return self._for(step)
            case While():
                return self._while(step)
            case Cond():
                return self._cond(step)
            case _:
                assert_never(step)

    def _targets(self, values: Iterable[Value]) -> ast.expr:
        """One name, or several."""
        targets: list[ast.expr] = [name(self.writer.names[v] if v in self.last else "_") for v in values]
        return targets[0] if len(targets) == 1 else ast.Tuple(targets, ast.Store())

    def packed(self, values: Iterable[Value]) -> ast.expr:
        parts = [self.expressions.value(v) for v in values]
        if not parts:
            return ast.Constant(None)
        return parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())

    def _inner(self, block: Block, results: list[Value], params: list[Value]) -> _Scope:
        scope = _Scope(self.writer, block, results, params)
        scope.choose()
        return scope

    def _parameter(self, scope: _Scope, values: list[Value], wanted: str) -> tuple[str, list[ast.stmt]]:
        """A parameter for these values, and the statement that takes it apart."""
        if not any(v in scope.last for v in values):
            return "_", []
        if len(values) == 1:
            return self.writer.names[values[0]], []
        taken = {self.writer.names[v] for v in scope.params} | scope.forbidden
        own = next(n for n in _candidates(wanted) if n not in taken)
        return own, [ast.Assign([scope._targets(values)], name(own))]

    def _scan(self, step: Scan) -> list[ast.stmt]:
        (function,) = self.functions[step]
        params, rows = [c.param for c in step.carries], [r for r, _ in step.sources]
        after, written = [c.next for c in step.carries], [r for _, r in step.rows]
        scope = self._inner(step.block, [*after, *written], [*params, *rows])
        carry, head = self._parameter(scope, params, "carry")
        row, more = self._parameter(scope, rows, "row")
        body = [*head, *more, *scope.statements()]
        inits = self.packed(c.init for c in step.carries)
        outs = self._targets([c.out for c in step.carries]) if step.carries else name("_")
        body.append(ast.Return(ast.Tuple([scope.packed(after), scope.packed(written)], ast.Load())))
        sources = self.packed(a for _, a in step.sources)
        options = {} if step.sources else {"length": ast.Constant(step.length)}
        if step.reverse:
            options["reverse"] = ast.Constant(True)
        run = call(dotted("lax.scan"), name(function), inits, sources, **options)
        target = ast.Tuple([outs, self._targets([a for a, _ in step.rows]) if step.rows else name("_")], ast.Store())
        return [_function(function, [_second(carry, row), row], body), ast.Assign([target], run)]

    def _for(self, step: For) -> list[ast.stmt]:
        (function,) = self.functions[step]
        params, after = [c.param for c in step.carries], [c.next for c in step.carries]
        scope = self._inner(step.block, after, [step.index, *params])
        carry, head = self._parameter(scope, params, "carry")
        index, _ = self._parameter(scope, [step.index], "i")
        body = [*head, *scope.statements(), ast.Return(scope.packed(after))]
        stop = self.expressions.value(step.stop) if isinstance(step.stop, Value) else ast.Constant(step.stop)
        run = call(dotted("lax.fori_loop"), self.writer.references.constant(step.start), stop, name(function),
                   self.packed(c.init for c in step.carries))
        outs = self._targets([c.out for c in step.carries]) if step.carries else name("_")
        return [_function(function, [index, _second(carry, index)], body), ast.Assign([outs], run)]

    def _while(self, step: While) -> list[ast.stmt]:
        going, function = self.functions[step]
        asked, params = [c.asked for c in step.carries], [c.param for c in step.carries]
        test = self._inner(step.test, [step.going], asked)  # type: ignore[arg-type]
        state, head = self._parameter(test, asked, "state")  # type: ignore[arg-type]
        asks = [*head, *test.statements(), ast.Return(test.packed([step.going]))]
        after = [c.next for c in step.carries]
        scope = self._inner(step.block, after, params)
        carried, more = self._parameter(scope, params, "state")
        body = [*more, *scope.statements(), ast.Return(scope.packed(after))]
        run = call(dotted("lax.while_loop"), name(going), name(function), self.packed(c.init for c in step.carries))
        return [_function(going, [state], asks), _function(function, [carried], body),
                ast.Assign([self._targets([c.out for c in step.carries])], run)]

    def _cond(self, step: Cond) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        sides: list[ast.expr] = []
        sources = ((step.then, [a for _, a, _ in step.choices]), (step.orelse, [b for _, _, b in step.choices]))
        for function, (block, results) in zip(self.functions[step], sources, strict=True):
            scope = self._inner(block, results, [])
            body = scope.statements()
            if not body and len(ast.unparse(value := scope.packed(results))) <= _LONGEST // 2:
                sides.append(ast.Lambda(_arguments([]), value))
            else:
                made.append(_function(function, [], [*body, ast.Return(scope.packed(results))]))
                sides.append(name(function))
        run = call(dotted("lax.cond"), self.expressions.value(step.test), *sides)
        outs = [out for out, _, _ in step.choices]
        return [*made, ast.Assign([self._targets(outs)], run) if outs else ast.Expr(run)]


def _second(carry: str, row: str) -> str:
    return "carry" if carry == "_" == row else carry


def is_scalar_constant(line: Line) -> bool:
    return line.kind == "constant" and not line.outs[0].shape


def _own_reads(step: Step) -> list[Value]:
    """What a step reads itself, not in the functions of its own."""
    match step:
        case Line():
            return reads_of(step)
        case Scan():
            return [*(c.init for c in step.carries), *(a for _, a in step.sources)]
        case For():
            return [*(c.init for c in step.carries), *values_in(step.stop)]
        case While():
            return [c.init for c in step.carries]
        case Cond():
            return [step.test]
        case _:
            assert_never(step)


def outs_of(step: Step) -> list[Value]:
    match step:
        case Line():
            return list(step.outs)
        case Scan():
            return [*(c.out for c in step.carries), *(a for a, _ in step.rows)]
        case For() | While():
            return [c.out for c in step.carries]
        case Cond():
            return [out for out, _, _ in step.choices]
        case _:
            assert_never(step)


def _function_names(step: Step) -> tuple[str, ...]:
    match step:
        case Line():
            return ()
        case Scan() | For():
            return ("trip",)
        case While():
            return "going", "trip"
        case Cond():
            return "then", "orelse"
        case _:
            assert_never(step)


def _candidates(hint: str) -> Iterator[str]:
    k = 1
    if hint:
        yield hint
        k = 2
    while True:
        yield f"{hint or 't'}{k}"
        k += 1


def _arguments(params: list[str]) -> ast.arguments:
    return ast.arguments(posonlyargs=[], args=[ast.arg(p) for p in params], kwonlyargs=[], kw_defaults=[], defaults=[])


def _function(function: str, params: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    return ast.FunctionDef(function, _arguments(params), body, [])

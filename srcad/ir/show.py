"""A core program as text, for those who write passes.

    def f(x: number f8, n: number i8):
        loop t.3 in range(0, n, 1):
            carry h.4 := 0.0 -> h.6
            h.6 = np.tanh(h.4)
        out h.7
        return h.7

Every variable has its serial, nothing is left out and nothing is made pretty: the printer of `srcad.backends` does
that.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any, assert_never

import numpy as np

from srcad.ir.core import Block, Func, If, Let, Lit, Loop, Record, Stmt, Undef, Var, Whole, fill
from srcad.ir.types import Type


def show(func: Func) -> str:
    """`func` as text, with the types of its parameters."""
    params = ", ".join(f"{p.name}={_tree(p.tree, typed=True)}" for p in func.params)
    lines = [f"def {func.name}({params}):", *_indent(_block(func.body)), f"    return {_tree(func.result)}"]
    return "\n".join(lines) + "\n"


def show_stmt(stmt: Stmt) -> list[str]:
    """The lines of one statement."""
    match stmt:
        case Let():
            return [_let(stmt)]
        case If():
            head = f"if {_atom(stmt.test)}:" if not stmt.catches else "try:"
            return [head, *_indent(_block(stmt.then)),
                    *([_else(stmt), *_indent(_block(stmt.orelse))] if stmt.orelse else []),
                    *(f"choice {c.out!r} = {_atom(c.then)} | {_atom(c.orelse)}" for c in stmt.choices)]
        case Loop():
            return _loop(stmt)
        case _:
            assert_never(stmt)


def _else(stmt: If) -> str:
    names = ", ".join(c.__name__ for c in stmt.catches)
    return f"except {names}:" if names else "else:"


def show_type(t: Type) -> str:
    """`array f8 [n3, 2]`, `number i8`, `sequence of number f8`."""
    parts: list[str] = [t.kind]
    if t.dtype is not None:
        parts.append(np.dtype(t.dtype).str.lstrip("<|>="))
    if t.shape is not None and t.kind in ("array", "unknown"):
        parts.append(str(list(t.shape)))
    if t.value is not None:
        parts.append(f"= {t.value}")
    if t.item is not None:
        parts.append(f"of {show_type(t.item)}")
    return " ".join(parts) + ("?" if t.optional else "")


def _let(let: Let) -> str:
    # A form with too many holes is shown too: the checker's message needs it.
    texts = chain((_Text(_atom(a)) for a in let.args), repeat(_Text("?")))
    args, kwargs = fill(let.form, texts)
    call = ", ".join([*map(_argument, args), *(f"{k}={_argument(v)}" for k, v in kwargs.items())])
    outs = ", ".join(map(repr, let.outs))
    return f"{outs} = {let.op}({call})" if outs else f"{let.op}({call})"


def _loop(loop: Loop) -> list[str]:
    return [f"loop{' reversed' if loop.reverse else ''}{_heads(loop)}:", *_indent(_loop_lines(loop)),
            *(f"out {v!r}" for v in (*(c.out for c in loop.carries), *(w.tape for w in loop.writes)))]


def _heads(loop: Loop) -> str:
    heads = []
    if loop.range:
        bounds = ", ".join(map(_atom, (loop.range.start, loop.range.stop, loop.range.step)))
        heads.append(f" {loop.index!r} in range({bounds})" if loop.index else f" range({bounds})")
    heads += [f" {e.var!r} of {_atom(e.sequence)}" for e in loop.elements]
    return ",".join(heads)


def _loop_lines(loop: Loop) -> Iterator[str]:
    for c in loop.carries:
        yield f"carry {c.out!r}: {c.param!r} = {_atom(c.init)} -> {_atom(c.next)}"
    for r in loop.reads:
        yield f"read {r.element!r} = {_atom(r.tape)}[trip]"
    if loop.test:
        yield f"while {_atom(loop.test.result)}:"
        yield from _indent(_block(loop.test.body))
    yield from _block(loop.body)
    for w in loop.writes:
        yield f"write {w.tape!r}[trip] = {_atom(w.row)}"
    if loop.until is not None:
        yield f"until {_atom(loop.until)}" + (f", broke {loop.broke!r}" if loop.broke else "")
    if loop.trips:
        yield f"trips {loop.trips!r}"


class _Text(str):
    """A string that shows itself without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _argument(x: Any) -> str:
    if isinstance(x, slice):
        bounds = ["" if b is None else _argument(b) for b in (x.start, x.stop)]
        return ":".join(bounds if x.step is None else [*bounds, _argument(x.step)])
    if type(x) is tuple:
        return f"({', '.join(map(_argument, x))}{',' if len(x) == 1 else ''})"
    if isinstance(x, list):
        return f"[{', '.join(map(_argument, x))}]"
    return repr(x)


def _atom(a: Any) -> str:
    match a:
        case Lit(value=value):
            return repr(value)
        case Undef():
            return "undef"
        case _:
            return repr(a)


def _tree(tree: Any, typed: bool = False) -> str:
    match tree:
        case Whole(var=var, parts=parts):
            return f"{_tree(var, typed)} = {_tree(parts, typed)}"
        case Record():
            return f"{tree.cls.__name__}({', '.join(f'{k}={_tree(t, typed)}' for k, t in tree.fields.items())})"
        case dict():
            return "{" + ", ".join(f"{k!r}: {_tree(t, typed)}" for k, t in tree.items()) + "}"
        case tuple() | list():
            inner = ", ".join(_tree(t, typed) for t in tree)
            return f"[{inner}]" if isinstance(tree, list) else f"({inner}{',' if len(tree) == 1 else ''})"
        case Var() if typed:
            return f"{tree!r}: {show_type(tree.type)}"
        case _:
            return _atom(tree)


def _block(block: Block) -> list[str]:
    return [line for stmt in block for line in show_stmt(stmt)] or ["pass"]


def _indent(lines: Any) -> list[str]:
    return ["    " + line for line in lines]

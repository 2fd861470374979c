"""Programs made by hand, and a check that they print as they should and compute what they mean."""

from __future__ import annotations

import copy
import operator
from textwrap import dedent
from typing import Any

import numpy as np

import srcad.rules  # noqa: F401 - makes NumPy's functions operations
from srcad.backends.emit import emit_program
from srcad.backends.load import load
from srcad.ir.build import OPERATORS, Builder
from srcad.ir.core import Form, Func, Let, Lit, Param, Range, Var
from srcad.ir.interpret import interpret
from srcad.ir.ops import Op, op_of
from srcad.ir.types import FLOAT, Type, array, fresh

GETITEM = operator.getitem
SYMBOLS = {op.name: op for op in OPERATORS.values()}
VECTOR = array(float, fresh("n"))
LIST = Type("sequence", item=FLOAT)
TAPE = Type("sequence")
COMMENT = Op("comment", lambda text: None, effect=True, infer=lambda text: (), outs=0)


class Make(Builder):
    """A builder that knows operations by their symbol or function."""

    def op(self, what: Any, *args: Any, hint: str = "", **kwargs: Any) -> Var:
        op = SYMBOLS[what] if isinstance(what, str) else what if isinstance(what, Op) else op_of(what)
        assert op is not None
        return self.call(op, *args, hint=hint, **kwargs)

    def say(self, text: str) -> None:
        self.add(Let((), COMMENT, (), Form((text,))))

    def function(self, params: list[Any], result: Any, name: str = "f") -> Func:
        made = tuple(p if isinstance(p, Param) else Param(p.hint, p) for p in params)
        return Func(name, made, self.block, result)


def up_to(stop: Any) -> Range:
    return Range(Lit(0), stop, Lit(1))


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and bool(np.all(np.asarray(a == b)))


def check(func: Func, text: str, *args: Any) -> Any:
    """`func` prints as `text`, and computes what the interpreter says, without changing its arguments."""
    source = emit_program(func)
    assert source.text == dedent(text).lstrip("\n")
    run = load(source.text, source.objects, source.name, source.spans)
    before = copy.deepcopy(args)
    result = run(*args)
    assert same(list(args), list(before))
    assert same(result, interpret(func, *args))
    return result

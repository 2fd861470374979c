"""Comprehensions are lowered as the loops that they are short for, in a scope of their own.

    [f(x) for x in xs if c(x)]            for x in xs:
                                              if c(x):
                                                  $made.append(f(x))
"""

from __future__ import annotations

from typing import Any

import gast

from srcad.frontend.machine import Frame
from srcad.frontend.spaces import is_iterator
from srcad.frontend.tables import made
from srcad.frontend.unpacking import known
from srcad.frontend.values import FRESH, POISON, Const, Entries, Items, Ref, Sequence, Stream

MADE = "$made"  # the name that holds what is made


def list_comprehension(frame: Frame, node: Any) -> Any:
    append = gast.Attribute(value=_made(gast.Load()), attr="append", ctx=gast.Load())
    return _loops(frame, node, gast.Expr(value=gast.Call(func=append, args=[node.elt], keywords=[])), Items(()))


def dict_comprehension(frame: Frame, node: Any) -> Any:
    item = gast.Subscript(value=_made(gast.Load()), slice=node.key, ctx=gast.Store())
    return _loops(frame, node, gast.Assign(targets=[item], value=node.value, type_comment=None), Entries(()))


def comprehended(frame: Frame, text: str, **values: Any) -> Any:
    """The value of a comprehension that is written in Python, over `values`: what a builtin is short for."""
    node: Any = gast.parse(text, mode="eval").body
    span = frame.build.span
    place = {"lineno": span.line, "col_offset": span.column, "end_lineno": span.end_line or span.line,
             "end_col_offset": span.end_column or span.column} if span else {}
    for part in gast.walk(node):
        part.__dict__.update(place if hasattr(part, "lineno") else {})
        if isinstance(part, gast.Name) and part.id in values:
            part.id = f"${part.id}"
    names = {f"${k}": v for k, v in values.items()}
    frame.names |= names.keys()
    frame.machine.state.update({(frame.scope, k): v for k, v in names.items()})
    result = frame.evaluate(node)
    for k in names:
        frame.machine.state.pop((frame.scope, k), None)
    return result


def listed(frame: Frame, value: Any) -> Any:
    """`list(value)`: a new list."""
    if isinstance(value, Stream) and value.kind == "once" or is_iterator(frame, value):
        return comprehended(frame, "[x for x in it]", it=value)
    if isinstance(value, Stream) and value.kind == "generator":
        rest = Ref(value.parts[0].value.rest)
        content = frame.machine.content(rest)
        if isinstance(content, Const) and content is not FRESH:
            return frame.machine.new(frame.semantics.all_left(frame, value))
        value = value if content is FRESH else rest
    if isinstance(value, Ref) and isinstance(content := frame.machine.content(value), Items | Sequence):
        return frame.machine.new(content)
    items = None if isinstance(value, Stream) and value.kind == "generator" else known(frame, value)
    if items is None:
        return comprehended(frame, "[x for x in it]", it=value)
    return frame.machine.new(Items(items))


def _made(ctx: Any) -> Any:
    return gast.Name(id=MADE, ctx=ctx, annotation=None, type_comment=None)


def _loops(frame: Frame, node: Any, innermost: Any, empty: Any) -> Any:
    """The loops of `node` around `innermost`, which adds to what starts as `empty`."""
    body = innermost
    for generator in reversed(node.generators):
        for condition in reversed(generator.ifs):
            body = gast.If(test=condition, body=[body], orelse=[])
        body = gast.For(target=generator.target, iter=generator.iter, body=[body], orelse=[], type_comment=None)
    for part in gast.walk(body):
        if not hasattr(part, "lineno"):
            gast.copy_location(part, node)
    inner = _scope(frame, node, body)
    frame.machine.state[inner.scope, MADE] = made(frame, {}) if isinstance(empty, Entries) else frame.machine.new(empty)
    span, problems = frame.build.span, len(frame.machine.problems)
    inner.execute([body])
    frame.build.span = span
    result = frame.machine.state[inner.scope, MADE]
    inner.drop()
    if len(frame.machine.problems) > problems:
        return POISON
    result.cell.hint = ""
    return result


def _scope(frame: Frame, node: Any, body: Any) -> Frame:
    """The frame of a comprehension: its targets are its own, what `:=` binds is the function's."""
    args = gast.arguments(args=[], posonlyargs=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[])
    tree = gast.FunctionDef(name="<comprehension>", args=args, body=[body], decorator_list=[], returns=None,
                            type_comment=None, type_params=[])
    gast.copy_location(tree, node)
    inner = Frame(frame.machine, frame.source, tree, frame)
    targets = frozenset(n.id for g in node.generators for n in gast.walk(g.target) if isinstance(n, gast.Name))
    inner.names, inner.outer = targets | {MADE}, inner.names - targets
    return inner

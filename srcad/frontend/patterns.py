"""`match`: a case is a test of the subject, and names that it binds where the test holds.

    match x:                        $subject1 = x
        case [a, b] if a > b:       if <matches [a, b]> and <binds a, b> and a > b:
            A               ->          A
        case {"k": k}:              elif <matches {"k": k}>:
            B                           <binds k>; B
        case _:                     else:
            C                           C

What a pattern asks of structure (a length, a key, a class) is known while lowering, so most cases are chosen then; a
comparison with a value that is computed is a test of the program.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import gast

from srcad.frontend.attributes import attribute
from srcad.frontend.branches import truth
from srcad.frontend.builtin_calls import BUILTINS
from srcad.frontend.comparisons import comparison
from srcad.frontend.machine import Frame
from srcad.frontend.values import Const, Entries, Fields, Items, Num, Poison, Ref, Refused, Rows, Sequence, Tup
from srcad.ir import AND, OR

Captures = list[tuple[str, Any]]
# Classes whose one positional pattern is the subject itself.
_ITSELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


class Matches(gast.AST):  # type: ignore[misc]
    """Does the subject match the pattern?"""

    _fields = ("subject", "pattern")
    _attributes = ("lineno", "col_offset", "end_lineno", "end_col_offset")


class Captured(Matches):
    """Binds the names of a pattern that matched; it is True."""


def as_branches(tree: gast.FunctionDef) -> gast.FunctionDef:
    """The function without `match`."""
    numbers = itertools.count(1)

    class Rewriter(gast.NodeTransformer):  # type: ignore[misc]
        def visit_FunctionDef(self, node: Any) -> Any:
            return self.generic_visit(node) if node is tree else node

        def visit_Lambda(self, node: Any) -> Any:
            return node

        visit_ClassDef = visit_Lambda

        def visit_Match(self, node: Any) -> Any:
            self.generic_visit(node)
            name = f"$subject{next(numbers)}"
            start = gast.Assign([_name(name, gast.Store(), node)], node.subject, None)
            return [gast.copy_location(start, node), *_cases(node.cases, name, node)]

    if not _matches(tree):
        return tree
    copy = gast.FunctionDef(**{f: getattr(tree, f) for f in tree._fields})
    gast.copy_location(copy, tree)
    copy.body = [s for stmt in tree.body for s in _listed(Rewriter().visit(_copied(stmt)))]
    return copy


@functools.lru_cache(1024)
def _matches(tree: gast.FunctionDef) -> bool:
    return any(isinstance(n, gast.Match) for n in gast.walk(tree))


def _copied(node: Any) -> Any:
    """The statement anew: the tree of a function is read again when the function is lowered again."""
    if isinstance(node, list):
        return [_copied(n) for n in node]
    if not isinstance(node, gast.AST):
        return node
    fields = {f: _copied(getattr(node, f)) for f in node._fields if hasattr(node, f)}
    return gast.copy_location(type(node)(**fields), node) if hasattr(node, "lineno") else type(node)(**fields)


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _name(name: str, context: Any, place: Any) -> Any:
    return gast.copy_location(gast.Name(name, context, None, None), place)


def _cases(cases: list[Any], subject: str, place: Any) -> list[Any]:
    """The chain of branches for these cases."""
    if not cases:
        return []
    first, *others = cases
    where = first.pattern if hasattr(first.pattern, "lineno") else place
    def asked(cls: type) -> Any:
        return gast.copy_location(cls(_name(subject, gast.Load(), where), first.pattern), where)

    binds = any(isinstance(n, gast.MatchAs | gast.MatchStar | gast.MatchMapping) and names_of(n)
                for n in gast.walk(first.pattern))
    body, test = first.body, asked(Matches)
    if first.guard is not None:
        parts = [test, *([asked(Captured)] if binds else []), first.guard]
        test = gast.copy_location(gast.BoolOp(gast.And(), parts), where)
    elif binds:
        body = [gast.copy_location(gast.Expr(asked(Captured)), where), *body]
    if first.guard is None and isinstance(first.pattern, gast.MatchAs) and first.pattern.pattern is None:
        return list(body)
    return [gast.copy_location(gast.If(test, body, _cases(others, subject, place)), where)]


def names_of(pattern: Any) -> Iterator[str]:
    """The names that a pattern itself binds (not those within it)."""
    name = pattern.rest if isinstance(pattern, gast.MatchMapping) else getattr(pattern, "name", None)
    if name is not None:
        yield name if isinstance(name, str) else name.id


def matched(frame: Frame, node: Matches) -> Any:
    """The value of `Matches` and `Captured`."""
    test, captures = _match(frame, node.pattern, frame.evaluate(node.subject))
    if not isinstance(node, Captured):
        return test
    for name, value in captures:
        frame.bind(name, value)
    return Const(True)


def _match(frame: Frame, pattern: Any, value: Any) -> tuple[Any, Captures]:
    if isinstance(value, Poison):
        return Const(False), []
    match pattern:
        case gast.MatchValue(value=node):
            return _equals(frame, value, frame.evaluate(node)), []
        case gast.MatchSingleton(value=single):
            return _equals(frame, value, Const(single), gast.Is()), []
        case gast.MatchAs(pattern=inner):
            test, captures = (Const(True), []) if inner is None else _match(frame, inner, value)
            return test, [*captures, *((name, value) for name in names_of(pattern))]
        case gast.MatchOr(patterns=patterns):
            return _any(frame, patterns, value)
        case gast.MatchSequence(patterns=patterns):
            return _sequence(frame, patterns, value)
        case gast.MatchMapping():
            return _mapping(frame, pattern, value)
        case gast.MatchClass():
            return _instance(frame, pattern, value)
        case _:
            raise Refused("this pattern", "srcad does not know it", "write it with `if` and `elif`")


def _equals(frame: Frame, value: Any, other: Any, op: Any = None) -> Any:
    atomic = isinstance(value, Num) and value.atom.type.kind in ("number", "scalar")
    if atomic and isinstance(other, Const) and isinstance(other.value, str | bytes):
        return Const(False)
    if isinstance(value, Ref | Tup) and isinstance(other, Const):
        return Const(False)
    if isinstance(op, gast.Is) and not (isinstance(other, Const) and other.value is None) and atomic:
        raise Refused(f"a pattern `{other.value}` for a number that is computed", hint="compare it in an `if`")
    return truth(frame, comparison(frame, [op or gast.Eq()], [value, other]))


def _all(frame: Frame, parts: Iterator[tuple[Any, Captures]]) -> tuple[Any, Captures]:
    """All of these patterns; those after one that is sure to fail are not asked."""
    result: Any = Const(True)
    captures: Captures = []
    for test, found in parts:
        captures += found
        if isinstance(test, Const):
            if not test.value:
                return test, []
        elif isinstance(result, Const):
            result = test
        else:
            result = Num(frame.build.call(AND, result.atom, test.atom))
    return result, captures


def _any(frame: Frame, patterns: list[Any], value: Any) -> tuple[Any, Captures]:
    result: Any = Const(False)
    for pattern in patterns:
        test, captures = _match(frame, pattern, value)
        if isinstance(test, Const):
            if not test.value:
                continue
            if isinstance(result, Const):
                return test, captures
            result = test if not captures else result
        if captures:
            raise Refused("alternatives that bind names, chosen by a number that is computed",
                          hint="write a case for each")
        if isinstance(result, Const):
            result = test if not result.value else result
        else:
            result = Num(frame.build.call(OR, result.atom, test.atom))
    return result, []


def _sequence(frame: Frame, patterns: list[Any], value: Any) -> tuple[Any, Captures]:
    content = frame.machine.content(value) if isinstance(value, Ref) else value
    if isinstance(content, Sequence | Rows):
        raise Refused("a pattern for a list whose length is not known", hint="ask for its length with `if`")
    if not isinstance(content, Items | Tup):
        return Const(False), []     # an array is no sequence
    items = content.values if isinstance(content, Items) else content.items
    star = next((k for k, p in enumerate(patterns) if isinstance(p, gast.MatchStar)), None)
    if star is None:
        if len(items) != len(patterns):
            return Const(False), []
        return _all(frame, (_match(frame, p, v) for p, v in zip(patterns, items, strict=True)))
    after = len(patterns) - star - 1
    if len(items) < star + after:
        return Const(False), []
    stop = len(items) - after
    test, captures = _all(frame, (_match(frame, p, v) for p, v in zip(
        [*patterns[:star], *patterns[star + 1:]], [*items[:star], *items[stop:]], strict=True)))
    rest = frame.machine.new(Items(tuple(items[star:stop])))
    return test, [*captures, *((name, rest) for name in names_of(patterns[star]))]


def _mapping(frame: Frame, pattern: Any, value: Any) -> tuple[Any, Captures]:
    content = frame.machine.content(value) if isinstance(value, Ref) else value
    if not isinstance(content, Entries):
        return Const(False), []
    entries = dict(content.values)
    keys = [k.value for k in map(frame.evaluate, pattern.keys) if isinstance(k, Const)]
    if not all(k in entries for k in keys):
        return Const(False), []
    test, captures = _all(frame, (_match(frame, p, entries[k]) for k, p in zip(keys, pattern.patterns, strict=True)))
    rest = frame.machine.new(Entries(tuple((k, v) for k, v in entries.items() if k not in keys)))
    return test, [*captures, *((name, rest) for name in names_of(pattern))]


def _instance(frame: Frame, pattern: Any, value: Any) -> tuple[Any, Captures]:
    cls = frame.evaluate(pattern.cls)
    first = truth(frame, BUILTINS[isinstance](frame, [value, cls], {}))
    if isinstance(first, Const) and not first.value:
        return first, []
    positional = list(getattr(pattern, "patterns", None) or ())
    if cls.value in _ITSELF and positional:
        return _all(frame, iter([(first, []), _match(frame, positional[0], value)]))
    names = [*getattr(cls.value, "__match_args__", ())[: len(positional)], *(pattern.kwd_attrs or ())]
    if len(names) < len(positional) + len(pattern.kwd_attrs or ()):
        raise Refused(f"{len(positional)} positional patterns for {cls.value.__name__}",
                      "its `__match_args__` has fewer names")

    def parts() -> Iterator[tuple[Any, Captures]]:
        yield first, []
        for name, p in zip(names, [*positional, *(pattern.kwd_patterns or ())], strict=True):
            if not _has(frame, value, name):
                yield Const(False), []
                return
            yield _match(frame, p, attribute(frame, value, name))

    return _all(frame, parts())


def _has(frame: Frame, value: Any, name: str) -> bool:
    content = frame.machine.content(value) if isinstance(value, Ref) else value
    if isinstance(content, Fields):
        return content.get(name) is not None or hasattr(content.cls, name)
    return True

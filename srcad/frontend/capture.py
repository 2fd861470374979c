"""Find the source of a function, exactly.

A function object knows the file and line it came from, and where on that line each of its instructions stands.  So the
whole file is parsed once (through `linecache`, which also knows notebook cells, interactive input and generated code),
the node is found by those positions, and the file is compiled again: its code must be the function's code, or the file
has changed since the function was defined.  Text is never cut out and dedented, so left-margin strings, two lambdas on
a line and decorators need no care.

    >>> import math
    >>> def area(r): return math.pi * r * r
    >>> source = capture(area)
    >>> source.tree.name, str(source.span(source.tree.body[0]))[-4:]
    ('area', '1:14')
"""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

import gast

from srcad import errors
from srcad.errors import Problem, SourceNotFound, Span, Unsupported

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# What a file says about how it is to be compiled: `from __future__ import …`.
FUTURES = (__future__.annotations.compiler_flag | __future__.generator_stop.compiler_flag
           | __future__.barry_as_FLUFL.compiler_flag)
# The names that pytest writes into the asserts of a test module.
REWRITTEN = frozenset({"@pytest_ar", "@py_builtins"})


@dataclass(frozen=True, eq=False)
class Source:
    """A function and its text.  The tree is this record's own; `span` says where a node of it stands."""

    function: FunctionType
    tree: gast.FunctionDef
    file: str
    lines: tuple[str, ...]
    place: Span | None = None  # where everything in it is said to stand

    @property
    def code(self) -> CodeType:
        return self.function.__code__

    @property
    def name(self) -> str:
        return str(self.tree.name)

    @property
    def globals(self) -> dict[str, Any]:
        return self.function.__globals__

    @property
    def closure(self) -> Mapping[str, CellType]:
        """The cells of the free variables, by name.  A cell may be empty, and may change."""
        return dict(zip(self.code.co_freevars, self.function.__closure__ or (), strict=True))

    @property
    def defaults(self) -> tuple[Any, ...]:
        return self.function.__defaults__ or ()

    @property
    def kwdefaults(self) -> Mapping[str, Any]:
        return self.function.__kwdefaults__ or {}

    @cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.function, follow_wrapped=False)

    def span(self, node: gast.AST) -> Span:
        """Where `node` stands.  The parser counts columns in bytes, people in characters."""
        if self.place is not None:
            return self.place
        end = getattr(node, "end_lineno", None) or node.lineno
        stop = getattr(node, "end_col_offset", None)
        return Span(self.file, node.lineno, self._column(node.lineno, node.col_offset), end,
                    None if stop is None else self._column(end, stop), self.name)

    def _column(self, line: int, offset: int) -> int:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))

    def inner(self, node: gast.FunctionDef | gast.Lambda) -> Source:
        """The source of a function that is defined within this one, in the same surroundings."""
        return replace(self, tree=as_definition(node))


def as_definition(node: gast.FunctionDef | gast.Lambda) -> gast.FunctionDef:
    """A lambda as the `def` that does the same; a `def` as it is."""
    if isinstance(node, gast.FunctionDef):
        return node
    result = gast.copy_location(gast.Return(node.body), node.body)
    lambda_ = gast.FunctionDef("lambda", node.args, [result], [], None, None, [])
    return gast.copy_location(lambda_, node)


def is_own_wrapper(wrapper: Any) -> bool:
    """Was `wrapper` made by srcad, so that what it wraps is what its user meant?"""
    code = getattr(wrapper, "__code__", None)
    if code is None:
        return type(wrapper).__module__.partition(".")[0] == "srcad"
    return os.path.abspath(code.co_filename).startswith(os.path.dirname(errors.__file__) + os.sep)


def capture(function: Callable[..., Any], unwrap: Callable[[Any], bool] = is_own_wrapper) -> Source:
    """The source of a Python function or method, or SourceNotFound.

    A wrapper (made by `functools.wraps`) stands for what it wraps if `unwrap` says so of it; else it is a function
    like any other.
    """
    while hasattr(function, "__wrapped__") and unwrap(function):
        function = function.__wrapped__
    if isinstance(function, MethodType):
        return capture(function.__func__, unwrap)
    if not isinstance(function, FunctionType):
        what = f"{_describe(function)} has no Python source"
        raise SourceNotFound(Problem(None, what, "it is not a function written in Python",
                                     "call it from a Python function, or give it a derivative rule"))
    parsed, node, owner = _find(function)
    if isinstance(node, ast.AsyncFunctionDef):
        where = Span(parsed.file, node.lineno, function=node.name)
        raise Unsupported(Problem(where, "an async function", "it does not run when it is called",
                                  "compute in an ordinary function and await around it"))
    with room_for(node):
        tree = gast.ast_to_gast(node)
    tree = as_definition(tree)
    if owner:
        _mangle(tree, owner)
    return Source(function, tree, parsed.file, parsed.lines)


def _describe(function: Any) -> str:
    return getattr(function, "__qualname__", None) or f"an object of class {type(function).__name__}"


@dataclass(frozen=True, eq=False)
class File:
    """A file, parsed; its code objects by first line and name."""

    file: str
    lines: tuple[str, ...]
    tree: ast.Module
    codes: dict[tuple[int, str], list[CodeType]]

    def definitions(self, line: int) -> Iterator[tuple[Definition, str]]:
        """The functions and lambdas that begin on this line, each with the class whose names are private there."""
        waiting: list[tuple[ast.AST, str]] = [(self.tree, "")]
        while waiting:
            node, owner = waiting.pop()
            if isinstance(node, Definition) and _first_line(node) == line:
                yield node, owner
            inside = node.name if isinstance(node, ast.ClassDef) else owner
            waiting += [(child, inside) for child in ast.iter_child_nodes(node) if _spans(child, line)]


@lru_cache(maxsize=128)
def _parse(file: str, text: str, flags: int) -> File:
    tree = ast.parse(text, file)
    codes: dict[tuple[int, str], list[CodeType]] = {}
    try:
        code = compile(tree, file, "exec", flags, dont_inherit=True)
    except RecursionError:  # the parser goes deeper than the way from its tree to code
        code = compile(text, file, "exec", flags, dont_inherit=True)
    for c in _codes(code):
        codes.setdefault((c.co_firstlineno, c.co_name), []).append(c)
    return File(file, tuple(text.splitlines()), tree, codes)


def _spans(node: ast.AST, line: int) -> bool:
    """May something within `node` begin on this line?  (Decorators stand before what they decorate.)"""
    first = getattr(node, "lineno", None)
    if first is None:
        return True
    if line < first:
        first = min([first, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return first <= line <= (node.end_lineno or line)  # type: ignore[attr-defined]


def _codes(code: CodeType) -> Iterator[CodeType]:
    waiting = [code]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [c for c in code.co_consts if isinstance(c, CodeType)]


def _first_line(node: Definition) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min([node.lineno, *(d.lineno for d in decorators)])


def _find(function: FunctionType) -> tuple[File, Definition, str]:
    """The file of `function`, its node and the class around it; what `linecache` remembers comes before the disk."""
    code = function.__code__
    found = False
    for text in _texts(function):
        found = True
        try:
            parsed = _parse(code.co_filename, text, code.co_flags & FUTURES)
        except (SyntaxError, ValueError):
            continue
        candidates = [(node, owner) for node, owner in parsed.definitions(code.co_firstlineno)
                      if getattr(node, "name", "<lambda>") == code.co_name]
        nodes = _standing_at(code, candidates)
        if len(nodes) == 1 and any(_same(code, c) for c in parsed.codes.get((code.co_firstlineno, code.co_name), ())):
            return parsed, *nodes[0]
        if len(nodes) > 1:
            raise _ambiguous(function, nodes[0][0])
    # Every `exec` of a string is "<string>", so what is kept under that name may be another text.
    raise _changed(function) if found and code.co_filename != "<string>" else _missing(function)


def _texts(function: FunctionType) -> Iterator[str]:
    """The texts that may hold `function`: as remembered, as it is on disk now, as the interpreter keeps it."""
    code = function.__code__
    remembered = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if remembered:
        yield remembered
    linecache.checkcache(code.co_filename)
    current = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if current and current != remembered:
        yield current
    if code.co_filename.startswith("<frozen "):
        module = sys.modules.get(code.co_filename.removeprefix("<frozen ").removesuffix(">"))
        yield "".join(linecache.getlines(getattr(module, "__file__", None) or ""))
    # From 3.13 on, interactive input and `python -c` are kept by code object.
    by_code = getattr(linecache, "_getlines_from_code", None)
    if by_code is not None:
        kept = "".join(by_code(code))
        if kept:
            yield kept


def _standing_at(code: CodeType, candidates: list[tuple[Definition, str]]) -> list[tuple[Definition, str]]:
    """Of several definitions on one line, those whose body holds every instruction; of nested ones, the innermost."""
    if len(candidates) < 2:
        return candidates
    places = [p for p in code.co_positions() if None not in p and p[3] != p[2]]
    holding = [c for c in candidates if all(_holds(c[0], p) for p in places)]
    return [c for c in holding if not any(c is not d and _encloses(c[0], d[0]) for d in holding)]


def _extent(node: Definition) -> tuple[tuple[int, int], tuple[int, int]]:
    first = node.body if isinstance(node, ast.Lambda) else node.body[0]
    last = node.body if isinstance(node, ast.Lambda) else node.body[-1]
    return (first.lineno, first.col_offset), (last.end_lineno or 0, last.end_col_offset or 0)


def _holds(node: Definition, place: tuple[Any, ...]) -> bool:
    start, stop = _extent(node)
    line, end_line, column, end_column = place
    return start <= (line, column) and (end_line, end_column) <= stop


def _encloses(outer: Definition, inner: Definition) -> bool:
    (start, stop), (inner_start, inner_stop) = _extent(outer), _extent(inner)
    return start <= inner_start and inner_stop <= stop


def _same(code: CodeType, other: CodeType) -> bool:
    """Are these the same instructions?  Positions may differ; `co_code` is free of what the interpreter specialised."""
    if REWRITTEN & set(code.co_names):
        return _rewritten_from(code, other)
    if len(code.co_consts) != len(other.co_consts):
        return False
    return _shape(code) == _shape(other) and all(map(_same_constant, code.co_consts, other.co_consts))


def _shape(code: CodeType) -> tuple[Any, ...]:
    return (code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_argcount,
            code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~inspect.CO_ITERABLE_COROUTINE)


def _same_constant(a: object, b: object) -> bool:
    if isinstance(a, CodeType) and isinstance(b, CodeType):
        return _same(a, b)
    # `repr` tells 0.0 from -0.0 and True from 1, and takes NaN for itself; the order of a set has no meaning.
    return type(a) is type(b) and (a == b if isinstance(a, frozenset) else repr(a) == repr(b))


def _rewritten_from(code: CodeType, other: CodeType) -> bool:
    """pytest rewrites asserts: the code has then more names and variables than its text, never fewer."""
    count = other.co_argcount + other.co_kwonlyargcount
    return (code.co_varnames[:count] == other.co_varnames[:count] and set(other.co_varnames) <= set(code.co_varnames)
            and set(other.co_names) - {"AssertionError"} <= set(code.co_names)
            and set(map(repr, _plain(other))) <= set(map(repr, _plain(code))))


def _plain(code: CodeType) -> list[object]:
    return [c for c in code.co_consts if isinstance(c, int | float | complex)]


def _mangle(tree: gast.FunctionDef, owner: str) -> None:
    """Write private names (`self.__w`) as the compiler does (`self._Class__w`)."""
    owner = owner.lstrip("_")
    waiting: list[gast.AST] = [tree] if owner else []
    while waiting:
        node = waiting.pop()
        for field in ("id", "attr", "name", "arg"):
            name = getattr(node, field, None)
            if isinstance(name, str) and name.startswith("__") and not name.endswith("__"):
                setattr(node, field, f"_{owner}{name}")
        if isinstance(node, gast.Global | gast.Nonlocal):
            node.names = [f"_{owner}{n}" if n.startswith("__") and not n.endswith("__") else n for n in node.names]
        # A class within has private names of its own.
        waiting += [n for n in gast.iter_child_nodes(node) if not isinstance(n, gast.ClassDef)]


@contextmanager
def room_for(node: ast.AST) -> Iterator[None]:
    """Room on the stack for a recursive walk over `node`: a sum of a thousand terms is a thousand levels deep."""
    limit = sys.getrecursionlimit()
    needed = 8 * depth(node) + 1000
    if needed > limit:
        sys.setrecursionlimit(needed)
    try:
        yield
    finally:
        if needed > limit:
            sys.setrecursionlimit(limit)


def depth(node: ast.AST) -> int:
    """How deep the tree is (found without recursion)."""
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [child for n in level for child in ast.iter_child_nodes(n)]
    return deepest


def _span_of(function: FunctionType) -> Span:
    code = function.__code__
    return Span(code.co_filename, code.co_firstlineno, function=code.co_name)


def _missing(function: FunctionType) -> SourceNotFound:
    return SourceNotFound(Problem(
        None, f"the source of {function.__qualname__} can't be found",
        f"it was defined in {function.__code__.co_filename!r}, whose text Python doesn't have",
        "define it in a file or a notebook cell, or enter generated text into linecache.cache before it is executed"))


def _changed(function: FunctionType) -> SourceNotFound:
    return SourceNotFound(Problem(
        _span_of(function), f"the source of {function.__qualname__} has changed since it was defined",
        "the text at this place does not compile to the function's code: it is newer, or an import hook rewrote it",
        "reload the module or start Python again"))


def _ambiguous(function: FunctionType, node: Definition) -> SourceNotFound:
    span = Span(function.__code__.co_filename, node.lineno, function=function.__code__.co_name)
    return SourceNotFound(Problem(
        span, f"several functions on this line could be {function.__qualname__}",
        "Python runs without column positions (-X no_debug_ranges, PYTHONNODEBUGRANGES)",
        "put each lambda on a line of its own"))

"""The names that a piece of code binds: what is local to a function, and what a loop carries."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import gast


class _Names(gast.NodeVisitor):
    """Names that a function body binds; what a nested function binds is its own."""

    def __init__(self) -> None:
        self.bound: dict[str, None] = {}
        self.declared: dict[str, None] = {}

    def visit_Name(self, node: Any) -> None:
        if not isinstance(node.ctx, gast.Load):
            self.bound[node.id] = None

    def visit_FunctionDef(self, node: Any) -> None:
        self.bound[node.name] = None
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults), *node.decorator_list]:
            self.visit(default)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: Any) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)

    def _loop(self, node: Any) -> None:
        """The flag that tells whether a loop was left is bound by the loop itself (see `exits`)."""
        if getattr(node, "broke", None):
            self.bound[node.broke] = None
        self.generic_visit(node)

    visit_For = visit_While = _loop

    def _pattern(self, node: Any) -> None:
        name = node.rest if isinstance(node, gast.MatchMapping) else node.name
        if name is not None:
            self.bound[name] = None
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _pattern

    def visit_ClassDef(self, node: Any) -> None:
        self.bound[node.name] = None

    def visit_Global(self, node: Any) -> None:
        self.declared.update(dict.fromkeys(node.names))

    visit_Nonlocal = visit_Global

    def visit_Import(self, node: Any) -> None:
        for alias in node.names:
            self.bound[alias.asname or alias.name.split(".")[0]] = None

    visit_ImportFrom = visit_Import

    def _comprehension(self, node: Any) -> None:
        """A comprehension's targets are its own; what `:=` binds in it is not."""
        targets = _Names()
        for generator in node.generators:
            targets.visit(generator.target)
        inner = _Names()
        inner.generic_visit(node)
        self.bound.update(dict.fromkeys(n for n in inner.bound if n not in targets.bound))

    visit_ListComp = visit_GeneratorExp = visit_SetComp = visit_DictComp = _comprehension


def bound_names(nodes: list[Any]) -> list[str]:
    """The names that these statements (or targets) bind, in order."""
    finder = _Names()
    for node in nodes:
        finder.visit(node)
    return list(finder.bound)


def local_names(tree: gast.FunctionDef) -> tuple[frozenset[str], frozenset[str]]:
    """(local names, names declared global or nonlocal) of a function."""
    finder = _Names()
    for stmt in tree.body:
        finder.visit(stmt)
    args = tree.args
    params = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    finder.bound.update(dict.fromkeys(p.id for p in params))
    declared = frozenset(finder.declared)
    return frozenset(finder.bound) - declared, declared


def names_in(target: Any) -> list[str]:
    """The names in the target of an assignment or a loop, in order."""
    return [n.id for n in gast.walk(target) if isinstance(n, gast.Name)]


@lru_cache(1024)
def never_ends(tree: gast.FunctionDef) -> bool:
    """Has a generator no end, since nothing leaves a `while True:` of it?"""
    loops = [n for n in gast.walk(tree) if isinstance(n, gast.While)
             and isinstance(n.test, gast.Constant) and n.test.value is True]
    return any(not (_breaks(loop.body) or any(isinstance(n, gast.Return) for n in gast.walk(loop))) for loop in loops)


def _breaks(stmts: list[gast.AST]) -> bool:
    """Is there a `break` out of the loop that these are the body of?"""
    return any(isinstance(s, gast.Break) or not isinstance(s, gast.For | gast.While | gast.FunctionDef | gast.ClassDef)
               and _breaks(list(gast.iter_child_nodes(s))) for s in stmts)


@lru_cache(512)
def mentions(tree: gast.FunctionDef) -> tuple[Counter[str], Counter[str]]:
    """From how many places each name is called, and read."""
    called: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for n in gast.walk(tree):
        if isinstance(n, gast.Call) and isinstance(n.func, gast.Name):
            called[n.func.id] += 1
        elif isinstance(n, gast.Name):
            read[n.id] += 1
    return called, read

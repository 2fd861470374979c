"""Makes a failing program small: take away a piece, and keep the rest if it still fails.

    small = shrink(source, lambda text: judge(text, args).stage == "reverse")

Pieces are tried from large to small: statements, the heads of blocks, then expressions (replaced by a part of themselves or by a
constant).
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator


def shrink(source: str, fails: Callable[[str], bool], attempts: int = 400) -> str:
    """The smallest program found within so many attempts for which `fails` is still true."""
    best = ast.unparse(ast.parse(source))
    if not fails(best):
        return source
    tried: set[str] = set()
    smaller: str | None = best
    while smaller is not None:
        best, smaller = smaller, None
        for candidate in candidates(best):
            if len(candidate) >= len(best) or candidate in tried:
                continue
            tried.add(candidate)
            if len(tried) > attempts:
                return best
            if fails(candidate):
                smaller = candidate
                break
    return best


def candidates(source: str) -> Iterator[str]:
    """Programs with one piece less, the largest pieces first."""
    tree = ast.parse(source)
    for make in (without_statement, without_head, with_less_expression):
        for edit in make(tree):
            if edit is not None:
                try:
                    yield ast.unparse(ast.fix_missing_locations(edit))
                except (ValueError, AttributeError):
                    continue


def blocks(tree: ast.AST) -> list[tuple[int, str]]:
    """Where the blocks of a tree are: (number of the node in walking order, field)."""
    return [(k, field) for k, node in enumerate(ast.walk(tree)) for field in ("body", "orelse")
            if isinstance(getattr(node, field, None), list) and getattr(node, field)]


def edited(tree: ast.AST, number: int, change: Callable[[ast.AST], object]) -> ast.AST:
    """A copy of the tree with `change` applied to its node of that number."""
    twin = copy.deepcopy(tree)
    change(list(ast.walk(twin))[number])
    return twin


def without_statement(tree: ast.AST) -> Iterator[ast.AST | None]:
    for number, field in blocks(tree):
        statements = getattr(list(ast.walk(tree))[number], field)
        spans = [(0, len(statements))] if len(statements) > 2 else []
        for start, stop in (*spans, *((k, k + 1) for k in reversed(range(len(statements))))):
            def cut(node: ast.AST, field: str = field, start: int = start, stop: int = stop) -> None:
                block = getattr(node, field)
                del block[start:stop]
                if not block and field == "body":
                    block.append(ast.Pass())

            if not (stop - start == 1 and isinstance(statements[start], ast.Pass)):
                yield edited(tree, number, cut)


def without_head(tree: ast.AST) -> Iterator[ast.AST | None]:
    """An `if` or a loop replaced by one of its blocks."""
    for number, field in blocks(tree):
        for k, statement in enumerate(getattr(list(ast.walk(tree))[number], field)):
            for inner in ("body", "orelse"):
                if isinstance(statement, ast.If | ast.For | ast.While) and getattr(statement, inner):
                    def unwrap(node: ast.AST, field: str = field, k: int = k, inner: str = inner) -> None:
                        block = getattr(node, field)
                        block[k:k + 1] = getattr(block[k], inner)

                    yield edited(tree, number, unwrap)


def with_less_expression(tree: ast.AST) -> Iterator[ast.AST | None]:
    """An expression replaced by one of its parts, or by a constant."""
    for number, node in enumerate(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            places = [(None, value)] if isinstance(value, ast.expr) else []
            if isinstance(value, list):
                places = [(k, v) for k, v in enumerate(value) if isinstance(v, ast.expr)]
            for k, old in places:
                if not isinstance(getattr(old, "ctx", ast.Load()), ast.Load) or isinstance(old, ast.Constant):
                    continue
                parts = [p for p in ast.iter_child_nodes(old) if isinstance(p, ast.expr)]
                for new in (*parts, ast.Constant(0.5), ast.Name("x", ast.Load())):
                    def put(node: ast.AST, field: str = field, k: int | None = k, new: ast.expr = new) -> None:
                        if k is None:
                            setattr(node, field, copy.deepcopy(new))
                        else:
                            getattr(node, field)[k] = copy.deepcopy(new)

                    yield edited(tree, number, put)

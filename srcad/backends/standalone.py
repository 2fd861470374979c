"""A file that needs NumPy and nothing of srcad: the helpers that generated code calls are written into it.

What comes from other modules, a user's exception or function, is imported from there.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from srcad.backends.emit import Source
from srcad.backends.printer import Printer
from srcad.backends.references import References

_OURS = "srcad."


def standalone(source: Source) -> str:
    """The text of `source` with everything that it refers to."""
    references = References()
    imports: dict[str, None] = {}
    helpers: dict[str, ast.FunctionDef] = {}
    for name, value in source.objects.items():
        if isinstance(value, types.FunctionType) and _is_ours(value):
            _add(name, value, helpers, references)
        else:
            imports[_import(name, value)] = None
    text = source.text
    for line in _lines_of_imports(text):
        imports[line] = None
        text = text.replace(line + "\n", "", 1)
    for module in sorted(references.imports):
        imports[f"import {module}" if module != "numpy" else "import numpy as np"] = None
    parts = ["\n".join(sorted(imports)) + "\n"] if imports else []
    parts += [Printer([helper]).finished()[0] for helper in helpers.values()]
    return "\n\n".join([*parts, text.lstrip("\n")])


def _is_ours(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and (value.__module__ or "").startswith(_OURS)


def _import(name: str, value: Any) -> str:
    own = getattr(value, "__name__", "")
    module = getattr(value, "__module__", None)
    if not own or module is None:
        raise ValueError(f"{name} is {value!r}, which a file can't import")
    return f"from {module} import {own}" + ("" if own == name else f" as {name}")


def _lines_of_imports(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        if not line.startswith("import "):
            break
        lines.append(line)
    return lines


def _add(name: str, function: types.FunctionType, helpers: dict[str, ast.FunctionDef], references: References) -> None:
    """Write `function`, after those of ours that it calls."""
    if name in helpers:
        return
    (definition,) = ast.parse(dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    plain = _Plain().visit(definition)
    plain.name = name
    for used, value in _globals_of(function, plain):
        if _is_ours(value):
            _add(used, value, helpers, references)
        elif isinstance(value, types.ModuleType):
            references.imports.add(value.__name__)
    helpers[name] = plain


def _globals_of(function: types.FunctionType, definition: ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    names = dict.fromkeys(n.id for n in ast.walk(definition) if isinstance(n, ast.Name))
    for used in names:
        if used in function.__globals__ and used != function.__name__:
            yield used, function.__globals__[used]


class _Plain(ast.NodeTransformer):
    """Without annotations, which would need imports of their own."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        node.decorator_list = []
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign([node.target], node.value), node)

"""A file that needs NumPy and nothing of srcad: the helpers that generated code calls are written into it,
as they are written here but for their annotations.

What comes from other modules, a user's exception or function, is imported from there.
"""

from __future__ import annotations

import ast
import inspect
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from srcad.backends.emit import Source

_OURS = "srcad."
_PLAIN = (int, float, complex, str, tuple, frozenset, type(None))
_KNOWN = frozenset({*sys.stdlib_module_names, "numpy"})


def standalone(source: Source) -> str:
    """The text of `source` with everything that it refers to."""
    helpers = Helpers()
    for name, value in source.objects.items():
        if isinstance(value, types.FunctionType) and _is_ours(value):
            _add(name, value, helpers)
        else:
            helpers.imports.add(import_of(name, value))
    text = source.text
    for line in _lines_of_imports(text):
        helpers.imports.add(line)
        text = text.replace(line + "\n", "", 1)
    parts = ["".join(f"{line}\n" for line in sorted(helpers.imports, key=_import_order))] if helpers.imports else []
    if helpers.constants:
        parts = ["\n".join([*parts, "".join(helpers.constants.values())])]
    return "\n\n".join([*parts, *helpers.texts.values(), text.lstrip("\n")])


@dataclass
class Helpers:
    """What the file needs besides the generated functions: functions of ours, their constants, and imports."""

    texts: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)


def _import_order(line: str) -> tuple[bool, str]:
    """The standard library and NumPy first, what is the user's last."""
    return line.startswith("from ") and line.split()[1].partition(".")[0] not in _KNOWN, line


def _is_ours(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and (value.__module__ or "").startswith(_OURS)


def import_of(name: str, value: Any) -> str:
    """The line that imports what is not ours."""
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


def _add(name: str, function: types.FunctionType, helpers: Helpers) -> None:
    """Write `function`, after those of ours that it calls."""
    if name in helpers.texts:
        return
    text = without_annotations(dedent(inspect.getsource(function)))
    helpers.texts[name] = ""
    for used, value in _globals_of(function, ast.parse(text)):
        if _is_ours(value):
            _add(used, value, helpers)
        elif isinstance(value, types.ModuleType):
            helpers.imports.add("import numpy as np" if value.__name__ == "numpy" else f"import {value.__name__}")
        elif isinstance(value, _PLAIN):
            helpers.constants[used] = f"{used} = {value!r}\n"
        else:
            helpers.imports.add(import_of(used, value))
    del helpers.texts[name]
    helpers.texts[name] = text if name == function.__name__ else f"{text}\n\n{name} = {function.__name__}\n"


def _globals_of(function: types.FunctionType, tree: ast.AST) -> Iterator[tuple[str, Any]]:
    names = dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    for used in names:
        if used in function.__globals__ and used != function.__name__:
            yield used, function.__globals__[used]


def without_annotations(text: str) -> str:
    """The source of a function as it is written, without decorators, and without annotations, which would need imports.

        def scale(x: Any, by: float = 2.0) -> Any:          def scale(x, by=2.0):
    """
    (definition,) = ast.parse(text).body
    assert isinstance(definition, ast.FunctionDef)
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    for start, end, new in sorted(_cuts(definition, lines), reverse=True):
        first, last = lines[start[0] - 1], lines[end[0] - 1]
        lines[start[0] - 1:end[0]] = [first[:start[1]] + new + last[end[1]:]]
    return b"".join(lines[definition.lineno - 1:]).decode()


Place = tuple[int, int]      # line from 1, byte from 0


def _cuts(definition: ast.FunctionDef, lines: list[bytes]) -> Iterator[tuple[Place, Place, bytes]]:
    """What is replaced: from where to where, and by what."""
    for node in ast.walk(definition):
        match node:
            case ast.FunctionDef(args=args, returns=returns):
                yield from _in_arguments(args)
                if returns is not None:
                    arrow = lines[returns.lineno - 1].rindex(b" ->", 0, returns.col_offset)
                    yield (returns.lineno, arrow), _end(returns), b""
            case ast.AnnAssign(target=target, value=None):
                yield (target.lineno, 0), (node.end_lineno or node.lineno, len(lines[node.lineno - 1])), b""
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield _end(target), (value.lineno, value.col_offset), b" = "
            case _:
                pass


def _in_arguments(args: ast.arguments) -> Iterator[tuple[Place, Place, bytes]]:
    given = [*args.posonlyargs, *args.args]
    defaults = dict(zip(reversed(given), reversed(args.defaults), strict=False))
    defaults |= {a: d for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is not None}
    for a in [*given, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]:
        if a.annotation is not None:
            place = a.lineno, a.col_offset + len(a.arg.encode())
            default = defaults.get(a)
            end = _end(a.annotation) if default is None else (default.lineno, default.col_offset)
            yield place, end, b"" if default is None else b"="


def _end(node: ast.expr) -> Place:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset

"""From syntax trees to text.

Statements, their layout and their indentation come from astunparse, every expression from the standard library's
`ast.unparse`, which is exact.  Two things are added that syntax trees don't have: comments, and the source that each
line of the text stands for.

    note(stmt, "line 3: y = x * 2")        ->        dx = 2 * dy  # line 3: y = x * 2
    Comment("forward")                     ->        # forward
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import astunparse

from srcad.backends.layout import laid_out
from srcad.errors import Span

WIDTH = 110


class Comment(ast.stmt):
    """A line of its own: `# text`."""

    _fields = ()

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text


@dataclass
class _Line:
    text: str = ""
    note: str = ""
    span: Span | None = None
    verbatim: bool = False


def spell(node: ast.expr) -> str:
    """An expression where a tuple needs no parentheses: the sides of an assignment, a `return`, a loop's head."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Tuple) and len(node.elts) > 1:
        return ", ".join(ast.unparse(e) for e in node.elts)
    return ast.unparse(node)


class Printer(astunparse.Unparser):  # type: ignore[misc]
    """Prints statements; a statement may have the attributes `span` and `note` (its comment)."""

    def __init__(self, statements: list[ast.stmt]) -> None:
        self.future_imports: list[str] = []
        self._indent = 0
        self._lines: list[_Line] = []
        self._next = _Line()
        self.dispatch(statements)

    def finished(self, first: int = 1) -> tuple[str, dict[int, Span]]:
        """The text, and the source of each of its lines, counted from `first`."""
        text: list[str] = []
        spans: dict[int, Span] = {}
        for line in self._lines:
            before = len(text)
            text += self._laid_out(line)
            if line.span is not None:
                spans.update(dict.fromkeys(range(first + before, first + len(text)), line.span))
        return "\n".join(text) + "\n", spans

    @staticmethod
    def _laid_out(line: _Line) -> list[str]:
        if line.verbatim:
            return [line.text.rstrip()]
        if not line.note:
            return laid_out(line.text.rstrip())
        whole = f"{line.text}  # {line.note}"
        if len(whole) <= WIDTH:
            return [whole]
        indent = line.text[: len(line.text) - len(line.text.lstrip())]
        note = f"{indent}# {line.note}"
        return [note if len(note) <= WIDTH else note[:WIDTH - 4] + " ...", *laid_out(line.text)]

    def write(self, text: str) -> None:
        first, *others = text.split("\n")
        if not self._lines:
            self._lines.append(_Line())
        self._lines[-1].text += first
        self._lines += map(_Line, others)

    def fill(self, text: str = "") -> None:
        self._next.text = "    " * self._indent + text
        self._lines.append(self._next)
        self._next = _Line()

    def dispatch(self, tree: Any) -> None:
        if isinstance(tree, ast.expr):
            self.write(spell(tree))
            return
        if isinstance(tree, ast.stmt):
            self._next = _Line("", getattr(tree, "note", ""), getattr(tree, "span", None))
        super().dispatch(tree)

    def _Comment(self, tree: Comment) -> None:
        self.fill("# " + tree.text)

    def _arguments(self, tree: ast.arguments) -> None:
        self.write(ast.unparse(tree))

    def _FunctionDef(self, tree: ast.FunctionDef) -> None:
        self.fill(f"def {tree.name}(")
        self.dispatch(tree.args)
        self.write(")")
        self._body(tree.body)

    def _Expr(self, tree: ast.Expr) -> None:
        if isinstance(tree.value, ast.Constant) and isinstance(tree.value.value, str):
            self._docstring(tree.value.value)
        else:
            super()._Expr(tree)

    def _docstring(self, doc: str) -> None:
        plain = doc.replace("\\", "\\\\").replace('"""', r"\"\"\"")
        first, *others = plain.split("\n")
        start = len(self._lines)
        self.fill(f'"""{first}')
        for line in others:
            self.fill(line) if line.strip() else self._lines.append(_Line())
        self.write('"""' if not plain.endswith('"') else ' """')
        for made in self._lines[start:]:
            made.verbatim = True

    def _If(self, tree: ast.If) -> None:
        word = "if "
        while True:
            self.fill(word)
            self.dispatch(tree.test)
            self._body(tree.body)
            if len(tree.orelse) != 1 or not isinstance(tree.orelse[0], ast.If):
                break
            tree, word = tree.orelse[0], "elif "
            self._next = _Line("", getattr(tree, "note", ""), getattr(tree, "span", None))
        if tree.orelse:
            self.fill("else")
            self._body(tree.orelse)

    def _body(self, statements: list[ast.stmt]) -> None:
        self.enter()
        self.dispatch(statements)
        if all(isinstance(s, Comment) for s in statements):
            self.fill("pass")
        self.leave()

    def _ExceptHandler(self, tree: ast.ExceptHandler) -> None:
        # Several classes need their parentheses.
        self.fill("except" + (f" {ast.unparse(tree.type)}" if tree.type else ""))
        self.write(f" as {tree.name}" if tree.name else "")
        self._body(tree.body)

    def _Assert(self, tree: ast.Assert) -> None:
        # A tuple after `assert` needs its parentheses.
        self.fill("assert " + ast.unparse(tree.test))
        if tree.msg:
            self.write(", " + ast.unparse(tree.msg))

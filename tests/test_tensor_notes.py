"""The snippets of the notes do and print what the notes say; against PyTorch too, where it is installed."""

from __future__ import annotations

import ast

import pytest
from notes_table import ROWS
from tensor_modules import MODULES


def shown(code, torch):
    """`repr` of the last line of a snippet."""
    tree = ast.parse(code.replace("{module}", torch.__name__))
    names = {"torch": torch, "__name__": "snippet"}
    exec(compile(ast.Module(tree.body[:-1], []), "<snippet>", "exec"), names)
    return repr(eval(compile(ast.Expression(tree.body[-1].value), "<snippet>", "eval"), names))


@pytest.mark.parametrize("torch", MODULES)
@pytest.mark.parametrize(("name", "code", "text"), ROWS, ids=[name for name, *_ in ROWS])
def test_snippet(name, code, text, torch):
    assert shown(code, torch) == text


def test_every_snippet_has_its_row():
    assert len({name for name, *_ in ROWS}) == len(ROWS) > 100

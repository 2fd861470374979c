"""Files that need NumPy only: every helper of ours can be written into one."""

from __future__ import annotations

import ast
import builtins
import inspect

import pytest

import srcad.rules  # noqa: F401 - makes the operations
from srcad.backends.emit import Source
from srcad.backends.standalone import standalone, without_annotations
from srcad.ir.ops import all_ops

# What generated code may call.
HELPERS = {op.function.__name__: op.function for op in all_ops()
           if inspect.isfunction(op.function) and op.function.__module__.startswith("srcad.runtime")}


@pytest.mark.parametrize("name", HELPERS)
def test_every_helper_stands_alone(name):
    function = HELPERS[name]
    text = standalone(Source("import numpy as np\n\n\ndef f(x):\n    return x\n", "f", {function.__name__: function}))
    names = {"__name__": "alone"}
    exec(compile(text, name, "exec"), names)
    tree = ast.parse(text)
    for node in ast.walk(tree):
        assert not isinstance(node, ast.AnnAssign) and not getattr(node, "annotation", None)
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert "srcad" not in ast.unparse(node)
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    assert not [n for n in read if n in function.__globals__ and n not in names and n not in dir(builtins)]


def test_annotations_are_cut_out():
    text = '''@decorated(1)
def f(x: int, *args: "Any", by: float = 2.0, **kwargs: dict[str, int]) -> tuple[int, ...]:
    """It stays: as it is -> here."""
    y: int = x  # a comment
    z: list[int]
    g = lambda a: a
    def inner(q: int = 3) -> None: pass
    return y
'''
    assert without_annotations(text) == '''def f(x, *args, by=2.0, **kwargs):
    """It stays: as it is -> here."""
    y = x  # a comment
    g = lambda a: a
    def inner(q=3): pass
    return y
'''

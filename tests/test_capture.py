"""The source of a function is found exactly, or not at all."""

from __future__ import annotations

import ast
import functools
import importlib.util
import linecache
import math
import subprocess
import sys
import textwrap
from typing import Any

import gast
import numpy as np
import pytest

from srcad.errors import SourceNotFound, Unsupported
from srcad.frontend.capture import capture


def unparse(tree: gast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(gast.gast_to_ast(tree)))


def body_of(function: Any) -> str:
    return "\n".join(map(unparse, capture(function).tree.body))


def defined(text: str, name: str = "f", file: str = "<generated>") -> Any:
    """The function `name` of `text`, which is entered into linecache as generated code is."""
    text = textwrap.dedent(text)
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, file, "exec"), scope)
    return scope[name]


def twice(function):
    return function


@twice
@functools.lru_cache(
    maxsize=3)
def decorated(x):
    return x + 1


two = (lambda x: x + 1, lambda x: x + 2)
same = (lambda x: x, lambda x: x)
nest = lambda x: (lambda y: (lambda z: x + y + z))


def test_two_lambdas_on_a_line():
    assert [body_of(f) for f in two] == ["return x + 1", "return x + 2"]
    columns = [capture(f).span(capture(f).tree).column for f in same]
    assert columns == [8, 21]


def test_lambdas_within_lambdas():
    assert body_of(nest).startswith("return lambda y")
    assert body_of(nest(1)).startswith("return lambda z")
    assert body_of(nest(1)(2)) == "return x + y + z"
    assert capture(nest(1)(2)).tree.name == "lambda"


def test_lambdas_as_defaults_and_in_comprehensions():
    fs = [lambda x, k=lambda t: -t, i=i: k(x) * i for i in range(2)]
    assert body_of(fs[1]) == "return k(x) * i"
    assert body_of(fs[1].__defaults__[0]) == "return -t"
    assert capture(fs[1]).defaults[1] == 1


def test_decorators():
    source = capture(decorated.__wrapped__)
    assert body_of(decorated.__wrapped__) == "return x + 1"
    assert source.span(source.tree).text == "def decorated(x):"


def test_closures():
    scale = 3.0

    def outer(k):
        def inner(x):
            return scale * k * x
        return inner

    source = capture(outer(5))
    assert source.name == "inner"
    assert {n: c.cell_contents for n, c in source.closure.items()} == {"k": 5, "scale": 3.0}
    assert source.globals["math"] is math


class Model:
    def __init__(self):
        self.__weight = 2.0

    def scaled(self, x, *, bias=1.0):
        return self.__weight * x + bias

    @staticmethod
    def free(x):
        return x

    if True:
        def scaled_conditionally(self, x): return self.scaled(x)


def test_methods():
    model = Model()
    # Private names are written as the compiler does.
    assert body_of(model.scaled) == "return self._Model__weight * x + bias"
    assert capture(model.scaled).function is Model.scaled
    assert capture(model.scaled).kwdefaults == {"bias": 1.0}
    assert body_of(Model.free) == "return x"
    assert body_of(model.scaled_conditionally) == "return self.scaled(x)"


def test_function_with_an_assert():
    def checked(x):
        assert x > 0, "positive"  # pytest rewrites this line
        y = x * 2.5
        return y

    assert body_of(checked).endswith("return y")


def test_left_margin_strings_and_continued_lines():
    def strange(x):
        text = """
left margin
"""
        y = x + \
            1
        return text, y

    assert len(capture(strange).tree.body) == 3


def test_spans_count_characters():
    f = defined("""
        def f(θ, é):
            return "θθ" + θ * é
        """)
    source = capture(f)
    product = source.tree.body[0].value.right
    span = source.span(product)
    assert span.text[span.column:span.end_column] == "θ * é"
    assert (span.line, span.function, str(span)) == (3, "f", "<generated>:3:19")


def test_positions_stay_on_all_nodes():
    for node in gast.walk(capture(decorated.__wrapped__).tree):
        if isinstance(node, gast.stmt | gast.expr):
            assert node.lineno and node.end_lineno and node.col_offset is not None


def test_each_capture_has_its_own_tree():
    assert capture(twice).tree is not capture(twice).tree


def test_long_sums():
    f = defined("def f(x):\n    return " + " + ".join(["x"] * 2000) + "\n", file="<long>")
    limit = sys.getrecursionlimit()
    node, terms = capture(f).tree.body[0].value, 1
    while isinstance(node, gast.BinOp):
        node, terms = node.left, terms + 1
    assert terms == 2000 and sys.getrecursionlimit() == limit


def test_redefined_function():
    f = defined("""
        def f(x):
            return x
        def f(x):
            return x + 1
        """, file="<twice>")
    assert body_of(f) == "return x + 1"


def test_future_annotations_of_the_surroundings():
    # This file has the import; compiled text inherits it.
    scope: dict[str, Any] = {}
    text = "def f(x: Unknown) -> Unknown: return x\n"
    linecache.cache["<annotated>"] = (len(text), None, [text], "<annotated>")
    exec(compile(text, "<annotated>", "exec"), scope)
    assert body_of(scope["f"]) == "return x"


def load(path: Any) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_edited_file(tmp_path):
    path = tmp_path / "edited.py"
    path.write_text("def f(x):\n    return x + 1\n\ndef g(x):\n    return x\n")
    module = load(path)
    path.write_text("def f(x):\n    return x + 2.0\n\ndef g(x):\n    return x\n")
    with pytest.raises(SourceNotFound, match="has changed since it was defined") as caught:
        capture(module.f)
    assert "reload" in caught.value.problems[0].hint
    # What did not change is still known; so is what was read before the edit.
    assert body_of(module.g) == "return x"


def test_file_edited_after_it_was_read(tmp_path):
    path = tmp_path / "read_before.py"
    path.write_text("def f(x):\n    return x + 1\n")
    module = load(path)
    assert body_of(module.f) == "return x + 1"
    path.write_text("def f(x):\n    return x - 1\n")
    reloaded = load(path)
    assert body_of(reloaded.f) == "return x - 1"


def test_constants_tell_functions_apart(tmp_path):
    path = tmp_path / "constants.py"
    path.write_text("def f(x):\n    return x + 0.0\n")
    module = load(path)
    path.write_text("def f(x):\n    return x + -0.0\n")
    with pytest.raises(SourceNotFound):
        capture(module.f)


def test_no_source():
    scope: dict[str, Any] = {}
    exec("def f(x): return x", scope)
    with pytest.raises(SourceNotFound, match="linecache"):
        capture(scope["f"])
    for thing in (len, np.sin, functools.partial(twice, 1), int):
        with pytest.raises(SourceNotFound, match="not a function written in Python"):
            capture(thing)


def test_async_functions_are_refused():
    async def f(x):
        return x

    with pytest.raises(Unsupported, match="async"):
        capture(f)


def test_wrappers_are_opened_only_where_the_policy_says_so():
    def wrap(f):
        @functools.wraps(f)
        def wrapper(*args):
            return f(*args)
        return wrapper

    wrapped = wrap(twice)
    assert capture(wrapped).name == "wrapper"
    assert capture(wrapped, unwrap=lambda w: True).name == "twice"


def test_wrappers_of_srcad_stand_for_what_they_wrap():
    Own = type("Own", (), {"__module__": "srcad.api", "__call__": lambda self: None})
    own = Own()
    own.__wrapped__ = twice
    assert capture(own).function is twice


def test_interactive_input():
    """What a shell keeps for its tracebacks is found; what it forgets is refused."""
    program = textwrap.dedent("""
        import code, linecache
        from srcad.frontend.capture import capture
        text = "def f(x):\\n    return x * 2\\n"
        linecache.cache["<ipython-input-1>"] = (len(text), None, text.splitlines(True), "<ipython-input-1>")
        shell = code.InteractiveInterpreter({})
        shell.runsource(text, "<ipython-input-1>", "exec")
        print(capture(shell.locals["f"]).tree.body[0].value.right.value)
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "2\n", done.stderr


def test_without_column_positions(tmp_path):
    path = tmp_path / "columns.py"
    path.write_text(textwrap.dedent("""
        from srcad.errors import SourceNotFound
        from srcad.frontend.capture import capture
        one = lambda x: x + 1
        two = lambda x: x, lambda x: -x
        print(capture(one).name)
        try:
            capture(two[0])
        except SourceNotFound as e:
            print(e.problems[0].hint)
        """))
    done = subprocess.run([sys.executable, "-X", "no_debug_ranges", str(path)], capture_output=True, text=True,
                          check=False, env={"PYTHONPATH": ":".join(filter(None, sys.path))})
    assert done.stdout == "lambda\nput each lambda on a line of its own\n", done.stderr

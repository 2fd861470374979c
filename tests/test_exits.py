"""Structured control means what the original meant: both are run, on written and on random programs."""

from __future__ import annotations

import ast
import contextlib
import linecache
import random
import textwrap
from collections.abc import Callable
from typing import Any

import gast
import pytest

from srcad.frontend.capture import capture
from srcad.frontend.exits import structure


def plain(tree: gast.FunctionDef) -> ast.Module:
    """The structured tree as Python: `$x` as `_x`, `until` and `broke` written out."""

    class Written(gast.NodeTransformer):
        def visit_Name(self, node: gast.Name) -> gast.Name:
            return gast.Name(node.id.replace("$", "_"), node.ctx, None, None)

        def loop(self, node: gast.AST) -> Any:
            self.generic_visit(node)
            start: list[gast.AST] = []
            if node.until:
                marks = gast.parse(f"{node.broke.replace('$', '_')} = True").body if node.broke else []
                node.body.append(gast.If(gast.Name(node.until.replace("$", "_"), gast.Load(), None, None),
                                         [*marks, gast.Break()], []))
            if node.broke:
                start = gast.parse(f"{node.broke.replace('$', '_')} = False").body
            return [*start, node]

        visit_For = visit_While = loop

    written = Written().visit(tree)
    written.decorator_list = []
    module = ast.fix_missing_locations(gast.gast_to_ast(gast.Module([written], [])))
    return module


def check_structured(tree: gast.FunctionDef) -> None:
    """No break, no continue, at most one return and that the last; every new node stands somewhere."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        waiting += [] if isinstance(node, gast.FunctionDef) else gast.iter_child_nodes(node)
        assert not isinstance(node, gast.Break | gast.Continue)
        if isinstance(node, gast.Return):
            assert node is tree.body[-1]
        if isinstance(node, gast.stmt | gast.expr):
            assert node.lineno and node.end_lineno


def structured(function: Callable[..., Any]) -> Callable[..., Any]:
    source = capture(function)
    before = gast.dump(source.tree)
    tree, problems = structure(source)
    assert not problems, problems
    assert gast.dump(source.tree) == before
    check_structured(tree)
    scope = dict(function.__globals__)
    exec(compile(plain(tree), "<structured>", "exec"), scope)
    return scope[source.name]


def outcome(function: Callable[..., Any], *args: Any) -> tuple[Any, list[Any]]:
    """What a program returned and what it did on the way."""
    log: list[Any] = []
    return function(*args, log.append), log


def text_of(function: Callable[..., Any]) -> str:
    tree, _ = structure(capture(function))
    return ast.unparse(plain(tree))


def early(x, log):
    """Documented."""
    if x > 4:
        return "big"
    log("small")
    if x > 2:
        if x > 3:
            return 4
        log(3)
    else:
        return "less"
    log("end")


def nested_mixed(x, log):
    if x > 1:
        if x > 2:
            if x > 3:
                return "a"
            log(3)
        log(2)
    log("after")
    return "b"


def loops(n, log):
    for i in range(n):
        if i == 1:
            continue
        for j in range(n):
            if j == 2:
                break
            if i + j > 4:
                return i, j
            log((i, j))
        else:
            log("no break")
        log(i)
    else:
        log("else")
    return None


def search(n, log):
    for i in range(10):
        if i * i > n:
            return i
    else:
        return log("none")


def forever(n, log):
    while True:
        n += 1
        if n % 3 == 0:
            continue
        while True:
            n *= 2
            if n > 50:
                return n
            if n > 20:
                break
        log(n)


def forever_broken(n, log):
    while 1:
        n += 1
        if n > 7:
            break
        if n == 5:
            return "five"
        log(n)
    else:
        log("never")
    return n


def deep_continue(n, log):
    for i in range(n):
        if i % 2:
            if i % 3:
                log("three")
                if i == 5:
                    continue
                if i == 7:
                    break
            log("two")
        else:
            log("even")
        log(i)
    else:
        log("else")


def bare(n, log):
    for i in range(n):
        if i == 3:
            return
        log(i)
    log("done")


def within(n, log):
    for i in range(n):
        with contextlib.nullcontext():
            if i == 2:
                continue
            if i == 4:
                return "left"
            log(i)
        log(-i)
    with contextlib.suppress(ZeroDivisionError):
        return 1 / (n - 1)
    return "suppressed"


def unreachable_else(n, log):
    for i in range(n):
        if i == 2:
            break
    else:
        if n:
            return "short"
        log("empty")
    log("after")
    return i if n else -1


def nested_definition(n, log):
    def inner(x):
        for i in range(x):
            if i == 2:
                return i
        return -1
    if n > 2:
        return inner(n)
    log(inner(n))


def loop_in_try(n, log):
    try:
        for i in range(n):
            if 6 // (3 - i) == 6:
                continue
            log(i)
    except ZeroDivisionError:
        log("zero")
    finally:
        log("finally")


PROGRAMS = [early, nested_mixed, loops, search, forever, forever_broken, deep_continue, bare, within, unreachable_else,
            loop_in_try]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_means_the_same(program):
    changed = structured(program)
    for n in range(9):
        assert outcome(changed, n) == outcome(program, n)


def test_definitions_are_not_entered():
    source = capture(nested_definition)
    tree, problems = structure(source)
    inner = tree.body[0]
    assert inner is source.tree.body[0] and not problems
    structured_inner, problems = structure(source.inner(inner))
    check_structured(structured_inner)
    assert not problems


def test_no_flags_where_a_branch_always_leaves():
    def f(x):
        if x > 0:
            return 1
        if x < -1:
            raise ValueError
        return 2

    assert text_of(f) == textwrap.dedent("""\
        def f(x):
            if x > 0:
                _result = 1
            else:
                if x < -1:
                    raise ValueError
                _result = 2
            return _result""")


def test_continue_guards_the_rest():
    def f(xs):
        s = 0
        for x in xs:
            if not x:
                continue
            s += x
        return s

    assert text_of(f) == textwrap.dedent("""\
        def f(xs):
            s = 0
            for x in xs:
                if x:
                    s += x
            return s""")


def test_what_is_structured_stays():
    def f(x):
        while x < 3:
            x += 1
        return x

    source = capture(f)
    tree, _ = structure(source)
    assert gast.dump(tree) == gast.dump(source.tree)
    assert tree.body[0].until is None and tree.body[0].broke is None


def test_exits_from_a_finally_are_refused():
    def f(x):
        for i in range(x):
            try:
                print(i)
            finally:
                if i:
                    break  # noqa: B012
        return x

    _, (problem,) = structure(capture(f))
    assert problem.what == "a break inside a try statement"
    assert problem.span.text.strip().startswith("break") and problem.related[0][0].text.strip() == "try:"


def random_block(rng: random.Random, depth: int, in_loop: bool) -> list[str]:
    lines: list[str] = []
    for _ in range(rng.randint(1, 3)):
        lines += random_statement(rng, depth, in_loop)
    return lines


def random_statement(rng: random.Random, depth: int, in_loop: bool) -> list[str]:
    def inside(loop: bool = in_loop) -> list[str]:
        return ["    " + line for line in random_block(rng, depth - 1, loop)]

    kinds = ["log", "log", "return"] + ["break", "continue"] * in_loop
    kinds += ["if", "ifelse", "for", "while", "with", "try"] * (depth > 0)
    match rng.choice(kinds):
        case "log":
            return [f"log({rng.randint(0, 99)})"]
        case "return":
            return [rng.choice(["return", "return n", "return log(-1)", "return 7"])]
        case "if":
            return ["if bit():", *inside()]
        case "ifelse":
            return ["if bit():", *inside(), "else:", *inside()]
        case "for":
            tail = ["else:", *inside()] if rng.random() < 0.4 else []
            return [f"for i in range({rng.randint(0, 3)}):", *inside(True), *tail]
        case "while":
            tail = ["else:", *inside()] if rng.random() < 0.4 else []
            return [f"while {rng.choice(['bit()', 'True', 'bit()'])}:", "    tick()", *inside(True), *tail]
        case "with":
            return ["with contextlib.nullcontext():", *inside()]
        case "try":
            tail = ["else:", *inside()] if rng.random() < 0.4 else []
            last = ["finally:", f"    log({rng.randint(100, 199)})"] if rng.random() < 0.4 else []
            raised = ["    if bit():", "        raise ValueError"] * rng.randint(0, 1)
            return ["try:", *raised, *inside(), "except ValueError:", *inside(), *tail, *last]
        case exit_:
            return [exit_]


PRELUDE = """
def program(bits, log):
    n = 0
    def bit():
        nonlocal n
        n += 1
        return bits >> (n % 16) & 1
    def tick():
        nonlocal n
        n += 1
        if n > 60:
            raise OverflowError
"""


def run(function: Callable[..., Any], bits: int) -> tuple[Any, list[Any]]:
    log: list[Any] = []
    try:
        return function(bits, log.append), log
    except OverflowError:
        return "overflow", log


@pytest.mark.parametrize("seed", range(150))
def test_random_programs(seed):
    rng = random.Random(seed)
    body = [line for _ in range(rng.randint(1, 3)) for line in random_block(rng, 4, False)]
    text = PRELUDE + textwrap.indent("\n".join(body), "    ") + "\n"
    file = f"<random program {seed}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"contextlib": contextlib}
    exec(compile(text, file, "exec"), scope)
    changed = structured(scope["program"])
    for _ in range(12):
        bits = rng.getrandbits(16)
        assert run(changed, bits) == run(scope["program"], bits), text

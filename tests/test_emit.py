"""The NumPy printer: hand-made programs, what they print as, and that the text computes what the program means."""

from __future__ import annotations

import ast
import dataclasses
import time
from textwrap import dedent
from typing import Any, NamedTuple

import numpy as np
import pytest

from srcad.backends.emit import emit, emit_program
from srcad.backends.load import annotate, load
from srcad.backends.standalone import standalone
from srcad.errors import Span
from srcad.ir.calls import PACK, FuncRef, call_op, unpack_op
from srcad.ir.core import UNDEF, Choice, Func, If, Lit, Loop, Param, Record, Var, Write
from srcad.ir.ops import Op
from srcad.ir.types import BOOL, FLOAT, INT, OBJECT, Type
from srcad.runtime import arrays
from tests.making import GETITEM, TAPE, VECTOR, Make, check, up_to

# --- branches


def test_branches():
    m = Make()
    x = Var("x", FLOAT)
    positive = m.op(">", x, Lit(0.0))
    y, z = Var("y", FLOAT), Var("x", FLOAT)
    with m.nested() as then:
        twice = m.op("*", x, Lit(2.0))
    with m.nested() as orelse:
        big = m.op("<", x, Lit(-1.0))
        inner = Var("y", FLOAT)
        m.add(If(big, (), (), (Choice(inner, Lit(-1.0), Lit(1.0)),)))
    m.add(If(positive, tuple(then), tuple(orelse), (Choice(y, twice, inner), Choice(z, x, Lit(0.5)))))
    check(m.function([x], m.op("+", y, z)), """
        def f(x):
            if x > 0.0:
                y = x * 2.0
            else:
                if x < -1.0:
                    y = -1.0
                else:
                    y = 1.0
                x = 0.5
            return y + x
        """, 0.5)


def test_elif_and_empty_branches():
    m = Make()
    x, y, out = Var("x", FLOAT), Var("y", FLOAT), Var("y", FLOAT)
    one = m.op(">", x, Lit(0.0))
    with m.nested() as orelse:
        two = m.op("<", y, Lit(0.0))
        inner = Var("y", FLOAT)
        m.add(If(two, (), (), (Choice(inner, Lit(0.0), y),)))
    m.add(If(one, (), tuple(orelse), (Choice(out, x, inner),)))
    check(m.function([x, y], out), """
        def f(x, y):
            if x > 0.0:
                y = x
            elif y < 0.0:
                y = 0.0
            return y
        """, -1.0, -2.0)


def test_only_the_other_branch():
    m = Make()
    x, out = Var("x", FLOAT), Var("x", FLOAT)
    with m.nested() as orelse:
        y = m.op("neg", x)
    m.add(If(m.op(">", x, Lit(0.0)), (), tuple(orelse), (Choice(out, x, y),)))
    check(m.function([x], out), """
        def f(x):
            if not x > 0.0:
                x = -x
            return x
        """, -2.0)


def test_conditions():
    m = Make()
    x, y, both, out = Var("x", FLOAT), Var("y", FLOAT), Var("", BOOL), Var("z", FLOAT)
    first = m.op(">", x, Lit(0.0))
    with m.nested() as then:
        second = m.op(">", y, Lit(0.0))
    m.add(If(first, tuple(then), (), (Choice(both, second, first),)))
    m.add(If(both, (), (), (Choice(out, x, y),)))
    check(m.function([x, y], out), """
        def f(x, y):
            if x > 0.0 and y > 0.0:
                z = x
            else:
                z = y
            return z
        """, 1.0, -2.0)


def test_raise_and_unbound():
    raising = Op("raise", None, effect=True, infer=lambda *_: OBJECT)  # type: ignore[arg-type]
    m = Make()
    x, y = Var("x", FLOAT), Var("y", FLOAT)
    with m.nested() as then:
        m.op(raising, ValueError, Lit("negative"))
    with m.nested() as orelse:
        root = m.op(np.sqrt, x)
    m.add(If(m.op("<", x, Lit(0.0)), tuple(then), tuple(orelse), (Choice(y, UNDEF, root),)))
    check(m.function([x], y), """
        import numpy as np


        def f(x):
            if x < 0.0:
                raise ValueError('negative')
            return np.sqrt(x)
        """, 4.0)


def test_row_of_a_branch_not_taken_is_none():
    m = Make()
    n, i, tape = Var("n", INT), Var("i", INT), Var("tape", TAPE)
    with m.nested() as body:
        odd = m.op("==", m.op("%", i, Lit(2)), Lit(1))
        row = Var("y", FLOAT)
        with m.nested() as then:
            y = m.op(np.sin, i, hint="y")
        m.add(If(odd, tuple(then), (), (Choice(row, y, UNDEF),)))
    m.add(Loop(tuple(body), index=i, range=up_to(n), writes=(Write(tape, row),)))
    source = emit_program(m.function([n], tape))
    assert source.text == dedent("""
        import numpy as np


        def f(n):
            tape = []
            for i in range(n):
                if i % 2 == 1:
                    y = np.sin(i)
                else:
                    y = None
                tape.append(y)
            return tape
        """).lstrip()


# --- arguments, results, names


class Point(NamedTuple):
    x: Any
    y: Any


@dataclasses.dataclass
class Layer:
    w: Any


def test_trees():
    m = Make()
    w, b, c, x, y, v = (Var(h, FLOAT) for h in ("w", "b", "c", "x", "y", "w"))
    params = [Param("params", (w, [b, c])), Param("p", Record(Point, {"x": x, "y": y})), Param("d", {"k": [v]})]
    s = m.op("+", m.op("*", w, b), m.op("*", x, v), hint="s")
    result = {"s": s, "p": Record(Layer, {"w": (s, Lit(1.0))}), "c": [c]}
    func = m.function(params, result)
    assert emit(func) == dedent("""
        def f(params, p, d):
            w, (b, c) = params
            x = p.x
            w2 = d['k'][0]
            s = w * b + x * w2
            return {'s': s, 'p': Layer(w=(s, 1.0)), 'c': [c]}
        """).lstrip()
    source = emit_program(func)
    run = load(source.text, source.objects, source.name)
    got = run((1.0, [2.0, 3.0]), Point(4.0, 5.0), {"k": [6.0]})
    assert got == {"s": 26.0, "p": Layer((26.0, 1.0)), "c": [3.0]}


def test_defaults_and_names():
    m = Make()
    x, k = Var("lambda", FLOAT), Var("sum", FLOAT)
    y = m.op("+", x, k, hint="np")
    z = m.op("*", y, y, hint="z")
    func = m.function([Param("x", x), Param("k", k, -2.0, True)], (z, m.op("-", y, z, hint="print")))
    check(func, """
        def f(x, k=-2.0):
            np2 = x + k
            z = np2 * np2
            print2 = np2 - z
            return z, print2
        """, 1.5)


def test_constants():
    m = Make()
    x = Var("x", VECTOR)
    big = m.op("*", x, Lit(float("inf")))
    full = m.op("+", big, Lit(np.float32(0.5)))
    power = m.op("**", Lit(-1.0), full)
    cast = m.op(np.zeros, (2, 3), dtype=np.dtype("float32"))
    index = m.op(GETITEM, cast, (Lit(-1), slice(None, None, 2), None))
    assert emit(m.function([x], (power, index))) == dedent("""
        import numpy as np


        def f(x):
            return (-1.0) ** (x * np.inf + np.float32(0.5)), np.zeros((2, 3), dtype=np.float32)[-1, ::2, None]
        """).lstrip()


def test_custom_functions():
    def scale(x):
        return 3 * x

    m = Make()
    x = Var("x", FLOAT)
    y = m.op(Op("helpers.scale", scale, infer=lambda x: FLOAT), x, hint="scale")
    func = m.function([x], m.op("+", y, Lit(1.0)))
    source = emit_program(func)
    assert list(source.objects.values()) == [scale]
    assert load(source.text, source.objects, source.name)(2.0) == 7.0


def test_a_file_that_needs_no_srcad():
    m = Make()
    x, g = Var("x", Type("unknown")), Var("g", Type("unknown"))
    func = m.function([x, g], m.op(arrays.unbroadcast, g, x))
    text = standalone(emit_program(func))
    assert "srcad" not in text
    module: dict[str, Any] = {}
    exec(text, module)
    assert np.array_equal(module["f"](np.zeros(3), np.ones((2, 3))), np.full(3, 2.0))


def test_calls_and_residuals():
    m = Make()
    x, w = Var("x", FLOAT), Var("w", FLOAT)
    s, c = m.op(np.sin, x, hint="s"), m.op(np.cos, x, hint="c")
    half = Func("step_forward", (Param("p", (x, w)),), m.block, (m.op("*", s, w), None), None)
    packed = m.op(PACK, s, c)
    half = Func("step_forward", (Param("p", (x, w)),), m.block, (half.result[0], packed))
    m = Make()
    x = Var("x", FLOAT)
    y, r = m.calls(call_op(FuncRef("step_forward", half), (FLOAT, OBJECT)), x, Lit(2.0))
    y.hint = "y"
    s, c = m.calls(unpack_op((FLOAT, FLOAT)), r)
    s.hint = "s"
    c.hint = "c"
    check(m.function([x], m.op("*", m.op("*", y, s), c)), """
        import numpy as np


        def step_forward(x, w):
            s = np.sin(x)
            c = np.cos(x)
            return s * w, (s, c)


        def f(x):
            y, t1 = step_forward(x, 2.0)
            s, c = t1
            return y * s * c
        """, 0.3)


def test_effects_stay_in_order():
    printing = Op("print", print, effect=True, infer=lambda *_: OBJECT)
    m = Make()
    x = Var("x", FLOAT)
    y = m.op("*", x, Lit(2.0))
    m.op(printing, x)
    m.op(printing, m.op("+", x, Lit(1.0)))
    check(m.function([x], y), """
        def f(x):
            t1 = x * 2.0
            print(x)
            print(x + 1.0)
            return t1
        """, 0.5)


def test_comments_name_the_line_that_is_reversed(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("def f(x):\n    y = x * 2\n    return y\n")
    m = Make()
    x, dy = Var("x", FLOAT), Var("dy", FLOAT)
    m.say("forward")
    m.say("reverse")
    m.span = Span(str(file), 2, 4)
    d = m.op("*", dy, Lit(2), hint="dx")
    m.span = None
    assert emit(m.function([x, dy], (d, d))).splitlines()[1:3] == ["    # reverse",
                                                                   "    dx = dy * 2  # line 2: y = x * 2"]


def test_exceptions_name_the_users_line(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("def f(x):\n    return 1 / x\n")
    m = Make(Span(str(file), 2, 4))
    x = Var("x", FLOAT)
    source = emit_program(m.function([x], m.op("/", Lit(1), x, hint="y")))
    run = load(source.text, source.objects, source.name, source.spans)
    with pytest.raises(ZeroDivisionError) as info:
        run(0)
    annotate(info.value)
    assert "model.py:2" in info.value.__notes__[0]
    assert "return 1 / x" in info.value.__notes__[0]


def test_long_expressions_are_cut():
    m = Make()
    x = Var("x", FLOAT)
    y: Any = x
    for _ in range(400):
        y = m.op("+", y, x)
    text = emit(m.function([x], y))
    assert max(map(len, text.splitlines())) <= 110
    ast.parse(text)


def test_emission_is_fast_and_the_same_every_time():
    def long() -> Func:
        m = Make()
        x = Var("x", VECTOR)
        values = [x]
        for k in range(1000):
            values.append(m.op("+", m.op(np.sin, values[-1]), values[k // 2], hint=f"v{k % 50}"))
        return m.function([x], values[-1])

    start = time.perf_counter()
    text = emit(long())
    assert time.perf_counter() - start < 2.0   # far more than it takes; a quadratic printer needs longer
    assert emit(long()) == text

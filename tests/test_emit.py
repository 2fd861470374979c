"""The NumPy printer: hand-made programs, what they print as, and that the text computes what the program means."""

from __future__ import annotations

import ast
import copy
import dataclasses
import time
from textwrap import dedent
from typing import Any, NamedTuple

import numpy as np
import pytest

import srcad.rules  # noqa: F401 - makes NumPy's functions operations
from srcad.backends.emit import emit, emit_program
from srcad.backends.load import annotate, load
from srcad.backends.standalone import standalone
from srcad.errors import Span
from srcad.ir.build import EXTENT, OPERATORS, Builder
from srcad.ir.calls import PACK, FuncRef, call_op, unpack_op
from srcad.ir.core import (
    UNDEF,
    Carry,
    Choice,
    Element,
    Form,
    Func,
    If,
    Let,
    Lit,
    Loop,
    Param,
    Range,
    Read,
    Record,
    Var,
    Write,
)
from srcad.ir.core import Test as LoopTest
from srcad.ir.interpret import interpret
from srcad.ir.ops import Op, op_of
from srcad.ir.types import BOOL, FLOAT, INT, OBJECT, Type, array, fresh
from srcad.runtime import arrays, lists

SYMBOLS = {op.name: op for op in OPERATORS.values()}
VECTOR = array(float, fresh("n"))
LIST = Type("sequence", item=FLOAT)
TAPE = Type("sequence")
COMMENT = Op("comment", lambda text: None, effect=True, infer=lambda text: (), outs=0)


class Make(Builder):
    """A builder that knows operations by their symbol or function."""

    def op(self, what: Any, *args: Any, hint: str = "", **kwargs: Any) -> Var:
        op = SYMBOLS[what] if isinstance(what, str) else what if isinstance(what, Op) else op_of(what)
        assert op is not None
        return self.call(op, *args, hint=hint, **kwargs)

    def say(self, text: str) -> None:
        self.add(Let((), COMMENT, (), Form((text,))))

    def function(self, params: list[Any], result: Any, name: str = "f") -> Func:
        made = tuple(p if isinstance(p, Param) else Param(p.hint, p) for p in params)
        return Func(name, made, self.block, result)


def up_to(stop: Any) -> Range:
    return Range(Lit(0), stop, Lit(1))


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and bool(np.all(np.asarray(a == b)))


def check(func: Func, text: str, *args: Any) -> Any:
    """`func` prints as `text`, and computes what the interpreter says, without changing its arguments."""
    source = emit_program(func)
    assert source.text == dedent(text).lstrip("\n")
    run = load(source.text, source.objects, source.name, source.spans)
    before = copy.deepcopy(args)
    result = run(*args)
    assert same(list(args), list(before))
    assert same(result, interpret(func, *args))
    return result


# --- loops ---------------------------------------------------------------------------------------------------------------


def test_exchange():
    m = Make()
    n, u, v = Var("n", INT), Var("u", FLOAT), Var("v", FLOAT)
    with m.nested() as body:
        s = m.op("+", u, v)
    last = Var("u", FLOAT)
    m.add(Loop(tuple(body), range=up_to(n), carries=(Carry(last, u, Lit(0), v), Carry(Var("v", FLOAT), v, Lit(1), s))))
    assert check(m.function([n], last, "fibonacci"), """
        def fibonacci(n):
            u = 0
            v = 1
            for _ in range(n):
                u, v = v, u + v
            return u
        """, 10) == 55


def test_rotation_of_carries():
    m = Make()
    n, a, b, c = (Var(h, FLOAT) for h in ("n", "a", "b", "c"))
    outs = [Var(h, FLOAT) for h in "abc"]
    carries = zip(outs, (a, b, c), map(Lit, (1.0, 2.0, 3.0)), (b, c, a), strict=True)
    m.add(Loop((), range=up_to(n), carries=tuple(Carry(*c) for c in carries)))
    check(m.function([n], tuple(outs)), """
        def f(n):
            a = 1.0
            b = 2.0
            c = 3.0
            for _ in range(n):
                a, b, c = b, c, a
            return a, b, c
        """, 4)


def test_initial_value_lives_on():
    m = Make()
    x0, h, out = Var("x", FLOAT), Var("x", FLOAT), Var("x", FLOAT)
    with m.nested() as body:
        h2 = m.op("*", h, x0)
    m.add(Loop(tuple(body), range=up_to(Lit(3)), carries=(Carry(out, h, x0, h2),)))
    check(m.function([x0], m.op("+", out, x0)), """
        def f(x):
            x2 = x
            for _ in range(3):
                x2 *= x
            return x2 + x
        """, 1.5)


def test_elements_and_index():
    m = Make()
    xs, ys = Var("xs", VECTOR), Var("ys", array(float, VECTOR.shape[0]))
    n = m.op(EXTENT, xs, axis=0, hint="n")
    i, x, y, s, out = Var("i", INT), Var("x", FLOAT), Var("y", FLOAT), Var("s", FLOAT), Var("s", FLOAT)
    with m.nested() as body:
        s2 = m.op("+", s, m.op("*", m.op("*", x, y), i))
    m.add(Loop(tuple(body), index=i, range=up_to(n), elements=(Element(x, xs), Element(y, ys)),
               carries=(Carry(out, s, Lit(0.0), s2),)))
    check(m.function([xs, ys], out), """
        def f(xs, ys):
            n = xs.shape[0]
            s = 0.0
            for i, (x, y) in enumerate(zip(xs, ys)):
                s += x * y * i
            return s
        """, np.arange(3.0), np.arange(3.0) + 1)


def tape_program(reverse_index: bool) -> Func:
    m = Make()
    n, w, h, out, tape, i = (Var("n", INT), Var("w", FLOAT), Var("h", FLOAT), Var("h", FLOAT), Var("h_tape", TAPE),
                             Var("i", INT))
    with m.nested() as body:
        h2 = m.op(np.tanh, m.op("*", w, h))
    m.say("forward")
    m.add(Loop(tuple(body), range=up_to(n), carries=(Carry(out, h, Lit(0.5), h2),), writes=(Write(tape, h),)))
    m.say("reverse")
    row, d, dh = Var("h", FLOAT), Var("dh", FLOAT), Var("dh", FLOAT)
    with m.nested() as body:
        d2 = m.op("*", d, m.op("+", row, i if reverse_index else Lit(1)))
    m.add(Loop(tuple(body), index=i if reverse_index else None, range=up_to(n), reads=(Read(row, tape),),
               carries=(Carry(dh, d, Lit(1.0), d2),), reverse=True))
    return m.function([w, n], (out, dh))


def test_reversed_tape():
    check(tape_program(False), """
        import numpy as np


        def f(w, n):
            # forward
            h = 0.5
            h_tape = []
            for _ in range(n):
                h_tape.append(h)
                h = np.tanh(w * h)
            # reverse
            dh = 1.0
            for h2 in reversed(h_tape):
                dh *= h2 + 1
            return h, dh
        """, 0.7, 3)


def test_reversed_tape_with_index():
    text = emit(tape_program(True))
    assert "    for i, h2 in zip(reversed(range(n)), reversed(h_tape)):\n" in text
    check(tape_program(True), text, 0.7, 3)


def test_tape_of_a_broken_loop_is_read_to_its_own_length():
    m = Make()
    n, x, tape, i = Var("n", INT), Var("x", FLOAT), Var("x_tape", TAPE), Var("i", INT)
    with m.nested() as body:
        x2 = m.op("*", x, Lit(2.0), hint="x")
        done = m.op(">", x2, Lit(5.0))
    out, row, s, total = (Var(h, FLOAT) for h in ("x", "row", "s", "s"))
    m.add(Loop(tuple(body), range=up_to(n), until=done, carries=(Carry(out, x, Lit(1.0), x2),),
               writes=(Write(tape, x2),)))
    with m.nested() as body:
        s2 = m.op("+", s, m.op("*", row, i))
    m.add(Loop(tuple(body), index=i, range=up_to(n), reads=(Read(row, tape),), reverse=True,
               carries=(Carry(total, s, Lit(0.0), s2),)))
    check(m.function([n], total), """
        def f(n):
            x = 1.0
            x_tape = []
            for _ in range(n):
                x *= 2.0
                x_tape.append(x)
                if x > 5.0:
                    break
            s = 0.0
            for i, row in reversed(list(zip(range(n), x_tape))):
                s += row * i
            return s
        """, 10)


def test_rows_of_a_reversed_loop_are_in_forward_order():
    m = Make()
    n, i, tape = Var("n", INT), Var("i", INT), Var("i_tape", TAPE)
    m.add(Loop((), index=i, range=up_to(n), writes=(Write(tape, i),), reverse=True))
    assert check(m.function([n], tape), """
        def f(n):
            i_tape = []
            for i in reversed(range(n)):
                i_tape.append(i)
            i_tape.reverse()
            return i_tape
        """, 3) == [0, 1, 2]


def test_while_and_trips():
    m = Make()
    x, p, out, trips = Var("x", FLOAT), Var("x", FLOAT), Var("x", FLOAT), Var("trips", INT)
    with m.nested() as test:
        small = m.op("<", m.op("*", p, p), Lit(10.0))
    with m.nested() as body:
        p2 = m.op("+", p, Lit(1.0))
    m.add(Loop(tuple(body), test=LoopTest(tuple(test), small), carries=(Carry(out, p, x, p2),), trips=trips))
    check(m.function([x], (out, trips)), """
        def f(x):
            trips = 0
            while x * x < 10.0:
                x += 1.0
                trips += 1
            return x, trips
        """, 0.5)


def test_test_of_several_statements():
    m = Make()
    x, p, out = Var("x", FLOAT), Var("x", FLOAT), Var("x", FLOAT)
    with m.nested() as test:
        y = m.op("*", p, p, hint="y")
        small = m.op("<", y, m.op("+", Lit(10.0), y))
    with m.nested() as body:
        p2 = m.op("+", p, Lit(1.0))
    m.add(Loop(tuple(body), range=up_to(Lit(4)), test=LoopTest(tuple(test), small), carries=(Carry(out, p, x, p2),)))
    check(m.function([x], out), """
        def f(x):
            for _ in range(4):
                y = x * x
                if not y < 10.0 + y:
                    break
                x += 1.0
            return x
        """, 0.5)


def test_break_in_the_branch_that_decides():
    m = Make()
    n, i, s, out, broke = Var("n", INT), Var("i", INT), Var("s", FLOAT), Var("s", FLOAT), Var("$broke1", BOOL)
    with m.nested() as body:
        late = m.op(">", s, Lit(3.0))
        with m.nested() as orelse:
            more = m.op("+", s, i)
        done, chosen = Var("$until1", BOOL), Var("s", FLOAT)
        m.add(If(late, (), tuple(orelse), (Choice(done, Lit(True), Lit(False)), Choice(chosen, Lit(-1.0), more))))
    m.add(Loop(tuple(body), index=i, range=up_to(n), until=done, broke=broke,
               carries=(Carry(out, s, Lit(0.0), chosen),)))
    check(m.function([n], (out, broke)), """
        def f(n):
            s = 0.0
            broke1 = False
            for i in range(n):
                if s > 3.0:
                    s = -1.0
                    broke1 = True
                    break
                s += i
            return s, broke1
        """, 9)


def test_start_and_step():
    m = Make()
    n, i, s, out = Var("n", INT), Var("i", INT), Var("s", INT), Var("s", INT)
    with m.nested() as body:
        s2 = m.op("-", m.op("*", s, Lit(2)), i)
    m.add(Loop(tuple(body), index=i, range=Range(n, Lit(0), Lit(-2)), carries=(Carry(out, s, Lit(0), s2),)))
    check(m.function([n], out), """
        def f(n):
            s = 0
            for i in range(n, 0, -2):
                s = s * 2 - i
            return s
        """, 7)


# --- branches ------------------------------------------------------------------------------------------------------------


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


# --- in place ------------------------------------------------------------------------------------------------------------


def test_store_in_place():
    m = Make()
    x = Var("x", VECTOR)
    y = m.op(np.copy, x, hint="y")
    i, p, out = Var("i", INT), Var("y", VECTOR), Var("y", VECTOR)
    with m.nested() as body:
        p2 = m.op(arrays.set_at, p, i, m.op("*", m.op(op_of_getitem(), p, i), Lit(2.0)))
    m.add(Loop(tuple(body), index=i, range=up_to(Lit(2)), carries=(Carry(out, p, y, p2),)))
    check(m.function([x], out), """
        def f(x):
            y = x.copy()
            for i in range(2):
                y[i] *= 2.0
            return y
        """, np.arange(3.0))


def op_of_getitem() -> Any:
    import operator

    return operator.getitem


def test_arguments_are_copied_first():
    m = Make()
    x = Var("x", VECTOR)
    y = m.op(arrays.set_at, x, 0, Lit(5.0), hint="y")
    check(m.function([x], y), """
        def f(x):
            y = x.copy()
            y[0] = 5.0
            return y
        """, np.arange(3.0))


def test_arguments_are_copied_once_before_a_loop():
    m = Make()
    x = Var("x", VECTOR)
    outer = [Var("x", VECTOR) for _ in range(2)]
    inner = [Var("x", VECTOR) for _ in range(2)]
    i, j = Var("i", INT), Var("j", INT)
    with m.nested() as body:
        with m.nested() as inside:
            stored = m.op(arrays.set_at, inner[0], j, m.op("*", i, Lit(1.0)))
        m.add(Loop(tuple(inside), index=j, range=up_to(Lit(2)), carries=(Carry(inner[1], inner[0], outer[0], stored),)))
    m.add(Loop(tuple(body), index=i, range=up_to(Lit(3)), carries=(Carry(outer[1], outer[0], x, inner[1]),)))
    check(m.function([x], outer[1]), """
        def f(x):
            x = x.copy()
            for i in range(3):
                for j in range(2):
                    x[j] = i * 1.0
            return x
        """, np.arange(3.0))


def test_what_a_tape_keeps_is_not_overwritten():
    m = Make()
    x = Var("x", VECTOR)
    start = m.op("*", x, Lit(2.0), hint="y")
    i, y, out, tape = Var("i", INT), Var("y", VECTOR), Var("y", VECTOR), Var("y_tape", TAPE)
    with m.nested() as body:
        stored = m.op(arrays.set_at, y, i, Lit(1.0), hint="y")
    m.add(Loop(tuple(body), index=i, range=up_to(Lit(2)), carries=(Carry(out, y, start, stored),),
               writes=(Write(tape, y),)))
    check(m.function([x], (out, tape)), """
        def f(x):
            y = x * 2.0
            y_tape = []
            for i in range(2):
                y_tape.append(y)
                y = y.copy()
                y[i] = 1.0
            return y, y_tape
        """, np.arange(3.0))


def test_memory_of_this_trip_is_not_that_of_the_last():
    m = Make()
    x = Var("x", VECTOR)
    start = m.op("*", x, Lit(2.0), hint="d")
    d, out = Var("d", VECTOR), Var("d", VECTOR)
    with m.nested() as body:
        view = m.op(op_of_getitem(), d, slice(1, None), hint="v")
        new = m.op(np.zeros_like, d, hint="d")
        new = m.op(arrays.index_add, new, view, slice(None, -1), hint="d")
        new = m.op(arrays.index_add, new, view, slice(1, None), hint="d")
    m.add(Loop(tuple(body), range=up_to(Lit(2)), carries=(Carry(out, d, start, new),)))
    check(m.function([x], out), """
        import numpy as np


        def f(x):
            d = x * 2.0
            for _ in range(2):
                v = d[1:]
                d = np.zeros_like(d)
                d[:-1] += v
                d[1:] += v
            return d
        """, np.arange(3.0))


def test_old_version_that_is_read_later_is_copied():
    m = Make()
    x = Var("x", VECTOR)
    y = m.op("*", x, Lit(2.0), hint="y")
    z = m.op(arrays.set_at, y, 0, Lit(5.0), hint="y")
    check(m.function([x], m.op("+", y, z)), """
        def f(x):
            y = x * 2.0
            y2 = y.copy()
            y2[0] = 5.0
            return y + y2
        """, np.arange(3.0))


def test_view_of_the_old_version_is_read_later():
    m = Make()
    x = Var("x", VECTOR)
    y = m.op("*", x, Lit(2.0), hint="y")
    view = m.op(op_of_getitem(), y, slice(1, None), hint="v")
    z = m.op(arrays.set_at, y, 1, Lit(5.0), hint="y")
    text = emit(m.function([x], m.op("+", m.op(np.sum, view), m.op(np.sum, z))))
    assert "y = y.copy()\n    y[1] = 5.0" in text
    check(m.function([x], m.op("+", m.op(np.sum, view), m.op(np.sum, z))), text, np.arange(3.0))


def test_accumulation():
    m = Make()
    x = Var("x", VECTOR)
    d = m.op("*", x, Lit(2.0), hint="dx")
    d = m.op(arrays.index_add, d, Lit(1.0), 0, hint="dx")
    d = m.op(arrays.index_add, d, m.op("neg", x), slice(None), hint="dx")
    d = m.op("+", d, m.op("*", x, x), hint="dx")
    check(m.function([x], d), """
        def f(x):
            dx = x * 2.0
            dx[0] += 1.0
            dx[:] -= x
            dx += x * x
            return dx
        """, np.arange(3.0))


def test_repeated_indices():
    m = Make()
    x, i = Var("x", VECTOR), Var("i", array(int, fresh("k")))
    d = m.op(arrays.index_add, m.op(np.zeros_like, x), Lit(1.0), i, hint="dx")
    check(m.function([x, i], d), """
        import numpy as np


        def f(x, i):
            dx = np.zeros_like(x)
            np.add.at(dx, i, 1.0)
            return dx
        """, np.arange(3.0), np.array([0, 2, 0]))


def test_lists_in_place():
    m = Make()
    n, xs, i, out = Var("n", INT), Var("xs", LIST), Var("i", INT), Var("xs", LIST)
    start = m.op(lists.new, Lit(1.0))
    with m.nested() as body:
        longer = m.op(lists.append, xs, m.op(lists.item, xs, i), hint="xs")
        changed = m.op(lists.set_item, longer, 0, m.op("*", i, Lit(2.0)), hint="xs")
    m.add(Loop(tuple(body), index=i, range=up_to(n), carries=(Carry(out, xs, start, changed),)))
    check(m.function([n], out), """
        def f(n):
            xs = [1.0]
            for i in range(n):
                xs.append(xs[i])
                xs[0] = i * 2.0
            return xs
        """, 3)


def test_lists_of_the_caller():
    m = Make()
    xs = Var("xs", LIST)
    longer = m.op(lists.append, xs, Lit(1.0), hint="ys")
    check(m.function([xs], longer), """
        def f(xs):
            return [*xs, 1.0]
        """, [2.0])


# --- arguments, results, names --------------------------------------------------------------------------------------------


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
    index = m.op(op_of_getitem(), cast, (Lit(-1), slice(None, None, 2), None))
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

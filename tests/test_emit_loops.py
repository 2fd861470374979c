"""How loops print: their heads, carries, tapes, tests and exits."""

from __future__ import annotations

import numpy as np

from srcad.backends.emit import emit
from srcad.ir.build import EXTENT
from srcad.ir.core import Carry, Choice, Element, Func, If, Lit, Loop, Range, Read, Var, Write
from srcad.ir.core import Test as LoopTest
from srcad.ir.types import BOOL, FLOAT, INT, array
from tests.making import TAPE, VECTOR, Make, check, up_to


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

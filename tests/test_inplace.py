"""Which operations overwrite what they are given, and how that prints."""

from __future__ import annotations

import numpy as np

from srcad.ir.core import Carry, Lit, Loop, Var, Write
from srcad.ir.types import INT, array, fresh
from srcad.runtime import arrays, lists
from tests.making import GETITEM, LIST, TAPE, VECTOR, Make, check, up_to


def test_store_in_place():
    m = Make()
    x = Var("x", VECTOR)
    y = m.op(np.copy, x, hint="y")
    i, p, out = Var("i", INT), Var("y", VECTOR), Var("y", VECTOR)
    with m.nested() as body:
        p2 = m.op(arrays.set_at, p, i, m.op("*", m.op(GETITEM, p, i), Lit(2.0)))
    m.add(Loop(tuple(body), index=i, range=up_to(Lit(2)), carries=(Carry(out, p, y, p2),)))
    check(m.function([x], out), """
        def f(x):
            y = x.copy()
            for i in range(2):
                y[i] *= 2.0
            return y
        """, np.arange(3.0))


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
        view = m.op(GETITEM, d, slice(1, None), hint="v")
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


def test_view_of_the_old_version_that_is_read_later_is_copied():
    m = Make()
    x = Var("x", VECTOR)
    y = m.op("*", x, Lit(2.0), hint="y")
    view = m.op(GETITEM, y, slice(1, None), hint="v")
    z = m.op(arrays.set_at, y, 1, Lit(5.0), hint="y")
    check(m.function([x], m.op("+", m.op(np.sum, view), m.op(np.sum, z))), """
        import numpy as np


        def f(x):
            y = x * 2.0
            v = y[1:].copy()
            y[1] = 5.0
            return np.sum(v) + np.sum(y)
        """, np.arange(3.0))


def test_arrays_that_are_exchanged_and_a_tape_of_views():
    m = Make()
    x = Var("x", VECTOR)
    starts = m.op("*", x, Lit(2.0), hint="u"), m.op(np.zeros_like, x, hint="v")
    (u, v), outs = (Var("u", VECTOR), Var("v", VECTOR)), (Var("u", VECTOR), Var("v", VECTOR))
    tape = Var("tape", TAPE)
    with m.nested() as body:
        part = m.op(GETITEM, u, slice(1, None), hint="part")
        stored = m.op(arrays.set_at, v, slice(1, None), m.op("*", part, part), hint="v")
        stored = m.op(arrays.set_at, stored, 0, m.op(GETITEM, u, 0), hint="v")
    carries = (Carry(outs[0], u, starts[0], stored), Carry(outs[1], v, starts[1], u))
    m.add(Loop(tuple(body), range=up_to(Lit(3)), carries=carries, writes=(Write(tape, part),)))
    check(m.function([x], (outs[0], tape)), """
        import numpy as np


        def f(x):
            u = x * 2.0
            v = np.zeros_like(x)
            tape = []
            for _ in range(3):
                part = u[1:].copy()
                tape.append(part)
                v[1:] = part * part
                v[0] = u[0]
                u, v = v, u
            return u, tape
        """, np.arange(3.0))


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

"""The core language: its checker, its reference interpreter and the ways to rebuild a program."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from srcad.ir.build import OPERATORS, Builder
from srcad.ir.calls import FuncRef, call_op
from srcad.ir.check import check
from srcad.ir.core import (
    HOLE,
    UNDEF,
    Block,
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
from srcad.ir.core import (
    Test as LoopTest,
)
from srcad.ir.interpret import interpret
from srcad.ir.ops import Op
from srcad.ir.show import show
from srcad.ir.types import BOOL, FLOAT, INT, OBJECT
from srcad.ir.walk import Renamer, binds, every, free, reads, renamed, substitute

SIN = Op("np.sin", np.sin, elementwise=True)
SHOUT = Op("shout", lambda log, x: log.append(x), effect=True)
ADD, MUL, LESS = OPERATORS["add"], OPERATORS["mul"], OPERATORS["lt"]


def let(out: Var, op: Op, *args) -> Let:
    return Let((out,), op, args, Form((HOLE,) * len(args)))


def var(hint: str, type_=FLOAT) -> Var:
    return Var(hint, type_)


def func(params: list[Var], body: Block, result, name: str = "f") -> Func:
    return Func(name, tuple(Param(p.hint, p) for p in params), body, result)


# --- programs that the tests share ------------------------------------------------------------------------------------


def power_sum() -> Func:
    """total = sum of x ** i for i in range(n), with the powers as a tape."""
    x, n, i, total, p = var("x"), var("n", INT), var("i", INT), var("total"), var("p")
    total_out, p_out, new_total, new_p, tape = var("total"), var("p"), var("total"), var("p"), var("p_tape", OBJECT)
    loop = Loop(
        (let(new_total, ADD, total, p), let(new_p, MUL, p, x)),
        index=i, range=Range(Lit(0), n, Lit(1)),
        carries=(Carry(total_out, total, Lit(0.0), new_total), Carry(p_out, p, Lit(1.0), new_p)),
        writes=(Write(tape, p),),
    )
    return func([x, n], (loop,), (total_out, tape))


def branch() -> tuple[Func, If]:
    x, c, t, e, out = var("x"), var("c", BOOL), var("t"), var("e"), var("y")
    stmt = If(c, (let(t, SIN, x),), (let(e, MUL, x, x),), (Choice(out, t, e),))
    return func([x, c], (stmt,), out), stmt


# --- interpreter ------------------------------------------------------------------------------------------------------


def test_loop_carries_and_tape():
    total, tape = interpret(power_sum(), 2.0, 4)
    assert total == 15.0
    assert tape == [1.0, 2.0, 4.0, 8.0]
    assert interpret(power_sum(), 2.0, 0) == (0.0, [])


def test_branch():
    f, _ = branch()
    assert interpret(f, 2.0, True) == np.sin(2.0)
    assert interpret(f, 3.0, False) == 9.0


def reader(reverse: bool) -> Func:
    """Reads a tape by trip, with an index that counts in twos, and writes index + row."""
    tape, row, i, out, back = var("tape", OBJECT), var("row"), var("i", INT), var("out"), var("back", OBJECT)
    order, seen, seen_out = var("order", OBJECT), var("seen", OBJECT), var("seen", OBJECT)
    push = Op("push", lambda xs, x: [*xs, x])
    loop = Loop((let(out, ADD, i, row), let(order, push, seen, i)), index=i, range=Range(Lit(10), Lit(99), Lit(2)),
                reads=(Read(row, tape),), writes=(Write(back, out),),
                carries=(Carry(seen_out, seen, Lit(()), order),), reverse=reverse)
    return func([tape], (loop,), (back, seen_out))


def test_tapes_are_in_forward_order_either_way():
    assert interpret(reader(False), [1.0, 2.0, 3.0]) == ([11.0, 14.0, 17.0], [10, 12, 14])
    assert interpret(reader(True), [1.0, 2.0, 3.0]) == ([11.0, 14.0, 17.0], [14, 12, 10])


def test_shortest_bound_ends_the_loop():
    xs, ys, a, b, s, p, out = (var(h, OBJECT) for h in ("xs", "ys", "a", "b", "s", "p", "out"))
    trips = var("trips", INT)
    loop = Loop((let(s, ADD, a, b),), elements=(Element(a, xs), Element(b, ys)), carries=(Carry(out, p, UNDEF, s),),
                trips=trips)
    f = func([xs, ys], (loop,), (out, trips))
    check(f)
    assert interpret(f, np.array([1.0, 2.0]), [10.0, 20.0, 30.0]) == (22.0, 2)


def countdown(until: bool) -> Func:
    """Doubles x while it is below 10; or until it has passed 10."""
    x, p, out, new, holds, passed = var("x"), var("p"), var("x"), var("x"), var("holds", BOOL), var("passed", BOOL)
    trips, broke = var("trips", INT), var("broke", BOOL)
    test = LoopTest((let(holds, LESS, p, Lit(10.0)),), holds)
    body = (let(new, MUL, p, Lit(2.0)), let(passed, LESS, Lit(10.0), new))
    loop = Loop(body, test=test, carries=(Carry(out, p, x, new),), trips=trips, until=passed if until else None,
                broke=broke if until else None)
    return func([x], (loop,), (out, trips, *([broke] if until else [])))


def test_while_and_until():
    assert interpret(countdown(False), 1.0) == (16.0, 4)
    assert interpret(countdown(False), 11.0) == (11.0, 0)
    assert interpret(countdown(True), 1.0) == (16.0, 4, True)
    assert interpret(countdown(True), 11.0) == (11.0, 0, False)


def test_carries_are_set_together():
    a, b, n, p, q, x, y = (var(h) for h in "abnpqxy")
    swap = Loop((), range=Range(Lit(0), n, Lit(1)), carries=(Carry(x, p, a, q), Carry(y, q, b, p)))
    f = func([a, b, n], (swap,), (x, y))
    check(f)
    assert interpret(f, 1.0, 2.0, 3) == (2.0, 1.0)


def test_a_value_that_is_not_there_may_be_passed_on_and_not_read():
    c, x, y, z = var("c", BOOL), var("x"), var("y"), var("z")
    maybe = If(c, (), (), (Choice(y, x, UNDEF),))
    f = func([c, x], (maybe, let(z, SIN, y)), z)
    check(f)
    assert interpret(f, True, 1.0) == np.sin(1.0)
    with pytest.raises(UnboundLocalError, match="'y'"):
        interpret(f, False, 1.0)
    assert interpret(func([c, x], (maybe,), Lit(1)), False, 1.0) == 1


def test_calls_and_effects():
    f, _ = branch()
    call = call_op(FuncRef("f", f), (FLOAT,))
    x, log, y, nothing, z = var("x"), var("log", OBJECT), var("y"), var("_", OBJECT), var("z")
    g = func([x, log], (let(y, call, x, Lit(True)), let(nothing, SHOUT, log, y), let(z, MUL, y, y)), z, "g")
    check(g)
    seen: list[float] = []
    assert interpret(g, 2.0, seen) == np.sin(2.0) ** 2
    assert seen == [np.sin(2.0)]


@dataclass
class Layer:
    w: float
    b: float


def test_arguments_and_results_are_trees():
    w, b, s, t = var("w"), var("b"), var("s"), var("t")
    params = (Param("layer", Record(Layer, {"w": w, "b": b})), Param("rest", [{"s": s}, "tag"]),
              Param("t", t, 5.0, True))
    out = var("out")
    f = Func("f", params, (let(out, ADD, w, t),), Record(Layer, {"w": out, "b": (s, b, Lit(1), None)}))
    assert interpret(f, Layer(1.0, 2.0), [{"s": 3.0}, "tag"]) == Layer(6.0, (3.0, 2.0, 1, None))


# --- checker ----------------------------------------------------------------------------------------------------------


def test_good_programs_pass():
    for f in (power_sum(), branch()[0], reader(True), reader(False), countdown(True), countdown(False)):
        check(f)
        check(renamed(f))


def broken() -> dict[str, Func]:
    """One program for each rule of the language, by a piece of the message that names the rule."""
    x, y, z, c, n = var("x"), var("y"), var("z"), var("c", BOOL), var("n", INT)
    once = let(y, SIN, x)
    f, if_ = branch()
    (t_let,) = if_.then
    sum_ = power_sum()
    (loop,) = sum_.body
    params = list(sum_.inputs)
    new_p = loop.carries[1].next
    p = loop.carries[1].param
    while_ = countdown(True)
    (wloop,) = while_.body

    def loops(**changes) -> Func:
        return replace(sum_, body=(replace(loop, **changes),))

    def whiles(**changes) -> Func:
        return replace(while_, body=(replace(wloop, **changes),))

    wide = replace(t_let, form=Form((HOLE, HOLE)))
    two = replace(t_let, outs=(y, z))
    call = call_op(FuncRef("f", f), (FLOAT,))
    call_two = call_op(FuncRef("f", f), (FLOAT, FLOAT))
    here = let(z, SIN, loop.index)
    return {
        "y.* is bound twice": func([x], (once, once), y),
        "x.* is bound twice": func([x], (let(x, SIN, Lit(1.0)),), x),
        "z.* is read and not in scope": func([x], (let(y, SIN, z),), y),
        "y.* is read and not in scope": func([x], (let(z, SIN, y), once), z),
        "t.* is read and not in scope": replace(f, body=(if_, let(z, SIN, t_let.out))),
        "x.* is read and not in scope": func([], (), x),
        "e.* is read and not in scope": replace(f,
                                                body=(replace(if_, choices=(Choice(z, if_.choices[0].orelse, x),)),)),
        "c.* is read and not in scope": func([x], (If(c, (), (), ()),), x),
        "p.* is read and not in scope": replace(sum_, body=(loop, let(z, SIN, p))),
        "total.* is read and not in scope": loops(writes=(), test=LoopTest((), loop.carries[0].next)),
        "i.* is read and not in scope": loops(test=LoopTest((here,), here.out)),
        "n.* is read and not in scope": loops(range=Range(Lit(0), n, Lit(1))),
        "p.*  is read and not in scope": loops(carries=(replace(loop.carries[0], init=new_p), loop.carries[1])),
        "2 holes for 1 arguments": replace(f, body=(replace(if_, then=(wide,)),)),
        "np.sin has 1 results, not 2": replace(f, body=(replace(if_, then=(two,)),)),
        "nothing ends this loop": loops(range=None, index=None),
        "an index needs a range": loops(range=None, test=LoopTest((), Lit(False))),
        "`broke` needs `until`": whiles(until=None),
        "a reversed loop needs": whiles(reverse=True),
        "f takes 2 inputs, not 1": func([x], (let(y, call, x),), y),
        "f has 1 outputs, not 2": func([x], (Let((y, z), call_two, (x, Lit(True)), Form((HOLE, HOLE))),), y),
        "passes atoms by position": func([x], (Let((y,), call, (x,), Form((HOLE, True))),), y),
        "can't be hashed": func([x], (Let((y,), SIN, (x,), Form((HOLE, [1]))),), y),
        "stands in a form": func([x], (Let((y,), SIN, (), Form((x,))),), y),
        "no atom": func([x], (let(y, SIN, 1.0),), params),
        "a block is a tuple": func([x], [once], y),
    }


@pytest.mark.parametrize("rule", broken())
def test_each_violation_is_found(rule):
    pattern = rule.replace("  ", " ").replace(".*", r"\.\d+").replace("`", "`")
    with pytest.raises(AssertionError, match=pattern):
        check(broken()[rule])


# --- walking and rebuilding -------------------------------------------------------------------------------------------


def test_reads_and_binds():
    f = power_sum()
    (loop,) = f.body
    assert reads(loop) == set(f.inputs)
    assert binds(loop) == (*(c.out for c in loop.carries), loop.writes[0].tape)
    assert free(loop.body) == {loop.carries[0].param, loop.carries[1].param, f.inputs[0]}
    assert len(list(every(f.body))) == 3


def test_renamed_shares_no_variable_and_means_the_same():
    for f, args in ((power_sum(), (2.0, 5)), (branch()[0], (0.3, True)), (reader(True), ([1.0, 4.0],)),
                    (countdown(True), (0.7,))):
        g = renamed(f)
        check(g)
        mine = {v for s in every(f.body) for v in binds(s)} | set(f.inputs)
        its = {v for s in every(g.body) for v in binds(s)} | set(g.inputs)
        assert not mine & its
        assert interpret(f, *args) == interpret(g, *args)


def test_a_renamed_block_can_stand_beside_the_first():
    f = power_sum()
    renamer = Renamer()
    twice = renamer.block(f.body)
    both = replace(f, body=(*f.body, *twice), result=(f.result, tuple(map(renamer.atom, f.result))))
    check(both)
    first, second = interpret(both, 2.0, 4)
    assert first == second


def test_substitute_reaches_nested_blocks_and_entries():
    f = power_sum()
    x, n = f.inputs
    g = replace(f, body=substitute(f.body, {x: Lit(3.0), n: Lit(2)}), params=())
    check(g)
    assert interpret(g) == (4.0, [1.0, 3.0])


def test_show_has_every_statement():
    text = show(countdown(True))
    for piece in ("def f(x=x", "while holds", "until passed", "trips trips", "np.sin" if "np.sin" in text else "<"):
        assert piece in text
    assert "number f8" in text
    assert show(branch()[0]).count("choice") == 1


def test_builder_records_what_runs():
    x = var("x")
    build = Builder()
    y = build.call(MUL, x, 2.0)
    z = build.call(OPERATORS["sub"], y, x)
    f = func([x], build.block, z)
    check(f)
    assert interpret(f, 3.0) == 3.0

"""Forward and reverse mode, on core programs: first and second order, in every order of the two.

Each program is run by the interpreter.  A derivative must agree with central differences along a random direction, and
reverse mode with forward mode by the dot product; then both derivatives are themselves programs that must pass.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from srcad.frontend.capture import capture
from srcad.frontend.lower import lower
from srcad.ir import (
    FLOAT,
    HOLE,
    INT,
    OPERATORS,
    UNDEF,
    Builder,
    Carry,
    Choice,
    Form,
    Func,
    FuncRef,
    If,
    Let,
    Lit,
    Loop,
    Param,
    Range,
    Type,
    Var,
    Write,
    array,
    call_op,
    fresh,
    leaves,
    map_tree,
    op_of,
)
from srcad.ir.check import check
from srcad.ir.interpret import interpret
from srcad.transforms.calls import split
from srcad.transforms.forward import forward
from srcad.transforms.pipeline import stages
from srcad.transforms.reverse import adjoint_of, reverse, without_value

GETITEM, SIN = op_of(operator.getitem), op_of(np.sin)


def recurrence(w, xs, n):
    h = 0.0
    for t in range(n):
        h = np.tanh(w * h + xs[t])
    return h * h


def doubling(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    c = b if np.sum(b) > 0 else 100 * b
    return np.sum(c * np.sin(a))


def branching_while(x):
    b = x
    while b < 10.0:
        if b > 3.0:
            u = b * x
            c = np.sin(u) + 2
        else:
            c = b * b
        b = b + c * c
    return b


def nested(a, m):
    s = 0.0
    for i in range(3):
        r = 1.0
        for j in range(3):
            r = r * np.sin(m[i, j] * a) + a
            if j > i:
                s = s + r * m[j, i]
        s = s * r
    return s


def broken(x, n):
    s = x
    for i in range(n):
        s = s * np.cos(s) + x * i
        if s > 4.0:
            break
        s = s + 0.5
    return s * x


def strided(x, n):
    s = x
    for i in range(n, 0, -2):
        s = np.sin(s * i) + x
        if s > 1.9:
            break
    return s


def elements(xs):
    s = 0.0
    for x in xs:
        s = s * x + np.sin(x)
    return s


def zipped(xs, ys):
    s = 0.0
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        s = s * x + y ** i * x
    return s


def broken_elements(xs):
    s = 1.0
    for x in xs:
        if s > 2.0:
            break
        s = s * x + np.sin(x)
    return s


def swapped(x, y):
    for _ in range(3):
        x, y = y, x * np.sin(y)
    return x - y * y


def constant_on_the_way(x):
    s = x
    for i in range(3):
        s = s * x if i != 1 else 2.0
    return s


def recorded(x, n):
    ys = []
    for _ in range(n):
        x = np.sin(x) * 1.3
        ys.append(x)
    return np.sum(np.array(ys) ** 2)


def recursive(x, n):
    if n <= 0:
        return x
    return recursive(np.sin(x) * x, n - 1) * x


def early(x, n):
    for _ in range(n):
        x = x * 1.5 + np.sin(x)
        if x > 5:
            return x * x
    return x


def matrices(w, x):
    h = x
    for _ in range(3):
        h = np.tanh(w @ h + x)
    return h @ h


def several(x, y):
    return x * y, np.sin(x), 3


V, M = np.array([0.3, 0.8, 1.2]), np.arange(9.0).reshape(3, 3) / 9 + 0.1
LOWERED = [
    (recurrence, 0.6, V, 3), (recurrence, 0.6, V, 0),
    (doubling, np.array([1.0, 2.0])), (doubling, np.array([-1.0, -2.0])),
    (branching_while, 1.3), (nested, 0.7, M), (broken, 1.3, 6), (broken, 0.3, 6), (strided, 0.4, 7), (elements, V),
    (zipped, V, V + 0.2), (broken_elements, np.array([1.3, 0.8, 1.2, 0.3, 2.0])), (swapped, 0.7, 1.1),
    (constant_on_the_way, 0.7), (recorded, 0.7, 4), (recursive, 0.7, 3), (early, 0.4, 9), (early, 0.4, 2),
    (matrices, M, V),
    (several, 0.3, 0.7),
]


def lowered(function: Any, *args: Any) -> Func:
    types = [FLOAT if isinstance(a, float) else INT if isinstance(a, int) else array(float, *(fresh() for _ in a.shape))
             for a in args]
    source = capture(function)
    return lower(source, dict(zip(function.__code__.co_varnames, types, strict=False))).func


# --- programs that are built by hand

def function(name: str, params: list[Var], build: Builder, result: Any) -> Func:
    func = Func(name, tuple(Param(p.hint, p) for p in params), build.block, result)
    check(func)
    return func


def call(build: Builder, ref: FuncRef, *args: Any, types: tuple[Any, ...] = (FLOAT,)) -> tuple[Var, ...]:
    outs = tuple(Var("", t) for t in types)
    build.add(Let(outs, call_op(ref, types), args, Form((HOLE,) * len(args))))
    return outs


def callee() -> FuncRef:
    """p, q = sin(x * y) * x, y * k"""
    x, y, k = Var("x", FLOAT), Var("y", FLOAT), Var("k", INT)
    build = Builder()
    t = build.call(SIN, build.call(OPERATORS["mul"], x, y), hint="t")
    p, q = build.call(OPERATORS["mul"], t, x, hint="p"), build.call(OPERATORS["mul"], y, k, hint="q")
    return FuncRef("callee", function("callee", [x, y, k], build, (p, q)))


def calls_in_a_loop() -> Func:
    ref, x, n = callee(), Var("x", FLOAT), Var("n", INT)
    i, s, out = Var("i", INT), Var("s", FLOAT), Var("s", FLOAT)
    build = Builder()
    with build.nested() as body:
        p, q = call(build, ref, s, x, i, types=(FLOAT, FLOAT))
        after = build.call(OPERATORS["add"], p, q, hint="s")
    build.add(Loop(tuple(body), index=i, range=Range(Lit(0), n, Lit(1)), carries=(Carry(out, s, x, after),)))
    (_, last) = call(build, ref, out, out, n, types=(FLOAT, FLOAT))
    return function("calls_in_a_loop", [x, n], build, build.call(OPERATORS["mul"], last, x, hint="y"))


def recursion(depth: int = 1) -> Func:
    """down(x, n) = x if n <= 0 else down(sin(x), n - 1) * x * … (`depth` calls)"""
    ref, x, n = FuncRef("down"), Var("x", FLOAT), Var("n", INT)
    build = Builder()
    test = build.call(OPERATORS["le"], n, Lit(0))
    with build.nested() as orelse:
        less, result = build.call(OPERATORS["sub"], n, Lit(1)), x
        for _ in range(depth):
            (part,) = call(build, ref, build.call(SIN, result), less)
            result = build.call(OPERATORS["mul"], part, x)
    out = Var("y", FLOAT)
    build.add(If(test, (), tuple(orelse), (Choice(out, x, result),)))
    ref.func = function("down", [x, n], build, out)
    return ref.func


def rows(x: Any = None) -> Func:
    """A tape that another loop goes through, and a value that one path does not have."""
    x, n, xs = Var("x", FLOAT), Var("n", INT), Var("xs", array(float, fresh()))
    build = Builder()
    i, s, out, tape = Var("i", INT), Var("s", FLOAT), Var("s", FLOAT), Var("tape", Type("sequence", item=FLOAT))
    with build.nested() as body:
        c = build.call(OPERATORS["gt"], s, Lit(0.5))
        with build.nested() as then:
            u = build.call(SIN, build.call(OPERATORS["mul"], s, build.call(GETITEM, xs, i)))
        maybe = Var("u", FLOAT)
        build.add(If(c, tuple(then), (), (Choice(maybe, u, UNDEF),)))
        with build.nested() as again:
            v = build.call(OPERATORS["mul"], maybe, u2 := maybe)
            v = build.call(OPERATORS["add"], v, u2)
        value = Var("v", FLOAT)
        build.add(If(c, tuple(again), (), (Choice(value, v, s),)))
        after = build.call(OPERATORS["add"], build.call(OPERATORS["mul"], value, x), Lit(0.3))
    build.add(Loop(tuple(body), index=i, range=Range(Lit(0), n, Lit(1)), carries=(Carry(out, s, x, after),),
                   writes=(Write(tape, after),)))
    stacked = build.call(op_of(np.array), tape)
    y = build.call(op_of(np.sum), build.call(OPERATORS["mul"], stacked, stacked))
    return function("rows", [x, xs, n], build, y)


BUILT = [(calls_in_a_loop, 0.7, 3), (recursion, 0.7, 2), (lambda: recursion(2), 0.7, 2), (rows, 0.7, V, 3)]
CASES = [pytest.param(lambda f=f, a=a: lowered(f, *a), a, id=f"{f.__name__}-{k}") for k, (f, *a) in enumerate(LOWERED)]
CASES += [pytest.param(f, a, id=f"built-{k}") for k, (f, *a) in enumerate(BUILT)]


# --- the promises

def numbers(tree: Any) -> list[Any]:
    """The floats of a result, flat."""
    return [v for v in leaves(tree) if v is not None and np.asarray(v).dtype.kind == "f"]


def moved(args: Any, direction: list[Any], step: float) -> list[Any]:
    along = iter(direction)
    return [map_tree(lambda v: v + step * next(along) if np.asarray(v).dtype.kind == "f" else v, a) for a in args]


def random_like(values: list[Any], seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, np.shape(v))[()] for v in values]


def dot(a: list[Any], b: list[Any]) -> float:
    return float(sum(np.sum(x * y) for x, y in zip(a, b, strict=True)))


def agree(func: Func, args: list[Any]) -> tuple[Func, Func, list[Any], list[Any]]:
    """Forward against differences, reverse against forward; returns the derivatives and what they were called with."""
    check(func)
    inputs = [v for v in func.inputs if v.type.is_inexact]
    tangent, adjoint = forward(func, inputs), reverse(func, inputs)
    check(tangent)
    check(adjoint)
    u = random_like(numbers(args), 1)
    h = 1e-6
    plus, minus = (numbers(interpret(func, *moved(args, u, s))) for s in (h, -h))
    slope = [(p - m) / (2 * h) for p, m in zip(plus, minus, strict=True)]
    value, dy = interpret(tangent, *args, *_dots(func, inputs, u))
    assert np.allclose(dot(numbers(dy), slope), dot(slope, slope), rtol=1e-5, atol=1e-6)
    g = random_like(numbers(value), 2)
    given = iter(g)
    seed = map_tree(lambda v: next(given) if np.asarray(v).dtype.kind == "f" else None, value)
    again, gradient = interpret(adjoint, *args, seed)
    assert np.allclose(dot(numbers(gradient), u), dot(g, numbers(dy)), rtol=1e-9, atol=1e-9)
    assert all(np.array_equal(a, b) for a, b in zip(numbers(again), numbers(value), strict=True))
    return tangent, without_value(adjoint), [*args, *_dots(func, inputs, u)], [*args, seed]


def _dots(func: Func, inputs: list[Var], u: list[Any]) -> Iterator[Any]:
    by_input = dict(zip(inputs, u, strict=True))
    for p in func.params:
        if any(v in by_input for v in leaves(p.tree)):
            yield map_tree(by_input.get, p.tree)


@pytest.mark.parametrize(("make", "args"), CASES)
def test_first_and_second_order(make: Any, args: list[Any]) -> None:
    func = make()
    tangent, adjoint, tangent_args, adjoint_args = agree(func, args)
    agree(tangent, tangent_args)
    agree(adjoint, adjoint_args)


@pytest.mark.parametrize(("make", "args"), CASES)
def test_passes_keep_the_meaning(make: Any, args: list[Any]) -> None:
    func = make()
    adjoint = reverse(func, [v for v in func.inputs if v.type.is_inexact])
    if not isinstance(func.result, Var):
        return
    wanted = numbers(interpret(adjoint, *args))
    for _, stage in stages(adjoint):
        check(stage)
        assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(numbers(interpret(stage, *args)), wanted, strict=True))


def test_third_order() -> None:
    func = lowered(recurrence, 0.6, V, 3)
    wrt = [func.inputs[0]]
    third = reverse(reverse(reverse(func, wrt), wrt), wrt)
    check(third)


def test_halves_of_a_recursion_are_made_once() -> None:
    ref = FuncRef("top", recursion())
    halves = split(ref, (True, False), (True,), adjoint_of)
    assert split(ref, (True, False), (True,), adjoint_of) is halves

"""A refusal says where, draws the line, says why and what to write instead; a function's problems come all at once."""

from __future__ import annotations

import copy
import linecache
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad

MESSAGES = {
    "no rule": ("""
import numpy as np

def f(x):
    return np.sum(np.frexp(x)[0])
""", np.ones(3), """\
model.py:5:19: a call of np.frexp
     5 |     return np.sum(np.frexp(x)[0])
       |                   ^^^^^^^^^^^
reason: it has no derivative rule and no Python source
instead: keep what depends on the arguments out of it, or write it with NumPy operations"""),

    "a store before what may raise": ("""
import numpy as np

def f(x):
    y = x.copy()
    try:
        a = np.linalg.inv(np.diag(y))
        y[0] = 3.0
        b = np.linalg.inv(np.diag(y))
    except np.linalg.LinAlgError:
        a = b = np.eye(3)
    return np.sum(a * b) + y[0]
""", np.ones(3), """\
model.py:9:9: a change of `y` in a `try`, before what may raise
     9 |         b = np.linalg.inv(np.diag(y))
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
reason: the handler would find it changed or not
instead: change a copy, or do what may raise first"""),

    "a name in a handler": ("""
import math

def f(x):
    try:
        a = math.sqrt(x)
        b = math.log(x - 1)
    except ValueError:
        b = a
    return b
""", 2.0, """\
model.py:9:13: `a` is not one thing here
     9 |         b = a
       |             ^
reason: it may or may not have been bound when the exception was raised"""),

    "with": ("""
import threading

lock = threading.Lock()

def f(x):
    with lock:
        return x * x
""", 1.0, """\
model.py:7:5: a `with` of an object of the class lock
     7 |     with lock:
       |     ^^^^^^^^^^
reason: what it does is not known here
instead: enter it around the call of the function"""),

    "a problem in a helper": ("""
def g(x):
    async def h():
        return x
    return h

def f(x):
    return g(x)
""", 1.0, """\
model.py:3:5: an async function
     3 |     async def h():
       |     ^^^^^^^^^^^^^^
reason: srcad does not differentiate it
instead: compute in an ordinary function"""),

    "global": ("""
calls = 0

def f(x):
    global calls
    calls = calls + 1
    return x
""", 1.0, """\
model.py:6:5: an assignment to the global `calls`
     6 |     calls = calls + 1
       |     ^^^^^^^^^^^^^^^^^
reason: the caller's globals are only read
instead: return the value instead"""),

    "random": ("""
import numpy as np

def f(x):
    return x * np.random.normal(0.0, x)
""", 1.0, """\
model.py:5:5: an argument of `np.random.normal` that the derivative depends on
     5 |     return x * np.random.normal(0.0, x)
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
reason: what a draw or another effect gives is a constant of the derivative
instead: keep it out: `loc + scale * rng.standard_normal(size)`, or stop_gradient(…)"""),

    "one of two things": ("""
def f(x):
    y = [x, x]
    if x > 0:
        y = x
    return y * 2
""", 1.0, """\
model.py:6:12: `y` is not one thing here
     6 |     return y * 2
       |            ^
reason: it is a number on one path and a list, dict or object on another"""),

    "another list in every trip": ("""
def f(x):
    a, b = [x, 1.0], [2.0, x]
    now = a
    for i in range(100):
        x = x + now[0]
        now = b
    return x
""", 1.0, """\
model.py:6:17: `now` is not one thing here
     6 |         x = x + now[0]
       |                 ^^^
reason: it is one list or object in the first trip and another in a later one"""),

    "structure from a float": ("""
import numpy as np

def f(x):
    return np.sum(np.sum(np.ones((2, 2)) * x, axis=int(x)))
""", 1.0, """\
model.py:5:19: `axis` that depends on what the function computes
     5 |     return np.sum(np.sum(np.ones((2, 2)) * x, axis=int(x)))
       |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
reason: it decides the structure of the program, so it must be known before it runs
instead: make it an argument, or a constant"""),

    "undefined": ("""
def f(x):
    return x * undefined
""", 1.0, """\
model.py:3:16: the name `undefined` is not defined
     3 |     return x * undefined
       |                ^^^^^^^^^"""),

    "wrong call": ("""
def g(a, b):
    return a * b

def f(x):
    return g(x, c=2)
""", 1.0, """\
model.py:6:12: g() with an unexpected argument `c`
     6 |     return g(x, c=2)
       |            ^^^^^^^^^"""),

    "a list plus a number": ("""
def f(x):
    return sum([x, 1.0] + x)
""", 1.0, """\
model.py:3:16: an operator between a container and a number
     3 |     return sum([x, 1.0] + x)
       |                ^^^^^^^^^^^^
instead: make an array with np.array first"""),

    "attribute": ("""
def f(x):
    return x.total()
""", np.ones(2), """\
model.py:3:12: the attribute `total` of an array
     3 |     return x.total()
       |            ^^^^^^^
reason: arrays have no such attribute"""),

}


def function_in(source: str, file: str = "model.py") -> Callable[..., Any]:
    """`f` of a module whose source is at hand under that name."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = types.ModuleType("model")
    exec(compile(source, file, "exec"), module.__dict__)
    return module.__dict__["f"]


@pytest.mark.parametrize(("source", "x", "message"), MESSAGES.values(), ids=MESSAGES)
def test_message(source: str, x: Any, message: str) -> None:
    with pytest.raises(srcad.Unsupported) as error:
        srcad.grad(function_in(source))(x)
    assert str(error.value) == message


def test_all_problems_at_once() -> None:
    with pytest.raises(srcad.Unsupported) as error:
        srcad.grad(function_in("""
import os

def f(x):
    a = os.getpid() * x
    b = exec("2")
    for i in range(3):
        c = sorted([x, None])
    if x > 0:
        x = os.times()[0]
    with os.scandir("."):
        pass
    return a + b + c + x
"""))(1.0)
    lines = [p.span.line for p in error.value.problems]
    assert lines == [5, 6, 8, 10, 11]


def test_a_problem_is_told_once() -> None:
    """What depends on something refused is not refused again, nor is a loop body that is lowered several times."""
    with pytest.raises(srcad.Unsupported) as error:
        srcad.grad(function_in("""
def f(x):
    y = 0
    for i in range(3):
        z = {x}
        y = y + z * x
    return y * z
"""))(1.0)
    assert len(error.value.problems) == 1


REFUSED = {
    "a closed-over list that grows": ("""
outer = []

def f(x):
    outer.append(x)
    return x
""", 1.0),
    "keys that come in a loop": ("""
def f(x):
    d = {"a": x}
    y = 0.0
    for i in range(3):
        if "b" in d:
            y = y + d["b"]
        d["b"] = x * i
    return y
""", 1.0),
    "a function that changes in a loop": ("""
import numpy as np

def f(x):
    g = np.sin
    for i in range(100):
        x = g(x)
        g = np.cos if i % 2 else np.sin
    return x
""", 1.0),
    "lists that are swapped in a loop": ("""
def f(x):
    a, b = [x, 1.0], [2.0, x * x]
    y = 0.0
    for i in range(100):
        y = y + a[0] * (i + 1)
        a, b = b, a
    return y
""", 1.0),
    "a list of the caller's": ("""
def f(x):
    def g(xs):
        xs[0].append(1.0)
    g([[x]])
    x.append(1.0)
    return sum(x)
""", [1.0]),
    "an element list that changes": ("""
def f(x):
    rows, row = [], []
    for i in range(100):
        row.append(x * i)
        rows.append(row)
    return sum(rows[0])
""", 1.0),
    "tuples that grow": ("""
def f(x):
    t = ()
    for i in range(100):
        t = t + (x * i,)
    return sum(t)
""", 1.0),
    "membership in a list of unknown length": ("""
def f(x):
    seen = []
    for i in range(100):
        if i in seen:
            x = x * 2
        seen.append(i * 2)
    return x
""", 1.0),
}


@pytest.mark.parametrize(("source", "x"), REFUSED.values(), ids=REFUSED)
def test_refused_or_right(source: str, x: Any) -> None:
    """Programs that must not be treated wrongly: they are refused, or their value is Python's."""
    f = function_in(source)
    try:
        value, _ = srcad.value_and_grad(f)(copy.deepcopy(x))
    except srcad.Unsupported as error:
        assert error.problems[0].span is not None and error.problems[0].span.text
        return
    assert value == pytest.approx(f(copy.deepcopy(x)))


def test_what_happens_to_the_caller_s_list() -> None:
    for statement in ("x.append(1.0)", "x[0] = 2.0", "x += [1.0]", "del x[0]", "x.pop()", "x.reverse()"):
        f = function_in(f"def f(x):\n    {statement}\n    return sum(x)\n")
        ours, theirs = [1.0, 2.0], [1.0, 2.0]
        value, gradient = srcad.value_and_grad(f)(ours)
        assert (value, ours) == (f(theirs), theirs) and len(gradient) == 2

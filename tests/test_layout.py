"""Lines that are too long, and statements that become one."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import srcad
from srcad.backends.layout import WIDTH, laid_out
from srcad.backends.standalone import standalone
from srcad.cli.generated import generated
from srcad.cli.target import Target

LONG = [
    "    total = first * (1 + rate) ** years + second * (1 + rate) ** (years - 1) + third * np.sum(np.exp(-years))",
    "    def f(" + ", ".join(f"parameter_{i}" for i in range(14)) + ", dy=1.0):",
    "    return " + ", ".join(f"dparameter_{i}" for i in range(14)),
    "    return {" + ", ".join(f"'parameter_{i}': dparameter_{i}" for i in range(14)) + "}",
    "    du[1:-1, k] += np.concatenate([" + ", ".join(f"a_part_of_it[{i}, 1:None]" for i in range(9)) + "], axis=0)",
    "    x, y = " + "x" * 60 + " @ (1 if x == 'a + b, c' else 2) - 1, " + "y" * 60,
    "    if " + " and ".join(f"condition_{i} >= bound_{i}" for i in range(6)) + ":",
    "    y = " + "f(" * 12 + "long_argument_of_it, another_long_argument_of_it, and_more" + ")" * 12 + " ** 2",
]


@pytest.mark.parametrize("line", LONG)
def test_long_lines(line):
    lines = laid_out(line)
    assert len(lines) > 1 and all(len(part) <= WIDTH for part in lines)
    whole, parts = (ast.dump(ast.parse(f"if True:\n{text}{' pass' if line.endswith(':') else ''}"))
                    for text in (line, "\n".join(lines)))
    assert whole == parts


def test_short_lines_and_strings_stay():
    for line in ("    y = x", "    y = '" + "a, b + c, " * 20 + "'"):
        assert laid_out(line) == [line]


def completed(x, n):
    for _ in range(n):
        x = x * 1.5
        if x > 10:
            break
    else:
        x = x * x
    return x


def searched(x):
    while x < 100:
        if x > 50:
            break
        x = x + 1.0
    else:
        if x > 200:
            x = x / 2
    return x


@pytest.mark.parametrize("f, args", [(completed, (1.2, 3)), (completed, (4.0, 9)), (searched, (60.5,)),
                                     (searched, (300.0,))])
def test_else_of_a_loop_is_printed_as_such(f, args):
    target = Target(f.__name__, f, globals(), 0)
    text = standalone(generated(target, "reverse", None, (args, {})).stage("primal"))
    assert "    else:\n" in text and "broke" not in text
    names = {}
    exec(text, names)
    assert names[f.__name__](*args) == f(*args)


def test_what_is_known_of_arrays_decides_branches():
    def f(x):
        if np.ndim(x) == 0:
            return x * 2
        return np.sum(x) if np.shape(x)[0] == 1 and np.size(x) == 1 else np.sum(x ** 2)

    for x, text in ((0.3, "2 * "), (np.ones((1, 1)), "np.broadcast_to"), (np.ones(3), "2 * ")):
        gradient = srcad.grad(f)
        gradient(x)
        lines = [line.split("  #")[0] for line in gradient.source.split("\n")]
        assert not any(line.strip().startswith("if ") for line in lines) and any(text in line for line in lines)

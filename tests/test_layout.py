"""Lines that are too long, and statements that become one."""

from __future__ import annotations

import ast

import pytest

from srcad.backends.layout import WIDTH, laid_out

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

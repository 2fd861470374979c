"""Stores in loops are made in place by XLA: no loop copies a whole array at every trip."""

from __future__ import annotations

import re

import numpy as np
import pytest

from srcad.backends.lax import compiled
from srcad.program.derivatives import program_of
from srcad.program.runner import Runner


def rows(A):
    A = A.copy()
    for i in range(1, len(A)):
        A[i] = np.sin(A[i] * A[i - 1])
    return np.sum(A)


def elimination(A):
    A = A.copy()
    n = len(A)
    for k in range(n - 1):
        for i in range(n):
            factor = np.where(i > k, A[i, k] / A[k, k], 0.0)
            A[i] = A[i] - factor * A[k]
    return np.sum(A)


def elements(A):
    A = A.copy()
    for i in range(1, len(A)):
        for j in range(1, len(A)):
            A[i, j] = 0.5 * A[i - 1, j] + 0.25 * np.sin(A[i, j - 1])
    return A[-1, -1]


def computations(hlo):
    """The computations of an HLO text, by name."""
    found, name = {}, ""
    for line in hlo.splitlines():
        head = re.match(r"(?:ENTRY )?%?([\w.\-]+) (?:\(.*)?-> .*\{$", line.strip())
        if head:
            name = head[1]
        found.setdefault(name, []).append(line)
    return found


def copies_in_loops(hlo, shape):
    """The copies of arrays of this shape in the bodies of loops."""
    bodies = set(re.findall(r"body=%?([\w.\-]+)", hlo))
    copy = re.compile(rf"f64\[{','.join(map(str, shape))}\]\S* copy\(")
    return [line.strip() for name, lines in computations(hlo).items() if name in bodies
            for line in lines if copy.search(line)]


def compiled_text(f, *args):
    runner = Runner(program_of(f))
    variant = runner.variants.find(args)
    captured = tuple(read() for read in variant.captures)
    return compiled(variant.func).lowered(*args, *captured).compile().as_text()


@pytest.mark.parametrize("f", [rows, elimination, elements])
@pytest.mark.parametrize("n", [30, 70])
def test_no_loop_copies_the_array(f, n):
    text = compiled_text(f, np.eye(n) + 1)
    assert "body=" in text
    assert not copies_in_loops(text, (n, n))


def test_copies_are_seen():
    text = """body (p: f64[3,3]) -> f64[3,3] {
      %c = f64[3,3]{1,0} copy(p)
    }
    ENTRY main () -> f64[] {
      while(x), body=%body
    }"""
    assert copies_in_loops(text, (3, 3)) == ["%c = f64[3,3]{1,0} copy(p)"]

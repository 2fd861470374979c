"""Random loops that load and store parts of one array, which do overlap or don't: whatever the reverse sweep concludes
about that, its gradient is that of forward mode."""

from __future__ import annotations

import linecache
import random

import numpy as np
import pytest

import srcad
from srcad.transforms import undo, versions

OF_K = ["k", "k-1", "k+1", "n-1-k", "k:", "k+1:", ":k", "k-2", "2*k", "-k", "0", "-1", "1:-1"]
PARTS = [*OF_K, "i", "i-1", "i+1", "n-1-i", "i:", ":i", ":i+1", "i-k", "k:i"]
OUTER = ["range(n)", "range(1, n)", "range(n-1, -1, -1)", "range(n-1, 0, -1)", "range(0, n, 2)", "range(1, n-1)"]
INNER = [*OUTER, "range(k, n)", "range(k+1, n)", "range(k)", "range(k+1)", "range(n-1, k, -1)", "range(k, -1, -1)"]
TESTS = ["i == k", "i != k", "i < k", "i <= k", "i > k", "not i == k", "k + 1 > i", "s > 0.2"]


def program(seed):
    """The text of a function; it may index out of bounds."""
    r = random.Random(seed)

    def load(parts=PARTS):
        return f"np.sum(np.sin(A[{r.choice(parts)}, {r.choice(parts)}]))"

    def store(parts=PARTS):
        return f"A[{r.choice(parts)}, {r.choice(parts)}] {r.choice(['=', '*=', '+='])}"

    whole = ["            s = 0.5 * s + np.sum(A * A)"] if r.random() < 0.4 else []
    after = [f"    for k in {r.choice(OUTER)}:", f"        s = 0.9 * s + {load(OF_K)}",
             f"        {store(OF_K)} s"] if r.random() < 0.3 else []
    return "\n".join([
        "def f(A):", "    A = A.copy()", "    n = len(A) - 3", "    s = 0.1", f"    for k in {r.choice(OUTER)}:",
        f"        s = np.cos(s + np.sum(A[{r.choice(['k', 'k:', ':k', '0'])}]))",
        f"        for i in {r.choice(INNER)}:", f"            s = np.cos({load()} * s)", *whole,
        f"            if {r.choice(TESTS)}:", f"                t = {load()}",
        f"                {store()} np.tanh(s) * t", "            else:",
        f"                {store()} np.sin(s)", *after, "    return s + np.sum(A ** 2)", ""])


def function(seed):
    """A program that runs, and its text."""
    while True:
        text, name = program(seed), f"<overlaps {seed}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        names = {"np": np}
        exec(compile(text, name, "exec"), names)
        try:
            names["f"](np.ones((7, 7)))
        except (IndexError, ValueError):
            seed += 1000
        else:
            return names["f"], text


@pytest.mark.parametrize("undone", [False, True], ids=["as it is", "undone"])
@pytest.mark.parametrize("seed", range(25))
def test_overlaps(seed, undone, monkeypatch):
    if undone:
        monkeypatch.setattr(undo, "worth_undoing", lambda f, kept: versions.chains(f.body, versions.Places(f)))
    f, text = function(seed)
    r = np.random.default_rng(seed)
    a, t = r.normal(size=(7, 7)) / 2, r.normal(size=(7, 7))
    assert np.sum(srcad.grad(f)(a) * t) == pytest.approx(srcad.jvp(f, (a,), (t,))[1], rel=1e-9, abs=1e-12), text

"""The smallest programs on which srcad was wrong once, found by the random ones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.programs.judge import judge

HEAD = "import numpy as np\n\n\n"
A = np.array([0.4, -0.3, 0.9])

PROGRAMS = {
    # A carry that each trip sets anew has a tangent after the loop.
    "set_anew": ("""
def f(x, y):
    while y < x:
        y = x
    return y
""", (0.2, -0.2)),
    # The pullback must not accumulate into the cotangent that it was given.
    "seed_kept": ("""
def f(y, b):
    if y > 0.2:
        return np.sum(b), b + 0.1
    return np.sum(b) * y, b * y
""", (0.7, A)),
    # A pullback reads the arguments as they were before the function changed them.
    "argument_changed": ("""
def f(x, a):
    u = a
    u *= x
    return x + np.sum(a * a)
""", (0.7, A)),
    # Two versions of the cotangent live side by side in one branch.
    "two_names": ("""
def f(y):
    for i in range(3):
        if i:
            pass
        else:
            y = np.sin(y)
            y = np.sin(y)
    return y
""", (0.4,)),
    # A minus moves through a list of cotangents.
    "negated_elements": ("""
def f(x, a):
    for e in -a:
        e, x = x, e
        x *= x
    return x
""", (0.4, A)),
    # Rows are recorded in the branch that ends the trip, beside the carries.
    "rows_and_carries": ("""
def f(x, y, k=2):
    for i in range(k):
        if y > 0.2:
            return y
        if k:
            pass
        elif k:
            y = 0.5
        else:
            break
        y = np.sin(y + x)
    return x
""", (0.97, -0.25)),
    # A name that gets another array on one path is not a version of the argument.
    "rebound_on_one_path": ("""
def f(x, a, k=2):
    for e in a:
        if x > 0:
            if k:
                a = np.ones(3)
    return x * np.sum(a)
""", (0.8, A)),
    "stored_on_one_path": ("""
def f(x, b):
    c = 0
    while c < 4:
        c += 1
        if x > 0.05:
            h = b
            h[1] *= 0.6
    return x * np.sum(b)
""", (0.1, A)),
    # A view of what a name was bound to is no view of what it is bound to later.
    "view_of_a_rebound_name": ("""
def f(x, a):
    t = a[1:]
    for i in range(3):
        a = np.tanh(x * a)
    return t[0] * x + a[1]
""", (0.8, A)),
    # The arrays of a list may have other lengths than its first one.
    "list_of_two_lengths": ("""
SIZE = 3


def f(x, a, b):
    ws = [np.zeros(SIZE)]
    for e in b:
        ws.append(x * a[[0, 2, 0]])
    return sum([np.sum(z) for z in ws])
""", (0.3, A, A)),
    "first_bound_in_a_branch": ("""
def f(x, a, k=2):
    y = x
    for i in range(k):
        if y > 5:
            y = x
        else:
            u = 0.5 * a
            y = y + u[0]
    return y * x
""", (0.3, A)),
    # `and` does not read what it does not need.
    "unread_operand": ("""
def f(x):
    for i in range(3):
        if x > 0.1:
            continue
        s = x
    if x > 2.0 and s < 1.1:
        x = 2 * x
    return x
""", (0.4,)),
    # The gradient of a number is a number.
    "where_of_numbers": ("""
def f(x, y):
    return np.cos(np.where(y > 0.5, x * y, x))
""", (0.3, 0.8)),
    "number_or_array": ("""
def f(x, y, a):
    if 1.2 < x:
        y = a
    return np.sum(y) * x
""", (0.3, 0.8, A)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name):
    source, args = PROGRAMS[name]
    verdict = judge(HEAD + source.lstrip(), args)
    # A refusal is no mistake.
    assert verdict.stage is None, f"{verdict.stage}: {verdict.text}"

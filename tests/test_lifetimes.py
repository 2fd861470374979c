"""Long functions: many loops and branches in a row, names that are done with, and names that only seem to be."""

from __future__ import annotations

import linecache

import numpy as np
import pytest

from srcad import grad

X, W = np.array([0.4, -0.3, 0.8]), np.array([1.1, 0.9, 0.7])
PARTS = {
    # what is repeated; {k} is the number of the repetition
    "loops": "    for i{k} in range(2):\n        y = y * w\n",
    "stores in loops": "    for i{k} in range(1, 3):\n        y[i{k}] += 0.5 * y[i{k} - 1]\n"
                       "    v{k} = y[1:]\n    v{k} *= 0.9\n",
    "views of views": "    a{k} = y[::-1]\n    b{k} = a{k}[1:]\n"
                      "    if b{k}[0] > 0.1:\n        b{k}[0] *= 0.5\n    b{k}[1] += a{k}[0]\n",
    "branches": "    s{k} = np.sum(y)\n    if s{k} > 0.5:\n        y = y * 0.5\n    else:\n        y = y + w\n",
    "a name is read late": "    if y[0] > 0.1 * {k}:\n        first = y[1]\n    y = y * first\n    t{k} = y + {k}\n",
    "inner functions": "    c{k} = y[0] * 0.5\n    def g{k}(z):\n        return z * c{k}\n    for _ in range(1):\n"
                       "        y = y + g{k}(w)\n    h = h or g{k}\n    y = y + 0.1 * h(y)\n",
    "lists": "    p{k} = [y, w]\n    if y[0] > 0.1:\n        p{k}[0] = y * 0.5\n    y = p{k}[0] + p{k}[1]\n",
    "early exits": "    for i{k} in range(3):\n        if y[0] > 2.0:\n            break\n        y = y * 1.1\n",
}


def program(part: str, count: int):
    head = "def f(x, w):\n    y = x.copy()\n    first = 1.0\n    h = None\n"
    text = head + "".join(part.format(k=k) for k in range(count)) + "    return np.sum(y * y) + np.sum(w)\n"
    file = f"<lifetimes {hash(text)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names = {"np": np}
    exec(compile(text, file, "exec"), names)
    return names["f"]


def agrees_with_differences(f) -> None:
    for step in 1e-6 * np.array([[1.0, -2.0, 0.5], [0.3, 1.0, 1.0]]):
        found = [np.dot(d, step) for d in grad(f, wrt=("x", "w"))(X, W)]
        wanted = [f(X + step, W) - f(X - step, W), f(X, W + step) - f(X, W - step)]
        assert np.allclose(found, np.array(wanted) / 2, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("name", PARTS)
def test_long_functions(name):
    agrees_with_differences(program(PARTS[name], 10))


def test_very_long_functions():
    """A row of many loops is no deep nest of anything."""
    agrees_with_differences(program(PARTS["loops"].replace("* w", "* w ** 0.01"), 350))
    agrees_with_differences(program(PARTS["stores in loops"], 120))

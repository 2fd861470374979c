"""What the README says is true: its code runs, the adjoint that it shows is the generated one, what it calls refused is
refused.

    python tests/test_readme.py        puts the adjoint that is generated now into the README
"""

from __future__ import annotations

import contextlib
import linecache
import re
import threading
from collections import ChainMap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import srcad
from srcad import ArgumentError, Unsupported, grad

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- generated -->\n)?```python\n(.*?)```", re.DOTALL)


def blocks(generated):
    """The blocks of Python, those that show generated source or the others."""
    return [code for mark, code in BLOCK.findall(README.read_text()) if bool(mark) == generated]


def executed():
    """What the README's own code defines, run as one file."""
    code = "\n".join(blocks(generated=False))
    linecache.cache["README.md code"] = (len(code), None, code.splitlines(keepends=True), "README.md code")
    names = {"__name__": "readme"}
    exec(compile(code, "README.md code", "exec"), names)
    return names


def adjoint():
    return executed()["loss"].source.strip() + "\n"


def test_code_runs(capsys):
    names = executed()
    assert "np.histogram2d(x, x)" in capsys.readouterr().out  # the refusal draws the line
    args = names["w"], names["b"], names["xs"], names["target"]
    for k, found in enumerate((names["dw"], names["db"])):
        direction = np.random.default_rng(k).normal(size=found.shape)
        step = [1e-6 * direction if i == k else 0.0 for i in range(2)]
        there, back = (names["loss"].primal(args[0] + s * step[0], args[1] + s * step[1], *args[2:]) for s in (1, -1))
        assert np.sum(found * direction) == pytest.approx((there - back) / 2e-6, rel=1e-6)


def test_adjoint_is_the_generated_one():
    assert blocks(generated=True) == [adjoint()], "run python tests/test_readme.py"


def test_commands():
    lines = [line.strip() for line in README.read_text().splitlines()]
    assert "python -m pip install . && srcad demo" in lines
    assert "python -m pip install '.[test]' && python -m pytest" in lines


def test_api_is_complete():
    listed = set(re.findall(r"^\| `(\w+)\(", README.read_text(), re.MULTILINE))
    errors = {name for name in srcad.__all__ if isinstance(getattr(srcad, name), type)}
    assert listed | errors >= set(srcad.__all__)
    assert all(hasattr(srcad, name) for name in listed)


def bound_anew(x):
    a = b = x * 2
    for k in range(100):
        a[0] = 1.0
        if x[k % 3] > 0:
            a = b * 2
    return np.sum(a) + np.sum(b)


def nested(x):
    a, b, c = x * 2, x * 3, x * 4
    y = a if x[0] > 1 else (b if x[1] > 0 else c)
    y[0] = 1.0
    return np.sum(y * a * b * c)


def held(x):
    rows = []
    for k in range(2000):
        row = x * k
        rows.append(row)
        row[0] = 1.0
    return np.sum(rows[0] * rows[1])


def structure(x):
    z = (x[0], x[1]) if x[0] > 0 else x[0]
    return np.sum(np.array(z))


def stored_before_it_raises(x):
    y = x.copy()
    try:
        y[0] = np.linalg.det(np.linalg.inv(np.diag(x)))
        y[1] = np.linalg.det(np.linalg.inv(np.diag(y)))
    except np.linalg.LinAlgError:
        pass
    return np.sum(y)


def bound_before_it_raises(x):
    try:
        a = np.linalg.inv(np.diag(x))
        b = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        b = a
    return np.sum(b)


LOCK = threading.Lock()


def with_(x):
    with LOCK:
        return np.sum(x)


def stack_of_managers(x):
    with contextlib.ExitStack() as stack:
        stack.callback(print)
        return np.sum(x)


def chained(x):
    return ChainMap({"a": x[0]}, {"b": x[1]})["b"]


BOX = SimpleNamespace()


def one_path(x):
    if x[0] > 0:
        BOX.value = x[0]
    return np.sum(x)


def global_(x):
    global kept
    kept = x
    return np.sum(x)


def endless(x):
    def items():
        while True:
            yield x[0]

    return sum(items())


def escapes(x):
    def items():
        yield x[0]

    return items()


def async_(x):
    async def later():
        return x

    return np.sum(x)


def without_rule(x):
    return np.sum(np.histogram2d(x, x)[0])


def stated_within(x):
    twice = srcad.nondifferentiable(lambda v: v * 2)
    return np.sum(twice(x) * x)


def draw(x):
    return np.sum(np.random.normal(x, 1.0))


def shuffled(x):
    y = x.copy()
    np.random.shuffle(y)
    return y[0]


def not_one_number(x):
    return x * 2


REFUSED = {
    "stores into arrays": (bound_anew, nested, held),
    "arguments that share memory": (),     # one argument can't: see below
    "structure that depends on data": (structure,),
    "a `try` whose handler would find": (stored_before_it_raises, bound_before_it_raises),
    "context managers that are not known": (with_, stack_of_managers),
    "assignments to globals": (global_,),
    "`ChainMap`, an attribute": (chained, one_path),
    "generators that escape": (escapes, endless, async_),
    "functions of NumPy, SciPy and others that have no rule": (without_rule,),
    "`custom_vjp`, `custom_jvp` and `nondifferentiable` applied within": (stated_within,),
    "derivatives by what a random draw is made of": (draw, shuffled),
    "gradients of something that is not one number": (not_one_number,),
}


def test_every_refusal_is_tested():
    table = README.read_text().split("| refused | instead |\n|---|---|\n")[1].split("\n\n")[0].splitlines()
    assert len(table) == len(REFUSED)
    for row, name in zip(table, REFUSED, strict=True):
        assert row.startswith(f"| {name}")


@pytest.mark.parametrize("function", [f for group in REFUSED.values() for f in group], ids=lambda f: f.__name__)
def test_refused(function):
    with pytest.raises((Unsupported, ArgumentError)):
        grad(function)(np.array([1.0, 2.0, 3.0]))


def shifted(x, y):
    x[0] = y[1] * 2
    return np.sum(x * y)


def test_overlapping_arguments_are_refused():
    a = np.arange(4.0)
    with pytest.raises(ArgumentError, match=r"share memory, and .*test_readme.py:\d+:\d+ stores into `x`: .* x.copy()"):
        grad(shifted)(a[1:], a[:-1])
    assert grad(shifted)(a[1:].copy(), a[:-1]).shape == (3,)


def test_integers_are_refused():
    with pytest.raises(ArgumentError):
        grad(lambda n: n * 2.0)(3)


if __name__ == "__main__":
    mark, text = "<!-- generated -->\n```python\n", README.read_text()
    README.write_text(re.sub(f"{mark}.*?```", lambda _: f"{mark}{adjoint()}```", text, flags=re.DOTALL))

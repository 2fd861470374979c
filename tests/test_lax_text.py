"""What is printed for XLA: as a reader would write it, and a module of its own that computes the same."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

from srcad import Unsupported, jit
from srcad.cli.generated import generated
from srcad.cli.target import Target
from srcad.program import compiled
from tests.test_corpus import assert_same

X = np.arange(4.0) / 3


def recurrence(w, xs):
    h = 0.0
    for x in xs:
        h = np.tanh(w * h + x)
    return h * h


def doubled(a):
    b = a * 2
    while np.sum(b * b) < 1000:
        b = b * 2
    if np.sum(b) > 5:
        c = b
    else:
        c = 100 * b
    return np.sum(c)


def structured(params, x, n):
    y = params["w"] * x
    for _ in range(n):
        y = np.sin(y) + params["b"][0]
    return np.sum(y)


def smoothed(u0, rate, steps):
    u = u0.copy()
    for _ in range(steps):
        u[1:-1] += rate * np.sin(u[2:] - u[:-2])
    return np.sum(u ** 2)


def grown(x, n):
    rows = []
    for k in range(n):
        rows.append(x * k)
    return rows


def scaled(x, by):
    x *= by
    return x[0] + 1


def maybe(x):
    return None if np.sum(x) > 100 else x * 2


def overshooting(x, n):
    return x[n] * 2.0


CASES = [
    (recurrence, (0.7, X)), (doubled, (X,)), (structured, ({"w": 0.5, "b": [0.1]}, X, 3)), (smoothed, (X, 0.1, 3)),
]


def made(f, args, mode):
    return generated(Target(f.__name__, f, {}, 0), mode, None, (args, {}), value=mode == "reverse")


def texts(f, args, mode):
    """The program for NumPy and the one for XLA, as modules."""
    derived = made(f, args, mode)
    given = derived.call(None)
    return derived.stage().text, compiled.standalone(derived.func(), given), given


def ran(text, args):
    names = {"__name__": "alone"}
    exec(compile(text, "alone", "exec"), names)
    own = [v for v in names.values() if inspect.isfunction(v) and v.__module__ == "alone"]
    return own[-1](*args)


@pytest.mark.parametrize("mode", ["primal", "reverse", "forward"])
@pytest.mark.parametrize(("f", "args"), CASES, ids=lambda c: getattr(c, "__name__", ""))
def test_a_module_of_its_own(f, args, mode):
    numpy, xla, given = texts(f, args, mode)
    assert not re.search("srcad", xla)
    assert_same(ran(numpy, given), ran(xla, given))


@pytest.mark.parametrize(("f", "args"), [(grown, (2.0, 3)), (maybe, (X,)), (maybe, (X + 100,))])
def test_results_are_as_in_numpy(f, args):
    numpy, xla, given = texts(f, args, "primal")
    assert_same(ran(numpy, given), ran(xla, given))


def test_what_is_stored_into_an_argument():
    _, text, _ = texts(scaled, (X, 3.0), "primal")
    x = X.copy()
    assert ran(text, (x, 2.0)) == scaled(X.copy(), 2.0) and np.array_equal(x, 2 * X)


def test_a_module_is_for_its_shapes_and_says_so():
    _, text, _ = texts(smoothed, (X, 0.1, 3), "reverse")
    with pytest.raises(TypeError, match=r"u0 must be float64 of shape \(4,\), not float64 of shape \(5,\)"):
        ran(text, (np.zeros(5), 0.1, 3))
    with pytest.raises(OverflowError, match="trips"):
        ran(text, (X, 0.1, 1000))
    with pytest.raises(RuntimeError, match="exception"):
        ran(texts(overshooting, (X, 1), "primal")[1], (X, 4))


def test_a_program_that_is_read():
    derived = made(recurrence, (0.7, X), "reverse")
    assert compiled.stage(derived.func(), "source", derived.call(None)) == '''\
from jax import lax
import jax.numpy as jnp


def recurrence_adjoint(w, xs, dy):
    # forward
    def trip(h, x):
        return jnp.tanh(w * h + x), h
    h, h_tape = lax.scan(trip, jnp.float64(0.0), xs)
    # reverse
    dh = 2.0 * dy * h  # line 24: return h * h
    def trip(carry, h2):  # line 22: for x in xs:
        dh, dw, h = carry
        t1 = dh * (1.0 - h * h)  # line 23: h = np.tanh(w * h + x)
        dh = t1 * w
        dw = dw + t1 * h2
        return (dh, dw, h2), None
    (_, dw, _), _ = lax.scan(trip, (dh, jnp.float64(0.0), h), h_tape, reverse=True)
    return h * h, dw
'''


def test_what_a_file_cannot_hold():
    def nested(x, n):
        rows = []
        for k in range(n):
            rows.append([x * k, x])
        return rows

    with pytest.raises(Unsupported, match="structures of unknown length"):
        texts(nested, (1.0, 2), "primal")


def test_lambdas_have_a_name_that_can_be_defined():
    assert jit(lambda x: np.sum(x ** 2))(np.array([1.0, 2.0])) == 5.0

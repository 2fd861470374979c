"""What users call: forms of functions and arguments, structure and memory of gradients, errors, variants.

Whether derivatives are right is the corpus's business; here each test is one sentence of the documentation.
"""

from __future__ import annotations

import copy
import inspect
import linecache
import pickle
import threading
from functools import partial
from typing import Any

import numpy as np
import pytest

from srcad import (
    ArgumentError,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
)

X = np.array([0.5, -1.0, 2.0])


@grad
def squares(x: Any, scale: float = 1.0) -> Any:
    """The sum of squares."""
    return np.sum(x ** 2) * scale


@grad(wrt=("b", "a"))
def product(a, b):
    return np.sum(a * b * b)


@value_and_grad(wrt="b")
def valued(a, b):
    return np.sum(a * b)


class Model:
    rate = 3.0

    def __init__(self, bias):
        self.bias = bias

    @grad
    def loss(self, x):
        return np.sum(self.bias * x ** 2)

    @grad(wrt="x")
    def named(self, x, y):
        return np.sum(x * y) * self.bias

    def plain(self, x, y):
        return np.sum(self.bias * x ** 2) + np.sum(y)

    @staticmethod
    @grad
    def static(x):
        return np.sum(x ** 3)

    @grad
    @staticmethod
    def static_below(x):
        return np.sum(x ** 3)

    @classmethod
    def of_class(cls, x):
        return np.sum(x ** 2) * cls.rate

    def __call__(self, x):
        return np.sum(self.bias * np.sin(x))


def defined(text: str, file: str, name: str = "f") -> Any:
    """A function of `text`, as a REPL, a notebook or `exec` makes it: its source is in `linecache` only."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module: dict[str, Any] = {"np": np, "grad": grad}
    exec(compile(text, file, "exec"), module)
    return module[name]


# Forms of functions.


def test_decorators():
    assert np.allclose(squares(X), 2 * X)
    db, da = product(X, 2 * X)
    assert np.allclose(db, 4 * X * X) and np.allclose(da, 4 * X * X)
    value, db = valued(X, 3.0)
    assert np.isclose(value, 3 * X.sum()) and np.isclose(db, X.sum())


def test_methods():
    model = Model(2.0)
    assert np.allclose(model.loss(X), 4 * X)
    assert np.allclose(Model.loss(model, X), 4 * X)
    assert np.allclose(model.named(X, 2.0), 4.0)
    model.bias = 5.0
    assert np.allclose(model.loss(X), 10 * X)
    assert np.allclose(Model(np.ones(3)).loss(X), 2 * X)
    assert np.allclose(Model.static(X), 3 * X ** 2) and np.allclose(model.static(X), 3 * X ** 2)
    assert np.allclose(model.static_below(X), 3 * X ** 2)


def test_bound_methods_count_positions_without_self():
    model = Model(2.0)
    assert np.allclose(grad(model.plain)(X, X), 4 * X)
    assert np.allclose(grad(model.plain, wrt=1)(X, X), 1.0)
    assert np.allclose(grad(Model.of_class)(X), 6 * X)
    assert np.allclose(grad(model)(X), 2 * np.cos(X))


def test_lambdas_closures_and_partials():
    scale = 2.0
    assert np.allclose(grad(lambda x: np.sum(x * x))(X), 2 * X)
    first, second = grad(lambda x: x * 2), grad(lambda x: x * 3)
    assert (first(1.0), second(1.0)) == (2.0, 3.0)

    def closed(x):
        return np.sum(x * scale)

    derivative = grad(closed)
    assert np.allclose(derivative(X), 2.0)
    scale = 5.0
    assert np.allclose(derivative(X), 5.0)
    assert grad(partial(lambda a, x, k=1.0: a * x * k, 3.0, k=2.0))(1.0) == 6.0
    powers = partial(lambda a, x, k: a * x ** k, 3.0, k=2)
    assert np.array_equal(jacobian(powers)(np.arange(3.0)), np.diag([0.0, 6.0, 12.0]))
    assert np.array_equal(elementwise_grad(powers)(np.arange(3.0)), [0.0, 6.0, 12.0])
    assert np.array_equal(hessian(partial(lambda x, k: np.sum(x ** k), k=3))(np.arange(3.0)), np.diag([0.0, 6.0, 12.0]))


def test_functions_of_numpy():
    assert np.isclose(grad(np.sin)(0.5), np.cos(0.5))
    assert np.isclose(grad(np.hypot, wrt=1)(3.0, 4.0), 0.8)


@pytest.mark.parametrize("file", ["<ipython-input-3-0123456789ab>", "/tmp/ipykernel_1/123456.py",
                                  "<python-input-7>", "<stdin>"])
def test_source_in_linecache(file):
    f = defined("import math\n\ndef f(x):\n    return math.sin(x) * np.exp(x)\n", file)
    assert np.isclose(grad(f)(0.5), np.exp(0.5) * (np.sin(0.5) + np.cos(0.5)))
    g = defined("@grad\ndef f(x):\n    return x * x\n", file)
    assert g(3.0) == 6.0


def test_cells_that_are_defined_again():
    first = defined("def f(x):\n    return x * x\n", "<ipython-input-1-a>")
    assert grad(first)(3.0) == 6.0
    second = defined("def f(x):\n    return x * x * x\n", "<ipython-input-2-a>")
    assert grad(second)(3.0) == 27.0 and grad(first)(3.0) == 6.0


def test_signature_and_attributes():
    assert list(inspect.signature(squares).parameters) == ["x", "scale"]
    assert inspect.signature(squares).parameters["scale"].default == 1.0
    assert squares.__name__ == "squares" and squares.__doc__ == "The sum of squares."
    assert squares.__module__ == __name__ and squares.__wrapped__ is squares.primal
    assert squares.__annotations__["scale"] == "float"
    assert list(inspect.signature(Model(1.0).loss).parameters) == ["x"]
    assert np.isclose(squares.primal(X), np.sum(X ** 2))
    assert "squares" in repr(squares)


def test_jacobian_keeps_signature():
    def f(x, k=2.0):
        """Powers."""
        return x ** k

    for made in (jacobian(f), hessian(f), elementwise_grad(f)):
        assert list(inspect.signature(made).parameters) == ["x", "k"]


def test_pickles_and_copies_by_reference():
    assert pickle.loads(pickle.dumps(squares)) is squares
    assert copy.deepcopy(squares) is squares and copy.copy(squares) is squares
    assert copy.deepcopy({"f": squares})["f"] is squares
    assert pickle.loads(pickle.dumps(Model.loss)) is Model.loss


def plain(x, y):
    return np.sum(x * y)


@pytest.mark.parametrize("made", [grad(plain), grad(plain, wrt="y"), grad(plain, wrt=(1, 0)), value_and_grad(plain)])
def test_pickles_of_derivatives_of_functions(made):
    again = pickle.loads(pickle.dumps(made))
    assert repr(again(X, 2 * X)) == repr(made(X, 2 * X))


def test_the_first_call_is_thread_safe():
    @grad
    def f(x, y):
        s = 0.0
        for v in x:
            s = s + np.sin(v) * y
        return np.sum(s)

    arguments = [(np.linspace(0, 1, 2 + k % 5).astype(t), y) for k in range(40) for t in (np.float32, np.float64)
                 for y in (2.0, np.float64(3.0), np.ones(2))][:64]
    results: list[Any] = [None] * len(arguments)
    barrier = threading.Barrier(len(arguments))

    def work(k: int) -> None:
        barrier.wait()
        try:
            results[k] = f(*arguments[k])
        except BaseException as error:
            results[k] = error

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(arguments))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for (x, y), result in zip(arguments, results, strict=True):
        assert isinstance(result, np.ndarray), result
        assert np.allclose(result, np.cos(x) * np.sum(y), rtol=1e-5) and result.dtype == x.dtype


# Which argument.


def many(a, b=2.0, /, c=3.0, *rest, d=4.0, **named):
    total = np.sum(a) * 2 + np.sum(b) * 3 + np.sum(c) * 5 + np.sum(d) * 7
    for k, r in enumerate(rest):
        total = total + r * (k + 11)
    for k, v in named.items():
        total = total + v * len(k)
    return total


@pytest.mark.parametrize(("wrt", "expected"), [
    (0, 2.0), ("a", 2.0), (1, 3.0), ("c", 5.0), ("d", 7.0), ((0, "d"), (2.0, 7.0)), (("c", 0), (5.0, 2.0)),
    ((2,), (5.0,)),
    ([0, 1], (2.0, 3.0)), (3, 11.0), (4, 12.0), ((4, 0), (12.0, 2.0)), ("rest", (11.0, 12.0)),
    ("named", {"xyz": 3.0, "w": 1.0}),
])
def test_wrt(wrt, expected):
    assert grad(many, wrt=wrt)(1.0, 1.0, 1.0, 1.0, 1.0, d=1.0, xyz=1.0, w=1.0) == expected
    assert grad(many, argnums=wrt)(1.0, 1.0, 1.0, 1.0, 1.0, d=1.0, xyz=1.0, w=1.0) == expected
    assert value_and_grad(many, wrt)(1.0, 1.0, 1.0, 1.0, 1.0, d=1.0, xyz=1.0, w=1.0)[1] == expected


def test_defaults_keywords_and_negative_positions():
    assert grad(many)(1.0) == 2.0 and grad(many, 1)(1.0) == 3.0 and grad(many, "d")(1.0) == 7.0
    assert grad(many, "c")(1.0, c=2.0) == 5.0 and grad(many, "c")(1.0, d=2.0, c=2.0) == 5.0
    assert grad(lambda a, b: a + 2 * b, -1)(1.0, 2.0) == 2.0
    assert grad(lambda *, a, b=2.0: a * b, "b")(a=3.0) == 3.0
    assert grad(lambda a, b: a * b, wrt=(0, 1))(b=5.0, a=3.0) == (5.0, 3.0)
    assert grad(lambda *xs: xs[0] * xs[1], wrt=(0, 1))(3.0, 4.0) == (4.0, 3.0)
    assert grad(lambda **k: k["a"] ** 2, wrt="k")(a=3.0) == {"a": 6.0}


def test_default_arrays_are_read_at_each_call():
    weights = np.array([1.0, 2.0, 3.0])

    def f(x, w=weights):
        return np.sum(x * w)

    derivative = grad(f)
    assert np.allclose(derivative(X), weights)
    weights[:] = 7.0
    assert np.allclose(derivative(X), 7.0)
    assert np.allclose(grad(f, "w")(X), X)


def test_has_aux():
    def f(x):
        y = x * 2
        return np.sum(y), {"y": y, "n": 3, "name": "aux"}

    g, aux = grad(f, has_aux=True)(X)
    assert np.allclose(g, 2.0) and np.allclose(aux["y"], 2 * X) and aux["n"] == 3 and aux["name"] == "aux"
    (value, aux), g = value_and_grad(f, has_aux=True)(X)
    assert np.isclose(value, 2 * X.sum()) and np.allclose(aux["y"], 2 * X) and np.allclose(g, 2.0)
    assert grad(has_aux=True)(lambda x: (x * x, None))(3.0) == (6.0, None)
    with pytest.raises(ArgumentError, match="does not return a pair"):
        grad(lambda x: x * x, has_aux=True)(3.0)


# What is shown.


def test_source_before_and_after_calls():
    def f(x, y):
        return np.sum(np.sin(x) * y)

    derivative = grad(f)
    before = derivative.source
    assert "def f_adjoint(x, y, " in before
    compile(before, "before", "exec")
    derivative(X, 2.0)
    one = derivative.source
    compile(one, "one", "exec")
    derivative(X, X)
    assert one in derivative.source and derivative.source.count("def f_adjoint") == 2
    derivative(np.ones(7), np.ones(7))
    assert derivative.source.count("def f_adjoint") == 2
    assert derivative.primal is f


def test_source_of_methods_and_unknown_arguments():
    Model(2.0).loss(X)
    assert "def loss_adjoint" in Model.loss.source
    assert "def plain_adjoint" in grad(Model(2.0).plain).source
    assert "def many_adjoint" in grad(many).source
    assert "def f_adjoint" in grad(defined("def f(x: float, n: int):\n    return x ** n\n", "<cell 1>")).source


def test_explain():
    def mine(a, d):
        return np.sum(a) * d

    derivative = grad(mine)
    assert "no variant yet" in derivative.explain()
    derivative(X, d=2.0)
    text = derivative.explain()
    assert "mine_adjoint: 1 variant on the numpy backend" in text and "a: float64 array of shape (n" in text


def test_one_cause_of_integers():
    for x in (3, np.arange(3), np.ones(3, bool)):
        with pytest.raises(ArgumentError, match=r"`x` of .* can't be differentiated"):
            grad(lambda x: np.sum(x * x))(x)


def test_primals_are_a_tuple():
    x = np.ones(2)
    for call in (lambda: jvp(np.sin, x, x), lambda: jvp(np.sin, (x,), x), lambda: hvp(np.sum, x, x)):
        with pytest.raises(ArgumentError, match="must be a tuple, one for each argument"):
            call()

"""Control of derivatives: stated rules are used in both modes, to second order, in loops, recursion and XLA."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

import srcad
from srcad.backends.standalone import standalone
from srcad.checks.check import check_grads
from srcad.rules import custom, elementwise, recorded

X, Y = np.array([0.3, 0.5, -0.2]), np.array([1.0, 2.0, 0.5])


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@srcad.custom_vjp
def scaled_sine(x, y):
    return np.sin(x) * y


def scaled_sine_fwd(x, y):
    return scaled_sine(x, y), (np.cos(x), np.sin(x), y)


def scaled_sine_bwd(residuals, g):
    c, s, y = residuals
    return c * g * y, s * g


scaled_sine.defvjp(scaled_sine_fwd, scaled_sine_bwd)


@srcad.custom_vjp
def layer(p, x):
    return {"y": p["w"] @ x + p["b"], "sum": np.sum(x)}


def layer_fwd(p, x):
    return layer(p, x), (p["w"], x)


def layer_bwd(residuals, g):
    w, x = residuals
    return {"w": np.outer(g["y"], x), "b": g["y"]}, w.T @ g["y"] + g["sum"]


layer.defvjp(layer_fwd, layer_bwd)


@srcad.custom_vjp
def power(x, n, label="none"):
    return x**n


def power_fwd(x, n, label):
    return power(x, n, label), (x, n)


def power_bwd(residuals, g):
    x, n = residuals
    return n * x ** (n - 1) * g, None, None


power.defvjp(power_fwd, power_bwd)


@srcad.custom_jvp
def log1pexp(x):
    return np.log(1 + np.exp(x))


@log1pexp.defjvp
def log1pexp_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return log1pexp(x), x_dot * (1 - 1 / (1 + np.exp(x)))


@srcad.custom_jvp
def product(x, y):
    return x * y


product.defjvps(lambda t, result, x, y: t * y, lambda t, result, x, y: x * t)


def in_loops(x, y):
    for _ in range(3):
        if np.sum(x) > 0:
            x = scaled_sine(x, y) + 0.1 * x
    return np.sum(x)


def recursive(x, n):
    if n == 0:
        return x
    return recursive(log1pexp(x + 1.0), n - 1) * 1.1


def elements(x):
    s = 0.0
    for v in x:
        s = s + log1pexp(v * 2) * product(v, 3.0)
    return s


GAIN = 1.5


@srcad.custom_jvp
def amplified(x, factor=2.0):
    return x * factor * GAIN


@amplified.defjvp
def amplified_jvp(primals, tangents):
    (x, factor), (x_dot, factor_dot) = primals, tangents
    return amplified(x, factor), (x_dot * factor + x * factor_dot) * GAIN


def in_a_try(x):
    try:
        y = product(np.sum(x), 2.0)
        if y > 2:
            raise ValueError("large")
    except ValueError:
        y = np.sum(x**2)
    return y * y


PARAMETERS = {"w": np.arange(6.0).reshape(2, 3) / 10, "b": np.ones(2)}
RIGHT = {
    "both arguments": (lambda x, y: np.sum(scaled_sine(x, y) ** 2), (X, Y)),
    "a constant argument": (lambda x: np.sum(scaled_sine(x, 2.0) * scaled_sine(X, x)), (X,)),
    "loops": (in_loops, (X, Y)),
    "trees": (lambda p, x: np.sum(np.tanh(layer(p, x)["y"])) * layer(p, x)["sum"], (PARAMETERS, X)),
    "a part of the result": (lambda p, x: np.sum(layer(p, x)["y"] ** 2), (PARAMETERS, X)),
    "None, ints, strings": (lambda x: np.sum(power(x, 3)) + np.sum(power(x, 2, label="a")), (X,)),
    "tangents": (lambda x: np.sum(log1pexp(x * 2) ** 2), (X,)),
    "a tangent for each argument": (lambda x, y: np.sum(product(np.sin(x), y) ** 2), (X, Y)),
    "a global, a keyword": (lambda x: np.sum(amplified(x, factor=3.0) ** 2) + np.sum(amplified(x)), (X,)),
    "a try that completes": (in_a_try, (X,)),
    "a try that does not": (in_a_try, (X + 1,)),
    "recursion": (recursive, (0.7, 3)),
    "elements": (elements, (X,)),
}


@pytest.mark.parametrize(("f", "args"), RIGHT.values(), ids=RIGHT)
def test_right(f: Any, args: Any) -> None:
    check_grads(f, args, order=2)


def test_by_itself() -> None:
    assert srcad.grad(power)(2.0, 3) == 12.0
    assert srcad.jvp(log1pexp, (0.0,), (2.0,))[1] == 1.0
    assert scaled_sine(0.5, 2.0) == np.sin(0.5) * 2.0


@functools.partial(srcad.custom_vjp, nondiff_argnums=(0, 1))
def clip_gradient(lo, hi, x):
    return x


def clip_gradient_fwd(lo, hi, x):
    return x, None


def clip_gradient_bwd(lo, hi, residuals, g):
    return (np.clip(g, lo, hi),)


clip_gradient.defvjp(clip_gradient_fwd, clip_gradient_bwd)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def jax_clip(lo, hi, x):
    return x


jax_clip.defvjp(lambda lo, hi, x: (x, None), lambda lo, hi, residuals, g: (jnp.clip(g, lo, hi),))


def clipped_loss(x):
    return np.sum(clip_gradient(-1.0, 1.0, x * x) ** 2 * 3)


def jax_loss(x):
    return jnp.sum(jax_clip(-1.0, 1.0, x * x) ** 2 * 3)


def test_clipped_as_in_jax() -> None:
    expected = jax.grad(jax_loss)(X)
    np.testing.assert_allclose(srcad.grad(clipped_loss)(X), expected)
    np.testing.assert_allclose(srcad.grad(clipped_loss, backend="xla")(X), expected)
    np.testing.assert_allclose(srcad.hessian(clipped_loss)(X), jax.jacrev(jax.grad(jax_loss))(X))
    with pytest.raises(srcad.Unsupported, match="not linear in the cotangent"):
        srcad.jvp(clipped_loss, (X,), (X,))


def test_source_and_standalone() -> None:
    gradient = srcad.grad(lambda x, y: np.sum(scaled_sine(x, y) ** 2))
    gradient(X, Y)
    assert "t1, residuals = scaled_sine_fwd(x, y)" in gradient.source
    (variant,) = gradient.runner.variants.all()
    assert variant is not None and "def scaled_sine_bwd(residuals, dy):" in gradient.source


LOG: list[Any] = []


@srcad.nondifferentiable
def levels(x) -> int:
    LOG.append("levels")
    return len(set(x.tolist()))


@srcad.nondifferentiable
def sorted_and_sum(x) -> tuple[float, np.ndarray]:
    LOG.append("sum")
    return float(x.sum()), np.sort(x)


@srcad.nondifferentiable
def unique(x):
    return np.unique(x)


def with_constants(x):
    total, ordered = sorted_and_sum(x)
    return np.sum(x**2) * levels(x) + np.sum(unique(x) * x) + total * np.sum(ordered * x)


def test_nondifferentiable() -> None:
    expected = 2 * X * 3 + np.unique(X) + X.sum() * np.sort(X)
    for derivative in (lambda: srcad.grad(with_constants)(X), lambda: srcad.vjp(with_constants, X)[1](1.0)[0]):
        LOG.clear()
        np.testing.assert_allclose(derivative(), expected)
        assert LOG == ["sum", "levels"]
    LOG.clear()
    np.testing.assert_allclose(srcad.jvp(with_constants, (X,), (Y,))[1], expected @ Y)
    np.testing.assert_allclose(srcad.hessian(with_constants)(X), 6 * np.eye(3))
    with pytest.raises(srcad.Unsupported, match="effect of Python"):
        srcad.grad(with_constants, backend="xla")(X)


def bounded(x):
    h = x
    for _ in range(3):
        h = np.tanh(h * 2)
        with srcad.gradient_of(h) as dh:
            n = np.linalg.norm(dh)
            if n > 0.5:
                dh = dh * (0.5 / n)
    return np.sum(h)


@jax.custom_vjp
def jax_bound(h):
    return h


def jax_bound_bwd(_, g):
    n = jnp.linalg.norm(g)
    return (jnp.where(n > 0.5, g * (0.5 / n), g),)


jax_bound.defvjp(lambda h: (h, None), jax_bound_bwd)


def jax_bounded(h):
    for _ in range(3):
        h = jax_bound(jnp.tanh(h * 2))
    return jnp.sum(h)


def test_gradient_of() -> None:
    expected = jax.grad(jax_bounded)(X)
    np.testing.assert_allclose(srcad.grad(bounded)(X), expected)
    np.testing.assert_allclose(srcad.grad(bounded, backend="xla")(X), expected)
    np.testing.assert_allclose(srcad.hessian(bounded)(X), jax.jacrev(jax.grad(jax_bounded))(X), atol=1e-12)
    assert bounded(X) == pytest.approx(float(jax_bounded(X)))


@srcad.nondifferentiable
def record(value) -> None:
    LOG.append(np.array(value))


def watched(x, factor):
    y = x * 2
    with srcad.gradient_of(y) as dy:
        record(dy)
        dy[0] = 0.0
        dy *= factor
    return np.sum(y * y)


def test_gradient_of_is_seen_and_stored_to() -> None:
    LOG.clear()
    np.testing.assert_allclose(srcad.grad(watched)(X, 0.5), [0.0, *(4 * X[1:])])
    (seen,) = LOG
    np.testing.assert_allclose(seen, 4 * X)
    np.testing.assert_allclose(srcad.jvp(watched, (X, 0.5), (Y, 0.0))[1], 8 * X @ Y)   # tangents go past it
    assert len(LOG) == 1


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def solve(A, b):
    return np.linalg.solve(A.T, b)


elementwise(softplus, lambda y, x: scipy.special.expit(x))
elementwise(scipy.special.cosm1, lambda y, x: -np.sin(x))
elementwise(scipy.special.ber, lambda y, x: scipy.special.berp(x))
custom(solve, jvps=(lambda t, y, A, b: -recorded(solve)(A, t.T @ y), lambda t, y, A, b: recorded(solve)(A, t)),
       vjps=(lambda g, y, A, b: -np.outer(y, np.linalg.solve(A, g)), lambda g, y, A, b: np.linalg.solve(A, g)))
RULES = {
    "of scipy": (lambda x: np.sum(scipy.special.cosm1(x * 2) ** 2), (X,)),
    "of a function of one's own": (lambda x: sum(softplus(v * 2) ** 2 for v in x), (X,)),
    "both modes stated": (lambda s, b: np.sum(solve(np.diag(Y) * s + 0.1, b) ** 2), (1.5, X)),
}


@pytest.mark.parametrize(("f", "args"), RULES.values(), ids=RULES)
def test_rules(f: Any, args: Any) -> None:
    check_grads(f, args, order=2)


def test_rules_of_the_table() -> None:
    gradient = srcad.grad(lambda x: np.sum(scipy.special.ber(x)))
    np.testing.assert_allclose(gradient(Y), scipy.special.berp(Y))
    assert "import scipy.special" in gradient.source
    with pytest.raises(srcad.Unsupported, match=r"scipy\.special\.berp"):
        srcad.hessian(lambda x: np.sum(scipy.special.ber(x)))(Y)
    with pytest.raises(ValueError, match="has a rule already"):
        elementwise(np.sin, lambda y, x: np.cos(x))


@srcad.custom_vjp
def unstated(x):
    return x * 2


def of_another_length(x):
    return wrong(x)


@srcad.custom_vjp
def wrong(x):
    return x * 2


wrong.defvjp(lambda x: (x * 2, None), lambda residuals, g: (g, g))


@srcad.custom_vjp
def of_other_rank(x):
    return x * 2


of_other_rank.defvjp(lambda x: (x * 2, None), lambda residuals, g: (np.sum(g),))

scale = 2.0


def around(w, x):
    def inner(x):
        return reads_around(lambda z: z * w, x)
    return inner(x)


@functools.partial(srcad.custom_vjp, nondiff_argnums=(0,))
def reads_around(function, x):
    return function(x)


reads_around.defvjp(lambda function, x: (function(x), None), lambda function, residuals, g: (g,))
REFUSED = {
    "no rule": (lambda x: np.sum(unstated(x)), (X,), srcad.ArgumentError, "no derivative is stated"),
    "too many cotangents": (lambda x: np.sum(wrong(x)), (X,), srcad.Unsupported, "a tuple of 1"),
    "another rank": (lambda x: np.sum(of_other_rank(x)), (X,), srcad.Unsupported, "it has rank 0, and the argument 1"),
    "what is around": (around, (2.0, 3.0), srcad.Unsupported, "reads from around"),
}


@pytest.mark.parametrize(("f", "args", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_refused(f: Any, args: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        srcad.grad(f)(*args)


def test_emitted_by_import() -> None:
    gradient = srcad.grad(with_constants)
    gradient(X)
    from srcad.backends.emit import emit_program
    from srcad.transforms.pipeline import optimised

    (variant,) = gradient.runner.variants.all()
    text = standalone(emit_program(optimised(variant.func), ()))
    assert "import levels" in text and "srcad" not in text.replace(__name__, "")


class Scaled:
    @srcad.custom_vjp
    def sine(self, x):
        return np.sin(x)

    @srcad.custom_jvp
    def cosine(self, x):
        return np.cos(x)


Scaled.sine.defvjp(lambda self, x: (np.sin(x), x), lambda x, g: (None, 3 * g))
Scaled.cosine.defjvp(lambda primals, tangents: (np.cos(primals[1]), 5 * tangents[1]))


def test_methods() -> None:
    scaled = Scaled()
    assert np.array_equal(srcad.grad(lambda x: np.sum(scaled.sine(x)))(X), [3, 3, 3])
    assert np.array_equal(srcad.grad(lambda x: np.sum(scaled.cosine(x)))(X), [5, 5, 5])


def test_decorators_within() -> None:
    def f(x):
        @srcad.jit
        def squares(x):
            return x * x

        @srcad.grad(wrt=("a",))
        def slope(a):
            return np.sum(a ** 3)

        return np.sum(squares(x)) + np.sum(slope(x)[0])

    assert srcad.grad(f)(X) == pytest.approx(8 * X)

    def stated(x):
        @srcad.custom_vjp
        def inner(x):
            return x

        return np.sum(inner(x))

    with pytest.raises(srcad.Unsupported, match="`custom_vjp` within a function"):
        srcad.grad(stated)(X)


class Sensor:
    def __init__(self, gain: float) -> None:
        self.gain, self.calls = gain, 0

    @srcad.nondifferentiable
    def reading(self, x: float) -> float:
        self.calls += 1
        return self.gain * x

    def weighted(self, x: float) -> float:
        return self.reading(x) * x

    def counted(self, x: float) -> float:
        return self.reading(x) * self.calls

    @srcad.custom_vjp
    def clipped(self, x: Any) -> Any:
        return np.clip(x, 0, 1) * self.gain

    def loss(self, x: Any) -> Any:
        return np.sum(self.clipped(x) ** 2)


Sensor.clipped.defvjp(lambda self, x: (self.clipped(x), self.gain), lambda gain, g: (None, g * gain))


def test_methods_that_are_only_called() -> None:
    sensor = Sensor(3.0)
    assert srcad.grad(sensor.weighted)(2.0) == 6.0 and sensor.calls == 1
    assert srcad.grad(lambda x: Sensor(x).reading(x) * x)(2.0) == 4.0
    with pytest.raises(srcad.Unsupported, match="passed to something that is only called"):
        srcad.grad(sensor.counted)(2.0)


def test_methods_with_attributes() -> None:
    sensor, x = Sensor(3.0), np.array([0.5, 2.0])
    assert np.allclose(srcad.grad(sensor.loss)(x), 2 * 3.0 * sensor.clipped(x))

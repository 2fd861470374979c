"""Derivatives of derivatives, in every order of the modes, and derivatives inside functions that are differentiated.

Second derivatives are compared with central differences of first derivatives, and with each other.
"""

from __future__ import annotations

import numpy as np
import pytest

import srcad
from srcad import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

rng = np.random.default_rng(1)
X = rng.uniform(0.4, 1.2, 3)
V = rng.normal(size=3)


def polynomial(x):
    return np.sum(x ** 3) * x[0] + np.sin(x[1]) * x[2]


def recurrence(x):
    h = 0.0
    for t in range(5):
        h = np.tanh(x[0] * h + x[t % 3])
    return h * h + np.sum(x ** 2)


def elements(x):
    s = 1.0
    for v in x:
        s = s * np.sin(v) + v * v
    return s


def nested_loops(x):
    s = 0.0
    for i in range(3):
        for j in range(i + 1):
            s = s + x[i] * x[j] * np.exp(-x[i])
        s = s * x[i]
    return s


def branch(x):
    y = x * 2
    if np.sum(y) > 1:
        y = y * x
    else:
        y = np.sin(y)
    return np.sum(y ** 2)


def branch_in_loop(x):
    s = x[0]
    for v in x:
        if v > 0.7:
            s = s * v
        else:
            s = s + np.cos(v) * s
    return s


def doubling(x):
    y = x
    n = 0
    while np.sum(y * y) < 50:
        y = y * (1 + x)
        n += 1
    return np.sum(y * np.sin(x)) / n


def broken(x):
    s = 0.0
    for v in x:
        if s > 0.8:
            break
        s = s + v * v
    else:
        s = s * 2
    return s * s


def early(x):
    for v in x:
        if v > 0.9:
            return v ** 3 * x[0]
    return np.prod(x)


def helper(a, b):
    return a * np.exp(-b * b) + b


def calls(x):
    return helper(x[0], helper(x[1], x[2])) * helper(x[2], x[0])


def power(x, n):
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    return half * half * x if n % 2 else half * half


def recursion(x):
    return power(x[0] * x[1], 5) + power(x[2], 3)


def stores(x):
    y = np.zeros(4)
    y[0] = x[0]
    for i in range(3):
        y[i + 1] = y[i] * x[i] + np.sin(x[i])
    y[1:3] *= y[2:]
    return np.sum(y ** 2)


def in_place(x):
    u = x.copy()
    for _ in range(3):
        u[1:] = u[1:] + 0.3 * u[:-1] * u[1:]
        u += x
    return np.sum(u ** 2)


def appended(x):
    ys = []
    for v in x:
        ys.append(np.sin(v) * x[0])
    return np.sum(np.array(ys) ** 2) + ys[1]


def matrices(x):
    a = np.outer(x, x) + 2 * np.eye(3)
    return np.linalg.solve(a, x) @ x + np.linalg.det(a)


def closure(x):
    w = x[0]
    f = lambda v: np.sum(np.where(v > 0.8, v * w, v ** 3))
    return f(x) + f(x * x)


def norm(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m))) + np.linalg.norm(x) + np.var(x)


def transformed(a):
    n = len(a)
    if n == 1:
        return
    even, odd = a[::2].copy(), a[1::2].copy()
    transformed(even)
    transformed(odd)
    turned = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    a[:n // 2] = even + turned
    a[n // 2:] = even - turned


def complex_fft_in_place(x):
    a = np.append(x, x[0] * x[1]).astype(complex)
    transformed(a)
    return np.sum(np.abs(a) ** 2 * np.arange(4.0)) + np.sum(np.sin(a.real))


PROGRAMS = [polynomial, recurrence, elements, nested_loops, branch, branch_in_loop, doubling, broken, early, calls,
            recursion, stores, in_place, complex_fft_in_place, appended, matrices, closure, norm]


def differences(f, x, v, h=1e-6):
    return (f(x + h * v) - f(x - h * v)) / (2 * h)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("f", PROGRAMS)
def test_first_order(f):
    g = grad(f)(X)
    close(g @ V, differences(f, X, V))
    close(jvp(f, (X,), (V,))[1], g @ V)
    close(vjp(f, X)[1](1.0)[0], g)
    close(jacobian(f)(X), g)


@pytest.mark.parametrize("f", PROGRAMS)
def test_second_order_in_every_order_of_modes(f):
    expected = differences(grad(f), X, V)
    close(jvp(grad(f), (X,), (V,))[1], expected)
    close(hvp(f, (X,), (V,)), expected)
    close(vjp(grad(f), X)[1](V)[0], expected)
    close(grad(lambda x: grad(f)(x) @ V)(X), expected)
    close(grad(lambda x: value_and_grad(f)(x)[1] @ V)(X), expected)
    close(grad(lambda x: jvp(f, (x,), (V,))[1])(X), expected)
    close(jvp(lambda x: jvp(f, (x,), (V,))[1], (X,), (V,))[1], expected @ V)
    close(grad(lambda x: vjp(f, x)[1](1.0)[0] @ V)(X), expected)
    close(jvp(lambda x: vjp(f, x)[1](1.0)[0], (X,), (V,))[1], expected)


@pytest.mark.parametrize("f", PROGRAMS)
def test_hessians_of_four_ways(f):
    h = hessian(f)(X)
    close(h, h.T)
    close(h @ V, differences(grad(f), X, V))
    close(jacobian(grad(f), mode="reverse")(X), h)
    close(jacobian(grad(f), mode="forward")(X), h)
    close(jacobian(jacobian(f))(X), h)
    close(np.array([hvp(f, (X,), (e,)) for e in np.eye(3)]), h)


def scalar_loop(x):
    y = x
    for i in range(4):
        y = np.sin(y) * x + i
    return y


def scalar_while(x):
    y = x
    while y < 5.0:
        y = y * x * 1.5
    return y


def scalar_branch(x):
    return x ** 4 if x > 1 else np.exp(x) * x


def scalar_recursion(x):
    return power(x, 6) * x


SCALARS = [scalar_loop, scalar_while, scalar_branch, scalar_recursion, lambda x: np.exp(np.sin(x)), lambda x: x ** 5]


@pytest.mark.parametrize("f", SCALARS)
@pytest.mark.parametrize("x", [1.3, 0.9])
def test_third_order_of_scalars(f, x):
    if f is scalar_while and x < 1:
        x = 1.7
    third = grad(grad(grad(f)))
    expected = differences(grad(grad(f)), x, 1.0, 1e-5)
    close(third(x), expected)
    close(jvp(grad(grad(f)), (x,), (1.0,))[1], expected)
    close(grad(lambda y: jvp(grad(f), (y,), (1.0,))[1])(x), expected)
    close(grad(lambda y: grad(lambda z: grad(f)(z) * y)(y))(x), expected * x + grad(grad(f))(x))


def test_fourth_order():
    f = lambda x: np.sin(2 * x)
    close(grad(grad(grad(grad(f))))(0.3), 16 * np.sin(0.6))


# Derivatives inside of functions that are differentiated.


def test_gradient_penalty():
    def penalty(x):
        return np.sum(grad(polynomial)(x) ** 2)

    h = hessian(polynomial)(X)
    close(grad(penalty)(X), 2 * h @ grad(polynomial)(X))
    close(jvp(penalty, (X,), (V,))[1], 2 * h @ grad(polynomial)(X) @ V)


def test_gradients_with_arguments_of_their_own():
    def loss(w, x, y):
        return np.mean((np.tanh(x @ w) - y) ** 2)

    x, y = rng.normal(size=(5, 3)), rng.normal(size=5)

    def step(w, rate):
        return loss(w - rate * grad(loss)(w, x, y), x, y)

    g = grad(loss)(X, x, y)
    close(grad(step, "rate")(X, 0.1), -grad(loss)(X - 0.1 * g, x, y) @ g)
    close(grad(step)(X, 0.1) @ V, differences(lambda w: step(w, 0.1), X, V))


def test_training_loops():
    def loss(w, k):
        return np.sum((w * k - 1.0) ** 2) + 0.1 * np.sum(w ** 4)

    def trained(k, steps):
        w = np.ones(3)
        for _ in range(steps):
            w = w - 0.1 * grad(loss)(w, k)
        return loss(w, k)

    close(grad(trained)(0.7, 4), differences(lambda k: trained(k, 4), 0.7, 1.0))


def test_newton_with_its_own_derivative():
    def root(a):
        f = lambda x: x ** 3 - a
        x = a
        while abs(f(x)) > 1e-10:
            x = x - f(x) / grad(f)(x)
        return x

    close(grad(root)(2.0), 1 / (3 * 2.0 ** (2 / 3)))


def test_partial_derivatives_of_a_decorated_function():
    @grad(wrt=("q", "p"))
    def hamiltonian(q, p):
        return p * p / 2 + q ** 4 / 4

    def leapfrog(q, p):
        for _ in range(3):
            dq, _ = hamiltonian(q, p)
            p = p - 0.1 * dq
            q = q + 0.1 * hamiltonian(q, p)[1]
        return q * p

    close(grad(leapfrog, (0, 1))(1.0, 0.5), (differences(lambda q: leapfrog(q, 0.5), 1.0, 1.0),
                                             differences(lambda p: leapfrog(1.0, p), 0.5, 1.0)))


def test_other_derivatives_inside():
    close(grad(lambda x: np.sum(jacobian(lambda z: z * z)(x) ** 2))(X), 8 * X)
    close(grad(lambda x: np.sum(hessian(lambda z: np.sum(z ** 3))(x)))(X), np.full(3, 6.0))
    close(grad(lambda x: np.sum(hvp(lambda z: np.sum(z ** 4), (x,), (V,))))(X), 24 * X * V)
    close(grad(lambda x: np.sum(srcad.elementwise_grad(lambda z: z ** 3)(x)))(X), 6 * X)


def test_of_trees():
    f = lambda t: np.sum(t["a"] ** 2 * t["b"][0]) + t["b"][1] ** 3
    t = {"a": X, "b": (2.0, 3.0)}
    outer = grad(lambda t: np.sum(grad(f)(t)["a"] ** 2) + grad(f)(t)["b"][1])(t)
    close(outer["a"], 8 * X * 4.0)
    close(outer["b"][0], 2 * np.sum((2 * X) ** 2) * 2.0)
    close(outer["b"][1], 18.0)

"""JAX's own transformations around compiled functions and gradients: they are plain code of JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import srcad

W, B, XS = 0.5 * np.eye(3), np.full(3, 0.1), np.arange(12.0).reshape(4, 3) / 10
w, b, xs = (jnp.asarray(a, jnp.float32) for a in (W, B, XS))


def recurrent(w, b, xs):
    h = np.zeros(b.shape[0])
    for x in xs:
        h = np.tanh(w @ h + b + x)
    return np.sum(h ** 2)


def until(x, limit):
    while np.sum(x * x) < limit:
        x = x * 1.5 + 0.1 * np.sin(x)
    return np.sum(x)


def chosen(x, k):
    if k == 0:
        return np.sum(x)
    return np.sum(x ** 2) if k == 1 else np.sum(x ** 3)


def in_place(x, n):
    y = x.copy()
    for i in range(n):
        y[i] = y[i - 1] * 2 + y[i]
    return np.sum(y ** 2)


gradient, primal = srcad.grad(recurrent), srcad.jit(recurrent)


def trained(w, _):
    return w - 0.1 * gradient(w, b, xs), primal(w, b, xs)


def trained_in_numpy(steps):
    w, losses = W, []
    for _ in range(steps):
        losses.append(recurrent(w, B, XS))
        w = w - 0.1 * srcad.grad(recurrent)(w, B, XS)
    return losses


AROUND = {
    "jit of a gradient": (lambda: jax.jit(gradient)(w, b, xs), lambda: gradient(W, B, XS)),
    "nested vmap": (lambda: jax.vmap(jax.vmap(gradient, (None, 0, None)), (None, None, 0))(
                        w, jnp.stack([b, 2 * b]), jnp.stack([xs, 2 * xs])),
                    lambda: [[gradient(W, k * B, j * XS) for k in (1, 2)] for j in (1, 2)]),
    "grad of a norm of a gradient": (lambda: jax.grad(lambda w: jnp.sum(gradient(w, b, xs) ** 2))(w),
                                     lambda: srcad.grad(lambda w: np.sum(gradient(w, B, XS) ** 2))(W)),
    "forward over reverse": (lambda: jax.jvp(lambda w: gradient(w, b, xs), (w,), (w,))[1],
                             lambda: srcad.hvp(lambda w: recurrent(w, B, XS), (W,), (W,))),
    "hessian of a function": (lambda: jax.hessian(primal)(w, b, xs), lambda: srcad.hessian(recurrent)(W, B, XS)),
    "training in a scan": (lambda: jax.lax.scan(trained, w, None, length=3)[1], lambda: trained_in_numpy(3)),
    "vmap of a while": (lambda: jax.vmap(lambda k: srcad.grad(until)(b, k))(jnp.asarray([0.0, 5.0, 50.0])),
                        lambda: [srcad.grad(until)(B, k) for k in (0.0, 5.0, 50.0)]),
    "vmap of branches": (lambda: jax.vmap(lambda k: srcad.grad(chosen)(b, k))(jnp.arange(3)),
                         lambda: [srcad.grad(chosen)(B, k) for k in range(3)]),
    "vmap of stores": (lambda: jax.vmap(lambda x: srcad.grad(in_place)(x, 3))(xs),
                       lambda: [srcad.grad(in_place)(x, 3) for x in XS]),
    "jit with a traced count": (lambda: jax.jit(srcad.grad(in_place))(xs[1], 3),
                                lambda: srcad.grad(in_place)(XS[1], 3)),
    "vjp within jit": (lambda: jax.jit(lambda x: srcad.vjp(in_place, x, 3)[1](2.0)[0])(xs[1]),
                       lambda: 2 * srcad.grad(in_place)(XS[1], 3)),
}


@pytest.mark.parametrize("name", AROUND)
def test_around(name):
    ours, expected = AROUND[name]
    found = ours()
    assert isinstance(found, jax.Array) and found.dtype == np.float32
    np.testing.assert_allclose(found, expected(), rtol=1e-4, atol=1e-5)

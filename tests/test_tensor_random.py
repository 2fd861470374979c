"""Gradients of random tensor programs, with views and changes in place, against complex step through plain NumPy.

Each program runs twice: on tensors, and by the second column of the tables below on complex arrays whose imaginary part
is a tiny step along a random direction, so that the imaginary part of the result is the derivative to the last digit.
"""

from __future__ import annotations

import operator
import random

import numpy as np
import pytest
from tensor_modules import MODULES

STEP = 1e-30
UNARY = {
    "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "exp": lambda x: np.exp(x), "neg": operator.neg,
    "abs": lambda x: np.where(x.real < 0, -x, x), "relu": lambda x: np.where(x.real > 0, x, 0 * x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "square": lambda x: x * x, "clone": np.copy,
}
BINARY = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "maximum": lambda x, y: np.where(x.real >= y.real, x + 0 * y, y + 0 * x),
    "where": None, "div": None,
}
REDUCED = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "cumsum": np.cumsum}


class Both:
    """One random program: `tensors[k]` and `arrays[k]` are the same value."""

    def __init__(self, torch, seed):
        self.torch, self.draw = torch, random.Random(seed)
        rng = np.random.default_rng(seed)
        shapes = [(), (3,), (2, 3), (2, 1)]
        values = [rng.normal(size=s) for s in shapes]
        self.along = [rng.normal(size=s) for s in shapes]
        self.leaves = [torch.tensor(v, requires_grad=True) for v in values]
        starts = [v + 1j * STEP * d for v, d in zip(values, self.along, strict=True)]
        self.pairs = [(leaf * 1.0, np.array(a)) for leaf, a in zip(self.leaves, starts, strict=True)]

    def pick(self, test=lambda a: True):
        found = [p for p in self.pairs if test(p[1])]
        return self.draw.choice(found) if found else None

    def add(self, t, a):
        assert tuple(t.shape) == np.shape(a)
        if np.all(np.abs(np.real(a)) < 1e3):
            self.pairs.append((t, a))

    def unary(self):
        name = self.draw.choice(list(UNARY))
        t, a = self.pick()
        self.add(getattr(t, name)(), UNARY[name](a))

    def binary(self):
        name = self.draw.choice(list(BINARY))
        (t, a), (s, b) = self.pick(), self.pick()
        try:
            np.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            return
        if name == "where":
            self.add(self.torch.where(t > s, t * s, t - s), np.where(a.real > b.real, a * b, a - b))
        elif name == "div":
            self.add(t / (1.5 + s * s), a / (1.5 + b * b))
        else:
            self.add(getattr(self.torch, name)(t, s), BINARY[name](a, b))

    def number(self):
        t, a = self.pick()
        c = self.draw.choice([2, 0.5, -1.5, 3])
        k = self.draw.randrange(5)
        self.add(*[(t * c, a * c), (c - t, c - a), (t / c, a / c), (t ** 2, a ** 2), (c + t, c + a)][k])

    def reduced(self):
        name = self.draw.choice(list(REDUCED))
        t, a = self.pick(lambda a: a.ndim)
        axis = self.draw.randrange(a.ndim)
        if name != "cumsum" and self.draw.random() < 0.5:
            self.add(getattr(t, name)(dim=axis, keepdim=True), REDUCED[name](a, axis=axis, keepdims=True))
        else:
            self.add(getattr(t, name)(dim=axis), REDUCED[name](a, axis=axis))

    def product(self):
        t, a = self.pick(lambda a: a.ndim == 2)
        self.add(t @ t.T, a @ a.T)

    def shaped(self):
        t, a = self.pick(lambda a: a.ndim)
        k = self.draw.randrange(6)
        pairs = [lambda: (t.reshape(-1), a.reshape(-1)), lambda: (t.unsqueeze(0), a[None]), lambda: (t.T, a.T),
                 lambda: (t.flatten(), a.flatten()), lambda: (t.flip(0), np.flip(a, 0)),
                 lambda: (t.squeeze(), a.squeeze())]
        if np.ndim(a) < 4:
            self.add(*pairs[k]())

    def joined(self):
        t, a = self.pick(lambda a: a.ndim)
        s, b = self.pick(lambda b: b.shape == a.shape)
        if a.size < 40:
            self.add(self.torch.cat([t, s]), np.concatenate([a, b]))
            self.add(self.torch.stack([t, s], dim=-1), np.stack([a, b], axis=-1))

    def read(self):
        t, a = self.pick(lambda a: a.ndim and len(a))
        k = self.draw.randrange(-a.shape[0], a.shape[0])
        rows = [self.draw.randrange(a.shape[0]) for _ in range(3)]
        pairs = [lambda: (t[k], a[k]), lambda: (t[:2], a[:2]), lambda: (t[..., -1], a[..., -1]),
                 lambda: (t[rows], a[rows]), lambda: (t[t > 0].sum(), a[a.real > 0].sum())]
        self.add(*pairs[self.draw.randrange(5)]())

    def changed(self):
        """In place, on a fresh value or a view of it, so that nothing that backward reads is overwritten."""
        t, a = self.pick(lambda a: a.ndim)
        s, b = self.pick(lambda b: b.ndim == 0)
        t, a = t * 1.0, a * 1.0
        v, w = (t[1:], a[1:]) if self.draw.random() < 0.5 else (t.T, a.T)
        k = self.draw.randrange(4)
        if k == 0:
            v += s
            w += b
        elif k == 1:
            v *= 2
            w *= 2
        elif k == 2 and len(a):
            t[-1] = s
            a[-1] = b
        elif k == 3:
            t[t > 0] = 0.25
            a[a.real > 0] = 0.25
        self.add(t, a)
        self.add(v * 1.0, w * 1.0)

    def run(self, steps):
        kinds = [self.unary, self.unary, self.binary, self.binary, self.number, self.reduced, self.product, self.shaped,
                 self.joined, self.read, self.changed, self.changed]
        for _ in range(steps):
            self.draw.choice(kinds)()
        total, exact = 0, 0
        for t, a in self.pairs[len(self.leaves):]:
            total, exact = total + (t * t).sum() * 0.1, exact + (a * a).sum() * 0.1
        return total, exact


def check(torch, seed, steps=8):
    program = Both(torch, seed)
    total, exact = program.run(steps)
    if not torch.is_tensor(total):
        return
    assert float(total) == pytest.approx(float(np.real(exact)), rel=1e-12)
    total.backward(retain_graph=True)
    found = sum(float(np.sum(leaf.grad.numpy() * d)) for leaf, d in zip(program.leaves, program.along, strict=True)
                if leaf.grad is not None)
    assert found == pytest.approx(float(np.imag(exact)) / STEP, rel=1e-9, abs=1e-9), seed


@pytest.mark.parametrize("torch", MODULES)
@pytest.mark.parametrize("first", range(0, 120, 20))
def test_random_programs(first, torch):
    for seed in range(first, first + 20):
        check(torch, seed)


@pytest.mark.parametrize("torch", MODULES)
def test_second_order(torch):
    """The derivative of the gradient along a direction, against the gradient at two points."""
    def slopes(seed, shift):
        program = Both(torch, seed)
        for leaf, d in zip(program.leaves, program.along, strict=True):
            leaf.data += torch.tensor(shift * d)
        program.pairs = [(leaf * 1.0, np.array(leaf.detach().numpy() + 0j)) for leaf in program.leaves]
        total, _ = program.run(6)
        if not torch.is_tensor(total):
            return None
        return program, torch.autograd.grad(total, program.leaves, create_graph=True, allow_unused=True)

    for seed in range(20):
        here = slopes(seed, 0.0)
        if here is None:
            continue
        program, gradients = here
        used = [(g, torch.tensor(d)) for g, d in zip(gradients, program.along, strict=True) if g is not None]
        slope = sum((g * d).sum() for g, d in used)
        if not slope.requires_grad:
            continue
        rows = torch.autograd.grad(slope, program.leaves, allow_unused=True)
        found = sum(float((r * torch.tensor(d)).sum()) for r, d in zip(rows, program.along, strict=True)
                    if r is not None)
        ends = []
        for h in (1e-6, -1e-6):
            _, moved = slopes(seed, h)
            ends.append(sum(float((g * torch.tensor(d)).sum()) for g, d in zip(moved, program.along, strict=True)
                            if g is not None))
        assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-5), seed

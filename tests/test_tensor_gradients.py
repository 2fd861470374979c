"""The gradient of every operation, against differences; against PyTorch's to second order, where it is installed."""

from __future__ import annotations

import importlib.util
import math
import warnings

import numpy as np
import pytest
from tensor_modules import MODULES

import srcad.tensor

RNG = np.random.default_rng(0)
# x and y of shape (3, 4), p of the same and positive, v of 4, q of (3, 3).
VALUES = {"x": RNG.normal(size=(3, 4)), "y": RNG.normal(size=(3, 4)), "p": RNG.uniform(0.5, 2, size=(3, 4)),
          "v": RNG.normal(size=4), "q": RNG.normal(size=(3, 3))}
ALONG = {name: RNG.normal(size=a.shape) for name, a in VALUES.items()}
ELEMENTWISE = """
x*y | x/p | p**y | p**2.5 | x+y*2 | 2-x | 2/p | x.exp() | p.log() | p.sqrt() | x.sin() | x.cos() | x.tan() | x.tanh()
x.sigmoid() | x.relu() | x.abs() | p.rsqrt() | p.reciprocal() | x.square() | x.sign()*y | x.atan() | (x*.3).asin()
(x*.3).acos() | x.sinh() | x.cosh() | x.asinh() | (p+1).acosh() | (x*.3).atanh() | p.log1p() | x.expm1() | p.log2()
p.log10() | x.exp2() | torch.maximum(x, y) | torch.minimum(x, y) | x.clamp(-.5, .5) | x.clamp(min=0) | x.clamp(max=.2)
torch.atan2(x, p) | torch.lerp(x, y, 0.3) | x % 0.7 | x.floor() * y | torch.where(x > 0, x, y) | x.double() * 2.
torch.where(x > y, x * 2, 1.) | torch.nn.functional.softplus(x) | x.neg() + x.positive() | 2 ** x | x / 3 | 3 - 2 * x
torch.hypot(x, p) | torch.fmod(5 * x, 2) | torch.logaddexp(x, y) | x.frac() * y | x.deg2rad() | x.sinc() | x.erf()
x.erfc() * y | p.lgamma() | p.digamma() | torch.nan_to_num(x * y) | torch.erfinv(p / 3)
"""
ACTIVATIONS = """
gelu(x) | gelu(x, approximate="tanh") | leaky_relu(x, 0.2) | elu(x) | silu(x) | logsigmoid(x) | hardtanh(x)
l1_loss(x, y) | smooth_l1_loss(x, y, beta=0.5) | huber_loss(x, y, delta=0.7) | huber_loss(x, y, reduction="sum")
binary_cross_entropy(p / 3, (y > 0).double()) | binary_cross_entropy_with_logits(x, y.sigmoid())
pad(x, (1, 2, 0, 1), value=2.) | kl_div(x.log_softmax(0), p.softmax(0), reduction="batchmean")
cosine_similarity(x, y) | dropout(x, 0.3, training=False)
"""
REDUCTIONS = """
x.sum() | x.sum(0) | x.sum(1, keepdim=True) | x.mean() | x.mean(1) | x.prod() | x.prod(0) | x.std() | x.std(0)
x.var(1) | x.var(unbiased=False) | x.max() | x.max(0).values | x.max(1, keepdim=True).values | x.min() | x.amax(0)
x.amin((0, 1)) | x.norm() | x.norm(dim=0) | x.norm(1) | x.norm(3) | x.norm(p=math.inf) | x.cumsum(0) | p.cumprod(1)
x.logsumexp(0) | x.logsumexp((0, 1)) | x.softmax(1) | x.log_softmax(0) | x.sort(1).values | x.topk(2).values
x.std((0, 1)) | x.var((0, 1), keepdim=True) | x.norm(2, 1, True) | x.norm(dim=(0, 1)) | x.min(1)[0]
torch.nn.functional.mse_loss(x, y) | torch.nn.functional.cross_entropy(x, torch.tensor([0, 3, 1]))
torch.nn.functional.normalize(x) | x.median() | x.median(1).values | torch.quantile(x, 0.3) | x.quantile(0.3, dim=1)
torch.quantile(x, torch.tensor([.1, .6]).double(), dim=0, keepdim=True) | x.cov() | torch.corrcoef(x) | v.cov()
x.diff() | torch.diff(x, 2, 0) | torch.trapezoid(x, v) | torch.trapz(x, dx=0.5, dim=0)
"""
SHAPES = """
x.reshape(12) | x.view(2, 6) | x.T | x.t() | x.permute(1, 0) | x.transpose(0, 1) | x.unsqueeze(1) | x[None].squeeze(0)
x.flatten() | x.expand(2, 3, 4) | x.repeat(2, 1) | torch.cat([x, y], 0) | torch.cat([x, x], 1) | torch.stack([x, y], 1)
x.split(2, 1)[1] | x.chunk(2, 0)[0] | x.unbind(0)[2] | x.flip(0) | x.roll(1, 0) | x.tril() | x.triu(1) | x.diagonal()
torch.diag(v) | torch.diag(x[:, :3]) | x.narrow(1, 1, 2) | x.movedim(0, 1) | x.clone() | x.repeat_interleave(2)
x.unflatten(1, (2, 2)) | x[0] | x[:, 1] | x[1, 2] | x[..., 0] | x[::2] | x[[0, 0, 2]] | x[:, [1, 3]] | x[x > 0]
x[torch.tensor([0, 1]), torch.tensor([1, 2])] | x.gather(1, torch.tensor([[0, 0], [1, 2], [3, 3]]))
x.index_select(1, torch.tensor([0, 0])) | x.masked_fill(x > 0, 2.) | x.masked_select(x > 0)
x.take(torch.tensor([0, 5, 5])) | torch.hstack([x, y]) | torch.vstack([x, y]) | x.mT
torch.zeros(3, 4).double().scatter(1, torch.tensor([[0, 2], [1, 3]]), x[1:, ::2])
y.scatter_add(0, torch.tensor([[0, 0, 1, 2]] * 3), x)
y.index_add(0, torch.tensor([0, 0, 1]), x, alpha=2) | y.clone().scatter_(1, torch.tensor([[1], [3]]), 2.) * x
(y * 1).index_add_(1, torch.tensor([3, 3]), x[:, :2])
"""
PRODUCTS = """
x @ v | x @ x.T | torch.mv(x, v) | torch.mm(x, x.T) | torch.dot(v, v) | torch.outer(v, v) | v @ x.T
torch.einsum('ij,kj->ik', x, y) | torch.bmm(x[None], x.T[None]) | x[None].expand(2, 3, 4) @ v | q.trace() | q.det()
q.inverse() | torch.linalg.solve(q, x) | torch.linalg.norm(x) | torch.linalg.matrix_norm(x, 'nuc')
torch.linalg.norm(q, 2) | torch.linalg.svdvals(x) | torch.linalg.eigvalsh(q + q.T)
torch.linalg.eigh(q @ q.T).eigenvalues | torch.linalg.eigh(q @ q.T).eigenvectors.abs() | torch.linalg.qr(q).R.abs()
torch.linalg.cholesky(q @ q.T + torch.eye(3).double()) | torch.linalg.slogdet(q)[1] | torch.linalg.matrix_power(q, 3)
torch.linalg.pinv(x) | torch.cross(q[0], q[1], dim=0) | torch.linalg.eigvals(q).abs() | torch.linalg.eig(q)[1].abs()
torch.nn.functional.linear(x, y, v[:3]) | torch.linalg.svd(q)[0].abs() | torch.kron(q, v[:2])
torch.tensordot(x, y, dims=([0], [0])) | torch.tensordot(q, x, dims=1) | torch.addmm(q, x, y.T, alpha=2., beta=.5)
torch.addmv(v[:3], x, v) | torch.baddbmm(q[None], x[None], y.T[None])
"""
CODES = [c.strip() for group in (ELEMENTWISE, REDUCTIONS, SHAPES, PRODUCTS)
         for line in group.strip().splitlines() for c in line.split("|") if c.strip()]
CODES += [f"torch.nn.functional.{c.strip()}" for c in ACTIVATIONS.replace("\n", "|").split("|") if c.strip()]


def inputs(torch, shift=0.0, needs=True):
    return {n: torch.tensor(a + shift * ALONG[n], requires_grad=needs) for n, a in VALUES.items()}


def weighted(torch, code, given):
    """The result of `code` as one number: the sum of its elements with fixed weights."""
    y = eval(code, {"torch": torch, "math": math, **given})
    weights = np.cos(np.arange(float(y.numel())) + 1).reshape(tuple(y.shape))
    return (y * torch.tensor(weights).to(y.dtype)).sum()


def slope(rows):
    return sum(float(np.sum(np.asarray(g.detach()) * ALONG[n])) for n, g in zip(VALUES, rows, strict=True)
               if g is not None)


@pytest.mark.parametrize("torch", MODULES)
@pytest.mark.parametrize("code", CODES)
def test_against_differences(code, torch):
    given = inputs(torch)
    found = slope(torch.autograd.grad(weighted(torch, code, given), list(given.values()), allow_unused=True))
    ends = [float(weighted(torch, code, inputs(torch, h, needs=False))) for h in (1e-6, -1e-6)]
    assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7)


def derivatives(torch, code):
    """Gradients, and gradients of a number made of them."""
    leaves = list((given := inputs(torch)).values())
    first = torch.autograd.grad(weighted(torch, code, given), leaves, create_graph=True, allow_unused=True)
    parts = [weighted(torch, "g", {"g": g}) for g in first if g is not None and g.requires_grad]
    second = torch.autograd.grad(sum(parts), leaves, allow_unused=True) if parts else []
    # Where there is no derivative PyTorch has None, or a zero without memory.
    return [np.zeros(()) if g is None else np.array((g.detach() + 0.0).tolist()) for g in (*first, *second)]


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("code", CODES)
def test_against_torch(code):
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = derivatives(srcad.tensor, code), derivatives(torch, code)
    for a, b in zip(ours, theirs, strict=False):
        assert np.allclose(a, b, rtol=1e-7, atol=1e-9)
    # A second derivative that one of them does not have is zero.
    for rest in (ours[len(theirs):], theirs[len(ours):]):
        assert not any(map(np.any, rest))

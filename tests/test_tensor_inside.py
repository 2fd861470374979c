"""Calls of tensors inside functions that srcad differentiates by their source: there tensors are arrays."""

from __future__ import annotations

import numpy as np
import pytest

import srcad.tensor as torch
from srcad import Unsupported, grad, hessian, jacobian, jvp, value_and_grad, vjp

X = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]], dtype=torch.float64)
V = torch.tensor([0.2, 0.4, -0.6], dtype=torch.float64)
PLACES = torch.tensor([[0, 1], [1, 1]])
CALLS = [
    lambda x, v: x.sum(), lambda x, v: x.sum(dim=0).norm(), lambda x, v: x.sum(axis=1, keepdims=True).exp().sum(),
    lambda x, v: torch.sum(x * x, 1).prod(), lambda x, v: x.mean() * x.std() + x.var(dim=1).sum(),
    lambda x, v: x.var(unbiased=False), lambda x, v: torch.mv(x, v).sin().sum(),
    lambda x, v: torch.mm(x, x.T).sum(), lambda x, v: (x @ x.t()).trace(), lambda x, v: torch.dot(x[0], v).exp(),
    lambda x, v: torch.cat((x, x), dim=1).square().sum(), lambda x, v: torch.stack([x[1], v * v]).norm(),
    lambda x, v: x.reshape(3, 2)[0].sum(), lambda x, v: x.view(-1).cumsum(dim=0).mean(),
    lambda x, v: x.permute(1, 0)[1].sum(), lambda x, v: x.transpose(0, 1)[2].prod(),
    lambda x, v: x.unsqueeze(0).squeeze(0).tanh().sum(), lambda x, v: torch.relu(x).sum() + torch.sigmoid(x).sum(),
    lambda x, v: x.clamp(-0.5, 1).sum(), lambda x, v: torch.where(x > 0, x * 2, x.exp()).sum(),
    lambda x, v: x.abs().log().sum(), lambda x, v: x.max() + x.min() * x.amax(dim=1).sum(),
    lambda x, v: torch.softmax(x, dim=1)[:, 0].sum(), lambda x, v: x.log_softmax(1)[0, 2],
    lambda x, v: torch.maximum(x, 0 * x).sum(), lambda x, v: x.norm(1) + x.norm(dim=1).sum(),
    lambda x, v: torch.einsum("ij,j->i", x, v).sum(), lambda x, v: torch.outer(x[0], v).norm(),
    lambda x, v: (x.detach() * x).sum(), lambda x, v: x.flatten()[1:].pow(2).sum(), lambda x, v: x.size(0) * x.sum(),
    lambda x, v: (x.numel() + x.dim()) * x.neg().sum(), lambda x, v: x.flip(0)[0].sum(),
    lambda x, v: torch.inverse(torch.eye(3) + torch.outer(v, v)).sum() + x.sum(),
    lambda x, v: (torch.ones(2, 3).double() * x).sum() + (torch.zeros((3,)) + v).sum(),
    lambda x, v: torch.nn.functional.mse_loss(x, 0 * x), lambda x, v: torch.det(x @ x.T),
    lambda x, v: torch.logsumexp(x, 0, keepdim=True).sum() + x.logsumexp(1)[0], lambda x, v: x.sort(1)[0][:, 0].sum(),
    lambda x, v: x.sort(1, descending=True).values[:, 1].prod(), lambda x, v: torch.topk(x, 2)[0].prod(),
    lambda x, v: torch.gather(x, 1, PLACES).pow(2).sum(), lambda x, v: x.index_select(0, PLACES[0]).pow(2).sum(),
    lambda x, v: x.masked_fill(x > 0, 3.0).prod(), lambda x, v: x.expand(2, 2, 3).pow(2).sum(),
    lambda x, v: (v.expand_as(x) * x).sum(), lambda x, v: (x.repeat(2, 1) * torch.vstack([x, x])).sum(),
    lambda x, v: x.repeat_interleave(2).pow(2).sum() + (x.roll(1, 0) * x).sum(),
    lambda x, v: x.split(2, 1)[0].pow(2).sum() + x.chunk(2, 0)[1].exp().sum(), lambda x, v: x.unbind(0)[1].exp().sum(),
    lambda x, v: (x.movedim(0, 1) @ x).sum() + torch.diag(v).sum(), lambda x, v: x.diff().pow(2).sum(),
    lambda x, v: x.cumprod(0).sum() * torch.lerp(x, x * 2, 0.3).sum(), lambda x, v: (x ** 2 + 1).rsqrt().sum(),
    lambda x, v: x.clone().add_(1).mul_(x).sub_(2).div_(3).sum(), lambda x, v: (x * 2).zero_().sum() + x.sum(),
    lambda x, v: torch.linalg.norm(x) * torch.linalg.slogdet(x @ x.T)[1], lambda x, v: x.max(dim=1)[0].prod(),
    lambda x, v: torch.linalg.solve(x @ x.T, x).sum() + torch.linalg.inv(x @ x.T).trace(),
    lambda x, v: x.max(1).values.sum() + torch.min(x, 0, keepdim=True).values.exp().sum(), lambda x, v: torch.median(x),
    lambda x, v: torch.nn.functional.linear(x, x).sum() + torch.nn.functional.softplus(x).sum(),
    lambda x, v: torch.nn.functional.elu(x).sum() + torch.nn.functional.leaky_relu(x, 0.2).sum(),
    lambda x, v: torch.nn.functional.l1_loss(x, 0 * x) + torch.nn.functional.normalize(x).sum(),
    lambda x, v: torch.nn.functional.binary_cross_entropy_with_logits(x, (x > 0).double()),
    lambda x, v: torch.addmm(torch.ones(2, 2).double(), x, x.T).sum() + torch.tensordot(x, x, dims=2),
    lambda x, v: torch.full((2, 3), 2.0).double().mul(x).sum() + (torch.linspace(0, 1, 3).double() * x).sum(),
    lambda x, v: torch.where(x.gt(0.1), x * 2, x).sum() + (x.eq(x).double() * x).sum(),
    lambda x, v: torch.cdist(x, x + 1).sum() + torch.cov(x).sum(), lambda x, v: (x + 0 * torch.randn(2, 3)).exp().sum(),
    lambda x, v: x.to(torch.float64).sum() * x[x > 0].prod(), lambda x, v: torch.hypot(x, x + 1).sum(),
    lambda x, v: torch.nn.functional.cross_entropy(x, np.array([2, 0])),
]


@pytest.mark.parametrize("k", range(len(CALLS)))
def test_as_recorded(k):
    """The gradient by the function's source is that of the record."""
    f = CALLS[k]
    x = X.clone().requires_grad_()
    recorded = f if k < len(CALLS) - 1 else lambda x, v: torch.nn.functional.cross_entropy(x, torch.tensor([2, 0]))
    y = recorded(x, V)
    y.backward()
    value, slope = value_and_grad(f)(X, V)
    assert isinstance(slope, torch.Tensor) and slope.dtype == torch.float64
    assert float(value) == pytest.approx(float(y), rel=1e-12)
    assert torch.allclose(slope, x.grad, rtol=1e-10, atol=1e-12)


@grad
def control(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


@pytest.mark.parametrize("a", [0.37, -1.5])
def test_control_flow_of_the_notes(a):
    x = torch.tensor(a)
    assert control(x) == control.primal(x) / x
    assert "while np.linalg.norm(b) < 1000:" in control.source and "for _ in range(trips):" in control.source


def test_other_derivatives():
    x = torch.arange(3.0)
    assert repr(jacobian(lambda x: x ** 2)(x)) == "tensor([[0., 0., 0.],\n        [0., 2., 0.],\n        [0., 0., 4.]])"
    assert repr(hessian(lambda x: (x ** 3).sum())(x)[2]) == "tensor([ 0.,  0., 12.])"
    y, pullback = vjp(lambda x: x.view(3, 1), x)
    assert y.shape == (3, 1) and repr(pullback(torch.ones(3, 1))) == "(tensor([1., 1., 1.]),)"
    assert repr(jvp(lambda x: x.mean(), (x,), (torch.ones(3),))) == "(tensor(1.), tensor(1.))"
    assert grad(lambda p: p["w"].norm())({"w": torch.tensor([3.0, 4.0])})["w"].tolist() == pytest.approx([0.6, 0.8])


def test_tensors_from_around_the_function():
    weights = torch.tensor([1.0, 2.0])
    assert grad(lambda x: (x * weights).sum())(torch.zeros(2)).tolist() == [1, 2]
    assert np.array_equal(grad(lambda x: np.sum(x * weights))(np.zeros(2)), [1, 2])


def test_arrays_have_methods_of_arrays():
    """`std` of an array is NumPy's, of a tensor PyTorch's."""
    x = np.array([1.0, 2.0, 4.0])
    spread = value_and_grad(lambda x: x.std())
    assert spread(x)[0] == np.std(x)
    assert float(spread(torch.tensor(x))[0]) == pytest.approx(np.std(x, ddof=1))
    with pytest.raises(Unsupported, match="arrays have no such attribute"):
        grad(lambda x: x.norm())(x)


def test_refused():
    with pytest.raises(Unsupported, match="a call of unique of tensors"):
        grad(lambda x: torch.unique(x).sum())(torch.ones(3))
    with pytest.raises(RuntimeError, match="its gradients would stop here"):
        grad(lambda x: x.sum())(torch.ones(3, requires_grad=True))
    with torch.no_grad():
        assert grad(lambda x: x.sum())(torch.ones(3, requires_grad=True)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("function", [np.sum, np.mean, np.max, np.std, np.sqrt, np.ravel, np.cumsum, np.transpose])
def test_functions_of_numpy_take_tensors(function):
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    args = (0,) if function is np.cumsum else ()
    assert np.allclose(np.asarray(function(torch.tensor(x), *args)), function(x, *args))

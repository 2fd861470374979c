"""How tensors behave, a line at a time: what is printed, what is refused and by which error, what gradients are.

Every row runs against srcad and, where it is installed, against PyTorch; what is expected is written down here.
"""

from __future__ import annotations

import re

import pytest
from tensor_modules import MODULES
from test_tensor_notes import shown

PRINTED = [
    # --- types of elements
    ("torch.tensor([1, 2]).dtype, torch.tensor([1., 2]).dtype, torch.tensor(True).dtype",
     "(torch.int64, torch.float32, torch.bool)"),
    ("torch.tensor([1, 2], dtype=torch.float64)", "tensor([1., 2.], dtype=torch.float64)"),
    ("torch.tensor([1.5]).int()", "tensor([1], dtype=torch.int32)"),
    ("torch.ones(2).double() + torch.ones(2)", "tensor([2., 2.], dtype=torch.float64)"),
    ("torch.arange(3) + 0.5", "tensor([0.5000, 1.5000, 2.5000])"),
    ("torch.arange(3) / 2", "tensor([0.0000, 0.5000, 1.0000])"),
    ("torch.arange(4) // 2, torch.arange(-3, 3) // 2", "(tensor([0, 0, 1, 1]), tensor([-2, -1, -1,  0,  0,  1]))"),
    ("torch.arange(-3, 3) % 2", "tensor([1, 0, 1, 0, 1, 0])"),
    ("torch.ones(2) * torch.tensor(2, dtype=torch.float64)", "tensor([2., 2.])"),
    ("torch.arange(2) * torch.tensor(2.5)", "tensor([0.0000, 2.5000])"),
    ("torch.arange(2) + torch.ones(2, dtype=torch.float16)", "tensor([1., 2.], dtype=torch.float16)"),
    ("torch.tensor([True, False]) + 1", "tensor([2, 1])"),
    ("torch.tensor([True, False]) + torch.tensor([True, True])", "tensor([True, True])"),
    ("torch.tensor([1], dtype=torch.uint8) + torch.tensor([1], dtype=torch.int8)", "tensor([2], dtype=torch.int16)"),
    ("torch.arange(3).exp().dtype, torch.sqrt(torch.tensor(4))", "(torch.float32, tensor(2.))"),
    ("torch.arange(4).sum(), torch.tensor([True, True]).sum(), torch.arange(1, 4).prod()",
     "(tensor(6), tensor(2), tensor(6))"),
    ("torch.arange(3).to(torch.float32), torch.arange(3).float().long()",
     "(tensor([0., 1., 2.]), tensor([0, 1, 2]))"),
    ("2 ** torch.arange(4), torch.arange(4) ** 2, 2 ** torch.tensor([0.5])",
     "(tensor([1, 2, 4, 8]), tensor([0, 1, 4, 9]), tensor([1.4142]))"),
    ("1 / torch.tensor([2, 4]), 1 - torch.arange(2), 7 // torch.tensor([2, 4])",
     "(tensor([0.5000, 0.2500]), tensor([1, 0]), tensor([3, 1]))"),
    ("torch.full((2,), 7), torch.full((2,), 7.0), torch.full((1, 2), True)",
     "(tensor([7, 7]), tensor([7., 7.]), tensor([[True, True]]))"),
    ("torch.eye(2), torch.eye(2, 3)[0]", "(tensor([[1., 0.],\n        [0., 1.]]), tensor([1., 0., 0.]))"),
    ("torch.linspace(0, 1, 5), torch.arange(1, 2, 0.25), torch.arange(5, 0, -2)",
     "(tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000]), tensor([1.0000, 1.2500, 1.5000, 1.7500]), "
     "tensor([5, 3, 1]))"),
    ("torch.result_type(torch.arange(2), 1.0), torch.promote_types(torch.int64, torch.float32)",
     "(torch.float32, torch.float32)"),
    # --- printing
    ("torch.tensor([])", "tensor([])"),
    ("torch.zeros(2, 0), torch.zeros(0, dtype=torch.int64)", "(tensor([], size=(2, 0)), tensor([], dtype=torch.int64))"),
    ("torch.tensor([1e-5, 1.0]), torch.tensor([1.0, 1e9]), torch.tensor([0.001, 1.0])",
     "(tensor([1.0000e-05, 1.0000e+00]), tensor([1.0000e+00, 1.0000e+09]), tensor([0.0010, 1.0000]))"),
    ("torch.tensor([1.5, float('nan'), float('inf')]), torch.tensor([1., -float('inf')])",
     "(tensor([1.5000,    nan,    inf]), tensor([1., -inf]))"),
    ("torch.tensor(3.14159265), torch.tensor(2), torch.tensor(False)", "(tensor(3.1416), tensor(2), tensor(False))"),
    ("torch.tensor([[1], [-20]])", "tensor([[  1],\n        [-20]])"),
    ("torch.arange(30)",
     "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
     "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])"),
    ("torch.arange(1001)", "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    ("torch.zeros(40, 40)", "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n" + "        [0., 0., 0.,  ..., 0., 0., 0.],\n" * 2
     + "        ...,\n" + "        [0., 0., 0.,  ..., 0., 0., 0.],\n" * 2 + "        [0., 0., 0.,  ..., 0., 0., 0.]])"),
    ("torch.ones(2, requires_grad=True) * 2", "tensor([2., 2.], grad_fn=<MulBackward0>)"),
    ("torch.ones(2, dtype=torch.float64, requires_grad=True)",
     "tensor([1., 1.], dtype=torch.float64, requires_grad=True)"),
    ("(torch.ones(3, 4, requires_grad=True) / 3)[:2]",
     "tensor([[0.3333, 0.3333, 0.3333, 0.3333],\n        [0.3333, 0.3333, 0.3333, 0.3333]], "
     "grad_fn=<SliceBackward0>)"),
    ("torch.Size([2, 3]), torch.zeros(2, 3).shape == (2, 3), torch.zeros(2, 3).shape[1:], torch.Size([2, 3]).numel()",
     "(torch.Size([2, 3]), True, torch.Size([3]), 6)"),
    ("f'{torch.tensor(3.14159):.2f}'", "'3.14'"),
    ("torch.float32, torch.int64, torch.bool, torch.double", "(torch.float32, torch.int64, torch.bool, torch.float64)"),
    # --- names of what was recorded
    *[(f"x = torch.rand(3, 3, requires_grad=True) + 1\n({code}).grad_fn.name()", repr(name)) for code, name in {
        "x + 1": "AddBackward0", "x - 1": "SubBackward0", "1 - x": "RsubBackward1", "x * 2": "MulBackward0",
        "x / 2": "DivBackward0", "x ** 2": "PowBackward0", "2 ** x": "PowBackward2", "x ** x": "PowBackward1", "-x": "NegBackward0",
        "x.exp()": "ExpBackward0", "x.log()": "LogBackward0", "x.sin()": "SinBackward0", "x.tanh()": "TanhBackward0",
        "x.sqrt()": "SqrtBackward0", "x.abs()": "AbsBackward0", "torch.relu(x)": "ReluBackward0",
        "torch.sigmoid(x)": "SigmoidBackward0", "x.sum()": "SumBackward0", "x.sum(dim=0)": "SumBackward1",
        "x.mean()": "MeanBackward0", "x.mean(0)": "MeanBackward1", "x.max()": "MaxBackward1",
        "x.max(0).values": "MaxBackward0", "x @ x": "MmBackward0", "x @ x[0]": "MvBackward0", "x.T": "PermuteBackward0",
        "x.t()": "TBackward0", "x.reshape(9)": "ViewBackward0", "x[0]": "SelectBackward0", "x[1:]": "SliceBackward0",
        "x[[0, 1]]": "IndexBackward0", "torch.cat([x, x])": "CatBackward0", "torch.stack([x, x])": "StackBackward0",
        "x.clone()": "CloneBackward0", "x.unsqueeze(0)": "UnsqueezeBackward0", "x.cumsum(0)": "CumsumBackward0",
        "x.norm()": "LinalgVectorNormBackward0", "x.std()": "StdBackward0", "x.double()": "ToCopyBackward0",
        "torch.where(x > 0, x, 0.)": "WhereBackward0", "torch.maximum(x, x)": "MaximumBackward0",
        "torch.softmax(x, 0)": "SoftmaxBackward0", "x.prod()": "ProdBackward0"}.items()],
    # --- where elements are, and how often
    ("torch.unique(torch.tensor([3, 1, 3]), return_inverse=True, return_counts=True)",
     "(tensor([1, 3]), tensor([1, 0, 1]), tensor([1, 2]))"),
    ("torch.nonzero(torch.tensor([[0, 1], [2, 0]])), torch.tensor([0, 4]).nonzero(as_tuple=True)",
     "(tensor([[0, 1],\n        [1, 0]]), (tensor([1]),))"),
    ("torch.searchsorted(torch.arange(4.), torch.tensor([1., 1.5])), torch.bucketize(torch.tensor([0.5]), torch.arange(3.))",
     "(tensor([1, 2]), tensor([1]))"),
    ("torch.histc(torch.tensor([0., 1., 1., 4.]), 2), torch.histc(torch.ones(3), bins=2, min=0, max=4)",
     "(tensor([3., 1.]), tensor([3., 0.]))"),
    ("torch.median(torch.tensor([4., 1., 3., 2.])), torch.tensor([[3, 1, 2]]).median(1)",
     "(tensor(2.), torch.return_types.median(\nvalues=tensor([2]),\nindices=tensor([2])))"),
    ("torch.quantile(torch.arange(5.), 0.25), torch.quantile(torch.arange(5.), torch.tensor([0., .5]))",
     "(tensor(1.), tensor([0., 2.]))"),
    ("torch.cdist(torch.zeros(1, 2), torch.tensor([[3., 4.], [0., 2.]])), torch.heaviside(torch.tensor([-1., 0.]), "
     "torch.tensor([.5]))", "(tensor([[5., 2.]]), tensor([0.0000, 0.5000]))"),
    ("x = torch.zeros(3)\nx.scatter_(0, torch.tensor([1]), 1.).index_add_(0, torch.tensor([0, 0]), torch.ones(2))",
     "tensor([2., 1., 0.])"),
    # --- devices and scalars of NumPy
    ("device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\ndevice, str(device), "
     "torch.ones(1, device=device).to(device).device == device", "(device(type='cpu'), 'cpu', True)"),
    ("import numpy as np\n(torch.ones(2) * np.float64(2)).dtype, (torch.arange(2) + np.int32(1)).dtype",
     "(torch.float32, torch.int64)"),
    # --- attributes and conversion
    ("torch.zeros(2, 3).ndim, torch.zeros(2, 3).dim(), len(torch.zeros(2, 3)), torch.zeros(2, 3).numel()", "(2, 2, 2, 6)"),
    ("torch.arange(4).tolist(), torch.tensor([[1.5]]).tolist(), torch.tensor(2).tolist()", "([0, 1, 2, 3], [[1.5]], 2)"),
    ("torch.zeros(2, 3).stride(), torch.zeros(2, 3).t().stride(), torch.zeros(2, 3).element_size()",
     "((3, 1), (1, 3), 4)"),
    ("float(torch.tensor([2.5])), int(torch.tensor(3.9)), bool(torch.tensor([0])), [1, 2, 3][torch.tensor(1)]",
     "(2.5, 3, False, 2)"),
    ("[r.tolist() for r in torch.arange(4).reshape(2, 2)]", "[[0, 1], [2, 3]]"),
    ("import numpy as np\na = np.zeros(2)\nt = torch.from_numpy(a)\nt[0] = 5\na, t",
     "(array([5., 0.]), tensor([5., 0.], dtype=torch.float64))"),
    ("import numpy as np\nnp.asarray(torch.arange(3)), np.add(np.ones(2), np.array(torch.ones(2)))",
     "(array([0, 1, 2]), array([2., 2.]))"),
    ("import numpy as np\nnp.sqrt(torch.tensor([4., 9.]))", "tensor([2., 3.])"),
    ("torch.tensor([torch.tensor(1.), torch.tensor(2.)])", "tensor([1., 2.])"),
    ("torch.is_tensor(torch.ones(1)), isinstance(torch.ones(1), torch.Tensor), torch.Tensor([1, 2])",
     "(True, True, tensor([1., 2.]))"),
    ("x = torch.ones(2)\ny = torch.as_tensor(x)\ny is x, torch.tensor(x) is x", "(True, False)"),
    # --- shapes
    ("x = torch.arange(6)\nx.view(2, 3).permute(1, 0), x.view(2, 3).transpose(0, 1).shape",
     "(tensor([[0, 3],\n        [1, 4],\n        [2, 5]]), torch.Size([3, 2]))"),
    ("x = torch.zeros(1, 2, 1)\nx.squeeze().shape, x.squeeze(0).shape, x.squeeze(1).shape, x.unsqueeze(-1).shape",
     "(torch.Size([2]), torch.Size([2, 1]), torch.Size([1, 2, 1]), torch.Size([1, 2, 1, 1]))"),
    ("torch.zeros(2, 3, 4).flatten().shape, torch.zeros(2, 3, 4).flatten(1).shape, torch.zeros(2, 3).numel()",
     "(torch.Size([24]), torch.Size([2, 12]), 6)"),
    ("torch.arange(3).expand(2, 3), torch.arange(2).repeat(2, 2)",
     "(tensor([[0, 1, 2],\n        [0, 1, 2]]), tensor([[0, 1, 0, 1],\n        [0, 1, 0, 1]]))"),
    ("[p.tolist() for p in torch.arange(5).split(2)], [p.tolist() for p in torch.arange(5).chunk(2)]",
     "([[0, 1], [2, 3], [4]], [[0, 1, 2], [3, 4]])"),
    ("torch.arange(4).reshape(2, 2).flip(0), torch.tril(torch.ones(2, 2)), torch.diag(torch.tensor([1, 2]))",
     "(tensor([[2, 3],\n        [0, 1]]), tensor([[1., 0.],\n        [1., 1.]]), tensor([[1, 0],\n        [0, 2]]))"),
    # --- reductions
    ("x = torch.tensor([[1., 5., 2.], [4., 3., 6.]])\nx.max(), x.argmax(), x.argmax(dim=1), x.min(dim=0).values",
     "(tensor(6.), tensor(5), tensor([1, 2]), tensor([1., 3., 2.]))"),
    ("v, i = torch.tensor([[1., 5., 2.], [4., 3., 6.]]).max(dim=1)\nv, i", "(tensor([5., 6.]), tensor([1, 2]))"),
    ("torch.tensor([1, 3, 2]).max(dim=0)", "torch.return_types.max(\nvalues=tensor(3),\nindices=tensor(1))"),
    ("x = torch.tensor([1., 2., 3., 4.])\nx.std(), x.var(), x.std(unbiased=False), x.var(correction=0)",
     "(tensor(1.2910), tensor(1.6667), tensor(1.1180), tensor(1.2500))"),
    ("x = torch.arange(6.).reshape(2, 3)\nx.mean(dim=[0, 1]), x.sum(dim=1, keepdim=True), x.prod(dim=1)",
     "(tensor(2.5000), tensor([[ 3.],\n        [12.]]), tensor([ 0., 60.]))"),
    ("x = torch.tensor([[3., -4.], [0., 5.]])\nx.norm(), x.norm(dim=1), x.norm(1), x.norm(p=float('inf'))",
     "(tensor(7.0711), tensor([5., 5.]), tensor(12.), tensor(5.))"),
    ("torch.tensor([1, 0]).any(), torch.tensor([1, 0]).all(), (torch.arange(3) > 1).sum()",
     "(tensor(True), tensor(False), tensor(1))"),
    ("torch.softmax(torch.zeros(2), dim=0), torch.logsumexp(torch.zeros(2), 0), torch.sort(torch.tensor([2, 1]))[1]",
     "(tensor([0.5000, 0.5000]), tensor(0.6931), tensor([1, 0]))"),
    # --- elementwise
    ("x = torch.tensor([-1., 0., 2.])\ntorch.clamp(x, 0, 1), x.clamp(min=0), torch.relu(x), torch.sign(x)",
     "(tensor([0., 0., 1.]), tensor([0., 0., 2.]), tensor([0., 0., 2.]), tensor([-1.,  0.,  1.]))"),
    ("x = torch.tensor([-1., 2.])\ntorch.where(x > 0, x, 0.), torch.max(x, torch.zeros(2)), torch.maximum(x, -x)",
     "(tensor([0., 2.]), tensor([0., 2.]), tensor([1., 2.]))"),
    ("x = torch.tensor([True, False])\n~x, x & True, x | True, x ^ x, torch.logical_not(x)",
     "(tensor([False,  True]), tensor([ True, False]), tensor([True, True]), tensor([False, False]), "
     "tensor([False,  True]))"),
    ("1 / torch.tensor([0., -0.]), torch.log(torch.tensor([0., -1.])), torch.sigmoid(torch.tensor([-800., 800.]))",
     "(tensor([inf, -inf]), tensor([-inf, nan]), tensor([0., 1.]))"),
    ("torch.tensor([1., 2.]) == torch.tensor([1., 3.]), torch.equal(torch.ones(2), torch.ones(2))",
     "(tensor([ True, False]), True)"),
    # --- products
    ("torch.outer(torch.arange(2), torch.arange(3)), torch.einsum('ij,j->i', torch.ones(2, 2), torch.ones(2))",
     "(tensor([[0, 0, 0],\n        [0, 1, 2]]), tensor([2., 2.]))"),
    ("torch.bmm(torch.ones(2, 1, 3), torch.ones(2, 3, 1)).shape, (torch.ones(5, 2, 3) @ torch.ones(3)).shape",
     "(torch.Size([2, 1, 1]), torch.Size([5, 2]))"),
    ("x = torch.tensor([[2., 0.], [1., 3.]])\ntorch.trace(x), torch.det(x), torch.inverse(x) @ x",
     "(tensor(5.), tensor(6.), tensor([[1., 0.],\n        [0., 1.]]))"),
    # --- reading and writing
    ("x = torch.arange(6).reshape(2, 3)\nx[1], x[:, 1], x[1, 2], x[..., 0], x[None].shape, x[-1, ::2]",
     "(tensor([3, 4, 5]), tensor([1, 4]), tensor(5), tensor([0, 3]), torch.Size([1, 2, 3]), tensor([3, 5]))"),
    ("x = torch.arange(6)\nx[torch.tensor([0, 2])], x[[1, 1]], x[x > 3], x[torch.tensor(5)]",
     "(tensor([0, 2]), tensor([1, 1]), tensor([4, 5]), tensor(5))"),
    ("x = torch.arange(4)\nv = x[1:3]\nv += 10\nx, v.data_ptr() == x.data_ptr() + 8",
     "(tensor([ 0, 11, 12,  3]), True)"),
    ("x = torch.zeros(2, 2)\nx[0] = torch.tensor([1., 2.])\nx[x == 0] = 9\nx[1, 0] += 1\nx",
     "tensor([[ 1.,  2.],\n        [10.,  9.]])"),
    ("x = torch.zeros(3)\nx[0] = 5\nx.fill_(2).add_(1).mul_(2)\nx.zero_(), x.copy_(torch.arange(3))",
     "(tensor([0., 1., 2.]), tensor([0., 1., 2.]))"),
    ("x = torch.ones(3)\ny = x\ny += 1\nx is y, x, x.exp_() is x", "(True, tensor([7.3891, 7.3891, 7.3891]), True)"),
    ("x = torch.tensor([[1, 2], [3, 4]])\ntorch.gather(x, 1, torch.tensor([[0], [1]])), x.masked_fill(x > 2, 0)",
     "(tensor([[1],\n        [4]]), tensor([[1, 2],\n        [0, 0]]))"),
]


@pytest.mark.parametrize("torch", MODULES)
@pytest.mark.parametrize(("code", "text"), PRINTED, ids=[c.splitlines()[-1][:60] for c, _ in PRINTED])
def test_prints(code, text, torch):
    # What is exact zero or one on one machine may be a rounding error on another.
    assert re.sub(r"-?\d\.\d{4}e-0[789]", "0.", shown(code, torch)) == text


X = "x = torch.tensor([1., 2., 3.], requires_grad=True)\n"
REFUSED = [
    ("torch.tensor([3, 5]).item()", RuntimeError, "a Tensor with 2 elements cannot be converted to Scalar"),
    ("float(torch.ones(2))", ValueError, "only one element tensors can be converted to Python scalars"),
    ("bool(torch.ones(2))", RuntimeError, "Boolean value of Tensor with more than one value is ambiguous"),
    ("bool(torch.tensor([]))", RuntimeError, "Boolean value of Tensor with no values is ambiguous"),
    ("len(torch.tensor(1))", TypeError, "len() of a 0-d tensor"),
    ("list(torch.tensor(1))", TypeError, "iteration over a 0-d tensor"),
    ("torch.tensor([2, 1], [3, 4])", TypeError, "tensor() takes 1 positional argument but 2 were given"),
    ("torch.tensor([[1, 2], [3]])", ValueError, "expected sequence of length 2 at dim 1 (got 1)"),
    ("torch.tensor('a')", TypeError, "invalid data type 'str'"),
    ("torch.arange(6).view(2, 3).t().view(6)", RuntimeError, "view size is not compatible"),
    ("torch.arange(6).reshape(4, 2)", RuntimeError, "shape '[4, 2]' is invalid for input of size 6"),
    ("torch.arange(6).reshape(-1, -1)", RuntimeError, "only one dimension can be inferred"),
    ("torch.ones(3) + torch.ones(2)", RuntimeError,
     "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0"),
    ("torch.ones(3) == torch.ones(2)", RuntimeError, "must match the size of tensor b"),
    ("torch.ones(2, 3) @ torch.ones(2, 3)", RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
    ("torch.mm(torch.ones(2), torch.ones(2))", RuntimeError, "must be a matrix"),
    ("torch.dot(torch.ones(2), torch.ones(2, 2))", RuntimeError, "1D tensors expected, but got 1D and 2D tensors"),
    ("torch.dot(torch.arange(2), torch.ones(2))", RuntimeError,
     "dot : expected both vectors to have same dtype, but found Long and Float"),
    ("torch.dot(torch.ones(2), torch.ones(3))", RuntimeError, "inconsistent tensor size"),
    ("torch.mm(torch.arange(4).view(2, 2), torch.ones(2, 2))", RuntimeError, "to have the same dtype"),
    ("torch.arange(3).mean()", RuntimeError, "Got: Long"),
    ("torch.arange(3).norm()", RuntimeError, "Got Long"),
    ("torch.arange(3).sum(dim=1)", IndexError,
     "Dimension out of range (expected to be in range of [-1, 0], but got 1)"),
    ("torch.ones(2)[2]", IndexError, "index 2 is out of bounds for dimension 0 with size 2"),
    ("torch.ones(2)[0, 0]", IndexError, "too many indices for tensor of dimension 1"),
    ("torch.ones(2)[torch.ones(1)]", IndexError, "tensors used as indices must be long, int, byte or bool tensors"),
    ("torch.ones(2)[torch.tensor([True])]", IndexError, "The shape of the mask [1] at index 0 does not match"),
    ("torch.ones(2)[::-1]", ValueError, "step must be greater than zero"),
    ("torch.cat([torch.ones(2, 3), torch.ones(2, 4)])", RuntimeError,
     "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 for tensor number 1"),
    ("torch.stack([torch.ones(2), torch.ones(3)])", RuntimeError,
     "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1"),
    ("torch.arange(2) ** -1", RuntimeError, "Integers to negative integer powers are not allowed."),
    ("torch.tensor([True]) - torch.tensor([True])", RuntimeError, "Subtraction, the `-` operator, with two bool"),
    ("x = torch.arange(3)\nx += 0.5", RuntimeError,
     "result type Float can't be cast to the desired output type Long"),
    ("x = torch.ones(1)\nx += torch.ones(3)", RuntimeError, "doesn't match the broadcast shape"),
    ("x = torch.ones(3)\nx[:] = torch.ones(2)", RuntimeError, "must match the existing size"),
    ("torch.ones(3).expand(2, 4)", RuntimeError, "must match the existing size (3) at non-singleton dimension 1"),
    ("torch.ones(2).foo", AttributeError, "foo"),
    ("torch.ndarray([0, 1])", AttributeError, "ndarray"),
    ("torch.inverse(torch.zeros(2, 2))", RuntimeError, "singular"),
    # --- gradients
    ("torch.ones(2, dtype=torch.int64, requires_grad=True)", RuntimeError,
     "nly Tensors of floating point and complex dtype can require gradients"),
    (X + "(x * 2).backward()", RuntimeError, "grad can be implicitly created only for scalar outputs"),
    ("torch.ones(1).backward()", RuntimeError, "does not require grad and does not have a grad_fn"),
    (X + "x.numpy()", RuntimeError, "Can't call numpy() on Tensor that requires grad."),
    (X + "(x * 2).backward(torch.ones(2))", RuntimeError, "Mismatch in shape"),
    (X + "y = (x * x).sum()\ny.backward()\ny.backward()", RuntimeError,
     "Trying to backward through the graph a second time"),
    (X + "x += 1", RuntimeError, "a leaf Variable that requires grad is being used in an in-place operation."),
    (X + "x[0] = 1", RuntimeError, "leaf Variable that requires grad"),
    (X + "x[0:2].zero_()", RuntimeError, "a view of a leaf Variable that requires grad is being used in an in-place"),
    (X + "y = x.exp()\ny += 1\ny.sum().backward()", RuntimeError, "modified by an inplace operation"),
    (X + "y = x * 1\nz = y * y\ny[0] = 5\nz.sum().backward()", RuntimeError, "is at version 1; expected version 0"),
    (X + "y = x * x\nwith torch.no_grad():\n    x += 1\ny.sum().backward()", RuntimeError,
     "modified by an inplace operation"),
    (X + "y = x * 1\nz = (y * y).sum()\ny.detach().zero_()\nz.backward()", RuntimeError,
     "modified by an inplace operation"),
    (X + "x[0] = x[0]", RuntimeError, "a view of a leaf Variable that requires grad"),
    ("torch.ones(3).expand(2, 3).add_(1)", RuntimeError, "refers to a single memory location"),
    (X + "y = x * 2\ny.requires_grad_(False)", RuntimeError, "you can only change requires_grad flags of leaf"),
    (X + "torch.autograd.grad(x.sum(), torch.ones(1))", RuntimeError,
     "One of the differentiated Tensors does not require grad"),
    (X + "y = torch.ones(1, requires_grad=True)\ntorch.autograd.grad(x.sum(), y)", RuntimeError,
     "appears to not have been used in the graph"),
    (X + "x.grad = torch.ones(2)", RuntimeError, "size"),
]


@pytest.mark.parametrize("torch", MODULES)
@pytest.mark.parametrize(("code", "kind", "words"), REFUSED, ids=[c.splitlines()[-1][:60] for c, *_ in REFUSED])
def test_refuses(code, kind, words, torch):
    with pytest.raises(kind) as caught:
        exec(code, {"torch": torch})
    assert words in str(caught.value)


GRADIENTS = [
    # --- leaves and what is recorded
    (X + "y = x * 2\nx.is_leaf, y.is_leaf, y.requires_grad, torch.ones(1).is_leaf, y.detach().requires_grad, x.grad_fn",
     "(True, False, True, True, False, None)"),
    (X + "with torch.no_grad():\n    y = x * 2\ny.requires_grad, torch.is_grad_enabled()", "(False, True)"),
    (X + "with torch.no_grad():\n    with torch.enable_grad():\n        y = x * 2\ny.requires_grad", "True"),
    (X + "@torch.no_grad()\ndef f(x):\n    return x * 2\nf(x).requires_grad", "False"),
    (X + "y = x > 1\ny.requires_grad, x.argmax().requires_grad, x.long().requires_grad", "(False, False, False)"),
    # --- accumulation
    (X + "(x * 2).sum().backward()\ng = x.grad\nx.sum().backward()\nx.grad, g is x.grad", "(tensor([3., 3., 3.]), True)"),
    (X + "x.sum().backward()\nx.grad = None\nx.grad", "None"),
    (X + "x.sum().backward()\nx.grad.zero_()\nx.grad, x.grad.requires_grad", "(tensor([0., 0., 0.]), False)"),
    (X + "y = (x * x).sum()\ny.backward(retain_graph=True)\ny.backward()\nx.grad", "tensor([ 4.,  8., 12.])"),
    (X + "y = (x + 1).sum()\ny.backward()\ny.backward()\nx.grad", "tensor([2., 2., 2.])"),
    (X + "h = x + 1\n(h * h).sum().backward()\n(h * 3).sum().backward()\nx.grad", "tensor([ 7.,  9., 11.])"),
    (X + "h = x + 1\nh.sum().backward()\n(h * h).sum().backward()\nx.grad", "tensor([5., 7., 9.])"),
    ("x = torch.tensor(2., requires_grad=True)\nx.backward()\nx.grad", "tensor(1.)"),
    ("x = torch.tensor([2.], requires_grad=True)\n(x * x).backward()\nx.grad", "tensor([4.])"),
    (X + "(x * x).backward(torch.tensor([1., 0., 2.]))\nx.grad", "tensor([ 2.,  0., 12.])"),
    (X + "torch.autograd.backward([x.sum(), (x * x).sum()])\nx.grad", "tensor([3., 5., 7.])"),
    (X + "y = torch.ones(3, requires_grad=True)\n(x * y).sum().backward(inputs=[x])\nx.grad, y.grad",
     "(tensor([1., 1., 1.]), None)"),
    # --- types and shapes of gradients
    (X + "(x.double() * torch.ones(3, dtype=torch.float64)).sum().backward()\nx.grad", "tensor([1., 1., 1.])"),
    ("b = torch.zeros(2, requires_grad=True)\n(torch.ones(3, 2) + b).sum().backward()\nb.grad", "tensor([3., 3.])"),
    ("b = torch.zeros(3, 1, requires_grad=True)\n(torch.ones(3, 2) + b).sum().backward()\nb.grad.shape",
     "torch.Size([3, 1])"),
    ("b = torch.tensor(2., requires_grad=True)\n(torch.arange(3) * b).sum().backward()\nb.grad", "tensor(3.)"),
    # --- views and changes in place
    (X + "y = x * 1\ny[0] = 10.\n(y * 2).sum().backward()\nx.grad", "tensor([0., 2., 2.])"),
    (X + "y = x * 1\nv = y[1:]\nv *= 3\n(y * 2).sum().backward()\nx.grad", "tensor([2., 6., 6.])"),
    (X + "y = x * 1\nv = y[1:]\ny[1] = 0.\nv.sum().backward()\nx.grad", "tensor([0., 0., 1.])"),
    (X + "y = x * 1\ny.view(3, 1)[2, 0] = x[0] * 7\ny.sum().backward()\nx.grad", "tensor([8., 1., 0.])"),
    (X + "y = (x * 1).view(3, 1).t()\ny += x\ny.sum().backward()\nx.grad", "tensor([2., 2., 2.])"),
    (X + "z = torch.zeros(4)\nz[1:] = x * x\nz.sum().backward()\nx.grad, z.requires_grad",
     "(tensor([2., 4., 6.]), True)"),
    (X + "z = torch.zeros(3)\nfor i in range(3):\n    z[i] = x[i] * i\nz.sum().backward()\nx.grad",
     "tensor([0., 1., 2.])"),
    (X + "y = x * 2\ny += x\ny *= 3\ny.sum().backward()\nx.grad", "tensor([9., 9., 9.])"),
    (X + "y = x * 2\ny.add_(x)\ny.grad_fn.name()", "'AddBackward0'"),
    (X + "y = x * 2\ny[0] = 1\ny.grad_fn.name(), 'CopySlices' in repr(y)", "('torch::autograd::CopySlices', True)"),
    (X + "y = x + 1\nz = y + 1\ny += 1\nz.sum().backward()\nx.grad", "tensor([1., 1., 1.])"),
    (X + "with torch.no_grad():\n    x -= 0.5\n(x * x).sum().backward()\nx, x.grad",
     "(tensor([0.5000, 1.5000, 2.5000], requires_grad=True), tensor([1., 3., 5.]))"),
    (X + "x.data *= 2\n(x * x).sum().backward()\nx.grad", "tensor([ 4.,  8., 12.])"),
    (X + "x.data[0] = 7\nx", "tensor([7., 2., 3.], requires_grad=True)"),
    (X + "y = x * 1\ny.zero_()\n(y + x).sum().backward()\nx.grad", "tensor([1., 1., 1.])"),
    (X + "y = x * 1\ny[y > 1.5] = 0.\n(y * x).sum().backward()\nx.grad", "tensor([2., 0., 0.])"),
    (X + "x._version, (x * 1).add_(1)._version", "(0, 1)"),
    (X + "y = x * 1\nw = x * 2\ny.mul_(w)\ny.sum().backward()\nx.grad", "tensor([ 4.,  8., 12.])"),
    (X + "y = x * 1\ny.sin_()\ny.sum().backward()\nx.grad == x.detach().cos()", "tensor([True, True, True])"),
    (X + "y = x * 1\ny[-1] = y.sum()\ny *= x\ny.sum().backward()\nx.grad", "tensor([5., 7., 9.])"),
    ("x = torch.zeros(3)\nt = x.expand(2, 3)\nt[0] = 0.5\nx, t", "(tensor([0.5000, 0.5000, 0.5000]), "
     "tensor([[0.5000, 0.5000, 0.5000],\n        [0.5000, 0.5000, 0.5000]]))"),
    # --- gradients inside the record
    (X + "y = x * 2\ny.retain_grad()\n(y * y).sum().backward()\ny.grad, x.grad, y.retains_grad",
     "(tensor([ 4.,  8., 12.]), tensor([ 8., 16., 24.]), True)"),
    (X + "seen = []\nx.register_hook(lambda g: seen.append(g.tolist()))\n(x * 2 + x).sum().backward()\nseen, x.grad",
     "([[3.0, 3.0, 3.0]], tensor([3., 3., 3.]))"),
    (X + "y = x * 2\ny.register_hook(lambda g: g * 10)\n(y + y).sum().backward()\nx.grad", "tensor([40., 40., 40.])"),
    (X + "y = x * 2\nh = y.register_hook(lambda g: g * 10)\nh.remove()\ny.sum().backward()\nx.grad",
     "tensor([2., 2., 2.])"),
    (X + "y = x * 2\nz = y * 3\ny.register_hook(lambda g: g + 1)\nz.register_hook(lambda g: g * 2)\n"
     "(z + y).sum().backward()\nx.grad", "tensor([16., 16., 16.])"),
    # --- by function, and of higher order
    (X + "torch.autograd.grad((x * x).sum(), x), x.grad", "((tensor([2., 4., 6.]),), None)"),
    (X + "y = x * x\nz = (y * x).sum()\ntorch.autograd.grad(z, [y, x])",
     "(tensor([1., 2., 3.]), tensor([ 3., 12., 27.]))"),
    (X + "y = torch.ones(1, requires_grad=True)\ntorch.autograd.grad(x.sum(), [x, y], allow_unused=True)",
     "(tensor([1., 1., 1.]), None)"),
    (X + "y = x * 2\ntorch.autograd.grad(y, x, torch.tensor([1., 2., 3.]))", "(tensor([2., 4., 6.]),)"),
    (X + "g, = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)\ng.sum().backward()\nx.grad, g.requires_grad",
     "(tensor([ 6., 12., 18.]), True)"),
    ("x = torch.tensor(2., requires_grad=True)\ny = x ** 4\nfor _ in range(3):\n"
     "    y, = torch.autograd.grad(y, x, create_graph=True)\ny.item()", "48.0"),
    (X + "y = (x.exp() * x.sin()).sum()\ny.backward(create_graph=True)\nbool(x.grad.requires_grad)", "True"),
    (X + "g, = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)\n(g * g).sum().backward()\nx.grad",
     "tensor([ 36., 288., 972.])"),
    ("torch.autograd.functional.jacobian(lambda x: x ** 2, torch.tensor([1., 3.]))",
     "tensor([[2., 0.],\n        [0., 6.]])"),
    ("torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]))",
     "tensor([[ 6.,  0.],\n        [ 0., 12.]])"),
    # --- complex numbers: the gradient of |z|² is 2 z
    ("z = torch.tensor([1 + 2j], requires_grad=True)\n(z.abs() ** 2).sum().backward()\nz.grad", "tensor([2.+4.j])"),
    ("z = torch.tensor([1 + 2j], requires_grad=True)\n(z * z).real.sum().backward()\nz.grad", "tensor([2.-4.j])"),
    ("z = torch.tensor([1 + 2j], requires_grad=True)\n(z * z).backward(torch.tensor([1j]))\nz.grad", "tensor([4.+2.j])"),
    ("z = torch.tensor([1 + 2j], requires_grad=True)\nx = torch.tensor([3.], requires_grad=True)\n"
     "(x * z).imag.sum().backward()\nz.grad, x.grad", "(tensor([0.+3.j]), tensor([2.]))"),
    ("z = torch.tensor([1 + 2j], requires_grad=True)\ny = z * 3\ny.retain_grad()\ny.abs().sum().backward()\n"
     "y.grad, z.grad", "(tensor([0.4472+0.8944j]), tensor([1.3416+2.6833j]))"),
    # --- linear algebra: one triangle is read, both have a share
    ("A = torch.tensor([[2., 1.], [1., 2.]], requires_grad=True)\ntorch.linalg.eigvalsh(A)[1].backward()\nA.grad",
     "tensor([[0.5000, 0.5000],\n        [0.5000, 0.5000]])"),
    ("A = torch.tensor([[2., 1.], [1., 2.]], requires_grad=True)\ntorch.linalg.eigh(A)[0][0].backward()\nA.grad",
     "tensor([[ 0.5000, -0.5000],\n        [-0.5000,  0.5000]])"),
    ("A = torch.tensor([[4., 2.], [2., 5.]], requires_grad=True)\ntorch.linalg.cholesky(A)[1, 0].backward()\nA.grad",
     "tensor([[-0.1250,  0.2500],\n        [ 0.2500,  0.0000]])"),
    # --- kinks
    ("x = torch.tensor([1., 1.], requires_grad=True)\nx.max().backward()\nx.grad", "tensor([0.5000, 0.5000])"),
    ("x = torch.tensor([1., 1.], requires_grad=True)\nx.max(dim=0).values.backward()\nx.grad", "tensor([1., 0.])"),
    ("x = torch.tensor([1.], requires_grad=True)\ny = torch.tensor([1.], requires_grad=True)\n"
     "torch.maximum(x, y).backward()\nx.grad, y.grad", "(tensor([0.5000]), tensor([0.5000]))"),
    ("x = torch.tensor([0., .5, 1., 2.], requires_grad=True)\nx.clamp(0, 1).sum().backward()\nx.grad",
     "tensor([1., 1., 1., 0.])"),
    ("x = torch.zeros(2, requires_grad=True)\nx.norm().backward()\nx.grad", "tensor([0., 0.])"),
    ("x = torch.tensor([2., 0., 3.], requires_grad=True)\nx.prod().backward()\nx.grad", "tensor([0., 6., 0.])"),
    ("x = torch.tensor([0.], requires_grad=True)\nx.sqrt().backward()\nx.grad", "tensor([inf])"),
    ("x = torch.tensor([0., 2.], requires_grad=True)\n(x ** 0 + x ** 1).sum().backward()\nx.grad", "tensor([1., 1.])"),
    ("x = torch.ones(3, requires_grad=True)\nx.std().backward()\nx.grad", "tensor([0., 0., 0.])"),
    ("x = torch.tensor([-1., 4.], requires_grad=True)\ntorch.where(x > 0, x * 2, x * 3).sum().backward()\nx.grad",
     "tensor([3., 2.])"),
    ("x = torch.tensor([1., 2., 3.], requires_grad=True)\nx[torch.tensor([0, 0, 2])].sum().backward()\nx.grad",
     "tensor([2., 0., 1.])"),
]


@pytest.mark.parametrize("torch", MODULES)
@pytest.mark.parametrize(("code", "text"), GRADIENTS, ids=[c.splitlines()[-1][:60] for c, _ in GRADIENTS])
def test_gradient(code, text, torch):
    assert shown(code, torch) == text

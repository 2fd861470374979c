"""Every snippet of five study notes on tensors, with what the notes say that it prints.

A row is (name, code, what `repr` of its last line is).  The texts are those of the notes with their columns set as
PyTorch sets them; where a note shows a picture, or nothing, the text follows from the definition on paper.
"""

from __future__ import annotations

import textwrap

ROWS: list[tuple[str, str, str]] = []


def row(name: str, code: str, text: str) -> None:
    ROWS.append((name, textwrap.dedent(code).strip(), textwrap.dedent(text).strip()))


X = "x = torch.arange(12); X = x.reshape(3, 4)\n"
XF = "X = torch.arange(12, dtype=torch.float32).reshape((3, 4))\n"
Y = "Y = torch.tensor([[2.0, 1, 4, 3], [1, 2, 3, 4], [4, 3, 2, 1]])\n"
A = "A = torch.arange(20, dtype=torch.float32).reshape(5, 4)\n"
X4 = "x = torch.arange(4.0)\nx.requires_grad_(True)\n"

# --- creation
row("arange", "torch.arange(12)", "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11])")
row("arange float", "torch.arange(12, dtype=torch.float32)",
    "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11.])")
row("arange of a float", "torch.arange(4.0)", "tensor([0., 1., 2., 3.])")
row("arange four", "torch.arange(4)", "tensor([0, 1, 2, 3])")
row("shape", X + "x.shape", "torch.Size([12])")
row("shape of a matrix", X + "X.shape", "torch.Size([3, 4])")
row("numel", X + "x.numel()", "12")
row("size", X + "X.size(), X.size(1)", "(torch.Size([3, 4]), 4)")
REPR_X = """
    tensor([[ 0,  1,  2,  3],
            [ 4,  5,  6,  7],
            [ 8,  9, 10, 11]])"""
row("reshape", X + "X", REPR_X)
for call in ("x.reshape((3, 4))", "x.reshape(-1, 4)", "x.reshape(3, -1)", "x.view(3, 4)", "torch.reshape(x, (3, 4))"):
    row(call, X + call, REPR_X)
row("reshape to three", X + "x.reshape(3, 2, 2)", """
    tensor([[[ 0,  1],
             [ 2,  3]],

            [[ 4,  5],
             [ 6,  7]],

            [[ 8,  9],
             [10, 11]]])""")
for fill in ("zeros", "ones"):
    block = "\n".join(["[[" + ", ".join([f"{int(fill == 'ones')}."] * 4) + "],"]
                      + ["         [" + ", ".join([f"{int(fill == 'ones')}."] * 4) + "],"]
                      + ["         [" + ", ".join([f"{int(fill == 'ones')}."] * 4) + "]]"])
    both = f"tensor([{block},\n\n        {block}])"
    for call in (f"torch.{fill}((2, 3, 4))", f"torch.{fill}(2, 3, 4)"):
        ROWS.append((call, call, both))
row("nested lists", "torch.tensor([[2, 1, 4, 3], [1, 2, 3, 4], [4, 3, 2, 1]])", """
    tensor([[2, 1, 4, 3],
            [1, 2, 3, 4],
            [4, 3, 2, 1]])""")
row("randn", "torch.randn(3, 4).shape, torch.randn(3, 4).dtype", "(torch.Size([3, 4]), torch.float32)")
row("clone", A + "B = A.clone()\nB is A, B.data_ptr() == A.data_ptr(), torch.equal(A, B)", "(False, False, True)")

# --- views
row("view shares memory", X + "V = x.view(3, 4)\nV[0, 0] = 100\nint(x[0]), V.data_ptr() == x.data_ptr()", "(100, True)")
row("transposed is not contiguous", X + "X.is_contiguous(), X.t().is_contiguous(), X.permute(1, 0).is_contiguous()",
    "(True, False, False)")
row("reshape of the transposed copies", X + "R = X.t().reshape(12)\nR.data_ptr() == X.data_ptr(), R", """
    (False, tensor([ 0,  4,  8,  1,  5,  9,  2,  6, 10,  3,  7, 11]))""")
row("contiguous", X + "X.t().contiguous().view(12)[:4]", "tensor([0, 4, 8, 1])")

# --- operators
PAIR = "x = torch.tensor([1.0, 2, 4, 8])\ny = torch.tensor([2, 2, 2, 2])\n"
row("elementwise", PAIR + "x + y, x - y, x * y, x / y, x ** y, x == y", """
    (tensor([ 3.,  4.,  6., 10.]), tensor([-1.,  0.,  2.,  6.]), tensor([ 2.,  4.,  8., 16.]), \
tensor([0.5000, 1.0000, 2.0000, 4.0000]), tensor([ 1.,  4., 16., 64.]), tensor([False,  True, False, False]))""")
row("broadcasting", "a = torch.arange(3).reshape((3, 1))\nb = torch.arange(2).reshape((1, 2))\na, b", """
    (tensor([[0],
            [1],
            [2]]), tensor([[0, 1]]))""")
for shape in ("(3, 1)", "3, 1"):
    row(f"broadcast sum {shape}", f"""
        a = torch.arange(3).reshape({shape})
        b = torch.arange(2).reshape(1, 2)
        a + b""", """
        tensor([[0, 1],
                [1, 2],
                [2, 3]])""")
row("exp", PAIR + "torch.exp(x)", "tensor([2.7183e+00, 7.3891e+00, 5.4598e+01, 2.9810e+03])")
CAT = ("""
    (tensor([[ 0.,  1.,  2.,  3.],
            [ 4.,  5.,  6.,  7.],
            [ 8.,  9., 10., 11.],
            [ 2.,  1.,  4.,  3.],
            [ 1.,  2.,  3.,  4.],
            [ 4.,  3.,  2.,  1.]]), tensor([[ 0.,  1.,  2.,  3.,  2.,  1.,  4.,  3.],
            [ 4.,  5.,  6.,  7.,  1.,  2.,  3.,  4.],
            [ 8.,  9., 10., 11.,  4.,  3.,  2.,  1.]]))""")
row("cat", XF + Y + "torch.cat((X, Y), dim=0), torch.cat((X, Y), dim=1)", CAT)
row("cat of integers and floats", X + Y + "torch.cat((X, Y), dim=0), torch.cat((X, Y), dim=1)", CAT)
row("equality", XF + Y + "X == Y", """
    tensor([[False,  True, False,  True],
            [False, False, False, False],
            [False, False, False, False]])""")

# --- reductions
row("sum", XF + "X.sum()", "tensor(66.)")
row("the matrix", A + "A", """
    tensor([[ 0.,  1.,  2.,  3.],
            [ 4.,  5.,  6.,  7.],
            [ 8.,  9., 10., 11.],
            [12., 13., 14., 15.],
            [16., 17., 18., 19.]])""")
row("sum of axis 0", A + "s = A.sum(axis=0)\ns, s.shape", "(tensor([40., 45., 50., 55.]), torch.Size([4]))")
row("sum of axis 1", A + "s = A.sum(axis=1)\ns, s.shape", "(tensor([ 6., 22., 38., 54., 70.]), torch.Size([5]))")
row("sum of both", A + "A.sum(axis=[0, 1]), A.sum()", "(tensor(190.), tensor(190.))")
for axis, shape in {"0": "[3, 4]", "1": "[2, 4]", "2": "[2, 3]", "[0, 1]": "[4]", "[0, 2]": "[3]", "[1, 2]": "[2]",
                    "[0, 1, 2]": "[]"}.items():
    row(f"shape of sum {axis}", f"torch.arange(24).reshape((2, 3, 4)).sum(axis={axis}).shape", f"torch.Size({shape})")
row("mean", A + "A.mean(), A.sum() / A.numel()", "(tensor(9.5000), tensor(9.5000))")
row("mean of an axis", A + "A.mean(axis=0), A.sum(axis=0) / A.shape[0]",
    "(tensor([ 8.,  9., 10., 11.]), tensor([ 8.,  9., 10., 11.]))")
row("keepdims", A + "A.sum(axis=1, keepdims=True)", """
    tensor([[ 6.],
            [22.],
            [38.],
            [54.],
            [70.]])""")
row("shares of rows", A + "A / A.sum(axis=1, keepdims=True)", """
    tensor([[0.0000, 0.1667, 0.3333, 0.5000],
            [0.1818, 0.2273, 0.2727, 0.3182],
            [0.2105, 0.2368, 0.2632, 0.2895],
            [0.2222, 0.2407, 0.2593, 0.2778],
            [0.2286, 0.2429, 0.2571, 0.2714]])""")
row("cumsum", A + "A.cumsum(axis=0)", """
    tensor([[ 0.,  1.,  2.,  3.],
            [ 4.,  6.,  8., 10.],
            [12., 15., 18., 21.],
            [24., 28., 32., 36.],
            [40., 45., 50., 55.]])""")
row("cumsum of integers", X + "X.cumsum(axis=0)", """
    tensor([[ 0,  1,  2,  3],
            [ 4,  6,  8, 10],
            [12, 15, 18, 21]])""")

# --- indexing and memory
row("index and slice", XF + "X[-1], X[1:3]", """
    (tensor([ 8.,  9., 10., 11.]), tensor([[ 4.,  5.,  6.,  7.],
            [ 8.,  9., 10., 11.]]))""")
row("write an element", XF + "X[1, 2] = 9\nX", """
    tensor([[ 0.,  1.,  2.,  3.],
            [ 4.,  5.,  9.,  7.],
            [ 8.,  9., 10., 11.]])""")
row("write rows", XF + "X[0:2, :] = 12\nX", """
    tensor([[12., 12., 12., 12.],
            [12., 12., 12., 12.],
            [ 8.,  9., 10., 11.]])""")
row("a new tensor", XF + Y + "before = id(Y)\nY = Y + X\nid(Y) == before", "False")
row("the same memory", XF + Y + "Z = torch.zeros_like(Y)\nbefore = id(Z), Z.data_ptr()\nZ[:] = X + Y\n"
    "(id(Z), Z.data_ptr()) == before, torch.equal(Z, X + Y)", "(True, True)")
row("X[:] = X + Y", XF + Y + "before = id(X), X.data_ptr()\nX[:] = X + Y\n(id(X), X.data_ptr()) == before", "True")
row("X += Y", XF + Y + "before = id(X), X.data_ptr()\nX += Y\n(id(X), X.data_ptr()) == before", "True")
row("zeros_like", Y + "torch.zeros_like(Y)", """
    tensor([[0., 0., 0., 0.],
            [0., 0., 0., 0.],
            [0., 0., 0., 0.]])""")
row("to NumPy and back", XF + "A = X.numpy()\nB = torch.tensor(A)\ntype(A).__name__, type(B).__name__, B.dtype, "
    "B.data_ptr() == X.data_ptr()", "('ndarray', 'Tensor', torch.float32, False)")
row("NumPy shares memory", XF + "A = X.numpy()\nA[0, 0] = 7\nX[0, 0]", "tensor(7.)")
row("to a number", "a = torch.tensor([3.5])\na, a.item(), float(a), int(a)", "(tensor([3.5000]), 3.5, 3.5, 3)")

# --- linear algebra
row("scalars", "x = torch.tensor(3.0)\ny = torch.tensor(2.0)\nx + y, x * y, x / y, x**y",
    "(tensor(5.), tensor(6.), tensor(1.5000), tensor(9.))")
row("an entry", "x = torch.arange(4)\nx[3]", "tensor(3)")
row("length", "len(torch.arange(4)), torch.arange(4).shape", "(4, torch.Size([4]))")
row("a matrix", "torch.arange(20).reshape(5, 4)", """
    tensor([[ 0,  1,  2,  3],
            [ 4,  5,  6,  7],
            [ 8,  9, 10, 11],
            [12, 13, 14, 15],
            [16, 17, 18, 19]])""")
row("transpose", "torch.arange(20).reshape(5, 4).T", """
    tensor([[ 0,  4,  8, 12, 16],
            [ 1,  5,  9, 13, 17],
            [ 2,  6, 10, 14, 18],
            [ 3,  7, 11, 15, 19]])""")
row("symmetric", "B = torch.tensor([[1, 2, 3], [2, 0, 4], [3, 4, 5]])\nB == B.T", """
    tensor([[True, True, True],
            [True, True, True],
            [True, True, True]])""")
DOT = "x = torch.arange(4, dtype=torch.float32)\ny = torch.ones(4, dtype=torch.float32)\n"
row("dot", DOT + "x, y, torch.dot(x, y)", "(tensor([0., 1., 2., 3.]), tensor([1., 1., 1., 1.]), tensor(6.))")
row("dot as a sum", DOT + "torch.sum(x * y)", "tensor(6.)")
row("mv", A + "x = torch.arange(4, dtype=torch.float32)\ntorch.mv(A, x)", "tensor([ 14.,  38.,  62.,  86., 110.])")
row("mm", A + "B = torch.ones(4, 3)\ntorch.mm(A, B)", """
    tensor([[ 6.,  6.,  6.],
            [22., 22., 22.],
            [38., 38., 38.],
            [54., 54., 54.],
            [70., 70., 70.]])""")
row("elementwise product", A + "B = A.clone()\n(A * B)[1]", "tensor([16., 25., 36., 49.])")
row("norm", "u = torch.tensor([3.0, -4.0])\ntorch.norm(u)", "tensor(5.)")
row("L1 norm", "u = torch.tensor([3.0, -4.0])\ntorch.abs(u).sum()", "tensor(7.)")
row("Frobenius norm", "torch.norm(torch.ones((4, 9)))", "tensor(6.)")
row("orthogonal matrix", "Q = torch.tensor([[0.6, -0.8], [0.8, 0.6]])\ntorch.allclose(Q.T @ Q, torch.eye(2)), "
    "torch.allclose(torch.inverse(Q), Q.T)", "(True, True)")
PERMUTATION = "P = torch.tensor([[0., 1., 0.], [1., 0., 0.], [0., 0., 1.]])\n"
row("permutation of a vector", PERMUTATION + "torch.mv(P, torch.tensor([1., 2., 3.]))", "tensor([2., 1., 3.])")
row("permutation of rows and columns", PERMUTATION + "B = torch.arange(9.).reshape(3, 3)\nP @ B, B @ P", """
    (tensor([[3., 4., 5.],
            [0., 1., 2.],
            [6., 7., 8.]]), tensor([[1., 0., 2.],
            [4., 3., 5.],
            [7., 6., 8.]]))""")
row("eigenvalues", "torch.linalg.eigvalsh(torch.tensor([[2., 1.], [1., 2.]]))", "tensor([1., 3.])")
row("eigenvectors", "B = torch.tensor([[2., 1.], [1., 2.]])\nw, V = torch.linalg.eigh(B)\n"
    "torch.allclose(B @ V, w * V, atol=1e-6)", "True")
row("eigenvectors of any matrix", "B = torch.tensor([[0., 1.], [-1., 0.]])\nw, V = torch.linalg.eig(B)\n"
    "w.dtype, torch.allclose((B + 0j) @ V, w * V, atol=1e-6)", "(torch.complex64, True)")

# --- automatic differentiation
row("requires_grad_", X4 + "x.grad", "None")
row("as an argument", "x = torch.arange(4.0, requires_grad=True)\nx, x.grad",
    "(tensor([0., 1., 2., 3.], requires_grad=True), None)")
row("y", X4 + "y = 2 * torch.dot(x, x)\ny", "tensor(28., grad_fn=<MulBackward0>)")
row("x.grad", X4 + "y = 2 * torch.dot(x, x)\ny.backward()\nx.grad, x.grad == 4 * x",
    "(tensor([ 0.,  4.,  8., 12.]), tensor([True, True, True, True]))")
FIRST = X4 + "(2 * torch.dot(x, x)).backward()\n"
row("zero_ and another function", FIRST + "x.grad.zero_()\ny = x.sum()\ny.backward()\nx.grad",
    "tensor([1., 1., 1., 1.])")
row("accumulation", X4 + "for _ in range(3):\n    y = x.sum()\n    y.backward()\nx.grad", "tensor([3., 3., 3., 3.])")
for end in ("y.sum().backward()", "y.backward(torch.ones(len(x)))", "y.backward(gradient=torch.ones(len(y)))"):
    row(end, X4 + f"y = x * x\n{end}\nx.grad", "tensor([0., 2., 4., 6.])")
row("detach", FIRST + "x.grad.zero_()\ny = x * x\nu = y.detach()\nz = u * x\nz.sum().backward()\nx.grad == u",
    "tensor([True, True, True, True])")
row("what was detached from", X4 + "y = x * x\nu = y.detach()\n(u * x).sum().backward()\nx.grad.zero_()\n"
    "y.sum().backward()\nx.grad == 2 * x", "tensor([True, True, True, True])")
row("detach of one element", """
    x = torch.tensor([2.0], requires_grad=True)
    y = x*x
    u = y.detach()
    z = u*x
    z.backward()
    x.grad == u""", "tensor([True])")
CONTROL = """
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c
"""
for seed in range(3):
    ROWS.append((f"control flow {seed}", CONTROL.strip() + f"\ntorch.manual_seed({seed})\na = torch.randn(size=(), "
                 "requires_grad=True)\nd = f(a)\nd.backward()\na.grad == d / a", "tensor(True)"))
row("matrix by scalar", """
    x = torch.tensor([2.0], requires_grad=True)
    y = torch.stack([torch.stack([x, x**2]), torch.stack([x**3, x**4])])
    loss = y.sum()
    loss.backward()
    x.grad""", "tensor([49.])")
row("scalar by matrix", """
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x[0,0]**2 + x[1,1]**3
    y.backward()
    x.grad""", """
    tensor([[ 2.,  0.],
            [ 0., 48.]])""")
row("matrix by matrix", """
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = torch.stack([
        torch.stack([x[0,0]**2, x[0,1]**2]),
        torch.stack([x[1, 0]**2, x[1,1]**2]),
    ])
    loss = y.mean()
    loss.backward()
    x.grad""", """
    tensor([[0.5000, 1.0000],
            [1.5000, 2.0000]])""")
row("x1² + 2 x2²", "x = torch.tensor([3., 5.], requires_grad=True)\n(x[0] ** 2 + 2 * x[1] ** 2).backward()\nx.grad",
    "tensor([ 6., 20.])")
row("subgradient of |x|", "x = torch.tensor([-2., 0., 3.], requires_grad=True)\ntorch.abs(x).sum().backward()\nx.grad",
    "tensor([-1.,  0.,  1.])")
row("subgradient of max(x, 0)", "x = torch.tensor([-2., 0., 3.], requires_grad=True)\ntorch.relu(x).sum().backward()\n"
    "x.grad", "tensor([0., 0., 1.])")

# --- probability
DRAW = "from {module}.distributions import multinomial\nfair_probs = torch.ones([6]) / 6\n"
row("one draw", DRAW + "s = multinomial.Multinomial(1, fair_probs).sample()\ns.shape, s.dtype, s.sum(), s.max()",
    "(torch.Size([6]), torch.float32, tensor(1.), tensor(1.))")
row("ten draws", DRAW + "multinomial.Multinomial(10, fair_probs).sample().sum()", "tensor(10.)")
row("many draws", DRAW + "counts = multinomial.Multinomial(10, fair_probs).sample((500,))\n"
    "counts.shape, bool(abs(counts.sum(dim=0) / 5000 - 1 / 6).max() < 0.05)", "(torch.Size([500, 6]), True)")
row("dir", "'multinomial' in dir(torch.distributions), 'Multinomial' in dir(torch.distributions)", "(True, True)")
row("help", "bool(torch.ones.__doc__)", "True")

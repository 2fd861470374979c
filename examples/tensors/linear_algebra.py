# %% [markdown]
# # Linear algebra
#
# Scalars, vectors, matrices: tensors with no, one and two axes.

# %%
import srcad.tensor as torch

x, y = torch.tensor(3.0), torch.tensor(2.0)
print(x + y, x * y, x / y, x ** y)
x = torch.arange(4)
print(x, x[3], len(x), x.shape)
A = torch.arange(20).reshape(5, 4)
print(A)
print(A.T)

# %% [markdown]
# A vector is thought of as a column; the rows of a matrix are usually the examples of a data set.
#
# ## Sums that keep their axes
# `A.sum(axis=1)` has one axis less than A.  With `keepdims=True` the axis stays, with length 1, and A can be
# divided by it: each row then sums to one.  `cumsum` sums up and keeps all.

# %%
A = torch.arange(20, dtype=torch.float32).reshape(5, 4)
print(A.mean(), A.sum() / A.numel(), A.mean(axis=0), A.sum(axis=0) / A.shape[0])
shares = A / A.sum(axis=1, keepdims=True)
print(shares)
assert torch.allclose(shares.sum(axis=1), torch.ones(5))
print(A.cumsum(axis=0))

# %% [markdown]
# ## Products
# The dot product of two vectors sums the products of their elements.  A matrix times a vector has the dot products
# of the rows with the vector; a matrix times a matrix does that for each column.

# %%
x, ones = torch.arange(4, dtype=torch.float32), torch.ones(4)
print(torch.dot(x, ones), torch.sum(x * ones))
print(torch.mv(A, x))
assert torch.mv(A, x).tolist() == [float(torch.dot(row, x)) for row in A]
B = torch.ones(4, 3)
print(torch.mm(A, B))
assert torch.equal(torch.mm(A, B)[:, 0], torch.mv(A, B[:, 0]))

# %% [markdown]
# ## Norms
# How long a vector is: the root of the sum of squares (L2), or the sum of absolute values (L1).  Of a matrix,
# Frobenius' norm is that of all its entries as one vector.  The matrix norm proper is the least c with |Ab| <= c
# |b| for all b, and it is never larger.

# %%
u = torch.tensor([3.0, -4.0])
print(torch.norm(u), torch.abs(u).sum(), torch.norm(torch.ones((4, 9))))
M = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
spectral = torch.linalg.matrix_norm(M, 2)
assert spectral <= torch.norm(M)
torch.manual_seed(1)
for b in torch.randn(100, 2):
    assert torch.norm(torch.mv(M, b)) <= spectral * torch.norm(b) * 1.00001

# %% [markdown]
# ## Special matrices
# *Symmetric*: equal to its transpose.  *Antisymmetric*: equal to minus its transpose.  Every square matrix is the
# sum of one of each.

# %%
S, K = (M + M.T) / 2, (M - M.T) / 2
assert torch.equal(S, S.T) and torch.equal(K, -K.T) and torch.equal(S + K, M)

# %% [markdown]
# *Orthogonal*: its transpose is its inverse, so it keeps lengths.  Rotations are.

# %%
angle = torch.tensor(0.5)
Q = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
assert torch.allclose(Q.T @ Q, torch.eye(2), atol=1e-6) and torch.allclose(torch.inverse(Q), Q.T, atol=1e-6)
assert torch.allclose(torch.norm(torch.mv(Q, u)), torch.norm(u))

# %% [markdown]
# *Permutation matrices* are the identity with its rows in another order.  From the left they exchange rows, from
# the right columns; they are orthogonal, too.

# %%
P = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
N = torch.arange(9.0).reshape(3, 3)
assert torch.equal(P @ N, N[[1, 0, 2]]) and torch.equal(N @ P, N[:, [1, 0, 2]])
assert torch.mv(P, torch.tensor([1.0, 2.0, 3.0])).tolist() == [2, 1, 3]
assert torch.equal(P.T @ P, torch.eye(3))

# %% [markdown]
# ## Eigenvectors
# Directions that a matrix does not turn: A v = lambda v.  It stretches them (lambda > 1), shrinks them, or reverses
# them (lambda < 0).  A symmetric matrix has real ones, at right angles to each other; a rotation has none in the
# plane, and its eigenvalues are complex.

# %%
E = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
values, vectors = torch.linalg.eigh(E)
print(values, vectors)
for value, v in zip(values, vectors.T):
    assert torch.allclose(torch.mv(E, v), value * v, atol=1e-6)
assert torch.allclose(vectors.T @ vectors, torch.eye(2), atol=1e-6)
print(torch.linalg.eig(Q).eigenvalues)

# %% [markdown]
# They have derivatives as well.  The largest eigenvalue of a symmetric matrix grows by v v^T, where v is its
# eigenvector.

# %%
E.requires_grad_()
torch.linalg.eigvalsh(E)[-1].backward()
v = vectors[:, -1]
assert torch.allclose(E.grad, torch.outer(v, v), atol=1e-6)
print(E.grad)

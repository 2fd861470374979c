# %% [markdown]
# # Tensors
#
# A tensor is an array of numbers with any number of axes: none for a scalar (the class of an image), one for a
# vector (the features of one example), two for a matrix (examples by features), three for a coloured image, four
# for a batch of them, five for a batch of films.  `srcad.tensor` spells them as PyTorch does.

# %%
import numpy as np

import srcad.tensor as torch

x = torch.arange(12)
print(x)                      # whole numbers unless something else is asked for: torch.arange(12, dtype=torch.float32)
print(x.shape, x.numel())     # the length along each axis, and how many elements there are in all

# %% [markdown]
# ## New tensors
# From a shape, from nested lists, or drawn: here from the normal distribution of mean 0 and deviation 1, as weights
# are at the start of training.

# %%
print(torch.zeros((2, 3, 4)))
print(torch.ones(2, 3))
print(torch.tensor([[2, 1, 4, 3], [1, 2, 3, 4], [4, 3, 2, 1]]))
torch.manual_seed(0)
print(torch.randn(3, 4))

# %% [markdown]
# ## Shapes, views and copies
# A shape can be changed if the number of elements stays; one length may be left to be worked out, as -1.

# %%
X = x.reshape(3, 4)
assert torch.equal(X, x.reshape(-1, 4)) and torch.equal(X, x.reshape(3, -1))
print(X)

# %% [markdown]
# `view` never copies: what it returns is the same memory, so a change through one is seen through the other.  It
# needs elements that lie in order.  A transposed matrix is the same memory read in another order, so it is not
# *contiguous*, and `view` refuses it; `reshape` copies then, which is convenient and can cost memory that nobody
# asked for.

# %%
V = x.view(3, 4)
V[0, 0] = 100
print(x[0], "- changed through the view")
x[0] = 0
assert V.data_ptr() == x.data_ptr() and not V.t().is_contiguous()
try:
    V.t().view(12)
except RuntimeError as error:
    print("RuntimeError:", error)
copied = V.t().reshape(12)
assert copied.data_ptr() != x.data_ptr()
assert torch.equal(copied, V.t().contiguous().view(12))
B = V.clone()                 # a copy that is asked for
assert B.data_ptr() != V.data_ptr()

# %% [markdown]
# ## Operations
# Arithmetic, comparisons and functions work element by element; integers become floats where a float meets them.

# %%
a, b = torch.tensor([1.0, 2, 4, 8]), torch.tensor([2, 2, 2, 2])
for result in (a + b, a - b, a * b, a / b, a ** b, a == b, torch.exp(a)):
    print(result)

# %% [markdown]
# Tensors are joined along an axis, in which alone their lengths may differ; and summed, over everything or along
# axes, which vanish by that.  What is left of a sum of everything is still a tensor.

# %%
X = torch.arange(12, dtype=torch.float32).reshape((3, 4))
Y = torch.tensor([[2.0, 1, 4, 3], [1, 2, 3, 4], [4, 3, 2, 1]])
print(torch.cat((X, Y), dim=0).shape, torch.cat((X, Y), dim=1).shape)
print(X == Y)
print(X.sum(), X.sum(axis=0), X.sum(axis=1, keepdims=True).shape)
cube = torch.arange(24).reshape((2, 3, 4))
for axis in (0, 1, 2, [0, 1], [0, 2], [1, 2], [0, 1, 2]):
    print("summed along", axis, "->", cube.sum(axis=axis).shape)

# %% [markdown]
# ## Broadcasting
# Two tensors of different shapes are stretched to a common one: an axis of length 1 is repeated, and a missing axis
# counts as one of length 1 in front.  No memory is used for that.

# %%
column, line = torch.arange(3).reshape((3, 1)), torch.arange(2).reshape((1, 2))
print(column + line)

# %% [markdown]
# ## Indices and slices
# As in Python; a comma goes to the next axis.  A slice can be written to, as can a single element.

# %%
print(X[-1], X[1:3])
X[1, 2] = 9
X[0:2, :] = 12
print(X)

# %% [markdown]
# ## Memory
# `Y = Y + X` makes a new tensor, and other names of the old one still mean the old one.  With millions of
# parameters that are updated many times in a second one wants to write into the memory that is there: `Y[:] = ...`
# or `Y += X`.

# %%
before = id(Y)
Y = Y + X
assert id(Y) != before
Z = torch.zeros_like(Y)
memory = Z.data_ptr()
Z[:] = X + Y
assert Z.data_ptr() == memory
before = id(X)
X += Y
assert id(X) == before

# %% [markdown]
# ## To NumPy, and to numbers
# `numpy()` shares memory and `torch.tensor` copies.  A tensor with one element, and only one, is also a number.

# %%
A = X.numpy()
B = torch.tensor(A)
print(type(A).__name__, type(B).__name__)
A[0, 0] = -1
assert X[0, 0] == -1 and B[0, 0] != -1
assert np.add(A, 1).shape == (3, 4)
one = torch.tensor([3.5])
print(one, one.item(), float(one), int(one))
try:
    torch.tensor([3, 5]).item()
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown]
# ## Probability
# A fair die: how often each face comes in ten throws, in a thousand, and in ten thousand.

# %%
from srcad.tensor.distributions import multinomial  # noqa: E402

fair = torch.ones([6]) / 6
print(multinomial.Multinomial(1, fair).sample())
print(multinomial.Multinomial(10, fair).sample())
for throws in (1_000, 100_000):
    print(throws, multinomial.Multinomial(throws, fair).sample() / throws)
# Many experiments at once are far quicker than a loop over them.
counts = multinomial.Multinomial(10, fair).sample((500,))
estimates = counts.cumsum(dim=0) / counts.cumsum(dim=0).sum(dim=1, keepdims=True)
error = (estimates - 1 / 6).abs().max(dim=1).values
print("largest error after 1, 50 and 500 experiments:", error[0], error[49], error[499])
assert error[499] < 0.03

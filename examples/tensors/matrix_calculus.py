# %% [markdown]
# # Matrix calculus
#
# The derivative of a number by a number is the slope of the tangent.  Where a function has a corner there is no
# tangent, but there are lines that touch it there and stay below: their slopes are the *subgradient*.  For |x| at 0
# these are all slopes from -1 to 1, for max(x, 0) all from 0 to 1.

# %%
import sys

import numpy as np

import srcad.tensor as torch
from srcad import jacobian

corners = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
for name, f in {"|x|": torch.abs, "max(x, 0)": torch.relu}.items():
    (slopes,) = torch.autograd.grad(f(corners).sum(), corners)
    print(name, slopes)
    assert -1 <= slopes[1] <= 1

# %% [markdown]
# ## A number by a vector
# The derivative of y by a column x is a row: one entry for each entry of x.  (This is the *numerator layout*: what
# is differentiated decides the rows, what it is differentiated by the columns.)  For y = x1^2 + 2 x2^2 it is [2 x1,
# 4 x2].  It points to where y grows fastest, at right angles to the lines on which y is constant.


# %%
def bowl(x):
    return x[0] ** 2 + 2 * x[1] ** 2


point = torch.tensor([1.0, 0.5], requires_grad=True)
(slope,) = torch.autograd.grad(bowl(point), point)
print(slope)
assert torch.equal(slope, torch.stack([2 * point[0], 4 * point[1]]))

# %% [markdown]
# The rules for derivatives of numbers by vectors, each held against the definition (`check` compares with
# differences):
#
# | y | a | a u | sum(x) | \|x\|^2 | u + v | u v | <u, v> |
# |---|---|---|---|---|---|---|---|
# | dy/dx | 0^T | a du/dx | 1^T | 2 x^T | du/dx + dv/dx | du/dx v + dv/dx u | u^T dv/dx + v^T du/dx |

# %%
rng = np.random.default_rng(0)
M, N, x0 = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=4)


def u(x):
    return np.sin(M @ x)


def v(x):
    return (N @ x) ** 2


def differences(f, x, h=1e-6):
    return np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))], axis=-1)


def check(name, f, rule, x=x0):
    found = jacobian(f)(x)
    assert found.shape == np.shape(rule), name
    assert np.allclose(found, rule) and np.allclose(found, differences(f, x), atol=1e-6), name
    print(f"{name:12} {found.shape}")


du, dv, a = jacobian(u)(x0), jacobian(v)(x0), 2.5
du0, dv0 = du[0], dv[0]       # of numbers: the first entries
check("a", lambda x: a + 0 * np.sum(x), np.zeros(4))
check("a u", lambda x: a * u(x)[0], a * du0)
check("sum(x)", np.sum, np.ones(4))
check("|x|^2", lambda x: np.sum(x ** 2), 2 * x0)
check("u + v", lambda x: u(x)[0] + v(x)[0], du0 + dv0)
check("u v", lambda x: u(x)[0] * v(x)[0], du0 * v(x0)[0] + dv0 * u(x0)[0])
check("<u, v>", lambda x: u(x) @ v(x), u(x0) @ dv + v(x0) @ du)

# %% [markdown]
# ## A vector by a vector
# Each entry of y gives a row, so an m-vector by an n-vector is an m by n matrix.
#
# | y | a | x | A x | x^T A | a u | A u | u + v |
# |---|---|---|---|---|---|---|---|
# | dy/dx | 0 | I | A | A^T | a du/dx | A du/dx | du/dx + dv/dx |

# %%
A, B = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
check("a vector", lambda x: np.ones(3) + 0 * x[:3], np.zeros((3, 4)))
check("x", lambda x: 1.0 * x, np.eye(4))
check("A x", lambda x: A @ x, A)
check("x^T A", lambda x: x @ A.T, A)          # A^T of the matrix that stands there, which is A.T
check("a u(x)", lambda x: a * u(x), a * du)
check("A u", lambda x: B @ u(x), B @ du)
check("u + v ", lambda x: u(x) + v(x), du + dv)

# %% [markdown]
# ## Matrices
# A matrix by a number is differentiated entry by entry.  The derivative of a number by a matrix is often written
# with the shape of the matrix transposed; programs keep the shape of what one differentiates by, so that it can be
# subtracted from it. In general: first the shape of the output, then the shape of the input.

# %%
x = torch.tensor([2.0], requires_grad=True)
y = torch.stack([torch.stack([x, x ** 2]), torch.stack([x ** 3, x ** 4])])
y.sum().backward()
print(x.grad)                 # 1 + 2 x + 3 x^2 + 4 x^3
assert x.grad == 49
W = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
(W[0, 0] ** 2 + W[1, 1] ** 3).backward()
print(W.grad)
shapes = {"a number": lambda W: np.sum(W ** 2), "a vector": lambda W: W @ np.ones(4), "a matrix": lambda W: W @ M.T}
for name, f in shapes.items():
    print(f"{name} by a matrix (2, 4):", jacobian(f)(np.ones((2, 4))).shape)

# %% [markdown]
# ## The chain rule
# Derivatives of composed functions are products of matrices, whose shapes fit: (1, n) = (1, k) (k, n). Here are the
# squared error of a line, z = (<x, w> - y)^2, and of many lines at once, z = |X w - y|^2.

# %%
X, w0, target = rng.normal(size=(6, 4)), rng.normal(size=4), rng.normal(size=6)
check("one line", lambda w: (X[0] @ w - target[0]) ** 2, 2 * (X[0] @ w0 - target[0]) * X[0], w0)
check("lines", lambda w: np.sum((X @ w - target) ** 2), 2 * (X @ w0 - target) @ X, w0)

# %% [markdown]
# ## Pictures
# Tangents to a curve, lines that touch corners from below, and gradients on contour lines.


# %%
def draw(path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (curve, corner, contours) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    grid = torch.linspace(-2, 3, 101)
    curve.plot(grid, grid ** 3 / 4 - grid)
    for start in (-1.5, 0.0, 2.0):
        p = torch.tensor(start, requires_grad=True)
        y = p ** 3 / 4 - p
        y.backward()
        near = torch.linspace(start - 0.8, start + 0.8, 2)
        curve.plot(near, y.detach() + p.grad * (near - start), "C1")
        curve.plot(start, y.item(), "C1o")
    curve.set_title("tangents")
    corner.plot(grid, torch.relu(grid), "C0", linewidth=2)
    for slope in np.linspace(0, 1, 6):
        corner.plot(grid, slope * grid, "C1", linewidth=0.7)
    corner.set(title="subgradients of max(x, 0) at 0", ylim=(-1, 3))
    side = np.linspace(-2, 2, 81)
    contours.contour(side, side, bowl(np.stack(np.meshgrid(side, side))), levels=8, cmap="viridis")
    for angle in np.linspace(0, 2 * np.pi, 9)[:-1]:
        p = torch.tensor([1.3 * np.cos(angle), 0.9 * np.sin(angle)], requires_grad=True)
        bowl(p).backward()
        where, arrow = p.detach(), 0.2 * p.grad
        contours.arrow(*where.tolist(), *arrow.tolist(), color="C1", head_width=0.08)
    contours.set(title="gradients of x1² + 2 x2²", aspect="equal")
    figure.savefig(path)


if __name__ == "__main__":
    draw(sys.argv[1] if len(sys.argv) > 1 else "matrix_calculus.png")

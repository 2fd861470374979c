# %% [markdown]
# # Training from scratch
#
# A model, a loss, its gradient, a small step against it, and again: first a line, whose answer is known, then a
# network.

# %%
import sys

import numpy as np

import srcad.tensor as torch
from srcad import value_and_grad

torch.manual_seed(0)

# %% [markdown]
# ## A line
# A thousand points y = <x, w> + b with some noise.  The model has a weight for each feature and a bias; a batch of
# points is drawn, and the parameters move against the gradient of its squared error.

# %%
true_w, true_b = torch.tensor([2.0, -3.4]), 4.2
X = torch.randn(1000, 2)
y = X @ true_w + true_b + 0.01 * torch.randn(1000)
w, b = torch.zeros(2, requires_grad=True), torch.zeros(1, requires_grad=True)


def squared_error(X, y, w, b):
    return ((X @ w + b - y) ** 2 / 2).mean()


def descend(parameters, rate):
    """A step against the gradient, in place, and not recorded."""
    with torch.no_grad():
        for p in parameters:
            p -= rate * p.grad
            p.grad.zero_()


for epoch in range(3):
    order = torch.randperm(1000)
    for batch in order.split(10):
        loss = squared_error(X[batch], y[batch], w, b)
        loss.backward()
        descend([w, b], 0.03)
    print(f"after pass {epoch + 1} the loss is {squared_error(X, y, w, b).item():.6f}")
print(w, b)
assert torch.allclose(w, true_w, atol=0.01) and torch.allclose(b, torch.tensor([true_b]), atol=0.01)

# %% [markdown]
# All these steps have the same structure, so they share one generated program.  It is what one would write by hand:

# %%
print(loss.backward_source())

# %% [markdown]
# ## A network
# Two spirals can't be separated by a line.  Two hidden layers of rectified units can: max(x, 0) is what makes a
# network more than a product of matrices.

# %%
def spirals(n):
    """Points on two spirals, and which spiral each is on."""
    angle = torch.sqrt(torch.rand(n)) * 2.5 * torch.pi
    radius, which = angle / (2.5 * torch.pi), torch.randint(0, 2, (n,))
    turned = angle + torch.pi * which
    points = torch.stack([radius * turned.cos(), radius * turned.sin()], dim=1)
    return points + 0.01 * torch.randn(n, 2), which


def layer(inputs, outputs):
    weights = (torch.randn(inputs, outputs) * (2 / inputs) ** 0.5).requires_grad_()
    return weights, torch.zeros(outputs, requires_grad=True)


points, labels = spirals(400)
W1, b1 = layer(2, 32)
W2, b2 = layer(32, 32)
W3, b3 = layer(32, 2)
parameters = [W1, b1, W2, b2, W3, b3]


def scores(points, W1, b1, W2, b2, W3, b3):
    hidden = torch.relu(points @ W1 + b1)
    hidden = torch.relu(hidden @ W2 + b2)
    return hidden @ W3 + b3


def cross_entropy(scores, labels):
    """Minus the mean of the logarithm of the probability that the right class was given."""
    return -torch.log_softmax(scores, dim=1)[torch.arange(len(labels)), labels].mean()


memory = [torch.zeros_like(p) for p in parameters]
history = []
for _ in range(600):
    loss = cross_entropy(scores(points, *parameters), labels)
    loss.backward()
    with torch.no_grad():
        for p, v in zip(parameters, memory):
            v *= 0.9                      # the steps remember those before them
            v += p.grad
            p -= 0.05 * v
            p.grad.zero_()
    history.append(loss.item())
fresh_points, fresh_labels = spirals(400)
with torch.no_grad():
    right = (scores(fresh_points, *parameters).argmax(dim=1) == fresh_labels).float().mean().item()
print(f"loss {history[0]:.3f} at first, {history[-1]:.3f} at last; {right:.1%} of new points are told apart")
assert right > 0.95

# %% [markdown]
# The gradient of the record is that of the function, which `value_and_grad` differentiates by its source.


# %%
@value_and_grad(wrt=("W1", "b3"))
def by_source(points, labels, W1, b1, W2, b2, W3, b3):
    hidden = torch.relu(points @ W1 + b1)
    hidden = torch.relu(hidden @ W2 + b2)
    logits = torch.log_softmax(hidden @ W3 + b3, dim=1)
    return -logits[np.arange(len(labels)), labels].mean()


loss = cross_entropy(scores(points, *parameters), labels)
loss.backward()
value, (dW1, db3) = by_source(points, labels, *(p.detach() for p in parameters))
assert torch.allclose(value, loss.detach()) and torch.allclose(dW1, W1.grad, atol=1e-6)
assert torch.allclose(db3, b3.grad, atol=1e-6)

# %% [markdown]
# ## A picture


# %%
def draw(path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.semilogy(history)
    left.set(xlabel="step", ylabel="loss")
    side = torch.linspace(-1.2, 1.2, 120)
    grid = torch.cartesian_prod(side, side)
    with torch.no_grad():
        chance = torch.softmax(scores(grid, *parameters), dim=1)[:, 1].reshape(120, 120)
    right.contourf(side, side, chance.T, levels=20, cmap="RdBu", alpha=0.6)
    right.scatter(*points.T.numpy(), c=labels.numpy(), cmap="RdBu", edgecolors="k", s=12)
    right.set(aspect="equal", title="where the network sees each spiral")
    figure.savefig(path)


if __name__ == "__main__":
    draw(sys.argv[1] if len(sys.argv) > 1 else "training.png")

"""Push a fluid so that its smoke makes a picture.

A small incompressible fluid on a periodic grid: in each step the velocity is made free of divergence (Jacobi's method
for the pressure), and carries itself and the smoke along (semi-Lagrangian: each cell looks back to where its content
came from). The initial velocity, two numbers for each cell, is optimised so that after some steps the smoke, which
begins as a strip, is gathered in a ring.

    python examples/fluid.py [PLOT.png]
"""

import sys

import numpy as np
from scipy.optimize import minimize

from srcad import value_and_grad

SIDE, STEPS, JACOBI = 28, 12, 12


def project(vx, vy):
    """The velocity without its divergence."""
    divergence = -0.5 * (np.roll(vx, -1, 0) - np.roll(vx, 1, 0) + np.roll(vy, -1, 1) - np.roll(vy, 1, 1))
    p = np.zeros_like(vx)
    for _ in range(JACOBI):
        p = (divergence + np.roll(p, 1, 0) + np.roll(p, -1, 0) + np.roll(p, 1, 1) + np.roll(p, -1, 1)) / 4
    vx = vx - 0.5 * (np.roll(p, -1, 0) - np.roll(p, 1, 0))
    vy = vy - 0.5 * (np.roll(p, -1, 1) - np.roll(p, 1, 1))
    return vx, vy


def carried(f, vx, vy):
    """`f` after one step of this velocity: between the four cells where each cell's content was."""
    n, m = f.shape
    x = np.arange(n)[:, None] - vx
    y = np.arange(m)[None, :] - vy
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    right, up = x - i, y - j
    i0, i1, j0, j1 = i % n, (i + 1) % n, j % m, (j + 1) % m
    low = (1 - right) * f[i0, j0] + right * f[i1, j0]
    high = (1 - right) * f[i0, j1] + right * f[i1, j1]
    return (1 - up) * low + up * high


def simulate(vx, vy, smoke):
    for _ in range(STEPS):
        vx, vy = project(vx, vy)
        vx, vy, smoke = carried(vx, vx, vy), carried(vy, vx, vy), carried(smoke, vx, vy)
    return smoke


@value_and_grad
def miss(velocity, smoke, target):
    """How far from the picture the smoke is in the end."""
    vx, vy = velocity
    return np.mean((simulate(vx, vy, smoke) - target) ** 2)


def pictures():
    place = np.arange(SIDE) - (SIDE - 1) / 2
    x, y = place[:, None], place[None, :]
    radius = np.sqrt(x ** 2 + y ** 2)
    ring = np.exp(-((radius - SIDE / 4) / 2) ** 2)
    strip = np.exp(-(x / 4) ** 2) * np.ones_like(y)
    return strip * np.sum(ring) / np.sum(strip), ring


def optimise(smoke, target, rounds):
    def flat(v):
        value, gradient = miss(v.reshape(2, SIDE, SIDE), smoke, target)
        return value, gradient.ravel()

    start = 0.01 * np.random.default_rng(0).normal(size=2 * SIDE * SIDE)
    return minimize(flat, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds})


def draw(smoke, still, moved, target, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(12, 3.2))
    names = ("beginning", "before: end without a push", "after: end of the best push", "picture")
    for ax, image, name in zip(axes, (smoke, still, moved, target), names, strict=True):
        ax.imshow(image.T, cmap="magma", vmin=0, vmax=1)
        ax.set(title=name, xticks=[], yticks=[])
    figure.tight_layout()
    figure.savefig(path)


def main(path="fluid.png", rounds=40):
    smoke, target = pictures()
    result = optimise(smoke, target, rounds)
    velocity = result.x.reshape(2, SIDE, SIDE)
    nothing = np.zeros((SIDE, SIDE))
    before = np.mean((simulate(nothing, nothing, smoke) - target) ** 2)
    print(f"{2 * SIDE * SIDE} unknowns, {result.nfev} gradients of {STEPS} steps")
    print(f"distance from the picture: {before:.4f} without a push, {result.fun:.4f} with the best")
    draw(smoke, simulate(nothing, nothing, smoke), simulate(*velocity, smoke), target, path)
    print(f"drawn to {path}")
    return {"before": before, "after": result.fun, "velocity": velocity}


if __name__ == "__main__":
    main(*sys.argv[1:2])

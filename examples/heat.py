"""How warm was it at the beginning?  Recover the initial state of a heated rod from its end.

A rod is measured, with noise, after its heat has spread for a while. The equation `u' = D u''` is stepped by an
explicit scheme that changes the temperatures in place, as a person would write it. The misfit of the end is minimised
over all temperatures of the beginning, with a penalty on their roughness, since heat forgets what is sharp.

    python examples/heat.py [PLOT.png]
"""

import sys

import numpy as np
from scipy.optimize import minimize

from srcad import value_and_grad

CELLS, STEPS = 80, 40
NUMBER = 0.4  # D dt / dx^2; the scheme is stable below 1/2
NOISE = 0.005


def spread(u0, steps, number):
    """The temperatures after `steps` steps; the ends are kept at zero."""
    u = u0.copy()
    u[0] = u[-1] = 0.0
    for _ in range(steps):
        u[1:-1] += number * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u


@value_and_grad
def misfit(u0, measured, roughness):
    """How badly a beginning explains the end, and how rough it is."""
    end = spread(u0, STEPS, NUMBER)
    return np.sum((end - measured) ** 2) / NOISE ** 2 + roughness * np.sum(np.diff(u0, 2) ** 2)


def truth():
    """Two warm places, one wide and one narrow."""
    x = np.linspace(0.0, 1.0, CELLS)
    return np.exp(-((x - 0.3) / 0.1) ** 2) + 0.7 * np.exp(-((x - 0.7) / 0.06) ** 2)


def recover(measured, roughness=1000.0):
    found = minimize(misfit, np.zeros(CELLS), args=(measured, roughness), jac=True, method="L-BFGS-B",
                     options={"maxiter": 2000, "maxfun": 4000})
    return found.x, found


def draw(beginning, end, measured, found, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    x = np.linspace(0.0, 1.0, CELLS)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    left.plot(x, end, label="end")
    left.plot(x, measured, ".", label="measured")
    left.legend()
    right.plot(x, beginning, label="beginning")
    right.plot(x, found, "--", label="recovered")
    right.legend()
    figure.tight_layout()
    figure.savefig(path)


def main(path="heat.png"):
    beginning = truth()
    end = spread(beginning, STEPS, NUMBER)
    measured = end + NOISE * np.random.default_rng(3).normal(size=CELLS)
    found, result = recover(measured)
    error = np.linalg.norm(found - beginning) / np.linalg.norm(beginning)
    naive = np.linalg.norm(measured - beginning) / np.linalg.norm(beginning)
    print(f"{result.nfev} gradients of {STEPS} steps on {CELLS} cells")
    print(f"the end is {100 * naive:.0f} % away from the beginning, what was recovered {100 * error:.1f} %")
    draw(beginning, end, measured, found, path)
    print(f"drawn to {path}")
    return {"error": error, "naive": naive, "found": found, "measured": measured}


if __name__ == "__main__":
    main(*sys.argv[1:2])

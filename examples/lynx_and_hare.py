"""Fit a predator-prey model to the lynx and hares of the Hudson Bay, 1900 to 1920.

The counts of pelts (Elton and Nicholson, 1942) rise and fall as those of a predator and its prey do:

    hare' =  a hare - b hare lynx          lynx' = -c lynx + d hare lynx

In the logarithms of the counts, `y = log([hare, lynx])`, this is `y' = growth + coupling * exp(y[::-1])`, and no count
can become negative. The equation is solved by classical Runge-Kutta steps, and the gradient of the misfit runs back
through all of them; `scipy.optimize.minimize` does the rest.

    python examples/lynx_and_hare.py [PLOT.png]
"""

import sys

import numpy as np
from scipy.optimize import minimize

from srcad import value_and_grad

YEARS = np.arange(1900, 1921)
HARE = np.array([30, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22, 25.4, 27.1, 40.3, 57, 76.6, 52.3, 19.5, 11.2, 7.6,
                 14.6, 16.2, 24.7])
LYNX = np.array([4, 6.1, 9.8, 35.2, 59.4, 41.7, 19, 13, 8.3, 9.1, 7.4, 8, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7,
                 10.1, 8.6])
COUNTS = np.stack([HARE, LYNX], axis=1)  # thousands of pelts, a row for each year
STEPS = 8  # Runge-Kutta steps in a year

GROW = np.array([1.0, -1.0])  # hares multiply, lynx starve,
MEET = np.array([-1.0, 1.0])  # and when they meet it is the other way round


def rates(y, growth, coupling):
    return growth + coupling * np.exp(y[::-1])


def runge_kutta(y, h, growth, coupling):
    k1 = rates(y, growth, coupling)
    k2 = rates(y + h / 2 * k1, growth, coupling)
    k3 = rates(y + h / 2 * k2, growth, coupling)
    k4 = rates(y + h * k3, growth, coupling)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def simulate(p, rows, steps, h):
    """The logarithms of both counts, a row after every `steps` steps of `h` years.

    p holds the logarithms of a, c, b, d and of the counts at the start.
    """
    growth = GROW * np.exp(p[0:2])
    coupling = MEET * np.exp(p[2:4])
    y = p[4:6]
    found = [y]
    for _ in range(rows - 1):
        for _ in range(steps):
            y = runge_kutta(y, h, growth, coupling)
        found.append(y)
    return np.array(found)


@value_and_grad
def misfit(p, log_counts, steps):
    """Half the sum of squared differences between the logarithms of simulated and of counted animals."""
    error = simulate(p, len(log_counts), steps, 1.0 / steps) - log_counts
    return 0.5 * np.sum(error ** 2)


def fit(counts):
    """The best parameters, by name, and what the optimiser says."""
    start = np.log(np.array([0.5, 0.8, 0.03, 0.03, counts[0, 0], counts[0, 1]]))
    found = minimize(misfit, start, args=(np.log(counts), STEPS), jac=True, method="BFGS", options={"gtol": 1e-6})
    a, c, b, d, hare, lynx = np.exp(found.x)
    return {"a": a, "b": b, "c": c, "d": d, "hare": hare, "lynx": lynx}, found


def draw(p, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    times = np.linspace(YEARS[0], YEARS[-1], 401)
    curves = np.exp(simulate(p, len(times), 1, times[1] - times[0]))
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), width_ratios=(2, 1))
    for column, name, colour in ((0, "hares", "tab:blue"), (1, "lynx", "tab:orange")):
        left.plot(times, curves[:, column], color=colour)
        left.plot(YEARS, COUNTS[:, column], "o", color=colour, label=name)
    left.set(xlabel="year", ylabel="thousands of pelts", xticks=YEARS[::4])
    left.legend()
    right.plot(*curves.T, color="tab:gray")
    right.plot(HARE, LYNX, "k.")
    right.set(xlabel="hares", ylabel="lynx")
    figure.tight_layout()
    figure.savefig(path)


def main(path="lynx_and_hare.png"):
    found, result = fit(COUNTS)
    spread = np.sqrt(2 * result.fun / (COUNTS.size - result.x.size))
    print(f"hare' =  {found['a']:.3f} hare - {found['b']:.4f} hare lynx")
    print(f"lynx' = -{found['c']:.3f} lynx + {found['d']:.4f} hare lynx")
    print(f"in {YEARS[0]}: {found['hare']:.1f} thousand hares and {found['lynx']:.1f} thousand lynx")
    print(f"typical error of a count: {100 * spread:.0f} %; {result.nfev} gradients")
    draw(result.x, path)
    print(f"drawn to {path}")
    return found, result


if __name__ == "__main__":
    main(*sys.argv[1:2])

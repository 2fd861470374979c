"""The level of the Nile, by a Kalman filter whose likelihood is maximised.

The annual flow of the Nile at Aswan, 1871 to 1970, in 10^8 cubic metres (Durbin and Koopman, Time Series Analysis by
State Space Methods, chapter 2): a level that walks at random, seen through noise. The filter writes the states of all
years into arrays made beforehand; the derivative of its log-likelihood by the two variances is what the optimiser
needs. The book finds 15099 and 1469.

    python examples/nile.py [PLOT.png]
"""

import sys

import numpy as np
from scipy.optimize import minimize

from srcad import hessian, value_and_grad

FLOW = np.array([
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
    1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
    831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
    781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
    744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740], float)


def filtered(variances, flow):
    """The expected level of each year and its variance, with the surprises and their variances."""
    noise, drift = variances
    n = len(flow)
    level, spread = np.zeros(n), np.zeros(n)
    surprise, expected = np.zeros(n), np.ones(n)
    level[0], spread[0] = flow[0], noise  # nothing is known before the first year
    for t in range(1, n):
        before = spread[t - 1] + drift
        surprise[t] = flow[t] - level[t - 1]
        expected[t] = before + noise
        gain = before / expected[t]
        level[t] = level[t - 1] + gain * surprise[t]
        spread[t] = before * (1 - gain)
    return level, spread, surprise, expected


def loss(logs, flow):
    """Minus the log-likelihood, by the logarithms of the variances."""
    _, _, surprise, expected = filtered(np.exp(logs), flow)
    terms = np.log(2 * np.pi * expected[1:]) + surprise[1:] ** 2 / expected[1:]
    return 0.5 * np.sum(terms)


def estimate(flow):
    start = np.log(np.array([np.var(flow) / 2, np.var(flow) / 10]))
    return minimize(value_and_grad(loss), start, args=(flow,), jac=True, method="BFGS", options={"gtol": 1e-6})


def draw(level, deviation, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    years = np.arange(1871, 1971)
    figure, axes = plt.subplots(figsize=(9, 4))
    axes.plot(years, FLOW, ".", color="grey")
    axes.plot(years, level)
    axes.fill_between(years[1:], (level - 1.64 * deviation)[1:], (level + 1.64 * deviation)[1:], alpha=0.2)
    axes.set(xlabel="year", ylabel="flow of the Nile")
    figure.tight_layout()
    figure.savefig(path)


def main(path="nile.png"):
    result = estimate(FLOW)
    variances = np.exp(result.x)
    deviations = variances * np.sqrt(np.diag(np.linalg.inv(hessian(loss)(result.x, FLOW))))
    for name, value, deviation, published in zip(("noise", "drift"), variances, deviations, (15099, 1469), strict=True):
        print(f"variance of the {name}: {value:8.1f} +- {deviation:.0f} (published: {published})")
    print(f"log-likelihood {-result.fun:.2f}, found with {result.nfev} gradients")
    level, spread, _, _ = filtered(variances, FLOW)
    draw(level, np.sqrt(spread), path)
    print(f"drawn to {path}")
    return {"variances": variances, "deviations": deviations, "result": result}


if __name__ == "__main__":
    main(*sys.argv[1:2])

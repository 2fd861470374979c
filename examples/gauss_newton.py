"""Fit a curve by Gauss-Newton, and ask which measurement the answer hangs on.

The data are NIST's "Misra1a" (dental research: the volume of adsorbed gas at 14 pressures), with the certified answer
of the Statistical Reference Datasets. The model is `volume = b1 (1 - exp(-b2 pressure))`.

`fit` is a `while` that runs until the step no longer matters. It is used twice: as a program, with the Jacobian of the
model from `jacobian`; and as a thing to differentiate: how the parameters on which it converges move when a measurement
does. The derivative goes backwards through the trips that the loop made, and the implicit function theorem, for which
second derivatives are needed, gives the same.

    python examples/gauss_newton.py [PLOT.png]
"""

import sys

import numpy as np

from srcad import grad, hessian, jacobian

PRESSURE = np.array([77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0])
VOLUME = np.array([10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78])
CERTIFIED = np.array([2.3894212918e02, 5.5015643181e-04])
CERTIFIED_DEVIATIONS = np.array([2.7070075241e00, 7.2668688436e-06])
START = np.array([250.0, 5e-4])


def model(b, pressure):
    return b[0] * (1.0 - np.exp(-b[1] * pressure))


def slopes(b, pressure):
    """The Jacobian of the model by hand: what is differentiated itself can't call `jacobian`."""
    decay = np.exp(-b[1] * pressure)
    return np.stack([1.0 - decay, b[0] * pressure * decay], axis=1)


def residuals(b, pressure, volume):
    return model(b, pressure) - volume


def half_square(b, pressure, volume):
    return 0.5 * np.sum(residuals(b, pressure, volume) ** 2)


def fit(volume, pressure, start, matrix, tolerance=1e-12):
    """Gauss-Newton steps from `start` until none changes a parameter by more than `tolerance` of itself."""
    b = start
    change = 1.0
    while change > tolerance:
        J = matrix(b, pressure)
        step = np.linalg.solve(J.T @ J, J.T @ residuals(b, pressure, volume))
        b = b - step
        change = np.max(np.abs(step / b))
    return b


@grad
def rate_constant(volume, pressure, start):
    """b2, on which the measurements agree; its gradient is the weight of each."""
    return fit(volume, pressure, start, slopes)[1]


def implicit_weights(b, pressure, volume):
    """The gradients of b without the loop: at the minimum `half_square' = 0`, so `curvature db + mixed dvolume = 0`."""
    curvature = hessian(half_square)(b, pressure, volume)
    mixed = jacobian(grad(half_square), "volume")(b, pressure, volume)
    return -np.linalg.solve(curvature, mixed)


def deviations(b, pressure, volume):
    """The standard deviations of the parameters."""
    J = jacobian(residuals)(b, pressure, volume)
    variance = 2 * half_square(b, pressure, volume) / (len(volume) - len(b))
    return np.sqrt(variance * np.diag(np.linalg.inv(J.T @ J)))


def draw(b, weights, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    fine = np.linspace(0.0, 800.0, 200)
    left.plot(fine, model(b, fine))
    left.plot(PRESSURE, VOLUME, "o")
    left.set(xlabel="pressure", ylabel="volume")
    right.stem(PRESSURE, weights)
    right.set(xlabel="pressure", ylabel="change of b2 for one unit of volume")
    figure.tight_layout()
    figure.savefig(path)


def main(path="gauss_newton.png"):
    b = fit(VOLUME, PRESSURE, START, jacobian(model))
    spread = deviations(b, PRESSURE, VOLUME)
    weights = rate_constant(VOLUME, PRESSURE, START)
    implicit = implicit_weights(b, PRESSURE, VOLUME)[1]
    for name, value, deviation, certified in zip(("b1", "b2"), b, spread, CERTIFIED, strict=True):
        print(f"{name} = {value:.10g} +- {deviation:.3g} (certified {certified:.10g})")
    heaviest = int(np.argmax(np.abs(weights)))
    print(f"b2 hangs most on the volume at pressure {PRESSURE[heaviest]}: {weights[heaviest]:.3g} for one unit")
    print(f"through the loop and by the implicit function theorem: {np.max(np.abs(weights / implicit - 1)):.1e} apart")
    draw(b, weights, path)
    print(f"drawn to {path}")
    return {"b": b, "deviations": spread, "weights": weights, "implicit": implicit}


if __name__ == "__main__":
    main(*sys.argv[1:2])

"""Programs as they are found in scientific repositories: linear algebra, quadrature, optimisation, splines."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.registry import program

RNG = np.random.default_rng(5)
SPD = (lambda m: m @ m.T + 4 * np.eye(4))(RNG.normal(size=(4, 4)))


@program(RNG.normal(size=(5, 3)), RNG.normal(size=5))
def least_squares_by_householder(a, b):
    """Reflections in place, then back substitution; the norm of the residual comes for free."""
    r, y = a.copy(), b.copy()
    m, n = r.shape
    for k in range(n):
        x = r[k:, k].copy()
        norm = np.sqrt(np.sum(x ** 2))
        sign = 1.0 if x[0] >= 0 else -1.0
        x[0] += sign * norm
        length = np.sum(x ** 2)
        for j in range(k, n):
            r[k:, j] -= 2 * (x @ r[k:, j]) / length * x
        y[k:] -= 2 * (x @ y[k:]) / length * x
    solution = np.zeros(n)
    for i in range(n - 1, -1, -1):
        total = y[i]
        for j in range(i + 1, n):
            total -= r[i, j] * solution[j]
        solution[i] = total / r[i, i]
    return np.sum(solution ** 2) + np.sum(y[n:] ** 2)


@program(SPD, RNG.normal(size=4))
def gaussian_process_by_cholesky(k, y):
    """The factor, two triangular solves and the log-determinant, element by element."""
    n = len(k)
    factor = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            total = k[i, j]
            for p in range(j):
                total -= factor[i, p] * factor[j, p]
            if i == j:
                if total <= 0:
                    raise ValueError("the matrix is not positive definite")
                factor[i, i] = math.sqrt(total)
            else:
                factor[i, j] = total / factor[j, j]
    z = np.zeros(n)
    for i in range(n):
        z[i] = (y[i] - factor[i, :i] @ z[:i]) / factor[i, i]
    logdet = 0.0
    for i in range(n):
        logdet += 2 * math.log(factor[i, i])
    return 0.5 * np.sum(z ** 2) + 0.5 * logdet + 0.5 * n * math.log(2 * math.pi)


@program(SPD)
def eigenvalues_by_rotations(matrix):
    """Cyclic Jacobi sweeps until the part off the diagonal is small, and the spread of the spectrum."""
    a = matrix.copy()
    n = len(a)
    for sweep in range(6):
        off = 0.0
        for p in range(n):
            for q in range(p + 1, n):
                off += a[p, q] ** 2
        if off < 1e-18:
            break
        for p in range(n - 1):
            for q in range(p + 1, n):
                theta = 0.5 * np.arctan2(2 * a[p, q], a[q, q] - a[p, p])
                c, s = np.cos(theta), np.sin(theta)
                column_p, column_q = a[:, p].copy(), a[:, q].copy()
                a[:, p] = c * column_p - s * column_q
                a[:, q] = s * column_p + c * column_q
                row_p, row_q = a[p].copy(), a[q].copy()
                a[p] = c * row_p - s * row_q
                a[q] = s * row_p + c * row_q
    values = sorted([a[i, i] for i in range(n)])
    return values[-1] - values[0] + math.log(values[0] + 1.0)


@program(1.3, 0.4)
def adaptive_simpson(a, b):
    """Intervals wait on a stack and are halved where the two estimates differ."""
    tolerance = 1e-4

    def f(x):
        return math.exp(-b * x * x) * math.cos(3 * x)

    def simpson(left, right):
        middle = 0.5 * (left + right)
        return (right - left) / 6 * (f(left) + 4 * f(middle) + f(right))

    total, evaluations = 0.0, 0
    waiting = [(0.0, a, 0)]
    while waiting:
        left, right, depth = waiting.pop()
        middle = 0.5 * (left + right)
        whole = simpson(left, right)
        halves = simpson(left, middle) + simpson(middle, right)
        evaluations += 9
        if abs(halves - whole) < 15 * tolerance or depth > 8:
            total += halves + (halves - whole) / 15
        else:
            waiting.append((left, middle, depth + 1))
            waiting.append((middle, right, depth + 1))
    return total * evaluations / (evaluations + 1)


@program(np.array([-1.2, 1.0]), 1.0, 10.0)
def rosenbrock_by_bfgs(x0, a, b):
    """Quasi-Newton steps with backtracking, gradients by hand."""
    def value(x):
        return (a - x[0]) ** 2 + b * (x[1] - x[0] ** 2) ** 2

    def slope(x):
        return np.array([-2 * (a - x[0]) - 4 * b * x[0] * (x[1] - x[0] ** 2), 2 * b * (x[1] - x[0] ** 2)])

    x, h = x0, np.eye(2)
    g = slope(x)
    for _ in range(4):
        direction = -h @ g
        step = 1.0
        while value(x + step * direction) > value(x) + 1e-4 * step * (g @ direction) and step > 1e-3:
            step *= 0.5
        moved = x + step * direction
        g_new = slope(moved)
        s, y = moved - x, g_new - g
        curvature = s @ y
        if curvature > 1e-10:
            rho = 1 / curvature
            left = np.eye(2) - rho * np.outer(s, y)
            h = left @ h @ left.T + rho * np.outer(s, s)
        x, g = moved, g_new
    return value(x) + 0.01 * np.sum(x)


@program(np.array([1.0, 0.5]), np.linspace(0.0, 2.0, 7), np.array([1.0, 0.75, 0.6, 0.42, 0.35, 0.26, 0.2]))
def curve_by_levenberg_marquardt(p0, t, y):
    """A decay is fitted: steps that make it worse are taken back with more damping."""
    p, damping = p0, 0.1
    residual = y - p[0] * np.exp(-p[1] * t)
    cost = np.sum(residual ** 2)
    accepted = 0
    for _ in range(5):
        decay = np.exp(-p[1] * t)
        jacobian = np.stack([decay, -p[0] * t * decay], axis=1)
        normal = jacobian.T @ jacobian
        damped = normal + damping * np.diag(np.diag(normal))
        step = np.linalg.solve(damped, jacobian.T @ residual)
        trial = p + step
        trial_residual = y - trial[0] * np.exp(-trial[1] * t)
        trial_cost = np.sum(trial_residual ** 2)
        if trial_cost < cost:
            p, residual, cost = trial, trial_residual, trial_cost
            damping *= 0.3
            accepted += 1
        else:
            damping *= 2.0
    return 100 * cost + p[0] * p[1] + accepted


@program(RNG.normal(size=6), 2.35)
def spline_by_de_boor(coefficients, x):
    """A cubic B-spline: the knot span is searched, the triangle of de Boor is filled in place."""
    degree = 3
    n = len(coefficients)
    knots = [0.0] * degree + [float(i) for i in range(n - degree + 1)] + [float(n - degree)] * degree
    span = degree
    while span < n - 1 and x >= knots[span + 1]:
        span += 1
    d = [coefficients[span - degree + j] for j in range(degree + 1)]
    for level in range(1, degree + 1):
        for j in range(degree, level - 1, -1):
            left = knots[span - degree + j]
            right = knots[j + 1 + span - level]
            alpha = (x - left) / (right - left)
            d[j] = (1 - alpha) * d[j - 1] + alpha * d[j]
    value = d[degree]
    roughness = 0.0
    for i in range(1, n - 1):
        second = coefficients[i - 1] - 2 * coefficients[i] + coefficients[i + 1]
        roughness += second ** 2
    return value ** 2 + 0.1 * roughness


@program(SPD, RNG.normal(size=4), 1e-8)
def preconditioned_conjugate_gradients(a, b, tolerance):
    """Conjugate gradients with the diagonal as preconditioner, stopped by the residual."""
    n = len(b)
    inverse = np.array([1 / a[i, i] for i in range(n)])
    x = np.zeros(n)
    r = b - a @ x
    z = inverse * r
    p = z.copy()
    rz = r @ z
    history = [np.sqrt(r @ r)]
    for iteration in range(n):
        ap = a @ p
        step = rz / (p @ ap)
        x = x + step * p
        r = r - step * ap
        history.append(np.sqrt(r @ r))
        if history[-1] < tolerance:
            break
        z = inverse * r
        rz_new = r @ z
        p = z + rz_new / rz * p
        rz = rz_new
    return x @ b + 0.1 * history[1] / history[0]


@program(np.array([1.0, -3.0, 1.5, 0.8]), 0.3)
def roots_by_durand_kerner(coefficients, radius):
    """All roots of a polynomial at once, as pairs of real numbers."""
    degree = len(coefficients) - 1
    roots = []
    for k in range(degree):
        angle = 2 * math.pi * k / degree + 0.4
        roots.append((radius * math.cos(angle) + 0.2 * k, radius * math.sin(angle)))
    for _ in range(6):
        moved = []
        for i in range(degree):
            re, im = roots[i]
            vr, vi = coefficients[0], 0.0
            for c in coefficients[1:]:
                vr, vi = vr * re - vi * im + c, vr * im + vi * re
            dr, di = coefficients[0], 0.0
            for j in range(degree):
                if j != i:
                    br, bi = re - roots[j][0], im - roots[j][1]
                    dr, di = dr * br - di * bi, dr * bi + di * br
            size = dr * dr + di * di
            moved.append((re - (vr * dr + vi * di) / size, im - (vi * dr - vr * di) / size))
        roots = moved
    return sum(re * re + 0.5 * im * im for re, im in roots)


@program(RNG.normal(size=(4, 4)), 3)
def exponential_by_scaling_and_squaring(a, order):
    """A Padé approximation of the matrix exponential after scaling by the norm, squared back."""
    n = len(a)
    norm = np.max(np.sum(np.abs(a), axis=1))
    squarings = 0
    scale = norm
    while scale > 0.5:
        scale = scale / 2
        squarings += 1
    scaled = a / 2 ** squarings
    numerator, denominator = np.eye(n), np.eye(n)
    power = np.eye(n)
    c = 1.0
    for k in range(1, order + 1):
        c = c * (order - k + 1) / (k * (2 * order - k + 1))
        power = power @ scaled
        numerator = numerator + c * power
        denominator = denominator + (-1) ** k * c * power
    result = np.linalg.solve(denominator, numerator)
    for _ in range(squarings):
        result = result @ result
    return np.log(np.sum(result ** 2)) + np.trace(result) * 1e-2

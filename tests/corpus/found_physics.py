"""Programs as they are found in scientific repositories: physics, differential equations, geometry."""

from __future__ import annotations

import numpy as np

from tests.corpus.registry import program

RNG = np.random.default_rng(7)


@program(np.array([1.0, 0.0, 0.5]), 10.0, 28.0, 8 / 3)
def lorenz_by_runge_kutta_fehlberg(y0, sigma, rho, beta):
    def rhs(y):
        return np.array([
            sigma * (y[1] - y[0]),
            y[0] * (rho - y[2]) - y[1],
            y[0] * y[1] - beta * y[2],
        ])

    t, t_end, h = 0.0, 0.1, 0.02
    y = y0.copy()
    steps = 0
    while t < t_end - 1e-12 and steps < 100:
        h = min(h, t_end - t)
        k1 = rhs(y)
        k2 = rhs(y + h * k1 / 4)
        k3 = rhs(y + h * (3 * k1 + 9 * k2) / 32)
        k4 = rhs(y + h * (1932 * k1 - 7200 * k2 + 7296 * k3) / 2197)
        k5 = rhs(y + h * (439 / 216 * k1 - 8 * k2 + 3680 / 513 * k3 - 845 / 4104 * k4))
        y = y + h * (25 / 216 * k1 + 1408 / 2565 * k3 + 2197 / 4104 * k4 - k5 / 5)
        t += h
        steps += 1
    return np.sum(y ** 2) / steps


@program(np.linspace(0.0, 1.0, 12) ** 2, 0.4)
def burgers_with_limiter(u0, nu):
    """Finite volumes: a limited slope in each cell, an upwind flux at each face, diffusion."""
    u = u0 + 0.5
    n = len(u)
    dx, dt = 1.0 / n, 0.01
    for _ in range(4):
        slopes = np.zeros(n)
        for i in range(1, n - 1):
            left, right = u[i] - u[i - 1], u[i + 1] - u[i]
            if left * right > 0:
                slopes[i] = 2 * left * right / (left + right)
        flux = np.zeros(n + 1)
        for i in range(1, n):
            at_left = u[i - 1] + 0.5 * slopes[i - 1]
            at_right = u[i] - 0.5 * slopes[i]
            speed = 0.5 * (at_left + at_right)
            flux[i] = 0.5 * at_left ** 2 if speed > 0 else 0.5 * at_right ** 2
            flux[i] -= nu * (u[i] - u[i - 1]) / dx * 0.05
        flux[0], flux[n] = 0.5 * u[0] ** 2, 0.5 * u[-1] ** 2
        u = u - dt / dx * (flux[1:] - flux[:-1])
    return np.sum(u * np.linspace(0.0, 1.0, n))


@program(RNG.uniform(0.2, 1.0, (6, 6)), 0.1)
def poisson_by_relaxation(source, tolerance):
    """Successive over-relaxation with a stopping test."""
    n, m = source.shape
    u = np.zeros((n, m))
    omega = 1.5
    sweeps = 0
    while True:
        change = 0.0
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                residual = (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4 * u[i, j]
                            + source[i, j])
                u[i, j] += omega * residual / 4
                change += residual ** 2
        sweeps += 1
        if change < tolerance * 1e-2 or sweeps >= 6:
            break
    energy = 0.0
    for i in range(n):
        for j in range(m):
            energy += u[i, j] * source[i, j]
    return energy


@program(RNG.uniform(0.0, 3.0, (5, 2)), RNG.normal(size=(5, 2)) * 0.1, 0.8)
def lennard_jones_with_cutoff(x0, v0, epsilon):
    """Velocity Verlet of a few particles in a periodic box, with a neighbour list."""
    box, cutoff, dt = 4.0, 1.9, 0.002
    x, v = x0.copy(), v0.copy()
    n = len(x)

    def forces(x):
        f = np.zeros((n, 2))
        energy = 0.0
        for i in range(n):
            for j in range(i + 1, n):
                d = x[i] - x[j]
                d = d - box * np.round(d / box)
                r2 = np.sum(d ** 2) + 0.5
                if r2 > cutoff ** 2:
                    continue
                s6 = 1.0 / r2 ** 3
                energy += 4 * epsilon * (s6 ** 2 - s6)
                pair = 24 * epsilon * (2 * s6 ** 2 - s6) / r2 * d
                f[i] += pair
                f[j] -= pair
        return f, energy

    f, energy = forces(x)
    for _ in range(3):
        v += 0.5 * dt * f
        x += dt * v
        f, energy = forces(x)
        v += 0.5 * dt * f
    return energy + 0.5 * np.sum(v ** 2)


@program(RNG.uniform(0.5, 1.5, 6), 2.0, 0.3)
def rod_by_finite_elements(stiffness, load, length):
    """Linear elements: element matrices are assembled, the ends are fixed, the system is solved."""
    n = len(stiffness)
    h = length / n
    k_global = np.zeros((n + 1, n + 1))
    f_global = np.zeros(n + 1)
    points = [-1 / np.sqrt(3), 1 / np.sqrt(3)]
    for e in range(n):
        k_local = stiffness[e] / h * np.array([[1.0, -1.0], [-1.0, 1.0]])
        f_local = np.zeros(2)
        for xi in points:
            shape = np.array([(1 - xi) / 2, (1 + xi) / 2])
            x = (e + shape[1]) * h
            f_local += shape * load * np.sin(x) * h / 2
        nodes = [e, e + 1]
        for a in range(2):
            for b in range(2):
                k_global[nodes[a], nodes[b]] += k_local[a, b]
            f_global[nodes[a]] += f_local[a]
    k_global[0, :], k_global[0, 0] = 0.0, 1.0
    f_global[0] = 0.0
    u = np.linalg.solve(k_global, f_global)
    strain = np.diff(u) / h
    return np.sum(stiffness * strain ** 2) * h


@program(np.array([0.2, -0.5, 0.8]), np.array([1.0, 0.8, 0.5]), np.array([1.2, 0.6]))
def arm_that_reaches(angles, lengths, target):
    """Inverse kinematics by damped steps along the Jacobian of a planar arm."""
    q = angles.copy()
    for _ in range(4):
        joints = [np.zeros(2)]
        heading = 0.0
        for angle, length in zip(q, lengths):
            heading += angle
            step = length * np.array([np.cos(heading), np.sin(heading)])
            joints.append(joints[-1] + step)
        tip = joints[-1]
        columns = []
        for joint in joints[:-1]:
            arm = tip - joint
            columns.append(np.array([-arm[1], arm[0]]))
        jacobian = np.stack(columns, axis=1)
        damped = jacobian @ jacobian.T + 0.1 * np.eye(2)
        q = q + jacobian.T @ np.linalg.solve(damped, target - tip)
    return np.sum((tip - target) ** 2) + 0.01 * np.sum(q ** 2)


@program(np.array([0.1, 0.2, -3.0]), np.array([0.0, 0.1, 0.0]), 1.0)
def sphere_by_ray_marching(eye, centre, radius):
    """Rays through a small image march along a distance field; what they hit is shaded."""
    def distance(p):
        sphere = np.sqrt(np.sum((p - centre) ** 2)) - radius
        floor = p[1] + 1.5
        return sphere if sphere < floor else floor

    light = np.array([0.5, 0.7, -0.5])
    brightness = 0.0
    for row in range(2):
        for column in range(3):
            direction = np.array([(column - 1) * 0.2, (row - 0.5) * 0.2, 1.0])
            direction = direction / np.sqrt(np.sum(direction ** 2))
            t = 0.0
            for _ in range(8):
                d = distance(eye + t * direction)
                if d < 1e-3:
                    break
                t += d
            p = eye + t * direction
            normal = (p - centre) / radius
            brightness += np.maximum(normal @ light, 0.0) * np.exp(-0.1 * t)
    return brightness


@program(RNG.uniform(0.0, 1.0, (5, 5)), 0.6)
def life_with_soft_rules(world, birth):
    """Cells live by sigmoids of the numbers of their neighbours."""
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    n, m = world.shape
    state = world
    for _ in range(3):
        neighbours = np.zeros((n, m))
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                if di == 0 and dj == 0:
                    continue
                neighbours += np.roll(np.roll(state, di, axis=0), dj, axis=1)
        survives = sigmoid(4 * (neighbours - 1.5)) * sigmoid(4 * (3.5 - neighbours))
        is_born = sigmoid(6 * (neighbours - 3 + birth)) * sigmoid(6 * (3 + birth - neighbours))
        state = state * survives + (1 - state) * is_born
    alive = np.sum(state)
    centre = sum(i * np.sum(state[i]) for i in range(n)) / alive
    return alive * 0.1 + centre


@program(np.array([0.0, 0.3, -0.2, 0.1, 0.4]), 1.0, 0.05)
def control_of_a_pendulum(torques, q0, dt):
    """Direct shooting: the cost of a sequence of torques on a damped pendulum, with penalties of its limits."""
    q, w = q0, 0.0
    cost = 0.0
    history = []
    for u in torques:
        for _ in range(2):
            k1q, k1w = w, -np.sin(q) - 0.1 * w + u
            q_mid, w_mid = q + 0.5 * dt * k1q, w + 0.5 * dt * k1w
            k2q, k2w = w_mid, -np.sin(q_mid) - 0.1 * w_mid + u
            q, w = q + dt * k2q, w + dt * k2w
        history.append((q, w))
        cost += dt * (q ** 2 + 0.1 * w ** 2 + 0.01 * u ** 2)
        if abs(u) > 0.35:
            cost += 10 * (abs(u) - 0.35) ** 2
    final_q, final_w = history[-1]
    cost += 5 * (final_q ** 2 + final_w ** 2)
    return cost + max(w for _, w in history)


@program(np.array([1.0, 0.0, 0.0, 0.9]), 0.05, 12)
def orbit_by_symplectic_steps(state, dt, steps):
    """Yoshida's fourth-order composition; the drift of energy and the perihelion are looked at."""
    w1 = 1 / (2 - 2 ** (1 / 3))
    w0 = 1 - 2 * w1
    x, y, px, py = state

    def energy(x, y, px, py):
        return 0.5 * (px ** 2 + py ** 2) - 1 / np.sqrt(x ** 2 + y ** 2)

    start = energy(x, y, px, py)
    closest = np.sqrt(x ** 2 + y ** 2)
    for _ in range(steps):
        for w in (w1, w0, w1):
            x, y = x + 0.5 * w * dt * px, y + 0.5 * w * dt * py
            r3 = (x ** 2 + y ** 2) ** 1.5
            px, py = px - w * dt * x / r3, py - w * dt * y / r3
            x, y = x + 0.5 * w * dt * px, y + 0.5 * w * dt * py
        r = np.sqrt(x ** 2 + y ** 2)
        if r < closest:
            closest = r
    return closest + 1e3 * (energy(x, y, px, py) - start)

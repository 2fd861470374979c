"""Stencils: heat, waves, fluids, cellular automata."""

from __future__ import annotations

import numpy as np

from tests.kernels.registry import kernel

RNG = np.random.default_rng(2)
U = RNG.uniform(0.2, 1.0, 7)
W = RNG.uniform(0.2, 1.0, 7)
G = RNG.uniform(0.2, 1.0, (4, 5))
CUBE = RNG.uniform(0.2, 1.0, (3, 4, 3))


@kernel(U, 0.1, 4, second=True)
def heat_in_place_by_slice(u, k, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u ** 2)


@kernel(U, 0.1, 4)
def heat_in_the_argument(u, k, steps):
    for _ in range(steps):
        u[1:-1] = u[1:-1] + k * (u[2:] - 2 * u[1:-1] + u[:-2])
        u[0] = u[1]
        u[-1] = u[-2]
    return np.sum(u ** 2)


@kernel(U, 0.1, 4)
def heat_with_two_buffers(u, k, steps):
    u = u.copy()
    v = u.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + k * (u[i + 1] - 2 * u[i] + u[i - 1])
        u, v = v, u
    return np.sum(u ** 2)


def diffuse(u, v, k, steps):
    for _ in range(steps):
        v[1:-1] = u[1:-1] + k * (u[2:] - 2 * u[1:-1] + u[:-2])
        u, v = v, u
    return u


@kernel(U, 0.1, 3)
def heat_with_buffers_swapped_in_a_helper(u, k, steps):
    a = np.array(u)
    b = np.array(u)
    w = diffuse(a, b, k, steps)
    return np.sum(w ** 3)


@kernel(U, W, 0.1, 3)
def heat_with_the_callers_buffers(u, v, k, steps):
    v[0], v[-1] = u[0], u[-1]
    for _ in range(steps):
        v[1:-1] = u[1:-1] + k * (u[2:] - 2 * u[1:-1] + u[:-2])
        u, v = v, u
    return np.sum(u ** 3)


@kernel(U, 0.1, 3)
def heat_with_the_argument_and_a_buffer(u, k, steps):
    new = np.zeros_like(u)
    for _ in range(steps):
        new[:] = u
        new[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
        u, new = new, u
    return np.sum(u ** 3)


@kernel(U, 0.1, 5)
def heat_with_a_row_per_step(u0, k, steps):
    U = np.zeros((steps + 1, len(u0)))
    U[0] = u0
    for t in range(steps):
        U[t + 1, 1:-1] = U[t, 1:-1] + k * (U[t, 2:] - 2 * U[t, 1:-1] + U[t, :-2])
        U[t + 1, 0] = U[t + 1, 1]
    return np.sum(U[-1] ** 2)


@kernel(U, 0.1, 4)
def heat_with_an_index_of_the_current_row(u0, k, steps):
    U = np.zeros((2, u0.size))
    U[0] = U[1] = u0
    for t in range(steps):
        now, new = t % 2, (t + 1) % 2
        U[new, 1:-1] = U[now, 1:-1] + k * (U[now, 2:] - 2 * U[now, 1:-1] + U[now, :-2])
    return np.sum(U[steps % 2] ** 2)


@kernel(CUBE, 0.1, 2)
def heat_in_three_dimensions(u, k, steps):
    u = u.copy()
    for _ in range(steps):
        lap = -6 * u
        for axis in range(3):
            lap += np.roll(u, 1, axis=axis) + np.roll(u, -1, axis=axis)
        u += k * lap
    return np.sum(u ** 2)


@kernel(CUBE, 0.1)
def heat_in_three_dimensions_by_index(u, k):
    v = u.copy()
    nx, ny, nz = u.shape
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            for l in range(1, nz - 1):
                v[i, j, l] += k * (u[i - 1, j, l] + u[i + 1, j, l] + u[i, j - 1, l] + u[i, j + 1, l]
                                   + u[i, j, l - 1] + u[i, j, l + 1] - 6 * u[i, j, l])
    return np.sum(v ** 2)


@kernel(G, 3, second=True)
def laplace_relaxation(u, sweeps):
    u = u.copy()
    for _ in range(sweeps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
    return np.sum(u ** 2)


@kernel(G, 2)
def red_black_relaxation(u, sweeps):
    u = u.copy()
    for _ in range(sweeps):
        for colour in (0, 1):
            for i in range(1, u.shape[0] - 1):
                start = 1 + (i + colour) % 2
                u[i, start:-1:2] = 0.25 * (u[i - 1, start:-1:2] + u[i + 1, start:-1:2]
                                           + u[i, start - 1:-2:2] + u[i, start + 1::2])
    return np.sum(u ** 3)


def sweep(u, lam):
    """An implicit step along the rows of u, in place."""
    n = u.shape[1]
    c = np.zeros(n)
    for row in u:
        c[0] = -lam / (1 + 2 * lam)
        row[0] /= 1 + 2 * lam
        for i in range(1, n):
            m = 1 + 2 * lam + lam * c[i - 1]
            c[i] = -lam / m
            row[i] = (row[i] + lam * row[i - 1]) / m
        for i in range(n - 2, -1, -1):
            row[i] -= c[i] * row[i + 1]


@kernel(G, 0.2)
def adi_by_rows_and_columns(u, lam):
    u = u.copy()
    sweep(u, lam)
    sweep(u.T, lam)
    return np.sum(u ** 2)


@kernel(G, 0.2, 2)
def adi_by_slices(u, lam, steps):
    for _ in range(steps):
        half = u.copy()
        half[1:-1] += lam * (u[2:] - 2 * u[1:-1] + u[:-2])
        for j in range(1, u.shape[1]):
            half[:, j] += lam * half[:, j - 1]
        half /= 1 + lam
        u[...] = half
    return np.sum(u ** 2)


@kernel(U, W, 4, second=True)
def fdtd_by_slice(E, H, steps):
    E, H = E.copy(), H.copy()
    for t in range(steps):
        H[:-1] += 0.5 * (E[1:] - E[:-1])
        E[1:] += 0.5 * (H[1:] - H[:-1])
        E[0] = np.sin(0.3 * t) * E[1]
    return np.sum(E ** 2)


@kernel(U, W, 3)
def fdtd_by_index_in_the_arguments(E, H, steps):
    n = len(E)
    for t in range(steps):
        for i in range(n - 1):
            H[i] = H[i] + 0.5 * (E[i + 1] - E[i])
        for i in range(1, n):
            E[i] = E[i] + 0.5 * (H[i] - H[i - 1])
    return np.sum(E ** 2 * H)


@kernel(U, W, 5)
def wave_with_three_buffers(u0, v0, steps):
    prev, cur, nxt = u0.copy(), u0 + 0.1 * v0, np.zeros_like(u0)
    for _ in range(steps):
        nxt[1:-1] = 2 * cur[1:-1] - prev[1:-1] + 0.2 * (cur[2:] - 2 * cur[1:-1] + cur[:-2])
        prev, cur, nxt = cur, nxt, prev
    return np.sum(cur ** 2)


@kernel(U, W, np.zeros(7), 4)
def wave_with_the_callers_three_buffers(prev, cur, nxt, steps):
    for _ in range(steps):
        nxt[1:-1] = 2 * cur[1:-1] - prev[1:-1] + 0.2 * (cur[2:] - 2 * cur[1:-1] + cur[:-2])
        prev, cur, nxt = cur, nxt, prev
    return np.sum(cur ** 2 + prev)


@kernel(U, 3)
def burgers_upwind(u, steps):
    u = u.copy()
    for _ in range(steps):
        flux = 0.5 * u ** 2
        u[1:] -= 0.1 * (flux[1:] - flux[:-1])
        u[0] = u[-1]
    return np.sum(u ** 2)


@kernel(G, G.copy() / 2, 2)
def advection_and_projection(u, v, steps):
    p = np.zeros_like(u)
    for _ in range(steps):
        div = np.zeros_like(u)
        div[1:-1, 1:-1] = u[2:, 1:-1] - u[:-2, 1:-1] + v[1:-1, 2:] - v[1:-1, :-2]
        p.fill(0.0)
        for _ in range(3):
            p[1:-1, 1:-1] = (p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2] - div[1:-1, 1:-1]) / 4
            p[0], p[-1] = p[1], p[-2]
            p[:, 0], p[:, -1] = p[:, 1], p[:, -2]
        u[1:-1] -= 0.5 * (p[2:] - p[:-2])
        v[:, 1:-1] -= 0.5 * (p[:, 2:] - p[:, :-2])
    return np.sum(u ** 2 + v ** 3)


@kernel(U, 3)
def soft_cellular_automaton(cells, steps):
    for _ in range(steps):
        old = cells.copy()
        for i in range(len(cells)):
            left, right = old[i - 1], old[(i + 1) % len(old)]
            cells[i] = left * (1 - right) + right * (1 - left) - 0.5 * old[i] * left * right
    return np.sum(cells ** 2)


@kernel(G, 2)
def soft_game_of_life(board, steps):
    for _ in range(steps):
        neighbours = np.zeros(board.shape)
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                if (di, dj) != (0, 0):
                    neighbours += np.roll(np.roll(board, di, 0), dj, 1)
        board[:] = np.exp(-(neighbours - 3) ** 2 / 4) + board * np.exp(-(neighbours - 2) ** 2 / 4) / 2
    return np.sum(board ** 2)


@kernel(G, 2)
def game_of_life_counting_in_place(board, steps):
    n, m = board.shape
    for _ in range(steps):
        count = np.zeros((n, m))
        for i, j in np.ndindex(n, m):
            for di in range(-1, 2):
                for dj in range(-1, 2):
                    if di or dj:
                        count[i, j] += board[(i + di) % n, (j + dj) % m]
        board[:] = 1 / (1 + np.exp(count - 3)) * board
    return np.sum(board)


@kernel(G)
def image_blur_in_place(image):
    out = image.copy()
    for i in range(1, image.shape[0] - 1):
        out[i] = (image[i - 1] + 2 * image[i] + image[i + 1]) / 4
    for row in out:
        row[1:-1] = (row[:-2] + 2 * row[1:-1] + row[2:]) / 4
    for column in out.T:
        column *= 0.5
        column[0] = 0.0
    return np.sum(out ** 2)


@kernel(G)
def convolution_by_taps(image):
    taps = np.array([[0.1, 0.2, 0.1], [0.0, 0.5, 0.1]])
    n, m = image.shape
    out = np.zeros((n - 1, m - 2))
    for (a, b), w in np.ndenumerate(taps):
        out += w * image[a:a + n - 1, b:b + m - 2]
    return np.sum(out ** 2)


@kernel(G, U[:4])
def boundary_conditions_of_every_kind(u, inflow):
    u[:, 0] = inflow
    u[0, 1:-1] = u[1, 1:-1]
    u[-1, 1:-1] = -u[-2, 1:-1]
    u[:, -1] = u[:, 1]
    u[0, 0] = u[-1, -1] = 0.5 * (u[1, 1] + u[2, 2])
    return np.sum(u ** 2)
